// Broken and foreign files: each is one sentence with the file in it, exit code 2, and nothing half-written.
#include "tests/app/cli_runner.h"
#include "tests/support/safetensors_bytes.h"

#include <functional>

#include <sys/stat.h>
#include <unistd.h>

using namespace ql::test;
namespace fs = std::filesystem;

namespace {

/// One BF16 matrix of ones, [out, in].
std::string matrixFile(const std::string& name, const std::string& shape, std::size_t values,
                       const char* bits) {
  std::string data;
  for (std::size_t i = 0; i < values; ++i) data.append(bits, 2);
  return safetensorsBytes("{" + entry(name, "BF16", shape, 0, data.size()) + "}", data);
}

constexpr char kOne[] = "\x80\x3f";
constexpr char kNan[] = "\xc0\x7f";
constexpr char kLayer[] = "model.layers.0.self_attn.q_proj.weight";

std::string indexOf(const std::string& file) {
  return std::string(R"({"metadata":{},"weight_map":{")") + kLayer + R"(":")" + file + R"("}})";
}

/// Names in a folder that were not there before the command.
QStringList leftovers(const fs::path& folder, const QStringList& before) {
  QStringList names;
  for (const auto& item : fs::directory_iterator(folder)) {
    const QString name = text(item.path().filename());
    if (!before.contains(name)) names << name;
  }
  return names;
}

}  // namespace

class TestCliBadInput : public QObject {
  Q_OBJECT

 private slots:
  void brokenCheckpoints_data() {
    QTest::addColumn<QString>("file");
    QTest::addColumn<QByteArray>("content");
    QTest::addColumn<QString>("part");
    const auto row = [](const char* name, const char* file, const std::string& content, const char* part) {
      QTest::newRow(name) << QString::fromLatin1(file) << QByteArray::fromStdString(content)
                          << QString::fromLatin1(part);
    };
    const std::string good = matrixFile(kLayer, "[4,4]", 16, kOne);
    row("empty file", "m/model.safetensors", "", "model.safetensors");
    row("html", "m/model.safetensors", "<!DOCTYPE html><html><body>404</body></html>", "model.safetensors");
    row("truncated", "m/model.safetensors", good.substr(0, good.size() - 5), "model.safetensors");
    row("absurd header length", "m/model.safetensors", safetensorsBytes("{}", "", ~std::uint64_t{0}),
        "model.safetensors");
    row("header is no JSON", "m/model.safetensors", safetensorsBytes("{{{{", ""), "model.safetensors");
    row("negative shape", "m/model.safetensors", matrixFile(kLayer, "[-4,4]", 16, kOne), "model.safetensors");
    row("index that leaves the folder", "m/model.safetensors.index.json", indexOf("../../etc/passwd"),
        "index.json");
    row("index of a missing shard", "m/model.safetensors.index.json", indexOf("gone.safetensors"),
        "gone.safetensors");
    row("index is no JSON", "m/model.safetensors.index.json", "[1,", "index.json");
    row("folder without weights", "m/README", "hello", "m");
    row("statistics that are text", "m.h5", "not hdf5 at all", "m.h5");
  }
  void brokenCheckpoints() {
    QFETCH(QString, file);
    QFETCH(QByteArray, content);
    QFETCH(QString, part);
    const TempFolder folder;
    folder.write(file.toStdString(), content.toStdString());
    const QString model = file.section(QLatin1Char('/'), 0, 0);
    QL_NO_PROBLEM(badInputProblem(qloupe(folder, {"inspect", model}), part));
    QL_NO_PROBLEM(badInputProblem(qloupe(folder, {"analyze", model, "-o", "S.h5"}), part));
    QCOMPARE(leftovers(folder.path(), {model, "cache"}), QStringList());
  }

  void missingModel() {
    const TempFolder folder;
    QL_NO_PROBLEM(badInputProblem(qloupe(folder, {"inspect", "nowhere"}), "nowhere"));
    QL_NO_PROBLEM(
        badInputProblem(qloupe(folder, {"plan", "new", "nowhere", "-o", "p.qlplan.json"}), "nowhere"));
    QVERIFY(!fs::exists(folder / "p.qlplan.json"));
  }

  void fileWithoutPermission() {
    if (::geteuid() == 0) QSKIP("root reads everything");
    const TempFolder folder;
    const fs::path file = folder.write("m/model.safetensors", matrixFile(kLayer, "[4,4]", 16, kOne));
    ::chmod(file.c_str(), 0);
    QL_NO_PROBLEM(badInputProblem(qloupe(folder, {"inspect", "m"}), "model.safetensors"));
  }

