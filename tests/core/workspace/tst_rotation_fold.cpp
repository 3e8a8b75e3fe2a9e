// Rotating changes no output: logits of tiny models of every family that can take a rotation before and
// after, and statistics behind one against plain sums; a plan's list of rotations.
#include "core/base/error.h"
#include "core/calib/forward_engine.h"
#include "core/evaluate/rotated_stats.h"
#include "core/plan/plan_rotation.h"
#include "core/smooth/rotated_source.h"
#include "core/stats/activation_accumulator.h"
#include "core/workspace_planned_errors.h"
#include "core/workspace_rotation.h"
#include "tests/core/workspace/applied_models.h"
#include "tests/support/compare.h"
#include "tests/support/fast_folder.h"

#include <QTemporaryDir>
#include <QTest>

#include <cmath>

using namespace ql;
using namespace ql::test;

namespace {

const RotationSpec kHadamard{"hadamard", 3, {}};
const RotationSpec kRandom{"random", 3, {}};

/// What a rotation leaves of a tiny model.
struct Turned {
  std::shared_ptr<const RotatedSource> source;
  std::optional<UntiedModel> untied;
  const Model* model = nullptr;
  std::string config;
};

Turned turned(const OpenedModel& opened, const std::string& config, const ModelRotation& rotation,
              JobContext& job) {
  Turned result;
  result.untied = untieEmbeddings(opened.model, config);
  result.model = &opened.model;
  result.config = result.untied ? result.untied->configJson : config;
  const Model& model = result.untied ? result.untied->model : opened.model;
  result.source = std::make_shared<const RotatedSource>(
      std::make_shared<CheckpointSource>(opened.checkpoint), model,
      modelRotations(model, result.config, rotation, job), result.untied ? &*result.untied : nullptr);
  return result;
}

double changeOf(const std::vector<float>& before, const std::vector<float>& after) {
  double largest = 0, change = 0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    largest = std::max(largest, std::abs(static_cast<double>(before[i])));
    change = std::max(change, std::abs(static_cast<double>(after[i]) - static_cast<double>(before[i])));
  }
  return change / largest;
}

/// Largest |difference| of logits over the largest |logit|.
template <class Tiny>
double logitChange(const Tiny& tiny, const ModelRotation& rotation) {
  const TinyCheckpoint checkpoint = makeCheckpoint(tiny);
  const OpenedModel opened(checkpoint);
  JobContext job(2);
  Turned after = turned(opened, checkpoint.config.dump(), rotation, job);
  const Model& model = after.untied ? after.untied->model : opened.model;
  const auto forward = ForwardModel::make(model, after.config, after.source);
  const auto windows = tinyWindows(tiny.vocabulary);
  return changeOf(allLogits(*opened.forward, runAll(*opened.forward, windows, nullptr, job), job),
                  allLogits(*forward, runAll(*forward, windows, nullptr, job), job));
}

/// 1e-5 of the largest logit: ten times what float32 leaves of these sizes, a tenth of what is asked for.
#define QL_UNCHANGED(tiny, rotation)                                                      \
  do {                                                                                    \
    const double qlChange = logitChange(tiny, rotation);                                  \
    QVERIFY2(qlChange < 1e-5, qPrintable(QString::number(qlChange)));                     \
    QVERIFY2(qlChange > 0, "a rotation that rounds nothing has not been applied at all"); \
  } while (false)

TinyLlama experts(ExpertNames names, const char* type, const char* architecture) {
  TinyLlama m;
  m.type = type;
  m.architecture = architecture;
  m.experts.count = 4;
  m.experts.width = names == ExpertNames::Mixtral ? m.mlpWidth : 24;
  m.experts.names = names;
  if (names == ExpertNames::Mixtral) {
    m.keys = {{"num_local_experts", 4}, {"num_experts_per_tok", 2}};
    return m;
  }
  m.hasHeadNorms = true;
  m.keys = {{"num_experts", 4},
            {"num_experts_per_tok", 2},
            {"moe_intermediate_size", 24},
            {"norm_topk_prob", true},
            {"head_dim", m.headWidth}};
  return m;
}

