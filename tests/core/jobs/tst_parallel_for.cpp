// Parallel loops: every block once, the same result for any number of threads, failures as in a plain loop.
#include "core/jobs/parallel_for.h"

#include "core/base/error.h"
#include "tests/support/compare.h"

#include <QTest>

#include <atomic>
#include <cmath>
#include <future>
#include <stdexcept>
#include <vector>

using ql::JobContext;
using ql::parallelFor;
using ql::parallelForOrdered;

namespace {

constexpr std::int64_t kBlocks = 500;

/// A sum whose last bits depend on the order of addition.
double orderedSum(int threads, int window) {
  JobContext job(threads);
  std::vector<double> partial(kBlocks);
  double sum = 0;
  parallelForOrdered(
      job, kBlocks,
      [&](std::int64_t block) {
        partial[static_cast<std::size_t>(block)] =
            std::sin(static_cast<double>(block)) * std::exp(static_cast<double>(block % 37));
      },
      [&](std::int64_t block) { sum += partial[static_cast<std::size_t>(block)]; }, window);
  return sum;
}

std::string messageOf(const std::function<void()>& body) {
  try {
    body();
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "nothing thrown";
}

}  // namespace

class ParallelForTest : public QObject {
  Q_OBJECT

 private slots:
  void everyBlockOnce_data() {
    QTest::addColumn<int>("threads");
    QTest::addColumn<qint64>("count");
    for (const int threads : {1, 2, 3, 16}) {
      for (const qint64 count : {0, 1, 2, 15, 1000}) {
        QTest::addRow("%d threads, %d blocks", threads, static_cast<int>(count)) << threads << count;
      }
    }
  }
  void everyBlockOnce() {
    QFETCH(int, threads);
    QFETCH(qint64, count);
    JobContext job(threads);
    std::vector<std::atomic<int>> calls(static_cast<std::size_t>(count));
    parallelFor(job, count, [&](std::int64_t block) { ++calls[static_cast<std::size_t>(block)]; });
    for (const auto& c : calls) QCOMPARE(c.load(), 1);
    std::vector<std::int64_t> merged;
    parallelForOrdered(
        job, count, [&](std::int64_t block) { ++calls[static_cast<std::size_t>(block)]; },
        [&](std::int64_t block) { merged.push_back(block); });
    for (const auto& c : calls) QCOMPARE(c.load(), 2);
    QCOMPARE(merged.size(), static_cast<std::size_t>(count));
    for (std::size_t i = 0; i < merged.size(); ++i) QCOMPARE(merged[i], static_cast<std::int64_t>(i));
  }

  void negativeCountsAreNothing() {
    JobContext job(2);
    parallelFor(job, -5, [](std::int64_t) { QFAIL("called"); });
    parallelForOrdered(
        job, -5, [](std::int64_t) { QFAIL("called"); }, [](std::int64_t) { QFAIL("called"); });
  }

  void resultDoesNotDependOnThreads() {
    const double expected = orderedSum(1, 0);
    for (const int threads : {2, 3, 16}) {
      for (const int window : {0, 1, 2, 7})
        QCOMPARE(orderedSum(threads, window), expected);  // to the last bit
    }
  }

  void windowBoundsTheBlocksInFlight() {
    JobContext job(4);
    std::atomic<int> inFlight{0}, highest{0};
    parallelForOrdered(
        job, kBlocks,
        [&](std::int64_t) {
          const int now = ++inFlight;
          int seen = highest.load();
          while (now > seen && !highest.compare_exchange_weak(seen, now)) {
          }
        },
        [&](std::int64_t) { --inFlight; }, 3);
    QCOMPARE(inFlight.load(), 0);
    QVERIFY(highest.load() <= 3);
  }

