#include "core/evaluate/error_shares.h"

namespace ql {

ErrorShares columnErrorShares(const LayerError& error, std::span<const float> gain,
                              const ActivationStats* activations, std::span<const double> columnEnergy) {
  const std::size_t in = error.columnError.size();
  ErrorShares result;
  if (activations && activations->all.tokens > 0 && activations->all.sumSq.size() == in)
    result.basis = ShareBasis::Activations;
  else if (!gain.empty() && gain.size() == in)
    result.basis = ShareBasis::Gain;
  else if (columnEnergy.size() != in)
    return result;
  std::vector<double> weighted(in);
  double total = 0;
  for (std::size_t j = 0; j < in; ++j) {
    double weight = 0;
    if (result.basis == ShareBasis::Activations)
      weight = activations->all.meanSq(j);
    else if (result.basis == ShareBasis::Gain)
      weight = static_cast<double>(gain[j]) * static_cast<double>(gain[j]);
    else
      weight = columnEnergy[j] > 0 ? 1 / columnEnergy[j] : 0;
    weighted[j] = weight * error.columnError[j];
    total += weighted[j];
  }
  if (!(total > 0)) return result;
  for (double& share : weighted) share /= total;
  result.share = std::move(weighted);
  return result;
}

}  // namespace ql
