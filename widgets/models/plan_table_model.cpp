#include "widgets/models/plan_table_model.h"

#include "widgets/bridge/finding_text.h"
#include "widgets/bridge/metric_info.h"
#include "widgets/bridge/number_format.h"
#include "widgets/bridge/plan_edits.h"
#include "widgets/bridge/smoothing_control.h"
#include "widgets/bridge/smoothing_names.h"
#include "widgets/bridge/smoothing_planned.h"

namespace ql {

namespace {

/// "layers.0.self_attn.q_proj": what every name begins with says nothing.
QString tableName(const Linear& linear) {
  QString name = QString::fromStdString(linear.name);
  for (const char* prefix : {"model.", "transformer."})
    if (name.startsWith(QLatin1String(prefix))) return name.mid(static_cast<qsizetype>(qstrlen(prefix)));
  return name;
}

QString storedText(const Linear& linear) {
  return QString::fromUtf8(dtypeInfo(linear.dtype).name.data()).toLower();
}

bool isNumeric(int column) {
  return column == PlanTableModel::ShapeColumn || column == PlanTableModel::ValueColumn ||
         column == PlanTableModel::WhatIfColumn || column == PlanTableModel::BitsColumn ||
         column == PlanTableModel::SizeColumn;
}

QString csvQuoted(QString text, QChar separator) {
  if (!text.contains(separator) && !text.contains(QLatin1Char('"')) && !text.contains(QLatin1Char('\n')))
    return text;
  return QLatin1Char('"') + text.replace(QLatin1Char('"'), QStringLiteral("\"\"")) + QLatin1Char('"');
}

}  // namespace

PlanTableModel::PlanTableModel(Session* session, QObject* parent)
    : QAbstractTableModel(parent), m_session(session) {
  connect(session, &Session::workspaceChanged, this, &PlanTableModel::reset);
  connect(session, &Session::layersMeasured, this, &PlanTableModel::refresh);
  connect(session, &Session::viewChanged, this, &PlanTableModel::refresh);
  connect(session->plan(), &PlanDocument::planChanged, this, &PlanTableModel::refresh);
  connect(session->plan(), &PlanDocument::whatIfChanged, this, &PlanTableModel::refresh);
  connect(session->selection(), &Selection::changed, this, [this] {
    if (m_session->plan()->whatIf()) refresh();
  });
  reset();
}

void PlanTableModel::reset() {
  beginResetModel();
  m_rows.clear();
  if (const Model* model = m_session->model()) m_rows.resize(model->linears.size());
  ++m_version;
  endResetModel();
}

void PlanTableModel::refresh() {
  ++m_version;
  if (m_rows.empty()) return;
  emit dataChanged(index(0, 0), index(rowCount() - 1, ColumnCount - 1));
  emit headerDataChanged(Qt::Horizontal, ValueColumn, WhatIfColumn);
}

const PlanTableModel::Row& PlanTableModel::row(LinearId id) const {
  Row& row = m_rows[id];
  if (row.version == m_version) return row;
  const Linear& linear = m_session->model()->linears[id];
  const Metric metric = m_session->view().metric;
  const Choice choice = m_session->choiceOf(id), shown = m_session->shownChoice(id);
  row.version = m_version;
  row.value = m_session->value(id, metric, choice);
  row.whatIf = shown == choice ? std::nullopt : m_session->value(id, metric, shown);
  row.bits = bitsPerWeight(choice, linear.out(), linear.in(), dtypeInfo(linear.dtype).bits);
  row.bytes = row.bits * static_cast<double>(linear.out()) * static_cast<double>(linear.in()) / 8;
  return row;
}

int PlanTableModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

int PlanTableModel::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : ColumnCount;
}

QVariant PlanTableModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid() || !m_session->model()) return {};
  const auto id = static_cast<LinearId>(index.row());
  const Linear& linear = m_session->model()->linears[id];
  const QuantizationPlan& plan = m_session->plan()->plan();
  switch (role) {
    case Qt::DisplayRole:
      return display(id, index.column());
    case Qt::EditRole:
      return QString::fromStdString(specText(m_session->choiceOf(id)));
    case SortRole:
      return sortValue(id, index.column());
    case Qt::TextAlignmentRole:
      return QVariant::fromValue(Qt::Alignment(isNumeric(index.column()) ? Qt::AlignRight : Qt::AlignLeft) |
                                 Qt::AlignVCenter);
    case Qt::ToolTipRole: {
      if (index.column() == FindingColumn && m_session->isFlagged(id))
        return findingSentence(m_session->findings(id).front());
      if (index.column() == WeightColumn)
        return tr("%1\nF2 or double-click to edit, for example int4:group=128,asym")
            .arg(data(index, Qt::EditRole).toString());
      return QString::fromStdString(linear.name);
    }
    case LinearRole:
      return QVariant::fromValue<qulonglong>(id);
    case ValueRole:
      return row(id).value ? QVariant(*row(id).value) : QVariant();
    case ChangedRole:
      return plan.layers.contains(linear.name);
    case LockedRole:
      return plan.isLocked(linear.name);
    case FlaggedRole:
      return m_session->isFlagged(id);
    default:
      return {};
  }
}

