#include "widgets/panels/linear_menu.h"

#include "widgets/bridge/command_text.h"
#include "widgets/bridge/icons.h"
#include "widgets/bridge/plan_edits.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QMenu>

namespace ql {

namespace {

QString tr(const char* source) {
  return QCoreApplication::translate("ql::LinearMenu", source);
}

void addEdit(QMenu& menu, Session& session, const std::vector<LinearId>& ids, const QString& text,
             const char* edit) {
  QAction* action = menu.addAction(text);
  const QString spec = QString::fromLatin1(edit);
  action->setToolTip(tr("Sets %1 on the selected linears; one undo step.").arg(spec));
  QObject::connect(action, &QAction::triggered, &session, [&session, ids, spec] {
    if (spec == QLatin1String("bf16"))
      keepUnquantized(session, ids);
    else
      applyEdit(session, ids, spec);
  });
}

void selectAlike(Session& session, LinearId id, bool sameRole) {
  const Model& model = *session.model();
  const Linear& origin = model.linears[id];
  std::vector<LinearId> ids;
  for (LinearId other = 0; other < model.linears.size(); ++other) {
    const Linear& linear = model.linears[other];
    if (sameRole ? linear.role == origin.role : linear.block == origin.block) ids.push_back(other);
  }
  session.selection()->set(ids, id);
}

}  // namespace

void fillLinearMenu(QMenu& menu, Session& session, const std::vector<LinearId>& ids) {
  if (ids.empty() || !session.model()) return;
  menu.setToolTipsVisible(true);
  menu.addSection(ids.size() == 1 ? QString::fromStdString(session.model()->linears[ids.front()].name)
                                  : tr("%1 linears").arg(ids.size()));
  for (const int size : {128, 64, 32, 16})
    addEdit(menu, session, ids, tr("Group %1").arg(size),
            QStringLiteral("group=%1").arg(size).toLatin1().constData());
  addEdit(menu, session, ids, tr("Per output channel"), "channel");
  addEdit(menu, session, ids, tr("Keep 16 bit"), "bf16");
  menu.addSeparator();
  const bool isLocked = areAllLocked(session, ids);
  QAction* lock = menu.addAction(themeIcon(isLocked ? QStringLiteral("unlock") : QStringLiteral("lock")),
                                 isLocked ? tr("Unlock") : tr("Lock"));
  QObject::connect(lock, &QAction::triggered, &session,
                   [&session, ids, isLocked] { setLocked(session, ids, !isLocked); });
  menu.addSeparator();
  QAction* role = menu.addAction(tr("Select this role in all blocks"));
  QObject::connect(role, &QAction::triggered, &session,
                   [&session, id = ids.front()] { selectAlike(session, id, true); });
  QAction* block = menu.addAction(tr("Select this block"));
  QObject::connect(block, &QAction::triggered, &session,
                   [&session, id = ids.front()] { selectAlike(session, id, false); });
  QAction* open = menu.addAction(tr("Show in matrix and channels"));
  QObject::connect(open, &QAction::triggered, &session,
                   [&session, id = ids.front()] { emit session.selection()->openRequested(id); });
  menu.addSeparator();
  QAction* copy = menu.addAction(themeIcon(QStringLiteral("copy")), tr("Copy names"));
  QObject::connect(copy, &QAction::triggered, &session, [&session, ids] {
    QStringList names;
    for (const LinearId id : ids) names << QString::fromStdString(session.model()->linears[id].name);
    QGuiApplication::clipboard()->setText(names.join(QLatin1Char('\n')));
  });
  QAction* command = menu.addAction(themeIcon(QStringLiteral("command")), tr("Copy as qloupe command"));
  QObject::connect(command, &QAction::triggered, &session,
                   [&session] { QGuiApplication::clipboard()->setText(errorCommand(session)); });
}

}  // namespace ql
