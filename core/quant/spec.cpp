// SPEC: reading the spelling of a choice on the command line. Writing it: spec_text.cpp.
#include "core/base/error.h"
#include "core/quant/scheme.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace ql {
namespace {

constexpr std::string_view kOptionList =
    "tensor, channel, input_channel, group=N, group_in_channel=N, block=HxW, sym, asym, "
    "clip=NAME[:KEY=VALUE], flavour=NAME, algorithm=NAME[:KEY=VALUE], outliers=RULE:N|none, "
    "act=tensor|token|group:N|FORMAT|none, act_sym, act_asym, act_flavour=NAME, static, dynamic, "
    "act_outliers=T|none, act_groups=N[:PERMUTATION[:CHANNELS]]|none";

/// Everything a message needs: the whole text and what is wrong in it.
[[noreturn]] void fail(std::string_view text, const std::string& problem) {
  throw Error(ErrorCode::Usage, "Scheme \"" + std::string(text) + "\": " + problem + ".");
}

std::string quoted(std::string_view part) {
  return "\"" + std::string(part) + "\"";
}

std::string listed(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::string formatList() {
  std::string text;
  for (const NumberFormatInfo& format : numberFormats()) {
    text += (text.empty() ? "" : ", ") + std::string(format.name);
  }
  return text;
}

std::vector<std::string_view> splitAt(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0;;) {
    const std::size_t end = text.find(separator, begin);
    parts.push_back(text.substr(begin, end - begin));
    if (end == std::string_view::npos) return parts;
    begin = end + 1;
  }
}

std::optional<std::int64_t> positiveNumber(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool isWhole = problem == std::errc() && end == text.data() + text.size();
  if (!isWhole || value < 1 || value > std::numeric_limits<std::int32_t>::max()) return std::nullopt;
  return value;
}

std::optional<double> decimalNumber(std::string_view text) {
  double value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool isWhole = problem == std::errc() && end == text.data() + text.size();
  return isWhole && std::isfinite(value) ? std::optional(value) : std::nullopt;
}

std::optional<WeightScheme> weightOf(const NumberFormatInfo& format) {
  if (!format.isQuantized) return std::nullopt;
  WeightScheme scheme;
  scheme.format = std::string(format.name);
  if (format.ownGroup > 0) {
    scheme.granularity = Granularity::Group;
    scheme.groupSize = format.ownGroup;
  }
  return scheme;
}

std::optional<ActScheme> activationOf(const NumberFormatInfo& format) {
  if (!format.isQuantized) return std::nullopt;
  ActScheme scheme;
  scheme.format = std::string(format.name);
  if (format.ownGroup > 0) {
    scheme.granularity = Granularity::Group;
    scheme.groupSize = format.ownGroup;
  }
  return scheme;
}

/// The format of n bits in "w4a16": integers of 2 to 8 bits, or 16 for "stays as stored".
const NumberFormatInfo* presetFormat(std::string_view bits) {
  if (bits == "16") return findNumberFormat("bf16");
  if (bits.size() != 1) return nullptr;
  return findNumberFormat("int" + std::string(bits));
}

std::optional<Choice> presetChoice(std::string_view word) {
  const NumberFormatInfo* weight = findNumberFormat(word);
  const NumberFormatInfo* activation = findNumberFormat("bf16");
  if (const std::size_t slash = word.find('/'); slash != std::string_view::npos) {
    weight = findNumberFormat(word.substr(0, slash));
    activation = findNumberFormat(word.substr(slash + 1));
  } else if (const std::size_t a = word.find('a'); !weight && word.starts_with('w') && a != word.npos) {
    weight = presetFormat(word.substr(1, a - 1));
    activation = presetFormat(word.substr(a + 1));
  }
  if (!weight || !activation) return std::nullopt;
  return Choice{weightOf(*weight), activationOf(*activation)};
}

struct SpecParts {
  std::string_view preset;  // empty when the text begins with an option
  std::vector<std::string_view> options;
};

/// "w4a16:group=32" has a preset, "act=group:32" has none: a colon before any '=' or ',' ends the preset.
SpecParts splitSpec(std::string_view text) {
  const std::size_t first = text.find_first_of(":=,");
  if (first != std::string_view::npos && text[first] == ':') {
    return {text.substr(0, first), splitAt(text.substr(first + 1), ',')};
  }
  if (first == std::string_view::npos && presetChoice(text)) return {text, {}};
  return {{}, splitAt(text, ',')};
}

/// Applies options one by one; every message quotes the part and says what is allowed.
class OptionReader {
 public:
  OptionReader(std::string_view text, Choice& choice) : m_text(text), m_choice(choice) {}

