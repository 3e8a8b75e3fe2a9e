// Actions for selecting linears: by what they are, and by what was kept under a name.
#include "widgets/bridge/command_text.h"
#include "widgets/bridge/linear_query.h"
#include "widgets/bridge/number_format.h"
#include "widgets/bridge/saved_selections.h"
#include "widgets/bridge/session.h"
#include "widgets/main_window.h"
#include "widgets/panels/saved_selections_dialog.h"
#include "widgets/panels/select_dialog.h"

#include <QAction>
#include <QInputDialog>
#include <QMenu>

namespace ql {

namespace {

void openSelectDialog(Session* session, QWidget* window) {
  if (!session->model()) return;
  auto* dialog = window->findChild<SelectDialog*>();
  if (!dialog) dialog = new SelectDialog(session, window);  // kept: the next time it asks the same
  dialog->show();
  dialog->raise();
  dialog->activateWindow();
  dialog->blocksEdit()->setFocus(Qt::OtherFocusReason);
}

void invertSelection(Session* session) {
  if (session->model())
    applySelection(*session, inverted(*session->model(), session->selection()->selected()));
}

void saveSelection(Session* session, QWidget* window) {
  const auto workspace = session->workspace();
  if (!workspace) return;
  const std::vector<LinearId>& ids = session->selection()->selected();
  if (ids.empty()) {
    emit session->message(MainWindow::tr("Nothing is selected; select the linears to keep first."), false);
    return;
  }
  bool isOk = false;
  const QString name = QInputDialog::getText(
      window, MainWindow::tr("Save selection"),
      MainWindow::tr("&Name of the selection of %1 linears")
          .arg(countText(static_cast<std::int64_t>(ids.size()))),
      QLineEdit::Normal, linearArguments(workspace->model(), ids).join(QLatin1Char(' ')).left(60), &isOk);
  if (isOk)
    saved_selections::save(name, workspace->model(), QString::fromStdString(workspace->fingerprint()), ids);
}

/// The kept selections in front of the fixed entries.
void fillSaved(Session* session, QMenu* menu, QAction* before) {
  for (QAction* action : menu->actions())
    if (action->property("saved").toBool()) delete action;
  const auto workspace = session->workspace();
  if (!workspace) return;
  const auto entry = [&](QAction* action) {
    action->setProperty("saved", true);
    menu->insertAction(before, action);
  };
  const auto list =
      saved_selections::of(workspace->model(), QString::fromStdString(workspace->fingerprint()));
  for (const SavedSelection& selection : list) {
    QString name = selection.name;
    auto* action = new QAction(name.replace(QLatin1Char('&'), QStringLiteral("&&")), menu);
    action->setToolTip(MainWindow::tr("Select its %1 linears")
                           .arg(countText(static_cast<std::int64_t>(selection.linears.size()))));
    QObject::connect(action, &QAction::triggered, session, [session, selection] {
      if (session->model()) applySelection(*session, saved_selections::linears(selection, *session->model()));
    });
    entry(action);
  }
  auto* separator = new QAction(menu);
  separator->setSeparator(true);
  if (!list.empty())
    entry(separator);
  else
    delete separator;
}

}  // namespace

void MainWindow::setupSelectionActions(QMenu* menu) {
  add(menu,
      {"select-by", QT_TR_NOOP("Se&lect…"), "Ctrl+Shift+F",
       QT_TR_NOOP("Select linears by blocks, roles, name, finding, measured value or scheme"), "filter"},
      [this] { openSelectDialog(m_session, this); });
  add(menu,
      {"invert-selection", QT_TR_NOOP("In&vert selection"), "Ctrl+Shift+I",
       QT_TR_NOOP("Select every quantizable linear that is not selected")},
      [this] { invertSelection(m_session); });
  QMenu* saved = menu->addMenu(tr("Save&d selections"));
  saved->setToolTipsVisible(true);
  add(saved,
      {"save-selection", QT_TR_NOOP("&Save selection…"), "",
       QT_TR_NOOP("Keep the selected linears under a name, for this model and others of its architecture")},
      [this] { saveSelection(m_session, this); });
  add(saved,
      {"manage-selections", QT_TR_NOOP("&Manage saved selections…"), "",
       QT_TR_NOOP("Apply, rename or delete what was kept")},
      [this] {
        auto* dialog = new SavedSelectionsDialog(m_session, this);
        dialog->setAttribute(Qt::WA_DeleteOnClose);
        dialog->open();
      });
  connect(saved, &QMenu::aboutToShow, this,
          [this, saved] { fillSaved(m_session, saved, action("save-selection")); });
}

}  // namespace ql
