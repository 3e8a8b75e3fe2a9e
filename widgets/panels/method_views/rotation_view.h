#pragma once
// Rotations of the residual stream and of heads, tried on one linear: channels and errors before and after,
// and into the plan.
#include "core/workspace_rotation.h"
#include "widgets/panels/method_view.h"

#include <memory>
#include <string>

class QLabel;
class QPushButton;
class QSpinBox;

namespace ql {

class Canvas;
class ElidedLabel;
class EvidenceDot;
class RotationFigures;
class RotationPlot;
class SegmentedControl;

class RotationView : public MethodView {
  Q_OBJECT
 public:
  RotationView(Session* session, QWidget* parent);
  ~RotationView() override;
  void setTarget(const MethodTarget& target) override;
  void leave() override;

  const RotationPreview* preview() const { return m_preview.get(); }
  RotationFigures* figures() const { return m_figures; }
  SegmentedControl* residualControl() const { return m_residual; }
  SegmentedControl* headControl() const { return m_heads; }
  QPushButton* applyButton() const { return m_apply; }
  QString note() const;
  /// What the controls say.
  ModelRotation rotation() const;

 private:
  struct Answer;
  QWidget* makeBar();
  QWidget* makePlots();
  QWidget* makeSide();
  SegmentedControl* makeMethods(const QString& name, QWidget* parent);
  void followPlan();
  void followReach();
  void compute();
  void take(Answer answer);
  void showPreview(std::shared_ptr<const RotationPreview> preview, const QString& hint);
  void refreshWords();
  void applyToPlan();
  std::string keyOf() const;

  Session* m_session;
  MethodTarget m_target;
  std::weak_ptr<Workspace> m_known;          // whose reach is shown
  std::shared_ptr<const RotationLab> m_lab;  // of the last rotation, for the next linear
  std::shared_ptr<const RotationPreview> m_preview;
  std::string m_asked;  // key of what runs or is shown
  QString m_problem;
  RotationPlot *m_columns, *m_rows, *m_inputs;
  Canvas *m_columnCanvas, *m_rowCanvas, *m_inputCanvas;
  RotationFigures* m_figures = nullptr;
  SegmentedControl *m_residual = nullptr, *m_heads = nullptr, *m_order = nullptr;
  QSpinBox* m_seed = nullptr;
  ElidedLabel *m_columnDim = nullptr, *m_rowDim = nullptr, *m_inputDim = nullptr;
  EvidenceDot* m_dot = nullptr;
  QLabel *m_note = nullptr, *m_scheme = nullptr;
  QPushButton* m_apply = nullptr;
};

}  // namespace ql
