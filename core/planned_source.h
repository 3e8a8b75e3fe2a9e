#pragma once
// The weights of a model as a plan makes them: smoothing folded in, fake-quantized. Activations and tensor
// points: plan_hook.h. Internal to core/workspace*.cpp.
#include "core/calib/forward.h"
#include "core/evaluate/output_error.h"
#include "core/layer_fallback.h"
#include "core/lru_cache.h"
#include "core/plan/plan.h"
#include "core/plan_hook.h"
#include "core/quant/quantizer.h"

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ql {

/// What the methods of a plan are given.
struct PlannedInputs {
  /// A linear with all that its method may ask for: activations behind the plan's smoothing, siblings. Called
  /// when its matrix is first read, one call at a time; may read a file. Empty: the weights are all there is.
  std::function<ErrorInput(LinearId, const WeightScheme&)> input;
  std::uint64_t cacheBytes = 0;  // for quantized matrices; 0 = defaultCacheBytes()
};

/// Weights of every linear under its choice. Plain rounding is done as rows are read. Everything that costs
/// more (searches, methods that look at the matrix or at data) is done for a whole matrix at once when it is
/// first read, and the float32 result kept while it is among the last ones that fit `cacheBytes`: the forward
/// pass reads a matrix once a batch. Thread-safe. Preparing uses the job's cores, also from inside one of its
/// tasks, where the other threads then wait for the matrix; readers that ask for the raw first row, or
/// prepare(), before their parallel loop keep all cores busy.
class PlannedSource : public WeightSource {
 public:
  /// `job` must outlive this; what preparing costs is not counted on it. Throws Error(Plan) for rotations,
  /// Error(Unsupported) for a scheme that cannot be measured.
  PlannedSource(std::shared_ptr<const WeightSource> inner, const Model& model, const QuantizationPlan& plan,
                JobContext& job, PlannedInputs inputs = {});
  /// A quarter of the memory that is available, 256 MiB at least.
  static std::uint64_t defaultCacheBytes();

  void readRows(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd,
                std::span<float> out) const override;
  /// Of matrices that the plan leaves alone; there is nothing to read in place of others. Asking for the
  /// first row alone, as applyLinear() does before its loop, prepares a matrix; a look ahead at all rows does
  /// not.
  std::optional<RawRows> rawRows(const MatrixRef& matrix, std::int64_t rowBegin,
                                 std::int64_t rowEnd) const override;
  std::vector<float> readVector(const std::string& tensor) const override;
  void release(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd) const override;
  void check(const MatrixRef& matrix) const override;
  /// Makes the matrix now, if it is one of those that are made at once and is not there.
  void prepare(const MatrixRef& matrix) const;
  /// True when the plan gives this matrix a number format.
  bool quantizes(const MatrixRef& matrix) const;
  /// True when some matrix is made at once and kept.
  bool hasPrepared() const { return !m_prepared.empty(); }
  /// What methods did otherwise than asked for, of the matrices read so far, in network order.
  std::vector<LayerFallback> fallbacks() const;
  /// Matrices that were made more than once because the cache did not hold them.
  std::int64_t repeats() const;

 private:
  using Key = std::pair<std::string, std::int64_t>;  // tensor, slice
  /// A matrix that is made at once.
  struct Prepared {
    LinearId id = 0;
    MatrixRef matrix;
    std::string name;
    WeightScheme scheme;
  };
  std::shared_ptr<const std::vector<float>> cached(LinearId id) const;
  std::shared_ptr<const std::vector<float>> quantized(const Prepared& entry) const;
  std::vector<float> make(const Prepared& entry) const;

  std::shared_ptr<const WeightSource> m_inner;
  PlannedInputs m_inputs;
  JobContext& m_job;
  std::vector<std::string> m_names;  // of all linears
  std::map<Key, std::shared_ptr<const FakeQuantizedSource>> m_rounded;
  std::map<Key, Prepared> m_prepared;
  mutable std::timed_mutex m_making;  // one at a time: who waits finds it done
  mutable std::mutex m_mutex;         // guards what follows
  mutable LruCache<LinearId, std::vector<float>> m_cache;
  mutable std::map<LinearId, std::vector<Fallback>> m_fallbacks;
  mutable std::map<LinearId, std::int64_t> m_made;  // how often
};

}  // namespace ql
