// SPEC and the short texts of tables: writing a choice. Reading it: spec.cpp.
#include "core/quant/scheme.h"

namespace ql {
namespace {

std::string presetText(const Choice& choice) {
  const NumberFormatInfo* weight = choice.weight ? findNumberFormat(choice.weight->format) : nullptr;
  const NumberFormatInfo* activation =
      choice.activation ? findNumberFormat(choice.activation->format) : nullptr;
  const bool isIntegerOrNone = (!weight || weight->isInteger) && (!activation || activation->isInteger);
  if (isIntegerOrNone) {
    return "w" + std::to_string(weight ? weight->integerBits : 16) + "a" +
           std::to_string(activation ? activation->integerBits : 16);
  }
  const std::string w = choice.weight ? choice.weight->format : "bf16";
  return choice.activation ? w + "/" + choice.activation->format : w;
}

/// The name and what differs from its defaults.
std::string methodText(const MethodChoice& method, const std::vector<OptionSpec>& specs) {
  std::string text = method.name;
  for (const OptionSpec& spec : specs) {
    const auto given = method.options.find(spec.key);
    if (given == method.options.end() || given->second == spec.defaultValue) continue;
    text += ":" + spec.key;
    if (given->second != OptionValue(true)) text += "=" + optionText(given->second);
  }
  return text;
}

void addWeightOptions(const WeightScheme& w, std::vector<std::string>& options) {
  const NumberFormatInfo* format = findNumberFormat(w.format);
  const int ownGroup = format ? format->ownGroup : 0;
  const std::string size = std::to_string(w.groupSize.value_or(128));
  switch (w.granularity) {
    case Granularity::Tensor:
      options.emplace_back("tensor");
      break;
    case Granularity::InputChannel:
      options.emplace_back("input_channel");
      break;
    case Granularity::GroupInChannel:
      options.push_back("group_in_channel=" + size);
      break;
    case Granularity::Group:
      if (w.groupSize.value_or(128) != ownGroup) options.push_back("group=" + size);
      break;
    case Granularity::Block:
      if (w.block) {
        options.push_back("block=" + std::to_string((*w.block)[0]) + "x" + std::to_string((*w.block)[1]));
      }
      break;
    case Granularity::OutputChannel:
    case Granularity::Token:
      if (ownGroup > 0) options.emplace_back("channel");
      break;
  }
  if (!w.symmetric) options.emplace_back("asym");
  if (w.clip.name != "none") options.push_back("clip=" + methodText(w.clip, clipOptions(w.clip.name)));
  if (w.flavour != "compressed-tensors") options.push_back("flavour=" + w.flavour);
  if (w.algorithm.name != "rtn")
    options.push_back("algorithm=" + methodText(w.algorithm, algorithmOptions(w.algorithm.name)));
  if (w.outliers) options.push_back("outliers=" + w.outliers->rule + ":" + optionText(w.outliers->n));
}

void addActOptions(const ActScheme& a, const std::string& expectedFlavour,
                   std::vector<std::string>& options) {
  const NumberFormatInfo* format = findNumberFormat(a.format);
  const int ownGroup = format ? format->ownGroup : 0;
  if (a.granularity == Granularity::Tensor && !a.groups) options.emplace_back("act=tensor");
  if (a.granularity == Granularity::Token && ownGroup > 0) options.emplace_back("act=token");
  if (a.granularity == Granularity::Group && a.groupSize.value_or(128) != ownGroup) {
    options.push_back("act=group:" + std::to_string(a.groupSize.value_or(128)));
  }
  if (!a.symmetric) options.emplace_back("act_asym");
  if (a.flavour != expectedFlavour) options.push_back("act_flavour=" + a.flavour);
  if (!a.dynamic) options.emplace_back("static");
  if (a.outlierThreshold) options.push_back("act_outliers=" + optionText(*a.outlierThreshold));
  if (a.groups)
    options.push_back("act_groups=" + std::to_string(*a.groups) +
                      (a.permutation || a.groupSize ? ":" + a.permutation.value_or("none") : "") +
                      (a.groupSize ? ":" + std::to_string(*a.groupSize) : ""));
}

}  // namespace

std::string actFlavourFor(const std::string& weightFlavour) {
  const bool isWeightsOnly = weightFlavour == "gptq" || weightFlavour == "awq";
  return isWeightsOnly ? "compressed-tensors" : weightFlavour;
}

std::string specText(const Choice& choice) {
  std::vector<std::string> options;
  if (choice.weight) addWeightOptions(*choice.weight, options);
  if (choice.activation) {
    const std::string expected = choice.weight ? actFlavourFor(choice.weight->flavour) : "compressed-tensors";
    addActOptions(*choice.activation, expected, options);
  }
  std::string text = presetText(choice);
  for (std::size_t i = 0; i < options.size(); ++i) text += (i == 0 ? ":" : ",") + options[i];
  return text;
}

std::string weightSchemeText(const Choice& choice) {
  if (!choice.weight) return "as stored";
  const WeightScheme& w = *choice.weight;
  const NumberFormatInfo* format = findNumberFormat(w.format);
  if (format && !format->isQuantized) return w.format;
  const std::string size = "g" + std::to_string(w.groupSize.value_or(128));
  const bool isOwnGroup = format && format->ownGroup > 0 && w.groupSize == format->ownGroup;
  std::string text = w.format;
  switch (w.granularity) {
    case Granularity::Tensor:
      text += " tensor";
      break;
    case Granularity::OutputChannel:
    case Granularity::Token:
      text += " channel";
      break;
    case Granularity::InputChannel:
      text += " input channel";
      break;
    case Granularity::Group:
      text += isOwnGroup ? "" : " " + size;
      break;
    case Granularity::GroupInChannel:
      text += " in-channel " + size;
      break;
    case Granularity::Block:
      if (w.block) text += " " + std::to_string((*w.block)[0]) + "x" + std::to_string((*w.block)[1]);
      break;
  }
  if (!w.symmetric) text += " asym";
  if (w.algorithm.name != "rtn") text += " " + w.algorithm.name;
  if (w.clip.name != "none") text += " clip " + w.clip.name;
  if (w.outliers) text += " + outliers";
  if (w.flavour != "compressed-tensors") text += " (" + w.flavour + ")";
  return text;
}

std::string actSchemeText(const Choice& choice) {
  if (!choice.activation) return "16 bit";
  const ActScheme& a = *choice.activation;
  const NumberFormatInfo* format = findNumberFormat(a.format);
  if (format && !format->isQuantized) return a.format;
  const bool isOwnGroup = format && format->ownGroup > 0 && a.groupSize == format->ownGroup;
  std::string text = a.format;
  if (a.granularity == Granularity::Group) {
    text += isOwnGroup ? "" : " g" + std::to_string(a.groupSize.value_or(128));
  } else {
    text += a.groups ? " " + std::to_string(*a.groups) + " groups"
                     : " " + std::string(granularityName(a.granularity));
  }
  if (a.outlierThreshold) text += " + outliers";
  if (!a.symmetric) text += " asym";
  if (!a.dynamic) text += " static";
  return text;
}

}  // namespace ql
