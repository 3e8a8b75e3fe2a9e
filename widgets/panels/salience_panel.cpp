#include "widgets/panels/salience_panel.h"

#include "widgets/bridge/calibration_control.h"
#include "widgets/bridge/number_format.h"
#include "widgets/canvas/canvas.h"
#include "widgets/panels/calibrate_dialog.h"
#include "widgets/panels/evidence_dot.h"
#include "widgets/panels/form_parts.h"
#include "widgets/panels/matrix_loader.h"
#include "widgets/panels/salience_figures.h"
#include "widgets/panels/salience_lab.h"
#include "widgets/panels/salience_outlier_view.h"
#include "widgets/panels/salience_rank_view.h"
#include "widgets/panels/salience_sweep_view.h"
#include "widgets/panels/view_frame.h"

#include <QComboBox>
#include <QDoubleSpinBox>
#include <QHBoxLayout>
#include <QScrollArea>
#include <QSignalBlocker>
#include <QSplitter>
#include <QStackedLayout>

#include <cmath>

namespace ql {

namespace {

constexpr double kMasks[] = {0, 0.001, 0.01, 0.05, 0.1};
constexpr int kMapHeight = 200, kPlotHeight = 134;

QString linearText(const Linear& linear) {
  const std::size_t dot = linear.name.rfind('.');
  const QString name =
      QString::fromStdString(dot == std::string::npos ? linear.name : linear.name.substr(dot + 1));
  const QString shape = dimensionsText(linear.out(), linear.in());
  return linear.block ? SaliencePanel::tr("Block %1, %2, %3").arg(QString::number(*linear.block), name, shape)
                      : SaliencePanel::tr("%1, %2").arg(name, shape);
}

QString formulaOf(SalienceMode mode) {
  switch (mode) {
    case SalienceMode::Obs:
      return SaliencePanel::tr("w² / [H⁻¹]ⱼⱼ");
    case SalienceMode::BillmCode:
      return SaliencePanel::tr("w² / Uⱼⱼ², UᵀU = H⁻¹");
    case SalienceMode::BillmPaper:
      break;
  }
  return SaliencePanel::tr("w² / [H⁻¹]ⱼⱼ²");
}

}  // namespace

SaliencePanel::SaliencePanel(Session* session, QWidget* parent)
    : QWidget(parent),
      m_session(session),
      m_lab(SalienceLab::of(session)),
      m_map(new MatrixView(this)),
      m_rank(new SalienceRankView(session->selection(), this)),
      m_sweep(new SalienceSweepView(this)),
      m_outliers(new SalienceOutlierView(session->selection(), this)),
      m_mapCanvas(new Canvas(m_map, this)),
      m_rankCanvas(new Canvas(m_rank, this)),
      m_sweepCanvas(new Canvas(m_sweep, this)),
      m_outlierCanvas(new Canvas(m_outliers, this)),
      m_loader(new MatrixLoader(session, m_map, this)) {
  setAccessibleName(tr("Salience"));
  m_map->setQuantity(MatrixQuantity::Salience);
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  column->addWidget(makeToolbar());
  column->addWidget(makeSeparator(Qt::Horizontal, this));
  column->addWidget(makeNote());
  m_pages = new QStackedLayout;
  column->addLayout(m_pages, 1);
  const MessagePage missing = makeMessagePage(m_session, this);
  m_message = missing.text;
  m_messageButtons = missing.buttons;
  m_pages->addWidget(missing.page);
  m_pages->addWidget(makeBody());
  connectLab();
  connectSelection();
  refresh();
}

SaliencePanel::~SaliencePanel() = default;

// Construction
// ------------------------------------------------------------------------------------------------------------

QWidget* SaliencePanel::makeToolbar() {
  auto* bar = new QWidget(this);
  bar->setFixedHeight(scaledPx(metrics::kViewToolbar + 4));
  bar->setAutoFillBackground(true);
  bar->setBackgroundRole(QPalette::Base);
  auto* row = new QHBoxLayout(bar);
  row->setContentsMargins(scaledPx(metrics::kGap), 0, scaledPx(metrics::kGap), 0);
  row->setSpacing(scaledPx(metrics::kGap));
  m_name = new ElidedLabel(bar);
  m_name->setFont(uiFont(FontRole::Semibold));
  row->addWidget(m_name, 2);
  addControls(row, bar);
  m_evidence = new ElidedLabel(bar);
  m_evidence->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
  row->addWidget(m_evidence, 3);
  row->addWidget(m_dot = new EvidenceDot(bar));
  return bar;
}

void SaliencePanel::addControls(QHBoxLayout* row, QWidget* bar) {
  m_mode = new SegmentedControl(tr("Definition of salience"), bar);
  m_mode->addSegment(tr("OBS"), tr("w² / [H⁻¹]ⱼⱼ: twice the least squared output error, by token, that "
                                   "removing a weight adds (Optimal Brain Surgeon)"));
  m_mode->addSegment(tr("BiLLM code"), tr("w² / Uⱼⱼ², U the upper Cholesky factor of H⁻¹: the same for the "
                                          "columns that are left, as BiLLM's and GPTQ's code computes"));
  m_mode->addSegment(tr("BiLLM paper"), tr("w² / [H⁻¹]ⱼⱼ²: as printed in the paper"));
  row->addWidget(m_mode);
  row->addWidget(makeDimLabel(tr("Damping"), FontRole::Body, bar));
  m_damping = new QDoubleSpinBox(bar);
  m_damping->setDecimals(5);
  m_damping->setRange(SalienceLab::kLeastDamping, SalienceLab::kMostDamping);
  m_damping->setStepType(QAbstractSpinBox::AdaptiveDecimalStepType);
  m_damping->setKeyboardTracking(false);
  m_damping->setAccessibleName(tr("Damping"));
  m_damping->setToolTip(tr("Added to the diagonal of H, as a share of its mean; GPTQ and BiLLM take 0.01"));
  row->addWidget(m_damping);
  row->addWidget(makeDimLabel(tr("Mask"), FontRole::Body, bar));
  m_mask = new QComboBox(bar);
  m_mask->addItem(tr("none"));
  for (const double fraction : kMasks)
    if (fraction > 0) m_mask->addItem(tr("top %1").arg(percentTick(fraction)));
  m_mask->setAccessibleName(tr("Mask"));
  m_mask->setToolTip(tr("Show only the weights of largest salience"));
  row->addWidget(m_mask);
}

QWidget* SaliencePanel::makeNote() {
  m_note = new QWidget(this);
  auto* row = new QHBoxLayout(m_note);
  row->setContentsMargins(scaledPx(metrics::kInspectorPadding), scaledPx(3), scaledPx(metrics::kGap),
                          scaledPx(3));
  m_noteText = makeLabel({}, FontRole::Body, m_note);
  m_noteText->setWordWrap(true);
  row->addWidget(m_noteText, 1);
  m_exact = makeSmallButton(tr("Compute from the calibration text…"), m_note);
  m_exact->setToolTip(tr("Calibrate again and keep the second moments, so that H is made of all tokens"));
  row->addWidget(m_exact);
  connect(m_exact, &QPushButton::clicked, this, &SaliencePanel::recalibrate);
  m_note->hide();
  return m_note;
}

QWidget* SaliencePanel::makeBody() {
  auto* split = new QSplitter(Qt::Horizontal, this);
  split->setChildrenCollapsible(false);
  split->setHandleWidth(1);
  split->addWidget(makeMapSide());
  split->addWidget(makePlotSide());
  split->setStretchFactor(0, 1);
  split->setStretchFactor(1, 1);
  split->setSizes({500, 500});
  return split;
}

QWidget* SaliencePanel::makeMapSide() {
  auto* side = new QWidget(this);
  side->setMinimumWidth(scaledPx(300));
  auto* column = new QVBoxLayout(side);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  column->addWidget(makeTitledBox(tr("Salience of the weights"), &m_mapDim, m_mapCanvas, kMapHeight, this),
                    1);
  column->addWidget(makeSeparator(Qt::Horizontal, side));
  column->addWidget(m_figures = new SalienceFigures(m_lab, side));
  return side;
}

QWidget* SaliencePanel::makePlotSide() {
  auto* scroll = new QScrollArea(this);
  scroll->setWidgetResizable(true);
  scroll->setFrameShape(QFrame::NoFrame);
  scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  scroll->setMinimumWidth(scaledPx(320));
  auto* side = new QWidget(scroll);
  auto* column = new QVBoxLayout(side);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  column->addWidget(makeTitledBox(tr("Columns"), &m_rankDim, m_rankCanvas, kPlotHeight, this), 1);
  column->addWidget(makeSeparator(Qt::Horizontal, side));
  column->addWidget(makeTitledBox(tr("Damping"), &m_sweepDim, m_sweepCanvas, kPlotHeight, this), 1);
  column->addWidget(makeSeparator(Qt::Horizontal, side));
  column->addWidget(makeTitledBox(tr("Input channels"), &m_outlierDim, m_outlierCanvas, kPlotHeight, this),
                    1);
  scroll->setWidget(side);
  return scroll;
}

void SaliencePanel::connectLab() {
  connect(m_lab, &SalienceLab::changed, this, &SaliencePanel::refresh);
  connect(m_session->calibration(), &CalibrationControl::readinessChanged, this,
          &SaliencePanel::refreshEvidence);
  connect(m_lab, &SalienceLab::pictureChanged, this, &SaliencePanel::refreshMap);
  connect(m_lab, &SalienceLab::sweepChanged, this, &SaliencePanel::refreshPlots);
  connect(m_lab, &SalienceLab::thresholdChanged, this,
          [this] { m_outliers->setThreshold(m_lab->threshold()); });
  connect(m_mode, &SegmentedControl::picked, m_lab,
          [this](int index) { m_lab->setMode(static_cast<SalienceMode>(index)); });
  connect(m_damping, &QDoubleSpinBox::valueChanged, m_lab, &SalienceLab::setDamping);
  connect(m_sweep, &SalienceSweepView::dampingMoved, m_lab, &SalienceLab::setDamping);
  connect(m_outliers, &SalienceOutlierView::thresholdMoved, m_lab, &SalienceLab::setThreshold);
  connect(m_mask, &QComboBox::activated, m_lab, [this](int index) { m_lab->setMaskFraction(kMasks[index]); });
}

void SaliencePanel::connectSelection() {
  Selection* const selection = m_session->selection();
  const auto showPins = [this, selection] { m_map->setPinned(std::nullopt, selection->channel()); };
  connect(selection, &Selection::channelChanged, this, showPins);
  connect(selection, &Selection::hoverChanged, this,
          [this, selection] { m_map->setLinkedCursor(selection->hoverRow(), selection->hoverChannel()); });
  connect(m_map, &MatrixView::hovered, selection, &Selection::setHover);
  connect(m_map, &MatrixView::channelPicked, selection, &Selection::setChannel);
  connect(m_map, &MatrixView::rowPicked, selection, &Selection::setRow);
  connect(m_map, &MatrixView::scaleKeyPressed, this, [this] { m_map->setLog(!m_map->isLog()); });
  for (Canvas* canvas : {m_mapCanvas, m_rankCanvas, m_sweepCanvas, m_outlierCanvas})
    connect(canvas, &Canvas::message, m_session, &Session::message);
  showPins();
}

void SaliencePanel::showEvent(QShowEvent* event) {
  QWidget::showEvent(event);
  m_lab->setWatched(this, true);
}

void SaliencePanel::hideEvent(QHideEvent* event) {
  QWidget::hideEvent(event);
  m_lab->setWatched(this, false);
}

// What is shown
// ------------------------------------------------------------------------------------------------------------

QString SaliencePanel::message() const {
  return m_pages->currentIndex() == 0 ? m_message->text() : QString();
}

void SaliencePanel::refresh() {
  const QSignalBlocker blocker(m_damping);
  m_mode->setCurrent(static_cast<int>(m_lab->mode()));
  if (m_damping->value() != m_lab->damping()) m_damping->setValue(m_lab->damping());
  m_sweep->setDamping(m_lab->damping());
  m_message->setText(m_lab->problem());
  m_messageButtons->setVisible(m_lab->lacksActivations());
  m_pages->setCurrentIndex(m_lab->problem().isEmpty() ? 1 : 0);
  refreshTitles();
  refreshEvidence();
  refreshMap();
  refreshPlots();
}

void SaliencePanel::refreshTitles() {
  const std::optional<LinearId> id = m_session->model() ? m_session->selection()->current() : std::nullopt;
  m_name->setFullText(id ? linearText(m_session->model()->linears[*id]) : QString());
  m_mapDim->setFullText(formulaOf(m_lab->mode()));
  const SalienceState* const state = m_lab->state();
  m_rankDim->setFullText(
      state ? tr("the tinted 1 % (%1) hold %2")
                  .arg(pluralText(state->report.columns.topCount, tr("column"), tr("columns")),
                       percentText(state->report.columns.concentration))
            : QString());
  m_sweepDim->setFullText(tr("drag the line: everything follows"));
  m_outlierDim->setFullText(tr("threshold of LLM.int8(): drag the line"));
}

void SaliencePanel::refreshEvidence() {
  const SalienceState* const state = m_lab->state();
  if (!state) {
    m_dot->setKind(EvidenceDot::Kind::None);
    m_evidence->setFullText(m_lab->isBusy() ? tr("computing…") : QString());
    m_note->hide();
    return;
  }
  const SiteMoment& moment = state->basis->moment;
  const QString tokens = countText(static_cast<std::int64_t>(moment.tokens));
  const bool isExact = moment.origin == HessianOrigin::SecondMoment;
  m_dot->setKind(isExact ? EvidenceDot::Kind::Exact : EvidenceDot::Kind::Sampled);
  m_dot->setEnabled(!m_lab->isBusy());
  QString text, note;
  switch (moment.origin) {
    case HessianOrigin::SecondMoment:
      text = tr("H exact, %1 tokens").arg(tokens);
      break;
    case HessianOrigin::Sample:
      text = tr("H of a sample of %1 tokens").arg(tokens);
      note = static_cast<std::int64_t>(moment.tokens) < moment.width
                 ? tr("H is made of a sample of %1 tokens, so its rank is at most %1 of %2; the rest is "
                      "damping.")
                       .arg(tokens, countText(moment.width))
                 : tr("H is made of a sample of %1 tokens, not of all that were seen.").arg(tokens);
      break;
    case HessianOrigin::Diagonal:
      text = tr("diagonal of H, %1 tokens").arg(tokens);
      note =
          tr("Only the mean of x² is known, so H is its diagonal: salience is w² times the mean of x² "
             "(Optimal Brain Damage).");
      break;
  }
  m_evidence->setFullText(text);
  m_evidence->setToolTip(QString::fromStdString(state->basis->evidence.method) + QStringLiteral("\n") +
                         m_session->calibration()->recordText());
  m_noteText->setText(note);
  m_note->setVisible(!note.isEmpty());
  const CalibrationReadiness& ready = m_session->calibration()->readiness();
  m_exact->setEnabled(ready.isKnown && ready.forwardProblem.isEmpty() &&
                      !m_session->calibration()->isRunning());
}

void SaliencePanel::refreshMap() {
  const std::optional<LinearId> id = m_session->model() ? m_session->selection()->current() : std::nullopt;
  const SalienceState* const state = m_lab->state();
  if (!id || !m_lab->problem().isEmpty()) {
    m_map->setContent(nullptr);
    m_loader->setTarget(std::nullopt, MatrixQuantity::Salience, {});
    return;
  }
  const Linear& linear = m_session->model()->linears[*id];
  auto content = std::make_shared<MatrixContent>();
  content->name = QString::fromStdString(linear.name);
  content->out = linear.out();
  content->in = linear.in();
  content->matrix = linear.matrix;
  content->hasWeights = m_session->workspace()->weights() != nullptr;
  content->salience = m_lab->picture();
  if (state) content->inputAbsmax = state->basis->inputAbsmax;
  m_map->setContent(content);
  m_loader->setTarget(id, MatrixQuantity::Salience, {});
  m_loader->setSalience(
      m_lab->picture(),
      content->hasWeights
          ? QString()
          : tr("The map of single weights needs the weight files; only statistics are open."));
}

void SaliencePanel::refreshPlots() {
  const std::shared_ptr<const SalienceState> state = m_lab->shared();
  const bool hasProblem = !m_lab->problem().isEmpty();
  const QString waiting = hasProblem ? m_lab->problem() : tr("Computing the salience…");
  for (SaliencePlot* plot : {static_cast<SaliencePlot*>(m_rank), static_cast<SaliencePlot*>(m_sweep)}) {
    plot->setHint(waiting);
    plot->setSettled(!m_lab->isBusy());
  }
  m_outliers->setSettled(!m_lab->isBusy());
  m_outliers->setHint(state && state->basis->inputAbsmax.empty()
                          ? tr("The activations at hand do not say how large |x| gets.")
                          : waiting);
  m_rank->setState(state);
  m_outliers->setState(state);
  m_sweep->setPoints(m_lab->sweep());
  if (state) m_sweep->setSettled(!m_lab->isBusy() && m_lab->isSweepComplete());
}

void SaliencePanel::recalibrate() {
  auto* dialog = new CalibrateDialog(m_session, window());
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setKeepsMoments(true);
  connect(dialog, &CalibrateDialog::importRequested, m_session->calibration(),
          &CalibrationControl::importRequested);
  dialog->open();
}

}  // namespace ql
