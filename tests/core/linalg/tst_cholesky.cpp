// The blocked Cholesky factorization and the diagonal of the inverse, against plain loops in long double.
#include "core/linalg/cholesky.h"
#include "core/linalg/gemm_kernels.h"
#include "core/linalg/lanczos.h"
#include "tests/core/linalg/random_matrix.h"
#include "tests/support/compare.h"

#include <QTest>

#include <random>
#include <thread>

using ql::JobContext;
using ql::LowerTriangle;
using ql::test::RandomMatrix;

namespace {

using Matrix = std::vector<long double>;  // [n, n]

std::size_t at(std::int64_t n, std::int64_t i, std::int64_t j) {
  return static_cast<std::size_t>(i * n + j);
}

/// X^T X + damping I of random X [tokens, n]: rank `tokens` without damping.
Matrix gram(std::int64_t n, std::int64_t tokens, double damping, unsigned seed) {
  const RandomMatrix x(tokens, n, seed);
  Matrix a(static_cast<std::size_t>(n * n), 0.0L);
  for (std::int64_t t = 0; t < tokens; ++t)
    for (std::int64_t i = 0; i < n; ++i)
      for (std::int64_t j = 0; j <= i; ++j)
        a[at(n, i, j)] += static_cast<long double>(x.at(t, i)) * static_cast<long double>(x.at(t, j));
  for (std::int64_t i = 0; i < n; ++i) a[at(n, i, i)] += static_cast<long double>(damping);
  return a;
}

LowerTriangle packed(const Matrix& a, std::int64_t n) {
  LowerTriangle lower(n);
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t j = 0; j <= i; ++j)
      lower.row(i)[static_cast<std::size_t>(j)] = static_cast<double>(a[at(n, i, j)]);
  return lower;
}

/// L, row by row.
Matrix plainCholesky(Matrix a, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t j = 0; j <= i; ++j) {
      long double sum = a[at(n, i, j)];
      for (std::int64_t k = 0; k < j; ++k) sum -= a[at(n, i, k)] * a[at(n, j, k)];
      a[at(n, i, j)] = i == j ? std::sqrt(sum) : sum / a[at(n, j, j)];
    }
  return a;
}

/// diag (L L^T)^-1 by solving for every unit vector.
std::vector<long double> plainInverseDiagonal(const Matrix& l, std::int64_t n) {
  std::vector<long double> diagonal;
  for (std::int64_t j = 0; j < n; ++j) {
    std::vector<long double> x(static_cast<std::size_t>(n), 0.0L);
    long double sum = 0;
    for (std::int64_t i = j; i < n; ++i) {
      long double value = i == j ? 1.0L : 0.0L;
      for (std::int64_t k = j; k < i; ++k) value -= l[at(n, i, k)] * x[static_cast<std::size_t>(k)];
      x[static_cast<std::size_t>(i)] = value / l[at(n, i, i)];
      sum += x[static_cast<std::size_t>(i)] * x[static_cast<std::size_t>(i)];
    }
    diagonal.push_back(sum);
  }
  return diagonal;
}

LowerTriangle factored(const Matrix& a, std::int64_t n, int threads) {
  JobContext job(threads);
  LowerTriangle lower = packed(a, n);
  const auto failed = ql::factorCholesky(lower, job);
  return failed ? LowerTriangle(0) : lower;
}

class TstCholesky : public QObject {
  Q_OBJECT
 private slots:
  void cleanup() { ql::forceGemmLevel(""); }

  void agreesWithPlainLoops_data() {
    QTest::addColumn<int>("size");
    QTest::addColumn<QString>("level");
    for (const char* level : {"", "sse2"})
      for (const int n : {1, 2, 127, 128, 129, 300})
        QTest::addRow("%d %s", n, level) << n << QString::fromLatin1(level);
  }

  void agreesWithPlainLoops() {
    QFETCH(int, size);
    QFETCH(QString, level);
    ql::forceGemmLevel(level.toStdString());
    const std::int64_t n = size;
    const Matrix a = gram(n, n / 2 + 3, 0.5, 7);
    const Matrix expected = plainCholesky(a, n);
    const LowerTriangle l = factored(a, n, 2);
    QCOMPARE(l.size(), n);
    for (std::int64_t i = 0; i < n; ++i)
      for (std::int64_t j = 0; j <= i; ++j)
        // backward stable: n eps of the row's norm, times the condition number (below 3e3 here)
        QVERIFY(std::abs(static_cast<double>(expected[at(n, i, j)]) - l.row(i)[static_cast<std::size_t>(j)]) <
                1e-10);
    JobContext job(2);
    const std::vector<double> diagonal = ql::inverseDiagonal(l, job);
    const std::vector<long double> exact = plainInverseDiagonal(expected, n);
    for (std::int64_t i = 0; i < n; ++i)
      QL_NEAR(diagonal[static_cast<std::size_t>(i)], exact[static_cast<std::size_t>(i)], 1e-10);
  }

