// First steps for training: they are those of the quantizer under the same rule, their figures those of a
// plain loop; marks and points of whole models.
#include "core/base/error.h"
#include "core/io/checkpoint.h"
#include "core/workspace_qat.h"
#include "tests/core/quant/methods/range_data.h"
#include "tests/support/compare.h"
#include "tests/support/data.h"
#include "tests/support/temp_folder.h"

#include <fstream>

using namespace ql;
using namespace ql::test;

namespace {

InitialSteps stepsOf(const WeightScheme& s, std::int64_t out, std::int64_t in, const std::vector<float>& w,
                     int threads = 2) {
  const MemorySource source(out, in, w);
  const MatrixRange range = rangeOf(w, static_cast<std::size_t>(in));
  JobContext job(threads);
  QuantizerInput input;
  input.out = out;
  input.in = in;
  input.range = &range;
  input.source = &source;
  input.matrix = source.ref;
  input.job = &job;
  return initialSteps(s, input);
}

/// The number of the part in the order of the steps.
std::size_t stepOf(const WeightScheme& s, std::size_t row, std::size_t column, std::size_t in) {
  const auto groups = [&](std::size_t size) { return (in + size - 1) / size; };
  switch (s.granularity) {
    case Granularity::Tensor:
      return 0;
    case Granularity::InputChannel:
      return column;
    case Granularity::Group:
      return row * groups(static_cast<std::size_t>(*s.groupSize)) +
             column / static_cast<std::size_t>(*s.groupSize);
    case Granularity::GroupInChannel:
      return row / static_cast<std::size_t>(*s.groupSize) * in + column;
    case Granularity::Block: {
      const auto height = static_cast<std::size_t>((*s.block)[0]),
                 width = static_cast<std::size_t>((*s.block)[1]);
      return row / height * groups(width) + column / width;
    }
    default:
      return row;
  }
}

}  // namespace

class TestQat : public QObject {
  Q_OBJECT
 private slots:
  void stepsAreThoseOfTheQuantizer_data() {
    QTest::addColumn<QString>("rule");
    for (const std::string& rule : initialRules())
      QTest::newRow(rule.c_str()) << QString::fromStdString(rule);
  }
  void stepsAreThoseOfTheQuantizer() {
    QFETCH(QString, rule);
    std::vector<float> w = weights(21, 100, 31);
    w[5] = kInfinity;
    const bool isSymmetricOnly = rule.startsWith("lsq");
    for (const char* part : kGranularities)
      for (const char* sign : {"", "asym,"}) {
        if (isSymmetricOnly && *sign != 0) continue;
        const WeightScheme planned = scheme(std::string("int4:") + sign + part + ",outliers=sigma:3");
        const WeightScheme s = withInitialRule(planned, rule.toStdString(), 98);
        QVERIFY(!s.outliers && s.algorithm.name == "rtn");
        const InitialSteps steps = stepsOf(s, 21, 100, w);
        const std::vector<float> expected = quantized(specText(Choice{s, std::nullopt}), 21, 100, w).values;
        double error = 0, clipped = 0;
        std::vector<double> gradients(steps.steps.size());
        for (std::size_t i = 0; i < w.size(); ++i) {
          if (!std::isfinite(w[i])) continue;
          const std::size_t p = stepOf(s, i / 100, i % 100, 100);
          const float zero = steps.zeroPoints.empty() ? 0 : static_cast<float>(steps.zeroPoints[p]);
          const float t = w[i] / steps.steps[p] + zero;
          const float code = std::nearbyint(std::clamp(t, steps.lo, steps.hi));
          QCOMPARE((code - zero) * steps.steps[p], expected[i]);
          const double e = static_cast<double>(expected[i]) - static_cast<double>(w[i]);
          error += e * e;
          clipped += t > steps.hi + 0.5001f || t < steps.lo - 0.5001f ? 1 : 0;
          const bool isInside = t >= steps.lo && t <= steps.hi;
          gradients[p] += 2 * e * static_cast<double>(isInside ? code - t : code - zero);
        }
        const double count = 2099;
        QCOMPARE(steps.count, std::uint64_t(2099));
        QL_NEAR(steps.mse, error / count, 1e-9);
        QL_NEAR(steps.clipFraction, clipped / count, 1e-12);
        double squares = 0;
        for (const double g : gradients) squares += g * g;
        QL_NEAR(*steps.gradientRms, std::sqrt(squares / static_cast<double>(gradients.size())), 1e-4);
        std::int64_t product = 1;
        for (const std::int64_t side : steps.shape) product *= side;
        QCOMPARE(product, static_cast<std::int64_t>(steps.steps.size()));
        QCOMPARE(stepsOf(s, 21, 100, w, 1).steps, steps.steps);
      }
  }

