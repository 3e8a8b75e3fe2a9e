#pragma once
// Parallel loops whose result does not depend on the number of threads: split by the data, merge in block
// order.
#include "core/jobs/job_context.h"

#include <cstdint>
#include <functional>

namespace ql {

/// Calls body(block) for every block in [0, count), on the context's arena, in no fixed order. Exceptions of
/// any body cancel the rest and are rethrown (the first by block order that was caught).
void parallelFor(JobContext& job, std::int64_t count, const std::function<void(std::int64_t)>& body);

/// As parallelFor, but merge(block) is called in strictly ascending block order, one at a time, after
/// body(block). At most `window` blocks (0 = 4 x threads) are between body and merge, so memory stays
/// bounded.
void parallelForOrdered(JobContext& job, std::int64_t count, const std::function<void(std::int64_t)>& body,
                        const std::function<void(std::int64_t)>& merge, int window = 0);

}  // namespace ql
