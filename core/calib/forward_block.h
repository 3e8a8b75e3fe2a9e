#pragma once
// One Transformer block over a batch. Internal to calib/.
#include "core/calib/family.h"
#include "core/calib/forward.h"
#include "core/calib/forward_parts.h"

#include <cstdint>

namespace ql {

/// A block, and the one behind it, whose weights are read ahead (null for the last).
struct BlockPlace {
  int number = 0;
  const BlockParts* next = nullptr;
};

/// Runs a block in place; the hook may be null. Steps the job by blockUnits().
void runBlock(const DecoderSpec& spec, const BlockParts& block, BlockPlace place, const WeightSource& weights,
              HiddenBatch& batch, ForwardHook* hook, JobContext& job);

/// Multiply-adds of a block in units of 1024.
std::uint64_t blockUnits(const DecoderSpec& spec, const BlockParts& block, std::int64_t tokens,
                         std::int64_t longestWindow);
/// Peak bytes of temporaries of runBlock() that do not depend on the number of threads.
std::uint64_t blockWorkBytes(const DecoderSpec& spec, const BlockParts& block, std::int64_t tokens,
                             std::int64_t longestWindow);

}  // namespace ql
