#pragma once
// Findings worded for people: core hands out {code, values}, the window says it in a sentence.
#include "core/base/error.h"
#include "core/evaluate/diagnosis.h"

#include <QString>

namespace ql {

/// "Outlier input channels in the weights".
QString findingTitle(const Finding& finding);
/// What is wrong and what helps, at most three short sentences.
QString findingSentence(const Finding& finding);
/// A few words for a table cell: "columns 18, 26, 30".
QString findingShort(const Finding& finding);
/// "Use group 32".
QString remedyLabel(const Remedy& remedy);
/// "Group 32: norm-weighted error 90.9 % -> 30.8 %."
QString remedySentence(const Remedy& remedy);
/// The granularity alone: "group 32", "channel", "tensor".
QString granularityText(const Choice& choice);

}  // namespace ql
