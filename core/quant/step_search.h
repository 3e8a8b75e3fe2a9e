#pragma once
// The step s of a symmetric integer grid with the least squared error, exactly. E(s) = sum (w - s q(w / s))^2
// is piecewise quadratic; as the nearest code is the best one, its minimum is that over all codes q that some
// s gives, of the quadratic's own minimum sum w^2 - (sum q w)^2 / sum q^2 at s = sum q w / sum q^2.
#include <span>

namespace ql {

struct StepChoice {
  double step = 0;   // 0: nothing but zeros
  double error = 0;  // sum (w - Q(w))^2
};

/// The global minimum over all s > 0 for codes lo .. hi, lo <= 0 < hi. The values are finite. Cost: a few
/// hundred sums over the values and a sort of about 2 n break points. Source: EasyQuant, arXiv:2403.02775,
/// minimises E(s) by gradient descent; this is its definition solved directly.
StepChoice bestStep(std::span<const float> values, int lo, int hi);

}  // namespace ql
