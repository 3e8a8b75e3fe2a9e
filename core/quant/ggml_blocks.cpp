#include "core/quant/ggml_blocks.h"

#include "core/base/dtype.h"
#include "core/base/error.h"

#include <algorithm>
#include <cmath>

namespace ql {
namespace ggml {

void putHalf(std::span<std::uint8_t> block, std::size_t offset, float value) {
  constexpr float kLargestHalf = 65504;
  const std::uint16_t bits = floatToFp16(std::clamp(value, -kLargestHalf, kLargestHalf));
  block[offset] = static_cast<std::uint8_t>(bits & 0xff);
  block[offset + 1] = static_cast<std::uint8_t>(bits >> 8);
}

float halfAt(std::span<const std::uint8_t> block, std::size_t offset) {
  return fp16ToFloat(static_cast<std::uint16_t>(block[offset] | block[offset + 1] << 8));
}

}  // namespace ggml

namespace {

using ggml::halfAt;
using ggml::putHalf;

constexpr std::size_t kBlock = 32, kHalf = kBlock / 2;

constexpr std::array<GgmlBlockFormat, 7> kFormats{{
    {"q8_0", 8, kBlock, 34, 1, -127, 127},
    {"q4_0", 2, kBlock, 18, 1, -8, 7},
    {"q4_1", 3, kBlock, 20, 1, 0, 15},
    {"q5_0", 6, kBlock, 22, 1, -16, 15},
    {"q5_1", 7, kBlock, 24, 1, 0, 31},
    {"q4_k", 12, ggml::kSuperBlock, 144, 8, 0, 15},
    {"q6_k", 14, ggml::kSuperBlock, 210, 16, -32, 31},
}};

/// 1 / d, or 0 where that is of no use: fp16 rounds such a scale to 0 and the codes do not matter.
float inverseOf(float d) {
  const float inverse = d != 0 ? 1.0f / d : 0.0f;
  return std::isfinite(inverse) ? inverse : 0.0f;
}

/// The weight with the largest magnitude, the first of equals, with its sign.
float signedPeak(std::span<const float> x) {
  float amax = 0, peak = 0;
  for (const float v : x) {
    if (amax < std::abs(v)) {
      amax = std::abs(v);
      peak = v;
    }
  }
  return peak;
}

using Codes = std::array<std::uint8_t, kBlock>;

/// Low four bits: weight j and j + 16 share a byte, the first in the low half.
void putNibbles(std::span<std::uint8_t> bytes, const Codes& codes) {
  for (std::size_t j = 0; j < kHalf; ++j)
    bytes[j] = static_cast<std::uint8_t>((codes[j] & 0xf) | (codes[j + kHalf] & 0xf) << 4);
}

/// Fifth bits: bit j of a little-endian 32-bit word is that of weight j.
void putFifthBits(std::span<std::uint8_t> bytes, const Codes& codes) {
  std::fill_n(bytes.begin(), 4, std::uint8_t{0});
  for (std::size_t j = 0; j < kBlock; ++j)
    bytes[j / 8] = static_cast<std::uint8_t>(bytes[j / 8] | (codes[j] >> 4 & 1) << j % 8);
}

void packQ80(std::span<const float> x, std::span<std::uint8_t> block) {
  const float d = std::abs(signedPeak(x)) / 127, inverse = inverseOf(d);
  putHalf(block, 0, d);
  for (std::size_t j = 0; j < kBlock; ++j)  // roundf: halves away from zero
    block[2 + j] = static_cast<std::uint8_t>(static_cast<std::int8_t>(std::round(x[j] * inverse)));
}

/// q4_0 and q5_0: the peak gets the code furthest from zero, code = trunc(x / d + levels / 2 + 0.5).
void packSigned(std::span<const float> x, std::span<std::uint8_t> block, int levels) {
  const float d = signedPeak(x) / static_cast<float>(-levels / 2), inverse = inverseOf(d);
  putHalf(block, 0, d);
  Codes codes{};
  for (std::size_t j = 0; j < kBlock; ++j) {
    const int code = static_cast<int>(x[j] * inverse + (static_cast<float>(levels / 2) + 0.5f));
    codes[j] = static_cast<std::uint8_t>(std::min(levels - 1, code));
  }
  if (levels == 32) putFifthBits(block.subspan(2, 4), codes);
  putNibbles(block.subspan(levels == 32 ? 6 : 2, kHalf), codes);
}

/// q4_1 and q5_1: code = trunc((x - min) / d + 0.5).
void packAffine(std::span<const float> x, std::span<std::uint8_t> block, int levels) {
  const auto [least, largest] = std::minmax_element(x.begin(), x.end());
  const float min = *least, d = (*largest - min) / static_cast<float>(levels - 1), inverse = inverseOf(d);
  putHalf(block, 0, d);
  putHalf(block, 2, min);
  Codes codes{};
  for (std::size_t j = 0; j < kBlock; ++j) {
    const float scaled = inverse == 0 ? 0 : (x[j] - min) * inverse;
    codes[j] = static_cast<std::uint8_t>(std::min(levels - 1, static_cast<int>(scaled + 0.5f)));
  }
  if (levels == 32) putFifthBits(block.subspan(4, 4), codes);
  putNibbles(block.subspan(levels == 32 ? 8 : 4, kHalf), codes);
}

/// Codes at `begin`, fifth bits at `fifth` (0 = none), less `shift`.
void takeCodes(std::span<const std::uint8_t> block, std::size_t begin, std::size_t fifth, int shift,
               GgmlBlock& result) {
  for (std::size_t j = 0; j < kBlock; ++j) {
    const std::uint8_t byte = block[begin + j % kHalf];
    int code = j < kHalf ? byte & 0xf : byte >> 4;
    if (fifth != 0) code |= (block[fifth + j / 8] >> j % 8 & 1) << 4;
    result.codes[j] = static_cast<std::int16_t>(code - shift);
  }
}

void takeScales(std::span<const std::uint8_t> block, bool hasMinimum, GgmlBlock& result) {
  result.scales[0] = halfAt(block, 0);
  result.offsets[0] = hasMinimum ? halfAt(block, 2) : 0.0f;
}

}  // namespace

std::span<const GgmlBlockFormat> ggmlBlockFormats() {
  return kFormats;
}

const GgmlBlockFormat* findGgmlBlockFormat(std::string_view name) {
  for (const GgmlBlockFormat& format : kFormats)
    if (format.name == name) return &format;
  return nullptr;
}

void packGgmlBlock(const GgmlBlockFormat& format, std::span<const float> x, std::span<std::uint8_t> block) {
  QL_ASSERT(x.size() == format.weights && block.size() == format.bytes);
  if (format.name == "q8_0") return packQ80(x, block);
  if (format.name == "q4_0") return packSigned(x, block, 16);
  if (format.name == "q5_0") return packSigned(x, block, 32);
  if (format.name == "q4_1") return packAffine(x, block, 16);
  if (format.name == "q5_1") return packAffine(x, block, 32);
  if (format.name == "q4_k") return ggml::packQ4K(x, block);
  ggml::packQ6K(x, block);
}

GgmlBlock unpackGgmlBlock(const GgmlBlockFormat& format, std::span<const std::uint8_t> block) {
  QL_ASSERT(block.size() == format.bytes);
  GgmlBlock result;
  if (format.name == "q4_k") {
    ggml::unpackQ4K(block, result);
  } else if (format.name == "q6_k") {
    ggml::unpackQ6K(block, result);
  } else if (format.name == "q8_0") {
    takeScales(block, false, result);
    for (std::size_t j = 0; j < kBlock; ++j) result.codes[j] = static_cast<std::int8_t>(block[2 + j]);
  } else {
    const bool hasMinimum = format.codeLo == 0, isFive = format.codeHi - format.codeLo == 31;
    const std::size_t scales = hasMinimum ? 4 : 2;
    takeScales(block, hasMinimum, result);
    takeCodes(block, isFive ? scales + 4 : scales, isFive ? scales : 0, -format.codeLo, result);
  }
  return result;
}

void decodeGgmlBlock(const GgmlBlockFormat& format, std::span<const std::uint8_t> block, std::span<float> x) {
  QL_ASSERT(x.size() == format.weights);
  const GgmlBlock parts = unpackGgmlBlock(format, block);
  const std::size_t width = format.weights / format.parts;
  for (std::size_t i = 0; i < x.size(); ++i)
    x[i] = static_cast<float>(parts.codes[i]) * parts.scales[i / width] + parts.offsets[i / width];
}

int ggmlZeroCode(const GgmlBlockFormat& format, const GgmlBlock& block, std::size_t part) {
  if (format.codeLo < 0 || block.scales[part] == 0) return 0;
  const float code = std::nearbyint(-block.offsets[part] / block.scales[part]);
  return static_cast<int>(
      std::clamp(code, static_cast<float>(format.codeLo), static_cast<float>(format.codeHi)));
}

}  // namespace ql
