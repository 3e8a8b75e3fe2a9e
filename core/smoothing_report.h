#pragma once
// What smoothing would do to a model, group by group, and how it gets into a plan. The work is
// Workspace::smoothingReport().
#include "core/base/evidence.h"
#include "core/plan/plan.h"
#include "core/quant/scheme.h"
#include "core/smooth/smoothing.h"

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace ql {

struct SmoothingReportRequest {
  std::vector<std::size_t>
      groups;  // indices of Model::smoothingGroups; empty = all with a reader that can be quantized
  SmoothingOptions options;
  bool isSearch = false;        // alpha over 0, 0.05 .. 1 by the joint error, instead of options.alpha
  Choice choice;                // what the readers are measured under
  std::set<std::string> locks;  // linears that must not change: their groups are left out
};

/// Output error of all quantizable readers of a group together: sqrt(sum of squared errors / sum of squared
/// outputs) on the token samples, readers of few tokens (experts) counting by the tokens they see. Empty: the
/// sample does not support it.
struct JointError {
  std::optional<double> w, a, wa;
};

struct AlphaError {
  double alpha = 0;
  JointError error;
};

/// What folding itself costs, without quantization: relative Frobenius, fractions.
struct SmoothingResidual {
  double exact = 0;                // of the readers' outputs on the sample, all in float32
  std::optional<double> rounded;   // the same with readers and norm rounded to the file's dtypes
  std::optional<double> producer;  // how far that rounding moves the producer's own weights
};

struct GroupSmoothing {
  std::size_t group = 0;
  std::string producer;
  std::vector<std::string> readers;
  FoldTarget fold;
  std::string problem;  // why there are no factors, as one clause; empty = there are
  double alpha = 0.5;
  SmoothingFactors factors;
  float leastFactor = 1, medianFactor = 1, largestFactor = 1;
  std::optional<JointError> before, after;  // empty without token samples
  std::vector<AlphaError> curve;            // of a search
  std::optional<SmoothingResidual> residual;
  Evidence evidence;  // of errors and residual: n = tokens of the group's sample
};

struct SmoothingReport {
  SmoothingReportRequest request;
  std::vector<GroupSmoothing> groups;  // in network order
  std::size_t usableCount() const;     // groups with factors
};

/// Smoothing groups in network order with at least one reader of `linears` that can be quantized; the final
/// norm in front of the head is none of them.
std::vector<std::size_t> smoothingGroupsOf(const Model& model, std::span<const LinearId> linears);

/// The plan with an entry for every group that has factors, in place of earlier entries of the same
/// producers. `scales` is the file of the factors as it should be spelled in the plan; each entry names its
/// tensor in it (the producer).
QuantizationPlan withSmoothing(QuantizationPlan plan, const SmoothingReport& report,
                               const std::string& scales);

}  // namespace ql
