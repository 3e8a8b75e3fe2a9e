#pragma once
// GPTQ on a batch of rows: columns in the factor's order, in blocks; within a block column by column, behind
// it all at once. Rows share nothing but U, and the grids of parts that span rows.
#include "core/quant/compensation_kernel.h"
#include "core/quant/hessian_factor.h"
#include "core/quant/range_search.h"
#include "core/quant/rtn_grid.h"

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace ql {

/// What a scheme fixes.
struct GptqSettings {
  /// Where the grids come from. Parts are `height` rows by `width` columns.
  enum class Grids : std::uint8_t {
    Given,    // one a place, or one for all, before the first row: input channel, tensor
    Rows,     // whole rows as they came: output channel
    Static,   // parts of consecutive channels as they came
    Dynamic,  // parts of consecutive places as earlier blocks left them, when their first column's turn comes
    Column    // `height` rows of the column as it is at its turn
  };
  RtnRule rule;
  ClipRule clip;
  Grids grids = Grids::Rows;
  std::int64_t height = 1, width = 1;
  std::int64_t blockSize = 128;
};

/// The grid of the finite values of one part.
PartGrid gptqGrid(const GptqSettings& settings, std::span<const float> values);

/// Where results go, [rows * in] each in the order of the channels; empty = not wanted.
struct GptqOutput {
  std::span<float> quantized;
  std::span<std::uint8_t> isZeroCode;
  std::span<float> compensated;  // each weight as it was when its turn came: Q(W) is its rounding
};

/// Source: Frantar et al. 2022, arXiv:2210.17323, algorithm 1, and IST-DASLab/gptq gptq.py fasterquant(), in
/// float32 and in its order: e = (w - q) / U_ii, the block's later columns lose e U_ij one column at a time,
/// all columns behind the block lose the block's E U in one product. Dead channels become 0 once the grids of
/// whole rows are made. A weight that is not finite stays as it is, counts as 0, and is not compensated.
class GptqBatch {
 public:
  /// `given`: the grids of Grids::Given. All must outlive the batch.
  GptqBatch(const GptqSettings& settings, const HessianFactor& factor, std::span<const PartGrid> given);

  /// Rows [count * in], whole bands. Bits do not depend on which rows are taken together. With `results`
  /// [count * in] nothing is rounded: they are taken for Q(W), and what each column's error costs when its
  /// turn comes follows as for GPTQ's own.
  void run(std::span<const float> rows, const GptqOutput& output, std::span<const float> results = {});

  // Column by column, for grids that span batches
  // ------------------------------------------------------------------------------------------------------
  void load(std::span<const float> rows);
  void beginBlock(std::int64_t begin, std::int64_t end);
  /// The finite values of a column of the block as it is now.
  void appendColumn(std::int64_t place, std::vector<float>& values) const;
  void stepColumn(std::int64_t place, const PartGrid& grid);
  void endBlock();

 private:
  /// Some rows' columns of the block: w [columns][lanes].
  struct Chunk {
    std::size_t first = 0, count = 0;  // rows
    LaneGrids grids;
    const PartGrid* current = nullptr;  // what `grids` were assigned from
    std::vector<float> w, isThere;      // isThere: 1 or 0; empty when all are
  };
  void makeStaticGrids(std::span<const float> rows);
  void makeDynamicGrids();
  void makeChunks();
  void fillChunk(Chunk& chunk);
  void runChunk(Chunk& chunk);
  void makeColumnGrids(const Chunk& chunk, std::int64_t place);
  void step(Chunk& chunk, std::int64_t place);
  void store(const Chunk& chunk, std::int64_t place);
  void storeHoles(std::span<const float> rows);
  std::span<const PartGrid> gridsAt(std::int64_t place) const;

  const GptqSettings& m_settings;
  const HessianFactor& m_factor;
  std::span<const PartGrid> m_given;
  std::size_t m_in, m_count = 0;
  std::vector<float> m_w;              // [count][in] by place, compensated by the blocks before
  std::vector<std::uint8_t> m_isHole;  // [count][in] by place; empty when all weights are finite
  std::vector<std::vector<PartGrid>>
      m_grids;                          // by part, then band; parts that are not needed any more: empty
  std::int64_t m_begin = 0, m_end = 0;  // the block
  std::vector<Chunk> m_chunks;
  std::vector<float> m_minusErrors;           // [block][rows, whole lanes]: -e
  std::vector<float> m_codes, m_values, m_e;  // [lanes] of one column
  GptqOutput m_output;
  std::span<const float> m_results;
};

}  // namespace ql
