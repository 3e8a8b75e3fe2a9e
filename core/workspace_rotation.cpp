#include "core/workspace_rotation.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/evaluate/rotated_stats.h"
#include "core/rotated_model.h"
#include "core/workspace_state.h"

#include <algorithm>
#include <cmath>

namespace ql {
namespace {

using State = WorkspaceAccess::State;

/// Extremes of the sample, where there is one: calibration has seen more tokens than the rotated side knows
/// of.
std::vector<float> inputAbsmax(const ActivationStats& stats) {
  if (!stats.hasSample()) return stats.all.absmax;
  std::vector<float> absmax(static_cast<std::size_t>(stats.width), 0.0f);
  for (std::int64_t i = 0; i < stats.sample.count(); ++i) {
    const auto row = stats.sample.row(i);
    for (std::size_t j = 0; j < absmax.size(); ++j) absmax[j] = std::max(absmax[j], std::abs(row[j]));
  }
  return absmax;
}

ActivationSummary sampleSummary(const ActivationStats& stats) {
  ActivationStats sample;
  sample.width = stats.width;
  sample.sample = stats.sample;
  sample.all = stats.all;
  sample.all.absmax = inputAbsmax(stats);
  summarize(sample);
  return sample.summary;
}

RotationSide measureSide(const WeightSource& source, const ErrorInput& input, const Choice& choice,
                         JobContext& job) {
  RotationSide side;
  WeightStatsOptions options;
  options.withPyramid = false;
  job.expect(measureUnits(source, input.matrix));
  const WeightStats stats = measureWeights(source, input.matrix, options, job);
  side.summary = stats.summary;
  side.columnAbsmax = stats.columns.absmax;
  side.rowAbsmax = stats.rows.absmax;
  const std::span<const Choice> choices(&choice, 1);
  if (choice.weight) {
    job.expect(errorUnits(input, choices, true));
    side.error = measureErrors(source, input, choices, &stats, job).front();
  }
  if (!input.activations) return side;
  side.inputAbsmax = inputAbsmax(*input.activations);
  side.input = sampleSummary(*input.activations);
  if (!choice.weight && !choice.activation) return side;
  job.expect(outputErrorUnits(input, choices, *input.activations, &stats));
  side.output = measureOutputErrors(source, input, choices, &stats, *input.activations, 0, job).front();
  if (!side.error) return side;
  side.error->outputRelW = side.output->w;
  side.error->outputRelA = side.output->a;
  side.error->outputRelWa = side.output->wa;
  return side;
}

}  // namespace

RotationReach rotationReach(const Workspace& workspace) {
  State& state = WorkspaceAccess::state(workspace);
  RotationReach reach;
  const auto untied = untieEmbeddings(state.model, state.configJson);
  reach.residualProblem = untied ? residualTarget(untied->model, untied->configJson).reason
                                 : residualTarget(state.model, state.configJson).reason;
  const std::vector<HeadTarget> heads = headTargets(state.model, state.configJson);
  if (heads.empty()) reach.headProblem = "the model has no blocks";
  for (const HeadTarget& head : heads)
    if (!head.isRotatable && reach.headProblem.empty()) reach.headProblem = head.reason;
  return reach;
}

struct RotationLab::State {
  std::shared_ptr<Workspace> workspace;
  ModelRotation rotation;
  std::unique_ptr<const RotatedModel> model;

  WorkspaceAccess::State& inner() const { return WorkspaceAccess::state(*workspace); }
};

RotationLab::RotationLab(std::shared_ptr<Workspace> workspace, const ModelRotation& rotation, JobContext& job)
    : m_state(std::make_unique<State>()) {
  m_state->workspace = std::move(workspace);
  m_state->rotation = rotation;
  WorkspaceAccess::State& inner = m_state->inner();
  inner.requireWeights("previewing a rotation");
  m_state->model =
      std::make_unique<const RotatedModel>(inner.source, inner.model, inner.configJson, rotation, job);
}

RotationLab::~RotationLab() = default;

const ModelRotation& RotationLab::rotation() const {
  return m_state->rotation;
}

bool RotationLab::reaches(LinearId id) const {
  return m_state->model->source()->changes(m_state->inner().model.linears.at(id).matrix);
}

RotationPreview RotationLab::preview(LinearId id, const Choice& choice, JobContext& job) const {
  WorkspaceAccess::State& state = m_state->inner();
  const Linear& linear = state.model.linears.at(id);
  const RotatedSource& rotated = *m_state->model->source();
  RotationPreview preview;
  preview.id = id;
  preview.choice = choice;
  if (const auto rotation = rotated.inputRotation(linear.matrix)) preview.inputBlock = rotation->blockSize();
  if (const auto rotation = rotated.outputRotation(linear.matrix))
    preview.outputBlock = rotation->blockSize();
  ErrorInput input = state.errorInput(id);
  input.activations = state.usableActivations(id);
  if (input.activations && !canRotate(*input.activations)) input.activations = nullptr;
  job.setStage("Measuring " + linear.name);
  preview.before = measureSide(*state.source, input, choice, job);
  const std::vector<float> folded = rotated.foldedGain(linear.matrix);
  preview.foldsNorm = !folded.empty();
  if (preview.foldsNorm) input.gain.assign(static_cast<std::size_t>(linear.in()), 1.0f);
  input.activations = m_state->model->behind(id, input.activations, job);
  job.setStage("Measuring " + linear.name + " rotated");
  preview.after = reaches(id) ? measureSide(rotated, input, choice, job) : preview.before;
  for (RotationSide* side : {&preview.before, &preview.after}) {
    if (side->error) state.stamp(side->error->evidence);
    if (side->output) state.stamp(side->output->weightEvidence), state.stamp(side->output->sampleEvidence);
  }
  return preview;
}

}  // namespace ql
