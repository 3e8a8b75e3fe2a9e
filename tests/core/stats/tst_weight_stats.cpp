#include "core/base/error.h"
#include "core/stats/weight_stats.h"
#include "memory_source.h"
#include "tests/support/compare.h"

#include <hwy/targets.h>

#include <QTest>

#include <algorithm>
#include <numeric>

using namespace ql;
using ql::test::Channel;
using ql::test::MemorySource;

namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

WeightStats measure(const MemorySource& source, int threads = 2, const WeightStatsOptions& options = {}) {
  JobContext job(threads);
  job.expect(measureUnits(source, source.matrix()));
  const WeightStats stats = measureWeights(source, source.matrix(), options, job);
  if (job.done() != job.total()) throw std::runtime_error("the job was not stepped to its end");
  return stats;
}

// Float partial sums over at most 32 x 1024 values and one rounding to float (weight_stats.h).
constexpr double kSumBound = 1e-6;

void compareChannel(const ChannelStats& stats, std::size_t i, const Channel& expected) {
  QCOMPARE(static_cast<double>(stats.absmax[i]), expected.absmax);
  QCOMPARE(static_cast<double>(stats.min[i]), expected.min);
  QCOMPARE(static_cast<double>(stats.max[i]), expected.max);
  QCOMPARE(stats.zeros[i], expected.zeros);
  QCOMPARE(stats.nans[i], expected.nans);
  QCOMPARE(stats.posInfs[i], expected.posInfs);
  QCOMPARE(stats.negInfs[i], expected.negInfs);
  QVERIFY(std::abs(stats.sum[i] - expected.sum) <= kSumBound * expected.sumAbs);
  QL_NEAR(stats.sumSq[i], expected.sq, kSumBound);
  QL_NEAR(stats.sumQuad[i], expected.quad, kSumBound);
}

void compareChannels(const WeightStats& stats, const std::vector<float>& w) {
  const auto out = static_cast<std::size_t>(stats.out), in = static_cast<std::size_t>(stats.in);
  std::vector<Channel> rows(out), columns(in);
  for (std::size_t r = 0; r < out; ++r)
    for (std::size_t c = 0; c < in; ++c) {
      rows[r].add(w[r * in + c], static_cast<std::int64_t>(c));
      columns[c].add(w[r * in + c], static_cast<std::int64_t>(r));
    }
  for (std::size_t r = 0; r < out; ++r) {
    compareChannel(stats.rows, r, rows[r]);
    QCOMPARE(std::int64_t{stats.rowArgmax[r]}, rows[r].argmax);
    if (QTest::currentTestFailed()) return;
  }
  for (std::size_t c = 0; c < in && !QTest::currentTestFailed(); ++c)
    compareChannel(stats.columns, c, columns[c]);
}

void compareTop(const WeightStats& stats, const std::vector<float>& w) {
  std::vector<TopEntry> all;
  for (std::size_t i = 0; i < w.size(); ++i)
    if (std::isfinite(w[i]))
      all.push_back({static_cast<std::int64_t>(i) / stats.in, static_cast<std::int64_t>(i) % stats.in, w[i]});
  std::stable_sort(all.begin(), all.end(), [](const TopEntry& a, const TopEntry& b) {
    return std::abs(a.value) > std::abs(b.value);
  });
  all.resize(std::min<std::size_t>(all.size(), 64));
  QVERIFY(stats.top == all);
}

// Order statistics and moments by sorting, for dtypes of at most 16 bits.
void compareSummary(const WeightStats& stats, const std::vector<float>& all, bool isExact) {
  std::vector<double> w;
  for (const float value : all)
    if (std::isfinite(value)) w.push_back(static_cast<double>(value));
  const WeightSummary& s = stats.summary;
  QCOMPARE(s.quantilesExact, isExact);
  if (w.empty()) return;
  std::sort(w.begin(), w.end());
  const double n = static_cast<double>(w.size());
  const double mean = std::accumulate(w.begin(), w.end(), 0.0) / n;
  double m2 = 0, m4 = 0;
  for (const double v : w) m2 += (v - mean) * (v - mean), m4 += std::pow(v - mean, 4);
  const double bound = isExact ? 1e-12 : 1e-5, scale = std::sqrt(m2 / n);
  QVERIFY(std::abs(s.mean - mean) <= bound * (scale + std::abs(mean)));
  const bool isConstant = w.front() == w.back();
  QL_NEAR(s.std, isConstant ? 0 : std::sqrt(m2 / (n - 1)), bound);
  QL_NEAR(s.kurtosis, isConstant ? 0 : (m4 / n) / (m2 / n) / (m2 / n), 10 * bound);
  const auto at = [&](double q) { return w[static_cast<std::size_t>(q * (n - 1))]; };
  // Truncated to bf16: towards zero by less than 2^-7 of the value.
  const double order = isExact ? 0 : 1.0 / 128;
  QL_NEAR(s.quantile001, at(0.001), order);
  QL_NEAR(s.quantile01, at(0.01), order);
  QL_NEAR(s.quantile50, at(0.5), order);
  QL_NEAR(s.quantile99, at(0.99), order);
  QL_NEAR(s.quantile999, at(0.999), order);
  std::vector<double> magnitudes = w;
  for (double& v : magnitudes) v = std::abs(v);
  std::sort(magnitudes.begin(), magnitudes.end());
  QL_NEAR(s.medianAbs, magnitudes[(magnitudes.size() - 1) / 2], order);
  const double beyond = static_cast<double>(std::count_if(
      w.begin(), w.end(), [&](double v) { return s.std > 0 && std::abs(v - s.mean) >= 3 * s.std; }));
  if (isExact)
    QCOMPARE(s.outliers3, beyond / n);
  else
    QVERIFY(std::abs(s.outliers3 - beyond / n) <= 0.002);
}

