#include "core/calib/forward_block.h"

#include "core/base/error.h"
#include "core/calib/activation_kernels.h"
#include "core/calib/attention.h"
#include "core/calib/experts.h"
#include "core/calib/forward_buffer.h"
#include "core/calib/forward_linear.h"
#include "core/calib/mlp.h"
#include "core/calib/norm.h"
#include "core/calib/rope.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

namespace ql {
namespace {

std::vector<std::int64_t> lengthsOf(const HiddenBatch& batch) {
  std::vector<std::int64_t> lengths;
  for (std::size_t w = 0; w + 1 < batch.begins.size(); ++w)
    lengths.push_back(batch.begins[w + 1] - batch.begins[w]);
  return lengths;
}

class BlockRun {
 public:
  BlockRun(const DecoderSpec& spec, const BlockParts& block, BlockPlace place, const WeightSource& weights,
           HiddenBatch& batch, ForwardHook* hook, JobContext& job)
      : m_spec(spec),
        m_block(block),
        m_number(place.number),
        m_next(place.next),
        m_batch(batch),
        m_tokens(batch.count()),
        m_hook(hook),
        m_job(job),
        m_units(blockUnits(spec, block, batch.count(), longest(batch)), job),
        m_linears(weights, hook, &m_units, job) {}

  void run() {
    attention();
    if (m_next != nullptr) {  // while the larger half of this block computes
      for (const LinearPart* part : m_next->linears()) readAhead(m_linears.weights(), *part);
    }
    mlp();
    m_units.finish();
  }

 private:
  static std::int64_t longest(const HiddenBatch& batch) {
    const std::vector<std::int64_t> lengths = lengthsOf(batch);
    return lengths.empty() ? 0 : *std::max_element(lengths.begin(), lengths.end());
  }

  NormWeights read(const NormPart& part) const { return readNorm(m_linears.weights(), part, m_spec); }

  /// What a sublayer reads: the hidden states, or their norm in `buffer`.
  std::span<const float> input(const NormPart& norm, FloatBuffer& buffer) {
    if (m_spec.isPostNorm || !norm.isPresent()) return m_batch.values;
    applyNorm(read(norm), m_tokens, m_batch.values.data(), buffer.data(), m_job);
    return buffer.span();
  }

  /// Adds what a sublayer has made to the hidden states; extra norms before, post-norm behind the point.
  void addOutput(FloatBuffer& output, const NormPart& extra, const NormPart& post, PointKind kind) {
    if (extra.isPresent()) applyNorm(read(extra), m_tokens, output.data(), output.data(), m_job);
    parallelRows(m_job, m_tokens, m_spec.hidden, [&](std::int64_t begin, std::int64_t end) {
      addRow(m_batch.values.data() + begin * m_spec.hidden, output.data() + begin * m_spec.hidden,
             static_cast<std::size_t>((end - begin) * m_spec.hidden));
    });
    point(kind, m_batch.values);
    if (m_spec.isPostNorm && post.isPresent())
      applyNorm(read(post), m_tokens, m_batch.values.data(), m_batch.values.data(), m_job);
  }

  void point(PointKind kind, std::span<float> values) {
    if (m_hook != nullptr) m_hook->point({m_number, kind}, m_batch.rows(), values, m_job);
  }

  void attention() {
    const std::int64_t queries = m_spec.heads * m_spec.headDim, values = m_spec.kvHeads * m_spec.headDim;
    FloatBuffer x(m_tokens, m_spec.hidden), q(m_tokens, queries), k(m_tokens, values), v(m_tokens, values);
    project(input(m_block.attentionIn, x), q, k, v);
    if (m_block.queryNorm.isPresent())
      applyNorm(read(m_block.queryNorm), m_tokens * m_spec.heads, q.data(), q.data(), m_job);
    if (m_block.keyNorm.isPresent())
      applyNorm(read(m_block.keyNorm), m_tokens * m_spec.kvHeads, k.data(), k.data(), m_job);
    rotate(q, k);
    point(PointKind::KCache, k.span());
    point(PointKind::VCache, v.span());
    attend(shape(), m_batch.begins, q.data(), k.data(), v.data(), m_job);
    k = FloatBuffer(), v = FloatBuffer();
    m_linears.announce({&m_block.o}, m_batch.rows(), q.span());
    m_linears.run(m_block.o, m_tokens, q.span(), x.span());
    addOutput(x, m_block.attentionPost, m_block.attentionIn, PointKind::ResidualAfterAttention);
  }

