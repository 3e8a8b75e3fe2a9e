// Linear layers over stored, transposed and computed matrices: the same bits as one product of the widened
// matrix, whatever the type, the number of tokens and of threads.
#include "core/linalg/linear.h"

#include "core/base/error.h"
#include "tests/core/linalg/random_matrix.h"
#include "tests/support/compare.h"
#include "tests/support/data.h"
#include "tests/support/safetensors_bytes.h"
#include "tests/support/temp_folder.h"

#include <QTest>

#include <atomic>
#include <functional>
#include <mutex>

using ql::CheckpointSource;
using ql::DType;
using ql::JobContext;
using ql::MatrixRef;
using ql::openCheckpoint;
using ql::WeightSource;
using ql::test::entry;
using ql::test::RandomMatrix;
using ql::test::safetensorsBytes;
using ql::test::sameBits;
using ql::test::TempFolder;

namespace {

std::string encoded(DType dtype, float value) {
  const auto bytesOf = [](const auto& v) { return std::string(reinterpret_cast<const char*>(&v), sizeof v); };
  switch (dtype) {
    case DType::BF16:
      return bytesOf(ql::floatToBf16(value));
    case DType::F16:
      return bytesOf(ql::floatToFp16(value));
    case DType::F64:
      return bytesOf(static_cast<double>(value));
    case DType::I8:
      return bytesOf(static_cast<std::int8_t>(value * 20));
    default:
      return bytesOf(value);
  }
}

/// A matrix "w" of random values behind `pad` bytes, so that it may lie at an odd address.
std::string fileBytes(DType dtype, std::int64_t rows, std::int64_t columns, std::size_t pad) {
  const RandomMatrix random(rows, columns, 11);
  std::string data(pad, 'x');
  for (const float value : random.values) data += encoded(dtype, value);
  const std::string shape = "[" + std::to_string(rows) + "," + std::to_string(columns) + "]";
  const std::string pads = pad > 0 ? entry("pad", "U8", "[" + std::to_string(pad) + "]", 0, pad) + "," : "";
  return safetensorsBytes(
      "{" + pads + entry("w", std::string(ql::dtypeInfo(dtype).name), shape, pad, data.size()) + "}", data);
}

/// Passes everything on but may hide the stored bytes; counts, and calls back.
class WatchedSource : public WeightSource {
 public:
  explicit WatchedSource(const WeightSource& source) : m_source(source) {}
  void readRows(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd,
                std::span<float> out) const override {
    if (onRead) onRead(rowBegin, rowEnd);
    m_source.readRows(matrix, rowBegin, rowEnd, out);
  }
  std::optional<ql::RawRows> rawRows(const MatrixRef& matrix, std::int64_t rowBegin,
                                     std::int64_t rowEnd) const override {
    return isComputed ? std::nullopt : m_source.rawRows(matrix, rowBegin, rowEnd);
  }
  void release(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd) const override {
    const std::lock_guard lock(m_mutex);
    released.resize(static_cast<std::size_t>(matrix.out));
    for (std::int64_t r = rowBegin; r < rowEnd; ++r) ++released[static_cast<std::size_t>(r)];
  }
  void check(const MatrixRef&) const override { ++checks; }

  bool isComputed = false;
  std::function<void(std::int64_t, std::int64_t)> onRead;
  mutable std::vector<int> released;
  mutable std::atomic<int> checks{0};

 private:
  const WeightSource& m_source;
  mutable std::mutex m_mutex;  // guards released
};

RandomMatrix widened(const WeightSource& source, const MatrixRef& matrix) {
  RandomMatrix w(matrix.out, matrix.in, 1);
  source.readRows(matrix, 0, matrix.out, w.values);
  return w;
}

/// What applyLinear must give, bit for bit.
std::vector<float> wholeProduct(const WeightSource& source, const MatrixRef& matrix, const RandomMatrix& x,
                                const std::vector<float>& bias) {
  RandomMatrix y(x.rows, matrix.out, 1);
  multiplyTransposedSerial(x.view(), widened(source, matrix).view(), y.edit());
  for (std::int64_t t = 0; t < y.rows && !bias.empty(); ++t)
    for (std::int64_t j = 0; j < y.columns; ++j) y.at(t, j) += bias[static_cast<std::size_t>(j)];
  return y.values;
}

std::vector<float> linear(const WeightSource& source, const MatrixRef& matrix, const RandomMatrix& x,
                          const std::vector<float>& bias, int threads) {
  JobContext job(threads);
  std::vector<float> y(static_cast<std::size_t>(x.rows * matrix.out), -1.0f);
  applyLinear(source, matrix, bias, x.rows, x.values, y, job);
  return y;
}

}  // namespace

