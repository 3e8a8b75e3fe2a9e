#include "core/smoothed_ranges.h"

#include "core/calib/forward.h"

namespace ql {
namespace {

std::shared_ptr<const ActivationStats> divided(const std::shared_ptr<const ActivationStats>& stats,
                                               const std::vector<float>& s) {
  if (!stats || stats->all.min.size() != s.size()) return stats;
  auto result = std::make_shared<ActivationStats>(*stats);
  for (std::size_t j = 0; j < s.size(); ++j) {
    result->all.min[j] /= s[j];
    result->all.max[j] /= s[j];
  }
  return result;
}

/// S of a value cache [kvHeads * headDim]: o's channels repeat it for every query head of a key/value head.
std::vector<float> cacheFactors(const FoldTarget& target, const std::vector<float>& s) {
  if (target.kind != FoldKind::LinearRowsGrouped) return s;
  const std::int64_t repeats = target.queryHeads / target.kvHeads;
  std::vector<float> cache;
  for (std::int64_t head = 0; head < target.kvHeads; ++head) {
    const auto first = s.begin() + head * repeats * target.headDim;
    cache.insert(cache.end(), first, first + target.headDim);
  }
  return cache;
}

}  // namespace

PlanStatistics behindSmoothing(PlanStatistics inner, const Model& model, const std::string& configJson,
                               std::map<std::size_t, std::vector<float>> factors) {
  if (factors.empty()) return inner;
  std::map<int, std::vector<float>> caches;  // by block
  for (const auto& [group, s] : factors) {
    const SmoothingGroup& readers = model.smoothingGroups.at(group);
    if (readers.consumers.empty()) continue;
    const Linear& reader = model.linears[readers.consumers.front()];
    if (reader.role != TensorRole::O || !reader.block) continue;
    const FoldTarget target = foldTarget(model, group, configJson);
    if (target.isFoldable) caches[*reader.block] = cacheFactors(target, s);
  }
  PlanStatistics result;
  result.site = [inner, &model, factors](std::size_t site) {
    for (const LinearId id : model.sites.at(site).consumers) {
      const auto found = factors.find(model.linears[id].smoothingGroup.value_or(factors.rbegin()->first + 1));
      if (found != factors.end()) return divided(inner.site(site), found->second);
    }
    return inner.site(site);
  };
  result.point = [inner, &model, caches](const std::string& name) {
    const auto stats = inner.point(name);
    const auto point = findPoint(model, name);
    if (!point || point->kind != PointKind::VCache) return stats;
    const auto found = caches.find(point->block);
    return found == caches.end() ? stats : divided(stats, found->second);
  };
  return result;
}

}  // namespace ql
