#include "core/stats/matrix_view.h"
#include "memory_source.h"
#include "tests/support/compare.h"

#include <QTest>

#include <algorithm>

using namespace ql;
using ql::test::MemorySource;

namespace {

float signedPeak(const std::vector<float>& w, std::int64_t in, std::int64_t r0, std::int64_t r1,
                 std::int64_t c0, std::int64_t c1) {
  float peak = 0;
  for (std::int64_t r = r0; r < r1; ++r)
    for (std::int64_t c = c0; c < c1; ++c) {
      const float v = w[static_cast<std::size_t>(r * in + c)];
      if (std::isfinite(v) && (std::abs(v) > std::abs(peak) || (v == -peak && v > 0))) peak = v;
    }
  return peak;
}

float largest(const MatrixImage& image) {
  float peak = 0;
  for (const float v : image.values) peak = std::max(peak, std::abs(v));
  return peak;
}

}  // namespace

class TestMatrixView : public QObject {
  Q_OBJECT

 private slots:
  void wholeNumbersOfElementsAPixel() {
    const MemorySource source(60, 90, DType::BF16, test::bellValues(5400, 1));
    const std::vector<float> w = source.values();
    JobContext job(2);
    const TilePyramid pyramid = buildPyramid(source, source.matrix(), 1, job);
    for (const bool fromPyramid : {false, true}) {
      const MatrixImage image =
          resampleMatrix(fromPyramid ? nullptr : &source, source.matrix(), fromPyramid ? &pyramid : nullptr,
                         {0, 60, 0, 90, 45, 30}, PoolKind::Max, job);
      QVERIFY(image.isExact);
      for (int y = 0; y < 30; ++y)
        for (int x = 0; x < 45; ++x)
          QVERIFY(image.values[static_cast<std::size_t>(y * 45 + x)] ==
                  signedPeak(w, 90, 2 * y, 2 * y + 2, 2 * x, 2 * x + 2));
    }
  }

  void fractionsCoverWhatTheyTouch() {
    const MemorySource source(50, 70, DType::F32, test::bellValues(3500, 2), false);
    const std::vector<float> w = source.values();
    JobContext job(2);
    const MatrixViewport view{1.25, 46.25, 2.5, 65.0, 25, 18};
    const MatrixImage image = resampleMatrix(&source, source.matrix(), nullptr, view, PoolKind::Max, job);
    QVERIFY(image.isExact);
    for (int y = 0; y < 18; ++y)
      for (int x = 0; x < 25; ++x) {
        const double a = 1.25 + 2.5 * y, b = 2.5 + 2.5 * x;
        const auto low = [](double v) { return static_cast<std::int64_t>(std::floor(v)); };
        const auto high = [](double v) { return static_cast<std::int64_t>(std::ceil(v)); };
        QVERIFY(image.values[static_cast<std::size_t>(y * 25 + x)] ==
                signedPeak(w, 70, low(a), high(a + 2.5), low(b), high(b + 2.5)));
      }
  }

  void magnifiedValuesRepeat() {
    const MemorySource source(4, 5, DType::BF16, test::bellValues(20, 2));
    const std::vector<float> w = source.values();
    JobContext job(2);
    for (const PoolKind pool : {PoolKind::Max, PoolKind::Mean}) {
      const MatrixImage image =
          resampleMatrix(&source, source.matrix(), nullptr, {0, 4, 0, 5, 35, 40}, pool, job);
      for (int y = 0; y < 40; ++y)
        for (int x = 0; x < 35; ++x)
          QVERIFY(image.values[static_cast<std::size_t>(y * 35 + x)] ==
                  w[static_cast<std::size_t>(y / 10 * 5 + x / 7)]);
    }
  }

