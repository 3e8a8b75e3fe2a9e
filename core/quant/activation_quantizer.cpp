#include "core/quant/activation_quantizer.h"

#include "core/base/error.h"
#include "core/quant/activation_parts.h"
#include "core/quant/rtn_grid.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ql {

/// Of one forward batch.
struct ActivationBatch {
  RtnRule rule;
  std::vector<std::int32_t> outliers;  // channels in 16 bits
  std::shared_ptr<const ChannelParts> parts;
  std::vector<PartGrid> grids;  // by part, where all tokens share them
};

struct ActivationQuantizer::State {
  ActScheme scheme;
  std::int64_t width = 0;
  std::optional<ActivationRange> range;  // where the scheme wants it
  RtnRule rule;
  std::shared_ptr<const ChannelParts> parts;  // null until the tokens are known
  std::optional<ElementRounding> half;        // X is rounded to fp16 first
  float threshold = std::numeric_limits<float>::infinity();

  float halved(float v) const { return half ? roundedToHalf(*half, v) : v; }
  bool isTensorWide() const { return scheme.granularity == Granularity::Tensor; }
  bool needsTokens() const {
    return (rule.block.isNvfp4() && !range) || !parts ||
           (scheme.dynamic && (isTensorWide() || scheme.outlierThreshold));
  }
};

namespace {

PartGrid gridOf(const RtnRule& rule, PartRange range) {
  return range.min > range.max ? partGrid(rule, 0, 0) : partGrid(rule, range.min, range.max);
}

void setGrids(const RtnRule& rule, std::span<const PartRange> ranges, std::vector<PartGrid>& grids) {
  grids.clear();
  for (const PartRange& range : ranges) grids.push_back(gridOf(rule, range));
}

/// Extremes by channel of the tokens, outlier elements left out.
ActivationRange channelRange(std::span<const float> x, std::size_t width, float threshold) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  ActivationRange range{std::vector<float>(width, kInfinity), std::vector<float>(width, -kInfinity)};
  for (std::size_t begin = 0; begin < x.size(); begin += width)
    for (std::size_t j = 0; j < width; ++j) {
      const float v = x[begin + j];
      if (!(std::abs(v) < threshold)) continue;
      range.min[j] = std::min(range.min[j], v);
      range.max[j] = std::max(range.max[j], v);
    }
  return range;
}

/// Ranges of parts from extremes by channel; channels in `without` take no part.
std::vector<PartRange> partRanges(const ChannelParts& parts, const ActivationRange& range,
                                  std::span<const std::int32_t> without) {
  std::vector<PartRange> ranges(parts.count);
  for (const ChannelRun& run : parts.runs)
    for (std::size_t j = run.begin; j < run.end; ++j) {
      const bool isOut = std::binary_search(without.begin(), without.end(), static_cast<std::int32_t>(j));
      if (!isOut && range.min[j] <= range.max[j]) ranges[run.part].add(range.min[j], range.max[j]);
    }
  return ranges;
}

}  // namespace

ActivationQuantizer::ActivationQuantizer(const ActScheme& scheme, std::int64_t width,
                                         const ActivationRange* range, JobContext* job) {
  QL_ASSERT(width >= 0);
  requireMeasurable(scheme);
  if (!scheme.dynamic && range == nullptr)
    throw Error(ErrorCode::Unsupported,
                "Static activations need calibrated ranges, and there are none here; calibrate first, or use "
                "dynamic activations.");
  auto state = std::make_unique<State>();
  state->scheme = scheme;
  state->width = width;
  if (range && wantsActivationRange(scheme)) {
    const auto size = static_cast<std::size_t>(width);
    QL_ASSERT(range->min.size() == size && range->max.size() == size);
    state->range = *range;
  }
  state->rule = rtnRule(rowScheme(scheme));
  if (!groupsFollowTokens(scheme) || state->range)
    state->parts = std::make_shared<const ChannelParts>(
        channelParts(scheme, width, state->range ? &*state->range : nullptr, job));
  if (scheme.outlierThreshold || scheme.flavour == "bitsandbytes") state->half = halfRounding();
  if (scheme.outlierThreshold) {
    // the reference compares halves with a half; beyond the largest nothing is an outlier
    const auto threshold = static_cast<float>(*scheme.outlierThreshold);
    state->threshold = threshold <= kLargestHalf ? roundedToHalf(*state->half, threshold) : threshold;
  }
  m_state = std::move(state);
}

ActivationQuantizer::~ActivationQuantizer() = default;

std::span<const std::int32_t> ActivationQuantizer::outliers(const ActivationBatch& batch) {
  return batch.outliers;
}

