// The multiple-choice knapsack: the published allocations of HAWQ-v3, brute force on small problems, and what
// must hold on large ones.
#include "core/base/error.h"
#include "core/search/allocation.h"
#include "tests/support/compare.h"
#include "tests/support/data.h"

#include <nlohmann/json.hpp>

#include <fstream>
#include <numeric>
#include <random>
#include <set>

using namespace ql;

class TestAllocation : public QObject {
  Q_OBJECT
 private slots:
  /// Zhen-Dong/HAWQ, ILP.ipynb and bit_config_resnet18_modelsize_*: 4 or 8 bits a layer, tied layers share.
  void hawqsAllocationsAreReproduced() {
    std::ifstream file(test::dataFile("golden/hawq.json"));
    const nlohmann::json golden = nlohmann::json::parse(file);
    const std::size_t layers = golden["trace"].size();
    std::vector<std::size_t> group(layers);
    std::iota(group.begin(), group.end(), std::size_t{0});
    for (const auto& tie : golden["ties"]) group[tie[1].get<std::size_t>()] = tie[0].get<std::size_t>();
    std::vector<AllocationItem> items(layers, AllocationItem(2));
    double size8 = 0;
    for (std::size_t i = 0; i < layers; ++i) {
      const double size = golden["params"][i].get<double>() / (1 << 20),
                   trace = golden["trace"][i].get<double>();
      size8 += size;
      items[group[i]][0].cost += size / 2;
      items[group[i]][1].cost += size;
      items[group[i]][0].error += trace * golden["delta4"][i].get<double>();
      items[group[i]][1].error += trace * golden["delta8"][i].get<double>();
    }
    for (const auto& expected : golden["expected"]) {
      const double budget = size8 / 2 + size8 / 2 * expected["fraction"].get<double>();
      const Allocation found = allocate(items, budget, m_job);
      QVERIFY(found.isExact && found.isFeasible());
      QCOMPARE(found.cost, expected["size"].get<double>());
      std::set<std::size_t> four;
      for (std::size_t i = 0; i < layers; ++i)
        if (found.chosen[group[i]] == 0) four.insert(i);
      QVERIFY(four == expected["four_bit_layers"].get<std::set<std::size_t>>());
    }
  }

  void smallProblemsEqualBruteForce() {
    std::mt19937 random(3);
    for (int round = 0; round < 300; ++round) {
      const std::vector<AllocationItem> items =
          randomItems(random, 1 + random() % 7, 1 + random() % 4, round % 2);
      double most = 0;
      for (const AllocationItem& item : items)
        most += std::max_element(item.begin(), item.end(), byCost)->cost;
      const double budget = most * static_cast<double>(random() % 110) / 100;
      const Allocation found = allocate(items, budget, m_job);
      const auto best = bruteForce(items, budget);
      QCOMPARE(found.isFeasible(), best.has_value());
      if (!best) continue;
      QVERIFY(found.isExact && found.cost <= budget * (1 + 1e-12));
      QVERIFY2(std::abs(found.error - *best) <= 1e-12 * std::max(1.0, *best),
               qPrintable(QStringLiteral("%1 instead of %2").arg(found.error).arg(*best)));
    }
  }

  void moreBudgetIsNeverWorse() {
    std::mt19937 random(5);
    const std::vector<AllocationItem> items = randomItems(random, 560, 5, false);
    double least = 0;
    for (const AllocationItem& item : items)
      least += std::min_element(item.begin(), item.end(), byCost)->cost;
    double before = std::numeric_limits<double>::infinity();
    for (double factor = 1; factor < 6; factor += 0.7) {
      const Allocation found = allocate(items, least * factor, m_job, 3000);
      QVERIFY(found.isFeasible() && found.cost <= least * factor * (1 + 1e-12));
      QVERIFY(found.bound <= found.error * (1 + 1e-9));
      QVERIFY(found.error - found.bound <= 0.002 * found.error);  // the gap of a whole model
      QVERIFY(found.error <= before * 1.0005);
      before = found.error;
    }
  }

  void badProblemsAreRefused() {
    const std::vector<AllocationItem> empty(1), negative{{{-1, 0}}}, notFinite{{{1, NAN}}}, one{{{2, 5}}};
    QL_THROWS(allocate(empty, 1, m_job), "no option");
    QL_THROWS(allocate(negative, 1, m_job), "Item 0");
    QL_THROWS(allocate(notFinite, 1, m_job), "finite");
    QL_THROWS(allocate(one, NAN, m_job), "budget");
    QVERIFY(!allocate(one, 1, m_job).isFeasible());
    QCOMPARE(allocate(one, 2, m_job).error, 5.0);
  }

 private:
  static bool byCost(const AllocationOption& a, const AllocationOption& b) { return a.cost < b.cost; }

  static std::vector<AllocationItem> randomItems(std::mt19937& random, std::size_t count, std::size_t options,
                                                 bool isCoarse) {
    std::uniform_real_distribution<double> number(0, 1);
    std::vector<AllocationItem> items(count);
    for (AllocationItem& item : items)
      for (std::size_t k = 0; k < options; ++k)
        item.push_back(isCoarse
                           ? AllocationOption{static_cast<double>(random() % 4), double(random() % 4)}
                           : AllocationOption{static_cast<double>(k) + number(random),
                                              std::exp2(-2.0 * static_cast<double>(k)) * number(random)});
    return items;
  }

  static std::optional<double> bruteForce(const std::vector<AllocationItem>& items, double budget) {
    std::optional<double> best;
    std::vector<std::size_t> at(items.size(), 0);
    for (;;) {
      double cost = 0, error = 0;
      for (std::size_t i = 0; i < items.size(); ++i) {
        cost += items[i][at[i]].cost;
        error += items[i][at[i]].error;
      }
      if (cost <= budget * (1 + 1e-12) && (!best || error < *best)) best = error;
      std::size_t i = 0;
      while (i < items.size() && ++at[i] == items[i].size()) at[i++] = 0;
      if (i == items.size()) return best;
    }
  }

  JobContext m_job;
};

QTEST_APPLESS_MAIN(TestAllocation)
#include "tst_allocation.moc"
