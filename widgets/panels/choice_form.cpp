#include "widgets/panels/choice_form.h"

#include "core/quant/quantizer.h"
#include "widgets/bridge/core_text.h"
#include "widgets/bridge/scheme_words.h"
#include "widgets/panels/choice_extras.h"
#include "widgets/panels/form_parts.h"

#include <QAbstractItemView>
#include <QComboBox>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QSpinBox>

#include <algorithm>

namespace ql {

namespace {

constexpr const char* kUnquantized = "bf16";  // shown as "16 bit": the weights stay as stored

struct GranularityEntry {
  Granularity granularity;
  const char* text;
};
constexpr GranularityEntry kGranularities[] = {
    {Granularity::Tensor, QT_TRANSLATE_NOOP("ql::ChoiceForm", "tensor")},
    {Granularity::OutputChannel, QT_TRANSLATE_NOOP("ql::ChoiceForm", "channel")},
    {Granularity::InputChannel, QT_TRANSLATE_NOOP("ql::ChoiceForm", "input channel")},
    {Granularity::Group, QT_TRANSLATE_NOOP("ql::ChoiceForm", "group")},
    {Granularity::GroupInChannel, QT_TRANSLATE_NOOP("ql::ChoiceForm", "group in channel")},
    {Granularity::Block, QT_TRANSLATE_NOOP("ql::ChoiceForm", "block")},
};

struct ActivationEntry {
  Granularity granularity;
  bool dynamic;
  const char* text;
};
constexpr ActivationEntry kActivations[] = {
    {Granularity::Token, true, QT_TRANSLATE_NOOP("ql::ChoiceForm", "token, dynamic")},
    {Granularity::Tensor, true, QT_TRANSLATE_NOOP("ql::ChoiceForm", "tensor, dynamic")},
    {Granularity::Tensor, false, QT_TRANSLATE_NOOP("ql::ChoiceForm", "tensor, static")},
    {Granularity::Group, true, QT_TRANSLATE_NOOP("ql::ChoiceForm", "group, dynamic")},
    {Granularity::Group, false, QT_TRANSLATE_NOOP("ql::ChoiceForm", "group, static")},
};

QString fromView(std::string_view text) {
  return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
}

bool isIntegerFormat(const std::string& name) {
  const NumberFormatInfo* info = findNumberFormat(name);
  return info && info->isInteger;
}

/// Every format that can be measured, each with its sentence.
void addFormats(QComboBox* combo) {
  for (const NumberFormatInfo& info : numberFormats()) {
    if (!isMeasurableFormat(info.name)) continue;
    combo->addItem(fromView(info.name), fromView(info.name));
    combo->setItemData(combo->count() - 1, coreText(info.sentence), Qt::ToolTipRole);
  }
  combo->view()->setMinimumWidth(scaledPx(150));  // names are longer than the box is wide
}

bool isGrouped(Granularity granularity) {
  return granularity == Granularity::Group || granularity == Granularity::GroupInChannel;
}

QComboBox* makeCombo(const QString& name, const QString& tip, QWidget* parent) {
  auto* combo = new QComboBox(parent);
  combo->setAccessibleName(name);
  combo->setToolTip(tip);
  combo->setMinimumContentsLength(4);
  combo->setMinimumWidth(scaledPx(80));  // its own hint keeps room for an icon
  combo->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
  combo->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  return combo;
}

/// Selects the entry with this data, adding it when a plan holds a word that the list lacks.
void selectData(QComboBox* combo, const QString& data) {
  int at = combo->findData(data);
  if (at < 0) {
    combo->addItem(data, data);
    at = combo->count() - 1;
  }
  combo->setCurrentIndex(at);
}

void addRow(QGridLayout* grid, int row, const QString& text, QWidget* first, QWidget* second) {
  QLabel* label = makeDimLabel(text, FontRole::Body, grid->parentWidget());
  label->setBuddy(first);
  label->setTextFormat(Qt::AutoText);
  grid->addWidget(label, row, 0, Qt::AlignRight | Qt::AlignVCenter);
  grid->addWidget(first, row, 1);
  grid->addWidget(second, row, 2);
}

}  // namespace

ChoiceForm::ChoiceForm(QWidget* parent) : QWidget(parent) {
  auto* grid = new QGridLayout(this);
  grid->setContentsMargins(0, 0, 0, 0);
  grid->setHorizontalSpacing(scaledPx(5));
  grid->setVerticalSpacing(scaledPx(5));
  grid->setColumnStretch(1, 5);
  grid->setColumnStretch(2, 8);
  setupWeight();
  setupActivation();
  setupBlock();
  m_extras = new ChoiceExtras(this);
  connect(m_extras, &ChoiceExtras::edited, this, &ChoiceForm::takeEdit);
}

void ChoiceForm::setupBlock() {
  m_blockSides = new QWidget(this);
  auto* row = new QHBoxLayout(m_blockSides);
  row->setContentsMargins(0, 0, 0, 0);
  row->setSpacing(scaledPx(5));
  const auto makeSide = [this, row](const QString& name) {
    auto* box = new QSpinBox(m_blockSides);
    box->setRange(1, 1 << 20);
    box->setValue(128);
    box->setAlignment(Qt::AlignRight);
    box->setAccessibleName(name);
    box->setToolTip(name);
    box->setKeyboardTracking(false);
    box->setMinimumWidth(scaledPx(50));
    row->addWidget(box, 1);
    connect(box, &QSpinBox::valueChanged, this, &ChoiceForm::takeEdit);
    return box;
  };
  m_blockRows = makeSide(tr("Rows of a block"));
  m_blockColumns = makeSide(tr("Columns of a block"));
  m_blockLabel = makeDimLabel(tr("Rows, columns"), FontRole::Body, this);
  m_blockLabel->setBuddy(m_blockRows);
  auto* grid = static_cast<QGridLayout*>(layout());
  grid->addWidget(m_blockLabel, kBlockRow, 0, 1, 2, Qt::AlignRight | Qt::AlignVCenter);
  grid->addWidget(m_blockSides, kBlockRow, 2);
}

/// Formats that are defined with a group get it when they are picked.
void ChoiceForm::setOwnGroup(const std::string& format) {
  const NumberFormatInfo* info = findNumberFormat(format);
  const NumberFormatInfo* before = m_shown.weight ? findNumberFormat(m_shown.weight->format) : nullptr;
  if (!info || (info->ownGroup == 0 && (!before || before->ownGroup == 0))) return;
  m_isSetting = true;
  const Granularity granularity = info->ownGroup > 0 ? Granularity::Group : Granularity::OutputChannel;
  m_granularity->setCurrentIndex(m_granularity->findData(static_cast<int>(granularity)));
  if (info->ownGroup > 0) m_groupSize->setValue(info->ownGroup);
  m_isSetting = false;
}

void ChoiceForm::showFlavours(const WeightScheme& scheme) {
  m_flavour->clear();
  for (const std::string& name : flavoursFor(scheme))
    m_flavour->addItem(QString::fromStdString(name), QString::fromStdString(name));
  selectData(m_flavour, QString::fromStdString(scheme.flavour));
}

void ChoiceForm::setupWeight() {
  auto* grid = static_cast<QGridLayout*>(layout());
  m_format = makeCombo(tr("Weight format"), tr("Number format of the weights"), this);
  addFormats(m_format);
  m_format->addItem(tr("16 bit"), QString::fromLatin1(kUnquantized));
  m_symmetry = new SegmentedControl(tr("Symmetry"), this);
  m_symmetry->setProperty("tight", true);
  m_symmetry->addSegment(tr("Symmetric"), tr("Zero is code 0; the range is -absmax to absmax"));
  m_symmetry->addSegment(tr("Asym."), tr("Asymmetric: a zero point, the range is min to max"));
  addRow(grid, kWeightRow, tr("Weight"), m_format, m_symmetry);
  m_granularity = makeCombo(tr("Granularity"), tr("Which weights share one scale"), this);
  for (const GranularityEntry& entry : kGranularities)
    m_granularity->addItem(tr(entry.text), static_cast<int>(entry.granularity));
  m_groupSize = new QSpinBox(this);
  m_groupSize->setRange(1, 1 << 20);
  m_groupSize->setValue(128);
  m_groupSize->setPrefix(tr("size "));
  m_groupSize->setAlignment(Qt::AlignRight);
  m_groupSize->setAccessibleName(tr("Group size"));
  m_groupSize->setToolTip(tr("Weights that share one scale, along the input channels"));
  m_groupSize->setKeyboardTracking(false);
  addRow(grid, kGranularityRow, tr("Granularity"), m_granularity, m_groupSize);
  m_algorithm = makeCombo(tr("Algorithm"), tr("How the codes are found"), this);
  for (const Quantizer* quantizer : quantizers()) {
    if (m_algorithm->findData(fromView(quantizer->name)) >= 0) continue;
    m_algorithm->addItem(fromView(quantizer->name), fromView(quantizer->name));
    m_algorithm->setItemData(m_algorithm->count() - 1, coreText(quantizer->sentence), Qt::ToolTipRole);
  }
  m_flavour = makeCombo(tr("Flavour"), tr("Whose rule for scale and rounding is followed"), this);
  addRow(grid, kAlgorithmRow, tr("Algorithm"), m_algorithm, m_flavour);
  connect(m_format, &QComboBox::activated, this, [this] {
    setOwnGroup(m_format->currentData().toString().toStdString());
    takeEdit();
  });
  connect(m_symmetry, &SegmentedControl::picked, this, &ChoiceForm::takeEdit);
  connect(m_granularity, &QComboBox::activated, this, &ChoiceForm::takeEdit);
  connect(m_groupSize, &QSpinBox::valueChanged, this, &ChoiceForm::takeEdit);
  connect(m_algorithm, &QComboBox::activated, this, &ChoiceForm::takeEdit);
  connect(m_flavour, &QComboBox::activated, this, &ChoiceForm::takeEdit);
}

void ChoiceForm::setupActivation() {
  m_activation =
      makeCombo(tr("Activation format"),
                tr("Number format of the input activations: stored in the plan and exported; not measured "
                   "without activation data"),
                this);
  m_activation->addItem(tr("16 bit"), QString());
  addFormats(m_activation);
  m_activationKind = makeCombo(tr("Activation granularity"),
                               tr("Which activations share one scale, and when it is found"), this);
  for (const ActivationEntry& entry : kActivations) m_activationKind->addItem(tr(entry.text));
  addRow(static_cast<QGridLayout*>(layout()), kActivationRow, tr("Activation"), m_activation,
         m_activationKind);
  m_activationGroup = new QSpinBox(this);
  m_activationGroup->setRange(1, 1 << 20);
  m_activationGroup->setValue(128);
  m_activationGroup->setPrefix(tr("size "));
  m_activationGroup->setAlignment(Qt::AlignRight);
  m_activationGroup->setAccessibleName(tr("Activation group size"));
  m_activationGroup->setToolTip(tr("Channels of the activations that share one scale"));
  m_activationGroup->setKeyboardTracking(false);
  m_activationGroup->hide();
  m_activationGroupLabel = makeDimLabel(tr("Activations a scale"), FontRole::Body, this);
  m_activationGroupLabel->setBuddy(m_activationGroup);
  m_activationGroupLabel->hide();
  auto* grid = static_cast<QGridLayout*>(layout());
  grid->addWidget(m_activationGroupLabel, kActivationGroupRow, 0, 1, 2, Qt::AlignRight | Qt::AlignVCenter);
  grid->addWidget(m_activationGroup, kActivationGroupRow, 2);
  connect(m_activationGroup, &QSpinBox::valueChanged, this, &ChoiceForm::takeEdit);
  connect(m_activation, &QComboBox::activated, this, &ChoiceForm::takeEdit);
  connect(m_activationKind, &QComboBox::activated, this, &ChoiceForm::takeEdit);
}

void ChoiceForm::setChoice(const Choice& choice, const Choice& base) {
  m_isSetting = true;
  m_shown = choice;
  m_base = base;
  selectData(m_format, choice.weight ? QString::fromStdString(choice.weight->format)
                                     : QString::fromLatin1(kUnquantized));
  if (choice.weight) {
    const WeightScheme& w = *choice.weight;
    m_symmetry->setCurrent(w.symmetric ? 0 : 1);
    m_granularity->setCurrentIndex(m_granularity->findData(static_cast<int>(w.granularity)));
    if (w.groupSize) m_groupSize->setValue(static_cast<int>(*w.groupSize));
    if (w.block) {
      m_blockRows->setValue(static_cast<int>((*w.block)[0]));
      m_blockColumns->setValue(static_cast<int>((*w.block)[1]));
    }
    selectData(m_algorithm, QString::fromStdString(w.algorithm.name));
    showFlavours(w);
  }
  selectData(m_activation, choice.activation ? QString::fromStdString(choice.activation->format) : QString());
  if (choice.activation && choice.activation->groupSize)
    m_activationGroup->setValue(static_cast<int>(*choice.activation->groupSize));
  if (choice.activation)
    for (int i = 0; i < static_cast<int>(std::size(kActivations)); ++i)
      if (kActivations[i].granularity == choice.activation->granularity &&
          kActivations[i].dynamic == choice.activation->dynamic)
        m_activationKind->setCurrentIndex(i);
  m_extras->setChoice(choice, base);
  updateEnabled();
  markChanges();
  m_isSetting = false;
}

WeightScheme ChoiceForm::weightScheme() const {
  WeightScheme w = m_shown.weight.value_or(m_base.weight.value_or(WeightScheme{}));
  w.format = m_format->currentData().toString().toStdString();
  w.symmetric = m_symmetry->current() == 0;
  if (m_granularity->currentIndex() >= 0)
    w.granularity = static_cast<Granularity>(m_granularity->currentData().toInt());
  w.groupSize = isGrouped(w.granularity) ? std::optional<std::int64_t>(m_groupSize->value()) : std::nullopt;
  w.block.reset();
  if (w.granularity == Granularity::Block)
    w.block = std::array<std::int64_t, 2>{m_blockRows->value(), m_blockColumns->value()};
  const std::string algorithm = algorithmFor(m_algorithm->currentData().toString().toStdString(), w.format);
  if (algorithm != w.algorithm.name) w.algorithm = algorithmChoice(algorithm);
  w.flavour = m_flavour->currentData().toString().toStdString();
  if (!isIntegerFormat(w.format) && isMeasurableFormat(w.format)) w.symmetric = true;  // no zero point
  const std::vector<std::string> flavours = flavoursFor(w);
  const bool fits = std::find(flavours.begin(), flavours.end(), w.flavour) != flavours.end();
  if (!fits && !flavours.empty()) w.flavour = flavours.front();
  return w;
}

std::optional<ActScheme> ChoiceForm::activationScheme() const {
  const std::string format = m_activation->currentData().toString().toStdString();
  if (format.empty()) return std::nullopt;
  ActScheme a = m_shown.activation.value_or(ActScheme{});
  a.format = format;
  const ActivationEntry& kind = kActivations[std::max(0, m_activationKind->currentIndex())];
  a.granularity = kind.granularity;
  a.dynamic = kind.dynamic;
  const bool isOfGroups = kind.granularity == Granularity::Group;
  a.groupSize = isOfGroups ? std::optional<std::int64_t>(m_activationGroup->value()) : std::nullopt;
  if (!isIntegerFormat(format) && isMeasurableFormat(format)) {
    a.symmetric = true;
    a.flavour = ActScheme().flavour;
  }
  return a;
}

Choice ChoiceForm::choice() const {
  Choice choice;
  const QString format = m_format->currentData().toString();
  const NumberFormatInfo* info = findNumberFormat(format.toStdString());
  if (info && info->isQuantized) choice.weight = weightScheme();
  choice.activation = activationScheme();
  if (!choice.weight) choice.activation.reset();  // activations are quantized to feed quantized weights
  m_extras->writeTo(choice);
  return choice;
}

void ChoiceForm::takeEdit() {
  if (m_isSetting) return;
  const Choice made = choice();
  setChoice(made, m_base);
  emit edited(made);
}

void ChoiceForm::updateEnabled() {
  const bool isQuantized = m_shown.weight.has_value();
  for (QWidget* widget : {static_cast<QWidget*>(m_granularity), static_cast<QWidget*>(m_algorithm),
                          static_cast<QWidget*>(m_activation)})
    widget->setEnabled(isQuantized);
  const bool isInteger = isQuantized && isIntegerFormat(m_shown.weight->format);
  m_symmetry->setEnabled(isInteger);
  m_flavour->setEnabled(isQuantized && m_flavour->count() > 1);
  const bool isBlock = isQuantized && m_shown.weight->granularity == Granularity::Block;
  m_blockLabel->setVisible(isBlock);
  m_blockSides->setVisible(isBlock);
  m_groupSize->setEnabled(isQuantized && isGrouped(m_shown.weight->granularity));
  m_activationKind->setEnabled(m_shown.activation.has_value());
  const bool isGroupShown = m_shown.activation && isGrouped(m_shown.activation->granularity);
  m_activationGroup->setVisible(isGroupShown);
  m_activationGroupLabel->setVisible(isGroupShown);
}

void ChoiceForm::markChanges() {
  const auto mark = [](QWidget* widget, bool isChanged) { setStyleProperty(widget, "changed", isChanged); };
  const WeightScheme shown = m_shown.weight.value_or(WeightScheme{}),
                     base = m_base.weight.value_or(WeightScheme{});
  const bool isBoth = m_shown.weight && m_base.weight;
  mark(m_format, m_shown.weight.has_value() != m_base.weight.has_value() || shown.format != base.format);
  mark(m_granularity, isBoth && shown.granularity != base.granularity);
  mark(m_groupSize, isBoth && shown.groupSize && shown.groupSize != base.groupSize);
  mark(m_algorithm, isBoth && shown.algorithm != base.algorithm);
  mark(m_flavour, isBoth && shown.flavour != base.flavour);
  mark(m_activation, m_shown.activation != m_base.activation);
}

}  // namespace ql
