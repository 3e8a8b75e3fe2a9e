#pragma once
// Calibration in GPTQ's order: every block sees what the quantized blocks before it leave.
#include "core/calib/calibration.h"

namespace ql {

/// As calibrate(), but the hidden states that block i reads come from `quantized` run through blocks < i,
/// while block i itself is watched with the weights of `model`. `quantized` may rest on what `sink` was
/// given: block i of it is run only after `sink` has returned for block i. What quantizing alone changes in
/// block i (its own later linears see unquantized ones before them) is left out, as gptq.py does without
/// --true-sequential. Resumes as calibrate() does; `options.identity` must name the quantized weights. Costs
/// two passes a block.
/// Source: IST-DASLab/gptq llama.py (arXiv:2210.17323).
void calibrateSequentially(const ForwardModel& model, const ForwardModel& quantized, const Model& structure,
                           const TokenWindows& windows, const CalibrationOptions& options,
                           const std::function<bool(int)>& done,
                           const std::function<void(BlockActivations)>& sink, JobContext& job);

}  // namespace ql
