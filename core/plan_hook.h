#pragma once
// Fake-quantizes the activations and tensor points of a plan as the model runs.
// Internal to core/workspace*.cpp.
#include "core/calib/forward.h"
#include "core/plan/plan.h"
#include "core/quant/activation_quantizer.h"
#include "core/stats/activation_stats.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ql {

/// Activation statistics of a site, and of a tensor point by its name, or null.
struct PlanStatistics {
  std::function<std::shared_ptr<const ActivationStats>(std::size_t)> site;
  std::function<std::shared_ptr<const ActivationStats>(const std::string&)> point;
};

/// What the tokens of one forward batch decide together (a dynamic range of the
/// tensor, the outlier channels of LLM.int8()) is decided window by window: a
/// runtime is given one sequence at a time, and how many windows share a batch
/// here depends on memory. An expert sees the tokens of the window that are
/// routed to it.
///
/// Throws Error(Plan) when made for a plan that names an unknown tensor point,
/// for static schemes and for groups made by clustering without calibrated
/// ranges; Error(Unsupported) for a scheme that cannot be measured.
class PlanHook : public ForwardHook {
 public:
  PlanHook(const Model& model, const QuantizationPlan& plan, const PlanStatistics& statistics);
  void site(std::size_t site, const TokenRows& rows, std::span<const float> x, JobContext& job) override;
  bool linearInput(LinearId id, std::span<const float> x, std::span<float> out, JobContext& job) override;
  void point(PointId point, const TokenRows& rows, std::span<float> x, JobContext& job) override;
  /// False when the plan leaves all activations alone.
  bool isNeeded() const { return !m_inputs.empty() || !m_points.empty(); }
  bool rounds(LinearId id) const { return m_inputs.contains(id); }
  bool rounds(PointId point) const { return m_points.contains(point); }
  /// The tensor points that have a scheme, in network order.
  std::vector<PointId> points() const;

 private:
  struct Input {
    ActScheme scheme;
    std::int64_t width = 0;                                // of linears
    std::optional<ActivationRange> range;                  // where the scheme wants one
    std::shared_ptr<const ActivationQuantizer> quantizer;  // null until the first tokens
  };
  void addPoint(const Model& model, const std::string& name, const ActScheme& scheme,
                const PlanStatistics& statistics);
  void round(Input& input, std::span<const std::int64_t> begins, std::int64_t width, std::span<float> x,
             JobContext& job);

  std::map<LinearId, Input> m_inputs;
  std::map<PointId, Input> m_points;
  std::vector<std::int64_t> m_begins;  // first row of each window of the tokens shown last, and the end
};

}  // namespace ql
