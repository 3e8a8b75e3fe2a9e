#include "widgets/canvas/canvas_view.h"

#include "widgets/canvas/figure.h"
#include "widgets/canvas/qpainter_backend.h"

#include <QAbstractItemModel>
#include <QEventLoop>
#include <QPainter>
#include <QTimer>

#include <algorithm>
#include <cmath>

namespace ql {

void CanvasView::setViewport(QSizeF size, double devicePixelRatio) {
  if (m_isHeld || (m_size == size && m_dpr == devicePixelRatio)) return;
  m_size = size;
  m_dpr = devicePixelRatio;
  resized();
}

bool CanvasView::handle(const CanvasEvent&) {
  return false;
}

std::unique_ptr<QAbstractItemModel> CanvasView::table() const {
  return nullptr;
}

QImage renderToImage(CanvasView& view, QSize size, double devicePixelRatio, const Theme& theme) {
  view.setViewport(QSizeF(size), devicePixelRatio);
  QImage picture(static_cast<int>(std::lround(size.width() * devicePixelRatio)),
                 static_cast<int>(std::lround(size.height() * devicePixelRatio)), QImage::Format_RGB32);
  picture.setDevicePixelRatio(devicePixelRatio);
  picture.fill(theme.base);
  QPainter painter(&picture);
  QPainterBackend backend(painter, devicePixelRatio);
  view.draw(backend, theme);
  return picture;
}

QImage renderSettled(CanvasView& view, QSize size, double devicePixelRatio, const Theme& theme,
                     int timeoutMs) {
  view.setViewport(QSizeF(size), devicePixelRatio);
  view.m_isHeld = true;  // a canvas that shows the view meanwhile may not take it back to its own size
  renderToImage(view, size, devicePixelRatio, theme);  // a view asks for its data when it is drawn
  if (!view.isSettled()) {
    QEventLoop loop;
    QObject::connect(&view, &CanvasView::settled, &loop, &QEventLoop::quit);
    QTimer::singleShot(timeoutMs, &loop, &QEventLoop::quit);
    loop.exec(QEventLoop::ExcludeUserInputEvents);
  }
  QImage picture = renderToImage(view, size, devicePixelRatio, theme);
  view.m_isHeld = false;
  return picture;
}

void savePicture(CanvasView& view, QSize size, double devicePixelRatio, const Theme& theme,
                 const QString& path) {
  FigureOptions options;
  options.size = size;
  // pictures inside a drawing are looked at larger than the drawing
  const bool isDrawing = figureFormatOf(path).value_or(FigureFormat::Png) != FigureFormat::Png;
  options.dpi = (isDrawing ? std::max(2.0, devicePixelRatio) : devicePixelRatio) * kFigureDpi;
  options.isDark = theme.isDark;
  saveFigure(view, options, path);
}

}  // namespace ql
