// Actions for selecting linears.
#include "widgets/main_window.h"

#include <QMenu>

namespace ql {

void MainWindow::setupSelectionActions(QMenu*) {}

}  // namespace ql
