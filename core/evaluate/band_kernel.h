#pragma once
// SIMD inner loops for schemes whose parts span rows: groups along the output, rectangles, input channels. A
// band of rows gets its grids from the extremes of its columns; then its strips are rounded column by column.
// Values are those of RowQuantizer bit for bit. Not for non-finite or extreme values, as error_kernel.h.
#include "core/evaluate/error_kernel.h"
#include "core/quant/rtn_grid.h"

#include <cstddef>
#include <span>
#include <vector>

namespace ql {

/// The grids of one band, spread over the columns: one array a member, so that vectors can be loaded.
class ColumnGrids {
 public:
  ColumnGrids(const RtnRule& rule, std::size_t columns);
  /// Part k has columns [k * width, (k + 1) * width).
  void assign(std::span<const PartGrid> grids, std::size_t width);

  const RtnRule& rule() const { return m_rule; }
  enum Member { Scale, Shift, Lo, Hi, Base, Divide, Multiply, DivideCode, Step, Factor, ZeroCode, kMembers };
  const float* values(Member member) const { return m_values.data() + member * m_stride; }

 private:
  RtnRule m_rule;
  std::size_t m_columns, m_stride;
  std::vector<float> m_values;
};

/// Takes the finite values of the strip into the extremes of its columns (padded as the strip).
void addColumnRange(const ErrorStrip& strip, float* columnMin, float* columnMax);

/// Quantizes the strip and adds (Q(w) - w)^2 to columnError (padded) and the other sums to `errors`; as exact
/// as addStripErrors().
void addBandErrors(const ColumnGrids& grids, const ErrorStrip& strip, float* columnError,
                   StripErrors& errors);

}  // namespace ql
