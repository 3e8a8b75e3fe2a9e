// Output errors against hand-worked cases, a slow double-precision reference, and the intervals against the
// truth over many seeds.
#include "core/base/error.h"
#include "core/evaluate/output_error.h"
#include "core/evaluate/ratio_interval.h"
#include "core/quant/quantizer.h"
#include "tests/core/evaluate/memory_source.h"
#include "tests/core/evaluate/site_data.h"
#include "tests/support/compare.h"

#include <QTest>

#include <cmath>
#include <limits>

using namespace ql;
using namespace ql::test;

namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

std::vector<OutputError> measure(const MemorySource& source, const std::vector<Choice>& choices,
                                 const ActivationStats& activations, int threads = 1,
                                 const WeightStats* stats = nullptr, std::int64_t rowLimit = 0) {
  JobContext job(threads);
  ErrorInput input;
  input.matrix = source.ref;
  return measureOutputErrors(source, input, choices, stats, activations, rowLimit, job);
}

OutputError measureOne(const MemorySource& source, const char* spec, const ActivationStats& activations) {
  return measure(source, {parseSpec(spec)}, activations)[0];
}

/// Q(W), and 0 on both sides where a weight is not finite.
struct Weights {
  std::vector<double> w, q;
};

Weights quantized(const MemorySource& source, const Choice& choice) {
  const std::int64_t out = source.ref.out, in = source.ref.in;
  std::vector<float> values = source.values();
  if (choice.weight) {
    const std::vector<float> rows = values;
    std::vector<float> finite = rows;
    for (float& v : finite) v = std::isfinite(v) ? v : 0.0f;
    MatrixRange range{std::vector<float>(static_cast<std::size_t>(in)),
                      std::vector<float>(static_cast<std::size_t>(in))};
    for (std::size_t i = 0; i < finite.size(); ++i) {
      const std::size_t j = i % static_cast<std::size_t>(in);
      range.columnMin[j] = i == j ? finite[i] : std::min(range.columnMin[j], finite[i]);
      range.columnMax[j] = i == j ? finite[i] : std::max(range.columnMax[j], finite[i]);
    }
    makeRowQuantizer(*choice.weight, {out, in, &range})->apply(0, out, rows, values, {});
  }
  Weights result;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const bool isFinite = std::isfinite(source.values()[i]);
    result.w.push_back(isFinite ? static_cast<double>(source.values()[i]) : 0);
    result.q.push_back(isFinite ? static_cast<double>(values[i]) : 0);
  }
  return result;
}

/// |X A^T - X' B^T|_F / |X A^T|_F in double.
double relativeError(const std::vector<float>& x, const std::vector<float>& quantizedX,
                     const std::vector<double>& a, const std::vector<double>& b, std::size_t in) {
  double error = 0, energy = 0;
  for (std::size_t t = 0; t < x.size(); t += in) {
    for (std::size_t r = 0; r < a.size(); r += in) {
      double y = 0, z = 0;
      for (std::size_t j = 0; j < in; ++j) {
        y += static_cast<double>(x[t + j]) * a[r + j];
        z += static_cast<double>(quantizedX[t + j]) * b[r + j];
      }
      error += (y - z) * (y - z);
      energy += y * y;
    }
  }
  return std::sqrt(error / energy);
}

/// The regimes an interval has to survive.
struct Regime {
  const char* name;
  std::vector<float> (*x)(std::size_t tokens, std::size_t in, std::mt19937& random);
  float weightOutlier;
};

const std::vector<Regime>& regimes() {
  static const std::vector<Regime> list = {
      {"Gaussian", gaussianTokens, 1},          {"massive channel", massiveChannelTokens, 1},
      {"weight outliers", gaussianTokens, 200}, {"low rank", lowRankTokens, 1},
      {"heavy tails", heavyTailedTokens, 1},    {"one direction", oneDirectionTokens, 1},
      {"common mean", shiftedTokens, 1}};
  return list;
}

}  // namespace

class TestOutputError : public QObject {
  Q_OBJECT

