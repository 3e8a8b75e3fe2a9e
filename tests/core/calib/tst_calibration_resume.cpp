// Stopped, killed and spilled calibrations give the bits of an undisturbed one, and nothing is measured
// twice.
#include "core/base/error.h"
#include "core/calib/memory_plan.h"
#include "tests/core/calib/calib_reference.h"
#include "tests/support/temp_folder.h"

#include <QProcess>
#include <QTest>

#include <csignal>
#include <fstream>
#include <set>

using namespace ql;
using namespace ql::test;

namespace {

constexpr char kChildArgument[] = "--calibrate-and-die";

/// Blocks finished by the child, one line each: "block digest".
Digests readDigests(const std::filesystem::path& path) {
  Digests digests;
  std::ifstream file(path);
  int block = 0;
  for (std::string digest; file >> block >> digest;) digests[block] = digest;
  return digests;
}

/// The child process: calibrates, writes what it has finished, and is killed inside the sink of a block.
[[noreturn]] void calibrateAndDie(const std::filesystem::path& folder, int lastBlock) {
  const DemoForward demo;
  const auto forward = demo.shipped();
  const TokenWindows windows = CalibReference().windows("calibration", 128, 128 * 12);
  CalibrationOptions options;
  options.spillFolder = folder / "spill";
  Digests digests;
  JobContext job(2);
  calibrateInto(digests, *forward, demo.model, windows, options, job, [&](const BlockActivations& block) {
    std::ofstream(folder / "digests", std::ios::app)
        << block.block << ' ' << digests[block.block] << std::endl;
    if (block.block == lastBlock) std::raise(SIGKILL);
  });
  std::exit(0);
}

}  // namespace

class TstCalibrationResume : public QObject {
  Q_OBJECT
 private slots:
  void spilledRunGivesTheSameBits();
  void stoppedRunsContinue_data();
  void stoppedRunsContinue();
  void killedProcessContinues();
  void statesOfAnotherTextAreNotUsed();
  void finishedRunDoesNothing();

 private:
  DemoForward m_demo;
  CalibReference m_reference;
  Digests m_whole;  // of stoppedRunsContinue()
};

void TstCalibrationResume::spilledRunGivesTheSameBits() {
  const auto forward = m_demo.shipped();
  const TokenWindows windows = m_reference.windows("calibration", 256, 256 * 24);
  const Digests inMemory = digestsOf(*forward, m_demo.model, windows, {});
  const TempFolder folder;
  CalibrationOptions options;
  options.spillFolder = folder / "spill";
  // The middle of the budgets that spill but still hold all second moments: 6 MB of hidden states, less one
  // batch, wide.
  const SiteTable table = siteTable(m_demo.model);
  const auto planOf = [&](std::uint64_t budget) {
    return planCalibration(*forward, m_demo.model, table, windows, options, budget);
  };
  std::uint64_t least = 8u << 20, most = 0;
  const auto isWhole = [&](const MemoryPlan& plan) { return plan.batchTokens == kBatchTokens; };
  while (true) {
    try {
      if (isWhole(planOf(least))) break;
    } catch (const Error&) {
    }
    least += 1u << 18;
  }
  for (most = least; planOf(most).isSpilled; most += 1u << 18) {
  }
  QVERIFY2(most - least > (3u << 20), "no budget to spill with");
  options.memoryBytes = residentBytes() + (least + most) / 2;
  QVERIFY(digestsOf(*forward, m_demo.model, windows, options) == inMemory);
  QVERIFY(!std::filesystem::exists(options.spillFolder));
}

void TstCalibrationResume::stoppedRunsContinue_data() {
  QTest::addColumn<int>("block");
  for (const int block : {0, 2, 5, 6}) QTest::addRow("behind block %d", block) << block;
}

