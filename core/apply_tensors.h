#pragma once
// One shard of a checkpoint written anew: the tensors a plan changes read through its source and rounded, all
// others byte for byte. Internal to core/workspace*.cpp.
#include "core/applied_checkpoint.h"
#include "core/apply_added.h"
#include "core/folded_plan.h"
#include "core/io/checkpoint.h"
#include "core/io/shard_writer.h"
#include "core/model/model.h"
#include "core/planned_source.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ql {

/// A plan's weights, and which of them differ from the checkpoint's.
class AppliedWeights {
 public:
  /// `planned` null: weights are not quantized; it reads through what is folded. `model` is the folded one.
  AppliedWeights(const Checkpoint& checkpoint, const Model& model, std::shared_ptr<const WeightSource> plain,
                 const FoldedPlan& folded, std::shared_ptr<const PlannedSource> planned);

  const WeightSource& plain() const { return *m_plain; }
  const WeightSource& source() const { return *m_source; }
  /// Makes a matrix that is quantized as a whole, on the calling thread: before its rows are read in
  /// parallel.
  void prepare(const MatrixRef& matrix) const;
  /// The linears in a tensor, by slice (-1 for a matrix of its own), those alone that change.
  const std::map<std::int64_t, LinearId>* changedIn(const std::string& tensor) const;
  bool isChangedVector(const std::string& tensor) const;
  bool isChanged(const std::string& tensor) const { return changedIn(tensor) || isChangedVector(tensor); }
  /// Of tensors that the checkpoint holds.
  std::size_t changedCount() const { return m_matrices.size() + m_vectors.size(); }
  /// A tensor that the new checkpoint holds beside them; null = none.
  const AddedTensor* added() const { return m_added ? &*m_added : nullptr; }
  /// Where plain() has the values of a matrix.
  const MatrixRef& stored(const MatrixRef& matrix) const {
    return m_added && matrix.tensor == m_added->name ? m_added->stored : matrix;
  }

 private:
  std::shared_ptr<const WeightSource> m_plain, m_source;
  std::shared_ptr<const PlannedSource> m_planned;
  std::map<std::string, std::map<std::int64_t, LinearId>> m_matrices;
  std::map<std::string, bool> m_vectors;
  std::optional<AddedTensor> m_added;
};

/// Throws Error(Unsupported) naming the first changed tensor whose type cannot be rounded to, or whose layout
/// is not understood. Reads no weights.
void requireWritable(const Checkpoint& checkpoint, const Model& model, const AppliedWeights& weights);

/// Writes shard `index` to `target`: header and places as in the source; an added tensor goes behind the
/// others of its shard, with an entry in the header. Steps the job by its bytes. Memory: a tile of about 48
/// MiB. Throws Error(Numeric) naming tensor and value when a finite weight becomes infinite, Error(Io), and
/// what the source throws.
AppliedShard writeShard(const Checkpoint& checkpoint, std::size_t index, const Model& model,
                        const AppliedWeights& weights, const std::filesystem::path& target, JobContext& job);

}  // namespace ql
