// Saving: whole or not at all, links and modes kept, one clear sentence for each way in which it cannot work.
#include "core/base/atomic_file.h"

#include "core/base/error.h"
#include "tests/support/compare.h"
#include "tests/support/temp_folder.h"

#include <QTest>

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <csignal>

namespace fs = std::filesystem;
using namespace std::string_literals;
using ql::readFile;
using ql::writeFileAtomically;
using ql::test::contentOf;
using ql::test::TempFolder;

namespace {

std::size_t fileCount(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

mode_t modeOf(const fs::path& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 07777u : 0;
}

/// Makes writes past `bytes` fail with EFBIG, as a full disk fails with ENOSPC: in the middle of the file.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &m_old);
    const rlimit limit{bytes, m_old.rlim_max};
    m_oldHandler = std::signal(SIGXFSZ, SIG_IGN);
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &m_old);
    std::signal(SIGXFSZ, m_oldHandler);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit m_old{};
  void (*m_oldHandler)(int) = nullptr;
};

}  // namespace

class AtomicFileTest : public QObject {
  Q_OBJECT

 private slots:
  void createsAndReplaces() {
    const TempFolder folder;
    const fs::path path = folder / "pl\xC3\xA4ne.json";
    writeFileAtomically(path, "first");
    QCOMPARE(contentOf(path), "first"s);
    writeFileAtomically(path, "second, longer");
    QCOMPARE(readFile(path, 100), "second, longer"s);
    writeFileAtomically(path, "");
    QCOMPARE(contentOf(path), ""s);
    QCOMPARE(fileCount(folder.path()), 1u);
  }

  void newFilesFollowTheUmask() {
    const TempFolder folder;
    const mode_t old = ::umask(027);
    writeFileAtomically(folder / "a", "x");
    ::umask(old);
    QCOMPARE(modeOf(folder / "a"), mode_t{0640});
  }

  void keepsModeOfExistingFile() {
    const TempFolder folder;
    const fs::path path = folder.write("a", "old");
    ::chmod(path.c_str(), 0604);
    writeFileAtomically(path, "new");
    QCOMPARE(modeOf(path), mode_t{0604});
  }

  void linksStayLinks() {
    const TempFolder folder;
    folder.write("real/target", "old");
    fs::create_symlink("real/target", folder / "link");
    fs::create_symlink("link", folder / "link2");
    writeFileAtomically(folder / "link2", "new");
    QVERIFY(fs::is_symlink(folder / "link") && fs::is_symlink(folder / "link2"));
    QCOMPARE(contentOf(folder / "real/target"), "new"s);
    fs::create_symlink("real/later", folder / "dangling");
    writeFileAtomically(folder / "dangling", "made");
    QCOMPARE(contentOf(folder / "real/later"), "made"s);
  }

  void interruptedWriteLeavesTheOldFile() {
    const TempFolder folder;
    const fs::path path = folder.write("plan", "old");
    {
      const FileSizeLimit limit(4096);
      QL_THROWS(writeFileAtomically(path, std::string(10000, 'x')), "ulimit -f");
    }
    QCOMPARE(contentOf(path), "old"s);
    QCOMPARE(fileCount(folder.path()), 1u);
  }

  void fullDiskIsSaid() {
    QL_THROWS(writeFileAtomically("/dev/full", "x"), "cannot write \"/dev/full\": the disk is full");
  }

  void foldersThatCannotBeWritten() {
    const TempFolder folder;
    folder.write("file", "x");
    QL_THROWS(writeFileAtomically(folder / "file/below", "x"), "a part of the path is a file");
    QL_THROWS(writeFileAtomically(folder / "no/such/plan", "x"), "there is no such file or folder");
    QL_THROWS(writeFileAtomically(folder.path(), "x"), "it is a folder");
    QL_THROWS(writeFileAtomically(folder / "new/", "x"), "folder");
    QL_THROWS(writeFileAtomically(folder / std::string(300, 'n'), "x"), "too long");
    QL_THROWS(writeFileAtomically("/proc/quantloupe-test", "x"), "cannot write \"/proc/quantloupe-test\"");
    QCOMPARE(fileCount(folder.path()), 1u);
  }

  void protectionIsHonoured() {
    if (::geteuid() == 0) QSKIP("root may write anything");
    const TempFolder folder;
    const fs::path path = folder.write("plan", "old");
    ::chmod(path.c_str(), 0444);
    QL_THROWS(writeFileAtomically(path, "new"), "no permission");
    ::chmod(folder.path().c_str(), 0555);
    QL_THROWS(writeFileAtomically(folder / "other", "new"), "no permission");
    ::chmod(folder.path().c_str(), 0755);
    QCOMPARE(contentOf(path), "old"s);
  }

  void readingIsBounded() {
    const TempFolder folder;
    const fs::path path = folder.write("a", std::string(100000, 'x'));
    QCOMPARE(readFile(path, 100000).size(), 100000u);
    QL_THROWS(readFile(path, 99999), "larger than the 99,999 bytes allowed");
    QL_THROWS(readFile("/dev/zero", 10), "a pipe or a device");
    QL_THROWS(readFile(folder.path(), 10), "it is a folder");
    QL_THROWS(readFile(folder / "none", 10), "there is no such file");
    ::mkfifo((folder / "pipe").c_str(), 0600);
    QL_THROWS(readFile(folder / "pipe", 10), "a pipe or a device");
  }
};

QTEST_APPLESS_MAIN(AtomicFileTest)
#include "tst_atomic_file.moc"
