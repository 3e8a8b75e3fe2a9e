#pragma once
// Small pieces that panels are built from: segmented controls, captions, buttons in the house style, elided
// labels.
#include "widgets/bridge/icons.h"
#include "widgets/bridge/theme.h"

#include <QLabel>
#include <QPushButton>
#include <QToolButton>

#include <vector>

class QButtonGroup;

namespace ql {

/// `length` for a 12 px font, at the application's font size.
int scaledPx(int length);

/// Sets a dynamic property that the style sheet reads, and restyles the widget.
void setStyleProperty(QWidget* widget, const char* name, const QVariant& value);

QLabel* makeLabel(const QString& text, FontRole role, QWidget* parent);
/// Secondary text.
QLabel* makeDimLabel(const QString& text, FontRole role, QWidget* parent);
QPushButton* makeAccentButton(const QString& text, QWidget* parent);
QPushButton* makeSmallButton(const QString& text, QWidget* parent);
/// An icon alone: tooltip and accessible name are the same sentence.
QToolButton* makeIconButton(const QString& icon, const QString& tip, QWidget* parent);
QWidget* makeSeparator(Qt::Orientation orientation, QWidget* parent);

/// Exclusive choices in one outline: "Plan | All W8 | Change".
class SegmentedControl : public QWidget {
  Q_OBJECT
 public:
  explicit SegmentedControl(const QString& accessibleName, QWidget* parent = nullptr);
  void addSegment(const QString& text, const QString& tip);
  int current() const;
  /// No signal.
  void setCurrent(int index);
  QToolButton* button(int index) const;

 signals:
  void picked(int index);  // by the user

 private:
  QButtonGroup* m_group;
};

/// One line that is cut with dots instead of widening its panel; the tooltip has the whole text.
class ElidedLabel : public QLabel {
  Q_OBJECT
 public:
  explicit ElidedLabel(QWidget* parent = nullptr, Qt::TextElideMode mode = Qt::ElideRight);
  void setFullText(const QString& text);
  QString fullText() const { return m_text; }
  QSize minimumSizeHint() const override;
  QSize sizeHint() const override;

 protected:
  void resizeEvent(QResizeEvent* event) override;

 private:
  void elide();
  QString m_text;
  Qt::TextElideMode m_mode;
};

}  // namespace ql
