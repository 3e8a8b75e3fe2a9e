#pragma once
// What the older families with learned positions and layer norms share (GPT-2, OPT, BERT).
#include "core/calib/family.h"
#include "core/calib/forward_config.h"

namespace ql::learned_positions {

/// A spec with the sizes under `keys`, one key head for each query head, layer norms and no RoPE.
/// An absent `keys.intermediate` means `widening` times the hidden size; 0 = it must be there.
/// Throws Error(Format) when the heads do not divide the hidden size.
DecoderSpec read(const ForwardConfig& config, const SpecKeys& keys, std::int64_t defaultContext,
                 std::int64_t widening);

/// Throws Error(Unsupported) when `key` is there and is not `served`: a switch that changes the arithmetic.
void refuseUnless(const ForwardConfig& config, std::string_view key, bool served);

}  // namespace ql::learned_positions
