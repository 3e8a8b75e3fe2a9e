#pragma once
// One pass over (some) rows of a matrix that gathers what output errors are made of, for several choices at
// once. Not for what the sums mean (output_error.cpp).
#include "core/evaluate/layer_error.h"
#include "core/evaluate/row_sample.h"
#include "core/evaluate/sample_products.h"
#include "core/evaluate/weight_energy.h"
#include "core/quant/quantizer.h"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace ql {

/// Which distinct schemes a choice is made of.
struct SchemePair {
  std::optional<std::size_t> weight, act;
};

/// Choices that are measured in one pass over the same rows.
struct OutputPassPlan {
  std::vector<std::size_t> choices;   // indices into the caller's list
  std::vector<WeightScheme> weights;  // distinct
  std::vector<ActScheme> acts;        // distinct
  std::vector<SchemePair> pairs;      // [choices]
  std::vector<SampledRow> rows;       // empty = all rows
  std::int64_t rowCount = 0;          // rows that are read
  std::int64_t tileRows = 0;          // a multiple of every scheme's bands of rows

  /// Progress of the pass, in the unit of outputErrorUnits(); stepped tile by tile.
  std::uint64_t unitsPerWeight(const ActivationStats& activations) const;
  std::uint64_t units(const MatrixRef& matrix, const ActivationStats& activations) const;
};

/// Groups choices into passes: those whose bands of rows fit the usual tiles together, each of the others by
/// itself. `sample` empty = all rows; else choices whose parts lie inside rows use it.
std::vector<OutputPassPlan> planOutputPasses(const MatrixRef& matrix, std::span<const Choice> choices,
                                             const std::vector<SampledRow>& sample);

/// Sums of one pass.
class OutputPass {
 public:
  /// `range` is needed when a scheme asks for it. All arguments must outlive this.
  OutputPass(const WeightSource& source, const ErrorInput& input, const OutputPassPlan& plan,
             const MatrixRange* range, const ActivationStats& activations, JobContext& job);
  void run();

  const OutputPassPlan& plan() const { return m_plan; }
  /// Slot 0 is W itself, slot 1 + i is D of plan().weights[i].
  const WeightEnergy& energy() const { return m_energy; }
  /// Null without a token sample.
  const SampleProducts* products() const { return m_products ? &*m_products : nullptr; }
  /// Of plan().pairs[i], W and A quantized; meaningful only for pairs with a weight scheme.
  const ProductSums& pairErrors(std::size_t pair) const { return m_pairErrors[pair]; }
  /// |X D^T|^2 of plan().weights[i] on the sample; only when nothing is known of X^T X.
  const ProductSums& differenceErrors(std::size_t weight) const { return m_differences[weight]; }

 private:
  void runTile(std::size_t begin, std::size_t end);
  void readTile(std::size_t begin, std::size_t end);
  void measureScheme(std::size_t scheme, std::size_t begin, std::size_t end);
  /// Row of the matrix at a place of the list of rows.
  std::int64_t rowAt(std::size_t place) const;
  bool readsAllRows() const { return m_plan.rows.empty(); }

  const WeightSource& m_source;
  const MatrixRef& m_matrix;
  const OutputPassPlan& m_plan;
  const ActivationStats& m_activations;
  JobContext& m_job;
  std::size_t m_in;
  std::vector<std::unique_ptr<RowQuantizer>> m_quantizers;
  std::vector<double> m_rowWeights;  // [rowCount]
  WeightEnergy m_energy;
  std::optional<SampleProducts> m_products;
  std::vector<ProductSums> m_pairErrors, m_differences;
  std::vector<float> m_raw, m_clean, m_quantized, m_error;  // [tile rows, in]; clean only with non-finite W
  bool m_isFinite = true;                                   // of the tile
};

}  // namespace ql
