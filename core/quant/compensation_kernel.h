#pragma once
// The inner loops of methods that quantize column after column and pass each error on to the columns behind:
// one column of many rows at a time, a lane a row. Bits do not depend on the CPU.
#include "core/quant/rtn_grid.h"

#include <cstddef>
#include <span>
#include <vector>

namespace ql {

inline constexpr std::size_t kLaneUnit = 16;  // lanes come in multiples of this
inline std::size_t wholeLanes(std::size_t rows) {
  return (rows + kLaneUnit - 1) / kLaneUnit * kLaneUnit;
}

/// Members of PartGrid, a value a lane; one element format for all.
struct LanePointers {
  const float *scale, *shift, *lo, *hi;
  ElementRounding element;
};

/// The grid of each lane, as vectors want them.
class LaneGrids {
 public:
  explicit LaneGrids(std::size_t lanes);
  std::size_t lanes() const { return m_lanes; }
  /// Lane l gets grids[(first + l) / height], lanes from `count` on a grid that gives 0 for 0.
  void assign(std::span<const PartGrid> grids, std::size_t first, std::size_t height, std::size_t count);
  /// The code and the value of each lane's weight; bits of gridCode() and gridValue().
  void quantize(const float* weights, float* codes, float* values) const;
  /// c of the weight 0.
  float zeroCode(std::size_t lane) const { return m_hasDetours ? m_grids[lane].zeroCode : m_shift[lane]; }

 private:
  std::size_t m_lanes;
  std::vector<float> m_scale, m_shift, m_lo, m_hi;
  ElementRounding m_element;
  bool m_hasDetours = false;
  std::vector<PartGrid> m_grids;  // with detours only
};

/// w_j -= e u_j by lanes, for `count` columns w [count][lanes]: the product is rounded, then the difference.
void subtractScaled(std::size_t lanes, const float* e, const float* u, std::size_t count, float* w);

}  // namespace ql