struct Case {
  std::int64_t out, in;
  DType dtype;
  bool isRaw;
};

std::vector<Case> awkwardCases() {
  std::vector<Case> cases;
  const std::vector<std::pair<std::int64_t, std::int64_t>> sizes{{1, 1},   {1, 257},   {257, 1},   {7, 13},
                                                                 {64, 64}, {65, 129},  {3, 31},    {4, 32},
                                                                 {5, 33},  {33, 1056}, {31, 1057}, {300, 70}};
  for (const auto& [out, in] : sizes)
    for (const DType dtype : {DType::BF16, DType::F16, DType::F32})
      for (const bool isRaw : {true, false}) cases.push_back({out, in, dtype, isRaw});
  return cases;
}

void plantNonFinite(std::vector<float>& w) {
  for (std::size_t i = 0; i < w.size(); i += 97) w[i] = kNan;
  for (std::size_t i = 5; i < w.size(); i += 131) w[i] = kInf;
  for (std::size_t i = 11; i < w.size(); i += 151) w[i] = -kInf;
}

}  // namespace

class TestWeightStats : public QObject {
  Q_OBJECT

 private slots:
  void cleanup() { chooseTarget(0); }

  void agreesWithDoubleReference() {
    for (const Case& c : awkwardCases()) {
      for (const int kind : {0, 1, 2}) {
        std::vector<float> w = test::bellValues(c.out * c.in, 7, 0.02f, kind == 1 ? 5 : 0);
        if (kind == 2) plantNonFinite(w);
        const MemorySource source(c.out, c.in, c.dtype, w, c.isRaw);
        const WeightStats stats = measure(source);
        const std::vector<float> stored = source.values();
        compareChannels(stats, stored);
        compareTop(stats, stored);
        const bool isWide = c.dtype == DType::F32 || (c.dtype == DType::F16 && !c.isRaw);
        compareSummary(stats, stored, !isWide || stats.summary.quantilesExact);
        if (QTest::currentTestFailed()) {
          qWarning("%lld x %lld, dtype %d, raw %d, kind %d", static_cast<long long>(c.out),
                   static_cast<long long>(c.in), static_cast<int>(c.dtype), c.isRaw, kind);
          return;
        }
      }
    }
  }

  void extremesOfTheFloatRange() {
    // Beyond what float fourth powers hold: the exact path must take over, without overflow or underflow.
    for (const float scale : {1e-42f, 1e-20f, 1e-9f, 1e9f, 1e25f}) {
      for (const DType dtype : {DType::BF16, DType::F32}) {
        const MemorySource source(40, 70, dtype, test::bellValues(40 * 70, 3, scale));
        const WeightStats stats = measure(source);
        compareChannels(stats, source.values());
        QVERIFY(std::isfinite(stats.summary.std) && std::isfinite(stats.summary.kurtosis));
        if (QTest::currentTestFailed()) return;
      }
    }
  }

  void sameBytesForAnyThreadCount() {
    std::vector<float> w = test::bellValues(700 * 4100, 5, 0.02f, 1000);
    w[123456] = kNan;
    const MemorySource source(700, 4100, DType::BF16, w);
    const DataTree one = toDataTree(measure(source, 1));
    QVERIFY(one == toDataTree(measure(source, 2)));
    QVERIFY(one == toDataTree(measure(source, 5)));
  }

