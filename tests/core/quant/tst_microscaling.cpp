// OCP microscaling and NVFP4: the rules for their scales, every code, and blocks of every kind against slow
// references in double precision.
#include "core/base/error.h"
#include "core/quant/block_scale.h"
#include "core/quant/matrix_rule.h"
#include "core/quant/quantizer.h"
#include "tests/core/evaluate/memory_source.h"
#include "tests/support/compare.h"
#include "tests/support/data.h"

#include <nlohmann/json.hpp>

#include <cmath>
#include <fstream>
#include <limits>
#include <random>
#include <set>

using namespace ql;

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
const std::vector<std::string> kMxFormats{"mxfp4", "mxfp6", "mxfp6_e3m2", "mxfp8", "mxfp8_e5m2", "mxint8"};
const std::vector<std::string> kMxFlavours{
    "compressed-tensors", "torchao", "mx-floor", "mx-even", "mx-ceil", "mx-rceil"};

WeightScheme scheme(const std::string& spec) {
  return *parseSpec(spec).weight;
}

QuantizedMatrix quantized(const std::string& spec, std::int64_t out, std::int64_t in,
                          const std::vector<float>& w) {
  const WeightScheme s = scheme(spec);
  return quantizerFor(s).quantize(s, out, in, w);
}

std::vector<float> values(const nlohmann::json& matrix) {
  return matrix.at("data").get<std::vector<float>>();
}

std::vector<float> gaussian(std::size_t n, unsigned seed, float deviation = 0.05f) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, deviation);
  std::vector<float> w(n);
  for (float& v : w) v = normal(random);
  return w;
}

/// What an element of a format can be, ascending from 0, in doubles.
std::vector<double> magnitudesOf(const std::string& format) {
  std::vector<double> result;
  const std::string_view element = findBlockFormat(format)->element;
  if (element.empty())
    for (int i = 0; i <= 127; ++i) result.push_back(i / 64.0);
  else
    for (const float v : elementMagnitudes(*findElementFormat(element)))
      result.push_back(static_cast<double>(v));
  return result;
}

/// The nearest of them by search, ties to the even place in the list; beyond the last the last.
double nearest(const std::vector<double>& magnitudes, double x) {
  const double a = std::abs(x);
  std::size_t best = 0;
  for (std::size_t i = 1; i < magnitudes.size(); ++i) {
    const double now = std::abs(a - magnitudes[i]), before = std::abs(a - magnitudes[best]);
    if (now < before || (now == before && i % 2 == 0)) best = i;
  }
  return std::copysign(magnitudes[best], x);
}

/// log2 of the scale by the words of each rule, in double precision.
int referenceExponent(const std::string& format, const std::string& flavour, double absmax) {
  const double largest = magnitudesOf(format).back();
  const int emax = static_cast<int>(std::floor(std::log2(largest)));
  int exponent = 0;
  const double mantissa = std::frexp(absmax, &exponent) * 2;  // [1, 2)
  --exponent;
  const std::map<std::string, int> mantissaBits{{"mxfp4", 1}, {"mxfp6", 3},      {"mxfp6_e3m2", 2},
                                                {"mxfp8", 3}, {"mxfp8_e5m2", 2}, {"mxint8", 6}};
  const auto roundedUp = [&](int bits) { return mantissa >= 2 - std::ldexp(1.0, -bits - 1) ? 1 : 0; };
  int result = exponent - emax;
  if (flavour == "compressed-tensors") result += roundedUp(1);
  if (flavour == "mx-even") result += roundedUp(mantissaBits.at(format));
  if (flavour == "mx-ceil") result += mantissa > 1 ? 1 : 0;
  if (flavour == "mx-rceil") {
    // in float32, as torchao and cuBLAS divide
    const double descale = static_cast<double>(static_cast<float>(absmax) / static_cast<float>(largest));
    result = static_cast<int>(std::ceil(std::log2(descale)));
  }
  return std::clamp(result, -127, 127);
}

BlockScale ruleOf(const std::string& format, const std::string& flavour) {
  return blockScale(*findBlockFormat(format), flavour);
}

}  // namespace

