// Rotary embedding: frequencies of every scaling, worked by hand or in double, and the rotation itself.
#include "core/base/error.h"
#include "core/calib/forward_config.h"
#include "core/calib/rope.h"
#include "tests/support/compare.h"

#include <QTest>
#include <nlohmann/json.hpp>

#include <cmath>
#include <numbers>
#include <numeric>

using namespace ql;

namespace {

using Kind = RopeSpec::Kind;
using Json = nlohmann::json;

constexpr double kPi = std::numbers::pi;

RopeSpec specOf(Kind kind, std::int64_t dimensions, double theta = 10000) {
  RopeSpec spec;
  spec.kind = kind;
  spec.dimensions = dimensions;
  spec.theta = theta;
  return spec;
}

RopeSpec readText(const char* text, std::int64_t headDim = 8, std::int64_t context = 4096) {
  const Json json = Json::parse(text);
  return readRope(ForwardConfig(json), headDim, context);
}

/// Values that differ in every place.
std::vector<float> ramp(std::size_t count) {
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i)
    values[i] = static_cast<float>(std::sin(static_cast<double>(3 * i + 1)));
  return values;
}

double dot(const float* a, const float* b, std::size_t n) {
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

}  // namespace

class TstRope : public QObject {
  Q_OBJECT
 private slots:
  void defaultFrequencies();
  void linearDividesThem();
  void llama3KeepsHighAndStretchesLow();
  void dynamicChangesTheBaseBeyondTheContext();
  void longRopeSwitchesAtTheOriginalContext();
  void yarnMixesBetweenTwoDimensions();
  void rotationTurnsPairsOfHalves();
  void positionsCountWithinAWindow();
  void productDependsOnTheDistanceOnly();
  void restOfAHeadPasses();
  void attentionFactorScales();
  void windowsHaveTheTableOfTheirLength();
  void bothSpellingsAreRead();
  void longRopeOfPhi3IsRead();
  void yarnFactorsAreRead();
  void unknownKindsAreRefused_data();
  void unknownKindsAreRefused();
};

void TstRope::defaultFrequencies() {
  const auto f = inverseFrequencies(specOf(Kind::Default, 4), 100);  // 10000^0, 10000^(-2/4)
  QCOMPARE(f.size(), std::size_t{2});
  QCOMPARE(f[0], 1.0f);
  QL_NEAR(f[1], 0.01, 1e-7);
  const auto wide = inverseFrequencies(specOf(Kind::Default, 128, 5e5), 100);
  for (std::size_t i = 0; i < wide.size(); ++i)
    QL_NEAR(wide[i], std::pow(5e5, -2.0 * static_cast<double>(i) / 128), 1e-6);
}

void TstRope::linearDividesThem() {
  RopeSpec spec = specOf(Kind::Linear, 4);
  spec.factor = 8;
  const auto f = inverseFrequencies(spec, 100);
  QCOMPARE(f[0], 0.125f);
  QL_NEAR(f[1], 0.00125, 1e-6);
}

void TstRope::llama3KeepsHighAndStretchesLow() {
  RopeSpec spec = specOf(Kind::Llama3, 128, 5e5);  // Llama 3.1
  spec.factor = 8, spec.lowFrequencyFactor = 1, spec.highFrequencyFactor = 4, spec.originalContext = 8192;
  const auto f = inverseFrequencies(spec, 100);
  int kept = 0, mixed = 0, stretched = 0;
  for (std::size_t i = 0; i < f.size(); ++i) {
    const double plain = std::pow(5e5, -2.0 * static_cast<double>(i) / 128), wave = 2 * kPi / plain;
    double expected = plain;
    if (wave > 8192) {
      expected = plain / 8, ++stretched;
    } else if (wave > 2048) {
      const double s = (8192 / wave - 1) / 3;
      expected = (1 - s) * plain / 8 + s * plain, ++mixed;
    } else {
      ++kept;
    }
    QL_NEAR(f[i], expected, 2e-6);
  }
  // wave = 2 pi 5e5^(i / 64): below 2048 up to i = 28, below 8192 up to i = 34
  QCOMPARE(kept, 29);
  QCOMPARE(mixed, 6);
  QCOMPARE(stretched, 29);
}

