#include "widgets/models/overview_data.h"

#include "widgets/bridge/calibration_control.h"
#include "widgets/bridge/metric_info.h"
#include "widgets/bridge/smoothing_control.h"
#include "widgets/bridge/smoothing_planned.h"

#include <algorithm>
#include <cmath>

namespace ql {

namespace {

/// Larger is worse for every metric but the signal to noise ratio and the rank.
bool isWorse(double a, double b, Metric metric) {
  return metric == Metric::SqnrDb || metric == Metric::EffectiveRank ? a < b : a > b;
}

/// Under one scheme for all linears, as if the plan smoothed nothing.
std::optional<double> plainValue(Session& session, LinearId id, const Choice& choice) {
  const Metric metric = session.view().metric;
  return metricSource(metric) == MetricSource::Output
             ? session.calibration()->plainValue(id, metric, choice, true)
             : session.value(id, metric, choice);
}

}  // namespace

void OverviewData::setModel(const Model* model) {
  *this = OverviewData();
  if (!model) return;
  m_roles = model->rolesPresent;
  m_blocks = model->blockCount;
  m_cells.resize(m_roles.size() * static_cast<std::size_t>(m_blocks));
  m_byId.resize(model->linears.size(), 0);
  for (LinearId id = 0; id < model->linears.size(); ++id) {
    const Linear& linear = model->linears[id];
    const auto role = std::find(m_roles.begin(), m_roles.end(), linear.role);
    if (!linear.block || *linear.block < 0 || *linear.block >= m_blocks || role == m_roles.end()) continue;
    OverviewItem item;
    item.id = id;
    item.row = static_cast<int>(role - m_roles.begin());
    item.block = *linear.block;
    const auto cell = static_cast<std::size_t>(item.row) * static_cast<std::size_t>(m_blocks) +
                      static_cast<std::size_t>(item.block);
    m_cells[cell].push_back(m_items.size());
    m_items.push_back(item);
    m_byId[id] = m_items.size();
  }
}

void OverviewData::readItem(Session& session, OverviewItem& item, const Choice& oneScheme) const {
  const ViewSettings& view = session.view();
  const Choice planned = session.choiceOf(item.id);
  const Choice shown = view.show == OverviewShow::OneScheme ? oneScheme : session.shownChoice(item.id);
  item.value = view.show == OverviewShow::OneScheme ? plainValue(session, item.id, oneScheme)
                                                    : session.value(item.id, view.metric, shown);
  item.before.reset();
  if (view.show == OverviewShow::Change) {
    item.before = plainValue(session, item.id, oneScheme);
  } else if (!(shown == planned) && view.show == OverviewShow::Plan) {
    item.before = session.value(item.id, view.metric, planned);
  }
  const std::string& name = session.model()->linears[item.id].name;
  item.isLocked = session.plan()->plan().isLocked(name);
  item.isSmoothed = session.smoothing()->plannedFigures()->entryOf(item.id) != nullptr;
  item.isChanged = item.isSmoothed || session.plan()->plan().layers.contains(name);
  item.isFlagged = session.isFlagged(item.id);
}

void OverviewData::refresh(Session& session, const Choice& oneScheme) {
  m_sorted.clear();
  for (OverviewItem& item : m_items) {
    readItem(session, item, oneScheme);
    if (item.value && std::isfinite(*item.value)) m_sorted.push_back(*item.value);
    if (item.before && std::isfinite(*item.before)) m_sorted.push_back(*item.before);
  }
  std::sort(m_sorted.begin(), m_sorted.end());
  const Metric metric = session.view().metric;
  for (std::vector<std::size_t>& cell : m_cells) {  // the worst first: it stands for the cell
    std::stable_sort(cell.begin(), cell.end(), [&](std::size_t a, std::size_t b) {
      const OverviewItem &x = m_items[a], &y = m_items[b];
      if (!x.value || !y.value) return x.value.has_value() && !y.value.has_value();
      return isWorse(*x.value, *y.value, metric);
    });
  }
}

const std::vector<std::size_t>& OverviewData::cell(int row, int block) const {
  return m_cells[static_cast<std::size_t>(row) * static_cast<std::size_t>(m_blocks) +
                 static_cast<std::size_t>(block)];
}

const OverviewItem* OverviewData::worst(int row, int block) const {
  const std::vector<std::size_t>& members = cell(row, block);
  return members.empty() ? nullptr : &m_items[members.front()];
}

const OverviewItem* OverviewData::find(LinearId id) const {
  return id < m_byId.size() && m_byId[id] > 0 ? &m_items[m_byId[id] - 1] : nullptr;
}

std::optional<std::pair<double, double>> OverviewData::range() const {
  if (m_sorted.empty()) return std::nullopt;
  return std::pair{m_sorted.front(), m_sorted.back()};
}

}  // namespace ql
