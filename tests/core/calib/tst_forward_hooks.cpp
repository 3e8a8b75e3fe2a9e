// What hooks see and what they may change.
#include "tests/core/calib/demo_forward.h"
#include "tests/core/calib/reference_tensors.h"
#include "tests/support/compare.h"

#include <QTest>

#include <algorithm>
#include <functional>
#include <map>

using namespace ql;
using namespace ql::test;

namespace {

std::vector<std::vector<std::int32_t>> shortWindows() {
  auto windows = DemoReference().windows();
  windows.resize(3);
  windows[0].resize(40);
  windows[1].resize(1);
  windows[2].resize(70);
  return windows;
}

/// Everything that is shown, by site and point.
class Recorder : public ForwardHook {
 public:
  struct Shown {
    std::vector<std::int32_t> ids, positions, windows;
    std::vector<float> values;
    int calls = 0;
  };
  void site(std::size_t site, const TokenRows& rows, std::span<const float> x, JobContext&) override {
    if (sites.find(site) == sites.end()) order.push_back(site);
    add(sites[site], rows, x);
  }
  void point(PointId id, const TokenRows& rows, std::span<float> x, JobContext&) override {
    add(points[{id.block, id.kind}], rows, x);
  }
  void experts(int block, std::span<const std::uint64_t> tokens) override {
    coverage[block].assign(tokens.begin(), tokens.end());
  }
  std::map<std::size_t, Shown> sites;
  std::map<std::pair<int, PointKind>, Shown> points;
  std::vector<std::size_t> order;
  std::map<int, std::vector<std::uint64_t>> coverage;

 private:
  static void add(Shown& shown, const TokenRows& rows, std::span<const float> x) {
    ++shown.calls;
    shown.ids.insert(shown.ids.end(), rows.ids.begin(), rows.ids.end());
    shown.positions.insert(shown.positions.end(), rows.positions.begin(), rows.positions.end());
    shown.windows.insert(shown.windows.end(), rows.windows.begin(), rows.windows.end());
    shown.values.insert(shown.values.end(), x.begin(), x.end());
  }
};

/// Gives linears an input of zeros, or a copy of x.
class Replacer : public ForwardHook {
 public:
  explicit Replacer(std::function<bool(LinearId)> isZeroed) : m_isZeroed(std::move(isZeroed)) {}
  bool linearInput(LinearId id, std::span<const float> x, std::span<float> out, JobContext&) override {
    ++calls;
    if (m_isZeroed(id)) {
      std::fill(out.begin(), out.end(), 0.0f);
    } else {
      std::copy(x.begin(), x.end(), out.begin());
    }
    return true;
  }
  int calls = 0;

 private:
  std::function<bool(LinearId)> m_isZeroed;
};

/// Sets points of one kind in one block to zero, and records.
class PointZero : public Recorder {
 public:
  PointZero(int block, PointKind kind) : m_block(block), m_kind(kind) {}
  void point(PointId id, const TokenRows& rows, std::span<float> x, JobContext& job) override {
    Recorder::point(id, rows, x, job);
    if (id.block == m_block && id.kind == m_kind) std::fill(x.begin(), x.end(), 0.0f);
  }

 private:
  int m_block;
  PointKind m_kind;
};

/// Two blocks of five experts, two a token.
TinyCheckpoint mixtral() {
  TinyCheckpoint tiny;
  tiny.config = {{"model_type", "mixtral"},
                 {"architectures", {"MixtralForCausalLM"}},
                 {"hidden_size", 24},
                 {"intermediate_size", 20},
                 {"num_hidden_layers", 2},
                 {"num_attention_heads", 4},
                 {"num_key_value_heads", 2},
                 {"vocab_size", 50},
                 {"max_position_embeddings", 64},
                 {"num_local_experts", 5},
                 {"num_experts_per_tok", 2},
                 {"rms_norm_eps", 1e-5}};
  tiny.addWeight("model.embed_tokens.weight", {50, 24}, 1);
  for (const std::string block : {"model.layers.0.", "model.layers.1."}) {
    tiny.addGain(block + "input_layernorm.weight", 24);
    tiny.addGain(block + "post_attention_layernorm.weight", 24);
    tiny.addLinear(block + "self_attn.q_proj", 24, 24);
    tiny.addLinear(block + "self_attn.k_proj", 12, 24);
    tiny.addLinear(block + "self_attn.v_proj", 12, 24);
    tiny.addLinear(block + "self_attn.o_proj", 24, 24);
    tiny.addLinear(block + "block_sparse_moe.gate", 5, 24);
    for (int e = 0; e < 5; ++e) {
      const std::string expert = block + "block_sparse_moe.experts." + std::to_string(e) + ".";
      tiny.addLinear(expert + "w1", 20, 24);
      tiny.addLinear(expert + "w3", 20, 24);
      tiny.addLinear(expert + "w2", 24, 20);
    }
  }
  tiny.addGain("model.norm.weight", 24);
  tiny.addLinear("lm_head", 50, 24);
  return tiny;
}

}  // namespace

