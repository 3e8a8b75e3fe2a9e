// Q(W) handed out as a source: any piece of rows equals that piece of the whole quantized matrix.
#include "core/base/error.h"
#include "core/quant/quantizer.h"
#include "tests/core/evaluate/memory_source.h"
#include "tests/support/compare.h"

#include <limits>

using namespace ql;
using test::gaussianSource;
using test::MemorySource;

class TestFakeQuantizedSource : public QObject {
  Q_OBJECT
 private slots:
  void anyPieceIsAPieceOfTheWhole() {
    const auto inner = std::make_shared<MemorySource>(gaussianSource(13, 11, 5));
    for (const char* spec : {"int4", "int4:group=4,asym", "int4:group_in_channel=4", "int5:block=3x4"}) {
      const WeightScheme scheme = *parseSpec(spec).weight;
      const auto whole = quantizerFor(scheme).quantize(scheme, 13, 11, inner->values()).dequantized;
      const std::shared_ptr<const RowQuantizer> quantizer = makeRowQuantizer(scheme, {13, 11});
      const FakeQuantizedSource quantized(inner, quantizer, FakeQuantizedSource::Output::Quantized);
      const FakeQuantizedSource error(inner, quantizer, FakeQuantizedSource::Output::Error);
      for (std::int64_t begin = 0; begin < 13; begin += 3) {
        const std::int64_t end = std::min<std::int64_t>(13, begin + 5);
        std::vector<float> q(static_cast<std::size_t>(end - begin) * 11), e(q.size());
        quantized.readRows(inner->ref, begin, end, q);
        error.readRows(inner->ref, begin, end, e);
        for (std::size_t i = 0; i < q.size(); ++i) {
          const std::size_t at = static_cast<std::size_t>(begin) * 11 + i;
          QCOMPARE(q[i], whole[at]);
          QCOMPARE(e[i], whole[at] - inner->values()[at]);
        }
      }
    }
  }

  void nonFiniteWeightsHaveNoError() {
    const auto inner = std::make_shared<MemorySource>(gaussianSource(1, 4, 5));
    inner->values()[2] = std::numeric_limits<float>::infinity();
    const FakeQuantizedSource error(inner, makeRowQuantizer(*parseSpec("int8").weight, {1, 4}),
                                    FakeQuantizedSource::Output::Error);
    std::vector<float> e(4);
    error.readRows(inner->ref, 0, 1, e);
    QCOMPARE(e[2], 0.0f);
  }

  void schemesThatCannotBeMeasuredAreRefusedAtOnce() {
    WeightScheme stored;
    stored.format = "bf16";
    QL_THROWS(makeRowQuantizer(stored, {1, 4}), "int8");
  }
};

QTEST_APPLESS_MAIN(TestFakeQuantizedSource)
#include "tst_fake_quantized_source.moc"
