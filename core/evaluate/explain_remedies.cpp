// What was tried and what it leaves.
#include "core/evaluate/diagnosis_case.h"
#include "core/evaluate/explain_parts.h"
#include "core/evaluate/explain_words.h"

#include <algorithm>

namespace ql {
namespace {

struct Tried {
  std::string name;  // "groups of 32"
  double after = 0;  // the figure
  double bits = 0;   // a weight
  bool isSmoothing = false, isInGroupsToo = false;
  std::size_t rank = 0;  // of a smoothing: its place among those tried
};

std::optional<double> figureOf(const LayerError& error, const std::string& key) {
  if (key == "output_rel_wa") return error.outputRelWa;
  if (key == "output_rel_w") return error.outputRelW;
  return error.normWeightedRel;
}

std::string smoothingName(const SmoothingRemedy& smoothing) {
  const std::string alpha = "alpha " + words::number(smoothing.alpha) + ")";
  if (smoothing.method == "smoothquant") return "SmoothQuant (" + alpha;
  return (smoothing.method == "bismooth" ? "bi-smoothing" : smoothing.method) + " (" + smoothing.statistic +
         ", " + alpha;
}

std::string candidateName(const Choice& choice, bool isInGroupsToo) {
  if (choice.weight && choice.weight->granularity == Granularity::Group && choice.weight->groupSize)
    return "groups of " + std::to_string(*choice.weight->groupSize) + (isInGroupsToo ? ", X too" : "");
  return weightSchemeText(choice);
}

/// One for each method of smoothing (the best of its alphas), then the other choices as measured.
std::vector<Tried> triedRemedies(const ExplainInput& input, const std::string& key) {
  std::vector<Tried> tried;
  std::vector<std::string> methods;
  for (std::size_t i = 0; i < input.smoothed.size(); ++i) {
    const SmoothedError& smoothed = input.smoothed[i];
    const std::string method = smoothed.smoothing.method + smoothed.smoothing.statistic;
    const std::optional<double> after = key == "output_rel_wa"  ? smoothed.output.wa
                                        : key == "output_rel_w" ? smoothed.output.w
                                                                : std::nullopt;
    if (!after || std::find(methods.begin(), methods.end(), method) != methods.end()) continue;
    methods.push_back(method);
    tried.push_back({smoothingName(smoothed.smoothing), *after, input.error->bitsPerWeight, true, false, i});
  }
  for (const StoredError& candidate : input.candidates) {
    const std::optional<double> after = figureOf(candidate.error, key);
    if (!after) continue;
    const bool isToo =
        candidate.choice.activation && candidate.choice.activation->granularity == Granularity::Group;
    tried.push_back(
        {candidateName(candidate.choice, isToo), *after, candidate.error.bitsPerWeight, false, isToo, 0});
  }
  return tried;
}

std::string smoothingClause(const std::vector<Tried>& tried) {
  std::vector<std::string> parts;
  for (const Tried& remedy : tried)
    if (remedy.isSmoothing)
      parts.push_back(remedy.name + (parts.empty() ? " leaves " : " ") + words::percent(remedy.after));
  if (parts.empty()) return {};
  return words::list(parts) + " at the same " + words::bits(tried.front().bits) + " bits a weight";
}

/// "groups of 128, 64, 32 and 16 leave 55.0 %, 35.8 %, 24.5 % and 17.0 % at 8.25, 8.5, 9 and 10 bits"
std::string groupClause(const std::vector<Tried>& tried, bool inGroupsToo) {
  std::vector<std::string> sizes, errors, bits;
  for (const Tried& remedy : tried) {
    if (remedy.isSmoothing || remedy.isInGroupsToo != inGroupsToo) continue;
    std::string size = remedy.name;
    if (size.starts_with("groups of ")) size = size.substr(10);
    sizes.push_back(size.substr(0, size.find(", X too")));
    errors.push_back(words::percent(remedy.after));
    bits.push_back(words::bits(remedy.bits));
  }
  if (sizes.empty()) return {};
  const std::string what =
      std::any_of(tried.begin(), tried.end(), [](const Tried& t) { return t.name.starts_with("groups of "); })
          ? "groups of "
          : "";
  if (inGroupsToo) return "with the activations in such groups too, it is " + words::list(errors);
  return what + words::list(sizes) + (what.empty() && sizes.size() == 1 ? " leaves " : " leave ") +
         words::list(errors) + " at " + words::list(bits) + " bits";
}

std::string sentenceOf(std::string text) {
  if (text.empty()) return text;
  text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text + ".";
}

}  // namespace

std::string remediesSentence(const ExplainInput& input, const std::string& key) {
  const std::vector<Tried> tried = triedRemedies(input, key);
  std::string text;
  for (const std::string& clause :
       {smoothingClause(tried), groupClause(tried, false), groupClause(tried, true)}) {
    if (clause.empty()) continue;
    text += (text.empty() ? "" : "; ") + clause;
  }
  return sentenceOf(text);
}

std::string verdictSentence(const ExplainInput& input, const std::string& key) {
  const std::vector<Tried> tried = triedRemedies(input, key);
  if (tried.empty()) return {};
  const Tried* best = nullptr;
  for (const Tried& remedy : tried) {
    if (remedy.after > input.target) continue;
    // readers of a group share one S: what suits the group best counts, which is what was listed first
    const bool isCheaper = !best || remedy.bits < best->bits;
    if (isCheaper) best = &remedy;
  }
  const std::string target = words::target(input.target);
  if (best) return sentenceOf(best->name + " is the cheapest of these within the target of " + target);
  const auto least = std::min_element(tried.begin(), tried.end(),
                                      [](const Tried& a, const Tried& b) { return a.after < b.after; });
  return "None of these meets the target of " + target + "; the least is " + words::percent(least->after) +
         " by " + least->name + ".";
}

}  // namespace ql