class TstForwardHooks : public QObject {
  Q_OBJECT
 private slots:
  void everySiteIsShownOncePerToken();
  void sitesComeInNetworkOrder();
  void pointsAreShownOncePerToken();
  void siteOfTheFirstBlockIsTheNormOfTheEmbedding();
  void sameInputChangesNothing();
  void zeroedInputReachesThatLinearOnly();
  void zeroedHeadInputGivesZeroLogits();
  void zeroedKeysAverageTheValues();
  void zeroedValuesGiveNothing();
  void residualSumsMayBeChanged();
  void expertsSeeTheirTokensOnly();
  void pointNamesGoBothWays();
};

void TstForwardHooks::everySiteIsShownOncePerToken() {
  const DemoForward demo;
  const auto model = demo.shipped();
  Recorder hook;
  JobContext job;
  const HiddenBatch batch = runAll(*model, shortWindows(), &hook, job);
  QCOMPARE(hook.sites.size(), demo.model.sites.size());  // four a block, and the head's
  for (const auto& [site, shown] : hook.sites) {
    QCOMPARE(shown.calls, 1);
    QVERIFY(shown.ids == batch.ids && shown.positions == batch.positions && shown.windows == batch.windows);
    QCOMPARE(static_cast<std::int64_t>(shown.values.size()), batch.count() * demo.model.sites[site].width);
  }
}

void TstForwardHooks::sitesComeInNetworkOrder() {
  const DemoForward demo;
  Recorder hook;
  JobContext job;
  runAll(*demo.shipped(), shortWindows(), &hook, job);
  QVERIFY(std::is_sorted(hook.order.begin(), hook.order.end()));
  QCOMPARE(demo.model.sites[hook.order.back()].name, std::string("lm_head"));
}

void TstForwardHooks::pointsAreShownOncePerToken() {
  const auto model = DemoForward().shipped();
  Recorder hook;
  JobContext job;
  const HiddenBatch batch = runAll(*model, shortWindows(), &hook, job);
  QCOMPARE(hook.points.size(), std::size_t{6 * 4});
  for (const auto& [id, shown] : hook.points) {
    const bool isCache = id.second == PointKind::KCache || id.second == PointKind::VCache;
    QCOMPARE(shown.calls, 1);
    QVERIFY(shown.ids == batch.ids);
    QCOMPARE(static_cast<std::int64_t>(shown.values.size()), batch.count() * (isCache ? 128 : 256));
  }
}

void TstForwardHooks::siteOfTheFirstBlockIsTheNormOfTheEmbedding() {
  const DemoForward demo;
  const auto model = demo.shipped();
  Recorder hook;
  JobContext job;
  HiddenBatch batch = makeBatch(shortWindows(), 0);
  model->embed(batch, job);
  const std::vector<float> before = batch.values;
  model->runBlock(0, batch, &hook, job);
  const Linear& q = demo.model.linears[*demo.model.find("model.layers.0.self_attn.q_proj")];
  const std::vector<float> gain = readVector(*demo.checkpoint, *q.norm);
  const std::vector<float>& x = hook.sites.at(*q.site).values;
  for (std::size_t row = 0; row < batch.ids.size(); ++row) {
    double squares = 0;
    for (std::size_t c = 0; c < 256; ++c) squares += std::pow(static_cast<double>(before[row * 256 + c]), 2);
    for (std::size_t c = 0; c < 256; ++c) {
      const double value = static_cast<double>(before[row * 256 + c]) / std::sqrt(squares / 256 + 1e-5) *
                           static_cast<double>(gain[c]);
      QL_NEAR(x[row * 256 + c], value, 1e-6);
    }
  }
}

