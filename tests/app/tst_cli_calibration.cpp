// qloupe with text: calibration, output errors, perplexity under a plan, and what a user can get wrong.
#include "tests/app/cli_runner.h"
#include "tests/support/compare.h"
#include "tests/support/safetensors_bytes.h"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

using namespace ql::test;
using Json = nlohmann::json;

namespace {

QString demo() {
  return text(demoModel());
}

QString bundled(const char* name) {
  return QStringLiteral(QL_SOURCE_DIR "/resources/texts/") + QLatin1String(name);
}

}  // namespace

class TestCliCalibration : public QObject {
  Q_OBJECT

 private slots:
  void initTestCase() {
    const RunResult result = qloupe(m_folder, {"analyze", demo(), "-o", "S.h5", "--calibration",
                                               bundled("calibration.txt"), "--tokens", "2048", "--json"});
    QL_EXIT(result, 0);
    QL_NO_PROBLEM(schemaProblemOf(result, "analyze"));
    const Json activations = jsonOf(result).at("activations");
    QVERIFY(activations.at("tokens") == 2048);
    QVERIFY(activations.at("context") == 256);
    QVERIFY(activations.at("origin") == "calibration");
    QVERIFY(activations.at("sites") >= 24);
    QVERIFY2(result.err.isEmpty(), result.err.constData());
  }

  void errorsComeWithOutputs() {
    const RunResult result = qloupe(m_folder, {"error", demo(), "--stats", "S.h5", "--scheme", "w8a8",
                                               "--scheme", "bf16/int8", "--blocks", "0", "--json"});
    QL_EXIT(result, 0);
    QL_NO_PROBLEM(schemaProblemOf(result, "error"));
    const Json rows = jsonOf(result);
    QCOMPARE(rows.size(), std::size_t{14});
    for (const Json& row : rows) {
      QVERIFY(row.at("output_rel_wa").is_number());
      QVERIFY(row.at("output_provenance").at("sample").at("n") == 256);
      if (row.at("scheme") == "bf16/int8") QVERIFY(row.at("weight_rel_fro") == 0);
    }
    const Json& q = rows.front();
    QVERIFY(q.at("output_rel_w").get<double>() > 0.5 && q.at("output_rel_a").get<double>() < 0.05);
    const RunResult people = qloupe(m_folder, {"error", demo(), "--stats", "S.h5", "--scheme", "w8a8"});
    QVERIFY(people.out.contains("output_rel_wa"));
  }

  /// One file that stands alone, from weights, from the statistics alone, and under a plan; wrong paths are
  /// refused before anything is measured.
  void reportStandsAlone() {
    const RunResult plain = qloupe(m_folder, {"report", demo(), "--stats", "S.h5", "-o", "r.html"});
    QL_EXIT(plain, 0);
    QVERIFY(plain.out.startsWith("Wrote r.html ("));
    const auto page = [&](const char* name) {
      std::ifstream stream(m_folder / name, std::ios::binary);
      return std::string{std::istreambuf_iterator<char>(stream), {}};
    };
    const std::string html = page("r.html");
    for (const char* part : {"<svg", "model.layers.0.self_attn.q_proj", "input channels (18, 26, 30)",
                             "qloupe smooth ", "2,048 in windows of 256", "bits per weight"})
      QVERIFY2(html.find(part) != std::string::npos, part);
    for (const char* part : {"<script", "http-equiv=\"refresh", "src=", "href="})
      QVERIFY2(html.find(part) == std::string::npos, part);
    const RunResult alone = qloupe(m_folder, {"report", "S.h5", "-o", "s.html", "--worst", "3"});
    QL_EXIT(alone, 0);
    QVERIFY(page("s.html").find("from a statistics file alone") != std::string::npos);
    QVERIFY(page("s.html").size() < html.size());
    QL_EXIT(qloupe(m_folder, {"plan", "new", demo(), "-o", "r.qlplan.json"}), 0);
    QL_EXIT(qloupe(m_folder, {"plan", "set", "r.qlplan.json", "--blocks", "0", "--roles", "q", "group=32"}),
            0);
    m_folder.write("p.json",
                   R"({"perplexity": 12.5, "reference": {"perplexity": 9.25}, "kl": 0.01, "tokens": 99})");
    QL_EXIT(qloupe(m_folder, {"report", demo(), "--plan", "r.qlplan.json", "--stats", "S.h5", "-o", "p.html",
                              "--perplexity", "p.json"}),
            0);
    for (const char* part : {"r.qlplan.json", "int8 g32", ", 1 changed,", "9.2500", "99 tokens"})
      QVERIFY2(page("p.html").find(part) != std::string::npos, part);
    QL_NO_PROBLEM(badInputProblem(qloupe(m_folder, {"report", demo(), "-o", "no/where.html"}), "no"));
    QL_NO_PROBLEM(badInputProblem(qloupe(m_folder, {"report", demo(), "-o", "."}), "is a folder"));
    QL_NO_PROBLEM(
        badInputProblem(qloupe(m_folder, {"report", demo(), "-o", "x.html", "--worst", "0"}), "100"));
    QL_NO_PROBLEM(badInputProblem(
        qloupe(m_folder, {"report", demo(), "-o", "x.html", "--perplexity", "r.qlplan.json"}), "perplexity"));
    QVERIFY(!std::filesystem::exists(m_folder / "x.html"));
  }

