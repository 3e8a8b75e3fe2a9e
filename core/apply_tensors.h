#pragma once
// One shard of a checkpoint written anew: the tensors a plan changes read through its source and rounded, all
// others byte for byte. Internal to core/workspace*.cpp.
#include "core/applied_checkpoint.h"
#include "core/io/checkpoint.h"
#include "core/io/shard_writer.h"
#include "core/model/model.h"
#include "core/planned_source.h"
#include "core/smooth/smoothing.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace ql {

/// A plan's weights, and which of them differ from the checkpoint's.
class AppliedWeights {
 public:
  /// `smoothed` null: the plan smooths nothing. `planned` null: weights are not quantized; it reads through
  /// `smoothed`.
  AppliedWeights(const Checkpoint& checkpoint, const Model& model, std::shared_ptr<const WeightSource> plain,
                 std::shared_ptr<const SmoothedSource> smoothed,
                 std::shared_ptr<const PlannedSource> planned);

  const WeightSource& plain() const { return *m_plain; }
  const WeightSource& source() const { return *m_source; }
  /// Makes a matrix that is quantized as a whole, on the calling thread: before its rows are read in
  /// parallel.
  void prepare(const MatrixRef& matrix) const;
  /// The linears in a tensor, by slice (-1 for a matrix of its own), those alone that change.
  const std::map<std::int64_t, LinearId>* changedIn(const std::string& tensor) const;
  bool isChangedVector(const std::string& tensor) const;
  bool isChanged(const std::string& tensor) const { return changedIn(tensor) || isChangedVector(tensor); }
  std::size_t changedCount() const { return m_matrices.size() + m_vectors.size(); }

 private:
  std::shared_ptr<const WeightSource> m_plain, m_source;
  std::shared_ptr<const PlannedSource> m_planned;
  std::map<std::string, std::map<std::int64_t, LinearId>> m_matrices;
  std::map<std::string, bool> m_vectors;
};

/// Throws Error(Unsupported) naming the first changed tensor whose type cannot be rounded to, or whose layout
/// is not understood. Reads no weights.
void requireWritable(const Checkpoint& checkpoint, const Model& model, const AppliedWeights& weights);

/// Writes shard `index` to `target`: header and places as in the source. Steps the job by its bytes. Memory:
/// a tile of about 48 MiB. Throws Error(Numeric) naming tensor and value when a finite weight becomes
/// infinite, Error(Io), and what the source throws.
AppliedShard writeShard(const Checkpoint& checkpoint, std::size_t index, const Model& model,
                        const AppliedWeights& weights, const std::filesystem::path& target, JobContext& job);

}  // namespace ql
