// The detector on the shipped model with its planting, on the same model with the planting undone, and on the
// one with activation outliers planted instead; and its rules on small matrices.
#include "core/base/error.h"
#include "core/evaluate/diagnosis.h"
#include "core/io/checkpoint.h"
#include "tests/core/evaluate/memory_source.h"
#include "tests/support/compare.h"
#include "tests/support/data.h"

#include <nlohmann/json.hpp>

#include <cmath>
#include <fstream>
#include <limits>
#include <map>
#include <set>

using namespace ql;
using test::gaussianSource;
using test::MemorySource;

namespace {

nlohmann::json readJson(const std::filesystem::path& path) {
  std::ifstream file(path);
  return nlohmann::json::parse(file);
}

using Plantings = std::vector<std::pair<nlohmann::json, bool>>;  // planted.json, and whether it is undone

/// The model with plantings applied (or undone) on the fly: W[:, c] *= s, V rows *= r, O columns /= r, gain
/// /= s.
class PlantedSource : public CheckpointSource {
 public:
  PlantedSource(std::shared_ptr<const Checkpoint> checkpoint, const Plantings& plantings)
      : CheckpointSource(checkpoint), m_checkpoint(std::move(checkpoint)) {
    for (const auto& [json, isUndone] : plantings) {
      for (const auto& p : json.at("planted")) add(p, isUndone);
    }
  }
  void readRows(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd,
                std::span<float> out) const override {
    CheckpointSource::readRows(matrix, rowBegin, rowEnd, out);
    const auto it = m_factors.find(matrix.tensor);
    if (it == m_factors.end()) return;
    for (std::size_t i = 0; i < out.size(); ++i) {
      const auto j = static_cast<std::int64_t>(i) % matrix.in;
      if (it->second.columns.contains(j)) out[i] *= it->second.columns.at(j);
      out[i] *= it->second.all;
    }
  }
  std::optional<RawRows> rawRows(const MatrixRef&, std::int64_t, std::int64_t) const override {
    return std::nullopt;
  }

  std::vector<float> gain(const Linear& linear) const {
    if (!linear.norm) return {};
    std::vector<float> g = ql::readVector(*m_checkpoint, *linear.norm);
    const auto it = m_factors.find(*linear.norm);
    if (it == m_factors.end()) return g;
    for (const auto& [j, factor] : it->second.columns) g[static_cast<std::size_t>(j)] *= factor;
    return g;
  }

 private:
  struct Factors {
    std::map<std::int64_t, float> columns;
    float all = 1;
  };

  void add(const nlohmann::json& p, bool isUndone) {
    const std::string block = "model.layers." + std::to_string(p.at("block").get<int>()) + ".";
    const auto factor = [&](const char* key) {
      const float f = p.at(key).get<float>();
      return isUndone ? 1 / f : f;
    };
    for (const auto& channel : p.at("channels")) {
      for (const auto& linear : p.at("linears")) {
        multiply(block + linear.get<std::string>() + ".weight", channel, factor("factor_on_weight_columns"));
      }
      multiply(block + p.at("norm").get<std::string>() + ".weight", channel, factor("factor_on_gain"));
    }
    if (p.at("site") == "attn") {
      m_factors[block + "self_attn.v_proj.weight"].all *= factor("factor_on_v_rows");
      m_factors[block + "self_attn.o_proj.weight"].all *= factor("factor_on_o_columns");
    }
  }
  void multiply(const std::string& tensor, std::int64_t column, float factor) {
    m_factors[tensor].columns.try_emplace(column, 1.0f).first->second *= factor;
  }

