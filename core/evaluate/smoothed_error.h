#pragma once
// What smoothing would leave of a linear's output errors, before anything is folded in.
#include "core/evaluate/output_error.h"

#include <span>
#include <vector>

namespace ql {

/// Output errors under several choices with columns of W times S and channels of X divided by it, S [in] of
/// the linear's smoothing group. Needs a token sample; w is that of the sample too. input.activations, for
/// methods that need data, are of X as it is. Steps the job by
/// smoothedOutputUnits(). Throws like measureOutputErrors(), Error(Shape) when S has another length.
std::vector<OutputError> smoothedOutputErrors(const WeightSource& source, const ErrorInput& input,
                                              std::span<const Choice> choices, std::span<const float> s,
                                              const ActivationStats& activations, JobContext& job);
std::uint64_t smoothedOutputUnits(const ErrorInput& input, std::span<const Choice> choices,
                                  const ActivationStats& activations);

}  // namespace ql
