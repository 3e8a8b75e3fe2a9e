// The GGUF container: a small writer after docs/gguf.md, and everything that can be wrong with its output.
#include "core/base/error.h"
#include "core/io/gguf_file.h"
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

template <class T>
std::string raw(T value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}
std::string text(const std::string& value) {
  return raw(std::uint64_t{value.size()}) + value;
}
std::string key(const std::string& name, GgufType type, const std::string& value) {
  return text(name) + raw(static_cast<std::int32_t>(type)) + value;
}
std::string tensor(const std::string& name, const std::vector<std::int64_t>& ne, std::int32_t type,
                   std::uint64_t offset) {
  std::string bytes = text(name) + raw(static_cast<std::uint32_t>(ne.size()));
  for (const std::int64_t n : ne) bytes += raw(n);
  return bytes + raw(type) + raw(offset);
}

struct Draft {
  std::uint32_t version = 3;
  std::vector<std::string> keys, tensors;
  std::string data;
  std::uint64_t alignment = 32;

  std::string bytes() const {
    std::string head =
        "GGUF" + raw(version) + raw(std::int64_t(tensors.size())) + raw(std::int64_t(keys.size()));
    for (const auto& part : keys) head += part;
    for (const auto& part : tensors) head += part;
    head.resize((head.size() + alignment - 1) / alignment * alignment, '\0');
    return head + data;
  }
};

/// An F32 matrix of 3 x 2 (24 bytes), then a Q4_0 row of 64 (36 bytes) at 32.
Draft sample() {
  Draft draft;
  draft.keys = {
      key("general.type", GgufType::String, text("model")),
      key("a.u8", GgufType::U8, raw(std::uint8_t{200})),
      key("a.i32", GgufType::I32, raw(std::int32_t{-5})),
      key("a.f32", GgufType::F32, raw(1.5f)),
      key("a.bool", GgufType::Bool, raw(std::uint8_t{1})),
      key("a.texts", GgufType::Array,
          raw(static_cast<std::int32_t>(GgufType::String)) + raw(std::uint64_t{2}) + text("x") + text("yz")),
      key("a.numbers", GgufType::Array,
          raw(static_cast<std::int32_t>(GgufType::U16)) + raw(std::uint64_t{3}) + std::string(6, '\1'))};
  draft.tensors = {tensor("plain", {3, 2}, 0, 0), tensor("packed", {64}, 2, 32)};
  draft.data = std::string(32 + 36, '\0');
  return draft;
}

void refused(const Draft& draft, const std::string& part) {
  const std::string bytes = draft.bytes();
  QL_THROWS(parseGguf(bytesOf(bytes), "\"x.gguf\""), part);
}

constexpr std::int64_t kHuge = std::numeric_limits<std::int64_t>::max();

}  // namespace

