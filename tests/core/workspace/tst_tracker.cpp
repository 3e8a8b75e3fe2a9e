// The residual stream channel by channel: which matrices belong to it, their values against the checkpoint
// read plainly, the channels to follow; and Explain on the three demo models.
#include "core/base/error.h"
#include "core/demo.h"
#include "core/evaluate/explain_words.h"
#include "core/workspace_explain.h"
#include "core/workspace_tracker.h"
#include "tests/support/compare.h"
#include "tests/support/data.h"
#include "tests/support/fast_folder.h"
#include "tests/support/model_names.h"
#include "tests/support/safetensors_bytes.h"

#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <numeric>
#include <set>

using namespace ql;
namespace fs = std::filesystem;

namespace {

const ResidualMatrix& matrixOf(const ResidualStream& stream, TensorRole role, int block) {
  for (const ResidualMatrix& matrix : stream.matrices)
    if (matrix.role == role && matrix.block.value_or(-1) == block) return matrix;
  throw Error(ErrorCode::Usage, "no such matrix");
}

/// Largest |w| of every row or column, read plainly.
std::vector<float> plainAbsmax(const Workspace& workspace, LinearId id, bool ofColumns) {
  const MatrixRef& matrix = workspace.model().linears[id].matrix;
  std::vector<float> w(static_cast<std::size_t>(matrix.out * matrix.in));
  workspace.weights()->readRows(matrix, 0, matrix.out, w);
  std::vector<float> absmax(static_cast<std::size_t>(ofColumns ? matrix.in : matrix.out));
  for (std::size_t i = 0; i < w.size(); ++i) {
    const std::size_t row = i / static_cast<std::size_t>(matrix.in),
                      column = i % static_cast<std::size_t>(matrix.in);
    float& at = absmax[ofColumns ? column : row];
    at = std::max(at, std::abs(w[i]));
  }
  return absmax;
}

double plainMedian(std::vector<float> values) {
  std::sort(values.begin(), values.end());
  return static_cast<double>(values[(values.size() - 1) / 2]);
}

ResidualMatrix handMade(TensorRole role, int block, ResidualSide side, std::vector<float> absmax) {
  ResidualMatrix matrix;
  matrix.role = role;
  matrix.block = block;
  matrix.side = side;
  matrix.members = {0};
  matrix.median = plainMedian(absmax);
  matrix.absmax = std::move(absmax);
  return matrix;
}

}  // namespace

class TestTracker : public QObject {
  Q_OBJECT
  QTemporaryDir m_folder{test::fastFolderTemplate()};
  std::shared_ptr<Workspace> m_demo;

 private slots:
  void initTestCase() {
    qputenv("XDG_CACHE_HOME", m_folder.path().toUtf8());
    qputenv("XDG_DATA_HOME", m_folder.path().toUtf8());
    m_demo = Workspace::open(test::demoModel());
    JobContext job(2);
    m_demo->analyze({}, job);
  }

  void llamaReadsAndWritesTheStream() {
    const ResidualStream stream = residualStructure(test::llamaModel().build());
    QCOMPARE(stream.width, std::int64_t{8192});
    QCOMPARE(stream.matrices.size(), std::size_t{80 * 7 + 2});
    QCOMPARE(stream.gains.size(), std::size_t{161});
    QCOMPARE(stream.inputs.size(), stream.matrices.back().input ? std::size_t{161} : std::size_t{160});
    QCOMPARE(stream.matrices.front().role, TensorRole::Embedding);
    QVERIFY(stream.matrices.front().side == ResidualSide::Writes && stream.matrices.front().isColumn);
    QCOMPARE(stream.matrices.back().role, TensorRole::LmHead);
    QVERIFY(stream.matrices.back().side == ResidualSide::Reads);
    for (const TensorRole role : {TensorRole::O, TensorRole::Down}) {
      const ResidualMatrix& writer = matrixOf(stream, role, 7);
      QVERIFY(writer.side == ResidualSide::Writes && !writer.isColumn && !writer.gain && !writer.input);
    }
    const ResidualMatrix& q = matrixOf(stream, TensorRole::Q, 7);
    QCOMPARE(q.gain, matrixOf(stream, TensorRole::V, 7).gain);
    QVERIFY(q.gain != matrixOf(stream, TensorRole::Up, 7).gain);
    QCOMPARE(stream.gains[*q.gain].name, std::string("input_layernorm"));
    QCOMPARE(stream.inputs[*q.input].name, std::string("q, k, v"));
  }

