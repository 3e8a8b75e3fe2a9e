// Previews from some rows: their 95 % intervals hold what all rows give, in every regime that matters, and
// are narrow; where nothing is left out they are exact.
#include "core/evaluate/linear_preview.h"
#include "core/evaluate/row_sample.h"
#include "core/evaluate/sampled_readers.h"
#include "core/evaluate/smoothed_readers.h"
#include "core/stats/weight_stats.h"
#include "tests/core/evaluate/memory_source.h"
#include "tests/core/evaluate/site_data.h"
#include "tests/support/compare.h"

#include <QTest>

#include <array>
#include <cmath>
#include <cstdio>

using namespace ql;
using namespace ql::test;

namespace {

constexpr std::int64_t kOut = 1536, kIn = 32;
constexpr std::size_t kTokens = 24;
constexpr std::int64_t kRows = 480;  // what a preview of 8192 columns takes

enum class Regime { Gaussian, MassiveChannel, OutlierColumns, LowRank, HeavyTails };

struct Case {
  Regime regime;
  const char* name;
};
constexpr std::array kCases = {
    Case{Regime::Gaussian, "gaussian"}, Case{Regime::MassiveChannel, "one massive channel of X"},
    Case{Regime::OutlierColumns, "outlier columns of W"}, Case{Regime::LowRank, "X of rank 4"},
    Case{Regime::HeavyTails, "heavy tails, t(3)"}};

/// A matrix and its input under one regime.
struct Problem {
  Problem(Regime regime, unsigned seed)
      : source(std::make_shared<MemorySource>(
            gaussianSource(kOut, kIn, seed, regime == Regime::OutlierColumns ? 20.0f : 1.0f))) {
    std::mt19937 random(seed * 7919 + 1);
    if (regime == Regime::HeavyTails) {
      std::student_t_distribution<float> tails(3);
      for (float& w : source->values()) w = 0.02f * tails(random);
    }
    x = regime == Regime::MassiveChannel ? massiveChannelTokens(kTokens, kIn, random)
        : regime == Regime::LowRank      ? lowRankTokens(kTokens, kIn, random)
        : regime == Regime::HeavyTails   ? heavyTailedTokens(kTokens, kIn, random)
                                         : gaussianTokens(kTokens, kIn, random);
    site = std::make_shared<ActivationStats>(siteOf(x, kIn));
    JobContext job(1);
    WeightStatsOptions options;
    options.withHistogram = options.withPyramid = false;
    stats = std::make_shared<WeightStats>(measureWeights(*source, source->ref, options, job));
  }
  std::vector<SampledReader> sampled() const { return {{source->ref, site, stats}}; }

  std::shared_ptr<MemorySource> source;
  std::vector<float> x;
  std::shared_ptr<ActivationStats> site;
  std::shared_ptr<WeightStats> stats;
};

/// How often an interval held the exact figure, and how wide it was.
struct Coverage {
  int held = 0, seeds = 0;
  std::vector<double> halfWidths;  // relative

  void add(const std::optional<std::pair<double, double>>& interval, double exact) {
    ++seeds;
    if (!interval) return;
    held += interval->first <= exact && exact <= interval->second ? 1 : 0;
    halfWidths.push_back((interval->second - interval->first) / 2 / exact);
  }
  double share() const { return static_cast<double>(held) / seeds; }
  double usualWidth(double quantile) const {
    std::vector<double> sorted = halfWidths;
    std::sort(sorted.begin(), sorted.end());
    return sorted[static_cast<std::size_t>(quantile * static_cast<double>(sorted.size() - 1))];
  }
};

struct Named {
  const char* figure;
  Coverage coverage;
};

/// Everything that previews say of one problem, against all rows.
class Comparison {
 public:
  explicit Comparison(std::string spec) : m_choice(parseSpec(spec)), m_spec(std::move(spec)) {}

