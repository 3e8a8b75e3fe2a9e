// Folding changes no output: logits of tiny models of every family before and after; and the demo models'
// factors against the figures they were published with.
#include "core/demo.h"
#include "core/io/checkpoint.h"
#include "core/smooth/smoothing.h"
#include "tests/core/calib/calib_reference.h"
#include "tests/core/calib/reference_compare.h"
#include "tests/core/calib/reference_gpt2.h"
#include "tests/core/calib/reference_llama.h"
#include "tests/core/calib/reference_opt.h"
#include "tests/support/compare.h"

#include <QTemporaryDir>
#include <QTest>

#include <cmath>

using namespace ql;
using namespace ql::test;

namespace {

std::vector<float> randomFactors(const FoldTarget& target, const std::string& name) {
  NamedRandom random(name);
  std::vector<float> s;
  for (std::int64_t j = 0; j < target.channels; ++j)
    s.push_back(static_cast<float>(std::exp(1.5 * random.next())));  // 0.2 .. 4.5
  shareAcrossHeads(target, s);
  return s;
}

struct Folded {
  int foldable = 0, refused = 0;
  double change = 0;  // largest |difference| of logits over the largest |logit|
};

/// Folds random factors into every group that takes them, all at once.
template <class Tiny>
Folded foldAll(const Tiny& tiny) {
  const TinyCheckpoint checkpoint = makeCheckpoint(tiny);
  const OpenedModel opened(checkpoint);
  const std::string config = checkpoint.config.dump();
  Folded result;
  std::map<std::size_t, std::vector<float>> factors;
  for (std::size_t group = 0; group < opened.model.smoothingGroups.size(); ++group) {
    const FoldTarget target = foldTarget(opened.model, group, config);
    ++(target.isFoldable ? result.foldable : result.refused);
    if (target.isFoldable) factors[group] = randomFactors(target, target.producer);
  }
  const auto source = std::make_shared<CheckpointSource>(opened.checkpoint);
  const auto smoothed = std::make_shared<SmoothedSource>(source, opened.model, config, factors);
  const auto forward = ForwardModel::make(opened.model, config, smoothed);
  JobContext job(2);
  const auto windows = tinyWindows(tiny.vocabulary);
  const auto before = allLogits(*opened.forward, runAll(*opened.forward, windows, nullptr, job), job);
  const auto after = allLogits(*forward, runAll(*forward, windows, nullptr, job), job);
  double largest = 0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    largest = std::max(largest, std::abs(static_cast<double>(before[i])));
    result.change = std::max(result.change, std::abs(static_cast<double>(after[i] - before[i])));
  }
  result.change /= largest;
  return result;
}

TinyLlama mixtral() {
  TinyLlama m;
  m.type = "mixtral";
  m.architecture = "MixtralForCausalLM";
  m.experts.count = 4;
  m.experts.width = m.mlpWidth;
  m.experts.names = ExpertNames::Mixtral;
  m.keys["num_local_experts"] = 4;
  m.keys["num_experts_per_tok"] = 2;
  return m;
}

TinyLlama phi3() {
  TinyLlama m;
  m.type = "phi3";
  m.architecture = "Phi3ForCausalLM";
  m.isFused = true;
  return m;
}

#define QL_FOLDS(tiny, groups)                                                               \
  do {                                                                                       \
    const Folded qlFolded = foldAll(tiny);                                                   \
    QCOMPARE(qlFolded.foldable, groups);                                                     \
    QVERIFY2(qlFolded.change < 1e-5, qPrintable(QString::number(qlFolded.change)));          \
    QVERIFY2(qlFolded.change > 0, "factors that are no powers of two must round somewhere"); \
  } while (false)

/// Statistics of the sites of the first blocks, with every token in the sample so that medians are exact.
/// Ends by cancelling `job`, unless `blocks` is more than there are.
std::map<std::string, ActivationStats> siteStats(const Model& model, const ForwardModel& forward,
                                                 const TokenWindows& windows, int blocks, JobContext& job) {
  CalibrationOptions options;
  options.accumulator.sampleTokens = 40000;
  options.accumulator.withSecondMoment = false;
  options.accumulator.withConditioning = false;
  std::map<std::string, ActivationStats> all;
  const auto keep = [&](BlockActivations block) {
    for (auto& [site, stats] : block.sites) {
      stats.sample = {};
      all[model.sites[site].name] = std::move(stats);
    }
    if (block.block + 1 >= blocks) job.cancel();
  };
  try {
    calibrate(
        forward, model, windows, options, [](int) { return false; }, keep, job);
  } catch (const Cancelled&) {
    // the blocks that were asked for are there
  }
  return all;
}

}  // namespace

class TestSmoothingFold : public QObject {
  Q_OBJECT

 private slots:
  // groups a block: attention norm, v -> o, MLP norm, up -> down
  void llamaWithSharedHeads() { QL_FOLDS(TinyLlama{}, 8); }
  void llamaWithOwnHeadsAndBiases() {
    TinyLlama m;
    m.kvHeads = 4;
    m.hasQkvBias = m.hasOutputBias = m.hasMlpBias = true;
    m.keys["attention_bias"] = true;
    m.keys["mlp_bias"] = true;
    QL_FOLDS(m, 8);
  }
  // attention norm, v -> o, the norm of router and experts, up -> down of 4 experts
  void mixtureOfExperts() { QL_FOLDS(mixtral(), 2 * (3 + 4)); }
  void fusedRows() { QL_FOLDS(phi3(), 8); }
  // both norms with biases, v -> o, fc1 -> fc2 through ReLU
  void optThroughRelu() { QL_FOLDS(TinyOpt{}, 8); }
  void postNormsAreLeftAlone() {
    TinyOpt m;
    m.isNormBefore = false;
    QL_FOLDS(m, 4);  // v -> o and fc1 -> fc2 only
  }
  // transposed matrices, fused [q; k; v]; GELU keeps the second MLP matrix out
  void gpt2Transposed() { QL_FOLDS(TinyGpt2{}, 6); }