  void bitsDoNotDependOnThreads() {
    const std::int64_t n = 400;
    const Matrix a = gram(n, 200, 0.1, 3);
    const LowerTriangle one = factored(a, n, 1), three = factored(a, n, 3);
    QCOMPARE(one.size(), n);
    for (std::int64_t i = 0; i < n; ++i) QVERIFY(std::ranges::equal(one.row(i), three.row(i)));
    JobContext single(1), several(3);
    QVERIFY(ql::inverseDiagonal(one, single) == ql::inverseDiagonal(three, several));
  }

  void aSolutionPutsTheRightSideBack() {
    const std::int64_t n = 200;
    const Matrix a = gram(n, 300, 1, 11);
    const LowerTriangle l = factored(a, n, 1);
    std::vector<double> x(static_cast<std::size_t>(n));
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::sin(static_cast<double>(i));
    const std::vector<double> b = x;
    JobContext job(1);
    ql::solveCholesky(l, x, job);
    for (std::int64_t i = 0; i < n; ++i) {
      long double sum = 0;
      for (std::int64_t j = 0; j < n; ++j)
        sum += (j <= i ? a[at(n, i, j)] : a[at(n, j, i)]) *
               static_cast<long double>(x[static_cast<std::size_t>(j)]);
      QVERIFY(std::abs(static_cast<double>(sum) - b[static_cast<std::size_t>(i)]) < 1e-10);
    }
  }

  // 150 tokens in 260 channels: what is left of pivot 150 is rounding, and nothing of it may pass for a
  // number.
  void rankDeficiencyIsFound() {
    JobContext job(2);
    LowerTriangle lower = packed(gram(260, 150, 0, 5), 260);
    const auto failed = ql::factorCholesky(lower, job);
    QVERIFY(failed.has_value());
    QCOMPARE(*failed, std::int64_t{150});
    LowerTriangle zero(3);
    QCOMPARE(ql::factorCholesky(zero, job).value_or(-1), std::int64_t{0});
    LowerTriangle poisoned = packed(gram(5, 9, 1, 1), 5);
    poisoned.row(3)[1] = std::nan("");
    QCOMPARE(ql::factorCholesky(poisoned, job).value_or(-1), std::int64_t{3});
  }

  void workIsCountedInFull() {
    JobContext job(2);
    LowerTriangle lower = packed(gram(300, 310, 1, 2), 300);
    QVERIFY(!ql::factorCholesky(lower, job));
    QCOMPARE(job.done(), ql::choleskyUnits(300));
    ql::inverseDiagonal(lower, job);
    QCOMPARE(job.done(), 2 * ql::choleskyUnits(300));
    QVERIFY(LowerTriangle::bytesFor(300) >= 300 * 301 / 2 * sizeof(double));
  }

  void cancelledAtOnce() {
    JobContext job(2);
    job.cancel();
    LowerTriangle lower = packed(gram(130, 140, 1, 2), 130);
    QVERIFY_EXCEPTION_THROWN(ql::factorCholesky(lower, job), ql::Cancelled);
    QVERIFY_EXCEPTION_THROWN(ql::inverseDiagonal(lower, job), ql::Cancelled);
  }

  // The eigenvalues of the second difference are known: 2 - 2 cos(pi k / (n + 1)).
  void endsOfAKnownSpectrum() {
    const std::int64_t n = 40;
    JobContext job(1);
    const auto multiply = [](std::span<const double> v, std::span<double> y) {
      for (std::size_t i = 0; i < v.size(); ++i)
        y[i] = 2 * v[i] - (i > 0 ? v[i - 1] : 0) - (i + 1 < v.size() ? v[i + 1] : 0);
    };
    const ql::SpectrumEnds ends = ql::spectrumEnds(n, multiply, 64, job);
    const double angle = std::acos(-1.0) / static_cast<double>(n + 1);
    QL_NEAR(ends.smallest, 2 - 2 * std::cos(angle), 1e-10);
    QL_NEAR(ends.largest, 2 - 2 * std::cos(angle * static_cast<double>(n)), 1e-12);
  }
};

}  // namespace

QTEST_GUILESS_MAIN(TstCholesky)
#include "tst_cholesky.moc"
