// The capture script on a small torch module: its file opens, and its figures are those of our own
// accumulator on the same tensors. Skipped where torch or h5py is missing.
#include "core/calib/activation_import.h"
#include "core/store/statistics_file.h"
#include "tests/core/calib/import_models.h"
#include "tests/support/compare.h"
#include "tests/support/temp_folder.h"

#include <QProcess>
#include <QTest>

#include <cmath>

using namespace ql;
using namespace ql::test;

namespace {

constexpr const char* kPython = "/usr/bin/python3";  // where the distribution's torch is
const std::string kQ = "model.layers.0.self_attn.q_proj", kDown = "model.layers.0.mlp.down_proj";

template <class T>
void compareChannels(const std::vector<T>& actual, const std::vector<T>& expected, double relative) {
  QCOMPARE(actual.size(), expected.size());
  for (std::size_t c = 0; c < actual.size(); ++c)
    QVERIFY2(near(static_cast<double>(actual[c]), static_cast<double>(expected[c]), relative, 1e-9),
             qPrintable(QString("channel %1: %2, expected %3").arg(c).arg(actual[c]).arg(expected[c])));
}

void compareMoments(const ChannelMoments& actual, const ChannelMoments& expected) {
  QCOMPARE(actual.tokens, expected.tokens);
  compareChannels(actual.absmax, expected.absmax, 0);
  compareChannels(actual.min, expected.min, 0);
  compareChannels(actual.max, expected.max, 0);
  // Sums in float64 in another order.
  compareChannels(actual.sum, expected.sum, 1e-12);
  compareChannels(actual.sumAbs, expected.sumAbs, 1e-12);
  compareChannels(actual.sumSq, expected.sumSq, 1e-12);
  compareChannels(actual.sumCube, expected.sumCube, 1e-12);
  compareChannels(actual.sumQuad, expected.sumQuad, 1e-12);
}

}  // namespace

class TstCapture : public QObject {
  Q_OBJECT
 private slots:
  void initTestCase() {
    QProcess probe;
    probe.start(kPython, {"-c", "import torch, h5py"});
    if (!probe.waitForFinished(60000) || probe.exitCode() != 0) QSKIP("python3 has no torch or no h5py");
    QProcess run;
    run.setProcessChannelMode(QProcess::MergedChannels);
    run.start(kPython,
              {"-B", QString::fromStdString(sourceDirectory() + "/tests/core/workspace/capture_tiny.py"),
               QString::fromStdString(sourceDirectory() + "/resources/capture"),
               QString::fromStdString(m_folder.path().string())});
    QVERIFY(run.waitForFinished(60000));
    QVERIFY2(run.exitCode() == 0, run.readAll().constData());
  }
  void figuresAreThoseOfTheAccumulator() {
    const Model model = tinyLlama();
    const auto file = StatisticsFile::open(m_folder / "S.h5");
    QCOMPARE(file->names("sites").size(), std::size_t{3});  // q, k and v read one tensor
    std::vector<std::pair<std::string, DataTree>> trees;
    for (const std::string& name : file->names("sites")) trees.emplace_back(name, file->read("sites", name));
    const ImportedActivations captured = activationsFromTrees(trees, model, "abc");
    JobContext job(1);
    const ImportedActivations expected =
        importActivations(m_folder / "activations.npz", model, {.sampleTokens = 64}, job);
    QCOMPARE(captured.sites.size(), expected.sites.size());
    QCOMPARE(captured.warnings.size(), std::size_t{3});  // the token with a NaN, at every input
    for (const std::string& name : {kQ, std::string("model.layers.0.self_attn.o_proj"), kDown}) {
      const ActivationStats* a = statsOf(captured, model, name);
      const ActivationStats* b = statsOf(expected, model, name);
      QVERIFY(a != nullptr && b != nullptr);
      QVERIFY(a->origin == ActivationOrigin::Capture);
      compareMoments(a->all, b->all);
      compareMoments(a->first, b->first);
      compareChannels(a->laterAbsmax, b->laterAbsmax, 0);
      compareChannels(a->medianAbs, b->medianAbs, 0);
      compareChannels(a->tokenAbsmaxQuantiles, b->tokenAbsmaxQuantiles, 0);
      QCOMPARE(a->sample.values, b->sample.values);  // all forty tokens: no choice to make
      QCOMPARE(a->sample.ids, b->sample.ids);
      QCOMPARE(a->sample.positions, b->sample.positions);
      QCOMPARE(a->sample.windows, b->sample.windows);
      QCOMPARE(a->summary.skippedTokens, std::uint64_t{10});
      QCOMPARE(a->summary.nans, b->summary.nans);
      for (std::int64_t i = 0; i < a->width; ++i)
        for (std::int64_t j = 0; j < a->width; ++j)
          QVERIFY(near(a->secondMoment->sum(i, j), b->secondMoment->sum(i, j), 1e-5, 1e-5));  // float32 sums
      QCOMPARE(a->sketch.k, 5);
      QCOMPARE(a->sketch.seed, std::uint64_t{9});
      for (const ActivationNeed need : {ActivationNeed::OutputErrorW, ActivationNeed::OutputErrorWa})
        QVERIFY(missingReason(*a, need).empty());
    }
  }

 private:
  TempFolder m_folder;
};

QTEST_GUILESS_MAIN(TstCapture)
#include "tst_capture.moc"
