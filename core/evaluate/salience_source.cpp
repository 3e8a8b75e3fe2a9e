#include "core/evaluate/salience_source.h"

#include "core/base/error.h"
#include "core/jobs/parallel_for.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>

namespace ql {
namespace {

constexpr std::int64_t kBlockValues = std::int64_t{1} << 18;
constexpr int kPasses = 3;
constexpr std::size_t kBins = std::size_t{1} << 16;

using Counts = std::vector<std::uint64_t>;

std::int64_t rowsOfBlock(const MatrixRef& matrix) {
  return std::max<std::int64_t>(1, kBlockValues / std::max<std::int64_t>(1, matrix.in));
}

/// Calls body(block, values) for blocks of rows in parallel and merge(block) in their order.
void forBlocks(const WeightSource& source, const MatrixRef& matrix, JobContext& job,
               const std::function<void(std::int64_t, std::span<const float>)>& body,
               const std::function<void(std::int64_t)>& merge) {
  const std::int64_t rows = rowsOfBlock(matrix);
  const auto read = [&](std::int64_t block) {
    const std::int64_t begin = block * rows, end = std::min(matrix.out, begin + rows);
    std::vector<float> values(static_cast<std::size_t>((end - begin) * matrix.in));
    source.readRows(matrix, begin, end, values);
    body(block, values);
    source.release(matrix, begin, end);
    job.step(values.size());
  };
  parallelForOrdered(job, (matrix.out + rows - 1) / rows, read, merge);
}

/// Counts of bins of the positive finite values, `bin` < 0 leaves one out.
Counts countBins(const WeightSource& source, const MatrixRef& matrix, JobContext& job,
                 const std::function<std::int64_t(std::uint32_t bits)>& bin) {
  const std::int64_t rows = rowsOfBlock(matrix);
  std::vector<Counts> partial(static_cast<std::size_t>((matrix.out + rows - 1) / rows));
  Counts total(kBins, 0);
  forBlocks(
      source, matrix, job,
      [&](std::int64_t block, std::span<const float> values) {
        Counts& counts = partial[static_cast<std::size_t>(block)];
        counts.assign(kBins, 0);
        for (const float value : values) {
          if (!(value > 0) || std::isinf(value)) continue;
          const std::int64_t at = bin(std::bit_cast<std::uint32_t>(value));
          if (at >= 0) ++counts[static_cast<std::size_t>(at)];
        }
      },
      [&](std::int64_t block) {
        Counts& counts = partial[static_cast<std::size_t>(block)];
        for (std::size_t i = 0; i < kBins; ++i) total[i] += counts[i];
        counts = {};
      });
  return total;
}

/// The highest bin such that it and those above it hold `wanted` values, which becomes what is still wanted
/// of that bin; the lowest bin with values when there are fewer.
std::uint32_t binOf(const Counts& counts, std::uint64_t& wanted) {
  std::uint32_t lowest = 0;
  for (std::size_t i = kBins; i-- > 0;) {
    if (counts[i] == 0) continue;
    lowest = static_cast<std::uint32_t>(i);
    if (counts[i] >= wanted) return lowest;
    wanted -= counts[i];
  }
  wanted = counts[lowest];
  return lowest;
}

struct MaskPart {
  std::uint64_t count = 0;
  double inside = 0, all = 0;
  std::vector<std::uint32_t> columns;
};

void measureMask(const WeightSource& source, const MatrixRef& matrix, SalienceMask& mask, JobContext& job) {
  const std::int64_t rows = rowsOfBlock(matrix);
  const auto in = static_cast<std::size_t>(matrix.in);
  std::vector<MaskPart> parts(static_cast<std::size_t>((matrix.out + rows - 1) / rows));
  double inside = 0, all = 0;
  mask.columnCounts.assign(in, 0);
  forBlocks(
      source, matrix, job,
      [&](std::int64_t block, std::span<const float> values) {
        MaskPart& part = parts[static_cast<std::size_t>(block)];
        part.columns.assign(in, 0);
        for (std::size_t i = 0; i < values.size(); ++i) {
          const float value = values[i];
          if (!(value > 0) || std::isinf(value)) continue;
          part.all += static_cast<double>(value);
          if (value < mask.threshold) continue;
          part.inside += static_cast<double>(value);
          ++part.count;
          ++part.columns[i % in];
        }
      },
      [&](std::int64_t block) {
        MaskPart& part = parts[static_cast<std::size_t>(block)];
        inside += part.inside;
        all += part.all;
        mask.count += part.count;
        for (std::size_t j = 0; j < in; ++j) mask.columnCounts[j] += part.columns[j];
        part = {};
      });
  mask.share = all > 0 ? inside / all : 0;
  mask.columns = static_cast<std::int64_t>(in) - std::ranges::count(mask.columnCounts, 0u);
}

}  // namespace

SalienceSource::SalienceSource(std::shared_ptr<const WeightSource> inner, std::vector<double> factors,
                               float threshold)
    : m_inner(std::move(inner)), m_factors(std::move(factors)), m_threshold(threshold) {}

void SalienceSource::readRows(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd,
                              std::span<float> out) const {
  if (matrix.in != static_cast<std::int64_t>(m_factors.size()))
    throw Error(ErrorCode::Shape, "The matrix has " + std::to_string(matrix.in) + " columns, its salience " +
                                      std::to_string(m_factors.size()) + ".");
  m_inner->readRows(matrix, rowBegin, rowEnd, out);
  const std::size_t in = m_factors.size();
  for (std::size_t begin = 0; begin < out.size(); begin += in)
    for (std::size_t j = 0; j < in; ++j) {
      float& value = out[begin + j];
      const double w = static_cast<double>(value);
      value = m_factors[j] == 0 ? 0.0f : static_cast<float>(w * w * m_factors[j]);
      if (value < m_threshold) value = 0;  // a NaN stays
    }
}

void SalienceSource::release(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd) const {
  m_inner->release(matrix, rowBegin, rowEnd);
}

void SalienceSource::check(const MatrixRef& matrix) const {
  m_inner->check(matrix);
}

std::uint64_t maskUnits(const MatrixRef& matrix) {
  return static_cast<std::uint64_t>(kPasses) * static_cast<std::uint64_t>(matrix.out) *
         static_cast<std::uint64_t>(matrix.in);
}

SalienceMask salienceMask(const WeightSource& salience, const MatrixRef& matrix, double fraction,
                          JobContext& job) {
  if (!(fraction > 0 && fraction <= 1))
    throw Error(ErrorCode::Usage,
                "The share of weights in a mask is more than 0 and at most 1 (0.01 = 1 %).");
  SalienceMask mask;
  mask.fraction = fraction;
  const double weights = static_cast<double>(matrix.out) * static_cast<double>(matrix.in);
  auto wanted = static_cast<std::uint64_t>(std::ceil(fraction * weights));
  if (wanted == 0) return mask;
  const Counts upper = countBins(salience, matrix, job,
                                 [](std::uint32_t bits) { return static_cast<std::int64_t>(bits >> 16); });
  const std::uint32_t high = binOf(upper, wanted);
  const Counts lower = countBins(salience, matrix, job, [high](std::uint32_t bits) {
    return bits >> 16 == high ? static_cast<std::int64_t>(bits & 0xffffu) : std::int64_t{-1};
  });
  mask.threshold = std::bit_cast<float>(high << 16 | binOf(lower, wanted));
  measureMask(salience, matrix, mask, job);
  return mask;
}

}  // namespace ql
