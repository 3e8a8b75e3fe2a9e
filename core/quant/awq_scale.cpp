#include "core/quant/awq_scale.h"

#include "core/base/error.h"
#include "core/jobs/parallel_for.h"
#include "core/quant/output_loss.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ql {
namespace {

constexpr float kLeastScale = 1e-4f;  // auto_scale.py: clamp(min=1e-4)

/// torch.pow of float32 with a number: 0, 1/2 and 1 go by their own ways.
float powerOf(float x, double exponent) {
  if (exponent == 0) return 1;
  if (exponent == 0.5) return std::sqrt(x);
  if (exponent == 1) return x;
  return std::pow(x, static_cast<float>(exponent));
}

/// Sums of |w| / (largest |w| of its group + 1e-6) over rows, column by column.
class RelativeWeights {
 public:
  RelativeWeights(std::size_t in, std::size_t group) : m_group(group), m_sums(in, 0.0) {}

  void add(std::span<const float> row) {
    for (std::size_t begin = 0; begin < row.size(); begin += m_group) {
      const std::size_t end = std::min(row.size(), begin + m_group);
      float peak = 0;
      for (std::size_t j = begin; j < end; ++j)
        if (std::isfinite(row[j])) peak = std::max(peak, std::abs(row[j]));
      for (std::size_t j = begin; j < end; ++j)
        if (std::isfinite(row[j])) m_sums[j] += static_cast<double>(std::abs(row[j]) / (peak + 1e-6f));
    }
    ++m_rows;
  }
  std::vector<float> means() const {
    std::vector<float> means(m_sums.size());
    for (std::size_t j = 0; j < means.size(); ++j)
      means[j] = static_cast<float>(m_sums[j] / static_cast<double>(std::max<std::uint64_t>(1, m_rows)));
    return means;
  }

 private:
  std::size_t m_group;
  std::vector<double> m_sums;
  std::uint64_t m_rows = 0;
};

/// Calls visit(rowBegin, rowEnd, rows) for tiles of a matrix, in order.
template <class Visit>
void forEachTile(const QuantizerInput& input, const MatrixRef& matrix, std::int64_t tileRows,
                 const Visit& visit) {
  std::vector<float> rows;
  for (std::int64_t begin = 0; begin < matrix.out; begin += tileRows) {
    const std::int64_t end = std::min(matrix.out, begin + tileRows);
    rows.resize(static_cast<std::size_t>((end - begin) * matrix.in));
    readTile(input, matrix, begin, end, rows);
    visit(begin, end, std::span<const float>(rows));
    input.source->release(matrix, begin, end);
  }
  input.source->check(matrix);
}

std::vector<MatrixRef> readersOf(const QuantizerInput& input) {
  return input.siblings.empty() ? std::vector<MatrixRef>{input.matrix} : input.siblings;
}

std::vector<float> relativeWeights(const WeightScheme& inner, const QuantizerInput& input) {
  const auto in = static_cast<std::size_t>(input.in);
  const std::size_t group = inner.granularity == Granularity::Group
                                ? static_cast<std::size_t>(std::min(*inner.groupSize, input.in))
                                : in;
  RelativeWeights weights(in, group);
  for (const MatrixRef& matrix : readersOf(input)) {
    forEachTile(input, matrix, 256, [&](std::int64_t, std::int64_t, std::span<const float> rows) {
      for (std::size_t begin = 0; begin < rows.size(); begin += in) weights.add(rows.subspan(begin, in));
    });
  }
  return weights.means();
}

/// Extremes of the finite weights of each column; 0 for columns without any.
MatrixRange columnExtremes(const QuantizerInput& input, const MatrixRef& matrix) {
  const auto in = static_cast<std::size_t>(matrix.in);
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  MatrixRange range{std::vector<float>(in, kInfinity), std::vector<float>(in, -kInfinity)};
  forEachTile(input, matrix, 256, [&](std::int64_t, std::int64_t, std::span<const float> rows) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (!std::isfinite(rows[i])) continue;
      range.columnMin[i % in] = std::min(range.columnMin[i % in], rows[i]);
      range.columnMax[i % in] = std::max(range.columnMax[i % in], rows[i]);
    }
  });
  for (std::size_t j = 0; j < in; ++j)
    if (range.columnMin[j] > range.columnMax[j]) range.columnMin[j] = range.columnMax[j] = 0;
  return range;
}

