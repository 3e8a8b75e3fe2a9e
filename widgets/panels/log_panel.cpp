#include "widgets/panels/log_panel.h"

#include "widgets/bridge/session.h"
#include "widgets/bridge/theme.h"

#include <QTime>

namespace ql {

LogPanel::LogPanel(Session* session, QWidget* parent) : QPlainTextEdit(parent) {
  setReadOnly(true);
  setFrameShape(QFrame::NoFrame);
  setStyleSheet(QStringLiteral("QPlainTextEdit { border: 0px; border-radius: 0px; }"));
  setMaximumBlockCount(10000);
  setFont(uiFont(FontRole::Mono));
  setLineWrapMode(QPlainTextEdit::WidgetWidth);
  setAccessibleName(tr("Log"));
  setPlaceholderText(tr("Nothing yet: jobs, messages and exports are noted here."));
  connect(session->jobs(), &JobRunner::logged, this, &LogPanel::addLine);
  connect(session, &Session::message, this,
          [this](const QString& text, bool isError) { addLine(isError ? tr("error: %1").arg(text) : text); });
}

void LogPanel::addLine(const QString& line) {
  appendPlainText(QTime::currentTime().toString(QStringLiteral("HH:mm:ss  ")) + line);
}

}  // namespace ql
