#include "core/report/finding_words.h"

#include "core/base/error.h"
#include "core/report/number_words.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ql::report {
namespace {

constexpr std::size_t kChannelsNamed = 6;

const FindingValue* find(const Finding& finding, const char* key) {
  const auto found = finding.values.find(key);
  return found == finding.values.end() ? nullptr : &found->second;
}

/// NaN when the finding does not carry the value.
double number(const Finding& finding, const char* key) {
  const FindingValue* value = find(finding, key);
  if (value == nullptr) return std::numeric_limits<double>::quiet_NaN();
  if (const auto* whole = std::get_if<std::int64_t>(value)) return static_cast<double>(*whole);
  if (const auto* real = std::get_if<double>(value)) return *real;
  return std::numeric_limits<double>::quiet_NaN();
}

std::string count(const Finding& finding, const char* key) {
  const double value = number(finding, key);
  return std::isfinite(value) ? thousands(static_cast<std::int64_t>(value)) : std::string("?");
}

/// "18, 26, 30" or "18, 26, 30, 31, 40, 44 and 5 more"
std::string channelList(const Finding& finding, const char* key) {
  const FindingValue* value = find(finding, key);
  const auto* channels = value == nullptr ? nullptr : std::get_if<std::vector<std::int64_t>>(value);
  if (channels == nullptr || channels->empty()) return {};
  std::vector<std::int64_t> named(
      channels->begin(),
      channels->begin() + static_cast<std::ptrdiff_t>(std::min(channels->size(), kChannelsNamed)));
  std::sort(named.begin(), named.end());
  std::string text;
  for (const std::int64_t channel : named) text += (text.empty() ? "" : ", ") + std::to_string(channel);
  if (channels->size() > named.size())
    text += " and " + std::to_string(channels->size() - named.size()) + " more";
  return text;
}

std::string inBrackets(const std::string& text) {
  return text.empty() ? text : " (" + text + ")";
}

std::string errorClause(const Finding& finding) {
  for (const char* key : {"output_rel_wa", "output_rel_w", "norm_weighted_rel"}) {
    const double error = number(finding, key);
    if (std::isfinite(error)) return "The " + figureName(key) + " is " + percent(error) + ".";
  }
  return {};
}

/// "all 256 rows", "200 of 256 rows"
std::string rowsSet(const Finding& finding) {
  if (number(finding, "rows_set") == number(finding, "out")) return "all " + count(finding, "out") + " rows";
  return count(finding, "rows_set") + " of " + count(finding, "out") + " rows";
}

std::string outlierColumns(const Finding& finding) {
  std::string text = count(finding, "channel_count") + " of " + count(finding, "in") + " input channels" +
                     inBrackets(channelList(finding, "channels")) + " set the scale of " + rowsSet(finding) +
                     "; " + percent(number(finding, "dead_code_others")) +
                     " of the other weights round to zero";
  const double gaussian = number(finding, "dead_code_gaussian");
  if (std::isfinite(gaussian)) text += inBrackets("a Gaussian matrix: " + percent(gaussian));
  return text + ". " + errorClause(finding);
}

std::string heavyTails(const Finding& finding) {
  std::string text = errorClause(finding);
  const double gaussian = number(finding, "gaussian_rel");
  if (std::isfinite(gaussian)) text += " A Gaussian matrix would have " + percent(gaussian) + ".";
  return text + " The weights have heavy tails" +
         inBrackets("kurtosis " + figure(number(finding, "kurtosis"))) +
         ", and no few channels are to blame.";
}

std::string normGainOutliers(const Finding& finding) {
  return "The gains of the norm in front announce activation outliers in " + count(finding, "channel_count") +
         " of " + count(finding, "in") + " input channels" + inBrackets(channelList(finding, "channels")) +
         ": up to " + figure(number(finding, "gain_peak_ratio")) + " times the median, with " +
         percent(number(finding, "error_share")) +
         " of the weighted error. The weights themselves are fine. " + errorClause(finding);
}

std::string activationOutliers(const Finding& finding) {
  std::string text = count(finding, "channel_count") + " of " + count(finding, "in") +
                     " channels of the input" + inBrackets(channelList(finding, "channels")) + " reach " +
                     figure(number(finding, "act_absmax"));
  const double ratio = number(finding, "act_channel_peak_ratio");
  if (std::isfinite(ratio)) text += ", " + figure(ratio) + " times the median channel";
  return text + ", over " + count(finding, "tokens") + " tokens. Rounding the activations alone costs " +
         percent(number(finding, "output_rel_a")) + " of the output.";
}

std::string deadRows(const Finding& finding) {
  return count(finding, "row_count") + " of " + count(finding, "out") + " output channels" +
         inBrackets(channelList(finding, "rows")) + " are all zero: they cost memory and do nothing.";
}

std::string nonFinite(const Finding& finding) {
  return count(finding, "nans") + " NaN, " + count(finding, "pos_infs") + " +Inf and " +
         count(finding, "neg_infs") +
         " -Inf among the weights; they are left out of every figure. Repair or download the checkpoint "
         "again.";
}

bool isPlainWord(const std::string& argument) {
  return !argument.empty() && std::all_of(argument.begin(), argument.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_-./:=,+@%").find(c) != std::string_view::npos;
  });
}

std::string regexQuoted(const std::string& name) {
  std::string text;
  for (const char c : name) {
    if (std::string_view(R"(\.[]{}()*+?^$|)").find(c) != std::string_view::npos) text += '\\';
    text += c;
  }
  return text;
}

