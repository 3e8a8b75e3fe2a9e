#pragma once
// A selection in words: blocks, roles and names as on the command line, and what only the window knows
// (findings, measured values, schemes of the plan). One text, so that it can be typed, copied and kept.
#include "core/base/error.h"
#include "widgets/bridge/session.h"

#include <QString>

#include <optional>
#include <vector>

namespace ql {

/// A linear must fit every part that is given.
struct LinearQuery {
  QString blocks;                // --blocks 0-2,5
  QString roles;                 // --roles q,k
  QString layers;                // --layers REGEX, matched as the command line does
  QString finding;               // --finding any | none | CODE,CODE
  std::optional<Metric> metric;  // --where METRIC>=VALUE, under the plan's choices
  bool isAtLeast = true;         // false: <=
  double threshold = 0;          // in the metric's unit; fractions for what is shown in percent
  QString scheme;                // --scheme SPEC: linears that the plan gives this choice
  bool operator==(const LinearQuery&) const = default;
  bool isEmpty() const { return *this == LinearQuery(); }
};

/// "--blocks 0-2 --roles q,k --where output_rel_wa>=0.02"; empty for a query that asks nothing.
QString queryText(const LinearQuery& query);
/// The same read back; percentages ("2%") are allowed. Throws Error(Usage) with one sentence.
LinearQuery parseQuery(const QString& text);

/// Quantizable linears that fit, in network order; what is not measured yet does not fit a threshold, and is
/// asked for. Throws Error(Usage) for a bad range, role, expression or SPEC.
std::vector<LinearId> matchingLinears(Session& session, const LinearQuery& query);

/// What to do with the linears that fit.
enum class SelectionMode { Replace, Add, Remove, Intersect };
/// The selection that results; ascending.
std::vector<LinearId> combined(const std::vector<LinearId>& selected, const std::vector<LinearId>& found,
                               SelectionMode mode);
/// Every quantizable linear that is not selected.
std::vector<LinearId> inverted(const Model& model, const std::vector<LinearId>& selected);
/// Selects them and keeps the current linear when it is among them.
void applySelection(Session& session, std::vector<LinearId> ids);

/// The codes a finding can have, in the order of menus.
const std::vector<const char*>& findingCodes();

}  // namespace ql
