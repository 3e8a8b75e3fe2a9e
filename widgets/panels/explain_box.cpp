#include "widgets/panels/explain_box.h"

#include "core/workspace_explain.h"
#include "widgets/bridge/calibration_control.h"
#include "widgets/bridge/number_format.h"
#include "widgets/bridge/smoothing_control.h"
#include "widgets/bridge/smoothing_planned.h"
#include "widgets/panels/form_parts.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QSettings>
#include <QVBoxLayout>

namespace ql {

namespace {

const QString kUnfolded = QStringLiteral("inspector/explain");

}  // namespace

ExplainBox::ExplainBox(Session* session, QWidget* parent)
    : QWidget(parent),
      m_session(session),
      m_toggle(new QToolButton(this)),
      m_copy(makeIconButton(QStringLiteral("copy"), tr("Copy the explanation"), this)),
      m_label(makeLabel({}, FontRole::Body, this)) {
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(scaledPx(2));
  auto* head = new QHBoxLayout;
  head->setSpacing(scaledPx(4));
  m_toggle->setText(tr("E&xplain"));
  m_toggle->setCheckable(true);
  m_toggle->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
  m_toggle->setIconSize(QSize(scaledPx(10), scaledPx(10)));
  m_toggle->setFocusPolicy(Qt::StrongFocus);
  m_toggle->setFont(uiFont(FontRole::Semibold));
  m_toggle->setToolTip(
      tr("What dominates the error of this linear, which channels, and what each remedy gives"));
  m_copy->setFocusPolicy(Qt::StrongFocus);
  head->addWidget(m_toggle);
  head->addStretch(1);
  head->addWidget(m_copy);
  column->addLayout(head);
  m_label->setWordWrap(true);
  m_label->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
  m_label->setAccessibleName(tr("Explanation"));
  column->addWidget(m_label);
  m_later.setSingleShot(true);
  m_later.setInterval(0);
  connect(&m_later, &QTimer::timeout, this, &ExplainBox::reload);
  connect(m_toggle, &QToolButton::toggled, this, &ExplainBox::setUnfolded);
  connect(m_copy, &QToolButton::clicked, this, &ExplainBox::copy);
  connect(session, &Session::workspaceChanged, this, &ExplainBox::later);
  connect(session, &Session::layersMeasured, this, &ExplainBox::later);
  connect(session, &Session::viewChanged, this, &ExplainBox::later);
  connect(session->calibration(), &CalibrationControl::changed, this, &ExplainBox::later);
  connect(session->plan(), &PlanDocument::planChanged, this, &ExplainBox::later);
  connect(session->plan(), &PlanDocument::whatIfChanged, this, &ExplainBox::later);
  connect(session->selection(), &Selection::currentChanged, this, &ExplainBox::later);
  m_toggle->setChecked(QSettings().value(kUnfolded, false).toBool());
  setUnfolded(m_toggle->isChecked());
}

bool ExplainBox::isUnfolded() const {
  return m_toggle->isChecked();
}

void ExplainBox::setUnfolded(bool isOn) {
  m_toggle->setChecked(isOn);
  m_toggle->setIcon(themeIcon(isOn ? QStringLiteral("chevron-down") : QStringLiteral("chevron-right")));
  m_label->setVisible(isOn);
  m_copy->setVisible(isOn);
  QSettings().setValue(kUnfolded, isOn);
  later();
}

void ExplainBox::later() {
  if (isUnfolded()) m_later.start();
}

void ExplainBox::reload() {
  const auto workspace = m_session->workspace();
  const auto current = m_session->selection()->current();
  if (!workspace || !current) return show({});
  DiagnosisOptions options;
  options.target = m_session->view().target;
  options.choice = m_session->shownChoice(*current);
  m_session->error(*current, options.choice);  // asked for when it is missing; layersMeasured() follows
  m_session->jobs()->run<QString>(
      this, QStringLiteral("explain"), tr("Explaining a linear"), true,
      [workspace, id = *current, options](JobContext&) {
        return QString::fromStdString(explainLinear(*workspace, id, options).text());
      },
      [this, workspace, id = *current](const QString& paragraph) {
        if (workspace == m_session->workspace() && id == m_session->selection()->current()) show(paragraph);
      });
}

void ExplainBox::show(const QString& paragraph) {
  m_paragraph = paragraph;
  QString shown = paragraph.isEmpty() ? tr("Nothing is measured under this choice yet.") : paragraph;
  const auto current = m_session->selection()->current();
  if (!paragraph.isEmpty() && current && m_session->smoothing()->plannedFigures()->entryOf(*current))
    shown = tr("Without the smoothing of the plan:") + QLatin1Char(' ') + shown;
  m_label->setText(shown.replace(QStringLiteral(" %"), kNarrowSpace + QStringLiteral("%")));  // one word
  m_copy->setEnabled(!paragraph.isEmpty());
}

void ExplainBox::copy() {
  if (m_paragraph.isEmpty()) return;
  QGuiApplication::clipboard()->setText(m_paragraph);
  emit m_session->message(tr("Explanation copied."), false);
}

}  // namespace ql
