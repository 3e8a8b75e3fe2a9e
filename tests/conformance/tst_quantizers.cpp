// What every quantizer must do, whatever its method: sweeps the registry. Combinations that check() refuses
// are left out, but every number format must be measurable in some.
#include "core/base/error.h"
#include "core/quant/quantizer.h"
#include "tests/core/evaluate/site_data.h"
#include "tests/support/compare.h"

#include <limits>
#include <random>
#include <set>

using namespace ql;

namespace {

constexpr std::int64_t kOut = 24, kIn = 40;
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
const char* const kParts[] = {
    "", ",tensor", ",channel", ",input_channel", ",group=16", ",group_in_channel=8", ",block=8x16"};

/// A matrix with everything that a method may ask for.
struct Site {
  test::MemorySource source;
  MatrixRange range;
  ActivationStats activations;
  JobContext job{2};

  explicit Site(unsigned seed, bool hasSpecials = false) : source(test::gaussianSource(kOut, kIn, seed, 4)) {
    if (hasSpecials) {
      source.values()[3] = kNan;
      source.values()[5 * kIn + 11] = std::numeric_limits<float>::infinity();
      source.values()[5 * kIn + 12] = -std::numeric_limits<float>::infinity();
      for (std::size_t j = 0; j < kIn; ++j) source.values()[7 * kIn + j] = 0;
    }
    range.columnMin.assign(kIn, 0);
    range.columnMax.assign(kIn, 0);
    for (std::size_t i = 0; i < source.values().size(); ++i) {
      const float v = source.values()[i];
      if (!std::isfinite(v)) continue;
      range.columnMin[i % kIn] = std::min(range.columnMin[i % kIn], v);
      range.columnMax[i % kIn] = std::max(range.columnMax[i % kIn], v);
    }
    std::mt19937 random(seed + 1);
    const std::vector<float> x = test::gaussianTokens(64, kIn, random);
    activations = test::siteOf(x, kIn);
    activations.all.sum.assign(kIn, 0);
    activations.all.sumAbs.assign(kIn, 0);
    for (std::size_t i = 0; i < x.size(); ++i) {
      activations.all.sum[i % kIn] += static_cast<double>(x[i]);
      activations.all.sumAbs[i % kIn] += std::abs(static_cast<double>(x[i]));
    }
  }

  QuantizerInput input() {
    QuantizerInput result;
    result.out = kOut;
    result.in = kIn;
    result.range = &range;
    result.source = &source;
    result.matrix = source.ref;
    result.activations = &activations;
    result.job = &job;
    return result;
  }
};

void addIfMeasurable(const std::string& spec, std::vector<WeightScheme>& schemes) {
  try {
    const WeightScheme scheme = *parseSpec(spec).weight;
    requireMeasurable(scheme);
    schemes.push_back(scheme);
  } catch (const Error&) {  // refused, as some are
  }
}

/// The schemes of a quantizer with this format that can be measured: every flavour and part, and every clip
/// with a few of them.
std::vector<WeightScheme> schemesOf(const Quantizer& quantizer, const std::string& format) {
  std::vector<WeightScheme> result;
  const auto base = [&](const std::string& flavour, const std::string& clip) {
    return format + ":flavour=" + flavour + ",clip=" + clip + ",algorithm=" + std::string(quantizer.name);
  };
  for (const char* sign : {"", ",asym"}) {
    for (const std::string& flavour : quantizer.flavours)
      for (const char* part : kParts)
        // searches take their time and round as rtn does: other flavours in one part each
        if (quantizer.name == "rtn" || flavour == quantizer.flavours.front() || part[0] == 0)
          addIfMeasurable(base(flavour, quantizer.clips.front()) + sign + part, result);
    for (std::size_t i = 1; i < quantizer.clips.size(); ++i)
      for (const char* part : {"", ",group=16", ",tensor"})
        addIfMeasurable(base(quantizer.flavours.front(), quantizer.clips[i]) + sign + part, result);
  }
  return result;
}

std::string textOf(const WeightScheme& scheme) {
  return specText(Choice{scheme, std::nullopt});
}

/// In bands of rowUnit(), the last one shorter.
std::vector<float> bandByBand(const RowQuantizer& rows, std::span<const float> w,
                              std::span<std::uint8_t> isZeroCode) {
  std::vector<float> q(w.size());
  for (std::int64_t row = 0; row < kOut; row += rows.rowUnit()) {
    const std::int64_t n = std::min(rows.rowUnit(), kOut - row);
    const auto begin = static_cast<std::size_t>(row * kIn), size = static_cast<std::size_t>(n * kIn);
    rows.apply(row, n, w.subspan(begin, size), std::span(q).subspan(begin, size),
               isZeroCode.subspan(begin, size));
  }
  return q;
}

bool isSame(float a, float b) {
  return a == b || (std::isnan(a) && std::isnan(b));
}

}  // namespace

