// What smoothing is said to buy, against torch (perplexities of the demo models on the first windows of the
// held-out text), against slow sums in double precision, and against the checkpoint that apply() writes.
#include "core/smoothing_report.h"

#include "core/applied_checkpoint.h"
#include "core/base/error.h"
#include "core/demo.h"
#include "core/smooth/factors_file.h"
#include "core/workspace.h"
#include "tests/support/compare.h"
#include "tests/support/data.h"
#include "tests/support/fast_folder.h"
#include "tests/support/temp_folder.h"

#include <QTemporaryDir>
#include <QTest>

#include <nlohmann/json.hpp>

#include <cmath>
#include <fstream>

using namespace ql;
namespace fs = std::filesystem;
using Json = nlohmann::json;

namespace {

fs::path resource(const char* name) {
  return fs::path(test::sourceDirectory()) / "resources" / name;
}

VerifyOptions heldOut(std::int64_t windows, const fs::path& planFolder = {}) {
  VerifyOptions options;
  options.source.text = resource("texts/heldout.txt");
  options.windows.maxTokens = 256 * windows;
  options.withReference = false;
  options.planFolder = planFolder;
  return options;
}

/// Behind norms only, as SmoothQuant smooths.
std::vector<std::size_t> normGroups(const Model& model) {
  LinearFilter filter;
  filter.roles = parseRoles("q,k,v,gate,up");
  return smoothingGroupsOf(model, selectLinears(model, filter));
}

QuantizationPlan planWith(const Workspace& workspace, const SmoothingReport& report, const Choice& choice,
                          const fs::path& file) {
  NamedFactors factors;
  for (const GroupSmoothing& group : report.groups) factors[group.producer] = group.factors.s;
  writeFactorsFile(file, factors, {});
  return withSmoothing(workspace.newPlan(choice), report, file.filename().string());
}

}  // namespace

class TestSmoothingReport : public QObject {
  Q_OBJECT

 private slots:
  void initTestCase() {
    QVERIFY(m_owner.isValid());
    qputenv("XDG_CACHE_HOME", m_owner.path().toUtf8() + "/cache");
    qputenv("XDG_DATA_HOME", m_owner.path().toUtf8() + "/data");
    std::ifstream stream(test::dataFile("reference/smoothing-24-windows.json"));
    m_reference = Json::parse(stream);
    m_workspace = calibrated("demo-llama-weight-outliers");
  }

  /// W8A8 behind SmoothQuant and bi-smoothing. Factors come from a quarter of the calibration text that torch
  /// had; figures may differ by 0.2 % all the same, where plain W8A8 is off by 14 %.
  void perplexitiesAreTorchs_data() {
    QTest::addColumn<QString>("method");
    QTest::addColumn<double>("alpha");
    QTest::addColumn<QString>("key");
    QTest::newRow("0.5") << QStringLiteral("smoothquant") << 0.5 << QStringLiteral("smoothquant_0.5");
    QTest::newRow("0.8") << QStringLiteral("smoothquant") << 0.8 << QStringLiteral("smoothquant_0.8");
    QTest::newRow("median") << QStringLiteral("bismooth") << 0.5 << QStringLiteral("bismooth_median");
  }
  void perplexitiesAreTorchs() {
    QFETCH(QString, method);
    QFETCH(double, alpha);
    QFETCH(QString, key);
    const test::TempFolder folder;
    JobContext job;
    SmoothingReportRequest request;
    request.groups = normGroups(m_workspace->model());
    request.options.method = method.toStdString();
    request.options.statistic.clear();
    request.options.alpha = alpha;
    request.choice = parseSpec("w8a8:flavour=smoothquant");
    const SmoothingReport report = m_workspace->smoothingReport(request, job);
    QCOMPARE(report.usableCount(), std::size_t{12});
    for (const GroupSmoothing& group : report.groups) {
      QVERIFY(*group.after->wa < 0.02 && *group.after->wa < *group.before->wa * 1.1);
      QVERIFY(group.residual->exact < 1e-6 && group.residual->exact > 0);
      QVERIFY(*group.residual->rounded < 4e-3 && *group.residual->rounded > 1e-4);
      QVERIFY(*group.residual->producer < 4e-3);
    }
    const QuantizationPlan plan = planWith(*m_workspace, report, request.choice, folder / "f.safetensors");
    const double found = m_workspace->verify(&plan, heldOut(24, folder.path()), job).result.perplexity;
    const double expected =
        m_reference.at("models").at("demo-llama-weight-outliers").at(key.toStdString()).at("w8a8");
    QVERIFY2(std::abs(found / expected - 1) < 0.002,
             qPrintable(QStringLiteral("%1, torch has %2").arg(found, 0, 'g', 8).arg(expected, 0, 'g', 8)));
  }

