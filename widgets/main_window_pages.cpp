// The pages of the centre in the View menu.
#include "widgets/main_window.h"
#include "widgets/work_area.h"

#include <QActionGroup>
#include <QMenu>

namespace ql {

void MainWindow::setupPages(QMenu* menu) {
  struct PageEntry {
    const char *name, *text, *keys, *tip;
    CentrePage page;
  };
  const PageEntry pages[] = {
      {"page-overview", QT_TR_NOOP("&Overview"), "Alt+1",
       QT_TR_NOOP("All linears, the matrix and the channels of the current one"), CentrePage::Overview},
      {"page-smoothing", QT_TR_NOOP("&Smoothing"), "Alt+2",
       QT_TR_NOOP("Error over alpha, channels before and after, and the fold"), CentrePage::Smoothing},
      {"page-compare", QT_TR_NOOP("&Compare"), "Alt+3",
       QT_TR_NOOP("Two choices of a linear side by side, and several models"), CentrePage::Compare},
      {"page-tracker", QT_TR_NOOP("Channel &tracker"), "Alt+4",
       QT_TR_NOOP("One channel of the residual stream through all blocks"), CentrePage::Tracker},
      {"page-salience", QT_TR_NOOP("Sa&lience"), "Alt+5",
       QT_TR_NOOP("Hessian salience: map, column ranking, damping, conditioning"), CentrePage::Salience},
      {"page-methods", QT_TR_NOOP("&Methods"), "Alt+6",
       QT_TR_NOOP("What a method does inside the current linear: GPTQ, BiLLM, clusters, rotations"),
       CentrePage::Methods}};
  auto* group = new QActionGroup(this);
  for (const PageEntry& entry : pages) {
    QAction* action = add(menu, {entry.name, entry.text, entry.keys, entry.tip},
                          [this, page = entry.page] { m_work->showPage(page); });
    action->setCheckable(true);
    action->setChecked(entry.page == m_work->page());
    group->addAction(action);
    connect(m_work, &WorkArea::pageChanged, action,
            [action, page = entry.page](CentrePage shown) { action->setChecked(shown == page); });
  }
}

}  // namespace ql
