// Actions for comparing choices and models.
#include "widgets/main_window.h"
#include "widgets/panels/compare_models_page.h"
#include "widgets/panels/compare_panel.h"
#include "widgets/work_area.h"

#include <QAction>
#include <QMenu>

namespace ql {

void MainWindow::setupCompareActions(QMenu* menu) {
  ComparePanel* panel = m_work->comparison();
  menu->addSeparator();
  add(menu,
      {"pin-a", QT_TR_NOOP("Pin as A"), "Ctrl+Alt+A",
       QT_TR_NOOP("The choice of the current linear becomes A of the comparison")},
      [panel] { panel->pin(CompareSide::A); });
  add(menu,
      {"pin-b", QT_TR_NOOP("Pin as B"), "Ctrl+Alt+B",
       QT_TR_NOOP("The choice of the current linear becomes B of the comparison")},
      [panel] { panel->pin(CompareSide::B); });
  struct TabEntry {
    const char *name, *text, *tip;
    ComparePanel::Tab tab;
  };
  const TabEntry tabs[] = {
      {"compare-linear", QT_TR_NOOP("Compare A &with B"),
       QT_TR_NOOP("Error maps, metrics and codes of the current linear under A and B"),
       ComparePanel::Tab::Linear},
      {"compare-metrics", QT_TR_NOOP("Compare the me&trics"),
       QT_TR_NOOP("How every metric ranks the linears, and how far the metrics agree"),
       ComparePanel::Tab::Metrics},
      {"compare-models", QT_TR_NOOP("Compare m&odels"),
       QT_TR_NOOP("Error curves of several models, layer by layer"), ComparePanel::Tab::Models}};
  const auto show = [this, panel](ComparePanel::Tab tab) {
    m_work->showPage(CentrePage::Compare);
    panel->showTab(tab);
  };
  for (const TabEntry& entry : tabs)
    add(menu, {entry.name, entry.text, "", entry.tip}, [show, tab = entry.tab] { show(tab); });
  add(menu,
      {"compare-add-model", QT_TR_NOOP("Add model to comparison…"), "",
       QT_TR_NOOP("Draw the errors of another model beside this one's")},
      [show, panel] {
        show(ComparePanel::Tab::Models);
        panel->modelsPage()->addFolder();
      });
  add(menu,
      {"compare-add-file", QT_TR_NOOP("Add file to comparison…"), "",
       QT_TR_NOOP("Draw the errors of a weight or statistics file beside this model's")},
      [show, panel] {
        show(ComparePanel::Tab::Models);
        panel->modelsPage()->addFile();
      });
}

}  // namespace ql
