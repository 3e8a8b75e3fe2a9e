// BiLLM against the published code's outputs, and the edges that the published code does not have. Its
// searches: tst_billm_search.cpp.
#include "core/base/error.h"
#include "core/quant/billm_quantizer.h"
#include "tests/core/evaluate/site_data.h"
#include "tests/support/compare.h"
#include "tests/support/data.h"

#include <nlohmann/json.hpp>

#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <random>

using namespace ql;
using namespace ql::test;

namespace {

const nlohmann::json& golden() {
  static const nlohmann::json json = [] {
    std::ifstream file(dataFile("golden/golden_small.json"));
    return nlohmann::json::parse(file);
  }();
  return json;
}

std::vector<float> goldenValues(const std::string& name) {
  return golden().at(name).at("data").get<std::vector<float>>();
}

/// The input of the goldens: 3 sequences of 32 tokens.
ActivationStats goldenSite() {
  ActivationStats site = siteOf(goldenValues("X"), 128);
  site.first.tokens = 3;
  return site;
}

WeightScheme schemeOf(const std::string& options = {}) {
  return *parseSpec("binary:algorithm=billm" + options).weight;
}

/// What can be done without activations.
constexpr const char* kDataFree = ":metric=magnitude:compensate=false:clear_dead=false";

struct Made {
  std::unique_ptr<RowQuantizer> row;
  const BillmQuantizer& billm() const { return dynamic_cast<const BillmQuantizer&>(*row); }
};

Made made(const WeightScheme& scheme, const MemorySource& source, const ActivationStats* site,
          int threads = 1) {
  JobContext job(threads);
  QuantizerInput input;
  input.out = source.ref.out;
  input.in = source.ref.in;
  input.source = &source;
  input.matrix = source.ref;
  input.activations = site;
  input.job = &job;
  return {makeRowQuantizer(scheme, input)};
}

std::vector<float> applied(const Made& quantizer, const MemorySource& source) {
  std::vector<float> result(source.values().size());
  quantizer.row->apply(0, source.ref.out, source.values(), result, {});
  return result;
}

bool sameBits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

}  // namespace

class TestBillm : public QObject {
  Q_OBJECT
 private slots:
  void matchesThePublishedCode_data() {
    QTest::addColumn<QString>("options");
    QTest::addColumn<QString>("mask");
    QTest::newRow("billm_hessian_gptq") << ":metric=hessian"
                                        << "billm_hessian_mask";
    QTest::newRow("billm_hessian_rtn") << ":metric=hessian:compensate=false"
                                       << "billm_hessian_mask";
    QTest::newRow("billm_magnitude_gptq") << ":metric=magnitude"
                                          << "billm_magnitude_mask";
    QTest::newRow("billm_magnitude_rtn") << ":metric=magnitude:compensate=false"
                                         << "billm_magnitude_mask";
  }
  void matchesThePublishedCode() {
    QFETCH(QString, options);
    QFETCH(QString, mask);
    const ActivationStats site = goldenSite();
    const MemorySource source(8, 128, goldenValues("W"));
    const Made quantizer = made(schemeOf(options.toStdString()), source, &site);
    const std::vector<float> expected = goldenValues(QTest::currentDataTag());
    const std::vector<float> expectedMask = goldenValues(mask.toStdString());
    const std::vector<float> actual = applied(quantizer, source);
    const BillmRows rows = quantizer.billm().explain(source.values());
    for (std::size_t i = 0; i < actual.size(); ++i) {
      // legend: 1 = dense, 2 = sparse, 3 = salient
      const BillmPart part = expectedMask[i] == 1   ? BillmPart::Dense
                             : expectedMask[i] == 2 ? BillmPart::Sparse
                                                    : BillmPart::Salient;
      QVERIFY2(rows.parts[i] == part, qPrintable(QString::number(i)));
      QVERIFY2(near(static_cast<double>(actual[i]), static_cast<double>(expected[i]), 1e-5, 1e-7),
               qPrintable(QString("%1: %2, expected %3").arg(i).arg(actual[i]).arg(expected[i])));
    }
    QVERIFY(sameBits(rows.quantized, actual));
    QCOMPARE(quantizer.row->fallbacks().size(), std::size_t(1));  // channel 40 is dead
    QCOMPARE(quantizer.row->fallbacks()[0].count, std::int64_t(1));
  }

