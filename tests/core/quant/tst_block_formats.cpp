// Formats with tables or blocks of their own against llama.cpp's bytes, the published tables, every code, and
// slow references: ggml blocks, NF4 with double quantization, ternary and binary.
#include "core/base/error.h"
#include "core/quant/ggml_blocks.h"
#include "core/quant/nf4.h"
#include "core/quant/quantizer.h"
#include "tests/core/evaluate/memory_source.h"
#include "tests/support/compare.h"
#include "tests/support/data.h"

#include <nlohmann/json.hpp>

#include <cmath>
#include <fstream>
#include <limits>
#include <random>

using namespace ql;

namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN(), kInf = std::numeric_limits<float>::infinity();

std::vector<std::uint8_t> fromHex(const std::string& text) {
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i < text.size(); i += 2)
    bytes.push_back(static_cast<std::uint8_t>(std::stoi(text.substr(i, 2), nullptr, 16)));
  return bytes;
}

std::string toHex(const std::vector<std::uint8_t>& bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

std::vector<std::uint8_t> packed(const GgmlBlockFormat& format, const std::vector<float>& x) {
  std::vector<std::uint8_t> bytes(format.bytes);
  packGgmlBlock(format, x, bytes);
  return bytes;
}

std::vector<float> decoded(const GgmlBlockFormat& format, const std::vector<std::uint8_t>& bytes) {
  std::vector<float> x(format.weights);
  decodeGgmlBlock(format, bytes, x);
  return x;
}

std::vector<float> roundTrip(const GgmlBlockFormat& format, const std::vector<float>& x) {
  return decoded(format, packed(format, x));
}

std::vector<float> gaussian(std::size_t n, unsigned seed, float sigma = 0.05f) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, sigma);
  std::vector<float> w(n);
  for (float& v : w) v = normal(random);
  return w;
}

struct Applied {
  std::vector<float> quantized;
  std::vector<std::uint8_t> isZeroCode;
  std::optional<double> bits;
};

/// Through the public door, band by band.
Applied applied(const std::string& spec, std::int64_t out, std::int64_t in, const std::vector<float>& w,
                int threads = 1) {
  const WeightScheme scheme = *parseSpec(spec).weight;
  const test::MemorySource source(out, in, w);
  JobContext job(threads);
  QuantizerInput input;
  input.out = out;
  input.in = in;
  input.source = &source;
  input.matrix = source.ref;
  input.job = &job;
  const auto quantizer = makeRowQuantizer(scheme, input);
  Applied result{std::vector<float>(w.size()), std::vector<std::uint8_t>(w.size()),
                 quantizer->bitsPerWeight()};
  const std::int64_t unit = quantizer->rowUnit();
  if (unit != bandRows(scheme, out, in)) qFatal("rowUnit and bandRows differ");
  for (std::int64_t row = 0; row < out; row += unit) {
    const std::int64_t rows = std::min(unit, out - row);
    const auto at = static_cast<std::size_t>(row * in), n = static_cast<std::size_t>(rows * in);
    quantizer->apply(row, rows, std::span(w).subspan(at, n), std::span(result.quantized).subspan(at, n),
                     std::span(result.isZeroCode).subspan(at, n));
  }
  return result;
}

QuantizedMatrix whole(const std::string& spec, std::int64_t out, std::int64_t in,
                      const std::vector<float>& w) {
  const WeightScheme scheme = *parseSpec(spec).weight;
  return quantizerFor(scheme).quantize(scheme, out, in, w);
}

/// The nearest value of a table in double precision, ties to the lower code.
int slowCode(std::span<const float> table, double x) {
  int best = 0;
  for (std::size_t i = 1; i < table.size(); ++i) {
    const double distance = std::abs(static_cast<double>(table[i]) - x);
    if (distance < std::abs(static_cast<double>(table[static_cast<std::size_t>(best)]) - x))
      best = static_cast<int>(i);
  }
  return best;
}

