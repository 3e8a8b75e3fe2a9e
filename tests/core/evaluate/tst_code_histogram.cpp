// Codes used, dead codes and errors by row and column, against Quantizer::quantize on the whole matrix.
#include "core/base/error.h"
#include "core/evaluate/code_histogram.h"
#include "core/evaluate/error_pass.h"
#include "core/evaluate/layer_error.h"
#include "tests/core/evaluate/memory_source.h"

#include <QTest>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

using namespace ql;
using namespace ql::test;

namespace {

WeightScheme schemeOf(const char* spec) {
  return *parseSpec(spec).weight;
}

CodeHistogram histogramOf(const MemorySource& source, const WeightScheme& scheme, int threads = 2) {
  JobContext job(threads);
  CodeHistogram result;
  job.run([&] {
    const MatrixRange range = measureRange(source, source.ref, job);
    result = measureCodes(source, source.ref, scheme, &range, job);
  });
  return result;
}

void compareSums(const std::vector<double>& found, const std::vector<double>& expected) {
  QCOMPARE(found.size(), expected.size());
  const auto isClose = [](double a, double b) { return std::abs(a - b) <= 1e-12 * (b + 1e-300); };
  QVERIFY(std::equal(found.begin(), found.end(), expected.begin(), isClose));
}

}  // namespace

class TestCodeHistogram : public QObject {
  Q_OBJECT

 private slots:
  // w / scale = -8, -1, 0, 0.25, 3, 7 under absmax 7.5 * scale: one weight a code, one dead, none for the
  // rest.
  void handWorkedRow() {
    const MemorySource source(1, 6, {-7.5f, -1, 0, 0.25f, 3, 7});
    const CodeHistogram codes = histogramOf(source, schemeOf("int4"));
    QCOMPARE(codes.bins.size(), std::size_t{16});
    QCOMPARE(codes.bins.front().code, -8);
    const std::map<int, std::uint64_t> expected{{-8, 1}, {-1, 1}, {0, 2}, {3, 1}, {7, 1}};
    for (const CodeBin& bin : codes.bins) {
      const auto found = expected.find(bin.code);
      QCOMPARE(bin.count, found == expected.end() ? std::uint64_t{0} : found->second);
      QCOMPARE(bin.value, static_cast<double>(bin.code));
    }
    QCOMPARE(codes.weights, std::uint64_t{6});
    QCOMPARE(codes.zeros, std::uint64_t{1});
    QCOMPARE(codes.dead, std::uint64_t{1});
    QCOMPARE(codes.deadShare(), 0.2);
    QCOMPARE(codes.saturated, std::uint64_t{2});
    QCOMPARE(codes.unusedCodes(), std::size_t{11});
    QCOMPARE(codes.rowEnergy.front(), 7.5 * 7.5 + 1 + 0.0625 + 9 + 49);
    QCOMPARE(codes.rowError.front(), 0.25 + 0.0625);  // -7.5 -> -8 and 0.25 -> 0
    QCOMPARE(codes.columnError[0], 0.25);
  }

  // fp4_e2m1 holds 0, 0.5, 1, 1.5, 2, 3, 4, 6 and their negatives; absmax 6 makes the scale 1.
  void floatCodesHaveTheirValues() {
    const MemorySource source(1, 5, {-6, 0.5f, 1.4f, 0.2f, 3.1f});
    const CodeHistogram codes = histogramOf(source, schemeOf("fp4_e2m1"));
    QCOMPARE(codes.isInteger, false);
    QCOMPARE(codes.bins.size(), std::size_t{15});  // -0 is 0
    const std::map<double, std::uint64_t> expected{{-6, 1}, {0, 1}, {0.5, 1}, {1.5, 1}, {3, 1}};
    for (const CodeBin& bin : codes.bins) {
      const auto found = expected.find(bin.value);
      QCOMPARE(bin.count, found == expected.end() ? std::uint64_t{0} : found->second);
    }
    QCOMPARE(codes.unusedCodes(), std::size_t{10});
    QCOMPARE(codes.dead, std::uint64_t{1});
    QCOMPARE(codes.saturated, std::uint64_t{1});
  }

  // Blocks of elements show every code of the element; integers of 1/64 are counted in steps.
  void blockCodesHaveTheirValues() {
    const MemorySource source(1, 5, {-6, 0.5f, 1.4f, 0.2f, 3.1f});
    const CodeHistogram codes = histogramOf(source, schemeOf("mxfp4"));
    QCOMPARE(codes.bins.size(), std::size_t{15});
    QCOMPARE(codes.usedCodes(), std::size_t{5});
    QCOMPARE(codes.bins.front().value, -6.0);
    const MemorySource two(1, 2, {1.984375f, -0.015625f});
    const CodeHistogram integers = histogramOf(two, schemeOf("mxint8:flavour=mx-floor"));
    QCOMPARE(integers.bins.size(), std::size_t{255});
    QCOMPARE(integers.bins.back().value, 127.0);
    QCOMPARE(integers.bins.back().count, std::uint64_t{1});
    // a tensor without negative weights: qualcomm counts from 0
    const CodeHistogram positive =
        histogramOf(MemorySource(1, 3, {0, 1, 4}), schemeOf("int4:flavour=qualcomm"));
    QCOMPARE(positive.bins.size(), std::size_t{16});
    QCOMPARE(positive.bins.back().count, std::uint64_t{1});
  }

