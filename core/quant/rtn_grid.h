#pragma once
// The uniform integer grid of one part of a matrix under each rounding flavour: scale, zero point, clamp and
// order of rounding in float32, comparable bit for bit with the tools the flavours are named after. Not for
// how a matrix is cut into parts (methods/rtn.cpp).
#include "core/quant/scheme.h"

#include <cmath>
#include <cstdint>

namespace ql {

/// What a scheme fixes for every part.
struct RtnRule {
  enum class Flavour : std::uint8_t { CompressedTensors, Gptq, Awq, SmoothQuant };
  Flavour flavour = Flavour::CompressedTensors;
  int bits = 8;
  bool symmetric = true;
  float divisor = 127.5f;             // symmetric: scale = absmax / divisor; asymmetric: range / divisor
  float codeLo = -128, codeHi = 127;  // the flavour's own codes
  bool hasSignedCodes = true;         // false: codes count from 0 and the zero point is stored
};

/// One part: c = round(clamp(w / scale + shift, lo, hi)), Q(w) = (c - shift) * scale, code = c + offset.
/// Rounding is half to even. Flavours that round before they add the zero point have shift 0 and a moved
/// clamp, which gives the same codes: all operands are integers below 2^24 there.
struct PartGrid {
  float scale = 1, shift = 0, lo = 0, hi = 0;
  float offset = 0;
  std::int32_t zeroPoint = 0;  // in the flavour's codes
};

/// Throws Error(Unsupported) when the flavour has no such scheme (smoothquant asymmetric), saying what there
/// is.
RtnRule rtnRule(const WeightScheme& scheme);

/// The grid of a part whose finite values span [min, max] (0, 0 for a part without any).
PartGrid partGrid(const RtnRule& rule, float min, float max);

/// Half to even for |x| < 2^22: adding 1.5 * 2^23 leaves no fraction bits.
inline float roundHalfEven(float x) {
  constexpr float kMagic = 12582912.0f;
  return (x + kMagic) - kMagic;
}

/// c of PartGrid for a finite weight.
inline float gridCode(const PartGrid& grid, float w) {
  const float t = w / grid.scale + grid.shift;
  return roundHalfEven(t < grid.lo ? grid.lo : t > grid.hi ? grid.hi : t);
}

inline float gridValue(const PartGrid& grid, float code) {
  return (code - grid.shift) * grid.scale;
}

}  // namespace ql
