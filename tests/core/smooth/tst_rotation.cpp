// Rotations of channels: the fast transform against the explicit matrix, orthogonality, seeds, refusals; and
// which models can take one.
#include "core/base/error.h"
#include "core/linalg/hadamard.h"
#include "core/linalg/orthogonal.h"
#include "core/linalg/product_f64.h"
#include "core/smooth/rotation.h"
#include "core/smooth/rotation_target.h"
#include "tests/support/compare.h"

#include <QTest>

#include <bit>
#include <cmath>
#include <set>

using namespace ql;
using namespace ql::test;

namespace {

using Dense = std::vector<double>;  // [n, n] row-major

/// R itself: the unit rows, rotated.
Dense denseOf(const Rotation& rotation) {
  const auto n = static_cast<std::size_t>(rotation.size());
  Dense r(n * n, 0.0);
  for (std::size_t i = 0; i < n; ++i) r[i * n + i] = 1;
  rotation.apply(rotation.size(), r.data(), rotation.size());
  return r;
}

/// Largest |R R^T - I|.
double defect(const Dense& r, std::size_t n) {
  double worst = 0;
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) {
      double sum = 0;
      for (std::size_t k = 0; k < n; ++k) sum += r[i * n + k] * r[j * n + k];
      worst = std::max(worst, std::abs(sum - (i == j ? 1 : 0)));
    }
  return worst;
}

Dense made(const char* method, std::int64_t n, std::optional<std::int64_t> block, std::uint64_t seed = 1,
           std::uint64_t stream = 0, int threads = 2) {
  JobContext job(threads);
  return denseOf(*makeRotation({method, seed, block}, n, stream, job));
}

TensorInfo tensor(const char* name, Shape shape) {
  TensorInfo info;
  info.name = name;
  info.shape = std::move(shape);
  return info;
}

/// One block of 8 channels and 2 heads, and what a case adds or takes away.
std::vector<TensorInfo> llama() {
  return {tensor("model.embed_tokens.weight", {10, 8}),
          tensor("model.layers.0.input_layernorm.weight", {8}),
          tensor("model.layers.0.post_attention_layernorm.weight", {8}),
          tensor("model.layers.0.self_attn.q_proj.weight", {8, 8}),
          tensor("model.layers.0.self_attn.k_proj.weight", {4, 8}),
          tensor("model.layers.0.self_attn.v_proj.weight", {4, 8}),
          tensor("model.layers.0.self_attn.o_proj.weight", {8, 8}),
          tensor("model.layers.0.mlp.gate_proj.weight", {12, 8}),
          tensor("model.layers.0.mlp.up_proj.weight", {12, 8}),
          tensor("model.layers.0.mlp.down_proj.weight", {8, 12}),
          tensor("model.norm.weight", {8}),
          tensor("lm_head.weight", {10, 8})};
}

const char* const kConfig = R"({"model_type":"llama","architectures":["LlamaForCausalLM"],"hidden_size":8,
  "num_hidden_layers":1,"num_attention_heads":2,"num_key_value_heads":1,"vocab_size":10})";

std::string refusal(const std::vector<TensorInfo>& tensors, const char* config) {
  const ResidualTarget target = residualTarget(buildModel(tensors, config, "m"), config);
  return target.isRotatable ? "" : target.reason;
}

std::vector<TensorInfo> without(std::vector<TensorInfo> tensors, const std::string& name) {
  std::erase_if(tensors, [&](const TensorInfo& info) { return info.name == name; });
  return tensors;
}

}  // namespace

class TestRotation : public QObject {
  Q_OBJECT

 private slots:
  void transformIsTheExplicitMatrix() {
    for (const std::size_t n : {1u, 2u, 4u, 8u, 32u, 128u}) {
      std::vector<double> row(n);
      for (std::size_t i = 0; i < n; ++i) row[i] = std::sin(1.0 + static_cast<double>(3 * i));
      std::vector<float> narrow(row.begin(), row.end());
      std::vector<double> expected(n, 0.0), twice;
      for (std::size_t j = 0; j < n; ++j)
        for (std::size_t i = 0; i < n; ++i) expected[j] += std::popcount(i & j) % 2 == 0 ? row[i] : -row[i];
      twice = row;
      std::vector<double> turned = row;
      hadamardTransform(std::span(turned));
      hadamardTransform(std::span(narrow));
      for (std::size_t j = 0; j < n; ++j) {
        QVERIFY(near(turned[j], expected[j], 1e-14, 1e-13));
        QVERIFY(near(static_cast<double>(narrow[j]), expected[j], 1e-5, 2e-5));
      }
      hadamardTransform(std::span(turned));  // H H = n I
      for (std::size_t j = 0; j < n; ++j)
        QVERIFY(near(turned[j], static_cast<double>(n) * twice[j], 1e-13, 1e-13));
    }
  }

