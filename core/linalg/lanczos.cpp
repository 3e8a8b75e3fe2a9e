// Lanczos with full re-orthogonalisation (Golub & Van Loan, Matrix Computations, 4th ed., 10.3.2) and
// bisection of the tridiagonal matrix (8.4.1). Never a whole eigendecomposition, which would be O(n^3).
#include "core/linalg/lanczos.h"

#include "core/base/error.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace ql {
namespace {

using Vector = std::vector<double>;

/// The symmetric tridiagonal matrix: diagonal [steps], beside it [steps - 1].
struct Tridiagonal {
  Vector diagonal, beside;
};

double dot(const Vector& a, const Vector& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

/// a += factor * b
void addScaled(Vector& a, double factor, const Vector& b) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] += factor * b[i];
}

void scale(Vector& a, double factor) {
  for (double& value : a) value *= factor;
}

/// A unit vector with a part of every eigenvector, the same in every run: splitmix64 (Steele, Lea & Flood
/// 2014).
Vector startVector(std::int64_t n) {
  Vector v(static_cast<std::size_t>(n));
  std::uint64_t state = 0x9e3779b97f4a7c15u;
  for (double& value : v) {
    std::uint64_t bits = state += 0x9e3779b97f4a7c15u;
    bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9u;
    bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebu;
    bits ^= bits >> 31;
    value = static_cast<double>(bits >> 11) * 0x1p-52 - 1.0;
  }
  scale(v, 1.0 / std::sqrt(dot(v, v)));
  return v;
}

using Product = std::function<void(std::span<const double>, std::span<double>)>;

Tridiagonal lanczos(std::int64_t n, const Product& multiply, std::int64_t steps, JobContext& job) {
  Tridiagonal result;
  std::vector<Vector> basis{startVector(n)};
  Vector w(basis.front().size());
  double size = 0;  // of the tridiagonal matrix so far
  while (true) {
    multiply(basis.back(), w);
    const double alpha = dot(basis.back(), w);
    result.diagonal.push_back(alpha);
    size = std::max(size, std::abs(alpha) + (result.beside.empty() ? 0 : result.beside.back()));
    if (static_cast<std::int64_t>(basis.size()) == steps) return result;
    // Twice is enough (Parlett, The Symmetric Eigenvalue Problem, 6.9): takes away alpha v and beta v too.
    for (int pass = 0; pass < 2; ++pass) {
      for (const Vector& known : basis) addScaled(w, -dot(known, w), known);
      job.step();
    }
    const double beta = std::sqrt(dot(w, w));
    // An invariant subspace: every eigenvalue that the start vector can reach is found.
    if (beta <= std::numeric_limits<double>::epsilon() * std::sqrt(static_cast<double>(w.size())) * size * 4)
      return result;
    result.beside.push_back(beta);
    basis.push_back(w);
    scale(basis.back(), 1.0 / beta);
  }
}

/// Eigenvalues below x: sign changes of the Sturm sequence.
std::size_t countBelow(const Tridiagonal& matrix, double x) {
  std::size_t count = 0;
  double pivot = 1;
  for (std::size_t i = 0; i < matrix.diagonal.size(); ++i) {
    const double beside = i > 0 ? matrix.beside[i - 1] : 0;
    pivot = matrix.diagonal[i] - x - beside * beside / pivot;
    if (pivot == 0) pivot = -std::numeric_limits<double>::min();
    if (pivot < 0) ++count;
  }
  return count;
}

/// The eigenvalue with `rank` others below it, by bisection of Gershgorin's interval.
double eigenvalue(const Tridiagonal& matrix, std::size_t rank) {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (std::size_t i = 0; i < matrix.diagonal.size(); ++i) {
    const double radius =
        (i > 0 ? matrix.beside[i - 1] : 0) + (i < matrix.beside.size() ? matrix.beside[i] : 0);
    low = std::min(low, matrix.diagonal[i] - radius);
    high = std::max(high, matrix.diagonal[i] + radius);
  }
  while (true) {
    const double middle = low + (high - low) / 2;
    if (!(middle > low && middle < high)) return middle;
    (countBelow(matrix, middle) > rank ? high : low) = middle;
  }
}

}  // namespace

SpectrumEnds spectrumEnds(std::int64_t n, const Product& multiply, int steps, JobContext& job) {
  QL_ASSERT(n > 0 && steps > 0);
  const Tridiagonal matrix = lanczos(n, multiply, std::min<std::int64_t>(steps, n), job);
  return {eigenvalue(matrix, 0), eigenvalue(matrix, matrix.diagonal.size() - 1),
          static_cast<int>(matrix.diagonal.size())};
}

}  // namespace ql