QVariant PlanTableModel::display(LinearId id, int column) const {
  const Linear& linear = m_session->model()->linears[id];
  const Metric metric = m_session->view().metric;
  switch (column) {
    case NameColumn:
      return tableName(linear);
    case ShapeColumn:
      return dimensionsText(linear.out(), linear.in());
    case WeightColumn: {
      const Choice choice = m_session->choiceOf(id);
      return choice.weight ? QString::fromStdString(weightSchemeText(choice)) : storedText(linear);
    }
    case ActivationColumn:
      return QString::fromStdString(actSchemeText(m_session->choiceOf(id)));
    case ValueColumn:
      return metricText(metric, row(id).value);
    case WhatIfColumn:
      return metricText(metric, row(id).whatIf);
    case BitsColumn:
      return bitsText(row(id).bits);
    case SizeColumn:
      return fixedText(row(id).bytes / 1024, row(id).bytes < 10 * 1024 ? 1 : 0);
    default:
      return m_session->isFlagged(id) ? findingShort(m_session->findings(id).front()) : smoothingText(id);
  }
}

/// "bi-smoothing α 0.45" where the plan smooths the input.
QString PlanTableModel::smoothingText(LinearId id) const {
  const SmoothingControl& smoothing = *m_session->smoothing();
  const auto group = smoothing.groupOf(id);
  if (!group || !smoothing.plannedFigures()->entryOf(id)) return {};
  return trialText(smoothing.planned(*group));
}

QVariant PlanTableModel::sortValue(LinearId id, int column) const {
  const Linear& linear = m_session->model()->linears[id];
  switch (column) {
    case NameColumn:
      return QVariant::fromValue<qulonglong>(
          id);  // network order, not the alphabet: block 10 comes after block 9
    case ShapeColumn:
      return static_cast<double>(linear.out()) * static_cast<double>(linear.in());
    case ValueColumn:
      return row(id).value.value_or(-1);
    case WhatIfColumn:
      return row(id).whatIf.value_or(-1);
    case BitsColumn:
      return row(id).bits;
    case SizeColumn:
      return row(id).bytes;
    default:
      return display(id, column);
  }
}

Qt::ItemFlags PlanTableModel::flags(const QModelIndex& index) const {
  Qt::ItemFlags flags = QAbstractTableModel::flags(index);
  if (index.column() == WeightColumn || index.column() == ActivationColumn) flags |= Qt::ItemIsEditable;
  return flags;
}

bool PlanTableModel::setData(const QModelIndex& index, const QVariant& value, int role) {
  if (!index.isValid() || role != Qt::EditRole) return false;
  const auto id = static_cast<LinearId>(index.row());
  try {
    const QString text = value.toString().trimmed();
    // A whole SPEC, or only options ("group=32") applied to the present choice.
    const Choice choice = editChoice(m_session->choiceOf(id), text.toStdString());
    validateChoice(choice, m_session->model()->linears[id].name);
    applyChoice(*m_session, {id}, choice);
    return true;
  } catch (const Error& e) {
    emit m_session->message(QString::fromUtf8(e.what()), true);
    return false;
  }
}

QVariant PlanTableModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal) return {};
  if (role == Qt::TextAlignmentRole)
    return QVariant::fromValue(Qt::Alignment(isNumeric(section) ? Qt::AlignRight : Qt::AlignLeft) |
                               Qt::AlignVCenter);
  const MetricInfo& info = metricInfo(m_session->view().metric);
  if (role == Qt::ToolTipRole) {
    if (section == ValueColumn) return info.sentence;
    if (section == WhatIfColumn) return tr("%1 if the what-if of the inspector were applied").arg(info.name);
    if (section == BitsColumn) return tr("Bits a weight under the plan, float32 scales included");
    if (section == SizeColumn) return tr("Size of the weights under the plan, in KiB");
    return {};
  }
  if (role != Qt::DisplayRole) return {};
  switch (section) {
    case NameColumn:
      return tr("Linear");
    case ShapeColumn:
      return tr("Shape");
    case WeightColumn:
      return tr("Weight");
    case ActivationColumn:
      return tr("Activation");
    case ValueColumn:
      return info.shortName;
    case WhatIfColumn: {
      const std::optional<Choice>& whatIf = m_session->plan()->whatIf();
      return whatIf ? tr("If %1").arg(granularityText(*whatIf)) : tr("What-if");
    }
    case BitsColumn:
      return tr("Bits/weight");
    case SizeColumn:
      return tr("Size, KiB");
    default:
      return tr("Findings");
  }
}

QString PlanTableModel::plainValue(LinearId id, int column) const {
  const auto number = [](std::optional<double> v) { return v ? QString::number(*v, 'g', 9) : QString(); };
  switch (column) {
    case NameColumn:
      return QString::fromStdString(m_session->model()->linears[id].name);
    case ShapeColumn:
      return QStringLiteral("%1x%2")
          .arg(m_session->model()->linears[id].out())
          .arg(m_session->model()->linears[id].in());
    case ValueColumn:
      return number(row(id).value);
    case WhatIfColumn:
      return number(row(id).whatIf);
    case BitsColumn:
      return number(row(id).bits);
    case SizeColumn:
      return number(row(id).bytes / 1024);
    default:
      return display(id, column).toString();
  }
}

QString PlanTableModel::asText(const std::vector<LinearId>& rows, QChar separator) const {
  QStringList lines;
  const auto line = [&](auto cell) {
    QStringList cells;
    for (int column = 0; column < ColumnCount; ++column) cells << csvQuoted(cell(column), separator);
    lines << cells.join(separator);
  };
  line([this](int column) { return headerData(column, Qt::Horizontal).toString(); });
  for (const LinearId id : rows) line([this, id](int column) { return plainValue(id, column); });
  return lines.join(QLatin1Char('\n')) + QLatin1Char('\n');
}

}  // namespace ql
