#include "core/quant/act_spec.h"

#include "core/base/error.h"

#include <algorithm>
#include <array>

namespace ql {
namespace {

/// An option by itself, and in a whole SPEC. Those that end in '=' take a value.
struct OptionName {
  std::string_view own, whole;
};
constexpr std::array<OptionName, 8> kOptions{{{"tensor", "act=tensor"},
                                              {"token", "act=token"},
                                              {"group=", "act=group:"},
                                              {"sym", "act_sym"},
                                              {"asym", "act_asym"},
                                              {"flavour=", "act_flavour="},
                                              {"outliers=", "act_outliers="},
                                              {"groups=", "act_groups="}}};

std::string renamed(std::string_view option, std::string_view OptionName::*from,
                    std::string_view OptionName::*to) {
  for (const OptionName& name : kOptions) {
    const std::string_view word = name.*from;
    const bool takesValue = word.ends_with('=') || word.ends_with(':');
    if (takesValue ? option.starts_with(word) : option == word)
      return std::string(name.*to) + std::string(option.substr(word.size()));
  }
  return std::string(option);
}

std::string renamedList(std::string_view options, std::string_view OptionName::*from,
                        std::string_view OptionName::*to) {
  std::string text;
  for (std::size_t begin = 0; begin <= options.size();) {
    const std::size_t end = std::min(options.find(',', begin), options.size());
    text += (begin == 0 ? ":" : ",") + renamed(options.substr(begin, end - begin), from, to);
    begin = end + 1;
  }
  return text;
}

}  // namespace

ActScheme parseActSpec(std::string_view text) {
  const std::size_t colon = std::min(text.find(':'), text.size());
  const std::string_view word = text.substr(0, colon);
  std::string spec(text);
  if (findNumberFormat(word)) {
    spec = "bf16/" + std::string(word);
    if (colon < text.size())
      spec += renamedList(text.substr(colon + 1), &OptionName::own, &OptionName::whole);
  }
  const Choice choice = parseSpec(spec);
  if (choice.activation) return *choice.activation;
  throw Error(ErrorCode::Usage, "Scheme \"" + std::string(text) +
                                    "\" leaves activations in 16 bit; give a number format and its options, "
                                    "e.g. int8:token, or none.");
}

std::string actSpecText(const ActScheme& scheme) {
  const std::string spec = specText({std::nullopt, scheme});
  const std::size_t colon = std::min(spec.find(':'), spec.size());
  if (colon == spec.size()) return scheme.format;
  return scheme.format +
         renamedList(std::string_view(spec).substr(colon + 1), &OptionName::whole, &OptionName::own);
}

}  // namespace ql
