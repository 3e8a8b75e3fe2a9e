// qloupe compare: two models by hand with known differences, statistics files, and models with nothing in
// common.
#include "tests/app/cli_runner.h"
#include "tests/support/safetensors_bytes.h"

#include <cmath>

using namespace ql::test;
using Json = nlohmann::json;

namespace {

const char* const kUp = "model.layers.0.mlp.up_proj";
const char* const kDown = "model.layers.0.mlp.down_proj";
const char* const kUp1 = "model.layers.1.mlp.up_proj";

struct Matrix {
  std::string name;
  int out = 0, in = 0;
  std::vector<float> values;
};

std::string modelBytes(const std::vector<Matrix>& matrices) {
  std::string header, data;
  for (const Matrix& matrix : matrices) {
    const std::size_t begin = data.size(), size = matrix.values.size() * sizeof(float);
    data.append(reinterpret_cast<const char*>(matrix.values.data()), size);
    header +=
        (header.empty() ? "{" : ",") +
        entry(matrix.name + ".weight", "F32",
              "[" + std::to_string(matrix.out) + "," + std::to_string(matrix.in) + "]", begin, begin + size);
  }
  return safetensorsBytes(header + "}", data);
}

/// As badInputProblem(), after the warnings about models without a config.json.
QString refusalProblem(RunResult result, const QString& part) {
  const QList<QByteArray> lines = result.err.trimmed().split('\n');
  for (qsizetype i = 0; i + 1 < lines.size(); ++i)
    if (!lines[i].startsWith("qloupe: warning: ")) return QString::fromUtf8(result.err);
  result.err = lines.back() + '\n';
  return badInputProblem(result, part);
}

Json layerOf(const Json& json, const std::string& name) {
  for (const Json& layer : json.at("layers"))
    if (layer.at("layer") == name) return layer;
  return {};
}

}  // namespace

class TestCliCompare : public QObject {
  Q_OBJECT

 private slots:
  // up: B = A with 1 -> 4 of {2, 1, 2, 4}, |D| = 3, |A| = 5. down: the same. up of block 1: another shape.
  void initTestCase() {
    const std::vector<float> up{2, 1, 2, 4}, moved{2, 4, 2, 4}, down{7.5f, 0.25f, 0.3f, 0.1f};
    m_folder.write("a.safetensors", modelBytes({{kUp, 2, 2, up}, {kDown, 2, 2, down}, {kUp1, 2, 2, up}}));
    m_folder.write("b.safetensors", modelBytes({{kUp, 2, 2, moved},
                                                {kDown, 2, 2, down},
                                                {kUp1, 1, 4, down},
                                                {"model.layers.2.mlp.up_proj", 2, 2, up}}));
    m_folder.write("c.safetensors", modelBytes({{"model.layers.0.self_attn.q_proj", 2, 2, up}}));
  }

  void differencesByHand() {
    const RunResult result =
        qloupe(m_folder, {"compare", "a.safetensors", "b.safetensors", "--json", "--scheme", "int4"});
    QL_EXIT(result, 0);
    QL_NO_PROBLEM(schemaProblemOf(result, "compare"));
    const Json json = jsonOf(result);
    QCOMPARE(json.at("layers").size(), std::size_t{3});
    QVERIFY(std::abs(layerOf(json, kUp).at("weight_difference").get<double>() - 3.0 / 5.0) < 1e-15);
    QVERIFY(layerOf(json, kDown).at("weight_difference") == 0.0);
    QVERIFY(layerOf(json, kUp1).at("weight_difference").is_null());
    QVERIFY(layerOf(json, kUp1).at("shape_b") == Json({1, 4}));
    QVERIFY(json.at("only_a").empty());
    QVERIFY(json.at("only_b") == Json({"model.layers.2.mlp.up_proj"}));
    QVERIFY(json.at("ranked_by") == "norm_weighted_rel");
    // the identical layer errs alike in both models, and the figures are those of `qloupe error`
    const RunResult error = qloupe(m_folder, {"error", "b.safetensors", "--json", "--scheme", "int4"});
    QL_EXIT(error, 0);
    for (const Json& layer : jsonOf(error)) {
      const Json pair = layerOf(json, layer.at("layer"));
      if (pair.is_null()) continue;
      for (const char* key : {"weight_rel_fro", "norm_weighted_rel", "sqnr_db", "bits_per_weight"})
        QVERIFY(pair.at("b").at(key) == layer.at(key));
    }
    QVERIFY(layerOf(json, kDown).at("a").at("weight_rel_fro") ==
            layerOf(json, kDown).at("b").at("weight_rel_fro"));
  }

