// Attention by tiles against the whole matrix of scores in double.
#include "core/calib/attention.h"
#include "core/jobs/job_context.h"

#include <QTest>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

using namespace ql;

namespace {

std::vector<float> bell(std::int64_t count, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> distribution;
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) value = distribution(generator);
  return values;
}

struct Case {
  AttentionShape shape;
  std::vector<std::int64_t> begins;
  std::vector<float> q, k, v;

  Case(const AttentionShape& s, std::vector<std::int64_t> b) : shape(s), begins(std::move(b)) {
    q = bell(begins.back() * s.heads * s.headDim, 1);
    k = bell(begins.back() * s.kvHeads * s.headDim, 2);
    v = bell(begins.back() * s.kvHeads * s.headDim, 3);
  }
  double at(const std::vector<float>& values, std::int64_t row, std::int64_t heads, std::int64_t head,
            std::int64_t i) const {
    return static_cast<double>(values[static_cast<std::size_t>((row * heads + head) * shape.headDim + i)]);
  }
  bool sees(std::int64_t query, std::int64_t key) const {
    if (!shape.isCausal) return true;
    return key <= query && (shape.window == 0 || key > query - shape.window);
  }
};

std::vector<double> scores(const Case& c, std::int64_t first, std::int64_t query, std::int64_t end,
                           std::int64_t head) {
  std::vector<double> row;
  double sum = 0;
  for (std::int64_t key = first; key < end; ++key) {
    double dot = 0;
    for (std::int64_t i = 0; i < c.shape.headDim; ++i)
      dot += c.at(c.q, query, c.shape.heads, head, i) *
             c.at(c.k, key, c.shape.kvHeads, head * c.shape.kvHeads / c.shape.heads, i);
    dot *= static_cast<double>(c.shape.scale);
    const auto cap = static_cast<double>(c.shape.softcap);
    if (cap > 0) dot = cap * std::tanh(dot / cap);
    row.push_back(c.sees(query, key) ? std::exp(dot) : 0);
    sum += row.back();
  }
  for (double& value : row) value /= sum;
  return row;
}

double worstError(const Case& c, const std::vector<float>& actual) {
  double worst = 0;
  for (std::size_t w = 0; w + 1 < c.begins.size(); ++w) {
    for (std::int64_t query = c.begins[w]; query < c.begins[w + 1]; ++query) {
      for (std::int64_t head = 0; head < c.shape.heads; ++head) {
        const std::vector<double> weights = scores(c, c.begins[w], query, c.begins[w + 1], head);
        for (std::int64_t i = 0; i < c.shape.headDim; ++i) {
          double value = 0;
          for (std::size_t key = 0; key < weights.size(); ++key)
            value += weights[key] * c.at(c.v, c.begins[w] + static_cast<std::int64_t>(key), c.shape.kvHeads,
                                         head * c.shape.kvHeads / c.shape.heads, i);
          worst = std::max(worst, std::abs(value - c.at(actual, query, c.shape.heads, head, i)));
        }
      }
    }
  }
  return worst;
}

std::vector<float> run(const Case& c, int threads = 0) {
  JobContext job(threads);
  std::vector<float> out = c.q;
  attend(c.shape, c.begins, out.data(), c.k.data(), c.v.data(), job);
  return out;
}

AttentionShape shapeOf(std::int64_t heads, std::int64_t kvHeads, std::int64_t headDim) {
  return {heads, kvHeads, headDim, static_cast<float>(1 / std::sqrt(static_cast<double>(headDim))),
          0,     true,    0};
}

}  // namespace

class TstAttention : public QObject {
  Q_OBJECT
 private slots:
  void agreesWithTheWholeMatrix_data();
  void agreesWithTheWholeMatrix();
  void firstTokenTakesItsOwnValue();
  void sameBitsForThreadsAndCompany();
  void memoryGrowsWithTheWindow();
};

void TstAttention::agreesWithTheWholeMatrix_data() {
  QTest::addColumn<int>("kvHeads");
  QTest::addColumn<int>("headDim");
  QTest::addColumn<int>("window");
  QTest::addColumn<bool>("isCausal");
  QTest::addColumn<double>("softcap");
  QTest::newRow("one kv head each") << 4 << 16 << 0 << true << 0.0;
  QTest::newRow("grouped") << 2 << 20 << 0 << true << 0.0;
  QTest::newRow("multi-query") << 1 << 8 << 0 << true << 0.0;
  QTest::newRow("sliding") << 2 << 16 << 10 << true << 0.0;
  QTest::newRow("sliding by one") << 2 << 16 << 1 << true << 0.0;
  QTest::newRow("sliding beyond the window") << 2 << 16 << 1000 << true << 0.0;
  QTest::newRow("encoder") << 4 << 16 << 0 << false << 0.0;
  QTest::newRow("soft cap") << 2 << 16 << 0 << true << 0.5;
}

void TstAttention::agreesWithTheWholeMatrix() {
  QFETCH(const int, kvHeads);
  QFETCH(const int, headDim);
  QFETCH(const int, window);
  QFETCH(const bool, isCausal);
  QFETCH(const double, softcap);
  AttentionShape shape = shapeOf(4, kvHeads, headDim);
  shape.window = window;
  shape.isCausal = isCausal;
  shape.softcap = static_cast<float>(softcap);
  const Case c(shape,
               {0, 1, 65, 66, 196, 196});  // tiles of 64: one row, a tile, a row, two tiles and a bit, none
  const double worst = worstError(c, run(c));
  QVERIFY2(worst < 2e-6, qPrintable(QString::number(worst)));
}

void TstAttention::firstTokenTakesItsOwnValue() {
  const Case c(shapeOf(2, 2, 16), {0, 5, 9});
  const std::vector<float> out = run(c);
  for (std::size_t i = 0; i < 32; ++i) {
    QCOMPARE(out[i], c.v[i]);
    QCOMPARE(out[5 * 32 + i], c.v[5 * 32 + i]);
  }
}

void TstAttention::sameBitsForThreadsAndCompany() {
  const Case c(shapeOf(4, 2, 24), {0, 70, 71, 300});
  const std::vector<float> out = run(c, 1);
  QVERIFY(out == run(c, 2));
  QVERIFY(out == run(c, 3));
  Case last = c;  // its last window alone
  last.begins = {0, 229};
  last.q.erase(last.q.begin(), last.q.begin() + 71 * 96);
  last.k.erase(last.k.begin(), last.k.begin() + 71 * 48);
  last.v.erase(last.v.begin(), last.v.begin() + 71 * 48);
  const std::vector<float> alone = run(last);
  QVERIFY(std::equal(alone.begin(), alone.end(), out.begin() + 71 * 96));
}

void TstAttention::memoryGrowsWithTheWindow() {
  QCOMPARE(attentionTileBytes(256), std::uint64_t{64 * 256 * 4});
  QVERIFY(attentionTileBytes(131072) <= std::uint64_t{16} * 131072 * 4);
}

QTEST_GUILESS_MAIN(TstAttention)
#include "tst_attention.moc"
