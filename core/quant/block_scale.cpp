// Sources: OCP Microscaling Formats 1.0; microxcaling mx_ops.py; compressed-tensors mxfp_utils.py and
// helpers.py; torchao mx_tensor.py and nvfp4_tensor.py; checked against each other at the boundaries.
#include "core/quant/block_scale.h"

#include "core/base/error.h"

#include <array>
#include <cmath>
#include <limits>

namespace ql {
namespace {

using Rule = BlockScale::Rule;

constexpr int kFloatMantissaBits = 23, kFloatBias = 127;
constexpr int kMostExponent = 127;           // of E8M0, whose code 255 is NaN
constexpr float kNvfp4Largest = 448 * 6.0f;  // largest e4m3 scale times largest e2m1 value
constexpr int kFp4MantissaBits = 1;

constexpr std::array<std::string_view, 6> kMxFlavours{
    "compressed-tensors", "torchao", "mx-floor", "mx-even", "mx-ceil", "mx-rceil"};
constexpr std::array<std::string_view, 2> kNvfp4Flavours{"compressed-tensors", "torchao"};
constexpr std::array<BlockFormat, 7> kFormats{{
    {"mxfp4", "fp4_e2m1", kMxFlavours},
    {"mxfp6", "fp6_e2m3", kMxFlavours},
    {"mxfp6_e3m2", "fp6_e3m2", kMxFlavours},
    {"mxfp8", "fp8_e4m3", kMxFlavours},
    {"mxfp8_e5m2", "fp8_e5m2", kMxFlavours},
    {"mxint8", "", kMxFlavours},
    {"nvfp4", "fp4_e2m1", kNvfp4Flavours},
}};

/// Half of the last place that a mantissa of so many bits keeps of a float32.
std::uint32_t halfPlace(int mantissaBits) {
  return std::uint32_t{1} << (kFloatMantissaBits - mantissaBits - 1);
}

/// Integers of 1/64 have 6 bits behind the binary point: 127/64 = 1.984375.
constexpr int kMxint8MantissaBits = 6;

BlockScale microscaling(const ElementFormat* element, std::string_view flavour) {
  BlockScale scale;
  scale.largest = element ? element->largest : 127.0f / 64;
  scale.step = element ? 1.0f : 1.0f / 64;
  scale.elementExponent = std::ilogb(scale.largest);
  const int mantissaBits = element ? element->mantissaBits : kMxint8MantissaBits;
  scale.rule = flavour == "mx-ceil"    ? Rule::MxCeil
               : flavour == "mx-rceil" ? Rule::MxRceil
               : flavour == "mx-even"  ? Rule::MxEven
                                       : Rule::MxFloor;
  if (flavour == "compressed-tensors") {
    scale.rule = Rule::MxEven;
    scale.roundUp = halfPlace(kFp4MantissaBits);
  } else if (scale.rule == Rule::MxEven) {
    scale.roundUp = halfPlace(mantissaBits);
  }
  return scale;
}

/// floor(log2(x)) of a normal x; -127 for subnormals, below what any E reaches.
int floorExponent(std::uint32_t bits) {
  return static_cast<int>(bits >> kFloatMantissaBits) - kFloatBias;
}

/// ceil(log2(x)), not below -127.
int ceilExponent(float x) {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  const std::uint32_t mantissa = bits & ((1u << kFloatMantissaBits) - 1);
  const int floor = floorExponent(bits);
  if (floor == -kFloatBias) return mantissa > (1u << (kFloatMantissaBits - 1)) ? 1 - kFloatBias : -kFloatBias;
  return floor + (mantissa != 0 ? 1 : 0);
}

int sharedExponent(const BlockScale& scale, float absmax) {
  const auto bits = std::bit_cast<std::uint32_t>(absmax);
  switch (scale.rule) {
    case Rule::MxEven:
      return floorExponent(bits + scale.roundUp) - scale.elementExponent;
    case Rule::MxCeil:
      return ceilExponent(absmax) - scale.elementExponent;
    case Rule::MxRceil:
      return ceilExponent(absmax / scale.largest);
    default:
      return floorExponent(bits) - scale.elementExponent;
  }
}

}  // namespace

std::span<const BlockFormat> blockFormats() {
  return kFormats;
}

const BlockFormat* findBlockFormat(std::string_view name) {
  for (const BlockFormat& format : kFormats)
    if (format.name == name) return &format;
  return nullptr;
}

BlockScale blockScale(const BlockFormat& format, std::string_view flavour) {
  if (format.name != "nvfp4") return microscaling(findElementFormat(format.element), flavour);
  BlockScale scale;
  scale.rule = flavour == "torchao" ? Rule::Nvfp4Torchao : Rule::Nvfp4;
  scale.largest = 6;
  scale.scaleRounding = elementRounding(*findElementFormat("fp8_e4m3"));
  return scale;
}

float microscale(const BlockScale& scale, float absmax) {
  if (absmax == 0) return 1;
  const int exponent = std::clamp(sharedExponent(scale, absmax), -kMostExponent, kMostExponent);
  if (exponent == -kMostExponent) return 0x1p-127f;  // a subnormal
  return std::bit_cast<float>(static_cast<std::uint32_t>(exponent + kFloatBias) << kFloatMantissaBits);
}

float nvfp4BlockScale(const BlockScale& scale, float absmax) {
  constexpr float kLargestScale = 448;
  const float local = absmax / scale.largest;
  if (scale.rule == Rule::Nvfp4Torchao)
    return roundToElement(scale.scaleRounding, std::clamp(local / scale.tensorScale, 0x1p-6f, kLargestScale));
  const float rounded =
      roundToElement(scale.scaleRounding, std::min(scale.tensorScale * local, kLargestScale));
  return rounded == 0 ? 0.125f : rounded;
}

void setTensorAbsmax(BlockScale& scale, float absmax) {
  QL_ASSERT(scale.isNvfp4() && absmax >= 0);
  constexpr float kTiny = std::numeric_limits<float>::min();
  // a number over a tensor is the tensor's reciprocal times the number in torch
  const float factor = scale.rule == Rule::Nvfp4 ? (1 / absmax) * kNvfp4Largest : absmax / kNvfp4Largest;
  // a tensor of zeros, or so small that the factor leaves the float range, has no second level
  scale.tensorScale = std::isfinite(factor) && factor >= kTiny ? factor : 1;
}

}  // namespace ql
