// EasyQuant and weights kept apart: against every set of codes there is, and hand-worked cases.
#include "core/base/error.h"
#include "core/quant/outlier_split.h"
#include "core/quant/step_search.h"
#include "tests/core/quant/methods/range_data.h"
#include "tests/support/compare.h"

#include <numeric>

using namespace ql;
using namespace ql::test;

namespace {

/// Every break point of every weight, every set of codes: the least error there is, and its step.
StepChoice leastError(const std::vector<float>& values, int lo, int hi) {
  std::vector<double> steps;
  for (const float w : values) {
    const double m = std::abs(static_cast<double>(w));
    for (int k = 0; k < (w < 0 ? -lo : hi) && m > 0; ++k) steps.push_back(m / (k + 0.5));
  }
  std::sort(steps.begin(), steps.end());
  StepChoice best;
  for (const float w : values) best.error += static_cast<double>(w) * static_cast<double>(w);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const double inside = i == 0 ? steps[0] / 2 : (steps[i - 1] + steps[i]) / 2;
    double product = 0, squares = 0, error = 0;
    for (const float w : values) {
      const double q = std::clamp(std::nearbyint(static_cast<double>(w) / inside), 0.0 + lo, 0.0 + hi);
      product += q * static_cast<double>(w);
      squares += q * q;
    }
    if (!(squares > 0)) continue;
    const double step = product / squares;
    for (const float w : values) {
      const double q = std::clamp(std::nearbyint(static_cast<double>(w) / step), 0.0 + lo, 0.0 + hi);
      error += (static_cast<double>(w) - q * step) * (static_cast<double>(w) - q * step);
    }
    if (error < best.error) best = {step, error};
  }
  return best;
}

}  // namespace

class TestEasyQuant : public QObject {
  Q_OBJECT
 private slots:
  void bestStepIsTheGlobalMinimum_data() {
    QTest::addColumn<int>("lo");
    QTest::addColumn<int>("hi");
    QTest::newRow("2 bits") << -1 << 1;
    QTest::newRow("3 bits") << -3 << 3;
    QTest::newRow("4 bits") << -7 << 7;
    QTest::newRow("4 bits, all codes") << -8 << 7;
    QTest::newRow("unsigned") << 0 << 15;
  }
  void bestStepIsTheGlobalMinimum() {
    QFETCH(int, lo);
    QFETCH(int, hi);
    std::mt19937 random(5);
    for (int i = 0; i < 60; ++i) {
      std::vector<float> w = weights(1, 1 + static_cast<std::int64_t>(random() % 24),
                                     static_cast<unsigned>(100 + random() % 1000));
      if (i % 7 == 0) w.assign(w.size(), 0.3f);
      if (i % 7 == 1) w[0] = 40;
      const StepChoice expected = leastError(w, lo, hi), actual = bestStep(w, lo, hi);
      const double energy = squaredError(w, std::vector<float>(w.size(), 0));
      QVERIFY(std::abs(actual.error - expected.error) <= 1e-9 * energy);
    }
  }

  void longRowsAreSearchedAsExactly_data() {
    bestStepIsTheGlobalMinimum_data();
    QTest::newRow("8 bits") << -127 << 127;
  }
  void longRowsAreSearchedAsExactly() {
    QFETCH(int, lo);
    QFETCH(int, hi);
    for (const unsigned seed : {1u, 2u, 3u}) {
      std::vector<float> w = weights(1, 9001, seed);
      if (seed == 3) std::transform(w.begin(), w.end(), w.begin(), [](float v) { return v * 1e-30f; });
      // all sets of codes in one sweep, independent of where the minimum is thought to be
      struct Break {
        double at, m, growth;
      };
      std::vector<Break> breaks;
      double energy = 0;
      for (const float v : w) {
        const double m = std::abs(static_cast<double>(v));
        energy += m * m;
        for (int k = 0; k < (v < 0 ? -lo : hi) && m > 0; ++k)
          breaks.push_back({m / (k + 0.5), m, 2.0 * k + 1});
      }
      std::sort(breaks.begin(), breaks.end(), [](const Break& a, const Break& b) { return a.at > b.at; });
      double product = 0, squares = 0, least = energy;
      for (const Break& b : breaks) {
        product += b.m;
        squares += b.growth;
        least = std::min(least, energy - product * product / squares);
      }
      const StepChoice actual = bestStep(w, lo, hi);
      QVERIFY2(std::abs(actual.error - least) <= 1e-7 * least + 1e-12 * energy,
               qPrintable(QString("%1, least %2").arg(actual.error).arg(least)));
    }
  }

  void easyQuantClipIsNeverWorse() {
    for (const char* form : {"int4", "int8", "int3", "int4:asym", "fp4_e2m1", "int4:flavour=gptq"})
      for (const char* part : kGranularities) {
        const std::vector<float> w = weights(21, 100, 47);
        const std::string spec =
            std::string(form) + (std::string(form).find(':') == std::string::npos ? ":" : ",") + part;
        const WeightScheme s = scheme(spec);
        const std::vector<float> plain = quantized(spec, 21, 100, w).values;
        const std::vector<float> best = quantized(spec + ",clip=easyquant", 21, 100, w).values;
        for (const auto& [number, p] : partsOf(s, 100, w)) {
          std::vector<float> values, a, b;
          for (const std::size_t at : p.at) {
            values.push_back(w[at]);
            a.push_back(plain[at]);
            b.push_back(best[at]);
          }
          QVERIFY2(squaredError(values, b) <= squaredError(values, a), spec.c_str());
          const bool isExact = s.symmetric && findNumberFormat(s.format)->isInteger &&
                               s.granularity != Granularity::Tensor && s.format != "int8";
          if (!isExact) continue;
          const int half = 1 << (findNumberFormat(s.format)->integerBits - 1);
          const double least = leastError(values, -half, half - 1).error;
          QVERIFY2(near(squaredError(values, b), least, 1e-5, 1e-12), spec.c_str());
        }
      }
  }

