// Activations as LLM.int8(), LLM-QAT, MX, NVFP4 and the tools round them: goldens, hand-worked cases, and the
// formulas again, slowly. Groups of channels: tst_activation_groups.cpp.
#include "core/base/error.h"
#include "core/quant/element_format.h"
#include "tests/core/quant/activation_data.h"
#include "tests/support/data.h"

#include <nlohmann/json.hpp>

#include <fstream>

using namespace ql;
using namespace ql::test;

namespace {

std::vector<float> golden(const char* key) {
  std::ifstream file(test::dataFile("golden/golden_small.json"));
  return nlohmann::json::parse(file).at(key).at("data").get<std::vector<float>>();
}

/// fp16 by the definition of its codes: the nearest multiple of the step of the value's binade.
float halfOf(float v) {
  if (v == 0) return v;
  const int exponent = std::max(std::ilogb(v), -14);
  const double step = std::ldexp(1.0, exponent - 10);
  return static_cast<float>(
      std::min(65504.0, std::max(-65504.0, step * std::nearbyint(static_cast<double>(v) / step))));
}

/// bitsandbytes, backends/default/ops.py, line by line: int8_vectorwise_quant, then the operand that
/// int8_mixed_scaled_mm multiplies.
std::vector<float> llmInt8(const std::vector<float>& x, std::size_t width, float threshold) {
  std::vector<float> a(x.size()), out(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) a[i] = halfOf(x[i]);
  std::vector<bool> isOutlier(width, false);
  for (std::size_t i = 0; i < a.size(); ++i)
    if (std::abs(a[i]) >= threshold) isOutlier[i % width] = true;
  for (std::size_t t = 0; t < a.size(); t += width) {
    float absmax = 0;
    for (std::size_t j = 0; j < width; ++j)
      if (std::abs(a[t + j]) < threshold) absmax = std::max(absmax, std::abs(a[t + j]));
    for (std::size_t j = 0; j < width; ++j) {
      const float code = absmax > 0 ? std::nearbyint(a[t + j] * (127.0f / absmax)) : 0;
      out[t + j] = isOutlier[j] ? a[t + j] : code * absmax * (1.0f / 127.0f);
    }
  }
  return out;
}

}  // namespace

class TestActivationMethods : public QObject {
  Q_OBJECT
 private slots:
  // Goldens
  // --------------------------------------------------------------------------------------------------------

  void officialOutputs() {
    const std::vector<float> x = golden("X");
    const auto check = [&](const char* spec, const char* key, std::size_t count, double relative) {
      std::vector<float> q =
          rounded(scheme(spec), {x.begin(), x.begin() + static_cast<std::ptrdiff_t>(count * 128)}, 128);
      q.resize(4 * 128);
      compareClose(q, golden(key), relative);
    };
    check("w8a8:act_flavour=smoothquant", "sq_a8_token_first4", 4, 0);
    check("w8a8:act_flavour=smoothquant,act=tensor", "sq_a8_tensor_first4", 96, 0);
    check("w8a8:act_flavour=llm-qat,act_asym", "llmqat_a8_asym_first4", 4, 0);
  }

  // LLM.int8()
  // --------------------------------------------------------------------------------------------------------

  void decompositionFollowsTheReference() {
    for (const std::size_t width : {std::size_t{1}, std::size_t{33}, std::size_t{96}}) {
      for (const float threshold : {0.5f, 3.0f, 6.0f, 1e6f}) {
        const std::vector<float> x = tokens(17, width, static_cast<unsigned>(width));
        ActScheme s = scheme("w8a8:flavour=bitsandbytes");
        s.outlierThreshold = static_cast<double>(threshold);
        compareClose(rounded(s, x, width), llmInt8(x, width, threshold), 1e-6);
      }
    }
  }

