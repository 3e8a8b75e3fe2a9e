// The fewest layers against a search over all assignments, and AdaDim's candidates and verdicts.
#include "core/base/error.h"
#include "core/evaluate/adadim.h"
#include "core/evaluate/fewest_layers.h"
#include "core/evaluate/output_error.h"
#include "core/quant/quantizer.h"
#include "tests/core/evaluate/memory_source.h"
#include "tests/core/evaluate/site_data.h"
#include "tests/support/compare.h"

#include <QTest>

#include <array>
#include <cmath>
#include <random>

using namespace ql;
using namespace ql::test;

namespace {

FewestLayer layer(double figure, std::vector<double> candidates,
                  std::optional<std::size_t> fused = std::nullopt, bool isFixed = false) {
  FewestLayer made{fused, figure, isFixed, {}};
  for (const double candidate : candidates) made.candidates.push_back({Choice(), candidate});
  return made;
}

/// Over the target, layers changed, and cost of an assignment: one candidate (or none) for each fused group.
using Score = std::array<std::size_t, 3>;

/// The best over all assignments, by counting.
Score bestScore(const std::vector<FewestLayer>& layers, std::size_t groups, std::size_t candidates,
                double target) {
  std::size_t combinations = 1;
  for (std::size_t g = 0; g < groups; ++g) combinations *= candidates + 1;
  Score best{layers.size() + 1, 0, 0};
  for (std::size_t combination = 0; combination < combinations; ++combination) {
    Score score{0, 0, 0};
    for (const FewestLayer& l : layers) {
      std::size_t digits = combination;
      for (std::size_t g = 0; g < *l.fusedGroup; ++g) digits /= candidates + 1;
      const std::size_t taken = digits % (candidates + 1);
      const double figure = taken == 0 ? *l.figure : *l.candidates[taken - 1].figure;
      score[0] += figure > target ? 1 : 0;
      score[1] += taken > 0 ? 1 : 0;
      score[2] += taken;
    }
    best = std::min(best, score);
  }
  return best;
}

}  // namespace

class TestFewestLayers : public QObject {
  Q_OBJECT
 private slots:
  /// Fewest over the target first, then fewest changed, then cheapest: no assignment does better.
  void noAssignmentIsBetter() {
    std::mt19937 random(5);
    std::uniform_real_distribution<double> error(0, 0.04);
    int changes = 0;
    for (int round = 0; round < 300; ++round) {
      constexpr std::size_t kGroups = 4, kCandidates = 3;
      std::vector<FewestLayer> layers;
      for (std::size_t i = 0; i < 7; ++i)
        layers.push_back(layer(error(random), {error(random), error(random), error(random)}, i % kGroups));
      const std::vector<FewestDecision> made = fewestLayers(layers, 0.02);
      Score score{0, 0, 0};
      for (std::size_t i = 0; i < layers.size(); ++i) {
        const auto& taken = made[i].candidate;
        const double figure = taken ? *layers[i].candidates[*taken].figure : *layers[i].figure;
        score[0] += figure > 0.02 ? 1 : 0;
        score[1] += taken ? 1 : 0;
        score[2] += taken ? *taken + 1 : 0;
        QCOMPARE(made[i].outcome == FewestOutcome::OutOfReach, figure > 0.02);
        for (std::size_t k = 0; k < layers.size(); ++k)
          if (layers[k].fusedGroup == layers[i].fusedGroup) QCOMPARE(made[k].candidate, taken);
      }
      QCOMPARE(score, bestScore(layers, kGroups, kCandidates, 0.02));
      changes += score[1] > 0 ? 1 : 0;
    }
    QVERIFY(changes > 100);
  }

  void outcomesAreToldApart() {
    using O = FewestOutcome;
    const std::vector<FewestLayer> layers{layer(0.01, {0.005, 0.004}, 0),       // q: under, goes with k
                                          layer(0.05, {0.03, 0.019}, 0),        // k
                                          layer(0.02, {0.01, 0.01}),            // exactly at the target
                                          layer(0.5, {0.3, 0.25}),              // hopeless
                                          layer(0.05, {0.01, 0.01}, 1, true),   // locked
                                          layer(0.06, {0.01, 0.01}, 1),         // its sibling
                                          layer(0.015, {0.01, 0.01}, 2, true),  // locked and fine
                                          FewestLayer{std::nullopt, std::nullopt, false, {}}};
    const std::vector<FewestDecision> expected{
        {O::WithSibling, 1}, {O::Changed, 1}, {O::UnderTarget, {}}, {O::OutOfReach, {}},
        {O::Locked, {}},     {O::Locked, {}}, {O::UnderTarget, {}}, {O::NotMeasured, {}}};
    QVERIFY(fewestLayers(layers, 0.02) == expected);
    QVERIFY(fewestLayers({}, 0.02).empty());
  }

