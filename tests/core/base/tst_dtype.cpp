// Every storage type against hand-worked values and against an independent decoder in double precision.
#include "core/base/dtype.h"

#include "core/base/error.h"
#include "tests/support/compare.h"

#include <QTest>

#include <bit>
#include <cstring>
#include <limits>
#include <vector>

using ql::DType;

namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// One little-endian value of `size` bytes, at an odd address.
float convertOne(DType dtype, std::uint64_t bits, std::size_t size) {
  std::vector<std::byte> bytes(size + 1);
  std::memcpy(bytes.data() + 1, &bits, size);
  float out = 0;
  ql::convertToFloat(dtype, std::span<const std::byte>(bytes).subspan(1), {&out, 1});
  return out;
}

/// Decodes sign, exponent, mantissa by the textbook; specials are the caller's.
double decode(unsigned code, int width, int mantissaBits, int bias) {
  const int exponentBits = width - 1 - mantissaBits;
  const unsigned exponent = (code >> mantissaBits) & ((1u << exponentBits) - 1u);
  const double fraction =
      static_cast<double>(code & ((1u << mantissaBits) - 1u)) / static_cast<double>(1u << mantissaBits);
  const double sign = ((code >> (width - 1)) & 1u) != 0 ? -1.0 : 1.0;
  if (exponent == 0) return sign * fraction * std::pow(2.0, 1 - bias);
  return sign * (1.0 + fraction) * std::pow(2.0, static_cast<int>(exponent) - bias);
}

double reference(DType dtype, unsigned code) {
  switch (dtype) {
    case DType::F8E4M3:
      return (code & 0x7Fu) == 0x7Fu ? kNan : decode(code, 8, 3, 7);
    case DType::F8E4M3Fnuz:
      return code == 0x80u ? kNan : decode(code, 8, 3, 8);
    case DType::F8E5M2Fnuz:
      return code == 0x80u ? kNan : decode(code, 8, 2, 16);
    case DType::F8E8M0:
      return code == 0xFFu ? kNan : std::pow(2.0, static_cast<int>(code) - 127);
    case DType::F8E5M2:
      if ((code & 0x7Cu) != 0x7Cu) return decode(code, 8, 2, 15);
      return (code & 3u) != 0 ? kNan : (code & 0x80u) != 0 ? -kInf : kInf;
    default:
      if ((code & 0x7C00u) != 0x7C00u) return decode(code, 16, 10, 15);
      return (code & 0x3FFu) != 0 ? kNan : (code & 0x8000u) != 0 ? -kInf : kInf;
  }
}

}  // namespace

class DTypeTest : public QObject {
  Q_OBJECT

 private slots:
  void namesGoBothWays() {
    const char* names[] = {"BOOL",    "F4",      "F6_E2M3", "F6_E3M2",     "U8",          "I8",
                           "F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ", "I16",
                           "U16",     "F16",     "BF16",    "I32",         "U32",         "F32",
                           "C64",     "F64",     "I64",     "U64"};
    for (std::size_t i = 0; i < std::size(names); ++i) {
      const auto dtype = static_cast<DType>(i);
      QCOMPARE(std::string(ql::dtypeInfo(dtype).name), std::string(names[i]));
      QVERIFY(ql::dtypeFromName(names[i]) == dtype);
    }
    QVERIFY(!ql::dtypeFromName("bf16"));
    QVERIFY(!ql::dtypeFromName(""));
  }

  void singleValues_data() {
    QTest::addColumn<int>("dtype");
    QTest::addColumn<quint64>("bits");
    QTest::addColumn<int>("size");
    QTest::addColumn<double>("expected");
    const auto row = [](const char* name, DType dtype, quint64 bits, int size, double expected) {
      QTest::newRow(name) << static_cast<int>(dtype) << bits << size << expected;
    };
    row("bool false", DType::Bool, 0, 1, 0);
    row("bool true", DType::Bool, 1, 1, 1);
    row("bool odd true", DType::Bool, 7, 1, 1);
    row("u8", DType::U8, 255, 1, 255);
    row("i8", DType::I8, 0x80, 1, -128);
    row("i16", DType::I16, 0x8000, 2, -32768);
    row("u16", DType::U16, 0xFFFF, 2, 65535);
    row("f16 one", DType::F16, 0x3C00, 2, 1);
    row("f16 largest", DType::F16, 0x7BFF, 2, 65504);
    row("f16 smallest", DType::F16, 0x0001, 2, 5.9604644775390625e-08);
    row("bf16 one third", DType::BF16, 0x3EAB, 2, 0.333984375);
    row("bf16 infinity", DType::BF16, 0xFF80, 2, -kInf);
    row("bf16 nan", DType::BF16, 0x7FC0, 2, kNan);
    row("i32", DType::I32, 0xFFFFFFFF, 4, -1);
    row("i32 ties to even down", DType::I32, 16777217, 4, 16777216);
    row("i32 ties to even up", DType::I32, 16777219, 4, 16777220);
    row("u32", DType::U32, 0xFFFFFFFF, 4, 4294967296.0);
    row("f32", DType::F32, 0x40490FDB, 4, 3.1415927410125732);
    row("f64", DType::F64, 0x400921FB54442D18, 8, 3.1415927410125732);
    row("f64 beyond f32", DType::F64, 0x7FE0000000000000, 8, kInf);
    row("i64", DType::I64, 0xFFFFFFFFFFFFFFFE, 8, -2);
    row("u64", DType::U64, 0xFFFFFFFFFFFFFFFF, 8, 18446744073709551616.0);
    row("e4m3 largest", DType::F8E4M3, 0x7E, 1, 448);
    row("e4m3 nan", DType::F8E4M3, 0x7F, 1, kNan);
    row("e4m3 smallest", DType::F8E4M3, 0x01, 1, 0.001953125);
    row("e5m2 largest", DType::F8E5M2, 0x7B, 1, 57344);
    row("e5m2 infinity", DType::F8E5M2, 0x7C, 1, kInf);
    row("e4m3fnuz largest", DType::F8E4M3Fnuz, 0x7F, 1, 240);
    row("e5m2fnuz largest", DType::F8E5M2Fnuz, 0x7F, 1, 57344);
    row("e8m0 one", DType::F8E8M0, 127, 1, 1);
    row("e8m0 smallest", DType::F8E8M0, 0, 1, 0x1p-127);
  }
  void singleValues() {
    QFETCH(int, dtype);
    QFETCH(quint64, bits);
    QFETCH(int, size);
    QFETCH(double, expected);
    QL_NEAR(convertOne(static_cast<DType>(dtype), bits, static_cast<std::size_t>(size)), expected, 0);
  }

