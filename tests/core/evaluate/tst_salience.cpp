// Hessian salience against golden values, hand-worked matrices and brute force; ranking, mask, overlap and
// the census of outlier channels against plain loops.
#include "core/base/error.h"
#include "core/evaluate/outlier_census.h"
#include "core/evaluate/salience.h"
#include "core/evaluate/salience_source.h"
#include "tests/core/evaluate/site_data.h"
#include "tests/support/compare.h"
#include "tests/support/data.h"

#include <QTest>

#include <nlohmann/json.hpp>

#include <fstream>
#include <limits>

using namespace ql;
using ql::test::MemorySource;

namespace {

using Json = nlohmann::json;

const Json& golden() {
  static const Json all = Json::parse(std::ifstream(test::dataFile("golden/golden_small.json")));
  return all;
}

std::vector<float> goldenValues(const char* key) {
  return golden().at(key).at("data").get<std::vector<float>>();
}

/// The site of the golden inputs. Their H sums over tokens and divides by the number of sequences, 3.
SiteMoment goldenSite() {
  const std::vector<float> x = goldenValues("X");
  const ActivationStats tokens = test::siteOf(x, 128);
  ActivationStats stats;
  stats.width = 128;
  const std::span<const float> sums = tokens.secondMoment->values();
  stats.secondMoment = std::make_shared<SecondMoment>(
      SecondMoment::fromValues(128, 3, std::vector<float>(sums.begin(), sums.end())));
  JobContext job(1);
  return siteMoment(stats, job);
}

/// A site with M as given [n, n]: one "token", its sums are M.
SiteMoment siteOfMatrix(std::int64_t n, const std::vector<float>& m) {
  ActivationStats stats;
  stats.width = n;
  stats.secondMoment = std::make_shared<SecondMoment>(SecondMoment::fromValues(n, 1, m));
  JobContext job(1);
  return siteMoment(stats, job);
}

/// H^-1 [n, n] by Gauss and Jordan in long double, after the rule for dead channels and damping.
std::vector<long double> slowInverse(const SiteMoment& site, double damping) {
  const auto n = static_cast<std::size_t>(site.width);
  std::vector<long double> h(n * n), inverse(n * n, 0.0L);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j)
      h[i * n + j] = 2.0L *
                     static_cast<long double>(
                         site.moment->sum(static_cast<std::int64_t>(i), static_cast<std::int64_t>(j))) /
                     static_cast<long double>(site.moment->tokens());
  long double mean = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (h[i * n + i] == 0) h[i * n + i] = 1;
    mean += h[i * n + i] / static_cast<long double>(n);
  }
  for (std::size_t i = 0; i < n; ++i) {
    h[i * n + i] += static_cast<long double>(damping) * mean;
    inverse[i * n + i] = 1;
  }
  for (std::size_t k = 0; k < n; ++k) {
    const long double pivot = h[k * n + k];
    for (std::size_t j = 0; j < n; ++j) {
      h[k * n + j] /= pivot;
      inverse[k * n + j] /= pivot;
    }
    for (std::size_t i = 0; i < n; ++i) {
      if (i == k) continue;
      const long double factor = h[i * n + k];
      for (std::size_t j = 0; j < n; ++j) {
        h[i * n + j] -= factor * h[k * n + j];
        inverse[i * n + j] -= factor * inverse[k * n + j];
      }
    }
  }
  return inverse;
}

class TstSalience : public QObject {
  Q_OBJECT
 private slots:
  // GPTQ's own code in float32: what it rounds away at a condition number of 7e3 is under 1e-5.
  void goldenDiagonals() {
    const SiteMoment site = goldenSite();
    QCOMPARE(site.dead, std::vector<std::int64_t>{40});
    JobContext job(2);
    const InverseHessian inverse = invertHessian(site, 0.01, job);
    QCOMPARE(inverse.retries, 0);
    QL_NEAR(inverse.added, golden().at("gptq_damp").get<double>(), 1e-6);
    const std::vector<float> diagonal = goldenValues("hinv_diag"), upper = goldenValues("gptq_U_diag");
    for (std::size_t j = 0; j < 128; ++j) {
      QL_NEAR(inverse.inverse[j], diagonal[j], 1e-5);
      QL_NEAR(inverse.upper[j], upper[j], 1e-5);
    }
    QL_NEAR(inverse.conditionNumber, 6900.2304, 1e-3);  // numpy.linalg.cond in float64
  }

