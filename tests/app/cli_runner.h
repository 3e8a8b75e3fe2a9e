#pragma once
// Runs the real qloupe and looks at what it says.
#include "tests/support/data.h"
#include "tests/support/json_schema.h"
#include "tests/support/temp_folder.h"

#include <QProcess>
#include <QStringList>
#include <QTest>

#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <string>

namespace ql::test {

struct RunResult {
  int exitCode = -1;  // -1 when it was ended by a signal or did not start
  QByteArray out, err;
};

inline QString programPath() {
  return QStringLiteral(QL_BIN_DIR "/qloupe");
}

inline QString text(const std::filesystem::path& path) {
  return QString::fromStdString(path.string());
}

/// Cache and settings of a test live in its temporary folder.
inline void isolate(QProcess& process, const TempFolder& folder) {
  QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
  environment.insert(QStringLiteral("XDG_CACHE_HOME"), text(folder / "cache"));
  environment.insert(QStringLiteral("LC_ALL"), QStringLiteral("C.UTF-8"));
  environment.insert(QStringLiteral("PATH"),
                     QStringLiteral(QL_BIN_DIR ":") + environment.value(QStringLiteral("PATH")));
  process.setProcessEnvironment(environment);
  process.setWorkingDirectory(text(folder.path()));
}

inline RunResult run(const TempFolder& folder, const QString& program, const QStringList& arguments) {
  QProcess process;
  isolate(process, folder);
  process.start(program, arguments);
  if (!process.waitForFinished(240'000)) return {};
  const int code = process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1;
  return {code, process.readAllStandardOutput(), process.readAllStandardError()};
}

inline RunResult qloupe(const TempFolder& folder, const QStringList& arguments) {
  return run(folder, programPath(), arguments);
}

/// Through a shell, for redirections; "qloupe" is on the PATH.
inline RunResult shell(const TempFolder& folder, const QString& command) {
  return run(folder, QStringLiteral("/bin/sh"), {QStringLiteral("-c"), command});
}

/// Bad input: exit code 2, nothing on standard output, one sentence that contains `part`. Empty when so.
inline QString badInputProblem(const RunResult& result, const QString& part) {
  const QString said = QString::fromUtf8(result.err);
  if (result.exitCode != 2) return QStringLiteral("exit code %1: %2").arg(result.exitCode).arg(said);
  if (!result.out.isEmpty()) return QStringLiteral("standard output: ") + QString::fromUtf8(result.out);
  if (said.count(QLatin1Char('\n')) != 1 || !said.startsWith(QStringLiteral("qloupe: ")))
    return QStringLiteral("not one line: ") + said;
  if (!said.contains(part)) return QStringLiteral("lacks \"%1\": %2").arg(part, said);
  return {};
}

inline nlohmann::json jsonOf(const RunResult& result) {
  return nlohmann::json::parse(result.out.toStdString(), nullptr, false);
}

/// The first difference from resources/schemas/<name>.schema.json; empty when the output fits.
inline QString schemaProblemOf(const RunResult& result, const std::string& name) {
  if (jsonOf(result).is_discarded())
    return QStringLiteral("no JSON: ") + QString::fromUtf8(result.out + result.err);
  const auto errors = schemaErrors(schemaFile(name + ".schema.json"), result.out.toStdString());
  return errors.empty() ? QString() : QString::fromStdString(errors.front());
}

}  // namespace ql::test

/// Ends the test with the output when the exit code is another.
#define QL_EXIT(result, code)      \
  QVERIFY2(                        \
      (result).exitCode == (code), \
      qPrintable(                  \
          QStringLiteral("exit code %1: %2").arg((result).exitCode).arg(QString::fromUtf8((result).err))))
#define QL_NO_PROBLEM(expression)                         \
  do {                                                    \
    const QString qlProblem = (expression);               \
    QVERIFY2(qlProblem.isEmpty(), qPrintable(qlProblem)); \
  } while (false)
