#include "widgets/panels/smoothing_form.h"

#include "widgets/bridge/smoothing_names.h"
#include "widgets/panels/form_parts.h"

#include <QCheckBox>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLineEdit>
#include <QSignalBlocker>
#include <QStyle>
#include <QStyleOptionSlider>

#include <cmath>

namespace ql {

namespace {

constexpr int kSteps = 100;  // of the slider, over 0..1
constexpr int kCoarse = 5;   // arrows: 0.05, the step of the curve
constexpr double kHundred = 100;

bool isEnter(const QKeyEvent* event) {
  return event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter;
}

/// +1 or -1 for the arrow keys that step a value, else 0.
int stepOf(const QKeyEvent* event, bool withSides) {
  switch (event->key()) {
    case Qt::Key_Up:
      return 1;
    case Qt::Key_Down:
      return -1;
    case Qt::Key_Right:
      return withSides ? 1 : 0;
    case Qt::Key_Left:
      return withSides ? -1 : 0;
    default:
      return 0;
  }
}

int stepped(double alpha, int direction, bool isFine) {
  const int hundredths = static_cast<int>(std::lround(alpha * kHundred));
  return std::clamp(hundredths + direction * (isFine ? 1 : kCoarse), 0, kSteps);
}

}  // namespace

// The slider and the number
// ----------------------------------------------------------------------------------------

AlphaSlider::AlphaSlider(QWidget* parent) : QSlider(Qt::Horizontal, parent) {
  setRange(0, kSteps);
  setPageStep(kCoarse);
  setSingleStep(kCoarse);
  setFocusPolicy(Qt::StrongFocus);
  connect(this, &QSlider::valueChanged, this, [this] { emit moved(alpha()); });
}

double AlphaSlider::alpha() const {
  return value() / kHundred;
}

void AlphaSlider::setAlpha(double alpha) {
  const QSignalBlocker blocker(this);
  setValue(static_cast<int>(std::lround(alpha * kHundred)));
}

void AlphaSlider::keyPressEvent(QKeyEvent* event) {
  if (isEnter(event)) {
    emit optimumWanted();
    return;
  }
  const int direction = stepOf(event, true);
  if (direction == 0) {
    QSlider::keyPressEvent(event);
    return;
  }
  setValue(stepped(alpha(), direction, event->modifiers().testFlag(Qt::ShiftModifier)));
}

void AlphaSlider::mousePressEvent(QMouseEvent* event) {
  QStyleOptionSlider option;
  initStyleOption(&option);
  const QRect handle = style()->subControlRect(QStyle::CC_Slider, &option, QStyle::SC_SliderHandle, this);
  if (event->button() == Qt::LeftButton && !handle.contains(event->position().toPoint())) {
    const int span = width() - handle.width();
    setValue(QStyle::sliderValueFromPosition(minimum(), maximum(),
                                             event->position().toPoint().x() - handle.width() / 2, span));
  }
  QSlider::mousePressEvent(event);  // now on the handle: a drag goes on from here
}

AlphaSpin::AlphaSpin(QWidget* parent) : QDoubleSpinBox(parent) {
  setRange(0, 1);
  setDecimals(2);
  setSingleStep(kCoarse / kHundred);
  setAlignment(Qt::AlignRight);
  setKeyboardTracking(false);
}

void AlphaSpin::keyPressEvent(QKeyEvent* event) {
  const int direction = stepOf(event, false);
  if (direction != 0) {
    setValue(stepped(value(), direction, event->modifiers().testFlag(Qt::ShiftModifier)) / kHundred);
    return;
  }
  if (isEnter(event) && !lineEdit()->isModified()) {
    emit optimumWanted();
    return;
  }
  QDoubleSpinBox::keyPressEvent(event);
  if (isEnter(event)) lineEdit()->setModified(false);
}

// The form
// --------------------------------------------------------------------------------------------------------

SmoothingForm::SmoothingForm(SmoothingControl* control, QWidget* parent)
    : QWidget(parent), m_control(control) {
  auto* grid = new QGridLayout(this);
  grid->setContentsMargins(0, 0, 0, 0);
  grid->setHorizontalSpacing(scaledPx(5));
  grid->setVerticalSpacing(scaledPx(5));
  grid->setColumnStretch(1, 1);
  setupMethod(grid);
  setupAlpha(grid);
  setupScales(grid);
  connect(control, &SmoothingControl::groupChanged, this, &SmoothingForm::refresh);
  connect(control, &SmoothingControl::trialChanged, this, &SmoothingForm::refresh);
  connect(control, &SmoothingControl::curvesChanged, this, &SmoothingForm::refresh);
  connect(control, &SmoothingControl::rowsChanged, this, &SmoothingForm::refresh);
  refresh();
}

void SmoothingForm::setupMethod(QGridLayout* grid) {
  const auto name = [&](const QString& text, int row) {
    QLabel* label = makeDimLabel(text, FontRole::Body, this);
    grid->addWidget(label, row, 0, Qt::AlignRight | Qt::AlignVCenter);
    return label;
  };
  name(tr("Method"), 0);
  m_method = new SegmentedControl(tr("Smoothing method"), this);
  m_method->setProperty("tight", true);
  m_method->addSegment(tr("None"), tr("The inputs of these linears stay as they are"));
  m_method->addSegment(tr("SmoothQuant"),
                       tr("S = max|X|^α / max|W|^(1−α): moves outliers between the sides"));
  m_method->addSegment(
      tr("Bi-smoothing"),
      tr("S = r(X)^α / r(W)^(1−α): balances typical magnitudes, shrinks weight outliers too"));
  grid->addWidget(m_method, 0, 1);
  m_statisticName = name(tr("Statistic"), 1);
  m_statistic = new SegmentedControl(tr("Statistic"), this);
  m_statistic->setProperty("tight", true);
  m_statistic->addSegment(tr("Median"), tr("r is the median magnitude of a channel"));
  m_statistic->addSegment(tr("Max"), tr("r is the largest magnitude of a channel: the same as SmoothQuant"));
  grid->addWidget(m_statistic, 1, 1);
  m_formulaName = name(tr("Formula"), 2);
  m_formula = new SegmentedControl(tr("Formula"), this);
  m_formula->setProperty("tight", true);
  m_formula->addSegment(tr("Published"), tr("max|X| and max|W|, as in the SmoothQuant paper and its code"));
  m_formula->addSegment(tr("llm-compressor"),
                        tr("max − min of X and 2 max|W|, as llm-compressor computes it"));
  grid->addWidget(m_formula, 2, 1);
  for (SegmentedControl* control : {m_method, m_statistic, m_formula})
    connect(control, &SegmentedControl::picked, this, &SmoothingForm::take);
}

void SmoothingForm::setupAlpha(QGridLayout* grid) {
  QLabel* name = makeDimLabel(tr("Alpha"), FontRole::Body, this);
  grid->addWidget(name, 3, 0, Qt::AlignRight | Qt::AlignVCenter);
  auto* row = new QHBoxLayout;
  row->setSpacing(scaledPx(8));
  row->addWidget(m_slider = new AlphaSlider(this), 1);
  row->addWidget(m_spin = new AlphaSpin(this));
  m_spin->setFixedWidth(scaledPx(58));
  for (QWidget* widget : {static_cast<QWidget*>(m_slider), static_cast<QWidget*>(m_spin)}) {
    widget->setAccessibleName(tr("Alpha"));
    widget->setToolTip(
        tr("Migration strength: 0 flattens the weights, 1 flattens the inputs.\nArrows step by 0.05, with "
           "Shift by 0.01; Enter takes the optimum."));
  }
  name->setBuddy(m_spin);
  grid->addLayout(row, 3, 1);
  auto* buttons = new QHBoxLayout;
  buttons->setSpacing(scaledPx(8));
  buttons->addWidget(m_optimum = makeSmallButton(tr("Take optimum"), this));
  buttons->addWidget(m_search = makeSmallButton(tr("Search all groups"), this));
  buttons->addStretch(1);
  m_search->setToolTip(tr("Measure error over alpha of every group that can be folded"));
  grid->addLayout(buttons, 4, 1);
  connect(m_slider, &AlphaSlider::moved, this, &SmoothingForm::setAlpha);
  connect(m_spin, &QDoubleSpinBox::valueChanged, this, &SmoothingForm::setAlpha);
  connect(m_slider, &AlphaSlider::optimumWanted, m_control, &SmoothingControl::takeOptimum);
  connect(m_spin, &AlphaSpin::optimumWanted, m_control, &SmoothingControl::takeOptimum);
  connect(m_optimum, &QPushButton::clicked, m_control, &SmoothingControl::takeOptimum);
  connect(m_search, &QPushButton::clicked, m_control, &SmoothingControl::searchAllGroups);
}

void SmoothingForm::setupScales(QGridLayout* grid) {
  grid->addWidget(makeDimLabel(tr("Scales"), FontRole::Body, this), 5, 0, Qt::AlignRight | Qt::AlignVCenter);
  m_powersOfTwo = new QCheckBox(tr("Round S to powers of two"), this);
  m_powersOfTwo->setToolTip(tr("Folding then rounds nothing in the file; the error changes a little"));
  grid->addWidget(m_powersOfTwo, 5, 1);
  m_dataFree = new QCheckBox(tr("Data-free: the norm's weight for X"), this);
  m_dataFree->setToolTip(
      tr("Takes the gain of the norm instead of activations, as if they had unit variance"));
  grid->addWidget(m_dataFree, 6, 1);
  connect(m_powersOfTwo, &QCheckBox::clicked, this, &SmoothingForm::take);
  connect(m_dataFree, &QCheckBox::clicked, this, &SmoothingForm::take);
}

void SmoothingForm::take() {
  SmoothingTrial trial = m_control->trial();
  trial.method = static_cast<SmoothingTrial::Method>(m_method->current());
  trial.usesMedian = m_statistic->current() == 0;
  trial.llmCompressor = m_formula->current() == 1;
  trial.powersOfTwo = m_powersOfTwo->isChecked();
  trial.dataFree = m_dataFree->isChecked();
  m_control->setTrial(trial);
}

void SmoothingForm::setAlpha(double alpha) {
  if (m_isSetting) return;
  SmoothingTrial trial = m_control->trial();
  trial.alpha = alpha;
  m_control->setTrial(trial);
}

void SmoothingForm::refresh() {
  m_isSetting = true;
  const SmoothingTrial& trial = m_control->trial();
  const bool isBismooth = trial.method == SmoothingTrial::Method::Bismooth;
  const bool isOn = trial.method != SmoothingTrial::Method::None;
  m_method->setCurrent(static_cast<int>(trial.method));
  m_statistic->setCurrent(trial.usesMedian ? 0 : 1);
  m_formula->setCurrent(trial.llmCompressor ? 1 : 0);
  const bool isQuant = trial.method == SmoothingTrial::Method::SmoothQuant;
  for (QWidget* widget : {static_cast<QWidget*>(m_statistic), static_cast<QWidget*>(m_statisticName)})
    widget->setVisible(!isQuant);
  for (QWidget* widget : {static_cast<QWidget*>(m_formula), static_cast<QWidget*>(m_formulaName)})
    widget->setVisible(isQuant);
  m_statistic->setEnabled(isBismooth);
  m_slider->setAlpha(trial.alpha);
  if (!m_spin->hasFocus() || std::abs(m_spin->value() - trial.alpha) > 1e-9) m_spin->setValue(trial.alpha);
  m_powersOfTwo->setChecked(trial.powersOfTwo);
  m_dataFree->setChecked(trial.dataFree);
  m_dataFree->setVisible(isBismooth && m_control->fold().kind == FoldKind::Norm);
  for (QWidget* widget :
       {static_cast<QWidget*>(m_slider), static_cast<QWidget*>(m_spin), static_cast<QWidget*>(m_powersOfTwo)})
    widget->setEnabled(isOn);
  const auto curve = m_control->trialCurve();
  const SmoothingPoint* best = curve ? curve->best() : nullptr;
  m_optimum->setEnabled(best != nullptr);
  m_optimum->setToolTip(
      best ? tr("The least error on the curve: α %1 (Enter on the slider)").arg(alphaText(best->alpha))
           : tr("The curve is not measured yet"));
  m_search->setEnabled(!m_control->isSearching() && m_control->problem().isEmpty());
  m_isSetting = false;
}

}  // namespace ql
