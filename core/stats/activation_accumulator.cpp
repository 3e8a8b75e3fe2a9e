#include "core/stats/activation_accumulator.h"

#include "core/base/error.h"
#include "core/base/version.h"
#include "core/jobs/parallel_for.h"
#include "core/stats/activation_kernel.h"
#include "core/stats/activation_sample.h"
#include "core/stats/activation_summary.h"
#include "core/stats/counter_random.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

namespace ql {
namespace {

constexpr std::int64_t kStripColumns = 64;  // one task: a strip's sums stay in the first-level cache
constexpr std::int64_t kTileRows = 128;     // of one column step of a strip: its lines stay there too
constexpr std::int64_t kScanRows = 64;
constexpr std::uint32_t kLargestFinite = 0x7f7fffff;  // pattern of FLT_MAX
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr std::array<double, 10> kQuantiles{0, .01, .05, .25, .5, .75, .95, .99, .999, 1};

std::int64_t paddedColumns(int k) {
  return (k + kSketchStep - 1) / kSketchStep * kSketchStep;
}

ChannelMoments emptySums(std::size_t width) {
  ChannelMoments sums;
  sums.min.assign(width, kInfinity), sums.max.assign(width, -kInfinity);
  for (auto* v : {&sums.sum, &sums.sumAbs, &sums.sumSq, &sums.sumCube, &sums.sumQuad}) v->assign(width, 0.0);
  return sums;
}

MomentPointers pointersAt(ChannelMoments& sums, std::size_t column) {
  return {&sums.min[column],   &sums.max[column],     &sums.sum[column],    &sums.sumAbs[column],
          &sums.sumSq[column], &sums.sumCube[column], &sums.sumQuad[column]};
}

// Sums that saw nothing become "not known"; the others get their absmax.
ChannelMoments finished(ChannelMoments sums) {
  if (sums.tokens == 0) return {};
  sums.absmax.resize(sums.min.size());
  for (std::size_t i = 0; i < sums.min.size(); ++i)
    sums.absmax[i] = std::max(std::abs(sums.min[i]), std::abs(sums.max[i]));
  return sums;
}

/// Consecutive tokens that are finite and all first, or all later, in their windows.
struct Run {
  std::int64_t begin = 0, end = 0;
  std::int64_t good = 0;  // finite tokens of the batch before this run
  bool isFirst = false;
};

std::vector<float> quantilesOf(std::vector<float> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  std::vector<float> quantiles;
  for (const double q : kQuantiles)
    quantiles.push_back(values[static_cast<std::size_t>(q * static_cast<double>(values.size() - 1))]);
  return quantiles;
}

}  // namespace

struct ActivationAccumulator::State {
  State(std::int64_t n, const AccumulatorOptions& o)
      : width(n),
        options(o),
        sketchStride(paddedColumns(o.sketchColumns)),
        sample(n, o.sampleTokens, o.seed) {}

  bool isAllocated() const { return !first.min.empty(); }
  void allocate();
  std::vector<std::uint32_t> magnitudes(std::span<const float> x, std::int64_t count, JobContext& job) const;
  std::vector<Run> split(const TokenRows& rows, std::span<const float> x,
                         std::span<const std::uint32_t> magnitude);
  void addStrip(std::int64_t strip, std::span<const float> x, std::span<const Run> runs,
                std::span<const float> signs, JobContext& job);
  std::vector<float> signsFor(std::uint64_t firstToken, std::int64_t count) const;
  void addMoment(std::span<const float> x, std::span<const Run> runs, JobContext& job);
  ActivationStats statistics();

