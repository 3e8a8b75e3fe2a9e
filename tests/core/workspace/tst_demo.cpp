#include "core/base/error.h"
#include "core/base/sha256.h"
#include "core/demo.h"
#include "core/folders.h"
#include "core/io/checkpoint.h"
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

QTEST_APPLESS_MAIN(TestDemo)
#include "tst_demo.moc"
