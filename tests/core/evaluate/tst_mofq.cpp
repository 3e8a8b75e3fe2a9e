// Integers against floats: verdicts by brute force, errors of float formats on the SIMD kernels against the
// exact path, and what a Gaussian matrix suffers under them.
#include "core/base/error.h"
#include "core/evaluate/error_pass.h"
#include "core/evaluate/mofq.h"
#include "core/evaluate/smoothing_kernel.h"
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

LayerError measureOne(const MemorySource& source, const Choice& choice) {
  JobContext job(2);
  ErrorInput input;
  input.matrix = source.ref;
  return measureErrors(source, input, std::span(&choice, 1), nullptr, job).front();
}

/// |Q(W) - W|_F / |W|_F in double, one scale a row: absmax over the largest value, nearest of all values.
double slowError(const MemorySource& source, const std::vector<double>& magnitudes) {
  const auto in = static_cast<std::size_t>(source.ref.in);
  double error = 0, energy = 0;
  for (std::size_t row = 0; row < source.values().size(); row += in) {
    float absmax = 0;
    for (std::size_t j = 0; j < in; ++j) absmax = std::max(absmax, std::abs(source.values()[row + j]));
    const double scale = static_cast<double>(absmax) / magnitudes.back();
    for (std::size_t j = 0; j < in; ++j) {
      const double w = std::abs(static_cast<double>(source.values()[row + j]));
      double least = std::numeric_limits<double>::infinity();
      for (const double m : magnitudes) least = std::min(least, std::abs(m * scale - w));
      error += least * least;
      energy += w * w;
    }
  }
  return std::sqrt(error / energy);
}

/// Row r of a matrix is uniform or heavy-tailed.
MemorySource tailedSource(double degrees, unsigned seed) {
  std::mt19937 random(seed);
  std::student_t_distribution<float> tails(static_cast<float>(degrees));
  std::uniform_real_distribution<float> flat(-1, 1);
  std::vector<float> w(24 * 256);
  for (float& v : w) v = degrees > 0 ? tails(random) : flat(random);
  return MemorySource(24, 256, std::move(w));
}

const char* const kFloats[] = {"fp8_e4m3",      "fp8_e5m2",      "fp6_e2m3",      "fp6_e3m2",     "fp4_e2m1",
                               "fp4_e2m1_ieee", "fp8_e4m3_ieee", "fp8_e4m3_fnuz", "fp8_e5m2_fnuz"};

}  // namespace

class TestMofq : public QObject {
  Q_OBJECT
 private slots:
  void verdictsAreThoseOfASearch_data() {
    QTest::addColumn<double>("degrees");
    QTest::newRow("flat") << 0.0;
    QTest::newRow("t9") << 9.0;
    QTest::newRow("t3") << 3.0;
    QTest::newRow("t1.5") << 1.5;
  }
  void verdictsAreThoseOfASearch() {
    QFETCH(double, degrees);
    const MemorySource source = tailedSource(degrees, 7);
    int floats = 0;
    for (const char* spec : {"int4", "int8"}) {
      const MofqCandidates pair = mofqCandidates(parseSpec(spec));
      const LayerError integer = measureOne(source, pair.integer),
                       floating = measureOne(source, pair.floating);
      std::vector<double> values;
      for (const float v : elementMagnitudes(*findElementFormat(pair.floating.weight->format)))
        values.push_back(static_cast<double>(v));
      QL_NEAR(floating.weightRelFro, slowError(source, values), 1e-5);
      const MofqResult result =
          mofqVerdict(mofqFigure(MofqLoss::Tensor, integer, {}), mofqFigure(MofqLoss::Tensor, floating, {}));
      QCOMPARE(result.isFloat, slowError(source, values) < integer.weightRelFro);
      floats += result.isFloat ? 1 : 0;
    }
    // flat rows suit integers, heavy tails floats at 4 bits and, when very heavy, at 8
    QCOMPARE(floats, degrees == 0.0 ? 0 : degrees < 2 ? 2 : 1);
  }

