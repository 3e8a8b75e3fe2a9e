#include "core/smooth/rotated_rows.h"

#include "core/base/error.h"
#include "core/base/message_text.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace ql {
namespace {

constexpr std::int64_t kTileValues = std::int64_t{1} << 19;  // doubles: 4 MiB
constexpr std::int64_t kReadRows = 64;

void requireFinite(const MatrixRef& matrix, std::int64_t rowBegin, std::span<const float> values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::isfinite(values[i])) continue;
    const auto at = static_cast<std::int64_t>(i);
    throw Error(ErrorCode::Numeric,
                "tensor " + quotedText(matrix.tensor) + " holds " +
                    (std::isnan(values[i]) ? "a NaN" : "an infinity") + " in row " +
                    std::to_string(rowBegin + at / matrix.in) + ", column " + std::to_string(at % matrix.in) +
                    ", which a rotation would spread over its block; repair the weights or "
                    "take the rotations out of the plan.");
  }
}

/// rows [count, width] := rows diag(gain) R, for columns [begin, begin + width) of the matrix, which are
/// whole periods or whole blocks of R.
void turnColumns(const MatrixTurn& turn, std::int64_t begin, std::int64_t width, std::int64_t count,
                 double* rows) {
  if (turn.gain) {
    for (std::int64_t row = 0; row < count; ++row)
      for (std::int64_t j = 0; j < width; ++j)
        rows[row * width + j] *= (*turn.gain)[static_cast<std::size_t>(begin + j)];
  }
  if (!turn.columns) return;
  const std::int64_t block = turn.columns->blockSize();
  for (std::int64_t j = 0; j < width; j += block)
    turn.columns->applyBlock((begin + j) / block % turn.columns->blocks(), count, rows + j, width);
}

}  // namespace

void readTurnedColumns(const WeightSource& inner, const MatrixTurn& turn, std::int64_t rowBegin,
                       std::int64_t rowEnd, std::span<float> out) {
  const std::int64_t in = turn.stored.in;
  inner.readRows(turn.stored, rowBegin, rowEnd, out);
  requireFinite(turn.stored, rowBegin, out);
  if (in <= 0 || (!turn.gain && !turn.columns)) return;
  const std::int64_t tileRows = std::clamp<std::int64_t>(kTileValues / in, 1, rowEnd - rowBegin);
  std::vector<double> tile;
  for (std::int64_t row = 0; row < rowEnd - rowBegin; row += tileRows) {
    const std::int64_t count = std::min(tileRows, rowEnd - rowBegin - row);
    const auto part = out.subspan(static_cast<std::size_t>(row * in), static_cast<std::size_t>(count * in));
    tile.assign(part.begin(), part.end());
    turnColumns(turn, 0, in, count, tile.data());
    std::transform(tile.begin(), tile.end(), part.begin(), [](double v) { return static_cast<float>(v); });
  }
}

TurnedBlock::TurnedBlock(const WeightSource& inner, const MatrixTurn& turn, std::int64_t rowBegin)
    : m_inner(inner),
      m_turn(turn),
      m_rowBegin(rowBegin),
      m_size(turn.rows->blockSize()),
      m_values(static_cast<std::size_t>(m_size * turn.stored.in)) {
  // whole blocks of the input side, so that a tile can be turned on both sides in double; a wide one takes
  // all columns of its few rows
  const std::int64_t unit = turn.columns ? turn.columns->blockSize() : 1;
  m_tileColumns = std::max<std::int64_t>(kTileValues / m_size / unit, 1) * unit;
}

std::uint64_t TurnedBlock::bytes(const MatrixTurn& turn) {
  return static_cast<std::uint64_t>(turn.rows->blockSize() * turn.stored.in) * sizeof(float);
}

std::span<const float> TurnedBlock::rows(std::int64_t begin, std::int64_t end) const {
  return std::span(m_values).subspan(static_cast<std::size_t>((begin - m_rowBegin) * in()),
                                     static_cast<std::size_t>((end - begin) * in()));
}

void TurnedBlock::make() {
  share((m_size + kReadRows - 1) / kReadRows, m_nextRead, m_readDone, &TurnedBlock::readPart);
  share((in() + m_tileColumns - 1) / m_tileColumns, m_nextTile, m_tilesDone, &TurnedBlock::turnTile);
  const std::lock_guard lock(m_mutex);
  if (m_failure) std::rethrow_exception(m_failure);
}

/// Takes parts until there are none, then waits for those of others. No nested parallel loops: a thread that
/// waited inside one could pick up a task that waits for this block.
void TurnedBlock::share(std::int64_t count, std::atomic<std::int64_t>& next, std::atomic<std::int64_t>& done,
                        void (TurnedBlock::*work)(std::int64_t)) {
  for (std::int64_t part = next++; part < count; part = next++) {
    try {
      bool isFailed = false;
      {
        const std::lock_guard lock(m_mutex);
        isFailed = m_failure != nullptr;
      }
      if (!isFailed) (this->*work)(part);
    } catch (...) {
      const std::lock_guard lock(m_mutex);
      if (!m_failure) m_failure = std::current_exception();
    }
    ++done;
    done.notify_all();
  }
  for (std::int64_t seen = done; seen < count; seen = done) done.wait(seen);
}

void TurnedBlock::readPart(std::int64_t part) {
  const std::int64_t begin = part * kReadRows, end = std::min(m_size, begin + kReadRows);
  const auto rows = std::span(m_values).subspan(static_cast<std::size_t>(begin * in()),
                                                static_cast<std::size_t>((end - begin) * in()));
  m_inner.readRows(m_turn.stored, m_rowBegin + begin, m_rowBegin + end, rows);
  requireFinite(m_turn.stored, m_rowBegin + begin, rows);
  m_inner.release(m_turn.stored, m_rowBegin + begin, m_rowBegin + end);
}

/// R^T W for a tile of columns: its transposed times R, row by row.
void TurnedBlock::turnTile(std::int64_t tile) {
  const std::int64_t begin = tile * m_tileColumns, width = std::min(m_tileColumns, in() - begin);
  std::vector<double> rows(static_cast<std::size_t>(m_size * width)), turned(rows.size());
  for (std::int64_t i = 0; i < m_size; ++i)
    for (std::int64_t j = 0; j < width; ++j)
      rows[static_cast<std::size_t>(i * width + j)] =
          static_cast<double>(m_values[static_cast<std::size_t>(i * in() + begin + j)]);
  turnColumns(m_turn, begin, width, m_size, rows.data());
  for (std::int64_t i = 0; i < m_size; ++i)
    for (std::int64_t j = 0; j < width; ++j)
      turned[static_cast<std::size_t>(j * m_size + i)] = rows[static_cast<std::size_t>(i * width + j)];
  m_turn.rows->applyBlock(m_turn.blockNumber(m_rowBegin), width, turned.data(), m_size);
  for (std::int64_t i = 0; i < m_size; ++i)
    for (std::int64_t j = 0; j < width; ++j)
      m_values[static_cast<std::size_t>(i * in() + begin + j)] =
          static_cast<float>(turned[static_cast<std::size_t>(j * m_size + i)]);
}

}  // namespace ql
