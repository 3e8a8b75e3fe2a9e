#pragma once
// What a rotation would do to a layer, before anything is written: extremes by channel, outliers, errors
// under a scheme. Not for writing rotated checkpoints (Workspace::apply) or for rotations themselves
// (smooth/rotation.h).
#include "core/plan/plan_rotation.h"
#include "core/workspace.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ql {

/// Why a model cannot take R1 or R2, as one clause each; empty when it can.
struct RotationReach {
  std::string residualProblem, headProblem;
};
RotationReach rotationReach(const Workspace& workspace);

/// One linear as it is, or behind a rotation.
struct RotationSide {
  WeightSummary summary;                       // kurtosis, max over median, peak ratios, ...
  std::vector<float> columnAbsmax, rowAbsmax;  // [in], [out] of |W|
  std::vector<float> inputAbsmax;              // [in] of |X|; empty without activations
  std::optional<ActivationSummary> input;      // of X
  std::optional<LayerError> error;             // under the choice; nothing when it leaves the weights alone
  std::optional<OutputError> output;           // with activations; w through M, R^T M R behind the rotation
};

struct RotationPreview {
  LinearId id = 0;
  Choice choice;
  std::int64_t inputBlock = 0, outputBlock = 0;  // channels mixed with each other; 0 = that side stays
  bool foldsNorm = false;                        // the gain of the norm in front goes into W
  RotationSide before, after;
};

/// The rotations of a model, made once and looked at layer by layer. Immutable and thread-safe.
class RotationLab {
 public:
  /// Throws Error(Unsupported) saying why the model cannot be rotated like that, or that only a statistics
  /// file is open; Cancelled.
  RotationLab(std::shared_ptr<Workspace> workspace, const ModelRotation& rotation, JobContext& job);
  ~RotationLab();

  const ModelRotation& rotation() const;
  /// True when the rotation changes this linear.
  bool reaches(LinearId id) const;
  /// Both sides of a linear; one that the rotation does not reach is the same on both. Activations, where
  /// there are any, are those at hand, rotated (their extremes from the token sample on both sides, so that
  /// they compare). Throws what measuring throws. Source: methods of QuaRot, arXiv:2404.00456.
  RotationPreview preview(LinearId id, const Choice& choice, JobContext& job) const;

 private:
  struct State;
  std::unique_ptr<State> m_state;
};

}  // namespace ql
