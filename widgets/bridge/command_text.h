#pragma once
// The qloupe command that does what the window just did, ready to paste into a shell.
#include "core/base/error.h"
#include "core/evaluate/diagnosis.h"
#include "widgets/bridge/session.h"

#include <QString>
#include <QStringList>

namespace ql {

/// Quotes for a POSIX shell only where it is needed.
QString shellQuoted(const QString& text);

QString analyzeCommand(Session& session);
/// `windows` as chosen; `path` is text, or token ids.
QString calibrateCommand(Session& session, const QString& path, bool isIds, const WindowOptions& windows,
                         bool keepMoments);
QString perplexityCommand(Session& session, const QString& path, bool isIds, const WindowOptions& windows);
QString statsCommand(Session& session);
QString diagnoseCommand(Session& session);
/// The error of the selection under the what-if or the plan's choices.
QString errorCommand(Session& session);
/// Sets `choice` on linears of a plan file: by blocks and roles when they describe the set exactly, else by a
/// regex.
QString planSetCommand(Session& session, const std::vector<LinearId>& ids, const Choice& choice);
QString exportCommand(Session& session, const QString& target, const QString& path);
/// What the toolbar's button copies: the what-if's `plan set` when one is tried, `error` for a selection,
/// `stats` otherwise.
QString currentCommand(Session& session);

/// "--blocks 0-2 --roles q,k" or "--layers REGEX" that hits exactly these linears.
QStringList linearArguments(const Model& model, const std::vector<LinearId>& ids);

}  // namespace ql
