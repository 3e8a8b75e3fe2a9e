// Actions for smoothing.
#include "widgets/main_window.h"

#include <QMenu>

namespace ql {

void MainWindow::setupSmoothingActions(QMenu*) {}

}  // namespace ql
