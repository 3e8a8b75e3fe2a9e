#pragma once
// Paints the plan table's cells (swatch, accent for changed choices, semibold value, red findings) and edits
// a choice with a list of the usual ones.
#include <QStyledItemDelegate>

namespace ql {

class Session;

class PlanDelegate : public QStyledItemDelegate {
  Q_OBJECT
 public:
  PlanDelegate(Session* session, QObject* parent);
  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
  QWidget* createEditor(QWidget* parent, const QStyleOptionViewItem& option,
                        const QModelIndex& index) const override;
  void setEditorData(QWidget* editor, const QModelIndex& index) const override;
  void setModelData(QWidget* editor, QAbstractItemModel* model, const QModelIndex& index) const override;

 private:
  Session* m_session;
};

}  // namespace ql
