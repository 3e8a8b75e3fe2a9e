// Plans whose methods look at the whole matrix or at data, on whole models: matrices made once and kept, data
// behind smoothing, errors of one calibration, sequential calibration, errors followed through blocks.
#include "core/base/error.h"
#include "core/evaluate/linear_preview.h"
#include "core/evaluate/scaled_stats.h"
#include "core/jobs/parallel_for.h"
#include "core/planned_inputs.h"
#include "core/planned_source.h"
#include "core/workspace_propagation.h"
#include "core/workspace_sequential.h"
#include "core/workspace_verify_plan.h"
#include "tests/support/compare.h"
#include "tests/support/data.h"

#include <QTemporaryDir>
#include <QTest>

#include <cmath>

using namespace ql;
namespace fs = std::filesystem;

namespace {

const char* const kGptq = "w3a16:group=64,algorithm=gptq";
const char* const kQuery = "model.layers.1.self_attn.q_proj";

TextSource calibrationText() {
  TextSource source;
  source.text = fs::path(test::sourceDirectory()) / "resources/texts/calibration.txt";
  return source;
}

CalibrateOptions shortCalibration(const fs::path& output, std::int64_t tokens = 512) {
  CalibrateOptions options;
  options.source = calibrationText();
  options.windows.maxTokens = tokens;
  options.windows.context = 128;
  options.keepMoments = true;
  options.output = output;
  return options;
}

LinearId linear(const Workspace& workspace, const std::string& name) {
  const auto id = workspace.model().find(name);
  return id ? *id : throw Error(ErrorCode::Usage, name);
}

std::vector<float> rowsOf(const WeightSource& source, const MatrixRef& matrix) {
  std::vector<float> rows(static_cast<std::size_t>(matrix.out * matrix.in));
  source.readRows(matrix, 0, matrix.out, rows);
  return rows;
}

/// The method asked directly, with the site's statistics: the whole matrix.
std::vector<float> direct(Workspace& workspace, LinearId id, const WeightScheme& scheme, JobContext& job) {
  const Linear& layer = workspace.model().linears[id];
  const auto stats = workspace.activations(*layer.site);
  QuantizerInput input;
  input.out = layer.out();
  input.in = layer.in();
  input.source = workspace.weights().get();
  input.matrix = layer.matrix;
  input.activations = stats.get();
  input.job = &job;
  const auto quantizer = makeRowQuantizer(scheme, input);
  const std::vector<float> w = rowsOf(*workspace.weights(), layer.matrix);
  std::vector<float> q(w.size());
  quantizer->apply(0, layer.out(), w, q, {});
  return q;
}

/// Keeps the absmax of a site's input.
struct SiteAbsmax : ForwardHook {
  explicit SiteAbsmax(std::size_t wanted) : site_(wanted) {}
  void site(std::size_t site, const TokenRows& rows, std::span<const float> x, JobContext&) override {
    if (site != site_) return;
    const std::size_t width = x.size() / static_cast<std::size_t>(rows.count());
    absmax.resize(width, 0.0f);
    for (std::size_t i = 0; i < x.size(); ++i)
      absmax[i % width] = std::max(absmax[i % width], std::abs(x[i]));
  }
  std::size_t site_;
  std::vector<float> absmax;
};

double relative(const std::vector<float>& a, const std::vector<float>& b) {
  double error = 0, energy = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    error += std::pow(static_cast<double>(a[i]) - static_cast<double>(b[i]), 2);
    energy += std::pow(static_cast<double>(b[i]), 2);
  }
  return std::sqrt(error / energy);
}

}  // namespace

class TestPlannedMethods : public QObject {
  Q_OBJECT

 private slots:
  void initTestCase() {
    QVERIFY(m_owner.isValid());
    m_folder = m_owner.path().toStdString();
    qputenv("XDG_CACHE_HOME", QByteArray::fromStdString((m_folder / "cache").string()));
    m_file = m_folder / "S.h5";
    JobContext job(2);
    const auto workspace = Workspace::open(test::demoModel());
    workspace->calibrate(shortCalibration(m_file), job);
  }

