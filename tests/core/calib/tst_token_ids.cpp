// Token ids given directly.
#include "core/base/error.h"
#include "core/calib/tokenizer.h"
#include "tests/support/compare.h"
#include "tests/support/data.h"
#include "tests/support/safetensors_bytes.h"
#include "tests/support/temp_folder.h"

#include <QTest>

#include <cstring>
#include <string>
#include <vector>

using Ids = std::vector<std::int32_t>;

namespace {

template <class T>
std::string bytesOf(const std::vector<T>& values) {
  std::string bytes(values.size() * sizeof(T), '\0');
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

/// A .npy file as numpy.save writes it.
std::string npy(const std::string& header, const std::string& data, int version = 1) {
  std::string file("\x93NUMPY");
  file += static_cast<char>(version);
  file += '\0';
  const std::size_t length = header.size() + 1;
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i) file += static_cast<char>(length >> (8 * i) & 0xFF);
  return file + header + "\n" + data;
}

std::string headerOf(const std::string& type, const std::string& shape, const std::string& order = "False") {
  return "{'descr': '" + type + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }";
}

}  // namespace

class TokenIds : public QObject {
  Q_OBJECT
 private slots:
  void numpyOfEveryWidth();
  void numpyVersionsAndShapes();
  void numpyThatIsRefused();
  void safetensorsByName();
  void safetensorsThatAreRefused();
  void textFiles();
  void unknownNames();
};

void TokenIds::numpyOfEveryWidth() {
  const ql::test::TempFolder folder;
  const auto read = [&](const std::string& type, const std::string& bytes) {
    return ql::readTokenIds(folder.write("f.npy", npy(headerOf(type, "(3,)"), bytes)));
  };
  const Ids small{0, 1, 127};
  QCOMPARE(read("|i1", bytesOf<std::int8_t>({0, 1, 127})), small);
  QCOMPARE(read("|u1", bytesOf<std::uint8_t>({0, 1, 255})), (Ids{0, 1, 255}));
  QCOMPARE(read("<i2", bytesOf<std::int16_t>({0, 1, 127})), small);
  QCOMPARE(read("<u2", bytesOf<std::uint16_t>({0, 1, 65535})), (Ids{0, 1, 65535}));
  QCOMPARE(read("<i4", bytesOf<std::int32_t>({0, 1, 2147483647})), (Ids{0, 1, 2147483647}));
  QCOMPARE(read("<u4", bytesOf<std::uint32_t>({0, 1, 127})), small);
  QCOMPARE(read("<i8", bytesOf<std::int64_t>({0, 1, 127})), small);
  QCOMPARE(read("<u8", bytesOf<std::uint64_t>({0, 1, 127})), small);
  QL_THROWS(read("<i8", bytesOf<std::int64_t>({0, -1, 1})), "value 2 is -1, which is no token id");
  QL_THROWS(read("<u8", bytesOf<std::uint64_t>({1, 2, 1ull << 31})), "value 3 is 2147483648");
  QL_THROWS(read("<u4", bytesOf<std::uint32_t>({0xFFFFFFFFu, 2, 1})), "value 1 is 4294967295");
}

void TokenIds::numpyVersionsAndShapes() {
  const ql::test::TempFolder folder;
  const std::string data = bytesOf<std::int32_t>({1, 2, 3, 4, 5, 6});
  const auto read = [&](const std::string& file) { return ql::readTokenIds(folder.write("f.npy", file)); };
  const Ids expected{1, 2, 3, 4, 5, 6};
  for (const int version : {1, 2, 3}) QCOMPARE(read(npy(headerOf("<i4", "(6,)"), data, version)), expected);
  QCOMPARE(read(npy(headerOf("<i4", "(2, 3)"), data)), expected);
  QCOMPARE(read(npy(headerOf("<i4", "(6,)", "True"), data)), expected);  // one dimension has no order
  QCOMPARE(read(npy(headerOf("<i4", "()"), data.substr(0, 4))), Ids{1});
  QL_THROWS(read(npy(headerOf("<i4", "(6,)"), data, 4)), "version 4");
  QL_THROWS(read(npy(headerOf("<i4", "(2, 3)", "True"), data)), "is stored by columns");
}

