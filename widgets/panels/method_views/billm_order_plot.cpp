#include "widgets/panels/method_views/billm_order_plot.h"

#include "widgets/bridge/number_format.h"

#include <algorithm>
#include <array>

namespace ql {

namespace {

constexpr std::size_t kParts = 3, kOrders = 3;
// of rows of 128 normal numbers (measured on 2,000 rows)
constexpr std::array<double, kOrders> kGauss = {0.367, 0.133, 0.059};

BillmPart partAt(std::size_t index) {
  return static_cast<BillmPart>(index);
}

bool isUsed(std::size_t part, std::size_t order) {
  return kBillmOrders[part] == static_cast<int>(order) + 1;
}

}  // namespace

void BillmOrderPlot::setState(std::shared_ptr<const BillmState> state) {
  m_state = std::move(state);
  double top = kGauss[0];
  if (m_state)
    for (const BillmPartFigures& part : m_state->report.parts) top = std::max(top, part.residual[0]);
  m_y.range = fitted(0, top * 1.12, AxisScale::Linear);
  m_x.range = {0, kParts};
  emit changed();
}

QRectF BillmOrderPlot::barOf(std::size_t part, std::size_t order) const {
  const double group = m_plot.width() / kParts, width = std::min(group * 0.24, 46 * uiScale());
  const double centre = m_plot.left() + group * (static_cast<double>(part) + 0.5);
  const double left = centre + (static_cast<double>(order) - kOrders / 2.0) * width * 1.15;
  const double value = m_state->report.parts[part].residual[order];
  return {QPointF(left, m_y.toPixel(value)), QPointF(left + width, m_plot.bottom())};
}

void BillmOrderPlot::draw(Painter& painter, const Theme& theme) {
  if (!m_state) return drawHint(painter, theme);
  drawFrame(painter, theme, {}, {}, percentTick);
  for (std::size_t part = 0; part < kParts; ++part) {
    for (std::size_t order = 0; order < kOrders; ++order) drawBar(painter, theme, part, order);
    const double centre = m_plot.left() + m_plot.width() / kParts * (static_cast<double>(part) + 0.5);
    painter.text({centre, size().height() - 2 * uiScale()}, billmPartName(partAt(part)), theme.secondary,
                 FontRole::AxisSemibold, {TextAlign::Center, TextAlign::Bottom});
  }
  drawGauss(painter, theme);
  drawLegend(painter, theme,
             {{tr("order 1, 2, 3 (filled: used)"), theme.secondary},
              {tr("of a Gaussian row"), theme.text, {theme.text, 2, 3, 2}}});
}

void BillmOrderPlot::drawBar(Painter& painter, const Theme& theme, std::size_t part,
                             std::size_t order) const {
  const double s = uiScale();
  const QRectF bar = barOf(part, order);
  painter.text({bar.center().x(), m_plot.bottom() + 4 * s}, countText(static_cast<std::int64_t>(order) + 1),
               theme.secondary, FontRole::Axis, {TextAlign::Center, TextAlign::Top});
  if (m_state->report.parts[part].count == 0) return;
  const QColor color = partAt(part) == BillmPart::Dense ? theme.secondary : billmColor(partAt(part), theme);
  if (isUsed(part, order)) {
    painter.fillRect(bar, color);
  } else {
    painter.fillRect(bar, blend(theme.base, color, 0.22));
    painter.strokeRect(bar, {color});
  }
  // above the yardstick where the two would touch
  const double gauss = m_y.toPixel(kGauss[order]), height = painter.lineHeight(FontRole::Axis);
  const bool isCrossed = gauss < bar.top() + 2 * s && gauss > bar.top() - height - 6 * s;
  painter.text({bar.center().x(), (isCrossed ? std::min(gauss, bar.top()) : bar.top()) - 2 * s},
               percentText(m_state->report.parts[part].residual[order]),
               isUsed(part, order) ? theme.text : theme.secondary, FontRole::Axis,
               {TextAlign::Center, TextAlign::Bottom});
}

void BillmOrderPlot::drawGauss(Painter& painter, const Theme& theme) const {
  for (std::size_t part = 0; part < kParts; ++part) {
    for (std::size_t order = 0; order < kOrders; ++order) {
      const QRectF bar = barOf(part, order);
      const double y = m_y.toPixel(kGauss[order]);
      painter.line({bar.left() - 2, y}, {bar.right() + 2, y}, {theme.text, 1, 3, 2});
    }
  }
}

QString BillmOrderPlot::accessibleText() const {
  if (!m_state) return hint();
  const auto& parts = m_state->report.parts;
  return tr("Residual of salient weights: %1 with one binarization, %2 with two; of dense ones %3, of sparse "
            "ones %4 with one")
      .arg(percentText(parts[0].residual[0]), percentText(parts[0].residual[1]),
           percentText(parts[1].residual[0]), percentText(parts[2].residual[0]));
}

std::vector<NumberTableModel::Column> BillmOrderPlot::tableColumns() const {
  if (!m_state) return {};
  NumberTableModel::Column order{tr("order"), {1, 2, 3}, true};
  std::vector<NumberTableModel::Column> columns{order};
  for (std::size_t part = 0; part < kParts; ++part) {
    const auto& residual = m_state->report.parts[part].residual;
    columns.push_back({billmPartName(partAt(part)), {residual.begin(), residual.end()}, false, true});
  }
  columns.push_back({tr("Gaussian row"), {kGauss.begin(), kGauss.end()}, false, true});
  return columns;
}

}  // namespace ql
