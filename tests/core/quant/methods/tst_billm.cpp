// BiLLM against the published code's outputs, its searches against sweeps in double, and the edges that the
// published code does not have.
#include "core/base/error.h"
#include "core/jobs/parallel_for.h"
#include "core/quant/billm_binarize.h"
#include "core/quant/billm_quantizer.h"
#include "core/quant/billm_search.h"
#include "tests/core/evaluate/site_data.h"
#include "tests/support/compare.h"
#include "tests/support/data.h"

#include <nlohmann/json.hpp>

#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <numeric>
#include <random>

using namespace ql;
using namespace ql::test;

namespace {

const nlohmann::json& golden() {
  static const nlohmann::json json = [] {
    std::ifstream file(dataFile("golden/golden_small.json"));
    return nlohmann::json::parse(file);
  }();
  return json;
}

std::vector<float> goldenValues(const std::string& name) {
  return golden().at(name).at("data").get<std::vector<float>>();
}

/// The input of the goldens: 3 sequences of 32 tokens.
ActivationStats goldenSite() {
  ActivationStats site = siteOf(goldenValues("X"), 128);
  site.first.tokens = 3;
  return site;
}

WeightScheme schemeOf(const std::string& options = {}) {
  return *parseSpec("binary:algorithm=billm" + options).weight;
}

struct Made {
  std::unique_ptr<RowQuantizer> row;
  const BillmQuantizer& billm() const { return dynamic_cast<const BillmQuantizer&>(*row); }
};

Made made(const WeightScheme& scheme, const MemorySource& source, const ActivationStats* site,
          int threads = 1) {
  JobContext job(threads);
  QuantizerInput input;
  input.out = source.ref.out;
  input.in = source.ref.in;
  input.source = &source;
  input.matrix = source.ref;
  input.activations = site;
  input.job = &job;
  return {makeRowQuantizer(scheme, input)};
}

std::vector<float> applied(const Made& quantizer, const MemorySource& source) {
  std::vector<float> result(source.values().size());
  quantizer.row->apply(0, source.ref.out, source.values(), result, {});
  return result;
}

bool sameBits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

std::vector<float> sampleOf(std::size_t n, unsigned seed, bool heavy = false) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::student_t_distribution<float> tails(2.5f);
  std::vector<float> x(n);
  for (float& v : x) v = heavy ? tails(random) : normal(random);
  return x;
}

