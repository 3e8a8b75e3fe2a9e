#include "core/evaluate/adadim_block.h"

#include "core/base/error.h"
#include "core/evaluate/error_pass.h"
#include "core/evaluate/prepared_quantizer.h"
#include "core/quant/quantizer.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

namespace ql {
namespace {

/// Weights of which some matrices are quantized; which ones may change between two passes.
class OverlaySource : public WeightSource {
 public:
  explicit OverlaySource(std::shared_ptr<const WeightSource> inner) : m_inner(std::move(inner)) {}

  /// `scheme` nothing = as stored.
  void set(const MatrixRef& matrix, const std::optional<WeightScheme>& scheme, JobContext& job) {
    const Key key{matrix.tensor, matrix.slice};
    m_quantized.erase(key);
    if (!scheme) return;
    if (quantizerNeeds(*scheme).range) job.expect(measureRangeUnits(matrix));
    ErrorInput input;
    input.matrix = matrix;
    m_quantized[key] = std::make_shared<const FakeQuantizedSource>(
        m_inner, prepareQuantizer(*m_inner, input, *scheme, nullptr, job),
        FakeQuantizedSource::Output::Quantized);
  }
  void clear() { m_quantized.clear(); }

  void readRows(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd,
                std::span<float> out) const override {
    const FakeQuantizedSource* quantized = find(matrix);
    const WeightSource& source = quantized ? static_cast<const WeightSource&>(*quantized) : *m_inner;
    source.readRows(matrix, rowBegin, rowEnd, out);
  }
  std::optional<RawRows> rawRows(const MatrixRef& matrix, std::int64_t rowBegin,
                                 std::int64_t rowEnd) const override {
    if (find(matrix)) return std::nullopt;
    return m_inner->rawRows(matrix, rowBegin, rowEnd);
  }
  std::vector<float> readVector(const std::string& tensor) const override {
    return m_inner->readVector(tensor);
  }
  void release(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd) const override {
    m_inner->release(matrix, rowBegin, rowEnd);
  }
  void check(const MatrixRef& matrix) const override { m_inner->check(matrix); }

 private:
  using Key = std::pair<std::string, std::int64_t>;  // tensor, slice
  const FakeQuantizedSource* find(const MatrixRef& matrix) const {
    const auto found = m_quantized.find({matrix.tensor, matrix.slice});
    return found == m_quantized.end() ? nullptr : found->second.get();
  }
  std::shared_ptr<const WeightSource> m_inner;
  std::map<Key, std::shared_ptr<const FakeQuantizedSource>> m_quantized;
};

/// Residual sums behind the attention and behind the MLP: two runs that begin with the same states differ in
/// them by what the sublayer gave.
class ResidualHook : public ForwardHook {
 public:
  /// What the MLP is to read instead of the attention's result; null = that.
  const std::vector<float>* cleanAttention = nullptr;
  std::vector<float> attention, mlp;

  void point(PointId point, const TokenRows&, std::span<float> x, JobContext&) override {
    if (point.kind == PointKind::ResidualAfterAttention) {
      attention.assign(x.begin(), x.end());
      if (cleanAttention) std::copy(cleanAttention->begin(), cleanAttention->end(), x.begin());
    } else if (point.kind == PointKind::ResidualAfterMlp) {
      mlp.assign(x.begin(), x.end());
    }
  }
};

double squaredDistance(const std::vector<float>& a, const std::vector<float>& b) {
  QL_ASSERT(a.size() == b.size());
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double d = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    sum += d * d;
  }
  return sum;
}

bool isOfAttention(const Linear& linear) {
  return linear.role == TensorRole::Q || linear.role == TensorRole::K || linear.role == TensorRole::V ||
         linear.role == TensorRole::Qkv;
}

class BlockSearch {
 public:
  BlockSearch(const AdaDimBlockRequest& request, JobContext& job)
      : m_request(request),
        m_job(job),
        m_weights(std::make_shared<OverlaySource>(request.weights)),
        m_forward(request.makeForward(m_weights)),
        m_states(makeBatch(request.windows, 0)) {
    for (const auto& [id, candidates] : request.candidates) {
      const Linear& linear = request.model->linears.at(id);
      if (isJudgedByBlock(linear) && linear.block) m_byBlock[*linear.block].push_back(id);
    }
    for (const auto& window : request.windows)
      m_longest = std::max(m_longest, static_cast<std::int64_t>(window.size()));
  }