TinyLlama variant(const QString& name) {
  TinyLlama m;
  if (name == QLatin1String("mixtral")) return experts(ExpertNames::Mixtral, "mixtral", "MixtralForCausalLM");
  if (name == QLatin1String("stacked"))
    return experts(ExpertNames::Stacked, "qwen3_moe", "Qwen3MoeForCausalLM");
  if (name == QLatin1String("biased")) {
    m.hasQkvBias = m.hasOutputBias = m.hasMlpBias = true;
    m.keys = {{"attention_bias", true}, {"mlp_bias", true}};
  }
  if (name == QLatin1String("tied")) m.isTied = true;
  if (name == QLatin1String("fused")) m.type = "phi3", m.architecture = "Phi3ForCausalLM", m.isFused = true;
  if (name == QLatin1String("odd")) m.hidden = 24, m.headWidth = 6, m.rotation = plainRope(10000, 6);
  return m;
}

}  // namespace

class TestRotationFold : public QObject {
  Q_OBJECT

 private slots:
  void initTestCase() {
    QVERIFY(m_owner.isValid());
    qputenv("XDG_CACHE_HOME", m_owner.path().toUtf8() + "/cache");
  }

  void logitsStayTheSame_data() {
    QTest::addColumn<QString>("name");
    for (const char* name : {"llama", "tied", "biased", "fused", "mixtral", "stacked", "odd"})
      QTest::newRow(name) << QString::fromLatin1(name);
  }
  void logitsStayTheSame() {
    QFETCH(QString, name);
    const TinyLlama tiny = variant(name);
    QL_UNCHANGED(tiny, (ModelRotation{kHadamard, std::nullopt}));
    QL_UNCHANGED(tiny, (ModelRotation{std::nullopt, kHadamard}));
    QL_UNCHANGED(tiny, (ModelRotation{kRandom, kRandom}));
    QL_UNCHANGED(tiny, (ModelRotation{RotationSpec{"hadamard", 9, 4}, RotationSpec{"random", 1, 2}}));
  }

  /// Layer norms stand in the way of R1; the heads do not mind, fused and transposed as they are.
  void layerNormModelsTurnTheirHeads() {
    QL_UNCHANGED(TinyOpt{}, (ModelRotation{std::nullopt, kRandom}));
    QL_UNCHANGED(TinyGpt2{}, (ModelRotation{std::nullopt, kRandom}));
    QL_THROWS(logitChange(TinyOpt{}, {kHadamard, {}}), "subtract the mean");
    QL_THROWS(logitChange(TinyGpt2{}, {kHadamard, {}}), "subtract the mean");
  }

  /// Gains as 1 + w and a scaled embedding, as Gemma has them.
  void gainsWithAnOffset() {
    TinyLlama tiny;
    const TinyCheckpoint checkpoint = makeCheckpoint(tiny);
    const OpenedModel opened(checkpoint);
    Model model = opened.model;
    for (Linear& linear : model.linears)
      if (linear.norm) linear.normOffset = 1;
    DecoderSpec spec;
    spec.hidden = tiny.hidden, spec.heads = tiny.heads, spec.kvHeads = tiny.kvHeads;
    spec.headDim = tiny.headWidth, spec.vocabulary = tiny.vocabulary, spec.context = 64;
    spec.normOffset = 1, spec.embeddingScale = std::sqrt(32.0), spec.logitSoftcap = 30;
    spec.norms.attentionIn = "input_layernorm", spec.norms.mlpIn = "post_attention_layernorm";
    spec.finalNorm = "model.norm";
    spec.rope.dimensions = tiny.headWidth;
    JobContext job(2);
    const std::string config = checkpoint.config.dump();
    const auto plain = std::make_shared<CheckpointSource>(opened.checkpoint);
    const auto source = std::make_shared<const RotatedSource>(
        plain, model, modelRotations(model, config, {kHadamard, kHadamard}, job), nullptr);
    for (const float value : source->readVector("model.norm.weight")) QCOMPARE(value, 0.0f);
    const auto before = makeForward(spec, model, plain), after = makeForward(spec, model, source);
    const auto windows = tinyWindows(tiny.vocabulary);
    const double change = changeOf(allLogits(*before, runAll(*before, windows, nullptr, job), job),
                                   allLogits(*after, runAll(*after, windows, nullptr, job), job));
    QVERIFY2(change > 0 && change < 1e-5, qPrintable(QString::number(change)));
  }