  void rowsThreadsAndBatchesGiveTheSameBits() {
    const MemorySource source = gaussianSource(150, 300, 3, 6);
    std::mt19937 random(4);
    const ActivationStats site = siteOf(massiveChannelTokens(400, 300, random), 300);
    for (const char* options : {"", ":block_size=96", ":block_size=200", ":metric=magnitude", ":search=paper",
                                ":compensate=false"}) {
      const Made one = made(schemeOf(options), source, &site, 1);
      const std::vector<float> expected = applied(one, source);
      for (const int threads : {2, 3})
        QVERIFY(sameBits(applied(made(schemeOf(options), source, &site, threads), source), expected));
      std::vector<float> pieces(expected.size());
      std::size_t row = 0;
      for (const std::size_t count : {1ul, 7ul, 65ul, 2ul, 75ul}) {
        const std::span<const float> rows(source.values().data() + row * 300, count * 300);
        one.row->apply(static_cast<std::int64_t>(row), static_cast<std::int64_t>(count), rows,
                       std::span(pieces).subspan(row * 300, count * 300), {});
        row += count;
      }
      QCOMPARE(row, std::size_t(150));
      QVERIFY(sameBits(pieces, expected));
    }
  }

  /// make() walks the matrix with the same steps as apply(): the blocks fit the rows that come out.
  void compensationLowersTheOutputError() {
    const MemorySource source = gaussianSource(64, 256, 8);
    std::mt19937 random(9);
    const std::vector<float> x = ofRank(40, 500, 256, random);
    const ActivationStats site = siteOf(x, 256);
    const auto error = [&](const char* options) {
      const std::vector<float> q = applied(made(schemeOf(options), source, &site), source);
      double sum = 0;
      for (std::size_t t = 0; t < x.size(); t += 256)
        for (std::size_t row = 0; row < q.size(); row += 256) {
          double y = 0;
          for (std::size_t j = 0; j < 256; ++j)
            y += static_cast<double>(x[t + j]) * static_cast<double>(q[row + j] - source.values()[row + j]);
          sum += y * y;
        }
      return sum;
    };
    QVERIFY(error("") < 0.9 * error(":compensate=false"));
  }

  /// Err / U_jj * U by hand in double on two blocks.
  void compensationByHand() {
    const std::int64_t in = 8;
    const MemorySource source = gaussianSource(3, in, 5);
    std::mt19937 random(6);
    const ActivationStats site = siteOf(gaussianTokens(64, 8, random), 8);
    const Made quantizer = made(schemeOf(":block_size=4"), source, &site);
    const BillmRows rows = quantizer.billm().explain(source.values());
    const HessianFactor& hessian = *quantizer.billm().hessian();
    QCOMPARE(quantizer.billm().blocks().size(), std::size_t(2));
    for (std::size_t row = 0; row < 3; ++row) {
      for (std::int64_t k = 0; k < in; ++k) {
        const std::size_t at = row * 8 + static_cast<std::size_t>(k);
        double expected = static_cast<double>(source.values()[at]);
        for (std::int64_t j = 0; j < 4 && k >= 4; ++j) {
          const std::size_t from = row * 8 + static_cast<std::size_t>(j);
          const double e = static_cast<double>(source.values()[from] - rows.quantized[from]) /
                           static_cast<double>(hessian.upper.row(j)[0]);
          expected -= e * static_cast<double>(*hessian.upper.at(j, k));
        }
        QVERIFY(near(static_cast<double>(rows.before[at]), expected, 1e-5, 1e-7));
      }
    }
  }

