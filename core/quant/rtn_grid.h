#pragma once
// The grid of one part of a matrix, uniform integers or a small floating-point format: scale, zero point,
// clamp and order of rounding in float32, comparable bit for bit with the tools the flavours are named after.
// Not for how a matrix is cut into parts (methods/rtn.cpp).
#include "core/quant/block_scale.h"
#include "core/quant/element_format.h"
#include "core/quant/scheme.h"

#include <cmath>
#include <cstdint>

namespace ql {

/// What a scheme fixes for every part.
struct RtnRule {
  enum class Flavour : std::uint8_t {
    CompressedTensors,
    Gptq,
    Awq,
    SmoothQuant,
    QuaRot,
    Rptq,
    Qualcomm,
    LlmQat,
    BitsAndBytes
  };
  Flavour flavour = Flavour::CompressedTensors;
  int bits = 8;
  bool symmetric = true;
  float divisor = 127.5f;             // symmetric: scale = absmax / divisor; asymmetric: range / divisor
  float codeLo = -128, codeHi = 127;  // the flavour's own codes
  bool hasSignedCodes = true;         // false: codes count from 0 and the zero point is stored
  const ElementFormat* element =
      nullptr;               // floats: divisor and codeHi are its largest value, codes its values
  BlockScale block;          // microscaling formats and nvfp4: where the scale comes from; else None
  ElementRounding rounding;  // of `element`
  /// qualcomm, symmetric: the tensor holds negative values, so that no part is unsigned. False: a part
  /// without negative values gets the codes 0 .. 2^b - 1.
  bool hasNegatives = false;

  /// partGrid() looks at both ends of a range, not only at the larger magnitude.
  bool needsSigns() const { return !symmetric || flavour == Flavour::Gptq || flavour == Flavour::Qualcomm; }
  /// compressed-tensors with a zero point rounds w / scale + z, all others add z to what is rounded.
  bool addsZeroFirst() const { return flavour == Flavour::CompressedTensors && !symmetric; }
  /// Grids have a GridDetour.
  bool hasDetour() const {
    return flavour == Flavour::LlmQat || flavour == Flavour::BitsAndBytes ||
           block.rule == BlockScale::Rule::Nvfp4Torchao;
  }
};

/// The arithmetic of tools that do not simply divide by the scale and multiply with it again:
///   c = round(clamp(((w - base) / divide) * multiply, lo, hi)), Q(w) = ((c / divideCode) * step) * factor +
///   base.
/// A member that is left at 0 or 1 changes no bit.
struct GridDetour {
  float base = 0, divide = 1, multiply = 1;
  float divideCode = 1, step = 1, factor = 1;
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
  bool hasDetour = false;      // then scale is the step between codes, for information; shift is 0
  float zeroCode = 0;          // c of the weight 0
  GridDetour detour{};

  bool isFloat() const { return element.exponentFloor != 0; }
};

/// Throws Error(Unsupported) when the flavour has no such scheme (smoothquant asymmetric, gptq of floats),
/// saying what there is. nvfp4 has one level of scales until setTensorAbsmax(rule.block, absmax) gives it the
/// second.
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
  const GridDetour& detour = grid.detour;
  const float t =
      grid.hasDetour ? ((w - detour.base) / detour.divide) * detour.multiply : w / grid.scale + grid.shift;
  const float clamped = t < grid.lo ? grid.lo : t > grid.hi ? grid.hi : t;
  return grid.isFloat() ? roundToElement(grid.element, clamped) : roundHalfEven(clamped);
}

inline float gridValue(const PartGrid& grid, float code) {
  const GridDetour& detour = grid.detour;
  if (grid.hasDetour) return ((code / detour.divideCode) * detour.step) * detour.factor + detour.base;
  return (code - grid.shift) * grid.scale;
}

}  // namespace ql
