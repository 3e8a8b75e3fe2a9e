#pragma once
// The matrix dock: view toolbar and canvas, wired to the session and the shared selection.
#include "widgets/bridge/session.h"
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
class SalienceLab;
class SegmentedControl;
class SurfaceLoader;
class SurfaceView;

class MatrixPanel : public QWidget {
  Q_OBJECT
 public:
  explicit MatrixPanel(Session* session, QWidget* parent = nullptr);
  ~MatrixPanel() override;

  MatrixView* view() const { return m_view; }
  Canvas* canvas() const { return m_canvas; }
  SurfaceView* surface() const { return m_surface; }
  Canvas* surfaceCanvas() const { return m_surfaceCanvas; }
  bool isSurface() const;
  /// "block 0 . q_proj . 256 x 256 . BF16" for the dock's title; empty when nothing is shown.
  QString subtitle() const { return m_subtitle; }

 public slots:
  void setQuantity(ql::MatrixQuantity quantity);
  void setSurface(bool isOn);  // 3-D instead of the flat picture
  void toggleFullScreen();

 signals:
  void subtitleChanged(const QString& subtitle);
  void message(const QString& text, bool isError);

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void setupToolbar();
  void setupView();
  void setupSurface();
  void refreshSurface(std::optional<LinearId> id);
  void connectSession();
  void refresh();  // another linear, choice, finding or statistics
  std::shared_ptr<const MatrixContent> contentOf(LinearId id, const Choice& choice);
  void readDetails(LinearId id);
  QString missingTokens(LinearId id) const;  // why there is no |X|, as one sentence
  void showActivationsHint();
  void cycleQuantity();
  void setLog(bool isLog);
  void leaveFullScreen();

  /// What a job read from files for the shown linear.
  struct Details {
    std::weak_ptr<Workspace> workspace;
    LinearId id = 0;
    std::shared_ptr<const WeightStats> stats;
    std::vector<float> gain;
    std::vector<float> inputAbsmax;       // by column
    std::optional<std::string> inputsOf;  // the record they belong to
    std::shared_ptr<const TokenRowsPicture> tokens;
    std::string tokensOf;  // the record they belong to
    QString tokensProblem;
  };
  bool needsTokens() const;
  bool needsSalience() const;
  std::string recordIdentity() const;  // of the activations there are
  bool areDetailsOf(LinearId id) const;

  Session* m_session;
  std::shared_ptr<const Details> m_details;
  struct Reading {
    LinearId id;
    bool stats, inputs, tokens;
    bool operator==(const Reading&) const = default;
  };
  std::optional<Reading> m_reading;  // what the running job was asked for
  QWidget* m_hint = nullptr;         // over the canvas: how to get activations
  QWidget* m_body;                   // toolbar and canvas: what goes full screen
  QWidget* m_toolbar;
  QComboBox* m_quantity = nullptr;
  QComboBox* m_pool = nullptr;
  SegmentedControl* m_scale = nullptr;
  QToolButton* m_fullScreen = nullptr;
  MatrixView* m_view;
  Canvas* m_canvas;
  MatrixLoader* m_loader;
  SalienceLab* m_salience;
  SegmentedControl* m_dimensions = nullptr;
  SurfaceView* m_surface = nullptr;
  Canvas* m_surfaceCanvas = nullptr;
  SurfaceLoader* m_surfaceLoader = nullptr;
  QPointer<QWidget> m_fullScreenWindow;
  QString m_subtitle;
};

}  // namespace ql