  void aSiblingThatWouldLoseIsNoGain() {
    // the first candidate helps one and hurts the other: the second is taken although it costs more
    const std::vector<FewestLayer> layers{layer(0.01, {0.03, 0.01}, 0), layer(0.05, {0.01, 0.01}, 0)};
    QCOMPARE(fewestLayers(layers, 0.02)[0].candidate, std::optional<std::size_t>(1));
  }

  void candidatesAreCheapestFirst() {
    const std::vector<std::int64_t> sizes{16, 128, 64, 64, 96, 0};
    std::vector<std::string> specs;
    for (const Choice& c : fewestCandidates(parseSpec("w8a8"), 256, sizes)) specs.push_back(specText(c));
    const std::vector<std::string> expected{"w8a8:group=128",
                                            "w8a8:group=64",
                                            "w8a8:group=16",
                                            "w8a8:group=128,act=group:128",
                                            "w8a8:group=64,act=group:64",
                                            "w8a8:group=16,act=group:16"};
    QCOMPARE(specs, expected);
    QCOMPARE(fewestCandidates(parseSpec("w8a8:static,act=tensor"), 256, sizes).size(), std::size_t(3));
    QCOMPARE(fewestCandidates(parseSpec("int8:group=64"), 256, sizes).size(), std::size_t(1));
    QVERIFY(fewestCandidates(parseSpec("int8"), 16, sizes).empty());
    QVERIFY(fewestCandidates(parseSpec("bf16"), 256, sizes).empty());
  }

  void dimensionsArePairs() {
    const auto specs = [](const char* spec) {
      const AdaDimCandidates pair = adaDimCandidates(parseSpec(spec));
      return specText(pair.oc) + " | " + specText(pair.ic);
    };
    QCOMPARE(specs("int4"), std::string("w4a16 | w4a16:input_channel"));
    QCOMPARE(specs("int3:group_in_channel=64,asym"),
             std::string("w3a16:group=64,asym | w3a16:group_in_channel=64,asym"));
    QCOMPARE(specs("fp4_e2m1:group=32"), std::string("fp4_e2m1:group=32 | fp4_e2m1:group_in_channel=32"));
    QL_THROWS(adaDimCandidates(parseSpec("int8:tensor")), "no dimension");
    QL_THROWS(adaDimCandidates(parseSpec("bf16")), "as stored");
    QVERIFY(!adaDimVerdict(0.2, 0.2).isInput && adaDimVerdict(0.2, 0.1).isInput);
    QCOMPARE(*adaDimVerdict(0.2, 0.1).ratio, 0.5);
    QVERIFY(!adaDimVerdict(0.0, 0.1).ratio && !adaDimVerdict({}, 0.1).isMeasured());
  }

  void ownOutputsAreThoseOfAProduct_data() {
    QTest::addColumn<QString>("spec");
    for (const char* spec : {"int3:asym,flavour=awq,group=10", "int4", "fp4_e2m1:group=10"})
      QTest::newRow(spec) << spec;
  }
  /// One input channel is massive: scales by input channel confine its error. Both errors in double.
  void ownOutputsAreThoseOfAProduct() {
    QFETCH(QString, spec);
    const MemorySource source = gaussianSource(20, 40, 13);
    std::mt19937 random(4);
    const std::vector<float> x = massiveChannelTokens(64, 40, random);
    const ActivationStats site = siteOf(x, 40);
    const AdaDimCandidates pair = adaDimCandidates(parseSpec(spec.toStdString()));
    const std::vector<Choice> choices{pair.oc, pair.ic};
    JobContext job(2);
    ErrorInput input;
    input.matrix = source.ref;
    const auto outputs = measureOutputErrors(source, input, choices, nullptr, site, 0, job);
    double slow[2];
    for (int side = 0; side < 2; ++side) {
      const WeightScheme& scheme = *choices[static_cast<std::size_t>(side)].weight;
      const QuantizedMatrix q = quantizerFor(scheme).quantize(scheme, 20, 40, source.values());
      double error = 0, energy = 0;
      for (std::size_t t = 0; t < 64; ++t)
        for (std::size_t r = 0; r < 20; ++r) {
          double plain = 0, changed = 0;
          for (std::size_t j = 0; j < 40; ++j) {
            plain += static_cast<double>(x[t * 40 + j]) * static_cast<double>(source.values()[r * 40 + j]);
            changed += static_cast<double>(x[t * 40 + j]) * static_cast<double>(q.dequantized[r * 40 + j]);
          }
          energy += plain * plain;
          error += (changed - plain) * (changed - plain);
        }
      slow[side] = std::sqrt(error / energy);
      QL_NEAR(*outputs[static_cast<std::size_t>(side)].w, slow[side], 1e-4);
    }
    const AdaDimResult result = adaDimVerdict(outputs[0].w, outputs[1].w);
    QCOMPARE(result.isInput, slow[1] < slow[0]);
  }
};

QTEST_APPLESS_MAIN(TestFewestLayers)
#include "tst_fewest_layers.moc"
