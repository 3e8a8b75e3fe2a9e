// qloupe outliers and qloupe qat as a user runs them.
#include "tests/app/cli_runner.h"

using namespace ql;
using namespace ql::test;

class TestCliOutliers : public QObject {
  Q_OBJECT

 private:
  TempFolder m_folder;
  static QString demo() { return text(demoModel()); }

 private slots:
  void outliersByTypeAndBlock() {
    const RunResult result =
        qloupe(m_folder, {"outliers", demo(), "--blocks", "0-1", "--n", "3,6", "--json"});
    QL_EXIT(result, 0);
    QL_NO_PROBLEM(schemaProblemOf(result, "outliers"));
    const nlohmann::json json = jsonOf(result);
    QCOMPARE(json["layers"].size(), std::size_t(14));
    QCOMPARE(json["blocks"].size(), std::size_t(2));
    QVERIFY(json["total"]["outliers"][0]["fraction"] > json["total"]["outliers"][1]["fraction"]);
    QVERIFY(json["layers"][0]["pruned"]["largest"]["weight_rel"] > 0.9);
    for (const char* by : {"role", "block", "layer"}) {
      const RunResult table = qloupe(m_folder, {"outliers", demo(), "--blocks", "0", "--by", by});
      QL_EXIT(table, 0);
      QVERIFY2(table.out.contains("6 sigma"), table.out.constData());
      const RunResult csv = qloupe(m_folder, {"outliers", demo(), "--blocks", "0", "--by", by, "--csv"});
      QVERIFY(csv.out.startsWith(by) && csv.out.contains("fraction_6"));
    }
    QL_NO_PROBLEM(badInputProblem(qloupe(m_folder, {"outliers", demo(), "--n", "0"}), "above 0"));
    QL_NO_PROBLEM(badInputProblem(qloupe(m_folder, {"outliers", demo(), "--prune", "2"}), "--prune"));
  }

  void schemesWithOutliersTellTheirBits() {
    const RunResult result =
        qloupe(m_folder, {"error", demo(), "--layers", "layers.0.self_attn.q_proj", "--json", "--scheme",
                          "int4", "--scheme", "int4:outliers=sigma:3", "--scheme",
                          "int4:algorithm=easyquant:n=3", "--scheme", "int4:clip=easyquant"});
    QL_NO_PROBLEM(schemaProblemOf(result, "error"));
    const nlohmann::json layers = jsonOf(result);
    QCOMPARE(layers.size(), std::size_t(4));
    const auto error = [&](std::size_t i) { return layers[i]["weight_rel_fro"].get<double>(); };
    const auto bits = [&](std::size_t i) { return layers[i]["bits_per_weight"].get<double>(); };
    QVERIFY(error(1) < 0.5 * error(0) && error(2) <= error(1) && error(3) < error(0));
    QVERIFY(bits(1) > bits(0) && bits(1) == bits(2) && bits(3) == bits(0));
  }

  void qatWritesTensorsAndTheirDescription() {
    const QStringList base{"qat", demo(), "--blocks", "0", "-o", "start"};
    const RunResult result = qloupe(m_folder, base + QStringList{"--scheme", "w4a8:group=64", "--json"});
    QL_EXIT(result, 0);
    QL_NO_PROBLEM(schemaProblemOf(result, "qat"));
    const nlohmann::json json = jsonOf(result);
    QVERIFY(contentOf(m_folder / "start/qat.json") == result.out.toStdString());
    QVERIFY(std::filesystem::file_size(m_folder / "start/qat.safetensors") > 4 * 7 * 256);
    QCOMPARE(json["weights"].size(), std::size_t(7));
    QVERIFY(json["weights"][0]["steps"]["shape"] == nlohmann::json({256, 4}));
    QVERIFY(json["weights"][0]["errors"].contains("easyquant"));
    QVERIFY(json["kv_cache"]["note"].is_string());
    QL_NO_PROBLEM(badInputProblem(qloupe(m_folder, base), "--force"));
    const RunResult table = qloupe(m_folder, base + QStringList{"--force", "--rule", "percentile",
                                                                "--percent", "99", "--threshold", "0.01"});
    QL_EXIT(table, 0);
    QVERIFY2(table.out.contains("beyond repair"), table.out.constData());
    QL_NO_PROBLEM(badInputProblem(qloupe(m_folder, base + QStringList{"--rule", "magic"}), "--rule"));
  }

  void staticActivationsAndCachesHaveSteps() {
    const QString text =
        ::ql::test::text(std::filesystem::path(sourceDirectory()) / "resources/texts/calibration.txt");
    QL_EXIT(qloupe(m_folder,
                   {"analyze", demo(), "--calibration", text, "--tokens", "256", "--points", "-o", "S.h5"}),
            0);
    const RunResult result =
        qloupe(m_folder, {"qat", demo(), "--blocks", "4", "-o", "calibrated/", "--stats", "S.h5", "--scheme",
                          "w4a8:group=64,act=tensor,static", "--rule", "mse", "--json"});
    QL_EXIT(result, 0);
    QL_NO_PROBLEM(schemaProblemOf(result, "qat"));
    const nlohmann::json json = jsonOf(result);
    QVERIFY(json["activations"][0]["rule"] == "mse");
    QVERIFY(json["activations"][0]["steps"]["clip_fraction"].is_number());
    QVERIFY(json["weights"][0]["figure"] == "output_rel_w");
    QVERIFY(json["kv_cache"]["points"].size() == 12 && json["residual_sums"]["points"].size() == 12);
  }
};

QTEST_GUILESS_MAIN(TestCliOutliers)
#include "tst_cli_outliers.moc"
