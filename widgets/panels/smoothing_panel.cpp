#include "widgets/panels/smoothing_panel.h"

#include "widgets/bridge/calibration_control.h"
#include "widgets/bridge/smoothing_control.h"
#include "widgets/canvas/canvas.h"
#include "widgets/panels/alpha_view.h"
#include "widgets/panels/choice_error_view.h"
#include "widgets/panels/evidence_dot.h"
#include "widgets/panels/fold_view.h"
#include "widgets/panels/form_parts.h"
#include "widgets/panels/smoothed_channels_view.h"

#include <QComboBox>
#include <QEvent>
#include <QHBoxLayout>
#include <QPushButton>
#include <QSplitter>
#include <QStackedWidget>
#include <QToolTip>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace ql {

SmoothingPanel::SmoothingPanel(Session* session, QWidget* parent)
    : QWidget(parent),
      m_session(session),
      m_alpha(new AlphaView(this)),
      m_choices(new ChoiceErrorView(session, this)),
      m_channels(new SmoothedChannelsView(session->selection(), this)),
      m_fold(new FoldView(this)) {
  setAccessibleName(tr("Smoothing"));
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  column->addWidget(setupToolbar());
  column->addWidget(makeSeparator(Qt::Horizontal, this));
  auto* split = new QSplitter(Qt::Horizontal, this);
  split->addWidget(setupErrors());
  split->addWidget(setupChannels());
  split->setHandleWidth(1);
  split->setStretchFactor(0, 54);
  split->setStretchFactor(1, 46);
  split->setSizes({scaledPx(540), scaledPx(460)});
  split->setChildrenCollapsible(false);
  column->addWidget(split, 1);
  column->addWidget(makeSeparator(Qt::Horizontal, this));
  setupFold();
  column->addWidget(m_foldCanvas);
  setupHint();
  connectSession();
  fillGroups();
  showGroup();
}

// ---- Construction

QWidget* SmoothingPanel::setupToolbar() {
  auto* bar = new QWidget(this);
  bar->setFixedHeight(scaledPx(metrics::kViewToolbar));
  auto* row = new QHBoxLayout(bar);
  row->setContentsMargins(scaledPx(metrics::kGap), 0, scaledPx(metrics::kGap), 0);
  row->setSpacing(scaledPx(metrics::kGap));
  row->addWidget(makeDimLabel(tr("Group"), FontRole::Body, bar));
  m_groups = new QComboBox(bar);
  m_groups->setAccessibleName(tr("Smoothing group"));
  m_groups->setToolTip(tr("What is smoothed together: the norm or linear in front, and all that read it"));
  m_groups->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
  m_groups->setMinimumContentsLength(24);
  m_groups->setMinimumWidth(scaledPx(200));
  m_groups->setMaximumWidth(scaledPx(340));
  m_groups->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  row->addWidget(m_groups, 3);
  row->addWidget(m_tokens = new ElidedLabel(bar), 2);
  m_provenance = new ElidedLabel(bar);
  m_provenance->setProperty("dim", true);
  m_provenance->setFont(uiFont(FontRole::Axis));
  m_provenance->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Preferred);
  m_provenance->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
  row->addWidget(m_dot = new EvidenceDot(bar));
  row->addWidget(m_provenance);
  connect(m_groups, &QComboBox::activated, this, &SmoothingPanel::pickGroup);
  return bar;
}

