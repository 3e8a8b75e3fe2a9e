// g++ 12.2 at -O1 to -O3 drops a conditional truncation of a float to bf16 unless -fno-tree-ter is given.
// These are the shapes of code that met the bug: if a result does not end in 0000, the build flags are wrong.
#include <QTest>

#include <bit>
#include <cstdint>

namespace {

std::uint16_t truncated(float value) {
  return static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(value) >> 16);
}

std::uint16_t rounded(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  return static_cast<std::uint16_t>((bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16);
}

float widened(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

std::uint32_t bitsOf(float value) {
  return std::bit_cast<std::uint32_t>(value);
}

// Not inlined: with a known condition the compiler would take another way.
[[gnu::noinline]] float truncatedIf(float value, bool isWanted) {
  if (isWanted) value = widened(truncated(value));
  return value;
}

[[gnu::noinline]] float roundedIf(float value, bool isWanted) {
  if (isWanted) value = widened(rounded(value));
  return value;
}

[[gnu::noinline]] float shiftedIf(float value, bool isWanted) {
  return isWanted ? std::bit_cast<float>((bitsOf(value) >> 16) << 16) : value;
}

[[gnu::noinline]] void truncateAllIf(const float* in, float* out, int count, bool isWanted) {
  for (int i = 0; i < count; ++i) {
    float value = in[i];
    if (isWanted) value = widened(truncated(value));
    out[i] = value;
  }
}

}  // namespace

class CompilerTest : public QObject {
  Q_OBJECT

 private slots:
  void conditionalTruncationIsKept() {
    volatile float input = 0.01234567f;  // 0x3c4a45cf: both halves are used
    volatile bool isWanted = true;
    const float value = input;
    QCOMPARE(bitsOf(truncatedIf(value, isWanted)), 0x3C4A0000u);
    QCOMPARE(bitsOf(roundedIf(value, isWanted)), 0x3C4A0000u);
    QCOMPARE(bitsOf(shiftedIf(value, isWanted)), 0x3C4A0000u);
  }

  void conditionalTruncationIsKeptInLoops() {
    volatile bool isWanted = true;
    float values[7] = {0.01234567f, -1.0f / 3.0f, 3.14159265f, 1e-40f, 12345.678f, -7e30f, 0.1f};
    float out[7] = {};
    truncateAllIf(values, out, 7, isWanted);
    for (int i = 0; i < 7; ++i) QCOMPARE(bitsOf(out[i]), bitsOf(values[i]) & 0xFFFF0000u);
  }

  void valuesAreLeftAloneOtherwise() {
    volatile bool isWanted = false;
    QCOMPARE(truncatedIf(0.1f, isWanted), 0.1f);
    QCOMPARE(shiftedIf(0.1f, isWanted), 0.1f);
  }
};

QTEST_APPLESS_MAIN(CompilerTest)
#include "tst_compiler.moc"
