#pragma once
// The rotations of a plan: what its list "rotations" says. QuantizationPlan keeps the list as text, so that
// plans of later versions survive a round trip.
#include "core/plan/plan.h"
#include "core/smooth/rotated_source.h"

#include <string>
#include <string_view>

namespace ql {

/// The list as it stands in a plan file: [{"point": "residual" | "head_v", "method": "hadamard" | "random",
/// "seed": 0, "block_size": null}]. Throws Error(Plan) naming `where`, the entry, what was expected and what
/// to do: an unknown point, method or key, a point twice, a number out of range.
ModelRotation parseRotations(std::string_view json, const std::string& where);
inline ModelRotation planRotation(const QuantizationPlan& plan) {
  return parseRotations(plan.rotations, "the plan");
}

/// The text that parseRotations() reads; "[]" for none.
std::string rotationsJson(const ModelRotation& rotation);

/// "R1 hadamard seed 1, R2 random seed 1 in blocks of 32" for the screen; empty for none.
std::string rotationText(const ModelRotation& rotation);

/// Throws Error(Plan) for a plan that rotates and smooths: folding the norms' gains into their readers would
/// take the smoothing back out, and its factors rest on activations that are not rotated.
void requireRotationAlone(const QuantizationPlan& plan);

}  // namespace ql
