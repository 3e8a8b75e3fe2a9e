// The arithmetic of each tool's integers, against transcriptions of the tools' own lines in float32.
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

nlohmann::json golden() {
  std::ifstream file(test::dataFile("golden/golden_small.json"));
  return nlohmann::json::parse(file);
}

/// Rows of every kind: Gaussian, all positive, all negative, constant, of zeros, tiny, with an outlier.
constexpr std::size_t kIn = 45, kRows = 16;
std::vector<float> rowsOfEveryKind(unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, 0.05f);
  std::vector<float> w(kRows * kIn);
  for (float& v : w) v = normal(random);
  const auto row = [&](std::size_t r) { return std::span(w).subspan(r * kIn, kIn); };
  for (float& v : row(1)) v = std::abs(v) + 0.01f;
  for (float& v : row(2)) v = -std::abs(v) - 0.02f;
  for (float& v : row(3)) v = 0.0625f;
  for (float& v : row(4)) v = 0;
  for (float& v : row(5)) v *= 1e-5f;
  row(6)[7] = 40;
  for (float& v : row(7)) v *= 1e4f;
  for (float& v : row(8)) v = std::nearbyint(v * 100) / 2;  // ties
  row(8)[0] = 7;
  row(8)[1] = -7;
  for (float& v : row(9)) v = std::max(v, 0.0f);
  return w;
}

struct Extremes {
  float min, max, absmax;
};
Extremes extremesOf(std::span<const float> part) {
  Extremes e{part[0], part[0], 0};
  for (const float v : part) {
    e.min = std::min(e.min, v);
    e.max = std::max(e.max, v);
    e.absmax = std::max(e.absmax, std::abs(v));
  }
  return e;
}

using Reference = std::function<std::vector<float>(std::span<const float> part, int bits, bool symmetric)>;

float topOf(int bits) {
  return static_cast<float>((1 << (bits - 1)) - 1);
}

/// QuaRot quant_utils.py: WeightQuantizer.find_params and quantize.
std::vector<float> quarot(std::span<const float> part, int bits, bool symmetric) {
  const Extremes e = extremesOf(part);
  float xmin = std::min(e.min, 0.0f), xmax = std::max(e.max, 0.0f), maxq = topOf(bits);
  std::vector<float> q;
  if (symmetric) {
    xmax = std::max(std::max(std::abs(xmin), xmax), 1e-5f);
    const float scale = xmax / maxq;
    for (const float x : part) q.push_back(scale * std::clamp(std::nearbyint(x / scale), -(maxq + 1), maxq));
    return q;
  }
  maxq = static_cast<float>((1 << bits) - 1);
  if (xmin == 0 && xmax == 0) {
    xmin = -1;
    xmax = 1;
  }
  const float scale = std::max(xmax - xmin, 1e-5f) / maxq, zero = std::nearbyint(-xmin / scale);
  for (const float x : part)
    q.push_back(scale * (std::clamp(std::nearbyint(x / scale) + zero, 0.0f, maxq) - zero));
  return q;
}

/// RPTQ4LLM quantizer.py: minmax_calibration and fake_quant.
std::vector<float> rptq(std::span<const float> part, int bits, bool symmetric) {
  const Extremes e = extremesOf(part);
  const float qmax = topOf(bits), qmin = -qmax - 1;
  float scale =
      symmetric ? e.absmax / static_cast<float>(1 << (bits - 1)) : (e.max - e.min) * std::ldexp(1.0f, -bits);
  scale = std::clamp(scale, 1e-4f, 1e4f);
  const float zero =
      symmetric ? 0 : std::nearbyint(std::clamp((e.max + e.min) * (-0.5f / scale), -1e4f, 1e4f));
  std::vector<float> q;
  for (const float x : part)
    q.push_back((std::clamp(std::nearbyint(x / scale) + zero, qmin, qmax) - zero) * scale);
  return q;
}

/// transformer-quantization quantizers.py; `part` is the whole tensor for the sign.
std::vector<float> qualcomm(std::span<const float> part, int bits, bool symmetric) {
  const Extremes e = extremesOf(part);
  const float xmin = std::min(e.min, 0.0f), xmax = std::max(e.max, 1e-8f);
  std::vector<float> q;
  if (symmetric) {
    const bool isSigned = xmin < 0;
    const float intMin = isSigned ? -static_cast<float>(1 << (bits - 1)) : 0;
    const float intMax = static_cast<float>((1 << (bits - (isSigned ? 1 : 0))) - 1);
    const float scale = std::max(std::max(std::abs(xmin), xmax) / intMax, 1e-8f);
    for (const float x : part) q.push_back(scale * std::clamp(std::nearbyint(x / scale), intMin, intMax));
    return q;
  }
  const float intMax = static_cast<float>((1 << bits) - 1), delta = (xmax - xmin) / intMax;
  const float scale = std::max(delta, 1e-8f);
  const float zero = std::clamp(std::nearbyint(-xmin / delta), 0.0f, intMax);
  for (const float x : part)
    q.push_back(scale * (std::clamp(std::nearbyint(x / scale) + zero, 0.0f, intMax) - zero));
  return q;
}

