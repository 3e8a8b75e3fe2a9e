// ActivationAccumulator against double-precision references, and the independence of its bits from threads
// and batches.
#include "core/base/error.h"
#include "core/stats/activation_accumulator.h"
#include "core/stats/counter_random.h"
#include "tests/support/compare.h"

#include <QTest>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

struct Tokens {
  std::int64_t width = 0;
  std::vector<std::int32_t> ids, positions, windows;
  std::vector<float> x;
  std::int64_t count() const { return static_cast<std::int64_t>(ids.size()); }
  float& at(std::int64_t token, std::int64_t channel) {
    return x[static_cast<std::size_t>(token * width + channel)];
  }
  float at(std::int64_t token, std::int64_t channel) const {
    return x[static_cast<std::size_t>(token * width + channel)];
  }
};

/// Windows of `context` tokens; channels of different scale and offset, first tokens massive.
Tokens makeTokens(std::int64_t count, std::int64_t width, std::int32_t context) {
  Tokens tokens;
  tokens.width = width;
  std::mt19937 random(7);
  std::normal_distribution<float> normal;
  for (std::int32_t t = 0; t < count; ++t) {
    tokens.ids.push_back(1000 + t);
    tokens.positions.push_back(t % context);
    tokens.windows.push_back(t / context);
    for (std::int64_t c = 0; c < width; ++c) {
      const float scale = 0.1f * static_cast<float>(1 + c % 13), offset = c % 5 == 0 ? 3.0f : 0.0f;
      tokens.x.push_back((normal(random) * scale + offset) * (t % context == 0 ? 50.0f : 1.0f));
    }
  }
  return tokens;
}

void addRange(ql::ActivationAccumulator& accumulator, const Tokens& tokens, std::int64_t begin,
              std::int64_t end, ql::JobContext& job) {
  const auto b = static_cast<std::size_t>(begin), n = static_cast<std::size_t>(end - begin);
  const auto width = static_cast<std::size_t>(tokens.width);
  accumulator.add({std::span(tokens.ids).subspan(b, n), std::span(tokens.positions).subspan(b, n),
                   std::span(tokens.windows).subspan(b, n)},
                  std::span(tokens.x).subspan(b * width, n * width), job);
}

ql::ActivationStats statsOf(const Tokens& tokens, const ql::AccumulatorOptions& options, std::int64_t batch,
                            int threads = 2) {
  ql::JobContext job(threads);
  ql::ActivationAccumulator accumulator(tokens.width, options);
  for (std::int64_t begin = 0; begin < tokens.count(); begin += batch)
    addRange(accumulator, tokens, begin, std::min(tokens.count(), begin + batch), job);
  return accumulator.finish(job);
}

ql::AccumulatorOptions withoutMoment() {
  ql::AccumulatorOptions options;
  options.withSecondMoment = false;
  return options;
}

}  // namespace

class TestActivationAccumulator : public QObject {
  Q_OBJECT
 private slots:
  void momentsMatchADoubleReference();
  void firstTokensAreApart();
  void brokenTokensAreCountedAndLeftOut();
  void bitsDependOnNeitherThreadsNorBatches();
  void secondMomentIsThatOfTheGoodTokens();
  void quantilesAreOrderStatistics();
  void sampleIsUniformAndHoldsTheFirstToken();
  void sampleRowsAreTheTokens();
  void smallSampleKeepsEverything();
  void sketchMatchesItsDefinition();
  void sketchEstimatesTheTrace();
  void randomNumbersHaveTheirDefinition();
  void mediansAreTheLowerOnes();
  void nothingSeenGivesNothing();
  void isEmptyAfterFinish();
};

