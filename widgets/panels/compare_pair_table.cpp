#include "widgets/panels/compare_pair_table.h"

#include "core/base/error.h"
#include "widgets/bridge/number_format.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ql {
namespace {

enum Column { kRow, kColumn, kErrorA, kErrorB, kChange, kColumnCount };
constexpr int kCachedRows = 256;

}  // namespace

ComparePairTable::ComparePairTable(std::array<std::shared_ptr<const WeightSource>, 2> errors,
                                   MatrixRef matrix, const MatrixViewport& part)
    : m_errors(std::move(errors)),
      m_matrix(std::move(matrix)),
      m_rowBegin(std::clamp<std::int64_t>(static_cast<std::int64_t>(part.rowBegin), 0, m_matrix.out)),
      m_rowEnd(std::clamp<std::int64_t>(static_cast<std::int64_t>(part.rowEnd), m_rowBegin, m_matrix.out)),
      m_columnBegin(std::clamp<std::int64_t>(static_cast<std::int64_t>(part.columnBegin), 0, m_matrix.in)),
      m_columnEnd(
          std::clamp<std::int64_t>(static_cast<std::int64_t>(part.columnEnd), m_columnBegin, m_matrix.in)),
      m_rows(kCachedRows) {}

int ComparePairTable::rowCount(const QModelIndex& parent) const {
  const std::int64_t count = (m_rowEnd - m_rowBegin) * (m_columnEnd - m_columnBegin);
  return parent.isValid() ? 0
                          : static_cast<int>(std::min<std::int64_t>(count, std::numeric_limits<int>::max()));
}

int ComparePairTable::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : kColumnCount;
}

const ComparePairTable::Rows& ComparePairTable::rowOf(std::int64_t row) const {
  if (const Rows* known = m_rows.object(row)) return *known;
  auto rows = std::make_unique<Rows>();
  for (std::size_t side = 0; side < 2; ++side) {
    std::vector<float>& values = (*rows)[side];
    values.assign(static_cast<std::size_t>(m_matrix.in), 0.0f);
    try {
      if (m_errors[side]) m_errors[side]->readRows(m_matrix, row, row + 1, values);
    } catch (const Error&) {
      values.clear();  // shown as a dash
    }
  }
  const Rows& result = *rows;
  m_rows.insert(row, rows.release());
  return result;
}

std::optional<float> ComparePairTable::error(std::int64_t row, std::int64_t column, std::size_t side) const {
  const std::vector<float>& values = rowOf(row)[side];
  if (values.empty()) return std::nullopt;
  return std::abs(values[static_cast<std::size_t>(column)]);
}

QVariant ComparePairTable::data(const QModelIndex& index, int role) const {
  if (role == Qt::TextAlignmentRole) return QVariant(Qt::AlignRight | Qt::AlignVCenter);
  if (role != Qt::DisplayRole || !index.isValid()) return {};
  const std::int64_t width = m_columnEnd - m_columnBegin;
  const std::int64_t row = m_rowBegin + index.row() / width, column = m_columnBegin + index.row() % width;
  if (index.column() == kRow) return countText(row);
  if (index.column() == kColumn) return countText(column);
  const auto a = error(row, column, 0), b = error(row, column, 1);
  const auto shown = [](std::optional<float> value) {
    return value ? valueText(static_cast<double>(*value)) : QString(kDash);
  };
  if (index.column() == kErrorA) return shown(a);
  if (index.column() == kErrorB) return shown(b);
  return a && b ? shown(*b - *a) : QString(kDash);
}

QVariant ComparePairTable::headerData(int section, Qt::Orientation orientation, int role) const {
  if (role != Qt::DisplayRole || orientation != Qt::Horizontal) return {};
  const QString titles[] = {tr("row"), tr("column"), tr("|error| A"), tr("|error| B"), tr("B − A")};
  return titles[section];
}

QString ComparePairTable::tabSeparated() const {
  QString text = tr("row\tcolumn\terror_a\terror_b\tchange");
  for (std::int64_t row = m_rowBegin; row < m_rowEnd; ++row) {
    for (std::int64_t column = m_columnBegin; column < m_columnEnd; ++column) {
      const auto a = error(row, column, 0), b = error(row, column, 1);
      text += QStringLiteral("\n%1\t%2").arg(row).arg(column);
      for (const std::optional<float>& value : {a, b, a && b ? std::optional(*b - *a) : std::nullopt})
        text += QLatin1Char('\t') + (value ? plainNumber(*value) : QString());
    }
  }
  return text;
}

}  // namespace ql
