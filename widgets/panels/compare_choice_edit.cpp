#include "widgets/panels/compare_choice_edit.h"

#include "core/base/error.h"
#include "core/quant/quantizer.h"
#include "widgets/panels/form_parts.h"

#include <QCompleter>
#include <QEvent>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QMenu>
#include <QPainter>
#include <QStringListModel>

namespace ql {
namespace {

constexpr int kBadge = 20;  // width of the letter's square

}  // namespace

CompareChoiceEdit::CompareChoiceEdit(CompareSide side, CompareChoices* choices, QWidget* parent)
    : QWidget(parent),
      m_side(side),
      m_choices(choices),
      m_field(new QLineEdit(this)),
      m_presets(new QToolButton(this)),
      m_pin(new QToolButton(this)),
      m_warning(new QAction(themeIcon(QStringLiteral("warning"), IconColor::Finding), QString(), this)) {
  setupField();
  setupMenu();
  m_pin->setText(tr("Pin current"));
  m_pin->setProperty("boxed", true);
  m_pin->setProperty("small", true);
  m_pin->setFocusPolicy(Qt::TabFocus);
  const QString letter = sideName(side);
  m_pin->setToolTip(tr("Make the choice of the current linear %1 (key %1)").arg(letter));
  m_pin->setAccessibleName(m_pin->toolTip());
  connect(m_pin, &QToolButton::clicked, this, &CompareChoiceEdit::pinRequested);
  auto* layout = new QHBoxLayout(this);
  layout->setContentsMargins(scaledPx(kBadge + 4), 0, 0, 0);
  layout->setSpacing(metrics::kControlGap);
  layout->addWidget(m_field, 1);
  layout->addWidget(m_presets);
  layout->addWidget(m_pin);
  connect(choices, &CompareChoices::changed, this, &CompareChoiceEdit::show);
  show();
}

void CompareChoiceEdit::setupField() {
  const QString letter = sideName(m_side);
  m_field->setFont(uiFont(FontRole::Mono));
  m_field->setMinimumWidth(scaledPx(90));
  m_field->setMaximumWidth(scaledPx(240));
  m_field->setAccessibleName(tr("Choice %1 as SPEC").arg(letter));
  m_field->setPlaceholderText(QStringLiteral("w8a8:group=128"));
  auto* completer = new QCompleter(comparePresets(), m_field);
  completer->setFilterMode(Qt::MatchContains);
  completer->setCaseSensitivity(Qt::CaseInsensitive);
  m_field->setCompleter(completer);
  connect(completer, qOverload<const QString&>(&QCompleter::activated), this, [this] { take(); });
  connect(m_field, &QLineEdit::returnPressed, this, &CompareChoiceEdit::take);
  connect(m_field, &QLineEdit::editingFinished, this, &CompareChoiceEdit::take);
  m_field->addAction(m_warning, QLineEdit::TrailingPosition);
  m_warning->setVisible(false);  // after it was added: the field learns of it by the change
}

void CompareChoiceEdit::setupMenu() {
  auto* menu = new QMenu(m_presets);
  for (const QString& spec : comparePresets())
    menu->addAction(spec, this, [this, spec] {
      m_field->setText(spec);
      take();
    });
  m_presets->setIcon(themeIcon(QStringLiteral("chevron-down")));
  m_presets->setIconSize(QSize(scaledPx(10), scaledPx(10)));
  m_presets->setMenu(menu);
  m_presets->setPopupMode(QToolButton::InstantPopup);
  m_presets->setStyleSheet(QStringLiteral("QToolButton::menu-indicator { image: none; }"));
  m_presets->setFocusPolicy(Qt::TabFocus);
  m_presets->setToolTip(tr("Common choices for %1").arg(sideName(m_side)));
  m_presets->setAccessibleName(m_presets->toolTip());
}

void CompareChoiceEdit::show() {
  const Choice& choice = m_choices->of(m_side);
  const QString spec = QString::fromStdString(specText(choice));
  if (!m_field->hasFocus() || m_field->text() != spec) m_field->setText(spec);
  m_field->setToolTip(tr("%1: %2").arg(sideName(m_side), compareChoiceText(choice)));
  m_field->setCursorPosition(0);
  setProblem({});
}

void CompareChoiceEdit::take() {
  try {
    const Choice choice = parseSpec(m_field->text().trimmed().toStdString());
    if (choice.weight) requireMeasurable(*choice.weight);
    setProblem({});
    if (choice == m_choices->of(m_side)) return show();
    m_choices->set(m_side, choice);
  } catch (const Error& error) {
    const QString sentence = QString::fromUtf8(error.what());
    if (sentence == m_problem) return;
    setProblem(sentence);
    emit refused(sentence);
  }
}

void CompareChoiceEdit::setProblem(const QString& sentence) {
  m_problem = sentence;
  m_warning->setVisible(!sentence.isEmpty());
  m_warning->setToolTip(sentence);
}

void CompareChoiceEdit::paintEvent(QPaintEvent*) {
  const Theme& theme = currentTheme();
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  const int side = scaledPx(kBadge);
  const QRectF box(0, (height() - side) / 2.0, side, side);
  const QColor color = sideColor(m_side, theme.isDark);
  painter.setPen(Qt::NoPen);
  painter.setBrush(color);
  painter.drawRoundedRect(box, metrics::kRadius, metrics::kRadius);
  painter.setPen(contrastText(color));
  painter.setFont(uiFont(FontRole::Semibold));
  painter.drawText(box, Qt::AlignCenter, sideName(m_side));
}

void CompareChoiceEdit::changeEvent(QEvent* event) {
  if (event->type() == QEvent::PaletteChange) update();
  QWidget::changeEvent(event);
}

}  // namespace ql
