// Error figures against a slow double-precision reference written from the definitions, against
// RowQuantizer weight by weight, and against figures of the shipped model computed with numpy and torch.
#include "core/base/error.h"
#include "core/evaluate/error_kernel.h"
#include "core/evaluate/error_pass.h"
#include "core/evaluate/kernel_scheme.h"
#include "core/evaluate/layer_error.h"
#include "core/io/checkpoint.h"
#include "core/model/model.h"
#include "core/quant/quantizer.h"
#include "core/quant/rtn_rows.h"
#include "tests/core/evaluate/memory_source.h"
#include "tests/support/compare.h"
#include "tests/support/data.h"

#include <nlohmann/json.hpp>

#include <cmath>
#include <fstream>
#include <limits>

using namespace ql;
using test::gaussianSource;
using test::MemorySource;

namespace {

/// The figures by their definitions, one weight after the other.
struct Reference {
  double error = 0, energy = 0, sumAbsError = 0, sumAbs = 0, maxAbs = 0, weightedError = 0,
         weightedEnergy = 0;
  double dead = 0, nonZero = 0;

  Reference(const MemorySource& source, const WeightScheme& scheme, const std::vector<float>& gain) {
    const auto in = static_cast<std::size_t>(source.ref.in);
    const QuantizedMatrix q =
        quantizerFor(scheme).quantize(scheme, source.ref.out, source.ref.in, source.values());
    std::vector<double> columnError(in), columnEnergy(in);
    for (std::size_t i = 0; i < source.values().size(); ++i) {
      const double w = static_cast<double>(source.values()[i]);
      if (!std::isfinite(w)) continue;
      const double d = static_cast<double>(q.dequantized[i]) - w;
      columnError[i % in] += d * d;
      columnEnergy[i % in] += w * w;
      sumAbsError += std::abs(d);
      sumAbs += std::abs(w);
      maxAbs = std::max(maxAbs, std::abs(d));
      if (w != 0) nonZero += 1;
      if (w != 0 && q.dequantized[i] == 0) dead += 1;
    }
    for (std::size_t j = 0; j < in; ++j) {
      error += columnError[j];
      energy += columnEnergy[j];
      if (columnEnergy[j] == 0) continue;
      const double weight = gain.empty() ? 1 / columnEnergy[j] : std::pow(static_cast<double>(gain[j]), 2);
      weightedError += weight * columnError[j];
      weightedEnergy += weight * columnEnergy[j];
    }
  }
};

std::vector<float> someGain(std::int64_t in) {
  std::vector<float> gain;
  for (std::int64_t j = 0; j < in; ++j) gain.push_back(0.5f + static_cast<float>(j % 7) * 0.25f);
  return gain;
}

const char* const kSpecs[] = {"int8",
                              "int4",
                              "int8:asym",
                              "int4:asym,flavour=gptq",
                              "int4:flavour=gptq",
                              "int3:group=16",
                              "int8:group=128",
                              "int4:group=20",
                              "int4:group=3,asym",
                              "int4:group=48,asym,flavour=awq",
                              "int8:flavour=awq",
                              "int8:flavour=smoothquant",
                              "int8:tensor",
                              "int8:tensor,asym",
                              "int8:input_channel",
                              "int4:group_in_channel=8,asym",
                              "int4:group_in_channel=100",
                              "int5:block=4x16",
                              "int8:flavour=quarot",
                              "int4:asym,group=16,flavour=quarot",
                              "int4:group=32,flavour=rptq",
                              "int4:asym,flavour=rptq",
                              "int8:flavour=qualcomm",
                              "int4:asym,group=16,flavour=qualcomm",
                              "int4:group=16,flavour=llm-qat",
                              "int4:flavour=llm-qat",
                              "int8:flavour=bitsandbytes",
                              "mxfp4",
                              "mxfp6:flavour=mx-ceil",
                              "mxfp6_e3m2:flavour=mx-even",
                              "mxfp8:flavour=mx-floor",
                              "mxfp8_e5m2:flavour=mx-rceil",
                              "mxint8:flavour=torchao",
                              "mxint8:group=5",
                              "nvfp4",
                              "nvfp4:flavour=torchao"};

void compare(const LayerError& actual, const Reference& expected) {
  // float sums of squares over 32 strips of 4 rows: 128 * 2^-24; the root halves it
  QL_NEAR(actual.weightRelFro, expected.energy > 0 ? std::sqrt(expected.error / expected.energy) : 0, 8e-6);
  QL_NEAR(actual.weightRelL1, expected.sumAbs > 0 ? expected.sumAbsError / expected.sumAbs : 0, 4e-5);
  if (expected.weightedEnergy > 0) {
    QVERIFY(actual.normWeightedRel.has_value());
    QL_NEAR(*actual.normWeightedRel, std::sqrt(expected.weightedError / expected.weightedEnergy), 8e-6);
  } else {
    QVERIFY(!actual.normWeightedRel.has_value());
  }
  QL_NEAR(actual.deadCode, expected.nonZero > 0 ? expected.dead / expected.nonZero : 0, 1e-12);
  QL_NEAR(actual.maxAbsError, expected.maxAbs, 1e-6);
}

LayerError one(const MemorySource& source, const std::string& spec, const std::vector<float>& gain = {},
               int threads = 2) {
  JobContext job(threads);
  const std::vector<Choice> choices{parseSpec(spec)};
  return measureErrors(source, {source.ref, 16, gain}, choices, nullptr, job).front();
}

ColumnGrids gridsOfBand(const BandScheme& band, const RowQuantizer& quantizer,
                        const std::vector<float>& rows) {
  if (band.fixed) return *band.fixed;
  ColumnGrids grids(band.rule, 203);
  grids.assign(dynamic_cast<const RtnRowQuantizer&>(quantizer).bandGrids(rows), band.width);
  return grids;
}

nlohmann::json readJson(const char* name) {
  std::ifstream file(test::dataFile(name));
  return nlohmann::json::parse(file);
}

}  // namespace