void TstRope::dynamicChangesTheBaseBeyondTheContext() {
  RopeSpec spec = specOf(Kind::Dynamic, 8);
  spec.factor = 2, spec.originalContext = 64;
  const auto plain = inverseFrequencies(specOf(Kind::Default, 8), 64);
  QVERIFY(inverseFrequencies(spec, 64) == plain);
  QVERIFY(inverseFrequencies(spec, 3) == plain);
  const double base = 10000 * std::pow(2.0 * 128 / 64 - 1, 8.0 / 6);
  const auto f = inverseFrequencies(spec, 128);
  for (std::size_t i = 0; i < f.size(); ++i)
    QL_NEAR(f[i], std::pow(base, -2.0 * static_cast<double>(i) / 8), 1e-6);
}

void TstRope::longRopeSwitchesAtTheOriginalContext() {
  RopeSpec spec = specOf(Kind::LongRope, 4);
  spec.originalContext = 10;
  spec.shortFactor = {1, 2}, spec.longFactor = {4, 5};
  const auto shortOne = inverseFrequencies(spec, 10), longOne = inverseFrequencies(spec, 11);
  QL_NEAR(shortOne[0], 1.0, 1e-7);
  QL_NEAR(shortOne[1], 0.005, 1e-6);
  QL_NEAR(longOne[0], 0.25, 1e-7);
  QL_NEAR(longOne[1], 0.002, 1e-6);
}

void TstRope::yarnMixesBetweenTwoDimensions() {
  RopeSpec spec = specOf(Kind::Yarn, 128);
  spec.factor = 4, spec.originalContext = 32768;
  const auto f = inverseFrequencies(spec, 100);
  // floor and ceil of 128 ln(32768 / (turns 2 pi)) / (2 ln 10000) for 32 and 1 turns
  const double low = 35, high = 60;
  QCOMPARE(low, std::floor(128 * std::log(32768 / (64 * kPi)) / (2 * std::log(10000.0))));
  QCOMPARE(high, std::ceil(128 * std::log(32768 / (2 * kPi)) / (2 * std::log(10000.0))));
  for (std::size_t i = 0; i < f.size(); ++i) {
    const double plain = std::pow(10000.0, -2.0 * static_cast<double>(i) / 128);
    const double ramp = std::clamp((static_cast<double>(i) - low) / (high - low), 0.0, 1.0);
    QL_NEAR(f[i], plain * (1 - ramp) + plain / 4 * ramp, 1e-6);
  }
}

void TstRope::rotationTurnsPairsOfHalves() {
  JobContext job;
  const RopeSpec spec = specOf(Kind::Default, 4);
  const std::vector<std::int64_t> lengths = {3}, begins = {0, 3};
  std::vector<float> x(3 * 4, 0.0f);
  x[2 * 4 + 0] = 1, x[2 * 4 + 3] = 1;  // position 2: pair (0, 2) is (1, 0), pair (1, 3) is (0, 1)
  applyRope(RopeTables(spec, lengths, job), begins, 1, 4, x.data(), job);
  QL_NEAR(x[8], std::cos(2.0), 1e-6);
  QL_NEAR(x[10], std::sin(2.0), 1e-6);
  QL_NEAR(x[9], -std::sin(0.02), 1e-6);
  QL_NEAR(x[11], std::cos(0.02), 1e-6);
}

