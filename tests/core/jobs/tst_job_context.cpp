// Progress, cancellation, pause and time of a job, as the front end and the worker see them.
#include "core/jobs/job_context.h"

#include "core/jobs/parallel_for.h"
#include "tests/support/compare.h"
#include "tests/support/temp_folder.h"

#include <QTest>

#include <fcntl.h>
#include <unistd.h>
#include <future>
#include <mutex>
#include <stdexcept>
#include <thread>

using ql::JobContext;
using namespace std::string_literals;

class JobContextTest : public QObject {
  Q_OBJECT

 private slots:
  void countsProgress() {
    JobContext job(2);
    QCOMPARE(job.threads(), 2);
    QCOMPARE(job.fraction(), 0.0);
    QVERIFY(job.secondsLeft() < 0);
    job.expect(100);
    job.expect(100);
    QVERIFY(job.secondsLeft() < 0);
    job.step(50);
    QCOMPARE(job.done(), 50u);
    QCOMPARE(job.total(), 200u);
    QCOMPARE(job.fraction(), 0.25);
    QVERIFY(job.secondsLeft() >= 0);
    job.step(500);
    QCOMPARE(job.fraction(), 1.0);
    QCOMPARE(job.secondsLeft(), 0.0);
  }

  void zeroThreadsAreAllCores() {
    const JobContext job;
    QVERIFY(job.threads() >= 1);
    QCOMPARE(JobContext(1'000'000).threads(), 256);
  }

  void cancelIsThrownByTheNextStep() {
    JobContext job(1);
    job.step(1);
    job.cancel();
    QVERIFY(job.isCancelled());
    QVERIFY_EXCEPTION_THROWN(job.step(), ql::Cancelled);
    QVERIFY_EXCEPTION_THROWN(job.run([&] { job.step(); }), ql::Cancelled);
  }

  void exceptionsPassThroughRun() {
    JobContext job(2);
    QVERIFY_EXCEPTION_THROWN(job.run([] { throw std::runtime_error("x"); }), std::runtime_error);
    int calls = 0;
    job.run([&] { ++calls; });
    QCOMPARE(calls, 1);
  }

  void pausedStepsWait() {
    JobContext job(1);
    job.setPaused(true);
    std::atomic<int> steps{0};
    auto worker = std::async(std::launch::async, [&] {
      for (int i = 0; i < 10; ++i) {
        job.step(1);
        ++steps;
      }
    });
    while (job.done() == 0) std::this_thread::yield();
    QVERIFY(job.isPaused());
    QCOMPARE(steps.load(), 0);
    job.setPaused(false);
    worker.get();
    QCOMPARE(steps.load(), 10);
  }

  void cancelWakesAPausedJob() {
    JobContext job(1);
    job.setPaused(true);
    auto worker = std::async(std::launch::async, [&] { job.step(1); });
    while (job.done() == 0) std::this_thread::yield();
    job.cancel();
    QVERIFY_EXCEPTION_THROWN(worker.get(), ql::Cancelled);
  }

  void aPausedJobDoesNotStarveAnother() {
    JobContext paused(0), other(0);
    paused.setPaused(true);
    auto waiting = std::async(std::launch::async, [&] { ql::parallelFor(paused, 64, [](std::int64_t) {}); });
    std::atomic<int> blocks{0};
    ql::parallelFor(other, 64, [&](std::int64_t) { ++blocks; });
    QCOMPARE(blocks.load(), 64);
    paused.cancel();
    QVERIFY_EXCEPTION_THROWN(waiting.get(), ql::Cancelled);
  }

  void pausesAreLeftOutOfTheTime() {
    JobContext job(1);
    job.setPaused(true);
    const double before = job.elapsedSeconds();
    QCOMPARE(job.elapsedSeconds(), before);  // the clock stands still
    job.setPaused(true);
    QCOMPARE(job.elapsedSeconds(), before);
    job.setPaused(false);
    job.setPaused(false);
    QVERIFY(job.elapsedSeconds() >= before);
  }

  void stageAndLogAreTexts() {
    JobContext job(2);
    job.log("nobody listens");
    std::mutex mutex;
    std::vector<std::string> lines;
    job.setLogSink([&](const std::string& line) {
      const std::lock_guard lock(mutex);
      lines.push_back(line);
      job.setStage("after " + line);  // calling back must not deadlock
    });
    job.log("one");
    QCOMPARE(job.stage(), "after one"s);
    ql::parallelFor(job, 50, [&](std::int64_t) { job.log("line"); });
    QCOMPARE(lines.size(), 51u);
    job.setLogSink({});
    job.log("two");
    QCOMPARE(lines.size(), 51u);
  }

  void moreThreadsThanCoresMakeNoNoise() {
    const ql::test::TempFolder folder;  // a file, not a pipe: a pipe nobody reads blocks its writers
    const int file = ::open((folder / "stderr").c_str(), O_RDWR | O_CREAT, 0600);
    const int oldError = ::dup(2);
    ::dup2(file, 2);
    {
      JobContext job(16);
      ql::parallelFor(job, 1000, [](std::int64_t) {});
    }
    ::dup2(oldError, 2);
    ::close(oldError);
    ::close(file);
    const std::string text = ql::test::contentOf(folder / "stderr");
    QVERIFY2(text.empty(), text.c_str());
  }
};

QTEST_APPLESS_MAIN(JobContextTest)
#include "tst_job_context.moc"
