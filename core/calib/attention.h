#pragma once
// Scaled dot-product attention of whole windows by tiles of queries: memory is a tile times the keys, never
// the square of a window. Internal to calib/.
#include "core/jobs/job_context.h"

#include <cstdint>
#include <span>

namespace ql {

struct AttentionShape {
  std::int64_t heads = 0, kvHeads = 0, headDim = 0;  // query head h reads key head h / (heads / kvHeads)
  float scale = 1;
  float softcap = 0;  // 0 = none
  bool isCausal = true;
  std::int64_t window = 0;  // keys that a token sees, its own included; 0 = all. Needs isCausal.
};

/// q [rows, heads * headDim] becomes softmax(q k^T scale) v, head by head; k and v [rows, kvHeads * headDim].
/// `begins`: first row of each window, and the end. Parallel over (window, head, tile); the same bits for a
/// window alone or among others.
void attend(const AttentionShape& shape, std::span<const std::int64_t> begins, float* q, const float* k,
            const float* v, JobContext& job);

/// Bytes of scores that one thread holds for the longest window.
std::uint64_t attentionTileBytes(std::int64_t longestWindow);

}  // namespace ql