 private slots:
  /// W = [127, 0.6] has scale 1 and rounds to [127, 1]: D = [0, 0.4]. So has X = [127, 0.6] as a token.
  void handWorked() {
    const MemorySource source(1, 2, {127, 0.6f});
    const char* spec = "w8a8:flavour=smoothquant";
    // M = I / 2: sqrt(0.4^2 / (127^2 + 0.6^2))
    OutputError error = measureOne(source, spec, siteOf({1, 0, 0, 1}, 2));
    QL_NEAR(*error.w, 0.4 / std::sqrt(127 * 127 + 0.36), 1e-6);
    // tokens of one value each round to themselves
    QL_NEAR(*error.a, 0.0, 0);
    // M of ones: the channels go together and 0.4 stands against 127.6
    error = measureOne(source, spec, siteOf({1, 1}, 2));
    QL_NEAR(*error.w, 0.4 / 127.6, 1e-6);
    // Q(X) = [127, 1]: its error 0.4 meets the weight 0.6, or the weight's 1
    error = measureOne(source, spec, siteOf({127, 0.6f}, 2));
    const double y = 127 * 127 + 0.36;
    QL_NEAR(*error.a, 0.4 * 0.6 / y, 1e-6);
    // the difference 0.64 of two float32 outputs of 16129, each good to 2^-11
    QL_NEAR(*error.wa, (1 - 0.36) / y, 0.001 / 0.64);
    QCOMPARE(error.weightEvidence.kind, Evidence::Kind::Exact);
    QCOMPARE(error.weightEvidence.n, std::int64_t{1});
  }

  /// 75 channels, groups of 32 and a short last one, a row of zeros, a column of NaN and a single one.
  void agreesWithDoublePrecision() {
    MemorySource source = gaussianSource(60, 75, 3, 20);
    for (std::size_t j = 0; j < 75; ++j) source.values()[7 * 75 + j] = 0;
    for (std::size_t r = 0; r < 60; ++r) source.values()[r * 75 + 11] = kNan;
    source.values()[5 * 75 + 2] = std::numeric_limits<float>::infinity();
    std::mt19937 random(5);
    const std::vector<float> x = massiveChannelTokens(90, 75, random);
    const ActivationStats site = siteOf(x, 75);
    const ActivationRange range{site.all.min, site.all.max};
    const std::vector<const char*> specs = {"w8a8",
                                            "w8a16",
                                            "w4a8:group=32,act=group:32",
                                            "w4a16:group=32,asym",
                                            "w8a8:tensor,act=tensor",
                                            "w8a8:tensor,act=tensor,static",
                                            "w8a8:act=group:16,static",
                                            "w8a8:input_channel,act_asym",
                                            "w4a8:group_in_channel=7",
                                            "w4a4:block=16x32",
                                            "w16a8",
                                            "w16a16"};
    std::vector<Choice> choices;
    for (const char* spec : specs) choices.push_back(parseSpec(spec));
    const std::vector<OutputError> errors = measure(source, choices, site, 2);
    for (std::size_t i = 0; i < choices.size(); ++i) {
      const Weights weights = quantized(source, choices[i]);
      std::vector<float> quantizedX = x;
      if (choices[i].activation) fakeQuantizeActivations(*choices[i].activation, 90, 75, quantizedX, &range);
      const auto check = [&](const std::optional<double>& actual, double expected, const char* figure) {
        QVERIFY2(actual && near(*actual, expected, 2e-5, 1e-12),
                 qPrintable(QStringLiteral("%1 of %2: %3, expected %4")
                                .arg(QLatin1String(figure), QLatin1String(specs[i]))
                                .arg(actual.value_or(-1), 0, 'g', 12)
                                .arg(expected, 0, 'g', 12)));
      };
      check(errors[i].w, relativeError(x, x, weights.w, weights.q, 75), "w");
      check(errors[i].a, relativeError(x, quantizedX, weights.w, weights.w, 75), "a");
      check(errors[i].wa, relativeError(x, quantizedX, weights.w, weights.q, 75), "wa");
      // what is measured together does not matter
      QCOMPARE(*measure(source, {choices[i]}, site)[0].wa, *errors[i].wa);
    }
  }

