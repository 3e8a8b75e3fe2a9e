#include "core/workspace_sensitivity.h"

#include "core/base/error.h"
#include "core/calib/memory_plan.h"
#include "core/calib/variant_scores.h"
#include "core/folded_plan.h"
#include "core/head_runs.h"
#include "core/sensitivity_parts.h"
#include "core/workspace_state.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace ql {
namespace {

constexpr std::array<std::pair<std::string_view, SensitivityPart>, 5> kParts{{
    {"linear", SensitivityPart::Linear},
    {"fused", SensitivityPart::Fused},
    {"block", SensitivityPart::Block},
    {"role", SensitivityPart::Role},
    {"point", SensitivityPart::Point},
}};

/// The plan with a scheme for every residual sum and cache that has none.
QuantizationPlan withPointScheme(QuantizationPlan plan, const Model& model,
                                 const std::optional<ActScheme>& scheme) {
  if (!scheme) return plan;
  for (int block = 0; block < model.blockCount; ++block)
    for (const PointKind kind : {PointKind::ResidualAfterAttention, PointKind::ResidualAfterMlp,
                                 PointKind::KCache, PointKind::VCache}) {
      const bool isCache = kind == PointKind::KCache || kind == PointKind::VCache;
      if (!isCache || !plan.kvCache) plan.points.try_emplace(pointName(model, block, kind), *scheme);
    }
  return plan;
}

/// Everything that a measurement runs.
struct PlannedModels {
  TokenWindows windows;
  FoldedPlan folded;
  QuantizationPlan plan;  // what is done to the folded model
  std::unique_ptr<ForwardModel> plain, switched;
  std::shared_ptr<const PlannedSource> planned;
  std::optional<PlanHook> hook;
  std::optional<SwitchedHook> switchedHook;
  PlanSwitch choice;
  PerplexityOptions settings;
};

void fillRow(SensitivityRow& row, const Sensitivity& all, SensitivityMode mode, const WindowScore& sums,
             bool isLast) {
  row.result = resultOfSums(sums);
  row.isComplete = isLast;
  const bool isOnly = mode == SensitivityMode::Only;
  row.nllCost = isOnly ? row.result.nll - all.reference.nll : all.plan.nll - row.result.nll;
  row.klCost = isOnly ? row.result.meanKl : all.plan.meanKl - row.result.meanKl;
}

void build(WorkspaceAccess::State& state, const QuantizationPlan& given, const SensitivityOptions& options,
           JobContext& job, PlannedModels& models) {
  state.requireWeights("sensitivity");
  models.plain = state.forwardModel(state.source);
  models.windows = state.windowsOf(options.text.source, options.text.windows, *models.plain);
  models.settings = state.perplexityOptions(options.text);
  job.setStage("Preparing the plan");
  requireActivations(state, given);
  models.folded = foldPlan(state, given, {options.text.planFolder, false}, job, job);
  const FoldedPlan& folded = models.folded;
  const Model& model = folded.model(state);
  models.plan = withHeadRuns(folded.plan, model, state.configJson);
  PlannedInputs inputs = folded.inputs;
  inputs.cacheBytes = std::min(PlannedSource::defaultCacheBytes(),
                               std::max<std::uint64_t>(remainingBudget(models.settings.memoryBytes) / 2, 1));
  models.planned = std::make_shared<const PlannedSource>(folded.source, model, models.plan, job, inputs);
  if (models.planned->hasPrepared())
    models.settings.memoryBytes = memoryBeside(models.settings.memoryBytes, inputs.cacheBytes);
  models.switched = folded.forwardModel(
      state, std::make_shared<const SwitchedSource>(folded.source, models.planned, model, models.choice));
  models.hook.emplace(model, models.plan, folded.statistics);
  models.switchedHook.emplace(*models.hook, models.choice);
}

void requireParts(const std::vector<PlanPart>& parts, const SensitivityOptions& options) {
  if (!parts.empty()) return;
  const bool isPoint = options.part == SensitivityPart::Point;
  throw Error(ErrorCode::Usage,
              isPoint
                  ? "The plan rounds no activation, residual sum or cache among what was asked for; give "
                    "points a scheme with 'qloupe plan point' or 'qloupe plan kv', or try one with "
                    "--point-scheme."
                  : "The plan quantizes nothing among the layers asked for; choose others, or give them a "
                    "scheme with 'qloupe plan set'.");
}

}  // namespace

std::optional<SensitivityPart> sensitivityPartFromName(std::string_view name) {
  for (const auto& [word, part] : kParts)
    if (word == name) return part;
  return std::nullopt;
}

Sensitivity measureSensitivity(Workspace& workspace, const QuantizationPlan& given,
                               const SensitivityOptions& options, JobContext& job,
                               const std::function<void(std::size_t, const SensitivityRow&)>& sink) {
  WorkspaceAccess::State& state = WorkspaceAccess::state(workspace);
  const bool isPoint = options.part == SensitivityPart::Point;
  PlannedModels models;
  build(state, withPointScheme(given, state.model, isPoint ? options.pointScheme : std::nullopt), options,
        job, models);
  const std::vector<PlanPart> parts =
      planParts(models.folded.model(state), models.plan, *models.hook, options);
  requireParts(parts, options);

  Sensitivity result;
  for (const PlanPart& part : parts) result.rows.push_back(part.row);
  const bool isOnly = options.mode == SensitivityMode::Only;
  // the base is what the parts are switched on or off in
  models.choice.selectAll(!isOnly);
  const PerplexityRun switched{models.switched.get(), &*models.switchedHook};
  std::vector<ModelVariant> variants;
  // leaving parts out, the base is the plan itself
  variants.push_back({isOnly ? 0 : state.model.blockCount, [&] { models.choice.selectAll(true); }});
  for (const PlanPart& part : parts)
    variants.push_back(
        {part.firstBlock, [&models, &part, &options] { models.choice.select(part.members, options.mode); }});
  const auto selectBase = [&] { models.choice.selectAll(!isOnly); };
  const VariantScores scores =
      scoreVariants({{models.plain.get(), nullptr}, switched, switched, selectBase}, variants, models.windows,
                    models.settings, job, [&](std::size_t variant, const VariantScores& soFar, bool isLast) {
                      result.reference = resultOfSums(soFar.reference);
                      if (variant == 0) {
                        result.plan = resultOfSums(soFar.variants[0]);
                        return;
                      }
                      SensitivityRow& row = result.rows[variant - 1];
                      fillRow(row, result, options.mode, soFar.variants[variant], isLast);
                      if (sink) sink(variant - 1, row);
                    });
  result.context = models.windows.context;
  result.fallbacks = models.planned->fallbacks();
  result.evidence.method =
      isOnly ? "sensitivity, each part alone as planned" : "sensitivity, everything as planned but one part";
  result.evidence.level = "verified";
  result.evidence.n = result.reference.targets;
  result.evidence.data = models.windows.sha256;
  state.stamp(result.evidence);
  return result;
}

}  // namespace ql
