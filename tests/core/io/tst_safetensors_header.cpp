// Every rule of the safetensors header: what must be accepted, a table of hostile files, every prefix and
// every flipped bit of a small file, and bounds on memory.
#include "core/io/formats/safetensors_header.h"

#include "core/base/error.h"
#include "tests/support/compare.h"
#include "tests/support/safetensors_bytes.h"

#include <QTest>

#include <malloc.h>
#include <cstdlib>
#include <new>

using ql::DType;
using ql::SafetensorsHeader;
using ql::test::entry;
using ql::test::safetensorsBytes;
using namespace std::string_literals;

namespace {

// The allocator hook: bytes in use and their peak. The test itself runs on one thread.
std::size_t usedBytes = 0;
std::size_t peakBytes = 0;

SafetensorsHeader parse(const std::string& bytes) {
  return ql::parseSafetensorsHeader(std::as_bytes(std::span(bytes.data(), bytes.size())),
                                    "\"m.safetensors\"");
}

std::string repeated(std::string_view text, std::size_t count) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i) all += text;
  return all;
}

const std::string kGood = "{\"__metadata__\":{\"format\":\"pt\"}," + entry("b", "F32", "[2,1]", 0, 8) + "," +
                          entry("a", "BF16", "[3]", 8, 14) + "}";
const std::string kGoodData(14, '\x11');

}  // namespace

void* operator new(std::size_t size) {
  void* place = std::malloc(size);
  if (place == nullptr) throw std::bad_alloc();
  usedBytes += ::malloc_usable_size(place);
  peakBytes = std::max(peakBytes, usedBytes);
  return place;
}
void operator delete(void* place) noexcept {
  if (place != nullptr) usedBytes -= ::malloc_usable_size(place);
  std::free(place);
}
void operator delete(void* place, std::size_t) noexcept {
  operator delete(place);
}

class SafetensorsHeaderTest : public QObject {
  Q_OBJECT

 private slots:
  void readsNamesTypesAndPlaces() {
    const SafetensorsHeader header = parse(safetensorsBytes(kGood, kGoodData));
    QCOMPARE(header.dataBegin, 8 + kGood.size());
    QCOMPARE(header.tensors.size(), 2u);
    QCOMPARE(header.tensors[0].name, "a"s);
    QVERIFY(header.tensors[0].dtype == DType::BF16);
    QCOMPARE(header.tensors[0].shape, ql::Shape{3});
    QCOMPARE(header.tensors[0].offset, header.dataBegin + 8);
    QCOMPARE(header.tensors[0].sizeBytes, 6u);
    QCOMPARE(header.tensors[1].shape, (ql::Shape{2, 1}));
  }

  void accepted_data() {
    QTest::addColumn<QByteArray>("json");
    QTest::addColumn<int>("dataBytes");
    const auto row = [](const char* name, const std::string& json, int dataBytes) {
      QTest::newRow(name) << QByteArray::fromStdString(json) << dataBytes;
    };
    row("empty header", "{}", 0);
    row("padding behind", "{}      ", 0);
    row("space in front", " \n{}", 0);
    row("no metadata", "{" + entry("a", "U8", "[3]", 0, 3) + "}", 3);
    row("metadata null", "{\"__metadata__\":null}", 0);
    row("metadata empty", "{\"__metadata__\":{}}", 0);
    row("rank 0", "{" + entry("a", "F64", "[]", 0, 8) + "}", 8);
    row("rank 64", "{" + entry("a", "U8", "[" + repeated("1,", 63) + "1]", 0, 1) + "}", 1);
    row("zero dimension", "{" + entry("a", "F64", "[3,0,5]", 0, 0) + "}", 0);
    row("zero sizes share a place",
        "{" + entry("a", "U8", "[0]", 0, 0) + "," + entry("b", "U8", "[2]", 0, 2) + "," +
            entry("c", "U8", "[0]", 2, 2) + "}",
        2);
    row("unaligned", "{" + entry("a", "U8", "[1]", 0, 1) + "," + entry("b", "F64", "[1]", 1, 9) + "}", 9);
    row("packed", "{" + entry("a", "F4", "[4]", 0, 2) + "," + entry("b", "F6_E2M3", "[4]", 2, 5) + "}", 5);
    row("unknown keys",
        "{\"a\":{\"x\":[1,{\"y\":[null,true]}],\"dtype\":\"U8\",\"z\":-1.5,\"shape\":[1],\"data_offsets\":[0,"
        "1],\"w\":\"t\",\"v\":{}}}",
        1);
    row("empty name", "{" + entry("", "U8", "[1]", 0, 1) + "}", 1);
    row("escaped name", "{" + entry("a\\u00e9\\n\\ud83d\\ude00", "U8", "[1]", 0, 1) + "}", 1);
    row("raw utf-8 name", "{" + entry("\xE6\xA8\xA1", "U8", "[1]", 0, 1) + "}", 1);
    row("metadata called tensor", "{\"__metadata__\":{\"a\":\"1\"}," + entry("a", "U8", "[1]", 0, 1) + "}",
        1);
  }
  void accepted() {
    QFETCH(QByteArray, json);
    QFETCH(int, dataBytes);
    parse(safetensorsBytes(json.toStdString(), std::string(static_cast<std::size_t>(dataBytes), 'x')));
  }

