// Weights far from the mean, by layer, module type and block: against sorting and counting.
#include "core/base/error.h"
#include "core/workspace_outliers.h"
#include "tests/core/evaluate/memory_source.h"
#include "tests/support/compare.h"
#include "tests/support/data.h"

#include <algorithm>
#include <cmath>
#include <numeric>

using namespace ql;
using namespace ql::test;

class TestOutliers : public QObject {
  Q_OBJECT
 private slots:
  void countsAreThoseOfAPlainLoop() {
    MemorySource source = gaussianSource(300, 50, 9, 12);
    source.values()[7] = std::numeric_limits<float>::quiet_NaN();
    std::vector<double> finite;
    for (const float w : source.values())
      if (std::isfinite(w)) finite.push_back(static_cast<double>(w));
    const double mean =
        std::accumulate(finite.begin(), finite.end(), 0.0) / static_cast<double>(finite.size());
    double squares = 0;
    for (const double w : finite) squares += (w - mean) * (w - mean);
    const double deviation = std::sqrt(squares / static_cast<double>(finite.size() - 1));
    const std::vector<double> ns{1, 2.5, 6};
    for (const int threads : {1, 3}) {
      JobContext job(threads);
      const WeightOutliers found = measureWeightOutliers(source, source.ref, ns, "sigma", 0.01, {}, job);
      QL_NEAR(found.spread.mean, mean, 1e-12);
      QL_NEAR(std::sqrt(found.spread.variance), deviation, 1e-12);
      for (std::size_t i = 0; i < ns.size(); ++i) {
        const auto count = std::count_if(finite.begin(), finite.end(),
                                         [&](double w) { return std::abs(w - mean) >= ns[i] * deviation; });
        QCOMPARE(found.counts[i], static_cast<std::uint64_t>(count));
        // a bare source does not tell its dtype: 16 bits a value and a column, 32 a row
        QL_NEAR(found.bitsApart[i], (32.0 * static_cast<double>(count) + 32 * 301) / 15000, 1e-12);
      }
    }
  }

  void prunedWeightsAreTheLargestAndTheSmallest() {
    MemorySource source = gaussianSource(40, 50, 4, 5);
    std::vector<float> meanSquares(50);
    for (std::size_t j = 0; j < 50; ++j) meanSquares[j] = static_cast<float>(j % 5);
    std::vector<std::pair<double, double>> sorted;  // magnitude, energy as the input weighs it
    double total = 0, weighted = 0;
    for (std::size_t i = 0; i < 2000; ++i) {
      const double m = std::abs(static_cast<double>(source.values()[i]));
      sorted.emplace_back(m, m * m * static_cast<double>(meanSquares[i % 50]));
      total += m * m;
      weighted += sorted.back().second;
    }
    std::sort(sorted.begin(), sorted.end());
    JobContext job(2);
    const WeightOutliers found =
        measureWeightOutliers(source, source.ref, std::vector<double>{3}, "sigma", 0.03, meanSquares, job);
    double low = 0, high = 0, lowWeighted = 0, highWeighted = 0;
    for (std::size_t i = 0; i < 60; ++i) {
      low += sorted[i].first * sorted[i].first;
      lowWeighted += sorted[i].second;
      high += sorted[1999 - i].first * sorted[1999 - i].first;
      highWeighted += sorted[1999 - i].second;
    }
    QCOMPARE(found.largest.count, std::uint64_t(60));
    QCOMPARE(found.largest.magnitude, sorted[1940].first);
    QCOMPARE(found.smallest.magnitude, sorted[59].first);
    QL_NEAR(found.largest.weightRel, std::sqrt(high / total), 1e-9);
    QL_NEAR(found.smallest.weightRel, std::sqrt(low / total), 1e-9);
    QL_NEAR(*found.largest.actWeighted, std::sqrt(highWeighted / weighted), 1e-9);
    QL_NEAR(*found.smallest.actWeighted, std::sqrt(lowWeighted / weighted), 1e-9);
  }

  void flatMatricesHaveNone() {
    const MemorySource flat(4, 5, std::vector<float>(20, 0.25f));
    JobContext job(1);
    const WeightOutliers found =
        measureWeightOutliers(flat, flat.ref, std::vector<double>{2}, "variance", 0.5, {}, job);
    QCOMPARE(found.counts[0], std::uint64_t(0));
    QL_NEAR(found.largest.weightRel, std::sqrt(0.5), 1e-12);  // ties in proportion
    const MemorySource zeros(1, 3, std::vector<float>(3, 0.0f));
    QCOMPARE(measureWeightOutliers(zeros, zeros.ref, std::vector<double>{2}, "sigma", 1, {}, job)
                 .largest.weightRel,
             0.0);
  }

  void reportsAddUp() {
    const auto workspace = Workspace::open(demoModel());
    JobContext job(2);
    OutlierRequest request;
    const OutlierReport report = outlierReport(*workspace, request, job);
    QCOMPARE(report.layers.size(), std::size_t(42));
    QCOMPARE(report.roles.size(), std::size_t(7));
    QCOMPARE(report.blocks.size(), std::size_t(6));
    OutlierSums roles, blocks;
    for (const auto& [role, sums] : report.roles) {
      roles.weights += sums.weights;
      roles.layers += sums.layers;
      roles.counts.resize(5);
      for (std::size_t i = 0; i < 5; ++i) roles.counts[i] += sums.counts[i];
    }
    for (const auto& [block, sums] : report.blocks) blocks.weights += sums.weights;
    QCOMPARE(roles.weights, report.total.weights);
    QCOMPARE(blocks.weights, report.total.weights);
    QCOMPARE(roles.counts, report.total.counts);
    QCOMPARE(roles.layers, std::uint64_t(42));
    // planted in the columns of the readers of norms in blocks 0 to 2
    QVERIFY(report.blocks.at(0).counts[4] > 100 * report.blocks.at(4).counts[4]);
    request.ns = {-1};
    QL_THROWS(outlierReport(*workspace, request, job), "above 0");
    request.ns = {3};
    request.rule = "magic";
    QL_THROWS(outlierReport(*workspace, request, job), "sigma");
  }
};

QTEST_APPLESS_MAIN(TestOutliers)
#include "tst_outliers.moc"
