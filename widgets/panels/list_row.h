#pragma once
// One clickable row of the start page's lists: icon, name, a line under it, columns on the right.
#include <QAbstractButton>
#include <QStringList>

namespace ql {

class ListRow : public QAbstractButton {
  Q_OBJECT
 public:
  ListRow(const QString& icon, const QString& name, const QString& detail, QWidget* parent);
  /// Columns from the left of the right half, each with its width (12 px font); the last one is
  /// right-aligned.
  void setColumns(const QStringList& texts, const QList<int>& widths);
  QSize sizeHint() const override;

 protected:
  void paintEvent(QPaintEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;

 private:
  QString m_icon, m_detail;
  QStringList m_columns;
  QList<int> m_widths;
};

}  // namespace ql
