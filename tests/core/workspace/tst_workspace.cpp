#include "core/workspace.h"

#include "core/base/error.h"
#include "core/demo.h"
#include "core/store/statistics_file.h"
#include "tests/support/compare.h"
#include "tests/support/data.h"
#include "tests/support/fast_folder.h"

#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <mutex>
#include <set>

using namespace ql;
namespace fs = std::filesystem;

namespace {

std::string contentOf(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::vector<LinearId> quantizable(const Model& model) {
  return selectLinears(model, {});
}

/// The twelve linears that planted.json names (q, k, v of blocks 0 and 1, gate and up of blocks 0 to 2).
std::set<std::string> plantedLinears() {
  std::set<std::string> names;
  for (const char* block : {"0", "1"})
    for (const char* linear : {"self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"})
      names.insert(std::string("model.layers.") + block + "." + linear);
  for (const char* block : {"0", "1", "2"})
    for (const char* linear : {"mlp.gate_proj", "mlp.up_proj"})
      names.insert(std::string("model.layers.") + block + "." + linear);
  return names;
}

std::set<std::string> layersWith(const std::vector<Finding>& findings, const std::string& code) {
  std::set<std::string> names;
  for (const Finding& finding : findings)
    if (finding.code == code) names.insert(finding.layer);
  return names;
}

DiagnosisOptions diagnosis() {
  DiagnosisOptions options;
  options.choice = defaultChoice();
  return options;
}

}  // namespace

class TestWorkspace : public QObject {
  Q_OBJECT
  QTemporaryDir m_folder{test::fastFolderTemplate()};
  int m_count = 0;

  fs::path folder() const { return fs::path(m_folder.path().toStdString()); }
  /// A fresh cache for every test, so that none sees the results of another.
  fs::path freshCache() {
    const fs::path cache = folder() / ("cache" + std::to_string(m_count++));
    qputenv("XDG_CACHE_HOME", QByteArray::fromStdString(cache.string()));
    return cache;
  }
  static std::shared_ptr<Workspace> analyzed(const fs::path& path, const fs::path& output = {}) {
    auto workspace = Workspace::open(path);
    JobContext job(2);
    AnalyzeOptions options;
    options.output = output;
    workspace->analyze(options, job);
    return workspace;
  }
  /// A copy of the demo model in a folder of its own.
  fs::path modelCopy(const std::string& name) const {
    const fs::path copy = folder() / name;
    fs::remove_all(copy);
    fs::copy(test::demoModel(), copy);
    fs::permissions(copy / "model.safetensors", fs::perms::owner_all);
    return copy;
  }
  static void compareResults(const Workspace& a, const Workspace& b);

