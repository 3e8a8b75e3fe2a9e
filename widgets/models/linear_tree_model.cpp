#include "widgets/models/linear_tree_model.h"

#include "widgets/bridge/finding_text.h"
#include "widgets/bridge/metric_info.h"
#include "widgets/bridge/number_format.h"
#include "widgets/bridge/smoothing_control.h"
#include "widgets/bridge/smoothing_names.h"
#include "widgets/bridge/smoothing_planned.h"

namespace ql {

namespace {

// Internal id of a top-level row; a child keeps its parent's row.
constexpr quintptr kTop = ~quintptr(0);

/// "q_proj" of "model.layers.0.self_attn.q_proj"; experts keep their number.
QString shortName(const Linear& linear) {
  const std::string& name = linear.name;
  const std::size_t dot = name.rfind('.');
  QString text = QString::fromStdString(dot == std::string::npos ? name : name.substr(dot + 1));
  if (linear.expert && !text.contains(QLatin1Char('[')))
    text = QStringLiteral("expert %1 ").arg(*linear.expert) + text;
  return text;
}

}  // namespace

LinearTreeModel::LinearTreeModel(Session* session, QObject* parent)
    : QAbstractItemModel(parent), m_session(session) {
  connect(session, &Session::workspaceChanged, this, &LinearTreeModel::reset);
  connect(session, &Session::layersMeasured, this, &LinearTreeModel::refresh);
  connect(session, &Session::viewChanged, this, &LinearTreeModel::refresh);
  connect(session->plan(), &PlanDocument::planChanged, this, &LinearTreeModel::refresh);
  reset();
}

void LinearTreeModel::reset() {
  beginResetModel();
  m_nodes.clear();
  m_places.clear();
  if (const Model* model = m_session->model()) {
    for (LinearId id = 0; id < model->linears.size(); ++id) {
      const std::optional<int>& block = model->linears[id].block;
      const bool continues = block && !m_nodes.empty() && m_nodes.back().block == block;
      if (!continues) m_nodes.push_back({block, {}});
      m_nodes.back().linears.push_back(id);
      const int top = static_cast<int>(m_nodes.size()) - 1;
      m_places.emplace_back(top, block ? static_cast<int>(m_nodes.back().linears.size()) - 1 : -1);
    }
  }
  endResetModel();
}

void LinearTreeModel::refresh() {
  if (m_nodes.empty()) return;
  emit dataChanged(index(0, 0), index(static_cast<int>(m_nodes.size()) - 1, ColumnCount - 1));
  for (int row = 0; row < static_cast<int>(m_nodes.size()); ++row) {
    const QModelIndex top = index(row, 0);
    if (const int children = rowCount(top); children > 0)
      emit dataChanged(index(0, 0, top), index(children - 1, ColumnCount - 1, top));
  }
}

QModelIndex LinearTreeModel::index(int row, int column, const QModelIndex& parent) const {
  if (!hasIndex(row, column, parent)) return {};
  return createIndex(row, column, parent.isValid() ? static_cast<quintptr>(parent.row()) : kTop);
}

QModelIndex LinearTreeModel::parent(const QModelIndex& index) const {
  if (!index.isValid() || index.internalId() == kTop) return {};
  return createIndex(static_cast<int>(index.internalId()), 0, kTop);
}

int LinearTreeModel::rowCount(const QModelIndex& parent) const {
  if (!parent.isValid()) return static_cast<int>(m_nodes.size());
  if (parent.column() != 0 || parent.internalId() != kTop) return 0;
  const Node& node = m_nodes[static_cast<std::size_t>(parent.row())];
  return node.block ? static_cast<int>(node.linears.size()) : 0;
}

int LinearTreeModel::columnCount(const QModelIndex&) const {
  return ColumnCount;
}

const LinearTreeModel::Node& LinearTreeModel::nodeOf(const QModelIndex& index) const {
  const bool isTop = index.internalId() == kTop;
  return m_nodes[isTop ? static_cast<std::size_t>(index.row())
                       : static_cast<std::size_t>(index.internalId())];
}

bool LinearTreeModel::isBlock(const QModelIndex& index) const {
  return index.isValid() && index.internalId() == kTop && nodeOf(index).block;
}

std::optional<LinearId> LinearTreeModel::linearAt(const QModelIndex& index) const {
  if (!index.isValid() || isBlock(index)) return std::nullopt;
  const Node& node = nodeOf(index);
  return index.internalId() == kTop ? node.linears.front()
                                    : node.linears[static_cast<std::size_t>(index.row())];
}

std::vector<LinearId> LinearTreeModel::linearsAt(const QModelIndex& index) const {
  if (!index.isValid()) return {};
  if (const std::optional<LinearId> id = linearAt(index)) return {*id};
  return nodeOf(index).linears;
}

QModelIndex LinearTreeModel::indexOf(LinearId id) const {
  if (id >= m_places.size()) return {};
  const auto [top, inside] = m_places[id];
  const QModelIndex node = index(top, 0);
  return inside < 0 ? node : index(inside, 0, node);
}

QVariant LinearTreeModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid() || !m_session->model()) return {};
  if (const std::optional<LinearId> id = linearAt(index)) return linearData(*id, index.column(), role);
  return nodeData(nodeOf(index), index.column(), role);
}