  void powersOfTwo() {
    QCOMPARE(powerOfTwoIn(96), 32);
    QCOMPARE(powerOfTwoIn(7), 1);
    QCOMPARE(powerOfTwoIn(14336), 2048);
    QCOMPARE(powerOfTwoIn(11008), 256);
    QVERIFY(isPowerOfTwo(1) && isPowerOfTwo(4096) && !isPowerOfTwo(0) && !isPowerOfTwo(12) &&
            !isPowerOfTwo(-2));
  }

  void productInDouble() {
    for (const std::int64_t m : {1, 2, 16, 19}) {
      const std::int64_t n = 13, k = 7;
      std::vector<double> a(static_cast<std::size_t>(m * 9)), b(static_cast<std::size_t>(k * 15)),
          c(static_cast<std::size_t>(m * 20), -1);
      for (std::size_t i = 0; i < a.size(); ++i) a[i] = std::cos(static_cast<double>(i));
      for (std::size_t i = 0; i < b.size(); ++i) b[i] = std::sin(static_cast<double>(2 * i));
      multiplyDouble(m, n, k, a.data(), 9, b.data(), 15, c.data(), 20);
      for (std::int64_t i = 0; i < m; ++i) {
        for (std::int64_t j = 0; j < n; ++j) {
          double sum = 0;
          for (std::int64_t l = 0; l < k; ++l)
            sum += a[static_cast<std::size_t>(i * 9 + l)] * b[static_cast<std::size_t>(l * 15 + j)];
          QVERIFY(near(c[static_cast<std::size_t>(i * 20 + j)], sum, 1e-14, 1e-14));
        }
        QCOMPARE(c[static_cast<std::size_t>(i * 20 + n)], -1.0);  // between the rows nothing is touched
      }
    }
  }

  /// Rows are rotated in tiles of any height, and must come out the same.
  void rowsDoNotDependOnTheirNeighbours() {
    JobContext job;
    for (const std::int64_t n : {4, 9, 10, 11, 40, 131, 300}) {
      const auto rotation = makeRotation({"random", 2, {}}, n, 0, job);
      const std::int64_t count = 37;
      std::vector<double> rows(static_cast<std::size_t>(count * n));
      for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = std::sin(static_cast<double>(i));
      std::vector<double> alone = rows, some = rows;
      rotation->apply(count, rows.data(), n);
      for (std::int64_t i = 0; i < count; ++i) rotation->apply(1, alone.data() + i * n, n);
      rotation->apply(20, some.data(), n);
      rotation->apply(17, some.data() + 20 * n, n);
      QVERIFY2(rows == alone && rows == some, qPrintable(QString::number(n)));
    }
  }

  void everyRotationIsOrthogonal_data() {
    QTest::addColumn<QString>("method");
    QTest::addColumn<int>("n");
    QTest::addColumn<int>("block");  // 0 = usual
    QTest::addColumn<int>("expected");
    const auto row = [](const char* method, int n, int block, int expected) {
      QTest::addRow("%s %d in %d", method, n, block) << QString::fromLatin1(method) << n << block << expected;
    };
    row("hadamard", 2, 0, 2);
    row("hadamard", 64, 0, 64);
    row("hadamard", 96, 0, 32);
    row("hadamard", 96, 8, 8);
    row("hadamard", 12, 0, 4);
    row("hadamard", 256, 0, 256);
    for (const int n : {2, 3, 17, 33, 100}) row("random", n, 0, n);
    row("random", 24, 8, 8);
  }
  void everyRotationIsOrthogonal() {
    QFETCH(QString, method);
    QFETCH(int, n);
    QFETCH(int, block);
    QFETCH(int, expected);
    const auto size = static_cast<std::size_t>(n);
    const Dense r = made(method.toLatin1(), n, block > 0 ? std::optional<std::int64_t>(block) : std::nullopt);
    QVERIFY2(defect(r, size) < 1e-13, qPrintable(QString::number(defect(r, size))));
    for (std::size_t i = 0; i < size; ++i)
      for (std::size_t j = 0; j < size; ++j) {
        const bool isInside =
            i / static_cast<std::size_t>(expected) == j / static_cast<std::size_t>(expected);
        if (!isInside) QCOMPARE(r[i * size + j], 0.0);
        if (isInside && method == QLatin1String("hadamard"))
          QVERIFY(near(std::abs(r[i * size + j]), 1 / std::sqrt(static_cast<double>(expected)), 1e-15));
      }
  }