  void folderThatCannotBeWritten() {
    if (::geteuid() == 0) QSKIP("root writes everywhere");
    const TempFolder folder;
    fs::create_directory(folder / "locked");
    ::chmod((folder / "locked").c_str(), 0555);
    QL_NO_PROBLEM(badInputProblem(qloupe(folder, {"analyze", demo(), "-o", "locked/S.h5"}), "locked"));
    QL_NO_PROBLEM(
        badInputProblem(qloupe(folder, {"plan", "new", demo(), "-o", "locked/p.qlplan.json"}), "locked"));
    ::chmod((folder / "locked").c_str(), 0755);
  }

  void folderThatIsMissing() {
    const TempFolder folder;
    QL_NO_PROBLEM(
        badInputProblem(qloupe(folder, {"plan", "new", demo(), "-o", "gone/p.qlplan.json"}), "gone"));
  }

  void fullDisk() {
    const TempFolder folder;
    // The limit makes write() fail in the middle, as a full disk does; blocks of 512 bytes.
    const QString limited = "ulimit -f 16; exec qloupe ";
    QL_NO_PROBLEM(badInputProblem(shell(folder, limited + "analyze '" + demo() + "' -o S.h5"), "S.h5"));
    QVERIFY(!fs::exists(folder / "S.h5"));
    QL_EXIT(qloupe(folder, {"plan", "new", demo(), "-o", "p.qlplan.json"}), 0);
    const std::string before = contentOf(folder / "p.qlplan.json");
    QVERIFY(before.size() > 1024);
    const RunResult result = shell(folder, "ulimit -f 1; exec qloupe plan set p.qlplan.json group=32");
    QL_NO_PROBLEM(badInputProblem(result, "p.qlplan.json"));
    QVERIFY(contentOf(folder / "p.qlplan.json") == before);
    QCOMPARE(leftovers(folder.path(), {"p.qlplan.json", "cache", "S.h5.parts"}), QStringList());
  }

  void damagedAndForeignPlans_data() {
    QTest::addColumn<QByteArray>("content");
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("no JSON") << QByteArray("{\"format\": ");
    QTest::newRow("another format") << QByteArray("{\"format\": \"recipe\", \"version\": 1}");
    QTest::newRow("newer version") << QByteArray("{\"format\": \"quantloupe-plan\", \"version\": 99}");
    QTest::newRow("no choice") << QByteArray(
        "{\"format\": \"quantloupe-plan\", \"version\": 1, \"default\": 7}");
  }
  void damagedAndForeignPlans() {
    QFETCH(QByteArray, content);
    const TempFolder folder;
    folder.write("p.qlplan.json", content.toStdString());
    QL_NO_PROBLEM(badInputProblem(qloupe(folder, {"plan", "show", "p.qlplan.json"}), "p.qlplan.json"));
    QL_NO_PROBLEM(
        badInputProblem(qloupe(folder, {"plan", "set", "p.qlplan.json", "group=32"}), "p.qlplan.json"));
    const RunResult result =
        qloupe(folder, {"export", "p.qlplan.json", "--to", "llm-compressor", "-o", "r.yaml"});
    QL_NO_PROBLEM(badInputProblem(result, "p.qlplan.json"));
    QVERIFY(contentOf(folder / "p.qlplan.json") == content.toStdString());
    QVERIFY(!fs::exists(folder / "r.yaml"));
  }

  void damagedStatistics() {
    const TempFolder folder;
    QL_EXIT(qloupe(folder, {"analyze", demo(), "-o", "S.h5"}), 0);
    std::string bytes = contentOf(folder / "S.h5");
    folder.write("half.h5", bytes.substr(0, bytes.size() / 2));
    QL_NO_PROBLEM(badInputProblem(qloupe(folder, {"stats", "half.h5"}), "half.h5"));
    QL_NO_PROBLEM(badInputProblem(qloupe(folder, {"diagnose", demo(), "--stats", "half.h5"}), "half.h5"));
  }

  void statisticsOfAnotherModelAreKept() {
    const TempFolder folder;
    const std::string other = safetensorsBytes(
        "{" + entry("model.layers.0.mlp.up_proj.weight", "BF16", "[4,4]", 0, 32) + "}", std::string(32, 1));
    folder.write("other.safetensors", other);
    const auto file = folder / "kept.h5";
    QL_EXIT(qloupe(folder, {"analyze", demo(), "-o", text(file)}), 0);
    const auto size = std::filesystem::file_size(file);
    for (const bool isResumed : {false, true}) {
      QStringList arguments{"analyze", text(folder / "other.safetensors"), "-o", text(file)};
      if (isResumed) arguments << "--resume";
      const RunResult result = qloupe(folder, arguments);
      QL_EXIT(result, 2);
      QVERIFY2(result.err.contains("another model"), result.err.constData());
    }
    QCOMPARE(std::filesystem::file_size(file), size);
    QL_EXIT(qloupe(folder, {"analyze", demo(), "-o", ""}), 2);
    const RunResult noWeights = qloupe(folder, {"analyze", text(file), "-o", text(folder / "new.h5")});
    QL_EXIT(noWeights, 2);
    QVERIFY2(noWeights.err.contains("reads weights"), noWeights.err.constData());
  }