const std::vector<const char*> kSpecs{"q8_0",
                                      "q4_0",
                                      "q4_1",
                                      "q5_0",
                                      "q5_1",
                                      "q4_k",
                                      "q6_k",
                                      "nf4",
                                      "nf4:group=128",
                                      "nf4_dq",
                                      "nf4_dq:flavour=bitsandbytes",
                                      "ternary:tensor",
                                      "ternary",
                                      "ternary:input_channel",
                                      "ternary:group=32",
                                      "ternary:group_in_channel=3",
                                      "ternary:block=2x20",
                                      "binary",
                                      "binary:tensor",
                                      "binary:flavour=llm-qat"};

}  // namespace

class TestBlockFormats : public QObject {
  Q_OBJECT
 private slots:
  void bytesEqualLlamaCpp_data() {
    QTest::addColumn<QString>("key");
    for (const char* key : {"q4_0", "q4_1", "q5_0", "q5_1", "q8_0", "q4_K", "q6_K"})
      QTest::newRow(key) << key;
  }
  void bytesEqualLlamaCpp() {
    QFETCH(QString, key);
    std::ifstream file(test::dataFile("golden/ggml_blocks.json"));
    const auto entry = nlohmann::json::parse(file).at("types").at(key.toStdString());
    const GgmlBlockFormat* format = findGgmlBlockFormat(key.toLower().toStdString());
    QVERIFY(format);
    QCOMPARE(format->weights, entry.at("block").get<std::size_t>());
    QCOMPARE(format->bytes, entry.at("bytes").get<std::size_t>());
    QCOMPARE(format->id, entry.at("id").get<std::uint32_t>());
    std::vector<float> x;
    for (std::size_t i = 0; i < format->weights; ++i)
      x.push_back(static_cast<float>(static_cast<int>((i * 37 + 11) % 101) - 50) / 32.0f);
    QCOMPARE(toHex(packed(*format, x)), entry.at("quantized_hex").get<std::string>());
    for (const char* part : {"quantized_hex", "rand_hex"}) {
      const auto values = entry.at(part == std::string("rand_hex") ? "rand_decoded" : "decoded");
      const auto bytes = fromHex(entry.at(part).get<std::string>());
      const std::vector<float> actual = decoded(*format, bytes);
      QCOMPARE(actual.size(), values.size());
      for (std::size_t i = 0; i < actual.size(); ++i) QCOMPARE(actual[i], values[i].get<float>());
    }
  }

  void everyCodeOfTheSimpleBlocksIsReached() {
    for (const char* name : {"q8_0", "q4_0", "q5_0", "q4_1", "q5_1"}) {
      const GgmlBlockFormat& format = *findGgmlBlockFormat(name);
      // the furthest code first, so that the step is 1; then every code in turn at every place of the block
      for (int code = format.codeLo; code <= format.codeHi; ++code) {
        std::vector<float> x(32, static_cast<float>(code));
        x[0] = static_cast<float>(format.codeLo);
        x[31] = format.codeLo == 0 ? static_cast<float>(format.codeHi) : x[31];
        QCOMPARE(roundTrip(format, x), x);
        QCOMPARE(static_cast<int>(unpackGgmlBlock(format, packed(format, x)).codes[7]), code);
      }
    }
  }

  void everyCodeAndScaleOfKBlocksIsDecoded() {
    const GgmlBlockFormat &q4 = *findGgmlBlockFormat("q4_k"), &q6 = *findGgmlBlockFormat("q6_k");
    for (int code = 0; code < 64; ++code) {
      std::vector<std::uint8_t> bytes(q4.bytes, 0);
      bytes[1] = 0x3c;  // d = 1
      bytes[3] = 0x40;  // dmin = 2
      for (std::size_t j = 0; j < 4; ++j) {
        bytes[4 + j] = bytes[8 + j] = static_cast<std::uint8_t>(code | (code >> 4 & 3) << 6);
        bytes[12 + j] = static_cast<std::uint8_t>((code & 15) | (code & 15) << 4);
      }
      for (std::size_t i = 0; i < 128; ++i)
        bytes[16 + i] = static_cast<std::uint8_t>((i % 16) | ((i + 5) % 16) << 4);
      const std::vector<float> q4Values = decoded(q4, bytes);
      for (std::size_t i = 0; i < 256; ++i) {
        const std::size_t byte = i / 64 * 32 + i % 32, nibble = (i % 64 < 32 ? byte : byte + 5) % 16;
        QCOMPARE(q4Values[i], static_cast<float>(code * static_cast<int>(nibble) - 2 * code));
      }
      bytes.assign(q6.bytes, 0);
      bytes[209] = 0x3c;
      for (std::size_t j = 0; j < 16; ++j) bytes[192 + j] = static_cast<std::uint8_t>(4 * code + 3);
      for (std::size_t i = 0; i < 128; ++i) bytes[i] = static_cast<std::uint8_t>((code & 15) * 17);
      for (std::size_t i = 0; i < 64; ++i) bytes[128 + i] = static_cast<std::uint8_t>((code >> 4) * 85);
      const int scale = static_cast<std::int8_t>(4 * code + 3);
      for (const float v : decoded(q6, bytes)) QCOMPARE(v, static_cast<float>(scale * (code - 32)));
    }
  }

