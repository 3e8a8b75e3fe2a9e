#include "core/evaluate/fewest_layers.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <map>

namespace ql {
namespace {

using Members = std::vector<std::size_t>;

bool isUnder(const std::optional<double>& figure, double target) {
  return figure && *figure <= target;
}

/// Linears that decide together: fused siblings, or one alone; in the order of their first.
std::vector<Members> unitsOf(std::span<const FewestLayer> layers) {
  std::vector<Members> units;
  std::map<std::size_t, std::size_t> unitOfGroup;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const auto group = layers[i].fusedGroup;
    if (group) {
      const auto [known, isNew] = unitOfGroup.emplace(*group, units.size());
      if (!isNew) {
        units[known->second].push_back(i);
        continue;
      }
    }
    units.push_back({i});
  }
  return units;
}

/// The first candidate that brings the most members under the target, if that is more than are now.
std::optional<std::size_t> bestCandidate(std::span<const FewestLayer> layers, const Members& members,
                                         double target) {
  std::size_t most = 0, count = std::numeric_limits<std::size_t>::max();
  for (const std::size_t i : members) {
    most += isUnder(layers[i].figure, target) ? 1 : 0;
    count = std::min(count, layers[i].candidates.size());
  }
  std::optional<std::size_t> best;
  for (std::size_t c = 0; c < count; ++c) {
    const auto reached =
        static_cast<std::size_t>(std::count_if(members.begin(), members.end(), [&](std::size_t i) {
          return isUnder(layers[i].candidates[c].figure, target);
        }));
    if (reached <= most) continue;
    most = reached;
    best = c;
  }
  return best;
}

FewestDecision decide(const FewestLayer& layer, const std::optional<std::size_t>& candidate, double target) {
  const bool wasUnder = isUnder(layer.figure, target);
  if (!candidate) return {wasUnder ? FewestOutcome::UnderTarget : FewestOutcome::OutOfReach, std::nullopt};
  if (wasUnder) return {FewestOutcome::WithSibling, candidate};
  const bool isReached = isUnder(layer.candidates[*candidate].figure, target);
  return {isReached ? FewestOutcome::Changed : FewestOutcome::OutOfReach, candidate};
}

Choice grouped(const Choice& choice, std::int64_t size) {
  Choice candidate = choice;
  candidate.weight->granularity = Granularity::Group;
  candidate.weight->groupSize = size;
  candidate.weight->block.reset();
  return candidate;
}

}  // namespace

std::vector<FewestDecision> fewestLayers(std::span<const FewestLayer> layers, double target) {
  std::vector<FewestDecision> decisions(layers.size());
  for (const Members& members : unitsOf(layers)) {
    const bool areMeasured = std::all_of(members.begin(), members.end(),
                                         [&](std::size_t i) { return layers[i].figure.has_value(); });
    const bool isFixed =
        std::any_of(members.begin(), members.end(), [&](std::size_t i) { return layers[i].isFixed; });
    const bool canChange = areMeasured && !isFixed;
    const auto candidate = canChange ? bestCandidate(layers, members, target) : std::nullopt;
    for (const std::size_t i : members) {
      decisions[i] = decide(layers[i], candidate, target);
      if (!layers[i].figure)
        decisions[i].outcome = FewestOutcome::NotMeasured;
      else if (isFixed && decisions[i].outcome == FewestOutcome::OutOfReach)
        decisions[i].outcome = FewestOutcome::Locked;
    }
  }
  return decisions;
}

std::vector<Choice> fewestCandidates(const Choice& choice, std::int64_t in,
                                     std::span<const std::int64_t> groupSizes) {
  std::vector<Choice> candidates;
  if (!choice.weight) return candidates;
  std::vector<std::int64_t> sizes(groupSizes.begin(), groupSizes.end());
  std::sort(sizes.begin(), sizes.end(), std::greater<>());
  sizes.erase(std::unique(sizes.begin(), sizes.end()), sizes.end());
  const bool isGrouped = choice.weight->granularity == Granularity::Group && choice.weight->groupSize;
  const std::int64_t limit = isGrouped ? std::min(in, *choice.weight->groupSize) : in;
  // a shorter last group could be measured, but no runtime takes it
  std::erase_if(sizes, [&](std::int64_t size) { return size < 1 || size >= limit || in % size != 0; });
  for (const std::int64_t size : sizes) candidates.push_back(grouped(choice, size));
  if (!choice.activation || !choice.activation->dynamic) return candidates;
  for (const std::int64_t size : sizes) {
    Choice candidate = grouped(choice, size);
    candidate.activation->granularity = Granularity::Group;
    candidate.activation->groupSize = size;
    candidates.push_back(std::move(candidate));
  }
  return candidates;
}

}  // namespace ql
