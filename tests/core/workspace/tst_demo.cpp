#include "core/base/error.h"
#include "core/base/sha256.h"
#include "core/demo.h"
#include "core/folders.h"
#include "core/io/checkpoint.h"
#include "core/io/safetensors_writer.h"
#include "tests/support/compare.h"
#include "tests/support/data.h"
#include "tests/support/fast_folder.h"

#include <QTemporaryDir>
#include <QTest>

#include <fstream>
#include <iterator>

using namespace ql;
namespace fs = std::filesystem;

namespace {

fs::path resources() {
  return fs::path(test::sourceDirectory()) / "resources";
}

std::string contentOf(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::string sha256(const std::string& text) {
  Sha256 hash;
  hash.add(std::string_view(text));
  return hash.finish();
}

}  // namespace

class TestDemo : public QObject {
  Q_OBJECT
  QTemporaryDir m_folder{test::fastFolderTemplate()};

 private slots:
  void initTestCase() {
    qputenv("XDG_DATA_HOME", (m_folder.path() + "/data").toUtf8());
    qputenv("XDG_CACHE_HOME", (m_folder.path() + "/cache").toUtf8());
  }
  void siblingsAreExact_data();
  void siblingsAreExact();
  void secondCallReusesTheFolder();
  void shippedModelIsUsedInPlace();
  void halfWrittenFolderIsMadeAgain();
  void unwritableDataFolderFallsBackToTheCache();
  void wrongKeysAndMissingResourcesAreNamed();
  void resourcesAreFound();
  void writerLaysOutAsTheReferenceWriter();
  void writerRefusesWhatDoesNotFit();
};

/// Hashes of the original files from which the shipped model was made: deriving must give them back bit by
/// bit.
void TestDemo::siblingsAreExact_data() {
  QTest::addColumn<QString>("key");
  QTest::addColumn<QString>("expected");
  QTest::newRow("clean") << "demo-llama"
                         << "48bc1e579be23c16104f013863ba87a045ffcd048d21aa2a80fb0624055f08f2";
  QTest::newRow("activation outliers") << "demo-llama-activation-outliers"
                                       << "bb9e8a1d8dc05e3aa40fe249d0d4629ef128a3746de7ad4dd0c962f9b838bd93";
}

void TestDemo::siblingsAreExact() {
  QFETCH(QString, key);
  QFETCH(QString, expected);
  const fs::path folder = prepareDemo(key.toStdString(), resources());
  QCOMPARE(folder, dataFolder() / "demo" / key.toStdString());
  QCOMPARE(QString::fromStdString(sha256(contentOf(folder / "model.safetensors"))), expected);
  for (const char* name : {"config.json", "generation_config.json", "merges.txt", "special_tokens_map.json",
                           "tokenizer.json", "tokenizer_config.json", "vocab.json"})
    QVERIFY2(contentOf(folder / name) == contentOf(test::demoModel() / name), name);
  QCOMPARE(fs::exists(folder / "planted.json"), key != "demo-llama");
  QCOMPARE(openCheckpoint(folder)->tensors().size(), std::size_t{57});
}

void TestDemo::secondCallReusesTheFolder() {
  const fs::path folder = prepareDemo("demo-llama", resources());
  const auto time = fs::last_write_time(folder / "model.safetensors");
  QCOMPARE(prepareDemo("demo-llama", resources()), folder);
  QVERIFY(fs::last_write_time(folder / "model.safetensors") == time);
}

void TestDemo::shippedModelIsUsedInPlace() {
  QCOMPARE(prepareDemo("demo-llama-weight-outliers", resources()), test::demoModel());
  QCOMPARE(demoModels().size(), std::size_t{3});
}

void TestDemo::halfWrittenFolderIsMadeAgain() {
  const fs::path folder = prepareDemo("demo-llama", resources());
  fs::resize_file(folder / "model.safetensors", 1000);
  prepareDemo("demo-llama", resources());
  QCOMPARE(fs::file_size(folder / "model.safetensors"),
           fs::file_size(test::demoModel() / "model.safetensors"));
}

void TestDemo::unwritableDataFolderFallsBackToTheCache() {
  qputenv("XDG_DATA_HOME", "/proc/nowhere");
  const fs::path folder = prepareDemo("demo-llama", resources());
  qputenv("XDG_DATA_HOME", (m_folder.path() + "/data").toUtf8());
  QCOMPARE(folder, cacheFolder() / "demo" / "demo-llama");
}

void TestDemo::wrongKeysAndMissingResourcesAreNamed() {
  QL_THROWS(prepareDemo("demo", resources()), "demo-llama-activation-outliers");
  QL_THROWS(prepareDemo("demo-llama", m_folder.path().toStdString()), "is missing");
}

void TestDemo::resourcesAreFound() {
  QVERIFY(fs::exists(resourceFolder() / "demo" / "activation-outliers.json"));
  qputenv("QUANTLOUPE_RESOURCES", "/elsewhere");
  QCOMPARE(resourceFolder(), fs::path("/elsewhere"));
  qunsetenv("QUANTLOUPE_RESOURCES");
}

void TestDemo::writerLaysOutAsTheReferenceWriter() {
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

void TestDemo::writerRefusesWhatDoesNotFit() {
  const std::vector<std::byte> data(8);
  QL_THROWS(safetensorsBytes({{"a", DType::F32, {3}, data}}, {}), "does not fit its shape");
  QL_THROWS(safetensorsBytes({{"a", DType::F32, {2}, data}, {"a", DType::F32, {2}, data}}, {}), "twice");
}

QTEST_APPLESS_MAIN(TestDemo)
#include "tst_demo.moc"