void TestActivationAccumulator::momentsMatchADoubleReference() {
  const Tokens tokens = makeTokens(301, 67, 50);
  const auto stats = statsOf(tokens, withoutMoment(), 64);
  QCOMPARE(stats.all.tokens, 301u);
  for (std::int64_t c = 0; c < tokens.width; ++c) {
    long double s1 = 0, s1a = 0, s2 = 0, s3 = 0, s4 = 0;
    float low = kInf, high = -kInf;
    for (std::int64_t t = 0; t < tokens.count(); ++t) {
      const long double v = tokens.at(t, c);
      s1 += v, s1a += std::abs(v), s2 += v * v, s3 += v * v * v, s4 += v * v * v * v;
      low = std::min(low, tokens.at(t, c)), high = std::max(high, tokens.at(t, c));
    }
    const auto i = static_cast<std::size_t>(c);
    QCOMPARE(stats.all.min[i], low);
    QCOMPARE(stats.all.max[i], high);
    QCOMPARE(stats.all.absmax[i], std::max(-low, high));
    // 300 double additions: far below 1e-12 of the sum of magnitudes.
    QVERIFY(std::abs(stats.all.sum[i] - static_cast<double>(s1)) <= 1e-12 * static_cast<double>(s1a));
    QL_NEAR(stats.all.sumAbs[i], s1a, 1e-12);
    QL_NEAR(stats.all.sumSq[i], s2, 1e-12);
    QVERIFY(std::abs(stats.all.sumCube[i] - static_cast<double>(s3)) <=
            1e-12 * std::pow(static_cast<double>(s4), 0.75) * 10);
    QL_NEAR(stats.all.sumQuad[i], s4, 1e-12);
    const long double n = 301, mean = s1 / n, variance = s2 / n - mean * mean;
    long double fourth = 0;
    for (std::int64_t t = 0; t < tokens.count(); ++t) fourth += std::pow(tokens.at(t, c) - mean, 4);
    QL_NEAR(stats.all.kurtosis(i), fourth / n / (variance * variance), 1e-9);
  }
}

void TestActivationAccumulator::firstTokensAreApart() {
  const Tokens tokens = makeTokens(120, 19, 30);
  const auto stats = statsOf(tokens, withoutMoment(), 50);
  QCOMPARE(stats.first.tokens, 4u);
  for (std::int64_t c = 0; c < tokens.width; ++c) {
    float first = 0, later = 0;
    double sum = 0;
    for (std::int64_t t = 0; t < 120; ++t) {
      float& largest = t % 30 == 0 ? first : later;
      largest = std::max(largest, std::abs(tokens.at(t, c)));
      if (t % 30 == 0) sum += double{tokens.at(t, c)} * tokens.at(t, c);
    }
    const auto i = static_cast<std::size_t>(c);
    QCOMPARE(stats.first.absmax[i], first);
    QCOMPARE(stats.laterAbsmax[i], later);
    QCOMPARE(stats.all.absmax[i], std::max(first, later));
    QL_NEAR(stats.first.sumSq[i], sum, 1e-13);
  }
}

void TestActivationAccumulator::brokenTokensAreCountedAndLeftOut() {
  Tokens tokens = makeTokens(64, 33, 16), good = tokens;
  tokens.at(0, 3) = kNan;
  tokens.at(17, 32) = kInf;
  tokens.at(17, 4) = -kInf;
  tokens.at(40, 0) = kNan;
  tokens.at(40, 1) = kInf;
  good = Tokens{};
  good.width = 33;
  for (std::int64_t t = 0; t < 64; ++t) {
    if (t == 0 || t == 17 || t == 40) continue;
    const auto i = static_cast<std::size_t>(t);
    good.ids.push_back(tokens.ids[i]), good.positions.push_back(tokens.positions[i]);
    good.windows.push_back(tokens.windows[i]);
    for (std::int64_t c = 0; c < 33; ++c) good.x.push_back(tokens.at(t, c));
  }
  auto stats = statsOf(tokens, withoutMoment(), 64);
  QCOMPARE(stats.summary.nans, 2u);
  QCOMPARE(stats.summary.infs, 3u);
  QCOMPARE(stats.summary.skippedTokens, 3u);
  QCOMPARE(stats.summary.tokens, 61u);
  stats.summary.nans = stats.summary.infs = stats.summary.skippedTokens = 0;
  QVERIFY(toDataTree(stats, true) == toDataTree(statsOf(good, withoutMoment(), 64), true));
}

