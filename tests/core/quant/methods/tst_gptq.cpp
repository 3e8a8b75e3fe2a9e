// GPTQ against the outputs of its authors' code, against the same written down slowly in double, and against
// what must hold for any of its choices.
#include "core/base/error.h"
#include "core/quant/gptq_rows.h"
#include "tests/core/quant/methods/gptq_case.h"
#include "tests/core/quant/methods/gptq_reference.h"

#include <limits>

using namespace ql;
using namespace ql::test;

namespace {

struct SlowCase {
  std::int64_t group;
  bool isStatic, actOrder;
  std::int64_t block;
};

}  // namespace

Q_DECLARE_METATYPE(SlowCase)

class TestGptq : public QObject {
  Q_OBJECT
 private slots:
  void cleanup() { forgetHessianFactors(); }

  void goldenFactor() {
    JobContext job(2);
    const Case c = goldenCase();
    const auto factor = hessianFactor(c.stats, {}, job);
    QL_NEAR(factor->added, golden().at("gptq_damp").get<double>(), 1e-6);
    const std::vector<float> diagonal = goldenValues("gptq_H_diag"), row = goldenValues("gptq_H_first_row"),
                             upper = goldenValues("gptq_U_diag"), inverse = goldenValues("hinv_diag");
    const SiteMoment moment = siteMoment(c.stats, job, false);
    std::vector<double> sums(128, 0.0);
    for (std::int64_t j = 0; j < 128; ++j) {
      const auto i = static_cast<std::size_t>(j);
      QL_NEAR(factor->diagonal[i], j == 40 ? 1.0f : diagonal[i],
              1e-5);  // theirs is before the rule for dead channels
      if (j > 0)
        QVERIFY(test::near(2.0 / 3 * static_cast<double>(moment.moment->sum(0, j)),
                           static_cast<double>(row[i]), 1e-5, 1e-4));
      QL_NEAR(factor->upperDiagonal[i], upper[i], 1e-5);
      for (std::int64_t k = j; k < 128; ++k) {
        const auto u = static_cast<double>(*factor->upper.at(j, k));
        sums[static_cast<std::size_t>(k)] += u * u;
      }
    }
    for (std::size_t j = 0; j < 128; ++j) QL_NEAR(sums[j], inverse[j], 1e-5);
    QCOMPARE(factor->dead[40], std::uint8_t(1));
    QCOMPARE(factor->diagonal[40], 1.0);
  }

  void matchesAuthorsCode_data() {
    QTest::addColumn<QString>("spec");
    QTest::newRow("gptq_w4_asym_pc") << "int4:asym,flavour=gptq,algorithm=gptq";
    QTest::newRow("gptq_w4_sym_pc") << "int4:flavour=gptq,algorithm=gptq";
    QTest::newRow("gptq_w3_asym_g32") << "int3:group=32,asym,flavour=gptq,algorithm=gptq";
    QTest::newRow("gptq_w4_asym_g32_act") << "int4:group=32,asym,flavour=gptq,algorithm=gptq:act_order";
    QTest::newRow("gptq_w4_asym_g32_act_static")
        << "int4:group=32,asym,flavour=gptq,algorithm=gptq:act_order:static_groups";
    QTest::newRow("gptq_w4_asym_g64_b32") << "int4:group=64,asym,flavour=gptq,algorithm=gptq:block_size=32";
  }
  void matchesAuthorsCode() {
    QFETCH(QString, spec);
    const Case c = goldenCase();
    const std::vector<float> expected = goldenValues(QTest::currentDataTag());
    const Result result = quantized(spec.toStdString(), c);
    const double share = differing(result.values, expected);
    QVERIFY2(share < 0.01, qPrintable(QString("%1 % differ").arg(100 * share)));
    const test::Square h = test::dampedHessian(c.x, 128, 3, 0.01);
    QL_NEAR(test::lossOf(result.values, c.w, h, 128), test::lossOf(expected, c.w, h, 128), 1e-3);
    QVERIFY(result.fallbacks.empty());
  }

