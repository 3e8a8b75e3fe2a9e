#pragma once
// What output errors rest on, in words: what exact figures and previews share.
#include "core/evaluate/weight_energy.h"
#include "core/quant/scheme.h"

#include <string>

namespace ql {

/// How w comes about from this source of X^T X.
std::string outputWeightMethod(const ActivationStats& activations, EnergySource source);

/// Sampled evidence of output errors under a choice, of these activations; n is left at 0.
Evidence outputEvidence(const ActivationStats& activations, const Choice& choice, std::string method);

}  // namespace ql