void TokenIds::numpyThatIsRefused() {
  const ql::test::TempFolder folder;
  const std::string data = bytesOf<std::int32_t>({1, 2});
  const auto read = [&](const std::string& file) { return ql::readTokenIds(folder.write("f.npy", file)); };
  QL_THROWS(read(npy(headerOf("|O", "(2,)"), data)), "never objects");
  QL_THROWS(read(npy(headerOf("<f4", "(2,)"), data)), "not integers");
  QL_THROWS(read(npy(headerOf(">i4", "(2,)"), data)), "little-endian numbers are read");
  QL_THROWS(read(npy("{'descr': [('a', '<i4')], 'fortran_order': False, 'shape': (2,), }", data)),
            "a record");
  QL_THROWS(read(npy(headerOf("<i4", "(3,)"), data)), "8 bytes of values where its shape 3 needs 12 bytes");
  QL_THROWS(read(npy(headerOf("<i4", "(1,)"), data)), "8 bytes of values where its shape 1 needs 4 bytes");
  QL_THROWS(read(npy(headerOf("<i4", "(4294967296, 4294967296)"), data)), "beyond any memory");
  QL_THROWS(read(npy(headerOf("<i4", "(9223372036854775807,)"), data)), "beyond any memory");
  QL_THROWS(read(npy(headerOf("<i4", "(0,)"), "")), "there are no token ids");
  QL_THROWS(read(npy(headerOf("<i4", "(-2,)"), data)), "header");
  QL_THROWS(read(npy("{'descr': '<i4', 'shape': (2,), }", data)), "header");
  QL_THROWS(read(npy("{'descr': '<i4'", data)), "header");
  QL_THROWS(read(npy(headerOf("<i4", "(2,)"), data).substr(0, 40)), "are claimed");
  QL_THROWS(read(std::string("\x93NUMPY\x02\x00\xFF\xFF\xFF\xFF", 12)), "it claims");
  QL_THROWS(read("PK\x03\x04 nothing of numpy"), "does not begin with");
  QL_THROWS(ql::readTokenIds(folder / "missing.npy"), "missing.npy");
}

void TokenIds::safetensorsByName() {
  const ql::test::TempFolder folder;
  const auto path = folder.write(
      "ids.safetensors",
      ql::test::safetensorsBytes(
          "{" + ql::test::entry("a", "I64", "[2]", 0, 16) + "," +
              ql::test::entry("b", "U16", "[2,2]", 16, 24) + "," +
              ql::test::entry("c", "F32", "[1]", 24, 28) + "}",
          bytesOf<std::int64_t>({7, 8}) + bytesOf<std::uint16_t>({1, 2, 3, 4}) + bytesOf<float>({1})));
  QCOMPARE(ql::readTokenIds(path.string() + "#a"), (Ids{7, 8}));
  QCOMPARE(ql::readTokenIds(path.string() + "#b"), (Ids{1, 2, 3, 4}));
  QL_THROWS(ql::readTokenIds(path), "there are 2 tensors of integers (\"a\", \"b\"); say which one");
  QL_THROWS(ql::readTokenIds(path.string() + "#c"), "holds F32, not integers");
  QL_THROWS(ql::readTokenIds(path.string() + "#d"), "there is no tensor \"d\"");
  const Ids heldout =
      ql::readTokenIds(ql::test::dataFile("tokenizers/ids.safetensors").string() + "#heldout");
  QCOMPARE(heldout.size(), std::size_t{48868});
}

void TokenIds::safetensorsThatAreRefused() {
  const ql::test::TempFolder folder;
  const auto read = [&](const std::string& bytes) {
    return ql::readTokenIds(folder.write("f.safetensors", bytes));
  };
  QCOMPARE(read(ql::test::safetensorsBytes("{" + ql::test::entry("x", "I32", "[1]", 0, 4) + "}",
                                           bytesOf<std::int32_t>({5}))),
           Ids{5});
  QL_THROWS(read(ql::test::safetensorsBytes("{" + ql::test::entry("x", "I32", "[1]", 0, 4) + "}",
                                            bytesOf<std::int32_t>({-5}))),
            "tensor \"x\": value 1 is -5");
  QL_THROWS(read(ql::test::safetensorsBytes("{" + ql::test::entry("x", "F32", "[1]", 0, 4) + "}",
                                            bytesOf<float>({5}))),
            "there is no tensor of integers");
  QL_THROWS(read("short"), "f.safetensors");
}

void TokenIds::textFiles() {
  const ql::test::TempFolder folder;
  const auto read = [&](std::string_view text) { return ql::readTokenIds(folder.write("f.txt", text)); };
  QCOMPARE(read("1 2\t3\r\n\n 2147483647"), (Ids{1, 2, 3, 2147483647}));
  QL_THROWS(read("1 2\n3 x4\n"), "line 2: \"x4\" is not a token id");
  QL_THROWS(read("1 -2"), "\"-2\" is not a token id");
  QL_THROWS(read("1 2147483648"), "\"2147483648\" is not a token id");
  QL_THROWS(read("1.5"), "\"1.5\" is not a token id");
  QL_THROWS(read(" \n"), "there are no token ids");
  QL_THROWS(read(""), "there are no token ids");
}

void TokenIds::unknownNames() {
  const ql::test::TempFolder folder;
  QL_THROWS(ql::readTokenIds(folder.write("f.bin", "1")), ".npy, .safetensors and .txt can be read");
}

QTEST_APPLESS_MAIN(TokenIds)
#include "tst_token_ids.moc"
