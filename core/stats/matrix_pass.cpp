#include "core/stats/matrix_pass.h"

#include "core/base/error.h"
#include "core/jobs/parallel_for.h"
#include "core/stats/exact_tile.h"

#include <algorithm>
#include <array>
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
constexpr std::int64_t kBlockBytes = 4 << 20;  // fixed: the order of the sums must not depend on the machine
constexpr std::int64_t kMaxBlockRows = 256;
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

/// Column sums of one block of rows; width is padded to kColumnStep.
struct ColumnSums {
  std::vector<float> min, max;
  std::vector<double> sum, sq, quad;
  std::vector<std::uint64_t> zeros, nans, posInfs, negInfs;
  bool hasCounts = false;
  double cube = 0;
  std::uint32_t bitsOr = 0;

  void reset(std::size_t width) {
    min.assign(width, kInfinity);
    max.assign(width, -kInfinity);
    for (auto* values : {&sum, &sq, &quad}) values->assign(width, 0.0);
    for (auto* counts : {&zeros, &nans, &posInfs, &negInfs})
      if (hasCounts || counts->size() != width) counts->assign(width, 0);
    hasCounts = false;
    cube = 0;
    bitsOr = 0;
  }

  void merge(const ColumnSums& other) {
    mergeExtremes(other.min.data(), other.max.data(), static_cast<int>(min.size()), min.data(), max.data());
    for (std::size_t i = 0; i < sum.size(); ++i) {
      sum[i] += other.sum[i];
      sq[i] += other.sq[i];
      quad[i] += other.quad[i];
    }
    for (std::size_t i = 0; other.hasCounts && i < zeros.size(); ++i) {
      zeros[i] += other.zeros[i];
      nans[i] += other.nans[i];
      posInfs[i] += other.posInfs[i];
      negInfs[i] += other.negInfs[i];
    }
    cube += other.cube;
    bitsOr |= other.bitsOr;
  }
};

/// What one worker needs while it sums a block.
struct Worker {
  TileSums tile;
  ExactTile exact;
  CodeCounter counter;
  std::vector<float> rows;  // strips that are not read in place
  std::array<ChannelMoments, kStripRows> row;
  std::array<int, kStripRows> peakTile;  // first column of the tile that holds the row's largest |w|
};

struct Block {
  ColumnSums columns;
  TopEntries top{0};
};

/// Reused objects, so that memory is bound by the number of threads.
template <class T>
class Pool {
 public:
  std::unique_ptr<T> take() {
    const std::lock_guard lock(m_mutex);
    if (m_free.empty()) return std::make_unique<T>();
    auto object = std::move(m_free.back());
    m_free.pop_back();
    return object;
  }
  void give(std::unique_ptr<T> object) {
    const std::lock_guard lock(m_mutex);
    m_free.push_back(std::move(object));
  }
  std::vector<std::unique_ptr<T>>& all() { return m_free; }  // once every one was given back

 private:
  std::mutex m_mutex;  // guards m_free
  std::vector<std::unique_ptr<T>> m_free;
};

class Pass {
 public:
  Pass(const WeightSource& source, const MatrixRef& matrix, const PassOptions& options, JobContext& job);
  PassResult run();

