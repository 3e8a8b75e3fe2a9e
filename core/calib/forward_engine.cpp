#include "core/calib/forward_engine.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/calib/activation_kernels.h"
#include "core/calib/attention.h"
#include "core/calib/forward_block.h"
#include "core/calib/forward_buffer.h"
#include "core/calib/forward_linear.h"
#include "core/calib/forward_parts.h"
#include "core/calib/norm.h"
#include "core/linalg/linear.h"

#include <algorithm>
#include <thread>
#include <utility>

namespace ql {
namespace {

// What a thread holds of a matrix at a time: rows of a strip, 16 MiB at most (linear.cpp).
constexpr std::int64_t kStripRows = 384;
constexpr std::uint64_t kMostStripBytes = std::uint64_t{16} << 20;

/// Rows of a table that single tokens need: pages are given back as they are read, for a table may be larger
/// than the memory that there is.
class TableRows {
 public:
  TableRows(const WeightSource& source, const LinearPart& part) : m_source(source), m_part(part) {}
  void read(std::int64_t row, std::span<float> out) const {
    m_source.readRows(m_part.matrix, row, row + 1, out);
    if (m_part.matrix.in * m_part.bits / 8 >= kPageBytes) m_source.release(m_part.matrix, row, row + 1);
  }
  void done() const { m_source.release(m_part.matrix, 0, m_part.matrix.out); }

 private:
  static constexpr std::int64_t kPageBytes = 4096;
  const WeightSource& m_source;
  const LinearPart& m_part;
};

class Engine : public ForwardModel {
 public:
  Engine(const DecoderSpec& spec, const Model& model, std::shared_ptr<const WeightSource> weights)
      : m_spec(spec), m_parts(findParts(spec, model)), m_weights(std::move(weights)) {
    if (m_spec.rope.dimensions == 0) m_spec.rope.dimensions = m_spec.headDim;
  }

  int blockCount() const override { return static_cast<int>(m_parts.blocks.size()); }
  std::int64_t hiddenSize() const override { return m_spec.hidden; }
  std::int64_t vocabularySize() const override { return m_spec.vocabulary; }
  std::int64_t contextLength() const override { return m_spec.context; }
  bool isCausal() const override { return m_spec.isCausal; }

  std::uint64_t workBytes(std::int64_t tokens, std::int64_t longestWindow) const override {
    std::uint64_t most = 0;
    std::int64_t widest = 0;
    for (const BlockParts& block : m_parts.blocks) {
      most = std::max(most, blockWorkBytes(m_spec, block, tokens, longestWindow));
      for (const LinearPart* part : block.linears()) widest = std::max(widest, part->matrix.in);
    }
    const std::uint64_t threads = std::max(1u, std::thread::hardware_concurrency());
    const std::uint64_t strip =
        std::min(static_cast<std::uint64_t>(kStripRows * widest) * sizeof(float), kMostStripBytes);
    return most + threads * std::max(strip, attentionTileBytes(longestWindow));
  }

  std::uint64_t blockBytes(int block) const override {
    std::uint64_t bits = 0;
    for (const LinearPart* part : part(block).linears())
      bits += part->multiplyAdds() * static_cast<std::uint64_t>(part->bits);
    return bits / 8;
  }

  std::uint64_t blockUnits(int block, std::int64_t tokens, std::int64_t longestWindow) const override {
    return ql::blockUnits(m_spec, part(block), tokens, longestWindow);
  }

  void embed(HiddenBatch& batch, ForwardHook* hook, JobContext& job) const override {
    checkTokens(batch);
    readEmbeddings(batch, job);
    if (m_parts.projectIn.isPresent()) project(m_parts.projectIn, batch, hook, job);
    if (m_parts.position.isPresent()) addPositions(batch, job);
    if (m_parts.tokenType.isPresent()) addTokenType(batch, job);
    if (m_parts.embeddingNorm.isPresent()) normalize(m_parts.embeddingNorm, batch, job);
  }

