#include "core/evaluate/sample_products.h"

#include "core/base/error.h"
#include "core/jobs/parallel_for.h"
#include "core/linalg/gemm.h"
#include "core/quant/activation_quantizer.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ql {
namespace {

constexpr std::size_t kChunk = 16;

double difference(float a, float b) {
  return static_cast<double>(a) - static_cast<double>(b);
}

}  // namespace

std::vector<float> finiteTokens(const TokenSample& sample, std::size_t in) {
  const std::size_t count = static_cast<std::size_t>(sample.count());
  if (count > 0 && (sample.values.size() / count != in || sample.values.size() % count != 0)) {
    throw Error(ErrorCode::Shape, "The token sample holds " + std::to_string(sample.values.size()) +
                                      " values for " + std::to_string(count) + " tokens of " +
                                      std::to_string(in) +
                                      " channels; calibrate again, or import the activations again.");
  }
  std::vector<float> values;
  values.reserve(sample.values.size());
  for (std::size_t t = 0; t < count; ++t) {
    const auto token = std::span(sample.values).subspan(t * in, in);
    if (std::all_of(token.begin(), token.end(), [](float v) { return std::isfinite(v); }))
      values.insert(values.end(), token.begin(), token.end());
  }
  return values;
}

ActivationRange rangeOfTokens(std::span<const float> sample, std::size_t in) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  ActivationRange range{std::vector<float>(in, kInfinity), std::vector<float>(in, -kInfinity)};
  for (std::size_t i = 0; i < sample.size(); ++i) {
    range.min[i % in] = std::min(range.min[i % in], sample[i]);
    range.max[i % in] = std::max(range.max[i % in], sample[i]);
  }
  return range;
}

std::optional<ActivationRange> calibratedRange(const ActivationStats& activations, std::size_t in) {
  const ChannelMoments& all = activations.all;
  if (all.min.size() == in && all.max.size() == in) return ActivationRange{all.min, all.max};
  if (all.absmax.size() != in || in == 0) return std::nullopt;
  ActivationRange range{all.absmax, all.absmax};
  for (float& value : range.min) value = -value;
  return range;
}

SampleProducts::SampleProducts(const ActivationStats& activations, std::span<const ActScheme> schemes,
                               std::size_t rows, JobContext* job)
    : m_in(static_cast<std::size_t>(activations.width)),
      m_rowCount(rows),
      m_sample(finiteTokens(activations.sample, m_in)) {
  m_tokens = m_in > 0 ? m_sample.size() / m_in : 0;
  std::optional<ActivationRange> range;
  const auto tokens = static_cast<std::int64_t>(m_tokens);
  for (const ActScheme& scheme : schemes) {
    if (wantsActivationRange(scheme) && !range) {
      range = calibratedRange(activations, m_in);
      m_usesSampleRange = !range;
      if (!range) range = rangeOfTokens(m_sample, m_in);
    }
    std::vector<float>& quantized = m_quantized.emplace_back(m_sample);
    const ActivationQuantizer quantizer(scheme, activations.width, range ? &*range : nullptr, job);
    const auto batch = quantizer.examine(tokens, quantized);
    quantizer.apply(*batch, tokens, quantized);
    std::vector<float>& change = m_changes.emplace_back(quantized);
    for (std::size_t i = 0; i < change.size(); ++i) change[i] -= m_sample[i];
  }
  m_energy = emptySums();
  m_errors.assign(schemes.size(), emptySums());
}

ProductSums SampleProducts::emptySums() const {
  return {std::vector<double>(m_tokens, 0.0), std::vector<double>(m_rowCount, 0.0)};
}

void SampleProducts::beginTile(std::size_t firstRow, std::span<const float> w,
                               std::span<const double> weights, JobContext& job) {
  QL_ASSERT(w.size() == weights.size() * m_in && firstRow + weights.size() <= m_rowCount);
  m_firstRow = firstRow;
  m_weights = weights;
  m_outputs.resize(m_tokens * weights.size());
  m_scratch.resize(m_outputs.size());
  multiply(m_sample, w, m_outputs, job);
  compare(m_outputs, false, m_energy, job);
  for (std::size_t s = 0; s < m_changes.size(); ++s) {
    multiply(m_changes[s], w, m_scratch, job);
    compare(m_scratch, false, m_errors[s], job);
  }
}

void SampleProducts::addQuantized(std::size_t scheme, std::span<const float> q, ProductSums& sums,
                                  JobContext& job) {
  multiply(m_quantized[scheme], q, m_scratch, job);
  compare(m_scratch, true, sums, job);
}

void SampleProducts::addDifference(std::span<const float> d, ProductSums& sums, JobContext& job) {
  multiply(m_sample, d, m_scratch, job);
  compare(m_scratch, false, sums, job);
}

void SampleProducts::multiply(std::span<const float> x, std::span<const float> w, std::span<float> y,
                              JobContext& job) {
  const auto tokens = static_cast<std::int64_t>(m_tokens), in = static_cast<std::int64_t>(m_in);
  const auto rows = static_cast<std::int64_t>(m_weights.size());
  multiplyTransposed({x.data(), tokens, in, in}, {w.data(), rows, in, in}, {y.data(), tokens, rows, rows},
                     job);
}

void SampleProducts::compare(std::span<const float> y, bool isDifference, ProductSums& sums,
                             JobContext& job) {
  const std::size_t rows = m_weights.size();
  const auto errorAt = [&](std::size_t t, std::size_t r) {
    return difference(y[t * rows + r], isDifference ? m_outputs[t * rows + r] : 0.0f);
  };
  const auto count = [](std::size_t n) { return static_cast<std::int64_t>((n + kChunk - 1) / kChunk); };
  parallelFor(job, count(m_tokens), [&](std::int64_t chunk) {
    const std::size_t begin = static_cast<std::size_t>(chunk) * kChunk;
    for (std::size_t t = begin; t < std::min(m_tokens, begin + kChunk); ++t) {
      double sum = 0;
      for (std::size_t r = 0; r < rows; ++r) sum += m_weights[r] * errorAt(t, r) * errorAt(t, r);
      sums.tokens[t] += sum;
    }
  });
  parallelFor(job, count(rows), [&](std::int64_t chunk) {
    const std::size_t begin = static_cast<std::size_t>(chunk) * kChunk, end = std::min(rows, begin + kChunk);
    for (std::size_t t = 0; t < m_tokens; ++t)
      for (std::size_t r = begin; r < end; ++r) sums.rows[m_firstRow + r] += errorAt(t, r) * errorAt(t, r);
  });
}

}  // namespace ql
