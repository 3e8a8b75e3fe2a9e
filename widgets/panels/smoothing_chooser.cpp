#include "widgets/panels/smoothing_chooser.h"

#include "widgets/bridge/session.h"
#include "widgets/bridge/smoothing_control.h"
#include "widgets/bridge/smoothing_names.h"
#include "widgets/panels/form_parts.h"

#include <QAbstractItemView>
#include <QComboBox>
#include <QGridLayout>

namespace ql {

SmoothingChooser::SmoothingChooser(Session* session, QWidget* form) : QObject(form), m_session(session) {
  auto* grid = static_cast<QGridLayout*>(form->layout());
  const int row = grid->rowCount();
  m_name = makeDimLabel(tr("Smoothing"), FontRole::Body, form);
  m_combo = new QComboBox(form);
  m_combo->setAccessibleName(tr("Smoothing"));
  m_combo->setMinimumContentsLength(4);
  m_combo->setMinimumWidth(scaledPx(80));
  m_combo->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
  m_combo->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  m_combo->view()->setMinimumWidth(scaledPx(110));
  m_combo->addItems({tr("none"), tr("SmoothQuant"), tr("bi-smoothing")});
  m_name->setBuddy(m_combo);
  m_open = new QPushButton(tr("Open curve"), form);
  m_open->setProperty("link", true);
  m_open->setCursor(Qt::PointingHandCursor);
  m_open->setToolTip(tr("Error over alpha of this linear's group, on the Smoothing page"));
  grid->addWidget(m_name, row, 0, Qt::AlignRight | Qt::AlignVCenter);
  grid->addWidget(m_combo, row, 1);
  grid->addWidget(m_open, row, 2, Qt::AlignLeft | Qt::AlignVCenter);
  connect(m_combo, &QComboBox::activated, this, &SmoothingChooser::take);
  connect(m_open, &QPushButton::clicked, session->smoothing(), &SmoothingControl::openPage);
}

void SmoothingChooser::take(int method) {
  SmoothingControl* control = m_session->smoothing();
  SmoothingTrial trial = control->trial();
  trial.method = static_cast<SmoothingTrial::Method>(method);
  control->setTrial(trial);
  control->takeOptimum();  // when the curve is known; else the alpha stays
}

void SmoothingChooser::trySmoothing() {
  SmoothingTrial trial;  // by medians
  m_session->smoothing()->setTrial(trial);
  m_session->smoothing()->takeOptimum();
}

void SmoothingChooser::refresh(LinearId id) {
  SmoothingControl* control = m_session->smoothing();
  const std::optional<std::size_t> group = control->groupOf(id);
  const bool isCurrent = group && group == control->group();
  const bool isFoldable = isCurrent && control->fold().isFoldable;
  SmoothingTrial shown;
  shown.method = SmoothingTrial::Method::None;
  if (isCurrent) shown = control->isTouched() ? control->trial() : control->planned(*group);
  m_combo->setCurrentIndex(static_cast<int>(shown.method));
  m_combo->setEnabled(isFoldable);
  m_open->setEnabled(isCurrent);
  m_open->setText(shown.method == SmoothingTrial::Method::None
                      ? tr("Open curve")
                      : tr("α %1, open curve").arg(alphaText(shown.alpha)));
  m_combo->setToolTip(isFoldable  ? tr("Of the whole group: %1").arg(control->groupText(*group))
                      : isCurrent ? tr("Not possible: %1").arg(QString::fromStdString(control->fold().reason))
                                  : tr("Nothing in front of this linear could be divided"));
  const bool isChanged = isCurrent && control->isTouched() && !control->isTrialAsPlanned();
  setStyleProperty(m_combo, "changed", isChanged);
}

}  // namespace ql
