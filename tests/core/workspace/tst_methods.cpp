// Methods that decide for many linears, through the door, on the demo model with planted weight outliers:
// their verdicts against measurements of their own, and AdaDim by blocks against forward passes made here.
#include "core/base/error.h"
#include "core/evaluate/adadim_block.h"
#include "core/planned_source.h"
#include "core/workspace_methods.h"
#include "core/workspace_state.h"
#include "tests/support/compare.h"
#include "tests/support/data.h"

#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <cmath>

using namespace ql;
namespace fs = std::filesystem;

namespace {

/// States behind the attention and behind the MLP; the MLP reads `clean` when it is given.
struct States : ForwardHook {
  std::vector<float> attention, mlp;
  const std::vector<float>* clean = nullptr;
  void point(PointId point, const TokenRows&, std::span<float> x, JobContext&) override {
    std::vector<float>& target = point.kind == PointKind::ResidualAfterAttention ? attention : mlp;
    if (point.kind == PointKind::ResidualAfterAttention || point.kind == PointKind::ResidualAfterMlp)
      target.assign(x.begin(), x.end());
    if (point.kind == PointKind::ResidualAfterAttention && clean)
      std::copy(clean->begin(), clean->end(), x.begin());
  }
};

double relative(const std::vector<float>& a, const std::vector<float>& b, const std::vector<float>& output,
                const std::vector<float>& input) {
  double error = 0, energy = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    error += std::pow(static_cast<double>(a[i]) - static_cast<double>(b[i]), 2);
    energy += std::pow(static_cast<double>(output[i]) - static_cast<double>(input[i]), 2);
  }
  return std::sqrt(error / energy);
}

}  // namespace

class TestMethods : public QObject {
  Q_OBJECT

 private slots:
  void initTestCase() {
    QVERIFY(m_owner.isValid());
    const fs::path folder = m_owner.path().toStdString();
    qputenv("XDG_CACHE_HOME", QByteArray::fromStdString((folder / "cache").string()));
    m_workspace = Workspace::open(test::demoModel());
    m_text.text = fs::path(test::sourceDirectory()) / "resources/texts/calibration.txt";
    m_plan = m_workspace->newPlan(parseSpec("w8a8"));
  }

  /// Without data: the norm-weighted error decides, integers and floats by the weights, AdaDim not at all.
  void needsAreToldBeforeCalibration() {
    JobContext job(2);
    AutoRequest adadim;
    adadim.method = AutoMethod::AdaDim;
    adadim.linears = block(0);
    QL_THROWS(decideAutomatically(*m_workspace, m_plan, adadim, job), "calibrate");
    AutoRequest mofq = adadim;
    mofq.method = AutoMethod::Mofq;
    mofq.splitFused = true;
    const AutoReport report = decideAutomatically(*m_workspace, m_plan, mofq, job);
    QCOMPARE(report.decisions.size(), mofq.linears.size());
    for (const AutoDecision& d : report.decisions) {
      QCOMPARE(d.figure, std::string("weight_rel_fro"));
      const Choice integer = parseSpec("int8"), floating = parseSpec("fp8_e4m3");
      QCOMPARE(*d.candidates[0].error, m_workspace->errorFigures(d.id, integer)->weightRelFro);
      QCOMPARE(*d.candidates[1].error, m_workspace->errorFigures(d.id, floating)->weightRelFro);
      QCOMPARE(*d.verdict == 1, *d.candidates[1].error < *d.candidates[0].error);
      QCOMPARE(specText(d.after), std::string(*d.verdict == 1 ? "fp8_e4m3/fp8_e4m3" : "w8a8"));
      QVERIFY(!d.evidence.method.empty());
    }
    // the planted outliers make rows heavy-tailed; o_proj has none
    QVERIFY(decisionOf(report, "model.layers.0.self_attn.q_proj").outcome == AutoOutcome::Changed);
    QVERIFY(decisionOf(report, "model.layers.0.self_attn.o_proj").outcome == AutoOutcome::Kept);
    mofq.loss = MofqLoss::Wa;
    QL_THROWS(decideAutomatically(*m_workspace, m_plan, mofq, job), "calibrate");
    AutoRequest fewest;
    fewest.linears = block(0);
    const AutoReport few = decideAutomatically(*m_workspace, m_plan, fewest, job);
    QCOMPARE(decisionOf(few, "model.layers.0.self_attn.q_proj").figure, std::string("norm_weighted_rel"));
  }

