#include "core/stats/weight_stats.h"

#include "core/base/dtype.h"
#include "core/base/version.h"
#include "core/stats/matrix_pass.h"
#include "core/stats/pyramid_build.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_set>

namespace ql {
namespace {

constexpr int kMostTop = 64;
constexpr std::uint64_t kLeastPyramidBytes = 8 << 10;

// Largest over lower median of the channels' absmax.
double peakRatio(std::vector<float> absmax) {
  if (absmax.empty()) return 0;
  const auto middle = absmax.begin() + static_cast<std::ptrdiff_t>((absmax.size() - 1) / 2);
  std::nth_element(absmax.begin(), middle, absmax.end());
  const double median = static_cast<double>(*middle);
  return median > 0 ? static_cast<double>(*std::max_element(middle, absmax.end())) / median : 0;
}

bool hasFinite(const ChannelStats& stats, std::size_t i) {
  return stats.zeros[i] != 0 || stats.sumSq[i] > 0;
}

std::int64_t peakChannel(const ChannelStats& stats) {
  std::int64_t peak = -1;
  for (std::size_t i = 0; i < stats.size(); ++i)
    if (hasFinite(stats, i) && (peak < 0 || stats.absmax[i] > stats.absmax[static_cast<std::size_t>(peak)]))
      peak = static_cast<std::int64_t>(i);
  return peak;
}

std::uint64_t zeroChannels(const ChannelStats& stats, std::uint64_t length) {
  return static_cast<std::uint64_t>(std::count_if(stats.zeros.begin(), stats.zeros.end(),
                                                  [=](std::uint64_t zeros) { return zeros == length; }));
}

template <class T>
T sumOf(const std::vector<T>& values) {
  T sum = 0;
  for (const T value : values) sum += value;
  return sum;
}

// Central moments from raw ones: m4 - 4 m m3 + 6 m^2 m2 - 3 m^4. Good to about 1e-6 (mean / std)^4; the exact
// way is summariseCodes().
void momentsFromSums(const ChannelStats& rows, double cube, double n, WeightSummary& summary) {
  const double mean = sumOf(rows.sum) / n, m2 = sumOf(rows.sumSq) / n, m3 = cube / n,
               m4 = sumOf(rows.sumQuad) / n;
  const double variance = m2 - mean * mean;
  const bool isConstant = summary.min == summary.max || variance <= 0;
  summary.mean = summary.min == summary.max ? summary.min : mean;
  if (isConstant || n < 2) return;
  summary.std = std::sqrt(variance * n / (n - 1));
  const double central = m4 - 4 * mean * m3 + 6 * mean * mean * m2 - 3 * mean * mean * mean * mean;
  summary.kurtosis = central / variance / variance;
}

WeightSummary summarise(const PassResult& pass, std::int64_t out, std::int64_t in) {
  WeightSummary s;
  s.count = static_cast<std::uint64_t>(out) * static_cast<std::uint64_t>(in);
  s.zeros = sumOf(pass.rows.zeros);
  s.nans = sumOf(pass.rows.nans);
  s.posInfs = sumOf(pass.rows.posInfs);
  s.negInfs = sumOf(pass.rows.negInfs);
  s.zeroRows = in > 0 ? zeroChannels(pass.rows, static_cast<std::uint64_t>(in)) : 0;
  s.zeroColumns = out > 0 ? zeroChannels(pass.columns, static_cast<std::uint64_t>(out)) : 0;
  s.columnPeakRatio = peakRatio(pass.columns.absmax);
  s.rowPeakRatio = peakRatio(pass.rows.absmax);
  s.peakColumn = peakChannel(pass.columns);
  s.peakRow = peakChannel(pass.rows);
  const std::uint64_t finite = s.count - s.nans - s.posInfs - s.negInfs;
  s.quantilesExact = !pass.codeMeaning.isTruncated;
  if (finite == 0) return s;
  float low = std::numeric_limits<float>::infinity(), high = -low;
  for (std::size_t i = 0; i < pass.rows.size(); ++i) {
    if (!hasFinite(pass.rows, i)) continue;
    low = std::min(low, pass.rows.min[i]);
    high = std::max(high, pass.rows.max[i]);
  }
  s.min = static_cast<double>(low);
  s.max = static_cast<double>(high);
  s.absmax = std::max(std::abs(s.min), std::abs(s.max));
  momentsFromSums(pass.rows, pass.cube, static_cast<double>(finite), s);
  if (!pass.codes.empty()) summariseCodes(pass.codes, pass.codeMeaning, s);
  return s;
}

// Channel sums carry float rounding anyway; kept as floats they take half the room in a statistics file.
// Arrays that leave the float range stay as they are.
void roundToFloats(std::vector<double>& values) {
  const auto fits = [](double value) {
    const double magnitude = std::abs(value);
    return magnitude == 0 || (magnitude >= double{std::numeric_limits<float>::min()} &&
                              magnitude <= double{std::numeric_limits<float>::max()});
  };
  if (!std::all_of(values.begin(), values.end(), fits)) return;
  for (double& value : values) value = static_cast<double>(static_cast<float>(value));
}

void roundSums(ChannelStats& stats) {
  for (auto* values : {&stats.sum, &stats.sumSq, &stats.sumQuad}) roundToFloats(*values);
}

TilePyramid pyramidOf(PassResult& pass, std::int64_t out, std::int64_t in, std::int64_t tile) {
  PyramidLevel level = std::move(pass.texels);
  while (level.tile < tile) level = coarserLevel(out, in, level);
  // Means are for pictures: rounded here to what a statistics file keeps, so that a reload changes nothing.
  for (float& mean : level.mean) mean = bf16ToFloat(floatToBf16(mean));
  return pyramidFromLevel(out, in, std::move(level));
}

}  // namespace

std::uint64_t measureUnits(const WeightSource& source, const MatrixRef& matrix) {
  return passUnits(source, matrix);
}

WeightStats measureWeights(const WeightSource& source, const MatrixRef& matrix,
                           const WeightStatsOptions& options, JobContext& job) {
  PassOptions pass;
  pass.withCodes = options.withHistogram;
  pass.topCount = std::clamp(options.topCount, 0, kMostTop);
  std::int64_t tile = 0;
  if (options.withPyramid && matrix.out > 0 && matrix.in > 0) {
    const std::uint64_t half = std::max(kLeastPyramidBytes, passUnits(source, matrix) / 200);
    tile = finestTileWithin(matrix.out, matrix.in, options.pyramidBytes > 0 ? options.pyramidBytes : half);
    pass.texel = static_cast<int>(std::min<std::int64_t>(tile, kMaxTexel));
  }
  PassResult result = runPass(source, matrix, pass, job);
  WeightStats stats;
  stats.out = matrix.out;
  stats.in = matrix.in;
  stats.summary = summarise(result, matrix.out, matrix.in);
  if (options.withHistogram) stats.histogram = histogramOfCodes(result.codes, result.codeMeaning);
  if (tile > 0) stats.pyramid = pyramidOf(result, matrix.out, matrix.in, tile);
  stats.rows = std::move(result.rows);
  stats.columns = std::move(result.columns);
  roundSums(stats.rows);
  roundSums(stats.columns);
  stats.rowArgmax = std::move(result.rowArgmax);
  stats.top = std::move(result.top);
  stats.evidence.method = "weight statistics";
  stats.evidence.n = static_cast<std::int64_t>(stats.summary.count);
  stats.evidence.tool = kToolId;
  return stats;
}

double coverage(const WeightStats& stats, const std::vector<std::int64_t>& columns) {
  const std::unordered_set<std::int64_t> wanted(columns.begin(), columns.end());
  std::size_t rows = 0, covered = 0;
  for (std::size_t i = 0; i < stats.rowArgmax.size(); ++i) {
    if (stats.rowArgmax[i] < 0 || stats.rows.absmax[i] == 0.0f) continue;
    ++rows;
    covered += wanted.count(stats.rowArgmax[i]);
  }
  return rows == 0 ? 0 : static_cast<double>(covered) / static_cast<double>(rows);
}

}  // namespace ql