  void expertsOfARoleStandTogether() {
    test::NamedModel names;
    names.config = test::configOf("mixtral", "MixtralForCausalLM", 1, 64);
    const test::LlamaShape shape{1, 64, 96, 64, 64, 100};
    names.add("model.embed_tokens.weight", {100, 64});
    test::addLlamaAttention(names, "model.layers.0.", shape);
    names.add("model.layers.0.block_sparse_moe.gate.weight", {4, 64});
    for (int expert = 0; expert < 4; ++expert) {
      const std::string at = "model.layers.0.block_sparse_moe.experts." + std::to_string(expert) + ".";
      names.add(at + "w1.weight", {96, 64});
      names.add(at + "w2.weight", {64, 96});
      names.add(at + "w3.weight", {96, 64});
    }
    const ResidualStream stream = residualStructure(names.build());
    QCOMPARE(stream.width, std::int64_t{64});
    QCOMPARE(matrixOf(stream, TensorRole::Gate, 0).members.size(), std::size_t{4});
    QCOMPARE(matrixOf(stream, TensorRole::Down, 0).members.size(), std::size_t{4});
    QVERIFY(matrixOf(stream, TensorRole::Down, 0).side == ResidualSide::Writes);
    QVERIFY(matrixOf(stream, TensorRole::Router, 0).side == ResidualSide::Reads);
    QCOMPARE(stream.matrices.size(), std::size_t{1 + 4 + 1 + 3});
  }

  void aModelWithoutBlocksHasNoStream() {
    test::NamedModel names;
    names.add("something.weight", {8, 8});
    QCOMPARE(residualStructure(names.build()).width, std::int64_t{0});
    QVERIFY(channelsToFollow(residualStructure(names.build())).empty());
  }

  void valuesAreThoseOfTheCheckpoint() {
    JobContext job(2);
    const QuantizationPlan plan = m_demo->newPlan(defaultChoice());
    const ResidualStream stream = residualStream(*m_demo, plan, job);
    QCOMPARE(job.done(), job.total());
    for (const auto& [role, block] : {std::pair<TensorRole, int>{TensorRole::Q, 0},
                                      {TensorRole::Up, 3},
                                      {TensorRole::O, 2},
                                      {TensorRole::Down, 5},
                                      {TensorRole::Embedding, -1}}) {
      const ResidualMatrix& matrix = matrixOf(stream, role, block);
      const std::vector<float> plain = plainAbsmax(*m_demo, matrix.members.front(), matrix.isColumn);
      QCOMPARE(matrix.absmax, plain);
      QCOMPARE(matrix.median, plainMedian(plain));
    }
    const ResidualMatrix& q = matrixOf(stream, TensorRole::Q, 0);
    const std::vector<float> gain = m_demo->weights()->readVector("model.layers.0.input_layernorm.weight");
    for (std::size_t c = 0; c < gain.size(); ++c)
      QCOMPARE(stream.gains[*q.gain].values[c], std::abs(gain[c]));
    QVERIFY(!stream.hasInputs());
    QVERIFY(stream.shareBasis == ShareBasis::Gain);
  }

  void sharesAddUpAndFollowThePlan() {
    JobContext job(2);
    QuantizationPlan plan = m_demo->newPlan(defaultChoice());
    const LinearId id = *m_demo->model().find("model.layers.3.self_attn.k_proj");
    const ResidualStream stream = residualStream(*m_demo, plan, job);
    const ResidualMatrix& k = matrixOf(stream, TensorRole::K, 3);
    QL_NEAR(std::accumulate(k.errorShare.begin(), k.errorShare.end(), 0.0), 1.0, 1e-5);  // kept as float
    // Term by term: g_c^2 |D_c|^2 over their sum.
    const auto error = m_demo->error(id, defaultChoice());
    const std::vector<float> gain = m_demo->gain(id);
    double total = 0;
    for (std::size_t c = 0; c < gain.size(); ++c)
      total += std::pow(static_cast<double>(gain[c]), 2) * error->columnError[c];
    for (const std::size_t c : {std::size_t{0}, std::size_t{71}, std::size_t{255}})
      QL_NEAR(k.errorShare[c], std::pow(static_cast<double>(gain[c]), 2) * error->columnError[c] / total,
              1e-6);
    plan.layers["model.layers.3.self_attn.k_proj"] = Choice();
    const ResidualStream kept = residualStream(*m_demo, plan, job);
    QVERIFY(matrixOf(kept, TensorRole::K, 3).errorShare.empty());
    QVERIFY(!matrixOf(kept, TensorRole::V, 3).errorShare.empty());
  }

