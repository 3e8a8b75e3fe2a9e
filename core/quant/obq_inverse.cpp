#include "core/quant/obq_inverse.h"

#include "core/stats/site_moment.h"

#include <cmath>
#include <numeric>
#include <optional>
#include <string>

namespace ql {
namespace {

/// L of H = L L^T, row by row; nothing when H is not positive definite.
std::optional<std::vector<double>> factored(std::span<const float> h, std::size_t n) {
  std::vector<double> l(n * n, 0.0);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = static_cast<double>(h[i * n + j]);
      for (std::size_t k = 0; k < j; ++k) sum -= l[i * n + k] * l[j * n + k];
      if (j < i) {
        l[i * n + j] = sum / l[j * n + j];
      } else if (sum > 1e-12 * std::abs(static_cast<double>(h[i * n + i])) && std::isfinite(sum)) {
        l[i * n + i] = std::sqrt(sum);
      } else {
        return std::nullopt;
      }
    }
  }
  return l;
}

std::optional<std::vector<float>> inverted(std::span<const float> h, std::size_t n) {
  const auto l = factored(h, n);
  if (!l) return std::nullopt;
  // rows of L^-1 transposed: column j of L^-1 by forward substitution
  std::vector<double> columns(n * n, 0.0);
  for (std::size_t j = 0; j < n; ++j) {
    double* const x = columns.data() + j * n;
    x[j] = 1 / (*l)[j * n + j];
    for (std::size_t i = j + 1; i < n; ++i) {
      double sum = 0;
      for (std::size_t k = j; k < i; ++k) sum -= (*l)[i * n + k] * x[k];
      x[i] = sum / (*l)[i * n + i];
    }
  }
  std::vector<float> inverse(n * n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = 0;
      for (std::size_t k = i; k < n; ++k) sum += columns[i * n + k] * columns[j * n + k];
      inverse[i * n + j] = inverse[j * n + i] = static_cast<float>(sum);
    }
  }
  return inverse;
}

std::vector<float> inverseOfDiagonal(std::span<const float> h, std::size_t n) {
  std::vector<float> inverse(n * n, 0.0f);
  for (std::size_t j = 0; j < n; ++j) {
    const float value = h[j * n + j];
    inverse[j * n + j] = value > 0 ? 1 / value : 1.0f;
  }
  return inverse;
}

std::vector<float> hessianOf(const SiteMoment& site, std::span<const std::uint8_t> isDead, double damp) {
  const auto n = static_cast<std::size_t>(site.width);
  const double scale = 2 * site.tokensPerWindow;
  std::vector<float> h(n * n, 0.0f);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n && site.moment; ++j)
      h[i * n + j] = static_cast<float>(
          scale / static_cast<double>(site.moment->tokens()) *
          static_cast<double>(site.moment->sum(static_cast<std::int64_t>(i), static_cast<std::int64_t>(j))));
    h[i * n + i] = isDead[i] != 0 ? 1.0f : static_cast<float>(scale * site.diagonal[i]);
  }
  double mean = 0;
  for (std::size_t i = 0; i < n; ++i) mean += static_cast<double>(h[i * n + i]) / static_cast<double>(n);
  for (std::size_t i = 0; i < n; ++i) h[i * n + i] += static_cast<float>(damp * mean);
  return h;
}

}  // namespace

ObqInverse::ObqInverse(const ActivationStats& stats, double damp, JobContext& job) {
  const SiteMoment site = siteMoment(stats, job, false);
  m_size = static_cast<std::size_t>(site.width);
  m_isDead.assign(m_size, 0);
  for (const std::int64_t channel : site.dead) m_isDead[static_cast<std::size_t>(channel)] = 1;
  m_hessian = hessianOf(site, m_isDead, damp);
  if (site.origin == HessianOrigin::Diagonal)
    m_fallbacks.push_back(
        {"only the mean of x^2 is known of this input: no error can be passed on, weights "
         "are rounded to nearest",
         1});
  if (site.origin == HessianOrigin::Sample)
    m_fallbacks.push_back({"the Hessian is made of a sample of " + std::to_string(site.tokens) +
                               " tokens: the second moment was not kept (--keep-moments)",
                           1});
  auto inverse = inverted(m_hessian, m_size);
  if (!inverse) {
    for (std::size_t i = 0; i < m_size; ++i) m_hessian[i * m_size + i] += 1;
    inverse = inverted(m_hessian, m_size);
    m_fallbacks.push_back({inverse ? "the Hessian is singular to rounding: 1 was added to its diagonal"
                                   : "the Hessian is singular to rounding even with 1 added to its diagonal: "
                                     "weights are rounded to nearest",
                           1});
  }
  if (!inverse) {
    for (std::size_t i = 0; i < m_size; ++i)
      for (std::size_t j = 0; j < m_size; ++j)
        if (i != j) m_hessian[i * m_size + j] = 0;
    inverse = inverseOfDiagonal(m_hessian, m_size);
  }
  m_whole = std::move(*inverse);
}

std::vector<float> ObqInverse::without(std::span<const std::uint8_t> isOut) const {
  std::vector<float> h = m_hessian;
  for (std::size_t i = 0; i < m_size; ++i)
    for (std::size_t j = 0; j < m_size; ++j)
      if (isOut[i] != 0 || isOut[j] != 0) h[i * m_size + j] = i == j ? 1.0f : 0.0f;
  // a part of a positive definite matrix is one, too, up to rounding
  auto inverse = inverted(h, m_size);
  return inverse ? std::move(*inverse) : inverseOfDiagonal(h, m_size);
}

}  // namespace ql
