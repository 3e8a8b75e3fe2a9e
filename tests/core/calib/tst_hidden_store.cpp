// The file of hidden states: what a killed run finds, what it refuses, and that memory and file agree.
#include "core/base/error.h"
#include "core/calib/hidden_store.h"
#include "tests/support/compare.h"
#include "tests/support/temp_folder.h"

#include <QTest>

#include <sys/stat.h>
#include <unistd.h>
#include <filesystem>
#include <fstream>

using namespace ql;
namespace fs = std::filesystem;

namespace {

const std::string kIdentity(64, 'a');

std::vector<HiddenBatch> layout() {
  const std::vector<std::vector<std::int32_t>> first{{1, 2, 3}, {4, 5}}, second{{6, 7, 8, 9}};
  return {makeBatch(first, 0), makeBatch(second, 2)};
}

float valueAt(int block, std::int64_t row, std::int64_t channel) {
  return static_cast<float>(1000 * (block + 2) + 10 * row + channel);
}

constexpr std::int64_t kWidth = 5, kRows = 9;

HiddenStoreOptions optionsFor(const fs::path& folder, bool isSpilled,
                              const std::string& identity = kIdentity) {
  return {folder, isSpilled, identity};
}

/// Fills every row with values of the block, checking what it finds from the block before.
bool runPass(HiddenStore& store, int block, int before, JobContext& job) {
  store.beginPass(block);
  bool isRight = true;
  std::int64_t row = 0;
  for (std::size_t i = 0; i < store.batchCount(); ++i) {
    HiddenBatch& batch = store.load(i);
    if (block < 0) batch.values.resize(static_cast<std::size_t>(batch.count() * kWidth));
    for (std::int64_t r = 0; r < batch.count(); ++r, ++row) {
      for (std::int64_t c = 0; c < kWidth; ++c) {
        float& value = batch.values[static_cast<std::size_t>(r * kWidth + c)];
        if (block >= 0) isRight = isRight && value == valueAt(before, row, c);
        value = valueAt(block, row, c);
      }
    }
    store.store(i, job);
  }
  store.endPass(job);
  return isRight && row == kRows;
}

/// A folder with the state behind block 0.
void makeState(const fs::path& folder) {
  JobContext job(1);
  HiddenStore store(layout(), kWidth, optionsFor(folder, false));
  runPass(store, -1, -1, job);
  runPass(store, 0, -1, job);
}

std::optional<int> resumed(const fs::path& folder, int before = 100, const std::string& identity = kIdentity,
                           std::int64_t width = kWidth) {
  JobContext job(1);
  HiddenStore store(layout(), width, optionsFor(folder, false, identity));
  return store.resume(before, job);
}

}  // namespace

class TstHiddenStore : public QObject {
  Q_OBJECT
 private slots:
  void passesCarryValues_data();
  void passesCarryValues();
  void stateIsFoundAgain_data();
  void stateIsFoundAgain();
  void foreignStatesAreNotUsed();
  void damagedFilesAreNotUsed_data();
  void damagedFilesAreNotUsed();
  void linksAreNotFollowed();
  void abortedPassLeavesTheOldState();
  void cancelLeavesTheOldState();
  void hurriedPassesAreNotSavedFromMemory();
  void fullDiskIsAWarningInMemoryAndAnErrorWhenSpilled();
  void filesAreRemoved();
};

void TstHiddenStore::passesCarryValues_data() {
  QTest::addColumn<bool>("isSpilled");
  QTest::newRow("memory") << false;
  QTest::newRow("file") << true;
}

void TstHiddenStore::passesCarryValues() {
  QFETCH(bool, isSpilled);
  const test::TempFolder folder;
  JobContext job(1);
  HiddenStore store(layout(), kWidth, optionsFor(folder / "x" / "spill", isSpilled));
  QCOMPARE(store.resume(100, job), std::optional<int>());
  QVERIFY(runPass(store, -1, -1, job));
  for (int block = 0; block < 5; ++block) QVERIFY(runPass(store, block, block - 1, job));
  for (std::size_t i = 0; i < store.batchCount(); ++i) {
    QCOMPARE(store.load(i).values.front(), valueAt(4, i == 0 ? 0 : 5, 0));
    store.drop(i);
    QVERIFY(store.layout(i).values.empty());
  }
}

void TstHiddenStore::stateIsFoundAgain_data() {
  QTest::addColumn<bool>("wasSpilled");
  QTest::addColumn<bool>("isSpilled");
  for (const bool was : {false, true})
    for (const bool is : {false, true}) QTest::addRow("%d to %d", was, is) << was << is;
}

void TstHiddenStore::stateIsFoundAgain() {
  QFETCH(bool, wasSpilled);
  QFETCH(bool, isSpilled);
  const test::TempFolder folder;
  JobContext job(1);
  {
    HiddenStore store(layout(), kWidth, optionsFor(folder.path(), wasSpilled));
    runPass(store, -1, -1, job);
    runPass(store, 0, -1, job);
  }
  HiddenStore store(layout(), kWidth, optionsFor(folder.path(), isSpilled));
  QCOMPARE(store.resume(1, job), std::optional<int>(0));
  QVERIFY(runPass(store, 1, 0, job));
}

