#pragma once
// A whole matrix as one part that is read in pieces.
#include "core/io/weight_source.h"
#include "core/jobs/job_context.h"
#include "core/quant/range_search.h"

#include <vector>

namespace ql {

/// Sums over the finite weights, one read of the matrix a call; pieces are merged in the order of the rows,
/// so that the bits do not depend on the number of threads. `columnWeights` [in] or empty; all must outlive
/// the pass. Throws what the source throws; Cancelled.
PartPass matrixPass(const WeightSource& source, const MatrixRef& matrix,
                    const std::vector<float>& columnWeights, JobContext& job);

}  // namespace ql