class TestMicroscaling : public QObject {
  Q_OBJECT
 private slots:
  void matchesMicroxcaling_data() {
    QTest::addColumn<QString>("format");
    QTest::newRow("mx_fp4_e2m1_floor_rne") << "mxfp4";
    QTest::newRow("mx_fp6_e2m3_floor_rne") << "mxfp6";
    QTest::newRow("mx_fp6_e3m2_floor_rne") << "mxfp6_e3m2";
    QTest::newRow("mx_fp8_e4m3_floor_rne") << "mxfp8";
    QTest::newRow("mx_fp8_e5m2_floor_rne") << "mxfp8_e5m2";
    QTest::newRow("mx_int8_floor_rne") << "mxint8";
  }
  void matchesMicroxcaling() {
    QFETCH(QString, format);
    std::ifstream file(test::dataFile("golden/golden_small.json"));
    const auto golden = nlohmann::json::parse(file);
    const std::vector<float> expected = values(golden.at(QTest::currentDataTag()));
    for (const char* flavour : {"mx-floor", "torchao"}) {
      const auto q = quantized(format.toStdString() + ":flavour=" + flavour, 8, 128, values(golden.at("W")));
      QCOMPARE(q.dequantized.size(), expected.size());
      for (std::size_t i = 0; i < expected.size(); ++i) QVERIFY(q.dequantized[i] == expected[i]);
      QVERIFY(!q.hasPartialGroup && q.zeroPoints.empty());
      QCOMPARE(q.scales.size(), std::size_t(8 * 4));
    }
  }

  /// log2 of the scale of fp4 for absmax of the boundaries, by each rule.
  void scalesAtTheBoundaries_data() {
    QTest::addColumn<float>("absmax");
    QTest::addColumn<int>("floor");
    QTest::addColumn<int>("even");
    QTest::addColumn<int>("rceil");
    const auto add = [](float absmax, int floor, int even, int rceil) {
      QTest::newRow(qPrintable(QString::number(static_cast<double>(absmax))))
          << absmax << floor << even << rceil;
    };
    add(5.9f, 0, 0, 0);
    add(6.0f, 0, 0, 0);
    add(7.0f, 0, 1, 1);
    add(7.99f, 0, 1, 1);
    add(8.0f, 1, 1, 1);
    add(0.9f, -3, -2, -2);
  }
  void scalesAtTheBoundaries() {
    QFETCH(float, absmax);
    QFETCH(int, floor);
    QFETCH(int, even);
    QFETCH(int, rceil);
    const auto exponent = [&](const char* flavour) {
      return std::ilogb(microscale(ruleOf("mxfp4", flavour), absmax));
    };
    QCOMPARE(exponent("mx-floor"), floor);
    QCOMPARE(exponent("torchao"), floor);
    QCOMPARE(exponent("mx-even"), even);
    QCOMPARE(exponent("compressed-tensors"), even);
    QCOMPARE(exponent("mx-rceil"), rceil);
  }

  /// compressed-tensors rounds mxfp8 up from 1.75 2^k on, torchao's EVEN from 1.9375 2^k.
  void compressedTensorsRoundsEveryFormatAsFp4() {
    for (const float absmax : {447.9f, 448.0f, 479.0f, 480.0f, 495.9f, 496.0f, 511.0f}) {
      const float ct = microscale(ruleOf("mxfp8", "compressed-tensors"), absmax);
      const float even = microscale(ruleOf("mxfp8", "mx-even"), absmax);
      QCOMPARE(ct, absmax >= 448 ? 2.0f : 1.0f);
      QCOMPARE(even, absmax >= 496 ? 2.0f : 1.0f);
    }
  }

  void scalesFollowTheRulesInDoublePrecision() {
    std::mt19937 random(9);
    std::uniform_real_distribution<float> mantissa(1, 2);
    std::uniform_int_distribution<int> exponent(-126, 127);
    for (const std::string& format : kMxFormats) {
      for (const std::string& flavour : kMxFlavours) {
        const BlockScale rule = ruleOf(format, flavour);
        std::vector<float> tried{std::numeric_limits<float>::max(), std::numeric_limits<float>::min(), 1, 2};
        for (int i = 0; i < 500; ++i) tried.push_back(std::ldexp(mantissa(random), exponent(random)));
        for (const double magnitude : magnitudesOf(format))
          for (const int e : {-3, 0, 5}) {
            const float v = std::ldexp(static_cast<float>(magnitude), e);
            if (v == 0) continue;
            for (const float near : {v, std::nextafter(v, 0.0f), std::nextafter(v, kInfinity)})
              tried.push_back(near);
          }
        for (const float absmax : tried) {
          const float scale = microscale(rule, absmax);
          const int expected = referenceExponent(format, flavour, static_cast<double>(absmax));
          QVERIFY2(static_cast<double>(scale) == std::ldexp(1.0, expected),
                   qPrintable(QString("%1 %2 of %3: %4, expected 2^%5")
                                  .arg(format.c_str(), flavour.c_str())
                                  .arg(static_cast<double>(absmax), 0, 'g', 9)
                                  .arg(static_cast<double>(scale))
                                  .arg(expected)));
        }
      }
    }
  }

