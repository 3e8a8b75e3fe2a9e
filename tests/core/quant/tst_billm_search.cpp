// BiLLM's searches against sweeps in double, its quantiles against numpy's, and residual binarization by
// hand.
#include "core/jobs/job_context.h"
#include "core/quant/billm_binarize.h"
#include "core/quant/billm_search.h"

#include <QTest>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

using namespace ql;

namespace {

std::vector<float> sampleOf(std::size_t n, unsigned seed, bool heavy = false) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::student_t_distribution<float> tails(2.5f);
  std::vector<float> x(n);
  for (float& v : x) v = heavy ? tails(random) : normal(random);
  return x;
}

/// As the definition says, in the published code's arithmetic.
double sweptFew(const std::vector<double>& r, int order) {
  std::vector<float> x;
  for (const double v : r) x.push_back(static_cast<float>(v));
  std::vector<float> q = x;
  binarize(q, order);
  double error = 0;
  for (std::size_t i = 0; i < x.size(); ++i) error += std::pow(static_cast<double>(x[i] - q[i]), 2);
  return error;
}

/// Sum of squared residuals, swept in double as the definition says; but a value that meets the second mean
/// of many meets it up to rounding only, and has a sign.
double sweptError(std::vector<double> r, int order) {
  if (r.empty()) return 0;
  if (order > 1 && r.size() <= 8) return sweptFew(r, order);
  const double n = static_cast<double>(r.size());
  double offset = 0;
  for (int o = 0; o < order; ++o) {
    const double mean = std::accumulate(r.begin(), r.end(), 0.0) / n;
    double scale = 0;
    for (const double v : r) scale += std::abs(v - mean) / n;
    const double tie = 1e-13 * (std::abs(offset) + scale);
    for (double& v : r) {
      const bool isTie = o > 0 && std::abs(v - mean) <= tie;
      v -= scale * (isTie ? 1 : (v > mean) - (v < mean)) + mean;
    }
    offset = mean;
  }
  return std::inner_product(r.begin(), r.end(), r.begin(), 0.0);
}

/// The published search as written: a sweep over the block for every count and every threshold.
struct SweptSearch {
  std::vector<float> z;
  std::size_t columns;
  int otherOrder = 2;

  template <class Pick>
  double partError(int order, const Pick& pick) const {
    double error = 0;
    for (std::size_t row = 0; row < z.size(); row += columns) {
      std::vector<double> part;
      for (std::size_t j = 0; j < columns; ++j)
        if (!std::isnan(z[row + j]) && pick(row, j)) part.push_back(static_cast<double>(z[row + j]));
      error += sweptError(part, order);
    }
    return error;
  }

  BillmSplit run() const {
    std::vector<double> scores(columns, 0.0);
    for (std::size_t i = 0; i < z.size(); ++i)
      if (!std::isnan(z[i])) scores[i % columns] += std::abs(static_cast<double>(z[i]));
    std::vector<std::size_t> order(columns);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return scores[a] > scores[b]; });
    BillmSplit best;
    std::vector<bool> isSalient(columns, false), bestSalient(columns, false);
    double least = INFINITY;
    for (std::size_t k = 1; k < std::min<std::size_t>(50, columns); ++k) {
      isSalient[order[k - 1]] = true;
      const double error = partError(2, [&](std::size_t, std::size_t j) { return isSalient[j]; }) +
                           partError(otherOrder, [&](std::size_t, std::size_t j) { return !isSalient[j]; });
      if (!(error < least)) continue;
      least = error;
      bestSalient = isSalient;
      best.salient.assign(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(k));
    }
    std::vector<float> sorted;
    for (std::size_t i = 0; i < z.size(); ++i)
      if (!std::isnan(z[i])) sorted.push_back(bestSalient[i % columns] ? 0.0f : std::abs(z[i]));
    std::sort(sorted.begin(), sorted.end());
    least = INFINITY;
    for (const float share : billmShares()) {
      const float place = static_cast<float>(sorted.size() - 1) * share;
      const auto below = static_cast<std::size_t>(place);
      const float rest = place - static_cast<float>(below), a = sorted[below];
      const float b = sorted[std::min(below + 1, sorted.size() - 1)];
      const float t = rest >= 0.5f ? b - (b - a) * (1 - rest) : a + (b - a) * rest;
      const auto side = [&](bool dense) {
        return [&, dense](std::size_t row, std::size_t j) {
          return !bestSalient[j] && (std::abs(z[row + j]) < t) == dense;
        };
      };
      const double error = partError(1, side(true)) + partError(1, side(false));
      if (!(error < least)) continue;
      least = error;
      best.breakPoint = t;
    }
    return best;
  }
};

BillmSplit searched(const std::vector<float>& z, std::size_t columns, int otherOrder = 2) {
  JobContext job(2);
  const BillmTarget target{z, columns};
  return billmSearch(target, billmScores(target, job), otherOrder, job);
}

}  // namespace

class TestBillmSearch : public QObject {
  Q_OBJECT
 private slots:
  /// The residual of a Gaussian row after each order (arXiv:2402.04291, sec. 3.2).
  void ordersOfAGaussianRow() {
    const std::array<double, 4> expected = {0, 0.367, 0.133, 0.059};
    for (int order = 1; order <= 3; ++order) {
      double error = 0, energy = 0;
      for (unsigned row = 0; row < 2000; ++row) {
        std::vector<float> x = sampleOf(128, row), q = x;
        binarize(q, order);
        for (std::size_t i = 0; i < x.size(); ++i) {
          error += std::pow(static_cast<double>(x[i] - q[i]), 2);
          energy += std::pow(static_cast<double>(x[i]), 2);
        }
      }
      QVERIFY2(std::abs(error / energy - expected[static_cast<std::size_t>(order)]) < 0.01,
               qPrintable(QString::number(error / energy)));
    }
  }

