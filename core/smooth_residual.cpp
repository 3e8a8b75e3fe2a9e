#include "core/smooth_residual.h"

#include "core/io/round_to_dtype.h"
#include "core/linalg/linear.h"

#include <algorithm>
#include <cmath>

namespace ql {
namespace {

constexpr std::int64_t kTileRows = 128;

/// The inner source's rows as a file of this dtype would hold them.
class RoundedSource : public WeightSource {
 public:
  RoundedSource(const WeightSource& inner, DType dtype) : m_inner(inner), m_dtype(dtype) {}

  void readRows(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd,
                std::span<float> out) const override {
    m_inner.readRows(matrix, rowBegin, rowEnd, out);
    std::vector<std::byte> bytes(out.size() * static_cast<std::size_t>(dtypeInfo(m_dtype).bits) / 8);
    roundToDType(m_dtype, out, bytes);
    convertToFloat(m_dtype, bytes, out);
  }
  void release(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd) const override {
    m_inner.release(matrix, rowBegin, rowEnd);
  }
  void check(const MatrixRef& matrix) const override { m_inner.check(matrix); }

 private:
  const WeightSource& m_inner;
  DType m_dtype;
};

std::vector<float> outputs(const WeightSource& source, const Linear& linear, const TokenSample& sample,
                           std::span<const float> x, JobContext& job) {
  std::vector<float> y(static_cast<std::size_t>(sample.count() * linear.out()));
  applyLinear(source, linear.matrix, {}, sample.count(), x, y, job);
  job.step();
  return y;
}

double energyOf(std::span<const float> y) {
  double sum = 0;
  for (const float v : y)
    if (std::isfinite(v)) sum += static_cast<double>(v) * static_cast<double>(v);
  return sum;
}

double distance(std::span<const float> y, std::span<const float> reference) {
  double sum = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    const double d = static_cast<double>(y[i]) - static_cast<double>(reference[i]);
    if (std::isfinite(d)) sum += d * d;
  }
  return sum;
}

std::vector<float> rounded(std::vector<float> values, DType dtype, RoundingSums& sums) {
  std::vector<std::byte> bytes(values.size() * static_cast<std::size_t>(dtypeInfo(dtype).bits) / 8);
  sums.merge(roundToDType(dtype, values, bytes));
  convertToFloat(dtype, bytes, values);
  return values;
}

/// x of a sample behind the folded producer: exactly 1/S of it, and with a norm rounded to the file's dtype.
class FoldedInput {
 public:
  FoldedInput(const WeightSource& plain, const SmoothedSource& smoothed, const GroupSmoothing& group,
              const std::map<std::string, DType>& dtypes)
      : m_s(group.factors.s), m_offset(group.fold.normOffset) {
    if (group.fold.kind != FoldKind::Norm) return;
    const auto weight = dtypes.find(group.fold.producer), bias = dtypes.find(group.fold.bias);
    if (weight == dtypes.end() || !isRoundable(weight->second)) return;
    m_gain = plain.readVector(group.fold.producer);
    m_roundedGain = rounded(smoothed.readVector(group.fold.producer), weight->second, m_sums);
    if (bias == dtypes.end() || !isRoundable(bias->second)) return;
    m_bias = plain.readVector(group.fold.bias);
    m_roundedBias = rounded(smoothed.readVector(group.fold.bias), bias->second, m_sums);
  }

  std::vector<float> exact(std::span<const float> x) const {
    std::vector<float> y(x.begin(), x.end());
    for (std::size_t i = 0; i < y.size(); ++i) y[i] /= m_s[i % m_s.size()];
    return y;
  }