  void add(const Problem& problem, JobContext& job) {
    const std::vector<Choice> choice = {m_choice};
    const SampledReaders sampled(*problem.source, problem.sampled(), kRows, true, job);
    const SmoothedReaders whole(problem.source, {{problem.source->ref, problem.site}}, 1 << 30, job);
    const SampledError some = sampled.measure({}, choice, job).together;
    const SmoothedFigures all = whole.measure({}, choice, GroupFigures::All, job).together;
    m_figures[0].coverage.add(some.w.interval, *all.w);
    m_figures[1].coverage.add(some.a.interval, *all.a);
    m_figures[2].coverage.add(some.wa.interval, *all.wa);
    const ErrorInput input{problem.source->ref, 16, {}};
    const LinearPreview preview(*problem.source, input, problem.stats, problem.site, kRows, job);
    const PreviewedFigures figures = preview.measure(m_choice, job);
    const LayerError weights =
        measureErrors(*problem.source, input, choice, problem.stats.get(), job).front();
    m_figures[3].coverage.add(figures.weights.evidence.interval, *weights.normWeightedRel);
    // with the sketch: what it says of all rows, not what X^T X would
    const OutputError output =
        measureOutputErrors(*problem.source, input, choice, nullptr, *problem.site, 0, job).front();
    m_figures[4].coverage.add(figures.output->weightEvidence.interval, *output.w);
    m_figures[5].coverage.add(figures.output->sampleEvidence.interval, *output.wa);
  }

  void check() const {
    for (const Named& figure : m_figures) {
      const std::string text = m_spec + " " + figure.figure + ": " + std::to_string(figure.coverage.held) +
                               " of " + std::to_string(figure.coverage.seeds) + ", half-width " +
                               std::to_string(figure.coverage.usualWidth(0.5)) + ", 90 % below " +
                               std::to_string(figure.coverage.usualWidth(0.9));
      std::printf("  %s\n", text.c_str());
      QVERIFY2(figure.coverage.share() >= 0.93, text.c_str());
      QVERIFY2(figure.coverage.held < figure.coverage.seeds, "an interval that always holds is too wide");
      QVERIFY2(figure.coverage.usualWidth(0.5) <= 0.05, text.c_str());
    }
  }

 private:
  Choice m_choice;
  std::string m_spec;
  std::array<Named, 6> m_figures = {Named{"smoothing w", {}},  Named{"smoothing a", {}},
                                    Named{"smoothing wa", {}}, Named{"what-if norm-weighted", {}},
                                    Named{"what-if w", {}},    Named{"what-if wa", {}}};
};

}  // namespace

class TestPreview : public QObject {
  Q_OBJECT

 private slots:
  void intervals_data() {
    QTest::addColumn<int>("place");
    for (std::size_t i = 0; i < kCases.size(); ++i) QTest::newRow(kCases[i].name) << static_cast<int>(i);
  }
  /// The stated 95 % hold in at least 93 % of the seeds, for every figure, and are within 5 % of the value.
  void intervals() {
    QFETCH(int, place);
    constexpr unsigned kSeeds = 200;
    Comparison int8("w8a8"), int4("w4a8:group=16");
    JobContext job(1);
    for (unsigned seed = 0; seed < kSeeds; ++seed) {
      Problem problem(kCases[static_cast<std::size_t>(place)].regime, seed);
      problem.site->secondMoment.reset();
      addSketch(*problem.site, problem.x, 32, seed);
      int8.add(problem, job);
      int4.add(problem, job);
    }
    int8.check();
    int4.check();
  }

