// qloupe smooth and qloupe apply: from activations to a plan, from the plan to a checkpoint, and mistakes.
#include "tests/app/cli_runner.h"

#include <cmath>

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

class TestCliSmooth : public QObject {
  Q_OBJECT

 private slots:
  void initTestCase() {
    QL_EXIT(qloupe(m_folder, {"analyze", demo(), "-o", "S.h5", "--calibration", bundled("calibration.txt"),
                              "--tokens", "2048"}),
            0);
    QL_EXIT(qloupe(m_folder, {"plan", "new", demo(), "-o", "p.qlplan.json"}), 0);
  }

  void groupsAreReported() {
    const RunResult result = qloupe(m_folder, {"smooth", demo(), "--stats", "S.h5", "--method", "smoothquant",
                                               "--blocks", "0", "--json"});
    QL_EXIT(result, 0);
    QL_NO_PROBLEM(schemaProblemOf(result, "smooth"));
    const Json json = jsonOf(result);
    QCOMPARE(json.at("groups").size(), std::size_t{4});
    const Json& first = json.at("groups")[0];
    QVERIFY(first.at("producer") == "model.layers.0.input_layernorm");
    QVERIFY(first.at("folds_into") == "model.layers.0.input_layernorm.weight");
    QVERIFY(first.at("before").at("wa").get<double>() > 0.5 &&
            first.at("after").at("wa").get<double>() < 0.02);
    QVERIFY(first.at("residual").at("float32").get<double>() < 1e-5);
    QVERIFY(first.at("factors").at("channels") == 256);
    QVERIFY(json.at("factors_file").is_null());
    const RunResult people = qloupe(m_folder, {"smooth", demo(), "--stats", "S.h5", "--blocks", "0"});
    QL_EXIT(people, 0);
    QVERIFY(people.out.contains("q_proj, k_proj, v_proj"));
  }

  /// Without kept second moments the Hessian is made of the token sample, and every output says so.
  void salienceOfLayers() {
    const RunResult result = qloupe(m_folder, {"salience", demo(), "--stats", "S.h5", "--blocks", "0",
                                               "--top", "3", "--mask", "0.01", "--json"});
    QL_EXIT(result, 0);
    QL_NO_PROBLEM(schemaProblemOf(result, "salience"));
    QVERIFY(result.err.contains("--keep-moments"));
    const Json layers = jsonOf(result);
    QCOMPARE(layers.size(), std::size_t{7});
    const Json& q = layers.front();
    QVERIFY(q.at("hessian") == "token sample" && q.at("tokens") == 256 && q.at("mode") == "obs");
    QVERIFY(q.at("provenance").at("kind") == "sampled");
    QVERIFY(q.at("provenance").at("method") == "Hessian of a sample of 256 tokens, rank <= 256");
    QVERIFY(q.at("overlap").at("weights").at("both") == 3);  // the planted columns
    QCOMPARE(q.at("columns").size(), std::size_t{3});
    QVERIFY(q.at("mask").at("weights") == 656);
    QVERIFY(q.at("mask").at("share").get<double>() > 0.5);
    const RunResult weaker = qloupe(m_folder, {"salience", demo(), "--stats", "S.h5", "--layers",
                                               "layers.0.self_attn.q_proj", "--damp", "1e-4", "--json"});
    QL_EXIT(weaker, 0);
    QVERIFY(jsonOf(weaker)[0].at("concentration").get<double>() < q.at("concentration").get<double>());
    const RunResult csv = qloupe(m_folder, {"salience", demo(), "--stats", "S.h5", "--blocks", "0", "--roles",
                                            "q", "--by", "channel", "--top", "5", "--csv"});
    QL_EXIT(csv, 0);
    QVERIFY(csv.out.startsWith("layer,rank,channel,salience,"));
    QCOMPARE(csv.out.count('\n'), 6);
    QVERIFY(badInputProblem(qloupe(m_folder, {"salience", demo(), "--mode", "fisher"}), "--mode").isEmpty());
    QVERIFY(badInputProblem(qloupe(m_folder, {"salience", demo(), "--stats", "S.h5", "--damp", "-1"}),
                            "from 0 to 1000")
                .isEmpty());
  }

  void searchAndRangesOfOptions() {
    const RunResult result =
        qloupe(m_folder, {"smooth", demo(), "--stats", "S.h5", "--method", "bismooth", "--search", "--blocks",
                          "0", "--roles", "q", "--scheme", "w8a8", "--pow2", "--json"});
    QL_EXIT(result, 0);
    QL_NO_PROBLEM(schemaProblemOf(result, "smooth"));
    const Json group = jsonOf(result).at("groups").at(0);
    QCOMPARE(group.at("curve").size(), std::size_t{21});
    QVERIFY(group.at("residual").at("rounded") == 0.0);
    QVERIFY(jsonOf(result).at("statistic") == "median" && jsonOf(result).at("alpha").is_null());
  }

