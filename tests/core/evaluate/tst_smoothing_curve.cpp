// error(alpha) of smoothing groups: against measureOutputErrors() over smoothed weights and divided inputs,
// a slow double-precision reference, and hand-made cases: end points, dead channels, missing samples.
#include "core/base/error.h"
#include "core/evaluate/error_pass.h"
#include "core/evaluate/smoothed_error.h"
#include "core/evaluate/smoothing_curve.h"
#include "core/evaluate/smoothing_kernel.h"
#include "tests/core/evaluate/memory_source.h"
#include "tests/core/evaluate/site_data.h"
#include "tests/support/compare.h"

#include <QTest>

#include <cmath>
#include <limits>
#include <map>

using namespace ql;
using namespace ql::test;

namespace {

constexpr std::int64_t kIn = 96;

/// Several matrices under one roof.
class ManySource : public WeightSource {
 public:
  MatrixRef add(const std::string& name, const MemorySource& matrix) {
    MatrixRef ref = matrix.ref;
    ref.tensor = name;
    m_matrices.emplace(name, matrix);
    return ref;
  }
  void readRows(const MatrixRef& matrix, std::int64_t begin, std::int64_t end,
                std::span<float> out) const override {
    m_matrices.at(matrix.tensor).readRows(matrix, begin, end, out);
  }
  const MemorySource& at(const std::string& name) const { return m_matrices.at(name); }
  MemorySource& at(const std::string& name) { return m_matrices.at(name); }

 private:
  std::map<std::string, MemorySource> m_matrices;
};

/// Three readers with outlier columns in W where the activations are small.
struct Group {
  std::shared_ptr<ManySource> source = std::make_shared<ManySource>();
  std::vector<float> x;
  std::shared_ptr<ActivationStats> site;
  std::vector<GroupReader> readers;
  SmoothingInput input;

  explicit Group(std::size_t tokens = 40, unsigned seed = 1) {
    std::mt19937 random(seed);
    x = gaussianTokens(tokens, kIn, random);
    for (std::size_t i = 0; i < x.size(); ++i)
      if (i % kIn % 37 == 5) x[i] /= 400;
    site = std::make_shared<ActivationStats>(siteOf(x, kIn));
    summarize(*site);
    const std::int64_t heights[] = {200, 64, 33};
    const char* names[] = {"q", "k", "v"};
    for (int i = 0; i < 3; ++i) {
      const MatrixRef ref =
          source->add(names[i], gaussianSource(heights[i], kIn, seed + static_cast<unsigned>(i), 400));
      readers.push_back({ref, site});
    }
    measureInput();
  }

  void measureInput() {
    std::vector<std::vector<float>> columns(kIn);
    for (const GroupReader& reader : readers) {
      const std::vector<float>& w = source->at(reader.matrix.tensor).values();
      for (std::size_t i = 0; i < w.size(); ++i) columns[i % kIn].push_back(std::abs(w[i]));
    }
    input = {};
    input.actAbsmax = site->all.absmax;
    input.actMin = site->all.min;
    input.actMax = site->all.max;
    input.actMedian = site->medianAbs;
    for (std::vector<float>& column : columns) {
      std::sort(column.begin(), column.end());
      input.weightAbsmax.push_back(column.back());
      input.weightMedian.push_back(column[(column.size() - 1) / 2]);
    }
  }

