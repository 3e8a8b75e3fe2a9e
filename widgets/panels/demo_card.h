#pragma once
// One demo model on the start page: its real overview as a thumbnail, one line on what it shows, two measured
// figures.
#include "core/demo.h"
#include "core/jobs/job_context.h"

#include <QFrame>

#include <optional>
#include <vector>

class QLabel;

namespace ql {

/// The error of W8 per channel by role and block, measured on the demo model.
struct DemoFigures {
  std::vector<QString> roles;                             // rows
  std::vector<std::vector<std::optional<double>>> cells;  // [role][block]
  int linears = 0, aboveTarget = 0, blocks = 0;
  double worst = 0;
  std::uint64_t parameters = 0, sizeBytes = 0;
};

/// Makes the demo model if need be, measures it (or reads what was measured before) and sums up. Throws
/// ql::Error.
DemoFigures measureDemo(const std::string& key, double target, JobContext& job);

class DemoThumbnail;

class DemoCard : public QFrame {
  Q_OBJECT
 public:
  DemoCard(const DemoModel& demo, QWidget* parent);
  const std::string& key() const { return m_key; }
  bool isMeasured() const { return m_isMeasured; }
  void setFigures(const DemoFigures& figures, double target);

 signals:
  void opened();

 protected:
  void keyPressEvent(QKeyEvent* event) override;
  void mouseReleaseEvent(QMouseEvent* event) override;
  void focusInEvent(QFocusEvent* event) override;
  void focusOutEvent(QFocusEvent* event) override;

 private:
  void setFocused(bool isFocused);
  std::string m_key;
  DemoThumbnail* m_thumbnail;
  QLabel *m_above, *m_worst, *m_enter;
  bool m_isMeasured = false;
};

}  // namespace ql
