// X^T X in float32 tiles: against double precision, over many calls, and the same bits for any threads.
#include "core/linalg/second_moment.h"

#include "core/base/error.h"
#include "core/linalg/gemm_kernels.h"
#include "tests/core/linalg/random_matrix.h"
#include "tests/support/compare.h"

#include <QTest>

using ql::JobContext;
using ql::SecondMoment;
using ql::test::RandomMatrix;
using ql::test::sameBits;

namespace {

/// Upper triangle in double, whole rows.
class DoubleMoment {
 public:
  explicit DoubleMoment(std::int64_t n) : m_size(n), m_sums(static_cast<std::size_t>(n * n)) {}
  void add(const RandomMatrix& x) {
    for (std::int64_t t = 0; t < x.rows; ++t) {
      for (std::int64_t i = 0; i < m_size; ++i) {
        const double value = static_cast<double>(x.at(t, i));
        double* const row = m_sums.data() + i * m_size;
        for (std::int64_t j = i; j < m_size; ++j) row[j] += value * static_cast<double>(x.at(t, j));
      }
    }
  }
  double sum(std::int64_t i, std::int64_t j) const {
    return m_sums[static_cast<std::size_t>(std::min(i, j) * m_size + std::max(i, j))];
  }

 private:
  std::int64_t m_size;
  std::vector<double> m_sums;
};

/// Largest |difference| over sqrt(M_ii M_jj).
double worstError(const SecondMoment& moment, const DoubleMoment& exact) {
  double worst = 0;
  for (std::int64_t i = 0; i < moment.size(); ++i) {
    for (std::int64_t j = 0; j < moment.size(); ++j) {
      const double size = std::sqrt(exact.sum(i, i) * exact.sum(j, j));
      worst = std::max(worst, std::abs(static_cast<double>(moment.sum(i, j)) - exact.sum(i, j)) / size);
    }
  }
  return worst;
}

/// Activations as language models have them: one channel hundreds of times the others, one of a constant.
RandomMatrix activations(std::int64_t tokens, std::int64_t n, unsigned seed) {
  RandomMatrix x(tokens, n, seed);
  for (std::int64_t t = 0; t < tokens; ++t) {
    x.at(t, n / 2) = 0.3f + 300.0f * x.at(t, n / 2);
    x.at(t, n - 1) = 1.2345679f;
  }
  return x;
}

SecondMoment momentOf(const RandomMatrix& x, int threads) {
  JobContext job(threads);
  SecondMoment moment(x.columns);
  moment.add(x.values, x.rows, job);
  return moment;
}

std::vector<float> stored(const SecondMoment& moment) {
  return {moment.values().begin(), moment.values().end()};
}

}  // namespace

class SecondMomentTest : public QObject {
  Q_OBJECT

 private slots:
  void matchesDoublePrecision_data() {
    QTest::addColumn<int>("n");
    QTest::addColumn<int>("tokens");
    for (const int n : {1, 2, 47, 48, 49, 255, 383, 384, 385, 1000})
      for (const int tokens : {1, 77, 300}) QTest::addRow("%d channels, %d tokens", n, tokens) << n << tokens;
  }
  void matchesDoublePrecision() {
    QFETCH(int, n);
    QFETCH(int, tokens);
    const RandomMatrix x = activations(tokens, n, 5);
    const SecondMoment moment = momentOf(x, 2);
    DoubleMoment exact(n);
    exact.add(x);
    // 128 roundings of a chain and 3 sums of chains, 2^-24 each, and every one in the same direction
    QVERIFY(worstError(moment, exact) <= std::ldexp(std::min(tokens, 128) + 3, -24));
    QCOMPARE(moment.tokens(), static_cast<std::uint64_t>(tokens));
    QCOMPARE(moment.bytes(), SecondMoment::bytesFor(n));
    QCOMPARE(static_cast<std::uint64_t>(moment.values().size_bytes()), moment.bytes());
    const std::int64_t row = n * 2 / 3;
    std::vector<float> whole(static_cast<std::size_t>(n));
    moment.row(row, whole);
    for (std::int64_t j = 0; j < n; ++j) {
      QL_NEAR(whole[static_cast<std::size_t>(j)], static_cast<double>(moment.sum(j, row)) / tokens, 1e-7);
      QL_NEAR(moment.diagonal()[static_cast<std::size_t>(j)], static_cast<double>(moment.sum(j, j)) / tokens,
              1e-15);
    }
    const std::int64_t begin = row / SecondMoment::kPanel * SecondMoment::kPanel;
    const std::span<const float> storedRow = moment.storedRow(row);
    QCOMPARE(static_cast<std::int64_t>(storedRow.size()), n - begin);
    for (std::int64_t j = begin; j < n; ++j)
      QCOMPARE(storedRow[static_cast<std::size_t>(j - begin)], moment.sum(row, j));
  }

  // The promise of the header: 1e5 tokens, small calls and large ones, and a constant channel, whose
  // roundings all go the same way.
  void manyCallsKeepFiveDigits_data() {
    QTest::addColumn<int>("tokens");
    QTest::newRow("calls of 512") << 512;
    QTest::newRow("calls of 2048") << 2048;
    QTest::newRow("calls of 50000") << 50000;
  }
  void manyCallsKeepFiveDigits() {
    QFETCH(int, tokens);
    constexpr std::int64_t n = 24;
    JobContext job(2);
    SecondMoment moment(n);
    DoubleMoment exact(n);
    unsigned seed = 1;
    while (moment.tokens() < 100'000) {
      const RandomMatrix x = activations(tokens, n, seed++);
      moment.add(x.values, tokens, job);
      exact.add(x);
    }
    const double worst = worstError(moment, exact);
    QVERIFY2(worst <= 1e-5, qPrintable(QString::number(worst)));
    QVERIFY(worst > 0);
  }

