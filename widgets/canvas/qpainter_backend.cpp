#include "widgets/canvas/qpainter_backend.h"

#include "widgets/canvas/clip_shapes.h"

#include <QPaintEngine>
#include <QPainter>

#include <algorithm>

namespace ql {

QPainterBackend::QPainterBackend(QPainter& painter, double devicePixelRatio)
    : Painter(devicePixelRatio),
      m_painter(painter),
      m_isCutHere(painter.paintEngine() && painter.paintEngine()->type() == QPaintEngine::SVG),
      m_cut(0, 0, -1, -1),
      m_fonts(RoleFonts::current()) {
  m_painter.save();
}

QPainterBackend::~QPainterBackend() {
  m_painter.restore();
}

QSizeF QPainterBackend::textSize(const QString& text, FontRole role) const {
  const QFontMetricsF& metrics = m_fonts->metrics(role);
  return QSizeF(metrics.horizontalAdvance(text), metrics.ascent() + metrics.descent());
}

double QPainterBackend::ascent(FontRole role) const {
  return m_fonts->metrics(role).ascent();
}

void QPainterBackend::doFillRect(const QRectF& snapped, const QColor& color) {
  m_painter.setRenderHint(QPainter::Antialiasing, false);
  const QRectF rect = isCut() ? snapped.intersected(m_cut) : snapped;
  if (!rect.isEmpty()) m_painter.fillRect(rect, color);
}

void QPainterBackend::doPolyline(std::span<const QPointF> points, bool isClosed, const QColor& color,
                                 double width) {
  m_painter.setRenderHint(QPainter::Antialiasing, true);
  m_painter.setPen(QPen(color, width, Qt::SolidLine, Qt::FlatCap, Qt::BevelJoin));
  m_painter.setBrush(Qt::NoBrush);
  const int count = static_cast<int>(points.size());
  if (isCut()) {
    for (const std::vector<QPointF>& part : clippedPolyline(points, isClosed, m_cut))
      m_painter.drawPolyline(part.data(), static_cast<int>(part.size()));
  } else if (isClosed)
    m_painter.drawPolygon(points.data(), count);
  else
    m_painter.drawPolyline(points.data(), count);
}

void QPainterBackend::doFillPolygon(std::span<const QPointF> points, const QColor& color) {
  m_painter.setRenderHint(QPainter::Antialiasing, true);
  m_painter.setPen(Qt::NoPen);
  m_painter.setBrush(color);
  if (!isCut()) {
    m_painter.drawConvexPolygon(points.data(), static_cast<int>(points.size()));
    return;
  }
  const std::vector<QPointF> part = clippedPolygon(points, m_cut);
  if (!part.empty()) m_painter.drawConvexPolygon(part.data(), static_cast<int>(part.size()));
}

void QPainterBackend::doText(QPointF topLeft, QPointF pivot, bool isVertical, const QString& text,
                             const QColor& color, FontRole role) {
  if (isCut()) {
    const QSizeF size = textSize(text, role);
    const QPointF at = topLeft - pivot;
    const QRectF box = isVertical ? QRectF(pivot + QPointF(at.y(), -at.x() - size.width()), size.transposed())
                                  : QRectF(topLeft, size);
    if (!m_cut.contains(box.center())) return;
  }
  m_painter.setFont(m_fonts->font(role));
  m_painter.setPen(color);
  const double ascent = m_fonts->metrics(role).ascent();
  if (!isVertical) {
    m_painter.drawText(QPointF(snap(topLeft.x()), snap(topLeft.y() + ascent)), text);
    return;
  }
  m_painter.save();
  m_painter.translate(snap(pivot.x()), snap(pivot.y()));
  m_painter.rotate(-90);
  m_painter.drawText(topLeft - pivot + QPointF(0, ascent), text);
  m_painter.restore();
}

void QPainterBackend::doImage(const QRectF& target, const QImage& image) {
  m_painter.setRenderHint(QPainter::SmoothPixmapTransform, false);
  const QRectF exact(snap(target.left()), snap(target.top()), snap(target.right()) - snap(target.left()),
                     snap(target.bottom()) - snap(target.top()));
  if (isCut())
    drawPart(exact, image);
  else
    m_painter.drawImage(exact, image, QRectF(image.rect()));
}

void QPainterBackend::drawPart(const QRectF& target, const QImage& image) {
  const QRectF seen = target.intersected(m_cut);
  if (seen.isEmpty() || image.isNull()) return;
  // whole pixels of the image, so that none is resampled; at most a pixel sticks out
  const double scaleX = image.width() / target.width(), scaleY = image.height() / target.height();
  const QRect part = QRectF((seen.left() - target.left()) * scaleX, (seen.top() - target.top()) * scaleY,
                            seen.width() * scaleX, seen.height() * scaleY)
                         .toAlignedRect()
                         .intersected(image.rect());
  const QRectF place(target.left() + part.left() / scaleX, target.top() + part.top() / scaleY,
                     part.width() / scaleX, part.height() / scaleY);
  m_painter.drawImage(place, image.copy(part), QRectF(QPointF(0, 0), QSizeF(part.size())));
}

void QPainterBackend::doSetClip(const QRectF& clip) {
  m_cut = clip;
  if (clip.width() < 0) {
    m_painter.setClipping(false);
    return;
  }
  m_painter.setClipRect(
      QRectF(QPointF(snap(clip.left()), snap(clip.top())), QPointF(snap(clip.right()), snap(clip.bottom()))));
}

}  // namespace ql
