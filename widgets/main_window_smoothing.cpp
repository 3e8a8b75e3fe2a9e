// Actions for smoothing.
#include "widgets/bridge/session.h"
#include "widgets/bridge/smoothing_control.h"
#include "widgets/main_window.h"
#include "widgets/work_area.h"

#include <QMenu>

namespace ql {

void MainWindow::setupSmoothingActions(QMenu* menu) {
  SmoothingControl* control = m_session->smoothing();
  menu->addSeparator();
  add(menu,
      {"smoothing-open", QT_TR_NOOP("Open s&moothing"), "Ctrl+M",
       QT_TR_NOOP("Error over alpha of the group of the current linear")},
      [this] { m_work->showPage(CentrePage::Smoothing); });
  add(menu,
      {"smoothing-groups", QT_TR_NOOP("Smoothing &groups"), "Ctrl+Shift+M",
       QT_TR_NOOP("The table of all smoothing groups")},
      [control] { control->openTable(); });
  QAction* optimum =
      add(menu,
          {"smoothing-optimum", QT_TR_NOOP("Take &optimal alpha"), "Ctrl+Alt+O",
           QT_TR_NOOP("The alpha with the least error on the curve of the current group"), "", false},
          [control] { control->takeOptimum(); });
  QAction* search = add(menu,
                        {"smoothing-search", QT_TR_NOOP("Search alpha of &all groups"), "Ctrl+Alt+L",
                         QT_TR_NOOP("Measure error over alpha of every group that can be folded"), "", false},
                        [control] { control->searchAllGroups(); });
  QAction* apply =
      add(menu,
          {"smoothing-apply", QT_TR_NOOP("Apply &smoothing"), "Ctrl+Alt+Return",
           QT_TR_NOOP("Write the smoothing that is tried into the plan for the current group"), "", false},
          [control] { control->apply(); });
  QAction* remove = add(menu,
                        {"smoothing-remove", QT_TR_NOOP("&Remove smoothing"), "Ctrl+Alt+Backspace",
                         QT_TR_NOOP("Take the smoothing of the current group out of the plan"), "", false},
                        [control] { control->remove(); });
  const auto update = [control, optimum, search, apply, remove] {
    const auto curve = control->trialCurve();
    const std::optional<std::size_t> group = control->group();
    optimum->setEnabled(curve && curve->best());
    search->setEnabled(!control->rows().empty() && !control->isSearching() && control->problem().isEmpty());
    apply->setEnabled(group && control->fold().isFoldable && !control->isTrialAsPlanned());
    remove->setEnabled(group && control->planned(*group).method != SmoothingTrial::Method::None);
  };
  connect(control, &SmoothingControl::groupChanged, this, update);
  connect(control, &SmoothingControl::trialChanged, this, update);
  connect(control, &SmoothingControl::curvesChanged, this, update);
  connect(control, &SmoothingControl::rowsChanged, this, update);
  connect(control, &SmoothingControl::problemChanged, this, update);
  update();
}

}  // namespace ql
