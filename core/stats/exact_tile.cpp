#include "core/stats/exact_tile.h"

#include "core/base/dtype.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace ql {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr ExactSums kEmptyChannel{kInfinity, -kInfinity, 0, 0, 0, 0, 0, 0, 0};

void addFinite(ExactSums& channel, float value, double square) {
  channel.min = std::min(channel.min, value);
  channel.max = std::max(channel.max, value);
  channel.sum += static_cast<double>(value);
  channel.sq += square;
  channel.quad += square * square;
  channel.zeros += value == 0.0f ? 1 : 0;
}

void addNonFinite(ExactSums& channel, float value) {
  if (std::isnan(value)) {
    ++channel.nans;
  } else {
    ++(value > 0 ? channel.posInfs : channel.negInfs);
  }
}

}  // namespace

float storedValue(const std::byte* data, StoredKind kind) {
  if (kind == StoredKind::F32) {
    float value;
    std::memcpy(&value, data, sizeof value);
    return value;
  }
  std::uint16_t code;
  std::memcpy(&code, data, sizeof code);
  return kind == StoredKind::F16 ? fp16ToFloat(code)
                                 : std::bit_cast<float>(static_cast<std::uint32_t>(code) << 16);
}

void sumTileExactly(const StripTile& tile, ExactTile& exact) {
  std::fill_n(exact.columns.begin(), tile.columns, kEmptyChannel);
  std::fill_n(exact.rows.begin(), tile.rows, kEmptyChannel);
  exact.cube = 0;
  exact.bitsOr = 0;
  for (int r = 0; r < tile.rows; ++r) {
    const std::byte* p = tile.data + static_cast<std::size_t>(r) * tile.rowBytes;
    ExactSums& row = exact.rows[static_cast<std::size_t>(r)];
    for (int c = 0; c < tile.columns; ++c, p += storedBytes(tile.kind)) {
      const float value = storedValue(p, tile.kind);
      ExactSums& column = exact.columns[static_cast<std::size_t>(c)];
      if (!std::isfinite(value)) {
        addNonFinite(row, value);
        addNonFinite(column, value);
        continue;
      }
      const double w = static_cast<double>(value), square = w * w;
      addFinite(row, value, square);
      addFinite(column, value, square);
      exact.cube += square * w;
      exact.bitsOr |= std::bit_cast<std::uint32_t>(value);
    }
  }
}

}  // namespace ql