  void elementsLeaveTheAbsmaxAndChannelsTheCodes() {
    const ActScheme s = scheme("w8a8:flavour=bitsandbytes,act_outliers=6");
    // channel 1 is an outlier channel because of the second token; its 5 still scales the first token
    const std::vector<float> q = rounded(s, {1, 5, 0.5f, 2, 9, -1}, 3);
    QCOMPARE(q[1], 5.0f);
    QCOMPARE(q[4], 9.0f);
    QL_NEAR(q[0], std::nearbyint(127.0 / 5) * 5 / 127, 1e-6);
    QL_NEAR(q[2], std::nearbyint(63.5 / 5) * 5 / 127, 1e-6);
    QL_NEAR(q[3], 2.0, 1e-6);  // absmax of the second token is 2, not 9
    QL_NEAR(q[5], std::nearbyint(-63.5) * 2 / 127, 1e-6);
    // one token alone: the same decomposition, 5 is no outlier any more
    QL_NEAR(rounded(s, {1, 5, 0.5f}, 3)[1], 5.0, 1e-6);
    // 5.9990 is 6 in fp16 and so is the threshold's neighbour
    QCOMPARE(rounded(s, {5.9990f, 0.3f}, 2)[0], 6.0f);
    QVERIFY(rounded(s, {5.9960f, 0.3f}, 2)[0] < 6.0f);
    // all channels: fp16; a token whose every value is an outlier has no scale
    QCOMPARE(rounded(s, {7.001f, -8}, 2), (std::vector<float>{halfOf(7.001f), -8}));
    // saturates where fp16 would be infinite; what is not finite stays and makes no outlier channel
    const std::vector<float> odd = rounded(s, {1e6f, kInf, kNan, 1, 1, 2, 0.25f, 0.5f}, 4);
    QCOMPARE(odd[0], 65504.0f);
    QCOMPARE(odd[1], kInf);
    QVERIFY(std::isnan(odd[2]));
    QL_NEAR(odd[5], 2.0, 1e-6);
    QL_NEAR(odd[4], 1.0, 1e-3);
  }

  void batchesDecideTogetherAndRoundApart() {
    const std::size_t width = 50;
    const std::vector<float> x = tokens(37, width, 21);
    const ActivationRange range = rangeOf(x, width);
    for (const char* spec :
         {"w8a8:flavour=bitsandbytes,act_outliers=6", "w8a8:act=tensor", "w8a8:act_groups=4:kmeans", "w8a8",
          "w8a8:act=group:16,act_asym", "mxfp8/mxfp8", "nvfp4/nvfp4"}) {
      const ActScheme s = scheme(spec);
      const ActivationQuantizer quantizer(s, static_cast<std::int64_t>(width), &range);
      const auto batch = quantizer.examine(37, x);
      std::vector<float> tiles = x;
      for (std::size_t t = 0; t < 37; t += 5) {
        const std::size_t count = std::min<std::size_t>(5, 37 - t);
        quantizer.apply(*batch, static_cast<std::int64_t>(count),
                        std::span(tiles).subspan(t * width, count * width));
      }
      QCOMPARE(tiles, rounded(s, x, width, &range));
    }
    const ActivationQuantizer outliers(scheme("w8a8:act_outliers=6"), static_cast<std::int64_t>(width),
                                       nullptr);
    std::vector<std::int32_t> expected;
    for (std::size_t j = 0; j < width; ++j)
      if (std::max(-range.min[j], range.max[j]) >= 6) expected.push_back(static_cast<std::int32_t>(j));
    const auto batch = outliers.examine(37, x);
    const auto found = ActivationQuantizer::outliers(*batch);
    QCOMPARE(std::vector<std::int32_t>(found.begin(), found.end()), expected);
    QVERIFY(!expected.empty() && expected.size() < width);
  }

  /// Outlier channels of a static scheme are the calibrated ones, and scale nothing.
  void staticOutliersAreCalibrated() {
    const ActivationRange range{{-1, -20, 0}, {1, 3, 4}};
    const ActScheme s = scheme("w8a8:act=tensor,static,act_outliers=6");
    const std::vector<float> q = rounded(s, {0.3f, 1.1f, 100}, 3, &range);
    QCOMPARE(q[1], halfOf(1.1f));
    QL_NEAR(q[2], 127 * 4 / 127.5, 1e-6);  // clipped: its channel never reached 6
    QL_NEAR(q[0], std::nearbyint(static_cast<double>(halfOf(0.3f)) / (4 / 127.5)) * 4 / 127.5, 1e-6);
  }

  // Flavours and formats
  // --------------------------------------------------------------------------------------------------------