  SmoothedReaders load(std::uint64_t holdBytes = std::uint64_t{1} << 30) const {
    JobContext job(1);
    return {source, readers, holdBytes, job};
  }
};

SmoothingOptions bismooth(double alpha, const char* statistic = "median") {
  return {"bismooth", statistic, alpha, {}, false};
}

GroupError measured(const SmoothedReaders& group, std::span<const float> s,
                    const std::vector<Choice>& choices, int threads = 1,
                    GroupFigures figures = GroupFigures::All) {
  JobContext job(threads);
  return group.measure(s, choices, figures, job);
}

/// |X W^T - X' W'^T|^2 and |X W^T|^2 in double.
struct Energies {
  double error = 0, whole = 0;
};
Energies slowEnergies(const std::vector<float>& x, const std::vector<float>& roundedX,
                      const std::vector<float>& w, const std::vector<float>& roundedW) {
  Energies energies;
  const std::size_t in = kIn;
  for (std::size_t t = 0; t < x.size(); t += in) {
    for (std::size_t r = 0; r < w.size(); r += in) {
      double y = 0, z = 0;
      for (std::size_t j = 0; j < in; ++j) {
        y += static_cast<double>(x[t + j]) * static_cast<double>(w[r + j]);
        z += static_cast<double>(roundedX[t + j]) * static_cast<double>(roundedW[r + j]);
      }
      energies.error += (y - z) * (y - z);
      energies.whole += y * y;
    }
  }
  return energies;
}

#define QL_SAME_FIGURE(actual, expected, tolerance)                                                         \
  do {                                                                                                      \
    const double qlActual = (actual), qlExpected = (expected);                                              \
    QVERIFY2(                                                                                               \
        std::abs(qlActual - qlExpected) <= (tolerance)*qlExpected,                                          \
        qPrintable(QStringLiteral("%1, expected %2").arg(qlActual, 0, 'g', 9).arg(qlExpected, 0, 'g', 9))); \
  } while (false)

}  // namespace

class TestSmoothingCurve : public QObject {
  Q_OBJECT

 private slots:
  void kernelGivesTheQuantizersBits_data() {
    QTest::addColumn<QString>("spec");
    for (const char* spec :
         {"int8", "int8:asym", "int4:group=32", "int4:group=20,asym", "int3:flavour=gptq",
          "int4:asym,flavour=awq", "int8:tensor", "int4:group=7,flavour=gptq", "int8:flavour=smoothquant"})
      QTest::newRow(spec) << QString::fromLatin1(spec);
  }

  void kernelGivesTheQuantizersBits() {
    QFETCH(QString, spec);
    const Group group;
    const WeightScheme scheme = *parseSpec(spec.toStdString()).weight;
    const std::vector<float> s = groupFactors(group.input, {}, bismooth(0.4)).s;
    const std::vector<float>& w = group.source->at("q").values();
    std::vector<float> scaledRows(w.size());
    for (std::size_t i = 0; i < w.size(); ++i) scaledRows[i] = w[i] * s[i % kIn];
    MatrixRange range{std::vector<float>(kIn, 1e30f), std::vector<float>(kIn, -1e30f)};
    for (std::size_t i = 0; i < w.size(); ++i) {
      range.columnMin[i % kIn] = std::min(range.columnMin[i % kIn], scaledRows[i]);
      range.columnMax[i % kIn] = std::max(range.columnMax[i % kIn], scaledRows[i]);
    }
    std::vector<float> expected(w.size()), actual(w.size());
    makeRowQuantizer(scheme, {200, kIn, &range})->apply(0, 200, scaledRows, expected, {});
    const auto strip = stripScheme(scheme, kIn, &range);
    QVERIFY(strip.has_value());
    quantizeScaledRows(*strip, {w.data(), s.data(), 200, kIn, actual.data()});
    QVERIFY(actual == expected);
    QVERIFY(actual != scaledRows);
  }

  void equalsTheErrorsOfSmoothedWeights_data() {
    QTest::addColumn<QString>("spec");
    for (const char* spec : {"w8a8", "w4a8:group=32", "w4a16", "w8a8:tensor,act=tensor", "w8a8:input_channel",
                             "w8a8:group_in_channel=64", "w4a8:block=16x32", "w8a8:asym,act_asym",
                             "w8a8:act=group:16", "w8a8:act=tensor,static"})
      QTest::newRow(spec) << QString::fromLatin1(spec);
  }

