// llama.cpp's k-quants: blocks of 256 weights whose parts' scales are quantized themselves. The order of the
// float32 operations is that of the reference: another one changes codes.
#include "core/quant/ggml_blocks.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

namespace ql::ggml {
namespace {

constexpr std::size_t kQ4Parts = 8, kQ4Width = 32, kQ6Parts = 16, kQ6Width = 16;
constexpr float kLeastPeak = 1e-15f;  // GROUP_MAX_EPS: a part below this is zeros

/// Half to even for |x| < 2^22, read from the mantissa bits as the reference does: what lies beyond wraps the
/// same way.
int nearestInt(float x) {
  const auto bits = std::bit_cast<std::int32_t>(x + 12582912.0f);
  return (bits & 0x007fffff) - 0x00400000;
}

/// A part's codes with scale and minimum: x ~ scale * code - minimum, minimum >= 0.
template <std::size_t Width>
struct PartFit {
  std::array<std::uint8_t, Width> codes{};
  float scale = 0, minimum = 0;
};

/// What the least squares of one candidate rest on.
struct Sums {
  float l = 0, l2 = 0, xl = 0;
};

/// make_qkx2_quants: 21 candidate steps, each refined by weighted least squares; the smallest weighted
/// squared error wins. An accepted candidate's minimum is what the later ones start from.
class AffineSearch {
 public:
  AffineSearch(std::span<const float, kQ4Width> x) : m_x(x) {
    float squares = 0;
    for (const float v : x) squares += v * v;
    const float rms = std::sqrt(squares / static_cast<float>(kQ4Width));
    for (std::size_t i = 0; i < kQ4Width; ++i) m_weights[i] = rms + std::abs(x[i]);
    m_min = m_max = x[0];
    m_sumW = m_weights[0];
    m_sumX = m_sumW * x[0];
    for (std::size_t i = 1; i < kQ4Width; ++i) {
      m_min = std::min(m_min, x[i]);
      m_max = std::max(m_max, x[i]);
      m_sumW += m_weights[i];
      m_sumX += m_weights[i] * x[i];
    }
    m_min = std::min(m_min, 0.0f);
  }

  PartFit<kQ4Width> run() {
    PartFit<kQ4Width> best;
    best.minimum = -m_min;
    if (m_max == m_min) return best;
    const float inverse = kLargest / (m_max - m_min);
    best.scale = 1 / inverse;
    static_cast<void>(assign(inverse, best.codes));
    float bestError = error(best.codes, best.scale, m_min);
    for (int step = 0; step <= 20; ++step) tryStep(step, best, bestError);
    best.minimum = -m_min;
    return best;
  }

 private:
  using Codes = std::array<std::uint8_t, kQ4Width>;
  static constexpr float kLargest = 15;

  Sums assign(float inverse, Codes& codes) const {
    Sums sums;
    for (std::size_t i = 0; i < kQ4Width; ++i) {
      const int code = std::clamp(nearestInt(inverse * (m_x[i] - m_min)), 0, 15);
      codes[i] = static_cast<std::uint8_t>(code);
      const float l = static_cast<float>(code), w = m_weights[i];
      sums.l += w * l;
      sums.l2 += w * l * l;
      sums.xl += w * l * m_x[i];
    }
    return sums;
  }

  float error(const Codes& codes, float scale, float min) const {
    float sum = 0;
    for (std::size_t i = 0; i < kQ4Width; ++i) {
      const float difference = scale * static_cast<float>(codes[i]) + min - m_x[i];
      sum += m_weights[i] * (difference * difference);
    }
    return sum;
  }

  void tryStep(int step, PartFit<kQ4Width>& best, float& bestError) {
    Codes codes;
    const Sums sums = assign((-1.0f + 0.1f * static_cast<float>(step) + kLargest) / (m_max - m_min), codes);
    const float determinant = m_sumW * sums.l2 - sums.l * sums.l;
    if (!(determinant > 0)) return;
    float scale = (m_sumW * sums.xl - m_sumX * sums.l) / determinant;
    float min = (sums.l2 * m_sumX - sums.l * sums.xl) / determinant;
    if (min > 0) {
      min = 0;
      scale = sums.xl / sums.l2;
    }
    const float candidate = error(codes, scale, min);
    if (!(candidate < bestError)) return;
    best.codes = codes;
    best.scale = scale;
    bestError = candidate;
    m_min = min;
  }