  /// S of the three demo models for SmoothQuant and bi-smoothing, from our own calibration run over all of
  /// the calibration text, against torch's.
  void agreesWithTheDemoModels_data() {
    QTest::addColumn<QString>("key");
    QTest::addColumn<QString>("reference");
    QTest::addColumn<int>("blocks");
    // the first blocks, where outliers were planted, attention and MLP each
    QTest::newRow("base") << QStringLiteral("demo-llama") << QStringLiteral("base") << 1;
    QTest::newRow("weights") << QStringLiteral("demo-llama-weight-outliers") << QStringLiteral("wout") << 2;
    QTest::newRow("activations") << QStringLiteral("demo-llama-activation-outliers") << QStringLiteral("aout")
                                 << 1;
  }
  void agreesWithTheDemoModels() {
    QFETCH(QString, key);
    QFETCH(QString, reference);
    QFETCH(int, blocks);
    const auto folder =
        prepareDemo(key.toStdString(), std::filesystem::path(sourceDirectory()) / "resources");
    const auto checkpoint = openCheckpoint(folder);
    const Model model = buildModel(*checkpoint);
    const auto source = std::make_shared<CheckpointSource>(checkpoint);
    const std::string config = readFile(folder / "config.json", 1 << 20);
    JobContext calibration, job;
    const auto stats = siteStats(model, *ForwardModel::make(model, config, source),
                                 CalibReference().windows("calibration"), blocks, calibration);
    const auto published =
        openCheckpoint(dataFile("reference/smoothing-" + reference.toStdString() + ".safetensors"));
    for (int block = 0; block < blocks; ++block) {
      for (const char* part : {"attn", "mlp"}) {
        const std::string prefix = "model.layers." + std::to_string(block) + ".";
        const std::string reader =
            prefix + (std::string(part) == "attn" ? "self_attn.q_proj" : "mlp.gate_proj");
        const std::size_t group = model.linears[*model.find(reader)].smoothingGroup.value();
        const SmoothingInput input = smoothingInput(*source, model, group, &stats.at(reader), {}, true, job);
        const auto compare = [&](const char* name, const char* method, const char* statistic) {
          SmoothingOptions options;
          options.method = method;
          options.statistic = statistic;
          const SmoothingFactors factors = smoothingFactors(input, options);
          const std::string tensor =
              std::string("S.") + name + ".layers." + std::to_string(block) + "." + part;
          const std::vector<float> expected = readVector(*published, tensor);
          // activations differ by float32 rounding of two forward passes: 1e-5 of each, half of it in S
          for (std::size_t j = 0; j < 256; ++j) QL_NEAR(factors.s[j], expected[j], 2e-5);
        };
        compare("smoothquant_0.5", "smoothquant", "max");
        compare("bi_max", "bismooth", "max");
        compare("bi_median", "bismooth", "median");
      }
    }
  }

  /// Whatever was planted with powers of four, SmoothQuant at 0.5 gives the same model, bit for bit.
  void plantedActivationOutliersVanish() {
    const auto resources = std::filesystem::path(sourceDirectory()) / "resources";
    std::array<std::vector<float>, 2> logits;
    for (std::size_t i = 0; i < 2; ++i) {
      const auto folder = prepareDemo(i == 0 ? "demo-llama" : "demo-llama-activation-outliers", resources);
      const auto checkpoint = openCheckpoint(folder);
      const Model model = buildModel(*checkpoint);
      const auto source = std::make_shared<CheckpointSource>(checkpoint);
      const std::string config = readFile(folder / "config.json", 1 << 20);
      JobContext job;
      const TokenWindows windows = CalibReference().windows("calibration", 256, 2048);
      const auto forward = ForwardModel::make(model, config, source);
      const auto stats = siteStats(model, *forward, windows, 99, job);
      std::map<std::size_t, std::vector<float>> factors;
      for (std::size_t group = 0; group < model.smoothingGroups.size(); ++group) {
        if (foldTarget(model, group, config).kind != FoldKind::Norm) continue;
        const ActivationStats& site = stats.at(model.sites[*smoothingSite(model, group)].name);
        const SmoothingInput input = smoothingInput(*source, model, group, &site, {}, false, job);
        factors[group] = smoothingFactors(input, {}).s;
      }
      QCOMPARE(factors.size(), std::size_t{12});
      const auto smoothed = std::make_shared<SmoothedSource>(source, model, config, factors);
      const auto after = ForwardModel::make(model, config, smoothed);
      const std::vector<std::vector<std::int32_t>> one = {windows.windows.front().ids};
      logits[i] = allLogits(*after, runAll(*after, one, nullptr, job), job);
      // and the weights themselves
      std::vector<float> rows(16 * 256);
      smoothed->readRows(model.linears[*model.find("model.layers.3.mlp.up_proj")].matrix, 0, 16, rows);
      logits[i].insert(logits[i].end(), rows.begin(), rows.end());
    }
    QVERIFY(logits[0] == logits[1]);
  }

  void initTestCase() {
    QVERIFY(m_folder.isValid());
    qputenv("XDG_CACHE_HOME", m_folder.path().toUtf8());
    qputenv("XDG_DATA_HOME", m_folder.path().toUtf8());
  }

 private:
  QTemporaryDir m_folder;
};

QTEST_GUILESS_MAIN(TestSmoothingFold)
#include "tst_smoothing_fold.moc"