  void optionsAreChecked() {
    JobContext job(2);
    AutoRequest request;
    request.target = 0;
    QL_THROWS(decideAutomatically(*m_workspace, m_plan, request, job), "target");
    request.target = 0.02;
    request.groupSizes.clear();
    QL_THROWS(decideAutomatically(*m_workspace, m_plan, request, job), "group size");
    request.method = AutoMethod::AdaDim;
    request.isBlockLoss = true;
    QL_THROWS(decideAutomatically(*m_workspace, m_plan, request, job), "--text");
    const QuantizationPlan stored = m_workspace->newPlan(parseSpec("bf16"));
    QL_THROWS(decideAutomatically(*m_workspace, stored, {}, job), "as stored");
    for (const AutoMethod method : autoMethods())
      QVERIFY(autoMethodFromName(autoMethodName(method)) == method && !autoMethodSource(method).empty());
  }

  void calibrates() {
    JobContext job(2);
    CalibrateOptions options;
    options.source = m_text;
    options.windows.maxTokens = 1024;
    options.output = fs::path(m_owner.path().toStdString()) / "S.h5";
    m_workspace->calibrate(options, job);
  }

  /// Every decision against the figures measured for it, and the plan afterwards.
  void fewestLayersReachTheTarget() {
    JobContext job(2);
    AutoRequest request;
    request.linears = block(1);
    for (const LinearId id : block(4)) request.linears.push_back(id);
    // between the least and the largest error of healthy layers, so that some can be brought under it
    request.target = 0.02;
    const AutoReport report = decideAutomatically(*m_workspace, m_plan, request, job);
    const EditResult made = applyDecisions(m_plan, m_workspace->model(), report.decisions);
    QCOMPARE(made.changed.size(), report.changes());
    QVERIFY(report.count(AutoOutcome::Changed) > 0 && report.count(AutoOutcome::OutOfReach) > 0);
    for (const AutoDecision& d : report.decisions) {
      const std::string& name = m_workspace->model().linears[d.id].name;
      const double before = *m_workspace->outputError(d.id, d.before)->wa;
      QCOMPARE(*d.error, before);
      const Choice after = made.plan.choiceFor(name);
      QVERIFY(after == d.after);
      const double now = *m_workspace->outputError(d.id, after)->wa;
      QCOMPARE(d.outcome == AutoOutcome::OutOfReach, now > request.target);
      if (before <= request.target) QVERIFY(after == d.before);  // nothing fused here comes along
      if (d.outcome != AutoOutcome::Changed) continue;
      // no cheaper candidate would do
      for (std::size_t c = 0; c < *d.verdict; ++c) QVERIFY(*d.candidates[c].error > request.target);
    }
  }

  void fusedAndLockedLinearsAreRespected() {
    JobContext job(2);
    AutoRequest request;
    request.method = AutoMethod::Mofq;
    request.loss = MofqLoss::Output;
    request.linears = {idOf("model.layers.1.self_attn.q_proj")};  // k and v come along
    const AutoReport report = decideAutomatically(*m_workspace, m_plan, request, job);
    QCOMPARE(report.decisions.size(), std::size_t(3));
    for (const AutoDecision& d : report.decisions) {
      QCOMPARE(d.figure, std::string("output_rel_w"));
      QCOMPARE(d.after.weight->format, report.decisions[0].after.weight->format);
    }
    QuantizationPlan locked = m_plan;
    locked.locks.insert("model.layers.1.self_attn.v_proj");
    const AutoReport held = decideAutomatically(*m_workspace, locked, request, job);
    QCOMPARE(held.count(AutoOutcome::Locked), std::size_t(3));
    QVERIFY(applyDecisions(locked, m_workspace->model(), held.decisions).plan == locked);
  }

  void adaDimFindsThePlantedColumns() {
    JobContext job(2);
    AutoRequest request;
    request.method = AutoMethod::AdaDim;
    request.linears = block(0);
    const AutoReport report = decideAutomatically(*m_workspace, m_plan, request, job);
    for (const AutoDecision& d : report.decisions) {
      QCOMPARE(*d.candidates[0].error, *m_workspace->outputError(d.id, parseSpec("int8"))->w);
      QCOMPARE(*d.verdict == 1, *d.candidates[1].error < *d.candidates[0].error);
    }
    const AutoDecision& q = decisionOf(report, "model.layers.0.self_attn.q_proj");
    QVERIFY(*q.candidates[0].error > 0.5 && *q.candidates[1].error < 0.02);
    QCOMPARE(specText(q.after), std::string("w8a8:input_channel"));
  }

