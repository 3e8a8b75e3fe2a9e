#include "core/stats/matrix_pass.h"

#include "core/base/error.h"
#include "core/jobs/parallel_for.h"
#include "core/stats/column_sums.h"
#include "core/stats/exact_tile.h"
#include "core/stats/object_pool.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace ql {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr std::int64_t kBlockBytes = 8 << 20;  // fixed: the order of the sums must not depend on the machine
constexpr std::int64_t kMaxBlockRows = 256;
constexpr std::int64_t kDecodedRows = 32;  // a multiple of kMaxTexel: rows decoded at a time, kept small
constexpr std::uint64_t kFlushCounts = std::uint64_t{1} << 31;  // 32-bit counters

std::int64_t roundUp(std::int64_t value, std::int64_t step) {
  return (value + step - 1) / step * step;
}

std::optional<StoredKind> kindInPlace(DType dtype) {
  if (dtype == DType::BF16) return StoredKind::Bf16;
  if (dtype == DType::F16) return StoredKind::F16;
  if (dtype == DType::F32) return StoredKind::F32;
  return std::nullopt;
}

/// What one worker needs while it sums a block.
struct Worker {
  TileSums tile;
  ExactTile exact;
  CodeCounter counter;
  std::vector<float> rows;     // strips that are not read in place
  std::vector<ExactSums> row;  // of the slab
  std::vector<int> peakTile;   // first column of the tile that holds the row's largest |w|
};

struct Block {
  ColumnSums columns;
  TopEntries top{0};
};

class Pass {
 public:
  Pass(const WeightSource& source, const MatrixRef& matrix, const PassOptions& options, JobContext& job);
  PassResult run();

 private:
  void sumBlock(std::int64_t block);
  void mergeBlock(std::int64_t block);
  StripTile readSlab(Worker& worker, std::int64_t rowBegin, int rows) const;
  void sumSlab(Worker& worker, Block& block, std::int64_t rowBegin, int rows);
  void sumPiece(Worker& worker, Block& block, const StripTile& tile, std::int64_t slabBegin,
                std::int64_t rowBegin, std::int64_t column);
  void addRow(Worker& worker, Block& block, const std::byte* data, const StripTile& tile,
              const ExactSums& part, std::int64_t slabBegin, std::int64_t row, std::int64_t column);
  void flushCounter(CodeCounter& counter);
  void storeRows(Worker& worker, const StripTile& slab, std::int64_t rowBegin);
  void finish();

  const WeightSource& m_source;
  const MatrixRef& m_matrix;
  const PassOptions& m_options;
  JobContext& m_job;
  bool m_isInPlace = false;
  StoredKind m_kind = StoredKind::F32;
  std::int64_t m_blockRows = 0, m_blocks = 0;
  int m_stripRows = kStripRows;
  std::uint64_t m_unitsPerRow = 0;
  std::vector<std::unique_ptr<Block>> m_slots;  // one a block, filled between body and merge
  Pool<Worker> m_workers;
  Pool<Block> m_spare;
  ColumnSums m_columns;
  TopEntries m_top;
  std::atomic<float> m_floor{-1.0f};  // |w| that later blocks must exceed for the top list; prunes only
  std::mutex m_codesMutex;            // guards m_result.codes while blocks are summed
  PassResult m_result;
};

void checkShape(const MatrixRef& matrix) {
  constexpr std::int64_t kMax = std::int64_t{1} << 31;  // channel numbers are 32-bit in the results
  if (matrix.out < 0 || matrix.in < 0 || matrix.out >= kMax || matrix.in >= kMax)
    throw Error(ErrorCode::Shape, "The matrix " + matrix.tensor + " is " + std::to_string(matrix.out) +
                                      " x " + std::to_string(matrix.in) +
                                      ", beyond the 2^31 channels that can be measured.");
}

Pass::Pass(const WeightSource& source, const MatrixRef& matrix, const PassOptions& options, JobContext& job)
    : m_source(source), m_matrix(matrix), m_options(options), m_job(job), m_top(options.topCount) {
  checkShape(matrix);
  QL_ASSERT(options.texel >= 0 && options.texel <= kMaxTexel);
  std::size_t rowBytes = static_cast<std::size_t>(matrix.in) * sizeof(float);
  if (matrix.out > 0 && matrix.in > 0) {
    if (const auto raw = source.rawRows(matrix, 0, 1)) {
      if (const auto kind = kindInPlace(raw->dtype)) {
        m_isInPlace = true;
        m_kind = *kind;
        rowBytes = raw->rowBytes;
      }
    }
    m_unitsPerRow = passUnits(source, matrix) / static_cast<std::uint64_t>(matrix.out);
  }
  const std::int64_t rows = kBlockBytes / std::max<std::int64_t>(1, static_cast<std::int64_t>(rowBytes));
  m_blockRows = std::clamp<std::int64_t>(roundUp(rows, kStripRows), kStripRows, kMaxBlockRows);
  m_blocks = matrix.in == 0 ? 0 : (matrix.out + m_blockRows - 1) / m_blockRows;
  if (options.texel > 0) m_stripRows = options.texel;
}