  void apply(std::string_view option) {
    const std::size_t equals = option.find('=');
    m_option = option;
    m_key = option.substr(0, equals);
    m_value = equals == std::string_view::npos ? std::string_view() : option.substr(equals + 1);
    const bool isKnown = m_value.empty() ? applyWord() : applyValue();
    if (isKnown) return;
    if (presetChoice(option)) {
      fail(m_text, quoted(option) +
                       " is a preset; it stands first and options follow after a colon, e.g. "
                       "w8a8:group=128,asym");
    }
    if (option.empty()) fail(m_text, "an option is empty; write e.g. w8a8:group=128,asym");
    fail(m_text, quoted(option) + " is not an option; options are " + std::string(kOptionList) +
                     ", e.g. w8a8:group=128");
  }

 private:
  bool applyWord() {
    if (m_option.ends_with('=') || m_key == "group" || m_key == "group_in_channel" || m_key == "block" ||
        m_key == "clip" || m_key == "flavour" || m_key == "algorithm" || m_key == "act" ||
        m_key == "act_flavour" || m_key == "outliers" || m_key == "act_outliers" || m_key == "act_groups") {
      return failMissingValue();
    }
    if (m_key == "tensor") return setGranularity(Granularity::Tensor);
    if (m_key == "channel" || m_key == "output_channel") return setGranularity(Granularity::OutputChannel);
    if (m_key == "input_channel") return setGranularity(Granularity::InputChannel);
    if (m_key == "sym" || m_key == "asym") {
      weight().symmetric = m_key == "sym";
      return true;
    }
    if (m_key == "act_sym" || m_key == "act_asym") {
      activation().symmetric = m_key == "act_sym";
      return true;
    }
    if (m_key == "static" || m_key == "dynamic") {
      activation().dynamic = m_key == "dynamic";
      return true;
    }
    return false;
  }

  bool applyValue() {
    if (m_key == "group") return setGroup(Granularity::Group);
    if (m_key == "group_in_channel") return setGroup(Granularity::GroupInChannel);
    if (m_key == "block") return setBlock();
    if (m_key == "clip") {
      weight().clip = method(clipNames(), "none", &clipOptions);
      return true;
    }
    if (m_key == "algorithm") {
      weight().algorithm = method(algorithmNames(), "rtn", &algorithmOptions);
      return true;
    }
    if (m_key == "outliers") return setOutliers();
    if (m_key == "act_outliers") return setActOutliers();
    if (m_key == "act_groups") return setActGroups();
    if (m_key == "flavour") {
      weight().flavour = known(flavourNames(), "gptq");
      if (m_choice.activation) m_choice.activation->flavour = actFlavourFor(m_choice.weight->flavour);
      return true;
    }
    if (m_key == "act_flavour") {
      activation().flavour = known(flavourNames(), "smoothquant");
      return true;
    }
    return m_key == "act" && applyActivation();
  }

  bool applyActivation() {
    if (m_value == "none") {
      m_choice.activation.reset();
      return true;
    }
    if (const NumberFormatInfo* format = findNumberFormat(m_value)) {
      replaceActivation(*format);
      return true;
    }
    if (m_value.starts_with("group:") || m_value == "group") {
      const auto size = positiveNumber(m_value.size() > 6 ? m_value.substr(6) : std::string_view());
      if (!size) fail(m_text, quoted(m_option) + " needs a whole number of channels, e.g. act=group:32");
      activation().granularity = Granularity::Group;
      activation().groupSize = *size;
      return true;
    }
    if (m_value != "tensor" && m_value != "token") {
      fail(m_text,
           quoted(m_option) +
               " is not known; use act=tensor, act=token, act=group:N, act=none or act= with a format, "
               "e.g. act=group:32");
    }
    activation().granularity = m_value == "tensor" ? Granularity::Tensor : Granularity::Token;
    activation().groupSize.reset();
    return true;
  }

  void replaceActivation(const NumberFormatInfo& format) {
    std::optional<ActScheme> fresh = activationOf(format);
    if (fresh && m_choice.activation && format.ownGroup == 0) {
      m_choice.activation->format = fresh->format;  // keeps granularity and the rest
      if (!format.isInteger) m_choice.activation->symmetric = true;
      return;
    }
    if (fresh && m_choice.weight) fresh->flavour = actFlavourFor(m_choice.weight->flavour);
    m_choice.activation = fresh;
  }

  bool setGranularity(Granularity granularity) {
    weight().granularity = granularity;
    weight().groupSize.reset();
    weight().block.reset();
    return true;
  }

  bool setGroup(Granularity granularity) {
    const auto size = positiveNumber(m_value);
    if (!size) {
      fail(m_text, quoted(m_option) + " needs a whole number of channels from 1 up, e.g. " +
                       std::string(m_key) + "=128");
    }
    setGranularity(granularity);
    weight().groupSize = *size;
    return true;
  }