  void packedSixBitWeightsComeBackExactly() {
    const GgmlBlockFormat& q6 = *findGgmlBlockFormat("q6_k");
    std::vector<float> x(256);
    for (std::size_t i = 0; i < 256; ++i) x[i] = static_cast<float>(static_cast<int>(i * 37 % 64) - 32);
    for (std::size_t part = 0; part < 16; ++part) x[part * 16] = -32;  // the peak that fixes a scale of 1
    QCOMPARE(roundTrip(q6, x), x);
  }

  void packedPartsOfFourBitsKeepTheirOrder() {
    const GgmlBlockFormat& q4 = *findGgmlBlockFormat("q4_k");
    std::vector<float> x(256);
    for (std::size_t i = 0; i < 256; ++i)  // steps of 63, offsets of 63 k: every quantity is exact
      x[i] = static_cast<float>(63 * static_cast<int>(i * 7 % 16) - 63 * static_cast<int>(i / 32 % 2 + 1));
    const GgmlBlock block = unpackGgmlBlock(q4, packed(q4, x));
    for (std::size_t i = 0; i < 256; ++i) {
      QCOMPARE(static_cast<std::size_t>(block.codes[i]), i * 7 % 16);
      QCOMPARE(block.scales[i / 32], 63.0f);
    }
  }

  void halfStepsGoTheReferencesWay() {
    // q8_0 rounds halves away from zero, q4_0 by truncating after adding a half: upwards
    std::vector<float> x(32, 0);
    x[0] = 127;
    x[1] = 2.5f;
    x[2] = -2.5f;
    std::vector<float> q = roundTrip(*findGgmlBlockFormat("q8_0"), x);
    QCOMPARE(q[1], 3.0f);
    QCOMPARE(q[2], -3.0f);
    x = std::vector<float>(32, 0);
    x[0] = -8;
    x[1] = 2.5f;
    x[2] = -2.5f;
    q = roundTrip(*findGgmlBlockFormat("q4_0"), x);
    QCOMPARE(q[1], 3.0f);
    QCOMPARE(q[2], -2.0f);
  }

  void blocksOfExtremesStayFinite() {
    for (const GgmlBlockFormat& format : ggmlBlockFormats()) {
      for (const float value : {0.0f, 1e-45f, -1e-40f, 1e-38f, 1e-12f, 3e38f, -3e38f, 1e6f}) {
        std::vector<float> x(format.weights, value);
        x[1] = -value;
        for (const float v : roundTrip(format, x)) QVERIFY(std::isfinite(v));
      }
      const std::vector<float> zeros(format.weights, 0.0f);
      QCOMPARE(roundTrip(format, zeros), zeros);
    }
    // fp16 holds no scale above 65504
    std::vector<float> x(32, 0.0f);
    x[3] = -1e6f;
    QCOMPARE(roundTrip(*findGgmlBlockFormat("q4_0"), x)[3], -8 * 65504.0f);
  }

