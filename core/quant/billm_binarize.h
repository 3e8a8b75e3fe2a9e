#pragma once
// Residual binarization of BiLLM: a part of a row becomes its mean plus or minus a scale, and what is left
// over once more for each further order.
#include <cstddef>
#include <span>

namespace ql {

/// Replaces x [n] (finite) by its binarization of `order`: per order mu = mean(r), alpha = mean|r - mu|,
/// b = alpha sign(r - mu) + mu with sign(0) = 0, r the residual; the sum of the orders' b. A constant is
/// exact. Sums in double, everything else in float32 in the order of the published code.
/// Not the paper's plain alpha sign(w): the published code shifts by the mean.
/// Source: Huang et al. 2024, arXiv:2402.04291; Aaronhuang-778/BiLLM, binary.py, high_order_residual.
void binarize(std::span<float> x, int order);

}  // namespace ql
