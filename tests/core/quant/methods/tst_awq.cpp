// AWQ's scale and clip search against slow references on the tokens themselves in double precision, its
// formula, shared factors and edges; AdaDim and MoFQ against brute force and goldens.
#include "core/base/error.h"
#include "core/quant/awq_clip.h"
#include "core/quant/awq_scale.h"
#include "core/quant/candidate_loss.h"
#include "core/quant/output_loss.h"
#include "tests/core/quant/methods/awq_case.h"
#include "tests/support/compare.h"
#include "tests/support/data.h"

#include <nlohmann/json.hpp>

#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <random>

using namespace ql;

namespace {

using Case = test::AwqCase;
using test::pseudoQuantize;
using test::pseudoQuantized;
using test::scaledBy;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN(), kInf = std::numeric_limits<float>::infinity();

nlohmann::json golden() {
  std::ifstream file(test::dataFile("golden/golden_small.json"));
  return nlohmann::json::parse(file);
}

std::vector<float> values(const nlohmann::json& matrix) {
  return matrix.at("data").get<std::vector<float>>();
}

WeightScheme plain(const std::string& spec) {
  return *parseSpec(spec).weight;
}

}  // namespace

class TestAwq : public QObject {
  Q_OBJECT
 private slots:
  void factorsByHand() {
    // x^0.5 = 2, 1, 4, and 0 becomes 1e-4; the norm is sqrt(4 * 1e-4) = 0.02
    const std::vector<float> s = awqFactors(std::vector<float>{4, 1, 16, 0}, {}, 0.5);
    QL_NEAR(s[0], 100.0, 1e-6);
    QL_NEAR(s[1], 50.0, 1e-6);
    QL_NEAR(s[2], 200.0, 1e-6);
    QL_NEAR(s[3], 0.005, 1e-6);
    QCOMPARE(awqFactors(std::vector<float>{4, 1, 16, 0}, {}, 0.0), std::vector<float>(4, 1.0f));
    // duo: 4^0.5 / (0.25^0.5 + 1e-4) = 3.9992, 9^0.5 / (1 + 1e-4) = 2.9997
    const std::vector<float> duo = awqFactors(std::vector<float>{4, 9}, std::vector<float>{0.25f, 1.0f}, 0.5);
    QL_NEAR(duo[0] / duo[1], (2 / 0.5001) / (3 / 1.0001), 1e-6);
    QL_NEAR(duo[0] * duo[1], 1.0, 1e-6);
    // a factor that is not finite becomes 1
    QCOMPARE(awqFactors(std::vector<float>{3e38f, 3e38f}, {}, 1.0), std::vector<float>(2, 1.0f));
  }

  void gridsAreThoseOfTheSources() {
    const std::vector<AwqCandidate> official = awqCandidates({20, false});
    QCOMPARE(official.size(), std::size_t(20));
    QCOMPARE(official.front().ratio, 0.0);
    QCOMPARE(official.back().ratio, 0.95);
    const std::vector<AwqCandidate> duo = awqCandidates({20, true});
    QCOMPARE(duo.size(), std::size_t(20));
    QVERIFY(!duo[0].isDuo && duo[1].isDuo);
    QCOMPARE(duo[1].ratio, 0.0);
    QCOMPARE(duo[19].ratio, 1.0);
    QCOMPARE(duo[2].ratio, 1.0 / 18);
    QCOMPARE(awqCandidates({1, true}).size(), std::size_t(1));
  }