  void definitionsByHand() {
    // M = [1 1/2; 1/2 1], H = 2 M: [H^-1]_jj = 2/3; U_00^2 = 2/3, U_11^2 = 1 / H_11 = 1/2
    const SiteMoment site = siteOfMatrix(2, {1, 0.5f, 0.5f, 1});
    JobContext job(1);
    const InverseHessian inverse = invertHessian(site, 0, job);
    QCOMPARE(inverse.added, 0.0);
    const std::vector<double> obs = salienceFactors(site, inverse, SalienceMode::Obs);
    const std::vector<double> code = salienceFactors(site, inverse, SalienceMode::BillmCode);
    const std::vector<double> paper = salienceFactors(site, inverse, SalienceMode::BillmPaper);
    for (std::size_t j = 0; j < 2; ++j) {
      QL_NEAR(obs[j], 1.5, 1e-12);
      QL_NEAR(paper[j], 2.25, 1e-12);
    }
    QL_NEAR(code[0], 1.5, 1e-12);
    QL_NEAR(code[1], 2.0, 1e-12);
    QL_NEAR(inverse.conditionNumber, 3.0, 1e-9);
    QL_NEAR(site.effectiveRank, 4.0 / 2.5, 1e-12);
  }

  // What is left when w_j goes and the other weights of the row make up for it as well as they can.
  void obsIsTheLeastErrorOfARemoval() {
    std::mt19937 random(4);
    const std::size_t n = 6;
    const SiteMoment site = [&] {
      JobContext job(1);
      return siteMoment(test::siteOf(test::shiftedTokens(40, n, random), n), job);
    }();
    JobContext job(1);
    const InverseHessian inverse = invertHessian(site, 0, job);
    const std::vector<double> factors = salienceFactors(site, inverse, SalienceMode::Obs);
    for (std::size_t j = 0; j < n; ++j) {
      // descend on f(d) = d M d^T with d_j = -1: coordinate by coordinate, exactly
      std::vector<double> d(n, 0.0);
      d[j] = -1;
      const auto m = [&](std::size_t a, std::size_t b) {
        return static_cast<double>(
                   site.moment->sum(static_cast<std::int64_t>(a), static_cast<std::int64_t>(b))) /
               static_cast<double>(site.moment->tokens());
      };
      for (int sweep = 0; sweep < 20000; ++sweep)
        for (std::size_t i = 0; i < n; ++i) {
          if (i == j) continue;
          double gradient = 0;
          for (std::size_t k = 0; k < n; ++k) gradient += m(i, k) * d[k];
          d[i] -= gradient / m(i, i);
        }
      double error = 0;
      for (std::size_t a = 0; a < n; ++a)
        for (std::size_t b = 0; b < n; ++b) error += d[a] * m(a, b) * d[b];
      QL_NEAR(factors[j], 2 * error, 1e-6);
    }
  }