/// Sum of squared residuals, swept in double as the definition says.
double sweptError(std::vector<double> r, int order) {
  if (r.empty()) return 0;
  const double n = static_cast<double>(r.size());
  double offset = 0;
  for (int o = 0; o < order; ++o) {
    const double mean = std::accumulate(r.begin(), r.end(), 0.0) / n;
    double scale = 0;
    for (const double v : r) scale += std::abs(v - mean) / n;
    const double tie = o == 0 ? 0 : 1e-13 * (std::abs(offset) + scale);  // equal but for rounding
    for (double& v : r) v -= scale * ((v > mean + tie) - (v < mean - tie)) + mean;
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

class TestBillm : public QObject {
  Q_OBJECT
 private slots:
  void matchesThePublishedCode_data() {
    QTest::addColumn<QString>("options");
    QTest::addColumn<QString>("mask");
    QTest::newRow("billm_hessian_gptq") << ":metric=hessian"
                                        << "billm_hessian_mask";
    QTest::newRow("billm_hessian_rtn") << ":metric=hessian:compensate=false"
                                       << "billm_hessian_mask";
    QTest::newRow("billm_magnitude_gptq") << ":metric=magnitude"
                                          << "billm_magnitude_mask";
    QTest::newRow("billm_magnitude_rtn") << ":metric=magnitude:compensate=false"
                                         << "billm_magnitude_mask";
  }
  void matchesThePublishedCode() {
    QFETCH(QString, options);
    QFETCH(QString, mask);
    const ActivationStats site = goldenSite();
    const MemorySource source(8, 128, goldenValues("W"));
    const Made quantizer = made(schemeOf(options.toStdString()), source, &site);
    const std::vector<float> expected = goldenValues(QTest::currentDataTag());
    const std::vector<float> expectedMask = goldenValues(mask.toStdString());
    const std::vector<float> actual = applied(quantizer, source);
    const BillmRows rows = quantizer.billm().explain(source.values());
    for (std::size_t i = 0; i < actual.size(); ++i) {
      // legend: 1 = dense, 2 = sparse, 3 = salient
      const BillmPart part = expectedMask[i] == 1   ? BillmPart::Dense
                             : expectedMask[i] == 2 ? BillmPart::Sparse
                                                    : BillmPart::Salient;
      QVERIFY2(rows.parts[i] == part, qPrintable(QString::number(i)));
      QVERIFY2(near(static_cast<double>(actual[i]), static_cast<double>(expected[i]), 1e-5, 1e-7),
               qPrintable(QString("%1: %2, expected %3").arg(i).arg(actual[i]).arg(expected[i])));
    }
    QVERIFY(sameBits(rows.quantized, actual));
    QCOMPARE(quantizer.row->fallbacks().size(), std::size_t(1));  // channel 40 is dead
    QCOMPARE(quantizer.row->fallbacks()[0].count, std::int64_t(1));
  }

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

  void rowsThreadsAndBatchesGiveTheSameBits() {
    const MemorySource source = gaussianSource(150, 300, 3, 6);
    std::mt19937 random(4);
    const ActivationStats site = siteOf(massiveChannelTokens(400, 300, random), 300);
    for (const char* options : {"", ":block_size=96", ":block_size=200", ":metric=magnitude", ":search=paper",
                                ":compensate=false"}) {
      const Made one = made(schemeOf(options), source, &site, 1);
      const std::vector<float> expected = applied(one, source);
      for (const int threads : {2, 3})
        QVERIFY(sameBits(applied(made(schemeOf(options), source, &site, threads), source), expected));
      std::vector<float> pieces(expected.size());
      std::size_t row = 0;
      for (const std::size_t count : {1ul, 7ul, 65ul, 2ul, 75ul}) {
        const std::span<const float> rows(source.values().data() + row * 300, count * 300);
        one.row->apply(static_cast<std::int64_t>(row), static_cast<std::int64_t>(count), rows,
                       std::span(pieces).subspan(row * 300, count * 300), {});
        row += count;
      }
      QCOMPARE(row, std::size_t(150));
      QVERIFY(sameBits(pieces, expected));
    }
  }

  /// make() walks the matrix with the same steps as apply(): the blocks fit the rows that come out.
  void compensationLowersTheOutputError() {
    const MemorySource source = gaussianSource(64, 256, 8);
    std::mt19937 random(9);
    const std::vector<float> x = ofRank(40, 500, 256, random);
    const ActivationStats site = siteOf(x, 256);
    const auto error = [&](const char* options) {
      const std::vector<float> q = applied(made(schemeOf(options), source, &site), source);
      double sum = 0;
      for (std::size_t t = 0; t < x.size(); t += 256)
        for (std::size_t row = 0; row < q.size(); row += 256) {
          double y = 0;
          for (std::size_t j = 0; j < 256; ++j)
            y += static_cast<double>(x[t + j]) * static_cast<double>(q[row + j] - source.values()[row + j]);
          sum += y * y;
        }
      return sum;
    };
    QVERIFY(error("") < 0.9 * error(":compensate=false"));
  }

  /// Err / U_jj * U by hand in double on two blocks.
  void compensationByHand() {
    const std::int64_t in = 8;
    const MemorySource source = gaussianSource(3, in, 5);
    std::mt19937 random(6);
    const ActivationStats site = siteOf(gaussianTokens(64, 8, random), 8);
    const Made quantizer = made(schemeOf(":block_size=4"), source, &site);
    const BillmRows rows = quantizer.billm().explain(source.values());
    const HessianFactor& hessian = *quantizer.billm().hessian();
    QCOMPARE(quantizer.billm().blocks().size(), std::size_t(2));
    for (std::size_t row = 0; row < 3; ++row) {
      for (std::int64_t k = 0; k < in; ++k) {
        const std::size_t at = row * 8 + static_cast<std::size_t>(k);
        double expected = static_cast<double>(source.values()[at]);
        for (std::int64_t j = 0; j < 4 && k >= 4; ++j) {
          const std::size_t from = row * 8 + static_cast<std::size_t>(j);
          const double e = static_cast<double>(source.values()[from] - rows.quantized[from]) /
                           static_cast<double>(hessian.upper.row(j)[0]);
          expected -= e * static_cast<double>(*hessian.upper.at(j, k));
        }
        QVERIFY(near(static_cast<double>(rows.before[at]), expected, 1e-5, 1e-7));
      }
    }
  }

  void bitsAreCounted() {
    std::vector<BillmBlock> blocks(2);
    blocks[0] = {0, 128, std::vector<std::int64_t>(10), {}, 0};
    blocks[1] = {128, 256, {}, {}, 0};
    const BillmBits bits = billmBits(blocks, 64, 256);
    QCOMPARE(bits.weights, 1 + 10.0 / 256);
    QCOMPARE(bits.division, 1 - 10.0 / 256);
    QCOMPARE(bits.columns, 1.0 / 64);
    QCOMPARE(bits.scales, 16.0 * 12 / 256);
    QCOMPARE(bits.honest(), 2 + 1.0 / 64 + 0.75);
    const MemorySource source = gaussianSource(64, 256, 1);
    const Made quantizer = made(schemeOf(":metric=magnitude:compensate=false"), source, nullptr);
    QCOMPARE(*quantizer.row->bitsPerWeight(), quantizer.billm().bits().honest());
    QCOMPARE(quantizer.billm().bits().honest(), 3 + 1.0 / 64);
  }

  void needsFollowTheOptions() {
    QVERIFY(quantizerNeeds(schemeOf()).activations);
    QVERIFY(quantizerNeeds(schemeOf(":metric=magnitude")).activations);
    QVERIFY(quantizerNeeds(schemeOf(":compensate=false")).activations);
    const QuantizerNeeds least = quantizerNeeds(schemeOf(":metric=magnitude:compensate=false"));
    QVERIFY(!least.activations && least.matrix && !least.range);
    const MemorySource source = gaussianSource(4, 8, 1);
    QL_THROWS(made(schemeOf(), source, nullptr), "calibrate first");
    QL_THROWS(made(*parseSpec("binary:algorithm=billm,group=64").weight, source, nullptr), "block_size");
    QL_THROWS(made(*parseSpec("binary:algorithm=billm,asym").weight, source, nullptr), "asymmetric");
  }

  void oddShapes_data() {
    QTest::addColumn<int>("rows");
    QTest::addColumn<int>("columns");
    for (const auto& [rows, columns] :
         {std::pair{1, 1}, {1, 7}, {5, 1}, {1, 128}, {3, 129}, {65, 177}, {2, 178}, {130, 50}})
      QTest::addRow("%dx%d", rows, columns) << rows << columns;
  }
  void oddShapes() {
    QFETCH(int, rows);
    QFETCH(int, columns);
    const MemorySource source = gaussianSource(rows, columns, 7);
    std::mt19937 random(2);
    const auto in = static_cast<std::size_t>(columns);
    const ActivationStats site = siteOf(gaussianTokens(2 * in + 3, in, random), in);
    for (const char* options :
         {"", ":search=paper", ":metric=magnitude", ":block_size=1", ":block_size=50"}) {
      const Made quantizer = made(schemeOf(options), source, &site);
      for (const float q : applied(quantizer, source)) QVERIFY(std::isfinite(q));
      const bool isExact = columns == 1 || std::string(options) == ":block_size=1";
      if (isExact && columns == 1) QVERIFY(applied(quantizer, source) == source.values());
      for (const BillmBlock& block : quantizer.billm().blocks())
        QVERIFY(static_cast<std::int64_t>(block.salient.size()) <
                std::max<std::int64_t>(2, block.end - block.begin));
    }
  }

  void specialValuesStay() {
    constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
    constexpr float kInf = std::numeric_limits<float>::infinity();
    std::mt19937 random(2);
    std::vector<float> x = gaussianTokens(300, 150, random);
    for (std::size_t t = 0; t < 300; ++t) x[t * 150 + 20] = 0;
    const ActivationStats site = siteOf(x, 150);
    MemorySource source = gaussianSource(70, 150, 3);
    std::vector<float>& w = source.values();
    w[3] = kNan;
    w[150 + 140] = kInf;
    w[2 * 150 + 20] = -kInf;  // in the dead channel
    w[5 * 150 + 7] = 3e38f;
    w[6 * 150 + 8] = 1e-42f;
    std::fill_n(w.begin() + 9 * 150, 150, 0.0f);   // a row of zeros
    std::fill_n(w.begin() + 10 * 150, 150, 0.3f);  // a constant row
    std::fill_n(w.begin() + 11 * 150, 150, kNan);
    for (const char* options : {"", ":metric=magnitude", ":compensate=false", ":search=paper",
                                ":metric=magnitude:compensate=false"}) {
      const Made quantizer = made(schemeOf(options), source, &site);
      std::vector<float> q(w.size());
      std::vector<std::uint8_t> isZero(w.size());
      quantizer.row->apply(0, 70, w, q, isZero);
      for (std::size_t i = 0; i < w.size(); ++i) {
        QVERIFY(std::isfinite(w[i]) == std::isfinite(q[i]));
        if (!std::isfinite(w[i])) QVERIFY(std::memcmp(&w[i], &q[i], sizeof(float)) == 0);
        QCOMPARE(isZero[i] != 0, q[i] == 0);
      }
      for (std::size_t j = 0; j < 150; ++j) QVERIFY(q[9 * 150 + j] == 0);
      for (std::size_t j = 0; j < 128; ++j)
        if (j != 20) QVERIFY(std::abs(q[10 * 150 + j] - 0.3f) < 0.3f);
      const auto& parts = quantizer.billm().explain(w).parts;
      QVERIFY(parts[3] == BillmPart::None && parts[150 + 140] == BillmPart::None);
    }
    // without its neighbours' trouble a NaN changes nothing but its own place: it takes no part
    MemorySource plain = gaussianSource(4, 60, 3), holed = gaussianSource(4, 60, 3);
    plain.values().resize(4 * 60);
    for (std::size_t j = 0; j < 60; ++j) holed.values()[2 * 60 + j] = kNan;
    const Made a = made(schemeOf(":metric=magnitude:compensate=false"), holed, nullptr);
    std::vector<float> three(plain.values().begin(), plain.values().begin() + 120);
    three.insert(three.end(), plain.values().begin() + 180, plain.values().end());
    const MemorySource rest(3, 60, three);
    const Made b = made(schemeOf(":metric=magnitude:compensate=false"), rest, nullptr);
    QCOMPARE(a.billm().blocks()[0].breakPoint, b.billm().blocks()[0].breakPoint);
    QVERIFY(a.billm().blocks()[0].salient == b.billm().blocks()[0].salient);
  }

  void fallbacksAreCounted() {
    std::mt19937 random(2);
    std::vector<float> x = gaussianTokens(300, 60, random);
    for (std::size_t t = 0; t < 300; ++t) x[t * 60 + 20] = x[t * 60 + 31] = 0;
    ActivationStats site = siteOf(x, 60);
    const MemorySource source = gaussianSource(8, 60, 3);
    for (const char* options : {"", ":metric=magnitude:compensate=false"}) {
      const auto fallbacks = made(schemeOf(options), source, &site).row->fallbacks();
      QCOMPARE(fallbacks.size(), std::size_t(1));
      QCOMPARE(fallbacks[0].count, std::int64_t(2));
    }
    // an imatrix: saliences from the diagonal, and nothing to pass on
    site.secondMoment = nullptr;
    site.sample = {};
    site.sample.width = 60;
    const Made diagonal = made(schemeOf(), source, &site);
    QVERIFY(diagonal.row->fallbacks()[0].reason.find("passed on") != std::string::npos);
    QVERIFY(applied(diagonal, source) == applied(made(schemeOf(":compensate=false"), source, &site), source));
  }

  void stopsWhenCancelled() {
    const MemorySource source = gaussianSource(512, 512, 1);
    JobContext job(2);
    job.cancel();
    QuantizerInput input;
    input.out = input.in = 512;
    input.source = &source;
    input.matrix = source.ref;
    input.job = &job;
    QVERIFY_EXCEPTION_THROWN(makeRowQuantizer(schemeOf(":metric=magnitude:compensate=false"), input),
                             Cancelled);
  }
};

QTEST_APPLESS_MAIN(TestBillm)
#include "tst_billm.moc"