  void withoutMomentOrSketchTheSampleSpeaks() {
    const MemorySource source = gaussianSource(40, 33, 8);
    std::mt19937 random(5);
    const std::vector<float> x = gaussianTokens(64, 33, random);
    ActivationStats site = siteOf(x, 33);
    const double exact = *measureOne(source, "w4a16", site).w;
    site.secondMoment.reset();
    site.sketch = {};
    site.all = {};
    const OutputError error = measureOne(source, "w4a8", site);
    QL_NEAR(*error.w, exact, 2e-5);  // the sample is all tokens here
    QVERIFY(error.weightEvidence.method.find("sample") != std::string::npos);
    QVERIFY(error.weightEvidence.interval->first < exact && exact < error.weightEvidence.interval->second);
    // static scales come from the sample then, and the evidence says so
    const OutputError fixed = measureOne(source, "w4a8:act=tensor,static", site);
    QVERIFY(fixed.sampleEvidence.method.find("own extremes") != std::string::npos);
  }

  /// Only E[x^2] is known: uncorrelated channels are assumed, and said.
  void diagonalAloneIsLabelled() {
    const MemorySource source(1, 2, {127, 0.6f});
    ActivationStats site;
    site.width = 2;
    site.origin = ActivationOrigin::Imatrix;
    site.all.tokens = 2;
    site.all.sumSq = {2, 8};  // M_jj = 1, 4
    const OutputError error = measureOne(source, "w8a8:flavour=smoothquant", site);
    QL_NEAR(*error.w, std::sqrt(0.16 * 4 / (127 * 127 + 0.36 * 4)), 1e-6);
    QVERIFY(error.weightEvidence.method.find("uncorrelated") != std::string::npos);
    QCOMPARE(error.weightEvidence.kind, Evidence::Kind::Sampled);
    QVERIFY(!error.a && !error.wa);
  }

  void nothingKnownGivesNothing() {
    ActivationStats site;
    site.width = 3;
    site.all.absmax = {1, 2, 3};
    const OutputError error = measureOne(MemorySource(2, 3, {1, 2, 3, 4, 5, 6}), "w8a8", site);
    QVERIFY(!error.w && !error.a && !error.wa);
    const OutputError zero = measureOne(MemorySource(2, 2, {0, 0, 0, 0}), "w8a8", siteOf({1, 2, 3, 4}, 2));
    QVERIFY(!zero.w && !zero.a && !zero.wa);
    JobContext job;
    ErrorInput input;
    input.matrix = MatrixRef{"empty", 0, 2, false, -1};
    const std::vector<Choice> choices = {parseSpec("w8a8")};
    QVERIFY(
        !measureOutputErrors(MemorySource(0, 2, {}), input, choices, nullptr, siteOf({1, 2}, 2), 0, job)[0]
             .w);
  }

  void tokensThatAreNotFiniteAreLeftOut() {
    const MemorySource source = gaussianSource(9, 5, 2);
    std::mt19937 random(1);
    std::vector<float> x = gaussianTokens(20, 5, random);
    const OutputError clean = measureOne(source, "w8a8", siteOf(x, 5));
    ActivationStats site = siteOf(x, 5);
    for (const float bad : {kNan, 1.0f, 2.0f, 3.0f, -std::numeric_limits<float>::infinity()})
      site.sample.values.push_back(bad);
    site.sample.ids.push_back(0);
    site.sample.positions.push_back(0);
    site.sample.windows.push_back(1);
    const OutputError error = measureOne(source, "w8a8", site);
    QCOMPARE(*error.wa, *clean.wa);
    QCOMPARE(error.sampleEvidence.n, std::int64_t{20});
  }

