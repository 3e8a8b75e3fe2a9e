#pragma once
// What GPTQ does inside one linear, column by column and over the matrix, with rounding to nearest beside it.
// For the method's view; figures of schemes are measured elsewhere.
#include "core/base/evidence.h"
#include "core/quant/hessian_factor.h"
#include "core/workspace.h"

#include <cstdint>
#include <vector>

namespace ql {

/// What one way of rounding leaves. The loss is tr(D H D^T) / 2 with D = Q(W) - W and the damped H: half the
/// squared output error over the calibration data. A column's share of it is what it costs when its turn
/// comes, (D U^-1)_j^2 / 2 summed over rows: never negative, and for GPTQ its own (w - q)^2 / (2 U_jj^2).
/// Dead channels cost nothing.
struct GptqLoss {
  std::vector<double> loss;   // [in]
  std::vector<double> error;  // [in] sum over rows of D^2
  double total = 0, totalError = 0;
};

/// Root mean squares of tiles of the matrix.
struct GptqMap {
  std::int64_t rows = 0, columns = 0;
  std::vector<float> gptq, rounding, updates;  // [rows * columns] of D, D, and W minus what GPTQ rounded
};

struct GptqReport {
  std::int64_t out = 0, in = 0;
  std::vector<double> hessian;      // [in] H_jj without damping; 1 where dead
  std::vector<std::uint8_t> dead;   // [in]
  std::vector<std::int64_t> place;  // [in] of each column in the order of the work
  GptqLoss gptq, rounding;
  std::vector<double> updates;  // [in] sum over rows of (W - what was rounded)^2: what earlier columns added
  std::vector<double> energy;   // [in] sum over rows of W^2
  double wholeLoss = 0;         // tr(W H W^T) / 2: what leaving the layer out would cost
  GptqMap map;
  HessianOrigin origin = HessianOrigin::SecondMoment;
  std::uint64_t tokens = 0;
  double damp = 0, usedDamp = 0;
  double added = 0;  // to the diagonal of H
  std::vector<Fallback> fallbacks;
  Evidence evidence;

  /// Relative output error over the calibration data: the root of a loss over that of leaving the layer out,
  /// both without what the damping adds, added |D|^2 / 2. 0 for a layer of zeros.
  double relative(const GptqLoss& loss) const;
  double relativeUpdates() const;  // root of the energy of the updates over that of the weights
  std::int64_t deadCount() const;
};

/// Quantizes the linear anew with the scheme's grid, by its own algorithm gptq or, for a scheme of another,
/// by gptq as it comes, and by rounding to nearest; nothing is kept. Throws Error(Unsupported) without
/// weights, activations or memory, or for a scheme that GPTQ does not know; Cancelled.
GptqReport gptqReport(Workspace& workspace, LinearId id, const WeightScheme& scheme, JobContext& job);

/// The scheme that gptqReport() measures.
WeightScheme gptqSchemeFor(const WeightScheme& scheme);
/// Rounded to nearest on the same grid.
WeightScheme roundingSchemeFor(const WeightScheme& scheme);

}  // namespace ql
