// Previews of what-ifs: sampled rows that stay in memory within a part of the resident budget.
#include "core/workspace_whatif.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/evaluate/sampled_readers.h"
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
  explicit WhatIfCache(std::uint64_t bytes) : groups(static_cast<std::size_t>(bytes)) {}
  std::timed_mutex loading;  // one at a time: who waits finds it done
  std::mutex mutex;          // guards what follows
  LruCache<std::string, SampledGroup> groups;
};

namespace {

using State = WorkspaceAccess::State;

constexpr std::uint64_t kBudgetShare = 4;  // of the resident budget, for samples

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

}  // namespace

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
