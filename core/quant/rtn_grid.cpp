#include "core/quant/rtn_grid.h"

#include "core/base/error.h"

#include <algorithm>
#include <cstdlib>
#include <limits>

namespace ql {
namespace {

using Flavour = RtnRule::Flavour;

constexpr float kSmallestRange = 1e-5f;  // awq and smoothquant: clamp(min=1e-5)

Flavour flavourOf(const WeightScheme& scheme) {
  if (scheme.flavour == "compressed-tensors") return Flavour::CompressedTensors;
  if (scheme.flavour == "gptq") return Flavour::Gptq;
  if (scheme.flavour == "awq") return Flavour::Awq;
  if (scheme.flavour == "smoothquant") return Flavour::SmoothQuant;
  throw Error(ErrorCode::Unsupported,
              "The rounding flavour \"" + scheme.flavour +
                  "\" cannot be measured by this version; use compressed-tensors, gptq, "
                  "awq or smoothquant.");
}

/// A scale that can be divided by; `fallback` where the formula gives 0 and the reference guards or would
/// give NaN.
float usableScale(float scale, float fallback) {
  if (scale == 0) return fallback;
  return std::min(scale, std::numeric_limits<float>::max());
}

PartGrid signedGrid(const RtnRule& rule, float scale) {
  return {scale, 0, rule.codeLo, rule.codeHi, 0, 0, {}};
}

/// round(w / s) + z with unsigned codes, written as a clamp moved by z.
PartGrid unsignedGrid(const RtnRule& rule, float scale, float zero) {
  return {scale, 0, rule.codeLo - zero, rule.codeHi - zero, zero, static_cast<std::int32_t>(zero), {}};
}

/// compressed-tensors calculate_qparams and _quantize: zero in the range, z = lo - min / s clamped then
/// rounded, clamp before rounding, w / s + z.
PartGrid compressedTensorsGrid(const RtnRule& rule, float min, float max) {
  const float eps = std::numeric_limits<float>::epsilon();
  if (rule.symmetric) {
    PartGrid grid = signedGrid(rule, usableScale(std::max(std::abs(min), std::abs(max)) / rule.divisor, eps));
    if (rule.element) grid.element = elementRounding(*rule.element);
    return grid;
  }
  const float scale = usableScale((max - min) / rule.divisor, eps);
  const float zero = roundHalfEven(std::clamp(rule.codeLo - min / scale, rule.codeLo, rule.codeHi));
  return {scale, zero, rule.codeLo, rule.codeHi, 0, static_cast<std::int32_t>(zero), {}};
}

/// gptq quant.py Quantizer.find_params: zero in the range, a part of zeros gets [-1, 1], symmetric ranges are
/// mirrored only where there are negative weights, so that an all-positive part wastes half of its codes.
PartGrid gptqGrid(const RtnRule& rule, float min, float max) {
  if (rule.symmetric) {
    max = std::max(std::abs(min), max);
    if (min < 0) min = -max;
  }
  if (min == 0 && max == 0) {
    min = -1;
    max = 1;
  }
  const float scale = usableScale((max - min) / rule.divisor, 1.0f);
  if (rule.symmetric) return unsignedGrid(rule, scale, (rule.codeHi + 1) / 2);
  return unsignedGrid(rule, scale, std::nearbyint(-min / scale));
}

/// awq quantizer.py pseudo_quantize_tensor: zero is not forced into the range, the zero point is clamped.
PartGrid awqGrid(const RtnRule& rule, float min, float max) {
  if (rule.symmetric) {
    return signedGrid(rule, std::max(std::max(std::abs(min), std::abs(max)), kSmallestRange) / rule.divisor);
  }
  const float scale = usableScale(std::max(max - min, kSmallestRange) / rule.divisor, 1.0f);
  return unsignedGrid(rule, scale, std::clamp(-std::nearbyint(min / scale), rule.codeLo, rule.codeHi));
}

/// scale = absmax / largest, values clamped and rounded to the nearest, ties to the even code
/// (compressed-tensors calculate_qparams and round_to_quantized_type for floats; MoFQ's definition).
RtnRule elementRule(const WeightScheme& scheme, Flavour flavour, const ElementFormat& element) {
  if (flavour != Flavour::CompressedTensors) {
    throw Error(ErrorCode::Unsupported, "The rounding flavour " + scheme.flavour +
                                            " is defined for integers only; " + scheme.format +
                                            " is rounded with the flavour compressed-tensors.");
  }
  if (!scheme.symmetric) {
    throw Error(ErrorCode::Unsupported,
                scheme.format + " has no zero point; use symmetric, or int2 to int8 for asymmetric.");
  }
  return {flavour, element.bits(), true, element.largest, -element.largest, element.largest, true, &element};
}

}  // namespace

RtnRule rtnRule(const WeightScheme& scheme) {
  const Flavour flavour = flavourOf(scheme);
  if (const ElementFormat* element = findElementFormat(scheme.format))
    return elementRule(scheme, flavour, *element);
  const NumberFormatInfo* format = findNumberFormat(scheme.format);
  if (!format || !format->isInteger) {
    throw Error(ErrorCode::Unsupported, "The number format \"" + scheme.format +
                                            "\" cannot be measured by this version; use int2 to int8 or a "
                                            "format of single floats such as fp8_e4m3 or fp4_e2m1.");
  }
  if (flavour == Flavour::SmoothQuant && !scheme.symmetric) {
    throw Error(ErrorCode::Unsupported,
                "The flavour smoothquant has no asymmetric rounding; use symmetric, or the flavour "
                "compressed-tensors, gptq or awq.");
  }
  const float levels = static_cast<float>((1 << format->integerBits) - 1);
  const float half = static_cast<float>(1 << (format->integerBits - 1));
  RtnRule rule{flavour, format->integerBits, scheme.symmetric, levels, -half, half - 1, true, nullptr};
  const bool isGptq = flavour == Flavour::Gptq;
  if (isGptq || (flavour == Flavour::Awq && !scheme.symmetric)) {
    rule.codeLo = 0;
    rule.codeHi = levels;
    rule.hasSignedCodes = false;
  } else if (scheme.symmetric) {
    // compressed-tensors spreads absmax over (2^b - 1) / 2 steps, the others over 2^(b-1) - 1
    rule.divisor = flavour == Flavour::CompressedTensors ? levels / 2 : half - 1;
  }
  return rule;
}

PartGrid partGrid(const RtnRule& rule, float min, float max) {
  switch (rule.flavour) {
    case Flavour::CompressedTensors:
      return compressedTensorsGrid(rule, std::min(min, 0.0f), std::max(max, 0.0f));
    case Flavour::Gptq:
      return gptqGrid(rule, std::min(min, 0.0f), std::max(max, 0.0f));
    case Flavour::Awq:
      return awqGrid(rule, min, max);
    case Flavour::SmoothQuant: {
      const float absmax = std::max(std::abs(min), std::abs(max));
      return signedGrid(rule, std::max(absmax, kSmallestRange) / rule.divisor);
    }
  }
  return {};
}

}  // namespace ql