  void threadsAndLevelsDoNotChangeBits() {
    const RandomMatrix x = activations(500, 800, 3);
    const std::vector<float> one = stored(momentOf(x, 1));
    for (const int threads : {2, 3}) QVERIFY(sameBits(stored(momentOf(x, threads)), one));
    if (ql::forceGemmLevel("avx512") && ql::forceGemmLevel("avx2")) {
      const std::vector<float> narrow = stored(momentOf(x, 2));
      ql::forceGemmLevel("");
      QVERIFY(sameBits(narrow, one));
    }
    ql::forceGemmLevel("");
  }

  void mergedHalvesAreTheWhole() {
    const RandomMatrix first = activations(200, 400, 1), second = activations(300, 400, 2);
    SecondMoment moment = momentOf(first, 2);
    moment.merge(momentOf(second, 2));
    DoubleMoment exact(400);
    exact.add(first);
    exact.add(second);
    QCOMPARE(moment.tokens(), std::uint64_t{500});
    QVERIFY(worstError(moment, exact) <= std::ldexp(128 + 4, -24));
  }

  void productsMatchDoublePrecision_data() {
    QTest::addColumn<int>("n");
    for (const int n : {1, 50, 384, 900}) QTest::addRow("%d channels", n) << n;
  }
  void productsMatchDoublePrecision() {
    QFETCH(int, n);
    constexpr std::int64_t rows = 261;
    const SecondMoment moment = momentOf(activations(130, n, 5), 2);
    const RandomMatrix d(rows, n, 6);
    RandomMatrix out(rows, n, 7);
    std::vector<double> v(static_cast<std::size_t>(n)), y(v.size()), again(v.size());
    for (std::int64_t j = 0; j < n; ++j) v[static_cast<std::size_t>(j)] = static_cast<double>(d.at(0, j));
    JobContext job(2), alone(1);
    moment.multiplyRows(d.values, rows, out.values, job);
    moment.multiply(v, y, job);
    moment.multiply(v, again, alone);
    QCOMPARE(y, again);
    RandomMatrix outAlone(rows, n, 7);
    moment.multiplyRows(d.values, rows, outAlone.values, alone);
    QVERIFY(sameBits(out.values, outAlone.values));
    for (const std::int64_t r : {std::int64_t{0}, std::int64_t{1}, rows - 1}) {
      for (std::int64_t j = 0; j < n; ++j) {
        const ql::test::Exact exact = ql::test::exactSum(
            n, [&](auto i) { return d.at(r, i); },
            [&](auto i) { return static_cast<double>(moment.sum(i, j)) / 130.0; });
        // chains of 256 and 128 in each panel of 384, and the division
        const double bound = std::ldexp(std::min(n, 256) + 2 * n / 384 + 3, -24) * exact.absolute;
        QVERIFY(std::abs(static_cast<double>(out.at(r, j)) - exact.sum) <= bound);
        if (r == 0) QVERIFY(std::abs(y[static_cast<std::size_t>(j)] - exact.sum) <= 1e-13 * exact.absolute);
      }
    }
  }

  void valuesComeBack() {
    const SecondMoment moment = momentOf(activations(100, 500, 8), 2);
    const SecondMoment back = SecondMoment::fromValues(500, moment.tokens(), stored(moment));
    QCOMPARE(back.tokens(), std::uint64_t{100});
    for (const auto& [i, j] : {std::pair{0, 499}, std::pair{450, 10}, std::pair{383, 384}})
      QCOMPARE(back.sum(i, j), moment.sum(i, j));
    JobContext job(1);
    std::vector<double> v(500, 1.0), y(500), z(500);
    moment.multiply(v, y, job);
    back.multiply(v, z, job);
    QCOMPARE(y, z);
  }

  void hostileSizesAreRefused() {
    QL_THROWS(SecondMoment::fromValues(0, 1, {}), "0 channels is not possible");
    QL_THROWS(SecondMoment::fromValues(-5, 1, {}), "measure it again");
    QL_THROWS(SecondMoment::fromValues(std::int64_t{1} << 62, 1, {}), "is not possible");
    QL_THROWS(SecondMoment::fromValues(3, 1, std::vector<float>(8)), "has 9 values, not 8");
    QL_THROWS(SecondMoment::fromValues(385, 1, std::vector<float>(385 * 385)), "has 147,841 values");
    QCOMPARE(SecondMoment::bytesFor(385), std::uint64_t{(384 * 385 + 1) * 4});
    QCOMPARE(SecondMoment::bytesFor(std::int64_t{1} << 40), ~std::uint64_t{0});
  }

  void noTokensAreNoTrouble() {
    SecondMoment moment(5);
    JobContext job(1);
    moment.add({}, 0, job);
    std::vector<float> row(5, 1.0f);
    moment.row(2, row);
    QCOMPARE(row, std::vector<float>(5));
    QCOMPARE(moment.diagonal(), std::vector<double>(5));
  }

  void cancelledJobStops() {
    JobContext job(2);
    SecondMoment moment(1000);
    const RandomMatrix x(200, 1000, 1);
    job.cancel();
    QVERIFY_EXCEPTION_THROWN(moment.add(x.values, 200, job), ql::Cancelled);
    QCOMPARE(moment.tokens(), std::uint64_t{0});
  }
};

QTEST_APPLESS_MAIN(SecondMomentTest)
#include "tst_second_moment.moc"
