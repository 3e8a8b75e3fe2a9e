#include "widgets/panels/inspector_section.h"

#include "widgets/panels/form_parts.h"

#include <QHBoxLayout>
#include <QVBoxLayout>

namespace ql {

QVBoxLayout* addInspectorSection(QWidget* content, QVBoxLayout* column, const QString& title,
                                 QLabel** caption) {
  column->addWidget(makeSeparator(Qt::Horizontal, content));
  auto* section = new QVBoxLayout;
  const int side = scaledPx(metrics::kInspectorPadding);
  section->setContentsMargins(side, scaledPx(8), side, scaledPx(8));
  section->setSpacing(scaledPx(5));
  auto* head = new QHBoxLayout;
  head->setSpacing(scaledPx(8));
  head->addWidget(makeLabel(title, FontRole::Semibold, content));
  *caption = makeDimLabel({}, FontRole::Axis, content);
  head->addWidget(*caption, 1);
  section->addLayout(head);
  column->addLayout(section);
  return section;
}

}  // namespace ql
