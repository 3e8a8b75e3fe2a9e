// qloupe from the first look to the export, on the demo model, as a script would use it.
#include "tests/app/cli_runner.h"
#include "tests/support/compare.h"
#include "tests/support/safetensors_bytes.h"

#include <QRegularExpression>

#include <cmath>
#include <set>

using namespace ql::test;
using Json = nlohmann::json;

namespace {

QString demo() {
  return text(demoModel());
}

Json dataJson(const std::filesystem::path& path) {
  std::ifstream stream(path);
  return Json::parse(stream, nullptr, false);
}

/// Layers whose columns were planted, from the demo's own record.
std::set<std::string> plantedLayers() {
  std::set<std::string> names;
  const Json record = dataJson(demoModel() / "planted.json");
  for (const Json& entry : record.at("planted"))
    for (const Json& linear : entry.at("linears"))
      names.insert("model.layers." + std::to_string(entry.at("block").get<int>()) + "." +
                   linear.get<std::string>());
  return names;
}

/// |W|^2 from the published figures of a layer.
double energyOf(const Json& metrics) {
  const double n = metrics.at("count"), mean = metrics.at("mean"), std = metrics.at("std");
  return std * std * (n - 1) + n * mean * mean;
}

}  // namespace

class TestCliJourney : public QObject {
  Q_OBJECT

 private slots:
  void initTestCase() {
    const RunResult result = qloupe(m_folder, {"analyze", demo(), "-o", "S.h5", "--json"});
    QL_EXIT(result, 0);
    QL_NO_PROBLEM(schemaProblemOf(result, "analyze"));
    QVERIFY(jsonOf(result).at("layers") == 44);
    QVERIFY2(result.err.isEmpty(), result.err.constData());  // no progress where there is no terminal
    QVERIFY(std::filesystem::exists(m_folder / "S.h5"));
    QVERIFY(!std::filesystem::exists(m_folder / "S.h5.parts"));
  }

  void inspectDescribesTheModel() {
    const RunResult result = qloupe(m_folder, {"inspect", demo(), "--json"});
    QL_EXIT(result, 0);
    QL_NO_PROBLEM(schemaProblemOf(result, "inspect"));
    const Json json = jsonOf(result);
    QVERIFY(json.at("architecture") == "LlamaForCausalLM");
    QVERIFY(json.at("blocks") == 6);
    QVERIFY(json.at("parameters") == 4590848);
    QVERIFY(json.at("sites").size() >= 24);
    QVERIFY(json.at("scan").is_null());
    const RunResult people = qloupe(m_folder, {"inspect", demo()});
    QVERIFY(people.out.contains("4,590,848 parameters"));
  }

  void scanCountsEveryValue() {
    const RunResult result = qloupe(m_folder, {"inspect", demo(), "--scan", "--json"});
    QL_EXIT(result, 0);
    QL_NO_PROBLEM(schemaProblemOf(result, "inspect"));
    std::uint64_t values = 0;
    const Json json = jsonOf(result);
    for (const Json& tensor : json.at("scan")) values += tensor.at("count").get<std::uint64_t>();
    QCOMPARE(values, std::uint64_t{4590848});
  }

  void statisticsFileAnswersAlone() {
    const RunResult file = qloupe(m_folder, {"stats", "S.h5", "--json"});
    const RunResult model = qloupe(m_folder, {"stats", demo(), "--stats", "S.h5", "--json"});
    QL_EXIT(file, 0);
    QL_EXIT(model, 0);
    QL_NO_PROBLEM(schemaProblemOf(file, "stats"));
    QVERIFY(file.out == model.out);
    QVERIFY(jsonOf(file).size() == 44);
  }