  void agreesWithASlowInverse_data() {
    QTest::addColumn<double>("damping");
    QTest::addColumn<int>("tokens");
    QTest::newRow("full rank") << 0.01 << 400;
    QTest::newRow("fewer tokens than channels") << 0.01 << 20;
    QTest::newRow("strong") << 1.0 << 60;
    QTest::newRow("weak") << 1e-4 << 400;
  }
  void agreesWithASlowInverse() {
    QFETCH(double, damping);
    QFETCH(int, tokens);
    std::mt19937 random(12);
    const std::size_t n = 140;  // more than a tile
    std::vector<float> x = test::massiveChannelTokens(static_cast<std::size_t>(tokens), n, random);
    for (std::size_t t = 0; t < x.size(); t += n) x[t + 3] = x[t + 131] = 0;
    JobContext one(1), three(3);
    const SiteMoment site = siteMoment(test::siteOf(x, n), one);
    QCOMPARE(site.dead, (std::vector<std::int64_t>{3, 131}));
    const InverseHessian inverse = invertHessian(site, damping, one);
    QCOMPARE(inverse.retries, 0);
    const std::vector<long double> slow = slowInverse(site, damping);
    // U_jj^2 is the first entry of the inverse of H's lower right part; 1 / H_nn at the end
    for (std::size_t j = 0; j < n; ++j) QL_NEAR(inverse.inverse[j], slow[j * n + j], 1e-9);
    for (std::size_t j = 0; j < n; ++j)
      QVERIFY(inverse.upper[j] * inverse.upper[j] <= inverse.inverse[j] * 1.0000001);
    QL_NEAR(inverse.upper[0] * inverse.upper[0], inverse.inverse[0], 1e-9);
    const double last = 2 * site.diagonal[n - 1] + inverse.added;
    QL_NEAR(inverse.upper[n - 1] * inverse.upper[n - 1], 1 / last, 1e-9);
    const InverseHessian again = invertHessian(site, damping, three);
    QVERIFY(again.inverse == inverse.inverse && again.upper == inverse.upper);
    QCOMPARE(again.conditionNumber, inverse.conditionNumber);
    for (const SalienceMode mode : {SalienceMode::Obs, SalienceMode::BillmCode, SalienceMode::BillmPaper})
      QCOMPARE(salienceFactors(site, inverse, mode)[131], 0.0);
  }

  // Two equal channels: without damping H is singular, and the retries are counted.
  void aFailedFactorizationIsTriedWithMoreDamping() {
    const SiteMoment site = siteOfMatrix(2, {1, 1, 1, 1});
    JobContext job(1);
    const InverseHessian inverse = invertHessian(site, 0, job);
    QCOMPARE(inverse.retries, 1);
    QCOMPARE(inverse.usedDamping, 1e-6);
    QCOMPARE(inverse.damping, 0.0);
    // H = [2 2; 2 2] + 2e-6 I: [H^-1]_jj = (2 + 2e-6) / (8e-6 + 4e-12)
    QL_NEAR(inverse.inverse[0], (2 + 2e-6) / (8e-6 + 4e-12), 1e-6);
    const SiteMoment tiny = siteOfMatrix(2, {1, 2, 2, 1});  // no second moment at all: eigenvalue -1
    QL_THROWS(invertHessian(tiny, 1e-5, job), "even with a damping of 0.01");
    QL_THROWS(invertHessian(site, -1, job), "from 0 to 1000");
    QL_THROWS(invertHessian(site, std::nan(""), job), "from 0 to 1000");
  }

  void whatTheHessianIsMadeOf() {
    std::mt19937 random(2);
    JobContext job(1);
    ActivationStats stats = test::siteOf(test::gaussianTokens(50, 9, random), 9);
    QCOMPARE(siteMoment(stats, job).origin, HessianOrigin::SecondMoment);
    const InverseHessian exact = invertHessian(siteMoment(stats, job), 0.01, job);
    stats.secondMoment = nullptr;
    const SiteMoment sample = siteMoment(stats, job);
    QCOMPARE(sample.origin, HessianOrigin::Sample);
    QCOMPARE(sample.tokens, std::uint64_t{50});
    QVERIFY(invertHessian(sample, 0.01, job).inverse == exact.inverse);  // the sample is all there is
    stats.sample = {};
    const SiteMoment diagonal = siteMoment(stats, job);
    QCOMPARE(diagonal.origin, HessianOrigin::Diagonal);
    const InverseHessian inverse = invertHessian(diagonal, 0, job);
    const std::vector<double> factors = salienceFactors(diagonal, inverse, SalienceMode::Obs);
    for (std::size_t j = 0; j < 9; ++j) QL_NEAR(factors[j], 2 * stats.all.meanSq(j), 1e-12);
    stats.all = {};
    QL_THROWS(siteMoment(stats, job), "calibrate on text");
    ActivationStats broken;
    broken.width = 2;
    broken.secondMoment = std::make_shared<SecondMoment>(
        SecondMoment::fromValues(2, 1, {1, 0, 0, std::numeric_limits<float>::infinity()}));
    QL_THROWS(siteMoment(broken, job), "channel 1");
  }