  void meansWeighByOverlap() {
    const MemorySource source(1, 4, DType::F32, {1, 2, 4, 8});
    JobContext job(1);
    const MatrixImage image =
        resampleMatrix(&source, source.matrix(), nullptr, {0, 1, 0.5, 3.5, 2, 1}, PoolKind::Mean, job);
    QL_NEAR(image.values[0], (0.5 * 1 + 1 * 2) / 1.5, 1e-6);
    QL_NEAR(image.values[1], (1 * 4 + 0.5 * 8) / 1.5, 1e-6);
    const MemorySource big(64, 64, DType::F32, test::bellValues(4096, 6));
    const TilePyramid pyramid = buildPyramid(big, big.matrix(), 4, job);
    const MatrixViewport view{0, 64, 0, 64, 8, 8};
    const MatrixImage a = resampleMatrix(&big, big.matrix(), nullptr, view, PoolKind::Mean, job);
    const MatrixImage b = resampleMatrix(nullptr, big.matrix(), &pyramid, view, PoolKind::Mean, job);
    for (std::size_t i = 0; i < a.values.size(); ++i) QVERIFY(std::abs(a.values[i] - b.values[i]) < 1e-7f);
  }

  void outlierAtEveryZoom() {
    for (const DType dtype : {DType::BF16, DType::F16, DType::F32}) {
      std::vector<float> w = test::bellValues(600 * 900, 3);
      w[417 * 900 + 803] = -60.0f;
      const MemorySource source(600, 900, dtype, w);
      JobContext job(2);
      const TilePyramid pyramid = buildPyramid(source, source.matrix(), 8, job);
      for (double pixel = 0.11; pixel < 200; pixel *= 1.37)
        for (const bool withMatrix : {true, false}) {
          const double rows = 50 * pixel, columns = 80 * pixel;
          const MatrixViewport view{417.5 - rows * 0.37,
                                    417.5 + rows * 0.63,
                                    803.5 - columns * 0.61,
                                    803.5 + columns * 0.39,
                                    80,
                                    50};
          const MatrixImage image = resampleMatrix(withMatrix ? &source : nullptr, source.matrix(), &pyramid,
                                                   view, PoolKind::Max, job);
          QCOMPARE(largest(image), 60.0f);
          QVERIFY(!withMatrix || image.isExact || pixel >= 8);
        }
    }
  }

  void tooLargeARegionFallsBackToThePyramid() {
    const MemorySource source(256, 256, DType::BF16, test::bellValues(65536, 3));
    JobContext job(2);
    const TilePyramid pyramid = buildPyramid(source, source.matrix(), 8, job);
    const MatrixViewport view{0, 256, 0, 256, 128, 128};
    QVERIFY(resampleMatrix(&source, source.matrix(), &pyramid, view, PoolKind::Max, job).isExact);
    QVERIFY(!resampleMatrix(&source, source.matrix(), &pyramid, view, PoolKind::Max, job, 1000).isExact);
  }

  void nonFiniteValuesAndTheOutside() {
    std::vector<float> w(100, 0.5f);
    w[0] = std::numeric_limits<float>::quiet_NaN();
    w[99] = -std::numeric_limits<float>::infinity();
    const MemorySource source(10, 10, DType::BF16, w);
    JobContext job(2);
    const MatrixImage image =
        resampleMatrix(&source, source.matrix(), nullptr, {-10, 20, -10, 20, 30, 30}, PoolKind::Max, job);
    QCOMPARE(image.values[10 * 30 + 10], 0.0f);
    QCOMPARE(int{image.nonFinite[10 * 30 + 10]}, 1);
    QCOMPARE(int{image.nonFinite[19 * 30 + 19]}, 4);
    QCOMPARE(image.values[11 * 30 + 11], 0.5f);
    QCOMPARE(image.values[0], 0.0f);
    QCOMPARE(image.values[29 * 30 + 29], 0.0f);
    const MatrixImage away =
        resampleMatrix(&source, source.matrix(), nullptr, {50, 60, 50, 60, 3, 3}, PoolKind::Mean, job);
    QCOMPARE(away.values, std::vector<float>(9, 0.0f));
  }
};

QTEST_APPLESS_MAIN(TestMatrixView)
#include "tst_matrix_view.moc"
