#pragma once
// Methods that decide for many linears of a plan at once: the fewest linears that need groups, integers or
// floats (MoFQ), output or input channels (AdaDim). Every decision carries the figures it rests on.
#include "core/evaluate/mofq.h"
#include "core/plan/plan_edit.h"
#include "core/workspace.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ql {

enum class AutoMethod : std::uint8_t { FewestLayers, Mofq, AdaDim };
std::string_view autoMethodName(AutoMethod method);  // "fewest-layers"
std::optional<AutoMethod> autoMethodFromName(std::string_view name);
std::string_view autoMethodSentence(AutoMethod method);
std::string_view autoMethodSource(AutoMethod method);
const std::vector<AutoMethod>& autoMethods();

struct AutoRequest {
  AutoMethod method = AutoMethod::FewestLayers;
  std::vector<LinearId> linears;  // empty = every one that the plan quantizes; fused siblings come along
  // Fewest layers
  double target = 0.02;  // of the error, a fraction
  std::vector<std::int64_t> groupSizes{128, 64, 32, 16};
  // MoFQ
  MofqLoss loss = MofqLoss::Tensor;
  std::string floatFormat;  // empty = the usual one of the bits
  bool splitFused = false;  // a verdict for each of q, k, v instead of one for all
  // AdaDim
  bool isBlockLoss = false;  // by the output of the block, on this text
  TextSource text;
  WindowOptions windows;
};

struct AutoCandidate {
  Choice choice;
  std::optional<double> error;
};

enum class AutoOutcome : std::uint8_t {
  Changed,      // another choice
  Kept,         // the present choice is the method's
  WithSibling,  // another choice because fused siblings share it
  OutOfReach,   // fewest layers: no candidate brings it under the target
  Locked,       // would change, but the plan locks it or a fused sibling
  NotMeasured   // `note` says why
};
std::string_view autoOutcomeName(AutoOutcome outcome);  // "out_of_reach"

struct AutoDecision {
  LinearId id = 0;
  Choice before, after;
  std::string figure;                     // field key of the errors: "output_rel_wa", "block_output_rel"
  std::optional<double> error;            // under `before`; fewest layers only
  std::vector<AutoCandidate> candidates;  // fewest layers: cheapest first, none when not tried; mofq:
                                          // integers, floats; adadim: output, input channels
  std::optional<std::size_t> verdict;     // the candidate the method took
  AutoOutcome outcome = AutoOutcome::NotMeasured;
  bool isFlagged = false;  // fewest layers: a few columns set the scales (criteria a and b of a diagnosis)
  std::string note;        // one clause, or empty
  Evidence evidence;       // of the errors
};

struct AutoReport {
  AutoRequest request;
  std::vector<AutoDecision> decisions;  // in network order
  std::size_t count(AutoOutcome outcome) const;
  /// Linears whose choice changes.
  std::size_t changes() const;
};

/// Measures what the method needs and decides. Linears without a weight scheme are left out. Throws
/// Error(Unsupported) when no linear has the figures that the method compares, saying what would give them;
/// Error(Usage) for options that contradict themselves; Cancelled.
AutoReport decideAutomatically(Workspace& workspace, const QuantizationPlan& plan, const AutoRequest& request,
                               JobContext& job);

/// The plan with these decisions' changes, those of locked and ignored linears passed over.
EditResult applyDecisions(const QuantizationPlan& plan, const Model& model,
                          std::span<const AutoDecision> decisions);

}  // namespace ql