  void againstSlowReference_data() {
    QTest::addColumn<QString>("spec");
    QTest::addColumn<int>("out");
    QTest::addColumn<int>("in");
    QTest::addColumn<SlowCase>("slow");
    const auto add = [](const char* spec, int out, int in, SlowCase slow) {
      QTest::newRow(spec) << QString(spec) << out << in << slow;
    };
    add("int4:algorithm=gptq", 3, 61, {0, false, false, 128});
    add("int3:asym,algorithm=gptq:block_size=16", 5, 67, {0, false, false, 16});
    add("int4:asym,group=24,algorithm=gptq:block_size=20:damp=0.1", 4, 70, {24, false, false, 20});
    add("int2:asym,flavour=awq,group=10,algorithm=gptq:static_groups", 4, 64, {10, true, false, 128});
    add("int4:group=16,algorithm=gptq:act_order:block_size=32", 4, 90, {16, false, true, 32});
    add("int4:group=16,algorithm=gptq:act_order:static_groups", 4, 90, {16, true, true, 128});
    add("int8:group=32,algorithm=gptq:block_size=200", 2, 150, {32, false, false, 200});
    add("fp8_e4m3:algorithm=gptq", 3, 64, {0, false, false, 128});
    add("fp4_e2m1:group=32,algorithm=gptq", 3, 96, {32, false, false, 128});
    add("int4:group=1,algorithm=gptq", 2, 20, {1, false, false, 128});
    add("int4:asym,algorithm=gptq", 3, 1, {0, false, false, 128});
  }
  void againstSlowReference();

  // Sum of (w - q)^2 / (2 U_jj^2) over the columns in turn is tr(D H D^T) / 2 (methods.md 9).
  void lossIdentity() {
    for (const char* spec : {"int4:algorithm=gptq", "int3:asym,group=32,algorithm=gptq:act_order"}) {
      const Case c = madeCase(40, 96, 300, 7);
      JobContext job(2);
      const MatrixInMemory matrix(c.w, c.out, c.in, &job);
      QuantizerInput input = matrix.input();
      input.activations = &c.stats;
      input.job = &job;
      const auto rows = makeGptqRows(scheme(spec), input);
      std::vector<float> q(c.w.size()), turn(c.w.size());
      rows->applyTo(0, c.out, c.w, {q, {}, turn});
      std::vector<double> diagonal(96);
      for (std::size_t place = 0; place < 96; ++place)
        diagonal[static_cast<std::size_t>(rows->factor().order[place])] =
            static_cast<double>(rows->factor().upperDiagonal[place]);
      double loss = 0;
      for (std::size_t i = 0; i < q.size(); ++i) {
        const double e = (static_cast<double>(turn[i]) - static_cast<double>(q[i])) / diagonal[i % 96];
        loss += e * e / 2;
      }
      QL_NEAR(loss, test::lossOf(q, c.w, test::dampedHessian(c.x, 96, 2, 0.01), 96), 1e-4);
    }
  }

  // Not proven in general, but the point of it: on its own calibration data it beats rounding to nearest.
  void beatsRounding_data() {
    QTest::addColumn<QString>("spec");
    for (const char* spec : {"int4", "int3:asym", "int4:group=32", "int4:tensor", "int4:input_channel,asym",
                             "int4:group_in_channel=8,asym", "int4:block=8x32", "fp4_e2m1:group=32"})
      QTest::newRow(spec) << QString(spec);
  }
  void beatsRounding() {
    QFETCH(QString, spec);
    const Case c = madeCase(50, 160, 600, 11);
    const test::Square h = test::dampedHessian(c.x, 160, 2, 0);
    const std::string join = spec.contains(":") ? "," : ":";
    const Result nearest = quantized(spec.toStdString(), c);
    const Result gptq = quantized(spec.toStdString() + join + "algorithm=gptq", c);
    const double ratio = test::lossOf(gptq.values, c.w, h, 160) / test::lossOf(nearest.values, c.w, h, 160);
    QVERIFY2(ratio < 0.7, qPrintable(QString::number(ratio)));
  }