  void scaleMatchesASlowSearchOverTokens_data() {
    QTest::addColumn<int>("bits");
    QTest::addColumn<bool>("zero");
    QTest::addColumn<int>("group");
    QTest::addColumn<int>("in");
    QTest::newRow("w4 asym g32") << 4 << true << 32 << 96;
    QTest::newRow("w3 asym g16") << 3 << true << 16 << 64;
    QTest::newRow("w4 sym g32") << 4 << false << 32 << 96;
    QTest::newRow("w3 sym channel") << 3 << false << 80 << 80;
    QTest::newRow("partial group") << 4 << true << 32 << 75;
  }
  void scaleMatchesASlowSearchOverTokens() {
    QFETCH(int, bits);
    QFETCH(bool, zero);
    QFETCH(int, group);
    QFETCH(int, in);
    for (const bool isDuo : {false, true}) {
      Case data({{"a.q_proj.weight", 21}, {"a.v_proj.weight", 9}}, static_cast<std::size_t>(in), 7);
      const std::string spec = "int" + std::to_string(bits) + ":flavour=awq" + (zero ? ",asym" : "") +
                               (group < in ? ",group=" + std::to_string(group) : "");
      const SiteMoment site = siteMoment(data.stats, data.job, false);
      const AwqScale scale = searchAwqScale(plain(spec), data.input(), site, {20, isDuo});

      const auto width = static_cast<std::size_t>(in), g = static_cast<std::size_t>(std::min(group, in));
      std::vector<double> meanAbs(width, 0.0), weightMean(width, 0.0);
      for (std::size_t i = 0; i < data.x.size(); ++i)
        meanAbs[i % width] += std::abs(static_cast<double>(data.x[i])) * static_cast<double>(width) /
                              static_cast<double>(data.x.size());
      for (const MatrixRef& reader : data.readers) {
        const std::vector<float>& w = data.source.of(reader);
        for (std::size_t i = 0; i < w.size(); ++i) {
          const std::size_t row = i / width * width, begin = row + i % width / g * g;
          double peak = 0;
          for (std::size_t k = begin; k < std::min(begin + g, row + width); ++k)
            peak = std::max(peak, std::abs(static_cast<double>(w[k])));
          weightMean[i % width] += std::abs(static_cast<double>(w[i])) / (peak + 1e-6) / 30;
        }
      }
      double least = std::numeric_limits<double>::infinity();
      std::size_t best = 0;
      for (std::size_t c = 0; c < scale.tried.size(); ++c) {
        const double ratio = scale.tried[c].ratio;
        std::vector<double> exact(width);
        for (std::size_t j = 0; j < width; ++j) {
          exact[j] = std::pow(meanAbs[j], ratio);
          if (scale.tried[c].isDuo) exact[j] /= std::pow(weightMean[j], 1 - ratio) + 1e-4;
          exact[j] = std::max(exact[j], 1e-4);
        }
        const auto [low, high] = std::minmax_element(exact.begin(), exact.end());
        const double norm = std::sqrt(*low * *high);
        std::vector<float> s(width);
        for (std::size_t j = 0; j < width; ++j) s[j] = static_cast<float>(exact[j] / norm);
        double loss = 0;
        for (std::size_t r = 0; r < data.readers.size(); ++r) {
          const auto q = pseudoQuantized(scaledBy(data.source.of(data.readers[r]), s), width, g, bits, zero);
          loss += data.loss(scaledBy(q, s, true), r);
        }
        // factors that differ in the last bit move single weights over a tie
        QL_NEAR(scale.tried[c].loss, loss, 1e-5);
        if (loss < least) {
          least = loss;
          best = c;
        }
      }
      QL_NEAR(scale.best.loss, least, 1e-5);
      if (scale.best.ratio != scale.tried[best].ratio) QL_NEAR(scale.best.loss, scale.tried[best].loss, 1e-5);
    }
  }

  void oneScaleForAllReadersOfAnInput() {
    Case data({{"q_proj.weight", 12}, {"k_proj.weight", 5}, {"v_proj.weight", 8}}, 64, 3);
    const SiteMoment site = siteMoment(data.stats, data.job, false);
    const AwqScale q = searchAwqScale(plain("int4:group=32"), data.input(0), site, {});
    for (const std::size_t reader : {1u, 2u})
      QCOMPARE(searchAwqScale(plain("int4:group=32"), data.input(reader), site, {}).s, q.s);
    Case alone({{"o_proj.weight", 12}}, 64, 3);
    double sum = 0;
    for (std::size_t r = 0; r < 3; ++r) sum += data.loss(data.quantized("int4:group=32", r), r);
    QL_NEAR(q.tried[0].loss, sum, 1e-4);  // ratio 0 is plain rounding, of all three
  }

