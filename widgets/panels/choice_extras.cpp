#include "widgets/panels/choice_extras.h"

#include "widgets/bridge/scheme_words.h"
#include "widgets/panels/form_parts.h"
#include "widgets/panels/option_form.h"

#include <QComboBox>
#include <QDoubleSpinBox>
#include <QGridLayout>
#include <QSpinBox>

#include <algorithm>

namespace ql {

namespace {

struct PermutationEntry {
  const char *word, *text, *tip;
};
constexpr PermutationEntry kPermutations[] = {
    {"", QT_TRANSLATE_NOOP("ql::ChoiceExtras", "one range"),
     QT_TRANSLATE_NOOP("ql::ChoiceExtras", "All channels share one scale")},
    {"none", QT_TRANSLATE_NOOP("ql::ChoiceExtras", "groups in order"),
     QT_TRANSLATE_NOOP("ql::ChoiceExtras", "Groups of neighbouring channels, each with its own scale")},
    {"kmeans", QT_TRANSLATE_NOOP("ql::ChoiceExtras", "clusters (RPTQ)"),
     QT_TRANSLATE_NOOP("ql::ChoiceExtras",
                       "Channels with similar minimum and maximum share a scale; they are reordered")},
    {"range", QT_TRANSLATE_NOOP("ql::ChoiceExtras", "by range (PEG)"),
     QT_TRANSLATE_NOOP("ql::ChoiceExtras",
                       "Channels are sorted by their range and cut into groups of equal size")},
};
constexpr int kUsualGroups = 32;

QComboBox* makeCombo(const QString& name, const QString& tip, QWidget* parent) {
  auto* combo = new QComboBox(parent);
  combo->setAccessibleName(name);
  combo->setToolTip(tip);
  combo->setMinimumContentsLength(4);
  combo->setMinimumWidth(scaledPx(80));
  combo->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
  combo->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  return combo;
}

/// 0 stands for "no outliers are kept apart".
QDoubleSpinBox* makeThreshold(const QString& name, const QString& none, const QString& tip, QWidget* parent) {
  auto* box = new QDoubleSpinBox(parent);
  box->setAccessibleName(name);
  box->setToolTip(tip);
  box->setSpecialValueText(none);
  box->setDecimals(1);
  box->setRange(0, 1000);
  box->setSingleStep(0.5);
  box->setKeyboardTracking(false);
  box->setMinimumWidth(scaledPx(60));  // its own hint keeps room for the largest value
  box->setAlignment(Qt::AlignRight);
  return box;
}

}  // namespace

void ChoiceExtras::Row::setVisible(bool isVisible) const {
  label->setVisible(isVisible);
  first->setVisible(isVisible);
  if (second) second->setVisible(isVisible);
}

ChoiceExtras::ChoiceExtras(QWidget* form)
    : QObject(form), m_form(form), m_grid(static_cast<QGridLayout*>(form->layout())) {
  setupWeight();
  setupActivation();
}

ChoiceExtras::Row ChoiceExtras::addRow(int row, const QString& text, QWidget* first, QWidget* second) {
  QLabel* label = makeDimLabel(text, FontRole::Body, m_form);
  label->setBuddy(first);
  m_grid->addWidget(label, row, 0, Qt::AlignRight | Qt::AlignVCenter);
  m_grid->addWidget(first, row, 1);
  if (second) m_grid->addWidget(second, row, 2);
  return {label, first, second};
}

void ChoiceExtras::setupWeight() {
  const auto take = [this] {
    if (!m_isSetting) emit edited();
  };
  m_algorithm = new OptionForm(m_form);
  m_grid->addWidget(m_algorithm, kAlgorithmOptionRow, 1, 1, 2);
  m_clip =
      makeCombo(tr("Clip"), tr("How the range of a scale is found: minimum to maximum, or a search"), m_form);
  m_outliers = makeThreshold(tr("Outlier weights"), tr("no outliers"),
                             tr("Weights so many standard deviations from the mean stay exact"), m_form);
  m_outliers->setPrefix(tr("exact ≥ "));
  m_outliers->setSuffix(tr(" σ"));
  m_outliers->setMaximum(100);
  m_clipRow = addRow(kClipRow, tr("Clip"), m_clip, m_outliers);
  m_clipOptions = new OptionForm(m_form);
  m_grid->addWidget(m_clipOptions, kClipOptionRow, 1, 1, 2);
  connect(m_algorithm, &OptionForm::edited, this, take);
  connect(m_clip, &QComboBox::activated, this, take);
  connect(m_clipOptions, &OptionForm::edited, this, take);
  connect(m_outliers, &QDoubleSpinBox::valueChanged, this, take);
}

void ChoiceExtras::setupActivation() {
  const auto take = [this] {
    if (!m_isSetting) emit edited();
  };
  m_permutation =
      makeCombo(tr("Groups of channels"), tr("Which channels of the activations share one scale"), m_form);
  for (const PermutationEntry& entry : kPermutations) {
    m_permutation->addItem(tr(entry.text), QString::fromLatin1(entry.word));
    m_permutation->setItemData(m_permutation->count() - 1, tr(entry.tip), Qt::ToolTipRole);
  }
  m_groups = new QSpinBox(m_form);
  m_groups->setRange(1, 65536);
  m_groups->setValue(kUsualGroups);
  m_groups->setMinimumWidth(scaledPx(60));
  m_groups->setSuffix(tr(" groups"));
  m_groups->setAlignment(Qt::AlignRight);
  m_groups->setKeyboardTracking(false);
  m_groups->setAccessibleName(tr("Number of groups"));
  m_groupRow = addRow(kChannelsRow, tr("Channels"), m_permutation, m_groups);
  m_threshold =
      makeThreshold(tr("Outlier activations"), tr("none"),
                    tr("LLM.int8(): channels that reach this value stay in 16 bit; 6 is usual"), m_form);
  m_threshold->setPrefix(tr("≥ "));
  m_thresholdRow = addRow(kThresholdRow, tr("Outliers"), m_threshold, nullptr);
  connect(m_permutation, &QComboBox::activated, this, take);
  connect(m_groups, &QSpinBox::valueChanged, this, take);
  connect(m_threshold, &QDoubleSpinBox::valueChanged, this, take);
}

void ChoiceExtras::setChoice(const Choice& choice, const Choice& base) {
  m_isSetting = true;
  const bool isQuantized = choice.weight.has_value();
  m_clipRow.setVisible(isQuantized);
  if (isQuantized) {
    const WeightScheme& w = *choice.weight;
    m_algorithm->setOptions(w.algorithm.name, ql::algorithmOptions(w.algorithm.name), w.algorithm.options);
    showClips(w);
    m_clipOptions->setOptions(w.clip.name, ql::clipOptions(w.clip.name), w.clip.options);
    if (w.outliers) m_rule = w.outliers->rule;
    m_outliers->setValue(w.outliers ? w.outliers->n : 0);
    m_outliers->setEnabled(w.algorithm.name == "rtn");
  }
  m_algorithm->setVisible(isQuantized && !m_algorithm->isEmpty());
  m_clipOptions->setVisible(isQuantized && !m_clipOptions->isEmpty());
  showActivation(choice);
  markChanges(choice, base);
  m_isSetting = false;
}

void ChoiceExtras::showClips(const WeightScheme& scheme) {
  std::vector<std::string> clips = clipsFor(scheme);
  if (std::find(clips.begin(), clips.end(), scheme.clip.name) == clips.end())
    clips.push_back(scheme.clip.name);
  m_clip->clear();
  for (const std::string& clip : clips) m_clip->addItem(QString::fromStdString(clip));
  m_clip->setCurrentText(QString::fromStdString(scheme.clip.name));
  m_clip->setEnabled(clips.size() > 1);
}

void ChoiceExtras::showActivation(const Choice& choice) {
  const bool hasActivation = choice.activation.has_value();
  m_groupRow.setVisible(hasActivation && choice.activation->granularity == Granularity::Tensor);
  m_thresholdRow.setVisible(hasActivation && choice.activation->format == "int8");
  if (!hasActivation) return;
  const ActScheme& a = *choice.activation;
  const std::string word = a.groups ? a.permutation.value_or("none") : std::string();
  m_permutation->setCurrentIndex(std::max(0, m_permutation->findData(QString::fromStdString(word))));
  if (a.groups) m_groups->setValue(static_cast<int>(std::min<std::int64_t>(*a.groups, m_groups->maximum())));
  m_groups->setEnabled(a.groups.has_value());
  m_threshold->setValue(a.outlierThreshold.value_or(0));
}

void ChoiceExtras::writeTo(Choice& choice) const {
  if (choice.weight) {
    WeightScheme& w = *choice.weight;
    const bool isSameAlgorithm = choice.weight->algorithm.options.size() == m_algorithm->values().size();
    if (isSameAlgorithm && !m_algorithm->isEmpty()) w.algorithm.options = m_algorithm->values();
    const std::string clip = m_clip->currentText().toStdString();
    const std::vector<std::string> clips = clipsFor(w);
    const bool fits = std::find(clips.begin(), clips.end(), clip) != clips.end();
    if (!fits || clip.empty()) {
      w.clip = clipChoice("none");
    } else if (clip != w.clip.name) {
      w.clip = clipChoice(clip);
    } else if (!m_clipOptions->isEmpty()) {
      w.clip.options = m_clipOptions->values();
    }
    w.outliers.reset();
    if (m_outliers->value() > 0 && w.algorithm.name == "rtn")
      w.outliers = OutlierRule{m_rule, m_outliers->value()};
  }
  if (!choice.activation) return;
  ActScheme& a = *choice.activation;
  const std::string word = m_permutation->currentData().toString().toStdString();
  const bool isGrouped = a.granularity == Granularity::Tensor && !word.empty();
  a.groups = isGrouped ? std::optional<std::int64_t>(m_groups->value()) : std::nullopt;
  a.permutation = isGrouped && word != "none" ? std::optional(word) : std::nullopt;
  const bool hasThreshold = m_threshold->value() > 0 && a.format == "int8";
  a.outlierThreshold = hasThreshold ? std::optional(m_threshold->value()) : std::nullopt;
}

void ChoiceExtras::markChanges(const Choice& choice, const Choice& base) {
  const auto mark = [](QWidget* widget, bool isChanged) { setStyleProperty(widget, "changed", isChanged); };
  const bool isBoth = choice.weight && base.weight;
  mark(m_clip, isBoth && choice.weight->clip != base.weight->clip);
  mark(m_outliers, isBoth && choice.weight->outliers != base.weight->outliers);
  const bool hasActivations = choice.activation && base.activation;
  mark(m_permutation, hasActivations && (choice.activation->groups != base.activation->groups ||
                                         choice.activation->permutation != base.activation->permutation));
  mark(m_threshold,
       hasActivations && choice.activation->outlierThreshold != base.activation->outlierThreshold);
}

}  // namespace ql
