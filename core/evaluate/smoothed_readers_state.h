#pragma once
// What a SmoothedReaders holds and how its work is cut. Internal to smoothed_readers*.cpp.
#include "core/evaluate/error_pass.h"
#include "core/evaluate/group_inputs.h"
#include "core/evaluate/smoothed_readers.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

namespace ql {

inline constexpr std::int64_t kGroupStripRows = 192;  // rows a task: four column units of the kernels
inline constexpr std::uint64_t kGroupUnitTokens = 8;  // multiply-adds that take about one unit

/// What tasks borrow in turn, so that memory is bound by the number of threads.
struct GroupScratch {
  std::vector<float> weights, scaled, outputs, reference;
};

class GroupScratchPool {
 public:
  std::unique_ptr<GroupScratch> take() {
    const std::lock_guard lock(m_mutex);
    if (m_free.empty()) return std::make_unique<GroupScratch>();
    std::unique_ptr<GroupScratch> scratch = std::move(m_free.back());
    m_free.pop_back();
    return scratch;
  }
  void giveBack(std::unique_ptr<GroupScratch> scratch) {
    const std::lock_guard lock(m_mutex);
    m_free.push_back(std::move(scratch));
  }

 private:
  std::mutex m_mutex;
  std::vector<std::unique_ptr<GroupScratch>> m_free;
};

/// Squared errors by token of one reader: of the three figures, where they were asked for.
struct GroupTokenSums {
  std::vector<double> w, a, wa;
};

/// One reader as it was read.
struct LoadedReader {
  MatrixRef matrix;
  std::size_t input = 0;       // index in GroupInputs
  MatrixRange range;           // of the finite weights
  std::vector<float> weights;  // [out, in], 0 for what is not finite; empty when it did not fit
  std::vector<float> outputs;  // [tokens, out]; empty when they did not fit
  std::vector<double> energy;  // [tokens] of Y
};

/// How one reader is rounded in one measure().
struct GroupReaderPlan {
  std::optional<StripScheme> strip;         // by the SIMD kernel
  std::unique_ptr<RowQuantizer> quantizer;  // else
  MatrixRange range;                        // of W S
  const RoundedInput* input = nullptr;      // null: activations stay
  bool hasWeight = false;
  std::int64_t stripRows = kGroupStripRows;
};

/// Rows of one reader that one task handles.
struct GroupStrip {
  std::size_t reader = 0;
  std::int64_t begin = 0, end = 0;
};

/// A matrix in strips of `height` rows.
inline std::vector<GroupStrip> stripsOf(std::size_t reader, std::int64_t out, std::int64_t height) {
  std::vector<GroupStrip> strips;
  for (std::int64_t row = 0; row < out; row += height)
    strips.push_back({reader, row, std::min(out, row + height)});
  return strips;
}

inline void setFinite(std::span<float> values) {
  for (float& v : values) v = std::isfinite(v) ? v : 0.0f;
}

/// Adds each of `values` to its sum; sums that are not there yet begin at 0.
inline void addTo(std::vector<double>& sums, const std::vector<double>& values) {
  if (sums.size() < values.size()) sums.resize(values.size(), 0.0);
  for (std::size_t i = 0; i < values.size(); ++i) sums[i] += values[i];
}

struct SmoothedReaders::State {
  std::shared_ptr<const WeightSource> source;
  GroupInputs inputs;
  std::vector<LoadedReader> readers;
  mutable GroupScratchPool pool;
  std::uint64_t heldBytes = 0;

  std::size_t width() const { return inputs.width(); }

  /// Rows of W, finite.
  std::span<const float> rowsOf(const LoadedReader& reader, std::int64_t begin, std::int64_t end,
                                GroupScratch& scratch) const;
  /// y [tokens, rows of the strip] = x [tokens, in] w^T.
  void multiply(std::span<const float> x, std::span<const float> w, std::vector<float>& y,
                JobContext& job) const;
  void load(LoadedReader& reader, bool holdsWeights, bool holdsOutputs, JobContext& job);
  void loadStrip(LoadedReader& reader, const GroupStrip& strip, MatrixRange& range,
                 std::vector<double>& energy, JobContext& job);
  GroupReaderPlan planFor(const LoadedReader& reader, std::span<const float> s, const Choice& choice,
                          const RoundedInputs& rounded) const;
  GroupTokenSums measureStrip(const GroupStrip& strip, const GroupReaderPlan& plan, std::span<const float> s,
                              const RoundedInputs& rounded, GroupFigures figures, JobContext& job) const;
  std::span<const float> roundedRows(const GroupReaderPlan& plan, const GroupStrip& strip,
                                     std::span<const float> w, std::span<const float> s, bool asError,
                                     GroupScratch& scratch) const;
  std::vector<double> squares(const LoadedReader& reader, const GroupStrip& strip,
                              const std::vector<float>& y, std::span<const float> w, bool isDifference,
                              GroupScratch& scratch, JobContext& job) const;
  GroupError result(const std::vector<GroupTokenSums>& sums, std::span<const Choice> choices,
                    GroupFigures figures) const;
};

}  // namespace ql
