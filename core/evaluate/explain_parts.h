#pragma once
// The sentences of explain(), each from its evidence. Internal to evaluate/explain*.cpp.
#include "core/evaluate/explain.h"

#include <string>

namespace ql {

/// What a finding is about: channels and how far they stand out.
std::string findingSentence(const Finding& finding, const ExplainInput& input);
/// What the channels of a finding read, and what share of the error they carry; empty when nothing is known.
std::string circumstances(const Finding& finding, const ExplainInput& input);
/// What each measured remedy leaves of the figure `key`; empty when none was measured.
std::string remediesSentence(const ExplainInput& input, const std::string& key);
/// Which of them meets the target at the least cost, or that none does; empty when none was measured.
std::string verdictSentence(const ExplainInput& input, const std::string& key);

}  // namespace ql