  void asQuantizedAtOnce_data() {
    QTest::addColumn<QString>("spec");
    for (const char* spec : {"int8",
                             "int4:group=32",
                             "int4:group=48",
                             "int4:asym",
                             "int3:tensor",
                             "int8:tensor,asym",
                             "int8:input_channel",
                             "int4:group_in_channel=16",
                             "int4:block=32x24",
                             "w4a16:flavour=gptq",
                             "w4a16:flavour=awq,asym,group=32",
                             "fp8_e4m3",
                             "fp4_e2m1:group=32",
                             "mxfp4",
                             "mxint8:flavour=mx-floor",
                             "mxfp6_e3m2:group=48",
                             "nvfp4",
                             "nvfp4:flavour=torchao",
                             "int8:flavour=qualcomm",
                             "int4:flavour=qualcomm,block=48x24",
                             "int4:flavour=rptq,asym",
                             "int4:flavour=llm-qat,asym",
                             "int8:flavour=bitsandbytes"})
      QTest::newRow(spec) << QString::fromLatin1(spec);
  }
  /// Two bands of rows and more; a NaN, an infinity and zeros among the weights.
  void asQuantizedAtOnce() {
    QFETCH(QString, spec);
    const WeightScheme scheme = schemeOf(spec.toLatin1().constData());
    constexpr std::int64_t kOut = 2700, kIn = 400;
    MemorySource source = gaussianSource(kOut, kIn, 3, 20);
    source.values()[5] = std::numeric_limits<float>::quiet_NaN();
    source.values()[401] = std::numeric_limits<float>::infinity();
    for (std::size_t i = 1000; i < 1100; ++i) source.values()[i] = 0;
    const QuantizedMatrix whole = quantizerFor(scheme).quantize(scheme, kOut, kIn, source.values());
    std::map<std::int32_t, std::uint64_t> counts;
    std::vector<double> rowError(kOut), columnError(kIn), rowEnergy(kOut), columnEnergy(kIn);
    std::uint64_t dead = 0;
    for (std::size_t i = 0; i < whole.codes.size(); ++i) {
      const double w = static_cast<double>(source.values()[i]), q = static_cast<double>(whole.dequantized[i]);
      if (!std::isfinite(w)) continue;
      ++counts[whole.codes[i]];
      dead += w != 0 && q == 0;
      rowError[i / kIn] += (q - w) * (q - w);
      rowEnergy[i / kIn] += w * w;
      columnError[i % kIn] += (q - w) * (q - w);
      columnEnergy[i % kIn] += w * w;
    }
    const CodeHistogram codes = histogramOf(source, scheme);
    for (const CodeBin& bin : codes.bins) QCOMPARE(bin.count, counts[bin.code]);
    std::uint64_t sum = 0;
    for (const CodeBin& bin : codes.bins) sum += bin.count;
    QCOMPARE(sum, codes.weights);
    QCOMPARE(codes.weights, std::uint64_t{kOut * kIn - 2});
    QCOMPARE(codes.nonFinite, std::uint64_t{2});
    QCOMPARE(codes.zeros, std::uint64_t{100});
    QCOMPARE(codes.dead, dead);
    QCOMPARE(codes.hasZeroPoints, !whole.zeroPoints.empty());
    compareSums(codes.rowError, rowError);
    compareSums(codes.rowEnergy, rowEnergy);
    compareSums(codes.columnError, columnError);
    compareSums(codes.columnEnergy, columnEnergy);
  }

  void deadShareIsThatOfTheErrorFigures() {
    const MemorySource source = gaussianSource(700, 256, 11, 30);
    for (const char* spec : {"int4", "int4:group=32", "int8:tensor"}) {
      JobContext job(2);
      const Choice choice = parseSpec(spec);
      std::vector<LayerError> errors;
      job.run([&] {
        errors = measureErrors(source, {source.ref, 16, {}}, std::span(&choice, 1), nullptr, job);
      });
      QVERIFY(std::abs(histogramOf(source, *choice.weight).deadShare() - errors.front().deadCode) < 1e-12);
      QVERIFY(errors.front().deadCode > 0);
    }
  }

  void sameForAnyThreadCount() {
    const MemorySource source = gaussianSource(3100, 700, 5, 10);
    const CodeHistogram one = histogramOf(source, schemeOf("int4:tensor"), 1);
    const CodeHistogram four = histogramOf(source, schemeOf("int4:tensor"), 4);
    QCOMPARE(one.bins, four.bins);
    QCOMPARE(one.columnError, four.columnError);
    QCOMPARE(one.rowError, four.rowError);
  }

  void refusals() {
    const MemorySource source = gaussianSource(8, 8, 1);
    JobContext job(1);
    QVERIFY_EXCEPTION_THROWN(
        static_cast<void>(measureCodes(source, source.ref, schemeOf("int8:tensor"), nullptr, job)), Error);
    WeightScheme unknown = schemeOf("int8");
    unknown.algorithm.name = "billm";
    QVERIFY_EXCEPTION_THROWN(static_cast<void>(measureCodes(source, source.ref, unknown, nullptr, job)),
                             Error);
    job.cancel();
    QVERIFY_EXCEPTION_THROWN(
        job.run([&] { measureCodes(source, source.ref, schemeOf("int8"), nullptr, job); }), Cancelled);
  }
};

QTEST_GUILESS_MAIN(TestCodeHistogram)
#include "tst_code_histogram.moc"
