// Rows of matrices: plain, transposed, experts of a stack, every readable type, and what must be refused.
#include "core/io/weight_source.h"

#include "core/base/error.h"
#include "tests/support/compare.h"
#include "tests/support/data.h"
#include "tests/support/safetensors_bytes.h"
#include "tests/support/temp_folder.h"

#include <QTest>

#include <cstring>
#include <vector>

namespace fs = std::filesystem;
using ql::CheckpointSource;
using ql::MatrixRef;
using ql::openCheckpoint;
using ql::test::entry;
using ql::test::safetensorsBytes;
using ql::test::TempFolder;

namespace {

/// U16 values 0, 1, 2, ... of the given shape, one byte off any alignment.
std::string countingFile(const std::string& shape, std::size_t count) {
  std::string data(1, 'x');
  for (std::size_t i = 0; i < count; ++i) data += {static_cast<char>(i & 0xFFu), static_cast<char>(i >> 8)};
  return safetensorsBytes(
      "{" + entry("pad", "U8", "[1]", 0, 1) + "," + entry("w", "U16", shape, 1, 1 + 2 * count) + "}", data);
}

std::vector<float> rows(const CheckpointSource& source, const MatrixRef& matrix, std::int64_t begin,
                        std::int64_t end) {
  std::vector<float> out(static_cast<std::size_t>((end - begin) * matrix.in), -1.0f);
  source.readRows(matrix, begin, end, out);
  return out;
}

}  // namespace

class WeightSourceTest : public QObject {
  Q_OBJECT

 private slots:
  void plainRows() {
    const TempFolder folder;
    const CheckpointSource source(openCheckpoint(folder.write("m.safetensors", countingFile("[5,7]", 35))));
    const MatrixRef matrix{"w", 5, 7};
    QCOMPARE(rows(source, matrix, 2, 4),
             (std::vector<float>{14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27}));
    QVERIFY(rows(source, matrix, 5, 5).empty());
    const auto raw = source.rawRows(matrix, 3, 5);
    QVERIFY(raw && raw->rowBytes == 14 && raw->dtype == ql::DType::U16);
    QCOMPARE(static_cast<int>(raw->data[0]), 21);
    source.release(matrix, 0, 5);
    source.check(matrix);
    QCOMPARE(rows(source, matrix, 0, 1)[6], 6.0f);
  }

  void transposedRows_data() {
    QTest::addColumn<int>("out");
    QTest::addColumn<int>("in");
    for (const int out : {1, 63, 64, 65, 130}) {
      for (const int in : {1, 64, 100}) QTest::addRow("%d x %d", out, in) << out << in;
    }
  }
  void transposedRows() {
    QFETCH(int, out);
    QFETCH(int, in);
    const TempFolder folder;
    const std::string shape = "[" + std::to_string(in) + "," + std::to_string(out) + "]";
    const CheckpointSource source(openCheckpoint(
        folder.write("m.safetensors", countingFile(shape, static_cast<std::size_t>(in * out)))));
    const MatrixRef matrix{"w", out, in, true};
    for (const int begin : {0, out / 3, out - 1}) {
      const std::vector<float> values = rows(source, matrix, begin, out);
      for (int r = begin; r < out; ++r) {
        for (int c = 0; c < in; ++c)
          QCOMPARE(values[static_cast<std::size_t>((r - begin) * in + c)], static_cast<float>(c * out + r));
      }
    }
    QVERIFY(!source.rawRows(matrix, 0, 1));
    source.release(matrix, 0, out);
    source.release(matrix, 0, out - 1);
    QCOMPARE(rows(source, matrix, 0, 1)[0], 0.0f);
  }

  void expertsOfAStack() {
    const TempFolder folder;
    const CheckpointSource source(openCheckpoint(folder.write("m.safetensors", countingFile("[4,3,2]", 24))));
    QCOMPARE(rows(source, {"w", 3, 2, false, 2}, 1, 3), (std::vector<float>{14, 15, 16, 17}));
    QCOMPARE(rows(source, {"w", 2, 3, true, 3}, 0, 2), (std::vector<float>{18, 20, 22, 19, 21, 23}));
    QCOMPARE(rows(source, {"w", 4, 6}, 3, 4),
             (std::vector<float>{18, 19, 20, 21, 22, 23}));  // a kernel, flattened
    QL_THROWS(rows(source, {"w", 3, 2, false, 4}, 0, 1), "there is no matrix 4 in 4 x 3 x 2");
    QL_THROWS(rows(source, {"w", 2, 3, false, 0}, 0, 1), "it is stored as 3 x 2, not 2 x 3");
    QL_THROWS(rows(source, {"w", 6, 4, true}, 0, 1), "is not that of a matrix");
  }

