#include "widgets/panels/compare_codes_view.h"

#include "widgets/bridge/number_format.h"
#include "widgets/canvas/read_out.h"

#include <QMenu>
#include <QStandardItemModel>

#include <algorithm>
#include <cmath>

namespace ql {
namespace {

constexpr double kLeft = 52, kRight = 10, kTop = 40, kBottom = 34;

}  // namespace

CompareCodesView::CompareCodesView(QObject* parent) : CanvasView(parent) {}

void CompareCodesView::setHistogram(CompareSide side, std::shared_ptr<const CodeHistogram> histogram) {
  m_histograms[side == CompareSide::A ? 0 : 1] = std::move(histogram);
  prepare();
  repaint();
}

void CompareCodesView::setHint(const QString& hint) {
  m_hint = hint;
  repaint();
}

void CompareCodesView::setLog(bool isLog) {
  m_isLog = isLog;
  prepare();
  repaint();
}

void CompareCodesView::setSettled(bool isSettled) {
  const bool was = std::exchange(m_isSettled, isSettled);
  if (isSettled && !was) emit settled();
}

// Two grids are laid over each other by their codes when they have the same ones, else by the share of their
// largest code.
void CompareCodesView::prepare() {
  const CodeHistogram *a = m_histograms[0].get(), *b = m_histograms[1].get();
  const auto codesOf = [](const CodeHistogram& h) {
    return std::pair(h.bins.front().value, h.bins.back().value);
  };
  m_isInCodes = true;
  if (a && b && !a->bins.empty() && !b->bins.empty()) m_isInCodes = codesOf(*a) == codesOf(*b);
  double low = INFINITY, high = -INFINITY, least = 1, most = 0;
  for (std::size_t side = 0; side < 2; ++side) {
    m_bars[side] = m_histograms[side] ? barsOf(*m_histograms[side]) : std::vector<Bar>();
    for (const Bar& bar : m_bars[side]) {
      low = std::min(low, bar.from);
      high = std::max(high, bar.to);
      most = std::max(most, bar.share);
      if (bar.share > 0) least = std::min(least, bar.share);
    }
  }
  if (!(low < high)) low = 0, high = 1;
  m_x.range = {low, high};
  m_y.range = m_isLog ? fitted(std::min(least, most), std::max(most, 1e-9), AxisScale::Log, 7)
                      : fitted(0, std::max(most, 1e-9), AxisScale::Linear);
}

std::vector<CompareCodesView::Bar> CompareCodesView::barsOf(const CodeHistogram& histogram) const {
  std::vector<Bar> bars;
  const std::vector<CodeBin>& bins = histogram.bins;
  if (bins.empty() || histogram.weights == 0) return bars;
  const double low = bins.front().value, high = bins.back().value;
  const auto placed = [&](double value) {  // -1 .. 1, zero in the middle of signed grids
    if (m_isInCodes) return value;
    if (low < 0) return value / std::max(-low, high);
    return high > low ? 2 * (value - low) / (high - low) - 1 : 0;
  };
  for (std::size_t i = 0; i < bins.size(); ++i) {
    const double at = placed(bins[i].value);
    const double before = i > 0 ? placed(bins[i - 1].value) : NAN;
    const double after = i + 1 < bins.size() ? placed(bins[i + 1].value) : NAN;
    const double left = std::isnan(before) ? (std::isnan(after) ? 0.5 : (after - at) / 2) : (at - before) / 2;
    const double right = std::isnan(after) ? left : (after - at) / 2;
    const double share = static_cast<double>(bins[i].count) / static_cast<double>(histogram.weights);
    bars.push_back({at - left, at + right, share, &bins[i]});
  }
  return bars;
}

void CompareCodesView::layOut() {
  const double s = uiScale();
  m_plot = QRectF(kLeft * s, kTop * s, std::max(20.0, size().width() - (kLeft + kRight) * s),
                  std::max(16.0, size().height() - (kTop + kBottom) * s));
  m_x.begin = m_plot.left(), m_x.end = m_plot.right();
  m_y.begin = m_plot.bottom(), m_y.end = m_plot.top();
}

double CompareCodesView::heightOf(double share) const {
  if (!(share > 0)) return m_plot.bottom();
  return std::clamp(m_y.toPixel(share), m_plot.top(), m_plot.bottom() - 1);
}

void CompareCodesView::draw(Painter& painter, const Theme& theme) {
  layOut();
  if (!m_histograms[0] && !m_histograms[1]) {
    painter.text({size().width() / 2, size().height() / 2},
                 painter.elided(m_hint, size().width() - 16, FontRole::Body), theme.secondary, FontRole::Body,
                 {TextAlign::Center, TextAlign::Middle});
    return;
  }
  const double s = uiScale();
  const auto ticks = valueTicks(m_y, 24 * s);
  drawHorizontalGrid(painter, m_plot, m_y, ticks, {theme.grid});
  drawLeftAxis(painter, theme, m_y, m_plot.left() - 6 * s, ticks, [](double v) { return percentText(v); });
  drawBottomAxis(painter, theme, m_x, m_plot.bottom() + 4 * s, valueTicks(m_x, 48 * s), {}, 12 * s);
  painter.text({m_plot.right(), m_plot.bottom() + 18 * s},
               m_isInCodes ? tr("code") : tr("code as a share of the largest"), theme.secondary,
               FontRole::Axis, {TextAlign::Right});
  painter.text({m_plot.left(), m_plot.bottom() + 18 * s}, tr("share of the weights"), theme.faint,
               FontRole::Axis);
  for (std::size_t side = 0; side < 2; ++side) drawSide(painter, theme, side);
  drawLegend(painter, theme);
  drawHover(painter, theme);
}

// A is filled, B is an outline over it.
void CompareCodesView::drawSide(Painter& painter, const Theme& theme, std::size_t side) const {
  const QColor color = sideColor(side == 0 ? CompareSide::A : CompareSide::B, theme.isDark);
  const ClipScope clip(painter, m_plot.adjusted(0, -1, 1, 1));
  if (side == 0) {
    const QColor fill = blend(theme.base, color, 0.55);
    for (const Bar& bar : m_bars[side]) {
      if (!(bar.share > 0)) continue;
      const double left = m_x.toPixel(bar.from), width = std::max(1.0, m_x.toPixel(bar.to) - left);
      const double gap = width > 5 ? 1 : 0, top = heightOf(bar.share);
      painter.fillRect(QRectF(left, top, width - gap, m_plot.bottom() - top), fill);
    }
    return;
  }
  std::vector<QPointF> steps;
  for (const Bar& bar : m_bars[side]) {
    steps.emplace_back(m_x.toPixel(bar.from), heightOf(bar.share));
    steps.emplace_back(m_x.toPixel(bar.to), heightOf(bar.share));
  }
  if (steps.size() > 1) painter.polyline(steps, {color, 1.5});
}

QString CompareCodesView::sideText(const CodeHistogram& histogram) const {
  return tr("%1 of %2 codes used, %3 dead, %4 at the ends")
      .arg(countText(static_cast<std::int64_t>(histogram.usedCodes())),
           countText(static_cast<std::int64_t>(histogram.bins.size())), percentText(histogram.deadShare()),
           countText(static_cast<std::int64_t>(histogram.saturated)));
}

void CompareCodesView::drawLegend(Painter& painter, const Theme& theme) const {
  const double s = uiScale();
  for (std::size_t side = 0; side < 2; ++side) {
    const CompareSide which = side == 0 ? CompareSide::A : CompareSide::B;
    const QColor color = sideColor(which, theme.isDark);
    const double y = (10 + 15 * static_cast<double>(side)) * s;
    const double x = 8 * s;
    if (side == 0)
      painter.fillRect(QRectF(x, y - 4 * s, 12 * s, 8 * s), blend(theme.base, color, 0.55));
    else
      painter.strokeRect(QRectF(x, y - 4 * s, 12 * s, 8 * s), {color, 1.5});
    const QString text = m_histograms[side] ? sideText(*m_histograms[side]) : tr("not counted");
    painter.text({x + 18 * s, y}, sideName(which), color, FontRole::AxisSemibold,
                 {TextAlign::Left, TextAlign::Middle});
    painter.text({x + 32 * s, y}, painter.elided(text, size().width() - x - 40 * s, FontRole::Axis),
                 theme.text, FontRole::Axis, {TextAlign::Left, TextAlign::Middle});
  }
}

const CompareCodesView::Bar* CompareCodesView::barAt(std::size_t side, double x) const {
  const double value = m_x.toValue(x);
  for (const Bar& bar : m_bars[side])
    if (value >= bar.from && value < bar.to) return &bar;
  return nullptr;
}

void CompareCodesView::drawHover(Painter& painter, const Theme& theme) const {
  if (!m_plot.contains(m_pointer)) return;
  std::vector<ReadOutRow> rows;
  for (std::size_t side = 0; side < 2; ++side) {
    const Bar* bar = barAt(side, m_pointer.x());
    if (!bar) continue;
    const CompareSide which = side == 0 ? CompareSide::A : CompareSide::B;
    const QString code = m_histograms[side]->isInteger
                             ? QString::number(bar->bin->code).replace(QLatin1Char('-'), kMinus)
                             : valueText(bar->bin->value);
    rows.push_back({tr("%1 code %2").arg(sideName(which), code),
                    tr("%1 weights, %2")
                        .arg(countText(static_cast<std::int64_t>(bar->bin->count)), percentText(bar->share)),
                    true, sideColor(which, theme.isDark)});
  }
  painter.line({m_pointer.x(), m_plot.top()}, {m_pointer.x(), m_plot.bottom()}, {theme.outline});
  drawReadOut(painter, theme, m_pointer, QRectF(QPointF(0, 0), size()), {}, rows);
}

bool CompareCodesView::handle(const CanvasEvent& event) {
  if (event.type == CanvasEvent::Move || event.type == CanvasEvent::Leave) {
    m_pointer = event.type == CanvasEvent::Leave ? QPointF(-1, -1) : event.position;
    repaint();
    return true;
  }
  if (event.type == CanvasEvent::Key && event.key == Qt::Key_L && event.modifiers == Qt::NoModifier) {
    setLog(!m_isLog);
    return true;
  }
  return false;
}

void CompareCodesView::fillMenu(QMenu& menu) {
  QAction* log =
      menu.addAction(tr("Logarithmic shares"), QKeySequence(Qt::Key_L), this, [this] { setLog(!m_isLog); });
  log->setCheckable(true);
  log->setChecked(m_isLog);
}

std::unique_ptr<QAbstractItemModel> CompareCodesView::table() const {
  if (!m_histograms[0] && !m_histograms[1]) return nullptr;
  auto model = std::make_unique<QStandardItemModel>();
  model->setHorizontalHeaderLabels({tr("choice"), tr("code"), tr("value"), tr("weights"), tr("share")});
  for (std::size_t side = 0; side < 2; ++side) {
    for (const Bar& bar : m_bars[side]) {
      QList<QStandardItem*> row;
      for (const QString& text :
           {sideName(side == 0 ? CompareSide::A : CompareSide::B), QString::number(bar.bin->code),
            valueText(bar.bin->value), countText(static_cast<std::int64_t>(bar.bin->count)),
            percentText(bar.share)})
        row << new QStandardItem(text);
      model->appendRow(row);
    }
  }
  return model;
}

QString CompareCodesView::copyText() const {
  QString text = tr("choice\tcode\tvalue\tweights\tshare");
  for (std::size_t side = 0; side < 2; ++side)
    for (const Bar& bar : m_bars[side])
      text += QStringLiteral("\n%1\t%2\t%3\t%4\t%5")
                  .arg(sideName(side == 0 ? CompareSide::A : CompareSide::B))
                  .arg(bar.bin->code)
                  .arg(plainNumber(static_cast<float>(bar.bin->value)))
                  .arg(bar.bin->count)
                  .arg(plainNumber(static_cast<float>(bar.share)));
  return text;
}

QString CompareCodesView::accessibleText() const {
  if (!m_histograms[0] && !m_histograms[1]) return m_hint;
  QString text;
  for (std::size_t side = 0; side < 2; ++side)
    if (m_histograms[side])
      text += (text.isEmpty() ? QString() : QStringLiteral(" ")) +
              tr("%1: %2.").arg(sideName(side == 0 ? CompareSide::A : CompareSide::B),
                                sideText(*m_histograms[side]));
  return text;
}

}  // namespace ql