class TestLayerError : public QObject {
  Q_OBJECT
 private slots:
  void figuresMatchTheDefinitions_data() {
    QTest::addColumn<int>("out");
    QTest::addColumn<int>("in");
    for (const auto& [out, in] : std::vector<std::pair<int, int>>{
             {1, 1}, {3, 5}, {4, 64}, {130, 96}, {129, 257}, {300, 33}, {37, 1030}}) {
      QTest::addRow("%d x %d", out, in) << out << in;
    }
  }
  void figuresMatchTheDefinitions() {
    QFETCH(int, out);
    QFETCH(int, in);
    MemorySource source = gaussianSource(out, in, 3, 40);
    source.values()[source.values().size() / 2] = 0;
    std::vector<Choice> choices;
    for (const char* spec : kSpecs) choices.push_back(parseSpec(spec));
    for (const bool isBf16 : {false, true}) {
      if (isBf16) source.storeAsBf16();
      for (const bool hasGain : {false, true}) {
        const std::vector<float> gain = hasGain ? someGain(in) : std::vector<float>();
        JobContext job(2);
        job.expect(errorUnits({source.ref, 16, gain}, choices, false));
        const auto errors = measureErrors(source, {source.ref, 16, gain}, choices, nullptr, job);
        QCOMPARE(job.done(), job.total());
        for (std::size_t i = 0; i < choices.size(); ++i) {
          compare(errors[i], Reference(source, *choices[i].weight, gain));
          QCOMPARE(errors[i].isNormGainBased, hasGain);
        }
      }
    }
  }

  void nonFiniteAndExtremeWeightsTakeTheExactPath() {
    MemorySource source = gaussianSource(140, 70, 9);
    auto& w = source.values();
    w[3] = std::numeric_limits<float>::quiet_NaN();
    w[500] = std::numeric_limits<float>::infinity();
    w[135 * 70 + 1] = 1e-30f;
    for (const char* spec : kSpecs)
      compare(one(source, spec), Reference(source, *parseSpec(spec).weight, {}));
    w[9] = 1e25f;
    for (const char* spec : {"int8", "int4:group=16,asym"}) {
      compare(one(source, spec), Reference(source, *parseSpec(spec).weight, {}));
    }
    source.storeAsBf16();
    compare(one(source, "int8"), Reference(source, *parseSpec("int8").weight, {}));
  }

