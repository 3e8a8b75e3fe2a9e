// Actions for methods that decide for many linears.
#include "widgets/bridge/session.h"
#include "widgets/main_window.h"
#include "widgets/panels/method_dialog.h"

#include <QMenu>

namespace ql {

void MainWindow::setupMethodActions(QMenu* menu) {
  const auto open = [this](AutoMethod method) {
    if (!m_session->model()) return;
    auto* dialog = new MethodDialog(m_session, method, this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->show();
  };
  menu->addSeparator();
  add(menu,
      {"fewest-layers", QT_TR_NOOP("&Fewest layers…"), "",
       QT_TR_NOOP("Groups for the few linears over the target, all others as they are")},
      [open] { open(AutoMethod::FewestLayers); });
  add(menu,
      {"mofq", QT_TR_NOOP("&INT or FP per layer (MoFQ)…"), "",
       QT_TR_NOOP("Integers or floats of the same bits, whichever has the smaller error")},
      [open] { open(AutoMethod::Mofq); });
  add(menu,
      {"adadim", QT_TR_NOOP("&Output or input channel (AdaDim)…"), "",
       QT_TR_NOOP("Scales by output or by input channel, whichever has the smaller output error")},
      [open] { open(AutoMethod::AdaDim); });
}

}  // namespace ql
