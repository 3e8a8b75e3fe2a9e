#pragma once
// A model with its residual stream and the values of its heads rotated. Reads through; nothing is written.
#include "core/io/weight_source.h"
#include "core/jobs/job_context.h"
#include "core/model/model.h"
#include "core/smooth/rotation.h"
#include "core/smooth/rotation_target.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ql {

/// Which parts of a model are rotated how.
struct ModelRotation {
  std::optional<RotationSpec> residual;    // R1
  std::optional<RotationSpec> headValues;  // R2, another one for each block
  bool isEmpty() const { return !residual && !headValues; }
  bool operator==(const ModelRotation&) const = default;
};

/// The rotations of a model, made. Throws Error(Unsupported) saying why the model cannot take one.
struct ModelRotations {
  ResidualTarget residual;
  std::shared_ptr<const Rotation> r1;  // null = residual stream as it is
  std::vector<HeadTarget> heads;
  std::vector<std::shared_ptr<const Rotation>> r2;  // as heads; empty = as they are
};
ModelRotations modelRotations(const Model& model, std::string_view configJson, const ModelRotation& rotation,
                              JobContext& job);

/// W of every linear as the rotation leaves it, in double and rounded to float32 once:
///   embedding E R1; readers of the residual stream W diag(gain) R1, their norms' gains 1; what adds to it
///   R1^T W and bias R1; rows of v R2^T W, per head, and bias; columns of o W R2.
/// Rows that are rotated along the output of a matrix need all rows of a block of R1 at once: those are kept
/// as float32, 512 MiB of them and at least one block (of the size of the matrix when R1 is not
/// block-diagonal), made by all threads that wait for them. Everything else is computed as it is read.
class RotatedSource : public WeightSource {
 public:
  /// `untied`: `model` is its model, and the head is read from the embedding. Throws Error(Shape) for norms
  /// of another width, Error(Numeric) for gains that are not finite.
  RotatedSource(std::shared_ptr<const WeightSource> inner, const Model& model, ModelRotations rotations,
                const UntiedModel* untied);
  ~RotatedSource() override;

  /// Throws Error(Numeric) for a NaN or an infinity, which a rotation would spread.
  void readRows(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd,
                std::span<float> out) const override;
  std::optional<RawRows> rawRows(const MatrixRef& matrix, std::int64_t rowBegin,
                                 std::int64_t rowEnd) const override;
  std::vector<float> readVector(const std::string& tensor) const override;
  void release(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd) const override;
  void check(const MatrixRef& matrix) const override;

  /// True when reading gives something else than the inner source.
  bool changes(const MatrixRef& matrix) const;
  bool changes(const std::string& vector) const;
  const ModelRotations& rotations() const;
  /// What the input of this matrix is turned by, every size() channels of it; null = nothing.
  std::shared_ptr<const Rotation> inputRotation(const MatrixRef& matrix) const;
  /// What (part of) its output is turned by; null = nothing.
  std::shared_ptr<const Rotation> outputRotation(const MatrixRef& matrix) const;
  /// The gain [in] that went from the norm into the matrix; empty = none.
  std::vector<float> foldedGain(const MatrixRef& matrix) const;

 private:
  struct State;
  std::unique_ptr<State> m_state;
};

}  // namespace ql
