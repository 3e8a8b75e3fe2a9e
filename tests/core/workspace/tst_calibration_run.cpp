// Calibration through the door: activations into the statistics file, output errors, resuming, imports.
#include "core/base/error.h"
#include "core/demo.h"
#include "core/store/statistics_file.h"
#include "core/workspace.h"
#include "tests/support/compare.h"
#include "tests/support/data.h"
#include "tests/support/fast_folder.h"
#include "tests/support/safetensors_bytes.h"

#include <QTemporaryDir>
#include <QTest>

#include <cmath>
#include <fstream>
#include <thread>

using namespace ql;
namespace fs = std::filesystem;

namespace {

fs::path texts() {
  return fs::path(test::sourceDirectory()) / "resources/texts";
}

CalibrateOptions shortCalibration(const fs::path& output) {
  CalibrateOptions options;
  options.source.text = texts() / "calibration.txt";
  options.windows.maxTokens = 1024;
  options.output = output;
  return options;
}

Choice w8a8() {
  return parseSpec("w8a8");
}

LinearId linear(const Workspace& workspace, const char* name) {
  const auto id = workspace.model().find(name);
  return id ? *id : throw Error(ErrorCode::Usage, name);
}

}  // namespace

class TestCalibrationRun : public QObject {
  Q_OBJECT

 private slots:
  void initTestCase() {
    QVERIFY(m_owner.isValid());
    m_folder = m_owner.path().toStdString();
    qputenv("XDG_CACHE_HOME", QByteArray::fromStdString((m_folder / "cache").string()));
    m_demo = test::demoModel();
    m_file = m_folder / "S.h5";
    const auto workspace = Workspace::open(m_demo);
    QVERIFY(!workspace->calibrationRecord());
    JobContext job(2);
    std::vector<int> blocks;
    workspace->calibrate(shortCalibration(m_file), job, [&](int block) { blocks.push_back(block); });
    QVERIFY(blocks.size() >= 6);
    QCOMPARE(job.done(), job.total());
  }

  void everySiteIsFilled() {
    const auto workspace = Workspace::open(m_demo, m_file);
    const auto record = workspace->calibrationRecord();
    QVERIFY(record.has_value());
    QVERIFY(record->isComplete);
    QCOMPARE(record->tokens, std::uint64_t{1024});
    QCOMPARE(record->context, std::int64_t{256});
    QCOMPARE(record->source, std::string("calibration.txt"));
    for (const LinearId id : selectLinears(workspace->model(), {})) {
      const Linear& layer = workspace->model().linears[id];
      const auto summary = workspace->activationSummary(*layer.site);
      QVERIFY2(summary && summary->absmax > 0, layer.name.c_str());
      QCOMPARE(summary->tokens, std::uint64_t{1024});
      const auto stats = workspace->activations(*layer.site);
      QVERIFY(stats && stats->hasSample() && stats->hasSketch());
      QCOMPARE(stats->width, layer.in());
      QVERIFY(workspace->outputError(id, w8a8()).has_value());
    }
  }

  void outputErrorsShowInTheFigures() {
    const auto workspace = Workspace::open(m_demo, m_file);
    JobContext job(2);
    const LinearId id = linear(*workspace, "model.layers.0.self_attn.q_proj");
    workspace->measure(std::span(&id, 1), std::vector<Choice>{w8a8()}, job);
    const auto figures = workspace->errorFigures(id, w8a8());
    QVERIFY(figures && figures->outputRelW && figures->outputRelA && figures->outputRelWa);
    QVERIFY(*figures->outputRelW > 0.5);  // three planted columns ruin the rows' scales
    QVERIFY(*figures->outputRelA < 0.05);
    QVERIFY(*figures->outputRelWa >= *figures->outputRelA);
    QCOMPARE(workspace->error(id, w8a8())->outputRelW, figures->outputRelW);
    const Choice activationsOnly{std::nullopt, w8a8().activation};
    workspace->measureOutputs(std::span(&id, 1), std::vector<Choice>{activationsOnly}, job);
    const auto only = workspace->errorFigures(id, activationsOnly);
    QVERIFY(only && only->weightRelFro == 0 && only->outputRelWa);
    QL_NEAR(*only->outputRelWa, *only->outputRelA, 1e-12);
  }

