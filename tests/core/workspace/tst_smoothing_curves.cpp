// Curves over alpha through the door, on the demo model with planted weight outliers: optimum, cache, and the
// remedies they give to findings.
#include "core/base/error.h"
#include "core/workspace.h"
#include "core/workspace_smoothing.h"
#include "tests/support/compare.h"
#include "tests/support/data.h"

#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <cmath>

using namespace ql;
namespace fs = std::filesystem;

class TestSmoothingCurves : public QObject {
  Q_OBJECT

 private slots:
  void initTestCase() {
    QVERIFY(m_owner.isValid());
    m_folder = m_owner.path().toStdString();
    qputenv("XDG_CACHE_HOME", QByteArray::fromStdString((m_folder / "cache").string()));
    m_workspace = Workspace::open(test::demoModel());
    const std::vector<SmoothingGroup>& groups = m_workspace->model().smoothingGroups;
    const auto query = m_workspace->model().find("model.layers.0.self_attn.q_proj");
    QVERIFY(query.has_value());
    const auto found = std::find_if(groups.begin(), groups.end(), [&](const SmoothingGroup& group) {
      return std::find(group.consumers.begin(), group.consumers.end(), *query) != group.consumers.end();
    });
    QVERIFY(found != groups.end());
    m_query = *query;
    m_request.group = static_cast<std::size_t>(found - groups.begin());
    m_request.choices = {parseSpec("w8a8")};
    m_request.curve.smoothing.method = "bismooth";
    m_request.curve.smoothing.statistic = "median";
    JobContext job(2);
    QL_THROWS(m_workspace->smoothingCurve(m_request, job), "calibrate");
    CalibrateOptions options;
    options.source.text = fs::path(test::sourceDirectory()) / "resources/texts/calibration.txt";
    options.windows.maxTokens = 1024;
    options.output = m_folder / "S.h5";
    m_workspace->calibrate(options, job);
  }

  /// The figures of the pictures: 87 % without smoothing, 0.865 % at the optimum of bi-smoothing by medians.
  void smoothingRepairsThePlantedGroup() {
    QVERIFY(!m_workspace->knownSmoothingCurve(m_request));
    JobContext job(2);
    std::size_t told = 0;
    const auto curve = m_workspace->smoothingCurve(m_request, job, [&](const SmoothingCurve&) { ++told; });
    QVERIFY(told > 40);  // each point, then each with its parts
    QVERIFY(curve->isComplete);
    QVERIFY(*curve->none.error.together.wa > 0.8);
    const SmoothingPoint& best = *curve->best();
    QVERIFY2(*best.error.together.wa > 0.007 && *best.error.together.wa < 0.01,
             qPrintable(QString::number(*best.error.together.wa)));
    QVERIFY(best.alpha > 0.2 && best.alpha < 0.7);
    QVERIFY(*best.error.together.w < *best.error.together.wa);
    QVERIFY(*best.error.together.a < *best.error.together.wa);
    QCOMPARE(best.error.readers.size(), std::size_t{3});
    QCOMPARE(curve->evidence.n, std::int64_t{256});
    qInfo("none %.4f, best %.5f at alpha %.2f", *curve->none.error.together.wa, *best.error.together.wa,
          best.alpha);
  }

  void curvesAreKept() {
    JobContext job(2);
    const auto curve = m_workspace->smoothingCurve(m_request, job);
    QCOMPARE(m_workspace->knownSmoothingCurve(m_request), curve);
    CurveRequest max = m_request, smoothQuant = m_request, wider = m_request;
    max.curve.smoothing.statistic = "max";
    smoothQuant.curve.smoothing = {};
    QCOMPARE(m_workspace->smoothingCurve(max, job), m_workspace->smoothingCurve(smoothQuant, job));
    wider.choices = {parseSpec("w4a16")};
    QVERIFY(!m_workspace->knownSmoothingCurve(wider));
    wider.choices = std::vector<Choice>(2, parseSpec("w8a8"));
    QL_THROWS(m_workspace->smoothingCurve(wider, job), "2 choices");
  }