  /// x = g z + b becomes g' z + b'.
  std::vector<float> roundedNorm(std::span<const float> x) const {
    std::vector<float> y = exact(x);
    if (m_gain.size() != m_s.size()) return y;
    const bool hasBias = m_bias.size() == m_s.size();
    for (std::size_t i = 0; i < y.size(); ++i) {
      const std::size_t j = i % m_s.size();
      const float gain = m_offset + m_gain[j], bias = hasBias ? m_bias[j] : 0.0f;
      const float z = gain != 0 ? (x[i] - bias) / gain : 0.0f;
      y[i] = (m_offset + m_roundedGain[j]) * z + (hasBias ? m_roundedBias[j] : 0.0f);
    }
    return y;
  }
  const RoundingSums& sums() const { return m_sums; }

 private:
  const std::vector<float>& m_s;
  float m_offset;
  std::vector<float> m_gain, m_roundedGain, m_bias, m_roundedBias;
  RoundingSums m_sums;
};

/// Rounding of the rows of a linear that takes 1/S.
RoundingSums producerRounding(const SmoothedSource& smoothed, const Linear& producer, DType dtype,
                              JobContext& job) {
  RoundingSums sums;
  for (std::int64_t row = 0; row < producer.out(); row += kTileRows) {
    const std::int64_t end = std::min(producer.out(), row + kTileRows);
    std::vector<float> rows(static_cast<std::size_t>((end - row) * producer.in()));
    smoothed.readRows(producer.matrix, row, end, rows);
    rounded(std::move(rows), dtype, sums);
    smoothed.release(producer.matrix, row, end);
    job.step();
  }
  return sums;
}

}  // namespace

double sampleWeight(const ActivationStats& sample) {
  const double count = static_cast<double>(sample.sample.count());
  const double seen = static_cast<double>(sample.all.tokens);
  return seen > 0 && count > 0 ? seen / count : 1;
}

std::map<LinearId, double> outputEnergies(const WeightSource& source, const Model& model,
                                          const ReaderSamples& samples, JobContext& job) {
  std::map<LinearId, double> energies;
  for (const auto& [id, stats] : samples)
    energies[id] = energyOf(outputs(source, model.linears[id], stats->sample, stats->sample.values, job));
  return energies;
}

SmoothingResidual smoothingResidual(const std::shared_ptr<const WeightSource>& source, const Model& model,
                                    std::string_view configJson, const GroupSmoothing& group,
                                    const std::map<std::string, DType>& dtypes, const ReaderSamples& samples,
                                    JobContext& job) {
  const SmoothedSource smoothed(source, model, configJson, {{group.group, group.factors.s}});
  const FoldedInput input(*source, smoothed, group, dtypes);
  double energy = 0, exact = 0, roundedSum = 0;
  bool isRoundedKnown = true;
  for (const auto& [id, stats] : samples) {
    const Linear& reader = model.linears[id];
    const std::span<const float> x = stats->sample.values;
    const double weight = sampleWeight(*stats);
    const std::vector<float> y = outputs(*source, reader, stats->sample, x, job);
    energy += weight * energyOf(y);
    exact += weight * distance(outputs(smoothed, reader, stats->sample, input.exact(x), job), y);
    isRoundedKnown = isRoundedKnown && isRoundable(reader.dtype);
    if (!isRoundedKnown) continue;
    const RoundedSource file(smoothed, reader.dtype);
    roundedSum += weight * distance(outputs(file, reader, stats->sample, input.roundedNorm(x), job), y);
  }
  SmoothingResidual residual;
  if (energy > 0) residual.exact = std::sqrt(exact / energy);
  if (isRoundedKnown) residual.rounded = energy > 0 ? std::sqrt(roundedSum / energy) : 0;
  if (group.fold.kind == FoldKind::Norm) {
    if (input.sums().values > 0) residual.producer = input.sums().relativeFrobenius();
  } else if (const auto id = model.find(group.fold.producer)) {
    const Linear& producer = model.linears[*id];
    if (isRoundable(producer.dtype))
      residual.producer = producerRounding(smoothed, producer, producer.dtype, job).relativeFrobenius();
  }
  return residual;
}

}  // namespace ql
