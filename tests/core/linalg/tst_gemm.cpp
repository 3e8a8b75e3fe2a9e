// Matrix products: against double precision, and the same bits however the work is cut and on either level
// with fused multiply-add.
#include "core/linalg/gemm.h"

#include "core/base/dtype.h"
#include "core/linalg/gemm_kernels.h"
#include "tests/core/linalg/random_matrix.h"

#include <QTest>

#include <bit>
#include <cstdint>
#include <string>

using ql::JobContext;
using ql::test::Exact;
using ql::test::exactSum;
using ql::test::RandomMatrix;
using ql::test::roundingBound;
using ql::test::sameBits;

namespace {

/// Takes a level for the time of one test.
class ForcedLevel {
 public:
  explicit ForcedLevel(const std::string& name) : isThere(ql::forceGemmLevel(name)) {}
  ~ForcedLevel() { ql::forceGemmLevel(""); }
  const bool isThere;
};

/// Empty, or the first element that is outside its bound.
template <class Expected>
std::string firstWrong(const RandomMatrix& c, std::int64_t k, const Expected& expected) {
  for (std::int64_t i = 0; i < c.rows; ++i) {
    for (std::int64_t j = 0; j < c.columns; ++j) {
      const Exact exact = expected(i, j);
      if (std::abs(static_cast<double>(c.at(i, j)) - exact.sum) <= roundingBound(k, exact)) continue;
      return "element " + std::to_string(i) + ", " + std::to_string(j) + " is " + std::to_string(c.at(i, j)) +
             ", not " + std::to_string(exact.sum);
    }
  }
  for (std::int64_t i = 0; i + 1 < c.rows; ++i)
    for (std::int64_t j = c.columns; j < c.stride; ++j)
      if (!std::isnan(c.at(i, j))) return "written between the rows, after row " + std::to_string(i);
  return {};
}

struct Product {
  RandomMatrix a, b;
  std::vector<float> parallel(int threads) const {
    JobContext job(threads);
    RandomMatrix c(a.rows, b.rows, 3);
    multiplyTransposed(a.view(), b.view(), c.edit(), job);
    return c.values;
  }
};

void addSizes() {
  QTest::addColumn<int>("m");
  QTest::addColumn<int>("n");
  QTest::addColumn<int>("k");
  const int sizes[][3] = {{1, 1, 1},     {1, 1, 77},    {1, 1000, 300},  {2, 47, 77},    {3, 48, 255},
                          {47, 49, 256}, {49, 40, 257}, {48, 255, 1000}, {255, 1, 2000}, {256, 2, 513},
                          {257, 960, 3}, {5, 257, 1},   {1000, 50, 129}, {513, 385, 77}, {7, 3, 0}};
  for (const auto& size : sizes)
    QTest::addRow("%d x %d, k %d", size[0], size[1], size[2]) << size[0] << size[1] << size[2];
}

}  // namespace

class GemmTest : public QObject {
  Q_OBJECT

 private slots:
  void matchesDoublePrecision_data() { addSizes(); }
  void matchesDoublePrecision() {
    QFETCH(int, m);
    QFETCH(int, n);
    QFETCH(int, k);
    for (const char* level : {"sse2", "avx2", "avx512"}) {
      const ForcedLevel forced(level);
      if (!forced.isThere) continue;
      QCOMPARE(std::string(ql::gemmLevel()), std::string(level));
      const RandomMatrix a(m, k, 1, 5), b(n, k, 2, 3);
      const auto expected = [&](std::int64_t i, std::int64_t j) {
        return exactSum(
            k, [&](auto p) { return a.at(i, p); }, [&](auto p) { return b.at(j, p); });
      };
      RandomMatrix c(m, n, 3, 7), serial(m, n, 4, 7);
      JobContext job(2);
      multiplyTransposed(a.view(), b.view(), c.edit(), job);
      QCOMPARE(firstWrong(c, k, expected), std::string());
      multiplyTransposedSerial(a.view(), b.view(), serial.edit());
      QCOMPARE(firstWrong(serial, k, expected), std::string());
    }
  }

  void plainProductMatchesDoublePrecision_data() { addSizes(); }
  void plainProductMatchesDoublePrecision() {
    QFETCH(int, m);
    QFETCH(int, n);
    QFETCH(int, k);
    const RandomMatrix a(m, k, 1, 5), b(k, n, 2, 3);
    RandomMatrix c(m, n, 3, 7);
    multiplySerial(a.view(), b.view(), c.edit());
    QCOMPARE(firstWrong(c, k,
                        [&](std::int64_t i, std::int64_t j) {
                          return exactSum(
                              k, [&](auto p) { return a.at(i, p); }, [&](auto p) { return b.at(p, j); });
                        }),
             std::string());
  }

  void transposedProductIsAdded_data() { addSizes(); }
  void transposedProductIsAdded() {
    QFETCH(int, m);
    QFETCH(int, n);
    QFETCH(int, k);
    const RandomMatrix a(k, m, 1, 5), b(k, n, 2, 3);
    RandomMatrix c(m, n, 3, 7);
    const RandomMatrix before = c;
    addTransposedProductSerial(a.view(), b.view(), c.edit());
    QCOMPARE(firstWrong(c, k,
                        [&](std::int64_t i, std::int64_t j) {
                          Exact exact = exactSum(
                              k, [&](auto p) { return a.at(p, i); }, [&](auto p) { return b.at(p, j); });
                          exact.sum += static_cast<double>(before.at(i, j));
                          exact.absolute += std::abs(static_cast<double>(before.at(i, j)));
                          return exact;
                        }),
             std::string());
  }

