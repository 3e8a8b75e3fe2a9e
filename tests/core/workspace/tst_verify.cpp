// A plan verified by running the model: the figures of the demo models, measured with an independent
// implementation in torch (float32, divisor 127) on the first windows of the held-out text.
#include "core/applied_checkpoint.h"
#include "core/base/error.h"
#include "core/demo.h"
#include "core/smoothing_report.h"
#include "core/workspace.h"
#include "core/workspace_planned_errors.h"
#include "tests/support/compare.h"
#include "tests/support/data.h"
#include "tests/support/fast_folder.h"

#include <QTemporaryDir>
#include <QTest>

#include <nlohmann/json.hpp>

#include <cmath>
#include <fstream>

using namespace ql;
namespace fs = std::filesystem;
using Json = nlohmann::json;

namespace {

Json reference() {
  std::ifstream stream(test::dataFile("reference/perplexity-24-windows.json"));
  return Json::parse(stream);
}

VerifyOptions heldOut(std::int64_t windows) {
  VerifyOptions options;
  options.source.text = fs::path(test::sourceDirectory()) / "resources/texts/heldout.txt";
  options.windows.maxTokens = 256 * windows;
  return options;
}

/// Configuration of the reference -> SPEC of all linears, and SPEC of the outlier linears. Each model has
/// those that change it: what costs the base 0.1 % would agree with a wrong result too.
struct Configuration {
  const char* model;
  const char* key;
  const char* spec;
  const char* outlierSpec;
};
constexpr Configuration kConfigurations[] = {
    {"demo-llama", "w4", "int4:flavour=smoothquant", nullptr},
    {"demo-llama-weight-outliers", "w8", "int8:flavour=smoothquant", nullptr},
    {"demo-llama-weight-outliers", "w4g32", "int4:group=32,flavour=smoothquant", nullptr},
    {"demo-llama-weight-outliers", "mixed32", "w8a8:flavour=smoothquant",
     "w8a8:group=32,act=group:32,flavour=smoothquant"},
    {"demo-llama-activation-outliers", "w8a8", "w8a8:flavour=smoothquant", nullptr},
    {"demo-llama-activation-outliers", "mixed16", "w8a8:flavour=smoothquant",
     "w8a8:group=16,act=group:16,flavour=smoothquant"},
};

QuantizationPlan planOf(const Workspace& workspace, const Configuration& configuration,
                        const Json& outliers) {
  QuantizationPlan plan = workspace.newPlan(parseSpec(configuration.spec));
  if (configuration.outlierSpec != nullptr)
    for (const Json& name : outliers)
      plan.layers[name.get<std::string>()] = parseSpec(configuration.outlierSpec);
  return plan;
}

}  // namespace

class TestVerify : public QObject {
  Q_OBJECT

 private slots:
  void initTestCase() {
    QVERIFY(m_owner.isValid());
    qputenv("XDG_CACHE_HOME", m_owner.path().toUtf8() + "/cache");
    qputenv("XDG_DATA_HOME", m_owner.path().toUtf8() + "/data");
    m_reference = reference();
  }

  void plansCostWhatTorchMeasured_data() {
    QTest::addColumn<QString>("model");
    for (const auto& [name, entry] : m_reference.at("models").items())
      QTest::addRow("%s", name.c_str()) << QString::fromStdString(name);
  }
  void plansCostWhatTorchMeasured() {
    QFETCH(QString, model);
    const Json& entry = m_reference.at("models").at(model.toStdString());
    const auto workspace =
        Workspace::open(prepareDemo(model.toStdString(), fs::path(test::sourceDirectory()) / "resources"));
    for (const Configuration& configuration : kConfigurations) {
      if (model != QLatin1String(configuration.model)) continue;
      const QuantizationPlan plan = planOf(*workspace, configuration, entry.at("outlier_linears"));
      VerifyOptions options = heldOut(m_reference.at("windows"));
      options.withReference = false;
      JobContext job;
      const Verification verification = workspace->verify(&plan, options, job);
      QCOMPARE(verification.result.targets, m_reference.at("tokens").get<std::int64_t>());
      const double expected = entry.at("perplexity").at(configuration.key);
      const double found = verification.result.perplexity;
      QVERIFY2(
          std::abs(found / expected - 1) < 0.002,
          qPrintable(QStringLiteral("%1: %2, torch has %3").arg(configuration.key).arg(found).arg(expected)));
    }
    if (model != QStringLiteral("demo-llama")) return;  // the others give the same logits, bit for bit
    JobContext job;
    const double plain =
        workspace->verify(nullptr, heldOut(m_reference.at("windows")), job).result.perplexity;
    QL_NEAR(plain, entry.at("perplexity").at("float").get<double>(), 1e-5);
  }