  /// Methods that see data: further metrics, fallbacks and --strict, layers without data.
  void errorsOfMethodsThatSeeData() {
    const QStringList gptq = {
        "error",    demo(), "--stats", "S.h5", "--scheme", "w3a16:algorithm=gptq:damp=0",
        "--blocks", "0",    "--roles", "q,o"};
    const RunResult all = qloupe(m_folder, gptq + QStringList{"--metrics", "all", "--json"});
    QL_EXIT(all, 0);
    QL_NO_PROBLEM(schemaProblemOf(all, "error"));
    for (const Json& row : jsonOf(all)) {
      QVERIFY(!row.at("fallbacks").empty());  // the file keeps samples only
      QVERIFY(row.at("cosine_mean") <= 1 && row.at("gptq_loss") > 0 && row.at("row_kurtosis_max") > 0);
    }
    const RunResult strict = qloupe(m_folder, gptq + QStringList{"--strict"});
    QL_EXIT(strict, 1);
    QVERIFY(strict.err.contains("--keep-moments"));
    const RunResult csv = qloupe(m_folder, gptq + QStringList{"--metrics", "all", "--csv"});
    QVERIFY(csv.out.split('\n').front().endsWith("cosine_mean,cosine_min,exl2_error,act_range_ratio"));
    QL_NO_PROBLEM(badInputProblem(qloupe(m_folder, {"error", demo(), "--scheme", "w4a16:algorithm=gptq"}),
                                  "--activations"));
    QL_NO_PROBLEM(badInputProblem(
        qloupe(m_folder, {"error", demo(), "--scheme", "w4a16", "--metrics", "some"}), "usual"));
  }

