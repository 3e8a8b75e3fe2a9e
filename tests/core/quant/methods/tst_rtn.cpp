// Round to nearest against the tools the flavours are named after, hand-worked edge cases, and a slow
// reference.
#include "core/base/error.h"
#include "core/quant/quantizer.h"
#include "tests/support/compare.h"
#include "tests/support/data.h"

#include <nlohmann/json.hpp>

#include <cmath>
#include <fstream>
#include <limits>
#include <random>

using namespace ql;

namespace {

nlohmann::json readJson(const char* name) {
  std::ifstream file(test::dataFile(name));
  return nlohmann::json::parse(file);
}

std::vector<float> values(const nlohmann::json& matrix) {
  return matrix.at("data").get<std::vector<float>>();
}

WeightScheme scheme(const std::string& spec) {
  return *parseSpec(spec).weight;
}

QuantizedMatrix quantized(const std::string& spec, std::int64_t out, std::int64_t in,
                          const std::vector<float>& w) {
  const WeightScheme s = scheme(spec);
  return quantizerFor(s).quantize(s, out, in, w);
}

void compareFloats(const std::vector<float>& actual, const std::vector<float>& expected) {
  QCOMPARE(actual.size(), expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i) {
    QVERIFY2(
        actual[i] == expected[i],
        qPrintable(
            QString("%1: %2, expected %3").arg(i).arg(actual[i], 0, 'g', 9).arg(expected[i], 0, 'g', 9)));
  }
}

std::vector<float> gaussian(std::size_t n, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, 0.05f);
  std::vector<float> w(n);
  for (float& v : w) v = normal(random);
  return w;
}

}  // namespace

class TestRtn : public QObject {
  Q_OBJECT
 private slots:
  void matchesCompressedTensors_data() {
    QTest::addColumn<QString>("spec");
    QTest::newRow("ct_w8_sym_channel") << "int8";
    QTest::newRow("ct_w8_sym_g32") << "int8:group=32";
    QTest::newRow("ct_w8_sym_tensor") << "int8:tensor";
    QTest::newRow("ct_w4_sym_channel") << "int4";
    QTest::newRow("ct_w4_sym_g32") << "int4:group=32";
    QTest::newRow("ct_w4_asym_g32") << "int4:group=32,asym";
    QTest::newRow("ct_w3_asym_channel") << "int3:asym";
    QTest::newRow("ct_w8_asym_channel") << "int8:asym";
  }
  void matchesCompressedTensors() {
    QFETCH(QString, spec);
    const auto golden = readJson("golden/golden_compressed_tensors.json");
    const std::vector<float> w = values(readJson("golden/golden_small.json").at("W"));
    const auto& entry = golden.at(QTest::currentDataTag());
    const QuantizedMatrix q = quantized(spec.toStdString(), 8, 128, w);
    compareFloats(q.scales, values(entry.at("scale")));
    compareFloats(q.dequantized, values(entry.at("deq")));
    std::vector<float> zeros(q.scales.size(), 0);
    for (std::size_t i = 0; i < q.zeroPoints.size(); ++i) zeros[i] = static_cast<float>(q.zeroPoints[i]);
    compareFloats(zeros, values(entry.at("zero")));
  }

  void goldenKeysAreAllCovered() {
    const auto golden = readJson("golden/golden_compressed_tensors.json");
    QCOMPARE(golden.size(), std::size_t(9));  // the eight above and the note
  }

  void matchesGptq_data() {
    QTest::addColumn<QString>("spec");
    QTest::newRow("rtn_gptq_w4_asym") << "int4:asym,flavour=gptq";
    QTest::newRow("rtn_gptq_w4_sym") << "int4:flavour=gptq";
    QTest::newRow("rtn_gptq_w8_sym") << "int8:flavour=gptq";
  }
  void matchesGptq() {
    QFETCH(QString, spec);
    const auto golden = readJson("golden/golden_small.json");
    const auto& entry = golden.at(QTest::currentDataTag());
    const QuantizedMatrix q = quantized(spec.toStdString(), 8, 128, values(golden.at("W")));
    compareFloats(q.scales, values(entry.at("scale")));
    compareFloats(q.dequantized, values(entry.at("deq")));
    const std::vector<float> zeros = values(entry.at("zero"));
    QCOMPARE(q.zeroPoints.size(), zeros.size());
    for (std::size_t i = 0; i < zeros.size(); ++i) QCOMPARE(static_cast<float>(q.zeroPoints[i]), zeros[i]);
  }