  void statsAgreeWithTheReference() {
    const RunResult result = qloupe(m_folder, {"stats", "S.h5", "--json"});
    const Json reference = dataJson(dataFile("reference/errors-wout.json"));
    int compared = 0;
    const Json rows = jsonOf(result);
    for (const Json& row : rows) {
      const std::string name = row.at("layer");
      if (!reference.contains(name)) continue;
      const Json& expected = reference.at(name);
      const Json& metrics = row.at("metrics");
      QL_NEAR(metrics.at("absmax").get<double>(), expected.at("absmax").get<double>(), 1e-7);
      QL_NEAR(metrics.at("kurtosis").get<double>(), expected.at("kurtosis").get<double>(), 1e-4);
      QL_NEAR(metrics.at("column_peak_ratio").get<double>(), expected.at("column_absmax_ratio").get<double>(),
              1e-5);
      ++compared;
    }
    QCOMPARE(compared, 42);
  }

  void groupsAddUpEnergies() {
    const QStringList metrics = {"--metric", "count,mean,std,absmax,weight_rel_fro,sqnr_db"};
    const RunResult layers =
        qloupe(m_folder, QStringList{"stats", "S.h5", "--roles", "q,k", "--json"} + metrics);
    const RunResult roles =
        qloupe(m_folder, QStringList{"stats", "S.h5", "--roles", "q,k", "--by", "role", "--json"} + metrics);
    QL_EXIT(layers, 0);
    QL_EXIT(roles, 0);
    QL_NO_PROBLEM(schemaProblemOf(roles, "stats"));
    QVERIFY(jsonOf(roles).size() == 2);
    double weights = 0, errors = 0, largest = 0;
    const Json rows = jsonOf(layers);
    for (const Json& row : rows) {
      if (row.at("role") != "q") continue;
      const double energy = energyOf(row.at("metrics")), error = row.at("metrics").at("weight_rel_fro");
      weights += energy;
      errors += error * error * energy;
      largest = std::max(largest, row.at("metrics").at("absmax").get<double>());
    }
    const Json group = jsonOf(roles).at(0).at("metrics");
    QL_NEAR(group.at("weight_rel_fro").get<double>(), std::sqrt(errors / weights), 1e-6);
    QL_NEAR(group.at("sqnr_db").get<double>(), 10 * std::log10(weights / errors), 1e-6);
    QL_NEAR(energyOf(group), weights, 1e-9);
    QL_NEAR(group.at("absmax").get<double>(), largest, 0.0);
  }

  void csvHasAHeaderAndOneRecordALayer() {
    const RunResult result =
        qloupe(m_folder, {"stats", "S.h5", "--csv", "--by", "block", "--metric", "absmax,kurtosis"});
    QL_EXIT(result, 0);
    const QList<QByteArray> lines = result.out.trimmed().split('\n');
    QVERIFY(lines.first() == "block,layers,absmax,kurtosis");
    QCOMPARE(lines.size(), 1 + 7);  // embedding and head have no block
    QVERIFY(lines.last().split(',').at(2).toDouble() > 0);
  }

