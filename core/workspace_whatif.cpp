// Previews of what-ifs: sampled rows that stay in memory within a part of the resident budget.
#include "core/workspace_whatif.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/evaluate/linear_preview.h"
#include "core/evaluate/sampled_readers.h"
#include "core/head_runs.h"
#include "core/workspace_state.h"

#include <chrono>
#include <functional>

namespace ql {

/// What a smoothing group's S is made from, and some rows of its readers.
struct SampledGroup {
  SmoothingInput input;
  FoldTarget target;
  std::vector<SampledReader> list;
  std::shared_ptr<const SampledReaders> readers;  // null: a sample saves nothing
};

struct WhatIfCache {
  explicit WhatIfCache(std::uint64_t bytes)
      : groups(static_cast<std::size_t>(bytes) / 2), linears(static_cast<std::size_t>(bytes) / 2) {}
  std::timed_mutex loading;  // one at a time: who waits finds it done
  std::mutex mutex;          // guards what follows
  LruCache<std::string, SampledGroup> groups;
  LruCache<std::string, LinearPreview> linears;
  std::map<std::string, OutputError> outputs;  // previewed, by previewKey()
};

namespace {

using State = WorkspaceAccess::State;

constexpr std::uint64_t kBudgetShare = 4;        // of the resident budget, for samples
constexpr std::size_t kPreviewedOutputs = 4096;  // about 2 MiB

std::shared_ptr<WhatIfCache> cacheOf(State& state) {
  const std::lock_guard lock(state.mutex);
  if (!state.whatIf) state.whatIf = std::make_shared<WhatIfCache>(state.residentBytes / kBudgetShare);
  return state.whatIf;
}

std::unique_lock<std::timed_mutex> lockLoading(WhatIfCache& cache, JobContext& job) {
  std::unique_lock lock(cache.loading, std::defer_lock);
  while (!lock.try_lock_for(std::chrono::milliseconds(10))) job.step();
  return lock;
}

/// Runs a stage to its end even if `job` is cancelled meanwhile: what it loads, the next request needs.
template <class Stage>
auto finishStage(JobContext& job, const Stage& stage) {
  job.step();
  JobContext own(job.threads());
  return stage(own);
}

std::shared_ptr<const WeightStats> statsOf(State& state, LinearId id, JobContext& job) {
  if (auto known = state.weightStats(id)) return known;
  return finishStage(
      job, [&](JobContext& own) { return std::make_shared<const WeightStats>(state.measureStats(id, own)); });
}

std::vector<SampledReader> readersOf(State& state, std::size_t group, JobContext& job) {
  const SmoothingGroup& readers = state.model.smoothingGroups.at(group);
  const auto site = smoothingSite(state.model, group);
  const auto shared = site ? state.activations(*site) : nullptr;
  std::vector<SampledReader> list;
  for (const LinearId id : readers.consumers) {
    const auto& own = state.model.linears[id].site;
    auto input = own ? state.activations(*own) : nullptr;
    // an expert that no token reached is judged on the tokens of all
    if (!input || !input->hasSample()) input = shared;
    list.push_back({state.model.linears[id].matrix, std::move(input), nullptr});
  }
  if (!SampledReaders::isWorthwhile(list)) return list;
  for (std::size_t i = 0; i < list.size(); ++i) list[i].stats = statsOf(state, readers.consumers[i], job);
  return list;
}

std::size_t bytesOf(const SampledGroup& group) {
  const std::size_t rows = group.readers ? static_cast<std::size_t>(group.readers->bytes()) : 0;
  return rows + group.input.weightAbsmax.size() * sizeof(float) * 7;
}

/// The group as far as it is in memory; each stage that is missing is added and kept.
std::shared_ptr<const SampledGroup> sampledGroup(State& state, std::size_t group, JobContext& job) {
  const auto cache = cacheOf(state);
  std::string key;
  {
    const std::lock_guard lock(state.mutex);
    key = state.groupKey(group);
  }
  const auto known = [&] {
    const std::lock_guard lock(cache->mutex);
    return cache->groups.find(key);
  };
  const auto keep = [&](std::shared_ptr<const SampledGroup> value) {
    const std::lock_guard lock(cache->mutex);
    cache->groups.insert(key, value, bytesOf(*value));
    return value;
  };
  auto found = known();
  if (found && (found->readers || found->list.empty())) return found;
  const auto loading = lockLoading(*cache, job);
  found = known();
  const SmoothingGroup& readers = state.model.smoothingGroups.at(group);
  const WeightSource& weights = state.requireWeights("smoothing behind " + quotedText(readers.producer));
  job.setStage("Reading what is smoothed behind " + readers.producer);
  if (!found) {
    auto first = std::make_shared<SampledGroup>();
    first->list = readersOf(state, group, job);
    if (!SampledReaders::isWorthwhile(first->list)) {
      first->list.clear();
      return keep(first);
    }
    first->target = foldTarget(state.model, group, state.configJson);
    const std::vector<float> norm = state.gain(readers.consumers.front());
    const auto site = smoothingSite(state.model, group);
    const auto shared = site ? state.activations(*site) : nullptr;
    first->input = finishStage(job, [&](JobContext& own) {
      return smoothingInput(weights, state.model, group, shared.get(), norm, true, own);
    });
    found = keep(first);
  }
  if (found->readers || found->list.empty()) return found;
  auto whole = std::make_shared<SampledGroup>(*found);
  whole->readers = finishStage(job, [&](JobContext& own) {
    const std::int64_t rows = SampledReaders::rowsFor(whole->list);
    return std::make_shared<const SampledReaders>(weights, whole->list, rows, true, own);
  });
  return keep(whole);
}

SmoothedFigures smoothedFigures(const SampledError& error) {
  SmoothedFigures figures;
  figures.w = error.w.value;
  figures.a = error.a.value;
  figures.wa = error.wa.value;
  figures.interval = error.wa.interval;
  return figures;
}

/// A linear under a choice, with these activations. The mutex is held by the caller.
std::string previewKey(const State& state, LinearId id, const Choice& choice) {
  return state.groupKey(id) + "|" + outputKey(choice);
}

/// The rows of a linear in memory; other activations are another entry.
std::shared_ptr<const LinearPreview> linearPreview(State& state, LinearId id,
                                                   std::shared_ptr<const WeightStats> stats,
                                                   std::shared_ptr<const ActivationStats> activations,
                                                   JobContext& job) {
  const auto cache = cacheOf(state);
  std::string key = std::to_string(id);
  if (activations) {
    const std::lock_guard lock(state.mutex);
    key = state.groupKey(id) + "|activations";
  }
  const auto known = [&] {
    const std::lock_guard lock(cache->mutex);
    return cache->linears.find(key);
  };
  if (auto found = known()) return found;
  const auto loading = lockLoading(*cache, job);
  if (auto found = known()) return found;
  const ErrorInput input = state.errorInput(id);
  const std::int64_t rows = LinearPreview::rowsFor(input, activations.get());
  auto made = finishStage(job, [&](JobContext& own) {
    return std::make_shared<const LinearPreview>(*state.source, input, std::move(stats),
                                                 std::move(activations), rows, own);
  });
  const std::lock_guard lock(cache->mutex);
  cache->linears.insert(key, made, static_cast<std::size_t>(made->bytes()));
  return made;
}

}  // namespace

LayerError Workspace::State::preview(LinearId id, const Choice& choice,
                                     std::shared_ptr<const WeightStats> stats,
                                     std::shared_ptr<const ActivationStats> activations, JobContext& job) {
  const auto preview = linearPreview(*this, id, std::move(stats), std::move(activations), job);
  PreviewedFigures figures = preview->measure(withHeadRuns(choice, headWidth(model, configJson, id)), job);
  stamp(figures.weights.evidence);
  if (!figures.output) return std::move(figures.weights);
  const OutputError& output = *figures.output;
  figures.weights.outputRelW = output.w;
  figures.weights.outputRelA = output.a;
  figures.weights.outputRelWa = output.wa;
  if (!choice.weight) figures.weights.evidence = output.sampleEvidence;
  const auto cache = cacheOf(*this);
  std::string key;
  {
    const std::lock_guard lock(mutex);
    key = previewKey(*this, id, choice);
  }
  const std::lock_guard lock(cache->mutex);
  if (cache->outputs.size() >= kPreviewedOutputs) cache->outputs.clear();
  cache->outputs[key] = output;
  return std::move(figures.weights);
}

std::optional<OutputError> previewedOutput(const Workspace& workspace, LinearId id, const Choice& choice) {
  State& state = WorkspaceAccess::state(workspace);
  std::shared_ptr<WhatIfCache> cache;
  std::string key;
  {
    const std::lock_guard lock(state.mutex);
    cache = state.whatIf;
    if (!cache) return std::nullopt;
    key = previewKey(state, id, choice);
  }
  const std::lock_guard lock(cache->mutex);
  const auto found = cache->outputs.find(key);
  return found == cache->outputs.end() ? std::nullopt : std::optional<OutputError>(found->second);
}

SmoothingPoint previewSmoothedFigures(Workspace& workspace, const CurveRequest& request, JobContext& job) {
  State& state = WorkspaceAccess::state(workspace);
  const CurveRequest complete = state.completeRequest(request);
  if (!SampledReaders::canMeasure(complete.choices)) return workspace.smoothedFigures(request, job);
  const auto group = sampledGroup(state, request.group, job);
  if (!group->readers) return workspace.smoothedFigures(request, job);
  job.step();
  const SmoothingOptions smoothing = canonicalSmoothing(complete.curve.smoothing);
  const SmoothingFactors factors = groupFactors(group->input, group->target, smoothing);
  SmoothingPoint point;
  point.alpha = smoothing.alpha;
  point.clampedChannels = factors.clampedChannels;
  point.deadChannels = factors.deadChannels;
  const SampledGroupError error = group->readers->measure(factors.s, complete.choices, job);
  point.error.together = smoothedFigures(error.together);
  for (const SampledError& reader : error.readers) point.error.readers.push_back(smoothedFigures(reader));
  return point;
}

}  // namespace ql