  void partialBlocksArePaddedWithZeros() {
    const std::vector<float> w = gaussian(3 * 300, 4);
    for (const GgmlBlockFormat& format : ggmlBlockFormats()) {
      const QuantizedMatrix q = whole(std::string(format.name), 3, 300, w);
      QVERIFY(q.hasPartialGroup);
      const std::size_t last = 300 / format.weights * format.weights;
      std::vector<float> tail(format.weights, 0.0f);
      std::copy_n(w.begin() + 300 + static_cast<std::ptrdiff_t>(last), 300 - last, tail.begin());
      const std::vector<float> expected = roundTrip(format, tail);
      for (std::size_t i = 0; last + i < 300; ++i) QCOMPARE(q.dequantized[300 + last + i], expected[i]);
    }
    QVERIFY(!whole("q6_k", 2, 256, gaussian(512, 1)).hasPartialGroup);
  }

  void tableOfNf4IsEnumerated() {
    for (int code = 0; code < 16; ++code) {
      const float value = kNf4Values[static_cast<std::size_t>(code)];
      QCOMPARE(nf4Code(value), code);
      if (code == 15) break;
      const float middle = (value + kNf4Values[static_cast<std::size_t>(code) + 1]) / 2;
      QCOMPARE(nf4Code(middle), code);  // a tie goes to the lower code
      QCOMPARE(nf4Code(std::nextafter(middle, 2.0f)), code + 1);
      QCOMPARE(nf4Code(std::nextafter(middle, -2.0f)), code);
    }
    QCOMPARE(nf4Code(0), kNf4Zero);
  }

  void dynamicMapIsThatOfBitsandbytes() {
    const auto& map = dynamicMap();
    QVERIFY(std::is_sorted(map.begin(), map.end()));
    QCOMPARE(map.front(), -0.99296875f);
    QCOMPARE(map[1], -0.97890625f);
    QCOMPARE(map.back(), 1.0f);
    QCOMPARE(map[254], 0.99296875f);
    QCOMPARE(map[127], 0.0f);
    QL_NEAR(map[128], 5.5e-7, 1e-6);  // the one fraction of the smallest decade
    QL_NEAR(map[126], -5.5e-7, 1e-6);
    QL_NEAR(map[129], 3.25e-6, 1e-6);
    QL_NEAR(map[130], 7.75e-6, 1e-6);
    for (int code = 0; code < 256; ++code) {
      QCOMPARE(dynamicCode(map[static_cast<std::size_t>(code)]), code);
      if (code == 255) break;
      const float middle =
          (map[static_cast<std::size_t>(code)] + map[static_cast<std::size_t>(code) + 1]) / 2;
      QCOMPARE(dynamicCode(middle), code);
    }
  }

  void blocksOfNf4RunOverTheEndsOfRows_data() {
    QTest::addColumn<int>("out");
    QTest::addColumn<int>("in");
    QTest::addColumn<int>("group");
    QTest::newRow("64 divides in") << 4 << 192 << 64;
    QTest::newRow("rows of 40") << 19 << 40 << 64;
    QTest::newRow("odd") << 77 << 3 << 64;
    QTest::newRow("one block for all") << 3 << 5 << 4096;
    QTest::newRow("one column") << 200 << 1 << 64;
    QTest::newRow("one row") << 1 << 1000 << 256;
  }
  void blocksOfNf4RunOverTheEndsOfRows() {
    QFETCH(int, out);
    QFETCH(int, in);
    QFETCH(int, group);
    const auto size = static_cast<std::size_t>(out * in), block = static_cast<std::size_t>(group);
    std::vector<float> w = gaussian(size, 9);
    w[size / 2] = 3;
    const std::string suffix = ":group=" + std::to_string(group);
    const Applied q = applied("nf4" + suffix, out, in, w), dq = applied("nf4_dq" + suffix, out, in, w);
    std::vector<double> absmax;
    for (std::size_t i = 0; i < size; ++i) {
      if (i % block == 0) absmax.push_back(0);
      absmax.back() = std::max(absmax.back(), static_cast<double>(std::abs(w[i])));
    }
    double mean = 0, peak = 0;
    for (const double a : absmax) mean += a / static_cast<double>(absmax.size());
    for (std::size_t i = 0; i < size; ++i) {
      const std::size_t b = i / block;
      if (i % (256 * block) == 0) {
        peak = 0;
        for (std::size_t k = b; k < std::min(absmax.size(), b + 256); ++k)
          peak = std::max(peak, std::abs(absmax[k] - mean));
      }
      const auto code = static_cast<std::size_t>(slowCode(kNf4Values, static_cast<double>(w[i]) / absmax[b]));
      QL_NEAR(q.quantized[i], static_cast<double>(kNf4Values[code]) * absmax[b], 1e-6);
      const double scaled = peak > 1e-7 ? (absmax[b] - mean) / peak : 0;
      const double stored =
          static_cast<double>(dynamicMap()[static_cast<std::size_t>(slowCode(dynamicMap(), scaled))]) * peak +
          mean;
      QL_NEAR(dq.quantized[i], static_cast<double>(kNf4Values[code]) * stored, 2e-6);
      QCOMPARE(q.isZeroCode[i] != 0, code == 7);
    }
    const auto blocks = static_cast<double>(absmax.size()), n = static_cast<double>(size);
    QCOMPARE(*q.bits, 4 + 32 * blocks / n);
    QCOMPARE(*dq.bits, 4 + (8 * blocks + 32 * std::ceil(blocks / 256) + 32) / n);
  }