void TestActivationAccumulator::bitsDependOnNeitherThreadsNorBatches() {
  const Tokens tokens = makeTokens(700, 131, 100);
  ql::AccumulatorOptions options;
  options.sampleTokens = 50;
  options.seed = 99;
  const ql::DataTree one = toDataTree(statsOf(tokens, options, 256, 1), true);
  for (const int threads : {2, 3}) QVERIFY(toDataTree(statsOf(tokens, options, 256, threads), true) == one);
  options.withSecondMoment = false;  // float32 sums of batches: their bits follow the batches
  const ql::DataTree whole = toDataTree(statsOf(tokens, options, 700), true);
  for (const std::int64_t batch : {1, 17, 129})
    QVERIFY(toDataTree(statsOf(tokens, options, batch), true) == whole);
}

void TestActivationAccumulator::secondMomentIsThatOfTheGoodTokens() {
  Tokens tokens = makeTokens(90, 21, 30);
  tokens.at(30, 2) = kNan;
  const auto stats = statsOf(tokens, {}, 40);
  QVERIFY(stats.secondMoment != nullptr);
  QCOMPARE(stats.secondMoment->tokens(), 89u);
  for (std::int64_t i = 0; i < 21; ++i) {
    for (std::int64_t j = 0; j <= i; ++j) {
      double sum = 0, size = 0;
      for (std::int64_t t = 0; t < 90; ++t) {
        if (t == 30) continue;
        const double product = double{tokens.at(t, i)} * tokens.at(t, j);
        sum += product, size += std::abs(product);
      }
      QVERIFY(std::abs(stats.secondMoment->sum(i, j) - sum) <= 1e-6 * size);
    }
  }
  QVERIFY(stats.summary.effectiveRank.has_value() && *stats.summary.effectiveRank >= 1);
  QVERIFY(stats.summary.conditionNumber.has_value() && *stats.summary.conditionNumber >= 1);
  ql::AccumulatorOptions plain;
  plain.withConditioning = false;
  QVERIFY(!statsOf(tokens, plain, 40).summary.effectiveRank.has_value());
}

void TestActivationAccumulator::quantilesAreOrderStatistics() {
  Tokens tokens;
  tokens.width = 3;
  for (std::int32_t t = 0; t < 1001; ++t) {  // absmax of token t is (t * 500) % 1001: a permutation
    tokens.ids.push_back(t), tokens.positions.push_back(t + 1), tokens.windows.push_back(0);
    const auto v = static_cast<float>((t * 500) % 1001);
    tokens.x.insert(tokens.x.end(), {0.25f * v, t % 2 == 0 ? v : -v, 0.0f});
  }
  const auto stats = statsOf(tokens, withoutMoment(), 100);
  const std::vector<float> expected{0, 10, 50, 250, 500, 750, 950, 990, 999, 1000};
  QCOMPARE(stats.tokenAbsmaxQuantiles, expected);
  QCOMPARE(stats.summary.tokenAbsmax50, 500.0);
  QCOMPARE(stats.summary.tokenAbsmax99, 990.0);
  QCOMPARE(stats.summary.tokenAbsmax100, 1000.0);
}

void TestActivationAccumulator::sampleIsUniformAndHoldsTheFirstToken() {
  const Tokens tokens = makeTokens(400, 1, 400);
  std::vector<int> chosen(400);
  constexpr int kSeeds = 500, kSample = 41;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    ql::AccumulatorOptions options = withoutMoment();
    options.sampleTokens = kSample, options.sketchColumns = 0, options.seed = seed;
    const auto stats = statsOf(tokens, options, 400, 1);
    QCOMPARE(stats.sample.count(), std::int64_t{kSample});
    for (const std::int32_t position : stats.sample.positions) ++chosen[static_cast<std::size_t>(position)];
  }
  QCOMPARE(chosen[0], kSeeds);
  // Each other token is in with p = 40 / 399: a binomial of mean 50.1 and standard deviation 6.7.
  double chiSquare = 0;
  for (std::size_t i = 1; i < chosen.size(); ++i) {
    QVERIFY2(std::abs(chosen[i] - 50.1) < 5 * 6.7, qPrintable(QString::number(i)));
    chiSquare += (chosen[i] - 50.1) * (chosen[i] - 50.1) / (6.7 * 6.7);
  }
  QVERIFY2(chiSquare > 300 && chiSquare < 500, qPrintable(QString::number(chiSquare)));  // 399 +- 28
}