  void sameBits_data() {
    QTest::addColumn<QString>("spec");
    for (const char* spec :
         {"int4:algorithm=gptq", "int4:asym,group=48,algorithm=gptq:act_order", "int4:tensor,algorithm=gptq",
          "int4:input_channel,asym,algorithm=gptq:block_size=50", "int4:block=3x16,algorithm=gptq",
          "int4:group_in_channel=7,algorithm=gptq", "int4:group=32,algorithm=gptq:mse",
          "int4:algorithm=gptq:block_size=300"})
      QTest::newRow(spec) << QString(spec);
  }
  void sameBits() {
    QFETCH(QString, spec);
    const Case c = madeCase(300, 331, 900, 3);
    const Result one = quantized(spec.toStdString(), c, 1);
    for (const int threads : {2, 3}) {
      forgetHessianFactors();
      QVERIFY(quantized(spec.toStdString(), c, threads, 37) == one);
    }
    QVERIFY(quantized(spec.toStdString(), c, 2, 1) == one);
  }

  // A column's grid is made of the column as its turn finds it, of all rows or of groups of them.
  void groupsAlongTheOutput() {
    const Case c = madeCase(12, 40, 200, 5);
    const Result whole = quantized("int4:input_channel,asym,flavour=awq,algorithm=gptq", c);
    const Result group = quantized("int4:group_in_channel=12,asym,flavour=awq,algorithm=gptq", c);
    QVERIFY(whole == group);  // one group of all rows is the column
    // slow: both dimensions at once, in double
    const test::Square h = test::dampedHessian(c.x, 40, 2, 0.01);
    const RtnRule rule = rtnRule(scheme("int4:group_in_channel=5,asym,flavour=awq"));
    test::Square inverse = test::inverseOf(h, 40);
    std::vector<double> w(c.w.begin(), c.w.end());
    std::vector<float> expected(c.w.size());
    for (std::size_t i = 0; i < 40; ++i) {
      for (std::size_t first = 0; first < 12; first += 5) {
        std::vector<double> part;
        for (std::size_t r = first; r < std::min<std::size_t>(12, first + 5); ++r)
          part.push_back(w[r * 40 + i]);
        const PartGrid grid = test::gridOf(rule, part);
        for (std::size_t r = first; r < std::min<std::size_t>(12, first + 5); ++r) {
          const float q = gridValue(grid, gridCode(grid, static_cast<float>(w[r * 40 + i])));
          expected[r * 40 + i] = q;
          const double e = (w[r * 40 + i] - static_cast<double>(q)) / inverse[i * 40 + i];
          for (std::size_t j = i + 1; j < 40; ++j) w[r * 40 + j] -= e * inverse[i * 40 + j];
        }
      }
      const test::Square old = inverse;
      for (std::size_t a = i + 1; a < 40; ++a)
        for (std::size_t b = i + 1; b < 40; ++b)
          inverse[a * 40 + b] -= old[a * 40 + i] * old[i * 40 + b] / old[i * 40 + i];
    }
    const Result five = quantized("int4:group_in_channel=5,asym,flavour=awq,algorithm=gptq", c);
    const double share = differing(five.values, expected, 1e-5);  // scales are of compensated weights
    QVERIFY2(share < 0.01, qPrintable(QString("%1 % differ").arg(100 * share)));
  }

  // The option mse and the clip of the same name are one search.
  void mseIsTheClip() {
    const Case c = madeCase(9, 64, 200, 21);
    for (const char* where : {"int3:asym", "int3:tensor", "int3:group=16"}) {
      const Result option = quantized(std::string(where) + ",algorithm=gptq:mse", c);
      QVERIFY(option == quantized(std::string(where) + ",clip=mse-gptq,algorithm=gptq", c));
      QVERIFY(!(option == quantized(std::string(where) + ",algorithm=gptq", c)));
    }
  }

