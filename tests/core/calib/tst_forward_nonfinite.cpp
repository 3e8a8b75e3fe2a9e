// NaN and infinities in weights are data: they spread where arithmetic takes them and nowhere else, and
// nothing hangs or crashes on them.
#include "tests/core/calib/reference_bert.h"
#include "tests/core/calib/reference_compare.h"
#include "tests/core/calib/reference_gpt2.h"
#include "tests/core/calib/reference_llama.h"

#include <QTest>

#include <limits>

using namespace ql;
using namespace ql::test;

namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// Hidden states of all rows behind each block, and the logits.
struct Flow {
  std::vector<HiddenBatch> blocks;
  std::vector<float> logits;
  RecordingHook hook;
};

Flow runAll(const TinyCheckpoint& checkpoint, const std::vector<Ids>& windows) {
  const OpenedModel opened(checkpoint);
  Flow flow;
  JobContext job(2);
  HiddenBatch batch = makeBatch(windows, 0);
  opened.forward->embed(batch, nullptr, job);
  for (int block = 0; block < opened.forward->blockCount(); ++block) {
    opened.forward->runBlock(block, batch, &flow.hook, job);
    flow.blocks.push_back(batch);
  }
  opened.forward->finalNorm(batch, &flow.hook, job);
  flow.logits.resize(static_cast<std::size_t>(batch.count() * opened.forward->vocabularySize()));
  opened.forward->logits(batch, 0, batch.count(), flow.logits, job);
  return flow;
}

std::size_t nansIn(std::span<const float> values) {
  std::size_t count = 0;
  for (const float value : values) count += std::isnan(value);
  return count;
}

bool isFinite(std::span<const float> values) {
  return std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); });
}

std::span<const float> rowOf(const HiddenBatch& batch, std::size_t row) {
  const auto width = static_cast<std::size_t>(batch.width);
  return std::span(batch.values).subspan(row * width, width);
}

TinyLlama mixtral() {
  TinyLlama m;
  m.type = "mixtral";
  m.architecture = "MixtralForCausalLM";
  m.rotation = plainRope(1e6, 8);
  m.experts.count = 4;
  m.experts.width = m.mlpWidth;
  m.experts.names = ExpertNames::Mixtral;
  m.keys = {{"num_local_experts", 4}, {"num_experts_per_tok", 2}};
  return m;
}

std::uint64_t total(const std::vector<std::uint64_t>& counts) {
  std::uint64_t sum = 0;
  for (const std::uint64_t count : counts) sum += count;
  return sum;
}

}  // namespace

class TstForwardNonfinite : public QObject {
  Q_OBJECT
 private slots:
  void weightOfTheSecondBlock_data();
  void weightOfTheSecondBlock();
  void routerOfTheSecondBlock_data();
  void routerOfTheSecondBlock();
  void expertThatGetsSomeTokens();
  void embeddingOfOneToken();
  void embeddingOfOneTokenInAnEncoder();
};

void TstForwardNonfinite::weightOfTheSecondBlock_data() {
  QTest::addColumn<std::string>("tensor");
  QTest::addColumn<float>("value");
  const std::string block = "model.layers.1.";
  for (const char* name : {"self_attn.q_proj", "self_attn.v_proj", "self_attn.o_proj", "mlp.down_proj",
                           "input_layernorm", "post_attention_layernorm"}) {
    const std::string tensor = block + name + ".weight";
    QTest::newRow((tensor + " NaN").c_str()) << tensor << kNan;
    QTest::newRow((tensor + " inf").c_str()) << tensor << kInfinity;
  }
}

void TstForwardNonfinite::weightOfTheSecondBlock() {
  QFETCH(std::string, tensor);
  QFETCH(float, value);
  TinyCheckpoint checkpoint = makeCheckpoint(TinyLlama{});
  for (float& weight : checkpoint.tensors[tensor].values) weight = value;
  const Flow flow = runAll(checkpoint, tinyWindows(50));
  QVERIFY(isFinite(flow.blocks[0].values));
  for (std::size_t row = 0; row < flow.blocks[1].ids.size(); ++row)
    QVERIFY2(!isFinite(rowOf(flow.blocks[1], row)), "a row is finite");
  QCOMPARE(nansIn(flow.logits), flow.logits.size());
}