  void binarizesByHand() {
    std::vector<float> x{1, 2, 3, 6};  // mean 3, scale 1.5: sign(0) = 0
    binarize(x, 1);
    QVERIFY((x == std::vector<float>{1.5f, 1.5f, 3, 4.5f}));
    x = {1, 2, 3, 6};  // residuals -0.5, 0.5, 0, 1.5: mean 0.375, scale 0.625
    binarize(x, 2);
    QVERIFY((x == std::vector<float>{1.25f, 2.5f, 2.75f, 5.5f}));
    x = {0.1f, 0.1f, 0.1f};  // a constant is exact
    binarize(x, 1);
    QVERIFY((x == std::vector<float>{0.1f, 0.1f, 0.1f}));
    x = {-2, 5};
    binarize(x, 1);
    QVERIFY((x == std::vector<float>{-2, 5}));
    x.clear();
    binarize(x, 2);
    QVERIFY(x.empty());
  }

  void searchChoosesWhatSweepsChoose_data() {
    QTest::addColumn<int>("rows");
    QTest::addColumn<int>("columns");
    QTest::addColumn<int>("kind");
    QTest::addColumn<int>("otherOrder");
    int number = 0;
    for (const auto& [rows, columns] : {std::pair{8, 128},
                                        {33, 128},
                                        {200, 96},
                                        {5, 50},
                                        {17, 51},
                                        {40, 49},
                                        {64, 2},
                                        {7, 1},
                                        {1, 128},
                                        {129, 20},
                                        {3, 130}})
      for (int kind = 0; kind < 5; ++kind, ++number)
        QTest::addRow("%d: %dx%d kind %d", number, rows, columns, kind)
            << rows << columns << kind << (number % 3 == 0 ? 1 : 2);
  }
  void searchChoosesWhatSweepsChoose() {
    QFETCH(int, rows);
    QFETCH(int, columns);
    QFETCH(int, kind);
    QFETCH(int, otherOrder);
    const auto n = static_cast<std::size_t>(columns);
    std::vector<float> z = sampleOf(static_cast<std::size_t>(rows) * n,
                                    static_cast<unsigned>(rows * 1000 + columns * 10 + kind), kind == 1);
    for (std::size_t i = 0; i < z.size(); ++i) {
      if (kind == 2) z[i] *= z[i] * (i % n % 11 == 3 ? 1e4f : 1.0f);  // saliences, some large columns
      if (kind == 3) z[i] = std::round(z[i] * 4) / 4;                 // many equal values and zeros
      if (kind == 4 && i % 7 == 2) z[i] = std::numeric_limits<float>::quiet_NaN();
      if (kind == 4) z[i] += 3;  // far from zero
    }
    const BillmSplit expected = SweptSearch{z, n, otherOrder}.run(), actual = searched(z, n, otherOrder);
    QCOMPARE(actual.salient.size(), expected.salient.size());
    QVERIFY(actual.salient == expected.salient);
    QCOMPARE(actual.breakPoint, expected.breakPoint);
  }

  void equalErrorsTakeTheFirst() {
    // constants and zeros are exact whatever is salient
    for (const float value : {0.0f, 0.1f, -3.0f}) {
      const BillmSplit split = searched(std::vector<float>(7 * 60, value), 60);
      QVERIFY(split.salient == std::vector<std::size_t>{0});
      QCOMPARE(split.breakPoint, std::abs(value));
    }
    // 59 of 60 columns are 0.1: what is not salient is 98 % of the values, and one of the zeros is the
    // 0.10 quantile only when 10 % of the columns are salient
    std::vector<float> z(600, 0.1f);
    QVERIFY(searched(z, 60).salient.size() == 1);
  }

  void quantilesAreNumpys() {
    // numpy.quantile(numpy.arange(1, 12, dtype=float32) ** 2, float32 shares), with two zeros of the mask
    std::vector<float> values{4, 1, 9, 121, 100, 16, 81, 25, 64, 36, 49};
    const std::vector<float> found = billmQuantiles(values, 2);
    QCOMPARE(found.size(), std::size_t(81));
    const std::vector<float> shares = billmShares();
    QCOMPARE(shares.front(), 0.1f);
    QCOMPARE(shares[9], 0.19000001f);  // torch.linspace, last bits included
    QCOMPARE(shares[10], 0.2f);
    QCOMPARE(shares[46], 0.56f);
    QCOMPARE(shares.back(), 0.9f);
    // place 12 * 0.1 = 1.2: between the two zeros and 1
    QVERIFY(std::abs(found.front() - 0.2f) < 1e-6f);
    QCOMPARE(found[40], 25.0f);                       // 0.5: the seventh of 13
    QVERIFY(std::abs(found.back() - 96.2f) < 1e-4f);  // place 10.8
    std::vector<float> none;
    QVERIFY(billmQuantiles(none, 0) == std::vector<float>(81, 0.0f));
    QVERIFY(billmQuantiles(none, 5) == std::vector<float>(81, 0.0f));
  }
};

QTEST_APPLESS_MAIN(TestBillmSearch)
#include "tst_billm_search.moc"
