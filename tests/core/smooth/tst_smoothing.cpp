// Smoothing factors against SmoothQuant's own output and hand-worked channels; what they are computed from
// against brute force; folding rules and the smoothed source on small models.
#include "core/base/error.h"
#include "core/smooth/smoothing.h"
#include "tests/support/compare.h"
#include "tests/support/data.h"
#include "tests/support/model_names.h"
#include "tests/support/safetensors_bytes.h"
#include "tests/support/temp_folder.h"

#include <QTest>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <random>

using namespace ql;
using namespace ql::test;

namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

std::vector<float> columnAbsmax(const std::vector<float>& values, std::size_t columns) {
  std::vector<float> absmax(columns, 0.0f);
  for (std::size_t i = 0; i < values.size(); ++i)
    absmax[i % columns] = std::max(absmax[i % columns], std::abs(values[i]));
  return absmax;
}

/// Random matrices and vectors by name, float32.
class RandomSource : public WeightSource {
 public:
  void readRows(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd,
                std::span<float> out) const override {
    QL_ASSERT(out.size() == static_cast<std::size_t>((rowEnd - rowBegin) * matrix.in));
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] = value(matrix.tensor, static_cast<std::size_t>(rowBegin * matrix.in) + i);
  }
  std::vector<float> readVector(const std::string& tensor) const override {
    std::vector<float> values(vectorLength);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = value(tensor, i);
    return values;
  }
  static float value(const std::string& tensor, std::size_t i) {
    const std::size_t hash = std::hash<std::string>{}(tensor) + i * 2654435761u;
    const float x = static_cast<float>(hash * 0x9E3779B97F4A7C15u >> 40) / 16777216.0f - 0.5f;
    return hash % 97 == 0 ? kNan : hash % 5 == 0 ? 0.0f : x;
  }
  std::size_t vectorLength = 12;
};

SmoothingOptions options(const char* method, const char* statistic, double alpha) {
  SmoothingOptions o;
  o.method = method;
  o.statistic = statistic;
  o.alpha = alpha;
  return o;
}

/// One group: `producer` and its readers, all [rows, in].
Model groupModel(std::vector<std::pair<std::string, std::int64_t>> readers, std::int64_t in) {
  Model model;
  SmoothingGroup group{"model.layers.0.input_layernorm", {}};
  for (const auto& [name, rows] : readers) {
    Linear linear;
    linear.name = name;
    linear.matrix = {name + ".weight", rows, in, false, -1};
    linear.norm = group.producer + ".weight";
    group.consumers.push_back(model.linears.size());
    model.linears.push_back(linear);
  }
  model.smoothingGroups.push_back(group);
  return model;
}

std::size_t groupOf(const Model& model, const std::string& reader) {
  return model.linears.at(model.find(reader).value()).smoothingGroup.value();
}

std::string withKeys(const std::string& config, const std::string& keys) {
  return "{" + keys + "," + config.substr(1);
}

}  // namespace

class TestSmoothing : public QObject {
  Q_OBJECT

 private slots:
  /// The official functions on W [8, 128] and X [96, 128]; channel 40 of X is dead, where they divide by
  /// 1e-5.
  void agreesWithSmoothQuant_data() {
    QTest::addColumn<double>("alpha");
    QTest::addColumn<QString>("key");
    QTest::newRow("0.5") << 0.5 << QStringLiteral("sq_scales_a0.5");
    QTest::newRow("0.85") << 0.85 << QStringLiteral("sq_scales_a0.85");
  }
  void agreesWithSmoothQuant() {
    QFETCH(double, alpha);
    QFETCH(QString, key);
    std::ifstream file(dataFile("golden/golden_small.json"));
    const auto golden = nlohmann::json::parse(file);
    SmoothingInput input;
    input.weightAbsmax = columnAbsmax(golden.at("W").at("data").get<std::vector<float>>(), 128);
    input.actAbsmax = columnAbsmax(golden.at("X").at("data").get<std::vector<float>>(), 128);
    const SmoothingFactors factors = smoothingFactors(input, options("smoothquant", "max", alpha));
    const auto expected = golden.at(key.toStdString()).at("data").get<std::vector<float>>();
    for (std::size_t j = 0; j < 128; ++j) {
      if (j == 40) continue;
      // square roots are exact; torch's vector pow is good to 1 ulp, ours too, and there are two of them
      const double bound = alpha == 0.5 ? 0 : 3 * 0x1p-23;
      QL_NEAR(factors.s[j], expected[j], bound);
    }
    QCOMPARE(factors.s[40], 1.0f);
    QCOMPARE(factors.deadChannels, std::int64_t{1});
    QCOMPARE(factors.clampedChannels, std::int64_t{0});
  }

