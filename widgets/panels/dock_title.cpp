#include "widgets/panels/dock_title.h"

#include "widgets/panels/form_parts.h"

#include <QDockWidget>
#include <QHBoxLayout>
#include <QMouseEvent>

namespace ql {

DockTitle::DockTitle(QDockWidget* dock) : QWidget(dock), m_dock(dock) {
  setProperty("ground", QStringLiteral("dockTitle"));
  setAttribute(Qt::WA_StyledBackground);
  setFixedHeight(scaledPx(metrics::kDockTitle));
  auto* row = new QHBoxLayout(this);
  row->setContentsMargins(scaledPx(8), 0, scaledPx(4), 0);
  row->setSpacing(scaledPx(8));
  QLabel* name = makeLabel(dock->windowTitle(), FontRole::Semibold, this);
  row->addWidget(name);
  row->addWidget(m_detail = new ElidedLabel(this), 1);
  m_detail->setProperty("dim", true);
  m_detail->setFont(uiFont(FontRole::Axis));
  const auto addButton = [&](const char* icon, const QString& tip, auto slot) {
    QToolButton* button = makeIconButton(QString::fromLatin1(icon), tip, this);
    button->setIconSize(QSize(scaledPx(12), scaledPx(12)));
    button->setFocusPolicy(Qt::NoFocus);
    row->addWidget(button);
    connect(button, &QToolButton::clicked, dock, slot);
  };
  addButton("float", tr("Float or dock %1").arg(dock->windowTitle()),
            [dock] { dock->setFloating(!dock->isFloating()); });
  addButton("close", tr("Close %1 (View menu brings it back)").arg(dock->windowTitle()),
            [dock] { dock->close(); });
}

QSize DockTitle::sizeHint() const {
  return {QWidget::sizeHint().width(), maximumHeight()};
}

void DockTitle::setCollapsed(bool isCollapsed) {
  setFixedHeight(isCollapsed ? 0 : scaledPx(metrics::kDockTitle));
  updateGeometry();
}

void DockTitle::setDetail(const QString& text) {
  m_detail->setFullText(text);
}

void DockTitle::mouseDoubleClickEvent(QMouseEvent*) {
  m_dock->setFloating(!m_dock->isFloating());
}

}  // namespace ql
