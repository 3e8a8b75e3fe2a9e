#include "widgets/bridge/command_text.h"

#include "core/base/error.h"

#include <QRegularExpression>

#include <algorithm>
#include <set>

namespace ql {

namespace {

QString modelPath(Session& session) {
  const std::shared_ptr<Workspace> workspace = session.workspace();
  return workspace ? shellQuoted(QString::fromStdString(workspace->path().string()))
                   : QStringLiteral("MODEL");
}

QString planPath(Session& session) {
  const QString path = session.plan()->filePath();
  return path.isEmpty() ? QStringLiteral("plan.qlplan.json") : shellQuoted(path);
}

/// "0-2,5" for {0, 1, 2, 5}.
QString rangesText(const std::set<int>& numbers) {
  QStringList parts;
  for (auto at = numbers.begin(); at != numbers.end();) {
    const int first = *at;
    int last = first;
    while (++at != numbers.end() && *at == last + 1) last = *at;
    parts << (first == last ? QString::number(first) : QStringLiteral("%1-%2").arg(first).arg(last));
  }
  return parts.join(QLatin1Char(','));
}

/// The block and role filter of the linears, if it hits nothing else.
std::optional<QStringList> blockArguments(const Model& model, const std::vector<LinearId>& ids) {
  LinearFilter filter;
  filter.quantizableOnly = true;
  std::set<int> blocks;
  std::set<TensorRole> roles;
  for (const LinearId id : ids) {
    const Linear& linear = model.linears[id];
    if (!linear.block || linear.expert) return std::nullopt;
    blocks.insert(*linear.block);
    roles.insert(linear.role);
  }
  QStringList roleNames;
  for (const TensorRole role : roles) {
    filter.roles.push_back(role);
    roleNames << QString::fromUtf8(roleName(role).data(), static_cast<qsizetype>(roleName(role).size()));
  }
  for (const int block : blocks) filter.blocks.push_back({block, block});
  if (selectLinears(model, filter) != ids) return std::nullopt;
  QStringList arguments{QStringLiteral("--blocks"), rangesText(blocks)};
  if (roles.size() < model.rolesPresent.size())
    arguments << QStringLiteral("--roles") << roleNames.join(QLatin1Char(','));
  return arguments;
}

QStringList textArguments(bool isIds, const WindowOptions& windows) {
  QStringList words;
  if (isIds) words << QStringLiteral("--ids");
  words << QStringLiteral("--tokens") << QString::number(windows.maxTokens);
  if (windows.context > 0) words << QStringLiteral("--context") << QString::number(windows.context);
  return words;
}

}  // namespace

QString shellQuoted(const QString& text) {
  static const QRegularExpression kPlain(QStringLiteral("^[A-Za-z0-9_./:,=+@%-]+$"));
  if (kPlain.match(text).hasMatch()) return text;
  QString quoted = text;
  quoted.replace(QLatin1Char('\''), QStringLiteral("'\\''"));
  return QLatin1Char('\'') + quoted + QLatin1Char('\'');
}

QStringList linearArguments(const Model& model, const std::vector<LinearId>& ids) {
  if (ids.empty()) return {};
  LinearFilter all;
  if (selectLinears(model, all) == ids) return {};
  if (const std::optional<QStringList> arguments = blockArguments(model, ids)) return *arguments;
  QStringList names;
  for (const LinearId id : ids)
    names << QRegularExpression::escape(QString::fromStdString(model.linears[id].name));
  const QString expression =
      names.size() == 1 ? names.front() : QStringLiteral("(%1)").arg(names.join(QLatin1Char('|')));
  return {QStringLiteral("--layers"), shellQuoted(QLatin1Char('^') + expression + QLatin1Char('$'))};
}

QString analyzeCommand(Session& session) {
  return QStringLiteral("qloupe analyze %1 -o stats.h5").arg(modelPath(session));
}

QString calibrateCommand(Session& session, const QString& path, bool isIds, const WindowOptions& windows,
                         bool keepMoments) {
  QStringList words{QStringLiteral("qloupe analyze"), modelPath(session),
                    QStringLiteral("-o stats.h5 --calibration"), shellQuoted(path)};
  words += textArguments(isIds, windows);
  if (keepMoments) words << QStringLiteral("--keep-moments");
  return words.join(QLatin1Char(' '));
}

QString perplexityCommand(Session& session, const QString& path, bool isIds, const WindowOptions& windows) {
  QStringList words{QStringLiteral("qloupe perplexity"),
                    modelPath(session),
                    QStringLiteral("--text"),
                    shellQuoted(path),
                    QStringLiteral("--plan"),
                    planPath(session)};
  words += textArguments(isIds, windows);
  const std::string_view protocol = windowProtocolName(windows.protocol);
  words << QStringLiteral("--protocol")
        << QString::fromUtf8(protocol.data(), static_cast<qsizetype>(protocol.size()));
  return words.join(QLatin1Char(' '));
}

QString statsCommand(Session& session) {
  return QStringLiteral("qloupe stats %1").arg(modelPath(session));
}

QString diagnoseCommand(Session& session) {
  return QStringLiteral("qloupe diagnose %1").arg(modelPath(session));
}

QString errorCommand(Session& session) {
  const std::vector<LinearId>& ids = session.selection()->selected();
  QStringList words{QStringLiteral("qloupe error"), modelPath(session)};
  std::set<std::string> specs;
  for (const LinearId id : ids)
    if (const Choice choice = session.shownChoice(id); choice.weight) specs.insert(specText(choice));
  if (specs.empty()) specs.insert(specText(defaultChoice()));
  for (const std::string& spec : specs)
    words << QStringLiteral("--scheme") << shellQuoted(QString::fromStdString(spec));
  if (session.model()) words += linearArguments(*session.model(), ids);
  return words.join(QLatin1Char(' '));
}

QString planSetCommand(Session& session, const std::vector<LinearId>& ids, const Choice& choice) {
  QStringList words{QStringLiteral("qloupe plan set"), planPath(session)};
  if (session.model()) words += linearArguments(*session.model(), ids);
  words << shellQuoted(QString::fromStdString(specText(choice)));
  return words.join(QLatin1Char(' '));
}

QString exportCommand(Session& session, const QString& target, const QString& path) {
  return QStringLiteral("qloupe export %1 --to %2 -o %3 --model %4")
      .arg(planPath(session), target, shellQuoted(path), modelPath(session));
}

QString currentCommand(Session& session) {
  const std::vector<LinearId>& ids = session.selection()->selected();
  if (session.plan()->whatIf() && !ids.empty())
    return planSetCommand(session, ids, *session.plan()->whatIf());
  return ids.empty() ? diagnoseCommand(session) : errorCommand(session);
}

}  // namespace ql
