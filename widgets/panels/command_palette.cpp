#include "widgets/panels/command_palette.h"

#include "widgets/panels/form_parts.h"

#include <QAction>
#include <QKeyEvent>
#include <QListWidget>
#include <QMenu>
#include <QMenuBar>
#include <QPainter>

#include <algorithm>

namespace ql {

namespace {

constexpr int kRowsShown = 14;  // further ones are scrolled to

QString plainText(const QAction* action) {
  QString text = action->text();
  text.replace(QStringLiteral("&&"), QChar(1)).remove(QLatin1Char('&')).replace(QChar(1), QLatin1Char('&'));
  const QString group = action->property("group").toString();
  return group.isEmpty() ? text : group + QStringLiteral(": ") + text;
}

}  // namespace

int searchRank(const QString& text, const QString& search) {
  int rank = 0;
  for (const QString& word : search.split(QLatin1Char(' '), Qt::SkipEmptyParts)) {
    const qsizetype at = text.indexOf(word, 0, Qt::CaseInsensitive);
    if (at < 0) return -1;
    const bool isWordStart = at == 0 || !text[at - 1].isLetterOrNumber();
    rank += static_cast<int>(at) + (isWordStart ? 0 : 50);
  }
  return rank;
}

CommandPalette::CommandPalette(QWidget* parent) : QLineEdit(parent), m_results(new QListWidget(this)) {
  setPlaceholderText(tr("Search actions"));
  setAccessibleName(tr("Search actions"));
  setToolTip(tr("Find any action by a part of its name (Ctrl+Shift+P)"));
  setFixedWidth(scaledPx(246));
  addAction(themeIcon(QStringLiteral("search"), IconColor::Secondary), QLineEdit::LeadingPosition);
  m_results->setObjectName(QStringLiteral("palette"));
  m_results->setWindowFlags(Qt::ToolTip);
  m_results->setFocusPolicy(Qt::NoFocus);
  m_results->setAttribute(Qt::WA_ShowWithoutActivating);
  m_results->setAccessibleName(tr("Actions found"));
  m_results->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  m_results->setFrameShape(QFrame::Box);
  connect(this, &QLineEdit::textEdited, this, &CommandPalette::search);
  connect(this, &QLineEdit::returnPressed, this, &CommandPalette::runCurrent);
  connect(m_results, &QListWidget::itemClicked, this, &CommandPalette::runCurrent);
}

void CommandPalette::activate() {
  setFocus(Qt::ShortcutFocusReason);
  collect();
  selectAll();
  search(text());
}

void CommandPalette::collect() {
  m_actions.clear();
  if (!m_menus) return;
  for (QAction* action : m_menus->actions())
    if (action->menu()) collectFrom(action->menu());
}

void CommandPalette::collectFrom(QMenu* menu) {
  QMetaObject::invokeMethod(menu, "aboutToShow");  // some menus are filled then
  for (QAction* action : menu->actions()) {
    if (action->menu()) {
      collectFrom(action->menu());
    } else if (!action->isSeparator() && !action->text().isEmpty()) {
      if (!action->property("group").isValid())
        action->setProperty("group", menu->title().remove(QLatin1Char('&')));
      m_actions << action;
    }
  }
}

void CommandPalette::search(const QString& text) {
  if (m_actions.isEmpty()) collect();
  struct Hit {
    int rank;
    QAction* action;
  };
  std::vector<Hit> hits;
  for (const QPointer<QAction>& action : m_actions) {
    if (!action || !action->isEnabled() || !action->isVisible()) continue;
    if (const int rank = searchRank(plainText(action), text); rank >= 0) hits.push_back({rank, action});
  }
  std::stable_sort(hits.begin(), hits.end(), [](const Hit& a, const Hit& b) { return a.rank < b.rank; });
  m_results->clear();
  for (std::size_t i = 0; i < hits.size(); ++i) {
    QAction* action = hits[i].action;
    const QString keys = action->shortcut().toString(QKeySequence::NativeText);
    auto* item = new QListWidgetItem(
        keys.isEmpty() ? plainText(action) : plainText(action) + QStringLiteral("    ") + keys, m_results);
    item->setData(Qt::UserRole, QVariant::fromValue<QObject*>(action));
    item->setToolTip(action->toolTip());
  }
  if (m_results->count() == 0) new QListWidgetItem(tr("No action of that name"), m_results);
  m_results->setCurrentRow(0);
  const int rows = std::min(m_results->count(), kRowsShown);
  m_results->resize(std::max(width(), scaledPx(340)),
                    rows * std::max(1, m_results->sizeHintForRow(0)) + scaledPx(6));
  m_results->move(mapToGlobal(QPoint(width() - m_results->width(), height())));
  m_results->show();
}

void CommandPalette::runCurrent() {
  const QListWidgetItem* item = m_results->currentItem();
  auto* action = item ? qobject_cast<QAction*>(item->data(Qt::UserRole).value<QObject*>()) : nullptr;
  m_results->hide();
  clear();
  clearFocus();
  if (action) action->trigger();
}

void CommandPalette::keyPressEvent(QKeyEvent* event) {
  const int rows = m_results->count();
  if (event->key() == Qt::Key_Down && rows > 0) {
    m_results->setCurrentRow((m_results->currentRow() + 1) % rows);
  } else if (event->key() == Qt::Key_Up && rows > 0) {
    m_results->setCurrentRow((m_results->currentRow() + rows - 1) % rows);
  } else if (event->key() == Qt::Key_Escape) {
    m_results->hide();
    clear();
    clearFocus();
  } else {
    QLineEdit::keyPressEvent(event);
  }
}

void CommandPalette::focusOutEvent(QFocusEvent* event) {
  QLineEdit::focusOutEvent(event);
  m_results->hide();
}

void CommandPalette::paintEvent(QPaintEvent* event) {
  QLineEdit::paintEvent(event);
  if (!text().isEmpty() || hasFocus()) return;
  // The keys on the right, as a key cap.
  const Theme& theme = currentTheme();
  QPainter painter(this);
  painter.setFont(uiFont(FontRole::Mono));
  const QString keys = QStringLiteral("Ctrl+Shift+P");
  const int textWidth = QFontMetrics(painter.font()).horizontalAdvance(keys) + scaledPx(8);
  const int capHeight = scaledPx(16);
  const QRect cap(width() - textWidth - scaledPx(5), (height() - capHeight) / 2, textWidth, capHeight);
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setPen(theme.outline);
  painter.drawRoundedRect(QRectF(cap).adjusted(0.5, 0.5, -0.5, -0.5), 3, 3);
  painter.setPen(theme.secondary);
  painter.drawText(cap, Qt::AlignCenter, keys);
}

}  // namespace ql