/// W s of matrices that share an input, for rules that look at the whole matrix or at fused ones.
class ScaledSource : public WeightSource {
 public:
  ScaledSource(const WeightSource& inner, std::span<const float> s) : m_inner(inner), m_s(s) {}
  void readRows(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd,
                std::span<float> out) const override {
    m_inner.readRows(matrix, rowBegin, rowEnd, out);
    for (std::size_t i = 0; i < out.size(); ++i) out[i] *= m_s[i % m_s.size()];
  }
  void release(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd) const override {
    m_inner.release(matrix, rowBegin, rowEnd);
  }
  void check(const MatrixRef& matrix) const override { m_inner.check(matrix); }

 private:
  const WeightSource& m_inner;
  std::span<const float> m_s;
};

/// `range` (of W) may be null. Extremes of w s are s times those of w to the last bit: rounding is monotone.
std::unique_ptr<RowQuantizer> quantizerOf(const WeightScheme& inner, const QuantizerInput& input,
                                          const MatrixRef& matrix, const MatrixRange* range,
                                          std::span<const float> s) {
  const ScaledSource source(*input.source, s);
  MatrixRange scaled;
  QuantizerInput made;
  made.out = matrix.out;
  made.in = matrix.in;
  made.source = &source;
  made.matrix = matrix;
  made.siblings = input.siblings;
  made.job = input.job;
  if (range) {
    scaled = *range;
    for (std::size_t j = 0; j < s.size(); ++j) {
      scaled.columnMin[j] *= s[j];
      scaled.columnMax[j] *= s[j];
    }
    made.range = &scaled;
  }
  return makeRowQuantizer(inner, made);
}

/// Losses of all candidates on one reader; the weights are read once.
class ReaderLosses {
 public:
  ReaderLosses(const WeightScheme& inner, const QuantizerInput& input, const MatrixRef& matrix,
               const SiteMoment& site)
      : m_inner(inner), m_input(input), m_matrix(matrix), m_loss(site) {}

  void add(const std::vector<std::vector<float>>& scales, std::vector<AwqCandidate>& candidates) {
    MatrixRange range;
    const bool needsRange = quantizerNeeds(m_inner).range;
    if (needsRange) range = columnExtremes(m_input, m_matrix);
    std::vector<std::unique_ptr<RowQuantizer>> quantizers;
    for (const std::vector<float>& s : scales)
      quantizers.push_back(quantizerOf(m_inner, m_input, m_matrix, needsRange ? &range : nullptr, s));
    forEachTile(m_input, m_matrix, awqTileRows(m_inner, m_matrix),
                [&](std::int64_t begin, std::int64_t end, std::span<const float> rows) {
                  for (std::size_t c = 0; c < candidates.size(); ++c) {
                    setDifference(*quantizers[c], scales[c], begin, rows);
                    candidates[c].loss += m_loss.of(m_difference, end - begin, *m_input.job);
                  }
                });
  }

 private:
  /// D = Q(W s) / s - W; 0 for weights that are not finite, which stay.
  void setDifference(const RowQuantizer& quantizer, const std::vector<float>& s, std::int64_t rowBegin,
                     std::span<const float> rows) {
    const std::size_t in = s.size();
    m_difference.resize(rows.size());
    forRowPieces(static_cast<std::int64_t>(rows.size() / in), quantizer.rowUnit(), *m_input.job,
                 [&](std::int64_t first, std::int64_t count) {
                   const std::size_t begin = static_cast<std::size_t>(first) * in;
                   const std::size_t size = static_cast<std::size_t>(count) * in;
                   std::vector<float> scaled(size), quantized(size);
                   for (std::size_t i = 0; i < size; ++i) scaled[i] = rows[begin + i] * s[i % in];
                   quantizer.apply(rowBegin + first, count, scaled, quantized, {});
                   for (std::size_t i = 0; i < size; ++i) {
                     const float w = rows[begin + i];
                     m_difference[begin + i] = std::isfinite(w) ? quantized[i] / s[i % in] - w : 0.0f;
                   }
                 });
  }

  const WeightScheme& m_inner;
  const QuantizerInput& m_input;
  const MatrixRef& m_matrix;
  OutputLoss m_loss;
  std::vector<float> m_difference;
};

}  // namespace

std::vector<float> awqMeanAbs(const ActivationStats& stats) {
  const auto width = static_cast<std::size_t>(stats.width);
  std::vector<float> means(width, 0.0f);
  if (stats.all.sumAbs.size() == width && stats.all.tokens > 0) {
    for (std::size_t j = 0; j < width; ++j) means[j] = static_cast<float>(stats.all.meanAbs(j));
    return means;
  }
  if (!stats.hasSample()) {
    throw Error(ErrorCode::Unsupported,
                "AWQ needs the mean |x| of every channel, which these activations do not hold (" +
                    std::string(activationOriginName(stats.origin)) +
                    "); calibrate on text (--calibration).");
  }
  std::vector<double> sums(width, 0.0);
  double tokens = 0;
  for (std::int64_t i = 0; i < stats.sample.count(); ++i) {
    const std::span<const float> row = stats.sample.row(i);
    if (!std::all_of(row.begin(), row.end(), [](float x) { return std::isfinite(x); })) continue;
    for (std::size_t j = 0; j < width; ++j) sums[j] += static_cast<double>(std::abs(row[j]));
    ++tokens;
  }
  for (std::size_t j = 0; j < width && tokens > 0; ++j) means[j] = static_cast<float>(sums[j] / tokens);
  return means;
}

