#pragma once
// The matrix dock: view toolbar and canvas, wired to the session and the shared selection.
#include "widgets/panels/matrix_content.h"

#include <QPointer>
#include <QWidget>

class QComboBox;
class QLabel;
class QToolButton;

namespace ql {

class Canvas;
class MatrixLoader;
class MatrixView;
class SegmentedControl;
class Session;

class MatrixPanel : public QWidget {
  Q_OBJECT
 public:
  explicit MatrixPanel(Session* session, QWidget* parent = nullptr);
  ~MatrixPanel() override;

  MatrixView* view() const { return m_view; }
  Canvas* canvas() const { return m_canvas; }
  /// "block 0 . q_proj . 256 x 256 . BF16" for the dock's title; empty when nothing is shown.
  QString subtitle() const { return m_subtitle; }

 public slots:
  void setQuantity(ql::MatrixQuantity quantity);
  void toggleFullScreen();

 signals:
  void subtitleChanged(const QString& subtitle);
  void message(const QString& text, bool isError);

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void setupToolbar();
  void setupView();
  void connectSession();
  void refresh();  // another linear, choice, finding or statistics
  void cycleQuantity();
  void setLog(bool isLog);
  void leaveFullScreen();

  Session* m_session;
  QWidget* m_body;  // toolbar and canvas: what goes full screen
  QWidget* m_toolbar;
  QComboBox* m_quantity = nullptr;
  QComboBox* m_pool = nullptr;
  SegmentedControl* m_scale = nullptr;
  QToolButton* m_fullScreen = nullptr;
  MatrixView* m_view;
  Canvas* m_canvas;
  MatrixLoader* m_loader;
  QPointer<QWidget> m_fullScreenWindow;
  QString m_subtitle;
};

}  // namespace ql
