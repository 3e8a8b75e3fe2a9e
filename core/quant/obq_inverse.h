#pragma once
// H^-1 as OBQ starts every row with it.
#include "core/jobs/job_context.h"
#include "core/quant/quantizer.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace ql {

/// H = (2 / windows) X^T X + damp mean(diag H) I, H_jj := 1 for dead channels, in float32; the inverse is
/// made in double and rounded once. When H cannot be factored, 1 is added to its diagonal, as trueobs.py
/// does; when that does not help either, the inverse of the diagonal alone is left, and nothing is passed on.
class ObqInverse {
 public:
  /// Throws what siteMoment() throws.
  ObqInverse(const ActivationStats& stats, double damp, JobContext& job);

  std::size_t size() const { return m_size; }
  bool isDead(std::size_t channel) const { return m_isDead[channel] != 0; }
  const std::vector<float>& whole() const { return m_whole; }  // [n][n]
  /// The inverse with the marked channels coupled to nothing.
  std::vector<float> without(std::span<const std::uint8_t> isOut) const;
  const std::vector<Fallback>& fallbacks() const { return m_fallbacks; }

 private:
  std::size_t m_size;
  std::vector<std::uint8_t> m_isDead;
  std::vector<float> m_hessian;  // [n][n], as it was inverted
  std::vector<float> m_whole;
  std::vector<Fallback> m_fallbacks;
};

}  // namespace ql