  /// The 95 % interval of the sketch holds the truth in at least 93 % of the seeds, in every regime.
  void sketchIntervalCovers_data() {
    QTest::addColumn<int>("regime");
    for (std::size_t i = 0; i < regimes().size(); ++i)
      QTest::newRow(regimes()[i].name) << static_cast<int>(i);
  }
  void sketchIntervalCovers() {
    QFETCH(int, regime);
    const Regime& r = regimes()[static_cast<std::size_t>(regime)];
    constexpr int kSeeds = 400;
    std::mt19937 random(11);
    const MemorySource source = gaussianSource(24, 48, 7, r.weightOutlier);
    const std::vector<float> x = r.x(320, 48, random);
    ActivationStats site = siteOf(x, 48);
    const std::vector<Choice> choices = {parseSpec("w8a16"), parseSpec("w4a16:group=16")};
    const std::vector<OutputError> exact = measure(source, choices, site);
    site.secondMoment.reset();
    site.sample = {};
    std::array<int, 2> held{}, narrow{};
    for (unsigned seed = 0; seed < kSeeds; ++seed) {
      addSketch(site, x, 32, seed);
      const std::vector<OutputError> errors = measure(source, choices, site);
      for (std::size_t i = 0; i < 2; ++i) {
        const auto interval = errors[i].weightEvidence.interval.value();
        held[i] += interval.first <= *exact[i].w && *exact[i].w <= interval.second ? 1 : 0;
        narrow[i] += interval.second - interval.first < *exact[i].w ? 1 : 0;
      }
    }
    for (std::size_t i = 0; i < 2; ++i) {
      QVERIFY2(held[i] >= kSeeds * 93 / 100, qPrintable(QString::number(held[i])));
      QVERIFY2(held[i] < kSeeds || kSeeds == 0, "an interval that always holds is too wide");
      QVERIFY2(narrow[i] >= kSeeds * 95 / 100, qPrintable(QString::number(narrow[i])));
    }
  }

  /// A sample of tokens says what all calibration tokens would give.
  void sampleIntervalCovers() {
    std::mt19937 random(4);
    const MemorySource source = gaussianSource(16, 24, 9);
    const std::vector<float> x = heavyTailedTokens(4000, 24, random);
    const double truth = *measureOne(source, "w4a8", siteOf(x, 24)).wa;
    int held = 0;
    for (int seed = 0; seed < 300; ++seed) {
      std::vector<float> some;
      for (int t = 0; t < 200; ++t) {
        const auto first = x.begin() + static_cast<std::ptrdiff_t>(random() % 4000 * 24);
        some.insert(some.end(), first, first + 24);
      }
      ActivationStats site = siteOf(some, 24);
      site.all.tokens = 4000;
      const auto interval = measureOne(source, "w4a8", site).sampleEvidence.interval.value();
      held += interval.first <= truth && truth <= interval.second ? 1 : 0;
    }
    QVERIFY2(held >= 279 && held < 300, qPrintable(QString::number(held)));
  }

  /// The preview reads some rows; its interval holds the figure of all rows.
  void previewIntervalCovers() {
    std::mt19937 random(6);
    const std::vector<float> x = massiveChannelTokens(60, 40, random);
    const ActivationStats site = siteOf(x, 40);
    const std::vector<Choice> choices = {parseSpec("w4a8"), parseSpec("w4a8:group_in_channel=128")};
    int heldW = 0, heldWa = 0;
    for (unsigned seed = 0; seed < 200; ++seed) {
      const MemorySource source = gaussianSource(512, 40, 100 + seed, 6);
      const WeightStats stats = rowStats(source);
      const std::vector<OutputError> exact = measure(source, choices, site);
      const std::vector<OutputError> some = measure(source, choices, site, 1, &stats, 128);
      const auto holds = [](const Evidence& evidence, double value) {
        return evidence.interval->first <= value && value <= evidence.interval->second;
      };
      heldW += holds(some[0].weightEvidence, *exact[0].w) ? 1 : 0;
      heldWa += holds(some[0].sampleEvidence, *exact[0].wa) ? 1 : 0;
      QVERIFY(some[0].weightEvidence.kind == Evidence::Kind::Sampled);
      QVERIFY(some[0].weightEvidence.method.find("128 rows") != std::string::npos);
      QCOMPARE(*some[1].wa, *exact[1].wa);  // its parts span rows: all rows are read
    }
    QVERIFY2(heldW >= 186 && heldW < 200, qPrintable(QString::number(heldW)));
    QVERIFY2(heldWa >= 186, qPrintable(QString::number(heldWa)));
  }