  void clipMatchesASlowSearchOverTokens_data() {
    QTest::addColumn<bool>("zero");
    QTest::addColumn<int>("group");
    QTest::newRow("asym g16") << true << 16;
    QTest::newRow("sym g32") << false << 32;
    QTest::newRow("partial group") << true << 28;
    QTest::newRow("whole rows") << false << 80;
  }
  void clipMatchesASlowSearchOverTokens() {
    QFETCH(bool, zero);
    QFETCH(int, group);
    const std::size_t in = 80, g = static_cast<std::size_t>(group);
    Case data({{"o_proj.weight", 33}}, in, 11);
    const std::string spec = std::string("int3:flavour=awq") + (zero ? ",asym" : "") +
                             (g < in ? ",group=" + std::to_string(group) : "");
    const SiteMoment site = siteMoment(data.stats, data.job, false);
    const std::vector<float> s = awqFactors(awqMeanAbs(data.stats), {}, 0.4);
    const auto inner = quantizerOfScaled(plain(spec), data.input(), data.readers[0], s);
    const AwqBounds bounds = searchAwqClip(plain(spec), *inner, data.input(), site, s, {});
    QCOMPARE(bounds.group, g);
    const std::vector<float> w = scaledBy(data.source.of(data.readers[0]), s);
    std::int64_t clipped = 0;
    for (std::size_t row = 0; row < 33; ++row) {
      for (std::size_t part = 0; part < bounds.groups; ++part) {
        const std::size_t begin = part * g, end = std::min(in, begin + g);
        const std::span<const float> weights = std::span(w).subspan(row * in + begin, end - begin);
        float peak = 0;
        for (const float v : weights) peak = std::max(peak, std::abs(v));
        double least = std::numeric_limits<double>::infinity(), taken = least;
        const float bound = bounds.bounds[row * bounds.groups + part];
        for (int i = 0; i < 10; ++i) {
          const float m = peak * static_cast<float>(1 - i / 20.0);
          std::vector<float> q(weights.begin(), weights.end());
          for (float& v : q) v = std::clamp(v, -m, m);
          pseudoQuantize(q, 3, zero);
          double loss = 0;
          for (std::size_t t = 0; t < data.x.size(); t += in) {
            double y = 0;
            for (std::size_t j = begin; j < end; ++j)
              y += static_cast<double>(data.x[t + j] / s[j]) *
                   static_cast<double>(q[j - begin] - weights[j - begin]);
            loss += y * y;
          }
          least = std::min(least, loss);
          if (m == bound) taken = loss;
        }
        QVERIFY2(taken <= least * (1 + 1e-4),
                 qPrintable(QString("%1 %2: %3 over %4").arg(row).arg(part).arg(taken).arg(least)));
        if (bound < peak) ++clipped;
      }
    }
    QCOMPARE(bounds.clipped, clipped);
    QVERIFY(clipped > 0);
  }

