#pragma once
// A model as a plan makes it: smoothing folded in, weights fake-quantized, and a hook that fake-quantizes the
// activations and tensor points of the plan. Internal to core/workspace*.cpp.
#include "core/calib/forward.h"
#include "core/evaluate/output_error.h"
#include "core/plan/plan.h"
#include "core/quant/quantizer.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ql {

/// Weights of every linear under its choice. Extremes that a scheme needs are measured when the source is
/// made.
class PlannedSource : public WeightSource {
 public:
  PlannedSource(std::shared_ptr<const WeightSource> inner, const Model& model, const QuantizationPlan& plan,
                JobContext& job);
  void readRows(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd,
                std::span<float> out) const override;
  std::vector<float> readVector(const std::string& tensor) const override;
  void release(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd) const override;
  void check(const MatrixRef& matrix) const override;
  /// True when the plan gives this matrix a number format.
  bool quantizes(const MatrixRef& matrix) const;

 private:
  using Key = std::pair<std::string, std::int64_t>;  // tensor, slice
  std::shared_ptr<const WeightSource> m_inner;
  std::map<Key, std::shared_ptr<const FakeQuantizedSource>> m_quantized;
};

/// Activation statistics of a site, and of a tensor point by its name, or null.
struct PlanStatistics {
  std::function<std::shared_ptr<const ActivationStats>(std::size_t)> site;
  std::function<std::shared_ptr<const ActivationStats>(const std::string&)> point;
};

/// Activation schemes of a plan, applied as the model runs. Throws Error(Plan) when made for a plan that
/// names an unknown tensor point, or a static scheme without calibrated ranges.
class PlanHook : public ForwardHook {
 public:
  PlanHook(const Model& model, const QuantizationPlan& plan, const PlanStatistics& statistics);
  bool linearInput(LinearId id, std::span<const float> x, std::span<float> out, JobContext& job) override;
  void point(PointId point, const TokenRows& rows, std::span<float> x, JobContext& job) override;
  /// False when the plan leaves all activations alone.
  bool isNeeded() const { return !m_inputs.empty() || !m_points.empty(); }

 private:
  struct Input {
    ActScheme scheme;
    std::int64_t width = 0;
    std::optional<ActivationRange> range;  // static schemes
  };
  void addPoint(const Model& model, const std::string& name, const ActScheme& scheme,
                const PlanStatistics& statistics);

  std::map<LinearId, Input> m_inputs;
  std::map<PointId, Input> m_points;  // width not used
};

}  // namespace ql
