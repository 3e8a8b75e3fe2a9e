#include "widgets/bridge/plan_delta.h"

#include <algorithm>
#include <set>

namespace ql {

namespace {

using Names = std::set<std::string>;

std::vector<std::pair<std::uint32_t, bool>> changesOf(const Names& before, const Names& after,
                                                      PlanPool& pool) {
  std::vector<std::pair<std::uint32_t, bool>> changes;
  for (const std::string& name : before)
    if (!after.contains(name)) changes.emplace_back(pool.add(name), false);
  for (const std::string& name : after)
    if (!before.contains(name)) changes.emplace_back(pool.add(name), true);
  return changes;
}

void applyTo(Names& names, const std::vector<std::pair<std::uint32_t, bool>>& changes, const PlanPool& pool,
             bool isForward) {
  for (const auto& [place, isAdded] : changes) {
    if (isAdded == isForward) {
      names.insert(pool.name(place));
    } else {
      names.erase(pool.name(place));
    }
  }
}

/// What the other members of a delta do not say.
QuantizationPlan restOf(const QuantizationPlan& plan) {
  QuantizationPlan rest;
  rest.model = plan.model;
  rest.defaultChoice = plan.defaultChoice;
  rest.points = plan.points;
  rest.kvCache = plan.kvCache;
  rest.rotations = plan.rotations;
  rest.evidence = plan.evidence;
  rest.unknown = plan.unknown;
  rest.unknownInside = plan.unknownInside;
  return rest;
}

bool hasSameRest(const QuantizationPlan& a, const QuantizationPlan& b) {
  return a.model == b.model && a.defaultChoice == b.defaultChoice && a.points == b.points &&
         a.kvCache == b.kvCache && a.rotations == b.rotations && a.evidence == b.evidence &&
         a.unknown == b.unknown && a.unknownInside == b.unknownInside;
}

}  // namespace

std::uint32_t PlanPool::add(const std::string& name) {
  const auto [entry, isNew] = m_namePlaces.emplace(name, static_cast<std::uint32_t>(m_names.size()));
  if (isNew) m_names.push_back(&entry->first);
  return entry->second;
}

std::uint32_t PlanPool::add(const Choice& choice) {
  // an edit gives many linears one choice: the newest ones are the likely ones
  const std::size_t newest = m_choices.size() > 4 ? m_choices.size() - 4 : 0;
  for (std::size_t i = m_choices.size(); i > newest; --i)
    if (m_choices[i - 1] == choice) return static_cast<std::uint32_t>(i - 1);
  const auto [entry, isNew] =
      m_choicePlaces.emplace(choiceJson(choice), static_cast<std::uint32_t>(m_choices.size()));
  if (isNew) m_choices.push_back(choice);
  return entry->second;
}

PlanDelta::PlanDelta(const QuantizationPlan& before, const QuantizationPlan& after,
                     std::shared_ptr<PlanPool> pool)
    : m_pool(std::move(pool)) {
  takeLayers(before, after);
  m_ignore = changesOf(before.ignore, after.ignore, *m_pool);
  m_locks = changesOf(before.locks, after.locks, *m_pool);
  takeSmoothing(before, after);
  if (!hasSameRest(before, after))
    m_rest =
        std::make_shared<const std::pair<QuantizationPlan, QuantizationPlan>>(restOf(before), restOf(after));
}

void PlanDelta::takeLayers(const QuantizationPlan& before, const QuantizationPlan& after) {
  auto old = before.layers.begin();
  auto now = after.layers.begin();
  while (old != before.layers.end() || now != after.layers.end()) {
    const bool hasOld = old != before.layers.end(), hasNow = now != after.layers.end();
    if (hasOld && (!hasNow || old->first < now->first)) {
      m_layers.push_back({m_pool->add(old->first), m_pool->add(old->second), PlanPool::kNone});
      ++old;
    } else if (hasNow && (!hasOld || now->first < old->first)) {
      m_layers.push_back({m_pool->add(now->first), PlanPool::kNone, m_pool->add(now->second)});
      ++now;
    } else {
      if (old->second != now->second)
        m_layers.push_back({m_pool->add(old->first), m_pool->add(old->second), m_pool->add(now->second)});
      ++old;
      ++now;
    }
  }
  m_layers.shrink_to_fit();
}

void PlanDelta::takeSmoothing(const QuantizationPlan& before, const QuantizationPlan& after) {
  const std::vector<PlanSmoothing>&old = before.smoothing, &now = after.smoothing;
  std::size_t begin = 0, end = 0;
  while (begin < std::min(old.size(), now.size()) && old[begin] == now[begin]) ++begin;
  while (end < std::min(old.size(), now.size()) - begin &&
         old[old.size() - 1 - end] == now[now.size() - 1 - end])
    ++end;
  m_smoothing.begin = begin;
  const auto first = static_cast<std::ptrdiff_t>(begin), last = static_cast<std::ptrdiff_t>(end);
  m_smoothing.before.assign(old.begin() + first, old.end() - last);
  m_smoothing.after.assign(now.begin() + first, now.end() - last);
}

bool PlanDelta::isEmpty() const {
  return m_layers.empty() && m_ignore.empty() && m_locks.empty() && m_smoothing.before.empty() &&
         m_smoothing.after.empty() && !m_rest;
}

QuantizationPlan PlanDelta::applied(const QuantizationPlan& plan, bool isForward) const {
  QuantizationPlan result = plan;
  if (m_rest) {
    result = isForward ? m_rest->second : m_rest->first;
    result.layers = plan.layers;
    result.ignore = plan.ignore;
    result.locks = plan.locks;
    result.smoothing = plan.smoothing;
  }
  for (const LayerChange& change : m_layers) {
    const std::uint32_t choice = isForward ? change.after : change.before;
    if (choice == PlanPool::kNone) {
      result.layers.erase(m_pool->name(change.name));
    } else {
      result.layers[m_pool->name(change.name)] = m_pool->choice(choice);
    }
  }
  applyTo(result.ignore, m_ignore, *m_pool, isForward);
  applyTo(result.locks, m_locks, *m_pool, isForward);
  const std::vector<PlanSmoothing>& gone = isForward ? m_smoothing.before : m_smoothing.after;
  const std::vector<PlanSmoothing>& come = isForward ? m_smoothing.after : m_smoothing.before;
  const auto begin = result.smoothing.begin() + static_cast<std::ptrdiff_t>(m_smoothing.begin);
  const auto place = result.smoothing.erase(begin, begin + static_cast<std::ptrdiff_t>(gone.size()));
  result.smoothing.insert(place, come.begin(), come.end());
  return result;
}

}  // namespace ql
