#pragma once
// What the methods of a plan look at, from what a workspace knows: activations behind the plan's smoothing,
// and the matrices that share a decision. Internal to core/workspace*.cpp.
#include "core/planned_source.h"
#include "core/workspace_state.h"

#include <cstddef>
#include <map>
#include <vector>

namespace ql {

/// S by smoothing group.
using SmoothingFactorsByGroup = std::map<std::size_t, std::vector<float>>;

/// True when a method of the plan needs statistics of some linear's input.
bool needsActivations(const Model& model, const QuantizationPlan& plan);

/// Throws Error(Unsupported): this linear's method needs activations, and there are none of its input.
[[noreturn]] void throwMissingActivations(const Model& model, LinearId id, const std::string& method);

/// Throws Error(Unsupported) naming the first linear whose method needs activations that are not there, and
/// what to do.
void requireActivations(const WorkspaceAccess::State& state, const QuantizationPlan& plan);

/// Statistics of a linear's input; of an expert that no token reached those of all tokens of its block. Null
/// without. May read a file.
std::shared_ptr<const ActivationStats> inputStatistics(WorkspaceAccess::State& state, LinearId id);

/// For PlannedSource. `state` must outlive the result; `factors` are those folded into the source's weights.
PlannedInputs plannedInputs(WorkspaceAccess::State& state, SmoothingFactorsByGroup factors);

/// What is left of a memory budget (0 = the usual one) beside a cache of so many bytes, as another budget.
std::uint64_t memoryBeside(std::uint64_t memoryBytes, std::uint64_t cacheBytes);

/// S of a linear's input, empty when none of the groups feeds it.
const std::vector<float>& factorsOf(const Model& model, LinearId id, const SmoothingFactorsByGroup& factors);

}  // namespace ql
