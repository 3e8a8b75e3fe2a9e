#pragma once
// Small floating-point formats of single elements (fp8, fp6, fp4): every code with its value, and rounding to
// the nearest value. Not for how a part of a matrix gets its scale (rtn_grid.h).
#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace ql {

/// A code is sign | exponent | mantissa. With exponent field e > 0 it means (1 + m / 2^M) 2^(e - bias), with
/// e = 0 m 2^(1 - bias - M).
struct ElementFormat {
  /// Which codes are no finite numbers.
  enum class Specials : std::uint8_t {
    None,      // every code is a number
    TopIsNan,  // OCP fp8_e4m3 ("fn"): all ones is NaN, no infinities
    Ieee,      // the top exponent is Inf and NaN
    Fnuz       // the code of -0 is NaN; no infinities, no negative zero
  };
  std::string_view name;
  int exponentBits, mantissaBits, bias;
  Specials specials;
  float largest;  // finite value

  int bits() const { return 1 + exponentBits + mantissaBits; }
  std::uint32_t codeCount() const { return std::uint32_t{1} << bits(); }
  /// The least positive value, a subnormal.
  float smallest() const;
};

/// Source: OCP 8-bit Floating Point Specification 1.0; OCP Microscaling Formats 1.0, section 5.3; ml_dtypes
/// (float8_e4m3, *fnuz); MoFQ, arXiv:2305.12356, for fp4 with and without Inf and NaN.
std::span<const ElementFormat> elementFormats();
const ElementFormat* findElementFormat(std::string_view name);  // null when there is none

/// The value of a code below codeCount(); NaN and infinities where the format has them.
float elementValue(const ElementFormat& format, std::uint32_t code);
/// The code nearest to a finite value, ties to the even code; values beyond the largest saturate. Zero is
/// code 0.
std::uint32_t elementCode(const ElementFormat& format, float value);
/// All finite magnitudes, ascending from 0.
std::vector<float> elementMagnitudes(const ElementFormat& format);

/// Rounding to a format by one addition. Within a binade [2^e, 2^(e+1)) the values are 2^(e-M) apart; adding
/// and subtracting 1.5 * 2^(23+e-M) in float32 leaves multiples of that step, half to even. e is read from
/// the exponent bits and not taken below that of the smallest normal value, where the step stops shrinking.
struct ElementRounding {
  std::int32_t exponentFloor = 0;  // bits of the smallest normal value; 0 = none: the grid is of integers
  std::int32_t magicOffset = 0;    // added to the exponent bits of x gives the bits of 1.5 * 2^(23+e-M)
};
ElementRounding elementRounding(const ElementFormat& format);

inline constexpr std::int32_t kFloatExponentBits = 0x7f800000;

/// The nearest value of the format for a finite x that is within the largest already; NaN for NaN.
inline float roundToElement(const ElementRounding& rounding, float x) {
  const std::int32_t exponent =
      std::max(std::bit_cast<std::int32_t>(x) & kFloatExponentBits, rounding.exponentFloor);
  // without a sign: the exponent of a NaN would overflow
  const float magic = std::bit_cast<float>(static_cast<std::uint32_t>(exponent) +
                                           static_cast<std::uint32_t>(rounding.magicOffset));
  return (x + magic) - magic;
}

}  // namespace ql