QVariant LinearTreeModel::linearData(LinearId id, int column, int role) const {
  const Linear& linear = m_session->model()->linears[id];
  const QuantizationPlan& plan = m_session->plan()->plan();
  switch (role) {
    case Qt::DisplayRole: {
      if (column == NameColumn) return shortName(linear);
      const Choice choice = m_session->choiceOf(id);
      if (column == WeightColumn) {
        const QString words = choice.weight
                                  ? QString::fromStdString(weightSchemeText(choice))
                                  : QString::fromUtf8(dtypeInfo(linear.dtype).name.data()).toLower();
        return isSmoothed(id) ? tr("%1·S").arg(words) : words;
      }
      const Metric metric = m_session->view().metric;
      return metricText(metric, m_session->value(id, metric));
    }
    case Qt::ToolTipRole:
      return linearToolTip(id);
    case Qt::AccessibleTextRole:
      return column == NameColumn ? QString::fromStdString(linear.name)
                                  : linearData(id, column, Qt::DisplayRole);
    case LinearRole:
      return QVariant::fromValue<qulonglong>(id);
    case ValueRole:
      if (const auto value = m_session->value(id, m_session->view().metric)) return *value;
      return {};
    case ShapeRole:
      return dimensionsText(linear.out(), linear.in());
    case LockedRole:
      return plan.isLocked(linear.name);
    case ChangedRole:
      return plan.layers.contains(linear.name) || isSmoothed(id);
    case FlaggedRole:
      return m_session->isFlagged(id);
    case FilterRole:
      return QString::fromStdString(linear.name);
    default:
      return {};
  }
}

bool LinearTreeModel::isSmoothed(LinearId id) const {
  return m_session->smoothing()->plannedFigures()->entryOf(id) != nullptr;
}

QVariant LinearTreeModel::linearToolTip(LinearId id) const {
  const Linear& linear = m_session->model()->linears[id];
  const Metric metric = m_session->view().metric;
  QString tip = QString::fromStdString(linear.name) + QLatin1Char('\n') +
                dimensionsText(linear.out(), linear.in()) + QStringLiteral(" · ") +
                QString::fromUtf8(dtypeInfo(linear.dtype).name.data()) + QLatin1Char('\n') +
                metricInfo(metric).name + QLatin1Char(' ') + metricText(metric, m_session->value(id, metric));
  if (isSmoothed(id)) {
    const auto group = m_session->smoothing()->groupOf(id);
    if (group)
      tip += QLatin1Char('\n') +
             tr("Input smoothed: %1").arg(trialText(m_session->smoothing()->planned(*group)));
  }
  for (const Finding& finding : m_session->findings(id)) tip += QLatin1Char('\n') + findingTitle(finding);
  return tip;
}

QVariant LinearTreeModel::nodeData(const Node& node, int column, int role) const {
  if (role == FilterRole) return QString();
  const auto largest = [&]() -> std::optional<double> {
    std::optional<double> most;
    for (const LinearId id : node.linears)
      if (const auto v = m_session->value(id, m_session->view().metric); v && !(most && *most >= *v))
        most = v;
    return most;
  };
  if (role == Qt::DisplayRole) {
    if (column == NameColumn) return tr("Block %1").arg(*node.block);
    if (column != ValueColumn) return {};
    const auto most = largest();
    return most ? tr("max %1").arg(metricText(m_session->view().metric, most)) : QString();
  }
  if (role == ValueRole)
    if (const auto most = largest()) return *most;
  return {};
}

QVariant LinearTreeModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal) return {};
  const MetricInfo& info = metricInfo(m_session->view().metric);
  if (role == Qt::ToolTipRole && section == ValueColumn) return info.sentence;
  if (role == Qt::TextAlignmentRole)
    return QVariant::fromValue(Qt::Alignment(section == ValueColumn ? Qt::AlignRight : Qt::AlignLeft) |
                               Qt::AlignVCenter);
  if (role != Qt::DisplayRole) return {};
  if (section == NameColumn) return tr("Linear");
  if (section == WeightColumn) return tr("Weight");
  return info.metric == Metric::NormWeighted || info.metric == Metric::OutputError
             ? tr("Error")
             : info.shortName;  // the column is narrow
}

}  // namespace ql
