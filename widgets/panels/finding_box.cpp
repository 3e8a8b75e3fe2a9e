#include "widgets/panels/finding_box.h"

#include "widgets/bridge/finding_text.h"
#include "widgets/panels/form_parts.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QVBoxLayout>

namespace ql {

namespace {

constexpr std::size_t kShownRemedies = 2;

QString buttonText(const Remedy& remedy) {
  if (!remedy.smoothing) return remedyLabel(remedy);
  return remedy.smoothing->method == "smoothquant" ? FindingBox::tr("Use SmoothQuant")
                                                   : FindingBox::tr("Use bi-smoothing");
}

}  // namespace

FindingBox::FindingBox(QWidget* parent) : QFrame(parent) {
  setProperty("finding", true);
  setAccessibleName(tr("Finding"));
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(scaledPx(10), scaledPx(8), scaledPx(10), scaledPx(8));
  column->setSpacing(scaledPx(4));
  auto* head = new QHBoxLayout;
  head->setSpacing(scaledPx(6));
  auto* icon = new QLabel(this);
  icon->setPixmap(themeIcon(QStringLiteral("warning"), IconColor::Finding).pixmap(scaledPx(14)));
  head->addWidget(icon);
  head->addWidget(m_title = makeLabel({}, FontRole::Semibold, this), 1);
  m_title->setProperty("bad", true);
  m_title->setWordWrap(true);  // narrow inspectors take two lines
  QToolButton* copy = makeIconButton(QStringLiteral("copy"), tr("Copy the finding"), this);
  copy->setProperty("boxed", true);
  copy->setProperty("small", true);
  head->addWidget(copy);  // two remedies need the last line for themselves
  column->addLayout(head);
  column->addWidget(m_sentence = makeLabel({}, FontRole::Body, this));
  m_sentence->setWordWrap(true);
  m_sentence->setTextInteractionFlags(Qt::TextSelectableByMouse);
  column->addWidget(m_others = makeLabel({}, FontRole::Axis, this));
  m_others->setWordWrap(true);
  m_buttons = new QHBoxLayout;
  m_buttons->setSpacing(scaledPx(8));
  m_buttons->addStretch();
  column->addLayout(m_buttons);
  connect(copy, &QToolButton::clicked, this, [this] { QGuiApplication::clipboard()->setText(sentence()); });
}

QString FindingBox::sentence() const {
  return isHidden() ? QString() : m_title->text() + QStringLiteral(": ") + m_sentence->text();
}

void FindingBox::setFindings(const std::vector<Finding>& findings) {
  setVisible(!findings.empty());
  if (findings.empty()) return;
  const Finding& worst = findings.front();
  m_title->setText(findingTitle(worst));
  m_sentence->setText(findingSentence(worst));
  QStringList others;
  for (std::size_t i = 1; i < findings.size(); ++i) others << findingTitle(findings[i]);
  m_others->setText(tr("Also: %1").arg(others.join(QStringLiteral("; "))));
  m_others->setVisible(!others.isEmpty());
  setAccessibleDescription(sentence());
  setRemedies(worst.remedies);
}

void FindingBox::setRemedies(const std::vector<Remedy>& remedies) {
  for (QWidget* button : m_remedies) button->deleteLater();
  m_remedies.clear();
  bool hasSmoothing = false;
  for (const Remedy& remedy : remedies) {
    if (m_remedies.size() == kShownRemedies) break;
    // The best smoothing alone: another method or alpha is a step on its page, not another remedy.
    if (remedy.smoothing && hasSmoothing) continue;
    hasSmoothing = hasSmoothing || remedy.smoothing.has_value();
    QPushButton* button = makeSmallButton(buttonText(remedy), this);
    button->setToolTip(remedySentence(remedy) + QLatin1Char('\n') +
                       (remedy.smoothing ? tr("Tried on the Smoothing page; Apply writes it into the plan.")
                                         : tr("Tried as a what-if at once; Apply writes it into the plan.")));
    m_buttons->insertWidget(static_cast<int>(m_remedies.size()), button);
    connect(button, &QPushButton::clicked, this, [this, remedy] {
      if (remedy.smoothing)
        emit smoothingPicked(*remedy.smoothing);
      else
        emit remedyPicked(remedy.choice);
    });
    m_remedies.push_back(button);
  }
}

}  // namespace ql