  /// Blocks behind quantized blocks; then the plan is applied with what was measured, and followed.
  void sequentialCalibrationAndPropagation() {
    QL_EXIT(qloupe(m_folder, {"plan", "new", demo(), "-o", "g.qlplan.json", "--scheme",
                              "w3a16:group=64,algorithm=gptq", "--force"}),
            0);
    const RunResult made =
        qloupe(m_folder, {"analyze", demo(), "-o", "seq.h5", "--calibration", bundled("calibration.txt"),
                          "--tokens", "512", "--plan", "g.qlplan.json", "--json"});
    QL_EXIT(made, 0);
    QL_NO_PROBLEM(schemaProblemOf(made, "analyze"));
    QVERIFY(jsonOf(made).at("activations").at("source").get<std::string>().find("algorithm=gptq") !=
            std::string::npos);
    const QStringList follow = {"propagate", demo(),   "--plan", "g.qlplan.json",
                                "--stats",   "seq.h5", "--text", bundled("heldout.txt"),
                                "--tokens",  "128"};
    const RunResult result = qloupe(m_folder, follow + QStringList{"--json", "--strict"});
    QL_EXIT(result, 0);
    QL_NO_PROBLEM(schemaProblemOf(result, "propagate"));
    const Json blocks = jsonOf(result).at("blocks");
    QVERIFY(blocks.front().at("isolated") == blocks.front().at("accumulated"));
    QVERIFY(blocks.back().at("accumulated") > blocks.back().at("isolated"));
    QVERIFY(jsonOf(result).at("kl") > 0);
    const RunResult csv = qloupe(m_folder, follow + QStringList{"--csv", "--blocks-only"});
    QCOMPARE(csv.out.trimmed().split('\n').size(), static_cast<qsizetype>(blocks.size() + 1));
    QVERIFY(qloupe(m_folder, follow).out.contains("logit KL"));
    const RunResult applied = qloupe(m_folder, {"apply", demo(), "g.qlplan.json", "-o", "applied", "--as",
                                                "fake-quantized", "--stats", "seq.h5", "--strict", "--json"});
    QL_EXIT(applied, 0);
    QL_NO_PROBLEM(schemaProblemOf(applied, "apply"));
    QL_NO_PROBLEM(badInputProblem(
        qloupe(m_folder, {"analyze", demo(), "-o", "x.h5", "--plan", "g.qlplan.json"}), "--calibration"));
    QL_NO_PROBLEM(badInputProblem(
        qloupe(m_folder, {"apply", demo(), "g.qlplan.json", "-o", "none", "--as", "fake-quantized"}),
        "model.layers.0.self_attn.q_proj"));
  }

  void statsKnowActivations() {
    const RunResult result = qloupe(
        m_folder, {"stats", "S.h5", "--by", "role", "--metric", "act_absmax,act_outlier_channels", "--json"});
    QL_EXIT(result, 0);
    QL_NO_PROBLEM(schemaProblemOf(result, "stats"));
    for (const Json& row : jsonOf(result))
      if (row.at("role") == "q") QVERIFY(row.at("metrics").at("act_absmax").get<double>() > 0);
    const RunResult none = qloupe(m_folder, {"stats", demo(), "--metric", "act_absmax"});
    QL_EXIT(none, 0);
    QVERIFY(none.err.contains("analyze --calibration"));
  }

  void inspectKnowsActivations() {
    const RunResult result = qloupe(m_folder, {"inspect", "S.h5", "--json"});
    QL_EXIT(result, 0);
    QL_NO_PROBLEM(schemaProblemOf(result, "inspect"));
    const Json activations = jsonOf(result).at("activations");
    QVERIFY(activations.at("source") == "calibration.txt" && activations.at("tokens") == 2048);
    QVERIFY(activations.at("complete") == true);
    QVERIFY(
        qloupe(m_folder, {"inspect", "S.h5"}).out.contains("from calibration.txt (calibration, 2,048 tok"));
    QVERIFY(jsonOf(qloupe(m_folder, {"inspect", demo(), "--json"})).at("activations").is_null());
  }

  void statsOfTensorPoints() {
    QL_EXIT(qloupe(m_folder, {"analyze", demo(), "-o", "P.h5", "--calibration", bundled("calibration.txt"),
                              "--tokens", "512", "--points"}),
            0);
    const RunResult result =
        qloupe(m_folder, {"stats", "P.h5", "--by", "point", "--metric", "act_absmax,act_rms", "--json"});
    QL_EXIT(result, 0);
    QL_NO_PROBLEM(schemaProblemOf(result, "stats"));
    QCOMPARE(jsonOf(result).size(), std::size_t{24});
    QVERIFY(qloupe(m_folder, {"stats", "P.h5", "--by", "point"}).out.contains("v_cache"));
  }