  void kernelQuantizesExactlyAsRowQuantizer() {
    // one row a strip with an empty column array: columnError is the square of a single weight's error
    for (const char* spec : kSpecs) {
      const WeightScheme scheme = *parseSpec(spec).weight;
      if (scheme.granularity != Granularity::OutputChannel && scheme.granularity != Granularity::Group)
        continue;
      for (unsigned seed = 0; seed < 40; ++seed) {
        MemorySource source = gaussianSource(1, 203, seed, 8);
        if (seed % 2 == 1) source.storeAsBf16();  // short mantissas: exact ties are common
        const auto q = quantizerFor(scheme).quantize(scheme, 1, 203, source.values());
        std::vector<float> values(256), energy(256), absmax(256), squares(256);
        std::copy(source.values().begin(), source.values().end(), values.begin());
        const ErrorStrip strip{values.data(), 256, 203, 1};
        const StripWeights weights = scanStrip(strip, nullptr, 0, energy.data(), absmax.data());
        QVERIFY(weights.isRegular);
        const std::size_t width = static_cast<std::size_t>(scheme.groupSize.value_or(203));
        StripErrors errors;
        RtnRule rule = rtnRule(scheme);
        if (rule.block.isNvfp4())
          setTensorAbsmax(rule.block, std::max(-weights.rowMin[0], weights.rowMax[0]));
        addStripErrors({rule, width, false, {}}, strip, weights, squares.data(), errors);
        for (std::size_t j = 0; j < 203; ++j) {
          const float d = q.dequantized[j] - source.values()[j];
          QVERIFY2(squares[j] == d * d, spec);
        }
      }
    }
  }

  /// Strips of four rows make their grids by vectors: three rows of zeros, which have no error, and one more.
  void stripsOfFourRowsQuantizeTheSame() {
    for (const char* spec : {"int4:group=16",
                             "int8:group=20",
                             "int4:group=3,asym",
                             "int3:group=48,asym,flavour=awq",
                             "int4:group=32,asym,flavour=gptq",
                             "int4:group=32,flavour=gptq",
                             "int4:group=32,flavour=quarot",
                             "int4:group=32,asym,flavour=quarot",
                             "int8:group=16,flavour=smoothquant",
                             "int4:group=16,flavour=awq",
                             "mxfp6_e3m2:flavour=mx-ceil",
                             "mxfp8_e5m2:flavour=mx-rceil",
                             "fp4_e2m1:group=16",
                             "fp8_e4m3:group=40",
                             "mxfp4",
                             "mxfp8:flavour=mx-even",
                             "mxfp6:flavour=mx-floor",
                             "mxint8",
                             "mxint8:flavour=mx-ceil",
                             "mxfp4:flavour=mx-rceil",
                             "nvfp4",
                             "nvfp4:flavour=torchao"}) {
      const WeightScheme scheme = *parseSpec(spec).weight;
      for (unsigned seed = 0; seed < 24; ++seed) {
        MemorySource source = gaussianSource(4, 203, seed, 8);
        if (seed % 2 == 1) source.storeAsBf16();
        const std::size_t row = seed % 4;
        for (std::size_t i = 0; i < source.values().size(); ++i) {
          if (i / 203 != row || i % 203 / 64 == 1) source.values()[i] = 0;
          if (seed % 3 == 0) source.values()[i] = std::abs(source.values()[i]);  // parts without a sign
        }
        const auto q = quantizerFor(scheme).quantize(scheme, 4, 203, source.values());
        std::vector<float> values(4 * 256), energy(256), absmax(256), squares(256);
        for (std::size_t r = 0; r < 4; ++r)
          std::copy_n(source.values().begin() + static_cast<std::ptrdiff_t>(r * 203), 203,
                      values.begin() + static_cast<std::ptrdiff_t>(r * 256));
        const ErrorStrip strip{values.data(), 256, 203, 4};
        const StripWeights weights = scanStrip(strip, nullptr, 0, energy.data(), absmax.data());
        QVERIFY(weights.isRegular);
        RtnRule rule = rtnRule(scheme);
        if (rule.block.isNvfp4())
          setTensorAbsmax(rule.block, *std::max_element(absmax.begin(), absmax.end()));
        StripErrors errors;
        const auto width = static_cast<std::size_t>(*scheme.groupSize);
        addStripErrors({rule, width, false, {}}, strip, weights, squares.data(), errors);
        for (std::size_t j = 0; j < 203; ++j) {
          const float d = q.dequantized[row * 203 + j] - source.values()[row * 203 + j];
          QVERIFY2(squares[j] == d * d, spec);
        }
      }
    }
  }