  void handWorked() {
    SmoothingInput input;
    input.actAbsmax = {4, 16, 1, 0, 9, 1e20f, 1};
    input.actMin = {-4, 0, -1, 0, -9, 0, -1};
    input.actMax = {4, 16, 1, 0, 7, 1e20f, 1};
    input.actMedian = {1, 4, 0, 0, 1, 1, 1};
    input.weightAbsmax = {1, 4, 4, 1, 0, 1, 1e-8f};
    input.weightMedian = {0.25f, 1, 1, 1, 0, 1, 1};
    const SmoothingFactors sq = smoothingFactors(input, options("smoothquant", "max", 0.5));
    // |w| of 1e-8 counts as 1e-5
    const std::vector<float> expected = {2, 2, 0.5f, 1, 1, 1e5f, 1 / std::sqrt(1e-5f)};
    QCOMPARE(sq.s, expected);
    QCOMPARE(sq.deadChannels, std::int64_t{2});
    QCOMPARE(sq.clampedChannels, std::int64_t{1});
    // the same at alpha 0.5, max
    const SmoothingFactors bi = smoothingFactors(input, options("bismooth", "max", 0.5));
    for (std::size_t j = 0; j < 6; ++j) QCOMPARE(bi.s[j], sq.s[j]);
    const SmoothingFactors median = smoothingFactors(input, options("bismooth", "median", 0.5));
    // channel 2 has median 0 and falls back to sqrt(1 / 4)
    QCOMPARE(median.s, (std::vector<float>{2, 2, 0.5f, 1, 1, 1, 1}));
    QCOMPARE(smoothingFactors(input, options("smoothquant", "max", 1)).s[1], 16.0f);
    QCOMPARE(smoothingFactors(input, options("smoothquant", "max", 0)).s[1], 0.25f);
    SmoothingOptions compressor = options("smoothquant", "max", 0.5);
    compressor.options["formula"] = std::string("llm-compressor");
    const SmoothingFactors llm = smoothingFactors(input, compressor);
    QCOMPARE(llm.s[0], 2.0f);                                // sqrt(8) / sqrt(2)
    QCOMPARE(llm.s[1], std::sqrt(16.0f) / std::sqrt(8.0f));  // one-sided: the range is max |x|
    QCOMPARE(llm.s[4], 16.0f);                               // no weights: the range of X
    SmoothingOptions free = options("bismooth", "max", 0.5);
    free.options["data_free"] = true;
    input.gain = {-4, 1, 1, 1, 1, 0, 1};
    QCOMPARE(smoothingFactors(input, free).s[0], 2.0f);
    QCOMPARE(smoothingFactors(input, free).s[5], 1.0f);
    SmoothingOptions powers = options("smoothquant", "max", 0.5);
    powers.powersOfTwo = true;
    input.actAbsmax = {9, 32, 1, 1, 1, 1, 1};  // S = 3 becomes 4
    const SmoothingFactors rounded = smoothingFactors(input, powers);
    QCOMPARE(rounded.s[0], 4.0f);
    for (const float s : rounded.s) {
      int exponent = 0;
      QCOMPARE(std::frexp(s, &exponent), 0.5f);
    }
  }

