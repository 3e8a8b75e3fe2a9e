// Lanczos against all eigenvalues of small matrices by Jacobi's method, and cases with a known spectrum.
#include "core/linalg/second_moment.h"
#include "tests/core/linalg/random_matrix.h"
#include "tests/support/compare.h"

#include <QTest>

#include <limits>

using ql::Conditioning;
using ql::JobContext;
using ql::SecondMoment;
using ql::test::RandomMatrix;

namespace {

/// Eigenvalues of a symmetric matrix [n, n], ascending: cyclic Jacobi rotations (Golub & Van Loan 8.5.3).
std::vector<double> jacobiEigenvalues(std::vector<double> a, std::size_t n) {
  const auto at = [&](std::size_t i, std::size_t j) -> double& { return a[i * n + j]; };
  for (int sweep = 0; sweep < 30; ++sweep) {
    for (std::size_t p = 0; p < n; ++p) {
      for (std::size_t q = p + 1; q < n; ++q) {
        if (at(p, q) == 0) continue;
        const double theta = (at(q, q) - at(p, p)) / (2 * at(p, q));
        const double t = (theta >= 0 ? 1 : -1) / (std::abs(theta) + std::sqrt(theta * theta + 1));
        const double c = 1 / std::sqrt(t * t + 1), s = t * c;
        for (std::size_t k = 0; k < n; ++k) {
          const double x = at(k, p), y = at(k, q);
          at(k, p) = c * x - s * y;
          at(k, q) = s * x + c * y;
        }
        for (std::size_t k = 0; k < n; ++k) {
          const double x = at(p, k), y = at(q, k);
          at(p, k) = c * x - s * y;
          at(q, k) = s * x + c * y;
        }
      }
    }
  }
  std::vector<double> values(n);
  for (std::size_t i = 0; i < n; ++i) values[i] = at(i, i);
  std::ranges::sort(values);
  return values;
}

std::vector<double> eigenvalues(const SecondMoment& moment) {
  std::vector<double> a;
  for (std::int64_t i = 0; i < moment.size(); ++i)
    for (std::int64_t j = 0; j < moment.size(); ++j)
      a.push_back(static_cast<double>(moment.sum(i, j)) / static_cast<double>(moment.tokens()));
  return jacobiEigenvalues(std::move(a), static_cast<std::size_t>(moment.size()));
}

SecondMoment randomMoment(std::int64_t tokens, std::int64_t n, float outlier) {
  RandomMatrix x(tokens, n, 4);
  for (std::int64_t t = 0; t < tokens; ++t) x.at(t, n / 3) *= outlier;
  SecondMoment moment(n);
  JobContext job(2);
  moment.add(x.values, tokens, job);
  return moment;
}

/// A diagonal matrix as X^T X of scaled unit vectors, as many as channels.
SecondMoment diagonalMoment(const std::vector<float>& roots) {
  const auto n = static_cast<std::int64_t>(roots.size());
  std::vector<float> x(roots.size() * roots.size());
  for (std::size_t i = 0; i < roots.size(); ++i) x[i * roots.size() + i] = roots[i];
  SecondMoment moment(n);
  JobContext job(2);
  moment.add(x, n, job);
  return moment;
}

double effectiveRank(const std::vector<double>& values) {
  double trace = 0, squares = 0;
  for (const double value : values) trace += value, squares += value * value;
  return trace * trace / squares;
}

}  // namespace

class ConditioningTest : public QObject {
  Q_OBJECT

 private slots:
  // With as many steps as channels the tridiagonal matrix has the spectrum of M.
  void smallMatricesAreExact_data() {
    QTest::addColumn<int>("n");
    QTest::addColumn<float>("outlier");
    for (const int n : {1, 2, 3, 20, 60})
      for (const float outlier : {1.0f, 30.0f})
        QTest::addRow("%d channels, outlier %g", n, static_cast<double>(outlier)) << n << outlier;
  }
  void smallMatricesAreExact() {
    QFETCH(int, n);
    QFETCH(float, outlier);
    const SecondMoment moment = randomMoment(3 * n, n, outlier);
    const std::vector<double> values = eigenvalues(moment);
    JobContext job(2);
    const Conditioning result = conditioning(moment, job);
    QL_NEAR(result.largestEigenvalue, values.back(), 1e-12);
    QVERIFY(std::abs(result.smallestEigenvalue - values.front()) <= 1e-12 * values.back());
    QL_NEAR(result.conditionNumber, values.back() / values.front(), 1e-7);
    QL_NEAR(result.effectiveRank, effectiveRank(values), 1e-12);
    QVERIFY(result.steps <= n);
  }