  void bothTogetherAreWhatIsApplied() {
    Case data({{"down_proj.weight", 40}}, 96, 5);
    const WeightScheme inner = plain("int3:group=32,asym,flavour=awq");
    const SiteMoment site = siteMoment(data.stats, data.job, false);
    const AwqScale scale = searchAwqScale(inner, data.input(), site, {});
    const auto quantizer = quantizerOfScaled(inner, data.input(), data.readers[0], scale.s);
    const AwqBounds bounds = searchAwqClip(inner, *quantizer, data.input(), site, scale.s, {});
    std::vector<float> w = scaledBy(data.source.of(data.readers[0]), scale.s);
    for (std::size_t i = 0; i < w.size(); ++i) w[i] = bounds.clamped(i / 96, i % 96, w[i]);
    const std::vector<float> expected = scaledBy(pseudoQuantized(w, 96, 32, 3, true), scale.s, true);
    QCOMPARE(data.quantized("int3:group=32,asym,flavour=awq,algorithm=awq"), expected);
    // each step gains
    const double rtn = data.loss(data.quantized("int3:group=32,asym,flavour=awq"));
    const double scaled =
        data.loss(data.quantized("int3:group=32,asym,flavour=awq,algorithm=awq:clip=false"));
    const double clippedOnly = data.loss(data.quantized("int3:group=32,asym,flavour=awq,clip=awq"));
    QVERIFY2(scaled < 0.9 * rtn, qPrintable(QString("%1 of %2").arg(scaled).arg(rtn)));
    QL_NEAR(scaled, scale.best.loss, 1e-4);
    QVERIFY(data.loss(expected) < scaled);
    QVERIFY(clippedOnly < rtn);
    // the scheme's own clip has its own grid
    QVERIFY(data.quantized("int3:group=32,asym,flavour=awq,clip=awq:shrink=0.1,algorithm=awq:clip=false") !=
            expected);
  }

  void goldenLayerGains() {
    const auto file = golden();
    Case data({{"o_proj.weight", 1}}, 128, 1);
    data.readers = {data.source.add("down_proj.weight", 8, 128, values(file.at("W")))};
    data.x = values(file.at("X"));
    data.remember();
    for (const char* spec :
         {"int3:group=32,asym,flavour=awq", "int4:group=32", "int4:channel", "int4:asym,flavour=gptq"}) {
      const double rtn = data.loss(data.quantized(spec));
      const double awq = data.loss(data.quantized(std::string(spec) + ",algorithm=awq"));
      QVERIFY2(awq < rtn, spec);
    }
    const auto quantizer = makeRowQuantizer(plain("int4:group=32,algorithm=awq"), data.input());
    QCOMPARE(quantizer->fallbacks().size(), std::size_t(1));  // channel 40 is dead
    QCOMPARE(quantizer->fallbacks()[0].count, std::int64_t(1));
  }

  void queriesAndKeysAreNotClipped() {
    for (const char* name :
         {"model.layers.0.self_attn.q_proj.weight", "h.1.attn.k_proj.weight", "query.weight", "encoder.key",
          "x.query_key_value.weight", "transformer.blocks.0.attn.Wqkv.weight"})
      QVERIFY2(!isClippedByAwq(name), name);
    for (const char* name : {"model.layers.0.self_attn.v_proj.weight", "block_sparse_moe.experts.0.w1.weight",
                             "model.layers.0.mlp.down_proj.weight", "weight", ""})
      QVERIFY2(isClippedByAwq(name), name);
    Case q({{"q_proj.weight", 16}}, 64, 2), v({{"v_proj.weight", 16}}, 64, 2);
    QCOMPARE(q.quantized("int3:group=32,clip=awq"), q.quantized("int3:group=32"));
    QVERIFY(v.quantized("int3:group=32,clip=awq") != v.quantized("int3:group=32"));
  }

