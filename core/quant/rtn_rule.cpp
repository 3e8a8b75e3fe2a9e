// Which schemes there are rounding rules for, and what they fix. Refusals say what there is instead.
#include "core/base/error.h"
#include "core/quant/matrix_rule.h"

#include <algorithm>
#include <array>

namespace ql {
namespace {

using Flavour = RtnRule::Flavour;

struct IntegerFlavour {
  std::string_view name;
  Flavour flavour;
  bool hasAsymmetric;
};

constexpr std::array<IntegerFlavour, 9> kIntegerFlavours{{
    {"compressed-tensors", Flavour::CompressedTensors, true},
    {"gptq", Flavour::Gptq, true},
    {"awq", Flavour::Awq, true},
    {"smoothquant", Flavour::SmoothQuant, false},
    {"quarot", Flavour::QuaRot, true},
    {"rptq", Flavour::Rptq, true},
    {"qualcomm", Flavour::Qualcomm, true},
    {"llm-qat", Flavour::LlmQat, true},
    {"bitsandbytes", Flavour::BitsAndBytes, false},
}};

[[noreturn]] void refuse(const std::string& why) {
  throw Error(ErrorCode::Unsupported, why);
}

std::string flavourList() {
  std::string names;
  for (const IntegerFlavour& flavour : kIntegerFlavours)
    names += (names.empty() ? "" : ", ") + std::string(flavour.name);
  return names;
}

const IntegerFlavour& integerFlavour(const WeightScheme& scheme, int bits) {
  const auto* const it =
      std::find_if(kIntegerFlavours.begin(), kIntegerFlavours.end(),
                   [&](const IntegerFlavour& flavour) { return flavour.name == scheme.flavour; });
  if (it == kIntegerFlavours.end())
    refuse("The flavour " + scheme.flavour + " has no rounding of integers; use one of " + flavourList() +
           ".");
  if (!scheme.symmetric && !it->hasAsymmetric)
    refuse("The flavour " + scheme.flavour +
           " has no asymmetric rounding; use symmetric, or the flavour compressed-tensors, gptq or awq.");
  if (it->flavour == Flavour::BitsAndBytes && bits != 8)
    refuse("The flavour bitsandbytes rounds int8 only; use int8, or the flavour compressed-tensors for " +
           scheme.format + ".");
  if (it->flavour == Flavour::LlmQat && bits < 3)
    refuse(
        "The flavour llm-qat rounds int3 to int8; its 2-bit weights have a scale from the mean. Use the "
        "flavour compressed-tensors for " +
        scheme.format + ".");
  return *it;
}

/// scale = absmax / largest, values clamped and rounded to the nearest, ties to the even code
/// (compressed-tensors calculate_qparams and round_to_quantized_type for floats; MoFQ's definition).
RtnRule elementRule(const WeightScheme& scheme, const ElementFormat& element) {
  if (scheme.flavour != "compressed-tensors")
    refuse("The rounding flavour " + scheme.flavour + " is not defined for single floats; " + scheme.format +
           " is rounded with the flavour compressed-tensors.");
  RtnRule rule;
  rule.bits = element.bits();
  rule.divisor = element.largest;
  rule.codeLo = -element.largest;
  rule.codeHi = element.largest;
  rule.element = &element;
  rule.rounding = elementRounding(element);
  return rule;
}

/// Integers of mxint8 are sign and magnitude, -127 to 127, as microxcaling rounds them.
RtnRule blockRule(const WeightScheme& scheme, const BlockFormat& format) {
  if (std::find(format.flavours.begin(), format.flavours.end(), scheme.flavour) == format.flavours.end()) {
    std::string names;
    for (const std::string_view name : format.flavours)
      names += (names.empty() ? "" : ", ") + std::string(name);
    refuse("The rounding flavour " + scheme.flavour + " is not defined for " + scheme.format +
           "; use one of " + names + ".");
  }
  RtnRule rule;
  if (const ElementFormat* element = findElementFormat(format.element)) {
    WeightScheme single = scheme;
    single.flavour = "compressed-tensors";
    rule = elementRule(single, *element);
  } else {
    rule.divisor = rule.codeHi = 127;
    rule.codeLo = -127;
  }
  rule.block = blockScale(format, scheme.flavour);
  return rule;
}

RtnRule integerRule(const WeightScheme& scheme, int bits) {
  const Flavour flavour = integerFlavour(scheme, bits).flavour;
  const float levels = static_cast<float>((1 << bits) - 1);
  const float half = static_cast<float>(1 << (bits - 1));
  RtnRule rule;
  rule.flavour = flavour;
  rule.bits = bits;
  rule.symmetric = scheme.symmetric;
  rule.divisor = levels;
  rule.codeLo = -half;
  rule.codeHi = half - 1;
  const bool isSignedAsymmetric = flavour == Flavour::CompressedTensors || flavour == Flavour::Rptq;
  if (flavour == Flavour::Gptq || (!scheme.symmetric && !isSignedAsymmetric)) {
    rule.codeLo = 0;
    rule.codeHi = levels;
    rule.hasSignedCodes = false;
  } else if (scheme.symmetric) {
    // compressed-tensors spreads absmax over (2^b - 1) / 2 steps, the others over 2^(b-1) - 1
    rule.divisor = flavour == Flavour::CompressedTensors ? levels / 2 : half - 1;
  }
  // RPTQ divides the range by the number of codes, not of steps
  if (flavour == Flavour::Rptq) rule.divisor = scheme.symmetric ? half : levels + 1;
  return rule;
}

}  // namespace

std::vector<std::string> integerFlavours() {
  std::vector<std::string> names;
  for (const IntegerFlavour& flavour : kIntegerFlavours) names.emplace_back(flavour.name);
  return names;
}

std::vector<std::string> gridFlavours() {
  std::vector<std::string> names = integerFlavours();
  for (const BlockFormat& format : blockFormats())
    for (const std::string_view name : format.flavours)
      if (std::find(names.begin(), names.end(), name) == names.end()) names.emplace_back(name);
  return names;
}

RtnRule rtnRule(const WeightScheme& scheme) {
  const ElementFormat* element = findElementFormat(scheme.format);
  const BlockFormat* block = findBlockFormat(scheme.format);
  if ((element || block) && !scheme.symmetric)
    refuse(scheme.format + " has no zero point; use symmetric, or int2 to int8 for asymmetric.");
  if (element) return elementRule(scheme, *element);
  if (block) return blockRule(scheme, *block);
  const NumberFormatInfo* format = findNumberFormat(scheme.format);
  if (!format || !format->isInteger)
    refuse(
        "The number format \"" + scheme.format +
        "\" has no uniform grid; use int2 to int8, a format of single floats such as fp8_e4m3 or fp4_e2m1, "
        "or a block format such as mxfp4 or nvfp4.");
  return integerRule(scheme, format->integerBits);
}

}  // namespace ql
