#include "widgets/panels/form_parts.h"

#include <QButtonGroup>
#include <QFontMetrics>
#include <QHBoxLayout>
#include <QStyle>
#include <QVariant>

#include <cmath>

namespace ql {

int scaledPx(int length) {
  return static_cast<int>(std::lround(length * uiScale()));
}

void setStyleProperty(QWidget* widget, const char* name, const QVariant& value) {
  if (widget->property(name) == value) return;
  widget->setProperty(name, value);
  widget->style()->unpolish(widget);
  widget->style()->polish(widget);
  widget->update();
}

QLabel* makeLabel(const QString& text, FontRole role, QWidget* parent) {
  auto* label = new QLabel(text, parent);
  label->setFont(uiFont(role));
  label->setTextFormat(Qt::PlainText);
  return label;
}

QLabel* makeDimLabel(const QString& text, FontRole role, QWidget* parent) {
  QLabel* label = makeLabel(text, role, parent);
  label->setProperty("dim", true);
  return label;
}

QPushButton* makeAccentButton(const QString& text, QWidget* parent) {
  auto* button = new QPushButton(text, parent);
  button->setProperty("accent", true);
  return button;
}

QPushButton* makeSmallButton(const QString& text, QWidget* parent) {
  auto* button = new QPushButton(text, parent);
  button->setProperty("small", true);
  return button;
}

QToolButton* makeIconButton(const QString& icon, const QString& tip, QWidget* parent) {
  auto* button = new QToolButton(parent);
  button->setIcon(themeIcon(icon));
  button->setIconSize(QSize(scaledPx(14), scaledPx(14)));
  button->setToolTip(tip);
  button->setAccessibleName(tip);
  button->setFocusPolicy(Qt::TabFocus);
  return button;
}

QWidget* makeSeparator(Qt::Orientation orientation, QWidget* parent) {
  auto* line = new QFrame(parent);
  line->setProperty("separator", true);
  if (orientation == Qt::Horizontal)
    line->setFixedHeight(1);
  else
    line->setFixedWidth(1);
  return line;
}

SegmentedControl::SegmentedControl(const QString& accessibleName, QWidget* parent)
    : QWidget(parent), m_group(new QButtonGroup(this)) {
  setAccessibleName(accessibleName);
  auto* layout = new QHBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(0);
  m_group->setExclusive(true);
  connect(m_group, &QButtonGroup::idClicked, this, &SegmentedControl::picked);
}

void SegmentedControl::addSegment(const QString& text, const QString& tip) {
  auto* button = new QToolButton(this);
  button->setText(text);
  button->setToolTip(tip);
  button->setAccessibleName(accessibleName() + QStringLiteral(": ") + text);
  button->setCheckable(true);
  button->setFocusPolicy(Qt::TabFocus);
  button->setSizePolicy(QSizePolicy::MinimumExpanding, QSizePolicy::Fixed);
  const int index = static_cast<int>(m_group->buttons().size());
  button->setProperty("segment", index == 0 ? QStringLiteral("first") : QStringLiteral("last"));
  if (index > 1) setStyleProperty(m_group->button(index - 1), "segment", QStringLiteral("middle"));
  m_group->addButton(button, index);
  layout()->addWidget(button);
  if (index == 0) button->setChecked(true);
}

int SegmentedControl::current() const {
  return m_group->checkedId();
}

void SegmentedControl::setCurrent(int index) {
  if (QAbstractButton* button = m_group->button(index)) button->setChecked(true);
}

QToolButton* SegmentedControl::button(int index) const {
  return static_cast<QToolButton*>(m_group->button(index));
}

ElidedLabel::ElidedLabel(QWidget* parent, Qt::TextElideMode mode) : QLabel(parent), m_mode(mode) {
  setTextFormat(Qt::PlainText);
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
}

void ElidedLabel::setFullText(const QString& text) {
  if (text == m_text) return;
  m_text = text;
  setAccessibleName(text);
  elide();
  updateGeometry();
}

QSize ElidedLabel::minimumSizeHint() const {
  return {scaledPx(24), QFontMetrics(font()).height()};
}

QSize ElidedLabel::sizeHint() const {
  return {QFontMetrics(font()).horizontalAdvance(m_text) + 2, QFontMetrics(font()).height()};
}

void ElidedLabel::resizeEvent(QResizeEvent* event) {
  QLabel::resizeEvent(event);
  elide();
}

void ElidedLabel::elide() {
  const QString shown = QFontMetrics(font()).elidedText(m_text, m_mode, width());
  setText(shown);
  setToolTip(shown == m_text ? QString() : m_text);
}

}  // namespace ql
