// Opening models as people have them: files, folders, indexes, links, and everything that goes wrong with
// downloads.
#include "core/io/checkpoint.h"

#include "core/base/error.h"
#include "core/io/fingerprint.h"
#include "core/io/format_registry.h"
#include "tests/support/compare.h"
#include "tests/support/data.h"
#include "tests/support/safetensors_bytes.h"
#include "tests/support/temp_folder.h"

#include <QElapsedTimer>
#include <QTest>

#include <sys/stat.h>
#include <unistd.h>
#include <fstream>

namespace fs = std::filesystem;
using ql::openCheckpoint;
using ql::test::entry;
using ql::test::oneTensorFile;
using ql::test::safetensorsBytes;
using ql::test::TempFolder;
using namespace std::string_literals;

namespace {

const std::string kIndex = "model.safetensors.index.json";

/// {"weight_map":{"a":"x.safetensors"}}
std::string indexText(const std::vector<std::pair<std::string, std::string>>& map) {
  std::string text;
  for (const auto& [tensor, file] : map)
    text += (text.empty() ? "\"" : ",\"") + tensor + "\":\"" + file + "\"";
  return "{\"metadata\":{\"total_size\":1},\"weight_map\":{" + text + "}}";
}

std::string warningsOf(const fs::path& path) {
  const auto model = openCheckpoint(path);  // lives longer than the loop over its warnings
  std::string all;
  for (const std::string& warning : model->warnings()) all += warning + "\n";
  return all;
}

/// A shard of a 70B-shaped model: header and a hole of the right size, so that it takes no room on the disk.
std::uint64_t writeSparseShard(const fs::path& path, const std::vector<std::string>& names) {
  std::string json = "{";
  std::uint64_t end = 0;
  constexpr std::uint64_t kSize = 8192ull * 28672 * 2;
  for (const std::string& name : names) {
    json += (json.size() > 1 ? "," : "") + entry(name, "BF16", "[28672,8192]", end, end + kSize);
    end += kSize;
  }
  json += "}";
  std::ofstream(path, std::ios::binary) << safetensorsBytes(json, "");
  fs::resize_file(path, 8 + json.size() + end);
  return end;
}

}  // namespace

class CheckpointTest : public QObject {
  Q_OBJECT

 private slots:
  void opensTheDemoModel() {
    const auto model = openCheckpoint(ql::test::demoModel());
    QCOMPARE(model->format(), "safetensors"s);
    QCOMPARE(model->tensors().size(), 57u);
    QVERIFY(model->warnings().empty());
    const ql::TensorInfo* head = model->find("lm_head.weight");
    QVERIFY(head != nullptr && head->dtype == ql::DType::BF16);
    QCOMPARE(head->shape, (ql::Shape{2048, 256}));
    QCOMPARE(model->bytes(*head).size(), 1048576u);
    QVERIFY(model->find("lm_head") == nullptr);
    QCOMPARE(model->sizeBytes(), model->shards()[0].sizeBytes - 8 - 6112);
    QCOMPARE(model->folder(), ql::test::demoModel());
    for (const char* name : {"config.json", "model.safetensors"}) {
      const auto same = openCheckpoint(ql::test::demoModel() / name);
      QCOMPARE(same->tensors().size(), 57u);
      QCOMPARE(same->folder(), ql::test::demoModel());
      QVERIFY(ql::looksLikeCheckpoint(ql::test::demoModel() / name));
    }
  }

  void shardsOfAnIndex() {
    const TempFolder folder;
    folder.write("m/m-1.safetensors", oneTensorFile("a", 3));
    folder.write("blobs/0123", oneTensorFile("b", 5, 2));
    fs::create_symlink("../blobs/0123", folder / "m/m-2.safetensors");  // as in the hub cache
    folder.write("m/" + kIndex, indexText({{"b", "m-2.safetensors"}, {"a", "m-1.safetensors"}}));
    folder.write("m/config.json", "{}");
    for (const char* path : {"m", "m/model.safetensors.index.json", "m/config.json"}) {
      const auto model = openCheckpoint(folder / path);
      QCOMPARE(model->shards().size(), 2u);
      QCOMPARE(model->shards()[1].name, "m-2.safetensors"s);
      QCOMPARE(model->find("b")->shard, 1u);
      QCOMPARE(static_cast<int>(model->bytes(*model->find("b"))[4]), 2);
      QCOMPARE(model->folder(), folder / "m");
      QVERIFY(model->warnings().empty());
    }
  }

