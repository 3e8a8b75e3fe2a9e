#pragma once
// The two halves of summarize(), for the accumulator, which has a job. Internal to stats/.
#include "core/jobs/job_context.h"
#include "core/stats/activation_stats.h"

namespace ql {

/// medianAbs from the sample; in parallel with a job.
void fillMedians(ActivationStats& stats, JobContext* job);
/// summary from everything but the sample.
void summarizeScalars(ActivationStats& stats);

}  // namespace ql
