#include "widgets/panels/list_row.h"

#include "widgets/panels/form_parts.h"

#include <QKeyEvent>
#include <QPainter>

namespace ql {

ListRow::ListRow(const QString& icon, const QString& name, const QString& detail, QWidget* parent)
    : QAbstractButton(parent), m_icon(icon), m_detail(detail) {
  setText(name);
  setFocusPolicy(Qt::StrongFocus);
  setCursor(Qt::PointingHandCursor);
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  setAccessibleName(detail.isEmpty() ? name : name + QStringLiteral(", ") + detail);
}

void ListRow::setColumns(const QStringList& texts, const QList<int>& widths) {
  m_columns = texts;
  m_widths = widths;
  setAccessibleDescription(texts.join(QStringLiteral(", ")));
}

QSize ListRow::sizeHint() const {
  return {scaledPx(260), scaledPx(m_detail.isEmpty() ? 28 : 44)};
}

void ListRow::keyPressEvent(QKeyEvent* event) {
  if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter)
    click();
  else if (event->key() == Qt::Key_Up || event->key() == Qt::Key_Down)
    event->ignore();  // the page walks its rows
  else
    QAbstractButton::keyPressEvent(event);
}

void ListRow::paintEvent(QPaintEvent*) {
  const Theme& theme = currentTheme();
  QPainter painter(this);
  if (underMouse() || hasFocus()) painter.fillRect(rect(), theme.selected);
  int left = scaledPx(10);
  if (!m_icon.isEmpty()) {
    const int size = scaledPx(16);
    themeIcon(m_icon, IconColor::Secondary)
        .paint(&painter, QRect(scaledPx(12), (height() - size) / 2, size, size));
    left = scaledPx(40);
  }
  int right = width() - scaledPx(12);
  painter.setFont(uiFont(FontRole::Body));
  for (qsizetype i = m_columns.size(); i-- > 0;) {
    const int columnWidth = scaledPx(m_widths[i]);
    const bool isFirst = i == 0 && m_columns.size() > 1;
    painter.setPen(isFirst || m_columns.size() == 1 ? theme.secondary : theme.text);
    painter.drawText(QRect(right - columnWidth, 0, columnWidth, height()),
                     (isFirst ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter, m_columns[i]);
    right -= columnWidth;
  }
  const int available = right - left - scaledPx(8);
  const QFontMetrics metrics(painter.font());
  const bool isTwoLines = !m_detail.isEmpty();
  const QRect nameRect(left, isTwoLines ? scaledPx(5) : 0, available, isTwoLines ? scaledPx(18) : height());
  painter.setPen(theme.text);
  painter.drawText(nameRect, Qt::AlignLeft | Qt::AlignVCenter,
                   metrics.elidedText(text(), Qt::ElideMiddle, available));
  if (isTwoLines) {
    painter.setFont(uiFont(FontRole::Axis));
    painter.setPen(theme.secondary);
    painter.drawText(QRect(left, scaledPx(22), available, scaledPx(16)), Qt::AlignLeft | Qt::AlignVCenter,
                     QFontMetrics(painter.font()).elidedText(m_detail, Qt::ElideRight, available));
  }
  if (!hasFocus()) return;
  painter.setPen(theme.accent);
  painter.drawRect(rect().adjusted(0, 0, -1, -1));
}

}  // namespace ql
