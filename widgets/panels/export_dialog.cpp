#include "widgets/panels/export_dialog.h"

#include "widgets/bridge/command_text.h"
#include "widgets/bridge/core_text.h"
#include "widgets/bridge/number_format.h"
#include "widgets/bridge/session.h"
#include "widgets/bridge/settings.h"
#include "widgets/panels/form_parts.h"

#include <QCheckBox>
#include <QClipboard>
#include <QComboBox>
#include <QDialogButtonBox>
#include <QDoubleSpinBox>
#include <QFileDialog>
#include <QFileInfo>
#include <QFormLayout>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QVBoxLayout>

namespace ql {

namespace {

QString fromView(std::string_view text) {
  return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
}

QPlainTextEdit* makeTextView(const QString& name, QWidget* parent) {
  auto* view = new QPlainTextEdit(parent);
  view->setReadOnly(true);
  view->setFont(uiFont(FontRole::Mono));
  view->setAccessibleName(name);
  view->setTabChangesFocus(true);
  return view;
}

/// The form field of one option; its value is read back by optionOf().
QWidget* makeField(const OptionSpec& spec, QWidget* parent) {
  if (const bool* value = std::get_if<bool>(&spec.defaultValue)) {
    auto* box = new QCheckBox(parent);
    box->setChecked(*value);
    return box;
  }
  if (!spec.choices.empty()) {
    auto* box = new QComboBox(parent);
    for (const std::string& choice : spec.choices) box->addItem(QString::fromStdString(choice));
    box->setCurrentText(QString::fromStdString(optionText(spec.defaultValue)));
    return box;
  }
  auto* edit = new QLineEdit(QString::fromStdString(optionText(spec.defaultValue)), parent);
  return edit;
}

OptionValue optionOf(const OptionSpec& spec, QWidget* field) {
  if (auto* box = qobject_cast<QCheckBox*>(field)) return box->isChecked();
  const auto* combo = qobject_cast<QComboBox*>(field);
  const QString text = combo ? combo->currentText() : static_cast<QLineEdit*>(field)->text();
  if (std::holds_alternative<std::int64_t>(spec.defaultValue))
    return static_cast<std::int64_t>(text.toLongLong());
  if (std::holds_alternative<double>(spec.defaultValue)) return text.toDouble();
  return text.toStdString();
}

}  // namespace

ExportDialog::ExportDialog(Session* session, QWidget* parent) : QDialog(parent), m_session(session) {
  setWindowTitle(tr("Export plan"));
  resize(QSize(scaledPx(760), scaledPx(640))
             .boundedTo(parent ? parent->size() - QSize(40, 40) : QSize(760, 640)));
  new QVBoxLayout(this);
  setupTarget();
  setupLists();
  setupButtons();
  targetChanged();
}

void ExportDialog::setupTarget() {
  auto* form = new QFormLayout;
  form->setLabelAlignment(Qt::AlignRight);
  m_target = new QComboBox(this);
  m_target->setAccessibleName(tr("Target"));
  m_target->setToolTip(tr("The tool the plan is written for"));
  for (const Exporter* exporter : exporters()) m_target->addItem(fromView(exporter->name));
  m_target->setCurrentText(QStringLiteral("llm-compressor"));  // what most plans are made for
  form->addRow(tr("&Target"), m_target);
  form->addRow(QString(), m_sentence = makeDimLabel({}, FontRole::Axis, this));
  m_sentence->setWordWrap(true);
  auto* row = new QHBoxLayout;
  m_path = new QLineEdit(this);
  m_path->setAccessibleName(tr("File or folder to write"));
  row->addWidget(m_path, 1);
  auto* browse = new QPushButton(tr("&Browse…"), this);
  row->addWidget(browse);
  auto* holder = new QWidget(this);
  holder->setLayout(row);
  row->setContentsMargins(0, 0, 0, 0);
  form->addRow(tr("Write &to"), holder);
  m_options = form;
  static_cast<QVBoxLayout*>(layout())->addLayout(form);
  connect(m_target, &QComboBox::currentIndexChanged, this, &ExportDialog::targetChanged);
  connect(browse, &QPushButton::clicked, this, &ExportDialog::chooseFile);
}

void ExportDialog::setupLists() {
  auto* column = static_cast<QVBoxLayout*>(layout());
  column->addWidget(m_problemTitle = makeLabel({}, FontRole::Semibold, this));
  column->addWidget(m_problems = makeTextView(tr("Not expressible, and warnings of loaders"), this), 2);
  m_problems->setFont(uiFont(FontRole::Body));
  column->addWidget(m_leaveOut = new QCheckBox(tr("&Leave these out"), this));
  m_leaveOut->setToolTip(tr("Without this nothing is written while the target cannot express the plan"));
  column->addWidget(makeLabel(tr("Preview"), FontRole::Semibold, this));
  column->addWidget(m_preview = makeTextView(tr("Preview of the file"), this), 5);
  column->addWidget(m_error = makeLabel({}, FontRole::Body, this));
  m_error->setProperty("bad", true);
  m_error->setWordWrap(true);
  connect(m_leaveOut, &QCheckBox::toggled, this, &ExportDialog::showResult);
}

void ExportDialog::setupButtons() {
  auto* buttons = new QDialogButtonBox(QDialogButtonBox::Cancel, this);
  m_copy = buttons->addButton(tr("&Copy as command"), QDialogButtonBox::ActionRole);
  m_copy->setIcon(themeIcon(QStringLiteral("command")));
  m_write = buttons->addButton(tr("&Export"), QDialogButtonBox::AcceptRole);
  setStyleProperty(m_write, "accent", true);
  m_write->setDefault(true);
  layout()->addWidget(buttons);
  connect(m_write, &QPushButton::clicked, this, &ExportDialog::write);
  connect(m_copy, &QPushButton::clicked, this, [this] {
    QGuiApplication::clipboard()->setText(exportCommand(*m_session, m_target->currentText(), m_path->text()));
  });
  connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
}

const Exporter& ExportDialog::exporter() const {
  return findExporter(m_target->currentText().toStdString());
}

void ExportDialog::targetChanged() {
  const Exporter& target = exporter();
  m_sentence->setText(coreText(target.sentence));
  const QString plan = m_session->plan()->filePath();
  const QString folder = plan.isEmpty() ? settings::lastFolder() : QFileInfo(plan).absolutePath();
  m_path->setText(folder + QLatin1Char('/') + fromView(target.defaultFile));
  makeOptionFields();
  m_leaveOut->setChecked(false);
  make();
}

void ExportDialog::makeOptionFields() {
  for (const auto& [key, field] : m_fields) m_options->removeRow(field);
  m_fields.clear();
  for (const OptionSpec& spec : exporter().options) {
    QWidget* field = makeField(spec, this);
    const QString name = QString::fromStdString(spec.key).replace(QLatin1Char('_'), QLatin1Char(' '));
    field->setToolTip(QString::fromStdString(spec.sentence));
    field->setAccessibleName(name);
    m_options->addRow(
        spec.unit.empty() ? name : QStringLiteral("%1, %2").arg(name, QString::fromStdString(spec.unit)),
        field);
    if (auto* box = qobject_cast<QCheckBox*>(field))
      connect(box, &QCheckBox::toggled, this, &ExportDialog::make);
    if (auto* combo = qobject_cast<QComboBox*>(field))
      connect(combo, &QComboBox::activated, this, &ExportDialog::make);
    if (auto* edit = qobject_cast<QLineEdit*>(field))
      connect(edit, &QLineEdit::editingFinished, this, &ExportDialog::make);
    m_fields.emplace_back(spec.key, field);
  }
}

OptionValues ExportDialog::optionValues() const {
  OptionValues values;
  for (const OptionSpec& spec : exporter().options)
    for (const auto& [key, field] : m_fields)
      if (key == spec.key) values[key] = optionOf(spec, field);
  return values;
}

void ExportDialog::make() {
  m_result.reset();
  m_error->clear();
  try {
    const Exporter& target = exporter();
    const OptionValues options = completeOptions(std::string(target.name), target.options, optionValues());
    m_result = target.make(m_session->plan()->plan(), *m_session->model(), options);
  } catch (const Error& e) {
    m_error->setText(QString::fromUtf8(e.what()));
  }
  showResult();
}

void ExportDialog::showResult() {
  QStringList lines;
  const std::size_t missing = m_result ? m_result->notExpressible.size() : 0;
  if (m_result) {
    for (const NotExpressible& item : m_result->notExpressible)
      lines << tr("%1: %2 cannot be expressed; left out, %3.")
                   .arg(item.layer.empty() ? tr("whole plan") : QString::fromStdString(item.layer),
                        QString::fromStdString(item.feature), QString::fromStdString(item.instead));
    for (const std::string& warning : m_result->loaderWarnings)
      lines << tr("Warning: %1").arg(QString::fromStdString(warning));
    QStringList texts;
    for (const ExportFile& file : m_result->files)
      texts << (m_result->files.size() > 1 ? QStringLiteral("# %1\n").arg(QString::fromStdString(file.name))
                                           : QString()) +
                   QString::fromStdString(file.content);
    m_preview->setPlainText(texts.join(QLatin1Char('\n')));
  }
  const std::size_t warnings = m_result ? m_result->loaderWarnings.size() : 0;
  m_problemTitle->setText(missing > 0    ? tr("%1 things this target cannot express").arg(missing)
                          : warnings > 0 ? tr("What loaders will say")
                                         : tr("Everything can be expressed"));
  m_problems->setPlainText(lines.join(QLatin1Char('\n')));
  m_problems->setVisible(!lines.isEmpty());
  m_leaveOut->setVisible(missing > 0);
  m_write->setEnabled(m_result && (missing == 0 || m_leaveOut->isChecked()));
}

void ExportDialog::chooseFile() {
  const QString path = QFileDialog::getSaveFileName(this, tr("Export to"), m_path->text());
  if (!path.isEmpty()) m_path->setText(path);
}

void ExportDialog::write() {
  try {
    const auto written = writeExport(*m_result, m_path->text().toStdString(), m_leaveOut->isChecked());
    QStringList names;
    for (const auto& path : written) names << QString::fromStdString(path.string());
    emit m_session->message(tr("Exported %1").arg(names.join(QStringLiteral(", "))), false);
    for (const std::string& warning : m_result->loaderWarnings)
      emit m_session->jobs()->logged(QString::fromStdString(warning));
    accept();
  } catch (const Error& e) {
    m_error->setText(QString::fromUtf8(e.what()));
  }
}

}  // namespace ql
