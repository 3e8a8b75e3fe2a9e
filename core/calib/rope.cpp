#include "core/calib/rope.h"

#include "core/base/error.h"
#include "core/calib/activation_kernels.h"
#include "core/calib/forward_buffer.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace ql {
namespace {

using Kind = RopeSpec::Kind;

/// theta^(2 i / dimensions) in float32, as torch raises a float to a float32 tensor.
std::vector<float> wavelengths(double theta, std::int64_t dimensions) {
  std::vector<float> powers(static_cast<std::size_t>(dimensions / 2));
  for (std::size_t i = 0; i < powers.size(); ++i) {
    const float exponent = static_cast<float>(2 * i) / static_cast<float>(dimensions);
    powers[i] = std::pow(static_cast<float>(theta), exponent);
  }
  return powers;
}

double dynamicTheta(const RopeSpec& spec, std::int64_t tokens) {
  const auto original = static_cast<double>(spec.originalContext);
  const double length = std::max(static_cast<double>(tokens), original);
  const auto dimensions = static_cast<double>(spec.dimensions);
  if (length == original) return spec.theta;
  // Two dimensions have one frequency, 1, whatever the base.
  if (spec.dimensions == 2) return spec.theta;
  return spec.theta *
         std::pow(spec.factor * length / original - (spec.factor - 1), dimensions / (dimensions - 2));
}

/// Low frequencies are divided by the factor, high ones stay, those between are mixed.
void scaleLlama3(const RopeSpec& spec, std::vector<float>& frequencies) {
  const auto original = static_cast<double>(spec.originalContext);
  const double lowWave = original / spec.lowFrequencyFactor, highWave = original / spec.highFrequencyFactor;
  for (float& frequency : frequencies) {
    const double f = static_cast<double>(frequency), wave = 2 * std::numbers::pi / f;
    if (wave < highWave) continue;
    const double s =
        (original / wave - spec.lowFrequencyFactor) / (spec.highFrequencyFactor - spec.lowFrequencyFactor);
    const double mixed = wave > lowWave ? f / spec.factor : (1 - s) * f / spec.factor + s * f;
    frequency = static_cast<float>(mixed);
  }
}

/// The dimension that turns so many times within the original context.
double yarnDimension(const RopeSpec& spec, double turns) {
  return static_cast<double>(spec.dimensions) *
         std::log(static_cast<double>(spec.originalContext) / (turns * 2 * std::numbers::pi)) /
         (2 * std::log(spec.theta));
}

void scaleYarn(const RopeSpec& spec, std::vector<float>& frequencies) {
  double low = yarnDimension(spec, spec.betaFast), high = yarnDimension(spec, spec.betaSlow);
  if (spec.isTruncated) low = std::floor(low), high = std::ceil(high);
  low = std::max(low, 0.0), high = std::min(high, static_cast<double>(spec.dimensions - 1));
  if (low == high) high += 0.001;  // as the source does against a division by zero
  for (std::size_t i = 0; i < frequencies.size(); ++i) {
    const double ramp = std::clamp((static_cast<double>(i) - low) / (high - low), 0.0, 1.0);
    const double f = static_cast<double>(frequencies[i]);
    frequencies[i] = static_cast<float>(f / spec.factor * ramp + f * (1 - ramp));
  }
}

}  // namespace

std::vector<float> inverseFrequencies(const RopeSpec& spec, std::int64_t windowTokens) {
  const double theta = spec.kind == Kind::Dynamic ? dynamicTheta(spec, windowTokens) : spec.theta;
  std::vector<float> values = wavelengths(theta, spec.dimensions);
  if (spec.kind == Kind::LongRope) {
    const auto& factors = windowTokens > spec.originalContext ? spec.longFactor : spec.shortFactor;
    QL_ASSERT(factors.size() == values.size());
    for (std::size_t i = 0; i < values.size(); ++i) values[i] *= static_cast<float>(factors[i]);
  }
  for (float& value : values) value = 1.0f / value;
  if (spec.kind == Kind::Linear) {
    for (float& value : values) value /= static_cast<float>(spec.factor);
  }
  if (spec.kind == Kind::Llama3) scaleLlama3(spec, values);
  if (spec.kind == Kind::Yarn) scaleYarn(spec, values);
  return values;
}

RopeTables::RopeTables(const RopeSpec& spec, std::span<const std::int64_t> lengths, JobContext& job)
    : m_spec(spec) {
  std::map<std::int64_t, std::int64_t> longest;
  for (const std::int64_t length : lengths) {
    std::int64_t& most = longest[key(length)];
    most = std::max(most, length);
  }
  for (const auto& entry : longest) {
    const std::int64_t length = entry.second;
    const std::vector<float> frequencies = inverseFrequencies(spec, length);
    RopeTable& table = m_tables[entry.first];
    table.half = static_cast<std::int64_t>(frequencies.size());
    table.cosines.resize(static_cast<std::size_t>(length) * frequencies.size());
    table.sines.resize(table.cosines.size());
    const auto scale = static_cast<float>(spec.attentionFactor);
    parallelRows(job, length, 16 * table.half, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t position = begin; position < end; ++position) {
        const std::size_t row = static_cast<std::size_t>(position) * frequencies.size();
        for (std::size_t i = 0; i < frequencies.size(); ++i) {
          const float angle = static_cast<float>(position) * frequencies[i];
          table.cosines[row + i] = std::cos(angle) * scale;
          table.sines[row + i] = std::sin(angle) * scale;
        }
      }
    });
  }
}

/// What the frequencies depend on beside the spec.
std::int64_t RopeTables::key(std::int64_t length) const {
  const bool isLong = length > m_spec.originalContext;
  if (m_spec.kind == Kind::LongRope) return isLong ? 1 : 0;
  if (m_spec.kind == Kind::Dynamic) return isLong ? length : 0;
  return 0;
}

const RopeTable& RopeTables::of(std::int64_t length) const {
  return m_tables.at(key(length));
}

void applyRope(const RopeTables& tables, std::span<const std::int64_t> begins, std::int64_t heads,
               std::int64_t headDim, float* x, JobContext& job) {
  const std::int64_t width = heads * headDim;
  parallelRows(job, begins.back(), width, [&](std::int64_t begin, std::int64_t end) {
    auto window =
        static_cast<std::size_t>(std::upper_bound(begins.begin(), begins.end(), begin) - begins.begin() - 1);
    for (std::int64_t row = begin; row < end; ++row) {
      while (begins[window + 1] <= row) ++window;
      const RopeTable& table = tables.of(begins[window + 1] - begins[window]);
      const auto at = static_cast<std::size_t>((row - begins[window]) * table.half);
      for (std::int64_t head = 0; head < heads; ++head) {
        rotateRow(x + row * width + head * headDim, table.cosines.data() + at, table.sines.data() + at,
                  static_cast<std::size_t>(table.half));
      }
    }
  });
}

}  // namespace ql