  void onlyAChannelThatWasNeverUsedIsDead() {
    std::mt19937 random(2);
    JobContext job(1);
    std::vector<float> x = test::gaussianTokens(50, 4, random);
    for (std::size_t t = 0; t < x.size(); t += 4) x[t] = x[t + 1] = 0;
    ActivationStats stats = test::siteOf(x, 4);
    stats.secondMoment = nullptr;
    stats.all.sumSq[1] = 3;  // seen by tokens outside the sample
    const SiteMoment site = siteMoment(stats, job);
    QCOMPARE(site.dead, std::vector<std::int64_t>{0});
    const std::vector<double> factors =
        salienceFactors(site, invertHessian(site, 0.01, job), SalienceMode::Obs);
    QCOMPARE(factors[0], 0.0);
    QVERIFY(factors[1] > 0);
    // nothing but zeros
    const SiteMoment dark = siteOfMatrix(3, std::vector<float>(9, 0));
    QCOMPARE(dark.dead.size(), std::size_t{3});
    const InverseHessian flat = invertHessian(dark, 0.01, job);
    QL_NEAR(flat.inverse[2], 1 / 1.01, 1e-12);
    QCOMPARE(columnSalience(salienceFactors(dark, flat, SalienceMode::Obs), std::vector<double>(3, 1))
                 .concentration,
             0.0);
  }

  void columnsAreRanked() {
    const std::vector<double> factors{1, 10, 0, 10, 2}, energy{5, 1, 100, 1, 20};
    const ColumnSalience columns = columnSalience(factors, energy);
    QCOMPARE(columns.order, (std::vector<std::int64_t>{4, 1, 3, 0, 2}));
    QCOMPARE(columns.total, 65.0);
    QCOMPARE(columns.topCount, std::int64_t{1});
    QL_NEAR(columns.concentration, 40.0 / 65, 1e-12);
    QL_NEAR(columns.cumulative[1], 50.0 / 65, 1e-12);
    QCOMPARE(columns.cumulative.back(), 1.0);
    QCOMPARE(topColumns(columns, 3), (std::vector<std::int64_t>{1, 3, 4}));
    QCOMPARE(columnSalience(std::vector<double>(250, 1), std::vector<double>(250, 1)).topCount,
             std::int64_t{3});
    QL_THROWS(columnSalience(factors, std::vector<double>(4, 1)), "4 columns");
  }

  void elementsAndTheirMask() {
    const std::int64_t out = 300, in = 70;
    auto source = std::make_shared<MemorySource>(test::gaussianSource(out, in, 9));
    std::vector<double> factors;
    for (std::int64_t j = 0; j < in; ++j) factors.push_back(j == 5 ? 0 : 0.1 + static_cast<double>(j % 11));
    source->values()[3] = std::nanf("");
    source->values()[4] = -std::numeric_limits<float>::infinity();
    source->values()[5] = std::nanf("");  // in the dead column
    const SalienceSource salience(source, factors);
    std::vector<float> rows(static_cast<std::size_t>(out * in));
    salience.readRows(source->ref, 0, out, rows);
    QVERIFY(std::isnan(rows[3]));
    QVERIFY(std::isinf(rows[4]) && rows[4] > 0);
    QCOMPARE(rows[5], 0.0f);
    const double w = static_cast<double>(source->values()[77]);
    QCOMPARE(rows[77], static_cast<float>(w * w * factors[7]));
    std::vector<float> finite;
    double all = 0;
    for (const float value : rows)
      if (std::isfinite(value) && value > 0) finite.push_back(value), all += static_cast<double>(value);
    std::ranges::sort(finite, std::greater<>());
    for (const double fraction : {1e-6, 0.01, 0.3, 1.0}) {
      JobContext one(1), three(3);
      const SalienceMask mask = salienceMask(salience, source->ref, fraction, one);
      const auto wanted = std::min(finite.size(), static_cast<std::size_t>(std::ceil(fraction * 21000)));
      QCOMPARE(mask.threshold, finite[wanted - 1]);
      QCOMPARE(mask.count, static_cast<std::uint64_t>(wanted));  // no ties among these
      double inside = 0;
      for (std::size_t i = 0; i < wanted; ++i) inside += static_cast<double>(finite[i]);
      QL_NEAR(mask.share, inside / all, 1e-9);
      QCOMPARE(mask.columnCounts[5], 0u);
      std::uint64_t total = 0;
      for (const std::uint32_t count : mask.columnCounts) total += count;
      QCOMPARE(total, mask.count);
      QCOMPARE(one.done(), maskUnits(source->ref));
      QCOMPARE(salienceMask(salience, source->ref, fraction, three).share, mask.share);
      // the picture of the mask shows just these
      const SalienceSource masked(source, factors, mask.threshold);
      masked.readRows(source->ref, 0, out, rows);
      QCOMPARE(static_cast<std::size_t>(std::ranges::count_if(
                   rows, [](float value) { return std::isfinite(value) && value > 0; })),
               wanted);
      salience.readRows(source->ref, 0, out, rows);
    }
    JobContext job(1);
    QL_THROWS(salienceMask(salience, source->ref, 0, job), "more than 0");
    QL_THROWS(salience.readRows(MatrixRef{"w", 2, 3, false, -1}, 0, 1, rows), "3 columns");
    MemorySource zeros(2, 70, std::vector<float>(140, 0));
    QCOMPARE(salienceMask(zeros, zeros.ref, 0.1, job).count, std::uint64_t{0});
  }

