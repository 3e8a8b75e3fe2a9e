// OBQ against its authors' code and against its definition, which inverts what is left of the Hessian at
// every step.
#include "core/base/error.h"
#include "tests/core/quant/methods/gptq_case.h"
#include "tests/core/quant/methods/gptq_reference.h"

using namespace ql;
using namespace ql::test;

class TestObq : public QObject {
  Q_OBJECT
 private slots:
  // trueobs.py on 4 rows and 16 channels of the golden inputs, 3 bits asymmetric.
  void goldenObq() {
    std::vector<float> w, x;
    const std::vector<float> allW = goldenValues("W"), allX = goldenValues("X");
    for (std::size_t r = 0; r < 4; ++r) w.insert(w.end(), &allW[r * 128], &allW[r * 128] + 16);
    for (std::size_t t = 0; t < allX.size(); t += 128) x.insert(x.end(), &allX[t], &allX[t] + 16);
    const Case c{4, 16, w, x, site(x, 16, 3)};
    const Result result = quantized("int3:asym,flavour=gptq,algorithm=obq", c);
    const std::vector<float> expected = goldenValues("obq_w3_asym_4x16");
    for (std::size_t i = 0; i < expected.size(); ++i)
      QVERIFY2(
          test::near(static_cast<double>(result.values[i]), static_cast<double>(expected[i]), 1e-6, 1e-9),
          qPrintable(QString("%1: %2, expected %3").arg(i).arg(result.values[i]).arg(expected[i])));
  }

  // The greedy choice by its definition: every step inverts the Hessian of what is left anew.
  void obqAgainstBruteForce();

  void sameBits() {
    const Case c = madeCase(20, 47, 200, 3);
    const Result one = quantized("int4:algorithm=obq", c, 1);
    QVERIFY(quantized("int4:algorithm=obq", c, 3, 7) == one);
    QVERIFY(one.fallbacks.empty());
  }

  // Order does not matter where nothing is shared: uncorrelated inputs give rounding to nearest.
  void withoutCorrelation() {
    Case c = madeCase(5, 8, 20, 3);
    std::vector<float> sums(64, 0.0f);
    for (std::size_t j = 0; j < 8; ++j) sums[j * 9] = 1.0f + static_cast<float>(j);
    c.stats.secondMoment = std::make_shared<SecondMoment>(SecondMoment::fromValues(8, 20, sums));
    QCOMPARE(quantized("int3:asym,algorithm=obq", c).values, quantized("int3:asym", c).values);
  }

  void whatIsRefused() {
    const Case c = madeCase(4, 32, 50, 1);
    QL_THROWS(quantized("int4:group=8,algorithm=obq", c), "gptq");
    QL_THROWS(quantized("fp8_e4m3:algorithm=obq", c), "int8");
    QL_THROWS(quantized("int4:algorithm=obq", madeCase(1, 513, 4, 1)), "use the algorithm gptq");
  }

  void singularHessians() {
    const Case few = madeCase(3, 16, 3, 1);  // 3 tokens
    const Result once = quantized("int4:algorithm=obq", few);
    QVERIFY(once.fallbacks.at(0).reason.find("1 was added") != std::string::npos);
    QVERIFY(quantized("int4:algorithm=obq:damp=0.01", few).fallbacks.empty());
    Case broken = madeCase(3, 2, 50, 1);  // eigenvalue far below 0
    broken.stats.secondMoment = std::make_shared<SecondMoment>(SecondMoment::fromValues(2, 1, {1, 9, 9, 1}));
    const Result failed = quantized("int4:algorithm=obq", broken);
    QVERIFY(failed.fallbacks.at(0).reason.find("rounded to nearest") != std::string::npos);
    QCOMPARE(failed.values, quantized("int4", broken).values);
  }
};

void TestObq::obqAgainstBruteForce() {
  Case c = madeCase(6, 20, 200, 31);
  c.w[25] = c.w[26] = 0;  // zeros stay zeros and take no compensation
  const Result result = quantized("int3:asym,flavour=gptq,algorithm=obq", c);
  const test::Square h = test::dampedHessian(c.x, 20, 2, 0);
  const RtnRule rule = rtnRule(scheme("int3:asym,flavour=gptq"));
  std::vector<float> expected(c.w.size(), 0.0f);
  for (std::size_t r = 0; r < 6; ++r) {
    std::vector<double> w(&c.w[r * 20], &c.w[r * 20] + 20);
    const PartGrid grid = test::gridOf(rule, w);
    std::vector<std::size_t> left;
    for (std::size_t j = 0; j < 20; ++j)
      if (w[j] != 0) left.push_back(j);
    while (!left.empty()) {
      const std::size_t n = left.size();
      test::Square part(n * n);
      for (std::size_t a = 0; a < n; ++a)
        for (std::size_t b = 0; b < n; ++b) part[a * n + b] = h[left[a] * 20 + left[b]];
      const test::Square inverse = test::inverseOf(part, n);
      std::size_t best = 0, worst = 0;
      std::vector<double> error(n), score(n);
      for (std::size_t a = 0; a < n; ++a) {
        const double d =
            w[left[a]] - static_cast<double>(gridValue(grid, gridCode(grid, static_cast<float>(w[left[a]]))));
        error[a] = d * d;
        score[a] = error[a] / inverse[a * n + a];
        if (score[a] < score[best]) best = a;
        if (error[a] > error[worst]) worst = a;
      }
      const auto step = static_cast<double>(grid.scale);
      const std::size_t a = error[worst] > 0.25 * step * step ? worst : best;
      const float q = gridValue(grid, gridCode(grid, static_cast<float>(w[left[a]])));
      const double e = (w[left[a]] - static_cast<double>(q)) / inverse[a * n + a];
      for (std::size_t b = 0; b < n; ++b) w[left[b]] -= e * inverse[a * n + b];
      expected[r * 20 + left[a]] = q;
      left.erase(left.begin() + static_cast<std::ptrdiff_t>(a));
    }
  }
  QVERIFY(differing(result.values, expected) < 0.01);
  QCOMPARE(result.values[25], 0.0f);
}

QTEST_APPLESS_MAIN(TestObq)
#include "tst_obq.moc"