  void everyTargetAgrees() {
    const MemorySource source(67, 1100, DType::BF16, test::bellValues(67 * 1100, 9, 0.02f, 50));
    const MemorySource floats(67, 1100, DType::F32, source.values());
    const WeightStats best = measure(source);
    for (const std::int64_t target : {HWY_SSSE3, HWY_SSE4, HWY_AVX2, HWY_AVX3}) {
      if (!chooseTarget(target)) continue;
      for (const MemorySource* s : {&source, &floats}) {
        const WeightStats stats = measure(*s);
        compareChannels(stats, source.values());
        QVERIFY(stats.rows.absmax == best.rows.absmax && stats.columns.min == best.columns.min);
        QVERIFY(stats.columns.zeros == best.columns.zeros && stats.rowArgmax == best.rowArgmax &&
                stats.top == best.top);
        QVERIFY(stats.histogram.counts == best.histogram.counts);
      }
    }
  }

  void emptyConstantAndNonFinite() {
    const WeightStats empty = measure(MemorySource(0, 5, DType::BF16, {}));
    QCOMPARE(empty.summary.peakColumn, std::int64_t{-1});
    QVERIFY(weightStatsFromDataTree(toDataTree(empty)).columns == empty.columns);
    QCOMPARE(measure(MemorySource(5, 0, DType::F32, {})).rowArgmax, (std::vector<std::int32_t>(5, -1)));
    const WeightStats constant = measure(MemorySource(40, 64, DType::F32, std::vector<float>(40 * 64, 0.1f)));
    QCOMPARE(constant.summary.std, 0.0);
    QCOMPARE(constant.summary.kurtosis, 0.0);
    QCOMPARE(constant.summary.outliers3, 0.0);
    QCOMPARE(constant.top[63].column, std::int64_t{63});
    const WeightStats zeros = measure(MemorySource(8, 64, DType::BF16, std::vector<float>(8 * 64, -0.0f)));
    QCOMPARE(zeros.summary.zeroRows, std::uint64_t{8});
    QCOMPARE(zeros.summary.zeroColumns, std::uint64_t{64});
    QCOMPARE(zeros.summary.maxOverMedian, 0.0);
    const WeightStats nans = measure(MemorySource(40, 64, DType::F16, std::vector<float>(40 * 64, kNan)));
    QCOMPARE(nans.summary.nans, std::uint64_t{40 * 64});
    QCOMPARE(nans.summary.absmax, 0.0);
    QVERIFY(nans.top.empty());
    QCOMPARE(nans.pyramid.levels[0].nonFinite[0], std::uint8_t{1});
  }

  void narrowIntegersAreExact() {
    std::vector<float> w(30 * 40);
    for (std::size_t i = 0; i < w.size(); ++i)
      w[i] = static_cast<float>(static_cast<int>(i * 37 % 256) - 128);
    const MemorySource source(30, 40, DType::I8, w);
    const WeightStats stats = measure(source);
    compareChannels(stats, w);
    compareSummary(stats, w, true);
  }

  void handWorkedCase() {
    // 1 2 / 3 -10: mean -1, deviations 2 3 4 -9 -> m2 = 110/4, m4 = (16+81+256+6561)/4.
    const WeightStats stats = measure(MemorySource(2, 2, DType::BF16, {1, 2, 3, -10}));
    QCOMPARE(stats.summary.mean, -1.0);
    QL_NEAR(stats.summary.std, std::sqrt(110.0 / 3), 1e-15);
    QL_NEAR(stats.summary.kurtosis, (6914.0 / 4) / (27.5 * 27.5), 1e-15);
    QCOMPARE(stats.summary.medianAbs, 2.0);
    QCOMPARE(stats.summary.maxOverMedian, 5.0);
    QCOMPARE(stats.summary.columnPeakRatio, 10.0 / 3);
    QCOMPARE(stats.summary.rowPeakRatio, 5.0);
    QCOMPARE(stats.summary.peakColumn, std::int64_t{1});
    QCOMPARE(stats.summary.quantile50, 1.0);
    QCOMPARE(coverage(stats, {1}), 1.0);
    QCOMPARE(coverage(stats, {0}), 0.0);
    QCOMPARE(LogHistogram::lowerEdge(127 * 8), 1.0f);
    QCOMPARE(stats.histogram.counts[127 * 8], std::uint64_t{1});
  }

