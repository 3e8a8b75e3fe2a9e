#pragma once
// W8A8 mixed per-channel and per-group: the fewest linears whose change brings each under the target. Works
// on figures that were measured; knows no weights.
#include "core/quant/scheme.h"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace ql {

struct FewestCandidate {
  Choice choice;
  std::optional<double> figure;  // the linear's error under it; nothing = not measured
};

/// One linear with its error under the present choice and under cheaper-first candidates. Linears of one
/// fused group have candidates of the same sizes in the same order.
struct FewestLayer {
  std::optional<std::size_t> fusedGroup;
  std::optional<double> figure;
  bool isFixed = false;  // locked
  std::vector<FewestCandidate> candidates;
};

enum class FewestOutcome : std::uint8_t {
  UnderTarget,  // stays as it is
  Changed,      // was over the target, is under it with the candidate
  WithSibling,  // was under the target, takes the candidate of a fused sibling
  OutOfReach,   // over the target whatever the candidate; one is set when it goes along with a sibling
  Locked,       // over the target, but it or a fused sibling must not change
  NotMeasured   // has no figure
};

struct FewestDecision {
  FewestOutcome outcome = FewestOutcome::UnderTarget;
  std::optional<std::size_t> candidate;  // index into the layer's candidates; nothing = no change
  bool operator==(const FewestDecision&) const = default;
};

/// Linears are independent but for fused siblings, which share a scheme, so the smallest set is found group
/// by group: a group changes only when a candidate brings more of its members under the target than are now,
/// and takes the first (cheapest) of the candidates that bring the most. Decisions in the order of the
/// layers. Source: "Uniqueness of LLaMA3-70B", arXiv:2408.15301, mixed per-channel and per-group
/// quantization, with the set of layers found instead of listed.
std::vector<FewestDecision> fewestLayers(std::span<const FewestLayer> layers, double target);

/// Candidates of a choice, cheapest first: its weights in groups of these sizes (those below `in` that divide
/// it, and below its own group), then, where activations are dynamic, weights and activations in groups.
std::vector<Choice> fewestCandidates(const Choice& choice, std::int64_t in,
                                     std::span<const std::int64_t> groupSizes);

}  // namespace ql