  void ranksAndTau() {
    const RunResult result =
        qloupe(m_folder, {"compare", "a.safetensors", "a.safetensors", "--json", "--scheme", "int3"});
    QL_EXIT(result, 0);
    const Json json = jsonOf(result);
    QVERIFY(json.at("kendall_tau").at("norm_weighted_rel") == 1.0);
    QVERIFY(json.at("kendall_tau").at("output_rel_w").is_null());
    QVERIFY(json.at("kendall_tau").at("bits_per_weight").is_null());  // the same for all: no order
    for (const Json& layer : json.at("layers")) {
      QVERIFY(layer.at("rank_a") == layer.at("rank_b"));
      QVERIFY(layer.at("weight_difference") == 0.0);
    }
    QVERIFY(layerOf(json, kUp).at("rank_a") ==
            layerOf(json, kUp1).at("rank_a"));  // equal weights, equal ranks
  }

  void tablesForPeopleAndPrograms() {
    const RunResult people = qloupe(m_folder, {"compare", "a.safetensors", "b.safetensors"});
    QL_EXIT(people, 0);
    QVERIFY2(people.out.contains("60.0 %"), people.out.constData());
    QVERIFY2(people.out.contains("1 layer of 2"), people.out.constData());
    QVERIFY(people.out.contains("1 layer only in B"));
    QVERIFY(people.out.contains("Kendall's tau"));
    const RunResult csv = qloupe(m_folder, {"compare", "a.safetensors", "b.safetensors", "--csv"});
    QL_EXIT(csv, 0);
    const QList<QByteArray> lines = csv.out.trimmed().split('\n');
    QCOMPARE(lines.size(), 4);
    for (const QByteArray& line : lines) QCOMPARE(line.count(','), lines.front().count(','));
    QVERIFY(lines.front().startsWith(
        "layer,out_a,in_a,out_b,in_b,weight_difference,rank_a,rank_b,weight_rel_fro_a"));
  }

  void statisticsInPlaceOfAModel() {
    QL_EXIT(qloupe(m_folder, {"analyze", "a.safetensors", "-o", "A.h5"}), 0);
    const RunResult known = qloupe(m_folder, {"compare", "a.safetensors", "A.h5", "--json"});
    QL_EXIT(known, 0);
    QL_NO_PROBLEM(schemaProblemOf(known, "compare"));
    const Json json = jsonOf(known);
    QVERIFY(json.at("b").at("has_weights") == false);
    QVERIFY(layerOf(json, kUp).at("weight_difference").is_null());
    QVERIFY(layerOf(json, kUp).at("a").at("weight_rel_fro") ==
            layerOf(json, kUp).at("b").at("weight_rel_fro"));
    const RunResult unknown =
        qloupe(m_folder, {"compare", "a.safetensors", "A.h5", "--json", "--scheme", "int3:asym"});
    QL_EXIT(unknown, 0);
    QL_NO_PROBLEM(schemaProblemOf(unknown, "compare"));
    QVERIFY(layerOf(jsonOf(unknown), kUp).at("b").is_null());
    QL_NO_PROBLEM(
        refusalProblem(qloupe(m_folder, {"compare", "A.h5", "A.h5", "--scheme", "int3:asym"}), "w3a16:asym"));
  }

  void mistakesAreOneSentence() {
    QL_NO_PROBLEM(refusalProblem(qloupe(m_folder, {"compare", "a.safetensors", "c.safetensors"}),
                                 "no linear of the same name"));
    QL_NO_PROBLEM(refusalProblem(qloupe(m_folder, {"compare", "a.safetensors"}), "MODEL_B"));
    QL_NO_PROBLEM(refusalProblem(qloupe(m_folder, {"compare", "a.safetensors", "nowhere"}), "nowhere"));
    QL_NO_PROBLEM(refusalProblem(
        qloupe(m_folder, {"compare", "a.safetensors", "b.safetensors", "--scheme", "w16a16"}), "w16a16"));
    QL_NO_PROBLEM(refusalProblem(
        qloupe(m_folder, {"compare", "a.safetensors", "b.safetensors", "--scheme", "w8b8"}), "w8b8"));
    const RunResult help = qloupe(m_folder, {"compare", "--help"});
    QL_EXIT(help, 0);
    QVERIFY(help.out.contains("Example:\n  qloupe"));
  }

 private:
  TempFolder m_folder;
};

QTEST_GUILESS_MAIN(TestCliCompare)
#include "tst_cli_compare.moc"