  void roundTripIsExact() {
    for (const DType dtype : {DType::BF16, DType::F16, DType::F32}) {
      std::vector<float> w = test::bellValues(200 * 300, 4, 0.02f, 11);
      if (dtype != DType::F16) plantNonFinite(w);
      const WeightStats stats = measure(MemorySource(200, 300, dtype, w));
      const DataTree tree = toDataTree(stats);
      const WeightStats back = weightStatsFromDataTree(tree);
      QVERIFY(toDataTree(back) == tree);
      QVERIFY(back.rows == stats.rows && back.columns == stats.columns && back.top == stats.top);
      QVERIFY(back.evidence == stats.evidence && back.rowArgmax == stats.rowArgmax);
      QVERIFY(back.histogram.counts == stats.histogram.counts);
      QCOMPARE(back.pyramid.levels.size(), stats.pyramid.levels.size());
      for (std::size_t i = 0; i < back.pyramid.levels.size(); ++i) {
        const PyramidLevel &a = back.pyramid.levels[i], &b = stats.pyramid.levels[i];
        QVERIFY(a.min == b.min && a.max == b.max && a.absmax == b.absmax && a.mean == b.mean &&
                a.nonFinite == b.nonFinite);
      }
    }
  }

  void damagedTreesAreRefused() {
    const DataTree good = toDataTree(measure(MemorySource(20, 30, DType::BF16, test::bellValues(600, 1))));
    DataTree tree = good;
    tree.attributes["out"] = std::int64_t{1} << 40;
    QL_THROWS(weightStatsFromDataTree(tree), "shape");
    tree = good;
    tree.attributes["histogram_first_bin"] = std::int64_t{2047};
    QL_THROWS(weightStatsFromDataTree(tree), "histogram");
    tree = good;
    tree.arrays["row_argmax"] = makeArray(std::vector<std::int32_t>(20, 30), "", {"output channel"});
    QL_THROWS(weightStatsFromDataTree(tree), "row_argmax");
    tree = good;
    tree.children["pyramid"].attributes["tile"] = std::int64_t{3};
    QL_THROWS(weightStatsFromDataTree(tree), "tile");
    tree = good;
    tree.arrays["top_k_position"] = makeArray(std::vector<std::int64_t>(128, 99), "", {"rank", "x"}, {64, 2});
    QL_THROWS(weightStatsFromDataTree(tree), "outside");
    tree = good;
    tree.children.erase("summary");
    QL_THROWS(weightStatsFromDataTree(tree), "summary");
    tree = good;
    tree.arrays.erase("column_sum");
    QL_THROWS(weightStatsFromDataTree(tree), "column_sum");
  }

  void storedBytesOfALargeMatrixStayUnderOnePercent() {
    // 28672 x 8192 BF16 = 469,762,048 bytes; one percent is 4,697,620. Stored, with the largest tile choice:
    // channels (28672 + 8192) x (absmax, min, max, sum, sq, quad, zeros = 28 bytes) + argmax 28672 x 4 =
    // 1,146,880, histogram <= 16,384, pyramid of 32 x 32 tiles 229,376 x 7 = 1,605,632 (only its finest
    // level): 2,768,896 = 0.59 %.
    const std::int64_t out = 28672, in = 8192;
    const std::uint64_t stored = static_cast<std::uint64_t>(out * in) * 2;
    const std::int64_t tile = finestTileWithin(out, in, stored / 200);
    QCOMPARE(tile, std::int64_t{32});
    const std::uint64_t bytes =
        static_cast<std::uint64_t>((out + in) * 28 + out * 4 + 16384 + out / tile * (in / tile) * 7);
    QVERIFY(bytes * 100 <= stored);
    // The same counting on a matrix that is really stored; zeros are there, non-finite values are not.
    const std::int64_t rows = 448, columns = 512;
    const WeightStats stats =
        measure(MemorySource(rows, columns, DType::BF16, test::bellValues(rows * columns, 2, 0.02f, 9)));
    const DataTree tree = toDataTree(stats);
    std::uint64_t actual = 0;
    for (const auto& [name, array] : tree.arrays) actual += array.bytes.size();
    for (const auto& [name, array] : tree.children.at("pyramid").arrays) actual += array.bytes.size();
    const PyramidLevel& level = stats.pyramid.levels.front();
    QVERIFY(actual <= static_cast<std::uint64_t>((rows + columns) * 28 + rows * 4 + 16384 +
                                                 level.rows * level.columns * 7) +
                          64 * 20);
  }

  void cancels() {
    const MemorySource source(64, 64, DType::BF16, test::bellValues(64 * 64, 1));
    JobContext job(1);
    job.cancel();
    bool isCancelled = false;
    try {
      measureWeights(source, source.matrix(), {}, job);
    } catch (const Cancelled&) {
      isCancelled = true;
    }
    QVERIFY(isCancelled);
  }

 private:
  // 0 = what the CPU has. False when it lacks the target.
  static bool chooseTarget(std::int64_t target) {
    hwy::SetSupportedTargetsForTest(0);
    const std::int64_t supported = hwy::SupportedTargets();
    if (target != 0 && (supported & target) == 0) return false;
    if (target != 0) hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    return true;
  }
};

QTEST_APPLESS_MAIN(TestWeightStats)
#include "tst_weight_stats.moc"
