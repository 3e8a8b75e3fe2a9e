#pragma once
// Log-softmax over a vocabulary in double precision, with SIMD. Internal to perplexity.
#include <cstddef>
#include <cstdint>
#include <span>

namespace ql {

/// One row of logits [vocabulary].
struct LogitScore {
  double logSumExp = 0;  // ln sum exp(logit)
  std::int32_t top = 0;  // most likely token, the first of equals
  bool isValid = false;  // false: a NaN or +infinity, or nothing above -infinity
};
LogitScore scoreLogits(std::span<const float> logits);

/// KL(reference || model) = sum p (ln p - ln q) of two valid rows. Never below 0; 0 for equal rows.
double klDivergence(std::span<const float> reference, const LogitScore& referenceScore,
                    std::span<const float> model, const LogitScore& modelScore);

}  // namespace ql
