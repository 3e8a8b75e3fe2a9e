// rope_theta, rope_scaling and rope_parameters of config.json.
// Source: formats: config.json, "RoPE"; defaults as transformers' modeling_rope_utils.py has them.
#include "core/calib/forward_config.h"

#include "core/base/error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace ql {
namespace {

using Kind = RopeSpec::Kind;

Kind kindOf(const ForwardConfig& scaling) {
  static const std::array<std::pair<std::string_view, Kind>, 7> kKinds = {{{"default", Kind::Default},
                                                                           {"linear", Kind::Linear},
                                                                           {"dynamic", Kind::Dynamic},
                                                                           {"llama3", Kind::Llama3},
                                                                           {"longrope", Kind::LongRope},
                                                                           {"su", Kind::LongRope},
                                                                           {"yarn", Kind::Yarn}}};
  const char* key = scaling.has("rope_type") ? "rope_type" : "type";
  const std::string name = scaling.text(key, "default");
  const auto found =
      std::find_if(kKinds.begin(), kKinds.end(), [&](const auto& kind) { return kind.first == name; });
  if (found == kKinds.end()) scaling.unsupported(key, name);
  return found->second;
}

/// LongRoPE's default: sqrt(1 + ln(context ratio) / ln(original context)).
double longRopeFactor(double ratio, std::int64_t originalContext) {
  if (ratio <= 1 || originalContext < 2) return 1;
  return std::sqrt(1 + std::log(ratio) / std::log(static_cast<double>(originalContext)));
}

double yarnScale(double factor, double mscale) {
  return factor <= 1 ? 1.0 : 0.1 * mscale * std::log(factor) + 1.0;
}

double yarnFactor(const ForwardConfig& scaling, double factor) {
  const double mscale = scaling.number("mscale", 0.0, 0, 100);
  const double mscaleAll = scaling.number("mscale_all_dim", 0.0, 0, 100);
  if (mscale > 0 && mscaleAll > 0) return yarnScale(factor, mscale) / yarnScale(factor, mscaleAll);
  return yarnScale(factor, 1);
}

std::vector<double> longRopeFactors(const ForwardConfig& scaling, std::string_view key, std::int64_t count) {
  const std::vector<double> factors = scaling.numbers(key);
  const bool isRight =
      factors.size() == static_cast<std::size_t>(count) &&
      std::all_of(factors.begin(), factors.end(), [](double f) { return f >= 1e-6 && f <= 1e9; });
  if (!isRight) scaling.fail(key, "a list of " + std::to_string(count) + " positive numbers");
  return factors;
}

void readLongRope(const ForwardConfig& config, const ForwardConfig& scaling, std::int64_t context,
                  RopeSpec& rope) {
  const char* const kOriginal = "original_max_position_embeddings";
  double ratio = scaling.number("factor", 1.0, 1e-6, 1e6);
  rope.originalContext = context;
  if (config.has(kOriginal) || scaling.has(kOriginal)) {  // the top level's wins over the one inside
    rope.originalContext = (config.has(kOriginal) ? config : scaling).count(kOriginal);
    ratio = static_cast<double>(context) / static_cast<double>(rope.originalContext);
  }
  rope.shortFactor = longRopeFactors(scaling, "short_factor", rope.dimensions / 2);
  rope.longFactor = longRopeFactors(scaling, "long_factor", rope.dimensions / 2);
  rope.attentionFactor =
      scaling.number("attention_factor", longRopeFactor(ratio, rope.originalContext), 1e-6, 1e6);
}

void readScaling(const ForwardConfig& config, const ForwardConfig& scaling, std::int64_t context,
                 RopeSpec& rope) {
  rope.kind = kindOf(scaling);
  if (rope.kind == Kind::Default) return;
  if (rope.kind == Kind::LongRope) return readLongRope(config, scaling, context, rope);
  rope.factor = scaling.number("factor", std::nullopt, 1e-6, 1e6);
  rope.originalContext = context;
  if (rope.kind == Kind::Llama3) {
    rope.originalContext = scaling.count("original_max_position_embeddings");
    rope.lowFrequencyFactor = scaling.number("low_freq_factor", std::nullopt, 1e-6, 1e6);
    rope.highFrequencyFactor = scaling.number("high_freq_factor", std::nullopt, 1e-6, 1e6);
    if (rope.highFrequencyFactor <= rope.lowFrequencyFactor)
      scaling.fail("high_freq_factor", "a number above low_freq_factor");
  }
  if (rope.kind == Kind::Yarn) {
    rope.originalContext = scaling.count("original_max_position_embeddings", context);
    rope.betaFast = scaling.number("beta_fast", 32.0, 1e-6, 1e6);
    rope.betaSlow = scaling.number("beta_slow", 1.0, 1e-6, 1e6);
    rope.isTruncated = scaling.flag("truncate", true);
    rope.attentionFactor = scaling.number("attention_factor", yarnFactor(scaling, rope.factor), 1e-6, 1e6);
  }
}

}  // namespace

RopeSpec readRope(const ForwardConfig& config, std::int64_t headDim, std::int64_t context,
                  double defaultTheta) {
  constexpr double kMinTheta = 1.0 + 1e-9;  // a base of one has no frequencies
  RopeSpec rope;
  const auto parameters = config.object("rope_parameters");
  const auto scaling = parameters ? parameters : config.object("rope_scaling");
  if (parameters && parameters->find("full_attention") != nullptr)
    config.unsupported("rope_parameters", "one rotary embedding for each kind of layer");
  rope.theta = config.number("rope_theta", defaultTheta, kMinTheta, 1e15);
  if (parameters) rope.theta = parameters->number("rope_theta", rope.theta, kMinTheta, 1e15);
  double part = config.number("partial_rotary_factor", 1.0, 0, 1);
  if (parameters) part = parameters->number("partial_rotary_factor", part, 0, 1);
  rope.dimensions = static_cast<std::int64_t>(static_cast<double>(headDim) * part);
  if (rope.dimensions < 2 || rope.dimensions % 2 != 0) {
    throw Error(ErrorCode::Format,
                "config.json: RoPE turns pairs of channels, but 'partial_rotary_factor' and the head "
                "dimension " +
                    std::to_string(headDim) + " leave " + std::to_string(rope.dimensions) +
                    " channels to turn; copy config.json from the model's page again.");
  }
  if (scaling) readScaling(config, *scaling, context, rope);
  return rope;
}

}  // namespace ql
