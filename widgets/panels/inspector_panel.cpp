#include "widgets/panels/inspector_panel.h"

#include "widgets/bridge/calibration_control.h"
#include "widgets/bridge/metric_info.h"
#include "widgets/bridge/number_format.h"
#include "widgets/bridge/plan_edits.h"
#include "widgets/bridge/smoothing_control.h"
#include "widgets/panels/choice_form.h"
#include "widgets/panels/compare_bars.h"
#include "widgets/panels/error_readouts.h"
#include "widgets/panels/explain_box.h"
#include "widgets/panels/finding_box.h"
#include "widgets/panels/form_parts.h"
#include "widgets/panels/inspector_section.h"
#include "widgets/panels/smoothing_chooser.h"
#include "widgets/panels/smoothing_inspector.h"

#include <QGridLayout>
#include <QHBoxLayout>
#include <QMenu>
#include <QScrollArea>
#include <QVBoxLayout>

namespace ql {

InspectorPanel::InspectorPanel(Session* session, QWidget* parent) : QWidget(parent), m_session(session) {
  auto* outer = new QVBoxLayout(this);
  outer->setContentsMargins(0, 0, 0, 0);
  outer->setSpacing(0);
  m_empty =
      makeDimLabel(tr("Select a linear in the tree or in the overview to see what quantization does to it."),
                   FontRole::Body, this);
  m_empty->setWordWrap(true);
  m_empty->setMargin(scaledPx(metrics::kInspectorPadding));
  m_empty->setAlignment(Qt::AlignTop | Qt::AlignLeft);
  outer->addWidget(m_empty, 1);
  m_scroll = new QScrollArea(this);
  m_scroll->setWidgetResizable(true);
  m_scroll->setFrameShape(QFrame::NoFrame);
  m_scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  m_content = new QWidget(m_scroll);
  m_content->setProperty("ground", QStringLiteral("window"));
  auto* column = new QVBoxLayout(m_content);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  setupHeader(column);
  setupChoice(column);
  setupErrors(column);
  setupCost(column);
  column->addStretch();
  m_scroll->setWidget(m_content);
  outer->addWidget(m_scroll, 1);
  setupFooter(outer);
  outer->addWidget(m_smoothing = new SmoothingInspector(session, this), 1);
  m_smoothing->hide();
  m_refresh.setSingleShot(true);
  m_refresh.setInterval(0);
  connect(&m_refresh, &QTimer::timeout, this, &InspectorPanel::refresh);
  const auto later = [this] { m_refresh.start(); };
  connect(session, &Session::workspaceChanged, this, later);
  connect(session, &Session::layersMeasured, this, later);
  connect(session, &Session::viewChanged, this, later);
  connect(session->calibration(), &CalibrationControl::changed, this, [this] {
    m_previewAsked.reset();  // there may be output errors to be had now
    m_refresh.start();
  });
  connect(session->plan(), &PlanDocument::planChanged, this, later);
  connect(session->plan(), &PlanDocument::whatIfChanged, this, later);
  connect(session->smoothing(), &SmoothingControl::trialChanged, this, later);
  connect(session->smoothing(), &SmoothingControl::figuresChanged, this, later);
  connect(session->smoothing(), &SmoothingControl::curvesChanged, this, later);
  connect(session->selection(), &Selection::changed, this, &InspectorPanel::selectionChanged);
  refresh();
}

void InspectorPanel::setupHeader(QVBoxLayout* column) {
  auto* section = new QVBoxLayout;
  const int side = scaledPx(metrics::kInspectorPadding);
  section->setContentsMargins(side, scaledPx(10), side, scaledPx(10));
  section->setSpacing(scaledPx(4));
  auto* head = new QHBoxLayout;
  head->setSpacing(scaledPx(8));
  head->addWidget(m_name = makeLabel({}, FontRole::Heading, m_content));
  head->addWidget(m_shape = makeDimLabel({}, FontRole::Body, m_content), 1);
  m_lock = makeSmallButton(tr("Lock"), m_content);
  m_lock->setCheckable(true);
  m_lock->setIcon(themeIcon(QStringLiteral("lock")));
  m_lock->setIconSize(QSize(scaledPx(12), scaledPx(12)));
  m_lock->setToolTip(tr("Edits pass over locked linears (Ctrl+K)"));
  head->addWidget(m_lock);
  section->addLayout(head);
  section->addWidget(m_path = new ElidedLabel(m_content, Qt::ElideMiddle));
  m_path->setFont(uiFont(FontRole::Mono));
  m_path->setProperty("dim", true);
  section->addSpacing(scaledPx(4));
  section->addWidget(m_finding = new FindingBox(m_content));
  section->addWidget(new ExplainBox(m_session, m_content));
  column->addLayout(section);
  connect(m_lock, &QPushButton::clicked, this, &InspectorPanel::toggleLock);
  connect(m_finding, &FindingBox::remedyPicked, this, &InspectorPanel::tryChoice);
  connect(m_finding, &FindingBox::smoothingPicked, this, [this](const SmoothingRemedy& remedy) {
    if (const auto current = m_session->selection()->current())
      m_session->smoothing()->applyRemedy(*current, remedy);
  });
}

void InspectorPanel::setupChoice(QVBoxLayout* column) {
  QVBoxLayout* section = addInspectorSection(m_content, column, tr("Choice"), &m_choiceCaption);
  section->addWidget(m_form = new ChoiceForm(m_content));
  connect(m_form, &ChoiceForm::edited, this, &InspectorPanel::tryChoice);
  m_chooser = new SmoothingChooser(m_session, m_form);
}

void InspectorPanel::setupErrors(QVBoxLayout* column) {
  QVBoxLayout* section = addInspectorSection(m_content, column, tr("Error"), &m_errorCaption);
  section->addWidget(m_errors = new ErrorReadouts(m_content));
  QVBoxLayout* compare = addInspectorSection(m_content, column, tr("Compare"), &m_compareCaption);
  auto* units = makeDimLabel(tr("bits/weight"), FontRole::Axis, m_content);
  static_cast<QHBoxLayout*>(compare->itemAt(0)->layout())->addWidget(units);
  compare->addWidget(m_compare = new CompareBars(m_content));
  connect(m_compare, &CompareBars::picked, this, &InspectorPanel::tryChoice);
  connect(m_compare, &CompareBars::smoothingPicked, this, [this] { m_chooser->trySmoothing(); });
}

void InspectorPanel::setupCost(QVBoxLayout* column) {
  QVBoxLayout* section = addInspectorSection(m_content, column, tr("Cost"), &m_costCaption);
  m_costCaption->setText(tr("scales float32"));
  auto* grid = new QGridLayout;
  grid->setVerticalSpacing(scaledPx(2));
  grid->setColumnStretch(0, 1);
  grid->addWidget(makeLabel(tr("This linear, bits/weight"), FontRole::Body, m_content), 0, 0);
  grid->addWidget(m_bits = new QLabel(m_content), 0, 1, Qt::AlignRight);
  grid->addWidget(m_sizeName = makeLabel({}, FontRole::Body, m_content), 1, 0);
  grid->addWidget(m_size = new QLabel(m_content), 1, 1, Qt::AlignRight);
  section->addLayout(grid);
  auto* row = new QHBoxLayout;
  row->addWidget(m_siblings = makeLabel({}, FontRole::Axis, m_content), 1);
  m_siblings->setWordWrap(true);
  row->addWidget(m_siblingButton = makeSmallButton({}, m_content));
  section->addLayout(row);
  connect(m_siblingButton, &QPushButton::clicked, this, &InspectorPanel::applyToSiblings);
}

void InspectorPanel::setupFooter(QVBoxLayout* column) {
  m_footer = new QWidget(this);
  auto* rows = new QVBoxLayout(m_footer);
  rows->setContentsMargins(0, 0, 0, 0);
  rows->setSpacing(0);
  rows->addWidget(makeSeparator(Qt::Horizontal, m_footer));
  auto* row = new QHBoxLayout;
  const int side = scaledPx(metrics::kInspectorPadding);
  row->setContentsMargins(side, scaledPx(8), side, scaledPx(8));
  row->setSpacing(scaledPx(8));
  m_apply = makeAccentButton({}, m_footer);
  m_apply->setToolTip(
      tr("Write the choice into the plan for the selected linears; one undo step (Ctrl+Enter)"));
  row->addWidget(m_apply, 1);
  m_applyTo = new QPushButton(tr("Apply to"), m_footer);
  m_applyTo->setProperty("hasMenu", true);
  m_applyTo->setToolTip(tr("Write the choice into the plan for other linears"));
  auto* menu = new QMenu(m_applyTo);
  menu->addAction(tr("Selection"), this, &InspectorPanel::apply);
  menu->addAction(tr("Block range…"), this, &InspectorPanel::applyToBlocks);
  menu->addAction(tr("Same role, all blocks"), this, &InspectorPanel::applyToRole);
  menu->addAction(tr("Same diagnosis"), this, &InspectorPanel::applyToSameDiagnosis);
  menu->addAction(tr("Fused siblings too"), this, &InspectorPanel::applyToSiblings);
  menu->addAction(tr("All linears"), this, &InspectorPanel::applyToAll);
  m_applyTo->setMenu(menu);
  row->addWidget(m_applyTo);
  m_revert = new QPushButton(tr("Revert"), m_footer);
  m_revert->setToolTip(tr("Drop the what-if; the plan stays as it is"));
  row->addWidget(m_revert);
  rows->addLayout(row);
  column->addWidget(m_footer);
  connect(m_apply, &QPushButton::clicked, this, &InspectorPanel::apply);
  connect(m_revert, &QPushButton::clicked, this, &InspectorPanel::revert);
}

std::vector<LinearId> InspectorPanel::targets() const {
  const std::vector<LinearId>& selected = m_session->selection()->selected();
  if (!selected.empty()) return selected;
  const std::optional<LinearId> current = m_session->selection()->current();
  return current ? std::vector<LinearId>{*current} : std::vector<LinearId>{};
}

Choice InspectorPanel::shown(LinearId id) const {
  const std::optional<Choice>& whatIf = m_session->plan()->whatIf();
  return whatIf ? *whatIf : m_session->choiceOf(id);
}

void InspectorPanel::setCompact(bool isCompact) {
  m_isCompact = isCompact;
  m_refresh.start();
}

void InspectorPanel::tryChoice(const Choice& choice) {
  const std::vector<LinearId> ids = targets();
  bool isAsPlanned = true;
  for (const LinearId id : ids) isAsPlanned = isAsPlanned && m_session->choiceOf(id) == choice;
  m_session->plan()->setWhatIf(isAsPlanned ? std::nullopt : std::optional<Choice>(choice));
}

void InspectorPanel::applyTo(const std::vector<LinearId>& ids) {
  const std::optional<LinearId> current = m_session->selection()->current();
  if (!current || ids.empty()) return;
  const Choice choice = shown(*current);
  try {
    validateChoice(choice, "the inspector");
  } catch (const Error& e) {
    emit m_session->message(QString::fromUtf8(e.what()), true);
    return;
  }
  const std::size_t changed = applyChoice(*m_session, ids, choice);
  if (changed == 0)
    emit m_session->message(tr("Nothing changed: these linears have this choice already, or are locked."),
                            false);
  m_session->plan()->setWhatIf(std::nullopt);
}

void InspectorPanel::apply() {
  const std::optional<LinearId> current = m_session->selection()->current();
  const bool hasTrial = current && hasSmoothingTrial(*current);
  const bool hasWhatIf = m_session->plan()->whatIf().has_value();
  // Both at once are one step back.
  if (hasTrial && hasWhatIf) m_session->plan()->undoStack()->beginMacro(m_apply->text());
  if (hasWhatIf || !hasTrial) applyTo(targets());
  if (hasTrial) m_session->smoothing()->apply();
  if (hasTrial && hasWhatIf) m_session->plan()->undoStack()->endMacro();
}

void InspectorPanel::revert() {
  m_session->plan()->setWhatIf(std::nullopt);
  const std::optional<LinearId> current = m_session->selection()->current();
  if (current && hasSmoothingTrial(*current)) m_session->smoothing()->revert();
}

void InspectorPanel::setSmoothingShown(bool isShown) {
  m_isSmoothingShown = isShown;
  m_smoothing->setVisible(isShown);
  refresh();
}

void InspectorPanel::toggleLock() {
  const std::vector<LinearId> ids = targets();
  setLocked(*m_session, ids, !areAllLocked(*m_session, ids));
  m_refresh.start();
}

void InspectorPanel::selectionChanged() {
  // A what-if belongs to the linears it was tried on.
  m_session->plan()->setWhatIf(std::nullopt);
  m_refresh.start();
}

}  // namespace ql
