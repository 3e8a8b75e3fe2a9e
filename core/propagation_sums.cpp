#include "core/propagation_sums.h"

#include <algorithm>
#include <cmath>

namespace ql {
namespace {

std::optional<double> rootOf(double error, double energy) {
  if (!(energy > 0) || !std::isfinite(error)) return std::nullopt;
  return std::sqrt(error / energy);
}

}  // namespace

double squaredNorm(std::span<const float> y) {
  double sum = 0;
  for (const float v : y) sum += static_cast<double>(v) * static_cast<double>(v);
  return sum;
}

double squaredDistance(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double d = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    sum += d * d;
  }
  return sum;
}

std::optional<double> LinearSums::alone() const {
  return rootOf(isolated, energy);
}

std::optional<double> LinearSums::all() const {
  return rootOf(accumulated, energy);
}

void BlockSums::add(const HiddenBatch& plain, std::span<const float> input, std::span<const float> isolated,
                    std::span<const float> accumulated) {
  const auto width = static_cast<std::size_t>(plain.width);
  for (std::size_t t = 0; t < plain.ids.size(); ++t) {
    const auto y = std::span(plain.values).subspan(t * width, width);
    const auto planned = accumulated.subspan(t * width, width);
    const double energy = squaredNorm(y), alone = squaredDistance(isolated.subspan(t * width, width), y);
    if (!std::isfinite(energy)) continue;
    m_energy += energy;
    m_update += squaredDistance(input.subspan(t * width, width), y);
    m_isolated += alone;
    m_accumulated += squaredDistance(planned, y);
    Window& window = m_windows[plain.windows[t]];
    window.energy += energy;
    window.isolated += alone;
    double product = 0;
    for (std::size_t j = 0; j < width; ++j)
      product += static_cast<double>(y[j]) * static_cast<double>(planned[j]);
    const double cosine = product / std::sqrt(energy * squaredNorm(planned));
    if (!std::isfinite(cosine)) continue;
    m_cosines += cosine;
    m_leastCosine = std::min(m_leastCosine, cosine);
    ++m_tokens;
  }
}

BlockPropagation BlockSums::figures(int block) const {
  BlockPropagation figures;
  figures.block = block;
  figures.isolated = rootOf(m_isolated, m_energy);
  figures.accumulated = rootOf(m_accumulated, m_energy);
  figures.isolatedOfUpdate = rootOf(m_isolated, m_update);
  figures.accumulatedOfUpdate = rootOf(m_accumulated, m_update);
  double sum = 0;
  std::size_t count = 0;
  for (const auto& [number, window] : m_windows) {
    const auto relative = rootOf(window.isolated, window.energy);
    if (!relative) continue;
    sum += *relative;
    ++count;
  }
  if (count > 0) figures.exl2Isolated = sum / static_cast<double>(count);
  if (m_tokens == 0) return figures;
  figures.cosineMean = m_cosines / static_cast<double>(m_tokens);
  figures.cosineMin = m_leastCosine;
  return figures;
}

}  // namespace ql