  void refusals() {
    const TempFolder folder;
    const std::string json = "{" + entry("v", "U8", "[4]", 0, 4) + "," + entry("f4", "F4", "[2,3]", 4, 7) +
                             "," + entry("c", "C64", "[1,1]", 7, 15) + "," + entry("s", "F32", "[]", 15, 19) +
                             "," + entry("k", "U8", "[1,2,1]", 19, 21) + "," +
                             entry("z", "F32", "[0,4]", 21, 21) + "," + entry("m", "U8", "[2,2]", 21, 25) +
                             "}";
    const auto model = openCheckpoint(folder.write(
        "m.safetensors", safetensorsBytes(json, "\1\2\3\4" + std::string(15, '\0') + "\5\6\1\2\3\4")));
    const CheckpointSource source(model);
    QL_THROWS(rows(source, {"none", 1, 1}, 0, 1), "does not hold it");
    QL_THROWS(rows(source, {"v", 1, 4}, 0, 1), "its shape 4 is not that of a matrix");
    QL_THROWS(rows(source, {"s", 1, 1}, 0, 1), "its shape scalar is not that of a matrix");
    QL_THROWS(rows(source, {"f4", 2, 3}, 0, 1), "is of type F4, which this version does not read");
    QL_THROWS(rows(source, {"c", 1, 1}, 0, 1), "is of type C64");
    QL_THROWS(source.readRows({"m", 2, 2}, -1, 1, {}), "rows -1 to 1 are outside its 2 rows");
    QL_THROWS(source.readRows({"m", 2, 2}, 1, 3, {}), "rows 1 to 3 are outside");
    QL_THROWS(source.readRows({"m", 2, 2}, 2, 1, {}), "rows 2 to 1 are outside");
    QVERIFY(!source.rawRows({"f4", 2, 3}, 0, 2));  // its rows do not start at whole bytes
    QVERIFY(rows(source, {"z", 0, 4}, 0, 0).empty());
    QCOMPARE(ql::readVector(*model, "v"), (std::vector<float>{1, 2, 3, 4}));
    QCOMPARE(ql::readVector(*model, "k"), (std::vector<float>{5, 6}));
    QCOMPARE(ql::readVector(*model, "s"), (std::vector<float>{0}));
    QL_THROWS(ql::readVector(*model, "m"), "its shape 2 x 2 is not that of a vector");
    QL_THROWS(ql::readVector(*model, "none"), "does not hold it");
    QL_THROWS(ql::readVector(*model, "c"), "is of type C64");
  }

  void absurdVectorIsRefused() {
    const TempFolder folder;
    constexpr std::uint64_t kSize = std::uint64_t{1} << 36;
    const std::string json = "{" + entry("v", "U8", "[" + std::to_string(kSize) + "]", 0, kSize) + "}";
    const fs::path path = folder.write("m.safetensors", safetensorsBytes(json, ""));
    fs::resize_file(path, 8 + json.size() + kSize);  // a hole: takes no room
    QL_THROWS(ql::readVector(*openCheckpoint(path), "v"), "is absurdly long");
  }

  void cutFileIsAnError() {
    const TempFolder folder;
    const fs::path path = folder.write("m.safetensors", countingFile("[100,200]", 20000));
    const auto model = openCheckpoint(path);
    const CheckpointSource source(model);
    const MatrixRef matrix{"w", 100, 200};
    fs::resize_file(path, 4096);
    QL_THROWS(rows(source, matrix, 0, 100), "m.safetensors\" became shorter");
    QL_THROWS(source.check(matrix), "became shorter");
    QL_THROWS(ql::readVector(*model, "pad"), "became shorter");
  }

  void demoModelRowsAgreeWithItsBytes() {
    const auto model = openCheckpoint(ql::test::demoModel());
    const CheckpointSource source(model);
    for (const ql::TensorInfo& tensor : model->tensors()) {
      if (tensor.shape.size() != 2) continue;
      const MatrixRef matrix{tensor.name, tensor.shape[0], tensor.shape[1]};
      const std::int64_t row = matrix.out - 1;
      const std::vector<float> values = rows(source, matrix, row, matrix.out);
      const auto bytes = model->bytes(tensor).last(values.size() * 2);
      for (std::size_t i = 0; i < values.size(); ++i) {
        std::uint16_t code = 0;
        std::memcpy(&code, bytes.data() + 2 * i, 2);
        QCOMPARE(values[i], ql::bf16ToFloat(code));
      }
    }
  }
};

QTEST_APPLESS_MAIN(WeightSourceTest)
#include "tst_weight_source.moc"
