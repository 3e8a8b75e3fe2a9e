#pragma once
// Window tests: their own XDG folders, a platform that is there, and waiting for what the window is doing.
#include "tests/support/data.h"
#include "widgets/bridge/app_style.h"
#include "widgets/bridge/session.h"
#include "widgets/canvas/renderer.h"

#include <QApplication>
#include <QDir>
#include <QFile>
#include <QSettings>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

namespace ql::test {

/// Before QApplication: nothing of the person who runs the tests is read or written.
inline void prepareEnvironment(const QString& folder) {
  for (const char* name : {"XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"}) {
    const QString path = folder + QLatin1Char('/') + QLatin1String(name);
    QDir().mkpath(path);
    qputenv(name, path.toUtf8());
  }
  qputenv("HF_HOME", (folder + QStringLiteral("/hf")).toUtf8());
  qunsetenv("HUGGINGFACE_HUB_CACHE");
  qunsetenv("HF_HUB_CACHE");
  qputenv("QUANTLOUPE_RESOURCES", (std::string(QL_SOURCE_DIR) + "/resources").c_str());
  if (!qEnvironmentVariableIsSet("DISPLAY") && !qEnvironmentVariableIsSet("QT_QPA_PLATFORM"))
    qputenv("QT_QPA_PLATFORM", "offscreen");
}

inline void prepareApplication() {
  QCoreApplication::setApplicationName(QStringLiteral("quantloupe"));
  QCoreApplication::setOrganizationName(QStringLiteral("quantloupe"));
  rememberSystemPalette();
  applyFont();
  applyTheme(ThemeMode::Light);
}

inline QString demoPath() {
  return QString::fromStdString(demoModel().string());
}

/// A copy of the demo model that a test may damage.
inline QString copyOfDemo(const QTemporaryDir& folder) {
  const QString to = folder.filePath(QStringLiteral("model"));
  QDir().mkpath(to);
  const QDir from(demoPath());
  for (const QString& name : from.entryList(QDir::Files))
    QFile::copy(from.filePath(name), to + QLatin1Char('/') + name);
  return to;
}

/// Every quantizable linear is measured, findings are known, and nothing runs.
inline bool isIdle(Session* session) {
  if (!session->model() || session->jobs()->isBusy() || session->isAnalyzing()) return false;
  for (LinearId id = 0; id < session->model()->linears.size(); ++id)
    if (session->model()->linears[id].isQuantizable && !session->value(id, Metric::NormWeighted))
      return false;
  return true;
}

inline int flaggedCount(Session* session) {
  int count = 0;
  for (LinearId id = 0; session->model() && id < session->model()->linears.size(); ++id)
    count += session->isFlagged(id);
  return count;
}

}  // namespace ql::test

#define QL_WINDOW_TEST_MAIN(Class)               \
  int main(int argc, char** argv) {              \
    const QTemporaryDir folder;                  \
    ql::test::prepareEnvironment(folder.path()); \
    ql::prepareRenderers();                      \
    QApplication app(argc, argv);                \
    ql::test::prepareApplication();              \
    Class test;                                  \
    return QTest::qExec(&test, argc, argv);      \
  }
