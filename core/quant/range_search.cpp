#include "core/quant/range_search.h"

#include "core/quant/range_figures.h"
#include "core/quant/range_kernel.h"
#include "core/quant/step_search.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ql {
namespace {

using Kind = ClipRule::Kind;

constexpr std::size_t kPiece = 1024;  // values between two looks at whether a candidate is beaten already

struct Extremes {
  float min = 0, max = 0;
};

Extremes extremesOf(std::span<const float> values) {
  if (values.empty()) return {};
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return {*low, *high};
}

void errorsOf(const PartGrid& grid, std::span<const float> values, std::span<float> errors) {
  if (!grid.isFloat() && !grid.hasDetour)
    return gridErrors({grid.scale, grid.shift, grid.lo, grid.hi}, values, errors);
  for (std::size_t i = 0; i < values.size(); ++i)
    errors[i] = gridValue(grid, gridCode(grid, values[i])) - values[i];
}

/// Sum of weights * |Q(w) - w|^norm as the float32 that the originals compare; what is no less than `atMost`
/// may be returned short.
float powerError(const PartGrid& grid, const PartValues& part, double norm, float atMost) {
  float errors[kPiece];
  const double scale = std::pow(static_cast<double>(grid.scale), norm);
  const float unit = 1.0f / grid.scale;
  const bool isUnitUsable = std::isfinite(unit) && unit > 0 && scale > 0 && std::isfinite(scale);
  double sum = 0;
  for (std::size_t begin = 0; begin < part.values.size(); begin += kPiece) {
    const std::size_t size = std::min(kPiece, part.values.size() - begin);
    errorsOf(grid, part.values.subspan(begin, size), std::span<float>(errors, size));
    const auto weights = part.weights.empty() ? part.weights : part.weights.subspan(begin, size);
    const double piece =
        powerSum(std::span<const float>(errors, size), weights, isUnitUsable ? unit : 1, norm);
    sum += isUnitUsable ? piece * scale : piece;
    if (static_cast<float>(sum) >= atMost) break;
  }
  return static_cast<float>(sum);
}

/// The grids that a shrinking search tries, each with the range it stands for.
PartGrid shrunkGrid(const RtnRule& rule, const ClipRule& clip, const Extremes& range, int step) {
  const float p = clip.factor(step);
  return partGrid(rule, p * (clip.expand * range.min), p * (clip.expand * range.max));
}

/// The first of the best steps; `improved` (may be empty) sees every one that beats those before it.
int bestShrink(const RtnRule& rule, const ClipRule& clip, const PartValues& part, const Extremes& range,
               int steps, std::span<std::uint8_t> improved) {
  float best = std::numeric_limits<float>::max();
  int bestStep = 0;
  for (int step = 0; step < steps; ++step) {
    const float error = powerError(shrunkGrid(rule, clip, range, step), part, clip.norm, best);
    if (!(error < best)) continue;
    best = error;
    bestStep = step;
    if (!improved.empty()) improved[static_cast<std::size_t>(step)] = 1;
  }
  return bestStep;
}

PartGrid percentileGrid(const RtnRule& rule, const Extremes& range, double low, double high) {
  if (!rule.symmetric) return partGrid(rule, static_cast<float>(low), static_cast<float>(high));
  // flavours that look at the sign of the least value see it
  const float most = static_cast<float>(high);
  return partGrid(rule, range.min < 0 ? -most : 0.0f, most);
}

PartGrid percentileOf(const RtnRule& rule, const ClipRule& clip, std::span<const float> values,
                      const Extremes& range) {
  std::vector<float> sorted(values.begin(), values.end());
  if (rule.symmetric) {
    for (float& v : sorted) v = std::abs(v);
    return percentileGrid(rule, range, 0, quantile(sorted, clip.percent / 100));
  }
  const double outside = (100 - clip.percent) / 200;
  return percentileGrid(rule, range, quantile(sorted, outside), quantile(sorted, 1 - outside));
}

bool hasSteps(const RtnRule& rule) {
  return rule.symmetric && !rule.element && rule.block.rule == BlockScale::Rule::None;
}

/// The whole range's grid with another scale; its codes stay where they are.
PartGrid withScale(PartGrid grid, double scale) {
  const auto s = static_cast<float>(scale);
  if (s > 0 && std::isfinite(s)) grid.scale = s;
  return grid;
}

double squaredError(const PartGrid& grid, std::span<const float> values) {
  double sum = 0;
  for (const float w : values) {
    const double e = static_cast<double>(gridValue(grid, gridCode(grid, w))) - static_cast<double>(w);
    sum += e * e;
  }
  return sum;
}

PartGrid easyQuantGrid(const RtnRule& rule, const ClipRule& clip, const PartValues& part,
                       const Extremes& range) {
  if (!hasSteps(rule)) {
    const PartPass once = [&](const PieceSums& piece) { return piece(part); };
    return refittedGrid(rule, clip, range.min, range.max, once);
  }
  const PartGrid whole = partGrid(rule, range.min, range.max);
  const StepChoice best = bestStep(part.values, static_cast<int>(whole.lo - whole.shift),
                                   static_cast<int>(whole.hi - whole.shift));
  const PartGrid found = withScale(whole, best.step);
  return squaredError(found, part.values) < squaredError(whole, part.values) ? found : whole;
}

PartGrid lsqGrid(const RtnRule& rule, const Extremes& range, double meanAbs) {
  const float most = static_cast<float>((1 << (rule.bits - 1)) - 1);
  const float step = 2 * static_cast<float>(meanAbs) / std::sqrt(most);
  return withScale(partGrid(rule, range.min, range.max), static_cast<double>(step));
}

PartGrid lsqPlusGrid(const RtnRule& rule, const Extremes& range, const Spread& spread) {
  const auto mean = static_cast<float>(spread.mean), sigma = static_cast<float>(spread.deviation);
  const float reach = std::max(std::abs(mean - 3 * sigma), std::abs(mean + 3 * sigma));
  return withScale(partGrid(rule, range.min, range.max),
                   static_cast<double>(reach / static_cast<float>(1 << (rule.bits - 1))));
}

PartGrid shrunkByPass(const RtnRule& rule, const ClipRule& clip, const Extremes& range,
                      const PartPass& pass) {
  const auto steps = static_cast<std::size_t>(clip.steps);
  const std::vector<double> errors = pass([&](const PartValues& piece) {
    std::vector<double> sums(steps);
    for (int step = 0; step < clip.steps; ++step)
      sums[static_cast<std::size_t>(step)] =
          static_cast<double>(powerError(shrunkGrid(rule, clip, range, step), piece, clip.norm, HUGE_VALF));
    return sums;
  });
  std::vector<std::uint8_t> improved(steps);
  std::vector<int> bestSoFar(steps);
  float best = std::numeric_limits<float>::max();
  for (std::size_t step = 0; step < steps; ++step) {
    improved[step] = static_cast<float>(errors[step]) < best ? 1 : 0;
    if (improved[step] != 0) best = static_cast<float>(errors[step]);
    bestSoFar[step] = improved[step] != 0 ? static_cast<int>(step) : step > 0 ? bestSoFar[step - 1] : 0;
  }
  const int taken = stepsTaken(clip, improved);
  return shrunkGrid(rule, clip, range, bestSoFar[static_cast<std::size_t>(taken - 1)]);
}

PartGrid percentileByPasses(const RtnRule& rule, const ClipRule& clip, const Extremes& range,
                            const PartPass& pass) {
  if (rule.symmetric)
    return percentileGrid(rule, range, 0, quantilesByPasses(pass, true, {clip.percent / 100}).front());
  const double outside = (100 - clip.percent) / 200;
  const std::vector<double> ends = quantilesByPasses(pass, false, {outside, 1 - outside});
  return percentileGrid(rule, range, ends[0], ends[1]);
}

}  // namespace

