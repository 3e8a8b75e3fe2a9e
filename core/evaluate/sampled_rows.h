#pragma once
// Some rows of a matrix in memory, and the three things a preview does with them again and again: round,
// multiply, sum. Internal to sampled_readers.cpp and linear_preview.cpp.
#include "core/evaluate/row_sample.h"
#include "core/io/weight_source.h"
#include "core/jobs/job_context.h"
#include "core/quant/quantizer.h"

#include <memory>
#include <mutex>
#include <span>
#include <vector>

namespace ql {

struct SampledRows {
  MatrixRef matrix;
  MatrixRange range;  // of all rows
  std::vector<SampledRow> rows;
  std::vector<float> weights;  // [rows, in], 0 for what is not finite

  std::size_t width() const { return static_cast<std::size_t>(matrix.in); }
  /// Reads `rows` into `weights`.
  void read(const WeightSource& source, JobContext& job);
};

/// All rows of a short matrix, else a stratified sample by score.
std::vector<SampledRow> sampleOf(const std::vector<float>& scores, std::int64_t count);

/// Buffers that steps borrow in turn: memory that is new each time costs more than what is done in it.
struct PreviewScratch {
  std::vector<float> rounded, activations, product;
};
class PreviewScratchPool {
 public:
  std::unique_ptr<PreviewScratch> take();
  void giveBack(std::unique_ptr<PreviewScratch> scratch);

 private:
  std::mutex m_mutex;
  std::vector<std::unique_ptr<PreviewScratch>> m_free;
};

/// d = Q(W S) - W S of the rows, S [in].
void roundingErrors(const SampledRows& sample, const WeightScheme& scheme, std::span<const float> s,
                    std::vector<float>& d, JobContext& job);

/// y [tokens, rows] = x w^T, x [tokens, in], w [rows, in].
void sampleProduct(std::span<const float> x, std::span<const float> w, std::size_t in, std::vector<float>& y,
                   JobContext& job);

/// |y + other|^2 by row, y and other [tokens, rows]; `other` may be empty.
std::vector<double> rowSquares(const std::vector<float>& y, std::span<const float> other, std::size_t rows,
                               JobContext& job);

}  // namespace ql