  void damagedOutlineOfAPlan() {
    const TempFolder folder;
    QL_EXIT(qloupe(folder, {"plan", "new", demo(), "-o", "p.qlplan.json"}), 0);
    nlohmann::json plan = nlohmann::json::parse(contentOf(folder / "p.qlplan.json"));
    plan["evidence"]["model"]["linears"][3]["shape"] = {-1, "x"};
    folder.write("p.qlplan.json", plan.dump());
    QL_NO_PROBLEM(
        badInputProblem(qloupe(folder, {"plan", "set", "p.qlplan.json", "group=32"}), "p.qlplan.json"));
    plan["evidence"].erase("model");
    folder.write("p.qlplan.json", plan.dump());
    QL_NO_PROBLEM(badInputProblem(qloupe(folder, {"plan", "set", "p.qlplan.json", "group=32"}), "--model"));
    QL_EXIT(qloupe(folder, {"plan", "set", "p.qlplan.json", "group=32", "--model", demo()}), 0);
  }

  void nanWeightsAreDataNotErrors() {
    const TempFolder folder;
    folder.write("m/model.safetensors", matrixFile(kLayer, "[4,4]", 16, kNan));
    const RunResult scan = qloupe(folder, {"inspect", "m", "--scan", "--json"});
    QL_EXIT(scan, 1);
    QVERIFY(jsonOf(scan).at("scan").at(0).at("nans") == 16);
    const RunResult stats = qloupe(folder, {"stats", "m", "--json"});
    QL_EXIT(stats, 0);
    QL_NO_PROBLEM(schemaProblemOf(stats, "stats"));
    const RunResult diagnosis = qloupe(folder, {"diagnose", "m", "--json"});
    QL_EXIT(diagnosis, 1);
    QL_NO_PROBLEM(schemaProblemOf(diagnosis, "diagnose"));
    QVERIFY(diagnosis.out.contains("non_finite"));
    QL_NO_PROBLEM(schemaProblemOf(qloupe(folder, {"error", "m", "--scheme", "w8a8", "--json"}), "error"));
  }

  void oddShapesAreReadWithoutFuss_data() {
    QTest::addColumn<QString>("shape");
    QTest::addColumn<int>("values");
    QTest::newRow("no rows") << "[0,4]" << 0;
    QTest::newRow("rank 0") << "[]" << 1;
    QTest::newRow("rank 1") << "[4]" << 4;
    QTest::newRow("rank 3") << "[2,3,4]" << 24;
  }
  void oddShapesAreReadWithoutFuss() {
    QFETCH(QString, shape);
    QFETCH(int, values);
    const TempFolder folder;
    const std::string weight =
        matrixFile(kLayer, shape.toStdString(), static_cast<std::size_t>(values), kOne);
    folder.write("m/model.safetensors", weight);
    for (const QStringList& words :
         {QStringList{"inspect", "m", "--scan"}, QStringList{"analyze", "m", "-o", "S.h5"}}) {
      const RunResult result = qloupe(folder, words);
      QVERIFY2(result.exitCode == 0, result.err.constData());
    }
  }

  void namesNeedNotBeAscii() {
    const TempFolder folder;
    const std::string name = "mod\u00e8le \u91cf\u5316";
    folder.write(name + "/model.safetensors", matrixFile(kLayer, "[4,4]", 16, kOne));
    const QString model = QString::fromStdString(name);
    const RunResult result = qloupe(folder, {"inspect", model, "--json"});
    QL_EXIT(result, 0);
    QCOMPARE(jsonOf(result).at("name").get<std::string>(), name);
    QL_EXIT(qloupe(folder, {"analyze", model, "-o", model + ".h5"}), 0);
    QL_EXIT(qloupe(folder, {"plan", "new", model, "-o", model + ".qlplan.json"}), 0);
    QL_EXIT(qloupe(folder, {"plan", "set", model + ".qlplan.json", "group=2"}), 0);
  }

  void namesCannotDriveTheTerminal() {
    const TempFolder folder;
    folder.write("m/model.safetensors", matrixFile("a\\u001b[31m.0.b\\u0007.weight", "[4,4]", 16, kOne));
    const RunResult result = qloupe(folder, {"stats", "m"});
    QL_EXIT(result, 0);
    QVERIFY2(!result.out.contains('\x1b') && result.out.contains("\\x1b"), result.out.constData());
  }

 private:
  static QString demo() { return text(demoModel()); }
};

QTEST_GUILESS_MAIN(TestCliBadInput)
#include "tst_cli_bad_input.moc"
