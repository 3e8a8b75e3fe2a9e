// Actions for reports and figures.
#include "widgets/main_window.h"

#include <QMenu>

namespace ql {

void MainWindow::setupReportActions(QMenu*) {}

}  // namespace ql
