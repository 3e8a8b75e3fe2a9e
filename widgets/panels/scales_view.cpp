#include "widgets/panels/scales_view.h"

#include "widgets/bridge/number_format.h"
#include "widgets/bridge/smoothing_control.h"
#include "widgets/canvas/read_out.h"

#include <QFontMetricsF>
#include <QStandardItemModel>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace ql {

namespace {

constexpr double kPeakRatio = 50;  // as DiagnosisOptions::peakRatio
constexpr std::size_t kMarked = 8;

}  // namespace

std::vector<std::size_t> outlierChannels(const SmoothingChannels& channels) {
  std::vector<float> sorted = channels.weightAbsmax;
  if (sorted.empty()) return {};
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>((sorted.size() - 1) / 2);
  std::nth_element(sorted.begin(), middle, sorted.end());
  const double bound = kPeakRatio * static_cast<double>(*middle);
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < channels.weightAbsmax.size(); ++i)
    if (bound > 0 && static_cast<double>(channels.weightAbsmax[i]) > bound) found.push_back(i);
  std::sort(found.begin(), found.end(), [&](std::size_t a, std::size_t b) {
    return channels.weightAbsmax[a] > channels.weightAbsmax[b];
  });
  return found;
}

ScalesView::ScalesView(QObject* parent) : CanvasView(parent) {}

void ScalesView::setChannels(std::shared_ptr<const SmoothingChannels> channels) {
  const bool isSameGroup = channels && m_channels && channels->weightAbsmax == m_channels->weightAbsmax;
  m_channels = std::move(channels);
  if (!isSameGroup) {
    m_cursor = -1;
    m_order.resize(m_channels ? m_channels->weightAbsmax.size() : 0);
    std::iota(m_order.begin(), m_order.end(), std::size_t{0});
    std::sort(m_order.begin(), m_order.end(), [&](std::size_t a, std::size_t b) {
      return m_channels->weightAbsmax[a] > m_channels->weightAbsmax[b];
    });
  }
  layOut();
  emit changed();
  emit cursorMoved();
}

void ScalesView::layOut() {
  m_points.clear();
  if (!m_channels || m_channels->s.empty()) return;
  const QFontMetricsF font(uiFont(FontRole::Axis));
  const double left = font.horizontalAdvance(QStringLiteral("10,000")) + 8;
  m_plot = QRectF(left, 6, std::max(8.0, size().width() - left - 6),
                  std::max(8.0, size().height() - 12 - font.height()));
  const auto [least, most] = std::minmax_element(m_channels->s.begin(), m_channels->s.end());
  m_y = {fitted(std::min(0.5, static_cast<double>(*least)), std::max(2.0, static_cast<double>(*most)),
                AxisScale::Log),
         m_plot.bottom(), m_plot.top()};
  m_x = {{1, static_cast<double>(std::max<std::size_t>(2, m_order.size()))}, m_plot.left(), m_plot.right()};
  // One point a pixel column and extreme at most: 28,672 channels are no 28,672 line segments.
  const auto columns = static_cast<std::size_t>(std::max(1.0, m_plot.width()));
  const std::size_t step = std::max<std::size_t>(1, m_order.size() / (2 * columns));
  for (std::size_t begin = 0; begin < m_order.size(); begin += step) {
    std::size_t low = begin, high = begin;
    for (std::size_t i = begin; i < std::min(m_order.size(), begin + step); ++i) {
      if (m_channels->s[m_order[i]] < m_channels->s[m_order[low]]) low = i;
      if (m_channels->s[m_order[i]] > m_channels->s[m_order[high]]) high = i;
    }
    for (const std::size_t i : {std::min(low, high), std::max(low, high)}) {
      if (i == std::max(low, high) && low == high && step > 1) break;
      m_points.emplace_back(m_x.toPixel(static_cast<double>(i + 1)),
                            m_y.toPixel(static_cast<double>(m_channels->s[m_order[i]])));
      if (low == high) break;
    }
  }
}