QWidget* SmoothingPanel::setupErrors() {
  auto* side = new QWidget(this);
  auto* column = new QVBoxLayout(side);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  auto* head = new QWidget(side);
  head->setFixedHeight(scaledPx(metrics::kViewToolbar));
  auto* row = new QHBoxLayout(head);
  row->setContentsMargins(scaledPx(metrics::kGap), 0, scaledPx(metrics::kGap), 0);
  row->setSpacing(scaledPx(metrics::kGap));
  row->addWidget(makeLabel(tr("Error by"), FontRole::Semibold, head));
  m_axis = new SegmentedControl(tr("Error by"), head);
  m_axis->addSegment(tr("alpha"),
                     tr("Migration strength of the smoothing, all readers of the group together"));
  m_axis->addSegment(tr("group size"),
                     tr("How many weights share a scale, for the current linear, without smoothing"));
  m_axis->addSegment(tr("bits"),
                     tr("Integer formats of 2 to 8 bits, for the current linear, without smoothing"));
  m_axis->addSegment(tr("format"),
                     tr("Integer and floating-point formats, for the current linear, without smoothing"));
  row->addWidget(m_axis);
  row->addStretch(1);
  m_pin = makeSmallButton(tr("Pin"), head);
  m_pin->setToolTip(
      tr("Keep these curves as a faint reference while the choice changes (P); Shift+P removes them"));
  row->addWidget(m_pin);
  column->addWidget(head);
  m_plots = new QStackedWidget(side);
  m_plots->addWidget(m_alphaCanvas = new Canvas(m_alpha, m_plots));
  m_plots->addWidget(m_choiceCanvas = new Canvas(m_choices, m_plots));
  m_alphaCanvas->setAccessibleName(tr("Error by alpha"));
  m_choiceCanvas->setAccessibleName(tr("Error by choice"));
  for (Canvas* canvas : {m_alphaCanvas, m_choiceCanvas}) {
    canvas->setMinimumSize(220, 120);
    connect(canvas, &Canvas::message, m_session, &Session::message);
  }
  column->addWidget(m_plots, 1);
  connect(m_axis, &SegmentedControl::picked, this, &SmoothingPanel::pickAxis);
  connect(m_pin, &QPushButton::clicked, this,
          [this] { m_axis->current() == 0 ? m_alpha->pin() : static_cast<CurvePlot*>(m_choices)->pin(); });
  return side;
}

QWidget* SmoothingPanel::setupChannels() {
  auto* side = new QWidget(this);
  auto* column = new QVBoxLayout(side);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  auto* head = new QWidget(side);
  head->setFixedHeight(scaledPx(metrics::kViewToolbar));
  auto* row = new QHBoxLayout(head);
  row->setContentsMargins(scaledPx(metrics::kGap), 0, scaledPx(metrics::kGap), 0);
  row->setSpacing(scaledPx(metrics::kGap));
  row->addWidget(makeLabel(tr("Channels"), FontRole::Semibold, head));
  row->addWidget(makeDimLabel(tr("by |W| before, largest first"), FontRole::Axis, head));
  row->addStretch(1);
  column->addWidget(head);
  column->addWidget(m_channelCanvas = new Canvas(m_channels, side), 1);
  m_channelCanvas->setAccessibleName(tr("Channels before and after"));
  m_channelCanvas->setMinimumSize(200, 120);
  connect(m_channelCanvas, &Canvas::message, m_session, &Session::message);
  return side;
}

void SmoothingPanel::setupFold() {
  m_foldCanvas = new Canvas(m_fold, this);
  m_foldCanvas->setAccessibleName(tr("Fold"));
  m_foldCanvas->installEventFilter(this);
  connect(m_foldCanvas, &Canvas::message, m_session, &Session::message);
  connect(m_fold, &FoldView::heightChanged, this, &SmoothingPanel::fitFold);
  connect(m_fold, &FoldView::tipWanted, this, [this](QPointF at, const QString& text) {
    QToolTip::showText(m_foldCanvas->mapToGlobal(at.toPoint()), text, m_foldCanvas);
  });
  fitFold();
}

void SmoothingPanel::setupHint() {
  m_hint = new QWidget(m_alphaCanvas);
  auto* row = new QHBoxLayout(m_hint);
  row->setContentsMargins(0, 0, 0, 0);
  row->setSpacing(scaledPx(metrics::kGap));
  QPushButton* calibrate = makeAccentButton(tr("Calibrate…"), m_hint);
  calibrate->setToolTip(tr("Run the model on text to see what its linears receive"));
  auto* import = new QPushButton(tr("Import…"), m_hint);
  import->setToolTip(tr("Read activation statistics from a file"));
  row->addWidget(calibrate);
  row->addWidget(import);
  connect(calibrate, &QPushButton::clicked, m_session->calibration(),
          &CalibrationControl::calibrateRequested);
  connect(import, &QPushButton::clicked, m_session->calibration(), &CalibrationControl::importRequested);
  m_alphaCanvas->installEventFilter(this);
  m_hint->hide();
}