/// LLM-QAT utils_quant.py: SymQuantizer and AsymQuantizer.
std::vector<float> llmQat(std::span<const float> part, int bits, bool symmetric) {
  const Extremes e = extremesOf(part);
  std::vector<float> q;
  if (symmetric) {
    const float s = 1 / (e.absmax + 1e-6f) * topOf(bits);  // number / tensor in torch
    for (const float x : part) q.push_back(std::nearbyint(x * s) / (s + 1e-6f));
    return q;
  }
  const float alpha = e.max - e.min, s = static_cast<float>((1 << bits) - 1);
  for (const float x : part) {
    const float normalized = (x - e.min) / (alpha + 1e-8f);
    q.push_back(std::nearbyint(normalized * s) / s * (alpha + 1e-8f) + e.min);
  }
  return q;
}

/// bitsandbytes: int8_vectorwise_quant and int8_vectorwise_dequant; rows of zeros are left alone.
std::vector<float> bitsandbytes(std::span<const float> part, int, bool) {
  const float absmax = extremesOf(part).absmax;
  std::vector<float> q;
  for (const float x : part)
    q.push_back(absmax == 0 ? 0 : std::nearbyint(x * (1 / absmax * 127.0f)) * absmax * 7.874015718698502e-3f);
  return q;
}

}  // namespace

class TestFlavours : public QObject {
  Q_OBJECT
 private slots:
  void matchesTheToolsOwnLines_data() {
    QTest::addColumn<QString>("flavour");
    QTest::addColumn<int>("bits");
    QTest::addColumn<bool>("symmetric");
    for (const char* flavour : {"quarot", "rptq", "qualcomm", "llm-qat", "bitsandbytes"}) {
      const bool isBnb = flavour == std::string("bitsandbytes");
      for (const int bits : {8, 7, 6, 5, 4, 3, 2}) {
        if ((isBnb && bits != 8) || (flavour == std::string("llm-qat") && bits == 2)) continue;
        for (const bool symmetric : {true, false}) {
          if (isBnb && !symmetric) continue;
          QTest::newRow(
              qPrintable(QString("%1 %2 %3").arg(flavour).arg(bits).arg(symmetric ? "sym" : "asym")))
              << flavour << bits << symmetric;
        }
      }
    }
  }
  void matchesTheToolsOwnLines() {
    QFETCH(QString, flavour);
    QFETCH(int, bits);
    QFETCH(bool, symmetric);
    const std::map<QString, Reference> references{{"quarot", quarot},
                                                  {"rptq", rptq},
                                                  {"qualcomm", qualcomm},
                                                  {"llm-qat", llmQat},
                                                  {"bitsandbytes", bitsandbytes}};
    const Reference& reference = references.at(flavour);
    for (const unsigned seed : {1u, 2u, 3u}) {
      const std::vector<float> w = rowsOfEveryKind(seed);
      for (std::size_t r = 0; r < kRows; ++r) {
        // a matrix of one row, so that its sign is the tensor's
        const std::vector<float> row(w.begin() + static_cast<std::ptrdiff_t>(r * kIn),
                                     w.begin() + static_cast<std::ptrdiff_t>((r + 1) * kIn));
        const std::string spec = "int" + std::to_string(bits) + ":" + (symmetric ? "sym" : "asym") +
                                 ",flavour=" + flavour.toStdString();
        const QuantizedMatrix q = quantized(spec, 1, kIn, row);
        const std::vector<float> expected = reference(row, bits, symmetric);
        for (std::size_t i = 0; i < kIn; ++i)
          QVERIFY2(q.dequantized[i] == expected[i], qPrintable(QString("row %1, %2: %3, expected %4")
                                                                   .arg(r)
                                                                   .arg(i)
                                                                   .arg(static_cast<double>(q.dequantized[i]))
                                                                   .arg(static_cast<double>(expected[i]))));
      }
    }
  }

  void matchesLlmQatGolden() {
    const auto data = golden();
    const QuantizedMatrix w = quantized("int4:flavour=llm-qat", 8, 128, values(data.at("W")));
    const std::vector<float> expected = values(data.at("llmqat_w4_sym"));
    for (std::size_t i = 0; i < expected.size(); ++i) QVERIFY(w.dequantized[i] == expected[i]);
    // a token is a row
    std::vector<float> x = values(data.at("X"));
    x.resize(4 * 128);
    const QuantizedMatrix q = quantized("int8:asym,flavour=llm-qat", 4, 128, x);
    const std::vector<float> tokens = values(data.at("llmqat_a8_asym_first4"));
    for (std::size_t i = 0; i < tokens.size(); ++i) QVERIFY(q.dequantized[i] == tokens[i]);
  }

