#include "core/base/error.h"
#include "core/io/checkpoint.h"
#include "core/io/safetensors_writer.h"
#include "tests/support/compare.h"

#include <QTemporaryDir>
#include <QTest>

using namespace ql;

class TestSafetensorsWriter : public QObject {
  Q_OBJECT

 private slots:
  void laysOutAsTheReferenceWriter();
  void refusesWhatDoesNotFit();
  void isReadBack();
};

void TestSafetensorsWriter::laysOutAsTheReferenceWriter() {
  const std::vector<std::byte> data(16);
  const auto bytes = safetensorsBytes({{"b", DType::BF16, {2, 2}, std::span(data).first(8)},
                                       {"c", DType::F32, {1}, std::span(data).first(4)},
                                       {"a", DType::BF16, {0, 3}, {}},
                                       {"é\"", DType::F32, {}, std::span(data).first(4)}},
                                      {{"format", "pt"}});
  std::string expected =
      R"({"__metadata__":{"format":"pt"},"c":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
      R"("é\"":{"dtype":"F32","shape":[],"data_offsets":[4,8]},"a":{"dtype":"BF16","shape":[0,3],"data_offsets":[8,8]},)"
      R"("b":{"dtype":"BF16","shape":[2,2],"data_offsets":[8,16]}})";
  expected.append((8 - expected.size() % 8) % 8, ' ');
  const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  QCOMPARE(static_cast<std::size_t>(static_cast<unsigned char>(text[0])) +
               256u * static_cast<unsigned char>(text[1]),
           expected.size());
  QCOMPARE(QByteArray::fromStdString(text.substr(8, expected.size())), QByteArray::fromStdString(expected));
  QCOMPARE(text.size(), 8 + expected.size() + 16);
}

void TestSafetensorsWriter::refusesWhatDoesNotFit() {
  const std::vector<std::byte> data(8);
  QL_THROWS(safetensorsBytes({{"a", DType::F32, {3}, data}}, {}), "does not fit its shape");
  QL_THROWS(safetensorsBytes({{"a", DType::F32, {2}, data}, {"a", DType::F32, {2}, data}}, {}), "twice");
}

void TestSafetensorsWriter::isReadBack() {
  const QTemporaryDir folder;
  const std::filesystem::path path = (folder.path() + "/model.safetensors").toStdString();
  const std::vector<float> values{1, 2, 3, 4, 5, 6};
  writeSafetensors(path, {{"w", DType::F32, {2, 3}, std::as_bytes(std::span(values))}}, {});
  const auto checkpoint = openCheckpoint(path);
  QCOMPARE(checkpoint->tensors().size(), std::size_t{1});
  QCOMPARE(checkpoint->find("w")->shape, (Shape{2, 3}));
  const auto bytes = checkpoint->bytes(*checkpoint->find("w"));
  QVERIFY(std::equal(bytes.begin(), bytes.end(), std::as_bytes(std::span(values)).begin()));
}

QTEST_APPLESS_MAIN(TestSafetensorsWriter)
#include "tst_safetensors_writer.moc"