  std::shared_ptr<const Checkpoint> m_checkpoint;
  std::map<std::string, Factors> m_factors;
};

struct Diagnosed {
  std::vector<Finding> findings;
  std::map<std::string, LayerError> errors;
};

Diagnosed diagnoseModel(const Plantings& plantings) {
  const auto checkpoint = openCheckpoint(test::demoModel());
  const PlantedSource source(checkpoint, plantings);
  const Model model = buildModel(*checkpoint);
  JobContext job(2);
  DiagnosisOptions options;
  options.choice = parseSpec("w8a8");
  Diagnosed result;
  for (const Linear& linear : model.linears) {
    if (!linear.isQuantizable) continue;
    const std::vector<float> gain = source.gain(linear);
    const WeightStats stats = measureWeights(source, linear.matrix, {}, job);
    std::vector<Choice> choices = remedyCandidates(options.choice, linear.in());
    choices.insert(choices.begin(), options.choice);
    const auto errors = measureErrors(source, {linear.matrix, 16, gain}, choices, &stats, job);
    std::vector<StoredError> candidates;
    for (std::size_t i = 1; i < choices.size(); ++i) candidates.push_back({choices[i], errors[i]});
    for (Finding& finding : diagnose(linear, stats, errors[0], candidates, gain, options)) {
      result.findings.push_back(std::move(finding));
    }
    result.errors[linear.name] = errors[0];
  }
  return result;
}

nlohmann::json weightPlanting() {
  return readJson(test::demoModel() / "planted.json");
}
nlohmann::json activationPlanting() {
  return readJson(std::filesystem::path(test::sourceDirectory()) / "resources/demo/activation-outliers.json");
}

std::set<std::string> plantedLinears(const nlohmann::json& json) {
  std::set<std::string> names;
  for (const auto& p : json.at("planted")) {
    for (const auto& linear : p.at("linears")) {
      names.insert("model.layers." + std::to_string(p.at("block").get<int>()) + "." +
                   linear.get<std::string>());
    }
  }
  return names;
}

/// Planted channels of a linear, ascending.
std::vector<std::int64_t> plantedChannels(const nlohmann::json& json, const std::string& layer) {
  std::vector<std::int64_t> channels;
  for (const auto& p : json.at("planted")) {
    for (const auto& linear : p.at("linears")) {
      const std::string name =
          "model.layers." + std::to_string(p.at("block").get<int>()) + "." + linear.get<std::string>();
      if (name == layer) channels = p.at("channels").get<std::vector<std::int64_t>>();
    }
  }
  std::sort(channels.begin(), channels.end());
  return channels;
}

std::set<std::string> layersWith(const Diagnosed& diagnosed, const std::string& code) {
  std::set<std::string> names;
  for (const Finding& finding : diagnosed.findings) {
    if (finding.code == code) names.insert(finding.layer);
  }
  return names;
}

std::vector<Finding> diagnoseMatrix(const MemorySource& source, const std::string& spec,
                                    const std::vector<float>& gain = {}, double target = 0.02) {
  JobContext job(1);
  DiagnosisOptions options;
  options.choice = parseSpec(spec);
  options.target = target;
  Linear linear;
  linear.name = "w";
  linear.matrix = source.ref;
  const WeightStats stats = measureWeights(source, source.ref, {}, job);
  std::vector<Choice> choices = remedyCandidates(options.choice, source.ref.in);
  choices.insert(choices.begin(), options.choice);
  const auto errors = measureErrors(source, {source.ref, 16, gain}, choices, &stats, job);
  std::vector<StoredError> candidates;
  for (std::size_t i = 1; i < choices.size(); ++i) candidates.push_back({choices[i], errors[i]});
  return diagnose(linear, stats, errors[0], candidates, gain, options);
}

}  // namespace

class TestDiagnosis : public QObject {
  Q_OBJECT
 private slots:
  void weightOutliersAreFoundWhereTheyWerePlanted() {
    const Diagnosed diagnosed = diagnoseModel({});
    const nlohmann::json planting = weightPlanting();
    const auto planted = plantedLinears(planting);
    QCOMPARE(planted.size(), std::size_t(12));
    QVERIFY(layersWith(diagnosed, "weight_outlier_columns") == planted);
    QCOMPARE(diagnosed.findings.size(), planted.size());
    for (const Finding& finding : diagnosed.findings) {
      const auto channels = std::get<std::vector<std::int64_t>>(finding.values.at("channels"));
      QVERIFY2(channels == plantedChannels(planting, finding.layer), finding.layer.c_str());
      QVERIFY(std::get<double>(finding.values.at("coverage")) > 0.9);
      QCOMPARE(finding.remedies.size(), std::size_t(4));
      for (std::size_t i = 1; i < 4; ++i) QVERIFY(finding.remedies[i - 1].after <= finding.remedies[i].after);
      QCOMPARE(finding.remedies[0].before, finding.severity);
    }
  }

