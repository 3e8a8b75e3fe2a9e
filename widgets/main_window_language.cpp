// The language in the View menu; texts are made once, so that another one is there after the next start.
#include "widgets/bridge/language.h"
#include "widgets/main_window.h"
#include "widgets/panels/message_bar.h"

#include <QActionGroup>
#include <QMenu>

namespace ql {

void MainWindow::setupLanguages(QMenu* menu) {
  QMenu* list = menu->addMenu(tr("&Language"));
  list->setToolTipsVisible(true);
  auto* group = new QActionGroup(this);
  const QString chosen = settings::language();
  const auto addLanguage = [this, list, group, chosen](const QString& code, const QString& name,
                                                       const QString& tip) {
    QAction* action = list->addAction(name);
    action->setObjectName(QStringLiteral("language-") + (code.isEmpty() ? QStringLiteral("system") : code));
    action->setToolTip(tip);
    action->setCheckable(true);
    action->setChecked(code == chosen);
    group->addAction(action);
    connect(action, &QAction::triggered, this, [this, code, name] {
      settings::setLanguage(code);
      m_messages->show(tr("%1: from the next start on.").arg(name), false);
    });
  };
  addLanguage({}, tr("As the &system"), tr("The language of the desktop, or English"));
  for (const Language& language : languages())
    addLanguage(language.code, language.name, tr("Texts of the window in %1").arg(language.name));
}

}  // namespace ql
