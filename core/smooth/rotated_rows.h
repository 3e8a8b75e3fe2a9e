#pragma once
// One matrix rotated on its input side, its output side or both. Internal to smooth/.
#include "core/io/weight_source.h"
#include "core/smooth/rotation.h"

#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

namespace ql {

/// What happens to one matrix.
struct MatrixTurn {
  MatrixRef stored;                                 // where its values are read
  std::shared_ptr<const std::vector<double>> gain;  // columns times this first; null = 1
  std::shared_ptr<const Rotation> columns;          // of every columns->size() inputs in turn; null = none
  std::shared_ptr<const Rotation> rows;             // of every rows->size() outputs in turn; null = none
  std::int64_t rowBegin = 0, rowEnd = 0;            // outputs that `rows` turns

  bool turnsRow(std::int64_t row) const { return rows && row >= rowBegin && row < rowEnd; }
  /// First row of the block of `rows` that a turned row is in, and the block's number on R's diagonal.
  std::int64_t blockBegin(std::int64_t row) const { return row - (row - rowBegin) % rows->blockSize(); }
  std::int64_t blockNumber(std::int64_t row) const {
    return (row - rowBegin) / rows->blockSize() % rows->blocks();
  }
};

/// Rows [rowBegin, rowEnd) with the input side alone turned, in double, rounded once.
void readTurnedColumns(const WeightSource& inner, const MatrixTurn& turn, std::int64_t rowBegin,
                       std::int64_t rowEnd, std::span<float> out);

/// A block of rows that `turn.rows` turns together, as float32 [blockSize, in]. make() may be called from
/// several threads, which divide the work; each returns when all of it is done.
class TurnedBlock {
 public:
  TurnedBlock(const WeightSource& inner, const MatrixTurn& turn, std::int64_t rowBegin);
  /// Throws what reading throws, in every thread.
  void make();
  std::span<const float> rows(std::int64_t begin, std::int64_t end) const;  // of the matrix
  static std::uint64_t bytes(const MatrixTurn& turn);

 private:
  void share(std::int64_t count, std::atomic<std::int64_t>& next, std::atomic<std::int64_t>& done,
             void (TurnedBlock::*work)(std::int64_t));
  void readPart(std::int64_t part);
  void turnTile(std::int64_t tile);
  std::int64_t in() const { return m_turn.stored.in; }

  const WeightSource& m_inner;
  const MatrixTurn& m_turn;
  std::int64_t m_rowBegin, m_size, m_tileColumns;
  std::vector<float> m_values;
  std::atomic<std::int64_t> m_nextRead{0}, m_readDone{0}, m_nextTile{0}, m_tilesDone{0};
  std::mutex m_mutex;  // guards m_failure
  std::exception_ptr m_failure;
};

}  // namespace ql
