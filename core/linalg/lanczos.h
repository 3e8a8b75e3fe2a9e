#pragma once
// The ends of the spectrum of a symmetric matrix that is known by its products alone.
#include "core/jobs/job_context.h"

#include <cstdint>
#include <functional>
#include <span>

namespace ql {

struct SpectrumEnds {
  double smallest = 0, largest = 0;  // Ritz values: bounds of the true ends from inside
  int steps = 0;
};

/// `multiply(v, y)`: y := A v, both [n], not the same. Full re-orthogonalisation, steps + 1 vectors of
/// memory; n > 0, and A not zero. Source: Golub & Van Loan, Matrix Computations, 4th ed., 10.3.
SpectrumEnds spectrumEnds(std::int64_t n,
                          const std::function<void(std::span<const double>, std::span<double>)>& multiply,
                          int steps, JobContext& job);

}  // namespace ql
