#pragma once
// Quantizers made with everything a method may ask for, from what is known of a linear.
#include "core/evaluate/layer_error.h"
#include "core/quant/quantizer.h"

#include <memory>

namespace ql {

/// What a method may look at; `range` may be null when the scheme needs none. Everything must outlive the
/// making of the quantizer.
QuantizerInput quantizerInput(const WeightSource& source, const ErrorInput& input, const MatrixRange* range,
                              JobContext& job);

/// The same with a pass over the weights for extremes when the scheme needs them and `stats` (may be null)
/// does not know them. Throws what makeRowQuantizer() throws.
std::shared_ptr<const RowQuantizer> prepareQuantizer(const WeightSource& source, const ErrorInput& input,
                                                     const WeightScheme& scheme, const WeightStats* stats,
                                                     JobContext& job);

/// True when a row's result rests on that row and the matrix's extremes alone, so that a sample of rows is
/// quantized as the whole matrix is, without looking at the rest of it.
bool isRowLocal(const WeightScheme& scheme);

}  // namespace ql
