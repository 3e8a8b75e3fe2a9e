#include "core/evaluate/smoothed_error.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/evaluate/scaled_stats.h"

namespace ql {
namespace {

/// Columns of every matrix times S.
class ColumnScaledSource : public WeightSource {
 public:
  ColumnScaledSource(const WeightSource& inner, std::span<const float> s) : m_inner(inner), m_s(s) {}

  void readRows(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd,
                std::span<float> out) const override {
    m_inner.readRows(matrix, rowBegin, rowEnd, out);
    for (std::size_t row = 0; row < out.size(); row += m_s.size())
      for (std::size_t j = 0; j < m_s.size(); ++j) out[row + j] *= m_s[j];
  }
  void release(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd) const override {
    m_inner.release(matrix, rowBegin, rowEnd);
  }
  void check(const MatrixRef& matrix) const override { m_inner.check(matrix); }

 private:
  const WeightSource& m_inner;
  std::span<const float> m_s;
};

}  // namespace

std::vector<OutputError> smoothedOutputErrors(const WeightSource& source, const ErrorInput& input,
                                              std::span<const Choice> choices, std::span<const float> s,
                                              const ActivationStats& activations, JobContext& job) {
  if (static_cast<std::int64_t>(s.size()) != input.matrix.in) {
    throw Error(ErrorCode::Shape, quotedText(input.matrix.tensor) + " has " +
                                      std::to_string(input.matrix.in) + " input channels but there are " +
                                      std::to_string(s.size()) + " smoothing factors.");
  }
  if (s.empty()) return std::vector<OutputError>(choices.size());
  ErrorInput behind = input;  // methods that look at data see what the scaled weights will read
  if (input.activations) behind.activations = scaledStats(*input.activations, s);
  return measureOutputErrors(ColumnScaledSource(source, s), behind, choices, nullptr,
                             scaledSample(activations, s), 0, job);
}

std::uint64_t smoothedOutputUnits(const ErrorInput& input, std::span<const Choice> choices,
                                  const ActivationStats& activations) {
  ActivationStats sampleOnly;
  sampleOnly.width = activations.width;
  sampleOnly.sample.ids = activations.sample.ids;
  return outputErrorUnits(input, choices, sampleOnly);
}

}  // namespace ql