 private slots:
  void initTestCase() {
    qputenv("XDG_DATA_HOME", (m_folder.path() + "/data").toUtf8());
    qunsetenv("QUANTLOUPE_RESOURCES");
  }
  void init() { freshCache(); }
  void nothingIsMeasuredAtFirst();
  void analysisFillsEverything();
  void resultsAreThereAfterReopening();
  void statisticsFileAloneIsEnough();
  void changedCheckpointIsNoticed();
  void statisticsOfAnotherModelAreIgnored();
  void interruptedRunContinuesToTheSameBytes();
  void finishedAnalysisIsNotRepeated();
  void unwritableCacheKeepsResultsInMemory();
  void unwritableOutputIsAnError();
  void measureFindsWhatIsMissing();
  void activationsDoNotChangeWeightErrors();
  void whatIfEndsExact();
  void diagnosisFindsThePlantedLinears();
  void diagnosisOfTheSiblings();
  void findingsNeverReadWeights();
  void picturesShowTheOutliers();
  void scanCountsTensors();
  void damagedCacheIsAWarning();
  void missingModelIsNamed();
};

void TestWorkspace::compareResults(const Workspace& a, const Workspace& b) {
  QCOMPARE(a.model().linears.size(), b.model().linears.size());
  QCOMPARE(a.measuredCount(), b.measuredCount());
  for (LinearId id = 0; id < a.model().linears.size(); ++id) {
    const auto x = a.weightStats(id), y = b.weightStats(id);
    QVERIFY(x && y);
    QVERIFY(toDataTree(*x) == toDataTree(*y));
    QCOMPARE(a.gain(id), b.gain(id));
    QCOMPARE(a.weightSummary(id)->kurtosis, b.weightSummary(id)->kurtosis);
    for (const Choice& choice : {defaultChoice(), parseSpec("w8a8:group=32")}) {
      const auto e = a.error(id, choice), f = b.error(id, choice);
      QCOMPARE(!e, !f);
      if (!e) continue;
      QVERIFY(toDataTree(*e, choice) == toDataTree(*f, choice));
      QVERIFY(e->columnError == f->columnError && e->columnEnergy == f->columnEnergy);
      QCOMPARE(a.errorFigures(id, choice)->weightRelFro, f->weightRelFro);
      QVERIFY(b.errorFigures(id, choice)->columnError.empty());
    }
  }
}

void TestWorkspace::nothingIsMeasuredAtFirst() {
  const auto workspace = Workspace::open(test::demoModel());
  QCOMPARE(workspace->model().linears.size(), std::size_t{44});
  QCOMPARE(workspace->measuredCount(), std::size_t{0});
  QVERIFY(workspace->checkpoint() && workspace->weights());
  QVERIFY(!workspace->weightStats(0) && !workspace->weightSummary(0));
  QVERIFY(!workspace->error(0, defaultChoice()));
  QVERIFY(workspace->findings(1, diagnosis()).empty());
  QCOMPARE(workspace->fingerprint().size(), std::size_t{64});
  QCOMPARE(workspace->newPlan(defaultChoice()).model.fingerprint, workspace->fingerprint());
  QVERIFY(workspace->warnings().empty());
}

void TestWorkspace::analysisFillsEverything() {
  const auto workspace = Workspace::open(test::demoModel());
  JobContext job(2);
  std::vector<LinearId> done;
  workspace->analyze({}, job, [&](LinearId id) { done.push_back(id); });
  QCOMPARE(done.size(), std::size_t{44});
  QVERIFY(!workspace->model().linears[done.back()].isQuantizable);
  QCOMPARE(workspace->measuredCount(), std::size_t{44});
  QVERIFY(job.total() > 0);
  QCOMPARE(job.done(), job.total());
  QVERIFY(fs::exists(workspace->cacheFile()));
  const auto id = *workspace->model().find("model.layers.0.self_attn.q_proj");
  QCOMPARE(workspace->weightStats(id)->summary.absmax, 93.5);
  QCOMPARE(workspace->weightSummary(id)->absmax, 93.5);
  const auto plain = workspace->error(id, defaultChoice()),
             grouped = workspace->error(id, parseSpec("w8a8:group=32"));
  QVERIFY(plain && grouped);
  QVERIFY(*grouped->normWeightedRel < *plain->normWeightedRel);
  QCOMPARE(plain->evidence.origin, workspace->fingerprint());
  QCOMPARE(plain->columnError.size(), std::size_t{256});
  QVERIFY(workspace->warnings().empty());
}

void TestWorkspace::resultsAreThereAfterReopening() {
  const auto first = analyzed(test::demoModel());
  const auto second = Workspace::open(test::demoModel());
  QCOMPARE(second->measuredCount(), std::size_t{44});
  compareResults(*first, *second);
}

void TestWorkspace::statisticsFileAloneIsEnough() {
  const fs::path output = folder() / "alone.h5";
  const auto first = analyzed(test::demoModel(), output);
  freshCache();
  const auto alone = Workspace::open(output);
  QVERIFY(!alone->checkpoint() && !alone->weights());
  QCOMPARE(alone->model().name, first->model().name);
  QCOMPARE(alone->model().architecture, std::string("LlamaForCausalLM"));
  QCOMPARE(alone->fingerprint(), first->fingerprint());
  QCOMPARE(alone->sizeBytes(), first->checkpoint()->sizeBytes());
  for (LinearId id = 0; id < first->model().linears.size(); ++id) {
    QCOMPARE(alone->model().linears[id].name, first->model().linears[id].name);
    QVERIFY(alone->model().linears[id].matrix == first->model().linears[id].matrix);
  }
  compareResults(*first, *alone);
  JobContext job(1);
  QCOMPARE(layersWith(alone->diagnose(diagnosis(), job), "weight_outlier_columns"), plantedLinears());
  alone->analyze({}, job);  // everything is there: nothing to do
  const LinearId id = 1;
  const Choice other = parseSpec("int4:group=64");
  QL_THROWS(alone->measure(std::span(&id, 1), std::span(&other, 1), job), "needs the weights");
  QL_THROWS(alone->scan(job), "needs the weights");
  QVERIFY(alone->picturePyramid(id, std::nullopt, job));
}

void TestWorkspace::changedCheckpointIsNoticed() {
  const fs::path copy = modelCopy("changed");
  const std::string before = analyzed(copy)->fingerprint();
  QCOMPARE(Workspace::open(copy)->measuredCount(), std::size_t{44});
  std::fstream file(copy / "model.safetensors", std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(-2, std::ios::end);
  file.write("\x12\x34", 2);
  file.close();
  const auto changed = Workspace::open(copy);
  QVERIFY(changed->fingerprint() != before);
  QCOMPARE(changed->measuredCount(), std::size_t{0});
}

void TestWorkspace::statisticsOfAnotherModelAreIgnored() {
  const fs::path output = folder() / "clean.h5";
  analyzed(prepareDemo("demo-llama", fs::path(test::sourceDirectory()) / "resources"), output);
  freshCache();
  const auto workspace = Workspace::open(test::demoModel(), output);
  QCOMPARE(workspace->measuredCount(), std::size_t{0});
  QCOMPARE(workspace->warnings().size(), std::size_t{1});
  QVERIFY(workspace->warnings().front().find("another checkpoint") != std::string::npos);
  QL_THROWS(Workspace::open(test::demoModel(), folder() / "absent.h5"), "There is no statistics file");
}

void TestWorkspace::interruptedRunContinuesToTheSameBytes() {
  const fs::path whole = folder() / "whole.h5", resumed = folder() / "resumed.h5";
  const auto reference = analyzed(test::demoModel(), whole);
  freshCache();
  {
    const auto workspace = Workspace::open(test::demoModel());
    JobContext job(2);
    AnalyzeOptions options;
    options.output = resumed;
    int count = 0;
    bool isCancelled = false;
    try {
      workspace->analyze(options, job, [&](LinearId) {
        if (++count == 5) job.cancel();
      });
    } catch (const Cancelled&) {
      isCancelled = true;
    }
    QVERIFY(isCancelled);
    QCOMPARE(workspace->measuredCount(), std::size_t{5});
    QVERIFY(workspace->weightStats(1));
  }
  QVERIFY(!fs::exists(resumed));
  QCOMPARE(Workspace::open(resumed)->measuredCount(), std::size_t{5});
  const auto workspace = Workspace::open(test::demoModel(), resumed);
  QCOMPARE(workspace->measuredCount(), std::size_t{5});
  JobContext job(1);
  AnalyzeOptions options;
  options.output = resumed;
  workspace->analyze(options, job);
  QCOMPARE(workspace->measuredCount(), std::size_t{44});
  compareResults(*reference, *workspace);
  QVERIFY(contentOf(whole) == contentOf(resumed));
}

void TestWorkspace::finishedAnalysisIsNotRepeated() {
  const auto workspace = analyzed(test::demoModel());
  const auto time = fs::last_write_time(workspace->cacheFile());
  JobContext job(1);
  std::size_t count = 0;
  const auto again = Workspace::open(test::demoModel());
  again->analyze({}, job, [&](LinearId) { ++count; });
  QCOMPARE(count, std::size_t{44});
  QCOMPARE(job.total(), std::uint64_t{0});
  QVERIFY(fs::last_write_time(workspace->cacheFile()) == time);
  QVERIFY(!fs::exists(workspace->cacheFile().string() + ".parts"));
}

void TestWorkspace::unwritableCacheKeepsResultsInMemory() {
  qputenv("XDG_CACHE_HOME", "/proc/nowhere");
  const auto workspace = analyzed(test::demoModel());
  QCOMPARE(workspace->measuredCount(), std::size_t{44});
  QVERIFY(workspace->weightStats(5) && workspace->error(5, defaultChoice()));
  QCOMPARE(workspace->warnings().size(), std::size_t{1});
  QVERIFY(workspace->warnings().front().find("in memory only") != std::string::npos);
  JobContext job(1);
  workspace->analyze({}, job);
  QCOMPARE(job.total(), std::uint64_t{0});
}

void TestWorkspace::unwritableOutputIsAnError() {
  QL_THROWS(analyzed(test::demoModel(), "/proc/nowhere/S.h5"), "/proc/nowhere");
}

void TestWorkspace::measureFindsWhatIsMissing() {
  const auto workspace = Workspace::open(test::demoModel());
  const std::vector<LinearId> ids{1, 2};
  const std::vector<Choice> choices{parseSpec("int4:group=64"), parseSpec("w8a8"), Choice{}};
  JobContext job(2);
  std::vector<LinearId> done;
  workspace->measure(ids, choices, job, [&](LinearId id) { done.push_back(id); });
  QCOMPARE(done, ids);
  QCOMPARE(job.done(), job.total());
  for (const LinearId id : ids) {
    QVERIFY(workspace->error(id, choices[0]) && workspace->error(id, choices[1]));
    QVERIFY(!workspace->error(id, choices[2]));
    QVERIFY(workspace->error(id, choices[0])->weightRelFro > workspace->error(id, choices[1])->weightRelFro);
  }
  JobContext again(1);
  workspace->measure(ids, choices, again);
  QCOMPARE(again.total(), std::uint64_t{0});
}

void TestWorkspace::activationsDoNotChangeWeightErrors() {
  const auto workspace = Workspace::open(test::demoModel());
  const LinearId id = 3;
  const Choice weightOnly = parseSpec("int8"), both = parseSpec("w8a8");
  QVERIFY(weightOnly.weight == both.weight);
  JobContext job(1);
  workspace->measure(std::span(&id, 1), std::span(&weightOnly, 1), job);
  QVERIFY(workspace->error(id, both) == workspace->error(id, weightOnly));
}

void TestWorkspace::whatIfEndsExact() {
  const auto workspace = Workspace::open(test::demoModel());
  JobContext job(2);
  const Choice choice = parseSpec("int3:group=32");
  std::vector<std::shared_ptr<const LayerError>> seen;
  const auto sink = [&](std::shared_ptr<const LayerError> error) { seen.push_back(std::move(error)); };
  workspace->whatIf(1, choice, job, sink);
  QVERIFY(!seen.empty());
  QVERIFY(seen.back()->evidence.kind == Evidence::Kind::Exact);
  QVERIFY(workspace->error(1, choice) == seen.back());
  seen.clear();
  workspace->whatIf(1, choice, job, sink);
  QCOMPARE(seen.size(), std::size_t{1});
}

void TestWorkspace::diagnosisFindsThePlantedLinears() {
  const auto workspace = Workspace::open(test::demoModel());
  JobContext job(2);
  const std::vector<Finding> findings = workspace->diagnose(diagnosis(), job);
  QCOMPARE(layersWith(findings, "weight_outlier_columns"), plantedLinears());
  QVERIFY(std::is_sorted(findings.begin(), findings.end(),
                         [](const Finding& a, const Finding& b) { return a.severity > b.severity; }));
  for (const Finding& finding : findings)
    if (finding.code == "weight_outlier_columns") QVERIFY(!finding.remedies.empty());
  QCOMPARE(workspace->measuredCount(), quantizable(workspace->model()).size());
}

void TestWorkspace::diagnosisOfTheSiblings() {
  const fs::path resources = fs::path(test::sourceDirectory()) / "resources";
  JobContext job(2);
  const auto clean = Workspace::open(prepareDemo("demo-llama", resources));
  const auto cleanFindings = clean->diagnose(diagnosis(), job);
  QVERIFY2(cleanFindings.empty(), cleanFindings.empty() ? "" : cleanFindings.front().code.c_str());
  const auto activation = Workspace::open(prepareDemo("demo-llama-activation-outliers", resources));
  const auto findings = activation->diagnose(diagnosis(), job);
  QVERIFY(layersWith(findings, "weight_outlier_columns").empty());
  QCOMPARE(layersWith(findings, "norm_gain_outliers").size(), std::size_t{30});
}

void TestWorkspace::findingsNeverReadWeights() {
  analyzed(test::demoModel());
  const auto workspace = Workspace::open(test::demoModel());
  const LinearId id = *workspace->model().find("model.layers.1.self_attn.k_proj");
  const auto findings = workspace->findings(id, diagnosis());
  QVERIFY(layersWith(findings, "weight_outlier_columns").contains("model.layers.1.self_attn.k_proj"));
}

void TestWorkspace::picturesShowTheOutliers() {
  const auto workspace = Workspace::open(test::demoModel());
  JobContext job(2);
  const LinearId id = *workspace->model().find("model.layers.0.self_attn.q_proj");
  const auto pyramid = workspace->picturePyramid(id, std::nullopt, job);
  QCOMPARE(pyramid->absmax(), 93.5f);
  QCOMPARE(pyramid->levels.front().tile, std::int64_t{8});
  QVERIFY(workspace->picturePyramid(id, std::nullopt, job) == pyramid);
  const auto scheme = *parseSpec("int8:tensor").weight;
  const auto error = workspace->picturePyramid(id, scheme, job);
  QVERIFY(error != pyramid);
  QVERIFY(error->absmax() > 0 && error->absmax() <= 93.5f / 127 / 2 * 1.001f);
  const auto source = workspace->errorSource(id, scheme, job);
  std::vector<float> rows(2 * 256);
  source->readRows(workspace->model().linears[id].matrix, 4, 6, rows);
  QVERIFY(std::any_of(rows.begin(), rows.end(), [](float value) { return value != 0; }));
}

void TestWorkspace::scanCountsTensors() {
  const fs::path copy = modelCopy("scan");
  std::fstream file(copy / "model.safetensors", std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(-6, std::ios::end);
  file.write("\xc0\x7f\x80\x7f\x80\xff", 6);  // BF16 NaN, +Inf, -Inf
  file.close();
  const auto workspace = Workspace::open(copy);
  JobContext job(2);
  const auto results = workspace->scan(job);
  QCOMPARE(results.size(), std::size_t{57});
  QCOMPARE(job.done(), job.total());
  QCOMPARE(results.back().tensor, std::string("model.norm.weight"));
  QCOMPARE(results.back().count, std::uint64_t{256});
  QCOMPARE(results.back().nans, std::uint64_t{1});
  QCOMPARE(results.back().posInfs, std::uint64_t{1});
  QCOMPARE(results.back().negInfs, std::uint64_t{1});
  QCOMPARE(results.front().nans, std::uint64_t{0});
}

void TestWorkspace::damagedCacheIsAWarning() {
  const fs::path cache = analyzed(test::demoModel())->cacheFile();
  fs::resize_file(cache, fs::file_size(cache) / 2);
  const auto workspace = Workspace::open(test::demoModel());
  QCOMPARE(workspace->measuredCount(), std::size_t{0});
  QCOMPARE(workspace->warnings().size(), std::size_t{1});
  JobContext job(2);
  workspace->analyze({}, job);
  QCOMPARE(Workspace::open(test::demoModel())->measuredCount(), std::size_t{44});
}

void TestWorkspace::missingModelIsNamed() {
  QL_THROWS(Workspace::open(folder() / "absent"), "absent");
}

QTEST_APPLESS_MAIN(TestWorkspace)
#include "tst_workspace.moc"
