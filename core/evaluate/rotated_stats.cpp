#include "core/evaluate/rotated_stats.h"

#include "core/base/error.h"
#include "core/jobs/parallel_for.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace ql {
namespace {

constexpr std::int64_t kRows = 64;  // a task

class Turner {
 public:
  Turner(const Rotation& rotation, std::span<const float> gain, std::int64_t width, JobContext& job)
      : m_rotation(rotation), m_width(width), m_job(job) {
    m_inverse.assign(static_cast<std::size_t>(width), 1.0);
    for (std::size_t j = 0; j < gain.size(); ++j)
      m_inverse[j] = gain[j] != 0 ? 1 / static_cast<double>(gain[j]) : 0;
  }

  /// rows [count, width] := rows diag(1 / gain) R.
  void turn(std::int64_t count, double* rows) const {
    for (std::int64_t row = 0; row < count; ++row) {
      double* const x = rows + row * m_width;
      for (std::int64_t j = 0; j < m_width; ++j) x[j] *= m_inverse[static_cast<std::size_t>(j)];
    }
    for (std::int64_t j = 0; j < m_width; j += m_rotation.size()) m_rotation.apply(count, rows + j, m_width);
  }

  void turn(std::int64_t count, std::span<float> rows) const {
    parallelFor(m_job, (count + kRows - 1) / kRows, [&](std::int64_t tile) {
      const std::int64_t begin = tile * kRows, n = std::min(kRows, count - begin);
      const auto part =
          rows.subspan(static_cast<std::size_t>(begin * m_width), static_cast<std::size_t>(n * m_width));
      std::vector<double> values(part.begin(), part.end());
      turn(n, values.data());
      std::transform(values.begin(), values.end(), part.begin(),
                     [](double v) { return static_cast<float>(v); });
      m_job.step();
    });
  }

 private:
  const Rotation& m_rotation;
  std::int64_t m_width;
  std::vector<double> m_inverse;
  JobContext& m_job;
};

/// In place: rows of a square matrix become columns.
void transpose(std::vector<float>& square, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < i; ++j) std::swap(square[i * n + j], square[j * n + i]);
}

/// R^T S R of the sums S: rows turned, then columns, which are rows of the transposed.
SecondMoment turnedMoment(const SecondMoment& moment, const Turner& turner, JobContext& job) {
  const std::int64_t n = moment.size();
  const auto size = static_cast<std::size_t>(n);
  std::vector<float> square(size * size);
  for (std::size_t i = 0; i < size; ++i)
    for (std::size_t j = 0; j < size; ++j)
      square[i * size + j] = moment.sum(static_cast<std::int64_t>(i), static_cast<std::int64_t>(j));
  for (int side = 0; side < 2; ++side) {
    turner.turn(n, square);
    transpose(square, size);
    job.step();
  }
  std::vector<float> values(moment.values().size());
  // as SecondMoment lays them out: row i from the first column of its panel on
  auto out = values.begin();
  for (std::int64_t i = 0; i < n; ++i) {
    const std::int64_t first = i / SecondMoment::kPanel * SecondMoment::kPanel;
    for (std::int64_t j = first; j < n; ++j)
      *out++ =
          0.5f * (square[static_cast<std::size_t>(i * n + j)] + square[static_cast<std::size_t>(j * n + i)]);
  }
  QL_ASSERT(out == values.end());
  return SecondMoment::fromValues(n, moment.tokens(), std::move(values));
}

/// Z [width, k] is a matrix of columns: R^T Z.
void turnSketch(ActivationSketch& sketch, std::int64_t width, const Turner& turner) {
  const auto k = static_cast<std::size_t>(sketch.k), n = static_cast<std::size_t>(width);
  std::vector<float> rows(sketch.z.size());
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t c = 0; c < k; ++c) rows[c * n + i] = sketch.z[i * k + c];
  turner.turn(sketch.k, rows);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t c = 0; c < k; ++c) sketch.z[i * k + c] = rows[c * n + i];
}

/// Extremes and sums over the rows that `takes` says.
template <class Takes>
ChannelMoments momentsOf(const TokenSample& sample, std::int64_t width, Takes takes) {
  const auto n = static_cast<std::size_t>(width);
  ChannelMoments moments;
  moments.absmax.assign(n, 0), moments.min.assign(n, 0), moments.max.assign(n, 0);
  for (auto* sums : {&moments.sum, &moments.sumAbs, &moments.sumSq, &moments.sumCube, &moments.sumQuad})
    sums->assign(n, 0);
  for (std::int64_t i = 0; i < sample.count(); ++i) {
    if (!takes(i)) continue;
    const auto row = sample.row(i);
    for (std::size_t j = 0; j < n; ++j) {
      const double x = static_cast<double>(row[j]);
      moments.absmax[j] = std::max(moments.absmax[j], std::abs(row[j]));
      moments.min[j] = moments.tokens == 0 ? row[j] : std::min(moments.min[j], row[j]);
      moments.max[j] = moments.tokens == 0 ? row[j] : std::max(moments.max[j], row[j]);
      moments.sum[j] += x, moments.sumAbs[j] += std::abs(x), moments.sumSq[j] += x * x;
      moments.sumCube[j] += x * x * x, moments.sumQuad[j] += x * x * x * x;
    }
    ++moments.tokens;
  }
  return moments;
}

