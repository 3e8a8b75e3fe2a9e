#pragma once
// What the readers of a smoothing group are fed: token samples, each kept once, divided by S and rounded.
// Internal to smoothed_readers.cpp.
#include "core/io/weight_source.h"
#include "core/jobs/job_context.h"
#include "core/quant/quantizer.h"
#include "core/stats/activation_stats.h"

#include <functional>
#include <list>
#include <memory>
#include <span>
#include <vector>

namespace ql {

/// The distinct inputs of a group; readers of one input share it.
class GroupInputs {
 public:
  /// The number of an input, adding it when it is new. Throws as SmoothedReaders does.
  std::size_t add(const MatrixRef& reader, const std::shared_ptr<const ActivationStats>& input);

  std::size_t size() const { return m_inputs.size(); }
  std::size_t width() const { return m_width; }
  std::span<const float> tokens(std::size_t input) const { return m_inputs[input].tokens; }  // [n, width]
  std::size_t tokenCount(std::size_t input) const { return m_inputs[input].tokens.size() / m_width; }
  /// Calibrated extremes by channel, else those of the sample.
  const ActivationRange& range(std::size_t input) const { return m_inputs[input].range; }
  /// Tokens that the sample was drawn from.
  double population(std::size_t input) const {
    return static_cast<double>(m_inputs[input].stats->all.tokens);
  }
  std::uint64_t bytes() const;

 private:
  struct Input {
    std::shared_ptr<const ActivationStats> stats;
    std::vector<float> tokens;
    ActivationRange range;
  };
  std::size_t m_width = 0;
  std::vector<Input> m_inputs;
};

/// Q(X / S) of one input under one scheme, and what rounding changed: (Q(X / S) - X / S) S, in units of X.
struct RoundedInput {
  std::size_t input = 0;
  ActScheme scheme;
  std::vector<float> values, changes;  // [tokens, width]
};

/// All inputs divided by S, and rounded as the readers' choices ask.
class RoundedInputs {
 public:
  RoundedInputs(const GroupInputs& inputs, std::span<const float> s, std::span<const Choice> choices,
                const std::function<std::size_t(std::size_t reader)>& inputOf, JobContext& job);
  /// X / S.
  std::span<const float> smoothed(std::size_t input) const { return m_smoothed[input]; }
  const RoundedInput& of(std::size_t input, const ActScheme& scheme) const;

 private:
  void round(const GroupInputs& inputs, std::span<const float> s, RoundedInput& rounded, JobContext& job);

  std::vector<std::vector<float>> m_smoothed;
  std::list<RoundedInput> m_rounded;  // places stay
};

}  // namespace ql
