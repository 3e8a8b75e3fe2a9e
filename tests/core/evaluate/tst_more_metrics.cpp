// Further metrics and statistics behind smoothing against plain double-precision sums; fallbacks in the file.
#include "core/base/error.h"
#include "core/evaluate/more_metrics.h"
#include "core/evaluate/scaled_stats.h"
#include "core/stats/activation_accumulator.h"
#include "tests/core/evaluate/site_data.h"
#include "tests/support/compare.h"

#include <QTest>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

using namespace ql;

namespace {

ActivationStats accumulate(const std::vector<float>& x, std::int64_t width, JobContext& job) {
  const auto tokens = static_cast<std::int64_t>(x.size()) / width;
  std::vector<std::int32_t> ids(static_cast<std::size_t>(tokens), 3), positions, windows;
  for (std::int64_t t = 0; t < tokens; ++t) {
    positions.push_back(static_cast<std::int32_t>(t % 32));
    windows.push_back(static_cast<std::int32_t>(t / 32));
  }
  ActivationAccumulator accumulator(width, {});
  accumulator.add({ids, positions, windows}, x, job);
  return accumulator.finish(job);
}

}  // namespace

class TestMoreMetrics : public QObject {
  Q_OBJECT

 private slots:
  /// Statistics of X / S made from those of X against statistics of X / S itself.
  void statisticsBehindSmoothing() {
    constexpr std::int64_t kWidth = 401;  // two panels of the second moment
    std::mt19937 random(7);
    const std::vector<float> x = test::massiveChannelTokens(192, kWidth, random);
    std::vector<float> s(kWidth), divided = x;
    std::uniform_real_distribution<float> uniform(0.05f, 20.0f);
    for (float& v : s) v = uniform(random);
    for (std::size_t i = 0; i < x.size(); ++i) divided[i] = x[i] / s[i % s.size()];
    JobContext job(2);
    const ActivationStats expected = accumulate(divided, kWidth, job);
    const auto made = scaledStats(accumulate(x, kWidth, job), s);
    QCOMPARE(made->all.absmax, expected.all.absmax);
    QCOMPARE(made->all.min, expected.all.min);
    QCOMPARE(made->sample.values, expected.sample.values);
    QCOMPARE(made->medianAbs, expected.medianAbs);
    QCOMPARE(made->laterAbsmax, expected.laterAbsmax);
    for (std::size_t j = 0; j < s.size(); ++j) {
      QL_NEAR(made->all.sumSq[j], expected.all.sumSq[j], 1e-6);
      QL_NEAR(made->all.sumQuad[j], expected.all.sumQuad[j], 1e-5);
      QL_NEAR(made->all.meanAbs(j), expected.all.meanAbs(j), 1e-6);
    }
    std::vector<double> root;
    for (const double m : expected.secondMoment->diagonal()) root.push_back(std::sqrt(m * 192));
    for (std::int64_t i = 0; i < kWidth; ++i)
      for (std::int64_t j = 0; j < kWidth; ++j) {
        const double bound = 2e-5 * root[static_cast<std::size_t>(i)] * root[static_cast<std::size_t>(j)];
        QVERIFY(std::abs(static_cast<double>(made->secondMoment->sum(i, j)) -
                         static_cast<double>(expected.secondMoment->sum(i, j))) <= bound);
      }
    QL_THROWS(scaledStats(expected, std::vector<float>(3, 1.0f)), "smoothing factors");
  }