/// Of the tokens' absmax, lower values: the list of ActivationStats::tokenAbsmaxQuantiles.
std::vector<float> tokenQuantiles(const TokenSample& sample) {
  constexpr std::array<double, 10> kShares = {0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999, 1};
  std::vector<float> peaks, quantiles;
  for (std::int64_t i = 0; i < sample.count(); ++i) {
    float peak = 0;
    for (const float x : sample.row(i)) peak = std::max(peak, std::abs(x));
    peaks.push_back(peak);
  }
  std::sort(peaks.begin(), peaks.end());
  for (const double share : kShares)
    quantiles.push_back(peaks[static_cast<std::size_t>(share * static_cast<double>(peaks.size() - 1))]);
  return quantiles;
}

/// Sums over the sample as if over all tokens, so that means stay means beside the number of tokens seen.
void scaleTo(std::uint64_t tokens, ChannelMoments& moments) {
  if (moments.tokens == 0 || tokens == 0) return;
  const double factor = static_cast<double>(tokens) / static_cast<double>(moments.tokens);
  for (auto* sums : {&moments.sum, &moments.sumAbs, &moments.sumSq, &moments.sumCube, &moments.sumQuad})
    for (double& value : *sums) value *= factor;
  moments.tokens = tokens;
}

}  // namespace

ActivationStats rotatedStats(const ActivationStats& stats, const Rotation& rotation,
                             std::span<const float> gain, JobContext& job) {
  const std::int64_t width = stats.width;
  if (width % rotation.size() != 0 || (!gain.empty() && static_cast<std::int64_t>(gain.size()) != width))
    throw Error(ErrorCode::Shape, "The activations have " + std::to_string(width) +
                                      " channels, which a rotation of " + std::to_string(rotation.size()) +
                                      " does not fit; they belong to another model.");
  if (!canRotate(stats))
    throw Error(ErrorCode::Unsupported,
                "The activations hold neither a token sample nor a second moment, and extremes or mean "
                "squares alone do not say what a rotation makes of them; calibrate with qloupe analyze.");
  const Turner turner(rotation, gain, width, job);
  ActivationStats turned;
  turned.width = width;
  turned.origin = stats.origin;
  turned.evidence = stats.evidence;
  turned.evidence.kind = Evidence::Kind::Sampled;
  turned.evidence.method += (turned.evidence.method.empty() ? "" : ", ") +
                            std::string("behind a rotation: extremes of the token sample");
  turned.sample = stats.sample;
  turned.sketch = stats.sketch;
  turner.turn(turned.sample.count(), turned.sample.values);
  if (stats.hasSketch()) turnSketch(turned.sketch, width, turner);
  if (stats.secondMoment)
    turned.secondMoment =
        std::make_shared<const SecondMoment>(turnedMoment(*stats.secondMoment, turner, job));
  if (stats.hasSample()) {
    const auto isFirst = [&](std::int64_t i) {
      return turned.sample.positions[static_cast<std::size_t>(i)] == 0;
    };
    turned.all = momentsOf(turned.sample, width, [](std::int64_t) { return true; });
    turned.first = momentsOf(turned.sample, width, isFirst);
    turned.laterAbsmax = momentsOf(turned.sample, width, [&](std::int64_t i) { return !isFirst(i); }).absmax;
    turned.tokenAbsmaxQuantiles = tokenQuantiles(turned.sample);
    turned.evidence.n = turned.sample.count();
    scaleTo(stats.all.tokens, turned.all);
    scaleTo(stats.first.tokens, turned.first);
  }
  turned.all.tokens = stats.all.tokens;
  if (turned.secondMoment) {
    turned.all.sumSq = turned.secondMoment->diagonal();
    for (double& value : turned.all.sumSq) value *= static_cast<double>(stats.all.tokens);
  }
  turned.summary.nans = stats.summary.nans, turned.summary.infs = stats.summary.infs;
  turned.summary.skippedTokens = stats.summary.skippedTokens;
  summarize(turned);
  return turned;
}

}  // namespace ql