  // Most activations of this model are a step or two of their scale: which way they round depends on the last
  // bit of two implementations, and only over the whole text does that average out (24 windows differ by 0.2
  // %).
  void coarselyRoundedActivationsOverTheWholeText() {
    const auto workspace = Workspace::open(
        prepareDemo("demo-llama-activation-outliers", fs::path(test::sourceDirectory()) / "resources"));
    const QuantizationPlan plan = workspace->newPlan(parseSpec("bf16/int8:act_flavour=smoothquant"));
    VerifyOptions options = heldOut(0);
    options.withReference = false;
    JobContext job;
    const double found = workspace->verify(&plan, options, job).result.perplexity;
    const double expected =
        m_reference.at("models").at("demo-llama-activation-outliers").at("whole_text").at("a8");
    QVERIFY2(std::abs(found / expected - 1) < 0.002, qPrintable(QString::number(found)));
  }

  void referenceComesAlong() {
    const auto workspace = Workspace::open(test::demoModel());
    const QuantizationPlan plan = workspace->newPlan(parseSpec("w8a8"));
    JobContext job;
    std::vector<std::size_t> seen;
    const Verification both = workspace->verify(
        &plan, heldOut(4), job, [&](std::size_t window, const WindowScore& score, const auto& other) {
          seen.push_back(window);
          QVERIFY(other.has_value() && score.targets == other->targets);
        });
    QCOMPARE(seen, (std::vector<std::size_t>{0, 1, 2, 3}));
    QVERIFY(both.reference && both.result.perplexity > both.reference->perplexity);
    QVERIFY(both.result.meanKl > 0.01 && both.result.topAgreement > 0.5 && both.result.topAgreement < 1);
    QCOMPARE(both.evidence.level, std::string("verified"));
    QVERIFY(both.evidence.data.has_value());
    QCOMPARE(job.done(), job.total());
    // a plan that leaves everything as stored changes nothing
    const QuantizationPlan idle = workspace->newPlan(Choice{});
    const Verification same = workspace->verify(&idle, heldOut(2), job);
    QCOMPARE(same.result.nll, same.reference->nll);
    QCOMPARE(same.result.meanKl, 0.0);
    QCOMPARE(same.result.topAgreement, 1.0);
  }

  void tensorPointsTakePart() {
    const auto workspace = Workspace::open(test::demoModel());
    const ActScheme coarse = *parseSpec("bf16/int4").activation;
    const auto perplexityWith = [&](const std::string& point) {
      QuantizationPlan plan = workspace->newPlan(Choice{});
      plan.points[point] = coarse;
      JobContext job;
      VerifyOptions options = heldOut(2);
      options.withReference = false;
      return workspace->verify(&plan, options, job).result.perplexity;
    };
    JobContext job;
    const double plain = workspace->verify(nullptr, heldOut(2), job).result.perplexity;
    for (const char* point :
         {"model.layers.1.residual_after_attn", "model.layers.1.residual_after_mlp", "model.layers.0.k_cache",
          "model.layers.0.v_cache", "model.layers.3.mlp.down_proj", "model.layers.3.self_attn.v_proj"})
      QVERIFY2(perplexityWith(point) != plain, point);
    QuantizationPlan cache = workspace->newPlan(Choice{});
    cache.kvCache = coarse;
    const double cached = workspace->verify(&cache, heldOut(2), job).result.perplexity;
    QVERIFY(cached != plain && cached != perplexityWith("model.layers.0.k_cache"));
    QL_THROWS(perplexityWith("model.layers.0.nothing"), "model.layers.0.nothing");
    QuantizationPlan fixed = workspace->newPlan(parseSpec("w8a8:act=tensor,static"));
    QL_THROWS(workspace->verify(&fixed, heldOut(2), job), "analyze --calibration");
  }

