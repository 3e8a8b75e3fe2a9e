#include "core/calib/attention.h"

#include "core/base/error.h"
#include "core/calib/activation_kernels.h"
#include "core/calib/forward_buffer.h"
#include "core/linalg/gemm.h"

#include <algorithm>
#include <vector>

namespace ql {
namespace {

constexpr std::int64_t kMostRows = 64, kLeastRows = 16;
constexpr std::int64_t kTileValues = std::int64_t{1} << 21;  // 8 MiB of scores, some 20 ms of work

/// Rows of queries worked together; a function of the window alone, so that bits are too.
std::int64_t tileRows(std::int64_t length) {
  return std::clamp(kTileValues / std::max<std::int64_t>(length, 1), kLeastRows, kMostRows);
}

struct Tile {
  std::int64_t window = 0, head = 0, rowBegin = 0, rowEnd = 0;  // rows within the window
};

std::vector<Tile> tilesOf(const AttentionShape& shape, std::span<const std::int64_t> begins) {
  std::vector<Tile> tiles;
  for (std::size_t w = 0; w + 1 < begins.size(); ++w) {
    const std::int64_t length = begins[w + 1] - begins[w], rows = tileRows(length);
    for (std::int64_t head = 0; head < shape.heads; ++head)
      for (std::int64_t row = 0; row < length; row += rows)
        tiles.push_back({static_cast<std::int64_t>(w), head, row, std::min(row + rows, length)});
  }
  return tiles;
}

/// Keys [begin, end) that a query row sees.
struct KeyRange {
  std::int64_t begin = 0, end = 0;
};

KeyRange keysOf(const AttentionShape& shape, std::int64_t row, std::int64_t length) {
  if (!shape.isCausal) return {0, length};
  return {shape.window > 0 ? std::max<std::int64_t>(0, row - shape.window + 1) : 0, row + 1};
}

class TileWorker {
 public:
  TileWorker(const AttentionShape& shape, std::span<const std::int64_t> begins, float* q, const float* k,
             const float* v)
      : m_shape(shape), m_begins(begins), m_q(q), m_k(k), m_v(v) {}

  void run(const Tile& tile) const {
    const std::int64_t first = m_begins[static_cast<std::size_t>(tile.window)];
    const std::int64_t length = m_begins[static_cast<std::size_t>(tile.window) + 1] - first;
    const KeyRange keys = {keysOf(m_shape, tile.rowBegin, length).begin,
                           keysOf(m_shape, tile.rowEnd - 1, length).end};
    const std::int64_t rows = tile.rowEnd - tile.rowBegin, count = keys.end - keys.begin;
    const std::int64_t d = m_shape.headDim, qStride = m_shape.heads * d, kStride = m_shape.kvHeads * d;
    const std::int64_t kvHead = tile.head / (m_shape.heads / m_shape.kvHeads);
    float* const query = m_q + (first + tile.rowBegin) * qStride + tile.head * d;
    const std::int64_t keyAt = (first + keys.begin) * kStride + kvHead * d;

    FloatBuffer scores(rows, count);
    multiplyTransposedSerial({query, rows, d, qStride}, {m_k + keyAt, count, d, kStride},
                             {scores.data(), rows, count, count});
    for (std::int64_t i = 0; i < rows; ++i)
      weigh(keysOf(m_shape, tile.rowBegin + i, length), keys, scores.data() + i * count);
    // The tile of q was read for the last time above.
    multiplySerial({scores.data(), rows, count, count}, {m_v + keyAt, count, d, kStride},
                   {query, rows, d, qStride});
  }

 private:
  /// Softmax over the keys that the row sees; the tile's other keys weigh nothing.
  void weigh(KeyRange seen, KeyRange all, float* row) const {
    float* const begin = row + (seen.begin - all.begin);
    float* const end = row + (seen.end - all.begin);
    std::fill(row, begin, 0.0f);
    std::fill(end, row + (all.end - all.begin), 0.0f);
    softmaxRow(begin, static_cast<std::size_t>(end - begin), m_shape.scale, m_shape.softcap);
  }

  const AttentionShape& m_shape;
  std::span<const std::int64_t> m_begins;
  float* m_q;
  const float *m_k, *m_v;
};

}  // namespace

void attend(const AttentionShape& shape, std::span<const std::int64_t> begins, float* q, const float* k,
            const float* v, JobContext& job) {
  QL_ASSERT(shape.kvHeads > 0 && shape.heads % shape.kvHeads == 0);
  QL_ASSERT(shape.isCausal || shape.window == 0);
  const std::vector<Tile> tiles = tilesOf(shape, begins);
  const TileWorker worker(shape, begins, q, k, v);
  parallelFor(job, static_cast<std::int64_t>(tiles.size()),
              [&](std::int64_t i) { worker.run(tiles[static_cast<std::size_t>(i)]); });
}

std::uint64_t attentionTileBytes(std::int64_t longestWindow) {
  return static_cast<std::uint64_t>(tileRows(longestWindow) * longestWindow) * sizeof(float);
}

}  // namespace ql
