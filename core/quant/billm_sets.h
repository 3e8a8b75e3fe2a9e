#pragma once
// What residual binarization of a set of numbers leaves over, from sorted values and their prefix sums: no
// sweep over the set. For BiLLM's searches (billm_search.h); the binarization itself is billm_binarize.h.
#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace ql {

/// Where the last searches in a sorted array ended: neighbouring questions have neighbouring answers.
using SearchHints = std::array<std::size_t, 3>;

/// One or two ranges of an ascending array: a set whose counts and sums below any number are two look-ups.
struct SortedSlice {
  const double* values = nullptr;                // ascending
  const double* prefix = nullptr;                // [size + 1] prefix[i] = sum of the first i values
  std::size_t size = 0;                          // of the array
  std::array<std::size_t, 2> first{}, second{};  // [begin, end) each, first before second

  std::size_t count() const { return first[1] - first[0] + second[1] - second[0]; }
};

/// Sum of squared residuals of order 1: mean((z - b)^2) n with b = alpha sign(z - mu) + mu, mu the mean and
/// alpha = mean|z - mu|; sign(0) = 0. `energy` is the sum of the set's squares. Exact zero where the residual
/// is (one or two values, constants). Cost: a walk from the hint.
double firstOrderError(const SortedSlice& set, double energy, SearchHints& hints);
/// The same of order 2: the residual of order 1 binarized in the same way, where no residual is exactly at
/// its mean (in sets of a few values on a coarse grid some are: sweep those).
double secondOrderError(const SortedSlice& set, double energy, SearchHints& hints);

/// A set that values come into and go out of one by one.
class SortedValues {
 public:
  void assign(std::span<const double> ascending);
  void insert(double value);
  /// QL_ASSERT that it is there.
  void remove(double value);
  SortedSlice slice() const;
  SearchHints& hints() { return m_hints; }

 private:
  std::vector<double> m_values, m_prefix{0.0};
  SearchHints m_hints{};
};

}  // namespace ql