  /// The same for parts that span rows: grids by column, every row a strip of its own.
  void bandKernelQuantizesExactlyAsRowQuantizer() {
    for (const char* spec :
         {"int8:input_channel", "int4:group_in_channel=8,asym", "int4:group_in_channel=7,asym,flavour=gptq",
          "int5:block=4x16", "fp8_e4m3:block=6x40", "int4:block=3x9,asym,flavour=llm-qat",
          "int8:group_in_channel=5,flavour=bitsandbytes", "int4:input_channel,asym,flavour=awq"}) {
      const WeightScheme scheme = *parseSpec(spec).weight;
      MemorySource source = gaussianSource(24, 203, 31, 8);
      JobContext job(1);
      const MatrixRange range = measureRange(source, source.ref, job);
      const auto made = makeRowQuantizer(scheme, {24, 203, &range});
      QVERIFY2(!stripScheme(*made, 203), spec);
      const auto band = bandScheme(*made, 203);
      QVERIFY2(band.has_value(), spec);
      std::vector<float> q(24 * 203);
      made->apply(0, 24, source.values(), q, {});
      // one band at a time, its grids from all of its rows, one of which is looked at
      const std::size_t height = band->fixed ? 24 : band->height;
      for (std::size_t begin = 0; begin < 24; begin += height) {
        const std::size_t end = std::min<std::size_t>(24, begin + height);
        for (std::size_t row = begin; row < end; ++row) {
          const std::span values = std::span(source.values()).subspan(begin * 203, (end - begin) * 203);
          std::vector<float> rows(values.begin(), values.end());
          ColumnGrids grids = gridsOfBand(*band, *made, rows);
          std::vector<float> one(rows.begin() + static_cast<std::ptrdiff_t>((row - begin) * 203),
                                 rows.begin() + static_cast<std::ptrdiff_t>((row - begin + 1) * 203));
          one.resize(256);
          std::vector<float> squares(256);
          StripErrors errors;
          addBandErrors(grids, {one.data(), 256, 203, 1}, squares.data(), errors);
          for (std::size_t j = 0; j < 203; ++j) {
            const float d = q[row * 203 + j] - source.values()[row * 203 + j];
            QVERIFY2(squares[j] == d * d, spec);
          }
        }
      }
    }
  }

  void threadsAndCompanyDoNotChangeABit() {
    const MemorySource source = gaussianSource(517, 300, 21, 30);
    std::vector<Choice> choices;
    for (const char* spec : kSpecs) choices.push_back(parseSpec(spec));
    JobContext three(3);
    const auto errors = measureErrors(source, {source.ref, 16, {}}, choices, nullptr, three);
    for (std::size_t i = 0; i < choices.size(); ++i) {
      const LayerError alone = one(source, kSpecs[i], {}, 1);
      QVERIFY(alone.columnError == errors[i].columnError);
      QCOMPARE(alone.weightRelL1, errors[i].weightRelL1);
      QCOMPARE(alone.normWeightedRel, errors[i].normWeightedRel);
    }
  }

  void statisticsSpareThePassForRanges() {
    const MemorySource source = gaussianSource(200, 90, 4);
    JobContext job(2);
    const WeightStats stats = measureWeights(source, source.ref, {}, job);
    const std::vector<Choice> choices{parseSpec("int8:tensor"), parseSpec("int4:input_channel,asym")};
    const auto with = measureErrors(source, {source.ref, 16, {}}, choices, &stats, job);
    const auto without = measureErrors(source, {source.ref, 16, {}}, choices, nullptr, job);
    for (std::size_t i = 0; i < choices.size(); ++i) QVERIFY(with[i].columnError == without[i].columnError);
    QCOMPARE(with[0].columnPeakRatio, stats.summary.columnPeakRatio);
  }

  void zeroAndUnquantizedMatrices() {
    const LayerError zero = one(MemorySource(5, 7, std::vector<float>(35, 0.0f)), "int8");
    QVERIFY(!zero.normWeightedRel && zero.weightRelFro == 0 && std::isnan(zero.sqnrDb) && zero.deadCode == 0);
    const LayerError kept = one(gaussianSource(5, 7, 1), "bf16");
    QVERIFY(std::isinf(kept.sqnrDb) && kept.weightRelFro == 0 && kept.bitsPerWeight == 16);
    QCOMPARE(*kept.normWeightedRel, 0.0);
    const LayerError onGrid = one(MemorySource(1, 3, {127, -127, 5}), "int8:flavour=smoothquant");
    QVERIFY(std::isinf(onGrid.sqnrDb));
    QVERIFY(one(MemorySource(0, 7, {}), "int8").columnError == std::vector<double>(7, 0.0));
  }

