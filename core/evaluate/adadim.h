#pragma once
// AdaDim: scales by output channel or by input channel, linear by linear. Candidates and verdict; the errors
// are those of the linear's own output (output_error.h) or of the block around it (adadim_block.h).
#include "core/quant/scheme.h"

#include <optional>

namespace ql {

/// The same scheme along both dimensions: channel and input_channel, or group=g and group_in_channel=g.
struct AdaDimCandidates {
  Choice oc, ic;
};
/// Throws Error(Unsupported), as one clause without a full stop, for a choice without such a pair.
AdaDimCandidates adaDimCandidates(const Choice& choice);

struct AdaDimResult {
  std::optional<double> ocError, icError;  // relative output errors
  bool isInput = false;                    // ic is strictly better: a tie keeps oc
  std::optional<double> ratio;             // ic over oc; nothing when oc is exact
  bool isMeasured() const { return ocError && icError; }
};
/// Source: "Rethinking Channel Dimensions to Isolate Outliers for Low-bit Weight Quantization of LLMs",
/// arXiv:2309.15531, and its code: candidates in the order oc, ic, replaced by a strictly smaller error.
AdaDimResult adaDimVerdict(std::optional<double> ocError, std::optional<double> icError);

}  // namespace ql