  /// S and its factors on weights and tokens: as exact measurement has it, to rounding, when no row is
  /// missing.
  void allRowsAreExact() {
    const Problem problem(Regime::OutlierColumns, 3);
    JobContext job(2);
    const SampledReaders sampled(*problem.source, problem.sampled(), kOut, true, job);
    QCOMPARE(sampled.rows(), kOut);
    const SmoothedReaders whole(problem.source, {{problem.source->ref, problem.site}}, 1 << 30, job);
    std::vector<float> s;
    for (std::size_t j = 0; j < kIn; ++j) s.push_back(0.25f + 0.1f * static_cast<float>(j % 9));
    const LinearPreview preview(*problem.source, {problem.source->ref, 16, {}}, problem.stats, problem.site,
                                kOut, job);
    for (const char* spec : {"w8a8", "w4a8:group=16,asym", "w8a8:tensor,act=tensor", "w4a16", "w16a8",
                             "w8a8:input_channel", "w8a8:flavour=gptq", "w8a8:act=tensor,static"}) {
      const std::vector<Choice> choice = {parseSpec(spec)};
      for (const std::span<const float> factors : {std::span<const float>(), std::span<const float>(s)}) {
        const SampledGroupError some = sampled.measure(factors, choice, job);
        const GroupError all = whole.measure(factors, choice, GroupFigures::All, job);
        QL_NEAR(some.together.w.value.value(), all.together.w.value(), 1e-4);
        QL_NEAR(some.together.a.value.value(), all.together.a.value(), 1e-4);
        QL_NEAR(some.together.wa.value.value(), all.together.wa.value(), 1e-4);
        QVERIFY(!some.together.wa.interval);  // nothing is left to be uncertain about
      }
      const PreviewedFigures figures = preview.measure(choice.front(), job);
      const ErrorInput input{problem.source->ref, 16, {}};
      const OutputError output =
          measureOutputErrors(*problem.source, input, choice, nullptr, *problem.site, 0, job).front();
      QL_NEAR(figures.output->w.value(), output.w.value(), 1e-4);
      QL_NEAR(figures.output->a.value(), output.a.value(), 1e-4);
      QL_NEAR(figures.output->wa.value(), output.wa.value(), 1e-4);
      const LayerError weights =
          measureErrors(*problem.source, input, choice, problem.stats.get(), job).front();
      QL_NEAR(figures.weights.weightRelFro, weights.weightRelFro, 1e-4);
      QL_NEAR(figures.weights.weightRelL1, weights.weightRelL1, 1e-4);
      QL_NEAR(figures.weights.normWeightedRel.value(), weights.normWeightedRel.value(), 1e-4);
      QL_NEAR(figures.weights.maxAbsError, weights.maxAbsError, 1e-4);
      QVERIFY(std::abs(figures.weights.deadCode - weights.deadCode) < 1e-9);
    }
  }

  /// Rows that only become large by smoothing are certain to be in the sample, and found in its figures.
  void rowsThatSmoothingRaisesAreSeen() {
    Problem problem(Regime::Gaussian, 5);
    // one row holds a column that the activations hardly use: levelled (alpha 0), it stands out 100 times
    std::vector<float>& w = problem.source->values();
    for (std::size_t r = 0; r < static_cast<std::size_t>(kOut); ++r) w[r * kIn + 4] *= 1e-3f;
    w[700 * kIn + 4] = 0.05f;
    JobContext job(1);
    WeightStatsOptions few;
    few.withHistogram = few.withPyramid = false;
    problem.stats =
        std::make_shared<WeightStats>(measureWeights(*problem.source, problem.source->ref, few, job));
    const SampledReaders sampled(*problem.source, problem.sampled(), kRows, true, job);
    const SmoothedReaders whole(problem.source, {{problem.source->ref, problem.site}}, 1 << 30, job);
    std::vector<float> s;
    for (const float largest : problem.stats->columns.absmax) s.push_back(1 / largest);
    s[4] *= 40;  // its step size is now 40 times that of any other row
    const std::vector<Choice> choice = {parseSpec("w4a16")};
    const SampledFigure some = sampled.measure(s, choice, job).together.w;
    const double all = *whole.measure(s, choice, GroupFigures::All, job).together.w;
    QVERIFY2(some.interval->first <= all && all <= some.interval->second,
             qPrintable(QString("%1 of %2").arg(*some.value).arg(all)));
    QL_NEAR(*some.value, all, 0.05);
  }