  void activationsComeFromTheSite() {
    const fs::path file = fs::path(m_folder.path().toStdString()) / "x.safetensors";
    std::vector<float> x(8 * 256);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 256) - 100.5f;
    const std::string data(reinterpret_cast<const char*>(x.data()), x.size() * sizeof(float));
    std::ofstream(file, std::ios::binary) << test::safetensorsBytes(
        "{" + test::entry("model.layers.1.self_attn.q_proj.input", "F32", "[8,256]", 0, data.size()) + "}",
        data);
    const auto workspace = Workspace::open(test::demoModel());
    JobContext job(2);
    workspace->useActivations(file, job);
    const ResidualStream stream = residualStream(*workspace, workspace->newPlan(defaultChoice()), job);
    const ResidualMatrix& v = matrixOf(stream, TensorRole::V, 1);
    QCOMPARE(stream.inputs[*v.input].values[0], 100.5f);
    QCOMPARE(stream.inputs[*v.input].values[255], 154.5f);
    QCOMPARE(stream.tokens, std::uint64_t{8});
    QVERIFY(stream.inputs[*matrixOf(stream, TensorRole::Q, 2).input].values.empty());
  }

  void plantedChannelsAreSuggestedFirst() {
    JobContext job(2);
    const ResidualStream stream = residualStream(*m_demo, m_demo->newPlan(defaultChoice()), job);
    const std::vector<ChannelLead> leads = channelsToFollow(stream);
    std::set<std::int64_t> first;
    for (std::size_t i = 0; i < leads.size() && leads[i].ratio > 50; ++i) first.insert(leads[i].channel);
    const std::set<std::int64_t> planted{18, 26, 30, 161, 163, 178, 129, 137, 154};
    for (const std::int64_t channel : planted)
      QVERIFY2(first.contains(channel), qPrintable(QString::number(channel)));
    for (std::size_t i = 1; i < leads.size(); ++i) QVERIFY(leads[i].ratio <= leads[i - 1].ratio);
    QVERIFY(leads.front().quantity == ChannelLead::Quantity::WeightRead);
    const ResidualMatrix& where = stream.matrices[leads.front().where];
    QL_NEAR(leads.front().value, where.absmax[static_cast<std::size_t>(leads.front().channel)], 0.0);
    QL_NEAR(leads.front().ratio, leads.front().value / where.median, 1e-12);
  }

  void leadsTellWhereAChannelStandsOutMost() {
    ResidualStream stream;
    stream.width = 4;
    stream.matrices = {handMade(TensorRole::Q, 0, ResidualSide::Reads, {1, 20, 1, 1}),
                       handMade(TensorRole::Down, 0, ResidualSide::Writes, {2, 2, 2, 60})};
    stream.inputs = {{"q", 0, {0.5f, 50, 0.5f, 0.5f}, 0.5, 0}};
    std::vector<ChannelLead> leads = channelsToFollow(stream, 8, 0);
    QCOMPARE(leads.size(), std::size_t{2});
    QCOMPARE(leads[0].channel, std::int64_t{1});
    QVERIFY(leads[0].quantity == ChannelLead::Quantity::Input);
    QCOMPARE(leads[0].ratio, 100.0);
    QCOMPARE(leads[0].places, 2);  // the weight of q, and its input
    QCOMPARE(leads[1].channel, std::int64_t{3});
    QVERIFY(leads[1].quantity == ChannelLead::Quantity::WeightWritten);
    QCOMPARE(leads[1].ratio, 30.0);
    QCOMPARE(channelsToFollow(stream, 8, 3).size(), std::size_t{3});  // filled up
    QCOMPARE(channelsToFollow(stream, 1, 3).size(), std::size_t{1});
  }

  void everyLayerOfTheDemosIsExplained_data() {
    QTest::addColumn<QString>("key");
    for (const DemoModel& demo : demoModels())
      QTest::newRow(demo.key.c_str()) << QString::fromStdString(demo.key);
  }
  void everyLayerOfTheDemosIsExplained() {
    QFETCH(QString, key);
    const auto workspace =
        Workspace::open(prepareDemo(key.toStdString(), fs::path(test::sourceDirectory()) / "resources"));
    JobContext job(2);
    workspace->analyze({}, job);
    DiagnosisOptions options;
    options.choice = defaultChoice();
    std::size_t flagged = 0;
    for (const LinearId id : selectLinears(workspace->model(), {})) {
      const std::string& name = workspace->model().linears[id].name;
      const Explanation told = explainLinear(*workspace, id, options);
      const std::vector<Finding> findings = workspace->findings(id, options);
      QVERIFY2(told.sentences.size() >= 2 && told.sentences.size() <= 6, name.c_str());
      const double level = *workspace->errorFigures(id, options.choice)->normWeightedRel;
      const std::string& opening = told.sentences.front();
      QVERIFY2(opening.find(words::percent(level)) != std::string::npos, opening.c_str());
      QCOMPARE(opening.starts_with("Nothing stands out"), findings.empty() && level <= options.target);
      flagged += !findings.empty();
      for (const std::string& sentence : told.sentences)  // never a claim without its number
        QVERIFY2(std::any_of(sentence.begin(), sentence.end(), [](char c) { return c >= '0' && c <= '9'; }),
                 sentence.c_str());
      for (const Finding& finding : findings) {
        if (!finding.values.contains("channels")) continue;
        const auto& channels = std::get<std::vector<std::int64_t>>(finding.values.at("channels"));
        const std::string list = words::channels(channels);
        QVERIFY2(told.text().find("(" + list + ")") != std::string::npos, told.text().c_str());
      }
    }
    QCOMPARE(flagged == 0, key == QLatin1String("demo-llama"));
  }
};

QTEST_GUILESS_MAIN(TestTracker)
#include "tst_tracker.moc"
