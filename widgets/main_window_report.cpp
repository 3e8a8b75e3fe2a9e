// Actions for reports and figures.
#include "widgets/bridge/session.h"
#include "widgets/canvas/canvas.h"
#include "widgets/canvas/figure.h"
#include "widgets/main_window.h"
#include "widgets/panels/overview_panel.h"
#include "widgets/panels/report_dialog.h"
#include "widgets/work_area.h"

#include <QMenu>
#include <QPointer>

namespace ql {

namespace {

/// "|W| of model.layers.0.self_attn.q_proj · demo-llama · int8 channel": what a reader of the figure needs.
QString titleOf(const Canvas& canvas, Session& session, bool isWholeModel) {
  QStringList parts;
  const QString title = canvas.view()->tableTitle();
  parts << (title.isEmpty() ? canvas.accessibleName() : title);
  if (!session.model()) return parts.join(QString());
  const std::optional<LinearId> current = session.selection()->current();
  if (current && !isWholeModel) {
    const QString name = QString::fromStdString(session.model()->linears[*current].name);
    if (!title.contains(name)) parts << name;
  }
  parts << QString::fromStdString(session.model()->name);
  const Choice choice =
      current && !isWholeModel ? session.shownChoice(*current) : session.plan()->plan().defaultChoice;
  parts << QString::fromStdString(weightSchemeText(choice));
  parts.removeAll(QString());
  return parts.join(QStringLiteral(" · "));
}

}  // namespace

void MainWindow::setupReportActions(QMenu* menu) {
  add(menu,
      {"save-figure", QT_TR_NOOP("Save fi&gure…"), "Ctrl+Shift+E",
       QT_TR_NOOP("Save the view with the focus as SVG, PDF or PNG at a chosen size, with a title")},
      [this] {
        if (Canvas* canvas = activeCanvas()) canvas->saveFigureAs();
      });
  add(menu,
      {"report", QT_TR_NOOP("&Report…"), "Ctrl+R",
       QT_TR_NOOP("Write the overview, the worst layers, diagnoses and the plan as one HTML file")},
      [this] {
        auto* dialog = new ReportDialog(m_session, this);
        dialog->setAttribute(Qt::WA_DeleteOnClose);
        dialog->show();
      });
  setFigureTitleMaker([window = QPointer<MainWindow>(this)](const Canvas& canvas) {
    return window ? titleOf(canvas, *window->session(), window->workArea()->overview()->isAncestorOf(&canvas))
                  : QString();
  });
}

}  // namespace ql