  void edgesAndThreads_data() {
    QTest::addColumn<int>("out");
    QTest::addColumn<int>("in");
    QTest::newRow("1x1") << 1 << 1;
    QTest::newRow("one row") << 1 << 70;
    QTest::newRow("one column") << 300 << 1;
    QTest::newRow("odd") << 37 << 70;
    QTest::newRow("more than a tile") << 300 << 40;
  }
  void edgesAndThreads() {
    QFETCH(int, out);
    QFETCH(int, in);
    for (const char* spec :
         {"int4:group=32,asym,algorithm=awq", "int3:algorithm=awq:duo",
          "int4:tensor,algorithm=awq:clip=false", "int4:group_in_channel=8,algorithm=awq:clip=false",
          "nvfp4:algorithm=awq", "int4:group=32,clip=awq", "int4:group=16,algorithm=adadim",
          "int4:algorithm=adadim", "int4:algorithm=mofq:loss=output", "fp8_e4m3:tensor,algorithm=mofq"}) {
      Case data({{"o_proj.weight", out}, {"gate.weight", 3}}, static_cast<std::size_t>(in), 9, 50);
      std::vector<float> w = data.source.of(data.readers[0]);
      if (in > 3 && w.size() > 60) {
        w[1] = kNan;
        w[2] = kInf;
        w[59] = -kInf;
        w[4] = 1e-42f;
        for (std::size_t t = 0; t < 50; ++t) data.x[t * data.in + 3] = 0;
        data.remember();
      }
      data.source.add("o_proj.weight", out, in, w);
      const WeightScheme scheme = plain(spec);
      MatrixRange range;
      for (int j = 0; j < in; ++j) {
        float low = kInf, high = -kInf;
        for (int r = 0; r < out; ++r) {
          const float v = w[static_cast<std::size_t>(r * in + j)];
          if (std::isfinite(v)) low = std::min(low, v), high = std::max(high, v);
        }
        range.columnMin.push_back(low > high ? 0 : low);
        range.columnMax.push_back(low > high ? 0 : high);
      }
      std::vector<std::vector<float>> results;
      for (const int threads : {1, 2, 3}) {
        JobContext job(threads);
        QuantizerInput input = data.input();
        input.job = &job;
        input.range = &range;
        const auto quantizer = makeRowQuantizer(scheme, input);
        QVERIFY2(quantizer->rowUnit() == bandRows(scheme, out, in), spec);
        std::vector<float> q(w.size()), whole(w.size());
        quantizer->apply(0, out, w, whole, {});
        for (std::int64_t row = 0; row < out; row += quantizer->rowUnit()) {
          const std::int64_t rows = std::min(quantizer->rowUnit(), out - row);
          const auto at = static_cast<std::size_t>(row * in), n = static_cast<std::size_t>(rows * in);
          quantizer->apply(row, rows, std::span(w).subspan(at, n), std::span(q).subspan(at, n), {});
        }
        QVERIFY2(std::memcmp(q.data(), whole.data(), q.size() * sizeof(float)) == 0, spec);
        results.push_back(std::move(q));
      }
      for (std::size_t i = 0; i < w.size(); ++i) {
        if (std::isfinite(w[i])) QVERIFY2(std::isfinite(results[0][i]), spec);
        if (!std::isfinite(w[i])) QVERIFY2(std::memcmp(&results[0][i], &w[i], sizeof(float)) == 0, spec);
        for (const std::size_t k : {1u, 2u})
          QVERIFY2(std::memcmp(&results[k][i], &results[0][i], sizeof(float)) == 0, spec);
      }
    }
  }

  void nothingButZerosIsNothing() {
    Case data({{"o_proj.weight", 6}}, 32, 1, 20);
    data.source.add("o_proj.weight", 6, 32, std::vector<float>(6 * 32, 0.0f));
    for (const char* spec :
         {"int4:group=16,asym,algorithm=awq", "int4:algorithm=awq:duo", "int4:group=16,algorithm=adadim"})
      QCOMPARE(data.quantized(spec), std::vector<float>(6 * 32, 0.0f));
    // an input of zeros leaves all candidates alike: the first is plain rounding
    Case silent({{"o_proj.weight", 6}}, 32, 1, 20);
    std::fill(silent.x.begin(), silent.x.end(), 0.0f);
    silent.remember();
    QCOMPARE(silent.quantized("int4:group=16,algorithm=awq"), silent.quantized("int4:group=16"));
  }

