#include "widgets/panels/smoothing_inspector.h"

#include "widgets/bridge/calibration_control.h"
#include "widgets/bridge/smoothing_control.h"
#include "widgets/canvas/canvas.h"
#include "widgets/panels/evidence_dot.h"
#include "widgets/panels/form_parts.h"
#include "widgets/panels/inspector_section.h"
#include "widgets/panels/scales_view.h"
#include "widgets/panels/smoothing_form.h"
#include "widgets/panels/verdict_box.h"

#include <QDialog>
#include <QDialogButtonBox>
#include <QFormLayout>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QMenu>
#include <QScrollArea>
#include <QSpinBox>
#include <QVBoxLayout>

#include <algorithm>

namespace ql {

namespace {

constexpr int kScalesHeight = 112;

}  // namespace

SmoothingInspector::SmoothingInspector(Session* session, QWidget* parent)
    : QWidget(parent), m_session(session), m_control(session->smoothing()) {
  auto* outer = new QVBoxLayout(this);
  outer->setContentsMargins(0, 0, 0, 0);
  outer->setSpacing(0);
  m_empty = makeDimLabel({}, FontRole::Body, this);
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
  QLabel* caption = nullptr;
  QVBoxLayout* section = addInspectorSection(m_content, column, tr("Smoothing"), &caption);
  section->addWidget(m_form = new SmoothingForm(m_control, m_content));
  setupErrors(column);
  setupScales(column);
  setupInstead(column);
  setupCost(column);
  column->addStretch();
  m_scroll->setWidget(m_content);
  outer->addWidget(m_scroll, 1);
  setupFooter(outer);
  m_refresh.setSingleShot(true);
  m_refresh.setInterval(0);
  connect(&m_refresh, &QTimer::timeout, this, &SmoothingInspector::refresh);
  const auto later = [this] { refreshLater(); };
  connect(m_control, &SmoothingControl::groupChanged, this, later);
  connect(m_control, &SmoothingControl::trialChanged, this, later);
  connect(m_control, &SmoothingControl::curvesChanged, this, later);
  connect(m_control, &SmoothingControl::figuresChanged, this, later);
  connect(m_control, &SmoothingControl::channelsChanged, this, later);
  connect(m_control, &SmoothingControl::rowsChanged, this, later);
  connect(m_control, &SmoothingControl::problemChanged, this, later);
  connect(session, &Session::layersMeasured, this, later);
  connect(session, &Session::viewChanged, this, later);
  refresh();
}

void SmoothingInspector::setupHeader(QVBoxLayout* column) {
  auto* section = new QVBoxLayout;
  const int side = scaledPx(metrics::kInspectorPadding);
  section->setContentsMargins(side, scaledPx(10), side, scaledPx(10));
  section->setSpacing(scaledPx(4));
  auto* head = new QHBoxLayout;
  head->setSpacing(scaledPx(8));
  head->addWidget(m_name = makeLabel({}, FontRole::Heading, m_content));
  head->addWidget(m_shape = makeDimLabel({}, FontRole::Body, m_content), 1);
  section->addLayout(head);
  section->addWidget(m_path = new ElidedLabel(m_content, Qt::ElideMiddle));
  m_path->setFont(uiFont(FontRole::Mono));
  m_path->setProperty("dim", true);
  section->addSpacing(scaledPx(4));
  section->addWidget(m_verdict = new VerdictBox(m_content));
  column->addLayout(section);
}

void SmoothingInspector::setupErrors(QVBoxLayout* column) {
  QVBoxLayout* section = addInspectorSection(m_content, column, tr("Error"), &m_errorCaption);
  auto* grid = new QGridLayout;
  grid->setHorizontalSpacing(scaledPx(5));
  grid->setVerticalSpacing(0);
  grid->setColumnStretch(0, 1);
  const QString names[] = {tr("Output, W+A"), tr("Output, W only"), tr("Output, A only")};
  for (int i = 0; i < 3; ++i) {
    Row row{makeLabel(names[i], FontRole::Body, m_content), makeDimLabel({}, FontRole::Body, m_content),
            makeDimLabel({}, FontRole::Body, m_content),    makeLabel({}, FontRole::Semibold, m_content),
            makeDimLabel({}, FontRole::Axis, m_content),    new EvidenceDot(m_content)};
    // Fixed widths: a value that is recomputed keeps its place.
    row.before->setMinimumWidth(scaledPx(50));
    row.after->setMinimumWidth(scaledPx(54));
    row.origin->setMinimumWidth(scaledPx(58));
    row.before->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    row.after->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    row.name->setMinimumHeight(scaledPx(metrics::kReadoutRow));
    QWidget* cells[] = {row.name, row.before, row.arrow, row.after, row.dot, row.origin};
    for (int at = 0; at < 6; ++at) grid->addWidget(cells[at], i, at);
    m_rows.push_back(row);
  }
  section->addLayout(grid);
  m_note = makeLabel(tr("While the slider moves: a preview with its interval."), FontRole::Axis, m_content);
  m_note->setProperty("faint", true);
  m_note->setWordWrap(true);
  section->addWidget(m_note);
}

void SmoothingInspector::setupScales(QVBoxLayout* column) {
  QVBoxLayout* section = addInspectorSection(m_content, column, tr("Scales S"), &m_scalesCaption);
  auto* canvas = new Canvas(m_scales = new ScalesView(this), m_content);
  canvas->setFixedHeight(scaledPx(kScalesHeight));
  canvas->setAccessibleName(tr("Smoothing factors"));
  connect(canvas, &Canvas::message, m_session, &Session::message);
  section->addWidget(canvas);
  auto* grid = new QGridLayout;
  grid->setHorizontalSpacing(scaledPx(12));
  grid->setVerticalSpacing(scaledPx(2));
  grid->setColumnStretch(1, 1);
  grid->setColumnStretch(3, 1);
  const auto cell = [&](const QString& name, QLabel** value, int row, int at) {
    grid->addWidget(makeDimLabel(name, FontRole::Body, m_content), row, at);
    grid->addWidget(*value = makeLabel({}, FontRole::Body, m_content), row, at + 1, Qt::AlignRight);
  };
  cell(tr("Smallest"), &m_smallest, 0, 0);
  cell(tr("Median"), &m_median, 0, 2);
  cell(tr("Largest"), &m_largest, 1, 0);
  cell(tr("Clamped"), &m_clamped, 1, 2);
  section->addLayout(grid);
}

void SmoothingInspector::setupInstead(QVBoxLayout* column) {
  QVBoxLayout* section = addInspectorSection(m_content, column, tr("Instead"), &m_insteadCaption);
  static_cast<QHBoxLayout*>(section->itemAt(0)->layout())
      ->addWidget(makeDimLabel(tr("bits/weight"), FontRole::Axis, m_content));
  auto* grid = new QGridLayout;
  grid->setHorizontalSpacing(scaledPx(10));
  grid->setVerticalSpacing(scaledPx(2));
  grid->setColumnStretch(1, 1);
  int at = 0;
  for (const std::int64_t size : {32, 16}) {
    Instead line{size, makeLabel(tr("Group %1").arg(size), FontRole::Body, m_content),
                 makeLabel({}, FontRole::Body, m_content), makeDimLabel({}, FontRole::Body, m_content)};
    grid->addWidget(line.name, at, 0);
    grid->addWidget(line.errors, at, 1, Qt::AlignRight);
    grid->addWidget(line.bits, at, 2, Qt::AlignRight);
    m_instead.push_back(line);
    ++at;
  }
  section->addLayout(grid);
}

void SmoothingInspector::setupCost(QVBoxLayout* column) {
  QVBoxLayout* section = addInspectorSection(m_content, column, tr("Cost"), &m_costCaption);
  auto* grid = new QGridLayout;
  grid->setVerticalSpacing(scaledPx(2));
  grid->setColumnStretch(0, 1);
  grid->addWidget(m_worstName = makeLabel({}, FontRole::Body, m_content), 0, 0);
  grid->addWidget(m_worst = makeLabel({}, FontRole::Body, m_content), 0, 1, Qt::AlignRight);
  grid->addWidget(makeLabel(tr("Bits per weight"), FontRole::Body, m_content), 1, 0);
  grid->addWidget(m_bits = makeLabel({}, FontRole::Body, m_content), 1, 1, Qt::AlignRight);
  grid->addWidget(makeLabel(tr("Run-time work"), FontRole::Body, m_content), 2, 0);
  grid->addWidget(m_work = makeLabel({}, FontRole::Body, m_content), 2, 1, Qt::AlignRight);
  m_worst->setTextFormat(Qt::RichText);
  m_bits->setTextFormat(Qt::RichText);
  section->addLayout(grid);
}

void SmoothingInspector::setupFooter(QVBoxLayout* column) {
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
  m_apply->setToolTip(tr("Write this smoothing into the plan for all readers of the group; one undo step"));
  row->addWidget(m_apply, 1);
  m_applyTo = new QPushButton(tr("Apply to"), m_footer);
  m_applyTo->setProperty("hasMenu", true);
  m_applyTo->setToolTip(tr("Write this smoothing into the plan for other groups"));
  auto* menu = new QMenu(m_applyTo);
  menu->setToolTipsVisible(true);
  fillApplyMenu(menu);
  m_applyTo->setMenu(menu);
  row->addWidget(m_applyTo);
  m_revert = new QPushButton(tr("Revert"), m_footer);
  m_revert->setToolTip(tr("Back to what the plan says; the plan stays as it is"));
  row->addWidget(m_revert);
  rows->addLayout(row);
  column->addWidget(m_footer);
  connect(m_apply, &QPushButton::clicked, m_control, &SmoothingControl::apply);
  connect(m_revert, &QPushButton::clicked, m_control, &SmoothingControl::revert);
}

void SmoothingInspector::fillApplyMenu(QMenu* menu) {
  using Set = SmoothingControl::GroupSet;
  const auto addSets = [this](QMenu* to, bool eachOptimum) {
    const auto add = [&](const QString& text, Set set) {
      to->addAction(text, m_control,
                    [this, set, eachOptimum] { m_control->applyTo(m_control->groupsOf(set), eachOptimum); });
    };
    add(tr("All blocks, this role"), Set::SameKind);
    add(tr("Same diagnosis"), Set::SameDiagnosis);
    add(tr("All groups above the target"), Set::AboveTarget);
    add(tr("All groups"), Set::All);
  };
  menu->addAction(tr("This group"), m_control, &SmoothingControl::apply);
  menu->addAction(tr("Block range…"), this, &SmoothingInspector::applyToBlocks);
  menu->addSeparator();
  addSets(menu->addMenu(tr("At this alpha")), false);
  addSets(menu->addMenu(tr("Each group at its optimum")), true);
}

void SmoothingInspector::applyToBlocks() {
  const std::optional<std::size_t> group = m_control->group();
  if (!group) return;
  const Model& model = *m_session->model();
  const int last = std::max(0, model.blockCount - 1);
  const int block = model.linears[model.smoothingGroups[*group].consumers.front()].block.value_or(0);
  QDialog dialog(this);
  dialog.setWindowTitle(tr("Smooth a range of blocks"));
  auto* form = new QFormLayout(&dialog);
  QSpinBox first, final;
  for (QSpinBox* box : {&first, &final}) box->setRange(0, last);
  first.setValue(block);
  final.setValue(last);
  form->addRow(tr("&First block"), &first);
  form->addRow(tr("&Last block"), &final);
  QDialogButtonBox buttons(QDialogButtonBox::Cancel);
  connect(buttons.addButton(tr("Apply this alpha"), QDialogButtonBox::AcceptRole), &QPushButton::clicked,
          &dialog, [&dialog] { dialog.done(1); });
  connect(buttons.addButton(tr("Apply each optimum"), QDialogButtonBox::AcceptRole), &QPushButton::clicked,
          &dialog, [&dialog] { dialog.done(2); });
  connect(&buttons, &QDialogButtonBox::rejected, &dialog, &QDialog::reject);
  form->addRow(&buttons);
  const int answer = dialog.exec();
  if (answer > 0) m_control->applyTo(m_control->groupsInBlocks(first.value(), final.value()), answer == 2);
}

void SmoothingInspector::showEvent(QShowEvent* event) {
  QWidget::showEvent(event);
  refreshLater();
}

void SmoothingInspector::refreshLater() {
  if (isVisible()) m_refresh.start();
}

QString SmoothingInspector::beforeText(int row) const {
  return m_rows.at(static_cast<std::size_t>(row)).before->text();
}
QString SmoothingInspector::afterText(int row) const {
  return m_rows.at(static_cast<std::size_t>(row)).after->text();
}
QString SmoothingInspector::originText(int row) const {
  return m_rows.at(static_cast<std::size_t>(row)).origin->text();
}

}  // namespace ql
