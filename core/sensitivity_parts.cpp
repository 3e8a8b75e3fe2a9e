#include "core/sensitivity_parts.h"

#include "core/base/error.h"

#include <algorithm>

namespace ql {
namespace {

constexpr int kFirst = 0;

/// The first block that a linear changes.
int firstBlockOf(const Model& model, const Linear& linear) {
  if (linear.block) return *linear.block;
  return linear.role == TensorRole::LmHead ? model.blockCount : kFirst;
}

/// Which part a linear belongs to: its key in order, and its name.
struct PartName {
  std::string name;
  std::optional<int> block;
};

PartName partOf(const Model& model, LinearId id, SensitivityPart part) {
  const Linear& linear = model.linears[id];
  if (part == SensitivityPart::Fused && linear.fusedGroup)
    return {model.fusedGroups[*linear.fusedGroup].name, linear.block};
  if (part == SensitivityPart::Block)
    return {linear.block ? "block " + std::to_string(*linear.block) : "outside blocks", linear.block};
  if (part == SensitivityPart::Role) return {std::string(roleName(linear.role)), std::nullopt};
  return {linear.name, linear.block};
}

std::string schemeText(const Choice& choice) {
  return weightSchemeText(choice) + ", " + actSchemeText(choice);
}

bool isLookedAt(const SensitivityOptions& options, LinearId id) {
  return options.linears.empty() ||
         std::find(options.linears.begin(), options.linears.end(), id) != options.linears.end();
}

/// A tied embedding is the head, too, which the blocks before do not see; its first change is the embedding.
std::vector<PlanPart> linearParts(const Model& model, const QuantizationPlan& plan, const PlanHook& hook,
                                  const SensitivityOptions& options) {
  std::vector<PlanPart> parts;
  std::map<std::string, std::size_t> places;
  for (LinearId id = 0; id < model.linears.size(); ++id) {
    const Linear& linear = model.linears[id];
    const Choice choice = plan.choiceFor(linear.name);
    const bool isRounded = hook.rounds(id);
    if (!isLookedAt(options, id) || (!choice.weight && !isRounded)) continue;
    const PartName name = partOf(model, id, options.part);
    const auto [place, isNew] = places.try_emplace(name.name, parts.size());
    if (isNew) {
      PlanPart& part = parts.emplace_back();
      part.row.name = name.name;
      part.row.block = name.block;
      part.row.scheme = schemeText(choice);
      part.firstBlock = model.blockCount;
    }
    PlanPart& part = parts[place->second];
    part.row.members.push_back(linear.name);
    part.firstBlock = std::min(part.firstBlock, firstBlockOf(model, linear));
    if (choice.weight) part.members.weights.insert(id);
    if (isRounded) part.members.inputs.insert(id);
  }
  return parts;
}

bool isLookedAt(const Model& model, const SensitivityOptions& options, int block) {
  return options.linears.empty() ||
         std::any_of(options.linears.begin(), options.linears.end(),
                     [&](LinearId id) { return model.linears[id].block == block; });
}

/// The plan's scheme of a point, for the table.
std::string pointScheme(const QuantizationPlan& plan, const std::string& name, PointKind kind) {
  const auto own = plan.points.find(name);
  const bool isCache = kind == PointKind::KCache || kind == PointKind::VCache;
  if (own != plan.points.end()) return actSchemeText({std::nullopt, own->second});
  return isCache && plan.kvCache ? actSchemeText({std::nullopt, *plan.kvCache}) : std::string();
}

/// Sites with rounded activations, then residual sums and caches with a scheme; by the first block they
/// change.
std::vector<PlanPart> pointParts(const Model& model, const QuantizationPlan& plan, const PlanHook& hook,
                                 const SensitivityOptions& options) {
  std::vector<PlanPart> parts;
  for (const Site& site : model.sites) {
    PlanPart part;
    for (const LinearId id : site.consumers)
      if (hook.rounds(id) && isLookedAt(options, id)) part.members.inputs.insert(id);
    if (part.members.inputs.empty()) continue;
    const Linear& first = model.linears[*part.members.inputs.begin()];
    const auto own = plan.points.find(site.name);
    part.row.name = site.name;
    part.row.members = {site.name};
    part.row.block = first.block;
    part.row.scheme = own != plan.points.end() ? actSchemeText({std::nullopt, own->second})
                                               : actSchemeText(plan.choiceFor(first.name));
    part.firstBlock = firstBlockOf(model, first);
    parts.push_back(std::move(part));
  }
  for (const PointId point : hook.points()) {
    if (!isLookedAt(model, options, point.block)) continue;
    PlanPart part;
    part.row.name = pointName(model, point.block, point.kind);
    part.row.members = {part.row.name};
    part.row.block = point.block;
    part.row.scheme = pointScheme(plan, part.row.name, point.kind);
    part.members.points = {point};
    part.firstBlock = point.block;
    parts.push_back(std::move(part));
  }
  std::stable_sort(parts.begin(), parts.end(),
                   [](const PlanPart& a, const PlanPart& b) { return a.firstBlock < b.firstBlock; });
  return parts;
}

}  // namespace

std::vector<PlanPart> planParts(const Model& model, const QuantizationPlan& plan, const PlanHook& hook,
                                const SensitivityOptions& options) {
  return options.part == SensitivityPart::Point ? pointParts(model, plan, hook, options)
                                                : linearParts(model, plan, hook, options);
}

SwitchedSource::SwitchedSource(std::shared_ptr<const WeightSource> stored,
                               std::shared_ptr<const PlannedSource> planned, const Model& model,
                               const PlanSwitch& choice)
    : m_stored(std::move(stored)), m_planned(std::move(planned)), m_switch(choice) {
  for (LinearId id = 0; id < model.linears.size(); ++id)
    m_ids[{model.linears[id].matrix.tensor, model.linears[id].matrix.slice}] = id;
}

const WeightSource& SwitchedSource::at(const MatrixRef& matrix) const {
  const auto found = m_ids.find({matrix.tensor, matrix.slice});
  if (found != m_ids.end() && m_switch.weights(found->second)) return *m_planned;
  return *m_stored;
}

void SwitchedSource::readRows(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd,
                              std::span<float> out) const {
  at(matrix).readRows(matrix, rowBegin, rowEnd, out);
}

std::optional<RawRows> SwitchedSource::rawRows(const MatrixRef& matrix, std::int64_t rowBegin,
                                               std::int64_t rowEnd) const {
  return at(matrix).rawRows(matrix, rowBegin, rowEnd);
}

std::vector<float> SwitchedSource::readVector(const std::string& tensor) const {
  return m_stored->readVector(tensor);
}

void SwitchedSource::release(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd) const {
  at(matrix).release(matrix, rowBegin, rowEnd);
}

void SwitchedSource::check(const MatrixRef& matrix) const {
  m_stored->check(matrix);
}

void SwitchedHook::site(std::size_t site, const TokenRows& rows, std::span<const float> x, JobContext& job) {
  m_inner.site(site, rows, x, job);
}

bool SwitchedHook::linearInput(LinearId id, std::span<const float> x, std::span<float> out, JobContext& job) {
  return m_switch.input(id) && m_inner.linearInput(id, x, out, job);
}

void SwitchedHook::point(PointId point, const TokenRows& rows, std::span<float> x, JobContext& job) {
  if (m_switch.point(point)) m_inner.point(point, rows, x, job);
}

}  // namespace ql