  void scalesOfZerosAndSubnormals() {
    for (const std::string& format : kMxFormats) {
      for (const std::string& flavour : kMxFlavours) {
        const BlockScale rule = ruleOf(format, flavour);
        QCOMPARE(microscale(rule, 0), 1.0f);
        QCOMPARE(microscale(rule, std::numeric_limits<float>::denorm_min()), 0x1p-127f);
        QVERIFY(microscale(rule, std::numeric_limits<float>::max()) <= 0x1p127f);
        const std::string spec = format + ":flavour=" + flavour;
        const float tiny = std::numeric_limits<float>::denorm_min(), huge = std::numeric_limits<float>::max();
        for (const float v : quantized(spec, 1, 3, {0, 0, 0}).dequantized) QCOMPARE(v, 0.0f);
        for (const float v : quantized(spec, 1, 3, {tiny, -tiny, 0}).dequantized) QVERIFY(std::isfinite(v));
        for (const float v : quantized(spec, 1, 3, {huge, -huge, 1}).dequantized) QVERIFY(!std::isnan(v));
      }
    }
  }

  /// With a scale of 1 every value of the element comes out as it is, and every code is reached.
  void everyCodeIsReached() {
    for (const std::string& format : kMxFormats) {
      std::vector<float> w;
      for (const double magnitude : magnitudesOf(format)) {
        w.push_back(static_cast<float>(magnitude));
        w.push_back(-static_cast<float>(magnitude));
      }
      const std::string spec =
          format + ":flavour=mx-floor,group=" + std::to_string(w.size());  // one block with all values
      const QuantizedMatrix q = quantized(spec, 1, static_cast<std::int64_t>(w.size()), w);
      std::set<std::int32_t> codes(q.codes.begin(), q.codes.end());
      for (std::size_t i = 0; i < w.size(); ++i) QCOMPARE(q.dequantized[i], w[i]);
      QCOMPARE(codes.size(), w.size() - 1);  // one zero
      QCOMPARE(q.scales.front(), format == "mxint8" ? 1.0f / 64 : 1.0f);
    }
  }

  void blocksAreThoseOfASlowReference_data() {
    QTest::addColumn<QString>("format");
    for (const std::string& format : kMxFormats) QTest::newRow(format.c_str()) << format.c_str();
  }
  /// Whole and short last blocks, blocks of zeros, ties, values that are not finite.
  void blocksAreThoseOfASlowReference() {
    QFETCH(QString, format);
    constexpr std::int64_t kOut = 7, kIn = 75;
    std::vector<float> w = gaussian(kOut * kIn, 4);
    for (std::size_t j = 0; j < 32; ++j) w[2 * kIn + j] = 0;
    for (std::size_t j = 0; j < kIn; ++j) w[3 * kIn + j] = static_cast<float>(static_cast<int>(j) - 37) / 4;
    w[5] = std::numeric_limits<float>::quiet_NaN();
    w[400] = -kInfinity;
    const std::string name = format.toStdString();
    const std::vector<double> magnitudes = magnitudesOf(name);
    for (const std::string& flavour : kMxFlavours) {
      const QuantizedMatrix q = quantized(name + ":flavour=" + flavour, kOut, kIn, w);
      QVERIFY(q.hasPartialGroup);
      for (std::size_t i = 0; i < w.size(); ++i) {
        const std::size_t row = i / kIn, begin = row * kIn + i % kIn / 32 * 32;
        const std::size_t end = std::min((row + 1) * kIn, begin + 32);
        double absmax = 0;
        for (std::size_t k = begin; k < end; ++k)
          if (std::isfinite(w[k])) absmax = std::max(absmax, std::abs(static_cast<double>(w[k])));
        if (!std::isfinite(w[i])) {
          QVERIFY(std::isnan(w[i]) ? std::isnan(q.dequantized[i]) : q.dequantized[i] == w[i]);
          continue;
        }
        const double scale = absmax == 0 ? 1 : std::ldexp(1.0, referenceExponent(name, flavour, absmax));
        const double expected = nearest(magnitudes, static_cast<double>(w[i]) / scale) * scale;
        QVERIFY2(static_cast<double>(q.dequantized[i]) == expected,
                 qPrintable(QString("%1 at %2: %3, expected %4")
                                .arg(flavour.c_str())
                                .arg(i)
                                .arg(static_cast<double>(q.dequantized[i]))
                                .arg(expected)));
      }
    }
  }