  std::span<const float, kQ4Width> m_x;
  std::array<float, kQ4Width> m_weights{};
  float m_min = 0, m_max = 0, m_sumW = 0, m_sumX = 0;
};

/// make_qx_quants with nmax 32 and weights x^2: the signed peak is put near code -32 in 19 ways; the least
/// squares scale that explains most wins. Codes count from 0; they are assigned again from the quantized
/// scale where that is not 0.
PartFit<kQ6Width> symmetricFit(std::span<const float> x) {
  PartFit<kQ6Width> best;
  float amax = 0, peak = 0;
  for (const float v : x) {
    if (std::abs(v) > amax) {
      amax = std::abs(v);
      peak = v;
    }
  }
  if (amax < kLeastPeak) return best;
  float explained = 0;
  const auto tryInverse = [&](float inverse, bool isFirst) {
    std::array<std::uint8_t, kQ6Width> codes;
    float xl = 0, l2 = 0;
    for (std::size_t i = 0; i < kQ6Width; ++i) {
      const int code = std::clamp(nearestInt(inverse * x[i]), -32, 31);
      const float l = static_cast<float>(code), w = x[i] * x[i];
      codes[i] = static_cast<std::uint8_t>(code + 32);
      xl += w * x[i] * l;
      l2 += w * l * l;
    }
    if (!isFirst && !(l2 > 0 && xl * xl > explained * l2)) return;
    best.codes = codes;
    best.scale = l2 != 0 ? xl / l2 : 0.0f;
    explained = best.scale * xl;
  };
  tryInverse(-32.0f / peak, true);
  for (int step = -9; step <= 9; ++step)
    if (step != 0) tryInverse(-(32 + 0.1f * static_cast<float>(step)) / peak, false);
  return best;
}

/// Scale and minimum codes of part j, six bits each in twelve bytes.
std::pair<int, int> partCodes(std::span<const std::uint8_t> bytes, std::size_t j) {
  if (j < 4) return {bytes[j] & 63, bytes[j + 4] & 63};
  return {(bytes[j + 4] & 0xf) | bytes[j - 4] >> 6 << 4, bytes[j + 4] >> 4 | bytes[j] >> 6 << 4};
}

void putPartCodes(std::span<std::uint8_t> bytes, std::size_t j, int scale, int minimum) {
  if (j < 4) {
    bytes[j] = static_cast<std::uint8_t>(scale);
    bytes[j + 4] = static_cast<std::uint8_t>(minimum);
    return;
  }
  bytes[j + 4] = static_cast<std::uint8_t>((scale & 0xf) | (minimum & 0xf) << 4);
  bytes[j - 4] = static_cast<std::uint8_t>(bytes[j - 4] | scale >> 4 << 6);
  bytes[j] = static_cast<std::uint8_t>(bytes[j] | minimum >> 4 << 6);
}

/// Six bits; the cast to a byte before the clamp is the reference's.
int sixBits(float value) {
  return std::min<int>(63, static_cast<std::uint8_t>(nearestInt(value)));
}

}  // namespace

void packQ4K(std::span<const float> x, std::span<std::uint8_t> block) {
  std::array<PartFit<kQ4Width>, kQ4Parts> fits;
  float maxScale = 0, maxMinimum = 0;
  for (std::size_t j = 0; j < kQ4Parts; ++j) {
    fits[j] = AffineSearch(std::span<const float, kQ4Width>(x.subspan(j * kQ4Width, kQ4Width))).run();
    if (fits[j].scale > maxScale) maxScale = fits[j].scale;
    if (fits[j].minimum > maxMinimum) maxMinimum = fits[j].minimum;
  }
  const float inverseScale = maxScale > 0 ? 63.0f / maxScale : 0.0f;
  const float inverseMinimum = maxMinimum > 0 ? 63.0f / maxMinimum : 0.0f;
  const std::span<std::uint8_t> scales = block.subspan(4, 12);
  for (std::size_t j = 0; j < kQ4Parts; ++j)
    putPartCodes(scales, j, sixBits(inverseScale * fits[j].scale), sixBits(inverseMinimum * fits[j].minimum));
  putHalf(block, 0, maxScale / 63.0f);
  putHalf(block, 2, maxMinimum / 63.0f);

  for (std::size_t j = 0; j < kQ4Parts; ++j) {
    const auto [scaleCode, minimumCode] = partCodes(scales, j);
    const float d = halfAt(block, 0) * static_cast<float>(scaleCode);
    if (d == 0) continue;
    const float minimum = halfAt(block, 2) * static_cast<float>(minimumCode);
    for (std::size_t i = 0; i < kQ4Width; ++i)
      fits[j].codes[i] =
          static_cast<std::uint8_t>(std::clamp(nearestInt((x[j * kQ4Width + i] + minimum) / d), 0, 15));
  }
  for (std::size_t pair = 0; pair < kQ4Parts / 2; ++pair) {
    for (std::size_t i = 0; i < kQ4Width; ++i)
      block[16 + pair * kQ4Width + i] =
          static_cast<std::uint8_t>(fits[2 * pair].codes[i] | fits[2 * pair + 1].codes[i] << 4);
  }
}

void unpackQ4K(std::span<const std::uint8_t> block, GgmlBlock& result) {
  const float d = halfAt(block, 0), minimum = halfAt(block, 2);
  for (std::size_t j = 0; j < kQ4Parts; ++j) {
    const auto [scaleCode, minimumCode] = partCodes(block.subspan(4, 12), j);
    result.scales[j] = d * static_cast<float>(scaleCode);
    result.offsets[j] = -(minimum * static_cast<float>(minimumCode));
    for (std::size_t i = 0; i < kQ4Width; ++i) {
      const std::uint8_t byte = block[16 + j / 2 * kQ4Width + i];
      result.codes[j * kQ4Width + i] = static_cast<std::int16_t>(j % 2 == 0 ? byte & 0xf : byte >> 4);
    }
  }
}

/// Low four bits of half a block at 64 bytes, high two bits at 32 bytes; 16 scale bytes; d.
void packQ6K(std::span<const float> x, std::span<std::uint8_t> block) {
  std::fill(block.begin(), block.end(), std::uint8_t{0});
  std::array<PartFit<kQ6Width>, kQ6Parts> fits;
  float maxAbs = 0, maxScale = 0;
  for (std::size_t j = 0; j < kQ6Parts; ++j) {
    fits[j] = symmetricFit(x.subspan(j * kQ6Width, kQ6Width));
    if (std::abs(fits[j].scale) > maxAbs) {
      maxAbs = std::abs(fits[j].scale);
      maxScale = fits[j].scale;
    }
  }
  if (maxAbs < kLeastPeak) return;
  const float inverse = -128.0f / maxScale;
  putHalf(block, 208, 1 / inverse);
  std::array<std::uint8_t, kSuperBlock> codes{};
  for (std::size_t j = 0; j < kQ6Parts; ++j) {
    const auto scaleCode = static_cast<std::int8_t>(std::min(127, nearestInt(inverse * fits[j].scale)));
    block[192 + j] = static_cast<std::uint8_t>(scaleCode);
    const float d = halfAt(block, 208) * static_cast<float>(scaleCode);
    for (std::size_t i = 0; i < kQ6Width; ++i) {
      const float w = x[j * kQ6Width + i];
      codes[j * kQ6Width + i] =
          d == 0 ? fits[j].codes[i] : static_cast<std::uint8_t>(std::clamp(nearestInt(w / d), -32, 31) + 32);
    }
  }
  for (std::size_t half = 0; half < 2; ++half) {
    const std::uint8_t* l = codes.data() + half * 128;
    for (std::size_t i = 0; i < 32; ++i) {
      block[half * 64 + i] = static_cast<std::uint8_t>((l[i] & 0xf) | (l[i + 64] & 0xf) << 4);
      block[half * 64 + i + 32] = static_cast<std::uint8_t>((l[i + 32] & 0xf) | (l[i + 96] & 0xf) << 4);
      block[128 + half * 32 + i] = static_cast<std::uint8_t>(l[i] >> 4 | l[i + 32] >> 4 << 2 |
                                                             l[i + 64] >> 4 << 4 | l[i + 96] >> 4 << 6);
    }
  }
}

void unpackQ6K(std::span<const std::uint8_t> block, GgmlBlock& result) {
  const float d = halfAt(block, 208);
  for (std::size_t j = 0; j < kQ6Parts; ++j)
    result.scales[j] = d * static_cast<float>(static_cast<std::int8_t>(block[192 + j]));
  for (std::size_t i = 0; i < kSuperBlock; ++i) {
    const std::size_t half = i / 128, quarter = i % 128 / 32, column = i % 32;
    const std::uint8_t low = block[half * 64 + (quarter % 2) * 32 + column];
    const int code =
        (quarter < 2 ? low & 0xf : low >> 4) | (block[128 + half * 32 + column] >> 2 * quarter & 3) << 4;
    result.codes[i] = static_cast<std::int16_t>(code - 32);
  }
}

}  // namespace ql::ggml
