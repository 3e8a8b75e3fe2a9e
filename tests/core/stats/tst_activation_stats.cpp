// Summaries by hand, what statistics can support, and the round trip through a tree that may be hostile.
#include "core/base/error.h"
#include "core/stats/activation_accumulator.h"
#include "tests/support/compare.h"

#include <QTest>

#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

namespace {

ql::ActivationStats exampleStats(std::int64_t width = 9) {
  std::vector<std::int32_t> ids(40), positions(40), windows(40);
  std::vector<float> x(static_cast<std::size_t>(40 * width));
  for (std::size_t t = 0; t < 40; ++t) {
    ids[t] = static_cast<std::int32_t>(t * 3), positions[t] = static_cast<std::int32_t>(t % 10);
    windows[t] = static_cast<std::int32_t>(t / 10);
  }
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::sin(static_cast<float>(i * i % 1013));
  ql::JobContext job(1);
  ql::AccumulatorOptions options;
  options.seed = ~std::uint64_t{0} - 3;
  options.sampleTokens = 7;
  ql::ActivationAccumulator accumulator(width, options);
  accumulator.add({ids, positions, windows}, x, job);
  ql::ActivationStats stats = accumulator.finish(job);
  stats.evidence.data = "abc", stats.evidence.interval = {0.5, 2.0}, stats.evidence.origin = "model";
  return stats;
}

}  // namespace

class TestActivationStats : public QObject {
  Q_OBJECT
 private slots:
  void summaryByHand();
  void outliersAreCounted();
  void sigmaChannelsAreCounted();
  void kurtosisOfKnownDistributions();
  void mergeKeepsWhatBothKnow();
  void reasonsNameTheOrigin();
  void treeRoundTripIsExact();
  void foreignTreeNeedsLittle();
  void hostileTreesAreRefused_data();
  void hostileTreesAreRefused();
};

void TestActivationStats::summaryByHand() {
  ql::ActivationStats stats;
  stats.width = 4;
  stats.all.tokens = 2;  // tokens (1, -2, 0, 3) and (3, 2, 0, -5)
  stats.all.absmax = {3, 2, 0, 5}, stats.all.min = {1, -2, 0, -5}, stats.all.max = {3, 2, 0, 3};
  stats.all.sum = {4, 0, 0, -2}, stats.all.sumAbs = {4, 4, 0, 8}, stats.all.sumSq = {10, 8, 0, 34};
  stats.all.sumCube = {28, 0, 0, -98}, stats.all.sumQuad = {82, 32, 0, 706};
  stats.laterAbsmax = {3, 2, 0, 4};
  stats.sample = {4, 0, {1, 2}, {0, 1}, {0, 0}, {1, -2, 0, 3, 3, 2, 0, -5}};
  stats.summary.nans = 6;
  summarize(stats);
  QCOMPARE(stats.summary.absmax, 5.0);
  QCOMPARE(stats.summary.absmaxLater, 4.0);
  QCOMPARE(stats.summary.peakChannel, std::int64_t{3});
  QCOMPARE(stats.summary.channelPeakRatio, 2.5);  // lower median of 3 2 0 5 is 2
  QCOMPARE(stats.summary.meanAbs, 2.0);           // 16 / 8
  QCOMPARE(stats.summary.rms, std::sqrt(52.0 / 8));
  QCOMPARE(stats.summary.kurtosis, 0.75);  // two values give 1; the constant channel 0
  QCOMPARE(stats.summary.tokens, 2u);
  QCOMPARE(stats.summary.nans, 6u);
  QCOMPARE(stats.medianAbs, (std::vector<float>{1, 2, 0, 3}));
}

void TestActivationStats::outliersAreCounted() {
  ql::ActivationStats stats;
  stats.width = 4;
  stats.all.tokens = 1;
  stats.all.absmax = {5.9f, 6.0f, 60.0f, 0.0f};
  summarize(stats);
  QCOMPARE(stats.summary.outlierChannels, std::int64_t{2});
}

void TestActivationStats::sigmaChannelsAreCounted() {
  // One channel of rms r among n - 1 of rms 1: (r - mean) / deviation = sqrt(n - 1) whatever r is.
  for (const auto& [width, expected] : {std::pair{36, 0}, std::pair{38, 1}}) {
    ql::ActivationStats stats;
    stats.width = width;
    stats.all.tokens = 1;
    stats.all.sumSq.assign(static_cast<std::size_t>(width), 1.0);
    stats.all.sumSq[7] = 100;
    summarize(stats);
    QCOMPARE(stats.summary.sigmaChannels, std::int64_t{expected});
  }
  ql::ActivationStats flat;
  flat.width = 3, flat.all.tokens = 1, flat.all.sumSq = {1, 1, 1};
  summarize(flat);
  QCOMPARE(flat.summary.sigmaChannels, std::int64_t{0});
}

