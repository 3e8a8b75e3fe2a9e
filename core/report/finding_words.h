#pragma once
// Findings as English sentences, for the terminal and for reports: elsewhere core says {code, values}.
#include "core/evaluate/diagnosis.h"
#include "core/model/model.h"

#include <string>

namespace ql::report {

/// What is wrong, one or two sentences, without the layer's name.
std::string findingSentence(const Finding& finding);

/// The cheapest remedy that reaches the target, else the one with the best effect; the finding must have
/// remedies.
const Remedy& recommendedRemedy(const Finding& finding);

/// "norm-weighted error" for norm_weighted_rel.
std::string figureName(const std::string& key);

/// "group 32: norm-weighted error 85.0 % -> 24.1 %", "bi-smoothing (median, alpha 0.55): output error 85.0 %
/// -> 0.87 %, stays int8 channel"
std::string remedySentence(const Remedy& remedy);

/// The command that puts a remedy into a plan: `qloupe plan set PLAN --blocks 0 --roles q group=32`. By block
/// and role when they name this layer alone, else by its exact name. For a smoothing: `qloupe smooth MODEL
/// --stats S.h5 --method bismooth --statistic median --alpha A --plan PLAN --blocks 0 --roles q,k,v`.
std::string remedyCommand(const Remedy& remedy, const Finding& finding, const Choice& diagnosed,
                          const Model& model, const std::string& plan, const std::string& modelPath = {},
                          const std::string& statistics = {});

/// Quotes an argument for a POSIX shell when it needs it.
std::string shellQuoted(const std::string& argument);

}  // namespace ql::report