  /// The point of it: a channel that stands out is shared out evenly, and signs differ between channels.
  void oneLoudChannelBecomesEven() {
    JobContext job;
    const auto rotation = makeRotation({"hadamard", 5, {}}, 64, 0, job);
    std::vector<double> row(64, 0.0);
    row[17] = 80;
    rotation->apply(1, row.data(), 64);
    for (const double x : row) QCOMPARE(std::abs(x), 10.0);
    // without random signs, channels that agree would pile up in the first one
    std::vector<double> ones(64, 1.0);
    rotation->apply(1, ones.data(), 64);
    QVERIFY(std::abs(ones[0]) < 4);
  }

  void seedsAndStreamsTellRotationsApart() {
    for (const char* method : {"hadamard", "random"}) {
      const Dense r = made(method, 32, {});
      QVERIFY(r == made(method, 32, {}, 1, 0, 1));
      QVERIFY(r == made(method, 32, {}, 1, 0, 3));
      QVERIFY(r != made(method, 32, {}, 2));
      QVERIFY(r != made(method, 32, {}, 1, 1));
      const Dense blocks = made(method, 32, 16);  // blocks of one rotation differ as well
      bool isSame = true;
      for (std::size_t i = 0; i < 16; ++i)
        for (std::size_t j = 0; j < 16; ++j)
          isSame = isSame && blocks[i * 32 + j] == blocks[(i + 16) * 32 + j + 16];
      QVERIFY(!isSame);
    }
  }

  /// Without the signs of R's diagonal, entries on Q's own diagonal would lean to one side.
  void randomRotationsAreUniform() {
    constexpr int kTrials = 4000;
    double sum[3] = {}, square = 0, determinants = 0;
    for (int trial = 0; trial < kTrials; ++trial) {
      const Dense r = made("random", 3, {}, static_cast<std::uint64_t>(trial));
      for (std::size_t i = 0; i < 3; ++i) sum[i] += r[i * 4];
      square += r[0] * r[0];
      determinants += r[0] * (r[4] * r[8] - r[5] * r[7]) - r[1] * (r[3] * r[8] - r[5] * r[6]) +
                      r[2] * (r[3] * r[7] - r[4] * r[6]);
    }
    // an entry has mean 0 and variance 1/3, its square mean 1/3 and variance 4/45: four standard errors each
    for (const double s : sum) QVERIFY(std::abs(s / kTrials) < 4 * std::sqrt(1.0 / 3 / kTrials));
    QVERIFY(std::abs(square / kTrials - 1.0 / 3) < 4 * std::sqrt(4.0 / 45 / kTrials));
    QVERIFY(std::abs(determinants / kTrials) < 4 / std::sqrt(static_cast<double>(kTrials)));
  }

  /// Q R = G with R upper triangular and positive on its diagonal, for the G that the numbers stand for.
  void reflectorsMakeTheFactorOfQr() {
    JobContext job;
    const std::vector<double> numbers = {-0.3, 1.2, 0.4, 0.9, -2.0, 0.7};
    const Dense q = orthogonalMatrix(3, numbers, job);
    // the first column of G is the first three numbers, so Q's is they over their norm
    const double norm = std::sqrt(0.09 + 1.44 + 0.16);
    for (std::size_t i = 0; i < 3; ++i) QVERIFY(near(q[i * 3], numbers[i] / norm, 1e-14));
    // zeros reflect nothing
    const Dense identity = orthogonalMatrix(2, std::vector<double>{0, 0, 0}, job);
    QCOMPARE(identity, Dense({1, 0, 0, 1}));
  }

  void sizesThatDoNotFitAreRefused() {
    JobContext job;
    QL_THROWS(makeRotation({"hadamard", 0, {}}, 33, 0, job), "no power of two divides them");
    QL_THROWS(makeRotation({"hadamard", 0, 12}, 24, 0, job), "powers of two");
    QL_THROWS(makeRotation({"hadamard", 0, 16}, 24, 0, job), "do not divide them");
    QL_THROWS(makeRotation({"random", 0, {}}, 20000, 0, job), "more than 16384");
    QL_THROWS(makeRotation({"spin", 0, {}}, 24, 0, job), "choose from hadamard, random");
  }

  void cancellingStopsARandomRotation() {
    JobContext job;
    job.cancel();
    QVERIFY_THROWS_EXCEPTION(Cancelled, makeRotation({"random", 0, {}}, 64, 0, job));
  }