  void handWorkedFigures() {
    // step 4 / sqrt(7) = 1.512: codes 1, -1, 2, -2; nothing beyond 7
    const InitialSteps steps = stepsOf(withInitialRule(scheme("int4"), "lsq", 0), 1, 4, {1, -1, 3, -3});
    const double s = 4 / std::sqrt(7.0);
    QL_NEAR(steps.steps[0], s, 1e-6);
    QL_NEAR(steps.mse, ((s - 1) * (s - 1) + (2 * s - 3) * (2 * s - 3)) / 2, 1e-6);
    QCOMPARE(steps.clipFraction, 0.0);
    QCOMPARE(steps.shape, (std::vector<std::int64_t>{1, 1}));
    QCOMPARE(steps.largestPart, std::int64_t(4));
    QL_NEAR(steps.low, -8 * s, 1e-6);
    QL_NEAR(steps.high, 7 * s, 1e-6);
    QL_NEAR(lsqGradientScale(4, 7), 1 / std::sqrt(28.0), 1e-15);
    QCOMPARE(lsqGradientScale(0, 7), 0.0);
    QL_THROWS(withInitialRule({}, "best", 0), "easyquant");
    QL_THROWS(stepsOf(withInitialRule(scheme("int4:flavour=llm-qat"), "minmax", 0), 1, 2, {1, 2}), "step");
  }

  void activationsHaveStepsWhenStatic() {
    ActivationStats stats;
    stats.width = 4;
    stats.all.tokens = 3;
    stats.all.min = {-1, 0, -2, 0};
    stats.all.max = {1, 4, 2, 8};
    stats.sample.width = 4;
    stats.sample.ids = {1, 2};
    stats.sample.values = {1, 1, -1, 1, 1, 1, 1, -1};
    ActScheme tensor = *parseSpec("w8a8:act=tensor,static").activation;
    std::string rule = "minmax";
    QL_NEAR(initialActivationSteps(tensor, stats, rule, 0).steps[0], 8 / 127.5, 1e-6);
    rule = "lsq";
    const InitialSteps lsq = initialActivationSteps(tensor, stats, rule, 0);
    QL_NEAR(lsq.steps[0], 2 / std::sqrt(127.0), 1e-6);
    QCOMPARE(rule, std::string("lsq"));
    QCOMPARE(lsq.count, std::uint64_t(8));
    rule = "lsq-plus";
    initialActivationSteps(tensor, stats, rule, 0);
    QCOMPARE(rule, std::string("minmax"));
    const ActScheme groups = *parseSpec("w8a8:act=group:2,static,act_asym").activation;
    rule = "lsq";
    const InitialSteps two = initialActivationSteps(groups, stats, rule, 0);
    QCOMPARE(rule, std::string("minmax"));  // lsq is for symmetric codes
    QL_NEAR(two.steps[0], 5 / 255.0, 1e-6);
    QL_NEAR(two.steps[1], 10 / 255.0, 1e-6);
    QCOMPARE(two.zeroPoints.size(), std::size_t(2));
    QL_THROWS(initialActivationSteps(*parseSpec("w8a8").activation, stats, rule, 0), "Dynamic");
  }

  void modelsAreMarkedAndWritten() {
    const auto workspace = Workspace::open(demoModel());
    QuantizationPlan plan = workspace->newPlan(parseSpec("w4a8:group=32"));
    plan.layers["model.layers.0.mlp.down_proj"] = parseSpec("nf4");
    QatRequest request;
    for (LinearId id = 0; id < workspace->model().linears.size(); ++id)
      if (workspace->model().linears[id].block == 0 || workspace->model().linears[id].block == 4)
        request.linears.push_back(id);
    request.rule = "easyquant";
    request.threshold = 0.15;
    JobContext job(2);
    const QatReport report = qatReport(*workspace, plan, request, job);
    QCOMPARE(report.weights.size(), std::size_t(14));
    for (const QatWeight& weight : report.weights) {
      const Linear& linear = workspace->model().linears[weight.id];
      const bool isTable = weight.choice.weight->format == "nf4";
      QCOMPARE(weight.steps.has_value(), !isTable);
      QCOMPARE(weight.note.empty(), !isTable);
      QVERIFY(weight.best && !weight.trials.empty());
      QCOMPARE(weight.figure, std::string("norm_weighted_rel"));  // nothing is calibrated
      for (const QatTrial& trial : weight.trials) QVERIFY(trial.error >= weight.best->error);
      QCOMPARE(weight.isBeyondRepair, weight.best->error > 0.15);
      if (linear.block == 4) QVERIFY(!weight.isBeyondRepair);
    }
    QVERIFY(std::any_of(report.weights.begin(), report.weights.end(),
                        [](const QatWeight& weight) { return weight.isBeyondRepair; }));
    QVERIFY(!report.activations.front().note.empty());
    const TempFolder folder;
    writeQat(report, workspace->model(), folder / "out");
    const auto tensors = openCheckpoint(folder / "out/qat.safetensors");
    const auto scale =
        std::find_if(tensors->tensors().begin(), tensors->tensors().end(),
                     [](const TensorInfo& t) { return t.name == "model.layers.4.mlp.up_proj.weight_scale"; });
    QVERIFY(scale != tensors->tensors().end());
    QCOMPARE(scale->shape, (Shape{512, 8}));
    QVERIFY(std::filesystem::exists(folder / "out/qat.json"));
    request.threshold = -1;
    QL_THROWS(qatReport(*workspace, plan, request, job), "threshold");
  }
};

QTEST_APPLESS_MAIN(TestQat)
#include "tst_qat.moc"
