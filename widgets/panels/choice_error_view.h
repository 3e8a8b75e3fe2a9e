#pragma once
// Errors of the current linear over other choices, without smoothing: by group size, by bits, by number
// format. Measured in a background job, one column after another, and drawn as they come.
#include "widgets/bridge/session.h"
#include "widgets/panels/curve_plot.h"

#include <QTimer>

namespace ql {

/// One curve of a sweep: a choice a place on the axis; nothing where the choice makes no sense.
struct ChoiceCurve {
  QString label;
  QColor Theme::*color = &Theme::accent;
  std::vector<std::optional<Choice>> choices;
};

struct ChoiceSweep {
  QString axis;        // "group size"
  QStringList places;  // "channel", "128", ...
  std::vector<ChoiceCurve> curves;
};

class ChoiceErrorView : public CurvePlot {
  Q_OBJECT
 public:
  enum class Sweep { GroupSize, Bits, Format };

  explicit ChoiceErrorView(Session* session, QObject* parent = nullptr);

  void setSweep(Sweep sweep);
  Sweep sweep() const { return m_kind; }
  /// Nothing is measured until the view is shown.
  void setShown(bool isShown);
  /// "output error of q_proj, activations int8 token".
  QString subject() const;

  bool handle(const CanvasEvent& event) override;
  Qt::CursorShape cursorShape() const override;
  QString tableTitle() const override;
  QString accessibleText() const override;

 signals:
  void subjectChanged();

 protected:
  QString xTitle() const override { return m_sweep.axis; }
  QString xText(double x) const override { return place(x); }
  QString xColumn() const override { return m_sweep.axis; }
  QString xNumber(double x) const override { return place(x); }
  std::vector<double> xTicks() const override;
  QString xTickText(double x) const override { return place(x); }

 private:
  struct Figure {
    double error = 0;
    std::optional<std::pair<double, double>> interval;
  };
  void follow();  // another linear, choice or sweep
  void measure();
  void show();
  bool hasOutputs() const;
  std::optional<Figure> figure(const Choice& choice) const;
  QString place(double x) const;

  Session* m_session;
  Sweep m_kind = Sweep::GroupSize;
  ChoiceSweep m_sweep;
  std::optional<LinearId> m_linear;
  Choice m_choice;  // of the linear, as it is shown
  bool m_isShown = false, m_isMeasuring = false;
  QTimer m_poll;  // results stand in the workspace as they come
};

/// The choices of a sweep around a choice, for a matrix of that many input channels.
ChoiceSweep sweepOf(ChoiceErrorView::Sweep kind, const Choice& around, std::int64_t in);

}  // namespace ql