  /// With powers of two the written checkpoint is the plan's model to the last bit; else to BF16's rounding.
  void writtenCheckpointRunsAsThePlan_data() {
    QTest::addColumn<bool>("isExact");
    QTest::newRow("powers of two") << true;
    QTest::newRow("any factor") << false;
  }
  void writtenCheckpointRunsAsThePlan() {
    QFETCH(bool, isExact);
    const test::TempFolder folder;
    JobContext job;
    SmoothingReportRequest request;
    request.options.powersOfTwo = isExact;
    request.choice = parseSpec("w8a8");
    const SmoothingReport report = m_workspace->smoothingReport(request, job);
    QCOMPARE(report.usableCount(), std::size_t{24});
    for (const GroupSmoothing& group : report.groups) QCOMPARE(*group.residual->rounded == 0, isExact);
    const QuantizationPlan plan = planWith(*m_workspace, report, request.choice, folder / "f.safetensors");
    ApplyOptions options;
    options.output = folder / "out";
    options.planFolder = folder.path();
    const ApplyReport applied = m_workspace->apply(plan, options, job);
    QCOMPARE(applied.isExact(), isExact);
    const double planned = m_workspace->verify(&plan, heldOut(4, folder.path()), job).result.nll;
    const auto written = Workspace::open(folder / "out");
    const QuantizationPlan plain = written->newPlan(request.choice);
    const double ran = written->verify(&plain, heldOut(4), job).result.nll;
    if (isExact)
      QCOMPARE(ran, planned);
    else
      QL_NEAR(ran, planned, 1e-3);
    QVERIFY(ran != m_workspace->verify(&plain, heldOut(4), job).result.nll);
  }

  /// The joint error of q, k and v against sums in double precision, S folded in by hand.
  void jointErrorIsThatOfAllReaders() {
    JobContext job;
    SmoothingReportRequest request;
    request.groups = {normGroups(m_workspace->model()).front()};
    request.choice = parseSpec("int8:flavour=smoothquant");
    const GroupSmoothing group = m_workspace->smoothingReport(request, job).groups.front();
    const Model& model = m_workspace->model();
    const std::vector<float>& s = group.factors.s;
    double error = 0, energy = 0;
    for (const std::string& name : group.readers) {
      const Linear& linear = model.linears[*model.find(name)];
      const auto stats = m_workspace->activations(*linear.site);
      std::vector<float> w(s.size());
      for (std::int64_t row = 0; row < linear.out(); ++row) {
        m_workspace->weights()->readRows(linear.matrix, row, row + 1, w);
        float largest = 0;
        for (std::size_t j = 0; j < s.size(); ++j) largest = std::max(largest, std::abs(w[j] * s[j]));
        const float step = largest / 127;
        for (std::int64_t t = 0; t < stats->sample.count(); ++t) {
          double y = 0, q = 0;
          for (std::size_t j = 0; j < s.size(); ++j) {
            const double x = static_cast<double>(stats->sample.row(t)[j]);
            y += x * static_cast<double>(w[j]);
            q += x / static_cast<double>(s[j]) *
                 static_cast<double>(std::nearbyint(w[j] * s[j] / step) * step);
          }
          error += (q - y) * (q - y), energy += y * y;
        }
      }
    }
    QL_NEAR(*group.after->w, std::sqrt(error / energy), 1e-4);
    QCOMPARE(*group.after->wa, *group.after->w);  // activations stay as they are
    QCOMPARE(*group.after->a, 0.0);
  }

  void searchTakesTheLeastError() {
    JobContext job;
    SmoothingReportRequest request;
    request.groups = {normGroups(m_workspace->model()).front()};
    request.isSearch = true;
    request.choice = parseSpec("w8a8");
    const GroupSmoothing group = m_workspace->smoothingReport(request, job).groups.front();
    QCOMPARE(group.curve.size(), std::size_t{21});
    QCOMPARE(group.curve.back().alpha, 1.0);
    for (const AlphaError& point : group.curve) {
      QVERIFY(*point.error.wa >= *group.after->wa);
      if (point.alpha == group.alpha) QCOMPARE(*point.error.wa, *group.after->wa);
    }
    QVERIFY(*group.after->wa < *group.before->wa / 20);
  }

  void whatStandsInTheWayIsSaid() {
    JobContext job;
    SmoothingReportRequest request;
    request.choice = parseSpec("w8a8");
    request.groups = {normGroups(m_workspace->model()).front()};
    request.locks = {
        m_workspace->model()
            .linears[m_workspace->model().smoothingGroups[request.groups.front()].consumers.front()]
            .name};
    QVERIFY(m_workspace->smoothingReport(request, job).groups[0].problem.find("locked") != std::string::npos);
    request.locks.clear();
    request.options.method = "bismooth";
    request.options.statistic = "max";
    request.options.options["data_free"] = true;
    const GroupSmoothing free = m_workspace->smoothingReport(request, job).groups[0];
    QVERIFY(free.problem.empty() && *free.after->wa < *free.before->wa / 5);
    request.options.options.clear();
    request.options.alpha = 2;
    QL_THROWS(m_workspace->smoothingReport(request, job), "alpha");
  }

 private:
  static std::shared_ptr<Workspace> calibrated(const char* model) {
    const auto workspace = Workspace::open(prepareDemo(model, resource("")));
    CalibrateOptions options;
    options.source.text = resource("texts/calibration.txt");
    options.windows.maxTokens = 8192;
    JobContext job;
    workspace->calibrate(options, job);
    return workspace;
  }

  QTemporaryDir m_owner{test::fastFolderTemplate()};
  Json m_reference;
  std::shared_ptr<Workspace> m_workspace;
};

QTEST_GUILESS_MAIN(TestSmoothingReport)
#include "tst_smoothing_report.moc"