  void bitsAreCounted() {
    std::vector<BillmBlock> blocks(2);
    blocks[0] = {0, 128, std::vector<std::int64_t>(10), {}, 0};
    blocks[1] = {128, 256, {}, {}, 0};
    const BillmBits bits = billmBits(blocks, 64, 256);
    QCOMPARE(bits.weights, 1 + 10.0 / 256);
    QCOMPARE(bits.division, 1 - 10.0 / 256);
    QCOMPARE(bits.columns, 1.0 / 64);
    QCOMPARE(bits.scales, 16.0 * 12 / 256);
    QCOMPARE(bits.honest(), 2 + 1.0 / 64 + 0.75);
    const MemorySource source = gaussianSource(64, 256, 1);
    const Made quantizer = made(schemeOf(kDataFree), source, nullptr);
    QCOMPARE(*quantizer.row->bitsPerWeight(), quantizer.billm().bits().honest());
    QCOMPARE(quantizer.billm().bits().honest(), 3 + 1.0 / 64);
  }

  void needsFollowTheOptions() {
    QVERIFY(quantizerNeeds(schemeOf()).activations);
    QVERIFY(quantizerNeeds(schemeOf(":metric=magnitude")).activations);
    QVERIFY(quantizerNeeds(schemeOf(":compensate=false")).activations);
    QVERIFY(quantizerNeeds(schemeOf(":metric=magnitude:compensate=false")).activations);
    const QuantizerNeeds least = quantizerNeeds(schemeOf(kDataFree));
    QVERIFY(!least.activations && least.matrix && !least.range);
    const MemorySource source = gaussianSource(4, 8, 1);
    QL_THROWS(made(schemeOf(), source, nullptr), "calibrate first");
    QL_THROWS(made(*parseSpec("binary:algorithm=billm,group=64").weight, source, nullptr), "block_size");
    QL_THROWS(made(*parseSpec("binary:algorithm=billm,asym").weight, source, nullptr), "asymmetric");
  }

  void oddShapes_data() {
    QTest::addColumn<int>("rows");
    QTest::addColumn<int>("columns");
    for (const auto& [rows, columns] :
         {std::pair{1, 1}, {1, 7}, {5, 1}, {1, 128}, {3, 129}, {65, 177}, {2, 178}, {130, 50}})
      QTest::addRow("%dx%d", rows, columns) << rows << columns;
  }
  void oddShapes() {
    QFETCH(int, rows);
    QFETCH(int, columns);
    const MemorySource source = gaussianSource(rows, columns, 7);
    std::mt19937 random(2);
    const auto in = static_cast<std::size_t>(columns);
    const ActivationStats site = siteOf(gaussianTokens(2 * in + 3, in, random), in);
    for (const char* options :
         {"", ":search=paper", ":metric=magnitude", ":block_size=1", ":block_size=50"}) {
      const Made quantizer = made(schemeOf(options), source, &site);
      for (const float q : applied(quantizer, source)) QVERIFY(std::isfinite(q));
      const bool isExact = columns == 1 || std::string(options) == ":block_size=1";
      if (isExact && columns == 1) QVERIFY(applied(quantizer, source) == source.values());
      for (const BillmBlock& block : quantizer.billm().blocks())
        QVERIFY(static_cast<std::int64_t>(block.salient.size()) <
                std::max<std::int64_t>(2, block.end - block.begin));
    }
  }