  void aMatrixIsWhatTheMethodMakesOfIt() {
    const auto workspace = Workspace::open(test::demoModel(), m_file);
    auto& state = WorkspaceAccess::state(*workspace);
    const QuantizationPlan plan = workspace->newPlan(parseSpec(kGptq));
    const LinearId id = linear(*workspace, kQuery);
    const MatrixRef matrix = workspace->model().linears[id].matrix;
    JobContext job(2);
    const std::vector<float> expected = direct(*workspace, id, *parseSpec(kGptq).weight, job);
    for (const int threads : {1, 2, 3}) {
      JobContext own(threads);
      const PlannedSource source(state.source, state.model, plan, own, plannedInputs(state, {}));
      QVERIFY(source.hasPrepared() && source.quantizes(matrix));
      std::vector<float> read(expected.size());
      // from inside tasks, in pieces that no part of the scheme divides
      parallelFor(own, (matrix.out + 6) / 7, [&](std::int64_t piece) {
        const std::int64_t begin = piece * 7, end = std::min(matrix.out, begin + 7);
        source.readRows(matrix, begin, end,
                        std::span(read).subspan(static_cast<std::size_t>(begin * matrix.in),
                                                static_cast<std::size_t>((end - begin) * matrix.in)));
      });
      QCOMPARE(read, expected);
      QCOMPARE(source.repeats(), std::int64_t{0});
    }
  }

  void whatDoesNotFitIsMadeAgain() {
    const auto workspace = Workspace::open(test::demoModel(), m_file);
    auto& state = WorkspaceAccess::state(*workspace);
    JobContext job(2);
    PlannedInputs inputs = plannedInputs(state, {});
    inputs.cacheBytes = 1;
    const PlannedSource source(state.source, state.model, workspace->newPlan(parseSpec(kGptq)), job, inputs);
    const MatrixRef q = workspace->model().linears[linear(*workspace, kQuery)].matrix;
    const MatrixRef v =
        workspace->model().linears[linear(*workspace, "model.layers.1.self_attn.v_proj")].matrix;
    const std::vector<float> first = rowsOf(source, q);
    QVERIFY(!source.rawRows(q, 0, q.out));  // a look ahead prepares nothing
    static_cast<void>(rowsOf(source, v));
    QCOMPARE(rowsOf(source, q), first);
    QCOMPARE(source.repeats(), std::int64_t{1});
    QVERIFY(!source.rawRows(v, 0, 1));
    QCOMPARE(source.repeats(), std::int64_t{2});
  }

  void missingActivationsAreNamed() {
    const auto workspace = Workspace::open(test::demoModel());
    JobContext job(2);
    const QuantizationPlan plan = workspace->newPlan(parseSpec(kGptq));
    VerifyOptions options;
    options.source = calibrationText();
    options.windows.maxTokens = 64;
    QL_THROWS(verifyPlan(*workspace, &plan, options, job), "model.layers.0.self_attn.q_proj");
    QL_THROWS(verifyPlan(*workspace, &plan, options, job), "--keep-moments");
    const LinearId id = linear(*workspace, kQuery);
    const std::vector<Choice> choices{parseSpec(kGptq)};
    QL_THROWS(workspace->measure(std::span(&id, 1), choices, job), kQuery);
  }

  /// A method behind smoothing sees X / S and W S.
  void methodsSeeWhatIsBehindSmoothing() {
    const auto workspace = Workspace::open(test::demoModel(), m_file);
    auto& state = WorkspaceAccess::state(*workspace);
    JobContext job(2);
    const LinearId id = linear(*workspace, kQuery);
    const Linear& layer = workspace->model().linears[id];
    std::vector<float> s(static_cast<std::size_t>(layer.in()));
    for (std::size_t j = 0; j < s.size(); ++j) s[j] = j % 3 == 0 ? 4.0f : 0.5f;
    const SmoothingFactorsByGroup factors{{*layer.smoothingGroup, s}};
    const auto smoothed =
        std::make_shared<const SmoothedSource>(state.source, state.model, state.configJson, factors);
    const PlannedSource source(smoothed, state.model, workspace->newPlan(parseSpec(kGptq)), job,
                               plannedInputs(state, factors));
    const auto stats = scaledStats(*workspace->activations(*layer.site), s);
    QuantizerInput input{layer.out(),  layer.in(), nullptr,     smoothed.get(),
                         layer.matrix, {},         stats.get(), &job};
    const std::vector<float> w = rowsOf(*smoothed, layer.matrix);
    std::vector<float> expected(w.size());
    makeRowQuantizer(*parseSpec(kGptq).weight, input)->apply(0, layer.out(), w, expected, {});
    QCOMPARE(rowsOf(source, layer.matrix), expected);
  }