PassResult Pass::run() {
  const auto out = static_cast<std::size_t>(m_matrix.out), in = static_cast<std::size_t>(m_matrix.in);
  m_result.rows.resize(out);
  m_result.columns.resize(in);
  m_result.rowArgmax.assign(out, -1);
  m_columns.reset(static_cast<std::size_t>(roundUp(m_matrix.in, kColumnStep)));
  if (m_options.texel > 0) {
    PyramidLevel& level = m_result.texels;
    level.tile = m_options.texel;
    level.rows = (m_matrix.out + level.tile - 1) / level.tile;
    level.columns = (m_matrix.in + level.tile - 1) / level.tile;
    const auto texels = static_cast<std::size_t>(level.rows * level.columns);
    for (auto* values : {&level.min, &level.max, &level.absmax, &level.mean}) values->assign(texels, 0.0f);
    level.nonFinite.assign(texels, 0);
  }
  if (m_options.withCodes) m_result.codes.assign(kCodes, 0);
  m_slots.resize(static_cast<std::size_t>(m_blocks));
  parallelForOrdered(
      m_job, m_blocks, [this](std::int64_t block) { sumBlock(block); },
      [this](std::int64_t block) { mergeBlock(block); });
  if (m_blocks > 0) m_source.check(m_matrix);
  finish();
  return std::move(m_result);
}

void Pass::sumBlock(std::int64_t index) {
  auto block = m_spare.take();
  auto worker = m_workers.take();
  block->columns.reset(m_columns.width());
  block->top = TopEntries(m_options.topCount);
  const std::int64_t rowBegin = index * m_blockRows, rowEnd = std::min(m_matrix.out, rowBegin + m_blockRows);
  const std::int64_t slabRows = m_isInPlace ? m_blockRows : kDecodedRows;
  for (std::int64_t row = rowBegin; row < rowEnd; row += slabRows)
    sumSlab(*worker, *block, row, static_cast<int>(std::min(slabRows, rowEnd - row)));
  if (worker->counter.counted() > kFlushCounts) flushCounter(worker->counter);
  m_workers.give(std::move(worker));
  m_source.release(m_matrix, rowBegin, rowEnd);
  m_slots[static_cast<std::size_t>(index)] = std::move(block);
  m_job.step(m_unitsPerRow * static_cast<std::uint64_t>(rowEnd - rowBegin));
}

void Pass::mergeBlock(std::int64_t index) {
  auto block = std::move(m_slots[static_cast<std::size_t>(index)]);
  m_columns.merge(block->columns);
  m_top.merge(block->top);
  m_floor.store(m_top.floor(), std::memory_order_relaxed);
  m_spare.give(std::move(block));
}

StripTile Pass::readSlab(Worker& worker, std::int64_t rowBegin, int rows) const {
  if (m_isInPlace) {
    const auto raw = m_source.rawRows(m_matrix, rowBegin, rowBegin + rows);
    QL_ASSERT(raw.has_value() && kindInPlace(raw->dtype) == m_kind);
    return {raw->data, raw->rowBytes, rows, 0, m_kind};
  }
  const auto in = static_cast<std::size_t>(m_matrix.in);
  worker.rows.resize(static_cast<std::size_t>(rows) * in);
  m_source.readRows(m_matrix, rowBegin, rowBegin + rows, worker.rows);
  return {reinterpret_cast<const std::byte*>(worker.rows.data()), in * sizeof(float), rows, 0,
          StoredKind::F32};
}

// One tile of columns after the other over all rows of the slab: its column sums stay in the cache.
void Pass::sumSlab(Worker& worker, Block& block, std::int64_t rowBegin, int rows) {
  const StripTile slab = readSlab(worker, rowBegin, rows);
  worker.row.assign(static_cast<std::size_t>(rows), {kInfinity, -kInfinity, 0, 0, 0, 0, 0, 0, 0});
  worker.peakTile.assign(static_cast<std::size_t>(rows), -1);
  const std::int64_t even = m_matrix.in / kColumnStep * kColumnStep;
  for (std::int64_t column = 0; column < m_matrix.in; column += kTileColumns) {
    const std::int64_t width = std::min<std::int64_t>(kTileColumns, m_matrix.in - column);
    const std::int64_t fast = std::clamp<std::int64_t>(even - column, 0, width);
    for (int r = 0; r < rows; r += m_stripRows) {
      StripTile tile = slab;
      tile.rows = std::min(m_stripRows, rows - r);
      tile.data += static_cast<std::size_t>(r) * tile.rowBytes +
                   storedBytes(tile.kind) * static_cast<std::size_t>(column);
      tile.columns = static_cast<int>(fast);
      if (fast > 0) sumPiece(worker, block, tile, rowBegin, rowBegin + r, column);
      tile.data += storedBytes(tile.kind) * static_cast<std::size_t>(fast);
      tile.columns = static_cast<int>(width - fast);
      if (width > fast) sumPiece(worker, block, tile, rowBegin, rowBegin + r, column + fast);
    }
  }
  storeRows(worker, slab, rowBegin);
}