  std::int64_t width;
  AccumulatorOptions options;
  std::int64_t sketchStride;
  ChannelMoments first, later;
  std::vector<float> tokenAbsmax;  // of every finite token
  std::vector<float> sketch;       // [width, sketchStride]
  SampleReservoir sample;
  std::unique_ptr<SecondMoment> moment;
  std::uint64_t nans = 0, infs = 0, skipped = 0;
};

ActivationAccumulator::ActivationAccumulator(std::int64_t width, const AccumulatorOptions& options) {
  QL_ASSERT(width > 0 && options.sketchColumns >= 0);
  m_state = std::make_unique<State>(width, options);
}
ActivationAccumulator::~ActivationAccumulator() = default;
ActivationAccumulator::ActivationAccumulator(ActivationAccumulator&&) noexcept = default;

void ActivationAccumulator::State::allocate() {
  const auto size = static_cast<std::size_t>(width);
  first = emptySums(size), later = emptySums(size);
  sketch.assign(size * static_cast<std::size_t>(sketchStride), 0.0f);
  if (options.withSecondMoment) moment = std::make_unique<SecondMoment>(width);
}

std::vector<std::uint32_t> ActivationAccumulator::State::magnitudes(std::span<const float> x,
                                                                    std::int64_t count,
                                                                    JobContext& job) const {
  std::vector<std::uint32_t> result(static_cast<std::size_t>(count));
  parallelFor(job, (count + kScanRows - 1) / kScanRows, [&](std::int64_t chunk) {
    const std::int64_t end = std::min(count, (chunk + 1) * kScanRows);
    for (std::int64_t row = chunk * kScanRows; row < end; ++row)
      result[static_cast<std::size_t>(row)] = largestMagnitude(x.data() + row * width, width);
  });
  return result;
}

std::vector<Run> ActivationAccumulator::State::split(const TokenRows& rows, std::span<const float> x,
                                                     std::span<const std::uint32_t> magnitude) {
  std::vector<Run> runs;
  std::int64_t good = 0;
  for (std::int64_t row = 0; row < rows.count(); ++row) {
    const auto i = static_cast<std::size_t>(row);
    if (magnitude[i] > kLargestFinite) {
      ++skipped;
      for (const float value :
           x.subspan(i * static_cast<std::size_t>(width), static_cast<std::size_t>(width)))
        nans += std::isnan(value) ? 1 : 0, infs += std::isinf(value) ? 1 : 0;
      continue;
    }
    const bool isFirst = rows.positions[i] == 0;
    if (runs.empty() || runs.back().end != row || runs.back().isFirst != isFirst)
      runs.push_back({row, row, good, isFirst});
    runs.back().end = row + 1;
    ++good;
    ++(isFirst ? first : later).tokens;
    tokenAbsmax.push_back(std::bit_cast<float>(magnitude[i]));
    sample.offer(rows, row);
  }
  return runs;
}

// G: the sign of a token and a column is one bit of a hash of (seed, column / 64, token).
std::vector<float> ActivationAccumulator::State::signsFor(std::uint64_t firstToken,
                                                          std::int64_t count) const {
  std::vector<float> signs(static_cast<std::size_t>(count * sketchStride), 0.0f);
  for (std::int64_t t = 0; t < count; ++t) {
    float* row = signs.data() + t * sketchStride;
    for (int j = 0; j < options.sketchColumns; j += 64) {
      std::uint64_t bits = counterRandom(options.seed, 1 + static_cast<std::uint64_t>(j / 64),
                                         firstToken + static_cast<std::uint64_t>(t));
      for (int c = j; c < std::min(options.sketchColumns, j + 64); ++c, bits >>= 1)
        row[c] = (bits & 1) != 0 ? 1.0f : -1.0f;
    }
  }
  return signs;
}

void ActivationAccumulator::State::addStrip(std::int64_t strip, std::span<const float> x,
                                            std::span<const Run> runs, std::span<const float> signs,
                                            JobContext& job) {
  const std::int64_t column = strip * kStripColumns, columns = std::min(kStripColumns, width - column);
  const auto at = static_cast<std::size_t>(column);
  const MomentPointers firstAt = pointersAt(first, at), laterAt = pointersAt(later, at);
  for (const Run& run : runs) {
    for (std::int64_t row = run.begin; row < run.end; row += kTileRows) {
      job.step();
      const TokenTile tile{x.data() + row * width + column, std::min(kTileRows, run.end - row), columns,
                           width};
      addMoments(tile, run.isFirst ? firstAt : laterAt);
      if (sketchStride > 0)
        addSketch(tile, signs.data() + (run.good + row - run.begin) * sketchStride, sketchStride,
                  sketch.data() + column * sketchStride);
    }
  }
}

void ActivationAccumulator::State::addMoment(std::span<const float> x, std::span<const Run> runs,
                                             JobContext& job) {
  if (!moment) return;
  for (std::size_t i = 0; i < runs.size();) {
    const std::int64_t begin = runs[i].begin;
    std::int64_t end = runs[i].end;
    while (++i < runs.size() && runs[i].begin == end) end = runs[i].end;
    moment->add(
        x.subspan(static_cast<std::size_t>(begin * width), static_cast<std::size_t>((end - begin) * width)),
        end - begin, job);
  }
}

void ActivationAccumulator::add(const TokenRows& rows, std::span<const float> x, JobContext& job) {
  State& s = *m_state;
  const std::int64_t count = rows.count();
  QL_ASSERT(x.size() == static_cast<std::size_t>(count * s.width));
  QL_ASSERT(rows.positions.size() == rows.ids.size() && rows.windows.size() == rows.ids.size());
  if (count == 0) return;
  if (!s.isAllocated()) s.allocate();
  const std::vector<std::uint32_t> magnitude = s.magnitudes(x, count, job);
  const std::uint64_t before = s.tokenAbsmax.size();
  const std::vector<Run> runs = s.split(rows, x, magnitude);
  s.sample.copyRows(x);
  const auto good = static_cast<std::int64_t>(s.tokenAbsmax.size() - before);
  const std::vector<float> signs = s.signsFor(before, good);
  parallelFor(job, (s.width + kStripColumns - 1) / kStripColumns,
              [&](std::int64_t strip) { s.addStrip(strip, x, runs, signs, job); });
  s.addMoment(x, runs, job);
}

std::uint64_t ActivationAccumulator::bytes() const {
  const State& s = *m_state;
  if (!s.isAllocated()) return 0;
  AccumulatorOptions without = s.options;
  without.withSecondMoment = false;
  without.sampleTokens = 0;
  return bytesFor(s.width, without) + s.sample.bytes() + s.tokenAbsmax.size() * sizeof(float) +
         (s.moment ? s.moment->bytes() : 0);
}

std::uint64_t ActivationAccumulator::bytesFor(std::int64_t width, const AccumulatorOptions& options) {
  const auto n = static_cast<std::uint64_t>(width);
  const std::uint64_t sums = 2 * (2 * sizeof(float) + 5 * sizeof(double));
  const std::uint64_t sketch =
      static_cast<std::uint64_t>(paddedColumns(options.sketchColumns)) * sizeof(float);
  const std::uint64_t sample =
      static_cast<std::uint64_t>(std::max<std::int64_t>(options.sampleTokens, 0)) * sizeof(float);
  return n * (sums + sketch + sample) + (options.withSecondMoment ? SecondMoment::bytesFor(width) : 0);
}

ActivationStats ActivationAccumulator::State::statistics() {
  ActivationStats stats;
  stats.width = width;
  stats.first = finished(std::exchange(first, {}));
  stats.all = finished(std::exchange(later, {}));
  stats.laterAbsmax = stats.all.absmax;
  // Tokens at position 0 come first in every sum: with none of them the others stand alone.
  ChannelMoments all = stats.first;
  all.merge(stats.all);
  stats.all = std::move(all);
  const std::uint64_t tokens = stats.all.tokens;
  stats.tokenAbsmaxQuantiles = quantilesOf(std::exchange(tokenAbsmax, {}));
  stats.sample = sample.finish();
  if (options.sketchColumns > 0 && tokens > 0) {
    const auto k = static_cast<std::size_t>(options.sketchColumns),
               stride = static_cast<std::size_t>(sketchStride);
    const double scale = 1 / std::sqrt(static_cast<double>(tokens));
    stats.sketch = {options.sketchColumns, options.seed,
                    std::vector<float>(static_cast<std::size_t>(width) * k)};
    for (std::size_t i = 0; i < stats.sketch.z.size(); ++i)
      stats.sketch.z[i] = static_cast<float>(sketch[i / k * stride + i % k] * scale);
  }
  sketch = {};
  if (tokens > 0) stats.secondMoment = std::move(moment);
  stats.summary.nans = nans, stats.summary.infs = infs, stats.summary.skippedTokens = skipped;
  stats.evidence.method = "activation statistics";
  stats.evidence.level = "activations";
  stats.evidence.n = static_cast<std::int64_t>(tokens);
  stats.evidence.tool = kToolId;
  return stats;
}

ActivationStats ActivationAccumulator::finish(JobContext& job) {
  ActivationStats stats = m_state->statistics();
  const AccumulatorOptions options = m_state->options;
  m_state = std::make_unique<State>(m_state->width, options);
  fillMedians(stats, &job);
  if (stats.secondMoment && options.withConditioning) {
    const Conditioning found = conditioning(*stats.secondMoment, job);
    stats.summary.effectiveRank = found.effectiveRank;
    stats.summary.conditionNumber = found.conditionNumber;
  }
  summarizeScalars(stats);
  return stats;
}

}  // namespace ql
