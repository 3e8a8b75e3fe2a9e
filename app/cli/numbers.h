#pragma once
// How numbers are written on the terminal: as in reports. JSON and CSV carry them unrounded.
#include "core/report/number_words.h"

namespace ql::cli {

using report::bitsText;
using report::bytesText;
using report::counted;
using report::durationText;
using report::figure;
using report::fixedText;
using report::percent;
using report::percentWhole;
using report::thousands;

}  // namespace ql::cli