void TstForwardHooks::sameInputChangesNothing() {
  const auto model = DemoForward().shipped();
  JobContext job;
  Replacer hook([](LinearId) { return false; });
  const HiddenBatch plain = runAll(*model, shortWindows(), nullptr, job);
  const HiddenBatch hooked = runAll(*model, shortWindows(), &hook, job);
  QCOMPARE(hook.calls, 6 * 7 + 1);
  QVERIFY(plain.values == hooked.values);
}

void TstForwardHooks::zeroedInputReachesThatLinearOnly() {
  const DemoForward demo;
  const auto model = demo.shipped();
  JobContext job;
  HiddenBatch batch = makeBatch(shortWindows(), 0);
  model->embed(batch, job);
  const std::vector<float> before = batch.values;
  const LinearId o = *demo.model.find("model.layers.0.self_attn.o_proj");
  const LinearId down = *demo.model.find("model.layers.0.mlp.down_proj");
  Replacer both([=](LinearId id) { return id == o || id == down; });
  model->runBlock(0, batch, &both, job);
  QVERIFY(batch.values == before);  // neither sublayer adds anything
  Replacer one([=](LinearId id) { return id == down; });
  model->runBlock(0, batch, &one, job);
  QVERIFY(batch.values != before);
}

void TstForwardHooks::zeroedHeadInputGivesZeroLogits() {
  const DemoForward demo;
  const auto model = demo.shipped();
  JobContext job;
  const LinearId head = *demo.model.find("lm_head");
  Replacer hook([=](LinearId id) { return id == head; });
  const std::vector<float> logits = allLogits(*model, runAll(*model, shortWindows(), &hook, job), job);
  QVERIFY(std::all_of(logits.begin(), logits.end(), [](float logit) { return logit == 0; }));
}

void TstForwardHooks::zeroedKeysAverageTheValues() {
  const DemoForward demo;
  const auto model = demo.shipped();
  JobContext job;
  PointZero hook(0, PointKind::KCache);
  HiddenBatch batch = makeBatch(shortWindows(), 0);
  model->embed(batch, job);
  model->runBlock(0, batch, &hook, job);
  const Linear& o = demo.model.linears[*demo.model.find("model.layers.0.self_attn.o_proj")];
  const std::vector<float>& out = hook.sites.at(*o.site).values;
  const std::vector<float>& values = hook.points.at({0, PointKind::VCache}).values;
  double scale = 0;
  for (const float v : values) scale = std::max(scale, std::abs(static_cast<double>(v)));
  for (std::size_t w = 0; w + 1 < batch.begins.size(); ++w) {
    std::vector<double> sum(128);
    for (auto row = static_cast<std::size_t>(batch.begins[w]);
         row < static_cast<std::size_t>(batch.begins[w + 1]); ++row) {
      const double count = static_cast<double>(row) - static_cast<double>(batch.begins[w]) + 1;
      for (std::size_t c = 0; c < 128; ++c) sum[c] += static_cast<double>(values[row * 128 + c]);
      for (std::size_t c = 0; c < 256; ++c) {  // query heads 0 and 1 read key head 0, 2 and 3 the other
        const std::size_t source = c / 128 * 64 + c % 64;
        const double difference = static_cast<double>(out[row * 256 + c]) - sum[source] / count;
        QVERIFY2(std::abs(difference) < 1e-6 * scale, qPrintable(QString::number(difference)));
      }
    }
  }
}

void TstForwardHooks::zeroedValuesGiveNothing() {
  const DemoForward demo;
  JobContext job;
  PointZero hook(2, PointKind::VCache);
  runAll(*demo.shipped(), shortWindows(), &hook, job);
  const Linear& o = demo.model.linears[*demo.model.find("model.layers.2.self_attn.o_proj")];
  const std::vector<float>& out = hook.sites.at(*o.site).values;
  QVERIFY(std::all_of(out.begin(), out.end(), [](float value) { return value == 0; }));
}