  void flavoursByTheirFormulas_data() {
    QTest::addColumn<QString>("spec");
    for (const char* flavour :
         {"rptq", "quarot", "qualcomm", "llm-qat", "bitsandbytes", "compressed-tensors"})
      for (const char* bits : {"8", "4"})
        for (const char* symmetry : {"sym", "asym"}) {
          const QString spec = QString("w%1a%1:act_flavour=%2,act_%3").arg(bits, flavour, symmetry);
          if (spec.contains("bitsandbytes") && (spec.contains("asym") || spec.contains("w4"))) continue;
          QTest::newRow(qPrintable(spec)) << spec;
        }
  }
  /// methods.md 2.2 again in double: within a code of the float32 result only at ties.
  void flavoursByTheirFormulas() {
    QFETCH(QString, spec);
    const ActScheme s = scheme(spec.toStdString());
    const double bits = s.format == "int4" ? 4 : 8, levels = std::exp2(bits), half = levels / 2;
    const std::size_t width = 40;
    std::vector<float> x = tokens(30, width, 31);
    for (std::size_t j = 0; j < width; ++j) x[j] = std::abs(x[j]) + 3;  // a token that does not hold 0
    for (std::size_t j = 0; j < width; ++j) x[width + j] = 0;           // and one of zeros
    const std::vector<float> q = rounded(s, x, width);
    for (std::size_t t = 0; t < 30; ++t) {
      double low = 1e30, high = -1e30;
      for (std::size_t j = 0; j < width; ++j) {
        const double v =
            static_cast<double>(s.flavour == "bitsandbytes" ? halfOf(x[t * width + j]) : x[t * width + j]);
        low = std::min(low, v), high = std::max(high, v);
      }
      const double absmax = std::max(std::abs(low), std::abs(high));
      double step = 1, zero = 0, min = -half, max = half - 1, base = 0;
      const double below = std::min(low, 0.0), above = std::max(high, 0.0);
      if (s.flavour == "rptq") {
        step = std::clamp(s.symmetric ? absmax / half : (high - low) / levels, 1e-4, 1e4);
        if (!s.symmetric) zero = std::nearbyint(-(high + low) / (2 * step));
      } else if (s.flavour == "quarot" && s.symmetric) {
        step = absmax == 0 ? 1 : std::max(absmax, 1e-5) / (half - 1);
      } else if (s.flavour == "quarot") {
        step = absmax == 0 ? 2 / (levels - 1) : (above - below) / (levels - 1);
        zero = std::nearbyint((absmax == 0 ? 1 : -below) / step), min = 0, max = levels - 1;
      } else if (s.flavour == "qualcomm" && s.symmetric) {
        if (low >= 0) min = 0, max = levels - 1;
        step = std::max(std::max(absmax, 1e-8) / max, 1e-8);
      } else if (s.flavour == "qualcomm") {
        step = std::max((std::max(above, 1e-8) - below) / (levels - 1), 1e-8);
        zero = std::clamp(std::nearbyint(-below / step), 0.0, levels - 1), min = 0, max = levels - 1;
      } else if (s.flavour == "llm-qat" && s.symmetric) {
        step = (absmax + 1e-6) / (half - 1);
      } else if (s.flavour == "llm-qat") {
        step = (high - low + 1e-8) / (levels - 1), base = low, min = 0, max = levels - 1;
      } else if (s.flavour == "bitsandbytes") {
        step = absmax == 0 ? 1 : absmax / 127;
      } else if (s.symmetric) {
        step = absmax == 0 ? 1.1920928955078125e-07 : absmax / ((levels - 1) / 2);
      } else {
        step = absmax == 0 ? 1.1920928955078125e-07 : (above - below) / (levels - 1);
        zero = std::nearbyint(std::clamp(-half - below / step, -half, half - 1));
      }
      for (std::size_t j = 0; j < width; ++j) {
        const double v =
            static_cast<double>(s.flavour == "bitsandbytes" ? halfOf(x[t * width + j]) : x[t * width + j]);
        const double exact = (v - base) / step;
        if (std::abs(exact - std::floor(exact) - 0.5) < 1e-4) continue;
        const double code = std::clamp(std::nearbyint(exact) + zero, min, max);
        // llm-qat divides by 1 / step + 1e-6
        const double factor = s.flavour == "llm-qat" && s.symmetric ? 1 / (1 / step + 1e-6) : step;
        const double expected = (code - zero) * factor + base;
        QVERIFY2(std::abs(static_cast<double>(q[t * width + j]) - expected) <=
                     1e-6 * (std::abs(expected) + std::abs(zero * step) * 0.2 + std::abs(base)) + 1e-12,
                 qPrintable(QString("%1: %2, expected %3")
                                .arg(t * width + j)
                                .arg(q[t * width + j], 0, 'g', 9)
                                .arg(expected, 0, 'g', 12)));
      }
    }
  }

