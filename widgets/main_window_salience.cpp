// Actions for Hessian salience.
#include "widgets/main_window.h"

#include <QMenu>

namespace ql {

void MainWindow::setupSalienceActions(QMenu*) {}

}  // namespace ql