  void diagonalAloneIsAFallback() {
    Case data({{"o_proj.weight", 20}}, 64, 4);
    data.stats.secondMoment = nullptr;
    const std::vector<float> fromSample = data.quantized("int4:group=32,algorithm=awq");
    QVERIFY(makeRowQuantizer(plain("int4:group=32,algorithm=awq"), data.input())->fallbacks().empty());
    data.stats.sample = {};
    const auto quantizer = makeRowQuantizer(plain("int4:group=32,algorithm=awq"), data.input());
    QCOMPARE(quantizer->fallbacks().size(), std::size_t(1));
    const SiteMoment site = siteMoment(data.stats, data.job, false);
    const std::vector<float> d(64, 1.0f);
    double trace = 0;
    for (const double m : site.diagonal) trace += m;
    QL_NEAR(OutputLoss(site).of(d, 1, data.job), trace, 1e-12);
    data.stats.all.sumAbs.clear();
    QL_THROWS(makeRowQuantizer(plain("int4:group=32,algorithm=awq"), data.input()), "mean |x|");
  }

  void refusalsSayWhatToDo() {
    QL_THROWS(requireMeasurable(plain("int4:tensor,algorithm=awq")), "clip=false");
    QL_THROWS(requireMeasurable(plain("int4:input_channel,clip=awq")), "another clip");
    QL_THROWS(requireMeasurable(plain("nf4:algorithm=awq")), "does not go with");
    QL_THROWS(requireMeasurable(plain("int4:tensor,algorithm=adadim")), "no dimension to choose");
    QL_THROWS(requireMeasurable(plain("int4:algorithm=adadim:loss=block")), "plan auto --method adadim");
    QL_THROWS(requireMeasurable(plain("int4:asym,algorithm=mofq")), "asymmetric");
    QL_THROWS(requireMeasurable(plain("int4:algorithm=mofq:loss=wa")), "plan auto --method mofq");
    WeightScheme scheme = plain("int4:group=32,algorithm=awq");
    scheme.algorithm.options = {{"gird", std::int64_t{20}}};
    QL_THROWS(requireMeasurable(scheme), "gird");
    scheme.algorithm.options.clear();  // a plan made by hand
    requireMeasurable(scheme);
  }

  void adaDimTakesTheGoldensBetterDimension_data() {
    QTest::addColumn<QString>("bits");
    QTest::newRow("w3") << "3";
    QTest::newRow("w4") << "4";
  }
  void adaDimTakesTheGoldensBetterDimension() {
    QFETCH(QString, bits);
    const auto file = golden();
    Case data({{"o_proj.weight", 1}}, 128, 1);
    data.readers = {data.source.add("down_proj.weight", 8, 128, values(file.at("W")))};
    data.x = values(file.at("X"));
    data.remember();
    const std::string key = "awqstyle_w" + bits.toStdString() + "_";
    const std::string spec = "int" + bits.toStdString() + ":asym,flavour=awq";
    const SiteMoment site = siteMoment(data.stats, data.job, false);
    const auto check = [&](const std::string& part, const std::string& name) {
      const auto& entry = file.at(key + name);
      QuantizerInput input = data.input();
      MatrixRange range{std::vector<float>(128, kInf), std::vector<float>(128, -kInf)};
      const std::vector<float>& w = data.source.of(data.readers[0]);
      for (std::size_t i = 0; i < w.size(); ++i) {
        range.columnMin[i % 128] = std::min(range.columnMin[i % 128], w[i]);
        range.columnMax[i % 128] = std::max(range.columnMax[i % 128], w[i]);
      }
      input.range = &range;
      const auto rows = makeRowQuantizer(plain(spec + part), input);
      std::vector<float> q(w.size());
      rows->apply(0, 8, w, q, {});
      QCOMPARE(q, values(entry.at("deq")));
      QL_NEAR(outputLoss(*rows, input, site) / 8, entry.at("out_mse").get<double>(), 1e-4);
      if (part.empty() || part == ",input_channel") {
        const bool isInput = file.at(key + "ic_g-1").at("out_mse").get<double>() <
                             file.at(key + "oc_g-1").at("out_mse").get<double>();
        const auto chosen = makeRowQuantizer(plain(spec + part + ",algorithm=adadim"), input);
        chosen->apply(0, 8, w, q, {});
        QCOMPARE(q, values(file.at(key + (isInput ? "ic_g-1" : "oc_g-1")).at("deq")));
        QVERIFY(chosen->bitsPerWeight());
      }
    };
    check("", "oc_g-1");
    check(",input_channel", "ic_g-1");
    check(",group=32", "oc_g32");
    check(",group_in_channel=8", "ic_g8");
  }

