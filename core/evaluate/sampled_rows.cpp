#include "core/evaluate/sampled_rows.h"

#include "core/evaluate/kernel_scheme.h"
#include "core/evaluate/smoothing_kernel.h"
#include "core/evaluate/token_kernel.h"
#include "core/jobs/parallel_for.h"
#include "core/linalg/gemm.h"

#include <algorithm>
#include <cmath>

namespace ql {
namespace {

constexpr std::int64_t kChunkRows = 8, kSumRows = 64;

std::int64_t chunksOf(std::size_t count, std::int64_t size) {
  return (static_cast<std::int64_t>(count) + size - 1) / size;
}

MatrixRange scaled(const MatrixRange& range, std::span<const float> s) {
  MatrixRange result = range;
  for (std::size_t j = 0; j < s.size(); ++j) {
    result.columnMin[j] *= s[j];
    result.columnMax[j] *= s[j];
  }
  return result;
}

}  // namespace

void SampledRows::read(const WeightSource& source, JobContext& job) {
  weights.resize(rows.size() * width());
  parallelFor(job, static_cast<std::int64_t>(rows.size()), [&](std::int64_t i) {
    const std::int64_t row = rows[static_cast<std::size_t>(i)].row;
    const auto values = std::span(weights).subspan(static_cast<std::size_t>(i) * width(), width());
    source.readRows(matrix, row, row + 1, values);
    for (float& v : values) v = std::isfinite(v) ? v : 0.0f;
  });
  source.check(matrix);
}

std::vector<SampledRow> sampleOf(const std::vector<float>& scores, std::int64_t count) {
  if (count < static_cast<std::int64_t>(scores.size())) return stratifiedRows(scores, count);
  std::vector<SampledRow> all;
  for (std::size_t r = 0; r < scores.size(); ++r) all.push_back({static_cast<std::int64_t>(r), -1, 1});
  return all;
}

std::unique_ptr<PreviewScratch> PreviewScratchPool::take() {
  const std::lock_guard lock(m_mutex);
  if (m_free.empty()) return std::make_unique<PreviewScratch>();
  std::unique_ptr<PreviewScratch> scratch = std::move(m_free.back());
  m_free.pop_back();
  return scratch;
}

void PreviewScratchPool::giveBack(std::unique_ptr<PreviewScratch> scratch) {
  const std::lock_guard lock(m_mutex);
  if (m_free.empty()) m_free.push_back(std::move(scratch));
}

void roundingErrors(const SampledRows& sample, const WeightScheme& scheme, std::span<const float> s,
                    std::vector<float>& d, JobContext& job) {
  const MatrixRange range = scaled(sample.range, s);
  const auto quantizer = makeRowQuantizer(scheme, {sample.matrix.out, sample.matrix.in, &range});
  const std::optional<StripScheme> strips = stripScheme(*quantizer, sample.matrix.in);
  d.resize(sample.weights.size());
  const std::size_t in = sample.width(), count = sample.rows.size();
  parallelFor(job, chunksOf(count, kChunkRows), [&](std::int64_t chunk) {
    const std::size_t begin = static_cast<std::size_t>(chunk * kChunkRows);
    const std::size_t end = std::min(count, begin + static_cast<std::size_t>(kChunkRows));
    const float* w = &sample.weights[begin * in];
    if (strips) {
      quantizeScaledRows(*strips, {w, s.data(), end - begin, in, &d[begin * in]});
    } else {
      std::vector<float> row(in);
      for (std::size_t r = begin; r < end; ++r) {
        scaleRows({&sample.weights[r * in], s.data(), 1, in, row.data()});
        quantizer->apply(sample.rows[r].row, 1, row, std::span(d).subspan(r * in, in), {});
      }
    }
    subtractScaledRows(w, s.data(), end - begin, in, &d[begin * in]);
    job.step();
  });
}

void sampleProduct(std::span<const float> x, std::span<const float> w, std::size_t in, std::vector<float>& y,
                   JobContext& job) {
  const auto columns = static_cast<std::int64_t>(in);
  const auto tokens = static_cast<std::int64_t>(x.size() / in),
             rows = static_cast<std::int64_t>(w.size() / in);
  y.resize(static_cast<std::size_t>(tokens * rows));
  multiplyTransposed({x.data(), tokens, columns, columns}, {w.data(), rows, columns, columns},
                     {y.data(), tokens, rows, rows}, job);
}

std::vector<double> rowSquares(const std::vector<float>& y, std::span<const float> other, std::size_t rows,
                               JobContext& job) {
  std::vector<double> sums(rows, 0.0);
  const std::size_t tokens = rows > 0 ? y.size() / rows : 0;
  parallelFor(job, chunksOf(rows, kSumRows), [&](std::int64_t chunk) {
    const std::size_t begin = static_cast<std::size_t>(chunk * kSumRows);
    const std::size_t end = std::min(rows, begin + static_cast<std::size_t>(kSumRows));
    addSquares(y.data() + begin, other.empty() ? nullptr : other.data() + begin, tokens, end - begin, rows,
               &sums[begin]);
  });
  return sums;
}

}  // namespace ql