void SmoothingPanel::connectSession() {
  SmoothingControl* control = m_session->smoothing();
  connect(m_alpha, &AlphaView::trialWanted, control, &SmoothingControl::setTrial);
  connect(m_alpha, &AlphaView::optimumWanted, control, &SmoothingControl::takeOptimum);
  connect(m_choices, &ChoiceErrorView::subjectChanged, this, &SmoothingPanel::showSubject);
  connect(control, &SmoothingControl::groupChanged, this, &SmoothingPanel::showGroup);
  connect(control, &SmoothingControl::trialChanged, this,
          [this, control] { m_alpha->setTrial(control->trial()); });
  connect(control, &SmoothingControl::curvesChanged, this, &SmoothingPanel::showCurves);
  connect(control, &SmoothingControl::figuresChanged, this,
          [this, control] { m_alpha->setFigures(control->figures()); });
  connect(control, &SmoothingControl::channelsChanged, this, &SmoothingPanel::showChannels);
  connect(control, &SmoothingControl::residualChanged, this, &SmoothingPanel::showFold);
  connect(control, &SmoothingControl::problemChanged, this, &SmoothingPanel::showProblem);
  connect(control, &SmoothingControl::rowsChanged, this, [this] {
    fillGroups();
    showFold();
  });
  connect(m_session, &Session::workspaceChanged, this, &SmoothingPanel::fillGroups);
  connect(m_session->calibration(), &CalibrationControl::changed, this, &SmoothingPanel::showProblem);
  connect(m_session->plan(), &PlanDocument::planChanged, this, &SmoothingPanel::showSubject);
  connect(m_session->plan(), &PlanDocument::whatIfChanged, this, &SmoothingPanel::showSubject);
  connect(m_session->selection(), &Selection::currentChanged, this, &SmoothingPanel::showSubject);
}

// ---- The group

std::vector<LinearId> SmoothingPanel::readers() const {
  const Model* model = m_session->model();
  const auto group = m_session->smoothing()->group();
  std::vector<LinearId> ids;
  if (!model || !group || *group >= model->smoothingGroups.size()) return ids;
  for (const LinearId id : model->smoothingGroups[*group].consumers)
    if (model->linears[id].isQuantizable) ids.push_back(id);
  return ids;
}

void SmoothingPanel::fillGroups() {
  SmoothingControl* control = m_session->smoothing();
  const auto& groups = control->groups();
  bool isSame = m_groups->count() == static_cast<int>(groups.size());
  for (int i = 0; isSame && i < m_groups->count(); ++i)
    isSame = m_groups->itemText(i) == control->groupText(groups[static_cast<std::size_t>(i)]);
  if (!isSame) {
    m_groups->clear();
    for (const std::size_t group : groups)
      m_groups->addItem(control->groupText(group), QVariant::fromValue(group));
  }
  m_groups->setEnabled(m_groups->count() > 0);
  m_groups->setCurrentIndex(control->group() ? m_groups->findData(QVariant::fromValue(*control->group()))
                                             : -1);
}

void SmoothingPanel::pickGroup(int index) {
  if (index >= 0) m_session->smoothing()->setGroup(m_groups->itemData(index).value<std::size_t>());
}

void SmoothingPanel::pickAxis(int index) {
  m_plots->setCurrentIndex(index == 0 ? 0 : 1);
  if (index > 0) m_choices->setSweep(static_cast<ChoiceErrorView::Sweep>(index - 1));
  m_choices->setShown(index > 0);
  showSubject();
}

void SmoothingPanel::showGroup() {
  SmoothingControl* control = m_session->smoothing();
  m_groups->setCurrentIndex(control->group() ? m_groups->findData(QVariant::fromValue(*control->group()))
                                             : -1);
  m_alpha->setTitle(control->group() ? control->groupName(*control->group()) : QString());
  m_alpha->setTrial(control->trial());
  m_alpha->setFigures(control->figures());
  showSubject();
  showCurves();
  showChannels();
  showFold();
  showProblem();
}

void SmoothingPanel::placeHint() {
  m_hint->adjustSize();
  m_hint->move(m_alphaCanvas->width() / 2 - m_hint->width() / 2, m_alphaCanvas->height() / 2 + scaledPx(12));
  m_hint->raise();
}

void SmoothingPanel::fitFold() {
  const int height = static_cast<int>(std::ceil(m_fold->heightFor(std::max(200, m_foldCanvas->width()))));
  if (m_foldCanvas->minimumHeight() != height || m_foldCanvas->maximumHeight() != height)
    m_foldCanvas->setFixedHeight(height);
}

bool SmoothingPanel::isSettled() const {
  const SmoothingControl* control = m_session->smoothing();
  return !control->progress() && m_choices->isSettled();
}

bool SmoothingPanel::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() == QEvent::Resize) {
    if (watched == m_alphaCanvas) placeHint();
    if (watched == m_foldCanvas) fitFold();
  }
  return QWidget::eventFilter(watched, event);
}

}  // namespace ql
