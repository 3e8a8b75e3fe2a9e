// qloupe plan auto as a user runs it: decisions with their numbers, the plan that is written, and refusals;
// schemes of floats in qloupe error.
#include "tests/app/cli_runner.h"
#include "tests/support/safetensors_bytes.h"

#include <cmath>

using namespace ql;
using namespace ql::test;

class TestCliMethods : public QObject {
  Q_OBJECT

 private:
  TempFolder m_folder;
  static QString demo() { return text(demoModel()); }
  RunResult automatic(const QStringList& arguments) {
    return qloupe(m_folder, QStringList{"plan", "auto", "p.qlplan.json", "--model", demo()} + arguments);
  }
  nlohmann::json plan(const char* name) {
    std::ifstream file(m_folder / name);
    return nlohmann::json::parse(file);
  }

 private slots:
  void initTestCase() {
    QCOMPARE(qloupe(m_folder, {"plan", "new", demo(), "-o", "p.qlplan.json"}).exitCode, 0);
    const QString calibration =
        text(std::filesystem::path(sourceDirectory()) / "resources/texts/calibration.txt");
    const RunResult result =
        qloupe(m_folder, {"analyze", demo(), "--calibration", calibration, "--tokens", "512", "-o", "S.h5"});
    QVERIFY2(result.exitCode == 0, result.err);
  }

  void floatsAreMeasured() {
    const RunResult result =
        qloupe(m_folder, {"error", demo(), "--stats", "S.h5", "--layers", "layers.3.self_attn.q_proj",
                          "--json", "--scheme", "fp8_e4m3/fp8_e4m3", "--scheme",
                          "fp8_e4m3/fp8_e4m3:act=tensor,static", "--scheme", "w8a8:static,act=tensor",
                          "--scheme", "fp4_e2m1:group=32", "--scheme", "bf16/fp8_e5m2"});
    QL_NO_PROBLEM(schemaProblemOf(result, "error"));
    const nlohmann::json layers = jsonOf(result);
    QCOMPARE(layers.size(), std::size_t(5));
    for (const auto& layer : layers) QVERIFY(layer["output_rel_wa"].is_number());
    QVERIFY(layers[1]["scheme"] == "fp8_e4m3/fp8_e4m3:act=tensor,static");
    // weights are the same, one range for the whole tensor is coarser than one a token
    QVERIFY(layers[0]["output_rel_w"] == layers[1]["output_rel_w"]);
    QVERIFY(layers[0]["output_rel_a"] < layers[1]["output_rel_a"]);
    QVERIFY(layers[3]["bits_per_weight"] == 5.0);
    QVERIFY(layers[4]["weight_rel_fro"] == 0.0 && layers[4]["output_rel_a"] > 0.01);
    QL_NO_PROBLEM(badInputProblem(qloupe(m_folder, {"error", demo(), "--scheme", "fp8_e4m3:flavour=gptq"}),
                                  "it has compressed-tensors"));
  }

  void billmIsMeasuredOnActivations() {
    std::string values;
    for (int i = 0; i < 300 * 256; ++i) {
      const float x = std::sin(static_cast<float>(i * i % 9973)) * (i % 256 == 9 ? 30.0f : 1.0f);
      const float stored = i % 256 == 40 ? 0.0f : x;  // a dead channel
      values.append(reinterpret_cast<const char*>(&stored), sizeof stored);
    }
    const std::string name = "model.layers.3.self_attn.q_proj.input";
    m_folder.write("x.safetensors",
                   safetensorsBytes("{" + entry(name, "F32", "[300,256]", 0, values.size()) + "}", values));
    const QStringList asked{"error",         demo(),
                            "--layers",      "layers.3.self_attn.q_proj",
                            "--activations", "x.safetensors",
                            "--scheme",      "binary:algorithm=billm",
                            "--scheme",      "binary:algorithm=billm:compensate=false",
                            "--scheme",      "int2"};
    const RunResult result = qloupe(m_folder, asked + QStringList{"--json"});
    QL_NO_PROBLEM(schemaProblemOf(result, "error"));
    const nlohmann::json layers = jsonOf(result);
    QCOMPARE(layers.size(), std::size_t(3));
    QVERIFY(layers[0]["output_rel_w"] < layers[1]["output_rel_w"]);  // errors are passed on
    QVERIFY(layers[1]["output_rel_w"] < layers[2]["output_rel_w"]);
    QVERIFY(layers[0]["bits_per_weight"] > 3.0 && layers[0]["bits_per_weight"] < 3.01);  // all that is stored
    QVERIFY(layers[0]["fallbacks"].dump().find("always zero") != std::string::npos);
    QCOMPARE(qloupe(m_folder, asked + QStringList{"--strict"}).exitCode, 1);
    QL_NO_PROBLEM(badInputProblem(qloupe(m_folder, {"error", demo(), "--scheme", "binary:algorithm=billm"}),
                                  "calibrat"));
    QL_NO_PROBLEM(badInputProblem(
        qloupe(m_folder, {"error", demo(), "--scheme", "binary:algorithm=billm,group=64"}), "block_size"));
  }

