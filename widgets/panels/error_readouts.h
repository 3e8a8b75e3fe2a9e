#pragma once
// The error rows of the inspector: before -> after, each with its provenance mark.
#include "widgets/bridge/session.h"

#include <QWidget>

#include <vector>

class QLabel;

namespace ql {

class EvidenceDot;

class ErrorReadouts : public QWidget {
  Q_OBJECT
 public:
  explicit ErrorReadouts(QWidget* parent = nullptr);
  /// `before` under the plan, `after` under the what-if (null without one, or while it is being measured).
  void setErrors(const std::shared_ptr<const LayerError>& before,
                 const std::shared_ptr<const LayerError>& after, bool hasWhatIf);
  QString beforeText(Metric metric) const;
  QString afterText(Metric metric) const;

 private:
  struct Row {
    Metric metric;
    QLabel *before, *arrow, *after, *origin;
    EvidenceDot* dot;
  };
  void setRow(const Row& row, const LayerError* before, const LayerError* after, bool hasWhatIf);
  const Row* find(Metric metric) const;
  std::vector<Row> m_rows;
  QLabel* m_note;
};

}  // namespace ql
