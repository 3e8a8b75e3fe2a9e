#include "core/rotated_model.h"

#include "core/evaluate/rotated_stats.h"

namespace ql {

RotatedModel::RotatedModel(std::shared_ptr<const WeightSource> source, const Model& plain,
                           const std::string& configJson, const ModelRotation& rotation, JobContext& job)
    : m_plain(plain), m_configJson(rotation.residual ? untiedConfig(configJson) : configJson) {
  if (rotation.residual) m_untied = untieEmbeddings(plain, configJson);
  m_source = std::make_shared<const RotatedSource>(
      std::move(source), model(), modelRotations(model(), this->configJson(), rotation, job), untied());
}

QuantizationPlan RotatedModel::planFor(const QuantizationPlan& plan) const {
  if (!m_untied) return plan;
  QuantizationPlan result = plan;
  const std::string& head = m_untied->model.linears[m_untied->head].name;
  for (const Linear& linear : m_untied->model.linears) {
    if (linear.role != TensorRole::Embedding) continue;
    if (plan.isIgnored(linear.name))
      result.ignore.insert(head);
    else
      result.layers[head] = plan.choiceFor(linear.name);
  }
  return result;
}

std::shared_ptr<const ActivationStats> RotatedModel::behind(
    LinearId id, const std::shared_ptr<const ActivationStats>& stats, JobContext& job) const {
  const Linear& linear = model().linears.at(id);
  const auto rotation = m_source->inputRotation(linear.matrix);
  if (!stats || !rotation) return stats;
  {
    const std::lock_guard lock(m_mutex);
    if (m_lastStats == stats && m_lastSite == linear.site) return m_lastTurned;
  }
  auto turned = std::make_shared<const ActivationStats>(
      rotatedStats(*stats, *rotation, m_source->foldedGain(linear.matrix), job));
  const std::lock_guard lock(m_mutex);
  m_lastStats = stats, m_lastSite = linear.site, m_lastTurned = turned;
  return turned;
}

std::shared_ptr<const ActivationStats> RotatedModel::pointBehind(
    const std::string& name, const std::shared_ptr<const ActivationStats>& stats, JobContext& job) const {
  const auto point = findPoint(m_plain, name);
  if (!point || !stats || point->kind == PointKind::KCache) return stats;
  const ModelRotations& made = m_source->rotations();
  if (point->kind != PointKind::VCache)
    return made.r1 ? std::make_shared<const ActivationStats>(rotatedStats(*stats, *made.r1, {}, job)) : stats;
  for (std::size_t i = 0; i < made.r2.size(); ++i)
    if (made.heads[i].block == point->block)
      return std::make_shared<const ActivationStats>(rotatedStats(*stats, *made.r2[i], {}, job));
  return stats;
}

PlanStatistics RotatedModel::behind(PlanStatistics inner, JobContext& job) const {
  PlanStatistics result;
  result.site = [this, inner, &job](std::size_t site) -> std::shared_ptr<const ActivationStats> {
    if (site >= m_plain.sites.size()) return nullptr;  // the new head's: nothing was calibrated there
    return behind(m_plain.sites[site].consumers.front(), inner.site(site), job);
  };
  result.point = [this, inner, &job](const std::string& name) {
    return pointBehind(name, inner.point(name), job);
  };
  return result;
}

}  // namespace ql