  void decisionsComeWithNumbers_data() {
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<QString>("figure");
    QTest::newRow("fewest") << QStringList{"--method", "fewest-layers"} << "output_rel_wa";
    QTest::newRow("mofq") << QStringList{"--method", "mofq"} << "weight_rel_fro";
    QTest::newRow("mofq wa") << QStringList{"--method", "mofq", "--loss", "wa", "--split-fused"}
                             << "output_rel_wa";
    QTest::newRow("adadim") << QStringList{"--method", "adadim"} << "output_rel_w";
  }
  void decisionsComeWithNumbers() {
    QFETCH(QStringList, arguments);
    QFETCH(QString, figure);
    const RunResult result = automatic(
        arguments + QStringList{"--stats", "S.h5", "--blocks", "0,3", "-o", "a.qlplan.json", "--json"});
    QVERIFY2(result.exitCode == 0, result.err);
    QL_NO_PROBLEM(schemaProblemOf(result, "plan-auto"));
    const nlohmann::json report = jsonOf(result), written = plan("a.qlplan.json");
    QVERIFY(report["written"] == "a.qlplan.json");
    QVERIFY(schemaErrors(schemaFile("plan.schema.json"), written.dump()).empty());
    QCOMPARE(report["decisions"].size(), std::size_t(14));
    std::size_t changed = 0;
    for (const auto& decision : report["decisions"]) {
      QVERIFY(decision["figure"] == figure.toStdString());
      const std::string layer = decision["layer"];
      const bool isChange = decision["before"] != decision["after"];
      changed += isChange ? 1 : 0;
      QVERIFY(written["layers"].contains(layer) == isChange);
      if (isChange)
        QVERIFY(decision["candidates"][decision["verdict"].get<std::size_t>()]["scheme"] ==
                decision["after"]);
    }
    QVERIFY(report["changed"] == changed);
    QVERIFY(plan("p.qlplan.json")["layers"].empty());  // -o leaves the plan alone
  }

  void plansAreWrittenInPlaceUnlessAsked() {
    const RunResult dry = automatic({"--method", "mofq", "--blocks", "0", "--dry-run"});
    QVERIFY2(dry.exitCode == 0 && dry.out.contains("fp8_e4m3/fp8_e4m3"), dry.err);
    QVERIFY(!dry.out.contains("written") && plan("p.qlplan.json")["layers"].empty());
    const RunResult made = automatic({"--method", "mofq", "--blocks", "0"});
    QVERIFY(made.out.contains("plan written to p.qlplan.json"));
    QVERIFY(!plan("p.qlplan.json")["layers"].empty());
    // the float candidates are what the plan has now: nothing is left to change
    const RunResult again = automatic({"--method", "mofq", "--blocks", "0"});
    QVERIFY2(again.exitCode == 0 && again.out.contains(": 0 changed"), again.out);
  }

  void badInputIsOneSentence_data() {
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<QString>("part");
    QTest::newRow("method") << QStringList{"--method", "magic"} << "fewest-layers, mofq or adadim";
    QTest::newRow("loss") << QStringList{"--method", "mofq", "--loss", "ppl"} << "tensor, output or wa";
    QTest::newRow("loss of another") << QStringList{"--method", "fewest-layers", "--loss", "wa"}
                                     << "does not go";
    QTest::newRow("target") << QStringList{"--method", "fewest-layers", "--target", "-1"} << "above 0";
    QTest::newRow("groups") << QStringList{"--method", "fewest-layers", "--groups", "64,0"}
                            << "cannot be tried";
    QTest::newRow("float") << QStringList{"--method", "mofq", "--float", "int8"} << "no float format";
    QTest::newRow("no text") << QStringList{"--method", "adadim", "--loss", "block"} << "--text";
    QTest::newRow("no data") << QStringList{"--method", "adadim"} << "calibrate first";
  }
  void badInputIsOneSentence() {
    QFETCH(QStringList, arguments);
    QFETCH(QString, part);
    QL_NO_PROBLEM(badInputProblem(automatic(arguments), part));
  }

  void methodsAreListed() {
    const RunResult result = qloupe(m_folder, {"methods", "--json"});
    QL_NO_PROBLEM(schemaProblemOf(result, "methods"));
    const nlohmann::json methods = jsonOf(result);
    QCOMPARE(methods["deciders"].size(), std::size_t(3));
    std::size_t floats = 0;
    for (const auto& format : methods["formats"])
      floats += format["measurable"] && format["name"].get<std::string>().starts_with("fp") ? 1 : 0;
    QCOMPARE(floats, std::size_t(9));
    QVERIFY(qloupe(m_folder, {"methods"}).out.contains("arXiv:2305.12356"));
  }
};

QTEST_APPLESS_MAIN(TestCliMethods)
#include "tst_cli_methods.moc"
