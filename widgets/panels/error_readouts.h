#pragma once
// The error rows of the inspector: before -> after, each with its provenance mark. Output errors first; what
// cannot be had is greyed with the reason.
#include "widgets/bridge/session.h"

#include <QWidget>

#include <functional>
#include <vector>

class QLabel;

namespace ql {

class EvidenceDot;

/// What is known under one choice.
struct KnownErrors {
  std::shared_ptr<const LayerError> weights;  // null while it is being measured
  std::optional<OutputError> output;          // else the preview's figures are those of `weights`
};

class ErrorReadouts : public QWidget {
  Q_OBJECT
 public:
  explicit ErrorReadouts(QWidget* parent = nullptr);
  /// `before` under the plan, `after` under the what-if (empty without one, or while it is being measured).
  void setErrors(const KnownErrors& before, const KnownErrors& after, bool hasWhatIf);
  /// Why output errors cannot be had (nothing = they can), whether there are activations at all, and what
  /// they are. Before setErrors().
  void setData(std::function<QString(Metric)> missing, bool hasActivations, const QString& record);
  QString beforeText(Metric metric) const;
  QString afterText(Metric metric) const;
  QString originText(Metric metric) const;
  /// What the method did otherwise than asked for, a line each; empty without.
  QString fallbackText() const;

 private:
  struct Row {
    Metric metric;
    QLabel *name, *before, *arrow, *after, *origin;
    EvidenceDot* dot;
  };
  struct Shown;
  void setRow(const Row& row, const KnownErrors& before, const KnownErrors& after, bool hasWhatIf);
  Shown shownOf(const Row& row, const KnownErrors& known) const;
  const Row* find(Metric metric) const;
  std::vector<Row> m_rows;
  std::function<QString(Metric)> m_missing;
  bool m_hasActivations = false;
  QString m_record;
  QLabel *m_note, *m_data;
  QWidget* m_fallbacks;  // an icon and the lines
  QLabel *m_fallbackIcon, *m_fallbackLines;
};

}  // namespace ql