  void everyDType() {
    const char* names[] = {"BOOL",    "F4",      "F6_E2M3", "F6_E3M2",     "U8",          "I8",
                           "F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ", "I16",
                           "U16",     "F16",     "BF16",    "I32",         "U32",         "F32",
                           "C64",     "F64",     "I64",     "U64"};
    const std::size_t bits[] = {8, 4, 6, 6, 8, 8, 8, 8, 8, 8, 8, 16, 16, 16, 16, 32, 32, 32, 64, 64, 64, 64};
    for (std::size_t i = 0; i < std::size(names); ++i) {
      const std::size_t size = 4 * bits[i] / 8;
      const std::string json = "{" + entry("a", names[i], "[2,2]", 0, size) + "}";
      QVERIFY(parse(safetensorsBytes(json, std::string(size, 'x'))).tensors[0].dtype ==
              static_cast<DType>(i));
      QL_THROWS(parse(safetensorsBytes("{" + entry("a", names[i], "[2,2]", 0, size + 1) + "}",
                                       std::string(size + 1, 'x'))),
                "where the shape needs");
    }
  }

  void hostile_data() {
    QTest::addColumn<QByteArray>("file");
    QTest::addColumn<QString>("part");
    const auto file = [](const char* name, const std::string& bytes, const char* part) {
      QTest::newRow(name) << QByteArray::fromStdString(bytes) << QString(part);
    };
    const auto row = [&](const char* name, const std::string& json, const char* part) {
      file(name, safetensorsBytes(json, "12345678"), part);
    };
    const auto one = [&](const char* name, const char* dtype, const char* shape, std::uint64_t begin,
                         std::uint64_t end, const char* part) {
      row(name, "{" + entry("t", dtype, shape, begin, end) + "}", part);
    };
    const auto raw = [&](const char* name, const char* value, const char* part) {
      row(name, "{\"t\":"s + value + "}", part);
    };
    file("empty file", "", "is empty: the download failed");
    file("three bytes", std::string("\x01\0\0", 3), "has only 3 bytes");
    file("html", "<!DOCTYPE html><html><head><title>404</title></head></html>",
         "starts with \"<\": a failed download saved an error page");
    file("html behind a mark", "\xEF\xBB\xBF\n  <html>", "starts with \"<\"");
    file("short html", "<p>", "starts with \"<\"");
    file("plain text", "Entry not found", "starts with the text \"Entry not found\"");
    file("json error", "{\"error\":\"Invalid credentials\"}", "starts with the text");
    file("git lfs", "version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 123\n",
         "is a Git LFS pointer");
    file("gguf", std::string("GGUF\x03\0\0\0\x01\0\0\0\0\0\0\0", 16), "is a GGUF file");
    file("zip", std::string("PK\x03\x04\x14\0\0\0\x08\0\0\0", 12), "is a zip archive or a PyTorch file");
    file("pickle", "\x80\x02}q\x01(X\x05zzzzz", "is a Python pickle");
    file("length over the limit", safetensorsBytes("{}", "", 100'000'001),
         "byte 0: the header claims 100,000,001 bytes");
    file("length of all ones", safetensorsBytes("{}", "", ~0ull), "more than the allowed 100,000,000");
    file("length past the end", safetensorsBytes("{}", "", 3), "the header claims 3 bytes but only 2 follow");
    file("length zero", safetensorsBytes("", "1234", 0), "\"{\" is expected");
    file("only the length", safetensorsBytes("", "", 0), "\"{\" is expected");
    row("spaces only", "      ", "\"{\" is expected");
    row("list", "[]", "\"{\" is expected");
    row("number", "5", "\"{\" is expected");
    row("byte order mark", "\xEF\xBB\xBF{}", "\"{\" is expected");
    row("cut json", "{\"a\":{", "not valid JSON");
    row("two objects", "{}{}", "not valid JSON");
    row("comment", "{}/*x*/", "not valid JSON");
    row("trailing comma", "{\"__metadata__\":{},}", "not valid JSON");
    row("not utf-8", "{" + entry("\xFF", "U8", "[8]", 0, 8) + "}", "not valid JSON");
    row("not utf-8 in an unknown key", "{\"t\":{\"\xC0\xAF\":1}}", "not valid JSON");
    row("zero byte behind the object", "{}\0\0\0"s, "zero byte");
    row("polyglot behind a zero byte", "{}\0<script>"s, "zero byte");
    row("nan", "{\"t\":NaN}", "not valid JSON");
    row("huge exponent", "{\"t\":{\"x\":1e999}}", "not valid JSON");
    row("deep lists", "{\"t\":{\"x\":" + repeated("[", 5000) + repeated("]", 5000) + "}}",
        "nested more than 64");
    row("deep objects", repeated("{\"a\":", 5000), "tensor");
    row("duplicate tensor", "{" + entry("t", "U8", "[8]", 0, 8) + "," + entry("t", "U8", "[8]", 0, 8) + "}",
        "the name \"t\" is there twice");
    row("duplicate by escape",
        "{" + entry("t", "U8", "[8]", 0, 8) + "," + entry("\\u0074", "U8", "[8]", 0, 8) + "}",
        "\"t\" is there twice");
    raw("duplicate field", R"({"dtype":"U8","dtype":"U8","shape":[8],"data_offsets":[0,8]})",
        "\"dtype\" is there twice");
    row("duplicate metadata", R"({"__metadata__":{},"__metadata__":{}})", "\"__metadata__\" is there twice");
    row("duplicate in metadata", R"({"__metadata__":{"a":"1","a":"2"}})", "\"a\" is there twice");
    raw("duplicate in unknown", R"({"x":{"k":1,"k":2},"dtype":"U8","shape":[8],"data_offsets":[0,8]})",
        "\"k\" is there twice");
    row("metadata number", R"({"__metadata__":{"a":1}})", "__metadata__ may hold texts only, found a number");
    row("metadata nested", R"({"__metadata__":{"a":{}}})", "__metadata__ may hold texts only");
    row("metadata null value", R"({"__metadata__":{"a":null}})",
        "__metadata__ may hold texts only, found null");
    row("metadata text", R"({"__metadata__":"x"})", "__metadata__ may hold texts only");
    row("metadata list", R"({"__metadata__":[]})", "__metadata__ may hold texts only");
    raw("entry is text", "\"x\"", "tensor \"t\": expected an object, found a text");
    raw("entry is number", "1", "expected an object, found a number");
    raw("entry is null", "null", "expected an object, found null");
    raw("entry is list", "[]", "expected an object, found a list");
    raw("entry empty", "{}", "tensor \"t\": dtype is missing");
    raw("no shape", R"({"dtype":"U8","data_offsets":[0,8]})", "shape is missing");
    raw("no offsets", R"({"dtype":"U8","shape":[8]})", "data_offsets is missing");
    raw("dtype number", R"({"dtype":1})", "dtype must be a text, found a number");
    raw("dtype list", R"({"dtype":["U8"]})", "dtype must be a text, found a list");
    raw("dtype unknown", R"({"dtype":"F17"})", "the dtype \"F17\" is unknown");
    raw("dtype lower case", R"({"dtype":"f32"})", "the dtype \"f32\" is unknown");
    raw("shape number", R"({"shape":8})", "shape must be a list of whole numbers from 0, found a number");
    raw("shape text", R"({"shape":"8"})", "shape must be a list of whole numbers from 0, found a text");
    raw("shape object", R"({"shape":{}})", "shape must be a list of whole numbers from 0, found an object");
    raw("shape negative", R"({"shape":[-1]})", "found a negative number");
    raw("shape minus zero", R"({"shape":[-0]})", "found a negative number");
    raw("shape fraction", R"({"shape":[1.5]})", "found a fraction");
    raw("shape float", R"({"shape":[8.0]})", "found a fraction");
    raw("shape over 64 bits", R"({"shape":[18446744073709551616]})", "found a fraction or a huge number");
    raw("shape over 63 bits", R"({"shape":[9223372036854775808]})",
        "the dimension 9223372036854775808 is too large");
    raw("shape nested", R"({"shape":[[8]]})", "shape must be a list");
    raw("shape null", R"({"shape":[null]})", "found null");
    raw("offsets number", R"({"data_offsets":8})", "data_offsets must be two whole numbers");
    raw("offsets one", R"({"data_offsets":[8]})", "found a list of 1");
    raw("offsets three", R"({"data_offsets":[0,8,9]})", "found a list of 3");
    raw("offsets text", R"({"data_offsets":["0","8"]})", "found a text");
    raw("offsets negative", R"({"data_offsets":[-8,0]})", "found a negative number");
    row("rank 65", "{\"t\":{\"shape\":[" + repeated("1,", 64) + "1]}}", "more than 64 numbers");
    one("backward range", "U8", "[8]", 8, 0, "data_offsets end before they begin");
    one("first not at zero", "U8", "[7]", 1, 8, "leave a hole");
    one("past the end", "U8", "[9]", 0, 9, "is 1 byte shorter than its header says");
    one("far past the end", "U8", "[12353]", 0, 12353, "is 12,345 bytes shorter than its header says");
    one("bytes left over", "U8", "[7]", 0, 7, "1 byte at the end belong");
    row("nothing owns the data", "{}", "8 bytes at the end belong to no tensor");
    one("size too small", "U8", "[4]", 0, 8, "data_offsets span 8 bytes where the shape needs 4");
    one("size too large", "F64", "[8]", 0, 8, "where the shape needs 64");
    one("count overflows", "U8", "[4294967296,4294967296,2]", 0, 8, "its shape is absurdly large");
    one("count overflows to the right size", "U8", "[4294967296,4294967296,8]", 0, 8,
        "its shape is absurdly large");
    one("overflow hidden by a zero", "U8", "[4294967296,4294967296,0]", 0, 0, "its shape is absurdly large");
    one("bits overflow", "F64", "[2305843009213693952]", 0, 0, "its shape is absurdly large");
    one("half a byte", "F4", "[3]", 0, 2, "do not fill whole bytes");
    one("three quarters of a byte", "F6_E3M2", "[3]", 0, 3, "do not fill whole bytes");
    one("end near 2^64", "U8", "[1152921504606846976]", 0, 1152921504606846976ull,
        "shorter than its header says");
    row("hole", "{" + entry("a", "U8", "[3]", 0, 3) + "," + entry("b", "U8", "[4]", 4, 8) + "}",
        "tensor \"b\": its data begin at 4 where 3 is expected, so ranges leave a hole");
    row("overlap", "{" + entry("a", "U8", "[5]", 0, 5) + "," + entry("b", "U8", "[4]", 4, 8) + "}",
        "ranges overlap");
    row("same range twice", "{" + entry("a", "U8", "[8]", 0, 8) + "," + entry("b", "U8", "[8]", 0, 8) + "}",
        "ranges overlap");
    row("offset near 2^64",
        "{" + entry("a", "U8", "[8]", 0, 8) + "," + entry("b", "U8", "[0]", ~0ull, ~0ull) + "}",
        "leave a hole");
    row("control bytes in a name", "{\"a\\n\\u0007\":5}", "tensor \"a\\x0a\\x07\"");
  }
  void hostile() {
    QFETCH(QByteArray, file);
    QFETCH(QString, part);
    const std::string bytes = file.toStdString();
    const std::string wanted = part.toStdString();
    QL_THROWS(parse(bytes), wanted);
    try {
      parse(bytes);
    } catch (const ql::Error& error) {  // one sentence, with the file in front and a remedy
      const std::string message = error.what();
      QVERIFY2(message.starts_with("\"m.safetensors\""), message.c_str());
      QVERIFY2(message.ends_with('.') && message.find('\n') == std::string::npos, message.c_str());
      QVERIFY2(message.find("download") != std::string::npos ||
                   message.find("convert") != std::string::npos ||
                   message.find("git lfs pull") != std::string::npos ||
                   message.find("open the") != std::string::npos,
               message.c_str());
    }
  }

