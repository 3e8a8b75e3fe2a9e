#pragma once
// What folding S into a smoothing group does to the outputs of its readers when nothing is quantized.
// Internal to core/workspace*.cpp.
#include "core/jobs/job_context.h"
#include "core/smoothing_report.h"

#include <map>
#include <memory>
#include <string_view>

namespace ql {

/// Token samples of the readers, by linear; readers without one are left out of the sums.
using ReaderSamples = std::map<LinearId, std::shared_ptr<const ActivationStats>>;

/// The weight of a reader's sums in a joint figure: tokens it sees over tokens in its sample.
double sampleWeight(const ActivationStats& sample);

/// |X W^T|^2 of each reader on its sample. Memory: sample x out. Throws what the source throws.
std::map<LinearId, double> outputEnergies(const WeightSource& source, const Model& model,
                                          const ReaderSamples& samples, JobContext& job);

/// Runs X W^T as it is, with S folded in, and with that rounded to the file's dtypes. `dtypeOf` gives the
/// dtype of a tensor that the checkpoint has, else nothing. Throws what the source throws.
SmoothingResidual smoothingResidual(const std::shared_ptr<const WeightSource>& source, const Model& model,
                                    std::string_view configJson, const GroupSmoothing& group,
                                    const std::map<std::string, DType>& dtypes, const ReaderSamples& samples,
                                    JobContext& job);

}  // namespace ql