  // NVFP4
  // ---------------------------------------------------------------------------------------------
  void nvfp4IsCompressedTensors() {
    constexpr std::int64_t kOut = 5, kIn = 40;
    std::vector<float> w = gaussian(kOut * kIn, 8);
    for (std::size_t j = 0; j < 16; ++j) w[j] = 0;              // a block of zeros
    for (std::size_t j = 16; j < 32; ++j) w[kIn + j] *= 1e-6f;  // one whose scale rounds to 0
    w[3 * kIn + 2] = 3;
    const QuantizedMatrix q = quantized("nvfp4", kOut, kIn, w);
    const ElementFormat &e4m3 = *findElementFormat("fp8_e4m3"), &e2m1 = *findElementFormat("fp4_e2m1");
    const float global = 1 / 3.0f * 2688;
    const std::vector<float> steps = elementMagnitudes(e4m3);
    for (std::size_t i = 0; i < w.size(); ++i) {
      const std::size_t row = i / kIn, begin = row * kIn + i % kIn / 16 * 16;
      float absmax = 0;
      for (std::size_t k = begin; k < std::min((row + 1) * kIn, begin + 16); ++k)
        absmax = std::max(absmax, std::abs(w[k]));
      std::vector<double> scales(steps.begin(), steps.end());
      float scale = static_cast<float>(nearest(scales, static_cast<double>(global * (absmax / 6))));
      if (scale == 0) scale = 0.125f;
      const float step = scale / global;
      std::vector<double> magnitudes;
      for (const float v : elementMagnitudes(e2m1)) magnitudes.push_back(static_cast<double>(v));
      const float expected = static_cast<float>(nearest(magnitudes, static_cast<double>(w[i] / step))) * step;
      QVERIFY(q.dequantized[i] == expected);
      QCOMPARE(q.scales[row * 3 + i % kIn / 16], step);
    }
    QCOMPARE(q.scales[0], 0.125f / global);
    QCOMPARE(q.scales[3 + 1], 0.125f / global);
  }

  /// torchao: block scales of at least 2^-6, weights multiplied by (1 / g) / s.
  void nvfp4IsTorchao() {
    constexpr std::int64_t kOut = 6, kIn = 48;
    const std::vector<float> w = gaussian(kOut * kIn, 12, 2.0f);
    float tensor = 0;
    for (const float v : w) tensor = std::max(tensor, std::abs(v));
    const float g = tensor / 2688.0f;
    const QuantizedMatrix q = quantized("nvfp4:flavour=torchao", kOut, kIn, w);
    const ElementFormat &e4m3 = *findElementFormat("fp8_e4m3"), &e2m1 = *findElementFormat("fp4_e2m1");
    for (std::size_t begin = 0; begin < w.size(); begin += 16) {
      float absmax = 0;
      for (std::size_t k = begin; k < begin + 16; ++k) absmax = std::max(absmax, std::abs(w[k]));
      const float wanted = std::clamp(absmax / 6 / g, 0.015625f, 448.0f);
      const float scale = elementValue(e4m3, elementCode(e4m3, wanted));
      const float reciprocal = (1 / g) / scale;
      for (std::size_t k = begin; k < begin + 16; ++k) {
        const float code = elementValue(e2m1, elementCode(e2m1, w[k] * reciprocal));
        QVERIFY(q.dequantized[k] == code * (g * scale));
      }
    }
  }