  void awqByHand() {
    SmoothingInput input;
    input.weightAbsmax = {1, 2, 3, 4};  // play no part
    input.actMeanAbs = {4, 1, 16, 0};
    const SmoothingFactors awq = smoothingFactors(input, options("awq", "mean", 0.5));
    // 2, 1, 4 and the least 1e-4, over sqrt(4 * 1e-4)
    const std::vector<double> expected{100, 50, 200, 0.005};
    for (std::size_t j = 0; j < 4; ++j) QL_NEAR(awq.s[j], expected[j], 1e-6);
    QCOMPARE(awq.deadChannels, std::int64_t{0});  // none keeps S = 1
    QCOMPARE(smoothingFactors(input, options("awq", "mean", 0)).s, std::vector<float>(4, 1.0f));
    input.actMeanAbs = {1e30f, 1, 1, 1};  // 1e15 and 1e-15: the guards
    const SmoothingFactors guarded = smoothingFactors(input, options("awq", "mean", 1));
    QCOMPARE(guarded.s, (std::vector<float>{1e5f, 1e-5f, 1e-5f, 1e-5f}));
    QCOMPARE(guarded.clampedChannels, std::int64_t{4});
  }

  /// X times a power of four and W divided by it: S moves by exactly that power.
  void plantedPowersAreUndoneExactly() {
    std::mt19937 random(3);
    std::uniform_real_distribution<float> uniform(0.01f, 3);
    SmoothingInput plain;
    for (int j = 0; j < 200; ++j) {
      plain.actAbsmax.push_back(uniform(random));
      plain.weightAbsmax.push_back(uniform(random));
    }
    SmoothingInput planted = plain;
    for (std::size_t j = 0; j < 200; j += 3) {
      planted.actAbsmax[j] *= 64;
      planted.weightAbsmax[j] /= 64;
    }
    for (const char* method : {"smoothquant", "bismooth"}) {
      const auto a = smoothingFactors(plain, options(method, "max", 0.5)).s;
      const auto b = smoothingFactors(planted, options(method, "max", 0.5)).s;
      for (std::size_t j = 0; j < 200; ++j) QCOMPARE(b[j], j % 3 == 0 ? 64 * a[j] : a[j]);
    }
  }

  void missingEvidenceIsNamed() {
    SmoothingInput input;
    input.weightAbsmax = {1, 2};
    QL_THROWS(smoothingFactors(input, options("smoothquant", "max", 0.5)), "largest |x| of each channel");
    QL_THROWS(smoothingFactors(input, options("bismooth", "median", 0.5)), "median |w|");
    input.weightMedian = {1, 1};
    QL_THROWS(smoothingFactors(input, options("bismooth", "median", 0.5)), "median |x|");
    SmoothingOptions free = options("bismooth", "max", 0.5);
    free.options["data_free"] = true;
    QL_THROWS(smoothingFactors(input, free), "gain of a norm");
    input.actAbsmax = {1};
    QL_THROWS(smoothingFactors(input, options("smoothquant", "max", 0.5)), "1 channels");
    QL_THROWS(smoothingFactors(input, options("smoothquant", "median", 0.5)), "use max");
    QL_THROWS(smoothingFactors(input, options("smoothquant", "max", 1.5)), "between 0");
    QL_THROWS(smoothingFactors(input, options("magic", "max", 0.5)), "smoothquant, bismooth, awq");
    QL_THROWS(smoothingFactors(input, options("awq", "mean", 0.5)), "mean |x| of each channel");
    QL_THROWS(smoothingFactors(input, options("awq", "max", 0.5)), "use mean");
  }

  /// Readers of 300, 7 and 1 rows, with zeros and NaN: largest and median against sorting.
  void weightsOfAllReadersTogether() {
    const Model model = groupModel({{"a", 300}, {"b", 7}, {"c", 1}}, 70);
    const RandomSource source;
    std::vector<std::vector<float>> columns(70);
    for (const Linear& linear : model.linears) {
      for (std::size_t i = 0; i < static_cast<std::size_t>(linear.out() * 70); ++i) {
        const float w = RandomSource::value(linear.matrix.tensor, i);
        if (std::isfinite(w)) columns[i % 70].push_back(std::abs(w));
      }
    }
    JobContext job(2);
    ActivationStats site;
    site.width = 70;
    site.all.absmax.assign(70, 2.0f);
    site.all.sumAbs.assign(70, 6.0);
    site.all.tokens = 4;
    const SmoothingInput input = smoothingInput(source, model, 0, &site, {}, true, job);
    QCOMPARE(input.actMeanAbs, std::vector<float>(70, 1.5f));
    for (std::size_t j = 0; j < 70; ++j) {
      std::sort(columns[j].begin(), columns[j].end());
      QCOMPARE(input.weightAbsmax[j], columns[j].back());
      QCOMPARE(input.weightMedian[j], columns[j][(columns[j].size() - 1) / 2]);
    }
    QCOMPARE(input.actAbsmax, site.all.absmax);
    QCOMPARE(job.done(), job.total());
    site.width = 69;
    QL_THROWS(smoothingInput(source, model, 0, &site, {}, false, job), "69 channels where 70");
  }

