// Ranks and Kendall's tau-b against cases worked by hand and the definition over all pairs.
#include "core/evaluate/rank_correlation.h"

#include <QTest>

#include <cmath>
#include <limits>
#include <random>

using namespace ql;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

/// The definition, pair by pair.
std::optional<double> slowTau(const std::vector<double>& x, const std::vector<double>& y) {
  double agree = 0, against = 0, freeX = 0, freeY = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    for (std::size_t j = i + 1; j < x.size(); ++j) {
      if (std::isnan(x[i]) || std::isnan(y[i]) || std::isnan(x[j]) || std::isnan(y[j])) continue;
      const int a = (x[i] < x[j]) - (x[i] > x[j]), b = (y[i] < y[j]) - (y[i] > y[j]);
      freeX += a != 0;
      freeY += b != 0;
      agree += a * b > 0;
      against += a * b < 0;
    }
  }
  if (freeX == 0 || freeY == 0) return std::nullopt;
  return (agree - against) / std::sqrt(freeX * freeY);
}

}  // namespace

class TestRankCorrelation : public QObject {
  Q_OBJECT

 private slots:
  void ranksStartAtTheLargest() {
    const std::vector<double> values{3, 7, kNan, 7, -1, kInf};
    QCOMPARE(ranksOf(values), (std::vector<std::size_t>{4, 2, 0, 2, 5, 1}));
    QVERIFY(ranksOf({}).empty());
  }

  void equalAndOppositeOrders() {
    const std::vector<double> x{1, 2, 3, 4}, falling{9, 5, 2, 1}, scaled{10, 20, 30, kInf};
    QCOMPARE(*kendallTau(x, scaled), 1.0);
    QCOMPARE(*kendallTau(x, falling), -1.0);
  }

  // Ten pairs: 8 agree, 2 do not (2 with 3, 4 with 5): (8 - 2) / 10.
  void handWorkedCase() {
    const std::vector<double> x{1, 2, 3, 4, 5}, y{1, 3, 2, 5, 4};
    QCOMPARE(*kendallTau(x, y), 0.6);
  }

  // Six pairs, x ties (2, 2), y ties (5, 5) on another pair: P = 4, Q = 0, so 4 / sqrt(5 * 5).
  void handWorkedCaseWithTies() {
    const std::vector<double> x{1, 2, 2, 3}, y{1, 4, 5, 5};
    QVERIFY(std::abs(*kendallTau(x, y) - 4.0 / 5.0) < 1e-15);
  }

  void jointTiesCountOnce() {  // pairs: (1,1) twice, then (2,2): 2 free pairs, both agree
    const std::vector<double> x{1, 1, 2}, y{1, 1, 2};
    QCOMPARE(*kendallTau(x, y), 1.0);
  }

  void nothingToSay() {
    const std::vector<double> one{1}, two{1, 2}, same{3, 3}, missing{kNan, 2};
    QVERIFY(!kendallTau(one, one));
    QVERIFY(!kendallTau({}, {}));
    QVERIFY(!kendallTau(two, same));
    QVERIFY(!kendallTau(two, missing));
  }

  void asTheDefinitionSays() {
    std::mt19937 random(7);
    for (int round = 0; round < 200; ++round) {
      const std::size_t n = 2 + random() % 60;
      const std::size_t levels = 1 + random() % 12;  // few levels: many ties
      std::vector<double> x(n), y(n);
      for (std::size_t i = 0; i < n; ++i) {
        x[i] = random() % 20 == 0 ? kNan : static_cast<double>(random() % levels);
        y[i] = random() % 20 == 0 ? kInf : static_cast<double>(random() % (levels + 2));
      }
      const auto fast = kendallTau(x, y), slow = slowTau(x, y);
      QCOMPARE(fast.has_value(), slow.has_value());
      if (fast) QVERIFY2(std::abs(*fast - *slow) < 1e-12, qPrintable(QString::number(*fast - *slow)));
    }
  }

  void manyLayersAreFast() {  // 200,000: n^2 would take minutes
    std::vector<double> x(200'000), y(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      x[i] = static_cast<double>(i);
      y[i] = -static_cast<double>(i);
    }
    QCOMPARE(*kendallTau(x, y), -1.0);
  }
};

QTEST_GUILESS_MAIN(TestRankCorrelation)
#include "tst_rank_correlation.moc"
