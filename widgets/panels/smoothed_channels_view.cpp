#include "widgets/panels/smoothed_channels_view.h"

#include "widgets/bridge/number_format.h"
#include "widgets/bridge/selection.h"

#include <QStandardItemModel>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace ql {

namespace {

constexpr float kPeakRatio = 50;    // as the detector's criterion (methods: column peak ratio)
constexpr double kMostDecades = 8;  // shown below the largest value
constexpr double kLeast = 8;        // channels a zoom shows at least

float lowerMedian(std::vector<float> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

float largestOf(const std::vector<float>& values) {
  float largest = 0;
  for (const float v : values)
    if (std::isfinite(v)) largest = std::max(largest, v);
  return largest;
}

}  // namespace

SmoothedChannelsView::SmoothedChannelsView(Selection* selection, QObject* parent)
    : CanvasView(parent), m_selection(selection) {
  connect(selection, &Selection::channelChanged, this, &CanvasView::repaint);
  connect(selection, &Selection::channelChanged, this, &CanvasView::cursorMoved);
  connect(selection, &Selection::hoverChanged, this, &CanvasView::repaint);
}

void SmoothedChannelsView::setChannels(std::shared_ptr<const SmoothingChannels> channels,
                                       const QString& group) {
  // What does not fit together is not drawn: lengths come from files.
  if (channels && (channels->weightAbsmax.empty() || channels->s.size() != channels->weightAbsmax.size() ||
                   (!channels->actAbsmax.empty() && channels->actAbsmax.size() != channels->s.size())))
    channels = nullptr;
  const bool isSameShape =
      m_channels && channels && m_group == group && m_channels->s.size() == channels->s.size();
  m_channels = std::move(channels);
  m_group = group;
  rank();
  fitValues();
  m_allRanks = {0, std::max(1.0, static_cast<double>(m_order.size())), AxisScale::Linear, 1};
  if (!isSameShape) m_x.range = m_allRanks;
  layOut();
  emit changed();
}

void SmoothedChannelsView::setHint(const QString& hint) {
  m_hint = hint;
  emit changed();
}

void SmoothedChannelsView::setSettled(bool isSettled) {
  const bool was = m_isSettled;
  m_isSettled = isSettled;
  if (isSettled && !was) emit settled();
}

void SmoothedChannelsView::rank() {
  m_order.clear();
  m_outliers.clear();
  m_rankOf.clear();
  for (Plot& plot : m_plots) plot = {};
  if (!m_channels) return;
  const std::vector<float>&w = m_channels->weightAbsmax, &x = m_channels->actAbsmax, &s = m_channels->s;
  m_order.resize(w.size());
  std::iota(m_order.begin(), m_order.end(), std::int64_t{0});
  const auto key = [&](std::int64_t c) {
    const float v = w[static_cast<std::size_t>(c)];
    return std::isnan(v) ? -1.0f : v;
  };
  std::stable_sort(m_order.begin(), m_order.end(),
                   [&](std::int64_t a, std::int64_t b) { return key(a) > key(b); });
  const float wMedian = lowerMedian(w), xMedian = lowerMedian(x);
  m_rankOf.resize(w.size());
  for (std::size_t r = 0; r < m_order.size(); ++r) {
    const auto c = static_cast<std::size_t>(m_order[r]);
    m_rankOf[c] = r;
    m_plots[0].weights.values.push_back(w[c]);
    m_plots[1].weights.values.push_back(w[c] * s[c]);
    const bool isPeak = wMedian > 0 && w[c] > kPeakRatio * wMedian;
    if (isPeak || (!x.empty() && xMedian > 0 && x[c] > kPeakRatio * xMedian))
      m_outliers.push_back(m_order[r]);
    if (x.empty()) continue;
    m_plots[0].activations.values.push_back(x[c]);
    m_plots[1].activations.values.push_back(x[c] / s[c]);
  }
  for (Plot& plot : m_plots)
    for (Curve* curve : {&plot.weights, &plot.activations}) curve->largest = largestOf(curve->values);
}

void SmoothedChannelsView::fitValues() {
  double low = HUGE_VAL, high = 0;
  for (const Plot& plot : m_plots)
    for (const Curve* curve : {&plot.weights, &plot.activations})
      for (const float value : curve->values) {
        const auto v = static_cast<double>(value);
        if (!std::isfinite(v)) continue;
        high = std::max(high, v);
        if (v > 0) low = std::min(low, v);
      }
  if (!(low <= high)) low = high = 1;
  m_values = fitted(low, high, AxisScale::Log, kMostDecades);
}

void SmoothedChannelsView::layOut() {
  const double s = uiScale(), left = 48 * s, title = 26 * s, axis = 20 * s, legend = 24 * s;
  const double width = std::max(20.0, size().width() - left - 12 * s);
  const double height = std::max(20.0, std::floor((size().height() - legend - 2 * (title + axis)) / 2));
  m_before = QRectF(left, legend + title, width, height);
  m_after = QRectF(left, m_before.bottom() + axis + title, width, height);
  m_x.begin = left;
  m_x.end = left + width;
}

Axis SmoothedChannelsView::valueAxis(bool isAfter) const {
  const QRectF rect = plot(isAfter);
  return {m_values, rect.bottom(), rect.top()};
}

std::optional<std::size_t> SmoothedChannelsView::rankOf(std::int64_t channel) const {
  if (channel < 0 || channel >= static_cast<std::int64_t>(m_rankOf.size())) return std::nullopt;
  return m_rankOf[static_cast<std::size_t>(channel)];
}

std::optional<std::size_t> SmoothedChannelsView::rankAt(QPointF at) const {
  if (m_order.empty() || at.x() < m_before.left() - 4 || at.x() > m_before.right() + 4) return std::nullopt;
  if (!m_before.contains(m_before.left() + 1, at.y()) && !m_after.contains(m_after.left() + 1, at.y()))
    return std::nullopt;
  const double rank = std::floor(m_x.toValue(at.x()));
  return static_cast<std::size_t>(std::clamp(rank, 0.0, static_cast<double>(m_order.size() - 1)));
}

// ---- Mouse and keys

void SmoothedChannelsView::hoverAt(QPointF at) {
  m_pointer = at;
  const auto rank = m_panFrom ? std::nullopt : rankAt(at);
  m_selection->setHover(-1, rank ? m_order[*rank] : -1);
  emit changed();
}

bool SmoothedChannelsView::handle(const CanvasEvent& event) {
  if (!m_channels) return false;
  switch (event.type) {
    case CanvasEvent::Move:
      if (m_panFrom) {
        m_x.range = panned(m_x.range, (*m_panFrom - event.position.x()) / m_before.width(), m_allRanks);
        m_panFrom = event.position.x();
      }
      hoverAt(event.position);
      return true;
    case CanvasEvent::Leave:
      hoverAt({-1, -1});
      return true;
    case CanvasEvent::Press:
      if (event.button == Qt::MiddleButton) {
        m_panFrom = event.position.x();
        return true;
      }
      if (event.button == Qt::LeftButton)
        if (const auto rank = rankAt(event.position)) {
          m_selection->setChannel(m_order[*rank]);
          return true;
        }
      return false;
    case CanvasEvent::Release:
      if (event.button != Qt::MiddleButton) return false;
      m_panFrom.reset();
      return true;
    case CanvasEvent::Wheel:
      if (!event.has(Qt::ControlModifier)) return false;
      m_x.range =
          zoomed(m_x.range, std::pow(0.8, event.wheel), m_x.toValue(event.position.x()), m_allRanks, kLeast);
      emit changed();
      return true;
    case CanvasEvent::Key:
      return handleKey(event);
    default:
      return false;
  }
}

bool SmoothedChannelsView::handleKey(const CanvasEvent& event) {
  if (event.modifiers & ~Qt::KeyboardModifiers(Qt::ShiftModifier)) return false;
  const std::int64_t step = event.has(Qt::ShiftModifier) ? 16 : 1;
  const auto last = static_cast<std::int64_t>(m_order.size());
  switch (event.key) {
    case Qt::Key_Left:
      moveCursor(-step);
      return true;
    case Qt::Key_Right:
      moveCursor(step);
      return true;
    case Qt::Key_Home:
      moveCursor(-last);
      return true;
    case Qt::Key_End:
      moveCursor(last);
      return true;
    case Qt::Key_Plus:
    case Qt::Key_Equal:
    case Qt::Key_Minus:
      m_x.range = zoomed(m_x.range, event.key == Qt::Key_Minus ? 1.25 : 0.8, m_x.range.valueAt(0.5),
                         m_allRanks, kLeast);
      emit changed();
      return true;
    case Qt::Key_F:
      m_x.range = m_allRanks;
      emit changed();
      return true;
    case Qt::Key_Escape:
      m_selection->setChannel(std::nullopt);
      return true;
    default:
      return false;
  }
}

void SmoothedChannelsView::moveCursor(std::int64_t ranks) {
  const auto pinned = m_selection->channel();
  const auto at = pinned ? rankOf(*pinned) : std::nullopt;
  const auto last = static_cast<std::int64_t>(m_order.size()) - 1;
  const std::int64_t to =
      at ? std::clamp<std::int64_t>(static_cast<std::int64_t>(*at) + ranks, 0, last) : (ranks > 1 ? last : 0);
  m_selection->setChannel(m_order[static_cast<std::size_t>(to)]);
}

// ---- The numbers

QString SmoothedChannelsView::largestText(bool isAfter) const {
  const Plot& plot = m_plots[isAfter ? 1 : 0];
  const QString w = valueText(static_cast<double>(plot.weights.largest));
  if (!hasActivations()) return isAfter ? tr("W·S %1").arg(w) : tr("W %1").arg(w);
  const QString x = valueText(static_cast<double>(plot.activations.largest));
  return isAfter ? tr("W·S %1 · X/S %2").arg(w, x) : tr("W %1 · X %2").arg(w, x);
}

QString SmoothedChannelsView::copyText() const {
  if (!m_channels) return {};
  QString text = tr("rank\tchannel\tw_absmax\tx_absmax\ts\tws_absmax\txs_absmax");
  for (std::size_t r = 0; r < m_order.size(); ++r) {
    const auto number = [r](const Curve& curve) {
      return curve.values.empty() ? QString() : plainNumber(curve.values[r]);
    };
    const QStringList cells{QString::number(r + 1),
                            QString::number(m_order[r]),
                            number(m_plots[0].weights),
                            number(m_plots[0].activations),
                            plainNumber(m_channels->s[static_cast<std::size_t>(m_order[r])]),
                            number(m_plots[1].weights),
                            number(m_plots[1].activations)};
    text += QLatin1Char('\n') + cells.join(QLatin1Char('\t'));
  }
  return text;
}

std::unique_ptr<QAbstractItemModel> SmoothedChannelsView::table() const {
  if (!m_channels) return nullptr;
  auto table = std::make_unique<QStandardItemModel>(static_cast<int>(m_order.size()), 6);
  table->setHorizontalHeaderLabels(
      {tr("channel"), tr("|W| before"), tr("|X| before"), tr("S"), tr("|W| after"), tr("|X| after")});
  for (std::size_t r = 0; r < m_order.size(); ++r) {
    const int row = static_cast<int>(r);
    const auto put = [&](int column, const QString& text) {
      table->setItem(row, column, new QStandardItem(text));
    };
    const auto value = [&](int column, const Curve& curve) {
      put(column, curve.values.empty() ? QString(kDash) : valueText(static_cast<double>(curve.values[r])));
    };
    put(0, countText(m_order[r]));
    value(1, m_plots[0].weights);
    value(2, m_plots[0].activations);
    put(3, valueText(static_cast<double>(m_channels->s[static_cast<std::size_t>(m_order[r])])));
    value(4, m_plots[1].weights);
    value(5, m_plots[1].activations);
  }
  return table;
}

QString SmoothedChannelsView::tableTitle() const {
  return tr("Channels before and after smoothing, %1").arg(m_group);
}

QString SmoothedChannelsView::accessibleText() const {
  if (!m_channels) return m_hint;
  const auto pinned = m_selection->channel();
  if (const auto rank = pinned ? rankOf(*pinned) : std::nullopt)
    return tr("Channel %1, rank %2: largest weight %3 before and %4 after smoothing, S %5.")
        .arg(countText(*pinned), countText(static_cast<std::int64_t>(*rank) + 1),
             valueText(static_cast<double>(m_plots[0].weights.values[*rank])),
             valueText(static_cast<double>(m_plots[1].weights.values[*rank])),
             valueText(static_cast<double>(m_channels->s[static_cast<std::size_t>(*pinned)])));
  return tr("Channels of %1 before and after smoothing: %2, then %3.")
      .arg(m_group, largestText(false), largestText(true));
}

}  // namespace ql
