#include "widgets/canvas/canvas_view.h"

#include "core/base/error.h"
#include "widgets/canvas/qpainter_backend.h"

#include <QAbstractItemModel>
#include <QBuffer>
#include <QEventLoop>
#include <QPainter>
#include <QSaveFile>
#include <QSvgGenerator>
#include <QTimer>

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

namespace {

[[noreturn]] void throwNotWritten(const QString& path, const QString& reason) {
  throw Error(ErrorCode::Io,
              QStringLiteral("The picture could not be written to %1: %2. Choose another folder or free "
                             "some space.")
                  .arg(path, reason)
                  .toStdString());
}

QByteArray svgOf(CanvasView& view, QSize size, const Theme& theme) {
  QByteArray bytes;
  QBuffer buffer(&bytes);
  buffer.open(QIODevice::WriteOnly);
  QSvgGenerator generator;
  generator.setOutputDevice(&buffer);
  generator.setSize(size);
  generator.setViewBox(QRect(QPoint(0, 0), size));
  generator.setResolution(96);
  constexpr double kPixelRatio = 2;  // of the pictures inside the drawing
  renderSettled(view, size, kPixelRatio, theme);
  QPainter painter(&generator);
  QPainterBackend backend(painter, kPixelRatio);
  backend.fillRect(QRectF(QPointF(0, 0), QSizeF(size)), theme.base);
  view.draw(backend, theme);
  painter.end();
  return bytes;
}

}  // namespace

void savePicture(CanvasView& view, QSize size, double devicePixelRatio, const Theme& theme,
                 const QString& path) {
  QSaveFile file(path);
  if (!file.open(QIODevice::WriteOnly)) throwNotWritten(path, file.errorString());
  bool isWritten = false;
  if (path.endsWith(QLatin1String(".svg"), Qt::CaseInsensitive)) {
    const QByteArray svg = svgOf(view, size, theme);
    isWritten = file.write(svg) == svg.size();
  } else {
    isWritten = renderSettled(view, size, devicePixelRatio, theme).save(&file, "PNG");
  }
  if (!isWritten || !file.commit()) throwNotWritten(path, file.errorString());
}

}  // namespace ql
