#pragma once
// MoFQ: integers or floats of the same bits, linear by linear, whichever has the smaller error. Verdicts from
// figures that were measured; knows no weights.
#include "core/evaluate/output_error.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ql {

/// The error that is compared.
enum class MofqLoss : std::uint8_t {
  Tensor,  // |Q(W) - W|_F / |W|_F, needs no data
  Output,  // of Y = X W^T with the weights quantized
  Wa       // with weights and activations quantized
};
std::string_view mofqLossName(MofqLoss loss);  // "tensor"
std::optional<MofqLoss> mofqLossFromName(std::string_view name);

/// Both candidates of a choice: the same granularity, symmetric, scale = absmax over the largest code. Where
/// activations have as many bits as the weights they change along: hardware multiplies one kind of number.
struct MofqCandidates {
  Choice integer, floating;
};
/// `floatFormat` empty = fp8_e4m3, fp6_e2m3 or fp4_e2m1. Throws Error(Usage) for a float format that is not
/// one of elements; Error(Unsupported), as one clause without a full stop, for a choice that has no
/// counterpart.
MofqCandidates mofqCandidates(const Choice& choice, std::string_view floatFormat = {});

/// The figure of a loss, if it was measured.
std::optional<double> mofqFigure(MofqLoss loss, const LayerError& weights,
                                 const std::optional<OutputError>& output);

struct MofqResult {
  std::optional<double> integerError, floatError;
  bool isFloat = false;  // floats have the strictly smaller error
  bool isMeasured() const { return integerError && floatError; }
};
MofqResult mofqVerdict(std::optional<double> integerError, std::optional<double> floatError);
/// One verdict for linears that must share a format: the smaller sum of squared relative errors; a tie stays
/// with integers. Linears without figures play no role.
bool mofqJointVerdict(std::span<const MofqResult> results);

/// Source: "Integer or Floating Point? New Outlooks for Low-Bit Quantization on Large Language Models",
/// arXiv:2305.12356: the loop over layers that keeps the format with the smaller error.

}  // namespace ql
