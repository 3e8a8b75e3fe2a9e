#pragma once
// Scales of block formats, OCP microscaling and NVFP4: what a block of small numbers shares, derived from its
// absmax. Not for the numbers themselves (element_format.h).
#include "core/quant/element_format.h"

#include <cstdint>
#include <span>
#include <string_view>

namespace ql {

/// How the scale of a block follows from its absmax, in float32.
///
/// Mx*: X = 2^E, E8M0. With e = floor(log2(absmax)) and emax the exponent of the element's largest value:
///   MxFloor  E = e - emax (OCP Microscaling Formats 1.0, section 6.3; microxcaling; torchao FLOOR)
///   MxEven   the same after `roundUp` was added to the bits of absmax, which rounds its mantissa to that of
///            the element (torchao EVEN, Quark; compressed-tensors always with the mantissa of FP4)
///   MxCeil   E = ceil(log2(absmax)) - emax (torchao CEIL)
///   MxRceil  E = ceil(log2(absmax / largest)) (torchao RCEIL, cuBLAS)
/// E is clamped to [-127, 127]. Values beyond the largest saturate.
///
/// Nvfp4*: s = fp8_e4m3(absmax / 6 in units of the tensor's scale), see tensorScale.
struct BlockScale {
  enum class Rule : std::uint8_t { None, MxFloor, MxEven, MxCeil, MxRceil, Nvfp4, Nvfp4Torchao };
  Rule rule = Rule::None;
  int elementExponent = 0;    // emax
  float largest = 1;          // of the element
  float step = 1;             // of elements that are integers: X * step is the value of code 1; floats: 1
  std::uint32_t roundUp = 0;  // MxEven
  /// Nvfp4: G = (1 / absmax of the tensor) * (448 * 6), which block scales are multiplied by; Nvfp4Torchao: g
  /// = absmax / (448 * 6), which they are divided by. 1: blocks have one level of scales only.
  float tensorScale = 1;
  ElementRounding scaleRounding;  // Nvfp4: fp8_e4m3

  bool isNvfp4() const { return rule == Rule::Nvfp4 || rule == Rule::Nvfp4Torchao; }
};

/// What a block format is made of: elements of a float format, or (mxint8) of integers of 1/64.
struct BlockFormat {
  std::string_view name, element;              // "" = integers
  std::span<const std::string_view> flavours;  // that it is rounded with
};
std::span<const BlockFormat> blockFormats();
const BlockFormat* findBlockFormat(std::string_view name);  // null when there is none

/// The rule for a format and a flavour it has.
BlockScale blockScale(const BlockFormat& format, std::string_view flavour);

/// X = 2^E of a microscaling block; 1 for a block of zeros. Finite absmax >= 0.
float microscale(const BlockScale& scale, float absmax);

/// The e4m3 scale of an NVFP4 block. compressed-tensors: 0 becomes 0.125; torchao: at least 2^-6.
float nvfp4BlockScale(const BlockScale& scale, float absmax);

/// Sets tensorScale from the absmax of the tensor, or of all tensors that are fused with it.
void setTensorAbsmax(BlockScale& scale, float absmax);

}  // namespace ql