class LinearTest : public QObject {
  Q_OBJECT

 private slots:
  void matchesDoublePrecision() {
    const TempFolder folder;
    const CheckpointSource source(
        openCheckpoint(folder.write("m.safetensors", fileBytes(DType::BF16, 385, 1000, 0))));
    const MatrixRef matrix{"w", 385, 1000};
    const RandomMatrix x(5, 1000, 2), w = widened(source, matrix);
    const std::vector<float> y = linear(source, matrix, x, {}, 2);
    for (std::int64_t t = 0; t < 5; ++t) {
      for (std::int64_t j = 0; j < 385; ++j) {
        const ql::test::Exact exact = ql::test::exactSum(
            1000, [&](auto p) { return x.at(t, p); }, [&](auto p) { return w.at(j, p); });
        const double error =
            std::abs(static_cast<double>(y[static_cast<std::size_t>(t * 385 + j)]) - exact.sum);
        QVERIFY(error <= ql::test::roundingBound(1000, exact));
      }
    }
  }

  void everyTypeAndSizeGivesTheBitsOfOneProduct_data() {
    QTest::addColumn<int>("dtype");
    QTest::addColumn<int>("out");
    QTest::addColumn<int>("in");
    QTest::addColumn<int>("pad");
    const auto row = [](DType dtype, int out, int in, int pad) {
      QTest::addRow("%s %d x %d, %d bytes in", ql::dtypeInfo(dtype).name.data(), out, in, pad)
          << static_cast<int>(dtype) << out << in << pad;
    };
    for (const DType dtype : {DType::BF16, DType::F16, DType::F32, DType::F64, DType::I8}) {
      row(dtype, 100, 300, 0);
      row(dtype, 49, 257, 3);
    }
    row(DType::BF16, 1, 1, 1);
    row(DType::BF16, 1000, 77, 0);
    row(DType::F32, 500, 513, 4);
    row(DType::F32, 3, 2000, 2);
  }
  void everyTypeAndSizeGivesTheBitsOfOneProduct() {
    QFETCH(int, dtype);
    QFETCH(int, out);
    QFETCH(int, in);
    QFETCH(int, pad);
    const TempFolder folder;
    const CheckpointSource stored(openCheckpoint(folder.write(
        "m.safetensors", fileBytes(static_cast<DType>(dtype), out, in, static_cast<std::size_t>(pad)))));
    const MatrixRef plain{"w", out, in}, transposed{"w", in, out, true};
    for (const MatrixRef& matrix : {plain, transposed}) {
      for (const int tokens : {1, 16, 70}) {
        const RandomMatrix x(tokens, matrix.in, 2);
        const std::vector<float> bias = RandomMatrix(1, matrix.out, 3).values;
        const std::vector<float> expected = wholeProduct(stored, matrix, x, bias);
        for (const int threads : {1, 3})
          QVERIFY(sameBits(linear(stored, matrix, x, bias, threads), expected));
        WatchedSource computed(stored);
        computed.isComputed = true;
        QVERIFY(sameBits(linear(computed, matrix, x, bias, 2), expected));
      }
    }
  }

  void longBatchesAndLongRowsAreCutUnseen() {
    const TempFolder folder;
    const CheckpointSource source(
        openCheckpoint(folder.write("m.safetensors", fileBytes(DType::BF16, 60, 12000, 0))));
    const MatrixRef matrix{"w", 60, 12000}, other{"w", 12000, 60, true};
    const RandomMatrix few(3, 12000, 2), many(2100, 60, 2);
    WatchedSource computed(source);
    computed.isComputed = true;
    const std::vector<float> expected = wholeProduct(source, matrix, few, {});
    QVERIFY(sameBits(linear(source, matrix, few, {}, 2), expected));
    QVERIFY(sameBits(linear(computed, matrix, few, {}, 2), expected));
    QVERIFY(sameBits(linear(source, other, many, {}, 2), wholeProduct(source, other, many, {})));
  }