  void candidatesDifferInFormatAlone() {
    const MofqCandidates both = mofqCandidates(parseSpec("w8a8:group=64,act=group:32"));
    QCOMPARE(specText(both.integer), std::string("w8a8:group=64,act=group:32"));
    QCOMPARE(specText(both.floating), std::string("fp8_e4m3/fp8_e4m3:group=64,act=group:32"));
    // other bits of the activations stay as they are
    QCOMPARE(specText(mofqCandidates(parseSpec("w4a8")).floating), std::string("fp4_e2m1/int8"));
    QCOMPARE(specText(mofqCandidates(parseSpec("fp4_e2m1:group=32")).integer), std::string("w4a16:group=32"));
    QCOMPARE(mofqCandidates(parseSpec("fp8_e5m2")).floating.weight->format, std::string("fp8_e5m2"));
    QCOMPARE(mofqCandidates(parseSpec("w8a8"), "fp8_e5m2").floating.activation->format,
             std::string("fp8_e5m2"));
    QL_THROWS(mofqCandidates(parseSpec("w8a8"), "fp4_e2m1"), "4 bits");
    QL_THROWS(mofqCandidates(parseSpec("w8a8"), "int8"), "no float format");
    QL_THROWS(mofqCandidates(parseSpec("int3")), "no float format of 3 bits");
    QL_THROWS(mofqCandidates(parseSpec("int4:asym")), "asymmetric");
    QL_THROWS(mofqCandidates(parseSpec("int4:flavour=gptq")), "integers only");
    QL_THROWS(mofqCandidates(parseSpec("mxfp4")), "mxfp4");
    QL_THROWS(mofqCandidates(parseSpec("bf16")), "as stored");
  }

  void tiesStayWithIntegers() {
    QVERIFY(!mofqVerdict(0.5, 0.5).isFloat && mofqVerdict(0.5, 0.4).isFloat &&
            !mofqVerdict(0.4, {}).isMeasured());
    const std::vector<MofqResult> results{mofqVerdict(0.3, 0.4), mofqVerdict(0.4, 0.1), mofqVerdict({}, 0.0)};
    QVERIFY(mofqJointVerdict(results));  // 0.25 against 0.17
    QVERIFY(!mofqJointVerdict(std::span(results).first(1)));
    const std::vector<MofqResult> equal{mofqVerdict(0.3, 0.4), mofqVerdict(0.4, 0.3)};
    QVERIFY(!mofqJointVerdict(equal));
    for (const MofqLoss loss : {MofqLoss::Tensor, MofqLoss::Output, MofqLoss::Wa})
      QVERIFY(mofqLossFromName(mofqLossName(loss)) == loss);
    QVERIFY(!mofqLossFromName("ppl"));
  }

  /// The product of quantized operands in double against the figures of the losses.
  void lossesWithActivationsAreThoseOfAProduct() {
    const MemorySource source = gaussianSource(12, 40, 5, 30);
    std::mt19937 random(9);
    const std::vector<float> x = massiveChannelTokens(50, 40, random);
    const ActivationStats site = siteOf(x, 40);
    const Choice choice = mofqCandidates(parseSpec("w8a8")).floating;
    JobContext job(2);
    ErrorInput input;
    input.matrix = source.ref;
    const OutputError output =
        measureOutputErrors(source, input, std::span(&choice, 1), nullptr, site, 0, job).front();
    std::vector<float> qx = x;
    fakeQuantizeActivations(*choice.activation, 50, 40, qx);
    const QuantizedMatrix qw = quantizerFor(*choice.weight).quantize(*choice.weight, 12, 40, source.values());
    double energy = 0, w = 0, wa = 0;
    for (std::size_t t = 0; t < 50; ++t)
      for (std::size_t r = 0; r < 12; ++r) {
        double plain = 0, weights = 0, both = 0;
        for (std::size_t j = 0; j < 40; ++j) {
          const double v = static_cast<double>(x[t * 40 + j]),
                       q = static_cast<double>(qw.dequantized[r * 40 + j]);
          plain += v * static_cast<double>(source.values()[r * 40 + j]);
          weights += v * q;
          both += static_cast<double>(qx[t * 40 + j]) * q;
        }
        energy += plain * plain;
        w += (weights - plain) * (weights - plain);
        wa += (both - plain) * (both - plain);
      }
    QL_NEAR(*mofqFigure(MofqLoss::Output, {}, output), std::sqrt(w / energy), 1e-4);
    QL_NEAR(*mofqFigure(MofqLoss::Wa, {}, output), std::sqrt(wa / energy), 1e-4);
    QVERIFY(!mofqFigure(MofqLoss::Wa, {}, std::nullopt));
  }

