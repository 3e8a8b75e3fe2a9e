#include "core/quant/quantizer.h"

#include "core/base/error.h"

#include <algorithm>

namespace ql {

#define X(name) const Quantizer& name##Quantizer();
#include "core/quant/methods.inc"
#undef X

namespace {

std::string listed(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

void requireWord(const char* what, const std::string& word, const std::vector<std::string>& known,
                 std::string_view method) {
  if (std::find(known.begin(), known.end(), word) != known.end()) return;
  throw Error(ErrorCode::Unsupported, std::string("The ") + what + " \"" + word +
                                          "\" cannot be measured by this version; " + std::string(method) +
                                          " has " + listed(known) + ".");
}

}  // namespace

const std::vector<const Quantizer*>& quantizers() {
  static const std::vector<const Quantizer*> all{
#define X(name) &name##Quantizer(),
#include "core/quant/methods.inc"
#undef X
  };
  return all;
}

const Quantizer& quantizerFor(const WeightScheme& scheme) {
  for (const Quantizer* quantizer : quantizers()) {
    if (quantizer->name != scheme.algorithm.name) continue;
    requireWord("number format", scheme.format, quantizer->formats, quantizer->name);
    requireWord("rounding flavour", scheme.flavour, quantizer->flavours, quantizer->name);
    requireWord("clip", scheme.clip.name, quantizer->clips, quantizer->name);
    return *quantizer;
  }
  std::string names;
  for (const Quantizer* quantizer : quantizers()) {
    names += (names.empty() ? "" : ", ") + std::string(quantizer->name);
  }
  throw Error(ErrorCode::Unsupported, "The algorithm \"" + scheme.algorithm.name +
                                          "\" cannot be measured by this version; use " + names + ".");
}

bool isMeasurableFormat(std::string_view format) {
  const auto& all = quantizers();
  return std::any_of(all.begin(), all.end(), [&](const Quantizer* quantizer) {
    return std::find(quantizer->formats.begin(), quantizer->formats.end(), format) !=
           quantizer->formats.end();
  });
}

void requireMeasurable(const WeightScheme& scheme) {
  const NumberFormatInfo* format = findNumberFormat(scheme.format);
  if (format && !format->isQuantized) {
    throw Error(ErrorCode::Unsupported,
                "Storing weights as " + scheme.format +
                    " cannot be measured by this version; leave the weights as stored, or "
                    "use int2 to int8 or a float format such as fp8_e4m3.");
  }
  const std::string problem = choiceProblem(Choice{scheme, std::nullopt});
  if (!problem.empty())
    throw Error(ErrorCode::Unsupported, "The scheme cannot be measured: " + problem + ".");
  const Quantizer& quantizer = quantizerFor(scheme);
  if (scheme.outliers) {
    throw Error(ErrorCode::Unsupported, "Keeping outliers apart (\"" + scheme.outliers->rule +
                                            "\") cannot be measured by this version; leave it out.");
  }
  // what only the method knows (smoothquant without asymmetric, ...): a 1 x 1 matrix with a range shows it
  const MatrixRange range{{0}, {0}};
  static_cast<void>(quantizer.make(scheme, 1, 1, &range));
}

}  // namespace ql