  void microscalingFollowsEveryBlock() {
    const std::size_t width = 80;  // 2.5 blocks of 32
    std::vector<float> x = tokens(6, width, 41);
    for (std::size_t j = 32; j < 64; ++j) x[j] = 0;
    x[70] = kNan;
    const std::vector<float> q = rounded(scheme("mxfp4/mxfp4:act_flavour=mx-floor"), x, width);
    const ElementFormat& e2m1 = *findElementFormat("fp4_e2m1");
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (std::isnan(x[i])) {
        QVERIFY(std::isnan(q[i]));
        continue;
      }
      const std::size_t row = i / width * width, begin = row + (i - row) / 32 * 32;
      float absmax = 0;
      for (std::size_t k = begin; k < std::min(row + width, begin + 32); ++k)
        if (!std::isnan(x[k])) absmax = std::max(absmax, std::abs(x[k]));
      const float scale = absmax == 0 ? 1 : std::ldexp(1.0f, std::ilogb(absmax) - 2);
      QCOMPARE(q[i], elementValue(e2m1, elementCode(e2m1, x[i] / scale)) * scale);
    }
  }

  /// The tensor's scale from calibration where there is one, else from the tokens.
  void nvfp4HasTwoLevels() {
    const std::size_t width = 40;
    const std::vector<float> x = tokens(5, width, 43);
    const ActScheme s = scheme("nvfp4/nvfp4");
    const ElementFormat &e4m3 = *findElementFormat("fp8_e4m3"), &e2m1 = *findElementFormat("fp4_e2m1");
    const auto expected = [&](float tensorAbsmax) {
      const float global = 448.0f * 6.0f / tensorAbsmax;
      std::vector<float> result(x.size());
      for (std::size_t i = 0; i < x.size(); ++i) {
        const std::size_t row = i / width * width, begin = row + (i - row) / 16 * 16;
        float absmax = 0;
        for (std::size_t k = begin; k < std::min(row + width, begin + 16); ++k)
          absmax = std::max(absmax, std::abs(x[k]));
        float scale = elementValue(e4m3, elementCode(e4m3, global * (absmax / 6)));
        if (scale == 0) scale = 0.125f;
        const float step = scale / global;
        result[i] = elementValue(e2m1, elementCode(e2m1, x[i] / step)) * step;
      }
      return result;
    };
    float absmax = 0;
    for (const float v : x) absmax = std::max(absmax, std::abs(v));
    compareClose(rounded(s, x, width), expected(absmax), 1e-6);
    ActivationRange range{std::vector<float>(width, -1), std::vector<float>(width, 2)};
    range.max[7] = 2.7f * absmax;
    compareClose(rounded(s, x, width, &range), expected(2.7f * absmax), 1e-6);
    QVERIFY(rounded(s, x, width, &range) != rounded(s, x, width));
  }

  void emptyAndSmallInputs() {
    for (const char* spec : {"w8a8", "w8a8:act=tensor", "w8a8:act_outliers=6", "w8a8:act_groups=4:kmeans",
                             "w8a8:act_groups=4:range", "mxint8/mxint8", "nvfp4/nvfp4"}) {
      QVERIFY(rounded(scheme(spec), {}, 3).empty());
      QCOMPARE(rounded(scheme(spec), {0}, 1), std::vector<float>{0});
      const std::vector<float> nothing = rounded(scheme(spec), {kNan, kInf}, 2);
      QVERIFY(std::isnan(nothing[0]) && nothing[1] == kInf);
      const std::vector<float> denormal = rounded(scheme(spec), {1e-42f, -1e-42f}, 2);
      QVERIFY(std::abs(denormal[0]) <= 2e-42f && std::abs(denormal[1]) <= 2e-42f);
    }
  }

  void whatCannotBeMeasuredSaysSo() {
    const auto refuses = [](ActScheme s, const char* part) {
      QL_THROWS(requireMeasurable(s), part);
      std::vector<float> x(8, 1.0f);
      QL_THROWS(fakeQuantizeActivations(s, 2, 4, x), part);
    };
    ActScheme s = scheme("w8a8");
    s.flavour = "gptq";
    refuses(s, "has no rounding of activations");
    refuses(scheme("w8a8:act=nf4"), "format of weights");
    std::vector<float> ones(8, 1.0f);
    QL_THROWS(fakeQuantizeActivations(scheme("w8a8:act=tensor,static"), 2, 4, ones), "calibrate first");
    s = scheme("w8a8:act=tensor");
    s.permutation = "kmeans";
    refuses(s, "needs a number of groups");
    s.groups = 2;
    s.permutation = "order";
    refuses(s, "is not known");
    s = scheme("w8a8:act=group:2");
    s.groups = 2;
    refuses(s, "leave one of them out");
    s = scheme("mxfp4/mxfp4:act=group:16");
    refuses(s, "groups of 32");
    s = scheme("mxfp4/mxfp4");
    s.outlierThreshold = 6;
    refuses(s, "by definition");
    s = scheme("w8a8");
    s.format = "bf16";
    refuses(s, "leave them in 16 bit");
    s = scheme("w8a8");
    s.outlierThreshold = -1;
    refuses(s, "above 0");
    refuses(scheme("w8a8:act_flavour=smoothquant,act_asym"), "no asymmetric");
  }
};

QTEST_APPLESS_MAIN(TestActivationMethods)
#include "tst_activation_methods.moc"
