#pragma once
// Paints the cells of the table of smoothing groups: both curves as a sparkline, figures over the target in
// red, the better method in bold, a mark for groups that the plan smooths.
#include <QStyledItemDelegate>

namespace ql {

class Session;
struct CurveShape;

class SmoothingDelegate : public QStyledItemDelegate {
  Q_OBJECT
 public:
  SmoothingDelegate(Session* session, QObject* parent);
  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;

 private:
  void paintCurves(QPainter* painter, const QRect& rect, const CurveShape& shape) const;
  Session* m_session;
};

}  // namespace ql