  void theFileAloneShowsTokensAndSites() {
    const auto workspace = Workspace::open(m_file);
    QVERIFY(workspace->calibrationRecord().has_value());
    const LinearId id = linear(*workspace, "model.layers.2.mlp.down_proj");
    const auto stats = workspace->activations(*workspace->model().linears[id].site);
    QVERIFY(stats != nullptr);
    QCOMPARE(stats->sample.positions.front(), 0);
    QCOMPARE(workspace->tokenText(stats->sample.ids.front()), std::string("<|begin_of_text|>"));
    QVERIFY(!workspace->forwardProblem().empty());
    const LinearId q = linear(*workspace, "model.layers.0.self_attn.q_proj");
    const Choice grouped = parseSpec("w8a8:group=32");
    QVERIFY(workspace->outputError(q, grouped).has_value());  // so that findings can offer it
    QVERIFY(*workspace->outputError(q, grouped)->wa < *workspace->outputError(q, w8a8())->wa / 2);
    QVERIFY(workspace->outputError(id, w8a8()).has_value());
  }

  void cancelledRunContinuesToTheSameBytes() {
    const fs::path file = m_folder / "resumed.h5";
    const auto workspace = Workspace::open(m_demo);
    {
      JobContext job(2);
      int blocks = 0;
      bool isCancelled = false;
      try {
        workspace->calibrate(shortCalibration(file), job, [&](int) {
          if (++blocks == 3) job.cancel();
        });
      } catch (const Cancelled&) {
        isCancelled = true;
      }
      QVERIFY(isCancelled);
    }
    JobContext job(1);
    int blocks = 0;
    Workspace::open(m_demo)->calibrate(shortCalibration(file), job, [&](int) { ++blocks; });
    QVERIFY2(blocks <= 4, qPrintable(QString::number(blocks)));
    const auto whole = StatisticsFile::open(m_file), resumed = StatisticsFile::open(file);
    QCOMPARE(resumed->names("sites"), whole->names("sites"));
    for (const std::string& name : whole->names("sites"))
      QVERIFY2(resumed->read("sites", name) == whole->read("sites", name), name.c_str());
    QVERIFY(!fs::exists(fs::path(file).concat(".hidden")));
  }

  /// Statistics that stay in memory for later questions are no part of a stated budget.
  void aStatedBudgetIsNotSpentOnACache() {
    JobContext job(2);
    const auto inTheRun = [&](const char* name, std::uint64_t memory) {
      const auto workspace = Workspace::open(m_demo);
      const auto site = workspace->model().linears[linear(*workspace, "model.layers.0.mlp.down_proj")].site;
      CalibrateOptions options = shortCalibration(m_folder / name);
      options.memoryBytes = memory;
      std::string found = "nothing";
      workspace->calibrate(options, job, [&](int block) {
        const auto stats = workspace->activations(*site);
        if (block == 0 && stats) found = stats->secondMoment ? "moment in memory" : "file";
      });
      return found;
    };
    QCOMPARE(inTheRun("free.h5", 0), std::string("moment in memory"));
    QCOMPARE(inTheRun("budget.h5", std::uint64_t{4} << 30), std::string("file"));
  }

  void tensorPointsAreMeasuredOnRequest() {
    QVERIFY(Workspace::open(m_demo, m_file)->pointNames().empty());
    const fs::path file = m_folder / "points.h5";
    CalibrateOptions options = shortCalibration(file);
    options.withPoints = true;
    JobContext job(2);
    Workspace::open(m_demo)->calibrate(options, job);
    QCOMPARE(job.done(), job.total());
    const auto workspace = Workspace::open(m_demo, file);
    QCOMPARE(workspace->pointNames().size(), std::size_t{24});
    QCOMPARE(workspace->pointNames().front(), std::string("model.layers.0.residual_after_attn"));
    const auto keys = workspace->pointActivations("model.layers.2.k_cache");
    QVERIFY(keys && keys->width == 128 && keys->hasSample() && !keys->hasSketch());
    QCOMPARE(workspace->pointSummary("model.layers.2.k_cache")->tokens, std::uint64_t{1024});
    // static scales of a cache come from here
    QuantizationPlan plan = workspace->newPlan(Choice{});
    plan.kvCache = parseSpec("bf16/int8:act=tensor,static").activation;
    VerifyOptions verify;
    verify.source.text = texts() / "heldout.txt";
    verify.windows.maxTokens = 512;
    const Verification with = workspace->verify(&plan, verify, job);
    QVERIFY(with.result.meanKl > 0 && with.result.meanKl < 0.05);
    QL_THROWS(Workspace::open(m_demo, m_file)->verify(&plan, verify, job), "--points");
  }

