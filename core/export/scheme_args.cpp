// QuantizationArgs of compressed-tensors (quant_args.py, 2026-08): names and order of the fields.
#include "core/export/scheme_groups.h"

namespace ql {
namespace {

std::string quoted(const std::string& word) {
  return "\"" + word + "\"";
}
std::string boolean(bool value) {
  return value ? "true" : "false";
}

void addFormat(const std::string& format, bool isSymmetric, std::vector<ArgField>& args) {
  const NumberFormatInfo* info = findNumberFormat(format);
  const bool isInteger = info != nullptr && info->isInteger;
  args.push_back({"num_bits", std::to_string(isInteger ? info->integerBits : 8)});
  args.push_back({"type", quoted(isInteger ? "int" : "float")});
  args.push_back({"symmetric", boolean(isSymmetric)});
}

std::string strategyOf(Granularity granularity) {
  switch (granularity) {
    case Granularity::OutputChannel:
      return "channel";
    case Granularity::Group:
      return "group";
    case Granularity::Block:
      return "block";
    case Granularity::Token:
      return "token";
    default:
      return "tensor";
  }
}

/// GPTQ's column order: with scales fixed beforehand it is "static", else groups follow the order.
std::string actOrder(const WeightScheme& scheme) {
  const OptionValues& options = scheme.algorithm.options;
  const auto isOn = [&](const char* key) {
    const auto found = options.find(key);
    return found != options.end() && found->second == OptionValue(true);
  };
  if (scheme.algorithm.name != "gptq" || !isOn("act_order")) return "null";
  return isOn("static_groups") || scheme.granularity != Granularity::Group ? quoted("static")
                                                                           : quoted("group");
}

}  // namespace

std::vector<ArgField> weightArgs(const WeightScheme& scheme) {
  std::vector<ArgField> args;
  addFormat(scheme.format, scheme.symmetric, args);
  args.push_back({"strategy", quoted(strategyOf(scheme.granularity))});
  args.push_back({"group_size", scheme.groupSize ? std::to_string(*scheme.groupSize) : "null"});
  std::string block = "null";
  if (scheme.block)
    block = "[" + std::to_string((*scheme.block)[0]) + ", " + std::to_string((*scheme.block)[1]) + "]";
  args.push_back({"block_structure", block});
  args.push_back({"dynamic", "false"});
  args.push_back({"actorder", actOrder(scheme)});
  args.push_back({"observer", quoted(scheme.clip.name == "mse-llmc" ? "mse" : "minmax")});
  args.push_back({"observer_kwargs", "{}"});
  return args;
}

std::vector<ArgField> activationArgs(const ActScheme& scheme) {
  std::vector<ArgField> args;
  addFormat(scheme.format, scheme.symmetric, args);
  args.push_back({"strategy", quoted(strategyOf(scheme.granularity))});
  args.push_back({"group_size", scheme.groupSize ? std::to_string(*scheme.groupSize) : "null"});
  args.push_back({"dynamic", boolean(scheme.dynamic)});
  args.push_back({"actorder", "null"});
  args.push_back({"observer", scheme.dynamic ? "null" : quoted("minmax")});
  args.push_back({"observer_kwargs", "{}"});
  return args;
}

bool isKvCacheExpressible(const ActScheme& scheme) {
  const bool isEightBit = scheme.format == "int8" || scheme.format == "fp8_e4m3";
  return isEightBit && scheme.granularity == Granularity::Tensor && !scheme.dynamic && scheme.symmetric;
}

}  // namespace ql
