// The pictures of one layer or smoothing group.
#include "core/report/number_words.h"
#include "core/report/picture.h"
#include "core/report/pictures.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

namespace ql::report {
namespace {

constexpr double kWidth = 468, kHeight = 230;
constexpr std::size_t kMaxBars = 12, kCurvePoints = 160;
constexpr int kMaxDecades = 6;

/// Finite magnitudes, largest first.
std::vector<float> sorted(std::vector<float> values) {
  std::erase_if(values, [](float value) { return !std::isfinite(value); });
  for (float& value : values) value = std::abs(value);
  std::sort(values.begin(), values.end(), std::greater<float>());
  return values;
}

/// Ranks at even steps of a log axis: the first ones all, of the rest about kCurvePoints.
std::vector<std::size_t> sampledRanks(std::size_t count) {
  std::vector<std::size_t> ranks;
  double next = 1;
  const double factor = std::pow(static_cast<double>(count), 1.0 / static_cast<double>(kCurvePoints));
  for (std::size_t rank = 1; rank <= count; ++rank) {
    if (static_cast<double>(rank) < next && rank != count) continue;
    ranks.push_back(rank);
    next = std::max(static_cast<double>(rank) * factor, static_cast<double>(rank) + 0.5);
  }
  return ranks;
}

/// The frame of a plot and its two axes.
struct Frame {
  double left = 56, right = kWidth - 12, top = 14, bottom = kHeight - 40;
};

void drawValueAxis(Picture& picture, const Frame& frame, const LogAxis& axis,
                   const std::function<std::string(double)>& label) {
  for (const double tick : axis.ticks()) {
    picture.line({frame.left, axis.pixel(tick)}, {frame.right, axis.pixel(tick)}, "grid");
    picture.text({frame.left - 6, axis.pixel(tick) + 4}, Anchor::End, label(tick));
  }
}

void drawCurve(Picture& picture, const std::vector<float>& values, const std::function<double(double)>& toX,
               const LogAxis& axis, std::string_view style) {
  std::vector<Point> points;
  for (const std::size_t rank : sampledRanks(values.size()))
    points.push_back({toX(static_cast<double>(rank)), axis.pixel(static_cast<double>(values[rank - 1]))});
  if (points.size() > 1) picture.polyline(points, style);
}

/// A line and its name in the upper right corner.
void drawKey(Picture& picture, const Frame& frame, int row, std::string_view style, std::string_view label) {
  const double y = frame.top + 10 + row * 16;
  picture.line({frame.right - 22, y - 4}, {frame.right - 4, y - 4}, style);
  picture.text({frame.right - 28, y}, Anchor::End, label, "t");
}

double least(const std::vector<float>& values) {
  const auto at = std::find_if(values.rbegin(), values.rend(), [](float value) { return value > 0; });
  return at == values.rend() ? std::numeric_limits<double>::infinity() : static_cast<double>(*at);
}

}  // namespace

std::string channelPicture(const WorstLayer& layer) {
  const std::vector<float> weights = sorted(layer.weightAbsmax), inputs = sorted(layer.inputAbsmax);
  const std::size_t channels = std::max(weights.size(), inputs.size());
  if (channels == 0) return {};
  const auto largest = [](const std::vector<float>& v) {
    return v.empty() ? 0.0 : static_cast<double>(v[0]);
  };
  const Frame frame;
  Picture picture(kWidth, kHeight);
  const LogAxis axis(std::min(least(weights), least(inputs)), std::max(largest(weights), largest(inputs)),
                     kMaxDecades, frame.bottom, frame.top);
  const double decades = std::log10(static_cast<double>(std::max<std::size_t>(channels, 2)));
  const auto toX = [&](double rank) {
    return frame.left + (frame.right - frame.left) * std::log10(rank) / decades;
  };
  drawValueAxis(picture, frame, axis, valueTick);
  for (double rank = 1; rank <= static_cast<double>(channels); rank *= 10) {
    picture.line({toX(rank), frame.bottom}, {toX(rank), frame.bottom + 4}, "axis");
    picture.text({toX(rank), frame.bottom + 16}, Anchor::Middle, valueTick(rank));
  }
  drawCurve(picture, inputs, toX, axis, "x-line");
  drawCurve(picture, weights, toX, axis, "w-line");
  int row = 0;
  if (!weights.empty()) drawKey(picture, frame, row++, "w-line", "|W| largest of the channel");
  if (!inputs.empty()) drawKey(picture, frame, row, "x-line", "|X| largest of the channel");
  picture.text({(frame.left + frame.right) / 2, kHeight - 6}, Anchor::Middle,
               "input channels, sorted: 1 to " + thousands(std::uint64_t{channels}) + ", log");
  return picture.svg("Largest magnitude of each input channel, sorted");
}

std::string choicePicture(const WorstLayer& layer, double target) {
  if (layer.bars.empty()) return {};
  const std::size_t count = std::min(layer.bars.size(), kMaxBars);
  constexpr double kRow = 22, kLeft = 196, kRight = kWidth - 64, kTop = 18;
  Picture picture(kWidth, kTop + static_cast<double>(count) * kRow + 22);
  double low = target > 0 ? target : 1, high = target;
  for (std::size_t i = 0; i < count; ++i) {
    const double error = layer.bars[i].error;
    if (error > 0) low = std::min(low, error);
    high = std::max(high, error);
  }
  // below the smallest bar there is half a decade of bar left to see
  const LogAxis axis(low / 3, high, kMaxDecades, kLeft, kRight);
  const double bottom = kTop + static_cast<double>(count) * kRow;
  picture.line({axis.pixel(target), kTop - 2}, {axis.pixel(target), bottom + 2}, "target");
  for (std::size_t i = 0; i < count; ++i) {
    const Bar& bar = layer.bars[i];
    const double y = kTop + static_cast<double>(i) * kRow, end = axis.pixel(bar.error);
    picture.text({kLeft - 8, y + 14}, Anchor::End, bar.label, bar.isPlanned ? "strong" : "t");
    picture.rect(kLeft, y + 3, std::max(1.5, end - kLeft), kRow - 7, bar.error > target ? "bar over" : "bar",
                 bar.label);
    picture.text({end + 6, y + 14}, Anchor::Start, typeset(percent(bar.error)),
                 bar.isPlanned ? "strong halo" : "t halo");
  }
  picture.text({axis.pixel(target), kTop - 6}, Anchor::Middle, "target " + percentTick(target), "bad");
  picture.text({(kLeft + kRight) / 2, bottom + 16}, Anchor::Middle, "error, log; bold = as planned");
  return picture.svg("Error by choice");
}

std::string smoothingCurvePicture(const SmoothingPicture& group, double target) {
  double low = group.none > 0 ? group.none : 1, high = std::max(group.none, target);
  for (const AlphaCurve& curve : group.curves)
    for (const auto& [alpha, error] : curve.points) {
      if (error > 0) low = std::min(low, error);
      high = std::max(high, error);
    }
  const Frame frame;
  Picture picture(kWidth, kHeight);
  const LogAxis axis(low, high, kMaxDecades, frame.bottom, frame.top);
  drawValueAxis(picture, frame, axis, percentTick);
  const auto toX = [&](double alpha) { return frame.left + (frame.right - frame.left) * alpha; };
  for (const double alpha : {0.0, 0.25, 0.5, 0.75, 1.0})
    picture.text({toX(alpha), frame.bottom + 16}, Anchor::Middle, valueTick(alpha));
  picture.line({frame.left, axis.pixel(group.none)}, {frame.right, axis.pixel(group.none)}, "none-line");
  static constexpr const char* kStyles[] = {"s-line", "w-line", "x-line"};
  int row = 0;
  drawKey(picture, frame, row++, "none-line", "no smoothing " + typeset(percent(group.none)));
  for (const AlphaCurve& curve : group.curves) {
    const char* const style = kStyles[static_cast<std::size_t>(row - 1) % std::size(kStyles)];
    std::vector<Point> points;
    for (const auto& [alpha, error] : curve.points) points.push_back({toX(alpha), axis.pixel(error)});
    picture.polyline(points, style);
    picture.circle({toX(curve.bestAlpha), axis.pixel(curve.bestError)}, 4, style);
    drawKey(
        picture, frame, row++, style,
        curve.label + ", best " + typeset(percent(curve.bestError)) + " at " + fixedText(curve.bestAlpha, 2));
  }
  picture.text({(frame.left + frame.right) / 2, kHeight - 6}, Anchor::Middle, "alpha");
  return picture.svg("Output error of the group over alpha");
}

}  // namespace ql::report