void TestActivationAccumulator::sampleRowsAreTheTokens() {
  const Tokens tokens = makeTokens(333, 9, 40);
  ql::AccumulatorOptions options = withoutMoment();
  options.sampleTokens = 20;
  const auto stats = statsOf(tokens, options, 50);
  QCOMPARE(stats.sample.count(), std::int64_t{20});
  QCOMPARE(stats.sample.windows[0] * 40 + stats.sample.positions[0], 0);
  std::int32_t before = -1;
  for (std::int64_t i = 0; i < 20; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const std::int32_t token = stats.sample.windows[at] * 40 + stats.sample.positions[at];
    QVERIFY(token > before);
    QCOMPARE(stats.sample.ids[at], 1000 + token);
    for (std::int64_t c = 0; c < 9; ++c)
      QCOMPARE(stats.sample.row(i)[static_cast<std::size_t>(c)], tokens.at(token, c));
    before = token;
  }
}

void TestActivationAccumulator::smallSampleKeepsEverything() {
  const Tokens tokens = makeTokens(12, 5, 4);
  const auto stats = statsOf(tokens, withoutMoment(), 5);
  QCOMPARE(stats.sample.count(), std::int64_t{12});
  QCOMPARE(stats.sample.values, tokens.x);
  ql::AccumulatorOptions options = withoutMoment();
  options.sampleTokens = 1;
  QCOMPARE(statsOf(tokens, options, 5).sample.positions, std::vector<std::int32_t>{0});
  options.sampleTokens = 0;
  QVERIFY(!statsOf(tokens, options, 5).hasSample());
}

void TestActivationAccumulator::sketchMatchesItsDefinition() {
  const Tokens tokens = makeTokens(77, 22, 11);
  ql::AccumulatorOptions options = withoutMoment();
  options.sketchColumns = 70, options.seed = 5;
  const auto stats = statsOf(tokens, options, 20);
  QCOMPARE(stats.sketch.k, 70);
  for (std::int64_t c = 0; c < 22; ++c) {
    for (std::uint64_t j = 0; j < 70; ++j) {
      double sum = 0, size = 0;
      for (std::int64_t t = 0; t < 77; ++t) {
        const std::uint64_t bits = ql::counterRandom(5, 1 + j / 64, static_cast<std::uint64_t>(t));
        sum += (((bits >> (j % 64)) & 1) != 0 ? 1.0 : -1.0) * tokens.at(t, c);
        size += std::abs(tokens.at(t, c));
      }
      const float z = stats.sketch.z[static_cast<std::size_t>(c) * 70 + j];
      QVERIFY(std::abs(z - sum / std::sqrt(77.0)) <= 1e-6 * size);
    }
  }
}