  /// At each alpha, by reader, by the code that measures single linears.
  void equalsTheErrorsOfSmoothedWeights() {
    QFETCH(QString, spec);
    const Group group;
    const Choice choice = parseSpec(spec.toStdString());
    const SmoothedReaders loaded = group.load();
    JobContext job(1);
    for (const double alpha : {0.0, 0.3, 0.5, 1.0}) {
      const std::vector<float> s = groupFactors(group.input, {}, bismooth(alpha)).s;
      const GroupError error = measured(loaded, s, std::vector<Choice>(3, choice));
      QCOMPARE(error.readers.size(), std::size_t{3});
      for (std::size_t i = 0; i < 3; ++i) {
        ErrorInput input;
        input.matrix = group.readers[i].matrix;
        const OutputError expected =
            smoothedOutputErrors(*group.source, input, std::span(&choice, 1), s, *group.site, job).front();
        QL_SAME_FIGURE(error.readers[i].w.value(), expected.w.value(), 1e-4);
        QL_SAME_FIGURE(error.readers[i].wa.value(), expected.wa.value(), 1e-4);
        if (choice.activation) QL_SAME_FIGURE(error.readers[i].a.value(), expected.a.value(), 1e-4);
        if (!choice.activation) QCOMPARE(error.readers[i].a.value(), 0.0);
      }
    }
  }

  /// All readers together, in double from the definition.
  void joinsReadersAsOneMatrix() {
    const Group group;
    const Choice choice = parseSpec("w8a8");
    const std::vector<float> s = groupFactors(group.input, {}, bismooth(0.45)).s;
    std::vector<float> smoothedX = group.x;
    for (std::size_t i = 0; i < smoothedX.size(); ++i) smoothedX[i] /= s[i % kIn];
    std::vector<float> roundedX = smoothedX;
    fakeQuantizeActivations(*choice.activation, 40, kIn, roundedX);
    Energies w, a, wa;
    for (const GroupReader& reader : group.readers) {
      std::vector<float> weights = group.source->at(reader.matrix.tensor).values();
      for (std::size_t i = 0; i < weights.size(); ++i) weights[i] *= s[i % kIn];
      std::vector<float> rounded(weights.size());
      makeRowQuantizer(*choice.weight, {reader.matrix.out, kIn, nullptr})
          ->apply(0, reader.matrix.out, weights, rounded, {});
      const auto add = [](Energies& sum, const Energies& part) {
        sum.error += part.error;
        sum.whole += part.whole;
      };
      add(w, slowEnergies(smoothedX, smoothedX, weights, rounded));
      add(a, slowEnergies(smoothedX, roundedX, weights, weights));
      add(wa, slowEnergies(smoothedX, roundedX, weights, rounded));
    }
    group.site->all.tokens = 4000;  // the sample is a part of them: other tokens would differ
    const GroupError error = measured(group.load(), s, std::vector<Choice>(3, choice));
    QL_SAME_FIGURE(error.together.w.value(), std::sqrt(w.error / w.whole), 1e-5);
    QL_SAME_FIGURE(error.together.a.value(), std::sqrt(a.error / a.whole), 1e-5);
    QL_SAME_FIGURE(error.together.wa.value(), std::sqrt(wa.error / wa.whole), 1e-5);
    QVERIFY(error.together.interval.has_value());
    QVERIFY(error.together.interval->first < *error.together.wa);
    QVERIFY(error.together.interval->second > *error.together.wa);
  }

  void threadsAndMemoryChangeNoBit() {
    const Group group(300);
    const std::vector<Choice> choices = {parseSpec("w8a8"), parseSpec("w4a8:group=32"), parseSpec("w8a16")};
    const std::vector<float> s = groupFactors(group.input, {}, bismooth(0.5)).s;
    const GroupError expected = measured(group.load(), s, choices);
    for (const std::uint64_t hold : {std::uint64_t{0}, std::uint64_t{300000}}) {
      const SmoothedReaders streamed = group.load(hold);
      QVERIFY(streamed.bytes() < group.load().bytes());
      const GroupError again = measured(streamed, s, choices, 3);
      QCOMPARE(*again.together.wa, *expected.together.wa);
      QCOMPARE(*again.together.w, *expected.together.w);
      QCOMPARE(*again.together.a, *expected.together.a);
      for (std::size_t i = 0; i < 3; ++i) QCOMPARE(*again.readers[i].wa, *expected.readers[i].wa);
    }
    const GroupError joint = measured(group.load(), s, choices, 2, GroupFigures::Joint);
    QCOMPARE(*joint.together.wa, *expected.together.wa);
    QVERIFY(!joint.together.w && !joint.together.a);
  }