  void specialValuesStay() {
    constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
    constexpr float kInf = std::numeric_limits<float>::infinity();
    std::mt19937 random(2);
    std::vector<float> x = gaussianTokens(300, 150, random);
    for (std::size_t t = 0; t < 300; ++t) x[t * 150 + 20] = 0;
    const ActivationStats site = siteOf(x, 150);
    MemorySource source = gaussianSource(70, 150, 3);
    std::vector<float>& w = source.values();
    w[3] = kNan;
    w[150 + 140] = kInf;
    w[2 * 150 + 20] = -kInf;  // in the dead channel
    w[5 * 150 + 7] = 3e38f;
    w[6 * 150 + 8] = 1e-42f;
    std::fill_n(w.begin() + 9 * 150, 150, 0.0f);   // a row of zeros
    std::fill_n(w.begin() + 10 * 150, 150, 0.3f);  // a constant row
    std::fill_n(w.begin() + 11 * 150, 150, kNan);
    for (const char* options : {"", ":metric=magnitude", ":compensate=false", ":search=paper",
                                ":metric=magnitude:compensate=false"}) {
      const Made quantizer = made(schemeOf(options), source, &site);
      std::vector<float> q(w.size());
      std::vector<std::uint8_t> isZero(w.size());
      quantizer.row->apply(0, 70, w, q, isZero);
      for (std::size_t i = 0; i < w.size(); ++i) {
        QVERIFY(std::isfinite(w[i]) == std::isfinite(q[i]));
        if (!std::isfinite(w[i])) QVERIFY(std::memcmp(&w[i], &q[i], sizeof(float)) == 0);
        QCOMPARE(isZero[i] != 0, q[i] == 0);
      }
      for (std::size_t j = 0; j < 150; ++j) QVERIFY(q[9 * 150 + j] == 0);
      for (std::size_t j = 0; j < 128; ++j)
        if (j != 20) QVERIFY(std::abs(q[10 * 150 + j] - 0.3f) < 0.3f);
      const auto& parts = quantizer.billm().explain(w).parts;
      QVERIFY(parts[3] == BillmPart::None && parts[150 + 140] == BillmPart::None);
    }
    // without its neighbours' trouble a NaN changes nothing but its own place: it takes no part
    MemorySource plain = gaussianSource(4, 60, 3), holed = gaussianSource(4, 60, 3);
    plain.values().resize(4 * 60);
    for (std::size_t j = 0; j < 60; ++j) holed.values()[2 * 60 + j] = kNan;
    const Made a = made(schemeOf(kDataFree), holed, nullptr);
    std::vector<float> three(plain.values().begin(), plain.values().begin() + 120);
    three.insert(three.end(), plain.values().begin() + 180, plain.values().end());
    const MemorySource rest(3, 60, three);
    const Made b = made(schemeOf(kDataFree), rest, nullptr);
    QCOMPARE(a.billm().blocks()[0].breakPoint, b.billm().blocks()[0].breakPoint);
    QVERIFY(a.billm().blocks()[0].salient == b.billm().blocks()[0].salient);
  }

  void fallbacksAreCounted() {
    std::mt19937 random(2);
    std::vector<float> x = gaussianTokens(300, 60, random);
    for (std::size_t t = 0; t < 300; ++t) x[t * 60 + 20] = x[t * 60 + 31] = 0;
    ActivationStats site = siteOf(x, 60);
    const MemorySource source = gaussianSource(8, 60, 3);
    for (const char* options : {"", ":metric=magnitude:compensate=false"}) {
      const auto fallbacks = made(schemeOf(options), source, &site).row->fallbacks();
      QCOMPARE(fallbacks.size(), std::size_t(1));
      QCOMPARE(fallbacks[0].count, std::int64_t(2));
    }
    QVERIFY(made(schemeOf(":clear_dead=false"), source, &site).row->fallbacks().empty());
    // an imatrix: saliences from the diagonal, and nothing to pass on
    site.secondMoment = nullptr;
    site.sample = {};
    site.sample.width = 60;
    const Made diagonal = made(schemeOf(), source, &site);
    QVERIFY(diagonal.row->fallbacks()[0].reason.find("passed on") != std::string::npos);
    QVERIFY(applied(diagonal, source) == applied(made(schemeOf(":compensate=false"), source, &site), source));
  }

  void stopsWhenCancelled() {
    const MemorySource source = gaussianSource(512, 512, 1);
    JobContext job(2);
    job.cancel();
    QuantizerInput input;
    input.out = input.in = 512;
    input.source = &source;
    input.matrix = source.ref;
    input.job = &job;
    QVERIFY_EXCEPTION_THROWN(makeRowQuantizer(schemeOf(kDataFree), input), Cancelled);
  }
};

QTEST_APPLESS_MAIN(TestBillm)
#include "tst_billm.moc"