  void normsTakeTheFactorsOfAllReaders() {
    const NamedModel named = mixtralModel({2, 32, 48, 32, 16, 50});
    const Model model = named.build();
    const FoldTarget target =
        foldTarget(model, groupOf(model, "model.layers.1.block_sparse_moe.gate"), named.config);
    QVERIFY(target.isFoldable);
    QVERIFY(target.kind == FoldKind::Norm);
    QCOMPARE(target.producer, std::string("model.layers.1.post_attention_layernorm.weight"));
    QCOMPARE(target.channels, std::int64_t{32});
    // the router sees every token
    const std::size_t group = groupOf(model, "model.layers.1.block_sparse_moe.experts.3.w1");
    QVERIFY(smoothingSite(model, group) ==
            model.linears[*model.find("model.layers.1.block_sparse_moe.gate")].site);
    Model incomplete = model;
    incomplete.smoothingGroups[group].consumers.pop_back();
    QVERIFY(foldTarget(incomplete, group, named.config).reason.find("not in the group") != std::string::npos);
  }

  void valueHeadsAreShared() {
    const NamedModel named = llamaModel({1, 32, 48, 32, 16, 50});  // 4 query heads of 8, 2 value heads
    const Model model = named.build();
    const std::size_t group = groupOf(model, "model.layers.0.self_attn.o_proj");
    QVERIFY(foldTarget(model, group, named.config).reason.find("config.json") != std::string::npos);
    const std::string config = withKeys(named.config, R"("num_attention_heads":4,"num_key_value_heads":2)");
    const FoldTarget target = foldTarget(model, group, config);
    QVERIFY(target.isFoldable && target.kind == FoldKind::LinearRowsGrouped);
    QCOMPARE(target.headDim, std::int64_t{8});
    std::vector<float> s(32);
    for (std::size_t j = 0; j < 32; ++j) s[j] = static_cast<float>(j + 1);
    std::vector<float> mean = s;
    shareAcrossHeads(target, s);
    shareAcrossHeads(target, mean, true);
    QCOMPARE(s[0], 9.0f);  // heads 0 and 1 read value head 0: max(1, 9)
    QCOMPARE(s[8], 9.0f);
    QCOMPARE(mean[19], 24.0f);  // (20 + 28) / 2
    const auto source = std::make_shared<RandomSource>();
    const auto fold = [&](std::vector<float> factors) {
      return SmoothedSource(source, model, config, {{group, std::move(factors)}});
    };
    const SmoothedSource smoothed = fold(s);
    const Linear& v = model.linears[*model.find("model.layers.0.self_attn.v_proj")];
    std::vector<float> row(32);
    smoothed.readRows(v.matrix, 9, 10, row);  // value head 1, channel 1: query heads 2 and 3, max(18, 26)
    QCOMPARE(row[3], RandomSource::value(v.matrix.tensor, 9 * 32 + 3) / 26.0f);
    s[0] = 5;
    QL_THROWS(fold(s), "read the same value head");
    QL_THROWS(fold(std::vector<float>(31, 1.0f)), "31 where its readers have 32");
    QL_THROWS(fold(std::vector<float>(32, 0.0f)), "above 0");
    QL_THROWS(SmoothedSource(source, model, named.config, {{group, std::vector<float>(32, 1.0f)}}),
              "cannot be folded in");
  }

