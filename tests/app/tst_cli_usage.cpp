// How qloupe is spoken to: help, wrong words, closed and full outputs, signals.
#include "tests/app/cli_runner.h"
#include "tests/support/safetensors_bytes.h"

#include <csignal>

using namespace ql::test;

namespace {

constexpr int kBigLayers = 24;
constexpr std::int64_t kBigSide = 2048;

/// A Llama with `kBigLayers` blocks of one 8 MB matrix each: long enough to be stopped, mostly a hole in the
/// file.
std::filesystem::path writeBigModel(const TempFolder& folder) {
  std::string header = "{";
  const auto bytes = static_cast<std::uint64_t>(kBigSide * kBigSide * 2);
  const std::string shape = "[" + std::to_string(kBigSide) + "," + std::to_string(kBigSide) + "]";
  for (int i = 0; i < kBigLayers; ++i)
    header += (i == 0 ? "" : ",") + entry("model.layers." + std::to_string(i) + ".self_attn.q_proj.weight",
                                          "BF16", shape, static_cast<std::uint64_t>(i) * bytes,
                                          static_cast<std::uint64_t>(i + 1) * bytes);
  header += "}";
  const auto path = folder.write("big/model.safetensors", safetensorsBytes(header, ""));
  std::filesystem::resize_file(path, std::filesystem::file_size(path) + kBigLayers * bytes);
  folder.write("big/config.json", R"({"architectures":["LlamaForCausalLM"],"model_type":"llama"})");
  return path.parent_path();
}

int partsIn(const std::filesystem::path& folder) {
  std::error_code problem;
  int count = 0;
  for (const auto& part : std::filesystem::directory_iterator(folder, problem))
    count += part.path().extension() == ".h5";
  return count;
}

/// Starts an analysis of the big model and sends a signal as soon as `parts` layers are on disk.
RunResult analyzeUntil(const TempFolder& folder, int parts, int signal) {
  QProcess process;
  isolate(process, folder);
  process.start(programPath(), {"analyze", "big", "-o", "big.h5", "--resume", "--threads", "1"});
  if (!process.waitForStarted()) return {};
  while (process.state() == QProcess::Running && partsIn(folder / "big.h5.parts") < parts)
    process.waitForFinished(5);
  ::kill(static_cast<pid_t>(process.processId()), signal);
  process.waitForFinished(60'000);
  const int code = process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1;
  return {code, process.readAllStandardOutput(), process.readAllStandardError()};
}

}  // namespace

class TestCliUsage : public QObject {
  Q_OBJECT

 private slots:
  void everyCommandHasHelpWithAnExample_data() {
    QTest::addColumn<QStringList>("words");
    for (const char* words : {"", "inspect", "analyze", "stats", "error", "diagnose", "plan new", "plan set",
                              "plan show", "plan diff", "plan rotate", "rotate", "plan point", "plan kv",
                              "sensitivity", "outlier-dims", "export", "methods"})
      QTest::newRow(words) << QString::fromLatin1(words).split(QLatin1Char(' '), Qt::SkipEmptyParts);
  }
  void everyCommandHasHelpWithAnExample() {
    QFETCH(QStringList, words);
    const RunResult result = qloupe(m_folder, words + QStringList{"--help"});
    QL_EXIT(result, 0);
    QVERIFY2(result.out.contains("Example:\n  qloupe"), result.out.constData());
    QVERIFY(result.err.isEmpty());
  }