  void outliersOverEveryThreshold() {
    std::mt19937 random(3);
    std::vector<SiteExtremes> sites;
    sites.push_back(siteExtremes(4, test::siteOf(test::massiveChannelTokens(30, 20, random), 20)));
    sites.push_back(siteExtremes(7, test::siteOf(test::gaussianTokens(40, 10, random), 10)));
    QCOMPARE(sites[0].site, std::size_t{4});
    OutlierCounts counts = outlierCounts(sites, kLlmInt8Threshold);
    QCOMPARE(counts.channels, std::int64_t{1});
    QCOMPARE(counts.allChannels, std::int64_t{30});
    QCOMPARE(counts.sites, std::int64_t{1});
    QCOMPARE(counts.allSites, std::int64_t{2});
    QVERIFY(counts.tokens > 20 && counts.tokens <= 30);
    QCOMPARE(counts.allTokens, std::int64_t{70});
    counts = outlierCounts(sites, 0);
    QCOMPARE(counts.channels, std::int64_t{30});
    QCOMPARE(counts.tokens, std::int64_t{70});
    const double largest = static_cast<double>(sites[0].channels.front());
    QCOMPARE(outlierCounts(sites, largest).channels, std::int64_t{1});  // at the threshold counts
    QCOMPARE(outlierCounts(sites, std::nextafter(largest, 1e9)).sites, std::int64_t{0});
  }

  void overlapOfSets() {
    const std::vector<std::int64_t> a{1, 4, 9}, b{4, 9, 10, 11}, none;
    const ChannelOverlap overlap = overlapOf(a, b);
    QCOMPARE(overlap.both, std::int64_t{2});
    QL_NEAR(overlap.jaccard, 2.0 / 5, 1e-12);
    QCOMPARE(overlapOf(none, none).jaccard, 0.0);
    const std::vector<float> values{0, 3, 7, 7, 1};
    QCOMPARE(largestChannels(values, 2), (std::vector<std::int64_t>{2, 3}));
    QCOMPARE(largestChannels(values, 9), (std::vector<std::int64_t>{1, 2, 3, 4}));
    QCOMPARE(channelsFrom(values, 3), (std::vector<std::int64_t>{1, 2, 3}));
  }

  void names() {
    for (const SalienceMode mode : {SalienceMode::Obs, SalienceMode::BillmCode, SalienceMode::BillmPaper})
      QCOMPARE(salienceModeFromName(salienceModeName(mode)), mode);
    QVERIFY(!salienceModeFromName("fisher"));
  }
};

}  // namespace

QTEST_GUILESS_MAIN(TstSalience)
#include "tst_salience.moc"
