#include "widgets/panel_focus.h"

#include "widgets/canvas/canvas.h"
#include "widgets/panels/compare_panel.h"
#include "widgets/panels/method_panel.h"
#include "widgets/panels/salience_panel.h"
#include "widgets/panels/smoothing_panel.h"
#include "widgets/panels/tracker_panel.h"
#include "widgets/work_area.h"

#include <QAbstractItemView>
#include <QApplication>
#include <QDockWidget>

#include <vector>

namespace ql {

namespace {

QWidget* pageWidget(const WorkArea& work) {
  switch (work.page()) {
    case CentrePage::Smoothing:
      return work.smoothing();
    case CentrePage::Compare:
      return work.comparison();
    case CentrePage::Tracker:
      return work.tracker();
    case CentrePage::Salience:
      return work.salience();
    case CentrePage::Methods:
      return work.methods();
    case CentrePage::Overview:
      break;
  }
  return nullptr;  // its docks stand for it
}

/// In the order of reading: tree, then the centre, then the rest.
std::vector<QWidget*> panels(const WorkArea& work) {
  std::vector<QWidget*> list;
  for (QDockWidget* dock : work.docks())
    if (dock->isVisible()) list.push_back(dock);
  if (QWidget* page = pageWidget(work)) list.insert(list.begin(), page);
  return list;
}

bool takesTab(const QWidget* widget) {
  return widget->isVisible() && widget->isEnabled() && (widget->focusPolicy() & Qt::TabFocus);
}

/// The first table, tree or canvas; else the first control.
QWidget* target(QWidget* panel) {
  auto* dock = qobject_cast<QDockWidget*>(panel);
  QWidget* inside = dock ? dock->widget() : panel;
  QWidget* control = nullptr;
  for (QWidget* child : inside->findChildren<QWidget*>()) {
    if (!control && takesTab(child)) control = child;
    if (const auto* canvas = qobject_cast<const Canvas*>(child); canvas && canvas->isVisible())
      return canvas->focusProxy();
    if (qobject_cast<QAbstractItemView*>(child) && takesTab(child)) return child;
  }
  return control;
}

}  // namespace

void focusPanel(WorkArea& work, int step) {
  const std::vector<QWidget*> list = panels(work);
  if (list.empty()) return;
  const auto count = static_cast<int>(list.size());
  QWidget* focus = QApplication::focusWidget();
  int at = step > 0 ? -1 : count;
  for (int i = 0; i < count; ++i)
    if (focus && list[static_cast<std::size_t>(i)]->isAncestorOf(focus)) at = i;
  for (int i = 0; i < count; ++i) {
    at = ((at + step) % count + count) % count;
    QWidget* panel = list[static_cast<std::size_t>(at)];
    if (auto* dock = qobject_cast<QDockWidget*>(panel)) dock->raise();
    if (QWidget* widget = target(panel)) {
      widget->setFocus(step > 0 ? Qt::TabFocusReason : Qt::BacktabFocusReason);
      return;
    }
  }
}

void letTabLeaveTables(QWidget& root) {
  for (QAbstractItemView* view : root.findChildren<QAbstractItemView*>()) view->setTabKeyNavigation(false);
}

}  // namespace ql