  void mismatchesAndUnmeasurableSchemesAreRefused() {
    const MemorySource source = gaussianSource(4, 8, 1);
    QL_THROWS(one(source, "int8", {1, 2, 3}), "3 gains");
    QL_THROWS(one(source, "mxfp4:channel"), "use group=32");
    QVERIFY(one(source, "int8:group=3").hasPartialGroup);
    QVERIFY(!one(source, "int8:group=4").hasPartialGroup);
  }

  void gaussianDeadCodesMatchKnownValues() {
    // E max |z| of 1 and 2 normals: sqrt(2 / pi), 2 / sqrt(pi); int8 smoothquant divides by 127
    const auto expected = [](double absmax, double divisor) {
      return std::erf(absmax / divisor / 2 / std::sqrt(2.0));
    };
    const WeightScheme sq = *parseSpec("int8:flavour=smoothquant").weight;
    QL_NEAR(gaussianDeadCode(sq, 1, 1), expected(std::sqrt(2 / M_PI), 127), 1e-9);
    QL_NEAR(gaussianDeadCode(sq, 1, 2), expected(2 / std::sqrt(M_PI), 127), 1e-9);
    const WeightScheme ct = *parseSpec("int8").weight;
    QL_NEAR(gaussianDeadCode(ct, 256, 256), 0.009525,
            1e-3);  // E max |z| of 256 is 3.0439 (numpy, 40,000 rows)
    QL_NEAR(gaussianDeadCode(*parseSpec("int8:flavour=gptq").weight, 256, 256),
            gaussianDeadCode(ct, 256, 256), 1e-12);
    // and a measured Gaussian matrix
    for (const char* spec :
         {"int8", "int4:group=32", "int4:asym,group=32", "int4:tensor", "int4:flavour=rptq",
          "int4:asym,flavour=rptq", "int4:flavour=quarot", "int4:flavour=qualcomm",
          "int4:group=32,flavour=llm-qat", "mxfp4", "mxfp4:flavour=mx-floor", "mxint8",
          "mxfp8:flavour=mx-rceil", "nvfp4", "nvfp4:flavour=torchao"}) {
      const LayerError error = one(gaussianSource(2048, 256, 17), spec);
      if (error.deadCode > 1e-3)                                // a rarer one is chance
        QL_NEAR(error.deadCode, error.deadCodeGaussian, 0.08);  // one draw of the tensor's absmax
      QL_NEAR(error.weightRelFro, gaussianRelError(*parseSpec(spec).weight, 2048, 256), 0.08);
    }
  }

  void storedErrorsComeBack() {
    const MemorySource source = gaussianSource(20, 30, 2);
    const Choice choice = parseSpec("int4:group=8,asym");
    JobContext job(1);
    const auto error =
        measureErrors(source, {source.ref, 16, {}}, std::span(&choice, 1), nullptr, job).front();
    DataTree tree = toDataTree(error, choice);
    const StoredError back = layerErrorFromDataTree(tree);
    QVERIFY(back.choice == choice && back.error.evidence == error.evidence);
    QCOMPARE(back.error.weightRelFro, error.weightRelFro);
    QCOMPARE(back.error.normWeightedRel, error.normWeightedRel);
    QVERIFY(!back.error.outputRelW && back.error.hasPartialGroup);
    for (std::size_t j = 0; j < 30; ++j) QL_NEAR(back.error.columnError[j], error.columnError[j], 1e-7);
    tree.attributes["choice"] = std::string("w99");
    QL_THROWS(layerErrorFromDataTree(tree), "cannot be read");
    tree.attributes.erase("choice");
    QL_THROWS(layerErrorFromDataTree(tree), "choice");
  }