  void largeMatricesAreBoundedFromInside() {
    const SecondMoment moment = randomMoment(600, 150, 5.0f);
    const std::vector<double> values = eigenvalues(moment);
    JobContext job(2), alone(1);
    const Conditioning result = conditioning(moment, job);
    QCOMPARE(result.steps, 64);
    QL_NEAR(result.largestEigenvalue, values.back(), 1e-10);
    QVERIFY(result.smallestEigenvalue >= values.front() * (1 - 1e-10));  // a Ritz value is never below
    QL_NEAR(result.smallestEigenvalue, values.front(), 1e-3);            // converged at this end too
    const Conditioning coarse = conditioning(moment, job, 8);
    QVERIFY(coarse.smallestEigenvalue > result.smallestEigenvalue && coarse.steps == 8);
    const Conditioning again = conditioning(moment, alone);
    QCOMPARE(again.smallestEigenvalue, result.smallestEigenvalue);
    QCOMPARE(again.effectiveRank, result.effectiveRank);
  }

  void knownSpectrum() {
    // X^T X / 4 of rows 2 e_i times 1, 2, 3, 4: eigenvalues 1, 4, 9, 16
    JobContext job(1);
    const Conditioning result = conditioning(diagonalMoment({2, 4, 6, 8}), job);
    QL_NEAR(result.largestEigenvalue, 16, 1e-13);
    QL_NEAR(result.smallestEigenvalue, 1, 1e-12);
    QL_NEAR(result.conditionNumber, 16, 1e-12);
    QL_NEAR(result.effectiveRank, 900.0 / 354.0, 1e-13);  // 30^2 / (1 + 16 + 81 + 256)
  }

  void equalEigenvaluesStopEarly() {
    JobContext job(2);
    const Conditioning result = conditioning(diagonalMoment(std::vector<float>(500, 3.0f)), job);
    QCOMPARE(result.steps, 1);
    QL_NEAR(result.conditionNumber, 1, 1e-12);
    QL_NEAR(result.effectiveRank, 500, 1e-12);
  }

  void fewerTokensThanChannelsAreSingular() {
    const SecondMoment moment = randomMoment(20, 100, 1.0f);
    JobContext job(2);
    const Conditioning result = conditioning(moment, job);
    QVERIFY(result.smallestEigenvalue <= 1e-6 * result.largestEigenvalue);
    QL_NEAR(result.conditionNumber, 8388608.0, 0.2);  // the float32 noise floor, 2^23
    QVERIFY(result.effectiveRank < 20);
  }

  void emptyAndBrokenSumsAreSaidToBe() {
    JobContext job(1);
    const Conditioning none = conditioning(SecondMoment(10), job);
    QVERIFY(none.largestEigenvalue == 0 && none.conditionNumber == 0 && none.steps == 0);
    const Conditioning zeros = conditioning(SecondMoment::fromValues(10, 5, std::vector<float>(100)), job);
    QVERIFY(zeros.largestEigenvalue == 0 && zeros.conditionNumber == 0);
    for (const float bad : {std::numeric_limits<float>::infinity(), std::nanf("")}) {
      std::vector<float> values(100, 1.0f);
      values[42] = bad;
      const Conditioning broken = conditioning(SecondMoment::fromValues(10, 5, values), job);
      QVERIFY(std::isnan(broken.largestEigenvalue) && std::isnan(broken.effectiveRank));
      QCOMPARE(broken.steps, 0);
    }
  }

  void cancelledJobStops() {
    const SecondMoment moment = randomMoment(20, 100, 1.0f);
    JobContext job(1);
    job.cancel();
    QVERIFY_EXCEPTION_THROWN(conditioning(moment, job), ql::Cancelled);
  }
};

QTEST_APPLESS_MAIN(ConditioningTest)
#include "tst_conditioning.moc"