  void runBlock(int block, HiddenBatch& batch, ForwardHook* hook, JobContext& job) const override {
    const BlockParts* const next = block + 1 < blockCount() ? &part(block + 1) : nullptr;
    ql::runBlock(m_spec, part(block), {block, next}, *m_weights, batch, hook, job);
  }

  void finalNorm(HiddenBatch& batch, ForwardHook* hook, JobContext& job) const override {
    if (m_parts.finalNorm.isPresent()) normalize(m_parts.finalNorm, batch, job);
    if (m_parts.projectOut.isPresent()) project(m_parts.projectOut, batch, hook, job);
    if (m_parts.headTransform.isPresent()) {
      project(m_parts.headTransform, batch, hook, job);
      parallelRows(job, batch.count(), batch.width, [&](std::int64_t begin, std::int64_t end) {
        activateRow(m_spec.activation, batch.values.data() + begin * batch.width,
                    static_cast<std::size_t>((end - begin) * batch.width));
      });
      if (m_parts.headTransformNorm.isPresent()) normalize(m_parts.headTransformNorm, batch, job);
    }
    if (hook != nullptr && m_parts.headSite) showHead(batch, *hook, job);
  }

  void logits(const HiddenBatch& batch, std::int64_t rowBegin, std::int64_t rowEnd, std::span<float> out,
              JobContext& job) const override {
    if (!m_parts.head.isPresent()) throwNoHead();
    QL_ASSERT(0 <= rowBegin && rowBegin <= rowEnd && rowEnd <= batch.count());
    const auto width = static_cast<std::size_t>(batch.width), begin = static_cast<std::size_t>(rowBegin);
    const auto rows = static_cast<std::size_t>(rowEnd - rowBegin);
    applyLinear(*m_weights, m_parts.head.matrix, readHeadBias(), rowEnd - rowBegin,
                std::span<const float>(batch.values).subspan(begin * width, rows * width), out, job);
    if (m_spec.logitSoftcap > 0) capLogits(rowEnd - rowBegin, out, job);
  }

 private:
  const BlockParts& part(int block) const { return m_parts.blocks.at(static_cast<std::size_t>(block)); }

  std::vector<float> readHeadBias() const {
    const std::string& name = m_parts.headBias.empty() ? m_parts.head.bias : m_parts.headBias;
    if (name.empty()) return {};
    std::vector<float> bias = m_weights->readVector(name);
    if (static_cast<std::int64_t>(bias.size()) == m_spec.vocabulary) return bias;
    throw Error(ErrorCode::Format, "tensor " + quotedText(name) + " has " + std::to_string(bias.size()) +
                                       " values, but config.json: '" + m_spec.keys.vocabulary +
                                       "' = " + std::to_string(m_spec.vocabulary) +
                                       "; config.json and weights belong to different models.");
  }

  [[noreturn]] void throwNoHead() const {
    if (!m_spec.isCausal) {
      throw Error(ErrorCode::Unsupported,
                  "The checkpoint has no masked-token head (cls.predictions), so it gives no probabilities: "
                  "open the model that was saved with it.");
    }
    throw Error(ErrorCode::Unsupported,
                "The checkpoint has no output head (lm_head) and config.json does not say that the "
                "embedding serves as one, so it gives no probabilities: open the model with its head.");
  }

  void checkTokens(const HiddenBatch& batch) const {
    for (std::size_t i = 0; i < batch.ids.size(); ++i) {
      if (batch.ids[i] >= 0 && batch.ids[i] < m_spec.vocabulary) continue;
      throw Error(ErrorCode::Usage, "Token id " + std::to_string(batch.ids[i]) + " at position " +
                                        std::to_string(batch.positions[i]) + " of window " +
                                        std::to_string(batch.windows[i]) + " is outside the vocabulary of " +
                                        withThousands(static_cast<std::uint64_t>(m_spec.vocabulary)) +
                                        " ids: give the text with this model's own tokenizer.");
    }
  }

