#include "core/evaluate/group_inputs.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/evaluate/error_pass.h"
#include "core/evaluate/sample_products.h"
#include "core/evaluate/smoothing_kernel.h"
#include "core/evaluate/token_kernel.h"
#include "core/jobs/parallel_for.h"
#include "core/quant/activation_quantizer.h"

#include <algorithm>

namespace ql {
namespace {

constexpr std::size_t kChunkTokens = 16;

void parallelTokens(JobContext& job, std::size_t tokens,
                    const std::function<void(std::size_t begin, std::size_t end)>& body) {
  parallelFor(job, static_cast<std::int64_t>((tokens + kChunkTokens - 1) / kChunkTokens),
              [&](std::int64_t c) {
                const std::size_t begin = static_cast<std::size_t>(c) * kChunkTokens;
                body(begin, std::min(tokens, begin + kChunkTokens));
              });
}

ActivationRange divided(const ActivationRange& range, std::span<const float> s) {
  ActivationRange result = range;
  for (std::size_t j = 0; j < s.size(); ++j) {
    result.min[j] /= s[j];
    result.max[j] /= s[j];
  }
  return result;
}

/// The scheme as the SIMD kernels know it, where its parts lie inside tokens and follow the values at hand.
std::optional<StripScheme> tokenStrips(const ActScheme& scheme, std::size_t width) {
  if (!scheme.dynamic || scheme.granularity == Granularity::Tensor) return std::nullopt;
  const bool isPlain = scheme.flavour == "compressed-tensors" || scheme.flavour == "smoothquant";
  const NumberFormatInfo* format = findNumberFormat(scheme.format);
  if (!isPlain || scheme.outlierThreshold || scheme.groups || format->ownGroup > 0) return std::nullopt;
  WeightScheme rows;
  rows.format = scheme.format;
  rows.symmetric = scheme.symmetric;
  rows.flavour = scheme.flavour;
  const bool hasGroups = scheme.granularity == Granularity::Group;
  rows.granularity = hasGroups ? Granularity::Group : Granularity::OutputChannel;
  if (hasGroups) rows.groupSize = scheme.groupSize;
  return stripScheme(rows, static_cast<std::int64_t>(width), nullptr);
}

}  // namespace

std::size_t GroupInputs::add(const MatrixRef& reader, const std::shared_ptr<const ActivationStats>& input) {
  if (!input || !input->hasSample()) {
    throw Error(ErrorCode::Unsupported, "Smoothing cannot be measured on " + quotedText(reader.tensor) +
                                            ": " +
                                            (input ? missingReason(*input, ActivationNeed::Sample)
                                                   : std::string("no activations of its input are known")) +
                                            "; calibrate the model on text.");
  }
  if (input->width != reader.in || (m_width != 0 && reader.in != static_cast<std::int64_t>(m_width))) {
    throw Error(ErrorCode::Shape,
                quotedText(reader.tensor) + " has " + std::to_string(reader.in) +
                    " input channels where the activations of its group have " +
                    std::to_string(m_width != 0 ? static_cast<std::int64_t>(m_width) : input->width) +
                    "; calibrate this model again.");
  }
  m_width = static_cast<std::size_t>(reader.in);
  const auto known = std::find_if(m_inputs.begin(), m_inputs.end(),
                                  [&](const Input& other) { return other.stats == input; });
  if (known != m_inputs.end()) return static_cast<std::size_t>(known - m_inputs.begin());
  Input added{input, finiteTokens(input->sample, m_width), {}};
  if (added.tokens.empty())
    throw Error(ErrorCode::Unsupported, "Smoothing cannot be measured on " + quotedText(reader.tensor) +
                                            ": no token of its sample is finite; calibrate the model again.");
  auto range = calibratedRange(*input, m_width);
  added.range = range ? std::move(*range) : rangeOfTokens(added.tokens, m_width);
  m_inputs.push_back(std::move(added));
  return m_inputs.size() - 1;
}

std::uint64_t GroupInputs::bytes() const {
  std::uint64_t bytes = 0;
  for (const Input& input : m_inputs) bytes += input.tokens.size() * sizeof(float);
  return bytes;
}

RoundedInputs::RoundedInputs(const GroupInputs& inputs, std::span<const float> s,
                             std::span<const Choice> choices,
                             const std::function<std::size_t(std::size_t reader)>& inputOf, JobContext& job) {
  const std::size_t width = inputs.width();
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const std::span<const float> x = inputs.tokens(i);
    std::vector<float>& smoothed = m_smoothed.emplace_back(x.size());
    parallelTokens(job, inputs.tokenCount(i), [&](std::size_t begin, std::size_t end) {
      divideRows(x.data() + begin * width, s.data(), end - begin, width, smoothed.data() + begin * width);
    });
  }
  for (std::size_t reader = 0; reader < choices.size(); ++reader) {
    if (!choices[reader].activation) continue;
    const std::size_t input = inputOf(reader);
    const ActScheme& scheme = *choices[reader].activation;
    const bool isKnown = std::any_of(m_rounded.begin(), m_rounded.end(), [&](const RoundedInput& other) {
      return other.input == input && other.scheme == scheme;
    });
    if (isKnown) continue;
    round(inputs, s, m_rounded.emplace_back(RoundedInput{input, scheme, {}, {}}), job);
  }
}

void RoundedInputs::round(const GroupInputs& inputs, std::span<const float> s, RoundedInput& rounded,
                          JobContext& job) {
  const std::size_t width = inputs.width(), tokens = inputs.tokenCount(rounded.input);
  const std::vector<float>& smoothed = m_smoothed[rounded.input];
  const ActivationRange range = divided(inputs.range(rounded.input), s);
  const ActivationQuantizer quantizer(rounded.scheme, static_cast<std::int64_t>(width), &range, &job);
  rounded.changes.resize(smoothed.size());
  const std::optional<StripScheme> strips = tokenStrips(rounded.scheme, width);
  const std::vector<float> ones(strips ? width : 0, 1.0f);
  if (strips) {
    rounded.values.resize(smoothed.size());
  } else {
    rounded.values = smoothed;
  }
  // the sample is one batch: what its tokens decide together is decided once
  const auto batch = quantizer.examine(static_cast<std::int64_t>(tokens), smoothed);
  parallelTokens(job, tokens, [&](std::size_t begin, std::size_t end) {
    const std::size_t first = begin * width, count = end - begin;
    if (strips) {
      quantizeScaledRows(*strips,
                         {smoothed.data() + first, ones.data(), count, width, &rounded.values[first]});
    } else {
      quantizer.apply(*batch, static_cast<std::int64_t>(count),
                      std::span(rounded.values).subspan(first, count * width));
    }
    scaledChanges(&rounded.values[first], smoothed.data() + first, s.data(), count, width,
                  &rounded.changes[first]);
  });
}

const RoundedInput& RoundedInputs::of(std::size_t input, const ActScheme& scheme) const {
  const auto found = std::find_if(m_rounded.begin(), m_rounded.end(), [&](const RoundedInput& other) {
    return other.input == input && other.scheme == scheme;
  });
  QL_ASSERT(found != m_rounded.end());
  return *found;
}

}  // namespace ql
