#pragma once
// A workspace's model with a plan's rotations folded in, and what is known of activations behind them.
// Internal to core/workspace*.cpp.
#include "core/plan/plan_rotation.h"
#include "core/planned_source.h"
#include "core/smooth/rotated_source.h"

#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace ql {

/// Immutable and thread-safe.
class RotatedModel {
 public:
  /// `plain` must outlive this. Throws Error(Unsupported) saying why the model cannot be rotated.
  RotatedModel(std::shared_ptr<const WeightSource> source, const Model& plain, const std::string& configJson,
               const ModelRotation& rotation, JobContext& job);

  /// With a head of its own where there was none; linears keep their numbers.
  const Model& model() const { return m_untied ? m_untied->model : m_plain; }
  const std::string& configJson() const { return m_untied ? m_untied->configJson : m_configJson; }
  const UntiedModel* untied() const { return m_untied ? &*m_untied : nullptr; }
  std::shared_ptr<const RotatedSource> source() const { return m_source; }
  /// The plan for model(): the new head is treated as the embedding was, which was the head until now.
  QuantizationPlan planFor(const QuantizationPlan& plan) const;

  /// Statistics of a linear's input as it is behind the rotation. Null stays null. Throws what rotatedStats()
  /// throws.
  std::shared_ptr<const ActivationStats> behind(LinearId id,
                                                const std::shared_ptr<const ActivationStats>& stats,
                                                JobContext& job) const;
  /// The same for all sites and tensor points. Both must outlive the result.
  PlanStatistics behind(PlanStatistics inner, JobContext& job) const;

 private:
  std::shared_ptr<const ActivationStats> pointBehind(const std::string& name,
                                                     const std::shared_ptr<const ActivationStats>& stats,
                                                     JobContext& job) const;

  const Model& m_plain;
  std::string m_configJson;
  std::optional<UntiedModel> m_untied;
  std::shared_ptr<const RotatedSource> m_source;
  mutable std::mutex m_mutex;  // guards what follows: readers of one input ask one after another
  mutable std::shared_ptr<const ActivationStats> m_lastStats, m_lastTurned;
  mutable std::optional<std::size_t> m_lastSite;
};

}  // namespace ql
