#pragma once
// Paints one row of the model tree: name with shape, scheme, value with its colour swatch, lock.
#include <QStyledItemDelegate>

namespace ql {

class Session;

class TreeDelegate : public QStyledItemDelegate {
  Q_OBJECT
 public:
  TreeDelegate(Session* session, QObject* parent);
  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
  QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;

 private:
  void paintName(QPainter* painter, const QRect& rect, const QModelIndex& index, bool isCurrent) const;
  void paintWeight(QPainter* painter, const QRect& rect, const QModelIndex& index, bool isCurrent) const;
  void paintValue(QPainter* painter, const QRect& rect, const QModelIndex& index, bool isCurrent) const;
  Session* m_session;
};

}  // namespace ql