  void theWorstOfTheShippedModelSaysWhatItShould() {
    const Diagnosed diagnosed = diagnoseModel({});
    const auto it = std::find_if(diagnosed.findings.begin(), diagnosed.findings.end(), [](const Finding& f) {
      return f.layer == "model.layers.0.self_attn.q_proj";
    });
    QVERIFY(it != diagnosed.findings.end());
    QVERIFY((std::get<std::vector<std::int64_t>>(it->values.at("channels")) ==
             std::vector<std::int64_t>{18, 26, 30}));
    QCOMPARE(std::get<std::int64_t>(it->values.at("rows_set")), std::int64_t(256));
    QCOMPARE(std::get<std::string>(it->values.at("criterion")), std::string("ab"));
    QCOMPARE(std::round(std::get<double>(it->values.at("dead_code_others")) * 100), 92.0);
    QCOMPARE(std::round(std::get<double>(it->values.at("column_peak_ratio"))), 499.0);
    QVERIFY(!it->values.contains("recommended"));  // no group size brings it under 2 %
  }

  void theModelWithoutPlantingIsClean() {
    const Diagnosed diagnosed = diagnoseModel({{weightPlanting(), true}});
    QVERIFY2(
        diagnosed.findings.empty(),
        diagnosed.findings.empty() ? "" : (diagnosed.findings[0].layer + diagnosed.findings[0].code).c_str());
    for (const auto& [name, error] : diagnosed.errors) QVERIFY2(*error.normWeightedRel < 0.01, name.c_str());
  }

  void activationOutliersAreAnnouncedByTheGains() {
    const nlohmann::json planting = activationPlanting();
    const Diagnosed diagnosed = diagnoseModel({{weightPlanting(), true}, {planting, false}});
    const auto planted = plantedLinears(planting);
    QCOMPARE(planted.size(), std::size_t(30));
    QVERIFY(layersWith(diagnosed, "norm_gain_outliers") == planted);
    QCOMPARE(diagnosed.findings.size(), planted.size());
    for (const Finding& finding : diagnosed.findings) {
      const auto channels = std::get<std::vector<std::int64_t>>(finding.values.at("channels"));
      QVERIFY2(channels == plantedChannels(planting, finding.layer), finding.layer.c_str());
    }
    for (const auto& [name, error] : diagnosed.errors) {
      const double percent = *error.normWeightedRel * 100;
      if (planted.contains(name)) {
        QVERIFY2(percent > 3.25 && percent < 5.45,
                 qPrintable(QString::fromStdString(name) + QString::number(percent)));
      } else {
        QVERIFY2(percent < 1, name.c_str());
      }
    }
  }

  void referenceFiguresOfAllThreeVariants() {
    // measured with numpy and torch, SmoothQuant rounding (divisor 127)
    const auto check = [](const Plantings& plantings, const char* name) {
      const auto reference = readJson(test::dataFile(name));
      const auto checkpoint = openCheckpoint(test::demoModel());
      const PlantedSource source(checkpoint, plantings);
      const Model model = buildModel(*checkpoint);
      JobContext job(2);
      const std::vector<Choice> choices{parseSpec("int8:flavour=smoothquant"),
                                        parseSpec("int4:group=32,flavour=smoothquant")};
      int compared = 0;
      for (const Linear& linear : model.linears) {
        if (!reference.contains(linear.name)) continue;
        const auto& expected = reference.at(linear.name);
        const auto errors = measureErrors(source, {linear.matrix, 16, {}}, choices, nullptr, job);
        QL_NEAR(errors[0].weightRelFro, expected.at("weight_relerr.w8_pc").get<double>(), 2e-6);
        QL_NEAR(errors[1].weightRelFro, expected.at("weight_relerr.w4_g32").get<double>(), 2e-6);
        ++compared;
      }
      QCOMPARE(compared, 42);
    };
    check({}, "reference/errors-wout.json");
    check({{weightPlanting(), true}}, "reference/errors-base.json");
    check({{weightPlanting(), true}, {activationPlanting(), false}}, "reference/errors-aout.json");
  }

