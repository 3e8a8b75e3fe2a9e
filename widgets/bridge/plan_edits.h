#pragma once
// The edits a person makes, as one undo step each with its name, and with a word about what was passed over.
#include "widgets/bridge/session.h"

#include <QString>

#include <functional>

namespace ql {

/// "int8 group 32 on 10 linears". Locked and ignored linears are passed over and counted in a message.
/// Returns how many changed.
std::size_t applyChoice(Session& session, const std::vector<LinearId>& ids, const Choice& choice,
                        int mergeId = -1);
/// Applies "group=32", "channel", "bf16" to each linear's own choice. Throws Error(Usage) for a bad edit.
std::size_t applyEdit(Session& session, const std::vector<LinearId>& ids, const QString& edit);
/// Keeps the weights as stored (and the activations in 16 bit).
std::size_t keepUnquantized(Session& session, const std::vector<LinearId>& ids);
void setLocked(Session& session, const std::vector<LinearId>& ids, bool locked);
/// Adds to or removes from the ignore list.
void setIgnored(Session& session, const std::vector<LinearId>& ids, bool ignored);

bool areAllLocked(Session& session, const std::vector<LinearId>& ids);
/// "int8 group 32 asym": a choice in words, for undo texts and buttons.
QString choiceText(const Choice& choice);

}  // namespace ql