void TestActivationAccumulator::sketchEstimatesTheTrace() {
  // tr(d M d^T) for one row d, by design.md's estimator, over many seeds: unbiased within 4 standard errors.
  const Tokens tokens = makeTokens(200, 16, 1 << 20);
  ql::AccumulatorOptions options = withoutMoment();
  std::vector<double> d, estimates;
  for (int c = 0; c < 16; ++c) d.push_back(std::sin(c + 1.0));
  double exact = 0;
  for (std::int64_t t = 0; t < 200; ++t) {
    double dot = 0;
    for (std::int64_t c = 0; c < 16; ++c) dot += d[static_cast<std::size_t>(c)] * tokens.at(t, c);
    exact += dot * dot / 200;
  }
  for (options.seed = 0; options.seed < 200; ++options.seed) {
    const auto stats = statsOf(tokens, options, 200, 1);
    double estimate = 0;
    std::vector<double> dz(32);
    for (std::size_t c = 0; c < 16; ++c) {
      double norm = 0;
      for (std::size_t j = 0; j < 32; ++j) {
        const double z = stats.sketch.z[c * 32 + j];
        norm += z * z, dz[j] += d[c] * z;
      }
      estimate += d[c] * d[c] * (stats.all.meanSq(c) - norm / 32);
    }
    for (const double v : dz) estimate += v * v / 32;
    estimates.push_back(estimate);
  }
  double mean = 0, variance = 0;
  for (const double e : estimates) mean += e / 200;
  for (const double e : estimates) variance += (e - mean) * (e - mean) / 199;
  QVERIFY(variance > 0);
  QVERIFY2(std::abs(mean - exact) < 4 * std::sqrt(variance / 200),
           qPrintable(QString("%1 against %2").arg(mean).arg(exact)));
}

void TestActivationAccumulator::randomNumbersHaveTheirDefinition() {
  // The first number of SplitMix64 with seed 0, as published with its reference code.
  QCOMPARE(ql::mixBits(0x9e3779b97f4a7c15u), std::uint64_t{0xe220a8397b1dcdafu});
  QCOMPARE(ql::boundedRandom(~std::uint64_t{0}, 10), std::uint64_t{9});
  QCOMPARE(ql::boundedRandom(0, 10), std::uint64_t{0});
  QVERIFY(ql::counterRandom(1, 2, 3) != ql::counterRandom(1, 3, 2));
}

void TestActivationAccumulator::mediansAreTheLowerOnes() {
  Tokens tokens;
  tokens.width = 18;
  for (std::int32_t t = 0; t < 4; ++t) {
    tokens.ids.push_back(t), tokens.positions.push_back(t), tokens.windows.push_back(0);
    for (int c = 0; c < 18; ++c)
      tokens.x.push_back(static_cast<float>((t % 2 == 0 ? -1 : 1) * (t + 1) * (c + 1)));
  }
  const auto stats = statsOf(tokens, withoutMoment(), 4);
  for (std::size_t c = 0; c < 18; ++c) QCOMPARE(stats.medianAbs[c], 2.0f * static_cast<float>(c + 1));
}

void TestActivationAccumulator::nothingSeenGivesNothing() {
  Tokens tokens = makeTokens(3, 8, 3);
  for (std::int64_t t = 0; t < 3; ++t) tokens.at(t, t) = kNan;
  const auto stats = statsOf(tokens, {}, 3);
  QVERIFY(!stats.hasExtremes() && !stats.hasDiagonal() && !stats.hasSample() && !stats.hasSketch());
  QVERIFY(stats.secondMoment == nullptr);
  QCOMPARE(stats.summary.skippedTokens, 3u);
  QCOMPARE(QString::fromStdString(missingReason(stats, ql::ActivationNeed::Sample)),
           QStringLiteral("every token at this input had NaN or infinite values"));
}

void TestActivationAccumulator::isEmptyAfterFinish() {
  const Tokens tokens = makeTokens(40, 12, 10);
  ql::JobContext job(1);
  ql::ActivationAccumulator accumulator(12, {});
  QCOMPARE(accumulator.bytes(), 0u);
  addRange(accumulator, tokens, 0, 40, job);
  QVERIFY(accumulator.bytes() > 0);
  QVERIFY(accumulator.bytes() <= ql::ActivationAccumulator::bytesFor(12, {}) + 256 * 12 + 40 * 4);
  const auto first = toDataTree(accumulator.finish(job), true);
  QCOMPARE(accumulator.bytes(), 0u);
  addRange(accumulator, tokens, 0, 40, job);
  QVERIFY(toDataTree(accumulator.finish(job), true) == first);
}

QTEST_APPLESS_MAIN(TestActivationAccumulator)
#include "tst_activation_accumulator.moc"