  void aSingleLargeWeightIsNotAColumn() {
    MemorySource source = gaussianSource(64, 64, 1);
    source.values()[100] = 30;  // one row of 64: coverage 1.6 %
    for (const Finding& finding : diagnoseMatrix(source, "w8a8"))
      QVERIFY(finding.code != "weight_outlier_columns");
  }

  void scatteredLargeWeightsAreHeavyTails() {
    // 20 sigma, one a row, each in its own column: error 20 / 127.5 / sqrt(12), energy 1 + 400 / 1024
    MemorySource source = gaussianSource(64, 1024, 1);
    for (const float large : {1.0f, 2.0f}) {
      for (std::size_t r = 0; r < 64; ++r) source.values()[r * 1024 + r * 13] = large;
      const auto findings = diagnoseMatrix(source, "w8a8", std::vector<float>(1024, 1.0f));
      QCOMPARE(findings.size(), std::size_t(1));
      QCOMPARE(findings[0].code, std::string("heavy_tails"));
      if (large == 1) QL_NEAR(findings[0].severity, 20 / 127.5 / std::sqrt(12.0 * 1.39), 0.05);
    }
    // at 4 bits an ordinary matrix is over any such target: nothing is wrong with it
    QVERIFY(diagnoseMatrix(gaussianSource(64, 64, 1), "w4a16").empty());
  }

  void theCheapestRemedyUnderTheTargetIsRecommended() {
    MemorySource source = gaussianSource(64, 256, 1);
    for (std::size_t r = 0; r < 64; ++r) source.values()[r * 256 + 7] *= 400;
    std::vector<float> gain(256, 1.0f);
    gain[7] = 1 / 400.0f;
    const auto findings = diagnoseMatrix(source, "w8a8", gain, 0.4);
    QCOMPARE(findings.size(), std::size_t(1));
    const Finding& finding = findings[0];
    const auto recommended =
        static_cast<std::size_t>(std::get<std::int64_t>(finding.values.at("recommended")));
    QVERIFY(finding.remedies[recommended].after <= 0.4);
    for (std::size_t i = recommended + 1; i < finding.remedies.size(); ++i)
      QVERIFY(finding.remedies[i].after > 0.4);
    QCOMPARE(*finding.remedies[0].choice.weight->groupSize, std::int64_t(16));
  }

  void zeroRowsAndNonFiniteWeightsAreReported() {
    MemorySource source = gaussianSource(8, 40, 1);
    std::fill_n(source.values().begin() + 80, 40, 0.0f);
    source.values()[3] = std::numeric_limits<float>::quiet_NaN();
    source.values()[4] = -std::numeric_limits<float>::infinity();
    const auto findings = diagnoseMatrix(source, "w8a8");
    QCOMPARE(findings.size(), std::size_t(2));
    QCOMPARE(findings[0].code, std::string("non_finite"));
    QCOMPARE(std::get<std::int64_t>(findings[0].values.at("nans")), std::int64_t(1));
    QCOMPARE(std::get<std::int64_t>(findings[0].values.at("neg_infs")), std::int64_t(1));
    QCOMPARE(findings[1].code, std::string("dead_rows"));
    QVERIFY(
        (std::get<std::vector<std::int64_t>>(findings[1].values.at("rows")) == std::vector<std::int64_t>{2}));
  }

  void candidatesAreSmallerGroups() {
    const auto sizes = [](const char* spec, std::int64_t in) {
      std::vector<std::int64_t> result;
      for (const Choice& choice : remedyCandidates(parseSpec(spec), in))
        result.push_back(*choice.weight->groupSize);
      return result;
    };
    QVERIFY((sizes("w8a8", 256) == std::vector<std::int64_t>{128, 64, 32, 16}));
    QVERIFY((sizes("w8a8", 64) == std::vector<std::int64_t>{32, 16}));
    QVERIFY((sizes("w8a8:group=64", 256) == std::vector<std::int64_t>{32, 16}));
    QVERIFY(sizes("bf16", 256).empty());
  }
};

QTEST_APPLESS_MAIN(TestDiagnosis)
#include "tst_diagnosis.moc"
