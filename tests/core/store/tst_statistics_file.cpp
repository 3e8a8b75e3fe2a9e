#include "core/base/error.h"
#include "core/store/statistics_file.h"
#include "tests/support/compare.h"
#include "tests/support/fast_folder.h"

#include <QTemporaryDir>
#include <QTest>

#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <csignal>
#include <fstream>
#include <iterator>
#include <limits>

using namespace ql;
namespace fs = std::filesystem;

namespace {

StatisticsHeader header(const std::string& fingerprint = "abc") {
  return {"demo", fingerprint, "0.1.0", {{"settings", std::string("w8a8")}, {"seed", std::int64_t{7}}}};
}

DataTree sampleTree(double salt) {
  DataTree tree;
  tree.attributes["kurtosis"] = 3.5 + salt;
  tree.attributes["inf"] = std::numeric_limits<double>::infinity();
  tree.attributes["count"] = std::int64_t{-5};
  tree.attributes["text"] = std::string("grün, 100 %");
  tree.attributes["empty"] = std::string();
  tree.attributes["config"] = std::string(100'000, 'x') + "end";
  tree.arrays["f32"] = makeArray(std::vector<float>{1, -2, 3, 4, 5, 6}, "weight", {"row", "column"}, {2, 3});
  tree.arrays["f64"] = makeArray(std::vector<double>{salt}, "fraction", {"input channel"});
  tree.arrays["i32"] = makeArray(std::vector<std::int32_t>{-1, 2}, "", {"output channel"});
  tree.arrays["i64"] = makeArray(std::vector<std::int64_t>{-1, 2}, "", {});
  tree.arrays["u16"] = makeArray(std::vector<std::uint16_t>{1, 65535}, "", {"texel"});
  tree.arrays["u32"] = makeArray(std::vector<std::uint32_t>{1, 4000000000u}, "", {"texel"});
  tree.arrays["u64"] = makeArray(std::vector<std::uint64_t>{~std::uint64_t{0}}, "", {"bin"});
  tree.arrays["none"] = makeArray(std::vector<float>{}, "", {"nothing"});
  DataTree level;
  level.arrays["a/b%2F"] = makeArray(std::vector<float>{static_cast<float>(salt)}, "", {"texel"});
  tree.children["pyramid"].children["level/0"] = level;
  tree.children["."].attributes["dot"] = std::int64_t{1};
  return tree;
}

std::string contentOf(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void setContent(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

bool hasSameShape(const DataTree& a, const DataTree& b) {
  if (a.arrays.size() != b.arrays.size() || a.children.size() != b.children.size()) return false;
  for (const auto& [name, array] : a.arrays) {
    const auto other = b.arrays.find(name);
    if (other == b.arrays.end() || other->second.shape != array.shape || other->second.type != array.type)
      return false;
  }
  for (const auto& [name, child] : a.children) {
    const auto other = b.children.find(name);
    if (other == b.children.end() || !hasSameShape(child, other->second)) return false;
  }
  return true;
}

constexpr std::chrono::milliseconds kAtOnce{0};  // every addition is a part of its own
const char* const kLinear = "model.layers.0.self_attn.q_proj";

}  // namespace

class TestStatisticsFile : public QObject {
  Q_OBJECT

  QTemporaryDir m_folder{test::fastFolderTemplate()};
  int m_count = 0;
  fs::path freshPath() {
    const fs::path folder = fs::path(m_folder.path().toStdString()) / std::to_string(m_count++);
    fs::create_directories(folder);
    return folder / "S.h5";
  }
  static void writeWhole(const fs::path& path) {
    StatisticsWriter writer(path, header(), false, kAtOnce);
    writer.add("layers", kLinear, sampleTree(1));
    writer.add("layers", "odd/name%2F.", sampleTree(2));
    writer.finish();
  }

 private slots:
  void returnsWhatWasWritten();
  void attributesAloneCanBeRead();
  void bytesDoNotDependOnTheOrder();
  void partsAreReadWhileTheRunGoesOn();
  void resumesFromParts();
  void resumesFromTheWholeFile();
  void otherMeasurementsAreNotResumed();
  void damagedPartsAreMeasuredAgain();
  void newestAdditionCounts();
  void aKilledProcessLeavesItsParts();
  void quickAdditionsShareAPart();
  void aReaderOfPartsOutlivesTheirAssembly();
  void aSecondWriterIsRefused();
  void unwritablePlacesAreNamed();
  void missingFilesAndEntriesAreNamed();
  void truncatedFilesAreRefused();
  void flippedBitsNeverCrash();
};

void TestStatisticsFile::returnsWhatWasWritten() {
  const fs::path path = freshPath();
  writeWhole(path);
  QVERIFY(fs::exists(path));
  QVERIFY(!fs::exists(path.string() + ".parts"));
  QVERIFY(looksLikeStatistics(path));
  const auto file = StatisticsFile::open(path);
  QVERIFY(!file->isPartial());
  QVERIFY(isSameMeasurement(file->header(), header()));
  QCOMPARE(file->header().model, std::string("demo"));
  QCOMPARE(file->names("layers"), (std::vector<std::string>{kLinear, "odd/name%2F."}));
  QVERIFY(file->names("sites").empty());
  QVERIFY(file->contains("layers", "odd/name%2F."));
  QVERIFY(file->read("layers", kLinear) == sampleTree(1));
  QVERIFY(file->read("layers", "odd/name%2F.") == sampleTree(2));
}

void TestStatisticsFile::attributesAloneCanBeRead() {
  const fs::path path = freshPath();
  writeWhole(path);
  const DataTree tree = StatisticsFile::open(path)->readAttributes("layers", kLinear, 1);
  QCOMPARE(doubleAttribute(tree, "kurtosis"), 4.5);
  QVERIFY(tree.arrays.empty());
  QVERIFY(tree.children.contains("pyramid"));
  QVERIFY(tree.children.at("pyramid").children.empty());
}

void TestStatisticsFile::bytesDoNotDependOnTheOrder() {
  const fs::path first = freshPath(), second = freshPath();
  writeWhole(first);
  {
    StatisticsWriter writer(second, header(), true, kAtOnce);
    writer.add("layers", "odd/name%2F.", sampleTree(2));
  }
  StatisticsWriter writer(second, header(), true, kAtOnce);
  writer.add("layers", kLinear, sampleTree(1));
  writer.finish();
  QVERIFY(contentOf(first) == contentOf(second));
}

void TestStatisticsFile::partsAreReadWhileTheRunGoesOn() {
  const fs::path path = freshPath();
  StatisticsWriter writer(path, header(), false, kAtOnce);
  writer.add("layers", kLinear, sampleTree(1));
  QVERIFY(looksLikeStatistics(path));
  const auto file = StatisticsFile::open(path);
  QVERIFY(file->isPartial());
  QVERIFY(file->read("layers", kLinear) == sampleTree(1));
  QVERIFY(StatisticsFile::open(path.string() + ".parts")->isPartial());
  QVERIFY(writer.read("layers", kLinear) == sampleTree(1));
  writer.finish();
  QVERIFY(writer.read("layers", kLinear) == sampleTree(1));
}

void TestStatisticsFile::resumesFromParts() {
  const fs::path path = freshPath();
  { StatisticsWriter(path, header(), false).add("layers", kLinear, sampleTree(1)); }
  setContent(path.string() + ".parts/assembled.tmp", "left by a kill");
  setContent(path.string() + ".parts/0001.h5.tmp123", "left by a kill");
  StatisticsWriter writer(path, header(), true, kAtOnce);
  QCOMPARE(writer.finished(), std::vector<std::string>{std::string("layers/") + kLinear});
  QVERIFY(writer.contains("layers", kLinear));
  writer.add("layers", "b", sampleTree(2));
  writer.finish();
  QVERIFY(!fs::exists(path.string() + ".parts"));
  QCOMPARE(StatisticsFile::open(path)->names("layers").size(), std::size_t{2});
}

void TestStatisticsFile::resumesFromTheWholeFile() {
  const fs::path path = freshPath();
  writeWhole(path);
  StatisticsWriter writer(path, header(), true, kAtOnce);
  QCOMPARE(writer.finished().size(), std::size_t{2});
  writer.add("layers", "third", sampleTree(3));
  QCOMPARE(StatisticsFile::open(path)->names("layers").size(), std::size_t{3});
  writer.finish();
  const auto file = StatisticsFile::open(path);
  QVERIFY(!file->isPartial());
  QVERIFY(file->read("layers", kLinear) == sampleTree(1));
  QVERIFY(file->read("layers", "third") == sampleTree(3));
}

void TestStatisticsFile::otherMeasurementsAreNotResumed() {
  StatisticsHeader otherSettings = header(), otherTool = header();
  otherSettings.attributes["settings"] = std::string("w4a16");
  otherTool.toolVersion = "0.2.0";
  for (const StatisticsHeader& other : {header("def"), otherSettings, otherTool}) {
    const fs::path path = freshPath();
    { StatisticsWriter(path, other, false).add("layers", kLinear, sampleTree(1)); }
    StatisticsWriter writer(path, header(), true, kAtOnce);
    QVERIFY(writer.finished().empty());
    writer.add("layers", "b", sampleTree(2));
    writer.finish();
    QCOMPARE(StatisticsFile::open(path)->names("layers"), std::vector<std::string>{"b"});
  }
}

void TestStatisticsFile::damagedPartsAreMeasuredAgain() {
  const fs::path path = freshPath();
  {
    StatisticsWriter writer(path, header(), false, kAtOnce);
    writer.add("layers", "a", sampleTree(1));
    writer.add("layers", "b", sampleTree(2));
    writer.add("layers", "c", sampleTree(3));
  }
  const fs::path damaged = path.string() + ".parts/0001.h5";
  setContent(damaged, contentOf(damaged).substr(0, 1000));
  QCOMPARE(StatisticsFile::open(path)->names("layers"), (std::vector<std::string>{"a", "c"}));
  StatisticsWriter writer(path, header(), true, kAtOnce);
  QCOMPARE(writer.finished(), (std::vector<std::string>{"layers/a", "layers/c"}));
  writer.add("layers", "b", sampleTree(2));
  writer.finish();
  QVERIFY(StatisticsFile::open(path)->read("layers", "b") == sampleTree(2));
}

void TestStatisticsFile::newestAdditionCounts() {
  const fs::path path = freshPath();
  StatisticsWriter writer(path, header(), false, kAtOnce);
  writer.add("layers", "a", sampleTree(1));
  writer.add("layers", "a", sampleTree(2));
  QVERIFY(StatisticsFile::open(path)->read("layers", "a") == sampleTree(2));
  writer.finish();
  QVERIFY(StatisticsFile::open(path)->read("layers", "a") == sampleTree(2));
}

void TestStatisticsFile::aKilledProcessLeavesItsParts() {
  const fs::path path = freshPath();
  const pid_t child = ::fork();
  if (child == 0) {
    StatisticsWriter writer(path, header(), false, kAtOnce);
    for (int i = 0; i < 3; ++i) writer.add("layers", std::to_string(i), sampleTree(i));
    ::kill(::getpid(), SIGKILL);
  }
  ::waitpid(child, nullptr, 0);
  QVERIFY(!fs::exists(path));
  const auto left = StatisticsFile::open(path);
  QVERIFY(left->isPartial());
  QCOMPARE(left->names("layers").size(), std::size_t{3});
  StatisticsWriter writer(path, header(), true, kAtOnce);
  QCOMPARE(writer.finished().size(), std::size_t{3});
  writer.finish();
  QVERIFY(StatisticsFile::open(path)->read("layers", "2") == sampleTree(2));
}

void TestStatisticsFile::quickAdditionsShareAPart() {
  const fs::path path = freshPath();
  {
    StatisticsWriter writer(path, header(), false, std::chrono::hours(1));
    writer.add("layers", "a", sampleTree(1));
    writer.add("model", "b", sampleTree(2));
    QVERIFY(writer.contains("layers", "a"));
    QVERIFY(writer.read("layers", "a") == sampleTree(1));
    QVERIFY(!looksLikeStatistics(path));
  }
  QVERIFY(fs::exists(path.string() + ".parts/0000.h5"));
  QVERIFY(!fs::exists(path.string() + ".parts/0001.h5"));
  QVERIFY(StatisticsFile::open(path)->read("model", "b") == sampleTree(2));
}

void TestStatisticsFile::aReaderOfPartsOutlivesTheirAssembly() {
  const fs::path path = freshPath();
  StatisticsWriter writer(path, header(), true);
  writer.add("layers", kLinear, sampleTree(1));
  writer.flush();
  const auto file = StatisticsFile::open(path);
  QVERIFY(file->isPartial());
  writer.finish();
  QVERIFY(!fs::exists(path.string() + ".parts/0000.h5"));
  QVERIFY(file->read("layers", kLinear) == sampleTree(1));
  fs::remove(path);
  QL_THROWS(file->read("layers", kLinear), "vanished");
}

void TestStatisticsFile::aSecondWriterIsRefused() {
  const fs::path path = freshPath();
  const StatisticsWriter writer(path, header(), false, kAtOnce);
  QL_THROWS(StatisticsWriter(path, header(), true), "Another program is writing");
}

void TestStatisticsFile::unwritablePlacesAreNamed() {
  const fs::path path = freshPath();
  setContent(path, "a file");
  QL_THROWS(StatisticsWriter(path / "S.h5", header(), true), "Could not create the folder");
  QL_THROWS(StatisticsWriter("/proc/quantloupe/S.h5", header(), true), "/proc/quantloupe");
}

void TestStatisticsFile::missingFilesAndEntriesAreNamed() {
  const fs::path path = freshPath();
  QL_THROWS(StatisticsFile::open(path), "There is no statistics file");
  QL_THROWS(StatisticsFile::open(path.parent_path()), "is a folder");
  QVERIFY(!looksLikeStatistics(path));
  writeWhole(path);
  QL_THROWS(StatisticsFile::open(path)->read("layers", "z"), "has no \"layers/z\"");
  QL_THROWS(StatisticsFile::open(path)->read("sites", "z"), "has no \"sites/z\"");
}

void TestStatisticsFile::truncatedFilesAreRefused() {
  const fs::path path = freshPath();
  writeWhole(path);
  const std::string whole = contentOf(path);
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{7}, std::size_t{60}, whole.size() / 2, whole.size() - 1}) {
    setContent(path, whole.substr(0, size));
    QL_THROWS(StatisticsFile::open(path), "qloupe analyze");
  }
  setContent(path, "<!DOCTYPE html><html>not found</html>");
  QL_THROWS(StatisticsFile::open(path), "not an HDF5 file");
  QVERIFY(!looksLikeStatistics(path));
}

/// Every 50th byte or so of a small file inverted: either one sentence or data of the same shape.
void TestStatisticsFile::flippedBitsNeverCrash() {
  const fs::path path = freshPath();
  {
    StatisticsWriter writer(path, header(), false, kAtOnce);
    DataTree small = sampleTree(1);
    small.attributes.erase("config");
    writer.add("layers", kLinear, small);
    writer.finish();
  }
  const std::string whole = contentOf(path);
  const DataTree expected = StatisticsFile::open(path)->read("layers", kLinear);
  const std::size_t step = std::max<std::size_t>(1, whole.size() / 150);
  int errors = 0;
  for (std::size_t place = 0; place < whole.size(); place += step) {
    for (const int mask : {0xff, 0x01}) {
      std::string flipped = whole;
      flipped[place] = static_cast<char>(flipped[place] ^ mask);
      setContent(path, flipped);
      try {
        const auto file = StatisticsFile::open(path);
        QVERIFY(hasSameShape(expected, file->read("layers", kLinear)));
      } catch (const Error& e) {
        QVERIFY2(std::string(e.what()).find("S.h5") != std::string::npos, e.what());
        ++errors;
      }
    }
  }
  QVERIFY(errors > 30);
}

QTEST_APPLESS_MAIN(TestStatisticsFile)
#include "tst_statistics_file.moc"