  void ternaryByHand() {
    // mean |w| = 0.5: the step is 0.5, halves of it go to the even code 0
    const std::vector<float> w{0.25f, -0.25f, 0.26f, -0.26f, 0.75f, -1.0f, 0.23f, 1.0f};
    const QuantizedMatrix q = whole("ternary:tensor", 2, 4, w);
    const std::vector<std::int32_t> codes{0, 0, 1, -1, 1, -1, 0, 1};
    QCOMPARE(q.codes, codes);
    QCOMPARE(q.scales, std::vector<float>{0.5f});
    for (std::size_t i = 0; i < w.size(); ++i)
      QCOMPARE(q.dequantized[i], 0.5f * static_cast<float>(codes[i]));
    const Applied binary = applied("binary:tensor", 2, 4, {0, -2, 1, 1, -1, 1, -1, 1});
    QCOMPARE(binary.quantized, (std::vector<float>{1, -1, 1, 1, -1, 1, -1, 1}));  // a bit has no 0
    QCOMPARE(applied("binary:tensor,flavour=llm-qat", 1, 4, {0, -3, 1, 0}).quantized,
             (std::vector<float>{0, -1, 1, 0}));
  }

  void ternaryPartsMatchASlowReference_data() {
    QTest::addColumn<QString>("spec");
    QTest::addColumn<int>("height");
    QTest::addColumn<int>("width");
    QTest::newRow("tensor") << "ternary:tensor" << 1000 << 1000;
    QTest::newRow("channel") << "ternary" << 1 << 1000;
    QTest::newRow("input channel") << "ternary:input_channel" << 1000 << 1;
    QTest::newRow("group") << "ternary:group=32" << 1 << 32;
    QTest::newRow("group in channel") << "ternary:group_in_channel=8" << 8 << 1;
    QTest::newRow("block") << "ternary:block=16x30" << 16 << 30;
    QTest::newRow("binary") << "binary:group=32" << 1 << 32;
  }
  void ternaryPartsMatchASlowReference() {
    QFETCH(QString, spec);
    QFETCH(int, height);
    QFETCH(int, width);
    const int out = 301, in = 70;
    const std::vector<float> w = gaussian(static_cast<std::size_t>(out * in), 3);
    const Applied q = applied(spec.toStdString(), out, in, w);
    const QuantizedMatrix matrix = whole(spec.toStdString(), out, in, w);
    QCOMPARE(matrix.dequantized, q.quantized);
    for (int row = 0; row < out; row += height) {
      for (int column = 0; column < in; column += width) {
        double sum = 0;
        std::vector<std::size_t> part;
        for (int r = row; r < std::min(out, row + height); ++r)
          for (int c = column; c < std::min(in, column + width); ++c)
            part.push_back(static_cast<std::size_t>(r * in + c));
        for (const std::size_t i : part) sum += std::abs(static_cast<double>(w[i]));
        const double mean = sum / static_cast<double>(part.size());
        for (const std::size_t i : part) {
          const double x = static_cast<double>(w[i]) / mean;
          const double code =
              spec.startsWith("binary") ? (x < 0 ? -1 : 1) : std::clamp(std::nearbyint(x), -1.0, 1.0);
          if (!spec.startsWith("binary") && std::abs(std::abs(x) - 0.5) < 1e-6)
            continue;  // a tie but for rounding
          QL_NEAR(q.quantized[i], code * mean, 1e-6);
        }
      }
    }
  }