  void firstFailureByBlockOrderIsRethrown_data() {
    QTest::addColumn<int>("threads");
    for (const int threads : {1, 2, 16}) QTest::addRow("%d", threads) << threads;
  }
  void firstFailureByBlockOrderIsRethrown() {
    QFETCH(int, threads);
    const auto failing = [](std::int64_t block) {
      if (block % 100 == 41) throw std::runtime_error(std::to_string(block));
    };
    for (int repeat = 0; repeat < 20; ++repeat) {
      JobContext job(threads);
      QCOMPARE(messageOf([&] { parallelFor(job, kBlocks, failing); }), std::string("41"));
      std::vector<std::int64_t> merged;
      const auto merge = [&](std::int64_t block) { merged.push_back(block); };
      QCOMPARE(messageOf([&] { parallelForOrdered(job, kBlocks, failing, merge); }), std::string("41"));
      QCOMPARE(merged.size(), 41u);  // everything below was merged, as in a plain loop
      QCOMPARE(messageOf([&] {
                 parallelForOrdered(
                     job, kBlocks, [](std::int64_t) {}, failing);
               }),
               std::string("41"));
    }
  }

  void failureCancelsTheRest() {
    JobContext job(4);
    std::atomic<int> calls{0};
    const auto body = [&](std::int64_t) {
      ++calls;
      throw ql::Error(ql::ErrorCode::Numeric, "stop");
    };
    QL_THROWS(parallelFor(job, 1'000'000, body), "stop");
    QVERIFY(calls.load() <= 4);
  }

  void cancelEndsTheLoop() {
    for (const int threads : {1, 4}) {
      JobContext job(threads);
      std::atomic<std::int64_t> calls{0};
      const auto body = [&](std::int64_t) {
        if (++calls == 10) job.cancel();
      };
      QVERIFY_EXCEPTION_THROWN(parallelFor(job, 1'000'000, body), ql::Cancelled);
      QVERIFY(calls.load() <= 10 + threads);
      QVERIFY_EXCEPTION_THROWN(parallelForOrdered(job, 10, body, [](std::int64_t) {}), ql::Cancelled);
    }
  }

  void cancelFromAnotherThreadEndsAnOrderedLoop() {
    JobContext job(4);
    std::atomic<bool> isRunning{false};
    auto loop = std::async(std::launch::async, [&] {
      parallelForOrdered(
          job, std::int64_t{1} << 40, [&](std::int64_t) { isRunning = true; }, [](std::int64_t) {});
    });
    while (!isRunning) std::this_thread::yield();
    job.cancel();
    QVERIFY_EXCEPTION_THROWN(loop.get(), ql::Cancelled);
  }

  void pauseHoldsTheLoopAndResumeFinishesIt() {
    JobContext job(4);
    std::atomic<int> calls{0};
    auto loop = std::async(std::launch::async, [&] {
      parallelForOrdered(
          job, kBlocks,
          [&](std::int64_t block) {
            if (block == 100) job.setPaused(true);
            ++calls;
          },
          [](std::int64_t) {});
    });
    while (!job.isPaused()) std::this_thread::yield();
    QVERIFY(calls.load() <= 101 + 16);
    job.setPaused(false);
    loop.get();
    QCOMPARE(calls.load(), static_cast<int>(kBlocks));
  }

  void loopsNest() {
    JobContext job(4);
    std::vector<std::int64_t> sums(40);
    thread_local bool isBusy = false;
    std::atomic<bool> isMixed{false};
    parallelFor(job, 40, [&](std::int64_t outer) {
      if (isBusy) isMixed = true;  // a waiting thread took another outer block onto its stack
      isBusy = true;
      parallelForOrdered(
          job, 30, [](std::int64_t) {},
          [&](std::int64_t inner) { sums[static_cast<std::size_t>(outer)] += inner; });
      isBusy = false;
    });
    for (const std::int64_t sum : sums) QCOMPARE(sum, 435);
    QVERIFY(!isMixed);
  }
};

QTEST_APPLESS_MAIN(ParallelForTest)
#include "tst_parallel_for.moc"