  void threadsChangeNoBit() {
    const Problem problem(Regime::HeavyTails, 8);
    JobContext one(1), three(3);
    const SampledReaders sampled(*problem.source, problem.sampled(), kRows, true, one);
    const SampledReaders again(*problem.source, problem.sampled(), kRows, true, three);
    const std::vector<Choice> choice = {parseSpec("w8a8:group=16")};
    const SampledError a = sampled.measure({}, choice, one).together,
                       b = again.measure({}, choice, three).together;
    QCOMPARE(*a.wa.value, *b.wa.value);
    QCOMPARE(*a.w.value, *b.w.value);
    QVERIFY(a.wa.interval == b.wa.interval);
    const ErrorInput input{problem.source->ref, 16, {}};
    const LinearPreview p(*problem.source, input, problem.stats, problem.site, kRows, one);
    const PreviewedFigures x = p.measure(choice.front(), one), y = p.measure(choice.front(), three);
    QCOMPARE(*x.weights.normWeightedRel, *y.weights.normWeightedRel);
    QCOMPARE(*x.output->wa, *y.output->wa);
    QCOMPARE(x.output->weightEvidence, y.output->weightEvidence);
  }

  void whatCannotBeSampledIsRefused() {
    const Problem problem(Regime::Gaussian, 1);
    JobContext job(1);
    const SampledReaders sampled(*problem.source, problem.sampled(), kRows, false, job);
    QL_THROWS(sampled.measure({}, std::vector<Choice>{parseSpec("w8a8:group_in_channel=8")}, job),
              "span rows");
    QL_THROWS(sampled.measure({}, std::vector<Choice>(2), job), "2 choices");
    QVERIFY(!LinearPreview::canMeasure(parseSpec("int8:block=128x128")));
    job.cancel();
    QVERIFY_EXCEPTION_THROWN(sampled.measure({}, std::vector<Choice>{parseSpec("w8a8")}, job), Cancelled);
  }

  /// By hand: 2 certain rows and two strata of 4 rows, two drawn from each.
  void ratioByHand() {
    const std::vector<SampledRow> sample = {{0, -1, 1}, {1, -1, 1}, {2, 0, 2},
                                            {3, 0, 2},  {6, 1, 2},  {7, 1, 2}};
    const std::vector<double> y = {8, 6, 2, 4, 1, 2}, x = {4, 4, 2, 2, 1, 1};
    const RatioInterval plain = sampledRatio(sample, y, x);
    // Y = 14 + 12 + 6 = 32, X = 8 + 8 + 4 = 20; residuals y - 1.6 x differ by 2 and 1:
    // variance of Y: 4 * 2 / 4 * (4 + 1) = 10
    QL_NEAR(plain.value, 1.6, 1e-12);
    // 3 (8 + 2)^2 / (64 + 4) = 4.4 degrees, but a stratum each leaves 1: the least that is taken is 4
    QVERIFY(plain.above >= studentQuantile(4) * std::sqrt(10.0) / 20 - 1e-9);
    // x known of all rows: X is exact, and x hardly varies within strata: Y stays
    const RatioInterval known = sampledRatio(sample, y, x, {x, 25});
    QL_NEAR(known.value, 1.6, 1e-12);  // no slope: the strata's x do not differ
    // z tells y apart: y = 2 z exactly, and the total of z is known
    const std::vector<double> z = {4, 3, 1, 2, 0.5, 1};
    const RatioInterval told = sampledRatio(sample, y, x, {z, 18});
    QL_NEAR(told.value, 2 * 18 / 20.0, 1e-12);
    QL_NEAR(told.below, 0.0, 1e-9);
  }
};

QTEST_GUILESS_MAIN(TestPreview)
#include "tst_preview.moc"