void TstRope::positionsCountWithinAWindow() {
  JobContext job;
  const RopeSpec spec = specOf(Kind::Default, 8);
  const std::vector<float> row = ramp(8);
  std::vector<float> x;
  for (int i = 0; i < 7; ++i) x.insert(x.end(), row.begin(), row.end());
  const std::vector<std::int64_t> lengths = {4, 3}, begins = {0, 4, 7};
  applyRope(RopeTables(spec, lengths, job), begins, 1, 8, x.data(), job);
  QVERIFY(std::equal(x.begin(), x.begin() + 8, row.begin()));  // position 0 stays
  QVERIFY(std::equal(x.begin() + 4 * 8, x.end(), x.begin()));  // the second window begins anew
  QVERIFY(!std::equal(x.begin() + 8, x.begin() + 16, row.begin()));
}

void TstRope::productDependsOnTheDistanceOnly() {
  JobContext job;
  const RopeSpec spec = specOf(Kind::Default, 32);
  const std::vector<float> q = ramp(32), k(q.rbegin(), q.rend());
  const std::int64_t length = 60;
  std::vector<float> queries, keys;
  for (std::int64_t i = 0; i < length; ++i) {
    queries.insert(queries.end(), q.begin(), q.end());
    keys.insert(keys.end(), k.begin(), k.end());
  }
  const std::vector<std::int64_t> lengths = {length}, begins = {0, length};
  const RopeTables tables(spec, lengths, job);
  applyRope(tables, begins, 1, 32, queries.data(), job);
  applyRope(tables, begins, 1, 32, keys.data(), job);
  for (std::size_t distance : {0u, 1u, 7u}) {
    const double first = dot(queries.data() + distance * 32, keys.data(), 32);
    for (std::size_t at = 1; at + distance < 60; ++at)
      QVERIFY(std::abs(dot(queries.data() + (at + distance) * 32, keys.data() + at * 32, 32) - first) < 3e-5);
  }
}

void TstRope::restOfAHeadPasses() {
  JobContext job;
  const RopeSpec spec = specOf(Kind::Default, 6);
  const std::vector<float> before = ramp(2 * 2 * 10);
  std::vector<float> x = before;
  const std::vector<std::int64_t> lengths = {2}, begins = {0, 2};
  applyRope(RopeTables(spec, lengths, job), begins, 2, 10, x.data(), job);
  for (std::size_t i = 20; i < 40; ++i) {
    const bool isTurned = (i % 10) < 6;
    QCOMPARE(x[i] != before[i], isTurned);
  }
}

void TstRope::attentionFactorScales() {
  JobContext job;
  RopeSpec spec = specOf(Kind::Default, 4);
  spec.attentionFactor = 1.5;
  std::vector<float> x = {1, 2, 3, 4};
  const std::vector<std::int64_t> lengths = {1}, begins = {0, 1};
  applyRope(RopeTables(spec, lengths, job), begins, 1, 4, x.data(), job);
  QVERIFY(x == (std::vector<float>{1.5f, 3, 4.5f, 6}));
}

void TstRope::windowsHaveTheTableOfTheirLength() {
  JobContext job;
  RopeSpec spec = specOf(Kind::LongRope, 4);
  spec.originalContext = 3;
  spec.shortFactor = {1, 1}, spec.longFactor = {2, 2};
  const std::vector<std::int64_t> lengths = {3, 4}, begins = {0, 3, 7};
  std::vector<float> x(7 * 4, 0.0f);
  x[4] = 1, x[4 * 4] = 1;  // position 1 of each window
  applyRope(RopeTables(spec, lengths, job), begins, 1, 4, x.data(), job);
  QL_NEAR(x[4], std::cos(1.0), 1e-6);
  QL_NEAR(x[16], std::cos(0.5), 1e-6);
}

