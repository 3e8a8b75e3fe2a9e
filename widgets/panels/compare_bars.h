#pragma once
// The comparison of the inspector: one bar a choice with its error and its bits; a bar is a button.
#include "core/quant/scheme.h"

#include <QAbstractButton>
#include <QString>
#include <QWidget>

#include <optional>
#include <vector>

namespace ql {

struct CompareEntry {
  QString label;  // "group 32"
  Choice choice;
  std::optional<double> error;  // a fraction; nothing while unmeasured
  double bits = 0;
  bool isShown = false;      // the choice the views show now
  QString figure;            // name of the error: "Norm-weighted error"
  bool isSmoothing = false;  // `choice` behind bi-smoothing at its optimum
};

/// One row: label, bar with the target line, error, bits per weight.
class CompareBar : public QAbstractButton {
  Q_OBJECT
 public:
  CompareBar(const CompareEntry& entry, double largest, double target, QWidget* parent);
  const CompareEntry& entry() const { return m_entry; }
  void setEntry(const CompareEntry& entry, double largest, double target);
  QSize sizeHint() const override;

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  void paintBar(QPainter& painter, const QRect& area) const;
  CompareEntry m_entry;
  double m_largest, m_target;
};

class CompareBars : public QWidget {
  Q_OBJECT
 public:
  explicit CompareBars(QWidget* parent = nullptr);
  /// Few rows: only the first, the shown one and the best.
  void setEntries(std::vector<CompareEntry> entries, double target, bool fewRows);
  const std::vector<CompareBar*>& bars() const { return m_bars; }

 signals:
  void picked(const ql::Choice& choice);
  void smoothingPicked();

 private:
  std::vector<CompareBar*> m_bars;
};

}  // namespace ql