  void bandsAndThreadsDoNotMatter_data() {
    QTest::addColumn<QString>("spec");
    for (const char* spec : kSpecs) QTest::newRow(spec) << spec;
  }
  void bandsAndThreadsDoNotMatter() {
    QFETCH(QString, spec);
    const std::string text = spec.toStdString();
    for (const auto& [out, in] :
         {std::pair<int, int>{1, 1}, {1, 300}, {300, 1}, {5, 33}, {261, 70}, {2, 512}}) {
      std::vector<float> w = gaussian(static_cast<std::size_t>(out * in), 21);
      if (w.size() > 40) {
        w[3] = kNan;
        w[17] = kInf;
        w[40] = -kInf;
        w[5] = 0;
        w[6] = 1e-42f;
      }
      const Applied one = applied(text, out, in, w), three = applied(text, out, in, w, 3);
      const QuantizedMatrix matrix = whole(text, out, in, w);
      for (std::size_t i = 0; i < w.size(); ++i) {
        if (!std::isfinite(w[i])) {
          QVERIFY(std::memcmp(&one.quantized[i], &w[i], sizeof(float)) == 0);
          QCOMPARE(int(one.isZeroCode[i]), 0);
          continue;
        }
        QVERIFY(std::isfinite(one.quantized[i]));
        QCOMPARE(three.quantized[i], one.quantized[i]);
        QCOMPARE(matrix.dequantized[i], one.quantized[i]);
      }
      QCOMPARE(three.isZeroCode, one.isZeroCode);
    }
  }

  void zerosStayZeros() {
    const std::vector<float> zeros(4 * 64, 0.0f);
    for (const char* spec : kSpecs) {
      const Applied q = applied(spec, 4, 64, zeros);
      for (std::size_t i = 0; i < zeros.size(); ++i) {
        QCOMPARE(q.quantized[i], 0.0f);
        QCOMPARE(int(q.isZeroCode[i]), 1);
      }
    }
  }

  void bitsAreThoseOfTheFiles() {
    const auto bits = [](const char* spec) { return *applied(spec, 64, 1024, gaussian(64 * 1024, 2)).bits; };
    QCOMPARE(bits("q8_0"), 8.5);
    QCOMPARE(bits("q4_0"), 4.5);
    QCOMPARE(bits("q4_1"), 5.0);
    QCOMPARE(bits("q5_0"), 5.5);
    QCOMPARE(bits("q5_1"), 6.0);
    QCOMPARE(bits("q4_k"), 4.5);
    QCOMPARE(bits("q6_k"), 6.5625);
    QCOMPARE(bits("nf4"), 4.5);
    QL_NEAR(bits("nf4_dq"), 4.127, 2e-4);
    for (const char* spec : {"q8_0", "q4_1", "q4_k", "q6_k", "nf4"})
      QCOMPARE(bitsPerWeight(parseSpec(spec), 64, 1024, 16), bits(spec));
    QL_NEAR(bitsPerWeight(parseSpec("ternary:tensor"), 64, 1024, 16), std::log2(3.0) + 32.0 / 65536, 1e-12);
  }

  void otherPartitionsAreRefused() {
    const auto refuse = [](const char* spec, const char* part) {
      QL_THROWS(requireMeasurable(*parseSpec(spec).weight), part);
    };
    refuse("q4_0:channel", "blocks of 32");
    refuse("q4_k:group=32", "blocks of 256");
    refuse("nf4:channel", "group=128");
    refuse("nf4:group=100", "64, 128");
    refuse("nf4:group=32", "64, 128");
    refuse("ternary:flavour=llm-qat", "no ternary");
    refuse("q4_0:flavour=gptq", "does not go with");
  }
};

QTEST_APPLESS_MAIN(TestBlockFormats)
#include "tst_block_formats.moc"
