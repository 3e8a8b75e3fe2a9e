#include "core/quant/mofq_pair.h"

#include "core/base/error.h"
#include "core/quant/element_format.h"

namespace ql {
namespace {

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

int mofqBits(const std::string& format) {
  if (const ElementFormat* element = findElementFormat(format)) return element->bits();
  const NumberFormatInfo* info = findNumberFormat(format);
  return info && info->isInteger ? info->integerBits : 0;
}

MofqPair mofqPair(const WeightScheme& scheme, std::string_view floatFormat) {
  const int bits = mofqBits(scheme.format);
  if (bits == 0) refuse(scheme.format + " is neither an integer nor a plain float format");
  const ElementFormat& element = floatOf(scheme, bits, floatFormat);
  if (!scheme.symmetric)
    refuse("it is asymmetric and floats have no zero point, so the scale rules would differ");
  if (scheme.flavour != "compressed-tensors")
    refuse("its flavour " + scheme.flavour + " is defined for integers only");
  return {"int" + std::to_string(bits), std::string(element.name)};
}

}  // namespace ql
