#pragma once
// The grid of one part of a matrix, uniform integers or a small floating-point format: scale, zero point,
// clamp and order of rounding in float32, comparable bit for bit with the tools the flavours are named after.
// Not for how a matrix is cut into parts (methods/rtn.cpp).
#include "core/quant/element_format.h"
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
  const ElementFormat* element =
      nullptr;  // floats: divisor and codeHi are its largest value, codes its values
};

/// One part: c = round(clamp(w / scale + shift, lo, hi)), Q(w) = (c - shift) * scale, code = c + offset.
/// Rounding is half to even. Flavours that round before they add the zero point have shift 0 and a moved
/// clamp, which gives the same codes: all operands are integers below 2^24 there. With an element rounding c
/// is a value of that format instead of an integer, and there is no zero point.
struct PartGrid {
  float scale = 1, shift = 0, lo = 0, hi = 0;
  float offset = 0;
  std::int32_t zeroPoint = 0;  // in the flavour's codes
  ElementRounding element;     // of a float format

  bool isFloat() const { return element.exponentFloor != 0; }
};

/// Throws Error(Unsupported) when the flavour has no such scheme (smoothquant asymmetric, gptq of floats),
/// saying what there is.
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
  const float clamped = t < grid.lo ? grid.lo : t > grid.hi ? grid.hi : t;
  return grid.isFloat() ? roundToElement(grid.element, clamped) : roundHalfEven(clamped);
}

inline float gridValue(const PartGrid& grid, float code) {
  return (code - grid.shift) * grid.scale;
}

}  // namespace ql
