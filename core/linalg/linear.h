#pragma once
// Y = X W^T + b with W read strip by strip from any WeightSource, so that no copy of W is ever whole in
// memory.
#include "core/io/weight_source.h"
#include "core/linalg/gemm.h"

#include <cstdint>
#include <span>

namespace ql {

/// y [tokens, out] = x [tokens, in] W^T (+ bias [out] unless empty). Strips of rows are widened to float32
/// inside the tasks and given back to the page cache with release(); scratch of 3 MiB a thread, 16 MiB or 128
/// rows for a matrix that is computed or transposed. Same bits for any thread count. Counts no work on `job`.
/// Throws what the source throws, Error(Shape) when the spans do not fit.
void applyLinear(const WeightSource& source, const MatrixRef& matrix, std::span<const float> bias,
                 std::int64_t tokens, std::span<const float> x, std::span<float> y, JobContext& job);

}  // namespace ql