  void kernelsGiveWhatTheExactPathGives_data() {
    QTest::addColumn<QString>("part");
    for (const char* part : {"channel", "group=32", "group=24", "tensor"}) QTest::newRow(part) << part;
  }
  void kernelsGiveWhatTheExactPathGives() {
    QFETCH(QString, part);
    constexpr std::int64_t kOut = 131, kIn = 203;
    MemorySource source = gaussianSource(kOut, kIn, 3, 40);
    for (std::size_t j = 0; j < kIn; ++j) source.values()[17 * kIn + j] = 0;
    source.storeAsBf16();
    JobContext job(2);
    const MatrixRange range = measureRange(source, source.ref, job);
    for (const char* format : kFloats) {
      const WeightScheme scheme = *parseSpec(std::string(format) + ":" + part.toStdString()).weight;
      const ErrorSums fast = sumErrors(source, {source.ref, 16, {}}, std::span(&scheme, 1), &range, job);
      SchemeSums exact;
      exact.columnError.assign(kIn, 0.0);
      addErrorsExactly(*makeRowQuantizer(scheme, {kOut, kIn, &range}), 0, source.values(), kIn, exact);
      const SchemeSums& sums = fast.schemes[0];
      QCOMPARE(sums.zeroCodes, exact.zeroCodes);
      QL_NEAR(sums.maxAbs, exact.maxAbs, 1e-6);
      QL_NEAR(sums.sumAbs, exact.sumAbs, 2e-5);
      for (std::size_t j = 0; j < kIn; ++j) QL_NEAR(sums.columnError[j], exact.columnError[j], 1e-5);
    }
  }

  void smoothedRowsAreRoundedTheSameWay() {
    constexpr std::size_t kIn = 203;
    const MemorySource source = gaussianSource(3, kIn, 21, 10);
    std::vector<float> s(kIn), scaled(3 * kIn), result(3 * kIn), expected(3 * kIn);
    for (std::size_t j = 0; j < kIn; ++j) s[j] = 0.5f + static_cast<float>(j % 7);
    for (std::size_t i = 0; i < scaled.size(); ++i) scaled[i] = source.values()[i] * s[i % kIn];
    for (const char* format : kFloats) {
      const WeightScheme scheme = *parseSpec(std::string(format) + ":group=50").weight;
      SmoothedRows rows;
      rows.weights = source.values().data();
      rows.factors = s.data();
      rows.result = result.data();
      rows.rows = 3;
      rows.columns = kIn;
      quantizeScaledRows(*stripScheme(scheme, kIn, nullptr), rows);
      makeRowQuantizer(scheme, {3, kIn, nullptr})->apply(0, 3, scaled, expected, {});
      QVERIFY2(result == expected, format);
    }
  }

  /// A matrix of Gaussian weights has the error and the dead codes that the yardstick says.
  void yardsticksAreThoseOfGaussianMatrices() {
    const MemorySource source = gaussianSource(512, 128, 31);
    for (const char* format : kFloats) {
      const Choice choice = parseSpec(format);
      const LayerError error = measureOne(source, choice);
      QVERIFY2(near(gaussianRelError(*choice.weight, 512, 128), error.weightRelFro, 0.03), format);
      const double dead = static_cast<double>(gaussianDeadCode(*choice.weight, 512, 128));
      // counts of 65,536 weights: four standard deviations of a binomial, and the spread of the rows' absmax
      QVERIFY2(std::abs(dead - error.deadCode) < 4 * std::sqrt(dead / 65536) + 0.01 * dead, format);
      QCOMPARE(error.deadCodeGaussian, dead);
    }
    // two values a part: [-1, 1] of fp4 has 1 and its share; all error comes from the other value
    QVERIFY(gaussianRelError(*parseSpec("fp4_e2m1").weight, 4, 2) > 0);
  }
};

QTEST_APPLESS_MAIN(TestMofq)
#include "tst_mofq.moc"
