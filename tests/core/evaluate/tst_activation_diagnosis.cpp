// Diagnosis with activations at hand: outlier channels of the input by their effect, and remedies with
// measured output errors, smoothing among them.
#include "core/base/error.h"
#include "core/evaluate/diagnosis.h"
#include "core/evaluate/smoothed_error.h"
#include "core/quant/quantizer.h"
#include "core/smooth/smoothing.h"
#include "tests/core/evaluate/memory_source.h"
#include "tests/core/evaluate/site_data.h"
#include "tests/support/compare.h"

#include <QTest>

#include <cmath>

using namespace ql;
using namespace ql::test;

namespace {

constexpr std::size_t kIn = 128, kTokens = 96;

/// A linear, its input and everything diagnose() wants to know of them.
struct Bench {
  MemorySource source;
  std::vector<float> x;
  ActivationStats site;
  Linear linear;
  std::vector<float> gain;
  DiagnosisOptions options;

  Bench(float weightOutlier, float activationOutlier) : source(gaussianSource(96, kIn, 5, 1)) {
    std::mt19937 random(8);
    x = gaussianTokens(kTokens, kIn, random);
    gain.assign(kIn, 1.0f);
    for (const std::size_t channel : {18u, 26u, 30u}) {
      gain[channel] = activationOutlier;
      for (std::size_t t = 0; t < kTokens; ++t) x[t * kIn + channel] *= activationOutlier / weightOutlier;
      for (std::size_t r = 0; r < 96; ++r)
        source.values()[r * kIn + channel] *= weightOutlier / activationOutlier;
    }
    site = siteOf(x, kIn);
    linear.name = "model.layers.0.self_attn.q_proj";
    linear.matrix = source.ref;
    options.choice = parseSpec("w8a8");
  }

  StoredError measured(const Choice& choice, bool hasActivations) {
    JobContext job(1);
    ErrorInput input;
    input.matrix = source.ref;
    input.gain = gain;
    LayerError error = measureErrors(source, input, std::span(&choice, 1), nullptr, job).front();
    if (!hasActivations) return {choice, error};
    const OutputError output =
        measureOutputErrors(source, input, std::span(&choice, 1), nullptr, site, 0, job).front();
    error.outputRelW = output.w;
    error.outputRelA = output.a;
    error.outputRelWa = output.wa;
    return {choice, error};
  }

  std::vector<Finding> findings(bool hasActivations, const std::vector<SmoothedError>& smoothed = {}) {
    JobContext job(1);
    const WeightStats stats = measureWeights(source, source.ref, {}, job);
    std::vector<StoredError> candidates;
    std::vector<Choice> choices = remedyCandidates(options.choice, kIn);
    for (Choice& choice : activationRemedyCandidates(options.choice, kIn)) choices.push_back(choice);
    for (const Choice& choice : choices) candidates.push_back(measured(choice, hasActivations));
    return diagnose(linear, stats, measured(options.choice, hasActivations).error, candidates, gain,
                    hasActivations ? &site : nullptr, smoothed, options);
  }

  std::vector<float> smoothQuant() const {
    SmoothingInput input;
    input.actAbsmax = site.all.absmax;
    input.weightAbsmax.assign(kIn, 0);
    for (std::size_t i = 0; i < source.values().size(); ++i)
      input.weightAbsmax[i % kIn] = std::max(input.weightAbsmax[i % kIn], std::abs(source.values()[i]));
    return smoothingFactors(input, {}).s;
  }
};

template <class T>
T valueOf(const Finding& finding, const char* key) {
  return std::get<T>(finding.values.at(key));
}

}  // namespace

class TestActivationDiagnosis : public QObject {
  Q_OBJECT

 private slots:
  void healthyLinearsAreNotFlagged() {
    QVERIFY(Bench(1, 1).findings(true).empty());
    QVERIFY(Bench(1, 1).findings(false).empty());
    // some spread between channels is ordinary
    QVERIFY(Bench(1, 3).findings(true).empty());
  }