  void curveFindsTheOptimum() {
    const Group group;
    const SmoothedReaders loaded = group.load();
    const std::vector<Choice> choices(3, parseSpec("w8a8"));
    SmoothingCurveOptions options;
    options.smoothing = bismooth(0.9);
    std::size_t told = 0, gridBefore = 0;
    JobContext job(1);
    const SmoothingCurve curve = measureSmoothingCurve(
        loaded, group.input, {}, choices, options, job, [&](const SmoothingCurve& soFar) {
          ++told;
          QVERIFY(soFar.grid.size() == gridBefore || soFar.grid.size() == gridBefore + 1);
          gridBefore = soFar.grid.size();
        });
    QVERIFY(curve.isComplete);
    QCOMPARE(job.done(), job.total());
    QCOMPARE(curve.grid.size(), std::size_t{21});
    QCOMPARE(curve.grid.front().alpha, 0.0);
    QCOMPARE(curve.grid[11].alpha, 0.55);
    QCOMPARE(curve.grid.back().alpha, 1.0);
    QVERIFY(told >= 22);
    QVERIFY(!curve.refined.empty() && curve.refined.size() <= 7);
    const SmoothingPoint& best = *curve.best();
    QCOMPARE(curve.smoothing.alpha, best.alpha);
    for (const SmoothingPoint& point : curve.grid) {
      QVERIFY(*best.error.together.wa <= *point.error.together.wa);
      // each point is what a single measurement says
      const GroupError single =
          measured(loaded, groupFactors(group.input, {}, bismooth(point.alpha)).s, choices);
      QCOMPARE(*point.error.together.wa, *single.together.wa);
      QCOMPARE(*point.error.together.w, *single.together.w);
      QCOMPARE(*point.error.together.a, *single.together.a);
    }
    QVERIFY(std::abs(best.alpha * 100 - std::round(best.alpha * 100)) < 1e-9);
    QCOMPARE(*curve.none.error.together.wa, *measured(loaded, {}, choices).together.wa);
    QVERIFY(*curve.none.error.together.wa > 0.2);  // the planted columns
    QVERIFY(*best.error.together.wa < 0.02);
  }

  void maxBismoothingIsSmoothQuant() {
    const Group group;
    QCOMPARE(canonicalSmoothing(bismooth(0.3, "max")).method, std::string("smoothquant"));
    QCOMPARE(canonicalSmoothing(bismooth(0.3)).method, std::string("bismooth"));
    SmoothingOptions dataFree = bismooth(0.3, "max");
    dataFree.options["data_free"] = true;
    QCOMPARE(canonicalSmoothing(dataFree).method, std::string("bismooth"));
    for (const double alpha : {0.0, 0.25, 0.5, 1.0}) {
      const std::vector<float> mine = smoothingFactors(group.input, bismooth(alpha, "max")).s;
      const std::vector<float> canonical =
          smoothingFactors(group.input, canonicalSmoothing(bismooth(alpha, "max"))).s;
      for (std::size_t j = 0; j < mine.size(); ++j) QVERIFY(std::abs(mine[j] / canonical[j] - 1) < 1e-6f);
    }
  }

  /// alpha 1 levels X, alpha 0 levels W: by hand from the formula.
  void endPointsLevelOneSide() {
    const Group group;
    const auto s1 = groupFactors(group.input, {}, {"smoothquant", "max", 1.0, {}, false}).s;
    const auto s0 = groupFactors(group.input, {}, {"smoothquant", "max", 0.0, {}, false}).s;
    for (std::size_t j = 0; j < kIn; ++j) {
      QVERIFY(std::abs(group.input.actAbsmax[j] / s1[j] - 1) < 1e-6f);
      QVERIFY(std::abs(group.input.weightAbsmax[j] * s0[j] - 1) < 1e-6f);
    }
  }

  /// A channel that is never used and a column without weights change nothing but their own S of 1.
  void deadChannelsStay() {
    Group group;
    for (std::size_t i = 0; i < group.x.size(); ++i)
      if (i % kIn == 3) group.x[i] = 0;
    group.site = std::make_shared<ActivationStats>(siteOf(group.x, kIn));
    summarize(*group.site);
    for (GroupReader& reader : group.readers) {
      reader.input = group.site;
      std::vector<float>& w = group.source->at(reader.matrix.tensor).values();
      for (std::size_t i = 0; i < w.size(); ++i)
        if (i % kIn == 9) w[i] = 0;
    }
    group.measureInput();
    JobContext job(1);
    const std::vector<Choice> choices(3, parseSpec("w8a8"));
    const SmoothingPoint point =
        measureSmoothingPoint(group.load(), group.input, {}, choices, bismooth(0.5), GroupFigures::All, job);
    QCOMPARE(point.deadChannels, std::int64_t{2});
    QVERIFY(*point.error.together.wa > 0 && *point.error.together.wa < 0.02);
  }

