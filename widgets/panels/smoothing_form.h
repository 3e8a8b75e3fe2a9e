#pragma once
// The controls of a smoothing trial: method, statistic or formula, alpha, optimum, and how S is rounded.
// Shows SmoothingControl::trial() and sets it; measures nothing.
#include "widgets/bridge/smoothing_control.h"

#include <QDoubleSpinBox>
#include <QSlider>
#include <QWidget>

class QCheckBox;
class QGridLayout;
class QLabel;
class QPushButton;

namespace ql {

class SegmentedControl;

/// 0..1 in hundredths. Arrows step by 0.05, with Shift by 0.01; Enter asks for the optimum; a click on the
/// groove goes there.
class AlphaSlider : public QSlider {
  Q_OBJECT
 public:
  explicit AlphaSlider(QWidget* parent = nullptr);
  double alpha() const;
  void setAlpha(double alpha);  // no signal

 signals:
  void moved(double alpha);  // by the user
  void optimumWanted();

 protected:
  void keyPressEvent(QKeyEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
};

/// The same as a number; Enter takes what was typed, or the optimum when nothing was.
class AlphaSpin : public QDoubleSpinBox {
  Q_OBJECT
 public:
  explicit AlphaSpin(QWidget* parent = nullptr);

 signals:
  void optimumWanted();

 protected:
  void keyPressEvent(QKeyEvent* event) override;
};

class SmoothingForm : public QWidget {
  Q_OBJECT
 public:
  explicit SmoothingForm(SmoothingControl* control, QWidget* parent = nullptr);
  AlphaSlider* slider() const { return m_slider; }
  AlphaSpin* spin() const { return m_spin; }
  SegmentedControl* method() const { return m_method; }

 public slots:
  void refresh();

 private:
  void setupMethod(QGridLayout* grid);
  void setupAlpha(QGridLayout* grid);
  void setupScales(QGridLayout* grid);
  void take();  // what the controls say
  void setAlpha(double alpha);

  SmoothingControl* m_control;
  SegmentedControl *m_method, *m_statistic, *m_formula;
  QLabel *m_statisticName, *m_formulaName;
  AlphaSlider* m_slider;
  AlphaSpin* m_spin;
  QPushButton *m_optimum, *m_search;
  QCheckBox *m_powersOfTwo, *m_dataFree;
  bool m_isSetting = false;
};

}  // namespace ql
