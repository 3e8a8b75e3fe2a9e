#pragma once
// The widget that shows a CanvasView, with OpenGL or with QPainter, and turns Qt's events into the view's.
// Every canvas has the same standard keys: Ctrl+C copies the numbers, Ctrl+Shift+C the picture, Ctrl+T opens
// the table twin, the Menu key and the right button the context menu.
//
//   auto* view = new OverviewView(session, this);
//   auto* canvas = new Canvas(view, this);      // put it into a layout; the view repaints through
//   CanvasView::repaint()
#include "widgets/canvas/canvas_view.h"

#include <QWidget>

class QContextMenuEvent;
class QMenu;

namespace ql {

class GlSurface;

class Canvas : public QWidget {
  Q_OBJECT
 public:
  /// The view must live as long as the canvas; it is not taken over (give both the same parent).
  explicit Canvas(CanvasView* view, QWidget* parent = nullptr);

  CanvasView* view() const { return m_view; }
  bool isGl() const { return m_gl != nullptr; }
  /// Pictures painted so far: a still canvas paints none.
  int framesPainted() const;
  QSize sizeHint() const override { return {480, 320}; }

 public slots:
  void copyPicture();    // to the clipboard
  void copyNumbers();    // tab-separated
  void copyCsv();        // comma-separated, quoted where needed
  void savePictureAs();  // asks for a PNG, SVG or PDF file
  void saveFigureAs();   // the dialog: size, title, format, numbers beside it
  void showTable();      // the table twin in a window of its own

 signals:
  void message(const QString& text, bool isError);  // "Picture copied", or why a file could not be written

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;
  void changeEvent(QEvent* event) override;

 private:
  void setupSurface(bool isGl);
  void useRaster();
  void paint(Painter& painter);
  bool deliver(QEvent* event);
  bool deliverKey(QEvent* event);
  bool deliverTo(const CanvasEvent& event);
  bool showMenu(QContextMenuEvent* event);
  void updateAccessible();

  CanvasView* m_view;
  QWidget* m_surface = nullptr;  // GlSurface or a plain widget; fills the canvas and has the focus
  GlSurface* m_gl = nullptr;
  int m_rasterFrames = 0;
};

/// A read-only window with a table; deletes itself and the model when it is closed.
void showTableWindow(QWidget* parent, std::unique_ptr<QAbstractItemModel> model, const QString& title);

}  // namespace ql
