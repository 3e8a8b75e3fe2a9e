#include "widgets/models/smoothing_table_model.h"

#include "widgets/bridge/number_format.h"
#include "widgets/bridge/session.h"
#include "widgets/bridge/smoothing_names.h"

#include <algorithm>
#include <cmath>

namespace ql {

namespace {

constexpr double kLittleGain = 1.25;  // an error divided by less is "little to gain"

const SmoothingPoint* bestOf(const std::shared_ptr<const SmoothingCurve>& curve) {
  return curve ? curve->best() : nullptr;
}

std::optional<double> errorOf(const SmoothingPoint* point) {
  return point ? point->error.together.wa : std::nullopt;
}

std::optional<double> unsmoothed(const SmoothingRow& row) {
  for (const auto& curve : {row.bismooth, row.smoothQuant})
    if (curve && curve->none.error.together.wa) return curve->none.error.together.wa;
  return std::nullopt;
}

std::optional<double> leastError(const SmoothingRow& row) {
  const auto quant = errorOf(bestOf(row.smoothQuant)), median = errorOf(bestOf(row.bismooth));
  if (!quant || !median) return quant ? quant : median;
  return std::min(*quant, *median);
}

std::vector<double> errorsOf(const std::shared_ptr<const SmoothingCurve>& curve) {
  std::vector<double> errors;
  if (!curve) return errors;
  for (const SmoothingPoint& point : curve->grid) errors.push_back(point.error.together.wa.value_or(NAN));
  return errors;
}

bool isNumeric(int column) {
  return column >= SmoothingTableModel::NoneColumn && column <= SmoothingTableModel::BismoothColumn;
}

}  // namespace

SmoothingTableModel::SmoothingTableModel(Session* session, QObject* parent)
    : QAbstractTableModel(parent), m_session(session), m_control(session->smoothing()) {
  connect(m_control, &SmoothingControl::rowsChanged, this, &SmoothingTableModel::refresh);
  connect(session, &Session::viewChanged, this, &SmoothingTableModel::refresh);
  refresh();
}

void SmoothingTableModel::refresh() {
  const int count = static_cast<int>(m_control->rows().size());
  if (count != m_count) {
    beginResetModel();
    m_count = count;
    endResetModel();
  } else if (count > 0) {
    emit dataChanged(index(0, 0), index(count - 1, ColumnCount - 1));
  }
}

int SmoothingTableModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : std::min(m_count, static_cast<int>(m_control->rows().size()));
}

int SmoothingTableModel::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : ColumnCount;
}

const SmoothingRow& SmoothingTableModel::row(int index) const {
  return m_control->rows()[static_cast<std::size_t>(index)];
}

QVariant SmoothingTableModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid() || index.row() >= rowCount()) return {};
  const SmoothingRow& line = row(index.row());
  const int column = index.column();
  const double target = m_session->view().target;
  switch (role) {
    case Qt::DisplayRole:
      return display(line, column);
    case SortRole: {
      const QVariant value = number(line, column);
      if (value.isValid()) return value;
      if (isNumeric(column)) return -1.0;  // unmeasured ones below all others
      return column == GroupColumn ? QVariant(index.row()) : QVariant(display(line, column));
    }
    case Qt::TextAlignmentRole:
      return QVariant::fromValue(Qt::Alignment(isNumeric(column) ? Qt::AlignRight : Qt::AlignLeft) |
                                 Qt::AlignVCenter);
    case Qt::ToolTipRole:
      return toolTip(line, column);
    case Qt::AccessibleTextRole:
      return column == CurveColumn ? toolTip(line, column) : display(line, column);
    case GroupRole:
      return QVariant::fromValue<qulonglong>(line.group);
    case AboveRole:
      return unsmoothed(line).value_or(0) > target;
    case GoodRole: {
      const auto before = unsmoothed(line), after = leastError(line);
      return line.fold.isFoldable && before && after && *before > target && *after <= target;
    }
    case PlannedRole:
      return line.isInPlan;
    case BestRole:
      return column == QuantColumn ? errorOf(bestOf(line.smoothQuant)) == leastError(line)
                                   : errorOf(bestOf(line.bismooth)) == leastError(line);
    case NormRole:
      return line.fold.kind == FoldKind::Norm;
    default:
      return {};
  }
}

QVariant SmoothingTableModel::number(const SmoothingRow& line, int column) const {
  const auto value = [](std::optional<double> known) { return known ? QVariant(*known) : QVariant(); };
  const SmoothingPoint *quant = bestOf(line.smoothQuant), *median = bestOf(line.bismooth);
  switch (column) {
    case NoneColumn:
      return value(unsmoothed(line));
    case QuantAlphaColumn:
      return quant ? QVariant(quant->alpha) : QVariant();
    case QuantColumn:
      return value(errorOf(quant));
    case BismoothAlphaColumn:
      return median ? QVariant(median->alpha) : QVariant();
    case BismoothColumn:
      return value(errorOf(median));
    case CurveColumn: {
      const auto before = unsmoothed(line), after = leastError(line);
      return before && after && *after > 0 ? QVariant(*before / *after) : QVariant();
    }
    default:
      return {};
  }
}

