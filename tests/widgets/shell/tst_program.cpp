// The program itself: options, exit codes, pictures with no display.
#include "tests/widgets/shell/shell_support.h"

#include <QFileInfo>
#include <QImage>
#include <QProcess>

using namespace ql;

class TestProgram : public QObject {
  Q_OBJECT
 private slots:
  void initTestCase() {
    m_program = QStringLiteral(QL_BIN_DIR "/quantloupe");
    if (!QFileInfo::exists(m_program)) QSKIP("bin/quantloupe is not built");
  }

  void optionsAreChecked_data() {
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<int>("exitCode");
    QTest::addColumn<QString>("says");
    const auto row = [](const char* name, const QString& line, int exitCode, const char* says) {
      QTest::newRow(name) << line.split(QLatin1Char(' '), Qt::SkipEmptyParts) << exitCode
                          << QString::fromLatin1(says);
    };
    row("version", QStringLiteral("--version"), 0, "quantloupe 0.");
    row("help", QStringLiteral("--help"), 0, "--render");
    row("unknown option", QStringLiteral("--sideways"), 2, "sideways");
    row("two models", QStringLiteral("a b"), 2, "one MODEL");
    row("bad view", QStringLiteral("m --render everything -o x.png"), 2, "not a view");
    row("no output", QStringLiteral("m --render overview"), 2, "-o");
    row("no model", QStringLiteral("--render overview -o x.png"), 2, "MODEL");
    row("bad size", QStringLiteral("m --render overview --size big -o x.png"), 2, "WIDTHxHEIGHT");
    row("bad theme", QStringLiteral("m --render overview --theme pink -o x.png"), 2, "light or dark");
    row("missing model", QStringLiteral("/nowhere/model --render overview -o x.png"), 2, "/nowhere/model");
  }
  void optionsAreChecked() {
    QFETCH(QStringList, arguments);
    QFETCH(int, exitCode);
    QFETCH(QString, says);
    const Result result = run(arguments);
    QCOMPARE(result.exitCode, exitCode);
    QVERIFY2(result.text.contains(says), qPrintable(result.text));
  }

  void picturesNeedNoDisplay_data() {
    QTest::addColumn<QString>("view");
    for (const char* view : {"overview", "matrix", "channels", "main"})
      QTest::newRow(view) << QString::fromLatin1(view);
  }
  void picturesNeedNoDisplay() {
    QFETCH(QString, view);
    const QString path = m_folder.filePath(view + QStringLiteral(".png"));
    const Result result = run({test::demoPath(), QStringLiteral("--render"), view, QStringLiteral("--layer"),
                               QStringLiteral("model.layers.0.self_attn.q_proj"), QStringLiteral("--size"),
                               QStringLiteral("1280x800"), QStringLiteral("--theme"), QStringLiteral("dark"),
                               QStringLiteral("-o"), path});
    QVERIFY2(result.exitCode == 0, qPrintable(result.text));
    const QImage image(path);
    QCOMPARE(image.size(), QSize(1280, 800));
  }

  void unknownLayerIsNamed() {
    const Result result = run({test::demoPath(), QStringLiteral("--render"), QStringLiteral("matrix"),
                               QStringLiteral("--layer"), QStringLiteral("model.nothing"),
                               QStringLiteral("-o"), m_folder.filePath(QStringLiteral("x.png"))});
    QCOMPARE(result.exitCode, 2);
    QVERIFY2(result.text.contains(QStringLiteral("model.nothing")), qPrintable(result.text));
  }

 private:
  struct Result {
    int exitCode;
    QString text;
  };
  Result run(const QStringList& arguments) const {
    QProcess process;
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    for (const char* name : {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"})
      environment.remove(QLatin1String(name));
    process.setProcessEnvironment(environment);
    process.setProcessChannelMode(QProcess::MergedChannels);
    process.start(m_program, arguments);
    if (!process.waitForFinished(120000)) return {-1, QStringLiteral("did not end")};
    return {process.exitCode(), QString::fromUtf8(process.readAll())};
  }
  QString m_program;
  QTemporaryDir m_folder;
};

QL_WINDOW_TEST_MAIN(TestProgram)
#include "tst_program.moc"