  void wrongWordsAreOneSentence_data() {
    QTest::addColumn<QStringList>("words");
    QTest::addColumn<QString>("part");
    QTest::newRow("no command") << QStringList{} << "qloupe --help";
    QTest::newRow("unknown command") << QStringList{"frobnicate"} << "frobnicate";
    QTest::newRow("no model") << QStringList{"inspect"} << "MODEL";
    QTest::newRow("unknown option") << QStringList{"inspect", "x", "--frob"} << "--frob";
    QTest::newRow("no plan command") << QStringList{"plan"} << "qloupe plan --help";
    QTest::newRow("bad scheme") << QStringList{"error", demo(), "--scheme", "w8b8"} << "w8b8";
    QTest::newRow("no scheme") << QStringList{"error", demo()} << "--scheme";
    QTest::newRow("bad metric") << QStringList{"stats", demo(), "--metric", "absmax,beauty"} << "beauty";
    QTest::newRow("bad grouping") << QStringList{"stats", demo(), "--by", "colour"} << "colour";
    QTest::newRow("two forms") << QStringList{"stats", demo(), "--csv", "--json"} << "--csv";
    QTest::newRow("bad blocks") << QStringList{"stats", demo(), "--blocks", "2-x"} << "2-x";
    QTest::newRow("bad role") << QStringList{"stats", demo(), "--roles", "queen"} << "queen";
    QTest::newRow("bad expression") << QStringList{"stats", demo(), "--layers", "(q"} << "(q";
    QTest::newRow("nothing hit") << QStringList{"stats", demo(), "--blocks", "77"} << "blocks 0 to 5";
    QTest::newRow("threads") << QStringList{"inspect", demo(), "--threads", "-3"} << "--threads";
    QTest::newRow("no edit") << QStringList{"plan", "set", "p.qlplan.json"} << "group=128";
    QTest::newRow("no target") << QStringList{"export", "p.qlplan.json", "-o", "x"} << "--to";
    QTest::newRow("output is a folder") << QStringList{"analyze", demo(), "-o", "."} << "folder";
  }
  void wrongWordsAreOneSentence() {
    QFETCH(QStringList, words);
    QFETCH(QString, part);
    QL_NO_PROBLEM(badInputProblem(qloupe(m_folder, words), part));
  }

  void existingFilesAreNotReplaced() {
    const auto precious = m_folder.write("precious.safetensors", "weights");
    QL_NO_PROBLEM(badInputProblem(qloupe(m_folder, {"analyze", demo(), "-o", "precious.safetensors"}),
                                  "precious.safetensors"));
    QVERIFY(contentOf(precious) == "weights");
    m_folder.write("mine.qlplan.json", "plan");
    QL_NO_PROBLEM(
        badInputProblem(qloupe(m_folder, {"plan", "new", demo(), "-o", "mine.qlplan.json"}), "--force"));
    QVERIFY(contentOf(m_folder / "mine.qlplan.json") == "plan");
  }

  void outputThatCannotBeWrittenIsTold() {
    QL_NO_PROBLEM(badInputProblem(shell(m_folder, "qloupe methods > /dev/full"), "standard output"));
    QL_NO_PROBLEM(badInputProblem(shell(m_folder, "qloupe methods >&-"), "standard output"));
  }

  void aReaderMayLeave() {
    const RunResult result = shell(m_folder, "qloupe methods --json | head -n 1");
    QL_EXIT(result, 0);
    QVERIFY2(result.err.isEmpty(), result.err.constData());
  }

  void closedStreamsAreNotWrittenInto() {
    const RunResult result =
        shell(m_folder, "qloupe plan new '" + demo() + "' -o closed.qlplan.json 0<&- 2>&-");
    QL_EXIT(result, 0);
    QVERIFY(contentOf(m_folder / "closed.qlplan.json").starts_with("{"));
  }

  void interruptionAndKillLoseNothing() {
    writeBigModel(m_folder);
    const RunResult interrupted = analyzeUntil(m_folder, 1, SIGINT);
    QL_EXIT(interrupted, 130);
    QVERIFY2(interrupted.err.contains("--resume"), interrupted.err.constData());
    QVERIFY(!std::filesystem::exists(m_folder / "big.h5"));
    const int kept = partsIn(m_folder / "big.h5.parts");
    QVERIFY(kept >= 1);
    QCOMPARE(analyzeUntil(m_folder, kept + 2, SIGKILL).exitCode, -1);
    QVERIFY(partsIn(m_folder / "big.h5.parts") >= kept + 2);
    const RunResult finished = qloupe(m_folder, {"analyze", "big", "-o", "big.h5", "--resume", "--json"});
    QL_EXIT(finished, 0);
    QVERIFY(jsonOf(finished).at("layers") == kBigLayers);
    QVERIFY(!std::filesystem::exists(m_folder / "big.h5.parts"));
  }

 private:
  static QString demo() { return text(demoModel()); }
  TempFolder m_folder;
};

QTEST_GUILESS_MAIN(TestCliUsage)
#include "tst_cli_usage.moc"