void TstForwardNonfinite::routerOfTheSecondBlock_data() {
  QTest::addColumn<float>("value");
  QTest::newRow("NaN") << kNan;
  QTest::newRow("inf") << kInfinity;
}

void TstForwardNonfinite::routerOfTheSecondBlock() {
  QFETCH(float, value);
  TinyCheckpoint checkpoint = makeCheckpoint(mixtral());
  for (float& weight : checkpoint.tensors["model.layers.1.block_sparse_moe.gate.weight"].values)
    weight = value;
  const std::vector<Ids> windows = tinyWindows(50);
  const Flow flow = runAll(checkpoint, windows);
  QVERIFY(isFinite(flow.blocks[0].values));
  QCOMPARE(nansIn(flow.blocks[1].values), flow.blocks[1].values.size());
  // Each token still has its two experts: counts stay within what there is.
  const auto tokens = static_cast<std::uint64_t>(flow.blocks[1].count());
  QCOMPARE(total(flow.hook.tokensOfExperts.at(0)), 2 * tokens);
  QCOMPARE(total(flow.hook.tokensOfExperts.at(1)), 2 * tokens);
  QCOMPARE(flow.hook.tokensOfExperts.at(1).size(), std::size_t{4});
}

void TstForwardNonfinite::expertThatGetsSomeTokens() {
  const TinyLlama m = mixtral();
  TinyCheckpoint checkpoint = makeCheckpoint(m);
  const std::vector<Ids> windows = tinyWindows(50);
  std::vector<Trace> traces;
  for (const Ids& ids : windows) traces.push_back(runReference(m, checkpoint, ids));
  const std::string down = "model.layers.1.block_sparse_moe.experts.2.w2";
  for (float& weight : checkpoint.tensors[down + ".weight"].values) weight = kNan;
  const Flow flow = runAll(checkpoint, windows);
  std::size_t touched = 0;
  for (std::size_t w = 0; w < windows.size(); ++w) {
    const auto seen = traces[w].inputs.find(down);
    for (std::size_t i = 0; i < windows[w].size(); ++i) {
      const auto position = static_cast<std::int64_t>(i);
      const bool isRouted =
          seen != traces[w].inputs.end() &&
          std::count(seen->second.positions.begin(), seen->second.positions.end(), position) > 0;
      touched += isRouted;
      const auto row = static_cast<std::size_t>(flow.blocks[1].begins[w]) + i;
      QCOMPARE(isFinite(rowOf(flow.blocks[1], row)), !isRouted);
    }
  }
  QVERIFY(touched > 0 && touched < flow.blocks[1].ids.size());
}

void TstForwardNonfinite::embeddingOfOneToken() {
  // Windows without it know nothing of it. Tokens before it may, as in PyTorch: a masked weight of zero times
  // NaN is NaN.
  TinyCheckpoint checkpoint = makeCheckpoint(TinyGpt2{});
  const std::vector<Ids> windows = {{1, 2, 49, 4, 5}, {6, 7, 8}};
  for (int c = 0; c < 32; ++c)
    checkpoint.tensors["transformer.wte.weight"].values[static_cast<std::size_t>(49 * 32 + c)] = kNan;
  const Flow flow = runAll(checkpoint, windows);
  for (std::size_t row = 2; row < 8; ++row) QCOMPARE(isFinite(rowOf(flow.blocks[1], row)), row >= 5);
}

void TstForwardNonfinite::embeddingOfOneTokenInAnEncoder() {
  // The tokens of its window all see it; other windows do not.
  TinyCheckpoint checkpoint = makeCheckpoint(TinyBert{});
  const std::vector<Ids> windows = {{1, 2, 49, 4, 5}, {6, 7, 8}};
  for (int c = 0; c < 32; ++c)
    checkpoint.tensors["bert.embeddings.word_embeddings.weight"]
        .values[static_cast<std::size_t>(49 * 32 + c)] = kNan;
  const Flow flow = runAll(checkpoint, windows);
  for (std::size_t row = 0; row < 8; ++row) QCOMPARE(isFinite(rowOf(flow.blocks[1], row)), row >= 5);
}

QTEST_APPLESS_MAIN(TstForwardNonfinite)
#include "tst_forward_nonfinite.moc"
