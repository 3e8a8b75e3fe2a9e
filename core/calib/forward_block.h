#pragma once
// One Transformer block over a batch. Internal to calib/.
#include "core/calib/family.h"
#include "core/calib/forward.h"
#include "core/calib/forward_parts.h"

#include <cstdint>

namespace ql {

/// Runs block `number` in place; the hook may be null. Steps the job by blockUnits().
void runBlock(const DecoderSpec& spec, const BlockParts& block, int number, const WeightSource& weights,
              HiddenBatch& batch, ForwardHook* hook, JobContext& job);

/// Multiply-adds of a block in units of 1024.
std::uint64_t blockUnits(const DecoderSpec& spec, const BlockParts& block, std::int64_t tokens,
                         std::int64_t longestWindow);
/// Peak bytes of temporaries of runBlock().
std::uint64_t blockWorkBytes(const DecoderSpec& spec, const BlockParts& block, std::int64_t tokens,
                             std::int64_t longestWindow);

}  // namespace ql
