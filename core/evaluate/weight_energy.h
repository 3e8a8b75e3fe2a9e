#pragma once
// tr(D M D^T), M = X^T X / T of a site, from whatever is known of M. Not for activations that are quantized:
// M cannot see those (sample_products.h).
#include "core/jobs/job_context.h"
#include "core/stats/activation_stats.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace ql {

/// What stands for M, best first.
enum class EnergySource { Moment, Sketch, Diagonal, None };
EnergySource energySourceOf(const ActivationStats& activations);
/// Progress a weight and matrix D, in the unit of outputErrorUnits().
std::uint64_t energyUnitsPerWeight(const ActivationStats& activations);

/// Energies of several matrices D [rows, in] ("slots") that come tile by tile. Rows may stand for more than
/// themselves.
class WeightEnergy {
 public:
  /// `activations` must outlive this. `rows` is the number of rows that will come. Throws Error(Shape) when
  /// parts of the statistics do not fit each other.
  WeightEnergy(const ActivationStats& activations, std::size_t slots, std::size_t rows);

  EnergySource source() const { return m_source; }
  /// Rows [firstRow, firstRow + weights.size()) of slot's D, finite; `weights` says how many rows each stands
  /// for. Parallel.
  void add(std::size_t slot, std::size_t firstRow, std::span<const float> d, std::span<const double> weights,
           JobContext& job);
  /// [rows] estimates of D_r M D_r^T, exact with the second moment; not weighted.
  std::span<const double> rows(std::size_t slot) const { return m_rows[slot]; }
  /// [k] independent unbiased estimates of the weighted total, one a column of the sketch; empty without a
  /// sketch. Of column c: sum_rj D_rj^2 (M_jj - Z_jc^2) + |D Z_c|^2.
  std::vector<double> sketchColumns(std::size_t slot) const;

 private:
  void prepareSketch();
  void addMoment(std::size_t slot, std::size_t firstRow, std::span<const float> d, std::size_t rows,
                 JobContext& job);
  void addDiagonal(std::size_t slot, std::size_t firstRow, std::span<const float> d, std::size_t rows,
                   JobContext& job);
  void addSketch(std::size_t slot, std::size_t firstRow, std::span<const float> d,
                 std::span<const double> weights, JobContext& job);
  void addColumnEnergy(std::size_t slot, std::span<const float> d, std::span<const double> weights,
                       JobContext& job);

  const ActivationStats& m_activations;
  EnergySource m_source;
  std::size_t m_in, m_k = 0;
  std::vector<double> m_diagonal;                // [in] M_jj
  std::vector<double> m_rest;                    // [in] weight of D_rj^2 in a row's estimate
  std::vector<float> m_sketch;                   // [k, in], Z transposed
  std::vector<std::vector<double>> m_rows;       // [slot][row]
  std::vector<std::vector<double>> m_columns;    // [slot][in] weighted sum of D_rj^2
  std::vector<std::vector<double>> m_projected;  // [slot][k] weighted sum of (D Z)_rc^2
  std::vector<float> m_product;                  // scratch: D M or D Z of a tile
};

}  // namespace ql