  std::map<LinearId, AdaDimResult> run() {
    if (m_byBlock.empty() || m_states.count() == 0) return {};
    const int last = m_byBlock.rbegin()->first;
    for (int block = 0; block <= last; ++block) {
      const auto found = m_byBlock.find(block);
      const std::uint64_t passes = 1 + (found == m_byBlock.end() ? 0 : 2 * found->second.size());
      m_job.expect(passes * m_forward->blockUnits(block, m_states.count(), m_longest));
    }
    m_forward->embed(m_states, m_job);
    for (int block = 0; block <= last; ++block) runBlock(block);
    return std::move(m_results);
  }

 private:
  void runBlock(int block) {
    m_job.setStage("Trying dimensions in block " + std::to_string(block));
    const std::vector<float> begin = m_states.values;
    m_weights->clear();
    ResidualHook clean;
    m_forward->runBlock(block, m_states, &clean, m_job);
    const auto found = m_byBlock.find(block);
    if (found == m_byBlock.end()) return;
    const double attention = squaredDistance(clean.attention, begin);
    const double mlp = squaredDistance(clean.mlp, clean.attention);
    // what the next linear is compared with: the block with everything decided so far
    std::vector<float> attentionTarget = clean.attention, mlpTarget = clean.mlp;
    HiddenBatch scratch = m_states;
    for (const LinearId id : found->second) {
      const bool isAttention = isOfAttention(m_request.model->linears[id]);
      decide(block, id, begin, clean.attention, isAttention ? attention : mlp,
             isAttention ? attentionTarget : mlpTarget, scratch);
    }
  }

  /// Leaves the winner in place, and its output as the next target.
  void decide(int block, LinearId id, const std::vector<float>& begin,
              const std::vector<float>& cleanAttention, double energy, std::vector<float>& target,
              HiddenBatch& scratch) {
    const Linear& linear = m_request.model->linears[id];
    const AdaDimCandidates& candidates = m_request.candidates.at(id);
    std::vector<float> outputs[2];
    std::optional<double> errors[2];
    for (int side = 0; side < 2; ++side) {
      const Choice& choice = side == 0 ? candidates.oc : candidates.ic;
      m_weights->set(linear.matrix, choice.weight, m_job);
      ResidualHook hook;
      hook.cleanAttention = &cleanAttention;
      scratch.values = begin;
      scratch.width = m_states.width;
      m_forward->runBlock(block, scratch, &hook, m_job);
      outputs[side] = std::move(isOfAttention(linear) ? hook.attention : hook.mlp);
      if (energy > 0) errors[side] = std::sqrt(squaredDistance(outputs[side], target) / energy);
    }
    const AdaDimResult result = adaDimVerdict(errors[0], errors[1]);
    m_results[id] = result;
    if (!result.isInput) m_weights->set(linear.matrix, candidates.oc.weight, m_job);
    target = std::move(outputs[result.isInput ? 1 : 0]);
  }

  const AdaDimBlockRequest& m_request;
  JobContext& m_job;
  std::shared_ptr<OverlaySource> m_weights;
  std::unique_ptr<ForwardModel> m_forward;
  HiddenBatch m_states;
  std::int64_t m_longest = 0;
  std::map<int, std::vector<LinearId>> m_byBlock;
  std::map<LinearId, AdaDimResult> m_results;
};

}  // namespace

bool isJudgedByBlock(const Linear& linear) {
  if (linear.expert || !linear.block || !linear.isQuantizable) return false;
  switch (linear.role) {
    case TensorRole::Q:
    case TensorRole::K:
    case TensorRole::V:
    case TensorRole::Qkv:
    case TensorRole::Gate:
    case TensorRole::Up:
    case TensorRole::GateUp:
    case TensorRole::Fc1:
      return true;
    default:
      return false;
  }
}

std::map<LinearId, AdaDimResult> adaDimByBlock(const AdaDimBlockRequest& request, JobContext& job) {
  return BlockSearch(request, job).run();
}

}  // namespace ql