  void indexDisagreesWithShards() {
    const TempFolder folder;
    folder.write("1.safetensors",
                 safetensorsBytes("{" + entry("a", "U8", "[1]", 0, 1) + "," + entry("b", "U8", "[1]", 1, 2) +
                                      "," + entry("c", "U8", "[1]", 2, 3) + "}",
                                  "abc"));
    folder.write("2.safetensors", oneTensorFile("b", 1, 'B'));
    folder.write(kIndex, indexText({{"a", "1.safetensors"}, {"b", "2.safetensors"}}));
    const auto model = openCheckpoint(folder.path());
    QCOMPARE(model->tensors().size(), 3u);
    QCOMPARE(static_cast<char>(model->bytes(*model->find("b"))[0]), 'B');
    QCOMPARE(model->warnings().size(), 2u);
    QVERIFY(model->warnings()[0].find("hold \"c\" that the index does not list") != std::string::npos);
    QVERIFY(model->warnings()[1].find("hold \"b\" a second time") != std::string::npos);
    folder.write(kIndex, indexText({{"a", "1.safetensors"}, {"z", "2.safetensors"}}));
    QL_THROWS(openCheckpoint(folder.path()), "tensor \"z\" is in \"2.safetensors\", which does not hold it");
    folder.write(kIndex, indexText({{"a", "1.safetensors"}, {"b", "3.safetensors"}, {"c", "4.safetensors"}}));
    QL_THROWS(openCheckpoint(folder.path()),
              "names 3 shards; missing beside it: \"3.safetensors\", \"4.safetensors\"");
  }