  void errorsBelongToOneCalibration() {
    JobContext job(2);
    const auto workspace = Workspace::open(test::demoModel(), m_file);
    const LinearId id = linear(*workspace, kQuery);
    const Choice gptq = parseSpec(kGptq), rtn = parseSpec("w3a16:group=64");
    const std::vector<Choice> choices{gptq, rtn};
    workspace->measure(std::span(&id, 1), choices, job);
    const auto before = workspace->errorFigures(id, gptq);
    QVERIFY(before && workspace->errorFigures(id, rtn));
    const auto picture = workspace->picturePyramid(id, gptq.weight, job);
    QCOMPARE(workspace->picturePyramid(id, gptq.weight, job), picture);

    const fs::path other = m_folder / "other.h5";
    workspace->calibrate(shortCalibration(other, 256), job);
    QVERIFY(!workspace->errorFigures(id, gptq));
    QVERIFY(workspace->errorFigures(id, rtn));
    QVERIFY(workspace->picturePyramid(id, gptq.weight, job) != picture);
    workspace->measure(std::span(&id, 1), choices, job);
    QVERIFY(workspace->errorFigures(id, gptq)->weightRelFro != before->weightRelFro);

    AnalyzeOptions options;
    options.output = other;
    options.choices = choices;
    options.linears = {id};
    workspace->analyze(options, job);
    QVERIFY(workspace->errorFigures(id, gptq).has_value());
    const auto reopened = Workspace::open(test::demoModel(), other);
    QVERIFY(reopened->errorFigures(id, rtn) && !reopened->errorFigures(id, gptq));
  }

  void noPreviewsAndNoCurvesOfMethodsThatSeeData() {
    QVERIFY(!LinearPreview::canMeasure(parseSpec(kGptq)));
    QVERIFY(LinearPreview::canMeasure(parseSpec("w3a16:group=64")));
    const auto workspace = Workspace::open(test::demoModel(), m_file);
    JobContext job(2);
    CurveRequest request;
    request.group = *workspace->model().linears[linear(*workspace, kQuery)].smoothingGroup;
    request.choices = {parseSpec(kGptq)};
    QL_THROWS(workspace->smoothingCurve(request, job), "looks at the whole matrix");
    int calls = 0;
    workspace->whatIf(linear(*workspace, kQuery), parseSpec(kGptq), job,
                      [&](const std::shared_ptr<const LayerError>& error) {
                        ++calls;
                        QCOMPARE(error->evidence.kind, Evidence::Kind::Exact);
                      });
    QCOMPARE(calls, 1);
  }

  /// Block 1 was measured on what block 0 leaves when it is quantized with its own statistics.
  void sequentialCalibrationSeesQuantizedBlocks() {
    JobContext job(2);
    const fs::path file = m_folder / "sequential.h5";
    const auto workspace = Workspace::open(test::demoModel());
    const QuantizationPlan plan = workspace->newPlan(parseSpec(kGptq));
    CalibrateOptions options = shortCalibration(file);
    options.keepMoments = false;  // kept all the same
    calibrateSequentially(*workspace, options, plan, {}, job);
    const auto record = workspace->calibrationRecord();
    QVERIFY(record && record->isComplete);
    QVERIFY(record->source.find(kGptq) != std::string::npos);

    const auto opened = Workspace::open(test::demoModel(), file);
    const auto plain = Workspace::open(test::demoModel(), m_file);
    QVERIFY(opened->calibrationRecord()->data != plain->calibrationRecord()->data);
    auto& state = WorkspaceAccess::state(*opened);
    const auto source =
        std::make_shared<PlannedSource>(state.source, state.model, plan, job, plannedInputs(state, {}));
    const auto quantized = state.forwardModel(source), whole = state.forwardModel(state.source);
    std::vector<std::vector<std::int32_t>> windows;
    for (const TokenWindow& w : state.windowsOf(options.source, options.windows, *whole).windows)
      windows.push_back(w.ids);
    HiddenBatch batch = makeBatch(windows, 0);
    whole->embed(batch, job);
    const std::size_t first = *opened->model().linears[linear(*opened, "model.layers.0.mlp.down_proj")].site;
    QCOMPARE(opened->activations(first)->all.absmax, plain->activations(first)->all.absmax);
    quantized->runBlock(0, batch, nullptr, job);
    const std::size_t site = *opened->model().linears[linear(*opened, kQuery)].site;
    SiteAbsmax hook(site);
    whole->runBlock(1, batch, &hook, job);
    const auto stats = opened->activations(site);
    QCOMPARE(stats->all.absmax, hook.absmax);
    QVERIFY(stats->secondMoment != nullptr);
    QVERIFY(stats->all.absmax != plain->activations(site)->all.absmax);
    m_sequential = stats->all.sumSq;
  }

