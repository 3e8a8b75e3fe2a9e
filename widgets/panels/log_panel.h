#pragma once
// The Log tab: what happened, with the time of day.
#include <QPlainTextEdit>

namespace ql {

class Session;

class LogPanel : public QPlainTextEdit {
  Q_OBJECT
 public:
  explicit LogPanel(Session* session, QWidget* parent = nullptr);

 public slots:
  void addLine(const QString& line);
};

}  // namespace ql