  void nvfp4BoundsAreKept() {
    for (const char* flavour : {"compressed-tensors", "torchao"}) {
      BlockScale rule = ruleOf("nvfp4", flavour);
      QCOMPARE(rule.tensorScale, 1.0f);
      setTensorAbsmax(rule, 0);
      QCOMPARE(rule.tensorScale, 1.0f);
      setTensorAbsmax(rule, std::numeric_limits<float>::denorm_min());
      QCOMPARE(rule.tensorScale, 1.0f);
      setTensorAbsmax(rule, 2688);
      QCOMPARE(rule.tensorScale, 1.0f);
      setTensorAbsmax(rule, 5376);
      QCOMPARE(nvfp4BlockScale(rule, 5376), 448.0f);
      const std::string spec = std::string("nvfp4:flavour=") + flavour;
      for (const float v : quantized(spec, 1, 3, {0, 0, 0}).dequantized) QCOMPARE(v, 0.0f);
      const float huge = std::numeric_limits<float>::max();
      for (const float v : quantized(spec, 1, 3, {huge, -huge, 1}).dequantized) QVERIFY(!std::isnan(v));
    }
    QCOMPARE(nvfp4BlockScale(ruleOf("nvfp4", "compressed-tensors"), 0), 0.125f);
    QCOMPARE(nvfp4BlockScale(ruleOf("nvfp4", "torchao"), 0), 0x1p-6f);
  }

  /// q, k and v share the scale of the largest; another reader of the same input has nothing to do with it.
  void nvfp4SharesTheScaleOfFusedMatrices() {
    struct Module : WeightSource {
      void readRows(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd,
                    std::span<float> out) const override {
        const float largest = matrix.tensor == "m.attn.k.weight"  ? 8
                              : matrix.tensor == "m.mlp.w.weight" ? 99
                                                                  : 2;
        for (std::int64_t row = rowBegin; row < rowEnd; ++row)
          for (std::int64_t j = 0; j < matrix.in; ++j)
            out[static_cast<std::size_t>((row - rowBegin) * matrix.in + j)] =
                row == 70 && j == 3 ? -largest : 0.01f * static_cast<float>(j);
      }
    };
    const Module source;
    JobContext job(2);
    QuantizerInput input;
    input.out = 80;
    input.in = 16;
    const MatrixRange range{std::vector<float>(16, -2), std::vector<float>(16, 0.15f)};
    input.range = &range;
    input.matrix = {"m.attn.q.weight", 80, 16};
    QCOMPARE(matrixRule(scheme("nvfp4"), input).block.tensorScale, 2688.0f / 2);
    input.siblings = {input.matrix, {"m.attn.k.weight", 80, 16}, {"m.mlp.w.weight", 80, 16}};
    input.source = &source;
    input.job = &job;
    QCOMPARE(matrixRule(scheme("nvfp4"), input).block.tensorScale, 2688.0f / 8);
    QCOMPARE(matrixRule(scheme("nvfp4:flavour=torchao"), input).block.tensorScale, 8 / 2688.0f);
    QVERIFY(quantizerNeeds(scheme("nvfp4")).range);
    const auto rows = makeRowQuantizer(scheme("nvfp4"), input);
    std::vector<float> w(16, 1.0f), q(16);
    rows->apply(0, 1, w, q, {});
    const ElementFormat& e4m3 = *findElementFormat("fp8_e4m3");
    const float step = elementValue(e4m3, elementCode(e4m3, 336.0f * (1.0f / 6))) / 336;
    QCOMPARE(q[0], 6 * step);
  }

  void otherPartsThanGroupsAreRefused() {
    for (const char* spec :
         {"mxfp4:channel", "mxint8:tensor", "nvfp4:block=16x16", "mxfp8:group_in_channel=32"})
      QL_THROWS(requireMeasurable(scheme(spec)), "for each group of weights along the input");
    QL_THROWS(requireMeasurable(scheme("mxfp4:flavour=gptq")), "mx-rceil");
    QL_THROWS(requireMeasurable(scheme("nvfp4:flavour=mx-floor")), "torchao");
    requireMeasurable(scheme("mxfp4:group=16"));
    requireMeasurable(scheme("nvfp4:group=8"));
    // the scale a group of another length has is counted as well
    QCOMPARE(bitsPerWeight(parseSpec("mxfp4"), 64, 64, 16), 4.25);
    QCOMPARE(bitsPerWeight(parseSpec("mxfp6"), 64, 64, 16), 6.25);
    QCOMPARE(bitsPerWeight(parseSpec("mxint8"), 64, 64, 16), 8.25);
    QCOMPARE(bitsPerWeight(parseSpec("mxfp4:group=16"), 64, 64, 16), 4.5);
    QCOMPARE(bitsPerWeight(parseSpec("nvfp4"), 64, 64, 16), 4.5 + 32.0 / 4096);
  }
};

QTEST_APPLESS_MAIN(TestMicroscaling)
#include "tst_microscaling.moc"
