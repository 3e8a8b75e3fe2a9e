#include "core/quant/element_format.h"

#include "core/base/error.h"

#include <array>
#include <cmath>
#include <limits>

namespace ql {
namespace {

using Specials = ElementFormat::Specials;

constexpr std::array<ElementFormat, 9> kFormats{{
    {"fp8_e4m3", 4, 3, 7, Specials::TopIsNan, 448},
    {"fp8_e5m2", 5, 2, 15, Specials::Ieee, 57344},
    {"fp8_e4m3_ieee", 4, 3, 7, Specials::Ieee, 240},
    {"fp8_e4m3_fnuz", 4, 3, 8, Specials::Fnuz, 240},
    {"fp8_e5m2_fnuz", 5, 2, 16, Specials::Fnuz, 57344},
    {"fp6_e2m3", 2, 3, 1, Specials::None, 7.5f},
    {"fp6_e3m2", 3, 2, 3, Specials::None, 28},
    {"fp4_e2m1", 2, 1, 1, Specials::None, 6},
    {"fp4_e2m1_ieee", 2, 1, 1, Specials::Ieee, 3},
}};

std::uint32_t signBit(const ElementFormat& format) {
  return format.codeCount() / 2;
}

bool isNan(const ElementFormat& format, std::uint32_t code) {
  const std::uint32_t sign = signBit(format), magnitude = code & (sign - 1);
  const std::uint32_t infinity = ((1u << format.exponentBits) - 1) << format.mantissaBits;
  switch (format.specials) {
    case Specials::None:
      return false;
    case Specials::TopIsNan:
      return magnitude == sign - 1;
    case Specials::Ieee:
      return magnitude > infinity;
    case Specials::Fnuz:
      return code == sign;
  }
  return false;
}

bool isInfinite(const ElementFormat& format, std::uint32_t code) {
  const std::uint32_t infinity = ((1u << format.exponentBits) - 1) << format.mantissaBits;
  return format.specials == Specials::Ieee && (code & (signBit(format) - 1)) == infinity;
}

}  // namespace

float ElementFormat::smallest() const {
  return std::ldexp(1.0f, 1 - bias - mantissaBits);
}

std::span<const ElementFormat> elementFormats() {
  return kFormats;
}

const ElementFormat* findElementFormat(std::string_view name) {
  for (const ElementFormat& format : kFormats)
    if (format.name == name) return &format;
  return nullptr;
}

float elementValue(const ElementFormat& format, std::uint32_t code) {
  QL_ASSERT(code < format.codeCount());
  if (isNan(format, code)) return std::numeric_limits<float>::quiet_NaN();
  const bool isNegative = (code & signBit(format)) != 0;
  if (isInfinite(format, code))
    return isNegative ? -std::numeric_limits<float>::infinity() : std::numeric_limits<float>::infinity();
  const std::uint32_t mantissaMask = (1u << format.mantissaBits) - 1;
  const int exponent = static_cast<int>((code & (signBit(format) - 1)) >> format.mantissaBits);
  const std::uint32_t hidden =
      exponent > 0 ? mantissaMask + 1 : 0;  // subnormals share the step of exponent 1
  const float value = std::ldexp(static_cast<float>(hidden + (code & mantissaMask)),
                                 std::max(exponent, 1) - format.bias - format.mantissaBits);
  return isNegative ? -value : value;
}

std::uint32_t elementCode(const ElementFormat& format, float value) {
  QL_ASSERT(std::isfinite(value));
  const float rounded =
      roundToElement(elementRounding(format), std::clamp(value, -format.largest, format.largest));
  if (rounded == 0) return 0;
  const std::uint32_t sign = rounded < 0 ? signBit(format) : 0;
  const int exponent = std::max(std::ilogb(rounded), 1 - format.bias);
  // in steps of the binade: below 2^M for subnormals, whose exponent field is 0
  const auto steps =
      static_cast<std::uint32_t>(std::ldexp(std::abs(rounded), format.mantissaBits - exponent));
  const auto field = static_cast<std::uint32_t>(exponent + format.bias - 1);
  return sign | ((field << format.mantissaBits) + steps);
}

std::vector<float> elementMagnitudes(const ElementFormat& format) {
  std::vector<float> values;
  for (std::uint32_t code = 0; code < signBit(format); ++code)
    if (const float value = elementValue(format, code); std::isfinite(value)) values.push_back(value);
  return values;
}

ElementRounding elementRounding(const ElementFormat& format) {
  constexpr int kFloatBias = 127, kFloatMantissa = 23;
  constexpr std::int32_t kHalf = 1 << (kFloatMantissa - 1);  // mantissa of 1.5
  return {(1 - format.bias + kFloatBias) << kFloatMantissa,
          ((kFloatMantissa - format.mantissaBits) << kFloatMantissa) | kHalf};
}

}  // namespace ql