/// True when --blocks and --roles name this layer and no other.
bool isAloneInCell(const Linear& linear, const Model& model) {
  if (!linear.block) return false;
  return std::count_if(model.linears.begin(), model.linears.end(), [&](const Linear& other) {
           return other.block == linear.block && other.role == linear.role;
         }) == 1;
}

/// "bi-smoothing (median, alpha 0.55)", "SmoothQuant (alpha 0.5)"
std::string smoothingName(const SmoothingRemedy& smoothing) {
  const std::string alpha = "alpha " + figure(smoothing.alpha) + ")";
  if (smoothing.method == "smoothquant") return "SmoothQuant (" + alpha;
  const std::string name = smoothing.method == "bismooth" ? "bi-smoothing" : smoothing.method;
  return name + " (" + smoothing.statistic + ", " + alpha;
}

/// The command that smooths the group of the finding's layer: by block and roles when they name its readers.
std::string smoothCommand(const SmoothingRemedy& smoothing, const Finding& finding, const Model& model,
                          const std::string& plan, const std::string& modelPath,
                          const std::string& statistics) {
  std::string where = "--layers " + shellQuoted(regexQuoted(finding.layer));
  const auto id = model.find(finding.layer);
  for (const SmoothingGroup& group : model.smoothingGroups) {
    const std::vector<LinearId>& readers = group.consumers;
    if (!id || std::find(readers.begin(), readers.end(), *id) == readers.end()) continue;
    const bool areAlone = std::all_of(readers.begin(), readers.end(), [&](LinearId reader) {
      return isAloneInCell(model.linears[reader], model);
    });
    if (!areAlone) break;
    std::string roles;
    for (const LinearId reader : readers)
      roles += (roles.empty() ? "" : ",") + std::string(roleName(model.linears[reader].role));
    where = "--blocks " + std::to_string(*model.linears[*id].block) + " --roles " + roles;
  }
  return "qloupe smooth " + shellQuoted(modelPath.empty() ? model.name : modelPath) +
         (statistics.empty() ? "" : " --stats " + shellQuoted(statistics)) + " --method " + smoothing.method +
         (smoothing.method == "bismooth" ? " --statistic " + smoothing.statistic : "") + " --alpha " +
         figure(smoothing.alpha) + " --plan " + shellQuoted(plan) + " " + where;
}

/// The shortest edit that leads from the diagnosed choice to the remedy.
std::string editText(const Choice& from, const Choice& to) {
  if (to.weight && to.weight->granularity == Granularity::Group && to.weight->groupSize) {
    const std::string size = std::to_string(*to.weight->groupSize);
    for (const std::string& edit : {"group=" + size, "group=" + size + ",act=group:" + size}) {
      try {
        if (editChoice(from, edit) == to) return edit;
      } catch (const Error&) {
        // The short form does not apply to this choice; the full one below does.
      }
    }
  }
  return specText(to);
}

}  // namespace

std::string findingSentence(const Finding& finding) {
  std::string text;
  if (finding.code == "weight_outlier_columns")
    text = outlierColumns(finding);
  else if (finding.code == "heavy_tails")
    text = heavyTails(finding);
  else if (finding.code == "norm_gain_outliers")
    text = normGainOutliers(finding);
  else if (finding.code == "activation_outliers")
    text = activationOutliers(finding);
  else if (finding.code == "dead_rows")
    text = deadRows(finding);
  else if (finding.code == "non_finite")
    text = nonFinite(finding);
  else
    text = "Finding " + finding.code + ". " + errorClause(finding);
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

const Remedy& recommendedRemedy(const Finding& finding) {
  const double index = number(finding, "recommended");
  const bool isGiven =
      std::isfinite(index) && index >= 0 && index < static_cast<double>(finding.remedies.size());
  return finding.remedies[isGiven ? static_cast<std::size_t>(index) : 0];
}

std::string figureName(const std::string& key) {
  if (key == "norm_weighted_rel") return "norm-weighted error";
  if (key == "weight_rel_fro") return "weight error";
  if (key == "weight_rel_l1") return "weight error (L1)";
  if (key == "dead_code") return "weights rounded to zero";
  if (key.starts_with("output_rel")) return "output error";
  return key;
}

std::string remedySentence(const Remedy& remedy) {
  const std::string errors =
      ": " + figureName(remedy.figure) + " " + percent(remedy.before) + " -> " + percent(remedy.after);
  std::string how = weightSchemeText(remedy.choice);
  if (remedy.choice.activation && remedy.choice.activation->granularity == Granularity::Group)
    how += ", activations " + actSchemeText(remedy.choice);
  if (remedy.smoothing) return smoothingName(*remedy.smoothing) + errors + ", stays " + how;
  return how + errors;
}

std::string remedyCommand(const Remedy& remedy, const Finding& finding, const Choice& diagnosed,
                          const Model& model, const std::string& plan, const std::string& modelPath,
                          const std::string& statistics) {
  if (remedy.smoothing) return smoothCommand(*remedy.smoothing, finding, model, plan, modelPath, statistics);
  std::string where = "--layers " + shellQuoted(regexQuoted(finding.layer));
  if (const auto id = model.find(finding.layer); id && isAloneInCell(model.linears[*id], model)) {
    const Linear& linear = model.linears[*id];
    where = "--blocks " + std::to_string(*linear.block) + " --roles " + std::string(roleName(linear.role));
  }
  return "qloupe plan set " + shellQuoted(plan) + " " + where + " " +
         shellQuoted(editText(diagnosed, remedy.choice));
}

std::string shellQuoted(const std::string& argument) {
  if (isPlainWord(argument)) return argument;
  std::string text = "'";
  for (const char c : argument) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

}  // namespace ql::report