  void adaDimFollowsTheActivationOutlier() {
    // weights alike everywhere, one channel of the input a hundred times as loud: its own groups win
    Case data({{"o_proj.weight", 64}}, 64, 8);
    for (std::size_t i = 0; i < data.x.size(); ++i) data.x[i] *= i % 64 == 11 ? 100.0f : 0.01f;
    std::vector<float> w(64 * 64);
    std::mt19937 random(1);
    std::normal_distribution<float> normal(0, 1);
    for (std::size_t i = 0; i < w.size(); ++i) w[i] = normal(random) * (i % 64 == 11 ? 0.05f : 1.0f);
    data.source.add("o_proj.weight", 64, 64, w);
    data.remember();
    QCOMPARE(data.quantized("int3:group=32,algorithm=adadim"), data.quantized("int3:group_in_channel=32"));
    // one loud row and an even input: groups of a column would all stretch for it
    Case even({{"o_proj.weight", 64}}, 64, 8);
    for (std::size_t i = 0; i < w.size(); ++i) w[i] = normal(random) * (i / 64 == 11 ? 20.0f : 1.0f);
    for (float& v : even.x) v = normal(random);
    even.source.add("o_proj.weight", 64, 64, w);
    even.remember();
    QCOMPARE(even.quantized("int8:group_in_channel=32,algorithm=adadim"), even.quantized("int8:group=32"));
  }

  void mofqIsBruteForce() {
    std::mt19937 random(2);
    std::student_t_distribution<float> tails(3);
    std::uniform_real_distribution<float> flat(-1, 1);
    for (const bool isFlat : {true, false}) {
      Case data({{"o_proj.weight", 16}}, 128, 8);
      std::vector<float> w(16 * 128);
      for (float& v : w) v = isFlat ? flat(random) : tails(random);
      data.source.add("o_proj.weight", 16, 128, w);
      for (const char* part : {"", ":group=32", ":block=8x16"}) {
        const auto error = [&](const std::string& spec) {
          const std::vector<float> q = data.quantized(spec);
          double sum = 0;
          for (std::size_t i = 0; i < w.size(); ++i) {
            const double e = static_cast<double>(q[i]) - static_cast<double>(w[i]);
            sum += e * e;
          }
          return sum;
        };
        for (const auto& [integer, floating] : {std::pair<std::string, std::string>{"int4", "fp4_e2m1"},
                                                {"int8", "fp8_e4m3"},
                                                {"int6", "fp6_e2m3"}}) {
          const std::string i = integer + part, f = floating + part;
          const std::string option = std::string(*part ? "," : ":") + "algorithm=mofq";
          const bool isFloat = error(f) < error(i);
          QCOMPARE(data.quantized(i + option), data.quantized(isFloat ? f : i));
          QCOMPARE(data.quantized(f + option), data.quantized(isFloat ? f : i));
          const bool isOutputFloat = data.loss(data.quantized(f)) < data.loss(data.quantized(i));
          QCOMPARE(data.quantized(i + option + ":loss=output"), data.quantized(isOutputFloat ? f : i));
          if (integer == "int4") QCOMPARE(isFloat, !isFlat);
        }
      }
    }
    // a tie stays with integers: 0 and the largest value are exact in both
    Case data({{"o_proj.weight", 1}}, 4, 8);
    data.source.add("o_proj.weight", 1, 4, {0, 0, 0, 0});
    QCOMPARE(data.quantized("fp4_e2m1:algorithm=mofq"), std::vector<float>(4, 0.0f));
  }
};

QTEST_APPLESS_MAIN(TestAwq)
#include "tst_awq.moc"
