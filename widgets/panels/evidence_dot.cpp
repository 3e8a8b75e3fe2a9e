#include "widgets/panels/evidence_dot.h"

#include "widgets/panels/form_parts.h"

#include <QPainter>

namespace ql {

EvidenceDot::EvidenceDot(QWidget* parent) : QWidget(parent) {
  setFixedSize(scaledPx(8), scaledPx(16));
}

void EvidenceDot::setKind(Kind kind) {
  m_kind = kind;
  setAccessibleName(kind == Kind::Exact ? tr("exact") : kind == Kind::Sampled ? tr("sampled") : QString());
  update();
}

void EvidenceDot::paintEvent(QPaintEvent*) {
  if (m_kind == Kind::None) return;
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  const QColor color = currentTheme().good;
  const double size = scaledPx(7);
  const QRectF circle(0.5, (height() - size) / 2, size - 1, size - 1);
  painter.setPen(color);
  if (m_kind == Kind::Exact) {
    painter.setBrush(color);
    painter.drawEllipse(circle);
    return;
  }
  painter.drawEllipse(circle);
  painter.setBrush(color);
  painter.drawPie(circle, 90 * 16, 180 * 16);
}

}  // namespace ql
