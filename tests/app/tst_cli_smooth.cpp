// qloupe smooth and qloupe apply: from activations to a plan, from the plan to a checkpoint, and mistakes.
#include "tests/app/cli_runner.h"
#include "tests/support/compare.h"

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

  /// Groups made by clustering beat neighbours and one range; decomposition never looks at weights.
  void activationMethodsAreMeasured() {
    const RunResult result =
        qloupe(m_folder, {"error",
                          demo(),
                          "--stats",
                          "S.h5",
                          "--blocks",
                          "2",
                          "--roles",
                          "q,down",
                          "--json",
                          "--scheme",
                          "bf16/int4:act_flavour=rptq,act_asym,static,act=tensor",
                          "--scheme",
                          "bf16/int4:act_flavour=rptq,act_asym,static,act_groups=8",
                          "--scheme",
                          "bf16/int4:act_flavour=rptq,act_asym,static,act_groups=8:kmeans",
                          "--scheme",
                          "bf16/int8:act=tensor",
                          "--scheme",
                          "bf16/int8:act=tensor,act_outliers=6",
                          "--scheme",
                          "bf16/mxfp8"});
    QL_EXIT(result, 0);
    const Json rows = jsonOf(result);
    QCOMPARE(rows.size(), std::size_t{12});
    for (std::size_t layer = 0; layer < 2; ++layer) {
      const auto error = [&](std::size_t scheme) {
        return rows.at(layer * 6 + scheme).at("output_rel_a").get<double>();
      };
      QVERIFY(error(2) < error(1) && error(1) < error(0));
      QVERIFY(error(4) < error(3));
      QVERIFY(error(5) > 0 && error(5) < 0.05);
    }
  }

  void outlierDimsOfLayers() {
    const RunResult result =
        qloupe(m_folder, {"outlier-dims", demo(), "--stats", "S.h5", "--errors", "--json"});
    QL_EXIT(result, 0);
    QL_NO_PROBLEM(schemaProblemOf(result, "outlier-dims"));
    const Json json = jsonOf(result);
    QCOMPARE(json.at("sites").size(), std::size_t{24});
    std::size_t withOutliers = 0;
    for (const Json& site : json.at("sites")) {
      QL_NEAR(site.at("share").get<double>(),
              static_cast<double>(site.at("channels").size()) / site.at("width").get<double>(), 1e-12);
      const Json& reader = site.at("readers")[0];
      QVERIFY(reader.at("output_rel_a").get<double>() > 0);
      if (site.at("channels").empty()) continue;
      ++withOutliers;
      QVERIFY(reader.at("output_rel_a_decomposed").get<double>() <
              reader.at("output_rel_a").get<double>() * 1.1);
    }
    QVERIFY(withOutliers > 4);
    QCOMPARE(json.at("overlaps").size(), std::size_t{4});
    for (const Json& overlap : json.at("overlaps")) {
      QCOMPARE(overlap.at("jaccard").size(), std::size_t{6});
      for (std::size_t i = 0; i < 6; ++i) {
        QVERIFY(overlap.at("jaccard")[i][i] == 1.0);
        QVERIFY(overlap.at("jaccard")[0][i] == overlap.at("jaccard")[i][0]);
      }
    }
    const RunResult people = qloupe(m_folder, {"outlier-dims", "S.h5", "--threshold", "1e6"});
    QL_EXIT(people, 0);
    QVERIFY(people.out.contains("overlap of two blocks 0.00 %"));
    const RunResult rows = qloupe(m_folder, {"outlier-dims", demo(), "--stats", "S.h5", "--csv"});
    QCOMPARE(rows.out.count('\n'), 43);  // 42 readers under a header
  }

  /// Parts alone and left out agree with perplexity of a plan that says the same.
  void sensitivityOfParts() {
    const auto sensitivity = [&](const QStringList& more) {
      return qloupe(m_folder, QStringList{"sensitivity", demo(), "--plan", "s.qlplan.json", "--text",
                                          bundled("heldout.txt"), "--tokens", "256", "--json"} +
                                  more);
    };
    const auto perplexity = [&](const char* plan) {
      return jsonOf(qloupe(m_folder, {"perplexity", demo(), "--text", bundled("heldout.txt"), "--tokens",
                                      "256", "--plan", plan, "--json"}));
    };
    QL_EXIT(qloupe(m_folder, {"plan", "new", demo(), "-o", "s.qlplan.json"}), 0);
    QL_EXIT(qloupe(m_folder, {"plan", "kv", "s.qlplan.json", "int4:token,flavour=llm-qat"}), 0);
    const RunResult alone = sensitivity({"--by", "role"});
    QL_EXIT(alone, 0);
    QL_NO_PROBLEM(schemaProblemOf(alone, "sensitivity"));
    const Json json = jsonOf(alone);
    QCOMPARE(json.at("parts").size(), std::size_t{7});
    QL_NEAR(json.at("whole_plan").at("nll").get<double>(),
            perplexity("s.qlplan.json").at("nll").get<double>(), 1e-9);
    QL_EXIT(qloupe(m_folder, {"plan", "new", demo(), "-o", "v.qlplan.json"}), 0);
    QL_EXIT(qloupe(m_folder, {"plan", "set", "v.qlplan.json", "--roles", "q,k,o,gate,up,down", "--ignore"}),
            0);
    const Json only = perplexity("v.qlplan.json");
    for (const Json& part : json.at("parts")) {
      if (part.at("name") != "v") continue;
      QCOMPARE(part.at("members").size(), std::size_t{6});
      QL_NEAR(part.at("nll").get<double>(), only.at("nll").get<double>(), 1e-9);
      QL_NEAR(part.at("kl_cost").get<double>(), only.at("kl").get<double>(), 1e-9);
    }
    const Json left =
        jsonOf(sensitivity({"--by", "linear", "--leave-out", "--blocks", "3", "--roles", "down"}));
    QCOMPARE(left.at("parts").size(), std::size_t{1});
    QL_EXIT(
        qloupe(m_folder, {"plan", "set", "s.qlplan.json", "--blocks", "3", "--roles", "down", "--ignore"}),
        0);
    QL_NEAR(left.at("parts")[0].at("nll").get<double>(), perplexity("s.qlplan.json").at("nll").get<double>(),
            1e-9);
  }

  /// Outlier channels are those of a window, however many windows share a batch.
  void outlierChannelsDoNotDependOnMemory() {
    QL_EXIT(qloupe(m_folder, {"plan", "new", demo(), "-o", "o.qlplan.json"}), 0);
    QL_EXIT(qloupe(m_folder, {"plan", "set", "o.qlplan.json", "w8a8:flavour=bitsandbytes,act_outliers=6"}),
            0);
    const auto nll = [&](const QStringList& more) {
      const RunResult result =
          qloupe(m_folder, QStringList{"perplexity", demo(), "--text", bundled("heldout.txt"), "--tokens",
                                       "1024", "--plan", "o.qlplan.json", "--json"} +
                               more);
      return jsonOf(result).at("nll").get<double>();
    };
    QL_NEAR(nll({"--context", "128"}), nll({"--context", "128", "--memory", "0.1"}), 1e-6);
  }

  /// Residual sums and caches of a plan: set, measured by perplexity and by themselves, taken away again.
  void tensorPointsHaveSchemes() {
    QL_EXIT(qloupe(m_folder, {"plan", "new", demo(), "-o", "k.qlplan.json"}), 0);
    QL_EXIT(qloupe(m_folder, {"plan", "set", "k.qlplan.json", "--ignore"}), 0);
    const auto kl = [&] {
      return jsonOf(qloupe(m_folder, {"perplexity", demo(), "--text", bundled("heldout.txt"), "--tokens",
                                      "256", "--plan", "k.qlplan.json", "--json"}))
          .at("kl")
          .get<double>();
    };
    QCOMPARE(kl(), 0.0);
    double before = 0;
    for (const char* spec : {"int8:token,flavour=llm-qat", "int4:token,flavour=llm-qat", "int2:token"}) {
      const RunResult set = qloupe(m_folder, {"plan", "kv", "k.qlplan.json", spec, "--json"});
      QL_EXIT(set, 0);
      QL_NO_PROBLEM(schemaProblemOf(set, "plan-kv"));
      const double now = kl();
      QVERIFY(now > 2 * before && now > 0);  // fewer bits cost more
      before = now;
    }
    QL_EXIT(qloupe(m_folder, {"plan", "kv", "k.qlplan.json", "none"}), 0);
    const RunResult point =
        qloupe(m_folder, {"plan", "point", "k.qlplan.json", "residual_after_mlp", "int8:tensor", "--json"});
    QL_EXIT(point, 0);
    QL_NO_PROBLEM(schemaProblemOf(point, "plan-point"));
    QCOMPARE(jsonOf(point).at("changed").size(), std::size_t{6});
    const double residual = kl();
    QVERIFY(residual > 0);
    const RunResult parts =
        qloupe(m_folder, {"sensitivity", demo(), "--plan", "k.qlplan.json", "--text", bundled("heldout.txt"),
                          "--tokens", "256", "--points", "--leave-out", "--json"});
    QL_EXIT(parts, 0);
    QL_NO_PROBLEM(schemaProblemOf(parts, "sensitivity"));
    QCOMPARE(jsonOf(parts).at("parts").size(), std::size_t{6});
    QL_NEAR(jsonOf(parts).at("whole_plan").at("kl").get<double>(), residual, 1e-9);
    QL_EXIT(qloupe(m_folder, {"plan", "point", "k.qlplan.json", "model.layers.2.residual_after_mlp", "none"}),
            0);
    QVERIFY(kl() < residual);
    QL_EXIT(qloupe(m_folder, {"plan", "point", "k.qlplan.json", "model.layers.1.self_attn.k_proj", "int4"}),
            0);
    const Json plan = Json::parse(contentOf(m_folder / "k.qlplan.json"));
    QVERIFY(plan.at("points").contains(
        "model.layers.1.self_attn.q_proj"));  // the site has its first reader's name
    const RunResult shown = qloupe(m_folder, {"plan", "show", "k.qlplan.json", "--json"});
    QL_NO_PROBLEM(schemaProblemOf(shown, "plan-show"));
    QCOMPARE(jsonOf(shown).at("points").size(), std::size_t{6});
    QVERIFY(jsonOf(shown).at("kv_cache").is_null());
    QVERIFY(qloupe(m_folder, {"plan", "show", "k.qlplan.json"})
                .out.contains("Tensor point model.layers.0.residual_after_mlp: int8 tensor"));
    QL_NO_PROBLEM(badInputProblem(qloupe(m_folder, {"plan", "point", "k.qlplan.json", "nonsense", "int8"}),
                                  "no tensor point"));
    QL_NO_PROBLEM(badInputProblem(qloupe(m_folder, {"plan", "kv", "k.qlplan.json", "bf16"}), "16 bit"));
    QL_NO_PROBLEM(
        badInputProblem(qloupe(m_folder, {"plan", "kv", "k.qlplan.json", "int8:tokens"}), "tokens"));
    QL_EXIT(qloupe(m_folder, {"plan", "kv", "k.qlplan.json", "int8:tensor,static"}), 0);
    QL_NO_PROBLEM(badInputProblem(qloupe(m_folder, {"perplexity", demo(), "--text", bundled("heldout.txt"),
                                                    "--tokens", "64", "--plan", "k.qlplan.json"}),
                                  "--calibration --points"));
    QL_EXIT(qloupe(m_folder, {"plan", "new", demo(), "-o", "none.qlplan.json"}), 0);
    QL_EXIT(qloupe(m_folder, {"plan", "set", "none.qlplan.json", "--ignore"}), 0);
    QL_NO_PROBLEM(badInputProblem(qloupe(m_folder, {"sensitivity", demo(), "--plan", "none.qlplan.json",
                                                    "--text", bundled("heldout.txt"), "--tokens", "64"}),
                                  "quantizes nothing"));
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