  void sequentialCalibrationContinues() {
    QVERIFY(!m_sequential.empty());
    const fs::path file = m_folder / "continued.h5";
    const auto workspace = Workspace::open(test::demoModel());
    const QuantizationPlan plan = workspace->newPlan(parseSpec(kGptq));
    {
      JobContext job(2);
      QVERIFY_EXCEPTION_THROWN(calibrateSequentially(*workspace, shortCalibration(file), plan, {}, job,
                                                     [&](int block) {
                                                       if (block == 0) job.cancel();
                                                     }),
                               Cancelled);
    }
    JobContext job(2);
    const auto again = Workspace::open(test::demoModel(), file);
    std::vector<int> blocks;
    calibrateSequentially(*again, shortCalibration(file), plan, {}, job,
                          [&](int block) { blocks.push_back(block); });
    QVERIFY(!blocks.empty() && blocks.front() == 1);
    const auto stats = again->activations(*again->model().linears[linear(*again, kQuery)].site);
    QCOMPARE(stats->all.sumSq, m_sequential);
  }

  void sequentialCalibrationIsRefusedCleanly() {
    const auto workspace = Workspace::open(test::demoModel());
    JobContext job(1);
    QL_THROWS(calibrateSequentially(*workspace, shortCalibration({}), workspace->newPlan(Choice{}), {}, job),
              "quantizes no weight");
    QuantizationPlan plan = workspace->newPlan(parseSpec(kGptq));
    PlanSmoothing smoothing;
    smoothing.producer = workspace->model().smoothingGroups.front().producer;
    smoothing.method = "smoothquant";
    smoothing.statistic = "max";
    plan.smoothing = {smoothing};
    QL_THROWS(calibrateSequentially(*workspace, shortCalibration({}), plan, {}, job), "file of factors");
  }

  void errorsGrowThroughBlocks() {
    const auto workspace = Workspace::open(test::demoModel(), m_file);
    auto& state = WorkspaceAccess::state(*workspace);
    JobContext job(2);
    PropagateOptions options;
    options.source = calibrationText();
    options.windows.maxTokens = 128;
    options.windows.context = 64;
    const QuantizationPlan plan = workspace->newPlan(parseSpec(kGptq));
    const Propagation result = propagate(*workspace, plan, options, job);
    QCOMPARE(static_cast<int>(result.blocks.size()), workspace->model().blockCount);
    QCOMPARE(result.blocks[0].isolated, result.blocks[0].accumulated);

    // the same by hand
    const auto plain = state.forwardModel(state.source);
    const auto quantized = state.forwardModel(
        std::make_shared<PlannedSource>(state.source, state.model, plan, job, plannedInputs(state, {})));
    std::vector<std::vector<std::int32_t>> windows;
    for (const TokenWindow& w : state.windowsOf(options.source, options.windows, *plain).windows)
      windows.push_back(w.ids);
    HiddenBatch exact = makeBatch(windows, 0);
    plain->embed(exact, job);
    HiddenBatch changed = exact;
    for (const BlockPropagation& block : result.blocks) {
      HiddenBatch alone = exact;
      const std::vector<float> input = exact.values;
      quantized->runBlock(block.block, alone, nullptr, job);
      quantized->runBlock(block.block, changed, nullptr, job);
      plain->runBlock(block.block, exact, nullptr, job);
      QL_NEAR(*block.isolated, relative(alone.values, exact.values), 1e-9);
      QL_NEAR(*block.accumulated, relative(changed.values, exact.values), 1e-9);
      QL_NEAR(*block.isolatedOfUpdate * relative(input, exact.values), *block.isolated, 1e-9);
      QVERIFY(*block.cosineMin <= *block.cosineMean && *block.cosineMean <= 1);
    }
    // the first linears read the same in both
    QCOMPARE(result.linears.front().isolated, result.linears.front().accumulated);
    QVERIFY(*result.linears.back().accumulated > *result.linears.back().isolated);
    QVERIFY(*result.kl > 0 && *result.topAgreement < 1);

    const Propagation nothing = propagate(*workspace, workspace->newPlan(Choice{}), options, job);
    for (const BlockPropagation& block : nothing.blocks) QCOMPARE(*block.accumulated, 0.0);
    QCOMPARE(*nothing.kl, 0.0);
  }

  void fallbacksAreCounted() {
    const auto lines = fallbackLines({{"a", {"damping", 1}}, {"b", {"damping", 3}}, {"b", {"dead", 1}}});
    QCOMPARE(lines.size(), std::size_t{2});
    QCOMPARE(lines[0], std::string("damping (4 times in 2 layers, most in \"b\")"));
    QCOMPARE(lines[1], std::string("dead (1 time in \"b\")"));
  }

 private:
  QTemporaryDir m_owner;
  fs::path m_folder, m_file;
  std::vector<double> m_sequential;
};

QTEST_GUILESS_MAIN(TestPlannedMethods)
#include "tst_planned_methods.moc"
