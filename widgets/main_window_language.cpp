// Actions for the language.
#include "widgets/main_window.h"

#include <QMenu>

namespace ql {

void MainWindow::setupLanguages(QMenu*) {}

}  // namespace ql