int stepsTaken(const ClipRule& clip, std::span<const std::uint8_t> improved) {
  if (clip.patience <= 0) return clip.steps;
  int idle = 0;
  for (int step = 0; step < clip.steps; ++step) {
    idle = improved[static_cast<std::size_t>(step)] != 0 ? 0 : idle + 1;
    if (idle >= clip.patience) return step + 1;
  }
  return clip.steps;
}

void markImprovements(const RtnRule& rule, const ClipRule& clip, const PartValues& part,
                      std::span<std::uint8_t> improved) {
  if (part.values.empty()) return;
  bestShrink(rule, clip, part, extremesOf(part.values), clip.steps, improved);
}

PartGrid searchGrid(const RtnRule& rule, const ClipRule& clip, const PartValues& part, int steps) {
  const Extremes range = extremesOf(part.values);
  const bool isZero = range.min == 0 && range.max == 0;
  if (clip.kind == Kind::None || isZero) return partGrid(rule, range.min, range.max);
  switch (clip.kind) {
    case Kind::Percentile:
      return percentileOf(rule, clip, part.values, range);
    case Kind::EasyQuant:
      return easyQuantGrid(rule, clip, part, range);
    case Kind::Lsq:
      return lsqGrid(rule, range, meanAbs(part.values));
    case Kind::LsqPlus:
      return lsqPlusGrid(rule, range, spreadOf(part.values));
    default:
      return shrunkGrid(rule, clip, range, bestShrink(rule, clip, part, range, steps, {}));
  }
}

PartGrid searchGridByPasses(const RtnRule& rule, const ClipRule& clip, float min, float max,
                            const PartPass& pass) {
  const Extremes range{min, max};
  if (clip.kind == Kind::None || (min == 0 && max == 0)) return partGrid(rule, min, max);
  switch (clip.kind) {
    case Kind::Percentile:
      return percentileByPasses(rule, clip, range, pass);
    case Kind::EasyQuant:
      return refittedGrid(rule, clip, min, max, pass);
    case Kind::Lsq:
      return lsqGrid(rule, range, meanAbsByPass(pass));
    case Kind::LsqPlus:
      return lsqPlusGrid(rule, range, spreadByPasses(pass));
    default:
      return shrunkByPass(rule, clip, range, pass);
  }
}

}  // namespace ql
