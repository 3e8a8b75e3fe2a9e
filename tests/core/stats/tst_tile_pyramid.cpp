#include "core/stats/channel_stats.h"
#include "core/stats/tile_pyramid.h"
#include "core/stats/weight_stats.h"
#include "memory_source.h"
#include "tests/support/compare.h"

#include <QTest>

using namespace ql;
using ql::test::MemorySource;

namespace {

// Every texel by its definition.
void compareLevel(const PyramidLevel& level, const std::vector<float>& w, std::int64_t out, std::int64_t in,
                  double bound) {
  for (std::int64_t tr = 0; tr < level.rows; ++tr)
    for (std::int64_t tc = 0; tc < level.columns; ++tc) {
      test::Channel texel;
      for (std::int64_t r = tr * level.tile; r < std::min(out, (tr + 1) * level.tile); ++r)
        for (std::int64_t c = tc * level.tile; c < std::min(in, (tc + 1) * level.tile); ++c)
          texel.add(w[static_cast<std::size_t>(r * in + c)], 0);
      const auto i = static_cast<std::size_t>(tr * level.columns + tc);
      QCOMPARE(static_cast<double>(level.min[i]), texel.min);
      QCOMPARE(static_cast<double>(level.max[i]), texel.max);
      QCOMPARE(static_cast<double>(level.absmax[i]), texel.absmax);
      const double mean = texel.finite > 0 ? texel.sum / static_cast<double>(texel.finite) : 0;
      QVERIFY(std::abs(static_cast<double>(level.mean[i]) - mean) <= bound * texel.absmax);
      const int flags = (texel.nans > 0 ? 1 : 0) | (texel.posInfs > 0 ? 2 : 0) | (texel.negInfs > 0 ? 4 : 0);
      QCOMPARE(int{level.nonFinite[i]}, flags);
    }
}

}  // namespace

class TestTilePyramid : public QObject {
  Q_OBJECT

 private slots:
  void everyTexelOfEveryLevel() {
    for (const auto& [out, in] :
         std::vector<std::pair<int, int>>{{1, 1}, {1, 700}, {700, 1}, {130, 67}, {70, 530}})
      for (const std::int64_t tile : {1, 2, 8, 16, 32, 64, 1024})
        for (const DType dtype : {DType::BF16, DType::F32}) {
          const MemorySource source(out, in, dtype, test::bellValues(out * in, 3));
          JobContext job(2);
          const TilePyramid pyramid = buildPyramid(source, source.matrix(), tile, job);
          QVERIFY(pyramid.levels.front().tile == tile);
          QVERIFY(pyramid.levels.back().rows <= 64 && pyramid.levels.back().columns <= 64);
          for (const PyramidLevel& level : pyramid.levels)
            compareLevel(level, source.values(), out, in, 1e-6);
          if (QTest::currentTestFailed()) return;
        }
  }

  void nonFiniteTexels() {
    std::vector<float> w = test::bellValues(100 * 100, 8);
    w[0] = std::numeric_limits<float>::quiet_NaN();
    w[50 * 100 + 70] = std::numeric_limits<float>::infinity();
    w[99 * 100 + 99] = -std::numeric_limits<float>::infinity();
    const MemorySource source(100, 100, DType::BF16, w);
    JobContext job(2);
    // Coarser means weigh texels by area, also where single values are missing: 2 in 64 at most.
    const TilePyramid pyramid = buildPyramid(source, source.matrix(), 8, job);
    for (const PyramidLevel& level : pyramid.levels) compareLevel(level, w = source.values(), 100, 100, 0.05);
    // A matrix of nothing but NaN keeps zeros and flags.
    const MemorySource nans(40, 40, DType::F32, std::vector<float>(1600, w[0]));
    const TilePyramid flagged = buildPyramid(nans, nans.matrix(), 8, job);
    QCOMPARE(flagged.absmax(), 0.0f);
    QCOMPARE(flagged.levels.back().nonFinite.back(), std::uint8_t{1});
  }

  void plantedOutlierAtEveryLevel() {
    for (const float outlier : {60.0f, -60.0f}) {
      std::vector<float> w = test::bellValues(513 * 1100, 3);
      w[311 * 1100 + 1099] = outlier;
      const MemorySource source(513, 1100, DType::BF16, w);
      JobContext job(2);
      WeightStatsOptions options;
      options.pyramidBytes = 1 << 20;
      const TilePyramid pyramid = measureWeights(source, source.matrix(), options, job).pyramid;
      QVERIFY(pyramid.levels.size() > 1);
      for (const PyramidLevel& level : pyramid.levels) {
        const auto i = static_cast<std::size_t>(311 / level.tile * level.columns + 1099 / level.tile);
        QCOMPARE(level.absmax[i], 60.0f);
        QCOMPARE(outlier > 0 ? level.max[i] : level.min[i], outlier);
      }
    }
  }

  void finestTile() {
    QCOMPARE(finestTileWithin(28672, 8192, 28672ull * 8192 * 2 / 200), std::int64_t{32});
    QCOMPARE(finestTileWithin(8, 8, 1 << 20), std::int64_t{1});
    for (const std::uint64_t bytes : {0ull, 1ull, 100ull, 100000ull}) {
      const std::int64_t tile = finestTileWithin(1000, 3000, bytes);
      QVERIFY(tile <= 4096);
    }
    QCOMPARE(finestTileWithin(64, 64, 64 * 64 * 7), std::int64_t{1});
    QCOMPARE(finestTileWithin(64, 64, 64 * 64 * 7 - 1), std::int64_t{2});
  }

  void mergingChannels() {
    ChannelStats a, b;
    a.resize(3), b.resize(3);
    a.min = {1, 0, -2}, a.max = {2, 0, 3}, a.absmax = {2, 0, 3}, a.sumSq = {5, 0, 13}, a.nans = {0, 4, 0};
    b.min = {3, 5, 0}, b.max = {4, 6, 0}, b.absmax = {4, 6, 0}, b.sumSq = {25, 61, 0}, b.zeros = {0, 0, 1};
    a.merge(b);
    QCOMPARE(a.min, (std::vector<float>{1, 5, -2}));  // a channel without finite values has no minimum of 0
    QCOMPARE(a.max, (std::vector<float>{4, 6, 3}));
    QCOMPARE(a.absmax, (std::vector<float>{4, 6, 3}));
    QCOMPARE(a.sumSq, (std::vector<double>{30, 61, 13}));
    QCOMPARE(a.nans, (std::vector<std::uint64_t>{0, 4, 0}));
  }
};

QTEST_APPLESS_MAIN(TestTilePyramid)
#include "tst_tile_pyramid.moc"
