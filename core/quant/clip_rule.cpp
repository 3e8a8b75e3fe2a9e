// What a scheme's clip and its options ask for.
#include "core/base/error.h"
#include "core/quant/range_search.h"

#include <algorithm>
#include <array>

namespace ql {
namespace {

using Kind = ClipRule::Kind;

constexpr std::array<std::pair<Kind, const char*>, 8> kKinds{{{Kind::None, "none"},
                                                              {Kind::MseGptq, "mse-gptq"},
                                                              {Kind::MseLlmc, "mse-llmc"},
                                                              {Kind::ImatrixMse, "imatrix-mse"},
                                                              {Kind::Percentile, "percentile"},
                                                              {Kind::EasyQuant, "easyquant"},
                                                              {Kind::Lsq, "lsq"},
                                                              {Kind::LsqPlus, "lsq-plus"}}};

double number(const OptionValues& options, const char* key) {
  const OptionValue& value = options.at(key);
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return static_cast<double>(*whole);
  return std::get<double>(value);
}

Kind kindOf(const std::string& name) {
  for (const auto& [kind, word] : kKinds) {
    if (name == word) return kind;
  }
  throw Error(ErrorCode::Unsupported, "The clip \"" + name + "\" searches no range of a part by itself.");
}

}  // namespace

ClipRule clipRule(const WeightScheme& scheme) {
  ClipRule rule;
  rule.kind = kindOf(scheme.clip.name);
  const OptionValues options =
      completeOptions(scheme.clip.name, clipOptions(scheme.clip.name), scheme.clip.options);
  if (rule.shrinks()) {
    rule.grid = number(options, "grid");
    rule.norm = number(options, "norm");
    // as Python: the product in double, cut off
    rule.steps = std::max(1, static_cast<int>(number(options, "shrink") * rule.grid));
    if (rule.kind == Kind::ImatrixMse) ++rule.steps;
    if (rule.kind != Kind::MseGptq) rule.patience = static_cast<int>(number(options, "patience"));
  }
  if (rule.kind == Kind::MseLlmc) rule.expand = static_cast<float>(number(options, "expand"));
  if (rule.kind == Kind::Percentile) rule.percent = number(options, "percent");
  if (rule.kind == Kind::EasyQuant) rule.factors = static_cast<int>(number(options, "grid"));
  return rule;
}

const std::vector<std::string>& searchedClipNames() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const auto& [kind, word] : kKinds) all.emplace_back(word);
    return all;
  }();
  return names;
}

}  // namespace ql