void TestActivationStats::kurtosisOfKnownDistributions() {
  // Of -1 and 1 in equal parts: 1. Of 0 (18 of 20) and +-1: E x^4 / (E x^2)^2 = 1 / 0.1. Of a constant: 0.
  ql::ChannelMoments m;
  m.tokens = 20;
  m.sum = {0, 0, 20 * 1.1}, m.sumSq = {20, 2, 20 * 1.1 * 1.1}, m.sumCube = {0, 0, 20 * 1.1 * 1.1 * 1.1};
  m.sumQuad = {20, 2, 20 * 1.1 * 1.1 * 1.1 * 1.1};
  QCOMPARE(m.kurtosis(0), 1.0);
  QCOMPARE(m.kurtosis(1), 10.0);
  QCOMPARE(m.kurtosis(2), 0.0);
}

void TestActivationStats::mergeKeepsWhatBothKnow() {
  ql::ChannelMoments a, b;
  a.tokens = 2, a.absmax = {1, 5}, a.sumSq = {2, 3}, a.sum = {1, 1};
  b.tokens = 3, b.absmax = {4, 2}, b.sumSq = {1, 1};
  a.merge(b);
  QCOMPARE(a.tokens, 5u);
  QCOMPARE(a.absmax, (std::vector<float>{4, 5}));
  QCOMPARE(a.sumSq, (std::vector<double>{3, 4}));
  QVERIFY(a.sum.empty());
  ql::ChannelMoments nothing;
  nothing.merge(b);
  QCOMPARE(nothing.tokens, 3u);
  nothing.merge({});
  QCOMPARE(nothing.absmax, b.absmax);
}

void TestActivationStats::reasonsNameTheOrigin() {
  using Need = ql::ActivationNeed;
  ql::ActivationStats stats;
  stats.width = 2, stats.origin = ql::ActivationOrigin::Imatrix;
  stats.all.tokens = 5, stats.all.sumSq = {1, 2};
  QCOMPARE(missingReason(stats, Need::Diagonal), std::string());
  QCOMPARE(missingReason(stats, Need::Sample),
           std::string("an imatrix keeps only the mean of x^2: no token sample to quantize"));
  QVERIFY(missingReason(stats, Need::OutputErrorW).find("no second moment and no sketch") !=
          std::string::npos);
  QVERIFY(!missingReason(stats, Need::Extremes).empty());
  stats.origin = ql::ActivationOrigin::ActScales;
  QVERIFY(missingReason(stats, Need::OutputErrorWa).starts_with("act_scales keep only the largest |x|"));
  const ql::ActivationStats whole = exampleStats();
  for (const Need need :
       {Need::Extremes, Need::Diagonal, Need::Sample, Need::OutputErrorW, Need::OutputErrorWa, Need::Median})
    QCOMPARE(missingReason(whole, need), std::string());
}

void TestActivationStats::treeRoundTripIsExact() {
  const ql::ActivationStats stats = exampleStats(400);  // two panels of the second moment
  const ql::DataTree tree = toDataTree(stats, true);
  const ql::ActivationStats back = ql::activationStatsFromDataTree(tree);
  QVERIFY(toDataTree(back, true) == tree);
  QCOMPARE(back.sample.seed, stats.sample.seed);
  QCOMPARE(back.sketch.z, stats.sketch.z);
  QVERIFY(back.evidence == stats.evidence);
  QCOMPARE(back.summary.effectiveRank, stats.summary.effectiveRank);
  QCOMPARE(back.secondMoment->sum(399, 3), stats.secondMoment->sum(399, 3));
  QVERIFY(ql::activationStatsFromDataTree(toDataTree(stats, false)).secondMoment == nullptr);
}

void TestActivationStats::foreignTreeNeedsLittle() {
  ql::DataTree tree;
  tree.attributes["width"] = std::int64_t{2};
  tree.attributes["tokens_seen"] = std::int64_t{4};
  tree.arrays["absmax"] = ql::makeArray(std::vector<double>{2, 8}, "", {});
  tree.arrays["mean_abs"] = ql::makeArray(std::vector<float>{0.5f, 1}, "", {});
  tree.arrays["token_sample"] = ql::makeArray(std::vector<float>{1, 2, 3, -8}, "", {}, {2, 2});
  tree.arrays["token_ids"] = ql::makeArray(std::vector<std::int64_t>{7, 9}, "", {});
  const auto stats = ql::activationStatsFromDataTree(tree);
  QCOMPARE(stats.origin, ql::ActivationOrigin::Capture);
  QCOMPARE(stats.all.sumAbs, (std::vector<double>{2, 4}));
  QCOMPARE(stats.summary.absmax, 8.0);
  QCOMPARE(stats.summary.channelPeakRatio, 4.0);
  QCOMPARE(stats.medianAbs, (std::vector<float>{1, 2}));
  QCOMPARE(stats.sample.ids, (std::vector<std::int32_t>{7, 9}));
  QCOMPARE(stats.sample.positions, (std::vector<std::int32_t>{0, 0}));
}

using Damage = std::function<void(ql::DataTree&)>;
Q_DECLARE_METATYPE(Damage)

