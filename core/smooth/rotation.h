#pragma once
// Rotations R of channels: X R and W R in place of X and W, R orthogonal, so that X W^T stays what it is. A
// new kind is one file in rotations/ and one line in rotations.inc. Which matrices of a model take which R:
// rotation_target.h.
#include "core/jobs/job_context.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ql {

/// What a rotation is made from; the same spec, size and stream always give the same one.
struct RotationSpec {
  std::string method = "hadamard";  // "hadamard", "random"
  std::uint64_t seed = 0;
  std::optional<std::int64_t> blockSize;  // nothing = the largest the method can do
  bool operator==(const RotationSpec&) const = default;
};

/// Block-diagonal and orthogonal, in double. Immutable and thread-safe.
class Rotation {
 public:
  Rotation(std::int64_t size, std::int64_t blockSize) : m_size(size), m_blockSize(blockSize) {}
  virtual ~Rotation() = default;

  std::int64_t size() const { return m_size; }
  std::int64_t blockSize() const { return m_blockSize; }
  std::int64_t blocks() const { return m_size / m_blockSize; }
  /// rows [count, blockSize()] := rows R_b, R_b the block on the diagonal; `stride` elements from one row to
  /// the next. A row's bits do not depend on the others.
  virtual void applyBlock(std::int64_t block, std::int64_t count, double* rows,
                          std::int64_t stride) const = 0;
  /// rows [count, size()] := rows R.
  void apply(std::int64_t count, double* rows, std::int64_t stride) const;

 private:
  std::int64_t m_size, m_blockSize;
};

struct RotationMethod {
  std::string_view name, sentence, source;
  /// The block for n channels when none was asked for.
  std::int64_t (*usualBlock)(std::int64_t n);
  /// Why blocks of this size cannot be had, as one clause; empty when they can. It divides n already.
  std::string (*blockProblem)(std::int64_t block);
  std::shared_ptr<const Rotation> (*make)(std::int64_t n, std::int64_t block, std::uint64_t seed,
                                          std::uint64_t stream, JobContext& job);
};
const std::vector<const RotationMethod*>& rotationMethods();
const RotationMethod& rotationMethodFor(std::string_view name);  // throws Error(Unsupported) with the list

/// The block size of a spec for n channels. Throws Error(Unsupported) saying what would do.
std::int64_t rotationBlock(const RotationSpec& spec, std::int64_t n);

/// R of n channels. `stream` tells the rotations of one seed apart: 0 is the residual stream, 1 + b the heads
/// of block b. Throws like rotationBlock(). Cancellable; counts no work on `job`.
std::shared_ptr<const Rotation> makeRotation(const RotationSpec& spec, std::int64_t n, std::uint64_t stream,
                                             JobContext& job);

}  // namespace ql