  void outliersStayExact() {
    const std::vector<float> w = weights(33, 70, 8);
    double mean = std::accumulate(w.begin(), w.end(), 0.0) / static_cast<double>(w.size()), squares = 0;
    for (const float v : w) squares += (static_cast<double>(v) - mean) * (static_cast<double>(v) - mean);
    const double variance = squares / static_cast<double>(w.size() - 1);
    for (const char* part : kGranularities)
      for (const char* rule : {"sigma:2.5", "variance:12"}) {
        const std::string base = std::string("int4:") + part;
        const double threshold = rule[0] == 's' ? 2.5 * std::sqrt(variance) : 12 * variance;
        std::vector<float> rest = w;
        std::size_t count = 0;
        for (float& v : rest) {
          if (std::abs(static_cast<double>(v) - mean) < threshold) continue;
          v = std::numeric_limits<float>::quiet_NaN();
          ++count;
        }
        QVERIFY(count > 20 && count < 400);
        std::vector<float> expected = quantized(base, 33, 70, rest).values;
        for (std::size_t i = 0; i < w.size(); ++i)
          if (std::isnan(rest[i])) expected[i] = w[i];
        const Made made = quantized(base + ",outliers=" + rule, 33, 70, w);
        compareFloats(made.values, expected);
        // 16 bits a value and a column, 32 a row's begin
        const double dense = bitsPerWeight(Choice{scheme(base), std::nullopt}, 33, 70, 16);
        QL_NEAR(*made.bits, dense + (32.0 * static_cast<double>(count) + 32 * 34) / (33 * 70), 1e-12);
      }
  }

  void easyQuantIsItsDefinition() {
    for (const char* part : {"channel", "group=32", "block=4x70"}) {
      std::vector<float> w = weights(12, 70, 21);
      w[5] = kInfinity;
      const WeightScheme s = scheme(std::string("int4:") + part + ",algorithm=easyquant:n=2");
      const Made made = quantized(std::string("int4:") + part + ",algorithm=easyquant:n=2", 12, 70, w);
      const MemorySource source(12, 70, w);
      JobContext job(1);
      const OutlierBound bound = outlierBound(measureSpread(source, source.ref, job), {"sigma", 2});
      for (const auto& [number, p] : partsOf(s, 70, w)) {
        std::vector<float> rest, rounded;
        for (const std::size_t at : p.at) {
          if (!std::isfinite(w[at]) || bound.holds(w[at])) {
            QCOMPARE(made.values[at], w[at]);
            continue;
          }
          rest.push_back(w[at]);
          rounded.push_back(made.values[at]);
        }
        QVERIFY(near(squaredError(rest, rounded), leastError(rest, -7, 7).error, 1e-5, 1e-12));
      }
    }
  }

  void outliersOfFlatAndOfLonelyMatrices() {
    const Made flat = quantized("int4:algorithm=easyquant", 3, 4, std::vector<float>(12, 0.3f));
    QCOMPARE(flat.fallbacks.size(), std::size_t(1));
    for (const float v : flat.values) QL_NEAR(v, 0.3, 1e-6);
    std::vector<float> w(40 * 8, 0.01f);
    for (std::size_t i = 0; i < w.size(); i += 2) w[i] = -0.02f;
    std::fill_n(w.begin() + 16, 8, 5.0f);  // row 2
    const Made made = quantized("int4:outliers=sigma:3", 40, 8, w);
    QCOMPARE(made.fallbacks.size(), std::size_t(1));
    QCOMPARE(made.fallbacks[0].count, std::int64_t(1));
    for (std::size_t i = 16; i < 24; ++i) QCOMPARE(made.values[i], 5.0f);
    const Made all = quantized("int4:algorithm=easyquant:n=0", 2, 8, weights(2, 8, 2));
    compareFloats(all.values, weights(2, 8, 2));
    QCOMPARE(all.fallbacks[0].count, std::int64_t(2));
    quantized("int4:algorithm=easyquant", 1, 1, {0.7f});
  }

  void wrongWordsSayWhatThereIs() {
    const std::vector<float> w = weights(4, 8, 1);
    QL_THROWS(quantized("int4:asym,algorithm=easyquant", 4, 8, w), "symmetric");
    QL_THROWS(quantized("int4:algorithm=easyquant,outliers=sigma:3", 4, 8, w), "easyquant:n=3");
    QL_THROWS(quantized("int4:algorithm=easyquant,clip=percentile", 4, 8, w), "easyquant");
    WeightScheme s = scheme("int4:outliers=sigma:3");
    s.outliers->rule = "n-sigma";
    QL_THROWS(requireMeasurable(s), "sigma, variance");
    s.outliers = OutlierRule{"sigma", -1};
    QL_THROWS(requireMeasurable(s), "above 0");
  }
};

QTEST_APPLESS_MAIN(TestEasyQuant)
#include "tst_easyquant.moc"