  /// o takes both rotations; every element against plain sums in double, rounded once.
  void matricesAreTurnedInDouble() {
    TinyLlama tiny;
    const TinyCheckpoint checkpoint = makeCheckpoint(tiny);
    const OpenedModel opened(checkpoint);
    JobContext job(3);
    const Turned after = turned(opened, checkpoint.config.dump(), {kRandom, kRandom}, job);
    const ModelRotations& made = after.source->rotations();
    const auto dense = [](const ql::Rotation& rotation) {
      const auto n = static_cast<std::size_t>(rotation.size());
      std::vector<double> r(n * n, 0.0);
      for (std::size_t i = 0; i < n; ++i) r[i * n + i] = 1;
      rotation.apply(rotation.size(), r.data(), rotation.size());
      return r;
    };
    const auto r1 = dense(*made.r1), r2 = dense(*made.r2[1]);
    const std::size_t n = 32, d = 8;
    const auto& w = checkpoint.at("model.layers.1.self_attn.o_proj.weight").values;
    std::vector<float> rows(n * n);
    const MatrixRef& matrix =
        opened.model.linears[*opened.model.find("model.layers.1.self_attn.o_proj")].matrix;
    after.source->readRows(matrix, 0, 32, rows);
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j) {
        double sum = 0;
        for (std::size_t k = 0; k < n; ++k)
          for (std::size_t l = 0; l < d; ++l)
            sum += r1[k * n + i] * static_cast<double>(w[k * n + j / d * d + l]) * r2[l * d + j % d];
        QVERIFY(near(static_cast<double>(rows[i * n + j]), sum, 7e-8, 1e-9));
      }
    // parts of blocks, and the same bits whoever asks
    std::vector<float> part(5 * n);
    after.source->readRows(matrix, 13, 18, part);
    QVERIFY(std::equal(part.begin(), part.end(), rows.begin() + 13 * n));
    JobContext one(1);
    const Turned again = turned(opened, checkpoint.config.dump(), {kRandom, kRandom}, one);
    std::vector<float> same(n * n);
    again.source->readRows(matrix, 0, 32, same);
    QVERIFY(same == rows);
    QVERIFY(after.source->changes(matrix) && !after.source->rawRows(matrix, 0, 1));
    QVERIFY(!after.source->changes(std::string("nothing")));
  }

  void nonFiniteWeightsAreNotSpread() {
    TinyLlama tiny;
    TinyCheckpoint checkpoint = makeCheckpoint(tiny);
    checkpoint.tensors["model.layers.0.mlp.up_proj.weight"].values[37] = std::nanf("");
    checkpoint.tensors["model.layers.0.mlp.down_proj.weight"].values[50] = INFINITY;
    const OpenedModel opened(checkpoint);
    JobContext job(2);
    const Turned after = turned(opened, checkpoint.config.dump(), {kHadamard, {}}, job);
    const auto read = [&](const char* name) {
      const MatrixRef& matrix = opened.model.linears[*opened.model.find(name)].matrix;
      std::vector<float> rows(static_cast<std::size_t>(matrix.out * matrix.in));
      after.source->readRows(matrix, 0, matrix.out, rows);
    };
    QL_THROWS(read("model.layers.0.mlp.up_proj"), "a NaN in row 1, column 5");
    for (int again = 0; again < 2; ++again)  // also when asked a second time
      QL_THROWS(read("model.layers.0.mlp.down_proj"), "an infinity in row 1, column 2");
    checkpoint.tensors["model.norm.weight"].values[3] = INFINITY;
    const OpenedModel broken(checkpoint);
    QL_THROWS(turned(broken, checkpoint.config.dump(), {kHadamard, {}}, job), "not finite");
  }

  // Statistics
  // ---------------------------------------------------------------------------------------------------
  void statisticsBehindARotation() {
    constexpr std::size_t kWidth = 24, kTokens = 40;
    NamedRandom random("statistics");
    std::vector<float> x(kWidth * kTokens), gain(kWidth);
    for (float& g : gain) g = static_cast<float>(1 + 0.5 * random.next());
    gain[5] = 0;
    for (std::size_t i = 0; i < x.size(); ++i)
      x[i] = static_cast<float>(gain[i % kWidth]) *
             static_cast<float>(random.next() * (i % kWidth == 7 ? 30 : 1));
    std::vector<std::int32_t> ids(kTokens, 1), positions, windows(kTokens, 0);
    for (std::size_t i = 0; i < kTokens; ++i) positions.push_back(static_cast<std::int32_t>(i));
    JobContext job(2);
    AccumulatorOptions options;
    options.sampleTokens = 1000;
    ActivationAccumulator accumulator(kWidth, options);
    accumulator.add({ids, positions, windows}, x, job);
    const ActivationStats stats = accumulator.finish(job);
    const auto rotation = makeRotation(kRandom, 8, 0, job);  // three times in 24 channels
    const ActivationStats after = rotatedStats(stats, *rotation, gain, job);

    std::vector<double> expected(kWidth * kTokens);
    for (std::size_t i = 0; i < x.size(); ++i)
      expected[i] = i % kWidth == 5 ? 0 : static_cast<double>(x[i]) / static_cast<double>(gain[i % kWidth]);
    for (std::size_t j = 0; j < kWidth; j += 8) rotation->apply(kTokens, expected.data() + j, kWidth);
    for (std::size_t i = 0; i < x.size(); ++i)
      QVERIFY(near(static_cast<double>(after.sample.values[i]), expected[i], 1e-6, 1e-6));
    for (std::size_t a = 0; a < kWidth; ++a) {
      double peak = 0, absolute = 0;
      for (std::size_t t = 0; t < kTokens; ++t) {
        peak = std::max(peak, std::abs(expected[t * kWidth + a]));
        absolute += std::abs(expected[t * kWidth + a]);
      }
      QVERIFY(near(static_cast<double>(after.all.absmax[a]), peak, 1e-6, 1e-6));
      QVERIFY(near(after.all.sumAbs[a], absolute, 1e-5));
      for (std::size_t b = 0; b < kWidth; ++b) {
        double sum = 0, norms[2] = {};
        for (std::size_t t = 0; t < kTokens; ++t) {
          sum += expected[t * kWidth + a] * expected[t * kWidth + b];
          norms[0] += expected[t * kWidth + a] * expected[t * kWidth + a];
          norms[1] += expected[t * kWidth + b] * expected[t * kWidth + b];
        }
        QVERIFY(near(static_cast<double>(
                         after.secondMoment->sum(static_cast<std::int64_t>(a), static_cast<std::int64_t>(b))),
                     sum, 0, 2e-5 * std::sqrt(norms[0] * norms[1])));
      }
      QVERIFY(near(after.all.sumSq[a],
                   static_cast<double>(
                       after.secondMoment->sum(static_cast<std::int64_t>(a), static_cast<std::int64_t>(a))),
                   1e-6));
    }
    QCOMPARE(after.all.tokens, std::uint64_t{kTokens});
    QCOMPARE(after.first.tokens, std::uint64_t{1});
    QVERIFY(after.evidence.kind == Evidence::Kind::Sampled);
    QVERIFY(after.evidence.method.find("behind a rotation") != std::string::npos);
    // the sketch still estimates: Z' Z'^T / k with the same signs is R^T (Z Z^T) R / k, so traces agree
    double before2 = 0, after2 = 0;
    for (std::size_t i = 0; i < stats.sketch.z.size(); ++i) {
      const std::size_t channel = i / static_cast<std::size_t>(stats.sketch.k);
      const double z =
          channel == 5 ? 0 : static_cast<double>(stats.sketch.z[i]) / static_cast<double>(gain[channel]);
      before2 += z * z;
      after2 += static_cast<double>(after.sketch.z[i]) * static_cast<double>(after.sketch.z[i]);
    }
    QVERIFY(near(after2, before2, 1e-5));
  }

  void statisticsThatCannotBeTurned() {
    JobContext job;
    const auto rotation = makeRotation(kHadamard, 8, 0, job);
    ActivationStats imatrix;
    imatrix.width = 8;
    imatrix.all.sumSq.assign(8, 1.0);
    QL_THROWS(rotatedStats(imatrix, *rotation, {}, job), "neither a token sample nor a second moment");
    imatrix.width = 12;
    QL_THROWS(rotatedStats(imatrix, *rotation, {}, job), "does not fit");
  }

  // Checkpoints
  // ---------------------------------------------------------------------------------------------------
  void writtenCheckpointsComputeTheSame_data() {
    QTest::addColumn<QString>("name");
    QTest::addColumn<int>("dtype");
    const auto row = [](const char* name, DType dtype) {
      QTest::addRow("%s %s", name, std::string(dtypeInfo(dtype).name).c_str())
          << QString::fromLatin1(name) << static_cast<int>(dtype);
    };
    for (const char* name : {"llama", "tied", "fused", "mixtral", "stacked"}) row(name, DType::F32);
    // in 16 bits a router may choose another expert, so logits of those models need not be close
    for (const char* name : {"llama", "tied", "fused"}) row(name, DType::BF16);
  }
  void writtenCheckpointsComputeTheSame() {
    QFETCH(QString, name);
    QFETCH(int, dtype);
    const TempFolder folder;
    writeSharded(makeCheckpoint(variant(name)), static_cast<DType>(dtype), folder, "model");
    const auto workspace = Workspace::open(folder / "model");
    JobContext job(2);
    const ApplyReport report = apply(*workspace, folder / "out", ApplyKind::Rotated, {}, job);
    QCOMPARE(job.done(), job.total());
    const double change = changeOf(tinyLogits(folder / "model", 50), tinyLogits(folder / "out", 50));
    const bool isExact = static_cast<DType>(dtype) == DType::F32;
    QCOMPARE(report.isExact(), isExact);
    // bfloat16 keeps 8 bits: 0.2 % of each weight, a few times that in logits that come out of sums of them
    QVERIFY2(change > 0 && change < (isExact ? 1e-5 : 0.03), qPrintable(QString::number(change)));
    const bool isTied = name == QLatin1String("tied");
    QCOMPARE(report.addedTensors.size(), isTied ? std::size_t{1} : std::size_t{0});
    const auto before = openCheckpoint(folder / "model"), after = openCheckpoint(folder / "out");
    QCOMPARE(after->tensors().size(), before->tensors().size() + report.addedTensors.size());
    for (const TensorInfo& tensor : before->tensors()) {
      QCOMPARE(after->find(tensor.name)->dtype, tensor.dtype);
      QCOMPARE(after->find(tensor.name)->shape, tensor.shape);
      QCOMPARE(after->find(tensor.name)->shard, tensor.shard);
    }
    const std::string index = contentOf(folder / "out/model.safetensors.index.json");
    if (!isTied) {
      for (const char* file : {"config.json", "model.safetensors.index.json"})
        QCOMPARE(contentOf(folder / "out" / file), contentOf(folder / "model" / file));
      return;
    }
    QVERIFY(index.find("\"lm_head.weight\"") != std::string::npos);
    const auto bytes = static_cast<std::uint64_t>(50 * 32 * (isExact ? 4 : 2));
    QCOMPARE(nlohmann::json::parse(index)["metadata"]["total_size"].get<std::uint64_t>(), 1 + bytes);
    const auto config = nlohmann::json::parse(contentOf(folder / "out/config.json"));
    auto expected = nlohmann::json::parse(contentOf(folder / "model/config.json"));
    expected["tie_word_embeddings"] = false;
    QVERIFY(config == expected);
    QCOMPARE(after->find("lm_head.weight")->shard, after->find("model.embed_tokens.weight")->shard);
  }

  /// A head that the checkpoint holds although config.json ties it: loaders would put the embedding there.
  void heldHeadsAreUntied() {
    TinyLlama tiny;
    tiny.keys["tie_word_embeddings"] = true;
    const TempFolder folder;
    writeSharded(makeCheckpoint(tiny), DType::F32, folder, "model");
    const auto workspace = Workspace::open(folder / "model");
    JobContext job(2);
    const ApplyReport report = apply(*workspace, folder / "out", ApplyKind::Rotated, {}, job);
    QVERIFY(report.addedTensors.empty());
    const auto config = nlohmann::json::parse(contentOf(folder / "out/config.json"));
    QVERIFY(config.at("tie_word_embeddings") == nlohmann::json(false));
    QVERIFY(changeOf(tinyLogits(folder / "model", 50), tinyLogits(folder / "out", 50)) < 1e-5);
  }

  /// A plan that rotates and quantizes is the plan without rotations on the rotated checkpoint, bit for bit.
  void quantizingComesBehindRotating() {
    for (const char* name : {"llama", "tied"}) {
      const TempFolder folder;
      writeSharded(makeCheckpoint(variant(QString::fromLatin1(name))), DType::F32, folder, "model");
      const auto workspace = Workspace::open(folder / "model");
      const Choice choice = parseSpec("w4a16:group=8");
      JobContext job(2);
      apply(*workspace, folder / "rotated", ApplyKind::Rotated, choice, job);
      apply(*workspace, folder / "both", ApplyKind::FakeQuantized, choice, job);
      const auto rotated = Workspace::open(folder / "rotated");
      ApplyOptions options;
      options.kind = ApplyKind::FakeQuantized;
      options.output = folder / "twice";
      rotated->apply(rotated->newPlan(choice), options, job);
      const auto both = openCheckpoint(folder / "both"), twice = openCheckpoint(folder / "twice");
      for (const TensorInfo& tensor : twice->tensors())
        QVERIFY2(bytesOf(*both, tensor.name) == bytesOf(*twice, tensor.name), tensor.name.c_str());
      // and the errors of both ways are the same figures
      const LinearId id = *workspace->model().find("model.layers.1.self_attn.o_proj");
      rotated->measure(std::span(&id, 1), std::span(&choice, 1), job);
      const LayerError expected = *rotated->errorFigures(id, choice);
      QuantizationPlan plan = workspace->newPlan(choice);
      plan.rotations = rotationsJson({kHadamard, kRandom});
      const auto planned = plannedErrors(*workspace, plan, {}, std::span(&id, 1), job);
      QVERIFY(planned.at(id).isRotated);
      QCOMPARE(planned.at(id).error.weightRelFro, expected.weightRelFro);
      const RotationLab lab(workspace, {kHadamard, kRandom}, job);
      const RotationPreview preview = lab.preview(id, choice, job);
      QCOMPARE(preview.after.error->weightRelFro, expected.weightRelFro);
      QVERIFY(preview.before.error->weightRelFro != expected.weightRelFro);
      QCOMPARE(preview.inputBlock, 8);
      QCOMPARE(preview.outputBlock, 32);
      QVERIFY(!preview.foldsNorm && preview.before.inputAbsmax.empty());
    }
  }

  void whatCannotBeDoneIsSaid() {
    const TempFolder folder;
    writeSharded(makeCheckpoint(TinyLlama{}), DType::F32, folder, "model");
    writeSharded(makeCheckpoint(TinyOpt{}), DType::F32, folder, "opt");
    const auto workspace = Workspace::open(folder / "model"), opt = Workspace::open(folder / "opt");
    JobContext job(2);
    const auto applyPlan = [&](Workspace& to, const char* rotations) {
      QuantizationPlan plan = to.newPlan(Choice{});
      plan.rotations = rotations;
      ApplyOptions options;
      options.kind = ApplyKind::Rotated;
      options.output = folder / "out";
      return to.apply(plan, options, job);
    };
    QL_THROWS(applyPlan(*workspace, "[]"), "rotates nothing");
    QL_THROWS(applyPlan(*workspace, "[{}]"), "rotations[0]");
    QL_THROWS(applyPlan(*opt, R"([{"point":"residual","method":"hadamard"}])"), "subtract the mean");
    QL_THROWS(applyPlan(*workspace, R"([{"point":"head_v","method":"hadamard","block_size":64}])"),
              "do not divide");
    QVERIFY(!std::filesystem::exists(folder / "out"));
    QVERIFY(rotationReach(*workspace).residualProblem.empty());
    QVERIFY(rotationReach(*opt).residualProblem.find("subtract the mean") != std::string::npos);
    QVERIFY(rotationReach(*opt).headProblem.empty());
  }

  // Plans
  // ---------------------------------------------------------------------------------------------------
  void plansSayWhatIsRotated() {
    QVERIFY(parseRotations("[]", "p").isEmpty());
    const ModelRotation both{RotationSpec{"hadamard", 7, 64}, RotationSpec{"random", 0, {}}};
    QVERIFY(parseRotations(rotationsJson(both), "p") == both);
    QCOMPARE(rotationsJson({}), std::string("[]"));
    QCOMPARE(rotationText(both), std::string("R1 hadamard seed 7 in blocks of 64, R2 random seed 0"));
    const ModelRotation short1 = parseRotations(R"([{"point":"head_v","method":"random"}])", "p");
    QVERIFY(short1 == (ModelRotation{std::nullopt, RotationSpec{"random", 0, {}}}));
    // through a plan file and back
    QuantizationPlan plan;
    plan.rotations = rotationsJson(both);
    QCOMPARE(parsePlan(planJson(plan), "p").rotations, plan.rotations);
    QVERIFY(planRotation(parsePlan(planJson(plan), "p")) == both);
  }

  void wrongListsSayWhatToWrite() {
    const auto parse = [](const char* text) { return parseRotations(text, "my.qlplan.json"); };
    QL_THROWS(parse("{}"), "write a list []");
    QL_THROWS(parse("[{}]"), "rotations[0]");
    QL_THROWS(parse(R"([{"kind":"hadamard"}])"), "\"residual\" or \"head_v\"");
    QL_THROWS(parse(R"([{"point":"residual","method":"spin"}])"), "\"hadamard\" or \"random\"");
    QL_THROWS(parse(R"([{"point":"residual","method":"random","seed":-1}])"), "seed");
    QL_THROWS(parse(R"([{"point":"residual","method":"random","block_size":1}])"), "block_size");
    QL_THROWS(parse(R"([{"point":"residual","method":"random","online":true}])"), "does not know");
    QL_THROWS(parse(R"([{"point":"residual","method":"random"},{"point":"residual","method":"random"}])"),
              "second time");
    QL_THROWS(parse("[1]"), "rotations[0]");
    QuantizationPlan plan;
    plan.rotations = rotationsJson({kHadamard, {}});
    requireRotationAlone(plan);
    plan.smoothing.push_back({});
    QL_THROWS(requireRotationAlone(plan), "rotates and smooths");
  }

 private:
  static ApplyReport apply(Workspace& workspace, const std::filesystem::path& output, ApplyKind kind,
                           const Choice& choice, JobContext& job) {
    QuantizationPlan plan = workspace.newPlan(choice);
    plan.rotations = rotationsJson({kHadamard, kRandom});
    ApplyOptions options;
    options.kind = kind;
    options.output = output;
    return workspace.apply(plan, options, job);
  }

  QTemporaryDir m_owner;
};

QTEST_GUILESS_MAIN(TestRotationFold)
#include "tst_rotation_fold.moc"
