// Errors from a sample of rows, for choices one by one: what a LinearPreview says of them.
#include "core/evaluate/error_figures.h"
#include "core/evaluate/linear_preview.h"

namespace ql {
namespace {

constexpr std::int64_t kLeastRows = 8;  // three strata and two rows that are certain

}  // namespace

std::vector<LayerError> previewErrors(const WeightSource& source, const ErrorInput& input,
                                      std::span<const Choice> choices, const WeightStats& stats,
                                      std::int64_t sampleRows, JobContext& job) {
  requireMatching(input, &stats);
  static_cast<void>(measurableSchemes(choices));
  const bool canSample = sampleRows >= kLeastRows && sampleRows < input.matrix.out && input.matrix.in > 0;
  const auto isSampled = [&](const Choice& choice) {
    return choice.weight && canSample && LinearPreview::canMeasure(choice);
  };
  std::vector<Choice> whole;
  for (const Choice& choice : choices)
    if (!isSampled(choice)) whole.push_back(choice);
  std::vector<LayerError> exact;
  if (!whole.empty()) exact = measureErrors(source, input, whole, &stats, job);
  if (whole.size() == choices.size()) return exact;
  // not an owner: the preview does not outlive this call
  const std::shared_ptr<const WeightStats> known(std::shared_ptr<void>(), &stats);
  const LinearPreview preview(source, input, known, nullptr, sampleRows, job);
  std::vector<LayerError> errors;
  std::size_t nextExact = 0;
  for (const Choice& choice : choices)
    errors.push_back(isSampled(choice) ? preview.measure(choice, job).weights
                                       : std::move(exact[nextExact++]));
  return errors;
}

}  // namespace ql
