// .npy headers of all versions and the zip members around them, right and wrong, cut at every byte.
#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/io/npy.h"
#include "core/io/zip_archive.h"
#include "tests/support/compare.h"
#include "tests/support/data.h"
#include "tests/support/temp_folder.h"

#include <QTest>

#include <string>

using namespace ql;
using namespace ql::test;

namespace {

std::span<const std::byte> bytesOf(const std::string& text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

std::string npy(const std::string& dictionary, int version = 1) {
  std::string bytes = "\x93NUMPY";
  bytes += static_cast<char>(version);
  bytes += '\0';
  const std::size_t length = dictionary.size();
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i) bytes += static_cast<char>(length >> (8 * i) & 0xff);
  return bytes + dictionary;
}

NpyHeader parse(const std::string& bytes) {
  return parseNpyHeader(bytesOf(bytes), "\"x.npy\"");
}

std::string dictionary(const std::string& descr, const std::string& shape) {
  return "{'descr': '" + descr + "', 'fortran_order': False, 'shape': " + shape + ", }   \n";
}

}  // namespace

class TstNpy : public QObject {
  Q_OBJECT
 private slots:
  void versionsGiveTheSameHeader() {
    for (const int version : {1, 2, 3}) {
      const std::string bytes = npy(dictionary("<f4", "(3, 4)"), version);
      const NpyHeader header = parse(bytes);
      QCOMPARE(header.dtype, DType::F32);
      QCOMPARE(header.shape, (Shape{3, 4}));
      QCOMPARE(header.dataBegin, std::uint64_t{bytes.size()});
      QCOMPARE(header.dataBytes, std::uint64_t{48});
      QVERIFY(!header.isFortranOrder);
      QCOMPARE(npyHeaderBytes(bytesOf(bytes).first(12), "x").value(), std::uint64_t{bytes.size()});
    }
  }
  void otherSpellingsOfPythonAreRead() {
    const NpyHeader header = parse(npy("{\"shape\": (3L,), \"fortran_order\": True, \"descr\": \"|b1\"}\n"));
    QCOMPARE(header.shape, Shape{3});
    QCOMPARE(header.dtype, DType::Bool);
    QVERIFY(header.isFortranOrder);
    QCOMPARE(parse(npy(dictionary("<f8", "()"))).dataBytes, std::uint64_t{8});
    QCOMPARE(parse(npy(dictionary("<i8", "(0, 5)"))).dataBytes, std::uint64_t{0});
  }
  void badHeadersAreRefused_data() {
    QTest::addColumn<QString>("header");
    QTest::addColumn<QString>("part");
    const auto row = [](const char* name, const std::string& text, const char* part) {
      QTest::newRow(name) << QString::fromStdString(text) << QString(part);
    };
    row("objects", dictionary("|O", "(3,)"), "never objects");
    row("big endian", dictionary(">f4", "(3,)"), "save the array as float32");
    row("record", "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", "a record");
    row("negative", dictionary("<f4", "(-3,)"), "not negative");
    row("beyond 64 bits", dictionary("<f4", "(99999999999999999999,)"), "beyond 64 bits");
    row("2^63 bytes", dictionary("<f4", "(2305843009213693952, 1)"), "beyond any memory");
    row("product overflows", dictionary("<f4", "(4294967296, 4294967296)"), "beyond any memory");
    row("key twice", "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", "twice");
    row("unknown key", "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'x': 1}", "unknown key");
    row("no shape", "{'descr': '<f4', 'fortran_order': False}", "missing");
    row("code", "__import__('os').system('false')", "expected");
    row("text behind", dictionary("<f4", "(1,)") + "x", "behind the dictionary");
    row("text without end", "{'descr': '<f4", "does not end");
    row("order", "{'descr': '<f4', 'fortran_order': 1, 'shape': (1,)}", "True or False");
  }
  void badHeadersAreRefused() {
    QFETCH(QString, header);
    QFETCH(QString, part);
    QL_THROWS(parse(npy(header.toStdString())), part.toStdString());
  }
  void manyDimensionsAreRefused() {
    std::string shape = "(";
    for (int i = 0; i < 65; ++i) shape += "1,";
    QL_THROWS(parse(npy(dictionary("<f4", shape + ")"))), "64 dimensions");
  }
  void everyTruncationIsRefused() {
    const std::string bytes = npy(dictionary("<f4", "(3, 4)"), 2);
    for (std::size_t size = 0; size < bytes.size(); ++size) QL_THROWS(parse(bytes.substr(0, size)), "x.npy");
  }
  void lengthsBeyondReasonAreRefused() {
    std::string bytes = npy(dictionary("<f4", "(3,)"), 2);
    bytes[11] = '\x7f';
    QL_THROWS(parse(bytes), "claims");
    bytes[6] = 9;
    QL_THROWS(parse(bytes), "version 9");
  }

  void membersOfBothKindsAreRead() {
    for (const char* name : {"imports/activations.npz", "imports/activations_packed.npz"}) {
      const auto zip = ZipArchive::open(MappedFile::open(dataFile(name)));
      QCOMPARE(zip->entries().size(), std::size_t{4});
      const ZipArchive::Entry* entry = zip->find("token_ids.npy");
      QVERIFY(entry != nullptr);
      const auto bytes = zip->readAll(*entry, 4096);
      const NpyHeader header = parseNpyHeader(bytes, "ids");
      QCOMPARE(header.shape, Shape{5});
      std::int64_t first = 0;
      std::memcpy(&first, bytes.data() + header.dataBegin, sizeof first);
      QCOMPARE(first, std::int64_t{100});
      QL_THROWS(zip->readAll(*entry, 16), "claims");
    }
  }
  void truncatedArchivesAreRefused() {
    for (const char* name : {"imports/activations.npz", "imports/activations_packed.npz"}) {
      const std::string bytes = contentOf(dataFile(name));
      for (std::size_t size = 0; size < bytes.size(); ++size) {
        const std::string cut = bytes.substr(0, size);
        QL_THROWS(ZipArchive::openBytes(bytesOf(cut), "\"x.npz\""), "x.npz");
      }
    }
  }
  /// A changed byte is refused, or hits something that does not matter; never more is unpacked than claimed.
  void changedBytesAreRefusedOrHarmless() {
    const std::string bytes = contentOf(dataFile("imports/activations_packed.npz"));
    int refused = 0;
    for (std::size_t place = 0; place < bytes.size(); ++place) {
      std::string changed = bytes;
      changed[place] = static_cast<char>(changed[place] ^ 0x55);
      try {
        const auto zip = ZipArchive::openBytes(bytesOf(changed), "\"x.npz\"");
        for (const auto& entry : zip->entries()) static_cast<void>(zip->readAll(entry, 1 << 20));
      } catch (const Error&) {
        ++refused;
      }
    }
    QVERIFY(refused > static_cast<int>(bytes.size()) / 2);  // contents have checksums
  }
  void impossibleSizesAreRefused() {
    // The directory's entry of a packed member claims 4 GB out of some hundred bytes.
    std::string bytes = contentOf(dataFile("imports/activations_packed.npz"));
    const std::size_t directory = bytes.find("PK\x01\x02");
    QVERIFY(directory != std::string::npos);
    bytes.replace(directory + 24, 4, "\xf0\xff\xff\xff");
    QL_THROWS(ZipArchive::openBytes(bytesOf(bytes), "\"bomb.npz\""), "bomb.npz");
  }
};

QTEST_APPLESS_MAIN(TstNpy)
#include "tst_npy.moc"