  void onePointIsThatOfTheCurve() {
    JobContext job(2);
    const auto curve = m_workspace->smoothingCurve(m_request, job);
    CurveRequest request = m_request;
    request.curve.smoothing.alpha = curve->grid[7].alpha;
    for (const std::uint64_t bytes : {std::uint64_t{1} << 30, std::uint64_t{0}}) {
      m_workspace->setResidentBytes(bytes);
      const SmoothingPoint point = m_workspace->smoothedFigures(request, job);
      QCOMPARE(*point.error.together.wa, *curve->grid[7].error.together.wa);
      QCOMPARE(*point.error.together.w, *curve->grid[7].error.together.w);
      QCOMPARE(*point.error.together.a, *curve->grid[7].error.together.a);
    }
    m_workspace->setResidentBytes(std::uint64_t{1} << 30);
  }

  /// Pieces for a slider: the same figures by other ways.
  void piecesAgreeWithFigures() {
    JobContext job(2);
    const auto curve = m_workspace->smoothingCurve(m_request, job);
    const SmoothingPoint none = unsmoothedFigures(*m_workspace, m_request, job);
    QCOMPARE(*none.error.together.wa, *curve->none.error.together.wa);
    QVERIFY(none.error.together.w && none.error.together.a);
    CurveRequest request = m_request;
    request.curve.smoothing.alpha = 0.45;
    const SmoothingPoint point = m_workspace->smoothedFigures(request, job);
    const Model& model = m_workspace->model();
    const PlanSmoothing entry = planSmoothing(model, m_request.group, request.curve.smoothing);
    QCOMPARE(entry.consumers.size(), std::size_t{3});
    const PlannedFigures planned =
        plannedFigures(*m_workspace, entry, m_request.group, {}, m_request.choices, job);
    QCOMPARE(*planned.point.error.together.wa, *point.error.together.wa);
    QCOMPARE(*planned.point.error.readers[1].w, *point.error.readers[1].w);
    QCOMPARE(planned.evidence.n, std::int64_t{256});
    // with powers of two the file's BF16 holds what was folded, and the error is that of rounded factors
    const FoldCosts costs = foldCosts(*m_workspace, request, job);
    QVERIFY(costs.plain.exact < 1e-5);
    QVERIFY(*costs.plain.rounded > 1e-4 && *costs.plain.rounded < 0.01);
    QCOMPARE(*costs.powersOfTwo.rounded, 0.0);
    request.curve.smoothing.powersOfTwo = true;
    QCOMPARE(*costs.powersOfTwoError, *m_workspace->smoothedFigures(request, job).error.together.wa);
    QVERIFY(*costs.powersOfTwoError != *point.error.together.wa);
  }

  /// What apply and perplexity run: the norm of the planned model is divided by the factors of the variant.
  void plansKeepTheVariant_data() {
    QTest::addColumn<QString>("variant");
    for (const char* name : {"plain", "pow2", "llm-compressor", "data-free"})
      QTest::newRow(name) << QString::fromLatin1(name);
  }
  void plansKeepTheVariant() {
    QFETCH(QString, variant);
    JobContext job(2);
    const Model& model = m_workspace->model();
    SmoothingOptions options;
    options.alpha = 0.3;
    options.method = variant == QStringLiteral("data-free") ? "bismooth" : "smoothquant";
    options.powersOfTwo = variant == QStringLiteral("pow2");
    if (variant == QStringLiteral("data-free")) options.options["data_free"] = true;
    if (variant == QStringLiteral("llm-compressor"))
      options.options["formula"] = std::string("llm-compressor");
    QuantizationPlan plan = m_workspace->newPlan({});
    plan.smoothing.push_back(planSmoothing(model, m_request.group, options));
    QVERIFY(planSmoothing(model, m_request.group, smoothingOptions(plan.smoothing.front())) ==
            plan.smoothing.front());
    plan = parsePlan(planJson(plan), "test");  // as a file does
    const GroupEvidence evidence = groupEvidence(*m_workspace, m_request.group, job);
    const std::vector<float> s = groupFactors(evidence.input, evidence.target, options).s;
    const std::string& norm = evidence.target.producer;
    const std::vector<float> before = m_workspace->weights()->readVector(norm);
    const std::vector<float> after = m_workspace->plannedSource(plan, {}, job)->readVector(norm);
    QCOMPARE(after.size(), s.size());
    for (std::size_t j = 0; j < s.size(); ++j) QCOMPARE(after[j], before[j] / s[j]);
    SmoothingOptions plain;
    plain.alpha = 0.3;
    const bool isPlain = variant == QStringLiteral("plain");
    QCOMPARE(groupFactors(evidence.input, evidence.target, plain).s == s, isPlain);
  }

