#include "widgets/panels/matrix_table.h"

#include "core/base/error.h"
#include "widgets/bridge/number_format.h"

#include <algorithm>

namespace ql {
namespace {

constexpr int kCachedRows = 256;

QVariant cellData(float value, int role) {
  switch (role) {
    case Qt::DisplayRole:
    case Qt::AccessibleTextRole:
      return valueText(static_cast<double>(value));
    case Qt::EditRole:
    case Qt::ToolTipRole:
      return plainNumber(value);
    case Qt::UserRole:
      return value;
    case Qt::TextAlignmentRole:
      return QVariant::fromValue(Qt::Alignment(Qt::AlignRight | Qt::AlignVCenter));
    default:
      return {};
  }
}

}  // namespace

MatrixTableModel::MatrixTableModel(std::shared_ptr<const WeightSource> source, MatrixRef matrix,
                                   std::int64_t rowBegin, std::int64_t rowEnd, std::int64_t columnBegin,
                                   std::int64_t columnEnd)
    : m_source(std::move(source)),
      m_matrix(std::move(matrix)),
      m_rowBegin(std::clamp<std::int64_t>(rowBegin, 0, m_matrix.out)),
      m_rowEnd(std::clamp<std::int64_t>(rowEnd, m_rowBegin, m_matrix.out)),
      m_columnBegin(std::clamp<std::int64_t>(columnBegin, 0, m_matrix.in)),
      m_columnEnd(std::clamp<std::int64_t>(columnEnd, m_columnBegin, m_matrix.in)),
      m_rows(kCachedRows) {}

int MatrixTableModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(m_rowEnd - m_rowBegin);
}

int MatrixTableModel::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(m_columnEnd - m_columnBegin);
}

const std::vector<float>* MatrixTableModel::row(std::int64_t index) const {
  if (const auto* known = m_rows.object(index)) return known;
  auto values = std::make_unique<std::vector<float>>(static_cast<std::size_t>(m_matrix.in));
  try {
    m_source->readRows(m_matrix, index, index + 1, *values);
  } catch (const Error&) {
    return nullptr;  // the file shrank: the picture's job says so in full
  }
  auto* const kept = values.release();
  m_rows.insert(index, kept);
  return kept;
}

QVariant MatrixTableModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid()) return {};
  const auto* const values = row(m_rowBegin + index.row());
  return values ? cellData((*values)[static_cast<std::size_t>(m_columnBegin + index.column())], role)
                : QVariant();
}

QVariant MatrixTableModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (role != Qt::DisplayRole) return {};
  return countText((orientation == Qt::Horizontal ? m_columnBegin : m_rowBegin) + section);
}

QString MatrixTableModel::tabSeparated() const {
  QString text = tr("row");
  for (std::int64_t column = m_columnBegin; column < m_columnEnd; ++column)
    text += QLatin1Char('\t') + QString::number(column);
  for (std::int64_t index = m_rowBegin; index < m_rowEnd; ++index) {
    const auto* const values = row(index);
    if (!values) break;
    text += QLatin1Char('\n') + QString::number(index);
    for (std::int64_t column = m_columnBegin; column < m_columnEnd; ++column)
      text += QLatin1Char('\t') + plainNumber((*values)[static_cast<std::size_t>(column)]);
  }
  return text;
}

PyramidTableModel::PyramidTableModel(std::shared_ptr<const WeightStats> stats) : m_stats(std::move(stats)) {
  QL_ASSERT(!m_stats->pyramid.levels.empty());
}

int PyramidTableModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(m_stats->pyramid.levels.front().rows);
}

int PyramidTableModel::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(m_stats->pyramid.levels.front().columns);
}

QVariant PyramidTableModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid()) return {};
  const PyramidLevel& level = m_stats->pyramid.levels.front();
  return cellData(level.absmax[static_cast<std::size_t>(index.row() * level.columns + index.column())], role);
}

QVariant PyramidTableModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (role != Qt::DisplayRole) return {};
  const PyramidLevel& level = m_stats->pyramid.levels.front();
  const std::int64_t all = orientation == Qt::Horizontal ? m_stats->in : m_stats->out;
  const std::int64_t first = section * level.tile;
  return countText(first) + kDash + countText(std::min(first + level.tile, all) - 1);
}

}  // namespace ql