  /// Against sums written out in double.
  void moreMetricsAreTheirFormulas() {
    constexpr std::int64_t kOut = 37, kIn = 19;
    test::MemorySource source = test::gaussianSource(kOut, kIn, 3, 20);
    source.values()[5] = std::numeric_limits<float>::quiet_NaN();
    std::mt19937 random(11);
    std::vector<float> x = test::gaussianTokens(64, kIn, random);
    for (std::size_t t = 0; t < 64; ++t) x[t * kIn + 4] = 0;  // a dead channel
    JobContext job(2);
    const ActivationStats stats = accumulate(x, kIn, job);
    const Choice choice = parseSpec("w4a16");
    const ErrorInput input{source.ref, 16, {}, nullptr, {}};
    const MoreMetrics metrics = measureMoreMetrics(source, input, choice, &stats, job);

    std::vector<float> q(source.values().size());
    makeRowQuantizer(*choice.weight, {kOut, kIn})->apply(0, kOut, source.values(), q, {});
    double error = 0, energy = 0, output = 0, whole = 0, dead = 0, trace = 0, cosines = 0, least = 1;
    std::vector<double> diagonal(kIn, 0.0);
    for (std::size_t i = 0; i < x.size(); ++i) diagonal[i % kIn] += double{x[i]} * double{x[i]} / 64;
    for (const double m : diagonal) trace += m;
    std::vector<double> w(q.size()), d(q.size());
    for (std::size_t i = 0; i < q.size(); ++i) {
      if (!std::isfinite(source.values()[i])) continue;
      w[i] = double{source.values()[i]};
      d[i] = double{q[i]} - w[i];
      error += d[i] * d[i];
      energy += w[i] * w[i];
      if (i % kIn == 4) dead += d[i] * d[i];
    }
    double weighted = 0, weightedWhole = 0;
    for (std::size_t i = 0; i < d.size(); ++i) {
      weighted += d[i] * d[i] * diagonal[i % kIn];
      weightedWhole += w[i] * w[i] * diagonal[i % kIn];
    }
    std::map<std::size_t, std::pair<double, double>> windows;
    for (std::size_t t = 0; t < 64; ++t) {
      double yy = 0, qq = 0, yq = 0, ee = 0;
      for (std::size_t r = 0; r < kOut; ++r) {
        double y = 0, e = 0;
        for (std::size_t j = 0; j < kIn; ++j) {
          y += double{x[t * kIn + j]} * w[r * kIn + j];
          e += double{x[t * kIn + j]} * d[r * kIn + j];
        }
        yy += y * y, qq += (y + e) * (y + e), yq += y * (y + e), ee += e * e;
      }
      output += ee / 64;
      whole += yy / 64;
      const double cosine = yq / std::sqrt(yy * qq);
      cosines += cosine / 64;
      least = std::min(least, cosine);
      windows[t / 32].first += ee;
      windows[t / 32].second += yy;
    }
    double exl2 = 0;
    for (const auto& [number, sums] : windows) exl2 += std::sqrt(sums.first / sums.second) / 2;
    QL_NEAR(*metrics.mse, error / (kOut * kIn - 1), 1e-9);
    QL_NEAR(*metrics.nmse, error / energy, 1e-9);
    QVERIFY(*metrics.errorToStep > 0.45 && *metrics.errorToStep <= 0.5 + 1e-6);
    const MoreMetrics clipped =
        measureMoreMetrics(source, input, parseSpec("w4a16:clip=percentile:percent=90"), nullptr, job);
    QVERIFY(*clipped.errorToStep > 1);
    QVERIFY(!measureMoreMetrics(source, input, parseSpec("nf4"), nullptr, job).errorToStep);
    QL_NEAR(*metrics.imatrixRel, std::sqrt(weighted / weightedWhole), 1e-5);
    QL_NEAR(*metrics.outputMse, output / kOut, 1e-4);
    QL_NEAR(*metrics.outputSqnrDb, 10 * std::log10(whole / output), 1e-4);
    QL_NEAR(*metrics.gptqLoss, output + (dead + 0.01 * (2 * trace + 1) / kIn * error) / 2, 1e-4);
    QL_NEAR(*metrics.hawqTrace, 2 * trace / kIn * error, 1e-5);
    QVERIFY(*metrics.hawqEigenvalue >=
            2 * *std::max_element(diagonal.begin(), diagonal.end()) * error * 0.999);
    QL_NEAR(*metrics.cosineMean, cosines, 1e-5);
    QL_NEAR(*metrics.cosineMin, least, 1e-5);
    QL_NEAR(*metrics.exl2Error, exl2, 1e-4);
    QVERIFY(*metrics.columnMaxOverMedian > 1 && *metrics.rowMaxOverMedian > *metrics.columnMaxOverMedian);

    // a row of two values: mean 2, deviations 1, unbiased variance 2
    test::MemorySource pair(1, 2, {1.0f, 3.0f});
    const MoreMetrics small =
        measureMoreMetrics(pair, {pair.ref, 16, {}, nullptr, {}}, Choice{}, nullptr, job);
    QL_NEAR(*small.rowKurtosisMean, 1 / (4 + 1e-6), 1e-12);
    QL_NEAR(*small.rowMaxOverMedian, 3.0, 1e-12);  // lower median
    QCOMPARE(*small.mse, 0.0);
    QVERIFY(!small.imatrixRel && !small.cosineMean);
  }

  void fallbacksAreKeptAndCounted() {
    LayerError error;
    error.fallbacks = {{"damping raised to 0.1", 1}, {"rows left as they are: they are zero", 12}};
    const StoredError back = layerErrorFromDataTree(toDataTree(error, parseSpec("w4a16")));
    QCOMPARE(back.error.fallbacks, error.fallbacks);
    DataTree damaged = toDataTree(error, parseSpec("w4a16"));
    damaged.attributes["fallbacks"] = std::string("many reasons");
    QL_THROWS(layerErrorFromDataTree(damaged), "fallbacks");
  }
};

QTEST_APPLESS_MAIN(TestMoreMetrics)
#include "tst_more_metrics.moc"
