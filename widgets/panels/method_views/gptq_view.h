#pragma once
// GPTQ inside one linear: what each column costs, where the errors are, and what rounding to nearest would
// leave instead.
#include "core/workspace_gptq.h"
#include "widgets/panels/method_view.h"

#include <memory>
#include <string>

class QLabel;
class QPushButton;
class QStackedLayout;

namespace ql {

class Canvas;
class ElidedLabel;
class EvidenceDot;
class GptqColumnPlot;
class GptqFigures;
class GptqMapView;
class SegmentedControl;

class GptqView : public MethodView {
  Q_OBJECT
 public:
  GptqView(Session* session, QWidget* parent);

  void setTarget(const MethodTarget& target) override;
  void leave() override;

  const GptqReport* report() const { return m_report.get(); }
  GptqFigures* figures() const { return m_figures; }
  GptqMapView* map() const { return m_map; }
  SegmentedControl* layerControl() const { return m_layer; }
  QPushButton* tryButton() const { return m_try; }
  /// The sentence shown instead of the view; empty = the view is shown.
  QString message() const;

 private:
  QWidget* makeBar();
  QWidget* makeNote();
  QWidget* makeMapSide();
  QWidget* makePlotSide();
  QString missingInput(LinearId id) const;
  void showMessage(const QString& sentence, bool canCalibrate);
  void showScheme(const MethodTarget& target, const WeightScheme& scheme);
  void compute(const MethodTarget& target, const WeightScheme& scheme);
  void take(std::shared_ptr<const GptqReport> report, const QString& problem);
  void refreshNotes();
  std::string keyOf(LinearId id, const WeightScheme& scheme) const;

  Session* m_session;
  std::shared_ptr<const GptqReport> m_report;
  std::string m_asked;  // key of what runs or is shown
  GptqColumnPlot *m_loss, *m_error, *m_drive;
  GptqMapView* m_map;
  Canvas *m_lossCanvas, *m_errorCanvas, *m_driveCanvas, *m_mapCanvas;
  GptqFigures* m_figures = nullptr;
  SegmentedControl *m_layer = nullptr, *m_order = nullptr;
  ElidedLabel *m_scheme = nullptr, *m_lossDim = nullptr, *m_errorDim = nullptr, *m_driveDim = nullptr,
              *m_mapDim = nullptr;
  QPushButton* m_try = nullptr;
  Choice m_tried;  // what the button makes the what-if
  EvidenceDot* m_dot = nullptr;
  QWidget* m_note = nullptr;  // fallbacks
  QLabel* m_noteText = nullptr;
  QStackedLayout* m_pages = nullptr;
  QLabel* m_message = nullptr;
  QWidget* m_buttons = nullptr;
};

}  // namespace ql