  void fusedRowsActivationsAndPostNorms() {
    const NamedModel phi = phi3Model(1);
    const Model phiModel = phi.build();
    const FoldTarget o =
        foldTarget(phiModel, groupOf(phiModel, "model.layers.0.self_attn.o_proj"), phi.config);
    QVERIFY(o.isFoldable && o.kind == FoldKind::LinearRows);
    QCOMPARE(o.rowBegin, std::int64_t{6144});
    const FoldTarget down =
        foldTarget(phiModel, groupOf(phiModel, "model.layers.0.mlp.down_proj"), phi.config);
    QVERIFY(down.isFoldable);
    QCOMPARE(down.rowBegin, std::int64_t{8192});
    const NamedModel opt = optModel("model.", 1);
    const Model optModelBuilt = opt.build();
    const std::size_t fc2 = groupOf(optModelBuilt, "model.decoder.layers.0.fc2");
    QVERIFY(
        foldTarget(optModelBuilt, fc2, withKeys(opt.config, R"("activation_function":"relu")")).isFoldable);
    QVERIFY(foldTarget(optModelBuilt, fc2, withKeys(opt.config, R"("activation_function":"gelu")"))
                .reason.find("gelu") != std::string::npos);
    QVERIFY(!foldTarget(optModelBuilt, fc2, opt.config).isFoldable);
    const std::size_t norm = groupOf(optModelBuilt, "model.decoder.layers.0.fc1");
    QCOMPARE(foldTarget(optModelBuilt, norm, opt.config).bias,
             std::string("model.decoder.layers.0.final_layer_norm.bias"));
    QVERIFY(foldTarget(optModelBuilt, norm, withKeys(opt.config, R"("do_layer_norm_before":false)"))
                .reason.find("residual") != std::string::npos);
    QVERIFY(!foldTarget(optModelBuilt, fc2, "not json").isFoldable);
    Model tied = optModelBuilt;
    tied.hasTiedEmbeddings = true;
    tied.linears[tied.smoothingGroups[norm].consumers.front()].role = TensorRole::LmHead;
    QVERIFY(foldTarget(tied, norm, opt.config).reason.find("untie") != std::string::npos);
  }

  /// Gemma's gain is 1 + w: (1 + w) / S - 1.
  void gainsAboveOneKeepTheirOffset() {
    Model model = groupModel({{"a", 3}}, 12);
    model.linears[0].normOffset = 1;
    std::vector<float> s(12, 4.0f);
    const auto source = std::make_shared<RandomSource>();
    const SmoothedSource smoothed(source, model, "{}", {{0, s}});
    const std::vector<float> gain = smoothed.readVector("model.layers.0.input_layernorm.weight");
    const float w = RandomSource::value("model.layers.0.input_layernorm.weight", 2);
    QCOMPARE(gain[2], (1 + w) / 4 - 1);
    const std::vector<float> bias = smoothed.readVector("model.layers.0.input_layernorm.bias");
    QCOMPARE(bias[2], RandomSource::value("model.layers.0.input_layernorm.bias", 2) / 4);
    QCOMPARE(smoothed.readVector("other")[2], RandomSource::value("other", 2));
    source->vectorLength = 5;
    QL_THROWS(smoothed.readVector("model.layers.0.input_layernorm.weight"), "5 values where");
  }

  void factorsFromAFile() {
    const TempFolder folder;
    const std::vector<float> good = {1, 2, 0.5f}, bad = {1, 0, 1};
    std::string data(reinterpret_cast<const char*>(good.data()), 12);
    data.append(reinterpret_cast<const char*>(bad.data()), 12);
    folder.write("s.safetensors", safetensorsBytes("{" + entry("good", "F32", "[3]", 0, 12) + "," +
                                                       entry("bad", "F32", "[3]", 12, 24) + "}",
                                                   data));
    QCOMPARE(readSmoothingFactors("s.safetensors#good", folder.path(), 3), good);
    QL_THROWS(readSmoothingFactors("s.safetensors#bad", folder.path(), 3), "for channel 1");
    QL_THROWS(readSmoothingFactors("s.safetensors#good", folder.path(), 4), "4 channels");
    QL_THROWS(readSmoothingFactors("s.safetensors#none", folder.path(), 3), "not in the file");
    QL_THROWS(readSmoothingFactors("s.safetensors", folder.path(), 3), "FILE.safetensors#TENSOR");
    QL_THROWS(readSmoothingFactors("gone.safetensors#x", folder.path(), 3), "gone.safetensors");
  }
};

QTEST_GUILESS_MAIN(TestSmoothing)
#include "tst_smoothing.moc"