  void everyCodeAgreesWithTheTextbook() {
    for (const DType dtype :
         {DType::F8E4M3, DType::F8E5M2, DType::F8E4M3Fnuz, DType::F8E5M2Fnuz, DType::F8E8M0}) {
      for (unsigned code = 0; code < 256; ++code)
        QL_NEAR(convertOne(dtype, code, 1), reference(dtype, code), 0);
    }
    for (unsigned code = 0; code < 65536; ++code) {
      const float value = ql::fp16ToFloat(static_cast<std::uint16_t>(code));
      QVERIFY(ql::test::near(static_cast<double>(value), reference(DType::F16, code), 0));
      QCOMPARE(std::signbit(value), (code & 0x8000u) != 0);
    }
  }

  void halvesGoThereAndBack() {
    for (unsigned code = 0; code < 65536; ++code) {
      const auto bits = static_cast<std::uint16_t>(code);
      const float half = ql::fp16ToFloat(bits);
      const float brain = ql::bf16ToFloat(bits);
      if (std::isnan(half)) QVERIFY(std::isnan(ql::fp16ToFloat(ql::floatToFp16(half))));
      if (std::isnan(brain)) QVERIFY(std::isnan(ql::bf16ToFloat(ql::floatToBf16(brain))));
      if (!std::isnan(half)) QCOMPARE(ql::floatToFp16(half), bits);
      if (!std::isnan(brain)) QCOMPARE(ql::floatToBf16(brain), bits);
    }
  }

  void halvesRoundToNearestEven() {
    // Between each pair of neighbours: just below the middle, the middle (to the even code), just above.
    for (unsigned code = 0; code < 0x7BFF; ++code) {
      const float low = ql::fp16ToFloat(static_cast<std::uint16_t>(code));
      const float high = ql::fp16ToFloat(static_cast<std::uint16_t>(code + 1));
      const float middle = low + (high - low) / 2;
      QCOMPARE(ql::floatToFp16(std::nextafter(middle, 0.0f)), static_cast<std::uint16_t>(code));
      QCOMPARE(ql::floatToFp16(middle), static_cast<std::uint16_t>(code + (code & 1u)));
      QCOMPARE(ql::floatToFp16(std::nextafter(middle, 1e9f)), static_cast<std::uint16_t>(code + 1));
    }
    QCOMPARE(ql::floatToFp16(65519.996f), std::uint16_t{0x7BFF});
    QCOMPARE(ql::floatToFp16(65520.0f), std::uint16_t{0x7C00});
    QCOMPARE(ql::floatToFp16(-1e30f), std::uint16_t{0xFC00});
    QCOMPARE(ql::floatToBf16(std::bit_cast<float>(0x3F808000u)), std::uint16_t{0x3F80});
    QCOMPARE(ql::floatToBf16(std::bit_cast<float>(0x3F818000u)), std::uint16_t{0x3F82});
    QCOMPARE(ql::floatToBf16(std::bit_cast<float>(0x3F808001u)), std::uint16_t{0x3F81});
    QCOMPARE(ql::floatToBf16(std::bit_cast<float>(0x7F7FFFFFu)), std::uint16_t{0x7F80});
    QVERIFY(std::isnan(ql::bf16ToFloat(ql::floatToBf16(std::bit_cast<float>(0x7F800001u)))));
  }

  void runsOfAnyLength() {
    for (const std::size_t count : {0u, 1u, 7u, 64u, 257u}) {
      std::vector<std::byte> bytes(count * 2 + 1);
      std::vector<float> out(count, -1.0f);
      for (std::size_t i = 0; i < count; ++i) {
        const std::uint16_t code = ql::floatToBf16(static_cast<float>(i));
        std::memcpy(bytes.data() + 1 + 2 * i, &code, 2);
      }
      ql::convertToFloat(DType::BF16, std::span<const std::byte>(bytes).subspan(1), out);
      for (std::size_t i = 0; i < count && i < 256; ++i) QCOMPARE(out[i], static_cast<float>(i));
    }
  }

  void packedTypesAreRefused() {
    std::vector<std::byte> bytes(16);
    std::vector<float> out(2);
    for (const DType dtype : {DType::F4, DType::F6E2M3, DType::F6E3M2, DType::C64}) {
      QVERIFY(!ql::dtypeInfo(dtype).isConvertible);
      QL_THROWS(ql::convertToFloat(dtype, bytes, out), "cannot be read as numbers");
    }
  }
};

QTEST_APPLESS_MAIN(DTypeTest)
#include "tst_dtype.moc"