  void readEmbeddings(HiddenBatch& batch, JobContext& job) const {
    const TableRows table(*m_weights, m_parts.embedding);
    batch.width = m_parts.embedding.matrix.in;
    const auto width = static_cast<std::size_t>(batch.width);
    batch.values.resize(batch.ids.size() * width);
    const auto scale = static_cast<float>(m_spec.embeddingScale);
    parallelRows(job, batch.count(), batch.width, [&](std::int64_t begin, std::int64_t end) {
      for (auto row = static_cast<std::size_t>(begin); row < static_cast<std::size_t>(end); ++row) {
        const std::span<float> values = std::span(batch.values).subspan(row * width, width);
        table.read(batch.ids[row], values);
        if (m_spec.embeddingScale != 1) scaleRow(values.data(), scale, width);
      }
    });
    table.done();
  }

  void addPositions(HiddenBatch& batch, JobContext& job) const {
    const auto last = std::max_element(batch.positions.begin(), batch.positions.end());
    if (last != batch.positions.end() && *last >= m_spec.context) {
      throw Error(ErrorCode::Usage, "A window of " + std::to_string(*last + 1) +
                                        " tokens is longer than the " + std::to_string(m_spec.context) +
                                        " positions that the model has: choose a smaller context.");
    }
    const TableRows table(*m_weights, m_parts.position);
    const auto width = static_cast<std::size_t>(batch.width);
    parallelRows(job, batch.count(), batch.width, [&](std::int64_t begin, std::int64_t end) {
      std::vector<float> position(width);
      for (auto row = static_cast<std::size_t>(begin); row < static_cast<std::size_t>(end); ++row) {
        table.read(batch.positions[row] + m_spec.positionOffset, position);
        addRow(batch.values.data() + row * width, position.data(), width);
      }
    });
    table.done();
  }

  void addTokenType(HiddenBatch& batch, JobContext& job) const {
    std::vector<float> type(static_cast<std::size_t>(batch.width));
    m_weights->readRows(m_parts.tokenType.matrix, 0, 1, type);
    parallelRows(job, batch.count(), batch.width, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t row = begin; row < end; ++row)
        addRow(batch.values.data() + row * batch.width, type.data(), type.size());
    });
  }

  void normalize(const NormPart& norm, HiddenBatch& batch, JobContext& job) const {
    applyNorm(readNorm(*m_weights, norm, m_spec), batch.count(), batch.values.data(), batch.values.data(),
              job);
  }

  /// Replaces the values by a linear of them; the width may change.
  void project(const LinearPart& linear, HiddenBatch& batch, ForwardHook* hook, JobContext& job) const {
    LinearRunner linears(*m_weights, hook, nullptr, job);
    std::vector<float> out(batch.ids.size() * static_cast<std::size_t>(linear.matrix.out));
    linears.announce({&linear}, batch.rows(), batch.values);
    linears.run(linear, batch.count(), batch.values, out);
    batch.values = std::move(out);
    batch.width = linear.matrix.out;
  }

  /// The head reads what is left in the batch, so the hook's version of its input goes there.
  void showHead(HiddenBatch& batch, ForwardHook& hook, JobContext& job) const {
    LinearRunner linears(*m_weights, &hook, nullptr, job);
    linears.announce({&m_parts.head}, batch.rows(), batch.values);
    const std::span<const float> read = linears.input(m_parts.head, batch.values);
    if (read.data() != batch.values.data()) std::copy(read.begin(), read.end(), batch.values.begin());
  }

  void capLogits(std::int64_t rows, std::span<float> out, JobContext& job) const {
    const auto cap = static_cast<float>(m_spec.logitSoftcap);
    parallelRows(job, rows, m_spec.vocabulary, [&](std::int64_t begin, std::int64_t end) {
      softcapRow(out.data() + begin * m_spec.vocabulary,
                 static_cast<std::size_t>((end - begin) * m_spec.vocabulary), cap);
    });
  }

  DecoderSpec m_spec;
  ModelParts m_parts;
  std::shared_ptr<const WeightSource> m_weights;
};

}  // namespace

std::unique_ptr<ForwardModel> makeForward(const DecoderSpec& spec, const Model& model,
                                          std::shared_ptr<const WeightSource> weights) {
  QL_ASSERT(weights != nullptr);
  return std::make_unique<Engine>(spec, model, std::move(weights));
}

}  // namespace ql
