// Curves over alpha of smoothing groups: measured on readers that stay in memory, kept, and used as remedies
// in findings.
#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/evaluate/prepared_quantizer.h"
#include "core/head_runs.h"
#include "core/workspace_state.h"

#include <algorithm>

namespace ql {

namespace {

std::size_t bytesOf(const SmoothingCurve& curve) {
  std::size_t bytes = sizeof curve;
  for (const std::vector<SmoothingPoint>* points : {&curve.grid, &curve.refined})
    for (const SmoothingPoint& point : *points)
      bytes += sizeof point + point.error.readers.size() * sizeof(SmoothedFigures);
  return bytes;
}

std::size_t bytesOf(const ResidentGroup& group) {
  return static_cast<std::size_t>(group.readers.bytes()) +
         group.input.weightAbsmax.size() * sizeof(float) * 7;
}

std::string optionsText(const SmoothingOptions& options) {
  std::string text = options.method + "|" + options.statistic + (options.powersOfTwo ? "|pow2" : "");
  for (const auto& [key, value] : options.options) text += "|" + key + "=" + optionText(value);
  return text;
}

bool hasParts(const SmoothingCurve& curve) {
  return curve.none.error.together.w.has_value() || !curve.none.error.together.wa;
}

/// A point's figures of one reader, as a diagnosis takes them.
SmoothedError smoothedError(const SmoothingCurve& curve, const SmoothingPoint& point, std::size_t reader) {
  const SmoothedFigures& figures = point.error.readers[reader];
  SmoothedError error;
  error.smoothing = {curve.smoothing.method, curve.smoothing.statistic, point.alpha};
  error.output.w = figures.w;
  error.output.a = figures.a;
  error.output.wa = figures.wa;
  error.output.weightEvidence = error.output.sampleEvidence = curve.evidence;
  error.output.sampleEvidence.interval = figures.interval;
  return error;
}

}  // namespace

// What is in memory
// ------------------------------------------------------------------------------------------------

std::string Workspace::State::groupKey(std::size_t group) const {
  return calibrationKey + "|" + (calibration ? calibration->data : std::string()) + "|" +
         std::to_string(group);
}

std::string Workspace::State::curveKey(const CurveRequest& request) const {
  std::string key = groupKey(request.group) + "|" + std::to_string(request.curve.points) +
                    (request.curve.refine ? "r|" : "|") +
                    optionsText(canonicalSmoothing(request.curve.smoothing));
  for (const Choice& choice : request.choices) key += "|" + outputKey(choice);
  return key;
}

CurveRequest Workspace::State::completeRequest(CurveRequest request) const {
  const std::vector<LinearId>& readers = model.smoothingGroups.at(request.group).consumers;
  if (request.choices.size() == 1) {
    const Choice choice = request.choices.front();
    request.choices.clear();
    for (const LinearId id : readers)
      request.choices.push_back(model.linears[id].isQuantizable ? choice : Choice());
  }
  if (request.choices.size() == readers.size()) {
    for (std::size_t i = 0; i < readers.size(); ++i)
      request.choices[i] =
          withHeadRuns(std::move(request.choices[i]), headWidth(model, configJson, readers[i]));
    return request;
  }
  throw Error(ErrorCode::Usage, "The smoothing group behind " +
                                    quotedText(model.smoothingGroups[request.group].producer) + " has " +
                                    std::to_string(readers.size()) + " readers, but there are " +
                                    std::to_string(request.choices.size()) + " choices.");
}

std::shared_ptr<const SmoothingCurve> Workspace::State::knownCurve(const CurveRequest& request) const {
  const std::lock_guard lock(mutex);
  auto curve = curves.find(curveKey(request));
  if (!curve || (request.curve.withParts && !hasParts(*curve))) return nullptr;
  return curve;
}

std::shared_ptr<const ResidentGroup> Workspace::State::residentGroup(std::size_t group, JobContext& job) {
  std::string key;
  std::uint64_t holdBytes = 0;
  {
    const std::lock_guard lock(mutex);
    key = groupKey(group);
    holdBytes = residentBytes;
    if (auto known = residentGroups.find(key)) return known;
  }
  const SmoothingGroup& readers = model.smoothingGroups.at(group);
  requireWeights("smoothing behind " + quotedText(readers.producer));
  job.setStage("Reading what is smoothed behind " + readers.producer);
  const auto site = smoothingSite(model, group);
  const auto shared = site ? activations(*site) : nullptr;
  std::vector<GroupReader> list;
  for (const LinearId id : readers.consumers) {
    const auto& own = model.linears[id].site;
    auto input = own ? activations(*own) : nullptr;
    // an expert that no token reached is judged on the tokens of all
    if (!input || !input->hasSample()) input = shared;
    list.push_back({model.linears[id].matrix, std::move(input)});
  }
  job.expect(SmoothedReaders::loadUnits(list));
  auto resident = std::make_shared<ResidentGroup>(source, std::move(list), holdBytes, job);
  resident->target = foldTarget(model, group, configJson);
  const std::vector<float> norm = gain(readers.consumers.front());
  resident->input = smoothingInput(*source, model, group, shared.get(), norm, true, job);
  const std::lock_guard lock(mutex);
  residentGroups.insert(key, resident, bytesOf(*resident));
  return resident;
}

// Diagnosis
// --------------------------------------------------------------------------------------------------------

std::optional<std::size_t> Workspace::State::foldableGroup(LinearId id) const {
  for (std::size_t group = 0; group < model.smoothingGroups.size(); ++group) {
    const std::vector<LinearId>& readers = model.smoothingGroups[group].consumers;
    if (std::find(readers.begin(), readers.end(), id) == readers.end()) continue;
    if (foldTarget(model, group, configJson).isFoldable) return group;
  }
  return std::nullopt;
}

std::vector<CurveRequest> Workspace::State::diagnosisCurves(std::size_t group, const Choice& choice) const {
  std::vector<CurveRequest> requests;
  for (const auto& [method, statistic] :
       {std::pair<const char*, const char*>{"bismooth", "median"}, {"smoothquant", "max"}}) {
    CurveRequest request;
    request.group = group;
    request.choices = {choice};
    request.curve.smoothing.method = method;
    request.curve.smoothing.statistic = statistic;
    request.curve.withParts = false;
    requests.push_back(completeRequest(std::move(request)));
  }
  return requests;
}

void Workspace::State::trySmoothing(Workspace& workspace, LinearId id, const Choice& choice, double target,
                                    JobContext& job) {
  if (choice.weight && !isRowLocal(*choice.weight)) return;  // no curve over alpha for these
  const auto output = workspace.outputError(id, choice);
  if (!output) return;
  const std::optional<double> figure = choice.activation && output->wa ? output->wa : output->w;
  if (!figure || *figure <= target) return;
  const auto group = foldableGroup(id);
  const auto site = group ? smoothingSite(model, *group) : std::nullopt;
  const auto stats = site ? activations(*site) : nullptr;
  if (!stats || !stats->hasSample() || !stats->hasExtremes() || stats->medianAbs.empty()) return;
  for (const CurveRequest& request : diagnosisCurves(*group, choice)) workspace.smoothingCurve(request, job);
}

std::vector<SmoothedError> Workspace::State::smoothedErrors(LinearId id, const Choice& choice) const {
  const auto group = foldableGroup(id);
  if (!group) return {};
  std::vector<std::pair<double, SmoothedError>> tried;  // with the error of the whole group
  const std::vector<LinearId>& readers = model.smoothingGroups[*group].consumers;
  const auto reader =
      static_cast<std::size_t>(std::find(readers.begin(), readers.end(), id) - readers.begin());
  for (const CurveRequest& request : diagnosisCurves(*group, choice)) {
    const auto curve = knownCurve(request);
    const SmoothingPoint* best = curve ? curve->best() : nullptr;
    if (!best) continue;
    tried.emplace_back(*best->error.together.wa, smoothedError(*curve, *best, reader));
    const SmoothingPoint& middle = curve->grid[curve->grid.size() / 2];
    if (middle.alpha != best->alpha && middle.error.together.wa)
      tried.emplace_back(*middle.error.together.wa, smoothedError(*curve, middle, reader));
  }
  std::stable_sort(tried.begin(), tried.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<SmoothedError> errors;
  for (auto& [error, smoothed] : tried) errors.push_back(std::move(smoothed));
  return errors;
}

// The door
// -------------------------------------------------------------------------------------------------------

std::shared_ptr<const SmoothingCurve> Workspace::smoothingCurve(const CurveRequest& request, JobContext& job,
                                                                const CurveSink& sink) {
  const CurveRequest complete = m_state->completeRequest(request);
  if (auto known = m_state->knownCurve(complete)) {
    if (sink) sink(*known);
    return known;
  }
  std::string key;
  {
    const std::lock_guard lock(m_state->mutex);
    key = m_state->curveKey(complete);
  }
  const auto group = m_state->residentGroup(request.group, job);
  job.setStage("Smoothing behind " + m_state->model.smoothingGroups[request.group].producer);
  SmoothingCurve curve = measureSmoothingCurve(group->readers, group->input, group->target, complete.choices,
                                               complete.curve, job, sink);
  m_state->stamp(curve.evidence);
  auto result = std::make_shared<const SmoothingCurve>(std::move(curve));
  const std::lock_guard lock(m_state->mutex);
  m_state->curves.insert(key, result, bytesOf(*result));
  return result;
}

std::shared_ptr<const SmoothingCurve> Workspace::knownSmoothingCurve(const CurveRequest& request) const {
  return m_state->knownCurve(m_state->completeRequest(request));
}

SmoothingPoint Workspace::smoothedFigures(const CurveRequest& request, JobContext& job) {
  const CurveRequest complete = m_state->completeRequest(request);
  const auto group = m_state->residentGroup(request.group, job);
  job.expect(group->readers.measureUnits(complete.choices, GroupFigures::All));
  return measureSmoothingPoint(group->readers, group->input, group->target, complete.choices,
                               canonicalSmoothing(complete.curve.smoothing), GroupFigures::All, job);
}

std::vector<Choice> Workspace::groupChoices(const QuantizationPlan& plan, std::size_t group) const {
  std::vector<Choice> choices;
  for (const LinearId id : m_state->model.smoothingGroups.at(group).consumers)
    choices.push_back(plan.choiceFor(m_state->model.linears[id].name));
  return choices;
}

void Workspace::setResidentBytes(std::uint64_t bytes) {
  const std::lock_guard lock(m_state->mutex);
  m_state->residentBytes = bytes;
  m_state->residentGroups = LruCache<std::string, ResidentGroup>(static_cast<std::size_t>(bytes));
  m_state->whatIf = nullptr;  // made anew within the budget
}

}  // namespace ql
