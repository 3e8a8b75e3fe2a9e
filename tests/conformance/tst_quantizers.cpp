// What every quantizer must do, whatever its method: sweeps the registry.
#include "core/base/error.h"
#include "core/quant/quantizer.h"
#include "tests/support/compare.h"

#include <random>
#include <set>

using namespace ql;

class TestQuantizers : public QObject {
  Q_OBJECT
 private slots:
  void namesAreUniqueAndDescribed() {
    std::set<std::string_view> names;
    for (const Quantizer* quantizer : quantizers()) {
      QVERIFY(names.insert(quantizer->name).second);
      QVERIFY(!quantizer->sentence.empty() && !quantizer->source.empty());
      QVERIFY(!quantizer->formats.empty() && !quantizer->flavours.empty() && !quantizer->clips.empty());
      const auto& algorithms = algorithmNames();
      QVERIFY(std::find(algorithms.begin(), algorithms.end(), quantizer->name) != algorithms.end());
      for (const std::string& format : quantizer->formats) QVERIFY(findNumberFormat(format));
    }
  }

  void everySchemeIsFiniteAndIdempotentOnCodes_data() {
    QTest::addColumn<QString>("spec");
    for (const Quantizer* quantizer : quantizers()) {
      for (const std::string& format : quantizer->formats) {
        for (const std::string& flavour : quantizer->flavours) {
          for (const char* sign : {"sym", "asym"}) {
            const bool isInteger = findNumberFormat(format)->isInteger;
            if (!isInteger && (flavour != "compressed-tensors" || sign[0] == 'a')) continue;
            if (flavour == "smoothquant" && sign[0] == 'a') continue;
            const std::string spec = format + ":" + sign + ",flavour=" + flavour;
            QTest::newRow(spec.c_str()) << QString::fromStdString(spec);
          }
        }
      }
    }
  }
  void everySchemeIsFiniteAndIdempotentOnCodes() {
    QFETCH(QString, spec);
    std::mt19937 random(5);
    std::normal_distribution<float> normal(0, 1);
    std::vector<float> w(24 * 40);
    for (float& v : w) v = normal(random);
    for (const char* part :
         {"tensor", "channel", "input_channel", "group=16", "group_in_channel=8", "block=8x16"}) {
      const WeightScheme scheme = *parseSpec(spec.toStdString() + "," + part).weight;
      requireMeasurable(scheme);
      const QuantizedMatrix q = quantizerFor(scheme).quantize(scheme, 24, 40, w);
      const int levels = 1 << static_cast<int>(findNumberFormat(scheme.format)->bits);
      const auto [low, high] = std::minmax_element(q.codes.begin(), q.codes.end());
      QVERIFY2(*high - *low < levels, part);
      for (std::size_t i = 0; i < w.size(); ++i) QVERIFY(std::isfinite(q.dequantized[i]));
    }
  }
};

QTEST_APPLESS_MAIN(TestQuantizers)
#include "tst_quantizers.moc"