  void nonFiniteValuesAreMissing() {
    Group group;
    const std::vector<Choice> choices(3, parseSpec("w8a8"));
    const double before = *measured(group.load(), {}, choices).together.wa;
    group.source->at("q").values()[7] = std::numeric_limits<float>::quiet_NaN();
    group.source->at("k").values()[90] = std::numeric_limits<float>::infinity();
    const GroupError error = measured(group.load(), {}, choices);
    QVERIFY(std::isfinite(*error.together.wa));
    QVERIFY(std::abs(*error.together.wa / before - 1) < 0.1);
  }

  void silentReadersHaveNoFigure() {
    Group group;
    for (float& w : group.source->at("v").values()) w = 0;
    const GroupError error = measured(group.load(), {}, std::vector<Choice>(3, parseSpec("w8a8")));
    QVERIFY(!error.readers[2].wa);
    QVERIFY(error.together.wa.has_value());
  }

  /// Experts have tokens of their own: sums over each reader's sample.
  void readersWithInputsOfTheirOwn() {
    const Group group(40, 1), other(25, 9);
    std::vector<GroupReader> readers = group.readers;
    readers[1].input = other.site;
    JobContext job(1);
    const SmoothedReaders mixed(group.source, readers, 1 << 30, job);
    QCOMPARE(mixed.tokens(), std::int64_t{65});
    const std::vector<float> s = groupFactors(group.input, {}, bismooth(0.5)).s;
    const Choice choice = parseSpec("w8a8");
    const GroupError error = measured(mixed, s, std::vector<Choice>(3, choice));
    ErrorInput input;
    input.matrix = readers[1].matrix;
    const OutputError expected =
        smoothedOutputErrors(*group.source, input, std::span(&choice, 1), s, *other.site, job).front();
    QL_SAME_FIGURE(error.readers[1].wa.value(), expected.wa.value(), 1e-4);
  }

  void unusableInputIsRefused() {
    Group group;
    JobContext job(1);
    auto imatrix = std::make_shared<ActivationStats>(*group.site);
    imatrix->sample = {};
    imatrix->origin = ActivationOrigin::Imatrix;
    group.readers[1].input = imatrix;
    QL_THROWS(SmoothedReaders(group.source, group.readers, 0, job), "k");
    group.readers[1].input = nullptr;
    QL_THROWS(SmoothedReaders(group.source, group.readers, 0, job), "calibrate");
    const Group whole;
    const std::vector<Choice> choices(3, parseSpec("w8a8"));
    QL_THROWS(measured(whole.load(), std::vector<float>(5, 1.0f), choices), "5 smoothing");
    QL_THROWS(measured(whole.load(), {}, {choices.front()}), "1 choices");
    SmoothingCurveOptions options;
    options.points = 1;
    QL_THROWS(measureSmoothingCurve(whole.load(), whole.input, {}, choices, options, job), "1 points");
  }

  void cancelling() {
    const Group group;
    const SmoothedReaders loaded = group.load();
    JobContext job(1);
    SmoothingCurveOptions options;
    options.smoothing = bismooth(0.5);
    const std::vector<Choice> choices(3, parseSpec("w8a8"));
    std::size_t points = 0;
    const auto sink = [&](const SmoothingCurve& soFar) {
      points = soFar.grid.size();
      if (points == 4) job.cancel();
    };
    QVERIFY_EXCEPTION_THROWN(measureSmoothingCurve(loaded, group.input, {}, choices, options, job, sink),
                             Cancelled);
    QCOMPARE(points, std::size_t{4});
  }
};

QTEST_GUILESS_MAIN(TestSmoothingCurve)
#include "tst_smoothing_curve.moc"