  bool setBlock() {
    const std::vector<std::string_view> sides = splitAt(m_value, 'x');
    const auto rows = positiveNumber(sides[0]);
    const auto columns = sides.size() == 2 ? positiveNumber(sides[1]) : std::nullopt;
    if (!rows || !columns) fail(m_text, quoted(m_option) + " needs rows x columns, e.g. block=128x128");
    setGranularity(Granularity::Block);
    weight().block = std::array<std::int64_t, 2>{*rows, *columns};
    return true;
  }

  /// "gptq:act_order:damp=0.05"
  MethodChoice method(const std::vector<std::string>& names, std::string_view example,
                      std::vector<OptionSpec> (*optionsOf)(std::string_view)) {
    const std::vector<std::string_view> parts = splitAt(m_value, ':');
    m_value = parts.front();
    const std::string name = known(names, example);
    const std::vector<OptionSpec> specs = optionsOf(name);
    OptionValues given;
    for (std::size_t i = 1; i < parts.size(); ++i) {
      const std::size_t equals = parts[i].find('=');
      const std::string key(parts[i].substr(0, equals));
      const auto spec =
          std::find_if(specs.begin(), specs.end(), [&](const OptionSpec& s) { return s.key == key; });
      if (spec == specs.end() || given.contains(key)) failMethodOption(name, key, specs);
      given[key] = optionValue(*spec, equals == std::string_view::npos ? "" : parts[i].substr(equals + 1));
    }
    try {
      return {name, completeOptions(name, specs, given)};
    } catch (const Error& problem) {
      const std::string text = problem.what();
      fail(m_text, quoted(m_option) + ": " + text.substr(0, text.find_last_not_of('.') + 1));
    }
  }

  [[noreturn]] void failMethodOption(const std::string& name, const std::string& key,
                                     const std::vector<OptionSpec>& specs) const {
    std::vector<std::string> keys;
    for (const OptionSpec& spec : specs) keys.push_back(spec.key);
    fail(m_text, quoted(m_option) + ": " + name + " has no option " + quoted(key) +
                     (keys.empty() ? "; it has none" : " left to set; it has " + listed(keys)));
  }

  OptionValue optionValue(const OptionSpec& spec, std::string_view text) const {
    if (std::holds_alternative<bool>(spec.defaultValue)) {
      if (text.empty() || text == "true") return true;
      if (text == "false") return false;
      fail(m_text, quoted(m_option) + ": " + spec.key + " is true or false");
    }
    if (std::holds_alternative<std::string>(spec.defaultValue)) return std::string(text);
    const auto number = decimalNumber(text);
    if (!number)
      fail(m_text, quoted(m_option) + ": " + spec.key + " needs a number, e.g. " + spec.key + "=" +
                       optionText(spec.defaultValue));
    if (std::holds_alternative<double>(spec.defaultValue)) return *number;
    if (*number != std::floor(*number) || std::abs(*number) > 1e15)
      fail(m_text, quoted(m_option) + ": " + spec.key + " needs a whole number");
    return static_cast<std::int64_t>(*number);
  }

  bool setOutliers() {
    if (m_value == "none") {
      weight().outliers.reset();
      return true;
    }
    const std::vector<std::string_view> parts = splitAt(m_value, ':');
    const auto n = parts.size() == 2 ? decimalNumber(parts[1]) : std::nullopt;
    if (!n || !(*n > 0)) fail(m_text, quoted(m_option) + " needs a rule and a number, e.g. outliers=sigma:3");
    m_value = parts[0];
    weight().outliers = OutlierRule{known(outlierRuleNames(), "sigma:3"), *n};
    return true;
  }

  bool setActOutliers() {
    const auto threshold = decimalNumber(m_value);
    if ((!threshold || !(*threshold > 0)) && m_value != "none")
      fail(m_text, quoted(m_option) + " needs a threshold, e.g. act_outliers=6, or none");
    activation().outlierThreshold = threshold;
    return true;
  }

  bool setActGroups() {
    if (m_value == "none") {
      if (activation().groups) activation().groupSize.reset();
      activation().groups.reset();
      activation().permutation.reset();
      return true;
    }
    const std::vector<std::string_view> parts = splitAt(m_value, ':');
    const auto count = positiveNumber(parts[0]);
    const auto run = parts.size() == 3 ? positiveNumber(parts[2]) : std::nullopt;
    if (!count || parts.size() > 3 || (parts.size() == 3 && !run))
      fail(m_text, quoted(m_option) + " needs a number of groups, e.g. act_groups=32:kmeans, or none");
    activation().granularity = Granularity::Tensor;
    activation().groupSize = run;
    activation().groups = *count;
    activation().permutation.reset();
    m_value = parts[std::min<std::size_t>(1, parts.size() - 1)];
    if (parts.size() > 1 && m_value != "none")
      activation().permutation = known(permutationNames(), "32:kmeans");
    return true;
  }