  void perplexityOfModelAndPlan() {
    const RunResult plain = qloupe(
        m_folder, {"perplexity", demo(), "--text", bundled("heldout.txt"), "--tokens", "1024", "--json"});
    QL_EXIT(plain, 0);
    QL_NO_PROBLEM(schemaProblemOf(plain, "perplexity"));
    QVERIFY(jsonOf(plain).at("reference").is_null());
    QL_EXIT(qloupe(m_folder, {"plan", "new", demo(), "-o", "p.qlplan.json"}), 0);
    const RunResult planned = qloupe(m_folder, {"perplexity", demo(), "--text", bundled("heldout.txt"),
                                                "--tokens", "1024", "--plan", "p.qlplan.json", "--json"});
    QL_EXIT(planned, 0);
    QL_NO_PROBLEM(schemaProblemOf(planned, "perplexity"));
    const Json json = jsonOf(planned);
    QVERIFY(json.at("reference").at("perplexity") == jsonOf(plain).at("perplexity"));
    QVERIFY(json.at("change").get<double>() > 0.02);  // the planted outliers cost some 14 %
    QVERIFY(json.at("kl").get<double>() > 0);
    QCOMPARE(json.at("windows").size(), std::size_t{4});
    double nll = 0;
    for (const Json& window : json.at("windows"))
      nll += window.at("nll").get<double>() * window.at("tokens").get<double>();
    QL_NEAR(std::exp(nll / json.at("tokens").get<double>()), json.at("perplexity").get<double>(), 1e-9);
    const RunResult people = qloupe(m_folder, {"perplexity", demo(), "--text", bundled("heldout.txt"),
                                               "--tokens", "512", "--plan", "p.qlplan.json"});
    QVERIFY(people.out.contains("perplexity with the plan"));
  }

  void tokenIdsInsteadOfText() {
    m_folder.write("ids.txt",
                   "38 742 306 315 352 372 1428 545 274 300 13 1153 394 331 359 1685 570 274 287 268");
    const RunResult ids =
        qloupe(m_folder, {"perplexity", demo(), "--text", "ids.txt", "--ids", "--context", "11", "--json"});
    QL_EXIT(ids, 0);
    QVERIFY(jsonOf(ids).at("tokens") == 20);
    QCOMPARE(jsonOf(ids).at("windows").size(), std::size_t{2});
  }

  void capturedActivationsAreUsedInMemory() {
    std::vector<float> x(64 * 256, 0.5f);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::sin(0.1f * static_cast<float>(i));
    const std::string data(reinterpret_cast<const char*>(x.data()), x.size() * sizeof(float));
    m_folder.write(
        "captured.safetensors",
        safetensorsBytes(
            "{" + entry("model.layers.0.mlp.gate_proj.input", "F32", "[64,256]", 0, data.size()) + "}",
            data));
    const RunResult result =
        qloupe(m_folder, {"error", demo(), "--activations", "captured.safetensors", "--scheme", "w8a8",
                          "--blocks", "0", "--roles", "gate,up,down", "--json"});
    QL_EXIT(result, 0);
    for (const Json& row : jsonOf(result))
      QCOMPARE(row.at("output_rel_w").is_number(), row.at("role") != "down");
  }

  /// A bad text is refused before hours of weight statistics, and leaves nothing behind.
  void textsAreCheckedFirst() {
    const QStringList analyze = {"analyze", demo(), "-o", "never.h5", "--calibration"};
    m_folder.write("empty.txt", "");
    m_folder.write("latin1.txt", "the caf\xe9 of the town");
    m_folder.write("utf16.txt", std::string("\xff\xfeh\0i\0", 6));
    for (const auto& [file, part] : {std::pair("none.txt", "no file that can be read; give a UTF-8 text"),
                                     std::pair("empty.txt", "no tokens"),
                                     std::pair("latin1.txt", "is not UTF-8 at byte 7; save it as UTF-8"),
                                     std::pair("utf16.txt", "is not UTF-8 at byte 0")}) {
      QL_NO_PROBLEM(badInputProblem(qloupe(m_folder, analyze + QStringList{file}), part));
      QL_NO_PROBLEM(badInputProblem(qloupe(m_folder, {"perplexity", demo(), "--text", file}), part));
      QVERIFY(!std::filesystem::exists(m_folder.path() / "never.h5"));
      QVERIFY(!std::filesystem::exists(m_folder.path() / "never.h5.parts"));
    }
  }

