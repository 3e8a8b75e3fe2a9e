#pragma once
// Findings as sentences on the terminal: the words are those of reports.
#include "core/report/finding_words.h"

namespace ql::cli {

using report::figureName;
using report::findingSentence;
using report::recommendedRemedy;
using report::remedyCommand;
using report::remedySentence;
using report::shellQuoted;

}  // namespace ql::cli