void ScalesView::draw(Painter& painter, const Theme& theme) {
  if (m_points.empty()) {
    painter.text({8, 8}, tr("S appears once the group is loaded."), theme.secondary, FontRole::Axis);
    return;
  }
  const std::vector<double> ticks = valueTicks(m_y, 24);
  drawHorizontalGrid(painter, m_plot, m_y, ticks, {theme.grid});
  drawLeftAxis(painter, theme, m_y, m_plot.left() - 4, ticks);
  const double y = m_plot.bottom() + 4;
  painter.text({m_plot.left(), y}, QStringLiteral("1"), theme.secondary, FontRole::Axis,
               {TextAlign::Center, TextAlign::Top});
  painter.text({m_plot.center().x(), y}, tr("rank by |W| before"), theme.secondary, FontRole::Axis,
               {TextAlign::Center, TextAlign::Top});
  painter.text({m_plot.right(), y}, countText(static_cast<std::int64_t>(m_order.size())), theme.secondary,
               FontRole::Axis, {TextAlign::Right, TextAlign::Top});
  {
    const ClipScope clip(painter, m_plot.adjusted(-4, -4, 4, 4));
    painter.polyline(m_points, {theme.smoothing, 1.5});
    const std::vector<std::size_t> outliers = outlierChannels(*m_channels);
    for (std::size_t i = 0; i < std::min(outliers.size(), kMarked); ++i)
      painter.fillCircle({m_x.toPixel(static_cast<double>(i + 1)),
                          m_y.toPixel(static_cast<double>(m_channels->s[outliers[i]]))},
                         2.5, theme.smoothing);
  }
  if (m_cursor < 0 || m_cursor >= static_cast<std::ptrdiff_t>(m_order.size())) return;
  const std::size_t channel = m_order[static_cast<std::size_t>(m_cursor)];
  const QPointF at(m_x.toPixel(static_cast<double>(m_cursor + 1)),
                   m_y.toPixel(static_cast<double>(m_channels->s[channel])));
  painter.line({at.x(), m_plot.top()}, {at.x(), m_plot.bottom()}, {theme.faint});
  painter.fillCircle(at, 3, theme.text);
  std::vector<ReadOutRow> rows;
  rows.push_back({tr("S"), valueText(static_cast<double>(m_channels->s[channel])), true, theme.smoothing});
  rows.push_back({tr("|W| max"), valueText(static_cast<double>(m_channels->weightAbsmax[channel])), false,
                  theme.weight});
  drawReadOut(painter, theme, at, QRectF(QPointF(0, 0), size()),
              tr("channel %1").arg(countText(static_cast<std::int64_t>(channel))), rows);
}

bool ScalesView::handle(const CanvasEvent& event) {
  if (m_order.empty()) return false;
  const auto last = static_cast<std::ptrdiff_t>(m_order.size()) - 1;
  std::ptrdiff_t cursor = m_cursor;
  if (event.type == CanvasEvent::Move)
    cursor = std::clamp(static_cast<std::ptrdiff_t>(std::lround(m_x.toValue(event.position.x()))) - 1,
                        std::ptrdiff_t{0}, last);
  else if (event.type == CanvasEvent::Leave || event.type == CanvasEvent::FocusOut)
    cursor = -1;
  else if (event.type == CanvasEvent::Key && event.key == Qt::Key_Right)
    cursor = std::min(last, cursor + 1);
  else if (event.type == CanvasEvent::Key && event.key == Qt::Key_Left)
    cursor = std::max(std::ptrdiff_t{0}, cursor - 1);
  else
    return false;
  if (cursor == m_cursor) return event.type == CanvasEvent::Key;
  m_cursor = cursor;
  emit changed();
  emit cursorMoved();
  return true;
}

QString ScalesView::copyText() const {
  QString text = tr("channel\tS\t|W| max\n");
  for (const std::size_t channel : m_order)
    text += QStringLiteral("%1\t%2\t%3\n")
                .arg(QString::number(channel), plainNumber(m_channels->s[channel]),
                     plainNumber(m_channels->weightAbsmax[channel]));
  return m_order.empty() ? QString() : text;
}

std::unique_ptr<QAbstractItemModel> ScalesView::table() const {
  if (m_order.empty()) return nullptr;
  auto model = std::make_unique<QStandardItemModel>(static_cast<int>(m_order.size()), 3);
  model->setHorizontalHeaderLabels({tr("Channel"), tr("S"), tr("|W| max")});
  for (std::size_t i = 0; i < m_order.size(); ++i) {
    const std::size_t channel = m_order[i];
    const auto row = static_cast<int>(i);
    model->setItem(row, 0, new QStandardItem(QString::number(channel)));
    model->setItem(row, 1, new QStandardItem(valueText(static_cast<double>(m_channels->s[channel]))));
    model->setItem(row, 2,
                   new QStandardItem(valueText(static_cast<double>(m_channels->weightAbsmax[channel]))));
  }
  return model;
}

QString ScalesView::accessibleText() const {
  if (m_order.empty()) return tr("Smoothing factors, not computed yet");
  if (m_cursor < 0)
    return tr("Smoothing factors of %1 channels").arg(countText(static_cast<std::int64_t>(m_order.size())));
  const std::size_t channel = m_order[static_cast<std::size_t>(m_cursor)];
  return tr("Channel %1, factor %2")
      .arg(QString::number(channel), valueText(static_cast<double>(m_channels->s[channel])));
}

}  // namespace ql
