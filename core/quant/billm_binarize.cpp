#include "core/quant/billm_binarize.h"

#include <cmath>
#include <vector>

namespace ql {
namespace {

float meanOf(std::span<const float> x) {
  double sum = 0;
  for (const float value : x) sum += static_cast<double>(value);
  return static_cast<float>(sum / static_cast<double>(x.size()));
}

float meanDistance(std::span<const float> x, float mean) {
  double sum = 0;
  for (const float value : x) sum += static_cast<double>(std::abs(value - mean));
  return static_cast<float>(sum / static_cast<double>(x.size()));
}

}  // namespace

void binarize(std::span<float> x, int order) {
  if (x.empty()) return;
  std::vector<float> residual(x.begin(), x.end()), sum(x.size(), 0.0f);
  for (int o = 0; o < order; ++o) {
    if (o > 0)
      for (std::size_t i = 0; i < x.size(); ++i) residual[i] = x[i] - sum[i];
    const float mean = meanOf(residual), scale = meanDistance(residual, mean);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const float centred = residual[i] - mean;
      const float sign = static_cast<float>((centred > 0) - (centred < 0));
      sum[i] += sign * scale + mean;
    }
  }
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = sum[i];
}

}  // namespace ql
