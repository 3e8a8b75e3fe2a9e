#pragma once
// The outline of a model kept inside a plan, under evidence.model: names, roles, shapes and groups of its
// layers, so that `plan set`, `plan show` and `export` work where the checkpoint is not. No weights, no
// paths.
#include "core/model/model.h"
#include "core/plan/plan.h"

#include <optional>
#include <string>

namespace ql::cli {

/// Puts the outline of `model` into plan.evidence, next to what is there.
void addOutline(QuantizationPlan& plan, const Model& model);

/// The model of an outline: linears, sites, smoothing and fused groups; tensors of the checkpoint are not
/// known. Nothing when the plan has no outline. Throws Error(Plan) naming `where` for a damaged one.
std::optional<Model> outlineFromPlan(const QuantizationPlan& plan, const std::string& where);

}  // namespace ql::cli
