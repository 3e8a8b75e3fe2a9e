#include "widgets/panels/verdict_box.h"

#include "widgets/panels/form_parts.h"

#include <QHBoxLayout>
#include <QVBoxLayout>

namespace ql {

VerdictBox::VerdictBox(QWidget* parent) : QFrame(parent) {
  setAccessibleName(tr("Verdict"));
  setAttribute(Qt::WA_StyledBackground);
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(scaledPx(10), scaledPx(8), scaledPx(10), scaledPx(8));
  column->setSpacing(scaledPx(4));
  auto* head = new QHBoxLayout;
  head->setSpacing(scaledPx(6));
  head->addWidget(m_mark = makeLabel({}, FontRole::Semibold, this));
  head->addWidget(m_title = makeLabel({}, FontRole::Semibold, this), 1);
  m_title->setWordWrap(true);
  column->addLayout(head);
  column->addWidget(m_sentence = makeLabel({}, FontRole::Body, this));
  m_sentence->setWordWrap(true);
  m_sentence->setTextInteractionFlags(Qt::TextSelectableByMouse);
}

void VerdictBox::setVerdict(Kind kind, const QString& title, const QString& sentence) {
  m_kind = kind;
  setStyleProperty(this, "verdict",
                   kind == Kind::Good  ? QStringLiteral("good")
                   : kind == Kind::Bad ? QStringLiteral("bad")
                                       : QStringLiteral("plain"));
  m_mark->setText(kind == Kind::Good  ? QStringLiteral("✓")
                  : kind == Kind::Bad ? QStringLiteral("⚠")
                                      : QString());
  m_mark->setVisible(kind != Kind::Plain);
  for (QLabel* label : {m_mark, m_title}) {
    setStyleProperty(label, "good", kind == Kind::Good);
    setStyleProperty(label, "bad", kind == Kind::Bad);
  }
  m_title->setText(title);
  m_sentence->setText(sentence);
  m_sentence->setVisible(!sentence.isEmpty());
  setAccessibleDescription(this->sentence());
}

QString VerdictBox::sentence() const {
  return m_sentence->text().isEmpty() ? m_title->text()
                                      : m_title->text() + QStringLiteral(": ") + m_sentence->text();
}

}  // namespace ql
