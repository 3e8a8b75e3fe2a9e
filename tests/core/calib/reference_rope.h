#pragma once
// Rotary position embeddings in double precision, every published way of stretching them.
// Su et al., arXiv:2104.09864; the halves are paired (i, i + n/2) as the Llama checkpoints need it.
#include "tests/core/calib/reference_math.h"

namespace ql::test {

/// Angle of pair i at position p is p * frequencies[i]; cosine and sine are multiplied by `scale`.
struct Rotation {
  std::vector<double> frequencies;
  double scale = 1;
};
/// Some ways depend on how long the window is.
using RotationOf = std::function<Rotation(int length)>;

inline std::vector<double> ropeFrequencies(double theta, int dimensions) {
  std::vector<double> f;
  for (int i = 0; i < dimensions / 2; ++i) f.push_back(std::pow(theta, -2.0 * i / dimensions));
  return f;
}

inline RotationOf plainRope(double theta, int dimensions) {
  return [=](int) { return Rotation{ropeFrequencies(theta, dimensions), 1}; };
}

/// Positions divided by a factor. Chen et al., arXiv:2306.15595.
inline RotationOf linearRope(double theta, int dimensions, double factor) {
  return [=](int) {
    Rotation r{ropeFrequencies(theta, dimensions), 1};
    for (double& f : r.frequencies) f /= factor;
    return r;
  };
}

/// "Dynamic NTK": theta grows with the window once it is longer than what the model was trained on.
/// Peng et al., arXiv:2309.00071, sec. 3.3 and appendix B.2 (as the configuration's key defines it).
inline RotationOf dynamicRope(double theta, int dimensions, double factor, int original) {
  return [=](int length) {
    const double stretch = factor * std::max(length, original) / original - (factor - 1);
    const double grown = theta * std::pow(stretch, double(dimensions) / (dimensions - 2));
    return Rotation{ropeFrequencies(grown, dimensions), 1};
  };
}

/// Llama 3.1: long waves divided by the factor, short ones kept, those between blended.
inline RotationOf llama3Rope(double theta, int dimensions, double factor, double low, double high,
                             int original) {
  return [=](int) {
    Rotation r{ropeFrequencies(theta, dimensions), 1};
    for (double& f : r.frequencies) {
      const double wave = 2 * M_PI / f;
      if (wave > original / low) {
        f /= factor;
      } else if (wave >= original / high) {
        const double s = (original / wave - low) / (high - low);
        f = (1 - s) * f / factor + s * f;
      }
    }
    return r;
  };
}

/// LongRoPE: each frequency has a divisor of its own, one set up to the original context and one beyond it;
/// cosine and sine are scaled by sqrt(1 + ln(context / original) / ln(original)). Ding et al.,
/// arXiv:2402.13753; Phi-3's configuration.
inline RotationOf longRope(double theta, const std::vector<double>& shortFactor,
                           const std::vector<double>& longFactor, int original, int context) {
  return [=](int length) {
    const std::vector<double>& divisors = length > original ? longFactor : shortFactor;
    Rotation r{ropeFrequencies(theta, static_cast<int>(divisors.size()) * 2), 1};
    for (std::size_t i = 0; i < divisors.size(); ++i) r.frequencies[i] /= divisors[i];
    if (context > original)
      r.scale = std::sqrt(1 + std::log(double(context) / original) / std::log(double(original)));
    return r;
  };
}

/// YaRN: frequencies that turn often in the original context are kept, rare ones divided, a ramp between;
/// cosine and sine scaled by 0.1 ln(factor) + 1. Peng et al., arXiv:2309.00071, sec. 3.4.
inline RotationOf yarnRope(double theta, int dimensions, double factor, int original, double betaFast,
                           double betaSlow) {
  return [=](int) {
    const auto dimensionOf = [&](double turns) {
      return dimensions * std::log(original / (turns * 2 * M_PI)) / (2 * std::log(theta));
    };
    const double low = std::max(std::floor(dimensionOf(betaFast)), 0.0);
    const double high = std::min(std::ceil(dimensionOf(betaSlow)), dimensions - 1.0);
    Rotation r{ropeFrequencies(theta, dimensions), 0.1 * std::log(factor) + 1};
    for (std::size_t i = 0; i < r.frequencies.size(); ++i) {
      const double ramp = std::clamp((double(i) - low) / (high == low ? 0.001 : high - low), 0.0, 1.0);
      r.frequencies[i] *= ramp / factor + (1 - ramp);
    }
    return r;
  };
}

/// Rotates the first 2 * frequencies.size() channels of every head of x in place; the rest passes.
inline void rotate(Matrix& x, int headWidth, const Rotation& rotation) {
  const auto half = static_cast<std::int64_t>(rotation.frequencies.size());
  for (std::int64_t p = 0; p < x.rows; ++p) {
    for (std::int64_t begin = 0; begin < x.columns; begin += headWidth) {
      for (std::int64_t i = 0; i < half; ++i) {
        const double angle = double(p) * rotation.frequencies[static_cast<std::size_t>(i)];
        const double c = std::cos(angle) * rotation.scale, s = std::sin(angle) * rotation.scale;
        const double a = x(p, begin + i), b = x(p, begin + half + i);
        x(p, begin + i) = a * c - b * s;
        x(p, begin + half + i) = b * c + a * s;
      }
    }
  }
}

}  // namespace ql::test
