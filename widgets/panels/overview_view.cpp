#include "widgets/panels/overview_view.h"

#include "widgets/bridge/metric_info.h"
#include "widgets/bridge/number_format.h"
#include "widgets/bridge/value_scale.h"

#include <QFontMetricsF>
#include <QMenu>
#include <QStandardItemModel>

#include <algorithm>
#include <cmath>

namespace ql {

namespace {

constexpr int kHistogramBins = 48;
constexpr double kDotReach = 7;  // pixels around a dot that answer to the pointer

AxisScale axisScale(ValueScale scale) {
  return scale == ValueScale::Log ? AxisScale::Log : AxisScale::Linear;
}

}  // namespace

OverviewView::OverviewView(Session* session, QObject* parent) : CanvasView(parent), m_session(session) {
  m_refresh.setSingleShot(true);
  m_refresh.setInterval(0);
  connect(&m_refresh, &QTimer::timeout, this, &OverviewView::refresh);
  const auto soon = [this] { m_refresh.start(); };
  connect(session, &Session::workspaceChanged, this, [this] {
    m_hover = nullptr;
    m_cursor.reset();
    m_anchor.reset();
    m_scroll = 0;
    m_data.setModel(m_session->model());
    refresh();
  });
  connect(session, &Session::layersMeasured, this, soon);
  connect(session, &Session::viewChanged, this, soon);
  connect(session->plan(), &PlanDocument::planChanged, this, soon);
  connect(session->plan(), &PlanDocument::whatIfChanged, this, soon);
  connect(session->selection(), &Selection::changed, this, soon);
  m_bar.onRange = [this](double low, double high) { setRange(std::pair{valueOfBar(low), valueOfBar(high)}); };
  m_bar.onFit = [this] { setRange(std::nullopt); };
  m_data.setModel(session->model());
  refresh();
}

void OverviewView::setOneScheme(const Choice& choice) {
  m_oneScheme = choice;
  refresh();
}

void OverviewView::refresh() {
  m_hover = nullptr;
  if (m_session->model()) m_data.refresh(*m_session, m_oneScheme);
  updateLayout();
  updateScale();
  m_hover = itemAt(m_pointer);
  emit changed();
  if (isSettled()) emit settled();
}

bool OverviewView::isSettled() const {
  if (!m_session->model() || m_data.items().empty()) return true;
  return std::all_of(m_data.items().begin(), m_data.items().end(), [this](const OverviewItem& item) {
    return item.value.has_value() || !m_session->model()->linears[item.id].isQuantizable ||
           !m_session->isComing(item.id, m_session->view().metric, m_session->shownChoice(item.id));
  });
}

void OverviewView::resized() {
  updateLayout();
  updateScale();
}

void OverviewView::updateLayout() {
  const QFontMetricsF axis(uiFont(FontRole::Axis));
  double label = 0;
  for (int row = 0; row < m_data.rows(); ++row)
    label = std::max(label, axis.horizontalAdvance(QString::fromUtf8(roleName(m_data.role(row)))));
  m_layout = layOutOverview(size(), m_data.rows(), m_data.blocks(), std::max(label, 36.0) + metrics::kGap,
                            axis.height(), m_scroll);
  m_scroll = m_layout.scroll;
}

void OverviewView::updateScale() {
  const ViewSettings& view = m_session->view();
  m_scale.isMagnitude = false;
  const auto range = m_data.range();
  if (view.scale == ValueScale::Quantile) {
    m_scale.range = {0, 1, AxisScale::Linear, 1};
  } else {
    const auto [low, high] = fittedRange(*m_session);  // of every linear, so that tree and table colour alike
    m_scale.range = {low, high, low > 0 ? axisScale(view.scale) : AxisScale::Linear, 1};
  }
  m_bar.setExtent(m_scale.range);
  m_bar.setMap(*m_scale.map);
  m_bar.setTickLabel([this](double at) { return tickLabel(valueOfBar(at)); });
  if (view.range) {
    m_scale.range.from = barCoordinate(view.range->first);
    m_scale.range.to = barCoordinate(view.range->second);
  }
  m_bar.setRange(m_scale.range.from, m_scale.range.to);
  const bool below = range && view.range && range->first < view.range->first;
  const bool above = range && view.range && range->second > view.range->second;
  m_bar.setClipped(below, above);
  updateHistogram();
}

void OverviewView::updateHistogram() {
  m_bar.setGeometry(m_layout.bar, Qt::Vertical);
  std::vector<double> counts(kHistogramBins, 0.0);
  const Axis axis = m_bar.axis();
  for (const OverviewItem& item : m_data.items()) {
    if (!item.value || !std::isfinite(*item.value)) continue;
    const double at = axis.range.fraction(barCoordinate(*item.value)) * kHistogramBins;
    counts[static_cast<std::size_t>(std::clamp(at, 0.0, kHistogramBins - 1.0))] += 1;
  }
  m_bar.setHistogram(std::move(counts), m_layout.barHistogram.width());
}

QString OverviewView::tickLabel(double value) const {
  const ViewSettings& view = m_session->view();
  if (view.scale == ValueScale::Quantile)
    return metricText(view.metric, value);  // ticks are no round numbers
  return isFractionMetric(view.metric) ? tickText(value * 100) + kNarrowSpace + QLatin1Char('%')
                                       : tickText(value);
}

double OverviewView::barCoordinate(double value) const {
  if (m_session->view().scale != ValueScale::Quantile) return value;
  const std::vector<double>& sorted = m_data.sortedValues();
  if (sorted.size() < 2) return 0.5;
  const auto low = std::lower_bound(sorted.begin(), sorted.end(), value);
  const auto high = std::upper_bound(sorted.begin(), sorted.end(), value);
  const double rank = 0.5 * static_cast<double>((low - sorted.begin()) + (high - sorted.begin()) - 1);
  return std::clamp(rank / static_cast<double>(sorted.size() - 1), 0.0, 1.0);
}

double OverviewView::valueOfBar(double coordinate) const {
  if (m_session->view().scale != ValueScale::Quantile) return coordinate;
  const std::vector<double>& sorted = m_data.sortedValues();
  if (sorted.empty()) return 0;
  const double at = std::clamp(coordinate, 0.0, 1.0) * static_cast<double>(sorted.size() - 1);
  return sorted[static_cast<std::size_t>(std::lround(at))];
}

QColor OverviewView::colorOf(double value) const {
  return QColor::fromRgb(m_scale.color(barCoordinate(value)));
}

bool OverviewView::hasTarget() const {
  return isFractionMetric(m_session->view().metric) && m_session->view().scale != ValueScale::Quantile;
}

double OverviewView::targetY() const {
  return m_bar.axis().toPixel(m_session->view().target);
}

QPointF OverviewView::dotPosition(std::size_t index, double value) const {
  const auto count = static_cast<double>(m_data.items().size());
  const double x = m_layout.plot.left() + (static_cast<double>(index) + 0.5) / count * m_layout.plot.width();
  const double y = std::isfinite(value) ? m_bar.axis().toPixel(barCoordinate(value)) : m_layout.plot.top();
  return {x, std::clamp(y, m_layout.plot.top(), m_layout.plot.bottom())};
}

const OverviewItem* OverviewView::itemAt(QPointF at) const {
  if (const auto cell = m_layout.hit(at)) return m_data.worst(cell->row, cell->block);
  if (!m_layout.plot.adjusted(-4, -8, 4, 8).contains(at) || m_data.items().empty()) return nullptr;
  const auto count = static_cast<double>(m_data.items().size());
  const double slot = (at.x() - m_layout.plot.left()) / m_layout.plot.width() * count;
  const OverviewItem* nearest = nullptr;
  double best = kDotReach;
  const int reach = static_cast<int>(kDotReach / m_layout.plot.width() * count) + 1;
  for (int i = static_cast<int>(slot) - reach; i <= static_cast<int>(slot) + reach; ++i) {
    if (i < 0 || i >= static_cast<int>(m_data.items().size())) continue;
    const OverviewItem& item = m_data.items()[static_cast<std::size_t>(i)];
    if (!item.value) continue;
    const QPointF away = dotPosition(static_cast<std::size_t>(i), *item.value) - at;
    const double distance = std::hypot(away.x(), away.y());
    if (distance < best) {
      best = distance;
      nearest = &item;
    }
  }
  return nearest;
}

QString OverviewView::copyText() const {
  const Model* model = m_session->model();
  if (!model) return {};
  QString text = tr("linear") + QLatin1Char('\t') + metricInfo(m_session->view().metric).name;
  for (const OverviewItem& item : m_data.items()) {
    text += QLatin1Char('\n') + QString::fromStdString(model->linears[item.id].name) + QLatin1Char('\t');
    if (item.value) text += plainNumber(static_cast<float>(*item.value));
  }
  return text;
}

std::unique_ptr<QAbstractItemModel> OverviewView::table() const {
  auto table = std::make_unique<QStandardItemModel>(m_data.rows(), m_data.blocks());
  for (int block = 0; block < m_data.blocks(); ++block)
    table->setHorizontalHeaderItem(block, new QStandardItem(tr("block %1").arg(block)));
  for (int row = 0; row < m_data.rows(); ++row) {
    table->setVerticalHeaderItem(row, new QStandardItem(QString::fromUtf8(roleName(m_data.role(row)))));
    for (int block = 0; block < m_data.blocks(); ++block) {
      const OverviewItem* item = m_data.worst(row, block);
      if (!item) continue;
      table->setItem(row, block, new QStandardItem(metricText(m_session->view().metric, item->value)));
    }
  }
  return table;
}

QString OverviewView::tableTitle() const {
  return tr("%1 by block and role").arg(metricInfo(m_session->view().metric).name);
}

void OverviewView::fillMenu(QMenu& menu) {
  if (m_menuFiller) m_menuFiller(menu);
}

QString OverviewView::accessibleText() const {
  const Model* model = m_session->model();
  if (!model) return tr("No model is open.");
  QString text = tr("%1 of %n linear(s).", nullptr, static_cast<int>(m_data.items().size()))
                     .arg(metricInfo(m_session->view().metric).name);
  if (!m_cursor) return text;
  const OverviewItem* item = m_data.worst(m_cursor->row, m_cursor->block);
  if (!item) return text + QLatin1Char(' ') + tr("Empty cell.");
  return QStringLiteral("%1 %2: %3")
      .arg(text, QString::fromStdString(model->linears[item->id].name),
           metricText(m_session->view().metric, item->value));
}

void OverviewView::selectNextFinding() {
  const std::vector<OverviewItem>& items = m_data.items();
  if (items.empty()) return;
  const auto current = m_session->selection()->current();
  const OverviewItem* at = current ? m_data.find(*current) : nullptr;
  const std::size_t start = at ? static_cast<std::size_t>(at - items.data()) + 1 : 0;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const OverviewItem& item = items[(start + i) % items.size()];
    if (!item.isFlagged) continue;
    m_cursor = GridCell{item.row, item.block};
    m_session->selection()->selectOnly(item.id);
    return;
  }
}

}  // namespace ql