  void errorsAgreeWithTheReference() {
    // The reference divides by 2^(b-1) - 1, as SmoothQuant does.
    const RunResult result = qloupe(m_folder, {"error", demo(), "--scheme", "w8a16:flavour=smoothquant",
                                               "--scheme", "w8a16:group=32,flavour=smoothquant", "--scheme",
                                               "w4a16:group=128,flavour=smoothquant", "--json"});
    QL_EXIT(result, 0);
    QL_NO_PROBLEM(schemaProblemOf(result, "error"));
    const Json reference = dataJson(dataFile("reference/errors-wout.json"));
    const char* keys[] = {"weight_relerr.w8_pc", "weight_relerr.w8_g32", "weight_relerr.w4_g128"};
    const Json rows = jsonOf(result);
    QCOMPARE(rows.size(), std::size_t{3 * 42});
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const Json& expected = reference.at(rows[i].at("layer").get<std::string>()).at(keys[i % 3]);
      QL_NEAR(rows[i].at("weight_rel_fro").get<double>(), expected.get<double>(),
              1e-4);  // the reference is float32
    }
  }

  void diagnosisNamesThePlantedLayers() {
    const RunResult result = qloupe(m_folder, {"diagnose", demo(), "--stats", "S.h5", "--json"});
    QL_EXIT(result, 1);
    QL_NO_PROBLEM(schemaProblemOf(result, "diagnose"));
    std::set<std::string> found;
    const Json findings = jsonOf(result);
    for (const Json& finding : findings) {
      if (finding.at("code") != "weight_outlier_columns") continue;
      found.insert(finding.at("layer").get<std::string>());
      QVERIFY(!finding.at("remedies").empty());
      const Json& best = finding.at("remedies").at(0);
      QVERIFY(best.at("after").get<double>() < best.at("before").get<double>());
    }
    QVERIFY(found == plantedLayers());
  }

  void printedRemediesWork() {
    const RunResult said = qloupe(m_folder, {"diagnose", demo(), "--stats", "S.h5"});
    QL_EXIT(said, 1);
    const QString words = QString::fromUtf8(said.out);
    static const QRegularExpression commands(QStringLiteral("(qloupe plan (new|set) [^\n]*)"));
    QStringList lines;
    for (auto match = commands.globalMatch(words); match.hasNext();) lines << match.next().captured(1);
    QVERIFY2(lines.size() == 6, qPrintable(words));  // five remedies and the plan they edit
    QL_EXIT(shell(m_folder, lines.takeLast()), 0);
    for (const QString& line : lines) {
      const RunResult result = shell(m_folder, line);
      QL_EXIT(result, 0);
      QVERIFY2(result.out.startsWith("1 layer hit, 1 changed"), result.out.constData());
    }
  }

  void explanationsAreParagraphs() {
    const RunResult told = qloupe(m_folder, {"diagnose", demo(), "--stats", "S.h5", "--explain"});
    QCOMPARE(told.exitCode, 1);
    QVERIFY2(told.out.contains("12 layers of 42 have findings."), told.out.constData());
    QVERIFY2(told.out.contains("\nmodel.layers.5.mlp.down_proj\n   Nothing stands out under int8 channel"),
             told.out.constData());
    for (const QByteArray& line : told.out.split('\n')) QVERIFY2(line.size() <= 100, line.constData());
    const RunResult json = qloupe(m_folder, {"diagnose", demo(), "--stats", "S.h5", "--explain", "--json"});
    QL_NO_PROBLEM(schemaProblemOf(json, "diagnose"));
    QVERIFY(json.out.contains("\"explanation\": \"Under int8 channel"));
  }

  void oneChannelIsFollowed() {
    const RunResult rows = qloupe(m_folder, {"stats", demo(), "--stats", "S.h5", "--channel", "30", "--csv"});
    QCOMPARE(rows.exitCode, 0);
    QVERIFY2(rows.out.contains("model.layers.0.self_attn.q_proj,input,93.5,"), rows.out.constData());
    QVERIFY2(rows.out.contains("model.layers.3.mlp.down_proj,output,"), rows.out.constData());
    const RunResult json =
        qloupe(m_folder, {"stats", demo(), "--stats", "S.h5", "--channel", "30", "--blocks", "0", "--json"});
    QL_NO_PROBLEM(schemaProblemOf(json, "stats"));
    const RunResult far = qloupe(m_folder, {"stats", demo(), "--stats", "S.h5", "--channel", "256"});
    QCOMPARE(far.exitCode, 2);
    QVERIFY2(far.err.contains("channels 0 to 255"), far.err.constData());
  }

  void planIsEditedAndMeasured() {
    QL_NO_PROBLEM(schemaProblemOf(qloupe(m_folder, {"plan", "new", demo(), "-o", "a.qlplan.json", "--json"}),
                                  "plan-new"));
    QL_EXIT(qloupe(m_folder, {"plan", "new", demo(), "-o", "b.qlplan.json"}), 0);
    const RunResult edit = qloupe(m_folder, {"plan", "set", "b.qlplan.json", "--blocks", "0-1", "--roles",
                                             "q,k,v,gate,up", "group=32", "--json"});
    QL_EXIT(edit, 0);
    QL_NO_PROBLEM(schemaProblemOf(edit, "plan-set"));
    QVERIFY(jsonOf(edit).at("hit") == 10);
    QVERIFY(jsonOf(edit).at("changed").size() == 10);
    const RunResult difference =
        qloupe(m_folder, {"plan", "diff", "a.qlplan.json", "b.qlplan.json", "--json"});
    QL_EXIT(difference, 1);
    QL_NO_PROBLEM(schemaProblemOf(difference, "plan-diff"));
    QVERIFY(jsonOf(difference).size() == 10);
    QL_EXIT(qloupe(m_folder, {"plan", "diff", "a.qlplan.json", "a.qlplan.json"}), 0);
    const RunResult shown = qloupe(m_folder, {"plan", "show", "b.qlplan.json", "--json"});
    QL_NO_PROBLEM(schemaProblemOf(shown, "plan-show"));
    QVERIFY(jsonOf(shown).at("totals").at("changed") == 10);
    const RunResult errors =
        qloupe(m_folder, {"error", demo(), "--plan", "b.qlplan.json", "--stats", "S.h5", "--json"});
    QL_EXIT(errors, 0);
    QL_NO_PROBLEM(schemaProblemOf(errors, "error"));
    const Json rows = jsonOf(errors);
    QCOMPARE(rows.size(), std::size_t{42});
    for (const Json& row : rows)
      QCOMPARE(row.at("scheme").get<std::string>().find("group=32") != std::string::npos,
               row.at("block") < 2 && row.at("role") != "o" && row.at("role") != "down");
  }

  void locksAndExclusionsArePassedOver() {
    QL_EXIT(qloupe(m_folder, {"plan", "new", demo(), "-o", "c.qlplan.json"}), 0);
    QL_EXIT(qloupe(m_folder, {"plan", "set", "c.qlplan.json", "--blocks", "0", "--roles", "q", "--lock"}), 0);
    QL_EXIT(qloupe(m_folder, {"plan", "set", "c.qlplan.json", "--blocks", "0", "--roles", "k", "--ignore"}),
            0);
    const RunResult edit = qloupe(m_folder, {"plan", "set", "c.qlplan.json", "--blocks", "0", "--roles",
                                             "q,k,v", "group=64", "--json"});
    QL_EXIT(edit, 0);
    const Json json = jsonOf(edit);
    QVERIFY(json.at("hit") == 3 && json.at("changed").size() == 1);
    QVERIFY(json.at("locked") == Json::array({"model.layers.0.self_attn.q_proj"}));
    QVERIFY(json.at("ignored") == Json::array({"model.layers.0.self_attn.k_proj"}));
    QVERIFY(json.at("fused_conflicts").size() == 1);
    const RunResult freed =
        qloupe(m_folder, {"plan", "set", "c.qlplan.json", "--layers", "layers\\.0\\..*(q|k)_proj", "--unlock",
                          "--unignore", "group=64", "--json"});
    QL_EXIT(freed, 0);
    QVERIFY(jsonOf(freed).at("fused_conflicts").empty());
  }

  void regexDoesNotHitBlockTen() {
    QL_EXIT(qloupe(m_folder, {"plan", "new", demo(), "-o", "d.qlplan.json"}), 0);
    const RunResult result = qloupe(m_folder, {"plan", "set", "d.qlplan.json", "--layers",
                                               "layers\\.[0-2]\\..*(q|k|v)_proj", "asym", "--json"});
    QL_EXIT(result, 0);
    QVERIFY(jsonOf(result).at("hit") == 9);
  }

  void everyTargetIsWritten() {
    QL_EXIT(qloupe(m_folder, {"plan", "new", demo(), "-o", "e.qlplan.json"}), 0);
    const RunResult list = qloupe(m_folder, {"export", "--list", "--json"});
    QL_NO_PROBLEM(schemaProblemOf(list, "export-list"));
    const Json targets = jsonOf(list);
    QVERIFY(targets.size() >= 4);
    for (const Json& target : targets) {
      const QString name = QString::fromStdString(target.at("name"));
      const RunResult result =
          qloupe(m_folder, {"export", "e.qlplan.json", "--to", name, "-o", "out-" + name + "/", "--json"});
      QL_EXIT(result, 0);
      QL_NO_PROBLEM(schemaProblemOf(result, "export"));
      const Json written = jsonOf(result).at("files");
      QVERIFY(!written.empty());
      for (const Json& file : written)
        QVERIFY(std::filesystem::exists(m_folder.path() / file.get<std::string>()));
    }
  }

  void expertsExportFromThePlanAlone() {
    const auto folder = m_folder / "mixtral";
    std::filesystem::create_directory(folder);
    std::string header;
    std::uint64_t at = 0;
    for (const char* part : {"experts.0.w1", "experts.0.w2", "experts.0.w3", "experts.1.w1", "experts.1.w2",
                             "experts.1.w3", "gate"}) {
      header += (at ? "," : "{") + entry(std::string("model.layers.0.block_sparse_moe.") + part + ".weight",
                                         "BF16", "[4,4]", at, at + 32);
      at += 32;
    }
    std::ofstream(folder / "model.safetensors") << safetensorsBytes(header + "}", std::string(at, 1));
    std::ofstream(folder / "config.json")
        << R"({"model_type":"mixtral","architectures":["MixtralForCausalLM"],"num_hidden_layers":1})";
    QL_EXIT(qloupe(m_folder, {"plan", "new", text(folder), "-o", "moe.qlplan.json"}), 0);
    std::filesystem::remove_all(folder);
    QL_EXIT(qloupe(m_folder, {"export", "moe.qlplan.json", "--to", "llm-compressor", "-o", "moe.yaml"}), 0);
    QVERIFY(std::filesystem::exists(m_folder / "moe.yaml"));
  }

  void whatATargetCannotSayIsRefused() {
    QL_EXIT(qloupe(m_folder, {"plan", "new", demo(), "-o", "f.qlplan.json"}), 0);
    QL_EXIT(qloupe(m_folder,
                   {"plan", "set", "f.qlplan.json", "--blocks", "3", "--roles", "down", "input_channel"}),
            0);
    const QStringList words = {"export", "f.qlplan.json", "--to", "llm-compressor", "-o", "f.yaml"};
    const RunResult refused = qloupe(m_folder, words);
    QL_EXIT(refused, 2);
    QVERIFY2(refused.err.contains("model.layers.3.mlp.down_proj"), refused.err.constData());
    QVERIFY(!std::filesystem::exists(m_folder / "f.yaml"));
    const RunResult allowed = qloupe(m_folder, words + QStringList{"--leave-out", "--json"});
    QL_EXIT(allowed, 0);
    QL_NO_PROBLEM(schemaProblemOf(allowed, "export"));
    QVERIFY(jsonOf(allowed).at("left_out").size() == 1);
  }

  void methodsComeFromTheRegistries() {
    const RunResult result = qloupe(m_folder, {"methods", "--json"});
    QL_EXIT(result, 0);
    QL_NO_PROBLEM(schemaProblemOf(result, "methods"));
    for (const char* list : {"algorithms", "smoothing", "forward_families", "activation_files"})
      QVERIFY2(!jsonOf(result).at(list).empty(), list);
    QL_EXIT(qloupe(m_folder, {"methods"}), 0);
  }

 private:
  TempFolder m_folder;
};

QTEST_GUILESS_MAIN(TestCliJourney)
#include "tst_cli_journey.moc"