  void weightsThatAreNotFinite() {
    const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
    for (const char* spec : {"int4:algorithm=gptq", "int4:asym,flavour=awq,group=16,algorithm=gptq:act_order",
                             "int4:group_in_channel=3,algorithm=gptq", "int4:algorithm=obq"}) {
      Case c = madeCase(6, 48, 200, 9);
      const Result clean = quantized(spec, c);
      c.w[1 * 48 + 7] = nan;
      c.w[4 * 48 + 47] = -inf;
      c.w[4 * 48] = inf;
      const Result result = quantized(spec, c);
      for (std::size_t i = 0; i < c.w.size(); ++i) {
        const bool isFinite = std::isfinite(c.w[i]);
        QCOMPARE(std::isfinite(result.values[i]), isFinite);
        if (!isFinite) QCOMPARE(result.isZero[i], std::uint8_t(0));
        if (!isFinite)
          QVERIFY(std::isnan(c.w[i]) ? std::isnan(result.values[i]) : result.values[i] == c.w[i]);
        // rows 0, 2, 5 share nothing with the others unless groups run along the output
        const std::size_t row = i / 48;
        if (row == 0 || row == 2 || row == 5)
          QVERIFY(result.values[i] == clean.values[i] ||
                  std::string(spec).find("in_channel") != std::string::npos);
      }
    }
  }

  void deadChannelsAndConstants() {
    Case c = madeCase(5, 32, 100, 13);
    for (std::size_t t = 0; t < c.x.size(); t += 32) c.x[t + 9] = c.x[t + 31] = 0;
    c.stats = site(c.x, 32, 2);
    std::fill_n(c.w.begin(), 32, 0.0f);         // a row of zeros
    std::fill_n(c.w.begin() + 32, 32, 0.25f);   // a constant one
    std::fill_n(c.w.begin() + 64, 32, 1e-42f);  // denormals
    for (const char* spec : {"int4:algorithm=gptq", "int4:asym,flavour=gptq,group=8,algorithm=gptq:act_order",
                             "int4:asym,flavour=gptq,algorithm=obq"}) {
      const Result result = quantized(spec, c);
      for (std::size_t r = 0; r < 5; ++r) {
        QCOMPARE(result.values[r * 32 + 9], 0.0f);
        QCOMPARE(result.values[r * 32 + 31], 0.0f);
      }
      for (std::size_t i = 0; i < 32; ++i) QCOMPARE(result.values[i], 0.0f);
      for (const float value : result.values) QVERIFY(std::isfinite(value));
      QVERIFY(result.fallbacks.empty());
    }
  }

  void singularHessians() {
    // 3 tokens for 16 channels and no damping: one retry gives 1e-6 of the mean
    Case c = madeCase(4, 16, 3, 17);
    const Result retried = quantized("int4:algorithm=gptq:damp=0", c);
    QCOMPARE(retried.fallbacks.size(), std::size_t(1));
    QVERIFY(retried.fallbacks[0].reason.find("damping raised from 0 % to 0.0001 %") != std::string::npos);
    QVERIFY(quantized("int4:algorithm=gptq", c).fallbacks.empty());
    // not a second moment at all: eigenvalue -1
    c = madeCase(3, 2, 50, 1);
    c.stats.secondMoment = std::make_shared<SecondMoment>(SecondMoment::fromValues(2, 1, {1, 2, 2, 1}));
    const Result failed = quantized("int4:algorithm=gptq:damp=0", c);
    QCOMPARE(failed.fallbacks.size(), std::size_t(1));
    QVERIFY(failed.fallbacks[0].reason.find("rounded to nearest") != std::string::npos);
    QCOMPARE(failed.values, quantized("int4", c).values);
  }