  /// The official quantizer looks at the sign of the whole tensor: a positive row of a matrix with negative
  /// weights keeps the signed grid; only a matrix without any gets the codes 0 .. 255.
  void qualcommIsUnsignedForWholeTensorsOnly() {
    const std::vector<float> mixed{1, 2, 3, 4, -1, 2, -3, 4};
    const auto q = quantized("int8:flavour=qualcomm", 2, 4, mixed);
    QCOMPARE(q.scales[0], 4.0f / 127);
    QCOMPARE(q.codes[3], 127);
    const auto positive = quantized("int8:flavour=qualcomm", 2, 4, {1, 2, 3, 4, 1, 2, 0, 5});
    QCOMPARE(positive.scales[0], 4.0f / 255);
    QCOMPARE(positive.codes[3], 255);
    QCOMPARE(positive.scales[1], 5.0f / 255);
    QVERIFY(quantizerNeeds(scheme("int8:flavour=qualcomm")).range);
    QVERIFY(!quantizerNeeds(scheme("int8:asym,flavour=qualcomm")).range);
  }

  void codesStayInTheirBits() {
    const std::vector<float> w = rowsOfEveryKind(4);
    for (const char* flavour : {"quarot", "rptq", "qualcomm", "llm-qat"}) {
      for (const char* sign : {"sym", "asym"}) {
        for (const char* part :
             {"tensor", "channel", "input_channel", "group=16", "group_in_channel=5", "block=4x16"}) {
          const std::string spec = std::string("int4:") + sign + "," + part + ",flavour=" + flavour;
          const QuantizedMatrix q = quantized(spec, kRows, kIn, w);
          const auto [low, high] = std::minmax_element(q.codes.begin(), q.codes.end());
          QVERIFY2(*high - *low < 16, spec.c_str());
          for (const float v : q.dequantized) QVERIFY2(std::isfinite(v), spec.c_str());
          for (const float s : q.scales) QVERIFY2(s > 0 && std::isfinite(s), spec.c_str());
        }
      }
    }
  }

  void extremesAndZerosStayFinite() {
    const float huge = std::numeric_limits<float>::max(), tiny = std::numeric_limits<float>::denorm_min();
    const float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
    for (const char* flavour : {"quarot", "rptq", "qualcomm", "llm-qat", "bitsandbytes"}) {
      for (const char* sign : {"sym", "asym"}) {
        if (flavour == std::string("bitsandbytes") && sign[0] == 'a') continue;
        const std::string spec = std::string("int8:") + sign + ",flavour=" + flavour;
        for (const float v : quantized(spec, 1, 3, {0, 0, 0}).dequantized) QCOMPARE(v, 0.0f);
        for (const float v : quantized(spec, 1, 3, {tiny, -tiny, 0}).dequantized)
          QVERIFY2(std::isfinite(v) && std::abs(v) <= 1e-5f, spec.c_str());
        for (const float v : quantized(spec, 1, 3, {huge, -huge, 1}).dequantized)
          QVERIFY2(!std::isnan(v), spec.c_str());
        const auto q = quantized(spec, 1, 4, {1, nan, -inf, -0.5f});
        QVERIFY(std::isnan(q.dequantized[1]) && q.dequantized[2] == -inf);
        const auto without = quantized(spec, 1, 2, {1, -0.5f});
        QCOMPARE(q.dequantized[0], without.dequantized[0]);
        QCOMPARE(q.dequantized[3], without.dequantized[1]);
      }
    }
  }

  void whatAFlavourLacksIsRefused_data() {
    QTest::addColumn<QString>("spec");
    QTest::addColumn<QString>("word");
    QTest::newRow("bitsandbytes of int4") << "int4:flavour=bitsandbytes"
                                          << "int8 only";
    QTest::newRow("bitsandbytes asymmetric") << "int8:asym,flavour=bitsandbytes"
                                             << "no asymmetric";
    QTest::newRow("smoothquant asymmetric") << "int8:asym,flavour=smoothquant"
                                            << "no asymmetric";
    QTest::newRow("llm-qat of int2") << "int2:flavour=llm-qat"
                                     << "int3 to int8";
    QTest::newRow("torchao of integers") << "int8:flavour=torchao"
                                         << "does not go with rtn of int8";
    QTest::newRow("mx-floor of integers") << "int4:flavour=mx-floor"
                                          << "does not go with rtn of int4";
  }
  void whatAFlavourLacksIsRefused() {
    QFETCH(QString, spec);
    QFETCH(QString, word);
    try {
      requireMeasurable(scheme(spec.toStdString()));
      QFAIL("measured");
    } catch (const Error& e) {
      QVERIFY2(QString(e.what()).contains(word), e.what());
    }
  }
};

QTEST_APPLESS_MAIN(TestFlavours)
#include "tst_flavours.moc"