void TstHiddenStore::foreignStatesAreNotUsed() {
  const test::TempFolder folder;
  makeState(folder.path());
  QCOMPARE(resumed(folder.path()), std::optional<int>(0));
  QCOMPARE(resumed(folder.path(), 0), std::optional<int>());  // behind what was not finished
  QCOMPARE(resumed(folder.path(), 100, std::string(64, 'b')), std::optional<int>());
  QCOMPARE(resumed(folder.path(), 100, kIdentity, kWidth + 1), std::optional<int>());
  QCOMPARE(resumed(folder / "nothing"), std::optional<int>());
  QCOMPARE(resumed({}), std::optional<int>());
}

void TstHiddenStore::damagedFilesAreNotUsed_data() {
  QTest::addColumn<int>("offset");  // of the byte that is flipped; -1 = shortened, -2 = lengthened
  QTest::newRow("magic") << 0;
  QTest::newRow("version") << 8;
  QTest::newRow("block") << 12;
  QTest::newRow("rows") << 16;
  QTest::newRow("padding") << 200;
  QTest::newRow("value") << 256 + 17;
  QTest::newRow("checksum") << 256 + 4 * 45 + 3;
  QTest::newRow("short") << -1;
  QTest::newRow("long") << -2;
}

void TstHiddenStore::damagedFilesAreNotUsed() {
  QFETCH(int, offset);
  const test::TempFolder folder;
  makeState(folder.path());
  const fs::path path = folder / "hidden.state";
  const auto size = fs::file_size(path);
  QCOMPARE(size, std::uintmax_t{256 + 4 * 45 + 64});
  if (offset == -1) fs::resize_file(path, size - 1);
  if (offset == -2) fs::resize_file(path, size + 1);
  if (offset >= 0) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(offset);
    const int byte = file.get();
    file.seekp(offset);
    file.put(static_cast<char>(byte ^ 1));
  }
  QCOMPARE(resumed(folder.path()), std::optional<int>());
}

void TstHiddenStore::linksAreNotFollowed() {
  const test::TempFolder folder, other;
  makeState(other.path());
  fs::create_symlink(other / "hidden.state", folder / "hidden.state");
  QCOMPARE(resumed(folder.path()), std::optional<int>());
  const fs::path precious = other.write("precious", "text");
  fs::create_symlink(precious, folder / "hidden.state.tmp");
  JobContext job(1);
  HiddenStore store(layout(), kWidth, optionsFor(folder.path(), true));
  QVERIFY_EXCEPTION_THROWN(store.beginPass(-1), Error);
  QCOMPARE(test::contentOf(precious), std::string("text"));
}

void TstHiddenStore::abortedPassLeavesTheOldState() {
  const test::TempFolder folder;
  makeState(folder.path());
  JobContext job(1);
  {
    HiddenStore store(layout(), kWidth, optionsFor(folder.path(), true));
    QCOMPARE(store.resume(1, job), std::optional<int>(0));
    store.beginPass(1);
    store.load(0);
    store.store(0, job);
  }  // the second batch never came
  QCOMPARE(resumed(folder.path()), std::optional<int>(0));
  QVERIFY(!fs::exists(folder / "hidden.state.tmp"));
}

void TstHiddenStore::cancelLeavesTheOldState() {
  const test::TempFolder folder;
  makeState(folder.path());
  JobContext job(1);
  HiddenStore store(layout(), kWidth, optionsFor(folder.path(), true));
  store.resume(1, job);
  store.beginPass(1);
  store.load(0);
  job.cancel();
  QVERIFY_EXCEPTION_THROWN(store.store(0, job), Cancelled);
  QCOMPARE(resumed(folder.path()), std::optional<int>(0));
}

void TstHiddenStore::hurriedPassesAreNotSavedFromMemory() {
  const test::TempFolder folder;
  JobContext job(1);
  HiddenStore store(layout(), kWidth, optionsFor(folder.path(), false));
  runPass(store, -1, -1, job);
  for (int block = 0; block < 3; ++block) runPass(store, block, block - 1, job);
  QCOMPARE(resumed(folder.path()), std::optional<int>(0));  // the first; the others came within half a second
}

void TstHiddenStore::fullDiskIsAWarningInMemoryAndAnErrorWhenSpilled() {
  // A file where the folder should be: fails for root as well.
  const test::TempFolder folder;
  const fs::path blocked = folder.write("file", "x") / "spill";
  JobContext job(1);
  HiddenStore store(layout(), kWidth, optionsFor(blocked, false));
  runPass(store, -1, -1, job);
  store.beginPass(0);
  const auto warning = store.endPass(job);
  QVERIFY(warning &&
          warning->starts_with("The run cannot be resumed if it is stopped: cannot make the folder"));
  store.beginPass(1);
  QCOMPARE(store.endPass(job), std::optional<std::string>());  // said once
  HiddenStore spilled(layout(), kWidth, optionsFor(blocked, true));
  QL_THROWS(spilled.beginPass(-1), "hidden states");
}

void TstHiddenStore::filesAreRemoved() {
  const test::TempFolder folder;
  const fs::path own = folder / "spill", shared = folder / "shared";
  makeState(own);
  makeState(shared);
  std::ofstream(shared / "notes.txt") << "mine";
  JobContext job(1);
  HiddenStore(layout(), kWidth, optionsFor(own, true)).removeFiles();
  HiddenStore(layout(), kWidth, optionsFor(shared, true)).removeFiles();
  QVERIFY(!fs::exists(own));
  QVERIFY(fs::exists(shared / "notes.txt") && !fs::exists(shared / "hidden.state"));
}

QTEST_APPLESS_MAIN(TstHiddenStore)
#include "tst_hidden_store.moc"
