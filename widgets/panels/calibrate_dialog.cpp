#include "widgets/panels/calibrate_dialog.h"

#include "core/folders.h"
#include "core/workspace_salience.h"
#include "widgets/bridge/calibration_control.h"
#include "widgets/bridge/command_text.h"
#include "widgets/bridge/number_format.h"
#include "widgets/bridge/session.h"
#include "widgets/panels/form_parts.h"
#include "widgets/panels/text_chooser.h"

#include <QCheckBox>
#include <QClipboard>
#include <QDialogButtonBox>
#include <QFormLayout>
#include <QGuiApplication>
#include <QSpinBox>
#include <QVBoxLayout>

namespace ql {

CalibrateDialog::CalibrateDialog(Session* session, QWidget* parent) : QDialog(parent), m_session(session) {
  setWindowTitle(tr("Calibrate"));
  setMinimumWidth(scaledPx(520));
  auto* column = new QVBoxLayout(this);
  column->setSpacing(scaledPx(metrics::kGap));
  QLabel* what = makeDimLabel(
      tr("Runs the model block by block on text. Every linear then shows what it really receives, and its "
         "output error instead of an estimate."),
      FontRole::Body, this);
  what->setWordWrap(true);
  column->addWidget(what);
  auto* form = new QFormLayout;
  form->setLabelAlignment(Qt::AlignRight);
  form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
  column->addLayout(form);
  m_text = new TextChooser(session, TextChooser::Use::Calibration, form, this);
  setupOptions(form);
  setupButtons();
  connect(m_text, &TextChooser::changed, this, &CalibrateDialog::refresh);
  connect(session->calibration(), &CalibrationControl::changed, this, &CalibrateDialog::refresh);
  refresh();
}

void CalibrateDialog::setupOptions(QFormLayout* form) {
  auto* column = static_cast<QVBoxLayout*>(layout());
  m_sample = new QSpinBox(this);
  m_sample->setRange(8, 4096);
  m_sample->setValue(256);
  m_sample->setSuffix(tr(" tokens"));
  m_sample->setToolTip(
      tr("Tokens kept whole at every site: what heatmaps show and activation errors are measured on"));
  form->addRow(tr("&Sample"), m_sample);
  m_moments = new QCheckBox(tr("Keep second moments in the &file"), this);
  m_moments->setToolTip(
      tr("Output errors and salience stay exact in later sessions; about 2 × in² bytes a site, %1 here")
          .arg(sizeText(momentBytes(*m_session->model()))));
  m_moments->setChecked(momentBytes(*m_session->model()) <= kSmallMomentBytes);
  form->addRow(QString(), m_moments);
  m_again = new QCheckBox(tr("Start &over, do not continue"), this);
  m_again->setToolTip(tr("Finished blocks of the same text and settings are normally not run again"));
  form->addRow(QString(), m_again);
  column->addWidget(m_known = makeDimLabel({}, FontRole::Axis, this));
  column->addWidget(m_wayOut = makeLabel({}, FontRole::Body, this));
  for (QLabel* label : {m_known, m_wayOut}) label->setWordWrap(true);
  m_wayOut->setTextInteractionFlags(Qt::TextSelectableByMouse);
  column->addStretch(1);
}

void CalibrateDialog::setupButtons() {
  auto* buttons = new QDialogButtonBox(QDialogButtonBox::Cancel, this);
  m_import = buttons->addButton(tr("&Import activations…"), QDialogButtonBox::ActionRole);
  m_import->setToolTip(tr("Take them from a file instead: .safetensors, .npz, imatrix, act_scales, capture"));
  m_copy = buttons->addButton(tr("Copy as comman&d"), QDialogButtonBox::ActionRole);
  m_copy->setIcon(themeIcon(QStringLiteral("command")));
  m_start = buttons->addButton(tr("Calibrate"), QDialogButtonBox::AcceptRole);
  setStyleProperty(m_start, "accent", true);
  m_start->setDefault(true);
  layout()->addWidget(buttons);
  connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
  connect(m_start, &QPushButton::clicked, this, &CalibrateDialog::start);
  connect(m_import, &QPushButton::clicked, this, [this] {
    reject();
    emit importRequested();
  });
  connect(m_copy, &QPushButton::clicked, this, [this] {
    const TextSource source = m_text->source();
    const bool isIds = !source.ids.empty();
    QGuiApplication::clipboard()->setText(
        calibrateCommand(*m_session, QString::fromStdString((isIds ? source.ids : source.text).string()),
                         isIds, m_text->windows(), m_moments->isChecked()));
  });
}

void CalibrateDialog::refresh() {
  const CalibrationControl& calibration = *m_session->calibration();
  const std::optional<CalibrationRecord>& record = calibration.record();
  QString known;
  if (calibration.isRunning())
    known = tr("A calibration is running; starting another one ends it.");
  else if (record && !record->isComplete)
    known = tr("A calibration has not ended (%1). The same text and settings continue behind the last "
               "finished block.")
                .arg(calibration.recordText());
  else if (record)
    known = tr("There are activations already: %1. Other text or settings replace them.")
                .arg(calibration.recordText());
  m_known->setText(known);
  m_known->setVisible(!known.isEmpty());
  const CalibrationReadiness& ready = m_session->calibration()->readiness();
  const bool isStuck = ready.isKnown && !ready.forwardProblem.isEmpty();
  m_wayOut->setText(
      tr("On a machine that can run the model, %1 captures the same statistics into an .h5 file "
         "that Import activations reads.")
          .arg(QString::fromStdString((resourceFolder() / "capture" / "quantloupe_capture.py").string())));
  m_wayOut->setVisible(isStuck);
  m_start->setEnabled(ready.isKnown && m_text->problem().isEmpty());
  m_start->setToolTip(m_start->isEnabled() ? tr("Runs as a job: progress and cancel in the status bar")
                                           : m_text->problem());
  // Sentences that wrap must not squeeze the fields above them.
  if (const int needed = layout()->totalHeightForWidth(width()); needed > height()) resize(width(), needed);
}

bool CalibrateDialog::keepsMoments() const {
  return m_moments->isChecked();
}

void CalibrateDialog::setKeepsMoments(bool keeps) {
  m_moments->setChecked(keeps);
}

void CalibrateDialog::start() {
  CalibrateOptions options;
  options.source = m_text->source();
  options.windows = m_text->windows();
  options.memoryBytes = m_text->memoryBytes();
  options.accumulator.sampleTokens = m_sample->value();
  options.keepMoments = m_moments->isChecked();
  options.resume = !m_again->isChecked();
  m_session->calibration()->calibrate(options);
  accept();
}

}  // namespace ql