namespace {

/// Channels where a value reaches the threshold, ascending.
std::vector<std::int32_t> channelsReaching(std::span<const float> x, std::size_t width, float threshold) {
  std::vector<bool> reaches(width, false);
  for (std::size_t begin = 0; begin < x.size(); begin += width)
    for (std::size_t j = 0; j < width; ++j)
      if (std::abs(x[begin + j]) >= threshold && std::isfinite(x[begin + j])) reaches[j] = true;
  std::vector<std::int32_t> channels;
  for (std::size_t j = 0; j < width; ++j)
    if (reaches[j]) channels.push_back(static_cast<std::int32_t>(j));
  return channels;
}

/// Channels whose calibrated absmax reaches the threshold.
std::vector<std::int32_t> calibratedOutliers(const ActivationRange& range, const ElementRounding& half,
                                             float threshold) {
  std::vector<float> extremes = range.min;
  extremes.insert(extremes.end(), range.max.begin(), range.max.end());
  for (float& v : extremes) v = roundedToHalf(half, v);
  return channelsReaching(extremes, range.min.size(), threshold);
}

float absmaxOf(const ActivationRange& range) {
  float absmax = 0;
  for (std::size_t j = 0; j < range.min.size(); ++j)
    if (range.min[j] <= range.max[j])
      absmax = std::max({absmax, std::abs(range.min[j]), std::abs(range.max[j])});
  return absmax;
}

}  // namespace

std::shared_ptr<const ActivationBatch> ActivationQuantizer::examine(std::int64_t tokens,
                                                                    std::span<const float> x) const {
  const State& s = *m_state;
  const auto width = static_cast<std::size_t>(s.width);
  QL_ASSERT(tokens >= 0 && x.size() == static_cast<std::size_t>(tokens) * width);
  auto batch = std::make_shared<ActivationBatch>();
  std::vector<float> halves;
  if (s.half && s.needsTokens()) {
    halves.assign(x.begin(), x.end());
    for (float& v : halves) v = s.halved(v);
    x = halves;
  }
  batch->rule = s.rule;
  batch->parts = s.parts;
  std::optional<ActivationRange> own;  // of the tokens, outlier elements left out
  if (s.needsTokens()) own = channelRange(x, width, s.threshold);
  if (s.rule.block.isNvfp4()) setTensorAbsmax(batch->rule.block, absmaxOf(s.range ? *s.range : *own));
  if (s.scheme.outlierThreshold)
    batch->outliers = s.scheme.dynamic ? channelsReaching(x, width, s.threshold)
                                       : calibratedOutliers(*s.range, *s.half, s.threshold);
  if (!batch->parts)
    batch->parts = std::make_shared<const ChannelParts>(channelParts(s.scheme, s.width, &*own, nullptr));
  if (s.scheme.dynamic && !s.isTensorWide()) return batch;
  // nvfp4's static scale is that of the tensor; its blocks follow the values
  if (s.rule.block.isNvfp4()) return batch;
  const auto ranges = s.scheme.dynamic ? partRanges(*batch->parts, *own, {})
                                       : partRanges(*batch->parts, *s.range, batch->outliers);
  batch->rule.hasNegatives =
      std::any_of(ranges.begin(), ranges.end(), [](const PartRange& range) { return range.min < 0; });
  setGrids(batch->rule, ranges, batch->grids);
  return batch;
}

void ActivationQuantizer::apply(const ActivationBatch& batch, std::int64_t tokens, std::span<float> x) const {
  const State& s = *m_state;
  const auto width = static_cast<std::size_t>(s.width);
  QL_ASSERT(tokens >= 0 && x.size() == static_cast<std::size_t>(tokens) * width);
  const ChannelParts& parts = *batch.parts;
  std::vector<PartGrid> own;
  std::vector<PartRange> ranges(parts.count);
  std::vector<float> kept(batch.outliers.size());
  for (std::size_t begin = 0; begin < x.size(); begin += width) {
    const std::span<float> token = x.subspan(begin, width);
    if (s.half)
      for (float& v : token) v = s.halved(v);
    for (std::size_t i = 0; i < kept.size(); ++i)
      kept[i] = token[static_cast<std::size_t>(batch.outliers[i])];
    if (batch.grids.empty()) {
      std::fill(ranges.begin(), ranges.end(), PartRange());
      for (const ChannelRun& run : parts.runs)
        ranges[run.part].addBelow(token.subspan(run.begin, run.end - run.begin), s.threshold);
      setGrids(batch.rule, ranges, own);
    }
    const std::vector<PartGrid>& grids = batch.grids.empty() ? own : batch.grids;
    for (const ChannelRun& run : parts.runs) {
      const PartGrid& grid = grids[run.part];
      for (float& v : token.subspan(run.begin, run.end - run.begin))
        if (std::isfinite(v)) v = gridValue(grid, gridCode(grid, v));
    }
    for (std::size_t i = 0; i < kept.size(); ++i)
      token[static_cast<std::size_t>(batch.outliers[i])] = kept[i];
  }
}

void fakeQuantizeActivations(const ActScheme& scheme, std::int64_t tokens, std::int64_t width,
                             std::span<float> x, const ActivationRange* range) {
  QL_ASSERT(tokens >= 0 && width >= 0);
  QL_ASSERT(x.size() == static_cast<std::size_t>(tokens) * static_cast<std::size_t>(width));
  const ActivationQuantizer quantizer(scheme, width, range);
  if (x.empty()) return;
  quantizer.apply(*quantizer.examine(tokens, x), tokens, x);
}

}  // namespace ql