  bool failMissingValue() const {
    const std::string example = m_key == "block"                             ? "128x128"
                                : m_key == "clip"                            ? "mse-gptq"
                                : m_key == "flavour" || m_key == "algorithm" ? "gptq"
                                : m_key == "act_flavour"                     ? "smoothquant"
                                : m_key == "act"                             ? "token"
                                : m_key == "outliers"                        ? "sigma:3"
                                : m_key == "act_outliers"                    ? "6"
                                : m_key == "act_groups"                      ? "32:kmeans"
                                                                             : "128";
    fail(m_text, quoted(m_option) + " needs a value, e.g. " + std::string(m_key) + "=" + example);
  }

  std::string known(const std::vector<std::string>& words, std::string_view example) const {
    if (std::find(words.begin(), words.end(), m_value) == words.end()) {
      fail(m_text, quoted(m_option) + " is not known; " + std::string(m_key) + " is one of " + listed(words) +
                       ", e.g. " + std::string(m_key) + "=" + std::string(example));
    }
    return std::string(m_value);
  }

  WeightScheme& weight() {
    if (!m_choice.weight) {
      fail(m_text, quoted(m_option) +
                       " is about weights, but this choice leaves them as stored; begin with a preset that "
                       "quantizes them, e.g. w8a8:group=128");
    }
    return *m_choice.weight;
  }

  ActScheme& activation() {
    if (!m_choice.activation) {
      fail(m_text,
           quoted(m_option) +
               " is about activations, but this choice leaves them in 16 bit; begin with a preset that "
               "quantizes them, e.g. w8a8:act=token");
    }
    return *m_choice.activation;
  }

  std::string_view m_text, m_option, m_key, m_value;
  Choice& m_choice;
};

/// What an option sets, for those that can be set only once. `act` may name a format and a granularity.
std::string_view settingOf(std::string_view option) {
  const std::string_view key = option.substr(0, option.find('='));
  for (const std::string_view word :
       {"tensor", "channel", "output_channel", "input_channel", "group", "group_in_channel", "block"})
    if (key == word) return "granularity";
  if (key == "sym" || key == "asym") return "symmetry";
  if (key == "act_sym" || key == "act_asym") return "activation symmetry";
  if (key == "static" || key == "dynamic") return "static or dynamic";
  return key == "act" ? std::string_view() : key;
}

/// "group=32,group=64" is a slip, not a choice of the last one.
void refuseContradictions(std::string_view text, const SpecParts& parts) {
  for (std::size_t i = 0; i < parts.options.size(); ++i) {
    const std::string_view setting = settingOf(parts.options[i]);
    for (std::size_t k = 0; k < i && !setting.empty(); ++k)
      if (settingOf(parts.options[k]) == setting)
        fail(text, quoted(parts.options[k]) + " and " + quoted(parts.options[i]) + " both set the " +
                       std::string(setting) + "; give one of them");
  }
}

Choice applyOptions(std::string_view text, const SpecParts& parts, Choice choice) {
  OptionReader reader(text, choice);
  for (const std::string_view option : parts.options) reader.apply(option);
  refuseContradictions(text, parts);
  if (const std::string problem = choiceProblem(choice); !problem.empty()) fail(text, problem);
  return choice;
}

Choice presetOrFail(std::string_view text, std::string_view word) {
  if (std::optional<Choice> choice = presetChoice(word)) return *choice;
  fail(text, quoted(word) + " is not a preset; use wBaB with 2 to 8 or 16 bits (w8a8, w4a16), a format (" +
                 formatList() + ") or WEIGHTS/ACTIVATIONS (fp8_e4m3/fp8_e4m3), e.g. w8a8:group=128");
}

}  // namespace

Choice parseSpec(std::string_view spec) {
  const SpecParts parts = splitSpec(spec);
  // "group=32" alone and "nonsense" alone both lack a preset: quote the first word as one
  const std::string_view preset = parts.preset.empty() ? parts.options.front() : parts.preset;
  return applyOptions(spec, parts, presetOrFail(spec, preset));
}

Choice editChoice(const Choice& base, std::string_view edit) {
  const SpecParts parts = splitSpec(edit);
  if (!parts.preset.empty()) return applyOptions(edit, parts, presetOrFail(edit, parts.preset));
  return applyOptions(edit, parts, base);
}

}  // namespace ql
