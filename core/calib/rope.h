#pragma once
// Rotary position embedding in float32 as transformers computes it: angle = position * inverse frequency,
// halves of a head as pairs. Internal to calib/.
#include "core/calib/family.h"
#include "core/jobs/job_context.h"

#include <cstdint>
#include <map>
#include <span>
#include <vector>

namespace ql {

/// [dimensions / 2] for a window of so many tokens, which LongRope and Dynamic depend on.
/// Source: Su et al. 2021, arXiv:2104.09864; scaling as transformers' modeling_rope_utils.py: linear, dynamic
/// (NTK), llama3, longrope (Ding et al. 2024, arXiv:2402.13753), yarn (Peng et al. 2023, arXiv:2309.00071).
std::vector<float> inverseFrequencies(const RopeSpec& spec, std::int64_t windowTokens);

/// Cosines and sines [positions, half], scaled by the attention factor.
struct RopeTable {
  std::int64_t half = 0;
  std::vector<float> cosines, sines;
};

/// Tables for all windows of a batch; windows with the same frequencies share one.
class RopeTables {
 public:
  /// `lengths`: tokens of each window. Parallel.
  RopeTables(const RopeSpec& spec, std::span<const std::int64_t> lengths, JobContext& job);
  const RopeTable& of(std::int64_t length) const;

 private:
  std::int64_t key(std::int64_t length) const;

  const RopeSpec& m_spec;
  std::map<std::int64_t, RopeTable> m_tables;
};

/// Turns x [rows, heads * headDim] in place. `begins`: first row of each window, and the end; positions count
/// from each window's first row. Parallel.
void applyRope(const RopeTables& tables, std::span<const std::int64_t> begins, std::int64_t heads,
               std::int64_t headDim, float* x, JobContext& job);

}  // namespace ql