void TstRope::bothSpellingsAreRead() {
  const RopeSpec old = readText(
      R"({"rope_theta": 500000.0, "rope_scaling": {"type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
          "high_freq_factor": 4.0, "original_max_position_embeddings": 8192}})");
  const RopeSpec current = readText(
      R"({"rope_parameters": {"rope_theta": 500000.0, "rope_type": "llama3", "factor": 8.0,
          "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8192}})");
  for (const RopeSpec& spec : {old, current}) {
    QVERIFY(spec.kind == Kind::Llama3);
    QCOMPARE(spec.theta, 500000.0);
    QCOMPARE(spec.factor, 8.0);
    QCOMPARE(spec.originalContext, 8192);
    QCOMPARE(spec.dimensions, 8);
  }
  QVERIFY(readText(R"({"rope_scaling": null})").kind == Kind::Default);
  QCOMPARE(readText(R"({"partial_rotary_factor": 0.75})").dimensions, 6);
  QCOMPARE(
      readText(R"({"rope_parameters": {"rope_type": "default", "partial_rotary_factor": 0.5}})").dimensions,
      4);
  QCOMPARE(readText(R"({"rope_scaling": {"type": "dynamic", "factor": 2}})").originalContext, 4096);
}

void TstRope::longRopeOfPhi3IsRead() {
  const RopeSpec spec = readText(
      R"({"original_max_position_embeddings": 4096, "rope_scaling": {"type": "longrope",
          "short_factor": [1, 1, 2, 2], "long_factor": [3, 4, 5, 6]}})",
      8, 131072);
  QVERIFY(spec.kind == Kind::LongRope);
  QCOMPARE(spec.originalContext, 4096);
  QL_NEAR(spec.attentionFactor, std::sqrt(1 + std::log(32.0) / std::log(4096.0)), 1e-12);
  QVERIFY(spec.longFactor == (std::vector<double>{3, 4, 5, 6}));
}

void TstRope::yarnFactorsAreRead() {
  const RopeSpec spec = readText(
      R"({"rope_scaling": {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32768}})");
  QVERIFY(spec.kind == Kind::Yarn);
  QL_NEAR(spec.attentionFactor, 0.1 * std::log(4.0) + 1, 1e-12);
  const RopeSpec equal =
      readText(R"({"rope_scaling": {"type": "yarn", "factor": 40, "mscale": 0.7, "mscale_all_dim": 0.7}})");
  QCOMPARE(equal.attentionFactor, 1.0);
}

void TstRope::unknownKindsAreRefused_data() {
  QTest::addColumn<QString>("config");
  QTest::addColumn<QString>("part");
  QTest::newRow("kind") << R"({"rope_scaling": {"rope_type": "spiral", "factor": 2}})"
                        << "'rope_scaling.rope_type' = \"spiral\"";
  QTest::newRow("old key") << R"({"rope_scaling": {"type": "ntk"}})"
                           << "'rope_scaling.type' = \"ntk\"";
  QTest::newRow("no factor") << R"({"rope_scaling": {"type": "linear"}})"
                             << "'rope_scaling.factor' is missing";
  QTest::newRow("factor") << R"({"rope_scaling": {"type": "linear", "factor": 0}})"
                          << "'rope_scaling.factor' is 0 where";
  QTest::newRow("no object") << R"({"rope_scaling": "linear"})"
                             << "'rope_scaling' is \"linear\"";
  QTest::newRow("short list")
      << R"({"rope_scaling": {"type": "longrope", "short_factor": [1], "long_factor": [1]}})"
      << "a list of 4 positive numbers";
  QTest::newRow("theta") << R"({"rope_theta": 1.0})"
                         << "'rope_theta'";
  QTest::newRow("odd") << R"({"partial_rotary_factor": 0.4})"
                       << "leave 3 channels";
  QTest::newRow("two kinds") << R"({"rope_parameters": {"full_attention": {}, "sliding_attention": {}}})"
                             << "each kind of layer";
  QTest::newRow("bounds") << R"({"rope_scaling": {"type": "llama3", "factor": 8, "low_freq_factor": 4,
      "high_freq_factor": 1, "original_max_position_embeddings": 8192}})"
                          << "a number above low_freq_factor";
}

void TstRope::unknownKindsAreRefused() {
  QFETCH(const QString, config);
  QFETCH(const QString, part);
  QL_THROWS(readText(config.toUtf8().constData()), part.toStdString());
}

QTEST_GUILESS_MAIN(TstRope)
#include "tst_rope.moc"