  /// Two selections one after the other into one plan, then the checkpoint, which needs no statistics.
  void planAndCheckpoint() {
    QL_EXIT(qloupe(m_folder,
                   {"smooth", demo(), "--stats", "S.h5", "--roles", "q,k,v", "--plan", "p.qlplan.json"}),
            0);
    QL_EXIT(qloupe(m_folder, {"smooth", demo(), "--stats", "S.h5", "--roles", "gate,up", "--alpha", "0.6",
                              "--plan", "p.qlplan.json"}),
            0);
    const Json plan = Json::parse(contentOf(m_folder / "p.qlplan.json"));
    QCOMPARE(plan.at("smoothing").size(), std::size_t{12});
    QVERIFY(schemaErrors(schemaFile("plan.schema.json"), plan.dump()).empty());
    QVERIFY(std::filesystem::exists(m_folder / "p.smoothing.safetensors"));
    const RunResult perplexity = qloupe(m_folder, {"perplexity", demo(), "--text", bundled("heldout.txt"),
                                                   "--tokens", "1024", "--plan", "p.qlplan.json", "--json"});
    QL_EXIT(perplexity, 0);
    QVERIFY(std::abs(jsonOf(perplexity).at("change").get<double>()) < 0.01);  // 14 % without smoothing
    const RunResult applied =
        qloupe(m_folder, {"apply", demo(), "p.qlplan.json", "-o", "out", "--as", "smoothed", "--json"});
    QL_EXIT(applied, 0);
    QL_NO_PROBLEM(schemaProblemOf(applied, "apply"));
    QVERIFY(jsonOf(applied).at("worst").at("relative_frobenius").get<double>() < 4e-3);
    QVERIFY(!jsonOf(applied).at("exact").get<bool>());
    QCOMPARE(contentOf(m_folder / "out/tokenizer.json"), contentOf(demoModel() / "tokenizer.json"));
    const RunResult fake =
        qloupe(m_folder, {"apply", demo(), "p.qlplan.json", "-o", "fake", "--as", "fake-quantized"});
    QL_EXIT(fake, 0);
    QVERIFY(fake.out.contains("the quantized weights") && fake.out.contains("activation schemes"));
  }

  /// With powers of two the checkpoint is the plan's model: the same perplexity to the last digit.
  void exactCheckpointRunsAsThePlan() {
    QL_EXIT(qloupe(m_folder, {"plan", "new", demo(), "-o", "q.qlplan.json"}), 0);
    QL_EXIT(qloupe(m_folder, {"smooth", demo(), "--stats", "S.h5", "--pow2", "--plan", "q.qlplan.json"}), 0);
    const RunResult applied =
        qloupe(m_folder, {"apply", demo(), "q.qlplan.json", "-o", "exact", "--as", "smoothed", "--json"});
    QL_EXIT(applied, 0);
    QVERIFY(jsonOf(applied).at("exact").get<bool>());
    QL_EXIT(qloupe(m_folder, {"plan", "new", "exact", "-o", "plain.qlplan.json"}), 0);
    const auto perplexity = [&](const QString& model, const char* plan) {
      const RunResult result = qloupe(m_folder, {"perplexity", model, "--text", bundled("heldout.txt"),
                                                 "--tokens", "512", "--plan", plan, "--json"});
      return jsonOf(result).at("perplexity").get<double>();
    };
    QCOMPARE(perplexity(QStringLiteral("exact"), "plain.qlplan.json"), perplexity(demo(), "q.qlplan.json"));
  }

  void mistakesAreNamed() {
    const auto problem = [&](const QStringList& arguments, const QString& part) {
      return badInputProblem(qloupe(m_folder, arguments), part);
    };
    QL_EXIT(qloupe(m_folder, {"plan", "new", demo(), "-o", "empty.qlplan.json", "--force"}), 0);
    QL_NO_PROBLEM(problem({"smooth", demo()}, "calibrate"));
    QL_NO_PROBLEM(problem({"smooth", "S.h5"}, "S.h5"));
    QL_NO_PROBLEM(problem(
        {"smooth", demo(), "--stats", "S.h5", "--method", "bismooth", "--formula", "official"}, "formula"));
    QL_NO_PROBLEM(problem({"apply", demo(), "empty.qlplan.json", "-o", "x", "--as", "smoothed"},
                          "qloupe smooth --plan"));
    QL_NO_PROBLEM(problem({"apply", demo(), "empty.qlplan.json", "-o", demo(), "--as", "fake-quantized"},
                          "folder of the model itself"));
    m_folder.write("taken.safetensors", "no factors");
    QL_NO_PROBLEM(problem(
        {"smooth", demo(), "--stats", "S.h5", "--blocks", "0", "--roles", "q", "-o", "taken.safetensors"},
        "taken.safetensors"));
    QCOMPARE(contentOf(m_folder / "taken.safetensors"), std::string("no factors"));
  }

 private:
  TempFolder m_folder;
};

QTEST_GUILESS_MAIN(TestCliSmooth)
#include "tst_cli_smooth.moc"
