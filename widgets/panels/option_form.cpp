#include "widgets/panels/option_form.h"

#include "widgets/bridge/core_text.h"
#include "widgets/panels/form_parts.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QGridLayout>
#include <QLineEdit>
#include <QSpinBox>

#include <limits>

namespace ql {

namespace {

/// "act_order" is written "act-order" in the field's papers and tools.
QString labelOf(const OptionSpec& spec) {
  QString text = QString::fromStdString(spec.key);
  return text.replace(QLatin1Char('_'), QLatin1Char('-'));
}

QString tipOf(const OptionSpec& spec) {
  const QString sentence = coreText(spec.sentence);
  return spec.unit.empty() ? sentence : OptionForm::tr("%1 Unit: %2.").arg(sentence, coreText(spec.unit));
}

}  // namespace

OptionForm::OptionForm(QWidget* parent) : QWidget(parent), m_grid(new QGridLayout(this)) {
  m_grid->setContentsMargins(0, 0, 0, 0);
  m_grid->setHorizontalSpacing(scaledPx(5));
  m_grid->setVerticalSpacing(scaledPx(4));
  m_grid->setColumnStretch(1, 1);
}

void OptionForm::setOptions(const std::string& owner, const std::vector<OptionSpec>& specs,
                            const OptionValues& values) {
  m_isSetting = true;
  if (owner != m_owner || specs.size() != m_specs.size()) {
    while (QLayoutItem* item = m_grid->takeAt(0)) {
      if (item->widget()) item->widget()->deleteLater();
      delete item;
    }
    m_editors.clear();
    m_owner = owner;
    m_specs = specs;
    int row = 0;
    for (const OptionSpec& spec : specs) {
      QWidget* editor = makeEditor(spec);
      editor->setMinimumWidth(scaledPx(60));
      editor->setAccessibleName(labelOf(spec));
      editor->setToolTip(tipOf(spec));
      QLabel* label = makeDimLabel(labelOf(spec), FontRole::Body, this);
      label->setBuddy(editor);
      label->setToolTip(editor->toolTip());
      m_grid->addWidget(label, row, 0, Qt::AlignRight | Qt::AlignVCenter);
      m_grid->addWidget(editor, row, 1);
      m_editors[spec.key] = editor;
      ++row;
    }
  }
  m_values.clear();
  for (const OptionSpec& spec : specs) {
    const auto given = values.find(spec.key);
    const bool fits = given != values.end() && given->second.index() == spec.defaultValue.index();
    m_values[spec.key] = fits ? given->second : spec.defaultValue;
  }
  showValues();
  m_isSetting = false;
}

QWidget* OptionForm::editor(const std::string& key) const {
  const auto found = m_editors.find(key);
  return found == m_editors.end() ? nullptr : found->second;
}

QWidget* OptionForm::makeEditor(const OptionSpec& spec) {
  const std::string key = spec.key;
  if (std::holds_alternative<bool>(spec.defaultValue)) {
    auto* box = new QCheckBox(this);
    connect(box, &QCheckBox::toggled, this, [this, key](bool isOn) { take(key, isOn); });
    return box;
  }
  if (std::holds_alternative<std::int64_t>(spec.defaultValue)) {
    auto* box = new QSpinBox(this);
    box->setRange(static_cast<int>(spec.minimum.value_or(0)),
                  static_cast<int>(spec.maximum.value_or(std::numeric_limits<int>::max())));
    box->setKeyboardTracking(false);
    connect(box, &QSpinBox::valueChanged, this,
            [this, key](int value) { take(key, static_cast<std::int64_t>(value)); });
    return box;
  }
  if (std::holds_alternative<double>(spec.defaultValue)) {
    auto* box = new QDoubleSpinBox(this);
    box->setDecimals(4);
    box->setRange(spec.minimum.value_or(-1e9), spec.maximum.value_or(1e9));
    box->setStepType(QAbstractSpinBox::AdaptiveDecimalStepType);
    box->setKeyboardTracking(false);
    connect(box, &QDoubleSpinBox::valueChanged, this, [this, key](double value) { take(key, value); });
    return box;
  }
  if (spec.choices.empty()) {
    auto* field = new QLineEdit(this);
    connect(field, &QLineEdit::editingFinished, this,
            [this, key, field] { take(key, field->text().toStdString()); });
    return field;
  }
  auto* combo = new QComboBox(this);
  for (const std::string& word : spec.choices) combo->addItem(QString::fromStdString(word));
  connect(combo, &QComboBox::activated, this,
          [this, key, combo](int) { take(key, combo->currentText().toStdString()); });
  return combo;
}

void OptionForm::showValues() {
  for (const auto& [key, value] : m_values) {
    QWidget* widget = editor(key);
    if (auto* box = qobject_cast<QCheckBox*>(widget)) box->setChecked(std::get<bool>(value));
    if (auto* box = qobject_cast<QSpinBox*>(widget))
      box->setValue(static_cast<int>(std::get<std::int64_t>(value)));
    if (auto* box = qobject_cast<QDoubleSpinBox*>(widget)) box->setValue(std::get<double>(value));
    if (auto* combo = qobject_cast<QComboBox*>(widget))
      combo->setCurrentText(QString::fromStdString(std::get<std::string>(value)));
    if (auto* field = qobject_cast<QLineEdit*>(widget))
      field->setText(QString::fromStdString(std::get<std::string>(value)));
  }
}

void OptionForm::take(const std::string& key, OptionValue value) {
  if (m_isSetting || m_values.at(key) == value) return;
  m_values[key] = std::move(value);
  emit edited();
}

}  // namespace ql