void TstCalibrationResume::stoppedRunsContinue() {
  QFETCH(int, block);
  const auto forward = m_demo.shipped();
  const TokenWindows windows = m_reference.windows("calibration", 64, 400);
  if (m_whole.empty()) m_whole = digestsOf(*forward, m_demo.model, windows, {});
  const TempFolder folder;
  CalibrationOptions options;
  options.spillFolder = folder / "spill";
  Digests digests;
  {
    JobContext job(2);
    const auto stop = [&](const BlockActivations& result) {
      if (result.block == block) job.cancel();
    };
    bool isCancelled = block == 6;  // nothing is left to do behind the head
    try {
      calibrateInto(digests, *forward, m_demo.model, windows, options, job, stop);
    } catch (const Cancelled&) {
      isCancelled = true;
    }
    QVERIFY(isCancelled);
  }
  QCOMPARE(digests.size(), static_cast<std::size_t>(block + 1));
  JobContext job(2);
  std::set<int> ran;
  calibrateInto(digests, *forward, m_demo.model, windows, options, job,
                [&](const BlockActivations& result) { ran.insert(result.block); });
  QVERIFY(digests == m_whole);
  QCOMPARE(ran.size(), static_cast<std::size_t>(6 - block));  // nothing twice
  QVERIFY(!std::filesystem::exists(options.spillFolder));
}

void TstCalibrationResume::killedProcessContinues() {
  const auto forward = m_demo.shipped();
  const TokenWindows windows = m_reference.windows("calibration", 128, 128 * 12);
  const Digests whole = digestsOf(*forward, m_demo.model, windows, {});
  const TempFolder folder;
  QProcess child;
  child.start(QCoreApplication::applicationFilePath(),
              {QString::fromLatin1(kChildArgument), QString::fromStdString(folder.path().string()), "3"});
  QVERIFY(child.waitForFinished(60000));
  QCOMPARE(child.exitStatus(), QProcess::CrashExit);
  Digests digests = readDigests(folder / "digests");
  QCOMPARE(digests.size(), std::size_t{4});
  CalibrationOptions options;
  options.spillFolder = folder / "spill";
  QVERIFY(std::filesystem::exists(options.spillFolder / "hidden.state"));
  JobContext job(2);
  calibrateInto(digests, *forward, m_demo.model, windows, options, job);
  QVERIFY(digests == whole);
}

void TstCalibrationResume::statesOfAnotherTextAreNotUsed() {
  const auto forward = m_demo.shipped();
  const TempFolder folder;
  CalibrationOptions options;
  options.spillFolder = folder / "spill";
  Digests digests;
  {
    JobContext job(2);
    const auto stop = [&](const BlockActivations& result) {
      if (result.block == 2) job.cancel();
    };
    QVERIFY_EXCEPTION_THROWN(calibrateInto(digests, *forward, m_demo.model,
                                           m_reference.windows("heldout", 64, 640), options, job, stop),
                             Cancelled);
  }
  const TokenWindows windows = m_reference.windows("calibration", 64, 640);
  const Digests whole = digestsOf(*forward, m_demo.model, windows, {});
  // As if the first three blocks of this text had been finished by somebody else.
  Digests known{{0, whole.at(0)}, {1, whole.at(1)}, {2, whole.at(2)}};
  JobContext job(2);
  calibrateInto(known, *forward, m_demo.model, windows, options, job);
  QVERIFY(known == whole);
}

void TstCalibrationResume::finishedRunDoesNothing() {
  const auto forward = m_demo.shipped();
  JobContext job(1);
  calibrate(
      *forward, m_demo.model, m_reference.windows("calibration", 64, 64), {}, [](int) { return true; },
      [](const BlockActivations&) { QFAIL("a block was run"); }, job);
  QCOMPARE(job.total(), 0u);
}

int main(int argc, char** argv) {
  if (argc == 4 && std::string(argv[1]) == kChildArgument) calibrateAndDie(argv[2], std::stoi(argv[3]));
  QCoreApplication app(argc, argv);
  TstCalibrationResume test;
  return QTest::qExec(&test, argc, argv);
}
#include "tst_calibration_resume.moc"
