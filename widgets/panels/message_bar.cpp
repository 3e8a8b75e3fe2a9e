#include "widgets/panels/message_bar.h"

#include "widgets/panels/form_parts.h"

#include <QAccessible>
#include <QClipboard>
#include <QDialog>
#include <QDialogButtonBox>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QPlainTextEdit>
#include <QVBoxLayout>

#include <algorithm>

namespace ql {

namespace {

constexpr std::size_t kKept = 50;
constexpr int kNoticeMs = 8000;
constexpr int kWidest = 860, kMargin = 10;

}  // namespace

MessageBar::MessageBar(QWidget* parent) : QFrame(parent) {
  setAccessibleName(tr("Messages"));
  auto* row = new QHBoxLayout(this);
  row->setContentsMargins(scaledPx(12), scaledPx(4), scaledPx(8), scaledPx(4));
  row->setSpacing(scaledPx(8));
  row->addWidget(m_icon = new QLabel(this));
  row->addWidget(m_label = new ElidedLabel(this), 1);
  row->addWidget(m_more = makeDimLabel({}, FontRole::Axis, this));
  m_label->setTextInteractionFlags(Qt::TextSelectableByMouse);
  m_details = makeSmallButton(tr("Details"), this);
  m_details->setToolTip(tr("The whole text of all messages"));
  row->addWidget(m_details);
  QToolButton* copy = makeIconButton(QStringLiteral("copy"), tr("Copy the message"), this);
  row->addWidget(copy);
  QToolButton* close = makeIconButton(QStringLiteral("close"), tr("Dismiss"), this);
  row->addWidget(close);
  connect(m_details, &QPushButton::clicked, this, &MessageBar::showDetails);
  connect(copy, &QToolButton::clicked, this, [this] { QGuiApplication::clipboard()->setText(text()); });
  connect(close, &QToolButton::clicked, this, &MessageBar::dismiss);
  m_fade.setSingleShot(true);
  m_fade.setInterval(kNoticeMs);
  connect(&m_fade, &QTimer::timeout, this, [this] {
    std::erase_if(m_messages, [](const Message& message) { return !message.isError; });
    update();
  });
  parent->installEventFilter(this);
  hide();
}

bool MessageBar::eventFilter(QObject* watched, QEvent* event) {
  if (watched == parent() && event->type() == QEvent::Resize) place();
  return QFrame::eventFilter(watched, event);
}

void MessageBar::place() {
  const QSize room = parentWidget()->size();
  const int margin = scaledPx(kMargin);
  const int needed = sizeHint().width();
  const int width = std::max(1, std::min({needed, scaledPx(kWidest), room.width() - 2 * margin}));
  const int height = sizeHint().height();
  setGeometry((room.width() - width) / 2, room.height() - height - margin, width, height);
  raise();
}

void MessageBar::show(const QString& text, bool isError) {
  if (!m_messages.empty() && m_messages.front().text == text) {
    ++m_messages.front().count;
  } else {
    // A notice never hides an error that has not been dismissed.
    const bool isBehind = !isError && !m_messages.empty() && m_messages.front().isError;
    m_messages.insert(m_messages.begin() + (isBehind ? 1 : 0), {text, isError, 1});
    if (m_messages.size() > kKept) m_messages.pop_back();
  }
  update();
  if (!isError) m_fade.start();
  QAccessibleEvent alert(this, QAccessible::Alert);
  QAccessible::updateAccessibility(&alert);
}

QString MessageBar::text() const {
  return m_messages.empty() ? QString() : m_messages.front().text;
}

void MessageBar::dismiss() {
  if (!m_messages.empty()) m_messages.pop_front();
  update();
}

void MessageBar::clear() {
  m_messages.clear();
  update();
}

void MessageBar::update() {
  setVisible(!m_messages.empty());
  if (m_messages.empty()) return;
  const Message& first = m_messages.front();
  setStyleProperty(this, "messageKind", first.isError ? QStringLiteral("error") : QStringLiteral("info"));
  m_icon->setPixmap(themeIcon(first.isError ? QStringLiteral("warning") : QStringLiteral("info"),
                              first.isError ? IconColor::Finding : IconColor::Accent)
                        .pixmap(scaledPx(16)));
  m_label->setFullText(first.text);
  QStringList more;
  if (first.count > 1) more << tr("%1 times").arg(first.count);
  if (m_messages.size() > 1) more << tr("%1 more").arg(m_messages.size() - 1);
  m_more->setText(more.join(QStringLiteral(", ")));
  m_more->setVisible(!more.isEmpty());
  layout()->activate();
  place();
}

void MessageBar::showDetails() {
  auto* dialog = new QDialog(window());
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setWindowTitle(tr("Messages"));
  dialog->resize(scaledPx(640), scaledPx(320));
  auto* layout = new QVBoxLayout(dialog);
  QStringList lines;
  for (const Message& message : m_messages)
    lines << (message.isError ? tr("Error: %1") : tr("Note: %1")).arg(message.text);
  auto* view = new QPlainTextEdit(lines.join(QStringLiteral("\n\n")), dialog);
  view->setReadOnly(true);
  layout->addWidget(view);
  auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close, dialog);
  QPushButton* copy = buttons->addButton(tr("Copy all"), QDialogButtonBox::ActionRole);
  connect(copy, &QPushButton::clicked, view,
          [view] { QGuiApplication::clipboard()->setText(view->toPlainText()); });
  connect(buttons, &QDialogButtonBox::rejected, dialog, &QDialog::close);
  layout->addWidget(buttons);
  dialog->show();
}

}  // namespace ql
