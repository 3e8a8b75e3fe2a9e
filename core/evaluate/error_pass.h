#pragma once
// One pass over a matrix that sums the errors of several schemes. Not for what the sums mean
// (layer_error.cpp).
#include "core/evaluate/error_kernel.h"
#include "core/evaluate/layer_error.h"
#include "core/io/weight_source.h"
#include "core/jobs/job_context.h"
#include "core/quant/quantizer.h"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace ql {

/// Sums over the finite weights.
struct WeightSums {
  std::vector<double> columnEnergy;  // [in] sum over rows of w^2
  std::vector<float> columnAbsmax;   // [in]
  double sumAbs = 0;
  std::uint64_t count = 0, zeros = 0;
};

/// Sums of one scheme over the finite weights; D = Q(W) - W.
struct SchemeSums {
  std::vector<double> columnError;  // [in] sum over rows of D^2
  double sumAbs = 0;                // of |D|
  double maxAbs = 0;
  std::uint64_t zeroCodes = 0;               // weights, zeros among them, whose code is that of zero
  std::optional<double> bitsPerWeight = {};  // of the quantizer, when it depends on the weights
  std::vector<Fallback> fallbacks = {};
};

struct ErrorSums {
  WeightSums weights;
  std::vector<SchemeSums> schemes;
};

/// Columns' extremes for schemes whose parts span rows, in a pass of its own.
MatrixRange measureRange(const WeightSource& source, const MatrixRef& matrix, JobContext& job);
std::uint64_t measureRangeUnits(const MatrixRef& matrix);

/// Sums for all schemes, read once; a scheme whose bands of rows do not fit fixed tiles of 128 rows gets a
/// pass of its own. `range` may be null when no scheme needs it. Bit-identical for any thread count; a row of
/// the matrix is one unit of progress per pass and byte stored (4 bytes an element). Cost: memory O(threads *
/// (128 rows + schemes * in)).
ErrorSums sumErrors(const WeightSource& source, const ErrorInput& input,
                    std::span<const WeightScheme> schemes, const MatrixRange* range, JobContext& job);

/// The scheme as the SIMD kernels know it, when its parts lie inside rows or are the whole matrix (`range` of
/// which is needed only then).
std::optional<StripScheme> stripScheme(const WeightScheme& scheme, std::int64_t in, const MatrixRange* range);

std::uint64_t sumErrorUnits(const MatrixRef& matrix, std::span<const WeightScheme> schemes);

/// The same sums for rows already in memory, without SIMD: the exact path, and what the fast one is tested
/// against.
void addErrorsExactly(const RowQuantizer& quantizer, std::int64_t rowBegin, std::span<const float> rows,
                      std::size_t in, SchemeSums& sums);
void addWeightsExactly(std::span<const float> rows, std::size_t in, WeightSums& sums);

}  // namespace ql