  /// Ranges of static activations are those behind the plan's smoothing: with powers of two folding is exact,
  /// so the plan costs what the smoothed checkpoint costs that was calibrated itself.
  void staticRangesFollowTheSmoothing() {
    const fs::path folder = fs::path(m_owner.path().toStdString());
    const auto calibrated = [&](const fs::path& model, const std::string& name) {
      auto workspace = Workspace::open(model);
      CalibrateOptions options;
      options.source.text = fs::path(test::sourceDirectory()) / "resources/texts/calibration.txt";
      options.windows.maxTokens = 1024;
      options.output = folder / (name + ".h5");
      options.withPoints = true;
      JobContext job;
      workspace->calibrate(options, job);
      return workspace;
    };
    const auto workspace = calibrated(test::demoModel(), "plain");
    QuantizationPlan plan = workspace->newPlan(parseSpec("w8a8:act=tensor,static"));
    plan.kvCache = *parseSpec("bf16/int8:act=tensor,static").activation;
    QuantizationPlan unsmoothed = plan;
    for (const SmoothingGroup& group : workspace->model().smoothingGroups) {
      if (group.producer == "model.norm") continue;
      PlanSmoothing entry;
      entry.producer = group.producer;
      for (const LinearId id : group.consumers)
        entry.consumers.push_back(workspace->model().linears[id].name);
      entry.method = "smoothquant";
      entry.powersOfTwo = true;
      plan.smoothing.push_back(entry);
    }
    JobContext job;
    ApplyOptions options;
    options.output = folder / "smoothed";
    QVERIFY(workspace->apply(plan, options, job).isExact());
    const auto smoothed = calibrated(folder / "smoothed", "smoothed");
    VerifyOptions text = heldOut(4);
    text.withReference = false;
    const double expected = smoothed->verify(&unsmoothed, text, job).result.perplexity;
    const double found = workspace->verify(&plan, text, job).result.perplexity;
    QL_NEAR(found, expected, 1e-6);
    QVERIFY(std::abs(workspace->verify(&unsmoothed, text, job).result.perplexity - found) > 0.01);
    // and layer by layer: readers, producers and what is both
    std::vector<LinearId> linears;
    for (const char* name : {"model.layers.0.self_attn.q_proj", "model.layers.2.self_attn.v_proj",
                             "model.layers.1.mlp.down_proj", "model.layers.3.self_attn.o_proj"})
      linears.push_back(*workspace->model().find(name));
    const auto planned = plannedErrors(*workspace, plan, {}, linears, job);
    QCOMPARE(planned.size(), linears.size());
    smoothed->measure(linears, std::span(&unsmoothed.defaultChoice, 1), job);
    smoothed->measureOutputs(linears, std::span(&unsmoothed.defaultChoice, 1), job);
    for (const LinearId id : linears) {
      const LayerError& error = planned.at(id).error;
      const auto applied = smoothed->errorFigures(id, unsmoothed.defaultChoice);
      QVERIFY(applied && planned.at(id).smoothing);
      QL_NEAR(error.weightRelFro, applied->weightRelFro, 1e-5);
      QL_NEAR(*error.normWeightedRel, *applied->normWeightedRel, 1e-5);
      QL_NEAR(error.deadCode, applied->deadCode, 1e-9);
      QL_NEAR(*error.outputRelWa, *applied->outputRelWa, 1e-5);
      QL_NEAR(*error.outputRelA, *applied->outputRelA, 1e-5);
    }
  }

 private:
  QTemporaryDir m_owner{test::fastFolderTemplate()};
  Json m_reference;
};

QTEST_APPLESS_MAIN(TestVerify)
#include "tst_verify.moc"