std::vector<float> awqFactors(std::span<const float> meanAbs, std::span<const float> weightMean,
                              double ratio) {
  std::vector<float> s(meanAbs.size());
  for (std::size_t j = 0; j < s.size(); ++j) {
    const float x = powerOf(meanAbs[j], ratio);
    s[j] = std::max(weightMean.empty() ? x : x / (powerOf(weightMean[j], 1 - ratio) + 1e-4f), kLeastScale);
  }
  if (s.empty()) return s;
  const auto [least, largest] = std::minmax_element(s.begin(), s.end());
  const float norm = std::sqrt(*largest * *least);
  for (float& value : s) {
    value /= norm;
    if (!std::isfinite(value) || value == 0) value = 1;
  }
  return s;
}

std::vector<AwqCandidate> awqCandidates(const AwqSearch& search) {
  std::vector<AwqCandidate> candidates;
  const double grid = static_cast<double>(search.grid);
  if (!search.isDuo) {
    for (std::int64_t i = 0; i < search.grid; ++i)
      candidates.push_back({static_cast<double>(i) / grid, false, 0});
    return candidates;
  }
  candidates.push_back({0, false, 0});
  for (std::int64_t k = 0; k + 1 < search.grid; ++k)
    candidates.push_back({static_cast<double>(k) / std::max(1.0, grid - 2), true, 0});
  return candidates;
}

AwqScale searchAwqScale(const WeightScheme& inner, const QuantizerInput& input, const SiteMoment& site,
                        const AwqSearch& search) {
  const std::vector<float> meanAbs = awqMeanAbs(*input.activations);
  const std::vector<float> weightMean = search.isDuo ? relativeWeights(inner, input) : std::vector<float>();
  AwqScale result;
  result.tried = awqCandidates(search);
  std::vector<std::vector<float>> scales;
  for (const AwqCandidate& candidate : result.tried)
    scales.push_back(
        awqFactors(meanAbs, candidate.isDuo ? weightMean : std::vector<float>(), candidate.ratio));
  for (const MatrixRef& matrix : readersOf(input))
    ReaderLosses(inner, input, matrix, site).add(scales, result.tried);
  std::size_t best = 0;
  for (std::size_t c = 1; c < scales.size(); ++c)
    if (result.tried[c].loss < result.tried[best].loss) best = c;
  result.best = result.tried[best];
  result.s = std::move(scales[best]);
  return result;
}

std::unique_ptr<RowQuantizer> quantizerOfScaled(const WeightScheme& inner, const QuantizerInput& input,
                                                const MatrixRef& matrix, std::span<const float> s) {
  if (!quantizerNeeds(inner).range) return quantizerOf(inner, input, matrix, nullptr, s);
  const MatrixRange range = columnExtremes(input, matrix);
  return quantizerOf(inner, input, matrix, &range, s);
}

std::int64_t awqTileRows(const WeightScheme& inner, const MatrixRef& matrix) {
  const std::int64_t unit = bandRows(inner, matrix.out, matrix.in);
  return unit * std::max<std::int64_t>(1, 256 / unit);
}

void readTile(const QuantizerInput& input, const MatrixRef& matrix, std::int64_t rowBegin,
              std::int64_t rowEnd, std::span<float> rows) {
  const auto in = static_cast<std::size_t>(matrix.in);
  forRowPieces(rowEnd - rowBegin, 1, *input.job, [&](std::int64_t first, std::int64_t count) {
    input.source->readRows(
        matrix, rowBegin + first, rowBegin + first + count,
        rows.subspan(static_cast<std::size_t>(first) * in, static_cast<std::size_t>(count) * in));
  });
}

void forRowPieces(std::int64_t rows, std::int64_t unit, JobContext& job,
                  const std::function<void(std::int64_t, std::int64_t)>& body) {
  const std::int64_t piece = unit * std::max<std::int64_t>(1, 16 / unit);
  parallelFor(job, (rows + piece - 1) / piece, [&](std::int64_t index) {
    const std::int64_t first = index * piece;
    body(first, std::min(piece, rows - first));
    job.step();
  });
}

}  // namespace ql
