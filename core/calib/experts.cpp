#include "core/calib/experts.h"

#include "core/calib/activation_kernels.h"
#include "core/calib/forward_buffer.h"
#include "core/calib/mlp.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

namespace ql {
namespace {

/// The tokens of one expert, copied together.
class ExpertTokens {
 public:
  ExpertTokens(const Routing& routing, std::int32_t expert, const TokenRows& rows) {
    for (std::size_t i = 0; i < routing.experts.size(); ++i) {
      if (routing.experts[i] != expert) continue;
      const std::size_t row = i / static_cast<std::size_t>(routing.perToken);
      m_rows.push_back(static_cast<std::int64_t>(row));
      m_weights.push_back(routing.weights[i]);
      m_ids.push_back(rows.ids[row]);
      m_positions.push_back(rows.positions[row]);
      m_windows.push_back(rows.windows[row]);
    }
  }
  std::int64_t count() const { return static_cast<std::int64_t>(m_rows.size()); }
  TokenRows rows() const { return {m_ids, m_positions, m_windows}; }

  void gather(std::span<const float> x, std::int64_t width, float* out, JobContext& job) const {
    parallelRows(job, count(), width, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        std::memcpy(out + i * width, x.data() + m_rows[static_cast<std::size_t>(i)] * width,
                    static_cast<std::size_t>(width) * sizeof(float));
      }
    });
  }

  /// y[row of token i] += weight of token i * values[i]
  void scatter(const float* values, std::int64_t width, std::span<float> y, JobContext& job) const {
    parallelRows(job, count(), width, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        const auto index = static_cast<std::size_t>(i);
        addScaledRow(y.data() + m_rows[index] * width, values + i * width, m_weights[index],
                     static_cast<std::size_t>(width));
      }
    });
  }

 private:
  std::vector<std::int64_t> m_rows;
  std::vector<float> m_weights;
  std::vector<std::int32_t> m_ids, m_positions, m_windows;
};

/// Chooses one token's experts from its scores.
void chooseTop(const ExpertSpec& spec, float* scores, std::int32_t* experts, float* weights,
               std::vector<std::int32_t>& order) {
  const auto top = static_cast<std::size_t>(spec.perToken);
  if (spec.router == RouterKind::SoftmaxThenTopK)
    softmaxRow(scores, static_cast<std::size_t>(spec.count), 1.0f, 0.0f);
  std::iota(order.begin(), order.end(), 0);
  const auto isBefore = [&](std::int32_t a, std::int32_t b) {
    const float x = scores[a], y = scores[b];
    if (std::isnan(x) || std::isnan(y)) return std::isnan(y) && (!std::isnan(x) || a < b);  // NaN last
    return x != y ? x > y : a < b;
  };
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(top), order.end(), isBefore);
  for (std::size_t k = 0; k < top; ++k) experts[k] = order[k], weights[k] = scores[order[k]];
  if (spec.router == RouterKind::TopKThenSoftmax) softmaxRow(weights, top, 1.0f, 0.0f);
  if (spec.router == RouterKind::SoftmaxThenTopK && spec.normalizesTopK) {
    float sum = 0;
    for (std::size_t k = 0; k < top; ++k) sum += weights[k];
    for (std::size_t k = 0; k < top; ++k) weights[k] /= sum;
  }
}

void addShared(const BlockParts& block, const DecoderSpec& spec, const TokenRows& rows,
               std::span<const float> x, std::span<float> y, LinearRunner& linears) {
  const std::int64_t tokens = rows.count(), width = spec.hidden;
  FloatBuffer out(tokens, width), gate(tokens, 1);
  runMlp(block.mlp, spec.activation, rows, x, out.span(), true, linears);
  std::fill(gate.span().begin(), gate.span().end(), 1.0f);
  if (block.sharedGate.isPresent()) {
    linears.run(block.sharedGate, tokens, x, gate.span());
    for (float& value : gate.span()) value = 1.0f / (1.0f + std::exp(-value));
  }
  parallelRows(linears.job(), tokens, width, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row)
      addScaledRow(y.data() + row * width, out.data() + row * width, gate.data()[row],
                   static_cast<std::size_t>(width));
  });
}

}  // namespace

Routing route(const ExpertSpec& spec, std::int64_t tokens, std::span<float> logits, JobContext& job) {
  Routing routing;
  routing.perToken = spec.perToken;
  routing.experts.resize(static_cast<std::size_t>(tokens * spec.perToken));
  routing.weights.resize(routing.experts.size());
  parallelRows(job, tokens, spec.count, [&](std::int64_t begin, std::int64_t end) {
    std::vector<std::int32_t> order(static_cast<std::size_t>(spec.count));
    for (std::int64_t row = begin; row < end; ++row) {
      chooseTop(spec, logits.data() + row * spec.count, routing.experts.data() + row * spec.perToken,
                routing.weights.data() + row * spec.perToken, order);
    }
  });
  return routing;
}

void runExperts(const BlockParts& block, const DecoderSpec& spec, int number, const TokenRows& rows,
                std::span<const float> x, std::span<float> y, LinearRunner& linears) {
  const std::int64_t tokens = rows.count(), width = spec.hidden;
  const MlpParts& shared = block.mlp;
  linears.announce({&block.router, &shared.gate, &shared.up, &shared.gateUp, &shared.fc1, &block.sharedGate},
                   rows, x);
  FloatBuffer logits(tokens, spec.experts.count);
  linears.run(block.router, tokens, x, logits.span());
  const Routing routing = route(spec.experts, tokens, logits.span(), linears.job());
  std::vector<std::uint64_t> counts(static_cast<std::size_t>(spec.experts.count));
  for (const std::int32_t expert : routing.experts) ++counts[static_cast<std::size_t>(expert)];
  if (linears.hook() != nullptr) linears.hook()->experts(number, counts);

  std::fill(y.begin(), y.end(), 0.0f);
  for (std::size_t e = 0; e < counts.size(); ++e) {
    if (counts[e] == 0) continue;
    const ExpertTokens own(routing, static_cast<std::int32_t>(e), rows);
    FloatBuffer values(own.count(), width);
    own.gather(x, width, values.data(), linears.job());
    runMlp(block.experts[e], spec.activation, own.rows(), values.span(), values.span(), false, linears);
    own.scatter(values.data(), width, y, linears.job());
  }
  if (shared.isPresent()) addShared(block, spec, rows, x, y, linears);
}

}  // namespace ql