  /// Only so much of a long text is read as the tokens need: the cut may fall into a character.
  void longTextsAreCutBetweenCharacters() {
    std::string text = "x";
    while (text.size() < (std::size_t{1} << 20) + 9000) text += "\xe2\x82\xac";
    m_folder.write("euro.txt", text);
    for (const char* tokens : {"62", "63", "64"})
      QL_EXIT(qloupe(m_folder, {"perplexity", demo(), "--text", "euro.txt", "--tokens", tokens}), 0);
  }

  void longWindowsAreWarnedOf() {
    const QStringList arguments = {"perplexity", demo(), "--text",   bundled("heldout.txt"),
                                   "--tokens",   "600",  "--context"};
    const RunResult longer = qloupe(m_folder, arguments + QStringList{"300"});
    QL_EXIT(longer, 0);
    QVERIFY(longer.err.contains("Windows of 300 tokens are longer than the 256"));
    QVERIFY(qloupe(m_folder, arguments + QStringList{"256"}).err.isEmpty());
  }

  void wrongRotationsOfAPlanAreNamed() {
    QL_EXIT(qloupe(m_folder, {"plan", "new", demo(), "-o", "rotated.qlplan.json"}), 0);
    Json plan = Json::parse(std::ifstream(m_folder.path() / "rotated.qlplan.json"));
    plan["rotations"] = Json::array({{{"kind", "hadamard"}}});
    m_folder.write("rotated.qlplan.json", plan.dump());
    QL_NO_PROBLEM(badInputProblem(qloupe(m_folder, {"perplexity", demo(), "--text", bundled("heldout.txt"),
                                                    "--tokens", "64", "--plan", "rotated.qlplan.json"}),
                                  "rotations"));
  }

  void mistakesAreNamed() {
    const auto problem = [&](const QStringList& arguments, const QString& part) {
      return badInputProblem(qloupe(m_folder, arguments), part);
    };
    QL_NO_PROBLEM(problem({"perplexity", demo(), "--text", "none.txt"}, "none.txt"));
    m_folder.write("tiny.txt", "It");
    QL_NO_PROBLEM(problem({"perplexity", demo(), "--text", "tiny.txt", "--protocol", "llama.cpp"}, "window"));
    m_folder.write("far.txt", "1 2 3 99999 4");
    QL_NO_PROBLEM(problem({"perplexity", demo(), "--text", "far.txt", "--ids"}, "99999"));
    QL_NO_PROBLEM(problem({"perplexity", "S.h5", "--text", bundled("heldout.txt")}, "S.h5"));
    QL_NO_PROBLEM(problem({"perplexity", demo(), "--text", bundled("heldout.txt"), "--tokens", "-5"},
                          "Value -5 not in range 0 to 1099511627776"));
    QL_NO_PROBLEM(
        problem({"perplexity", demo(), "--text", bundled("heldout.txt"), "--tokens", "1"}, "--tokens 1"));
    QL_NO_PROBLEM(problem({"analyze", demo(), "-o", "x.h5", "--seed", "-1"}, "--seed"));
    QL_NO_PROBLEM(problem({"analyze", demo(), "-o", "x.h5", "--calibration", bundled("calibration.txt"),
                           "--tokenizer", "tiny.txt"},
                          "tiny.txt"));
    QL_NO_PROBLEM(problem({"analyze", demo(), "-o", "x.h5", "--activations", "tiny.txt"}, "tiny.txt"));
    const std::string wrong(64 * 100 * 4, '\0');
    m_folder.write(
        "wrong.safetensors",
        safetensorsBytes(
            "{" + entry("model.layers.0.mlp.gate_proj.input", "F32", "[64,100]", 0, wrong.size()) + "}",
            wrong));
    QL_NO_PROBLEM(
        problem({"error", demo(), "--activations", "wrong.safetensors", "--scheme", "w8a8"}, "256"));
    QL_NO_PROBLEM(problem(
        {"analyze", demo(), "-o", "y.h5", "--calibration", bundled("calibration.txt"), "--memory", "0.001"},
        "iB"));
  }

 private:
  TempFolder m_folder;
};

QTEST_APPLESS_MAIN(TestCliCalibration)
#include "tst_cli_calibration.moc"