  void demoModelsLayers() {
    const CheckpointSource source(ql::openCheckpoint(ql::test::demoModel()));
    const MatrixRef layers[] = {{"model.layers.0.self_attn.k_proj.weight", 128, 256},
                                {"model.layers.5.mlp.gate_proj.weight", 512, 256},
                                {"model.layers.0.mlp.down_proj.weight", 256, 512}};
    for (const MatrixRef& matrix : layers) {
      const RandomMatrix x(130, matrix.in, 9);
      const std::vector<float> one = linear(source, matrix, x, {}, 1);
      QVERIFY(sameBits(one, wholeProduct(source, matrix, x, {})));
      QVERIFY(sameBits(linear(source, matrix, x, {}, 3), one));
    }
  }

  void stripsAreReleasedAndTheFileIsChecked() {
    const TempFolder folder;
    const CheckpointSource stored(
        openCheckpoint(folder.write("m.safetensors", fileBytes(DType::BF16, 1000, 20, 0))));
    const WatchedSource source(stored);
    linear(source, {"w", 1000, 20}, RandomMatrix(5, 20, 2), {}, 2);
    QVERIFY(std::ranges::all_of(source.released, [](int count) { return count == 1; }));
    QCOMPARE(source.checks.load(), 1);
  }

  // A scheme of blocks of 128 rows computes whole blocks, whatever part of them is asked for.
  void computedRowsAreReadInWholeBlocks() {
    const TempFolder folder;
    const CheckpointSource stored(
        openCheckpoint(folder.write("m.safetensors", fileBytes(DType::BF16, 5000, 20, 0))));
    WatchedSource source(stored);
    source.isComputed = true;
    std::atomic<std::int64_t> rows{0}, cut{0};
    source.onRead = [&](std::int64_t begin, std::int64_t end) {
      rows += end - begin;
      if (begin % 128 != 0 || (end % 128 != 0 && end != 5000)) ++cut;
    };
    for (const int threads : {1, 3, 16}) linear(source, {"w", 5000, 20}, RandomMatrix(5, 20, 2), {}, threads);
    QCOMPARE(cut.load(), 0);
    QCOMPARE(rows.load(), 3 * 5000);
  }

  void wrongLengthsAreRefused() {
    const TempFolder folder;
    const CheckpointSource source(
        openCheckpoint(folder.write("m.safetensors", fileBytes(DType::BF16, 6, 4, 0))));
    JobContext job(1);
    std::vector<float> x(8), y(12), bias(5);
    QL_THROWS(applyLinear(source, {"w", 6, 4}, bias, 2, x, y, job), "5 biases");
    QL_THROWS(applyLinear(source, {"w", 6, 4}, {}, 3, x, y, job), "do not fit a linear layer of 6 x 4");
    QL_THROWS(applyLinear(source, {"w", 6, 4}, {}, 2, x, std::span(y).first(11), job), "11 outputs");
    QL_THROWS(applyLinear(source, {"w", 4, 6}, {}, 2, y, x, job), "it is stored as 6 x 4");
    QL_THROWS(applyLinear(source, {"v", 6, 4}, {}, 2, x, y, job), "does not hold it");
    applyLinear(source, {"w", 6, 4}, {}, 0, {}, {}, job);  // no tokens: nothing to do
  }

  void cancellingStopsBetweenReads() {
    const TempFolder folder;
    const CheckpointSource stored(
        openCheckpoint(folder.write("m.safetensors", fileBytes(DType::BF16, 2000, 3000, 0))));
    WatchedSource source(stored);
    source.isComputed = true;
    JobContext job(1);
    int reads = 0;
    source.onRead = [&](std::int64_t, std::int64_t) {
      if (++reads == 2) job.cancel();
    };
    std::vector<float> x(3000), y(2000);
    QVERIFY_EXCEPTION_THROWN(applyLinear(source, {"w", 2000, 3000}, {}, 1, x, y, job), ql::Cancelled);
    QCOMPARE(reads, 2);  // of 16
  }

  void failuresOfTheSourceComeThrough() {
    const TempFolder folder;
    const CheckpointSource stored(
        openCheckpoint(folder.write("m.safetensors", fileBytes(DType::BF16, 100, 30, 0))));
    WatchedSource source(stored);
    source.isComputed = true;
    source.onRead = [](std::int64_t, std::int64_t) {
      throw ql::Error(ql::ErrorCode::Io, "The disk is gone.");
    };
    JobContext job(2);
    std::vector<float> x(30), y(100);
    QL_THROWS(applyLinear(source, {"w", 100, 30}, {}, 1, x, y, job), "The disk is gone.");
  }
};

QTEST_APPLESS_MAIN(LinearTest)
#include "tst_linear.moc"