class TstGgufFile : public QObject {
  Q_OBJECT
 private slots:
  void soundFilesAreRead() {
    for (const std::uint32_t version : {2u, 3u}) {
      Draft draft = sample();
      draft.version = version;
      const std::string bytes = draft.bytes();
      const GgufFile file = parseGguf(bytesOf(bytes), "x");
      QCOMPARE(file.text("general.type").value(), std::string_view("model"));
      QCOMPARE(file.number("a.u8").value(), std::uint64_t{200});
      QVERIFY(!file.number("a.i32") && !file.number("a.f32") && !file.number("absent"));
      QCOMPARE(std::get<std::int64_t>(file.metadata.at("a.i32")), std::int64_t{-5});
      QCOMPARE(std::get<double>(file.metadata.at("a.f32")), 1.5);
      QVERIFY(std::get<bool>(file.metadata.at("a.bool")));
      const auto texts = std::get<GgufArray>(file.metadata.at("a.texts")).strings();
      QCOMPARE(texts, (std::vector<std::string_view>{"x", "yz"}));
      QCOMPARE(std::get<GgufArray>(file.metadata.at("a.numbers")).bytes.size(), std::size_t{6});
      const GgufTensor* packed = file.find("packed");
      QVERIFY(packed != nullptr && file.find("plain") != nullptr && file.find("other") == nullptr);
      QCOMPARE(packed->offset, file.dataBegin + 32);
      QCOMPARE(packed->sizeBytes, std::uint64_t{36});
      QCOMPARE(packed->type->name, std::string_view("Q4_0"));
      QCOMPARE(file.find("plain")->type->dtype.value(), DType::F32);
    }
  }
  void alignmentIsObeyed() {
    Draft draft = sample();
    draft.alignment = 64;
    draft.keys.push_back(key("general.alignment", GgufType::U32, raw(std::uint32_t{64})));
    draft.tensors[1] = tensor("packed", {64}, 2, 64);
    draft.data.resize(64 + 36);
    const std::string bytes = draft.bytes();
    QCOMPARE(parseGguf(bytesOf(bytes), "x").find("packed")->offset, std::uint64_t{bytes.size() - 36});
    draft.keys.back() = key("general.alignment", GgufType::U32, raw(std::uint32_t{48}));
    refused(draft, "power of two");
  }
  void everyTruncationIsRefused() {
    for (const std::string& bytes : {sample().bytes(), contentOf(dataFile("imports/imatrix.gguf"))}) {
      for (std::size_t size = 0; size < bytes.size() - 31; ++size) {  // the last row may be padded
        const std::string cut = bytes.substr(0, size);
        QL_THROWS(parseGguf(bytesOf(cut), "\"x.gguf\""), "x.gguf");
      }
    }
  }
  void changedBytesNeverReachOutside() {
    const std::string bytes = sample().bytes();
    for (std::size_t place = 0; place < bytes.size(); ++place) {
      for (const int mask : {0x01, 0x80, 0xff}) {
        std::string changed = bytes;
        changed[place] = static_cast<char>(changed[place] ^ mask);
        try {
          for (const GgufTensor& tensor : parseGguf(bytesOf(changed), "x").tensors)
            QVERIFY(tensor.offset <= bytes.size() && tensor.sizeBytes <= bytes.size() - tensor.offset);
        } catch (const Error&) {
        }
      }
    }
  }
  void versionsAndByteOrdersAreNamed() {
    Draft draft = sample();
    draft.version = 1;
    refused(draft, "version 1");
    draft.version = 9;
    refused(draft, "version 9");
    draft.version = 3u << 24;
    refused(draft, "big-endian");
  }
  void duplicatesAreRefused() {
    Draft draft = sample();
    draft.keys.push_back(draft.keys[0]);
    refused(draft, "\"general.type\" is there twice");
    draft = sample();
    draft.tensors[1] = tensor("plain", {64}, 2, 32);
    refused(draft, "\"plain\" is there twice");
  }
  void absurdTensorsAreRefused() {
    const auto with = [](const std::string& second) {
      Draft draft = sample();
      draft.tensors[1] = second;
      return draft;
    };
    refused(with(tensor("packed", {kHuge, kHuge}, 0, 32)), "absurd dimension");
    refused(with(tensor("packed", {kHuge}, 0, 32)), "absurd dimension");
    refused(with(tensor("packed", {-64}, 2, 32)), "negative");
    refused(with(tensor("packed", {63}, 2, 32)), "no multiple of the block");
    refused(with(tensor("packed", {1 << 20}, 2, 32)), "passes the end");
    refused(with(tensor("packed", {64}, 4, 32)), "unknown or was removed");
    refused(with(tensor("packed", {64}, 2, 40)), "begins at 40");
    refused(with(tensor("packed", {64}, 2, 0)), "begins at 0");
    refused(with(tensor("packed", {64, 1, 1, 1, 1}, 2, 32)), "5 dimensions");
    refused(with(tensor(std::string(64, 'n'), {64}, 2, 32)), "name of 64 bytes");
    refused(with(tensor("", {64}, 2, 32)), "name of 0 bytes");
  }
  void absurdKeysAreRefused() {
    const auto with = [](const std::string& extra) {
      Draft draft = sample();
      draft.keys.push_back(extra);
      return draft;
    };
    const auto array = [](std::int32_t type, std::uint64_t count) {
      return key("k", GgufType::Array, raw(type) + raw(count));
    };
    refused(with(array(0, ~0ull)), "claims");
    refused(with(array(12, 1ull << 29)), "needs");
    refused(with(array(9, 1)), "arrays cannot have");
    refused(with(array(8, 1ull << 29)), "");
    refused(with(key("k", static_cast<GgufType>(13), "")), "unknown type");
    refused(with(text("k") + raw(std::int32_t{8}) + raw(std::uint64_t{1} << 63)), "claims");
    refused(with(key("", GgufType::U8, "\1")), "empty");
    std::string bytes = sample().bytes();
    for (const std::size_t place : {8, 16}) {
      std::string changed = bytes;
      changed.replace(place, 8, raw(std::int64_t{-1}));
      QL_THROWS(parseGguf(bytesOf(changed), "x"), "claims -1");
      changed.replace(place, 8, raw(kHuge));
      QL_THROWS(parseGguf(bytesOf(changed), "x"), "claims");
    }
  }
};

QTEST_APPLESS_MAIN(TstGgufFile)
#include "tst_gguf_file.moc"