void Pass::sumPiece(Worker& worker, Block& block, const StripTile& tile, std::int64_t slabBegin,
                    std::int64_t rowBegin, std::int64_t column) {
  TileSums& t = worker.tile;
  const auto first = static_cast<std::size_t>(column);
  std::uint32_t* counters = m_options.withCodes ? worker.counter.tables() : nullptr;
  const bool isEven = tile.columns % kColumnStep == 0;
  const bool isFast = isEven && sumTile(tile, m_options.withMoments, counters, t);
  if (isFast) {
    block.columns.add(t, tile.columns, first, m_options.withMoments);
    if (m_options.texel > 0) storeTexels(t, tile, rowBegin, column, m_result.texels);
  } else {
    sumTileExactly(tile, worker.exact);
    block.columns.add(worker.exact, tile.columns, first);
    if (m_options.texel > 0) storeTexels(worker.exact, tile, rowBegin, column, m_result.texels);
  }
  if (m_options.withCodes) worker.counter.add(tile, isEven ? t.countedRows : 0);
  for (int r = 0; r < tile.rows; ++r) {
    const auto i = static_cast<std::size_t>(r);
    const std::byte* data = tile.data + i * tile.rowBytes;
    const ExactSums fast{t.rowMin[i],
                         t.rowMax[i],
                         double{t.rowSum[i]},
                         double{t.rowSq[i]},
                         double{t.rowQuad[i]},
                         t.rowZeros[i],
                         0,
                         0,
                         0};
    addRow(worker, block, data, tile, isFast ? fast : worker.exact.rows[i], slabBegin, rowBegin + r, column);
  }
}

void Pass::addRow(Worker& worker, Block& block, const std::byte* data, const StripTile& tile,
                  const ExactSums& part, std::int64_t slabBegin, std::int64_t row, std::int64_t column) {
  ExactSums& sums = worker.row[static_cast<std::size_t>(row - slabBegin)];
  if (part.min <= part.max) {
    const float peak = std::max(-part.min, part.max);
    int& peakTile = worker.peakTile[static_cast<std::size_t>(row - slabBegin)];
    if (peakTile < 0 || peak > std::max(-sums.min, sums.max)) peakTile = static_cast<int>(column);
    if (m_options.topCount > 0)
      block.top.offer(data, tile.columns, tile.kind, row, column, peak,
                      m_floor.load(std::memory_order_relaxed));
  }
  sums.min = std::min(sums.min, part.min);
  sums.max = std::max(sums.max, part.max);
  sums.sum += part.sum;
  sums.sq += part.sq;
  sums.quad += part.quad;
  sums.zeros += part.zeros;
  sums.nans += part.nans;
  sums.posInfs += part.posInfs;
  sums.negInfs += part.negInfs;
}

void Pass::storeRows(Worker& worker, const StripTile& slab, std::int64_t rowBegin) {
  for (int r = 0; r < slab.rows; ++r) {
    const auto row = static_cast<std::size_t>(rowBegin + r);
    storeChannel(worker.row[static_cast<std::size_t>(r)], m_result.rows, row);
    const int begin = worker.peakTile[static_cast<std::size_t>(r)];
    if (begin < 0 || !m_options.withMoments) continue;
    const int columns = static_cast<int>(std::min<std::int64_t>(kTileColumns, m_matrix.in - begin));
    const std::byte* data = slab.data + static_cast<std::size_t>(r) * slab.rowBytes +
                            storedBytes(slab.kind) * static_cast<std::size_t>(begin);
    const int found = findMagnitude(data, columns, slab.kind, m_result.rows.absmax[row]);
    m_result.rowArgmax[row] = found < 0 ? -1 : begin + found;
  }
}

void Pass::flushCounter(CodeCounter& counter) {
  const std::lock_guard lock(m_codesMutex);
  if (m_options.withCodes) counter.flushInto(m_result.codes);
}

void Pass::finish() {
  for (const auto& worker : m_workers.all()) flushCounter(worker->counter);
  m_columns.storeInto(m_result.columns);
  PyramidLevel& level = m_result.texels;
  for (std::size_t i = 0; i < level.absmax.size(); ++i)
    level.absmax[i] = std::max(std::abs(level.min[i]), std::abs(level.max[i]));
  m_result.codeMeaning = {m_kind == StoredKind::F16,
                          m_kind == StoredKind::F32 && (m_columns.bitsOr() & 0xffff) != 0};
  m_result.cube = m_columns.cube();
  m_result.top = m_top.sorted();
}

}  // namespace

PassResult runPass(const WeightSource& source, const MatrixRef& matrix, const PassOptions& options,
                   JobContext& job) {
  return Pass(source, matrix, options, job).run();
}

std::uint64_t passUnits(const WeightSource& source, const MatrixRef& matrix) {
  if (matrix.out <= 0 || matrix.in <= 0) return 0;
  const auto raw = source.rawRows(matrix, 0, 1);
  const auto rowBytes = raw ? raw->rowBytes : 2 * static_cast<std::size_t>(matrix.in);
  return static_cast<std::uint64_t>(rowBytes) * static_cast<std::uint64_t>(matrix.out);
}

}  // namespace ql
