// Actions for comparing choices and models.
#include "widgets/main_window.h"

#include <QMenu>

namespace ql {

void MainWindow::setupCompareActions(QMenu*) {}

}  // namespace ql
