#pragma once
// Sums over tokens that the errors of propagate() are made of. Internal to core/workspace_propagation.cpp.
#include "core/workspace_propagation.h"

#include <cstddef>
#include <map>
#include <span>
#include <vector>

namespace ql {

double squaredNorm(std::span<const float> y);
double squaredDistance(std::span<const float> a, std::span<const float> b);

struct LinearSums {
  double energy = 0, isolated = 0, accumulated = 0;
  std::optional<double> alone() const;
  std::optional<double> all() const;
};

/// One block over all batches.
class BlockSums {
 public:
  /// `plain` behind the block, `input` before it, `isolated` and `accumulated` behind the block under the
  /// plan; all [tokens, width]. Tokens that are not finite in the model as it is are left out.
  void add(const HiddenBatch& plain, std::span<const float> input, std::span<const float> isolated,
           std::span<const float> accumulated);
  BlockPropagation figures(int block) const;

 private:
  struct Window {
    double energy = 0, isolated = 0;
  };
  double m_energy = 0, m_update = 0, m_isolated = 0, m_accumulated = 0;
  double m_cosines = 0, m_leastCosine = 1;
  std::size_t m_tokens = 0;  // with a cosine
  std::map<std::int32_t, Window> m_windows;
};

}  // namespace ql
