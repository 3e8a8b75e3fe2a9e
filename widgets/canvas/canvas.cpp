#include "widgets/canvas/canvas.h"

#include "core/base/error.h"
#include "widgets/canvas/figure.h"
#include "widgets/canvas/gl_surface.h"
#include "widgets/canvas/qpainter_backend.h"
#include "widgets/canvas/renderer.h"

#include <QAbstractItemModel>
#include <QAccessible>
#include <QClipboard>
#include <QContextMenuEvent>
#include <QFileDialog>
#include <QGuiApplication>
#include <QMenu>
#include <QMouseEvent>
#include <QPainter>
#include <QPointer>
#include <QVBoxLayout>
#include <QWheelEvent>

namespace ql {
namespace {

CanvasEvent fromMouse(CanvasEvent::Type type, const QMouseEvent& event) {
  CanvasEvent result;
  result.type = type;
  result.position = event.position();
  result.button = event.button();
  result.buttons = event.buttons();
  result.modifiers = event.modifiers();
  return result;
}

CanvasEvent fromWheel(const QWheelEvent& event) {
  CanvasEvent result;
  result.type = CanvasEvent::Wheel;
  result.position = event.position();
  result.buttons = event.buttons();
  result.modifiers = event.modifiers();
  // Alt and Shift turn the wheel sideways on some systems
  const QPoint delta = event.angleDelta();
  result.wheel = (delta.y() != 0 ? delta.y() : delta.x()) / 120.0;
  return result;
}

// Keys that belong to the canvas while it has the focus, so that window shortcuts do not take them.
bool isCanvasKey(const QKeyEvent& event) {
  const Qt::KeyboardModifiers modifiers = event.modifiers() & ~(Qt::ShiftModifier | Qt::KeypadModifier);
  const int key = event.key();
  if (modifiers == Qt::ControlModifier) return key == Qt::Key_C || key == Qt::Key_T;
  if (modifiers != Qt::NoModifier) return false;
  return (key >= Qt::Key_Space && key <= Qt::Key_AsciiTilde) ||
         (key >= Qt::Key_Home && key <= Qt::Key_PageDown);
}

}  // namespace

Canvas::Canvas(CanvasView* view, QWidget* parent) : QWidget(parent), m_view(view) {
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  setupSurface(activeRenderer() == Renderer::Gl);
  connect(m_view, &CanvasView::changed, this, [this] {
    m_surface->update();
    if (m_surface->cursor().shape() != m_view->cursorShape()) m_surface->setCursor(m_view->cursorShape());
  });
  connect(m_view, &CanvasView::cursorMoved, this, &Canvas::updateAccessible);
}

void Canvas::setupSurface(bool isGl) {
  delete m_surface;
  m_gl = nullptr;
  if (isGl) {
    m_gl = new GlSurface([this](Painter& painter) { paint(painter); }, this);
    connect(m_gl, &GlSurface::broken, this, &Canvas::useRaster, Qt::QueuedConnection);
    m_surface = m_gl;
  } else {
    m_surface = new QWidget(this);
    m_surface->setAttribute(Qt::WA_OpaquePaintEvent);
  }
  m_surface->setMouseTracking(true);
  m_surface->setFocusPolicy(Qt::StrongFocus);
  m_surface->installEventFilter(this);
  setFocusProxy(m_surface);
  layout()->addWidget(m_surface);
}

void Canvas::useRaster() {
  setupSurface(false);
}

int Canvas::framesPainted() const {
  return m_gl ? m_gl->framesPainted() : m_rasterFrames;
}

void Canvas::paint(Painter& painter) {
  m_view->setViewport(QSizeF(m_surface->size()), painter.devicePixelRatio());
  m_view->draw(painter, currentTheme());
}

bool Canvas::eventFilter(QObject* watched, QEvent* event) {
  if (watched != m_surface) return QWidget::eventFilter(watched, event);
  if (event->type() == QEvent::Paint && !m_gl) {
    ++m_rasterFrames;
    QPainter painter(m_surface);
    painter.fillRect(m_surface->rect(), currentTheme().base);
    QPainterBackend backend(painter, m_surface->devicePixelRatioF());
    paint(backend);
    return true;
  }
  return deliver(event) || QWidget::eventFilter(watched, event);
}

bool Canvas::deliver(QEvent* event) {
  switch (event->type()) {
    case QEvent::MouseMove:
      return deliverTo(fromMouse(CanvasEvent::Move, *static_cast<QMouseEvent*>(event)));
    case QEvent::MouseButtonPress:
      m_surface->setFocus(Qt::MouseFocusReason);
      return deliverTo(fromMouse(CanvasEvent::Press, *static_cast<QMouseEvent*>(event)));
    case QEvent::MouseButtonRelease:
      return deliverTo(fromMouse(CanvasEvent::Release, *static_cast<QMouseEvent*>(event)));
    case QEvent::MouseButtonDblClick:
      return deliverTo(fromMouse(CanvasEvent::DoubleClick, *static_cast<QMouseEvent*>(event)));
    case QEvent::Wheel:
      return deliverTo(fromWheel(*static_cast<QWheelEvent*>(event)));
    case QEvent::Leave:
      deliverTo({CanvasEvent::Leave, QPointF(-1, -1)});
      return false;
    case QEvent::FocusIn:
    case QEvent::FocusOut:
      updateAccessible();
      deliverTo(
          {event->type() == QEvent::FocusIn ? CanvasEvent::FocusIn : CanvasEvent::FocusOut, QPointF(-1, -1)});
      m_surface->update();
      return false;
    case QEvent::ContextMenu:
      return showMenu(static_cast<QContextMenuEvent*>(event));
    case QEvent::ShortcutOverride:
    case QEvent::KeyPress:
      return deliverKey(event);
    default:
      return false;
  }
}

bool Canvas::deliverKey(QEvent* event) {
  const auto& key = *static_cast<QKeyEvent*>(event);
  if (event->type() == QEvent::ShortcutOverride) {
    if (isCanvasKey(key)) event->accept();
    return false;
  }
  const Qt::KeyboardModifiers modifiers = key.modifiers() & ~Qt::KeypadModifier;
  if (key.key() == Qt::Key_C && modifiers == Qt::ControlModifier) return copyNumbers(), true;
  if (key.key() == Qt::Key_C && modifiers == (Qt::ControlModifier | Qt::ShiftModifier))
    return copyPicture(), true;
  if (key.key() == Qt::Key_T && modifiers == Qt::ControlModifier) return showTable(), true;
  CanvasEvent result;
  result.type = CanvasEvent::Key;
  result.modifiers = modifiers;
  result.key = key.key();
  return deliverTo(result);
}

bool Canvas::deliverTo(const CanvasEvent& event) {
  m_view->setViewport(QSizeF(m_surface->size()), m_surface->devicePixelRatioF());
  const bool isUsed = m_view->handle(event);
  if (m_surface->cursor().shape() != m_view->cursorShape()) m_surface->setCursor(m_view->cursorShape());
  return isUsed;
}

bool Canvas::showMenu(QContextMenuEvent* event) {
  auto* menu = new QMenu(this);
  menu->setAttribute(Qt::WA_DeleteOnClose);
  m_view->fillMenu(*menu);
  if (!menu->isEmpty()) menu->addSeparator();
  menu->addAction(tr("Copy values"), QKeySequence(Qt::CTRL | Qt::Key_C), this, &Canvas::copyNumbers);
  menu->addAction(tr("Copy values as CSV"), this, &Canvas::copyCsv);
  menu->addAction(tr("Copy picture"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_C), this,
                  &Canvas::copyPicture);
  menu->addAction(tr("Save figure…"), this, &Canvas::saveFigureAs);
  menu->addAction(tr("Show as table"), QKeySequence(Qt::CTRL | Qt::Key_T), this, &Canvas::showTable);
  menu->popup(event->reason() == QContextMenuEvent::Mouse ? event->globalPos()
                                                          : mapToGlobal(rect().center()));
  return true;
}

void Canvas::copyPicture() {
  QGuiApplication::clipboard()->setImage(
      renderToImage(*m_view, m_surface->size(), m_surface->devicePixelRatioF(), currentTheme()));
  emit message(tr("Picture copied"), false);
}

void Canvas::copyNumbers() {
  const QString text = m_view->copyText();
  if (text.isEmpty()) return;
  QGuiApplication::clipboard()->setText(text);
  emit message(tr("Values copied"), false);
}

void Canvas::copyCsv() {
  const QString text = m_view->copyText();
  if (text.isEmpty()) return;
  QGuiApplication::clipboard()->setText(csvFromTabs(text));
  emit message(tr("Values copied as CSV"), false);
}

void Canvas::savePictureAs() {
  const QString path =
      QFileDialog::getSaveFileName(this, tr("Save picture"), tr("picture.png"),
                                   tr("PNG picture (*.png);;SVG drawing (*.svg);;PDF drawing (*.pdf)"));
  if (path.isEmpty()) return;
  try {
    savePicture(*m_view, m_surface->size(), std::max(2.0, m_surface->devicePixelRatioF()), currentTheme(),
                path);
    emit message(tr("Picture saved as %1").arg(path), false);
  } catch (const Error& error) {
    emit message(QString::fromUtf8(error.what()), true);
  }
}

void Canvas::saveFigureAs() {
  showFigureDialog(*this);
}

void Canvas::showTable() {
  if (auto model = m_view->table()) showTableWindow(this, std::move(model), m_view->tableTitle());
}

void Canvas::updateAccessible() {
  m_surface->setAccessibleName(accessibleName());
  m_surface->setAccessibleDescription(m_view->accessibleText());
  QAccessibleEvent event(m_surface, QAccessible::DescriptionChanged);
  QAccessible::updateAccessibility(&event);
}

void Canvas::changeEvent(QEvent* event) {
  if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange) m_surface->update();
  QWidget::changeEvent(event);
}

}  // namespace ql