  void matchesAwq_data() {
    QTest::addColumn<QString>("spec");
    QTest::newRow("awqstyle_w3_oc_g32") << "int3:group=32,asym,flavour=awq";
    QTest::newRow("awqstyle_w3_ic_g8") << "int3:group_in_channel=8,asym,flavour=awq";
    QTest::newRow("awqstyle_w3_oc_g-1") << "int3:asym,flavour=awq";
    QTest::newRow("awqstyle_w3_ic_g-1") << "int3:input_channel,asym,flavour=awq";
    QTest::newRow("awqstyle_w4_oc_g32") << "int4:group=32,asym,flavour=awq";
    QTest::newRow("awqstyle_w4_ic_g8") << "int4:group_in_channel=8,asym,flavour=awq";
    QTest::newRow("awqstyle_w4_oc_g-1") << "int4:asym,flavour=awq";
    QTest::newRow("awqstyle_w4_ic_g-1") << "int4:input_channel,asym,flavour=awq";
  }
  void matchesAwq() {
    QFETCH(QString, spec);
    const auto golden = readJson("golden/golden_small.json");
    const QuantizedMatrix q = quantized(spec.toStdString(), 8, 128, values(golden.at("W")));
    compareFloats(q.dequantized, values(golden.at(QTest::currentDataTag()).at("deq")));
  }

  void matchesSmoothQuant() {
    const auto golden = readJson("golden/golden_small.json");
    const std::vector<float> w = values(golden.at("W"));
    compareFloats(quantized("int8:flavour=smoothquant", 8, 128, w).dequantized,
                  values(golden.at("sq_w8_pc")));
    compareFloats(quantized("int8:tensor,flavour=smoothquant", 8, 128, w).dequantized,
                  values(golden.at("sq_w8_pt")));
  }

  void activationsMatchSmoothQuant() {
    const auto golden = readJson("golden/golden_small.json");
    const std::vector<float> x = values(golden.at("X"));
    const auto check = [&](const char* spec, const char* key, std::int64_t tokens) {
      std::vector<float> part(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(tokens * 128));
      fakeQuantizeActivations(*parseSpec(spec).activation, tokens, 128, part);
      part.resize(4 * 128);
      compareFloats(part, values(golden.at(key)));
    };
    check("w8a8:flavour=smoothquant", "sq_a8_token_first4", 4);
    check("w8a8:flavour=smoothquant,act=tensor", "sq_a8_tensor_first4", 96);
  }

  void activationGroupsAreRowsOfTheirOwn() {
    std::vector<float> x = gaussian(3 * 40, 7), expected = x;
    fakeQuantizeActivations(*parseSpec("w8a8:act=group:16").activation, 3, 40, x);
    const WeightScheme s = scheme("int8:group=16");
    compareFloats(x, quantizerFor(s).quantize(s, 3, 40, expected).dequantized);
    ActScheme bad = *parseSpec("w8a8").activation;
    bad.flavour = "gptq";
    QL_THROWS(fakeQuantizeActivations(bad, 3, 40, x), "has no rounding of activations");
  }

  void staticActivationsUseCalibratedRanges() {
    const ActScheme tensor = *parseSpec("w8a8:act=tensor,static,act_flavour=smoothquant").activation;
    const ActivationRange range{{-1, 0, -2, 0}, {12.7f, 3, 4, 0}};
    std::vector<float> x = {0.14f, 0.16f, -20, 30, std::numeric_limits<float>::quiet_NaN(), 0, 0.05f, 12.75f};
    fakeQuantizeActivations(tensor, 2, 4, x, &range);
    // step 0.1, clamped to codes -128 .. 127; ties to even: 0.05 -> 0
    for (const auto& [index, value] :
         {std::pair{0, 0.1}, {1, 0.2}, {2, -12.8}, {3, 12.7}, {5, 0.0}, {7, 12.7}})
      QL_NEAR(x[static_cast<std::size_t>(index)], value, 1e-6);
    QVERIFY(std::isnan(x[4]));
    const ActScheme group = *parseSpec("w8a8:act=group:3,static").activation;
    std::vector<float> y = {1, 1, 1, 1};
    fakeQuantizeActivations(group, 1, 4, y, &range);
    QL_NEAR(y[0], std::nearbyint(1 / (12.7 / 127.5)) * 12.7 / 127.5, 1e-6);
    QL_NEAR(y[3], 127 * 1.1920928955078125e-07, 1e-9);  // a group that was always zero: scale eps
    QL_THROWS(fakeQuantizeActivations(tensor, 2, 4, x), "calibrate first");
  }