  void project(std::span<const float> x, FloatBuffer& q, FloatBuffer& k, FloatBuffer& v) {
    m_linears.announce({&m_block.q, &m_block.k, &m_block.v, &m_block.qkv}, m_batch.rows(), x);
    if (m_block.qkv.isPresent()) return projectFused(x, q, k, v);
    m_linears.run(m_block.q, m_tokens, x, q.span());
    m_linears.run(m_block.k, m_tokens, x, k.span());
    m_linears.run(m_block.v, m_tokens, x, v.span());
  }

  /// Each row is q | k | v.
  void projectFused(std::span<const float> x, FloatBuffer& q, FloatBuffer& k, FloatBuffer& v) {
    const std::int64_t all = m_block.qkv.matrix.out, queries = m_spec.heads * m_spec.headDim;
    const std::int64_t values = m_spec.kvHeads * m_spec.headDim;
    FloatBuffer fused(m_tokens, all);
    m_linears.run(m_block.qkv, m_tokens, x, fused.span());
    const auto copy = [](const float* from, std::int64_t count, float* to) {
      std::memcpy(to, from, static_cast<std::size_t>(count) * sizeof(float));
    };
    parallelRows(m_job, m_tokens, all, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t row = begin; row < end; ++row) {
        const float* const from = fused.data() + row * all;
        copy(from, queries, q.data() + row * queries);
        copy(from + queries, values, k.data() + row * values);
        copy(from + queries + values, values, v.data() + row * values);
      }
    });
  }

  void rotate(FloatBuffer& q, FloatBuffer& k) {
    if (m_spec.rope.kind == RopeSpec::Kind::None) return;
    const RopeTables tables(m_spec.rope, lengthsOf(m_batch), m_job);
    applyRope(tables, m_batch.begins, m_spec.heads, m_spec.headDim, q.data(), m_job);
    applyRope(tables, m_batch.begins, m_spec.kvHeads, m_spec.headDim, k.data(), m_job);
  }

  AttentionShape shape() const {
    AttentionShape shape = {m_spec.heads, m_spec.kvHeads, m_spec.headDim};
    shape.scale =
        static_cast<float>(m_spec.attentionScale > 0 ? m_spec.attentionScale
                                                     : 1 / std::sqrt(static_cast<double>(m_spec.headDim)));
    shape.softcap = static_cast<float>(m_spec.attentionSoftcap);
    shape.isCausal = m_spec.isCausal;
    if (!m_spec.slidingWindow.empty())
      shape.window = m_spec.slidingWindow[static_cast<std::size_t>(m_number)];
    return shape;
  }

  void mlp() {
    FloatBuffer x(m_tokens, m_spec.hidden);
    const std::span<const float> read = input(m_block.mlpIn, x);
    if (m_block.router.isPresent()) {
      FloatBuffer out(m_tokens, m_spec.hidden);
      runExperts(m_block, m_spec, m_number, m_batch.rows(), read, out.span(), m_linears);
      x = std::move(out);
    } else {
      runMlp(m_block.mlp, m_spec.activation, m_batch.rows(), read, x.span(), false, m_linears);
    }
    addOutput(x, m_block.mlpPost, m_block.mlpIn, PointKind::ResidualAfterMlp);
  }

