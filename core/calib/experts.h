#pragma once
// A block of experts: routing, the experts one after another over their tokens, the shared one. Internal to
// calib/.
#include "core/calib/forward_linear.h"
#include "core/calib/forward_parts.h"

#include <cstdint>
#include <span>
#include <vector>

namespace ql {

/// Which experts a token goes to, and the weight of each: [tokens, perToken], larger weights first, lower
/// numbers first among equal ones.
struct Routing {
  std::int64_t perToken = 0;
  std::vector<std::int32_t> experts;
  std::vector<float> weights;
};

/// `logits` [tokens, spec.count] are overwritten. Parallel.
Routing route(const ExpertSpec& spec, std::int64_t tokens, std::span<float> logits, JobContext& job);

/// y [rows.count(), hidden] = sum over the chosen experts + shared expert; `y` must not be `x`. Announces
/// x's sites, calls the hook's experts() and each expert's sites with the rows routed to it, in ascending
/// order of experts; so are outputs added, whatever the thread count.
void runExperts(const BlockParts& block, const DecoderSpec& spec, int number, const TokenRows& rows,
                std::span<const float> x, std::span<float> y, LinearRunner& linears);

}  // namespace ql