class TestQuantizers : public QObject {
  Q_OBJECT
 private slots:
  void namesAreUniqueAndDescribed() {
    std::set<std::pair<std::string_view, std::string>> formats;
    for (const Quantizer* quantizer : quantizers()) {
      QVERIFY(!quantizer->sentence.empty() && !quantizer->source.empty());
      QVERIFY(!quantizer->formats.empty() && !quantizer->flavours.empty() && !quantizer->clips.empty());
      const auto& algorithms = algorithmNames();
      QVERIFY(std::find(algorithms.begin(), algorithms.end(), quantizer->name) != algorithms.end());
      for (const std::string& format : quantizer->formats) {
        QVERIFY2(findNumberFormat(format), format.c_str());
        for (const std::string& clip : quantizer->clips)
          QVERIFY2(formats.insert({quantizer->name, format + " " + clip}).second, format.c_str());
      }
      for (const std::string& flavour : quantizer->flavours)
        QVERIFY(std::find(flavourNames().begin(), flavourNames().end(), flavour) != flavourNames().end());
      for (const std::string& clip : quantizer->clips)
        QVERIFY(std::find(clipNames().begin(), clipNames().end(), clip) != clipNames().end());
    }
  }

  void everySchemeKeepsItsContract_data() {
    QTest::addColumn<int>("index");
    QTest::addColumn<QString>("format");
    for (std::size_t i = 0; i < quantizers().size(); ++i)
      for (const std::string& format : quantizers()[i]->formats)
        QTest::newRow((std::string(quantizers()[i]->name) + " " + format).c_str())
            << static_cast<int>(i) << QString::fromStdString(format);
  }
  /// Finite weights stay finite and are not worse than nothing, the others stay as they are; the result does
  /// not depend on how rows are handed over.
  void everySchemeKeepsItsContract() {
    QFETCH(int, index);
    QFETCH(QString, format);
    const Quantizer& quantizer = *quantizers()[static_cast<std::size_t>(index)];
    const std::vector<WeightScheme> schemes = schemesOf(quantizer, format.toStdString());
    QVERIFY2(!schemes.empty(), "no combination of flavour, clip and granularity can be measured");
    for (const bool hasSpecials : {false, true}) {
      Site site(5, hasSpecials);
      const std::vector<float>& w = site.source.values();
      for (const WeightScheme& scheme : schemes) {
        const std::string text = textOf(scheme);
        const auto rows = makeRowQuantizer(scheme, site.input());
        std::vector<float> whole(w.size());
        std::vector<std::uint8_t> zeros(w.size(), 7), bandZeros(w.size(), 7);
        rows->apply(0, kOut, w, whole, zeros);
        QVERIFY2(rows->rowsAtOnce() >= 1 && rows->rowsAtOnce() % rows->rowUnit() == 0, text.c_str());
        const std::vector<float> bands = bandByBand(*rows, w, bandZeros);
        double error = 0, energy = 0;
        for (std::size_t i = 0; i < w.size(); ++i) {
          const QString place = QString("%1 at %2: %3 of %4")
                                    .arg(text.c_str())
                                    .arg(i)
                                    .arg(static_cast<double>(whole[i]))
                                    .arg(static_cast<double>(w[i]));
          QVERIFY2(std::isfinite(w[i]) ? std::isfinite(whole[i]) : isSame(whole[i], w[i]), qPrintable(place));
          QVERIFY2(isSame(bands[i], whole[i]), qPrintable(place));
          QVERIFY2(zeros[i] <= 1 && zeros[i] == bandZeros[i], qPrintable(place));
          if (!std::isfinite(w[i])) continue;
          const double difference = static_cast<double>(whole[i]) - static_cast<double>(w[i]);
          error += difference * difference;
          energy += static_cast<double>(w[i]) * static_cast<double>(w[i]);
        }
        QVERIFY2(error < energy, text.c_str());
        // a row of 40 weights takes a block of 256
        if (const auto bits = rows->bitsPerWeight()) QVERIFY2(*bits > 0 && *bits < 64, text.c_str());
      }
    }
  }

  void codesFitTheirBits_data() { everySchemeKeepsItsContract_data(); }
  void codesFitTheirBits() {
    QFETCH(int, index);
    QFETCH(QString, format);
    const Quantizer& quantizer = *quantizers()[static_cast<std::size_t>(index)];
    if (!quantizer.quantize) return;  // needs data: its rows are looked at above
    Site site(6);
    for (const WeightScheme& scheme : schemesOf(quantizer, format.toStdString())) {
      if (quantizer.needs(scheme).activations) continue;
      const std::string text = textOf(scheme);
      const QuantizedMatrix q = quantizer.quantize(scheme, kOut, kIn, site.source.values());
      QCOMPARE(q.codes.size(), site.source.values().size());
      const double levels = std::exp2(findNumberFormat(scheme.format)->bits);
      const auto [low, high] = std::minmax_element(q.codes.begin(), q.codes.end());
      QVERIFY2(*high - *low < levels + 1e-9, text.c_str());
      const auto rows = makeRowQuantizer(scheme, site.input());
      std::vector<float> applied(q.dequantized.size());
      rows->apply(0, kOut, site.source.values(), applied, {});
      for (std::size_t i = 0; i < applied.size(); ++i) QVERIFY2(applied[i] == q.dequantized[i], text.c_str());
    }
  }
};

QTEST_APPLESS_MAIN(TestQuantizers)
#include "tst_quantizers.moc"
