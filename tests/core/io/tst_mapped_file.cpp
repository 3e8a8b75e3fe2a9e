// Mappings: opening, giving pages back, and a file that is cut while it is being read.
#include "core/io/mapped_file.h"

#include "core/base/error.h"
#include "tests/support/compare.h"
#include "tests/support/temp_folder.h"

#include <QTest>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <thread>

namespace fs = std::filesystem;
using ql::MappedFile;
using ql::test::TempFolder;

namespace {

constexpr std::size_t kPage = 4096;

std::size_t countNot(std::span<const std::byte> bytes, char value) {
  return bytes.size() - static_cast<std::size_t>(std::ranges::count(bytes, static_cast<std::byte>(value)));
}

std::size_t residentBytes() {
  std::ifstream file("/proc/self/statm");
  std::size_t total = 0, resident = 0;
  file >> total >> resident;
  return resident * kPage;
}

}  // namespace

class MappedFileTest : public QObject {
  Q_OBJECT

 private slots:
  void readsTheWholeFile() {
    const TempFolder folder;
    const auto file = MappedFile::open(folder.write("\xE6\xA8\xA1\xE5\x9E\x8B.bin", "hello"));
    QCOMPARE(file->bytes().size(), 5u);
    QCOMPARE(static_cast<char>(file->bytes()[4]), 'o');
    QVERIFY(!file->isTruncated());
    file->throwIfTruncated();
    file->adviseSequential(0, 100);
    file->adviseSequential(99, 1);
    file->release(0, 100);
    file->release(99, 1);
    QCOMPARE(static_cast<char>(file->bytes()[0]), 'h');
  }

  void emptyFilesAreEmpty() {
    const TempFolder folder;
    const auto file = MappedFile::open(folder.write("empty", ""));
    QVERIFY(file->bytes().empty());
    QVERIFY(!file->isTruncated());
  }

  void whatCannotBeOpened() {
    const TempFolder folder;
    folder.write("file", "x");
    fs::create_symlink("gone", folder / "dangling");
    fs::create_symlink("circle", folder / "circle");
    ::mkfifo((folder / "pipe").c_str(), 0600);
    QL_THROWS(MappedFile::open(folder / "none"), "there is no such file or folder");
    QL_THROWS(MappedFile::open(folder.path()), "it is a folder");
    QL_THROWS(MappedFile::open(folder / "file/x"), "a part of the path is a file");
    QL_THROWS(MappedFile::open(folder / "dangling"), "it is a link to \"gone\", which does not exist");
    QL_THROWS(MappedFile::open(folder / "circle"), "links go in a circle");
    QL_THROWS(MappedFile::open(folder / "pipe"), "a pipe or a device");
    QL_THROWS(MappedFile::open("/dev/null"), "a pipe or a device");
    if (::geteuid() != 0) {
      ::chmod((folder / "file").c_str(), 0);
      QL_THROWS(MappedFile::open(folder / "file"), "no permission");
    }
  }

  void cutFileReadsAsZerosAndIsNoticed() {
    const TempFolder folder;
    const fs::path path = folder.write("big", std::string(64 * kPage, 'x'));
    const auto cut = MappedFile::open(path);
    const auto other = MappedFile::open(folder.write("other", std::string(8 * kPage, 'y')));
    fs::resize_file(path, 3 * kPage);
    QCOMPARE(countNot(cut->bytes().first(3 * kPage), 'x'), 0u);
    QCOMPARE(countNot(cut->bytes().subspan(10 * kPage), '\0'), 0u);  // SIGBUS without the handler
    QCOMPARE(countNot(cut->bytes().subspan(3 * kPage, 7 * kPage), '\0'), 0u);
    QVERIFY(cut->isTruncated());
    QL_THROWS(cut->throwIfTruncated(), "big\" became shorter");
    QVERIFY(!other->isTruncated());
    QCOMPARE(countNot(other->bytes(), 'y'), 0u);
    cut->release(0, 64 * kPage);
    fs::resize_file(path, 64 * kPage);  // growing back does not bring the data back
    QL_THROWS(cut->throwIfTruncated(), "became shorter");
  }

  void cutInsideTheLastPageIsNoticed() {
    const TempFolder folder;
    const fs::path path = folder.write("a", std::string(kPage + 1000, 'x'));
    const auto file = MappedFile::open(path);
    fs::resize_file(path, kPage + 10);
    QVERIFY(file->isTruncated());
  }

  void manyThreadsMeetTheCut() {
    const TempFolder folder;
    std::vector<std::shared_ptr<const MappedFile>> files;
    for (int i = 0; i < 100; ++i) {  // more than one block of the registry
      const fs::path path = folder.write(std::to_string(i), std::string(16 * kPage, 'x'));
      files.push_back(MappedFile::open(path));
      if (i % 2 == 0) fs::resize_file(path, kPage);
    }
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&files] {
        for (const auto& file : files) {
          for (std::size_t i = 0; i < file->bytes().size(); i += kPage) {
            const volatile std::byte value = file->bytes()[i];
            static_cast<void>(value);
          }
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (std::size_t i = 0; i < files.size(); ++i) QCOMPARE(files[i]->isTruncated(), i % 2 == 0);
    files.clear();
    QVERIFY(!MappedFile::open(folder / "1")->isTruncated());  // a slot used again starts anew
  }

  void busErrorsOfOthersStillKill() {
    const TempFolder folder;
    const fs::path path = folder.write("a", std::string(4 * kPage, 'x'));
    const auto ours = MappedFile::open(path);
    constexpr int kSurvived = 42, kNotSetUp = 43;
    const pid_t child = ::fork();
    if (child == 0) {
      const int null = ::open("/dev/null", O_WRONLY);
      ::dup2(null, 2);
      std::signal(SIGABRT, SIG_DFL);
      std::FILE* file = std::fopen(path.c_str(), "r");
      void* place = ::mmap(nullptr, 4 * kPage, PROT_READ, MAP_SHARED, ::fileno(file), 0);
      if (::truncate(path.c_str(), 0) != 0) ::_exit(kNotSetUp);
      static_cast<void>(static_cast<volatile char*>(place)[0]);
      ::_exit(kSurvived);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    // Sanitizers turn the signal into an exit code of their own.
    QVERIFY(WIFSIGNALED(status) || (WEXITSTATUS(status) != kSurvived && WEXITSTATUS(status) != kNotSetUp));
  }

  void releasedPagesLeaveMemory() {
    const TempFolder folder;
    constexpr std::size_t kSize = 32u << 20;
    const auto file = MappedFile::open(folder.write("big", std::string(kSize, 'x')));
    file->adviseSequential(0, kSize);
    std::size_t sum = 0;
    for (std::size_t i = 0; i < kSize; i += 64) sum += static_cast<std::size_t>(file->bytes()[i]);
    QCOMPARE(sum, kSize / 64 * 'x');
    const std::size_t before = residentBytes();
    file->release(100, kSize - 100);
    const std::size_t after = residentBytes();
    QVERIFY2(after + kSize / 2 < before, qPrintable(QString("%1 -> %2").arg(before).arg(after)));
    QCOMPARE(countNot(file->bytes().last(kPage), 'x'), 0u);
  }
};

QTEST_APPLESS_MAIN(MappedFileTest)
#include "tst_mapped_file.moc"
