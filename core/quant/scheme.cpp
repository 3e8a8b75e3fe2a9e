#include "core/quant/scheme.h"

#include "core/base/error.h"

#include <algorithm>
#include <cmath>

namespace ql {
namespace {

constexpr std::array<std::pair<Granularity, std::string_view>, 7> kGranularities{{
    {Granularity::Tensor, "tensor"},
    {Granularity::OutputChannel, "output_channel"},
    {Granularity::InputChannel, "input_channel"},
    {Granularity::Group, "group"},
    {Granularity::GroupInChannel, "group_in_channel"},
    {Granularity::Block, "block"},
    {Granularity::Token, "token"},
}};

bool contains(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string listed(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::string unknownWord(const std::string& field, const std::string& word,
                        const std::vector<std::string>& known) {
  return field + " \"" + word + "\" is not known; use one of " + listed(known);
}

std::string badFormat(const std::string& field, const std::string& name) {
  std::vector<std::string> names;
  for (const NumberFormatInfo& format : numberFormats()) names.emplace_back(format.name);
  return unknownWord(field, name, names);
}

/// What is wrong with a group size, if anything; `isGrouped` says whether the granularity wants one.
std::string groupSizeProblem(const std::string& field, bool isGrouped, std::string_view granularity,
                             const std::optional<std::int64_t>& size) {
  if (isGrouped && !size) {
    return field + " needs a group_size with granularity " + std::string(granularity) + ", e.g. 128";
  }
  if (!isGrouped && size) {
    return field + ".group_size is " + std::to_string(*size) + " but the granularity is " +
           std::string(granularity) + "; set granularity to group or leave group_size out";
  }
  if (size && *size < 1) {
    return field + ".group_size is " + std::to_string(*size) + "; it must be at least 1, e.g. 128";
  }
  return {};
}

std::string granularityProblem(const WeightScheme& w) {
  const std::string_view name = granularityName(w.granularity);
  if (w.granularity == Granularity::Token) {
    return "weight.granularity \"token\" is for activations; use output_channel or group for weights";
  }
  const bool isGrouped = w.granularity == Granularity::Group || w.granularity == Granularity::GroupInChannel;
  if (std::string problem = groupSizeProblem("weight", isGrouped, name, w.groupSize); !problem.empty()) {
    return problem;
  }
  const bool isBlock = w.granularity == Granularity::Block;
  if (isBlock != w.block.has_value()) {
    return isBlock ? "weight needs a block of rows x columns with granularity block, e.g. 128x128"
                   : "weight.block is set but the granularity is " + std::string(name) +
                         "; set granularity to block or leave block out";
  }
  if (isBlock && ((*w.block)[0] < 1 || (*w.block)[1] < 1)) {
    return "weight.block must have at least 1 row and 1 column, e.g. 128x128";
  }
  return {};
}

std::string weightProblem(const WeightScheme& w) {
  const NumberFormatInfo* format = findNumberFormat(w.format);
  if (!format) return badFormat("weight.format", w.format);
  if (!w.symmetric && !format->isInteger) {
    return "weight.symmetric is false but " + w.format +
           " has no zero point; only int2 to int8 can be asymmetric";
  }
  if (!contains(flavourNames(), w.flavour)) return unknownWord("weight.flavour", w.flavour, flavourNames());
  if (!contains(clipNames(), w.clip.name)) return unknownWord("weight.clip", w.clip.name, clipNames());
  if (!contains(algorithmNames(), w.algorithm.name)) {
    return unknownWord("weight.algorithm", w.algorithm.name, algorithmNames());
  }
  return granularityProblem(w);
}

std::string actProblem(const ActScheme& a) {
  const NumberFormatInfo* format = findNumberFormat(a.format);
  if (!format) return badFormat("activation.format", a.format);
  if (!a.symmetric && !format->isInteger) {
    return "activation.symmetric is false but " + a.format +
           " has no zero point; only int2 to int8 can be asymmetric";
  }
  if (!contains(flavourNames(), a.flavour)) {
    return unknownWord("activation.flavour", a.flavour, flavourNames());
  }
  const bool isGrouped = a.granularity == Granularity::Group;
  if (!isGrouped && a.granularity != Granularity::Tensor && a.granularity != Granularity::Token) {
    return "activation.granularity \"" + std::string(granularityName(a.granularity)) +
           "\" is for weights; use tensor, token or group for activations";
  }
  if (a.granularity == Granularity::Token && !a.dynamic) {
    return "activation is static with granularity token, but a token's scale is only known at run time; "
           "use static with tensor, or dynamic with token";
  }
  // with a number of groups the size is that of the runs of channels (heads) that each have so many groups
  const bool hasSize = isGrouped || (a.groups && a.groupSize);
  return groupSizeProblem("activation", hasSize, granularityName(a.granularity), a.groupSize);
}

/// Number of parts (scales) of [out, in] under a scheme.
double partCount(const WeightScheme& w, double out, double in) {
  const auto parts = [](double length, std::int64_t size) {
    return std::ceil(length / static_cast<double>(size));
  };
  switch (w.granularity) {
    case Granularity::Tensor:
      return 1;
    case Granularity::OutputChannel:
    case Granularity::Token:
      return out;
    case Granularity::InputChannel:
      return in;
    case Granularity::Group:
      return out * parts(in, w.groupSize.value_or(128));
    case Granularity::GroupInChannel:
      return in * parts(out, w.groupSize.value_or(128));
    case Granularity::Block: {
      const std::array<std::int64_t, 2> block = w.block.value_or(std::array<std::int64_t, 2>{128, 128});
      return parts(out, block[0]) * parts(in, block[1]);
    }
  }
  return 1;
}

std::vector<OptionSpec> gptqOptions() {
  return {{"block_size", std::int64_t{128}, 1, 65536, {}, "columns", "Columns updated lazily together."},
          {"damp", 0.01, 0, 1, {}, "fraction", "Share of the mean diagonal added to the Hessian."},
          {"act_order", false, {}, {}, {}, "", "Columns in order of falling activation energy."},
          {"static_groups", false, {}, {}, {}, "", "Group scales fixed before the first column."},
          {"mse", false, {}, {}, {}, "", "Search the range with the smallest error to the power 2.4."}};
}

std::vector<OptionSpec> billmOptions() {
  return {{"metric",
           std::string("hessian"),
           {},
           {},
           {"hessian", "magnitude"},
           "",
           "How salient columns are found."},
          {"block_size", std::int64_t{128}, 1, 65536, {}, "columns", "Columns treated together."},
          {"compensate", true, {}, {}, {}, "", "Pass the error on to later columns, as GPTQ does."},
          {"clear_dead",
           true,
           {},
           {},
           {},
           "",
           "Set weights of channels that are always zero to zero first, as the published code does."},
          {"damp", 0.01, 0, 1, {}, "fraction", "Share of the mean diagonal added to the Hessian."},
          {"search",
           std::string("code"),
           {},
           {},
           {"code", "paper"},
           "",
           "What columns and break points are searched on: the salience (published code) or the weights "
           "(paper)."}};
}

std::vector<OptionSpec> awqOptions() {
  return {{"grid", std::int64_t{20}, 1, 1000, {}, "", "Steps of the scale search."},
          {"duo", false, {}, {}, {}, "", "Divide by the weights' own scale as well."},
          {"clip", true, {}, {}, {}, "", "Search a clip range for each group."}};
}

std::vector<OptionSpec> easyquantOptions() {
  return {{"n", 3.0, 0, 100, {}, "standard deviations", "Weights beyond n of these stay exact."},
          {"rule",
           std::string("std"),
           {},
           {},
           {"std", "variance"},
           "",
           "What n multiplies: the standard deviation, or the variance as printed in one text."},
          {"grid", std::int64_t{200}, 10, 100000, {}, "", "Steps of the range search."}};
}

std::vector<OptionSpec> mseClipOptions(double shrink, double norm) {
  return {{"shrink", shrink, 0.01, 1, {}, "fraction", "How far the range may shrink."},
          {"grid", std::int64_t{100}, 2, 10000, {}, "", "Steps of a whole range."},
          {"norm", norm, 0.1, 16, {}, "", "Power of |error|."}};
}

}  // namespace

std::string_view granularityName(Granularity granularity) {
  for (const auto& [value, name] : kGranularities) {
    if (value == granularity) return name;
  }
  return "unknown";
}

std::optional<Granularity> granularityFromName(std::string_view name) {
  for (const auto& [value, word] : kGranularities) {
    if (word == name) return value;
  }
  return std::nullopt;
}

const std::vector<NumberFormatInfo>& numberFormats() {
  static const std::vector<NumberFormatInfo> formats{
      {"int8", 8, true, 8, true, "Integers of 8 bits on a uniform grid."},
      {"int7", 7, true, 7, true, "Integers of 7 bits on a uniform grid."},
      {"int6", 6, true, 6, true, "Integers of 6 bits on a uniform grid."},
      {"int5", 5, true, 5, true, "Integers of 5 bits on a uniform grid."},
      {"int4", 4, true, 4, true, "Integers of 4 bits on a uniform grid."},
      {"int3", 3, true, 3, true, "Integers of 3 bits on a uniform grid."},
      {"int2", 2, true, 2, true, "Integers of 2 bits on a uniform grid."},
      {"fp8_e4m3", 8, false, 0, true, "8-bit floats, 4 exponent and 3 mantissa bits, largest value 448."},
      {"fp8_e5m2", 8, false, 0, true, "8-bit floats, 5 exponent and 2 mantissa bits, largest value 57344."},
      {"fp6_e2m3", 6, false, 0, true, "6-bit floats, 2 exponent and 3 mantissa bits, largest value 7.5."},
      {"fp6_e3m2", 6, false, 0, true, "6-bit floats, 3 exponent and 2 mantissa bits, largest value 28."},
      {"fp4_e2m1", 4, false, 0, true, "4-bit floats, 2 exponent bits and 1 mantissa bit, largest value 6."},
      {"fp4_e2m1_ieee", 4, false, 0, true,
       "4-bit floats with the top exponent spent on infinity and NaN, largest value 3 (MoFQ's comparison)."},
      {"fp8_e4m3_ieee", 8, false, 0, true,
       "8-bit floats, 4 exponent and 3 mantissa bits, with infinities, largest value 240."},
      {"fp8_e4m3_fnuz", 8, false, 0, true,
       "8-bit floats of AMD's MI300, 4 exponent and 3 mantissa bits, no negative zero, largest value 240."},
      {"fp8_e5m2_fnuz", 8, false, 0, true,
       "8-bit floats of AMD's MI300, 5 exponent and 2 mantissa bits, no negative zero, largest value 57344."},
      {"mxfp4", 4, false, 0, true, "OCP microscaling: fp4 in groups of 32 with a power-of-two scale.", 32, 8},
      {"mxfp6", 6, false, 0, true, "OCP microscaling: fp6 in groups of 32 with a power-of-two scale.", 32, 8},
      {"mxfp8", 8, false, 0, true, "OCP microscaling: fp8 in groups of 32 with a power-of-two scale.", 32, 8},
      {"mxint8", 8, false, 0, true, "OCP microscaling: int8 in groups of 32 with a power-of-two scale.", 32,
       8},
      {"nvfp4", 4, false, 0, true, "fp4 in groups of 16 with an fp8_e4m3 scale and one float32 per tensor.",
       16, 8},
      {"mxfp6_e3m2", 6, false, 0, true, "OCP microscaling: fp6_e3m2 in groups of 32, power-of-two scale.", 32,
       8},
      {"mxfp8_e5m2", 8, false, 0, true, "OCP microscaling: fp8_e5m2 in groups of 32, power-of-two scale.", 32,
       8},
      {"nf4", 4, false, 0, true, "16 quantiles of a normal distribution in groups of 64 (bitsandbytes).", 64,
       32},
      {"nf4_dq", 4, false, 0, true, "nf4 with its scales quantized again to 8 bits (QLoRA).", 64, 8},
      {"ternary", 1.584962500721156, false, 0, true, "-1, 0 and 1 with a scale (BitNet b1.58)."},
      {"binary", 1, false, 0, true, "Signs with a scale."},
      {"q8_0", 8, false, 0, true, "llama.cpp: 32 signed integers with an fp16 scale.", 32, 16},
      {"q4_0", 4, false, 0, true, "llama.cpp: 32 codes of 4 bits with an fp16 scale.", 32, 16},
      {"q4_1", 4, false, 0, true, "llama.cpp: 32 codes of 4 bits with fp16 scale and minimum.", 32, 32},
      {"q5_0", 5, false, 0, true, "llama.cpp: 32 codes of 5 bits with an fp16 scale.", 32, 16},
      {"q5_1", 5, false, 0, true, "llama.cpp: 32 codes of 5 bits with fp16 scale and minimum.", 32, 32},
      {"q4_k", 4, false, 0, true, "llama.cpp: 8 groups of 32 codes, scales and minima of 6 bits.", 256, 128},
      {"q6_k", 6, false, 0, true, "llama.cpp: 16 groups of 16 codes, scales of 8 bits.", 256, 144},
      {"bf16", 16, false, 0, false, "bfloat16: not quantized."},
      {"fp16", 16, false, 0, false, "IEEE half precision: not quantized."},
  };
  return formats;
}

const NumberFormatInfo* findNumberFormat(std::string_view name) {
  for (const NumberFormatInfo& format : numberFormats()) {
    if (format.name == name) return &format;
  }
  return nullptr;
}

const std::vector<std::string>& flavourNames() {
  static const std::vector<std::string> names{
      "compressed-tensors", "gptq",         "awq",     "smoothquant", "llm-qat", "rptq",    "quarot",
      "qualcomm",           "bitsandbytes", "torchao", "mx-floor",    "mx-even", "mx-ceil", "mx-rceil"};
  return names;
}

const std::vector<std::string>& clipNames() {
  static const std::vector<std::string> names{
      "none", "mse-gptq", "mse-llmc", "imatrix-mse", "percentile", "easyquant", "awq", "lsq", "lsq-plus"};
  return names;
}

const std::vector<std::string>& algorithmNames() {
  static const std::vector<std::string> names{"rtn",   "gptq",      "awq",  "adadim",
                                              "billm", "easyquant", "mofq", "obq"};
  return names;
}

std::vector<OptionSpec> algorithmOptions(std::string_view algorithm) {
  if (algorithm == "gptq") return gptqOptions();
  if (algorithm == "billm") return billmOptions();
  if (algorithm == "awq") return awqOptions();
  if (algorithm == "easyquant") return easyquantOptions();
  if (algorithm == "adadim") {
    return {{"loss", std::string("own"), {}, {}, {"own", "block"}, "", "Whose output error decides."}};
  }
  if (algorithm == "mofq") {
    return {{"loss", std::string("tensor"), {}, {}, {"tensor", "output", "wa"}, "", "Which error decides."}};
  }
  if (algorithm == "obq") {
    return {{"damp", 0.0, 0, 1, {}, "fraction", "Share of the mean diagonal added to the Hessian."}};
  }
  return {};
}

std::vector<OptionSpec> clipOptions(std::string_view clip) {
  if (clip == "mse-gptq") return mseClipOptions(0.8, 2.4);
  const OptionSpec patience{"patience", std::int64_t{5}, 1, 10000, {}, "steps", "Steps without improvement."};
  if (clip == "mse-llmc") {
    std::vector<OptionSpec> options = mseClipOptions(0.2, 2.4);
    options.push_back(patience);
    options.push_back({"expand", 1.0, 1, 16, {}, "", "Widens the range before it shrinks."});
    return options;
  }
  if (clip == "imatrix-mse") {
    std::vector<OptionSpec> options = mseClipOptions(0.95, 3.0);
    options[1].defaultValue = std::int64_t{20};
    options.push_back(patience);
    return options;
  }
  if (clip == "percentile")
    return {{"percent",
             99.9,
             50,
             100,
             {},
             "%",
             "Share of a part's weights inside the range; asymmetric, half of the rest is outside at either "
             "end."}};
  if (clip == "easyquant") return {{"grid", std::int64_t{200}, 10, 100000, {}, "", "Steps of the search."}};
  if (clip == "awq")
    return {{"grid", std::int64_t{20}, 2, 1000, {}, "", "Steps of a whole range."},
            {"shrink", 0.5, 0.01, 1, {}, "fraction", "How far the range may shrink."}};
  return {};
}

MethodChoice algorithmChoice(std::string_view name, const OptionValues& given) {
  return {std::string(name), completeOptions(std::string(name), algorithmOptions(name), given)};
}

MethodChoice clipChoice(std::string_view name, const OptionValues& given) {
  return {std::string(name), completeOptions(std::string(name), clipOptions(name), given)};
}

const std::vector<std::string>& outlierRuleNames() {
  static const std::vector<std::string> names{"sigma", "variance"};
  return names;
}

const std::vector<std::string>& permutationNames() {
  static const std::vector<std::string> names{"none", "kmeans", "range"};
  return names;
}

std::string choiceProblem(const Choice& choice) {
  if (choice.weight) {
    if (std::string problem = weightProblem(*choice.weight); !problem.empty()) return problem;
  }
  return choice.activation ? actProblem(*choice.activation) : std::string();
}

void validateChoice(const Choice& choice, const std::string& where) {
  const std::string problem = choiceProblem(choice);
  if (!problem.empty()) throw Error(ErrorCode::Plan, where + ": " + problem + ".");
}

double bitsPerWeight(const Choice& choice, std::int64_t out, std::int64_t in, double storedBits,
                     double scaleBits) {
  if (!choice.weight || out <= 0 || in <= 0) return storedBits;
  const WeightScheme& w = *choice.weight;
  const NumberFormatInfo* format = findNumberFormat(w.format);
  if (!format) return storedBits;
  if (!format->isQuantized) return format->bits;
  const double count = static_cast<double>(out) * static_cast<double>(in);
  const double parts = partCount(w, static_cast<double>(out), static_cast<double>(in));
  const double partBits =
      (format->ownScaleBits > 0 ? format->ownScaleBits : scaleBits) + (w.symmetric ? 0 : format->bits);
  const double tensorBits = w.format == "nvfp4" ? 32 : 0;
  return format->bits + (parts * partBits + tensorBits) / count;
}

}  // namespace ql