  /// The same by hand: q, then k behind the winner of q, then v; up behind the winner of gate.
  void adaDimByBlocksIsThatOfForwardPasses() {
    JobContext job(2);
    AutoRequest request;
    request.method = AutoMethod::AdaDim;
    request.isBlockLoss = true;
    request.text = m_text;
    request.windows = {64, 128, WindowProtocol::Full};
    request.linears = block(1);
    m_plan.defaultChoice = parseSpec("int4:group=32");
    const AutoReport report = decideAutomatically(*m_workspace, m_plan, request, job);

    auto& state = WorkspaceAccess::state(*m_workspace);
    const auto plain = state.forwardModel(state.source);
    std::vector<std::vector<std::int32_t>> windows;
    for (const TokenWindow& w : state.windowsOf(request.text, request.windows, *plain).windows)
      windows.push_back(w.ids);
    HiddenBatch batch = makeBatch(windows, 0);
    plain->embed(batch, job);
    plain->runBlock(0, batch, nullptr, job);
    const HiddenBatch begin = batch;
    States clean;
    plain->runBlock(1, batch, &clean, job);

    QuantizationPlan chosen = m_workspace->newPlan(Choice{});  // everything as stored
    const auto pass = [&](const QuantizationPlan& plan) {
      const auto forward =
          state.forwardModel(std::make_shared<PlannedSource>(state.source, m_workspace->model(), plan, job));
      HiddenBatch scratch = begin;
      States states;
      states.clean = &clean.attention;
      forward->runBlock(1, scratch, &states, job);
      return states;
    };
    for (const char* role :
         {"self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "mlp.gate_proj", "mlp.up_proj"}) {
      const std::string name = std::string("model.layers.1.") + role;
      const AutoDecision& d = decisionOf(report, name);
      QCOMPARE(d.figure, std::string("block_output_rel"));
      const bool isAttention = name.find("self_attn") != std::string::npos;
      const States reference = pass(chosen);
      double errors[2];
      for (std::size_t side = 0; side < 2; ++side) {
        QuantizationPlan tried = chosen;
        tried.layers[name] = d.candidates[side].choice;
        const States states = pass(tried);
        errors[side] = isAttention
                           ? relative(states.attention, reference.attention, clean.attention, begin.values)
                           : relative(states.mlp, reference.mlp, clean.mlp, clean.attention);
        QL_NEAR(*d.candidates[side].error, errors[side], 1e-6);
      }
      QCOMPARE(*d.verdict, std::size_t(errors[1] < errors[0] ? 1 : 0));
      chosen.layers[name] = d.candidates[*d.verdict].choice;
      QVERIFY(d.evidence.n == 128 && d.evidence.data.has_value());
    }
    QCOMPARE(decisionOf(report, "model.layers.1.self_attn.o_proj").figure, std::string("output_rel_w"));
  }

  void cancelledIsCancelled() {
    JobContext job(1);
    job.cancel();
    AutoRequest request;
    request.groupSizes = {8};
    QVERIFY_EXCEPTION_THROWN(decideAutomatically(*m_workspace, m_plan, request, job), Cancelled);
  }

 private:
  LinearId idOf(const std::string& name) const { return *m_workspace->model().find(name); }
  std::vector<LinearId> block(int number) const {
    std::vector<LinearId> ids;
    for (LinearId id = 0; id < m_workspace->model().linears.size(); ++id)
      if (m_workspace->model().linears[id].block == number) ids.push_back(id);
    return ids;
  }
  const AutoDecision& decisionOf(const AutoReport& report, const std::string& name) const {
    const LinearId id = idOf(name);
    return *std::find_if(report.decisions.begin(), report.decisions.end(),
                         [id](const AutoDecision& d) { return d.id == id; });
  }

  QTemporaryDir m_owner;
  std::shared_ptr<Workspace> m_workspace;
  QuantizationPlan m_plan;
  TextSource m_text;
};

QTEST_APPLESS_MAIN(TestMethods)
#include "tst_methods.moc"
