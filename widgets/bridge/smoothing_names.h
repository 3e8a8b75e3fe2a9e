#pragma once
// What smoothing groups and smoothings are called, in the window and in names of undo steps.
#include "core/model/model.h"
#include "widgets/bridge/smoothing_control.h"

#include <QString>

namespace ql {

/// "attention", "MLP", "attention output", "MLP down": groups of the same kind differ in the block alone.
QString groupKind(const Model& model, std::size_t group);
/// "block 0 attention"; with its expert where it has one.
QString groupName(const Model& model, std::size_t group);
/// "q, k, v".
QString groupReaders(const Model& model, std::size_t group);
/// "input_layernorm".
QString groupProducer(const Model& model, std::size_t group);

/// "SmoothQuant", "bi-smoothing", "bi-smoothing (max)"; variants are named too.
QString methodText(const SmoothingTrial& trial);
/// "bi-smoothing α 0.45".
QString trialText(const SmoothingTrial& trial);
/// "0.45": two decimals.
QString alphaText(double alpha);

}  // namespace ql