void TestActivationStats::hostileTreesAreRefused_data() {
  QTest::addColumn<Damage>("damage");
  const auto row = [](const char* name, Damage damage) { QTest::newRow(name) << damage; };
  const float nan = std::numeric_limits<float>::quiet_NaN();
  row("no width", [](ql::DataTree& t) { t.attributes.erase("width"); });
  row("negative width", [](ql::DataTree& t) { t.attributes["width"] = std::int64_t{-9}; });
  row("huge width", [](ql::DataTree& t) { t.attributes["width"] = std::int64_t{1} << 62; });
  row("other width", [](ql::DataTree& t) { t.attributes["width"] = std::int64_t{8}; });
  row("width a text", [](ql::DataTree& t) { t.attributes["width"] = std::string("9"); });
  row("no tokens", [](ql::DataTree& t) { t.attributes.erase("tokens_seen"); });
  row("negative tokens", [](ql::DataTree& t) { t.attributes["tokens_seen"] = std::int64_t{-1}; });
  row("first tokens above all",
      [](ql::DataTree& t) { t.children["first_token"].attributes["tokens_seen"] = std::int64_t{1000}; });
  row("unknown origin", [](ql::DataTree& t) { t.attributes["origin"] = std::string("dream"); });
  row("NaN extreme",
      [nan](ql::DataTree& t) { t.arrays["max"] = ql::makeArray(std::vector<float>(9, nan), "", {}); });
  row("negative absmax",
      [](ql::DataTree& t) { t.arrays["absmax"] = ql::makeArray(std::vector<float>(9, -1.0f), "", {}); });
  row("min above max",
      [](ql::DataTree& t) { t.arrays["min"] = ql::makeArray(std::vector<float>(9, 100.0f), "", {}); });
  row("min without max", [](ql::DataTree& t) { t.arrays.erase("max"); });
  row("negative squares",
      [](ql::DataTree& t) { t.arrays["sum_sq"] = ql::makeArray(std::vector<double>(9, -1.0), "", {}); });
  row("whole numbers for sums",
      [](ql::DataTree& t) { t.arrays["sum"] = ql::makeArray(std::vector<std::int32_t>(9, 1), "", {}); });
  row("shape above bytes", [](ql::DataTree& t) { t.arrays["token_sample"].shape = {~std::uint64_t{0}, 9}; });
  row("sample not a matrix", [](ql::DataTree& t) { t.arrays["token_sample"].shape = {63}; });
  row("sample of another width", [](ql::DataTree& t) { t.arrays["token_sample"].shape = {9, 7}; });
  row("too few ids", [](ql::DataTree& t) {
    t.arrays["token_ids"] = ql::makeArray(std::vector<std::int32_t>{1, 2}, "", {});
  });
  row("id below -1", [](ql::DataTree& t) {
    t.arrays["token_ids"] = ql::makeArray(std::vector<std::int32_t>(7, -2), "", {});
  });
  row("id above 32 bits", [](ql::DataTree& t) {
    t.arrays["token_ids"] = ql::makeArray(std::vector<std::int64_t>(7, std::int64_t{1} << 40), "", {});
  });
  row("negative position", [](ql::DataTree& t) {
    t.arrays["token_positions"] = ql::makeArray(std::vector<std::int32_t>(7, -1), "", {});
  });
  row("sketch without columns", [](ql::DataTree& t) {
    t.arrays["sketch"] = ql::makeArray(std::vector<float>{}, "", {}, {9, 0});
  });
  row("sketch of another width", [](ql::DataTree& t) { t.arrays["sketch"].shape = {32, 9}; });
  row("short second moment", [](ql::DataTree& t) {
    t.arrays["second_moment"] = ql::makeArray(std::vector<float>(10, 1.0f), "", {});
  });
  row("second moment of no tokens",
      [](ql::DataTree& t) { t.attributes["second_moment_tokens"] = std::int64_t{0}; });
  row("NaN in the second moment", [nan](ql::DataTree& t) {
    t.arrays["second_moment"] = ql::makeArray(std::vector<float>(81, nan), "", {});
  });
  row("quantiles out of order", [](ql::DataTree& t) {
    t.arrays["token_absmax_quantiles"] =
        ql::makeArray(std::vector<float>{9, 8, 7, 6, 5, 4, 3, 2, 1, 0}, "", {});
  });
  row("nine quantiles", [](ql::DataTree& t) {
    t.arrays["token_absmax_quantiles"] = ql::makeArray(std::vector<float>(9, 1.0f), "", {});
  });
  row("half a summary", [](ql::DataTree& t) { t.children["summary"].attributes.erase("act_rms"); });
  row("half an evidence", [](ql::DataTree& t) { t.children["evidence"].attributes.erase("tool"); });
}

void TestActivationStats::hostileTreesAreRefused() {
  QFETCH(Damage, damage);
  ql::DataTree tree = toDataTree(exampleStats(), true);
  QVERIFY(ql::activationStatsFromDataTree(tree).width == 9);
  damage(tree);
  try {
    ql::activationStatsFromDataTree(tree);
    QFAIL("the damaged tree was taken");
  } catch (const ql::Error& e) {
    QCOMPARE(static_cast<int>(e.code()), static_cast<int>(ql::ErrorCode::Store));
  }
}

QTEST_APPLESS_MAIN(TestActivationStats)
#include "tst_activation_stats.moc"