  // edge cases seen in the reference implementations
  // ---------------------------------------------------------------------------------------------
  void awqGroupWithoutZeroCollapses() {
    const auto q = quantized("int4:group=4,asym,flavour=awq", 1, 4, {10, 10.1f, 10.2f, 10.3f});
    for (const float v : q.dequantized) QL_NEAR(v, 0.3, 1e-5);
    QCOMPARE(q.zeroPoints.front(), 0);
    const auto constant = quantized("int4:group=4,asym,flavour=awq", 1, 4, {5, 5, 5, 5});
    for (const float v : constant.dequantized) QL_NEAR(v, 1e-5, 1e-5);
  }

  void gptqSymmetricWastesHalfOfAnAllPositivePart() {
    const auto q = quantized("int4:flavour=gptq", 1, 3, {0.1f, 0.5f, 1.0f});
    QL_NEAR(q.dequantized[0], 0.4 / 3, 1e-6);
    QL_NEAR(q.dequantized[1], 1.4 / 3, 1e-6);
    QL_NEAR(q.dequantized[2], 1.4 / 3, 1e-6);
    QCOMPARE(q.zeroPoints.front(), 8);
  }

  void awqSymmetricFollowsItsFormula() {
    const auto q = quantized("int4:flavour=awq", 1, 4, {7, -7, 1.4f, 0.5f});  // divisor 7, scale 1
    QVERIFY((q.codes == std::vector<std::int32_t>{7, -7, 1, 0}));
    QCOMPARE(q.scales.front(), 1.0f);
  }

  void ordersOfRoundingDifferAtTies() {
    // compressed-tensors rounds w / s + z, the others add z to round(w / s): range [-1, 14], b = 4, s = 1,
    // odd z
    const std::vector<float> w{-1, 0.5f, 1.5f, 14};
    const auto ct = quantized("int4:asym", 1, 4, w);  // z = -8 + 1 = -7: round(-6.5) = -6, round(-5.5) = -6
    QCOMPARE(ct.zeroPoints.front(), -7);
    QVERIFY((ct.dequantized == std::vector<float>{-1, 1, 1, 14}));
    const auto gptq = quantized("int4:asym,flavour=gptq", 1, 4, w);  // round(0.5) = 0, round(1.5) = 2
    QVERIFY((gptq.dequantized == std::vector<float>{-1, 0, 2, 14}));
  }

  void zerosStayZeroEverywhere_data() {
    QTest::addColumn<QString>("flavour");
    for (const char* name : {"compressed-tensors", "gptq", "awq", "smoothquant", "quarot", "rptq", "qualcomm",
                             "llm-qat", "bitsandbytes"})
      QTest::newRow(name) << name;
  }
  void zerosStayZeroEverywhere() {
    QFETCH(QString, flavour);
    for (const char* granularity : {"tensor", "channel", "input_channel", "group=3", "group_in_channel=2"}) {
      for (const char* sign : {"sym", "asym"}) {
        if ((flavour == "smoothquant" || flavour == "bitsandbytes") && sign[0] == 'a') continue;
        const std::string spec =
            "int8:" + std::string(granularity) + "," + sign + ",flavour=" + flavour.toStdString();
        const auto q = quantized(spec, 3, 5, std::vector<float>(15, 0.0f));
        for (const float v : q.dequantized) QCOMPARE(v, 0.0f);
        for (const float s : q.scales) QVERIFY(s > 0 && std::isfinite(s));
      }
    }
  }

  void smoothquantHasNoAsymmetric() {
    QL_THROWS(requireMeasurable(scheme("int8:asym,flavour=smoothquant")), "has no asymmetric rounding");
    QL_THROWS(requireMeasurable(scheme("int8:flavour=mx-even")),
              "compressed-tensors, gptq, awq, smoothquant");
    QL_THROWS(requireMeasurable(scheme("int4:asym,algorithm=easyquant")), "use symmetric");
    QL_THROWS(requireMeasurable(scheme("int4:asym,clip=lsq")), "int2 to int8, symmetric");
    requireMeasurable(scheme("int2:block=2x3,asym"));
  }

  void nonFiniteWeightsStayAndDoNotSetScales() {
    const float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
    const auto q = quantized("int8", 2, 3, {1.0f, nan, -0.5f, inf, -inf, 0.25f});
    QCOMPARE(q.scales[0], 1.0f / 127.5f);
    QCOMPARE(q.scales[1], 0.25f / 127.5f);
    QVERIFY(std::isnan(q.dequantized[1]));
    QVERIFY(q.dequantized[3] == inf && q.dequantized[4] == -inf);
    const auto all = quantized("int8:asym", 1, 2, {nan, inf});
    QVERIFY(std::isfinite(all.scales[0]) && std::isnan(all.dequantized[0]));
  }