  void everyPrefixIsRefused() {
    const std::string whole = safetensorsBytes(kGood, kGoodData);
    parse(whole);
    for (std::size_t length = 0; length < whole.size(); ++length) {
      QL_THROWS(parse(whole.substr(0, length)), "m.safetensors");
    }
    QL_THROWS(parse(whole + "x"), "belong to no tensor");
  }

  void everyFlippedBitIsSurvived() {
    const std::string whole = safetensorsBytes(kGood, kGoodData);
    int refused = 0;
    for (std::size_t bit = 0; bit < 8 * (8 + kGood.size()); ++bit) {
      std::string bytes = whole;
      bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
      try {
        const SafetensorsHeader header = parse(bytes);
        for (const ql::TensorInfo& tensor : header.tensors)
          QVERIFY(tensor.offset + tensor.sizeBytes <= bytes.size());
      } catch (const ql::Error&) {
        ++refused;
      }
    }
    QVERIFY(refused > 500);
  }

  void memoryStaysBounded_data() {
    QTest::addColumn<QByteArray>("json");
    const auto row = [](const char* name, const std::string& json) {
      QTest::newRow(name) << QByteArray::fromStdString(json);
    };
    constexpr std::size_t kCount = 200'000;
    std::string entries = "{";
    for (std::size_t i = 0; i < kCount; ++i)
      entries += (i == 0 ? "" : ",") + entry(std::to_string(i), "U8", "[]", i, i + 1);
    row("many short entries", entries + "}");
    std::string lists = "{";
    for (std::size_t i = 0; i < kCount / 8; ++i)
      lists +=
          (i == 0 ? "" : ",") + entry(std::to_string(i), "U8", "[" + repeated("1,", 63) + "1]", i, i + 1);
    row("many long shapes", lists + "}");
    std::string metadata = "{\"__metadata__\":{";
    for (std::size_t i = 0; i < 8 * kCount; ++i)
      metadata += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":\"\"";
    row("much metadata", metadata + "}}");
    row("one long text", "{\"__metadata__\":{\"a\":\"" + std::string(20'000'000, 'x') + "\"}}");
    row("braces only", std::string(10'000'000, '{'));
    row("brackets in a text", "{\"" + std::string(10'000'000, '{') + "\":1}");
    row("long list", "{\"a\":{\"x\":[" + repeated("1,", 5'000'000) + "1]}}");
  }
  void memoryStaysBounded() {
    QFETCH(QByteArray, json);
    const std::string bytes =
        safetensorsBytes(std::string_view(json.constData(), static_cast<std::size_t>(json.size())), "");
    const std::size_t before = usedBytes;
    peakBytes = usedBytes;
    try {
      parse(bytes);
    } catch (const ql::Error&) {
    }
    const std::size_t grown = peakBytes - before;
    const std::size_t allowed = 4 * static_cast<std::size_t>(json.size()) + (std::size_t{16} << 20);
    QVERIFY2(grown <= allowed, qPrintable(QString("%1 of %2 bytes").arg(grown).arg(allowed)));
  }
};

QTEST_APPLESS_MAIN(SafetensorsHeaderTest)
#include "tst_safetensors_header.moc"
