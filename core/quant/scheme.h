#pragma once
// The vocabulary of a decision: number formats, granularities, schemes, and the Choice made for one linear;
// and SPEC, their spelling on the command line. Values only: what can be measured is in quant/quantizer.h.
#include "core/base/option_spec.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ql {

enum class Granularity : std::uint8_t {
  Tensor,
  OutputChannel,
  InputChannel,
  Group,
  GroupInChannel,
  Block,
  Token
};
std::string_view granularityName(Granularity granularity);  // "output_channel"
std::optional<Granularity> granularityFromName(std::string_view name);

/// A named method with its options ("gptq" {block_size: 128}). Options are stored complete.
struct MethodChoice {
  std::string name;
  OptionValues options;
  bool operator==(const MethodChoice&) const = default;
};

/// Weights that stay exact: "sigma": |w - mean| >= n standard deviations of the matrix; "variance": >= n
/// times its variance.
struct OutlierRule {
  std::string rule;
  double n = 0;
  bool operator==(const OutlierRule&) const = default;
};

struct WeightScheme {
  std::string format = "int8";
  Granularity granularity = Granularity::OutputChannel;
  std::optional<std::int64_t> groupSize;             // Group, GroupInChannel
  std::optional<std::array<std::int64_t, 2>> block;  // Block: rows x columns
  bool symmetric = true;
  std::string flavour = "compressed-tensors";
  MethodChoice clip{"none", {}};
  std::optional<OutlierRule> outliers;
  MethodChoice algorithm{"rtn", {}};
  bool operator==(const WeightScheme&) const = default;
};

struct ActScheme {
  std::string format = "int8";
  Granularity granularity = Granularity::Token;  // Tensor, Token, Group
  std::optional<std::int64_t> groupSize;
  bool dynamic = true;
  bool symmetric = true;
  std::string flavour = "compressed-tensors";
  std::optional<double> outlierThreshold;  // LLM.int8(): channels that reach this stay in 16 bits
  std::optional<std::int64_t> groups;      // Tensor: so many groups of channels, each with its own range
  std::optional<std::string> permutation;  // how channels come into groups: "none" (as they stand), "kmeans"
                                           // (RPTQ), "range" (PEG: sorted by range)
  bool operator==(const ActScheme&) const = default;
};

/// Everything decided for one linear. No weight scheme = weights stay as stored.
struct Choice {
  std::optional<WeightScheme> weight;
  std::optional<ActScheme> activation;
  bool operator==(const Choice&) const = default;
};

/// What is known about a number format.
struct NumberFormatInfo {
  std::string_view name;  // "int8", "fp8_e4m3", "nvfp4"
  double bits;            // a code, without scales
  bool isInteger;
  int integerBits;   // 2..8 for int formats, else 0
  bool isQuantized;  // false: bf16, fp16
  std::string_view sentence;
  int ownGroup = 0;      // the group size the format is defined with (mxfp4: 32), else 0
  int ownScaleBits = 0;  // bits of a scale when the format says so, else 0
};
const std::vector<NumberFormatInfo>& numberFormats();
const NumberFormatInfo* findNumberFormat(std::string_view name);  // null when unknown
const std::vector<std::string>& flavourNames();                   // every word a plan may hold
const std::vector<std::string>& clipNames();
const std::vector<std::string>& algorithmNames();
/// Options of an algorithm with their defaults; empty when it has none or is unknown.
std::vector<OptionSpec> algorithmOptions(std::string_view algorithm);
std::vector<OptionSpec> clipOptions(std::string_view clip);
/// With options complete. Throws Error(Usage) for an option that is wrong.
MethodChoice algorithmChoice(std::string_view name, const OptionValues& given = {});
MethodChoice clipChoice(std::string_view name, const OptionValues& given = {});
const std::vector<std::string>&
outlierRuleNames();  // OutlierRule::rule: "sigma": beyond n standard deviations
const std::vector<std::string>& permutationNames();  // ActScheme::permutation

/// Parses a SPEC, the spelling of a choice on the command line:
///   PRESET[:OPT,...]   PRESET = wBaB (w8a8, w4a16, ...) | FORMAT (weights only) | WFORMAT/AFORMAT
///   OPT = tensor | channel | input_channel | group=N | group_in_channel=N | block=HxW | sym | asym |
///         clip=NAME[:KEY=VALUE...] | flavour=NAME | algorithm=NAME[:KEY=VALUE...] | outliers=RULE:N|none |
///         act=tensor|token|group:N|FORMAT|none | act_sym | act_asym | act_flavour=NAME | static | dynamic |
///         act_outliers=T|none | act_groups=N[:PERMUTATION]|none
/// Options of a method that are true or false may stand as KEY alone ("algorithm=gptq:act_order:damp=0.05").
/// 16 bits (w16, bf16, fp16) mean "stays as stored". `flavour` reaches the activations too, unless the
/// flavour has no rounding of activations (gptq, awq). Defaults: output channel (microscaling formats: their
/// own group), symmetric, activations per token, dynamic. Examples: ("w8a8:group=128", "int4:asym",
/// "w4a16:group=32,flavour=gptq"). Throws Error(Usage) that quotes the part, says what is allowed there, and
/// gives an example.
Choice parseSpec(std::string_view spec);
/// The canonical SPEC: parseSpec(specText(c)) == c for every choice that SPEC can express.
std::string specText(const Choice& choice);
/// The rounding flavour of activations that goes with one of weights: the same, but gptq and awq quantize
/// weights only.
std::string actFlavourFor(const std::string& weightFlavour);
/// Applies only the options of "group=128" or "asym,act=group:32" to a choice (plan set): switches the
/// granularity. A bare PRESET or FORMAT replaces the choice.
Choice editChoice(const Choice& base, std::string_view edit);
/// Short text for tables: "int8 channel", "int8 g32", "int4 g128 asym", "as stored". Same words everywhere.
std::string weightSchemeText(const Choice& choice);
std::string actSchemeText(const Choice& choice);  // "int8 token", "16 bit"

/// What is contradictory in a choice, naming the field and what is allowed, without a full stop; empty when
/// nothing is.
std::string choiceProblem(const Choice& choice);
/// Throws Error(Plan) naming the field when a scheme contradicts itself (group without size, static token,
/// bits).
void validateChoice(const Choice& choice, const std::string& where);

/// Bits a weight, scales (32 bit by default) and zero points included. For [out, in].
/// Zero point: as many bits as a code. Unquantized: storedBits.
double bitsPerWeight(const Choice& choice, std::int64_t out, std::int64_t in, double storedBits,
                     double scaleBits = 32);

}  // namespace ql