  void otherTextReplacesActivations() {
    const fs::path file = m_folder / "replaced.h5";
    const auto workspace = Workspace::open(m_demo);
    JobContext job(2);
    workspace->calibrate(shortCalibration(file), job);
    const double before = workspace->activationSummary(0)->rms;
    CalibrateOptions other = shortCalibration(file);
    other.source.text = texts() / "heldout.txt";
    workspace->calibrate(other, job);
    QCOMPARE(workspace->calibrationRecord()->source, std::string("heldout.txt"));
    QVERIFY(workspace->activationSummary(0)->rms != before);
    QCOMPARE(Workspace::open(m_demo, file)->calibrationRecord()->source, std::string("heldout.txt"));
  }

  void activationsFromAFile() {
    const fs::path file = m_folder / "captured.safetensors";
    std::vector<float> x(40 * 256);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::sin(static_cast<float>(i) * 0.37f);
    const std::string data(reinterpret_cast<const char*>(x.data()), x.size() * sizeof(float));
    std::ofstream(file, std::ios::binary) << test::safetensorsBytes(
        "{" + test::entry("model.layers.1.self_attn.v_proj.input", "F32", "[40,256]", 0, data.size()) + "}",
        data);
    const auto workspace = Workspace::open(m_demo);
    JobContext job(2);
    workspace->useActivations(file, job);
    QCOMPARE(workspace->calibrationRecord()->sites, std::size_t{1});
    const LinearId id = linear(*workspace, "model.layers.1.self_attn.q_proj");  // shares the site of v
    QVERIFY(workspace->activationSummary(*workspace->model().linears[id].site).has_value());
    QVERIFY(workspace->outputError(id, w8a8()).has_value());
    QVERIFY(!workspace->outputError(linear(*workspace, "model.layers.1.mlp.up_proj"), w8a8()).has_value());
  }

  void badInputIsNamed() {
    const auto workspace = Workspace::open(m_demo);
    JobContext job(1);
    CalibrateOptions options = shortCalibration(m_folder / "bad.h5");
    options.source.text = m_folder / "none.txt";
    QL_THROWS(workspace->calibrate(options, job), "none.txt");
    std::ofstream(m_folder / "short.txt") << "Hello";
    options.source.text = m_folder / "short.txt";
    QL_THROWS(workspace->calibrate(options, job), "window");
    options = shortCalibration(m_folder / "bad.h5");
    options.memoryBytes = 1 << 20;
    QL_THROWS(workspace->calibrate(options, job), "MiB");
    QVERIFY(!workspace->calibrationRecord().has_value());
  }

  // Last: from here on the cache holds a calibration.
  void cacheBeingWrittenIsWaitedFor() {
    const auto workspace = Workspace::open(m_demo);
    fs::create_directories(workspace->cacheFile().parent_path());
    const StatisticsHeader header{workspace->model().name, workspace->fingerprint(), "0", {}};
    auto other = std::make_unique<StatisticsWriter>(workspace->cacheFile(), header, true);
    QVERIFY(isBeingWritten(workspace->cacheFile()));
    JobContext job(2);
    std::thread end([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
      other.reset();
    });
    workspace->calibrate(shortCalibration({}), job);
    end.join();
    QVERIFY(!isBeingWritten(workspace->cacheFile()));
    for (const std::string& warning : workspace->warnings()) QVERIFY2(false, warning.c_str());
    QVERIFY(Workspace::open(m_demo)->calibrationRecord().has_value());
  }

 private:
  QTemporaryDir m_owner{test::fastFolderTemplate()};
  fs::path m_folder, m_demo, m_file;
};

QTEST_APPLESS_MAIN(TestCalibrationRun)
#include "tst_calibration_run.moc"