  const DecoderSpec& m_spec;
  const BlockParts& m_block;
  int m_number;
  const BlockParts* m_next;
  HiddenBatch& m_batch;
  std::int64_t m_tokens;
  ForwardHook* m_hook;
  JobContext& m_job;
  UnitCounter m_units;
  LinearRunner m_linears;
};

std::uint64_t mlpMultiplyAdds(const MlpParts& mlp) {
  std::uint64_t sum = 0;
  for (const LinearPart* part : {&mlp.gate, &mlp.up, &mlp.gateUp, &mlp.fc1, &mlp.down}) {
    if (part->isPresent()) sum += part->multiplyAdds();
  }
  return sum;
}

std::uint64_t widestInput(const BlockParts& block) {
  std::int64_t widest = 0;
  for (const LinearPart* part : block.linears()) widest = std::max(widest, part->matrix.in);
  return static_cast<std::uint64_t>(widest);
}

}  // namespace

void runBlock(const DecoderSpec& spec, const BlockParts& block, BlockPlace place, const WeightSource& weights,
              HiddenBatch& batch, ForwardHook* hook, JobContext& job) {
  QL_ASSERT(batch.width == spec.hidden && !batch.begins.empty());
  QL_ASSERT(batch.begins.back() == batch.count());
  if (batch.count() > 0) BlockRun(spec, block, place, weights, batch, hook, job).run();
}

std::uint64_t blockUnits(const DecoderSpec& spec, const BlockParts& block, std::int64_t tokens,
                         std::int64_t longestWindow) {
  std::uint64_t each = mlpMultiplyAdds(block.mlp);
  for (const LinearPart* part :
       {&block.q, &block.k, &block.v, &block.qkv, &block.o, &block.router, &block.sharedGate}) {
    if (part->isPresent()) each += part->multiplyAdds();
  }
  if (!block.experts.empty())
    each += mlpMultiplyAdds(block.experts.front()) * static_cast<std::uint64_t>(spec.experts.perToken);
  // Scores and weighted values of every key; half of them are masked in a causal block.
  const std::int64_t keys = spec.isCausal ? longestWindow : 2 * longestWindow;
  each += static_cast<std::uint64_t>(spec.heads * spec.headDim * keys);
  return (each * static_cast<std::uint64_t>(tokens) + 1023) / 1024;
}

std::uint64_t blockWorkBytes(const DecoderSpec& spec, const BlockParts& block, std::int64_t tokens,
                             std::int64_t longestWindow) {
  const auto hidden = static_cast<std::uint64_t>(spec.hidden);
  const auto queries = static_cast<std::uint64_t>(spec.heads * spec.headDim);
  const auto values = static_cast<std::uint64_t>(spec.kvHeads * spec.headDim);
  // Each maximum: before and behind the point where buffers are given back; the hook's version of an input
  // (a second one while it grows) stands beside them.
  const std::uint64_t fused = block.qkv.isPresent() ? queries + 2 * values : 0;
  const std::uint64_t attention = 2 * hidden + queries + std::max(2 * values + fused, queries);
  std::uint64_t mlp = 2 * hidden + mlpFloats(block.mlp);
  if (block.mlp.isPresent())
    mlp = std::max(mlp, 2 * hidden + 2 * static_cast<std::uint64_t>(block.mlp.width()));
  if (block.router.isPresent()) {
    // Output and logits beside the input; the worst case sends every token to one expert.
    const std::uint64_t expert = block.experts.empty() ? 0 : mlpFloats(block.experts.front());
    mlp = 3 * hidden + static_cast<std::uint64_t>(spec.experts.count + 4 * spec.experts.perToken) +
          std::max(expert + 4, mlpFloats(block.mlp) + 1) + widestInput(block);
  }
  const std::uint64_t tables = static_cast<std::uint64_t>(spec.rope.dimensions * longestWindow);
  const std::uint64_t perToken = std::max(attention, mlp);
  return (perToken * static_cast<std::uint64_t>(tokens) + tables) * sizeof(float);
}

}  // namespace ql