  void lesserEvidence() {
    Case c = madeCase(4, 24, 100, 19);
    const Result exact = quantized("int4:algorithm=gptq", c);
    c.stats.secondMoment = nullptr;
    const Result sample = quantized("int4:algorithm=gptq", c);
    QCOMPARE(sample.values, exact.values);  // the sample is all of the tokens here
    QVERIFY(sample.fallbacks.at(0).reason.find("sample of 100 tokens") != std::string::npos);
    c.stats.sample = {};
    const Result diagonal = quantized("int4:algorithm=gptq", c);
    QCOMPARE(diagonal.values, quantized("int4", c).values);
    QVERIFY(diagonal.fallbacks.at(0).reason.find("mean of x^2") != std::string::npos);
    c.stats.all.sumSq.clear();
    QL_THROWS(quantized("int4:algorithm=gptq", c), "calibrate");
    c = madeCase(4, 24, 100, 19);
    std::vector<float> sums(c.stats.secondMoment->values().begin(), c.stats.secondMoment->values().end());
    sums[0] = std::numeric_limits<float>::infinity();
    c.stats.secondMoment = std::make_shared<SecondMoment>(SecondMoment::fromValues(24, 100, sums));
    QL_THROWS(quantized("int4:algorithm=gptq", c), "not finite in channel 0");
  }

  void factorsAreShared() {
    JobContext job(2);
    Case c = madeCase(1, 40, 100, 23);
    const auto factor = hessianFactor(c.stats, {}, job);
    QVERIFY(hessianFactor(c.stats, {}, job) == factor);
    const ActivationStats copy = c.stats;  // another reader of the same moment
    QVERIFY(hessianFactor(copy, {}, job) == factor);
    const auto ordered = hessianFactor(c.stats, {0.01, true}, job);
    QVERIFY(ordered != factor);
    QVERIFY(std::ranges::is_sorted(ordered->diagonal, std::ranges::greater()));
    QVERIFY(hessianFactor(c.stats, {0.02, false}, job) != factor);
    QVERIFY(hessianFactor(c.stats, {}, job) != factor);  // two are kept
    QL_THROWS(hessianFactor(c.stats, {-1, false}, job), "from 0 to 1000");
    const Case other = madeCase(1, 40, 100, 24);
    QVERIFY(hessianFactor(other.stats, {}, job)->diagonal != factor->diagonal);
  }

  void whatIsRefused() {
    const Case c = madeCase(4, 32, 50, 1);
    QL_THROWS(quantized("int4:clip=percentile,algorithm=gptq", c), "mse-gptq");
    JobContext job(1);
    const MatrixInMemory matrix(c.w, 4, 32, &job);
    QL_THROWS(makeRowQuantizer(scheme("int4:algorithm=gptq"), matrix.input()), "calibrate");
  }
};

void TestGptq::againstSlowReference() {
  QFETCH(QString, spec);
  QFETCH(int, out);
  QFETCH(int, in);
  QFETCH(SlowCase, slow);
  const Case c = madeCase(out, in, 400, 29);
  const WeightScheme s = scheme(spec.toStdString());
  const double damp = spec.contains("damp=0.1") ? 0.1 : 0.01;
  const auto n = static_cast<std::size_t>(in);
  const test::Square h = test::dampedHessian(c.x, n, 2, damp);
  std::vector<float> expected;
  for (std::size_t r = 0; r < c.w.size(); r += n) {
    const std::vector<float> row(&c.w[r], &c.w[r] + n);
    const test::SlowScheme told{rtnRule(s), slow.group, slow.isStatic, slow.actOrder, slow.block};
    const std::vector<float> q = test::slowGptqRow(told, h, n, row);
    expected.insert(expected.end(), q.begin(), q.end());
  }
  const Result result = quantized(spec.toStdString(), c);
  const double share = differing(result.values, expected);
  QVERIFY2(share < 0.01, qPrintable(QString("%1 % differ").arg(100 * share)));
  QL_NEAR(test::lossOf(result.values, c.w, h, n), test::lossOf(expected, c.w, h, n), 1e-3);
}

QTEST_APPLESS_MAIN(TestGptq)
#include "tst_gptq.moc"