 private:
  void sumBlock(std::int64_t block);
  void mergeBlock(std::int64_t block);
  StripTile readStrip(Worker& worker, std::int64_t rowBegin, int rows) const;
  void sumStrip(Worker& worker, Block& block, std::int64_t rowBegin, int rows);
  void sumPiece(Worker& worker, Block& block, const StripTile& tile, std::int64_t rowBegin,
                std::int64_t column);
  void addFast(Worker& worker, ColumnSums& sums, const StripTile& tile, std::int64_t rowBegin,
               std::int64_t column);
  void addExact(Worker& worker, ColumnSums& sums, const StripTile& tile, std::int64_t rowBegin,
                std::int64_t column);
  void setTexels(const ExactTile& exact, const StripTile& tile, std::int64_t rowBegin, std::int64_t column);
  void addRow(Worker& worker, Block& block, const StripTile& tile, int r, const ChannelMoments& part,
              std::int64_t row, std::int64_t column);
  void flushCounter(CodeCounter& counter);
  void storeRows(Worker& worker, const StripTile& strip, std::int64_t rowBegin);
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
  QL_ASSERT(options.texel >= 0 && options.texel <= kStripRows);
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
  block->columns.reset(m_columns.sum.size());
  block->top = TopEntries(m_options.topCount);
  const std::int64_t rowBegin = index * m_blockRows, rowEnd = std::min(m_matrix.out, rowBegin + m_blockRows);
  for (std::int64_t row = rowBegin; row < rowEnd; row += m_stripRows)
    sumStrip(*worker, *block, row, static_cast<int>(std::min<std::int64_t>(m_stripRows, rowEnd - row)));
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

StripTile Pass::readStrip(Worker& worker, std::int64_t rowBegin, int rows) const {
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

void Pass::sumStrip(Worker& worker, Block& block, std::int64_t rowBegin, int rows) {
  const StripTile strip = readStrip(worker, rowBegin, rows);
  worker.row.fill(ChannelMoments{kInfinity, -kInfinity, 0, 0, 0, 0, 0, 0, 0});
  worker.peakTile.fill(-1);
  const auto pieceAt = [&](std::int64_t column, std::int64_t columns) {
    StripTile tile = strip;
    tile.data += storedBytes(tile.kind) * static_cast<std::size_t>(column);
    tile.columns = static_cast<int>(columns);
    sumPiece(worker, block, tile, rowBegin, column);
  };
  const std::int64_t even = m_matrix.in / kColumnStep * kColumnStep;
  for (std::int64_t column = 0; column < even; column += kTileColumns)
    pieceAt(column, std::min<std::int64_t>(kTileColumns, even - column));
  if (even < m_matrix.in) pieceAt(even, m_matrix.in - even);
  storeRows(worker, strip, rowBegin);
}

void Pass::sumPiece(Worker& worker, Block& block, const StripTile& tile, std::int64_t rowBegin,
                    std::int64_t column) {
  const bool isFast = tile.columns % kColumnStep == 0 && sumTile(tile, m_options.withMoments, worker.tile);
  if (isFast) {
    addFast(worker, block.columns, tile, rowBegin, column);
  } else {
    sumTileExactly(tile, worker.exact);
    addExact(worker, block.columns, tile, rowBegin, column);
  }
  if (m_options.withCodes) worker.counter.add(tile);
  for (int r = 0; r < tile.rows; ++r) {
    const auto i = static_cast<std::size_t>(r);
    const TileSums& t = worker.tile;
    const ChannelMoments part = isFast ? ChannelMoments{t.rowMin[i],
                                                        t.rowMax[i],
                                                        double{t.rowSum[i]},
                                                        double{t.rowSq[i]},
                                                        double{t.rowQuad[i]},
                                                        t.rowZeros[i],
                                                        0,
                                                        0,
                                                        0}
                                       : worker.exact.rows[i];
    addRow(worker, block, tile, r, part, rowBegin + r, column);
  }
}

void Pass::addRow(Worker& worker, Block& block, const StripTile& tile, int r, const ChannelMoments& part,
                  std::int64_t row, std::int64_t column) {
  ChannelMoments& sums = worker.row[static_cast<std::size_t>(r)];
  if (part.min <= part.max) {
    const float peak = std::max(-part.min, part.max);
    int& peakTile = worker.peakTile[static_cast<std::size_t>(r)];
    if (peakTile < 0 || peak > std::max(-sums.min, sums.max)) peakTile = static_cast<int>(column);
    if (m_options.topCount > 0)
      block.top.offer(tile.data + static_cast<std::size_t>(r) * tile.rowBytes, tile.columns, tile.kind, row,
                      column, peak, m_floor.load(std::memory_order_relaxed));
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

void Pass::addFast(Worker& worker, ColumnSums& sums, const StripTile& tile, std::int64_t rowBegin,
                   std::int64_t column) {
  const TileSums& t = worker.tile;
  const auto c = static_cast<std::size_t>(column);
  mergeExtremes(t.columnMin, t.columnMax, tile.columns, sums.min.data() + c, sums.max.data() + c);
  addToDouble(t.columnSum, tile.columns, sums.sum.data() + c);
  if (m_options.withMoments) {
    addToDouble(t.columnSq, tile.columns, sums.sq.data() + c);
    addToDouble(t.columnQuad, tile.columns, sums.quad.data() + c);
  }
  sums.cube += t.cube;
  sums.bitsOr |= t.bitsOr;
  sums.hasCounts = sums.hasCounts || t.hasZeros;
  for (std::size_t i = 0; t.hasZeros && i < static_cast<std::size_t>(tile.columns); ++i)
    sums.zeros[c + i] += t.columnZeros[i];
  if (m_options.texel > 0) {
    PyramidLevel& level = m_result.texels;
    const auto first = static_cast<std::size_t>(rowBegin / level.tile * level.columns + column / level.tile);
    reduceTexels(t, tile.columns, m_options.texel, &level.min[first], &level.max[first], &level.mean[first]);
    const auto count = static_cast<float>(level.tile) * static_cast<float>(tile.rows);
    for (std::size_t i = first; i < first + static_cast<std::size_t>(tile.columns / m_options.texel); ++i)
      level.mean[i] /= count;
  }
}

void Pass::addExact(Worker& worker, ColumnSums& sums, const StripTile& tile, std::int64_t rowBegin,
                    std::int64_t column) {
  const ExactTile& exact = worker.exact;
  for (std::size_t i = 0, c = static_cast<std::size_t>(column); i < static_cast<std::size_t>(tile.columns);
       ++i, ++c) {
    const ChannelMoments& from = exact.columns[i];
    sums.min[c] = std::min(sums.min[c], from.min);
    sums.max[c] = std::max(sums.max[c], from.max);
    sums.sum[c] += from.sum;
    sums.sq[c] += from.sq;
    sums.quad[c] += from.quad;
    sums.zeros[c] += from.zeros;
    sums.nans[c] += from.nans;
    sums.posInfs[c] += from.posInfs;
    sums.negInfs[c] += from.negInfs;
  }
  sums.hasCounts = true;
  sums.cube += exact.cube;
  sums.bitsOr |= exact.bitsOr;
  if (m_options.texel > 0) setTexels(exact, tile, rowBegin, column);
}

void Pass::setTexels(const ExactTile& exact, const StripTile& tile, std::int64_t rowBegin,
                     std::int64_t column) {
  PyramidLevel& level = m_result.texels;
  auto texel = static_cast<std::size_t>(rowBegin / level.tile * level.columns + column / level.tile);
  for (int begin = 0; begin < tile.columns; begin += m_options.texel, ++texel) {
    const int end = std::min(tile.columns, begin + m_options.texel);
    float low = kInfinity, high = -kInfinity;
    double sum = 0;
    std::uint64_t nans = 0, posInfs = 0, negInfs = 0;
    for (int i = begin; i < end; ++i) {
      const ChannelMoments& from = exact.columns[static_cast<std::size_t>(i)];
      low = std::min(low, from.min);
      high = std::max(high, from.max);
      sum += from.sum;
      nans += from.nans, posInfs += from.posInfs, negInfs += from.negInfs;
    }
    const auto area = static_cast<std::uint64_t>(end - begin) * static_cast<std::uint64_t>(tile.rows);
    const std::uint64_t finite = area - nans - posInfs - negInfs;
    level.min[texel] = finite > 0 ? low : 0;
    level.max[texel] = finite > 0 ? high : 0;
    level.mean[texel] = finite > 0 ? static_cast<float>(sum / static_cast<double>(finite)) : 0;
    level.nonFinite[texel] =
        static_cast<std::uint8_t>((nans > 0 ? 1 : 0) | (posInfs > 0 ? 2 : 0) | (negInfs > 0 ? 4 : 0));
  }
}

void store(const ChannelMoments& from, ChannelStats& to, std::size_t i) {
  if (from.min <= from.max) {
    to.min[i] = from.min;
    to.max[i] = from.max;
    to.absmax[i] = std::max(std::abs(from.min), std::abs(from.max));
  }
  to.sum[i] = from.sum;
  to.sumSq[i] = from.sq;
  to.sumQuad[i] = from.quad;
  to.zeros[i] = from.zeros;
  to.nans[i] = from.nans;
  to.posInfs[i] = from.posInfs;
  to.negInfs[i] = from.negInfs;
}

void Pass::storeRows(Worker& worker, const StripTile& strip, std::int64_t rowBegin) {
  for (int r = 0; r < strip.rows; ++r) {
    const auto row = static_cast<std::size_t>(rowBegin + r);
    store(worker.row[static_cast<std::size_t>(r)], m_result.rows, row);
    const int begin = worker.peakTile[static_cast<std::size_t>(r)];
    if (begin < 0 || !m_options.withMoments) continue;
    const int columns = static_cast<int>(std::min<std::int64_t>(kTileColumns, m_matrix.in - begin));
    const std::byte* data = strip.data + static_cast<std::size_t>(r) * strip.rowBytes +
                            storedBytes(strip.kind) * static_cast<std::size_t>(begin);
    const int found = findMagnitude(data, columns, strip.kind, m_result.rows.absmax[row]);
    m_result.rowArgmax[row] = found < 0 ? -1 : begin + found;
  }
}

void Pass::flushCounter(CodeCounter& counter) {
  const std::lock_guard lock(m_codesMutex);
  if (m_options.withCodes) counter.flushInto(m_result.codes);
}

void Pass::finish() {
  for (const auto& worker : m_workers.all()) flushCounter(worker->counter);
  for (std::size_t i = 0; i < m_result.columns.size(); ++i) {
    const ColumnSums& c = m_columns;
    store({c.min[i], c.max[i], c.sum[i], c.sq[i], c.quad[i], 0, 0, 0, 0}, m_result.columns, i);
    m_result.columns.zeros[i] = c.zeros[i];
    m_result.columns.nans[i] = c.nans[i];
    m_result.columns.posInfs[i] = c.posInfs[i];
    m_result.columns.negInfs[i] = c.negInfs[i];
  }
  PyramidLevel& level = m_result.texels;
  for (std::size_t i = 0; i < level.absmax.size(); ++i)
    level.absmax[i] = std::max(std::abs(level.min[i]), std::abs(level.max[i]));
  m_result.codeMeaning = {m_kind == StoredKind::F16,
                          m_kind == StoredKind::F32 && (m_columns.bitsOr & 0xffff) != 0};
  m_result.cube = m_columns.cube;
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