  void hostileIndexes_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QString>("part");
    const auto row = [](const char* name, const std::string& text, const char* part) {
      QTest::newRow(name) << QByteArray::fromStdString(text) << QString(part);
    };
    const auto file = [&](const char* name, const std::string& shard, const char* part) {
      row(name, indexText({{"a", shard}}), part);
    };
    file("parent", "../1.safetensors", "holds a folder separator");
    file("absolute", "/etc/passwd", "holds a folder separator");
    file("below", "x/1.safetensors", "holds a folder separator");
    file("backslash", "x\\\\1.safetensors", "holds a folder separator");
    file("dots", "..", "points outside the folder");
    file("dots inside", "a..safetensors", "points outside the folder");
    file("empty name", "", "is empty");
    file("zero byte", "1.safetensors\\u0000", "holds a zero byte");
    file("long", std::string(300, 'x'), "longer than 255 bytes");
    file("pickle", "pytorch_model-1.bin", "not a *.safetensors file: convert the model");
    file("new line", "a\\nb/c", "\"a\\x0ab/c\"");
    row("empty", "", "is empty: download the file again");
    row("not json", "<html>", "byte 1: this is not valid JSON");
    row("cut", "{\"weight_map\":{\"a\":\"1.saf", "not valid JSON");
    row("list", "[]", "expected an object, found a list");
    row("text", "\"x\"", "expected an object, found a text");
    row("number", "1", "expected an object, found a number");
    row("null", "null", "expected an object, found null");
    row("no map", "{\"metadata\":{}}", "\"weight_map\" is missing");
    row("map inside metadata", "{\"metadata\":{\"weight_map\":{\"a\":\"1.safetensors\"}}}",
        "\"weight_map\" is missing");
    row("empty map", "{\"weight_map\":{}}", "names no tensor");
    row("map is list", "{\"weight_map\":[\"a\"]}", "weight_map must be an object");
    row("map is text", "{\"weight_map\":\"a\"}", "weight_map must be an object");
    row("map is number", "{\"weight_map\":1}", "weight_map must be an object");
    row("shard is number", "{\"weight_map\":{\"a\":1}}",
        "tensor \"a\": the shard must be a text, found a number");
    row("shard is null", "{\"weight_map\":{\"a\":null}}", "found null");
    row("shard is object", "{\"weight_map\":{\"a\":{}}}", "found a list or an object");
    row("duplicate tensor", indexText({{"a", "1.safetensors"}, {"a", "2.safetensors"}}),
        "the name \"a\" is there twice");
    row("duplicate map", "{\"weight_map\":{\"a\":\"1.safetensors\"},\"weight_map\":{}}",
        "\"weight_map\" is there twice");
    row("zero byte behind", indexText({{"a", "1.safetensors"}}) + "\0"s, "zero byte");
    std::string deep = "{\"metadata\":";
    for (int i = 0; i < 100; ++i) deep += "[";
    row("deep", deep, "nested more than 64");
  }
  void hostileIndexes() {
    QFETCH(QByteArray, text);
    QFETCH(QString, part);
    const TempFolder folder;
    folder.write("1.safetensors", oneTensorFile("a", 1));
    folder.write("2.safetensors", oneTensorFile("a", 1));
    folder.write(kIndex, text.toStdString());
    const std::string wanted = part.toStdString();
    QL_THROWS(openCheckpoint(folder.path()), wanted);
    QL_THROWS(openCheckpoint(folder.path()), kIndex);
  }

  void foldersWithoutIndex() {
    const TempFolder folder;
    folder.write("any.safetensors", oneTensorFile("a", 1));
    folder.write("._any.safetensors", "junk of macOS");
    QCOMPARE(openCheckpoint(folder.path())->tensors().size(), 1u);
    folder.write("more.safetensors", oneTensorFile("b", 1));
    QCOMPARE(openCheckpoint(folder.path())->tensors().size(), 2u);
    QVERIFY(warningsOf(folder.path()).find("no index file; all of its 2") != std::string::npos);
    folder.write("same.safetensors", oneTensorFile("a", 1));
    QL_THROWS(openCheckpoint(folder.path()), "tensor \"a\" is both in");
    folder.write("x-00001-of-00002.safetensors", oneTensorFile("c", 1));
    QL_THROWS(openCheckpoint(folder.path()), "holds 1 of 2 shards and no index file");
    QVERIFY(warningsOf(folder / "x-00001-of-00002.safetensors").find("is one of 2 shards") !=
            std::string::npos);
    folder.write("x-00002-of-00002.safetensors", oneTensorFile("d", 1));
    QCOMPARE(openCheckpoint(folder.path())->tensors().size(), 2u);
    folder.write(kIndex, indexText({{"c", "x-00001-of-00002.safetensors"}}));
    QCOMPARE(openCheckpoint(folder.path())->tensors().size(), 1u);
    folder.write("model.safetensors", oneTensorFile("e", 1));
    QVERIFY(openCheckpoint(folder.path())->find("e") != nullptr);
    QVERIFY(warningsOf(folder.path()).find("the first was opened") != std::string::npos);
  }

  void whatIsNoModel() {
    const TempFolder folder;
    QL_THROWS(openCheckpoint(""), "no model was named");
    QL_THROWS(openCheckpoint(folder / "none"),
              "cannot open \"" + (folder / "none").string() + "\": there is no such file or folder");
    QL_THROWS(openCheckpoint(folder.path()), "the folder is empty");
    fs::create_symlink("gone", folder / "link.safetensors");
    QL_THROWS(openCheckpoint(folder / "link.safetensors"), "it is a link to \"gone\"");
    QL_THROWS(openCheckpoint(folder.path()), "it is a link to \"gone\"");
    fs::remove(folder / "link.safetensors");
    folder.write("readme.md", "hello");
    QL_THROWS(openCheckpoint(folder.path()), "no *.safetensors file in it, only \"readme.md\"");
    QL_THROWS(openCheckpoint(folder / "readme.md"), "it holds no weights: open the model's folder");
    folder.write("config.json", "{}");
    QL_THROWS(openCheckpoint(folder / "config.json"), "no *.safetensors file in it");
    folder.write("pytorch_model.bin", "PK\x03\x04....");
    QL_THROWS(openCheckpoint(folder.path()),
              "it holds \"pytorch_model.bin\", which this version does not read: convert");
    QL_THROWS(openCheckpoint(folder / "pytorch_model.bin"), "zip archive or a PyTorch file");
    folder.write("noise", std::string(100, '\x7f') + "\x80");
    QL_THROWS(openCheckpoint(folder / "noise"), "its format is unknown");
    folder.write("snapshots/abc/model.safetensors", oneTensorFile("a", 1));
    QL_THROWS(openCheckpoint(folder.path()), "open the folder \"snapshots/abc\" in it");
    fs::create_directory(folder / "model.safetensors");
    QL_THROWS(openCheckpoint(folder.path()), "it is a folder, not a file");
    QVERIFY(!ql::looksLikeCheckpoint(folder / "none") && !ql::looksLikeCheckpoint(folder / "noise"));
    if (::geteuid() == 0) return;
    ::chmod((folder / "snapshots").c_str(), 0);
    QL_THROWS(openCheckpoint(folder / "snapshots"), "no permission");
    ::chmod((folder / "snapshots").c_str(), 0700);
  }

  void brokenFilesAreNamed() {
    const TempFolder folder;
    folder.write("e/model.safetensors", "");
    QL_THROWS(openCheckpoint(folder / "e"), "e/model.safetensors\" is empty");
    folder.write("h/model.safetensors", "<html>no</html>");
    QL_THROWS(openCheckpoint(folder / "h"), "saved an error page");
    folder.write("t/model.safetensors", oneTensorFile("a", 20000).substr(0, 7655 + 57));
    QL_THROWS(openCheckpoint(folder / "t"), "shorter than its header says");
    folder.write("\xE6\xA8\xA1\xE5\x9E\x8B/m\xC3\xB6\xC3\x9F.safetensors", oneTensorFile("\xE9\x87\x8D", 2));
    QVERIFY(openCheckpoint(folder / "\xE6\xA8\xA1\xE5\x9E\x8B")->find("\xE9\x87\x8D") != nullptr);
    folder.write("unnamed", safetensorsBytes("{}", ""));
    QVERIFY(warningsOf(folder / "unnamed").find("holds no tensors") != std::string::npos);
  }

  void opensThirtyShardsOf70BAtOnce() {
    const TempFolder folder;
    std::vector<std::pair<std::string, std::string>> map;
    for (int shard = 0; shard < 30; ++shard) {
      const std::string file = QString::asprintf("model-%05d-of-00030.safetensors", shard + 1).toStdString();
      std::vector<std::string> names;
      for (int i = shard; i < 723; i += 30)
        names.push_back("model.layers." + std::to_string(i) + ".mlp.up_proj.weight");
      for (const std::string& name : names) map.emplace_back(name, file);
      writeSparseShard(folder / file, names);
    }
    folder.write(kIndex, indexText(map));
    QElapsedTimer timer;
    timer.start();
    const auto model = openCheckpoint(folder.path());
    const qint64 elapsed = timer.elapsed();
    qInfo("opened %zu tensors in %lld ms", model->tensors().size(),
          static_cast<long long>(elapsed));  // aim: 200
    QCOMPARE(model->tensors().size(), 723u);
    QVERIFY(elapsed < 2000);  // ten times the aim: a slow machine is no failure, reading weights would be
    QCOMPARE(ql::fingerprint(*model).size(), 64u);
  }

  void fingerprintFollowsContentOnly() {
    const TempFolder folder;
    const auto printOf = [](const fs::path& path) { return ql::fingerprint(*openCheckpoint(path)); };
    const std::string file = oneTensorFile("a", 20000);
    const std::string first = printOf(folder.write("1/model.safetensors", file));
    QCOMPARE(printOf(folder.write("2/model.safetensors", file)), first);  // neither path nor time
    QVERIFY(printOf(folder.write("3/other.safetensors", file)) != first);
    QVERIFY(printOf(folder.write("4/model.safetensors", oneTensorFile("b", 20000))) != first);
    for (const std::size_t place :
         {std::size_t{0}, std::size_t{4095}, std::size_t{15904}, std::size_t{19999}}) {
      std::string changed = file;
      changed[changed.size() - 20000 + place] = 'z';
      QVERIFY(printOf(folder.write("5/model.safetensors", changed)) != first);
    }
    QCOMPARE(printOf(ql::test::demoModel()), printOf(ql::test::demoModel() / "model.safetensors"));
  }

  void formatsAreListed() {
    QCOMPARE(ql::checkpointFormats().size(), 1u);
    QCOMPARE(std::string(ql::checkpointFormats()[0].name), "safetensors"s);
  }
};

QTEST_APPLESS_MAIN(CheckpointTest)
#include "tst_checkpoint.moc"