  void planChoicesOfAGroup() {
    QuantizationPlan plan = m_workspace->newPlan(parseSpec("w8a8"));
    plan.layers["model.layers.0.self_attn.k_proj"] = parseSpec("w4a16");
    const std::vector<Choice> choices = m_workspace->groupChoices(plan, m_request.group);
    QCOMPARE(choices.size(), std::size_t{3});
    QCOMPARE(std::count(choices.begin(), choices.end(), parseSpec("w4a16")), std::ptrdiff_t{1});
  }

  void findingsOfferSmoothing() {
    JobContext job(2);
    const std::vector<Finding> findings = m_workspace->diagnose({}, job);
    const std::string& name = m_workspace->model().linears[m_query].name;
    const auto finding =
        std::find_if(findings.begin(), findings.end(), [&](const Finding& f) { return f.layer == name; });
    QVERIFY(finding != findings.end());
    QCOMPARE(finding->code, std::string("weight_outlier_columns"));
    const auto place = static_cast<std::size_t>(std::get<std::int64_t>(finding->values.at("recommended")));
    const Remedy& recommended = finding->remedies.at(place);
    QVERIFY(recommended.smoothing.has_value());
    QCOMPARE(recommended.choice, Choice(parseSpec("w8a8")));  // it stays per channel
    QCOMPARE(recommended.figure, std::string("output_rel_wa"));
    QVERIFY(recommended.before > 0.8 && recommended.after < 0.012);
    std::set<std::string> methods;
    for (const Remedy& remedy : finding->remedies)
      if (remedy.smoothing) methods.insert(remedy.smoothing->method + " " + remedy.smoothing->statistic);
    QCOMPARE(methods, (std::set<std::string>{"bismooth median", "smoothquant max"}));
    // readers of one group are told the same
    for (const Finding& other : findings) {
      const auto reader = m_workspace->model().find(other.layer);
      const auto& readers = m_workspace->model().smoothingGroups[m_request.group].consumers;
      if (std::find(readers.begin(), readers.end(), *reader) == readers.end()) continue;
      const auto index = static_cast<std::size_t>(std::get<std::int64_t>(other.values.at("recommended")));
      QVERIFY(other.remedies.at(index).smoothing == recommended.smoothing);
    }
    // what was measured stays known without a job
    const std::vector<Finding> again = m_workspace->findings(m_query, {});
    QVERIFY(!again.empty());
    QVERIFY(std::any_of(again.front().remedies.begin(), again.front().remedies.end(),
                        [](const Remedy& remedy) { return remedy.smoothing.has_value(); }));
  }

 private:
  QTemporaryDir m_owner;
  fs::path m_folder;
  std::shared_ptr<Workspace> m_workspace;
  LinearId m_query = 0;
  CurveRequest m_request;
};

QTEST_GUILESS_MAIN(TestSmoothingCurves)
#include "tst_smoothing_curves.moc"
