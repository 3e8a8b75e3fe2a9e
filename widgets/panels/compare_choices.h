#pragma once
// The two choices that the Compare page holds against each other, A and B, and how they look. Not for
// applying them: that is the inspector's.
#include "core/quant/scheme.h"

#include <QColor>
#include <QObject>
#include <QString>
#include <QStringList>

namespace ql {

enum class CompareSide { A, B };

class CompareChoices : public QObject {
  Q_OBJECT
 public:
  explicit CompareChoices(QObject* parent = nullptr);
  const Choice& of(CompareSide side) const { return side == CompareSide::A ? m_a : m_b; }
  void set(CompareSide side, const Choice& choice);
  void swap();

 signals:
  void changed();

 private:
  Choice m_a, m_b;
};

/// "A" or "B", not translated: they are names.
QString sideName(CompareSide side);
/// "int8 channel · int8 token": what a choice does, in the words of the plan table.
QString compareChoiceText(const Choice& choice);
/// What SPEC completion offers.
const QStringList& comparePresets();
/// The colour of A (indigo) and B (gold): they stand for no other quantity of the window.
QColor sideColor(CompareSide side, bool isDark);
/// Colours of models in one plot, the first eight different: Okabe and Ito's set, darkened for a light
/// ground.
QColor modelColor(int index, bool isDark);

}  // namespace ql
