#pragma once
// The engine behind ForwardModel: executes whatever a DecoderSpec says. Internal to calib/ and its tests.
#include "core/calib/family.h"
#include "core/calib/forward.h"

#include <memory>

namespace ql {

/// A model by its spec. Throws Error(Format | Unsupported) when spec and tensors contradict each other.
std::unique_ptr<ForwardModel> makeForward(const DecoderSpec& spec, const Model& model,
                                          std::shared_ptr<const WeightSource> weights);

}  // namespace ql