  void threadsDoNotChangeBits() {
    for (const auto& size :
         {std::array{1, 1000, 2000}, std::array{600, 1000, 1100}, std::array{1030, 90, 77}}) {
      const Product product{RandomMatrix(size[0], size[2], 1), RandomMatrix(size[1], size[2], 2)};
      const std::vector<float> one = product.parallel(1);
      for (const int threads : {2, 3, 8}) QVERIFY(sameBits(product.parallel(threads), one));
      RandomMatrix serial(size[0], size[1], 3);
      multiplyTransposedSerial(product.a.view(), product.b.view(), serial.edit());
      QVERIFY(sameBits(serial.values, one));  // strips, tiles and pieces of k do not show either
    }
  }

  void avx2AndAvx512GiveTheSameBits() {
    for (const int n : {40, 50, 960, 1000}) {
      for (const int k : {77, 256, 700, 2000}) {
        const Product product{RandomMatrix(37, k, 1), RandomMatrix(n, k, 2)};
        std::vector<float> narrow, wide;
        RandomMatrix sumNarrow(37, n, 3), sumWide = sumNarrow, plainNarrow = sumNarrow, plainWide = sumNarrow;
        const RandomMatrix left(k, 37, 4), right(k, n, 5);
        for (const bool isWide : {false, true}) {
          const ForcedLevel level(isWide ? "avx512" : "avx2");
          if (!level.isThere) QSKIP("this CPU has no AVX-512");
          (isWide ? wide : narrow) = product.parallel(2);
          addTransposedProductSerial(left.view(), right.view(), (isWide ? sumWide : sumNarrow).edit());
          multiplySerial(product.a.view(), right.view(), (isWide ? plainWide : plainNarrow).edit());
        }
        QVERIFY(sameBits(narrow, wide));
        QVERIFY(sameBits(sumNarrow.values, sumWide.values));
        QVERIFY(sameBits(plainNarrow.values, plainWide.values));
      }
    }
  }

  void aTokenIsTheSameAloneAndInABatch() {
    const Product batch{RandomMatrix(300, 700, 1), RandomMatrix(250, 700, 2)};
    const std::vector<float> all = batch.parallel(2);
    for (const int m : {1, 2, 3, 4, 5, 7, 8, 12, 13, 17, 64, 100}) {
      Product few = batch;
      few.a.rows = m;
      const std::vector<float> some = few.parallel(2);
      QVERIFY2(std::memcmp(some.data(), all.data(), some.size() * sizeof(float)) == 0,
               qPrintable(QString::number(m)));
    }
  }

  void cancelledJobStops() {
    const RandomMatrix a(20, 20, 1), b(20, 20, 2);
    RandomMatrix c(20, 20, 3);
    JobContext job(2);
    job.cancel();
    QVERIFY_EXCEPTION_THROWN(multiplyTransposed(a.view(), b.view(), c.edit(), job), ql::Cancelled);
  }

  void emptyProductsAreLeftAlone() {
    JobContext job(1);
    RandomMatrix none(0, 5, 1), some(3, 5, 2), empty(0, 3, 3), thin(3, 0, 4);
    multiplyTransposed(none.view(), some.view(), empty.edit(), job);
    multiplyTransposed(some.view(), none.view(), thin.edit(), job);
    QVERIFY(empty.values.empty() && thin.values.empty());
  }

  void everyHalfFloatIsWidenedExactly() {
    std::vector<std::uint16_t> codes(65536 + 5);  // not a whole number of blocks
    for (std::size_t i = 0; i < codes.size(); ++i) codes[i] = static_cast<std::uint16_t>(i);
    std::vector<unsigned char> bytes(1 + codes.size() * 2);  // at an odd address
    std::memcpy(bytes.data() + 1, codes.data(), codes.size() * 2);
    std::vector<float> out(codes.size() + 1, 7.0f);
    const auto count = static_cast<std::ptrdiff_t>(codes.size());
    for (const char* level : {"sse2", "avx2", "avx512"}) {
      const ForcedLevel forced(level);
      if (!forced.isThere) continue;
      ql::gemmKernels().widenF16(count, bytes.data() + 1, out.data());
      for (std::size_t i = 0; i < codes.size(); ++i) {
        const float expected = ql::fp16ToFloat(codes[i]);
        if (std::isnan(expected)
                ? std::isnan(out[i])
                : std::bit_cast<std::uint32_t>(out[i]) == std::bit_cast<std::uint32_t>(expected))
          continue;
        QFAIL(qPrintable(QStringLiteral("fp16 code %1 gives %2").arg(codes[i]).arg(out[i])));
      }
      ql::gemmKernels().widenBf16(count, bytes.data() + 1, out.data());
      for (std::size_t i = 0; i < codes.size(); ++i)
        QCOMPARE(std::bit_cast<std::uint32_t>(out[i]), static_cast<std::uint32_t>(codes[i]) << 16);
      QCOMPARE(out.back(), 7.0f);
    }
  }

  void stripsAreWholeUnitsAndCoverAll() {
    for (const int columns : {0, 1, 48, 49, 384, 385, 1024, 4096, 28672}) {
      for (const int threads : {1, 2, 3, 16, 128}) {
        const std::int64_t width = ql::stripWidth(columns, threads);
        QVERIFY(width >= 48 && width <= 384 && width % 48 == 0);
      }
    }
    QCOMPARE(ql::stripWidth(4096, 2), std::int64_t{384});  // 86 units: 12 strips of 8 rather than 11
    QCOMPARE(ql::stripWidth(1024, 2), std::int64_t{288});  // 22 units: 4 strips of 6 rather than 3 of 8
    QVERIFY(!ql::forceGemmLevel("no such level"));
  }
};

QTEST_APPLESS_MAIN(GemmTest)
#include "tst_gemm.moc"