  void previewBracketsTheExactFigure() {
    JobContext job(2);
    int inside = 0, total = 0;
    for (unsigned seed = 0; seed < 12; ++seed) {
      MemorySource source = gaussianSource(600, 64, seed, 20);
      for (std::size_t r = 0; r < 600; ++r) {  // rows of different size, one of them huge
        for (std::size_t j = 0; j < 64; ++j)
          source.values()[r * 64 + j] *= r == 77 ? 50.0f : 1.0f + 0.01f * static_cast<float>(r % 90);
      }
      const WeightStats stats = measureWeights(source, source.ref, {}, job);
      const std::vector<Choice> choices{parseSpec("int8"), parseSpec("int4:group=16"),
                                        parseSpec("int4:tensor"), parseSpec("int8:group_in_channel=8"),
                                        parseSpec("bf16")};
      const ErrorInput input{source.ref, 16, someGain(64)};
      const auto exact = measureErrors(source, input, choices, &stats, job);
      const auto preview = previewErrors(source, input, choices, stats, 128, job);
      for (std::size_t i = 0; i < 3; ++i) {
        QVERIFY(preview[i].evidence.kind == Evidence::Kind::Sampled && preview[i].evidence.n == 128);
        QL_NEAR(*preview[i].normWeightedRel, *exact[i].normWeightedRel, 0.05);
        QL_NEAR(preview[i].weightRelFro, exact[i].weightRelFro, 0.1);
        QL_NEAR(preview[i].deadCode, exact[i].deadCode, 0.1);
        const auto [low, high] = *preview[i].evidence.interval;
        inside += *exact[i].normWeightedRel >= low && *exact[i].normWeightedRel <= high ? 1 : 0;
        ++total;
      }
      QCOMPARE(*preview[3].normWeightedRel, *exact[3].normWeightedRel);
      QVERIFY(preview[4].evidence.kind == Evidence::Kind::Exact);
    }
    QVERIFY2(inside >= total * 8 / 10, qPrintable(QString("%1 of %2").arg(inside).arg(total)));
  }

  void matchesTheReferenceFiguresOfTheShippedModel() {
    const auto checkpoint = openCheckpoint(test::demoModel());
    const CheckpointSource source(checkpoint);
    const Model model = buildModel(*checkpoint);
    const auto reference = readJson("reference/errors-wout.json");
    const std::vector<Choice> choices{
        parseSpec("int8:flavour=smoothquant"), parseSpec("int8:group=32,flavour=smoothquant"),
        parseSpec("int4:flavour=smoothquant"), parseSpec("int4:group=128,flavour=smoothquant"),
        parseSpec("int4:group=32,flavour=smoothquant")};
    const char* const keys[] = {"weight_relerr.w8_pc", "weight_relerr.w8_g32", "weight_relerr.w4_pc",
                                "weight_relerr.w4_g128", "weight_relerr.w4_g32"};
    JobContext job(2);
    int compared = 0;
    for (const Linear& linear : model.linears) {
      if (!reference.contains(linear.name)) continue;
      const auto& expected = reference.at(linear.name);
      const auto errors = measureErrors(source, {linear.matrix, 16, {}}, choices, nullptr, job);
      for (std::size_t i = 0; i < choices.size(); ++i) {
        if (expected.contains(keys[i]))
          QL_NEAR(errors[i].weightRelFro, expected.at(keys[i]).get<double>(), 2e-6);
      }
      QL_NEAR(errors[0].columnPeakRatio, expected.at("column_absmax_ratio").get<double>(), 1e-6);
      ++compared;
    }
    QCOMPARE(compared, 42);
  }

  void matchesThePublishedFiguresOfTheShippedModel() {
    const auto checkpoint = openCheckpoint(test::demoModel());
    const CheckpointSource source(checkpoint);
    const Model model = buildModel(*checkpoint);
    JobContext job(2);
    const auto measure = [&](const char* name, const char* spec) {
      const Linear& linear = model.linears[*model.find(name)];
      const std::vector<float> gain =
          linear.norm ? readVector(*checkpoint, *linear.norm) : std::vector<float>();
      const std::vector<Choice> choices{parseSpec(spec)};
      return measureErrors(source, {linear.matrix, 16, gain}, choices, nullptr, job).front();
    };
    const auto percent = [](double fraction) { return std::round(fraction * 1000) / 10; };
    const LayerError channel = measure("model.layers.0.self_attn.q_proj", "w8a8");
    QCOMPARE(percent(*channel.normWeightedRel), 90.9);
    QCOMPARE(percent(channel.deadCode), 90.9);
    QCOMPARE(std::round(channel.weightRelFro * 1e4), 185.0);
    const LayerError group = measure("model.layers.0.self_attn.q_proj", "w8a8:group=32");
    QCOMPARE(percent(*group.normWeightedRel), 30.8);
    QCOMPARE(percent(group.deadCode), 11.0);
    QCOMPARE(std::round(group.weightRelFro * 1e4), 76.0);
    QCOMPARE(percent(*measure("model.layers.0.mlp.gate_proj", "w8a8").normWeightedRel), 40.3);
    QCOMPARE(std::round(*measure("model.layers.0.self_attn.o_proj", "w8a8").normWeightedRel * 1e4), 71.0);
  }
};

QTEST_APPLESS_MAIN(TestLayerError)
#include "tst_layer_error.moc"