  void activationOutliersAreMeasured() {
    Bench bench(1, 100);
    const std::vector<Finding> findings = bench.findings(true);
    QCOMPARE(findings.size(), std::size_t{1});
    const Finding& finding = findings.front();
    QCOMPARE(finding.code, std::string("activation_outliers"));
    QCOMPARE(valueOf<std::vector<std::int64_t>>(finding, "channels"),
             (std::vector<std::int64_t>{18, 26, 30}));
    QVERIFY(valueOf<double>(finding, "act_channel_peak_ratio") > 50);
    QVERIFY(valueOf<double>(finding, "output_rel_a") > 0.02);
    // their columns of W are small and rounded coarsely, but that is no finding of its own
    QVERIFY(valueOf<double>(finding, "output_rel_w") > 0.02);
    QCOMPARE(valueOf<std::int64_t>(finding, "tokens"), std::int64_t{kTokens});
    QCOMPARE(finding.severity, valueOf<double>(finding, "output_rel_wa"));
    // groups of weights alone do nothing about it; groups of both sides do
    QVERIFY(!finding.remedies.empty());
    for (const Remedy& remedy : finding.remedies) {
      QCOMPARE(remedy.figure, std::string("output_rel_wa"));
      QVERIFY(remedy.after < 0.9 * remedy.before);
      QVERIFY(remedy.choice.activation->granularity == Granularity::Group);
    }
  }

  void withoutActivationsTheGainsAnnounceThem() {
    Bench bench(1, 100);
    const std::vector<Finding> findings = bench.findings(false);
    QCOMPARE(findings.size(), std::size_t{1});
    QCOMPARE(findings.front().code, std::string("norm_gain_outliers"));
    QCOMPARE(findings.front().remedies.empty() ? "norm_weighted_rel" : findings.front().remedies[0].figure,
             std::string("norm_weighted_rel"));
  }

  void weightOutliersRestOnOutputErrors() {
    Bench bench(300, 1);
    const std::vector<Finding> findings = bench.findings(true);
    QCOMPARE(findings.size(), std::size_t{1});
    QCOMPARE(findings.front().code, std::string("weight_outlier_columns"));
    QCOMPARE(findings.front().severity, valueOf<double>(findings.front(), "output_rel_wa"));
    QVERIFY(findings.front().severity > 0.1);
    QCOMPARE(findings.front().remedies.front().figure, std::string("output_rel_wa"));
  }

  void weightOnlySchemesRestOnTheWeights() {
    Bench bench(1, 100);
    bench.options.choice = parseSpec("w8a16");
    for (const Finding& finding : bench.findings(true)) QVERIFY(finding.code != "activation_outliers");
    QVERIFY(activationRemedyCandidates(bench.options.choice, kIn).empty());
  }

  /// Smoothing undoes the planting and is the best remedy; its figure is that of the folded model.
  void smoothingIsARemedy() {
    Bench bench(1, 100);
    const std::vector<float> s = bench.smoothQuant();
    ErrorInput input;
    input.matrix = bench.source.ref;
    JobContext job(1);
    const auto choices = std::span<const Choice>(&bench.options.choice, 1);
    SmoothedError smoothed;
    smoothed.output = smoothedOutputErrors(bench.source, input, choices, s, bench.site, job).front();
    QCOMPARE(job.done(), smoothedOutputUnits(input, choices, bench.site));
    const Finding finding = bench.findings(true, {smoothed}).front();
    QVERIFY(finding.remedies.front().smoothing == SmoothingRemedy{});
    QVERIFY(finding.remedies.front().choice == bench.options.choice);
    QCOMPARE(finding.values.at("recommended"), FindingValue(std::int64_t{0}));
    // by hand: W times S, X over S
    MemorySource folded = bench.source;
    std::vector<float> x = bench.x;
    for (std::size_t i = 0; i < folded.values().size(); ++i) folded.values()[i] *= s[i % kIn];
    for (std::size_t i = 0; i < x.size(); ++i) x[i] /= s[i % kIn];
    const OutputError byHand =
        measureOutputErrors(folded, input, choices, nullptr, siteOf(x, kIn), 0, job).front();
    QCOMPARE(*smoothed.output.wa, *byHand.wa);
    QL_NEAR(*smoothed.output.w, *byHand.w, 2e-5);
    QVERIFY(*byHand.wa < 0.02);
    QL_THROWS(smoothedOutputErrors(bench.source, input, choices, std::span(s).first(5), bench.site, job),
              "5 smoothing factors");
  }
};

QTEST_GUILESS_MAIN(TestActivationDiagnosis)
#include "tst_activation_diagnosis.moc"
