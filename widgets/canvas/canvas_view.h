#pragma once
// What a canvas shows and how it answers: one subclass a plot. Knows nothing of OpenGL, ImGui or QPainter, so
// the same view is drawn on the screen, into a PNG or SVG, and in tests. All coordinates are logical pixels
// of the canvas.
//
// To write one: override draw() (and handle() for the mouse and the keys), call repaint() when something
// changed. Slow work belongs into JobRunner jobs; draw() only emits. Numbers under the cursor: drawReadOut()
// of read_out.h.
#include "widgets/bridge/theme.h"
#include "widgets/canvas/painter.h"

#include <QObject>
#include <QPointF>
#include <QSizeF>
#include <QString>
#include <Qt>

#include <memory>

class QAbstractItemModel;
class QMenu;

namespace ql {

/// Mouse, wheel and key events, the same from both renderers.
struct CanvasEvent {
  enum Type { Move, Press, Release, DoubleClick, Wheel, Leave, Key, FocusIn, FocusOut };
  Type type = Move;
  QPointF position;                         // of the pointer; outside for Leave
  Qt::MouseButton button = Qt::NoButton;    // that changed
  Qt::MouseButtons buttons = Qt::NoButton;  // down now
  Qt::KeyboardModifiers modifiers = Qt::NoModifier;
  double wheel = 0;  // notches, away from the user is positive; fractions from touch pads
  int key = 0;       // Qt::Key

  bool has(Qt::KeyboardModifier modifier) const { return modifiers.testFlag(modifier); }
};

class CanvasView : public QObject {
  Q_OBJECT
 public:
  explicit CanvasView(QObject* parent = nullptr) : QObject(parent) {}

  /// Called by the host before draw() and handle(); ignored while renderSettled() has the view.
  void setViewport(QSizeF size, double devicePixelRatio);
  QSizeF size() const { return m_size; }
  double devicePixelRatio() const { return m_dpr; }

  /// Paints everything inside size(); the ground (theme.base) is already there.
  virtual void draw(Painter& painter, const Theme& theme) = 0;
  /// True when the event was used; others go on to the parent widget.
  virtual bool handle(const CanvasEvent& event);
  virtual Qt::CursorShape cursorShape() const { return Qt::ArrowCursor; }

  /// The numbers shown, as tab-separated text for Ctrl+C. Empty = nothing to copy.
  virtual QString copyText() const { return {}; }
  /// The accessible twin for Ctrl+T: the same numbers as a table. Null = none.
  virtual std::unique_ptr<QAbstractItemModel> table() const;
  virtual QString tableTitle() const { return {}; }
  /// Entries above the standard ones (copy, save, table) of the context menu.
  virtual void fillMenu(QMenu&) {}
  /// What the view shows and what the keyboard cursor stands on, in one sentence for screen readers.
  virtual QString accessibleText() const { return {}; }

  /// False while a job is still computing what draw() would show; settled() follows.
  virtual bool isSettled() const { return true; }

 public slots:
  void repaint() { emit changed(); }

 signals:
  void changed();      // paint again
  void settled();      // isSettled() became true
  void cursorMoved();  // accessibleText() changed

 protected:
  /// Size or device pixel ratio changed.
  virtual void resized() {}

 private:
  friend QImage renderSettled(CanvasView& view, QSize size, double devicePixelRatio, const Theme& theme,
                              int timeoutMs);
  QSizeF m_size;
  double m_dpr = 1;
  bool m_isHeld = false;  // its size belongs to a picture being made
};

/// Draws a view into a picture of the given logical size with the QPainter backend. Leaves the view at that
/// size.
QImage renderToImage(CanvasView& view, QSize size, double devicePixelRatio, const Theme& theme);
/// Lays the view out at that size and spins the event loop until it is settled (at most `timeoutMs`), then
/// renders. For pictures made without a window (`--render`) and for tests.
QImage renderSettled(CanvasView& view, QSize size, double devicePixelRatio, const Theme& theme,
                     int timeoutMs = 30000);
/// Writes a PNG, or an SVG when the name ends in .svg, once the view is settled. Throws ql::Error(Io) naming
/// the file.
void savePicture(CanvasView& view, QSize size, double devicePixelRatio, const Theme& theme,
                 const QString& path);

}  // namespace ql
