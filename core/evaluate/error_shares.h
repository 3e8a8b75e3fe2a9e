#pragma once
// Which input channels carry a linear's error: the squared error of each column of W, weighted with what its
// channel brings to the output.
#include "core/evaluate/layer_error.h"
#include "core/stats/activation_stats.h"

#include <cstdint>
#include <span>
#include <vector>

namespace ql {

/// What the columns are weighted with: the measured mean of x^2, the squared gain of the norm (inputs of unit
/// variance), or 1 / |W_j|^2 when neither is known.
enum class ShareBasis : std::uint8_t { Activations, Gain, ColumnNormalised };

struct ErrorShares {
  std::vector<double> share;  // [in] fractions that add up to 1; empty = not known, or no error at all
  ShareBasis basis = ShareBasis::ColumnNormalised;
  bool isKnown() const { return !share.empty(); }
};

/// share_j = c_j |Q_j - W_j|^2 / sum_k c_k |Q_k - W_k|^2, c by basis: the terms of the diagonal of
/// tr(D M D^T); correlations between channels are not in it. `gain` may be empty, `activations` null;
/// columnEnergy [in] (sum of w^2) serves the third basis and may be empty. Empty when the columns of `error`
/// are not at hand. Pure.
ErrorShares columnErrorShares(const LayerError& error, std::span<const float> gain,
                              const ActivationStats* activations, std::span<const double> columnEnergy);

}  // namespace ql
