#pragma once
// Rounding to nearest row by row on the grids of rtn_grid.h: how a scheme cuts a matrix into parts, and each
// part's grid, from its extremes or searched. What rtn and easyquant are made of.
#include "core/quant/quantizer.h"
#include "core/quant/range_search.h"
#include "core/quant/rtn_grid.h"

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace ql {

/// How a scheme cuts [out, in]: bands of `height` rows, each cut into parts of `width` columns.
struct Partition {
  std::int64_t height = 1, width = 1;
  bool needsRange = false;  // parts span all rows: their grids are made before the first row
};
/// Throws Error(Unsupported) for granularity token.
Partition partitionOf(const WeightScheme& scheme, std::int64_t out, std::int64_t in);

class RtnRowQuantizer : public RowQuantizer {
 public:
  RtnRowQuantizer(const RtnRule& rule, const ClipRule& clip, const Partition& partition, std::int64_t in);

  std::int64_t rowUnit() const override { return m_partition.needsRange ? 1 : m_partition.height; }
  std::vector<Fallback> fallbacks() const override { return m_fallbacks; }
  void apply(std::int64_t rowBegin, std::int64_t rowCount, std::span<const float> rows,
             std::span<float> quantized, std::span<std::uint8_t> isZeroCode) const override;

  std::size_t partCount() const;  // in a band
  const RtnRule& rule() const { return m_rule; }
  const ClipRule& clip() const { return m_clip; }
  const Partition& partition() const { return m_partition; }
  /// The grids of one band of rows [n * in], one a part; those of the whole matrix where parts span it.
  std::vector<PartGrid> bandGrids(std::span<const float> rows) const;

  // What making it finds out
  void setFixedGrids(std::vector<PartGrid> grids) { m_fixedGrids = std::move(grids); }
  void setSteps(int steps) { m_steps = steps; }
  /// Of the errors of each column; empty = all 1.
  void setColumnWeights(std::vector<float> weights) { m_columnWeights = std::move(weights); }
  const std::vector<float>& columnWeights() const { return m_columnWeights; }
  void addFallback(const Fallback& fallback) { m_fallbacks.push_back(fallback); }
  /// Sets improved[i] for the steps of a shrinking search that improve a part of the band.
  void markBandImprovements(std::span<const float> rows, std::span<std::uint8_t> improved) const;

 private:
  struct Gathered;
  PartValues gather(std::span<const float> rows, std::size_t part, Gathered& into) const;
  std::vector<PartGrid> gridsOfExtremes(std::span<const float> rows) const;
  void applyBand(std::span<const float> rows, std::span<float> quantized,
                 std::span<std::uint8_t> isZeroCode) const;

  RtnRule m_rule;
  ClipRule m_clip;
  Partition m_partition;
  std::size_t m_in;
  int m_steps;
  std::vector<float> m_columnWeights;
  std::vector<PartGrid> m_fixedGrids;
  std::vector<Fallback> m_fallbacks;
};

/// What makeRtnRows() looks at for the clip and the granularity; a rule may want more (matrix_rule.h).
QuantizerNeeds rtnRowsNeeds(const WeightScheme& scheme, const ClipRule& clip);
/// Throws Error(Unsupported) for a search that has no meaning for the rule, saying what there is.
void requireSearchable(const WeightScheme& scheme, const RtnRule& rule, const ClipRule& clip);
/// Searches what the clip wants to know of the whole matrix: nothing, a pass for the patience of mse-llmc and
/// imatrix-mse, or the grids of parts that span rows. Throws what the source throws; Cancelled.
std::unique_ptr<RtnRowQuantizer> makeRtnRows(const WeightScheme& scheme, const RtnRule& rule,
                                             const ClipRule& clip, const QuantizerInput& input);
/// A matrix in memory with codes: of floats their bits, of integers those of the flavour; non-finite weights
/// get the code of 0.
QuantizedMatrix quantizedRows(const RtnRowQuantizer& quantizer, const WeightScheme& scheme, std::int64_t out,
                              std::int64_t in, std::span<const float> weights);

}  // namespace ql