  // Models
  // ---------------------------------------------------------------------------------------------------
  void everythingOnTheStreamIsFound() {
    const Model model = buildModel(llama(), kConfig, "m");
    const ResidualTarget target = residualTarget(model, kConfig);
    QVERIFY2(target.isRotatable, target.reason.c_str());
    QCOMPARE(target.width, 8);
    QCOMPARE(target.tables.size(), std::size_t{1});
    QCOMPARE(target.consumers.size(), std::size_t{6});  // q, k, v, gate, up, head
    QCOMPARE(target.producers.size(), std::size_t{2});
    std::set<std::string> norms;
    for (const auto& [norm, offset] : target.norms) norms.insert(norm);
    QCOMPARE(norms,
             (std::set<std::string>{"model.layers.0.input_layernorm.weight",
                                    "model.layers.0.post_attention_layernorm.weight", "model.norm.weight"}));
    const HeadTarget head = headTargets(model, kConfig).front();
    QVERIFY2(head.isRotatable, head.reason.c_str());
    QCOMPARE(head.headDim, 4);
    QCOMPARE(head.rowCount, 4);
  }

  void modelsThatCannotSayWhy() {
    const std::string tied = R"({"tie_word_embeddings":true,)" + std::string(kConfig + 1);
    const auto headless = without(llama(), "lm_head.weight");
    QVERIFY(refusal(headless, tied.c_str()).find("untie them first") != std::string::npos);
    QVERIFY(refusal(headless, kConfig).find("no output head") != std::string::npos);
    auto more = llama();
    more.push_back(tensor("model.layers.0.post_feedforward_layernorm.weight", {8}));
    QVERIFY(refusal(more, kConfig).find("stands behind a matrix") != std::string::npos);
    more = llama();
    more.push_back(tensor("multi_modal_projector.linear_1.weight", {8, 16}));
    QVERIFY(refusal(more, kConfig).find("reads and writes is not known") != std::string::npos);
    QVERIFY(
        refusal(without(llama(), "model.layers.0.input_layernorm.weight"), kConfig).find("without a norm") !=
        std::string::npos);
    QVERIFY(refusal(without(llama(), "model.embed_tokens.weight"), kConfig).find("no embedding") !=
            std::string::npos);
    QVERIFY(refusal(llama(), R"({"model_type":"gemma2"})").find("is not known for the family") !=
            std::string::npos);
    more = llama();
    more.push_back(tensor("model.layers.0.self_attn.q_norm.weight", {4}));  // of heads: does not mind
    QCOMPARE(refusal(more, kConfig), std::string());
  }

  void headsThatDoNotFitAreRefused() {
    const std::string three = R"({"model_type":"llama","num_attention_heads":3})";
    const Model model = buildModel(llama(), three, "m");
    QVERIFY(headTargets(model, three).front().reason.find("are not 3 heads") != std::string::npos);
    const std::string none = R"({"model_type":"llama"})";
    QVERIFY(headTargets(model, none).front().reason.find("does not say how many heads") != std::string::npos);
    const std::string one = R"({"model_type":"llama","num_attention_heads":1})";
    QVERIFY(headTargets(model, one).front().reason.find("not heads of 8") != std::string::npos);
  }

  void untyingAddsAHead() {
    const std::string tied = R"({"z":1,"tie_word_embeddings":true,)" + std::string(kConfig + 1);
    const Model model = buildModel(without(llama(), "lm_head.weight"), tied, "m");
    const auto untied = untieEmbeddings(model, tied);
    QVERIFY(untied.has_value());
    const Linear& head = untied->model.linears[untied->head];
    QCOMPARE(head.name, std::string("lm_head"));
    QCOMPARE(head.matrix.tensor, std::string("lm_head.weight"));
    QCOMPARE(head.norm, std::optional<std::string>("model.norm.weight"));
    QCOMPARE(untied->model.find("lm_head"), std::optional<LinearId>(untied->head));
    QVERIFY(!head.isQuantizable && !untied->model.hasTiedEmbeddings);
    QVERIFY(untied->configJson.find("\"tie_word_embeddings\": false") != std::string::npos);
    QVERIFY(untied->configJson.find("\"z\"") < untied->configJson.find("tie_word"));  // order of the keys
    QVERIFY(residualTarget(untied->model, untied->configJson).isRotatable);
    QVERIFY(!untieEmbeddings(buildModel(llama(), kConfig, "m"), kConfig));
    // nested, as multimodal wrappers write it
    const std::string nested = R"({"model_type":"llama","text_config":{"tie_word_embeddings":true}})";
    const auto inner = untieEmbeddings(buildModel(without(llama(), "lm_head.weight"), nested, "m"), nested);
    QVERIFY(inner.has_value());
    QVERIFY(inner->configJson.find("true") == std::string::npos);
  }
};

QTEST_GUILESS_MAIN(TestRotation)
#include "tst_rotation.moc"
