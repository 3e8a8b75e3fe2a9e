#pragma once
// Rows of matrices as float32, wherever they come from: a checkpoint, or a source that wraps another one
// (smoothed, fake-quantized). Statistics, errors, pictures and exports read every model through this.
#include "core/io/checkpoint.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace ql {

/// One matrix of a checkpoint, normalised to [out, in]: row = output channel, column = input channel.
struct MatrixRef {
  std::string tensor;  // name in the checkpoint
  std::int64_t out = 0;
  std::int64_t in = 0;
  bool isTransposed = false;  // stored [in, out] (GPT-2 Conv1D)
  std::int64_t slice = -1;    // expert of a fused 3-D tensor, else -1

  bool operator==(const MatrixRef&) const = default;
};

/// Stored rows that can be read in place: contiguous, row-major, not transposed.
struct RawRows {
  const std::byte* data = nullptr;  // row rowBegin, unaligned
  DType dtype = DType::F32;
  std::size_t rowBytes = 0;
};

class WeightSource {
 public:
  virtual ~WeightSource() = default;
  /// Rows [rowBegin, rowEnd) as float32 into out [(rowEnd - rowBegin) * in]. Thread-safe.
  /// Throws Error(Shape) outside the matrix, Error(Io) when the file shrank, Error(Unsupported) for its
  /// dtype.
  virtual void readRows(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd,
                        std::span<float> out) const = 0;
  /// The stored bytes when they are contiguous; nothing for transposed or computed matrices.
  virtual std::optional<RawRows> rawRows(const MatrixRef& matrix, std::int64_t rowBegin,
                                         std::int64_t rowEnd) const;
  /// Tells the source that these rows will not be needed soon (gives pages back).
  virtual void release(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd) const;
  /// A rank-1 tensor (norm weight, bias) as float32, as this source sees it (a smoothed norm is divided).
  /// Throws like readRows; Error(Unsupported) from a source that has matrices only.
  virtual std::vector<float> readVector(const std::string& tensor) const;
  /// Throws Error(Io) when something under this matrix vanished while it was being read.
  virtual void check(const MatrixRef& matrix) const;
};

/// Reads a checkpoint. Transposed matrices are gathered by column tiles.
class CheckpointSource : public WeightSource {
 public:
  explicit CheckpointSource(std::shared_ptr<const Checkpoint> checkpoint);
  void readRows(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd,
                std::span<float> out) const override;
  std::optional<RawRows> rawRows(const MatrixRef& matrix, std::int64_t rowBegin,
                                 std::int64_t rowEnd) const override;
  void release(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd) const override;
  std::vector<float> readVector(const std::string& tensor) const override;
  void check(const MatrixRef& matrix) const override;

 private:
  std::shared_ptr<const Checkpoint> m_checkpoint;
};

/// A rank-1 tensor (norm weight, bias) as float32. Throws like readRows.
std::vector<float> readVector(const Checkpoint& checkpoint, const std::string& tensor);

}  // namespace ql
