#include "core/evaluate/mofq.h"

#include "core/base/error.h"
#include "core/quant/element_format.h"

#include <array>
#include <utility>

namespace ql {
namespace {

constexpr std::array<std::pair<MofqLoss, std::string_view>, 3> kLosses{
    {{MofqLoss::Tensor, "tensor"}, {MofqLoss::Output, "output"}, {MofqLoss::Wa, "wa"}}};

const ElementFormat* usualFloat(int bits) {
  switch (bits) {
    case 8:
      return findElementFormat("fp8_e4m3");
    case 6:
      return findElementFormat("fp6_e2m3");
    case 4:
      return findElementFormat("fp4_e2m1");
    default:
      return nullptr;
  }
}

/// Bits of an integer or element format; 0 for the others.
int plainBits(const std::string& format) {
  if (const ElementFormat* element = findElementFormat(format)) return element->bits();
  const NumberFormatInfo* info = findNumberFormat(format);
  return info && info->isInteger ? info->integerBits : 0;
}

[[noreturn]] void refuse(const std::string& why) {
  throw Error(ErrorCode::Unsupported, why);
}

const ElementFormat& floatOf(const WeightScheme& weight, int bits, std::string_view wanted) {
  const ElementFormat* element = findElementFormat(wanted.empty() ? std::string_view(weight.format) : wanted);
  if (!wanted.empty() && !element) {
    std::string names;
    for (const ElementFormat& format : elementFormats())
      names += (names.empty() ? "" : ", ") + std::string(format.name);
    throw Error(ErrorCode::Usage,
                "\"" + std::string(wanted) + "\" is no float format; use one of " + names + ".");
  }
  if (!element) element = usualFloat(bits);
  if (!element)
    refuse("there is no float format of " + std::to_string(bits) + " bits to compare " + weight.format +
           " with");
  if (element->bits() != bits)
    refuse(std::string(element->name) + " has " + std::to_string(element->bits()) + " bits and " +
           weight.format + " has " + std::to_string(bits));
  return *element;
}

}  // namespace

std::string_view mofqLossName(MofqLoss loss) {
  for (const auto& [value, name] : kLosses)
    if (value == loss) return name;
  return "tensor";
}

std::optional<MofqLoss> mofqLossFromName(std::string_view name) {
  for (const auto& [value, word] : kLosses)
    if (word == name) return value;
  return std::nullopt;
}

MofqCandidates mofqCandidates(const Choice& choice, std::string_view floatFormat) {
  if (!choice.weight) refuse("its weights stay as stored");
  const int bits = plainBits(choice.weight->format);
  if (bits == 0) refuse(choice.weight->format + " is neither an integer nor a plain float format");
  const ElementFormat& element = floatOf(*choice.weight, bits, floatFormat);
  if (!choice.weight->symmetric || (choice.activation && !choice.activation->symmetric))
    refuse("it is asymmetric and floats have no zero point, so the scale rules would differ");
  if (choice.weight->flavour != "compressed-tensors")
    refuse("its flavour " + choice.weight->flavour + " is defined for integers only");
  MofqCandidates candidates{choice, choice};
  const std::string integer = "int" + std::to_string(bits), floating(element.name);
  candidates.integer.weight->format = integer;
  candidates.floating.weight->format = floating;
  if (choice.activation && plainBits(choice.activation->format) == bits) {
    candidates.integer.activation->format = integer;
    candidates.floating.activation->format = floating;
  }
  return candidates;
}

std::optional<double> mofqFigure(MofqLoss loss, const LayerError& weights,
                                 const std::optional<OutputError>& output) {
  if (loss == MofqLoss::Tensor) return weights.weightRelFro;
  if (!output) return std::nullopt;
  return loss == MofqLoss::Output ? output->w : output->wa;
}

MofqResult mofqVerdict(std::optional<double> integerError, std::optional<double> floatError) {
  return {integerError, floatError, integerError && floatError && *floatError < *integerError};
}

bool mofqJointVerdict(std::span<const MofqResult> results) {
  double integers = 0, floats = 0;
  for (const MofqResult& result : results) {
    if (!result.isMeasured()) continue;
    integers += *result.integerError * *result.integerError;
    floats += *result.floatError * *result.floatError;
  }
  return floats < integers;
}

}  // namespace ql
