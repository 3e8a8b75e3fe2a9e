// What a Gaussian matrix would suffer: the yardstick beside a measured dead-code fraction or error.
#include "core/base/error.h"
#include "core/evaluate/layer_error.h"
#include "core/quant/quantizer.h"
#include "core/quant/rtn_grid.h"
#include "core/stats/counter_random.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace ql {
namespace {

/// Weights that share a scale, the usual part of a matrix with a shorter last one.
double partSize(const WeightScheme& scheme, std::int64_t out, std::int64_t in) {
  const double rows = static_cast<double>(out), columns = static_cast<double>(in);
  const double group = scheme.groupSize ? static_cast<double>(*scheme.groupSize) : 128;
  switch (scheme.granularity) {
    case Granularity::Tensor:
      return rows * columns;
    case Granularity::InputChannel:
      return rows;
    case Granularity::Group:
      return std::min(group, columns);
    case Granularity::GroupInChannel:
      return std::min(group, rows);
    case Granularity::Block:
      return std::min(static_cast<double>((*scheme.block)[0]), rows) *
             std::min(static_cast<double>((*scheme.block)[1]), columns);
    case Granularity::OutputChannel:
    case Granularity::Token:
      break;
  }
  return columns;
}

/// Composite Simpson over [0, 16]; beyond, the tails of any n below 2^100 are under 1e-20.
double integral(const std::function<double(double)>& f) {
  constexpr int kSteps = 4096;
  constexpr double kEnd = 16, kStep = kEnd / kSteps;
  double sum = f(0) + f(kEnd);
  for (int i = 1; i < kSteps; ++i) sum += (i % 2 == 1 ? 4 : 2) * f(i * kStep);
  return sum * kStep / 3;
}

/// E max |z_i| = integral of 1 - erf(x / sqrt 2)^n over x >= 0.
double expectedAbsmax(double n) {
  return integral([n](double x) {
    const double tail = std::erfc(x / std::sqrt(2.0));
    return tail >= 1 ? 1.0 : -std::expm1(n * std::log1p(-tail));
  });
}

/// E (max(0, max z_i) - min(0, min z_i)) = 2 * integral of 1 - Phi(x)^n over x >= 0.
double expectedRange(double n) {
  return 2 *
         integral([n](double x) { return -std::expm1(n * std::log1p(-std::erfc(x / std::sqrt(2.0)) / 2)); });
}

double cachedSpan(bool symmetric, double n) {
  static std::mutex mutex;  // guards spans
  static std::map<std::pair<bool, double>, double> spans;
  {
    const std::lock_guard lock(mutex);
    if (const auto it = spans.find({symmetric, n}); it != spans.end()) return it->second;
  }
  const double span = symmetric ? expectedAbsmax(n) : expectedRange(n);
  const std::lock_guard lock(mutex);
  return spans.insert_or_assign({symmetric, n}, span).first->second;
}

/// Expected step of the grid around zero in standard deviations of the weights.
double gaussianStep(const WeightScheme& scheme, std::int64_t out, std::int64_t in) {
  const RtnRule rule = rtnRule(scheme);
  // gptq divides the mirrored range 2 absmax, the others absmax or the range itself
  const bool isMirrored = scheme.symmetric && rule.flavour == RtnRule::Flavour::Gptq;
  const double span = cachedSpan(scheme.symmetric, partSize(scheme, out, in)) * (isMirrored ? 2 : 1);
  const double steps = static_cast<double>(rule.divisor);
  return rule.element ? span / steps * static_cast<double>(rule.element->smallest()) : span / steps;
}

double normalDensity(double x) {
  return std::exp(-x * x / 2) / std::sqrt(2 * M_PI);
}

/// Integral of (x - q)^2 over [a, b] under N(0, 1).
double squaredErrorBetween(double a, double b, double q) {
  const auto primitive = [q](double x) {
    return (1 + q * q) * std::erf(x / std::sqrt(2.0)) / 2 + (2 * q - x) * normalDensity(x);
  };
  return primitive(b) - primitive(a);
}

/// Relative error of a float format: every magnitude q takes what lies between the midpoints to its
/// neighbours; x beyond the absmax does not occur, so nothing saturates.
double gaussianFloatError(const ElementFormat& format, double absmax) {
  const std::vector<float> magnitudes = elementMagnitudes(format);
  const double scale = absmax / static_cast<double>(format.largest);
  double sum = 0, begin = 0;
  for (std::size_t i = 0; i < magnitudes.size(); ++i) {
    const double q = static_cast<double>(magnitudes[i]) * scale;
    const bool isLast = i + 1 == magnitudes.size();
    const double end = isLast ? absmax : (q + static_cast<double>(magnitudes[i + 1]) * scale) / 2;
    sum += squaredErrorBetween(begin, end, q);
    begin = end;
  }
  return std::sqrt(2 * sum / std::erf(absmax / std::sqrt(2.0)));
}

/// Formats whose steps are neither a grid nor those of a float (quantiles, signs, llama.cpp's blocks): what
/// rounding does to a Gaussian matrix of a fixed seed.
struct Sampled {
  double deadCode = 0, relError = 0;
};
constexpr std::int64_t kSampleRows = 32, kMostColumns = 4096;

bool isSampled(const WeightScheme& scheme) {
  if (findBlockFormat(scheme.format)) return true;  // scales in jumps, or rounded themselves
  try {
    static_cast<void>(rtnRule(scheme));
    return false;
  } catch (const Error&) {  // it alone knows what it has a grid for
    return true;
  }
}

std::vector<float> gaussianMatrix(std::size_t size) {
  std::vector<float> values(size);
  const auto uniform = [](std::uint64_t i) {
    return (static_cast<double>(counterRandom(5, 0, i) >> 11) + 0.5) / 9007199254740992.0;  // 2^53
  };
  for (std::size_t i = 0; i < size; ++i) {  // Box-Muller
    const double radius = std::sqrt(-2 * std::log(uniform(2 * i)));
    values[i] = static_cast<float>(radius * std::cos(2 * M_PI * uniform(2 * i + 1)));
  }
  return values;
}

/// Of the format's plain rounding, whatever the algorithm; 0 for a format that has none.
Sampled measureSampled(const WeightScheme& scheme, std::int64_t in) {
  WeightScheme plain = scheme;
  plain.algorithm = algorithmChoice("rtn");
  plain.clip = clipChoice("none");
  plain.outliers.reset();
  Sampled sampled;
  try {
    const Quantizer& quantizer = quantizerFor(plain);
    quantizer.check(plain);
    if (!quantizer.quantize) return sampled;
    const std::vector<float> w = gaussianMatrix(static_cast<std::size_t>(kSampleRows * in));
    const QuantizedMatrix q = quantizer.quantize(plain, kSampleRows, in, w);
    double error = 0, energy = 0, dead = 0;
    for (std::size_t i = 0; i < w.size(); ++i) {
      const double value = static_cast<double>(w[i]), moved = static_cast<double>(q.dequantized[i]) - value;
      error += moved * moved;
      energy += value * value;
      dead += q.dequantized[i] == 0 ? 1 : 0;
    }
    sampled.deadCode = dead / static_cast<double>(w.size());
    sampled.relError = std::sqrt(error / energy);
  } catch (const Error&) {  // the format rounds under another algorithm only
  }
  return sampled;
}

Sampled cachedSample(const WeightScheme& scheme, std::int64_t in) {
  static std::mutex mutex;  // guards samples
  static std::map<std::pair<std::string, std::int64_t>, Sampled> samples;
  const std::int64_t columns = std::min(in, kMostColumns);
  const std::pair<std::string, std::int64_t> key{specText({scheme, std::nullopt}), columns};
  {
    const std::lock_guard lock(mutex);
    if (const auto it = samples.find(key); it != samples.end()) return it->second;
  }
  const Sampled sampled = measureSampled(scheme, columns);
  const std::lock_guard lock(mutex);
  return samples.insert_or_assign(key, sampled).first->second;
}

}  // namespace

double gaussianDeadCode(const WeightScheme& scheme, std::int64_t out, std::int64_t in) {
  if (out <= 0 || in <= 0) return 0;
  if (isSampled(scheme)) return cachedSample(scheme, in).deadCode;
  return std::erf(gaussianStep(scheme, out, in) / 2 / std::sqrt(2.0));
}

double gaussianRelError(const WeightScheme& scheme, std::int64_t out, std::int64_t in) {
  if (out <= 0 || in <= 0) return 0;
  if (isSampled(scheme)) return cachedSample(scheme, in).relError;
  if (const ElementFormat* element = rtnRule(scheme).element)
    return gaussianFloatError(*element, cachedSpan(true, partSize(scheme, out, in)));
  return gaussianStep(scheme, out, in) / std::sqrt(12.0);
}

}  // namespace ql