QString SmoothingTableModel::display(const SmoothingRow& line, int column) const {
  const QVariant value = number(line, column);
  switch (column) {
    case GroupColumn:
      return line.name;
    case ProducerColumn:
      return line.producer;
    case ReadersColumn:
      return line.readers;
    case NoneColumn:
      return value.isValid() ? percentText(value.toDouble()) : QString(kDash);
    case QuantAlphaColumn:
    case BismoothAlphaColumn:
      return value.isValid() ? alphaText(value.toDouble()) : QString(kDash);
    case QuantColumn:
    case BismoothColumn:
      return value.isValid() ? percentTextFine(value.toDouble()) : QString(kDash);
    case VerdictColumn:
      return verdict(line);
    default:
      return {};
  }
}

QString SmoothingTableModel::verdict(const SmoothingRow& line) const {
  if (!line.fold.isFoldable) return tr("not foldable: %1").arg(QString::fromStdString(line.fold.reason));
  const auto before = unsmoothed(line), after = leastError(line);
  if (!before || !after) return tr("foldable, not measured");
  if (*before < kLittleGain * *after) return tr("foldable, little to gain");
  const double ratio = *after > 0 ? *before / *after : 0;
  return tr("foldable, error ÷ %1").arg(ratio >= 10 ? countText(std::lround(ratio)) : ratioText(ratio));
}

QString SmoothingTableModel::toolTip(const SmoothingRow& line, int column) const {
  if (column == CurveColumn) {
    const auto before = unsmoothed(line), after = leastError(line);
    if (!before || !after) return tr("Error over alpha is not measured yet; use Search all groups.");
    return tr("Error over alpha from 0 to 1, blue SmoothQuant, green bi-smoothing: %1 without smoothing, %2 "
              "at "
              "the best alpha.")
        .arg(percentText(*before), percentTextFine(*after));
  }
  if (column == VerdictColumn) return verdict(line);
  const std::string& producer = m_session->model()->smoothingGroups[line.group].producer;
  const QString text = QString::fromStdString(producer);
  return line.isInPlan
             ? tr("%1\nSmoothed in the plan: %2").arg(text, trialText(m_control->planned(line.group)))
             : text;
}

QVariant SmoothingTableModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal) return {};
  if (role == Qt::TextAlignmentRole)
    return QVariant::fromValue(Qt::Alignment(isNumeric(section) ? Qt::AlignRight : Qt::AlignLeft) |
                               Qt::AlignVCenter);
  const QString names[] = {tr("Group"),          tr("Producer"), tr("Readers"),      tr("None"),
                           tr("SmoothQuant α"),  tr("error"),    tr("Bi-smooth. α"), tr("error"),
                           tr("Error by alpha"), tr("Verdict")};
  const QString tips[] = {tr("Linears that read one producer and share its factors"),
                          tr("The norm or linear that is divided by S"),
                          tr("The linears whose columns are multiplied by S"),
                          tr("Output error of all readers together without smoothing"),
                          tr("The alpha with the least error under SmoothQuant"),
                          tr("Output error at that alpha"),
                          tr("The alpha with the least error under bi-smoothing by medians"),
                          tr("Output error at that alpha"),
                          tr("Both curves on one scale; sorted by how much there is to gain"),
                          tr("Whether S can be folded in, and what that gives")};
  if (section < 0 || section >= ColumnCount) return {};
  if (role == Qt::DisplayRole) return names[section];
  if (role == Qt::ToolTipRole) return tips[section];
  return {};
}

CurveShape SmoothingTableModel::shape(int index) const {
  return {errorsOf(row(index).smoothQuant), errorsOf(row(index).bismooth)};
}

QString SmoothingTableModel::asText(const std::vector<int>& rows) const {
  QStringList lines, header;
  for (int column = 0; column < ColumnCount; ++column)
    if (column != CurveColumn) header << headerData(column, Qt::Horizontal).toString();
  lines << header.join(QLatin1Char('\t'));
  for (const int index : rows) {
    QStringList cells;
    for (int column = 0; column < ColumnCount; ++column) {
      if (column == CurveColumn) continue;
      const QVariant value = number(row(index), column);
      cells << (value.isValid() ? QString::number(value.toDouble(), 'g', 9) : display(row(index), column));
    }
    lines << cells.join(QLatin1Char('\t'));
  }
  return lines.join(QLatin1Char('\n')) + QLatin1Char('\n');
}

}  // namespace ql
