#include "core/evaluate/explain.h"

#include "core/evaluate/diagnosis_case.h"
#include "core/evaluate/error_shares.h"
#include "core/evaluate/explain_parts.h"
#include "core/evaluate/explain_words.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace ql {
namespace {

constexpr double kTailFactor = 1.5;  // as in the diagnosis: error against a Gaussian matrix

std::string schemeText(const Choice& choice) {
  std::string weights = weightSchemeText(choice);
  if (const std::size_t at = weights.find(" g");
      choice.weight && choice.weight->groupSize && at != weights.npos)
    weights.replace(at, 2, " group ");  // "int8 g32" in tables
  return choice.activation ? weights + " with activations " + actSchemeText(choice) : weights;
}

std::string figureText(const LayerError& error, const std::string& key) {
  if (key == "output_rel_wa") return "the output error";
  if (key == "output_rel_w") return "the output error of the weights";
  return error.isNormGainBased ? "the norm-weighted error" : "the column-normalised error";
}

/// " (weights alone 84.9 %, activations alone 4.84 %; 256 tokens)"
std::string partsText(const ExplainInput& input, const std::string& key) {
  const LayerError& error = *input.error;
  std::string text;
  if (key == "output_rel_wa" && error.outputRelW && error.outputRelA)
    text = "weights alone " + words::percent(*error.outputRelW) + ", activations alone " +
           words::percent(*error.outputRelA);
  if (key.starts_with("output_rel") && input.output) {
    const bool isSampled = key == "output_rel_wa";
    const std::int64_t tokens = (isSampled ? input.output->sampleEvidence : input.output->weightEvidence).n;
    if (tokens > 0)
      text += (text.empty() ? "" : "; ") + words::count(tokens) + (isSampled ? " sampled tokens" : " tokens");
  }
  return text.empty() ? text : " (" + text + ")";
}

std::string openingSentence(const ExplainInput& input, const std::string& key, double level) {
  const std::string figure = figureText(*input.error, key) + " is " + words::percent(level);
  const std::string parts = partsText(input, key), scheme = schemeText(input.choice);
  const std::string target = words::target(input.target);
  if (level > input.target)
    return "Under " + scheme + ", " + figure + parts + ", " + words::number(level / input.target) +
           " times the target of " + target + ".";
  if (input.findings.empty())
    return "Nothing stands out under " + scheme + ": " + figure + parts + ", target " + target + ".";
  return "Under " + scheme + ", " + figure + parts + ", within the target of " + target + ".";
}

/// "Its largest input channel (71) holds weights up to 0.34, 1.8 times the median channel; ..."
std::string ordinarySentence(const ExplainInput& input) {
  std::vector<std::string> parts;
  const auto largest = [](const std::vector<float>& values) {
    return std::max_element(values.begin(), values.end()) - values.begin();
  };
  if (input.stats && !input.stats->columns.absmax.empty()) {
    const std::vector<float>& absmax = input.stats->columns.absmax;
    const auto at = largest(absmax);
    const double median = lowerMedian(absmax),
                 value = static_cast<double>(absmax[static_cast<std::size_t>(at)]);
    if (median > 0)
      parts.push_back("the largest input channel of W (" + std::to_string(at) + ") reaches " +
                      words::number(value) + ", " + words::number(value / median) +
                      " times the median channel");
  }
  if (input.activations && input.activations->hasExtremes()) {
    const std::vector<float>& absmax = input.activations->all.absmax;
    const auto at = largest(absmax);
    const double median = lowerMedian(absmax),
                 value = static_cast<double>(absmax[static_cast<std::size_t>(at)]);
    if (median > 0)
      parts.push_back("the largest of X (" + std::to_string(at) + ") " + words::number(value) + ", " +
                      words::number(value / median) + " times");
  }
  if (input.choice.weight && input.error)
    parts.push_back(words::percent(input.error->deadCode) +
                    " of the weights round to zero (a Gaussian matrix: " +
                    words::percent(input.error->deadCodeGaussian) + ")");
  if (parts.empty()) return {};
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : "; ") + part;
  text += ".";
  text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text;
}

/// Over the target without a finding: what the figures say about the cause.
std::string unexplainedSentence(const ExplainInput& input) {
  const LayerError& error = *input.error;
  if (error.outputRelA && error.outputRelW && *error.outputRelA > *error.outputRelW)
    return "Rounding the activations costs " + words::percent(*error.outputRelA) +
           " and rounding the weights " + words::percent(*error.outputRelW) + ".";
  if (!input.choice.weight || !input.stats) return {};
  const double gaussian = gaussianRelError(*input.choice.weight, input.stats->out, input.stats->in);
  const double ofWeights = error.outputRelW.value_or(error.normWeightedRel.value_or(0));
  std::string text = "A Gaussian matrix would have " + words::percent(gaussian) + " under this scheme";
  if (ofWeights <= kTailFactor * gaussian)
    text += ": format and granularity cost this much, not outliers (kurtosis " +
            words::number(input.stats->summary.kurtosis) + ", Gaussian 3)";
  return text + ".";
}

bool isAboutTheFigure(const Finding& finding) {
  return finding.code != "dead_rows" && finding.code != "non_finite";
}

void addFindings(const ExplainInput& input, Explanation& explanation) {
  bool isFirst = true;
  for (const Finding& finding : input.findings) {
    explanation.sentences.push_back(findingSentence(finding, input));
    if (!isFirst || !isAboutTheFigure(finding)) continue;
    explanation.sentences.push_back(circumstances(finding, input));
    isFirst = false;
  }
}

Explanation keptAsStored(const ExplainInput& input) {
  Explanation explanation;
  explanation.sentences.push_back("Kept as stored at " + words::bits(input.storedBits) +
                                  " bits a weight: no weight is rounded.");
  explanation.sentences.push_back(ordinarySentence(input));
  return explanation;
}

}  // namespace

std::string Explanation::text() const {
  std::string text;
  for (const std::string& sentence : sentences) text += (text.empty() ? "" : " ") + sentence;
  return text;
}

Explanation explain(const ExplainInput& input) {
  Explanation explanation;
  const bool isQuantized = input.choice.weight || input.choice.activation;
  if (!isQuantized) {
    explanation = keptAsStored(input);
  } else if (input.error) {
    const DiagnosisFigure figure = diagnosisFigure(*input.error, input.choice);
    const std::optional<double> level = input.error->*figure.member;
    const bool isOver = level && *level > input.target;
    if (level) explanation.sentences.push_back(openingSentence(input, figure.key, *level));
    addFindings(input, explanation);
    const bool isToldWhy = std::any_of(input.findings.begin(), input.findings.end(), isAboutTheFigure);
    if (isOver && !isToldWhy) explanation.sentences.push_back(unexplainedSentence(input));
    if (!isOver && !isToldWhy) explanation.sentences.push_back(ordinarySentence(input));
    if (level && (isOver || isToldWhy)) {
      explanation.sentences.push_back(remediesSentence(input, figure.key));
      explanation.sentences.push_back(verdictSentence(input, figure.key));
    }
  }
  std::erase_if(explanation.sentences, [](const std::string& sentence) { return sentence.empty(); });
  return explanation;
}

}  // namespace ql
