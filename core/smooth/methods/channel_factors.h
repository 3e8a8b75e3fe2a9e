#pragma once
// Guards that all transforms share. Internal to smooth/.
#include "core/smooth/smoothing.h"

#include <cmath>
#include <functional>

namespace ql {

/// x^p in float32, through sqrt for 0.5 as torch does it: powers of four then scale without rounding.
inline float floatPower(float x, float p) {
  return p == 0.5f ? std::sqrt(x) : std::pow(x, p);
}

/// S from a formula by channel. The formula gives NaN for a channel that takes part on one side only: S := 1,
/// because dividing a gain by the guard of 1e-5 would overflow 16 bits. Others are kept within the guards.
SmoothingFactors channelFactors(std::size_t channels, const std::function<float(std::size_t)>& formula);

/// Throws Error(Unsupported) saying what is missing when `values` is empty, Error(Shape) for a wrong length.
void requireEvidence(const std::vector<float>& values, std::size_t channels, const std::string& method,
                     const std::string& what, const std::string& remedy);

}  // namespace ql