void TstForwardHooks::residualSumsMayBeChanged() {
  const auto model = DemoForward().shipped();
  JobContext job;
  PointZero attention(0, PointKind::ResidualAfterAttention), mlp(0, PointKind::ResidualAfterMlp);
  HiddenBatch batch = makeBatch(shortWindows(), 0);
  model->embed(batch, job);
  HiddenBatch other = batch;
  model->runBlock(0, batch, &mlp, job);
  QVERIFY(mlp.points.at({0, PointKind::ResidualAfterMlp}).values != batch.values);
  QVERIFY(std::all_of(batch.values.begin(), batch.values.end(), [](float value) { return value == 0; }));
  model->runBlock(0, other, &attention, job);  // the norm of zeros is zero, so the MLP adds nothing either
  QVERIFY(other.values == batch.values);
}

void TstForwardHooks::expertsSeeTheirTokensOnly() {
  const TempFolder folder;
  const TinyCheckpoint tiny = mixtral();
  tiny.write(folder);
  const auto checkpoint = openCheckpoint(folder.path());
  const Model structure = buildModel(*checkpoint);
  const auto model =
      ForwardModel::make(structure, tiny.config.dump(), std::make_shared<CheckpointSource>(checkpoint));
  Recorder hook;
  JobContext job;
  const HiddenBatch batch =
      runAll(*model, {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, {12, 13, 14, 15, 16}}, &hook, job);
  QCOMPARE(hook.coverage.size(), std::size_t{2});
  for (const auto& [block, counts] : hook.coverage) {
    QCOMPARE(counts.size(), std::size_t{5});
    std::uint64_t sum = 0;
    std::map<std::pair<std::int32_t, std::int32_t>, int> visits;  // by window and position
    for (std::size_t e = 0; e < counts.size(); ++e) {
      sum += counts[e];
      for (const char* name : {".w1", ".w2"}) {
        const std::string linear =
            "model.layers." + std::to_string(block) + ".block_sparse_moe.experts." + std::to_string(e) + name;
        const auto shown = hook.sites.find(*structure.linears[*structure.find(linear)].site);
        QCOMPARE(shown != hook.sites.end(), counts[e] > 0);
        if (counts[e] == 0) continue;
        QCOMPARE(shown->second.ids.size(), std::size_t{counts[e]});
        QVERIFY(std::is_sorted(shown->second.windows.begin(), shown->second.windows.end()));
        for (std::size_t i = 0; i < shown->second.ids.size() && std::string(name) == ".w1"; ++i)
          ++visits[{shown->second.windows[i], shown->second.positions[i]}];
      }
    }
    QCOMPARE(sum, static_cast<std::uint64_t>(2 * batch.count()));
    QCOMPARE(visits.size(), batch.ids.size());
    for (const auto& visit : visits) QCOMPARE(visit.second, 2);
  }
}

void TstForwardHooks::pointNamesGoBothWays() {
  const Model model = DemoForward().model;
  QCOMPARE(pointName(model, 3, PointKind::ResidualAfterAttention),
           std::string("model.layers.3.residual_after_attn"));
  QCOMPARE(pointName(model, 0, PointKind::VCache), std::string("model.layers.0.v_cache"));
  for (int block = 0; block < 6; ++block) {
    for (const auto kind : {PointKind::ResidualAfterAttention, PointKind::ResidualAfterMlp, PointKind::KCache,
                            PointKind::VCache}) {
      const auto found = findPoint(model, pointName(model, block, kind));
      QVERIFY(found && found->block == block && found->kind == kind);
    }
  }
  for (const char* name :
       {"", "k_cache", "model.layers.6.k_cache", "model.layers.1.kcache", "layers.1.k_cache",
        "model.layers.01.k_cache", "xmodel.layers.1.k_cache", "model.layers.1.mlp.k_cache"})
    QVERIFY2(!findPoint(model, name), name);
}

QTEST_GUILESS_MAIN(TstForwardHooks)
#include "tst_forward_hooks.moc"