  void lastGroupMayBeShorter() {
    const std::vector<float> w = gaussian(3 * 10, 3);
    const auto q = quantized("int4:group=4", 3, 10, w);
    QVERIFY(q.hasPartialGroup);
    QCOMPARE(q.scales.size(), std::size_t(9));
    // the short group is what it would be alone
    const auto tail = quantized("int4", 1, 2, {w[8], w[9]});
    QCOMPARE(q.scales[2], tail.scales[0]);
    QVERIFY(!quantized("int4:group=5", 3, 10, w).hasPartialGroup);
    QVERIFY(
        !quantized("int4:group=64", 3, 10, w).hasPartialGroup);  // one group a row, as columns < g is allowed
    QVERIFY(quantized("int4:group_in_channel=2", 3, 10, w).hasPartialGroup);
    QVERIFY(quantized("int4:block=2x4", 3, 10, w).hasPartialGroup);
  }

  void extremeMagnitudesStayFinite() {
    const float huge = std::numeric_limits<float>::max(), tiny = std::numeric_limits<float>::denorm_min();
    for (const char* flavour : {"compressed-tensors", "gptq", "awq"}) {
      for (const char* sign : {"sym", "asym"}) {
        const std::string spec = std::string("int8:") + sign + ",flavour=" + flavour;
        for (const float v : quantized(spec, 1, 3, {huge, -huge, 1}).dequantized) QVERIFY(!std::isnan(v));
        for (const float v : quantized(spec, 1, 3, {tiny, -tiny, 0}).dequantized) QVERIFY(std::isfinite(v));
      }
    }
  }

  void rowTilesGiveTheWholeMatrix() {
    const std::int64_t out = 13, in = 19;
    const std::vector<float> w = gaussian(static_cast<std::size_t>(out * in), 11);
    MatrixRange range{std::vector<float>(19, 1e9f), std::vector<float>(19, -1e9f)};
    for (std::size_t i = 0; i < w.size(); ++i) {
      range.columnMin[i % 19] = std::min(range.columnMin[i % 19], w[i]);
      range.columnMax[i % 19] = std::max(range.columnMax[i % 19], w[i]);
    }
    for (const char* spec :
         {"int8", "int4:asym,group=5", "int3:group_in_channel=4,asym", "int8:tensor,asym",
          "int5:input_channel", "int6:block=4x7,asym,flavour=gptq", "int8:flavour=bitsandbytes",
          "int4:group=5,flavour=llm-qat", "int4:group=5,asym,flavour=rptq", "int8:flavour=qualcomm",
          "int3:input_channel,asym,flavour=quarot", "mxfp4", "mxint8:group=5", "nvfp4",
          "nvfp4:flavour=torchao"}) {
      const WeightScheme s = scheme(spec);
      const auto whole = quantizerFor(s).quantize(s, out, in, w);
      const auto rows = makeRowQuantizer(s, {out, in, &range});
      std::vector<float> q(w.size());
      std::vector<std::uint8_t> zero(w.size());
      for (std::int64_t r = 0; r < out; r += rows->rowUnit()) {
        const std::int64_t n = std::min(rows->rowUnit(), out - r);
        const auto begin = static_cast<std::size_t>(r * in), size = static_cast<std::size_t>(n * in);
        rows->apply(r, n, std::span(w).subspan(begin, size), std::span(q).subspan(begin, size),
                    std::span(zero).subspan(begin, size));
      }
      compareFloats(q, whole.dequantized);
      for (std::size_t i = 0; i < q.size(); ++i) QCOMPARE(zero[i] == 1, q[i] == 0.0f);
    }
  }

  void everyCodeIsNearestInDoublePrecision() {
    // compressed-tensors, symmetric: |Q(w) - w| <= s / 2 in range, s = absmax / ((2^b - 1) / 2), in double
    const std::size_t in = 257;
    for (int bits = 2; bits <= 8; ++bits) {
      const std::vector<float> w = gaussian(in, static_cast<unsigned>(bits));
      double absmax = 0;
      for (const float v : w) absmax = std::max(absmax, std::abs(static_cast<double>(v)));
      const double s = absmax / (((1 << bits) - 1) / 2.0), top = ((1 << (bits - 1)) - 1) * s;
      const auto q = quantized("int" + std::to_string(bits), 1, static_cast<std::int64_t>(in), w);
      for (std::size_t i = 0; i < in; ++i) {
        const double target = std::min(static_cast<double>(w[i]), top);
        QVERIFY(std::abs(static_cast<double>(q.dequantized[i]) - target) <= s * (0.5 + 1e-5));
      }
    }
  }
};

QTEST_APPLESS_MAIN(TestRtn)
#include "tst_rtn.moc"
