// Actions for methods that decide for many linears.
#include "widgets/main_window.h"

#include <QMenu>

namespace ql {

void MainWindow::setupMethodActions(QMenu*) {}

}  // namespace ql
