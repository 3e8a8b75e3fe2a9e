#pragma once
// Moments and extremes along one axis of a matrix, one entry a row or a column.
#include "core/base/data_tree.h"

#include <cstdint>
#include <vector>

namespace ql {

/// Non-finite values are counted and kept out of everything else; a channel without finite values has
/// absmax = min = max = 0.
struct ChannelStats {
  std::vector<float> absmax, min, max;      // weight units
  std::vector<double> sum, sumSq, sumQuad;  // of w, w^2, w^4
  std::vector<std::uint64_t> zeros, nans, posInfs, negInfs;

  void resize(std::size_t channels);
  std::size_t size() const { return absmax.size(); }
  /// Element-wise merge of two equally long halves: max of extremes, sum of sums.
  void merge(const ChannelStats& other);
  bool operator==(const ChannelStats&) const = default;
};

}  // namespace ql