  void threadsDoNotMatterAndProgressAddsUp() {
    const MemorySource source = gaussianSource(700, 130, 1, 30);
    const WeightStats stats = rowStats(source);
    std::mt19937 random(2);
    const std::vector<float> x = lowRankTokens(70, 130, random);
    ActivationStats site = siteOf(x, 130);
    addSketch(site, x, 32, 3);
    const std::vector<Choice> choices = {parseSpec("w8a8"), parseSpec("w4a16:group=32"),
                                         parseSpec("w4a8:group_in_channel=100"), parseSpec("w16a8")};
    ErrorInput input;
    input.matrix = source.ref;
    for (const bool hasMoment : {true, false}) {
      if (!hasMoment) site.secondMoment.reset();
      for (const std::int64_t rowLimit : {0, 64}) {
        JobContext one(1), three(3);
        const auto a = measureOutputErrors(source, input, choices, &stats, site, rowLimit, one);
        const auto b = measureOutputErrors(source, input, choices, &stats, site, rowLimit, three);
        for (std::size_t i = 0; i < choices.size(); ++i) {
          QCOMPARE(*a[i].w, *b[i].w);
          QCOMPARE(*a[i].a, *b[i].a);
          QCOMPARE(*a[i].wa, *b[i].wa);
          QCOMPARE(a[i].weightEvidence, b[i].weightEvidence);
          QCOMPARE(a[i].sampleEvidence, b[i].sampleEvidence);
        }
        QCOMPARE(one.done(), outputErrorUnits(input, choices, site, &stats, rowLimit));
      }
    }
    JobContext cancelled;
    cancelled.cancel();
    QVERIFY_EXCEPTION_THROWN(measureOutputErrors(source, input, choices, nullptr, site, 0, cancelled),
                             Cancelled);
  }

  void badInputIsNamed() {
    const MemorySource source = gaussianSource(4, 6, 1);
    std::mt19937 random(2);
    const std::vector<float> x = gaussianTokens(10, 6, random);
    QL_THROWS(measureOne(source, "w8a8", siteOf(gaussianTokens(9, 5, random), 5)),
              "activation statistics of its input have 5");
    ActivationStats site = siteOf(x, 6);
    site.secondMoment.reset();
    site.all.sumSq.pop_back();
    QL_THROWS(measureOne(source, "w8a8", site), "diagonal of X^T X");
    site = siteOf(x, 6);
    site.sample.values.pop_back();
    QL_THROWS(measureOne(source, "w8a8", site), "token sample holds 59 values");
    site = siteOf(x, 6);
    QL_THROWS(measureOne(source, "mxfp4:channel", site), "mxfp4");
  }

  /// Student's quantile against tables, and the interval of plain means.
  void intervalBuildingBlocks() {
    QL_NEAR(studentQuantile(4), 2.776445, 1e-3);
    QL_NEAR(studentQuantile(10), 2.228139, 1e-4);
    QL_NEAR(studentQuantile(31), 2.039513, 1e-5);
    const std::vector<double> y = {1, 3, 1, 3}, x = {1, 1, 1, 1};  // mean 2, s^2 = 4/3, no skewness
    const RatioInterval interval = ratioInterval(y, x);
    QL_NEAR(interval.value, 2.0, 1e-15);
    QL_NEAR(interval.below, studentQuantile(3) * std::sqrt(1.0 / 3), 1e-12);
    QL_NEAR(interval.above, interval.below, 1e-12);
    // all 4 of 4 were seen: nothing is left to be uncertain about
    QCOMPARE(ratioInterval(y, x, 4).below, 0.0);
    // a long upper tail reaches further up than down
    const std::vector<double> tail = {1, 1, 1, 1, 1, 9}, ones(6, 1.0);
    const RatioInterval skewed = ratioInterval(tail, ones);
    QVERIFY(skewed.above > 1.2 * skewed.below);
    QVERIFY(std::isinf(ratioInterval(std::span(y).first(3), std::span(x).first(3)).above));
  }
};

QTEST_GUILESS_MAIN(TestOutputError)
#include "tst_output_error.moc"
