#pragma once
// The parts of a plan that sensitivity switches on and off, and a model whose parts can be switched. Internal
// to workspace_sensitivity.cpp.
#include "core/plan_hook.h"
#include "core/planned_source.h"
#include "core/workspace_sensitivity.h"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace ql {

/// What belongs to a part.
struct PartMembers {
  std::set<LinearId> weights, inputs;  // inputs: activations of these linears
  std::set<PointId> points;
};

struct PlanPart {
  SensitivityRow row;  // names
  PartMembers members;
  int firstBlock = 0;  // the first block that it changes; blockCount = the head
};

/// The parts of the plan, in network order.
std::vector<PlanPart> planParts(const Model& model, const QuantizationPlan& plan, const PlanHook& hook,
                                const SensitivityOptions& options);

/// What is quantized now.
class PlanSwitch {
 public:
  /// Everything as planned, or nothing.
  void selectAll(bool isOn) { m_members = nullptr, m_isOnly = !isOn; }
  /// `members` alone, or all but they; they must outlive the selection.
  void select(const PartMembers& members, SensitivityMode mode) {
    m_members = &members, m_isOnly = mode == SensitivityMode::Only;
  }
  bool weights(LinearId id) const { return isOn(&PartMembers::weights, id); }
  bool input(LinearId id) const { return isOn(&PartMembers::inputs, id); }
  bool point(PointId point) const { return isOn(&PartMembers::points, point); }

 private:
  template <class T>
  bool isOn(std::set<T> PartMembers::*list, T what) const {
    return (m_members && (m_members->*list).contains(what)) == m_isOnly;
  }
  const PartMembers* m_members = nullptr;
  bool m_isOnly = false;
};

/// Weights as planned where the switch is on, as stored elsewhere. The switch must not be moved while rows
/// are read.
class SwitchedSource : public WeightSource {
 public:
  SwitchedSource(std::shared_ptr<const WeightSource> stored, std::shared_ptr<const PlannedSource> planned,
                 const Model& model, const PlanSwitch& choice);
  void readRows(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd,
                std::span<float> out) const override;
  std::optional<RawRows> rawRows(const MatrixRef& matrix, std::int64_t rowBegin,
                                 std::int64_t rowEnd) const override;
  std::vector<float> readVector(const std::string& tensor) const override;
  void release(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd) const override;
  void check(const MatrixRef& matrix) const override;

 private:
  const WeightSource& at(const MatrixRef& matrix) const;

  std::shared_ptr<const WeightSource> m_stored;
  std::shared_ptr<const PlannedSource> m_planned;
  const PlanSwitch& m_switch;
  std::map<std::pair<std::string, std::int64_t>, LinearId> m_ids;  // by tensor and slice
};

/// The plan's hook where the switch is on.
class SwitchedHook : public ForwardHook {
 public:
  SwitchedHook(PlanHook& inner, const PlanSwitch& choice) : m_inner(inner), m_switch(choice) {}
  void site(std::size_t site, const TokenRows& rows, std::span<const float> x, JobContext& job) override;
  bool linearInput(LinearId id, std::span<const float> x, std::span<float> out, JobContext& job) override;
  void point(PointId point, const TokenRows& rows, std::span<float> x, JobContext& job) override;

 private:
  PlanHook& m_inner;
  const PlanSwitch& m_switch;
};

}  // namespace ql
