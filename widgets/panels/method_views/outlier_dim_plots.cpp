#include "widgets/panels/method_views/outlier_dim_plots.h"

#include "widgets/bridge/number_format.h"
#include "widgets/canvas/colormap.h"
#include "widgets/canvas/read_out.h"

#include <algorithm>
#include <cmath>

namespace ql {

namespace {

constexpr double kReach = 14;     // pixels between the pointer and a point
constexpr double kLabelled = 26;  // pixels of a cell that holds its number

constexpr QColor Theme::*kColors[] = {&Theme::weight, &Theme::activation, &Theme::gain,     &Theme::smoothing,
                                      &Theme::accent, &Theme::warning,    &Theme::secondary};

const QColor& colorOf(std::size_t place, const Theme& theme) {
  return theme.*kColors[place % std::size(kColors)];
}

QString roleText(TensorRole role) {
  return QString::fromStdString(std::string(roleName(role)));
}

}  // namespace

// Share by block
// ----------------------------------------------------------------------------------------------------

void OutlierShareView::setDims(std::shared_ptr<const OutlierDims> dims) {
  m_dims = std::move(dims);
  double most = 0, blocks = 1;
  if (m_dims)
    for (const OutlierSite& site : m_dims->sites) {
      most = std::max(most, site.share());
      if (site.block) blocks = std::max(blocks, static_cast<double>(*site.block) + 1);
    }
  m_x.range = {-0.5, blocks - 0.5, AxisScale::Linear, 1};
  m_y.range = {0, most > 0 ? std::min(1.05, most * 1.1) : 0.05, AxisScale::Linear, 1};
  emit changed();
  emit cursorMoved();
}

QPointF OutlierShareView::pointOf(const OutlierSite& site) const {
  return {m_x.toPixel(static_cast<double>(site.block.value_or(0))), m_y.toPixel(site.share())};
}

void OutlierShareView::draw(Painter& painter, const Theme& theme) {
  if (!m_dims || m_dims->overlaps.empty()) return drawHint(painter, theme);
  drawFrame(painter, theme, indexTicks(m_x, 40 * uiScale()), tr("block"), percentTick);
  std::vector<LegendEntry> legend;
  for (std::size_t o = 0; o < m_dims->overlaps.size(); ++o) {
    const OutlierOverlap& overlap = m_dims->overlaps[o];
    std::vector<QPointF> points;
    for (const std::size_t s : overlap.sites) points.push_back(pointOf(m_dims->sites[s]));
    painter.polyline(points, {colorOf(o, theme), 2});
    for (const QPointF& point : points) painter.fillCircle(point, 3 * uiScale(), colorOf(o, theme));
    legend.push_back({tr("inputs of %1").arg(roleText(overlap.role)), colorOf(o, theme)});
  }
  drawLegend(painter, theme, legend);
  const auto hovered = siteAt(m_pointer);
  if (!hovered) return;
  const OutlierSite& site = m_dims->sites[*hovered];
  painter.strokeCircle(pointOf(site), 6 * uiScale(), {theme.text, 2});
  drawReadOut(painter, theme, m_pointer, QRectF(QPointF(0, 0), size()), QString::fromStdString(site.name),
              {{tr("outlier dims"), countText(static_cast<std::int64_t>(site.channels.size())), true},
               {tr("of channels"), countText(site.width)},
               {tr("in 16 bits"), percentText(site.share())}});
}

std::optional<std::size_t> OutlierShareView::siteAt(QPointF position) const {
  if (!m_dims || !m_plot.adjusted(-8, -8, 8, 8).contains(position)) return {};
  double nearest = kReach * uiScale();
  std::optional<std::size_t> found;
  for (const OutlierOverlap& overlap : m_dims->overlaps)
    for (const std::size_t s : overlap.sites) {
      const QPointF d = pointOf(m_dims->sites[s]) - position;
      if (std::hypot(d.x(), d.y()) >= nearest) continue;
      nearest = std::hypot(d.x(), d.y());
      found = s;
    }
  return found;
}

bool OutlierShareView::handle(const CanvasEvent& event) {
  switch (event.type) {
    case CanvasEvent::Move:
    case CanvasEvent::Leave:
      m_pointer = event.type == CanvasEvent::Leave ? QPointF(-1, -1) : event.position;
      emit changed();
      return true;
    case CanvasEvent::Press:
      if (event.button == Qt::LeftButton)
        if (const auto site = siteAt(event.position)) emit sitePicked(*site);
      return event.button == Qt::LeftButton;
    default:
      return false;
  }
}

QString OutlierShareView::accessibleText() const {
  if (!m_dims || m_dims->sites.empty()) return hint();
  const auto worst =
      std::max_element(m_dims->sites.begin(), m_dims->sites.end(),
                       [](const OutlierSite& a, const OutlierSite& b) { return a.share() < b.share(); });
  return tr("Share of outlier dims by block: largest %1, at the input of %2.")
      .arg(percentText(worst->share()), QString::fromStdString(worst->name));
}

std::vector<NumberTableModel::Column> OutlierShareView::tableColumns() const {
  if (!m_dims || m_dims->overlaps.empty()) return {};
  std::vector<NumberTableModel::Column> columns{{tr("block"), {}, true}};
  for (const OutlierOverlap& overlap : m_dims->overlaps)
    columns.push_back({tr("inputs of %1").arg(roleText(overlap.role)), {}, false, true});
  const auto blocks = static_cast<int>(m_x.range.to + 0.5);
  for (int block = 0; block < blocks; ++block) {
    columns[0].values.push_back(block);
    for (std::size_t o = 0; o < m_dims->overlaps.size(); ++o) {
      double share = std::nan("");
      for (const std::size_t s : m_dims->overlaps[o].sites)
        if (m_dims->sites[s].block == block) share = m_dims->sites[s].share();
      columns[o + 1].values.push_back(share);
    }
  }
  return columns;
}

// Overlap
// ------------------------------------------------------------------------------------------------------------

void OverlapMatrixView::setOverlap(std::shared_ptr<const OutlierDims> dims, std::size_t overlap) {
  m_dims = std::move(dims);
  m_index = overlap;
  emit changed();
  emit cursorMoved();
}

const OutlierOverlap* OverlapMatrixView::overlap() const {
  return m_dims && m_index < m_dims->overlaps.size() ? &m_dims->overlaps[m_index] : nullptr;
}

QRectF OverlapMatrixView::square() const {
  const double s = uiScale(),
               side = std::max(10.0, std::min(size().width() - 70 * s, size().height() - 44 * s));
  return {(size().width() - side) / 2 + 12 * s, 8 * s, side, side};
}

QString OverlapMatrixView::blockName(std::size_t place) const {
  return QString::number(m_dims->sites[overlap()->sites[place]].block.value_or(0));
}

std::optional<std::pair<std::size_t, std::size_t>> OverlapMatrixView::cellAt(QPointF position) const {
  const QRectF area = square();
  if (!overlap() || !area.contains(position)) return {};
  const std::size_t n = overlap()->sites.size();
  const auto place = [&](double at, double from) {
    return std::min(n - 1, static_cast<std::size_t>((at - from) / area.width() * static_cast<double>(n)));
  };
  return std::pair(place(position.y(), area.top()), place(position.x(), area.left()));
}

void OverlapMatrixView::drawCells(Painter& painter, const Theme& theme, const QRectF& area) const {
  const std::size_t n = overlap()->sites.size();
  const double cell = area.width() / static_cast<double>(n);
  const ColorScale scale{&Colormap::cividis(), {0, 1, AxisScale::Linear, 1}, true};
  for (std::size_t a = 0; a < n; ++a)
    for (std::size_t b = 0; b < n; ++b) {
      const double left = painter.snap(area.left() + static_cast<double>(b) * cell);
      const double top = painter.snap(area.top() + static_cast<double>(a) * cell);
      const QRectF rect(left, top, painter.snap(area.left() + static_cast<double>(b + 1) * cell) - left,
                        painter.snap(area.top() + static_cast<double>(a + 1) * cell) - top);
      const bool isNone = m_dims->sites[overlap()->sites[a]].channels.empty() ||
                          m_dims->sites[overlap()->sites[b]].channels.empty();
      const double value = overlap()->jaccard[a * n + b];
      const QColor color = isNone ? theme.grid : QColor(scale.color(value));
      painter.fillRect(rect, color);
      if (cell < kLabelled * uiScale() || isNone) continue;
      painter.text(rect.center(), QString::number(std::lround(value * 100)), contrastText(color),
                   FontRole::Axis, {TextAlign::Center, TextAlign::Middle});
    }
}

void OverlapMatrixView::draw(Painter& painter, const Theme& theme) {
  if (!overlap()) return drawHint(painter, theme);
  const QRectF area = square();
  drawCells(painter, theme, area);
  const std::size_t n = overlap()->sites.size();
  const double cell = area.width() / static_cast<double>(n), s = uiScale();
  const std::size_t step = std::max<std::size_t>(1, static_cast<std::size_t>(std::ceil(22 * s / cell)));
  for (std::size_t i = 0; i < n; i += step) {
    const double middle = (static_cast<double>(i) + 0.5) * cell;
    painter.text({area.left() - 5 * s, area.top() + middle}, blockName(i), theme.secondary, FontRole::Axis,
                 {TextAlign::Right, TextAlign::Middle});
    painter.text({area.left() + middle, area.bottom() + 4 * s}, blockName(i), theme.secondary, FontRole::Axis,
                 {TextAlign::Center, TextAlign::Top});
  }
  painter.text({area.center().x(), size().height() - 2 * s}, tr("block; share of the dims of two blocks, %"),
               theme.secondary, FontRole::Axis, {TextAlign::Center, TextAlign::Bottom});
  const auto hovered = cellAt(m_pointer);
  if (!hovered) return;
  const auto [a, b] = *hovered;
  const QRectF rect(area.left() + static_cast<double>(b) * cell, area.top() + static_cast<double>(a) * cell,
                    cell, cell);
  painter.strokeRect(rect, {theme.text, 2});
  const OutlierSite &left = m_dims->sites[overlap()->sites[a]], &right = m_dims->sites[overlap()->sites[b]];
  const ChannelOverlap both = overlapOf(left.channels, right.channels);
  drawReadOut(painter, theme, m_pointer, QRectF(QPointF(0, 0), size()),
              tr("blocks %1 and %2").arg(blockName(a), blockName(b)),
              {{tr("Jaccard index"), fixedText(overlap()->jaccard[a * n + b], 3), true},
               {tr("dims in both"), countText(both.both)},
               {tr("in either"), countText(both.left + both.right - both.both)}});
}

bool OverlapMatrixView::handle(const CanvasEvent& event) {
  if (event.type != CanvasEvent::Move && event.type != CanvasEvent::Leave) return false;
  m_pointer = event.type == CanvasEvent::Leave ? QPointF(-1, -1) : event.position;
  emit changed();
  return true;
}

QString OverlapMatrixView::accessibleText() const {
  if (!overlap()) return hint();
  return tr("Overlap of the outlier dims of two blocks: %1 on average, for inputs of %2.")
      .arg(percentText(overlap()->meanJaccard), roleText(overlap()->role));
}

std::vector<NumberTableModel::Column> OverlapMatrixView::tableColumns() const {
  if (!overlap()) return {};
  const std::size_t n = overlap()->sites.size();
  std::vector<NumberTableModel::Column> columns{{tr("block"), {}, true}};
  for (std::size_t b = 0; b < n; ++b) columns.push_back({tr("block %1").arg(blockName(b)), {}, false, true});
  for (std::size_t a = 0; a < n; ++a) {
    columns[0].values.push_back(static_cast<double>(m_dims->sites[overlap()->sites[a]].block.value_or(0)));
    for (std::size_t b = 0; b < n; ++b) columns[b + 1].values.push_back(overlap()->jaccard[a * n + b]);
  }
  return columns;
}

}  // namespace ql
