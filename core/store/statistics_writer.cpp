#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/store/inspect.h"
#include "core/store/parts.h"
#include "core/store/statistics_file.h"
#include "core/store/tree_io.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <functional>
#include <set>

namespace ql {

using h5::Id;
namespace fs = std::filesystem;

namespace {

using Key = std::pair<std::string, std::string>;  // section, name
constexpr std::size_t kMostWaiting = std::size_t{32} << 20;

std::size_t bytesOf(const DataTree& tree) {
  std::size_t bytes = 0;
  for (const auto& [name, array] : tree.arrays) bytes += array.bytes.size();
  for (const auto& [name, child] : tree.children) bytes += bytesOf(child);
  return bytes;
}

/// A descriptor of a folder; holding it may hold a lock.
class Folder {
 public:
  explicit Folder(const fs::path& path) : m_fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {}
  ~Folder() { close(); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  /// False when another program holds it. Folders that are not there and file systems without locks count as
  /// free.
  bool lock() const { return ::flock(m_fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK; }
  void close() {
    if (m_fd >= 0) ::close(m_fd);
    m_fd = -1;
  }
  void sync() const { static_cast<void>(::fsync(m_fd)); }

 private:
  int m_fd;
};

[[noreturn]] void throwIo(const fs::path& path, const std::string& what, const std::string& reason) {
  throw Error(ErrorCode::Io, what + " " + quotedPath(path) + ": " + reason + ".");
}

/// Makes the file whole or not at all: `fill` writes into a temporary file in `folder`, which then takes the
/// name. (H5Fget_file_image would spare the file system the detour, but HDF5 1.10.8 returns a wrong
/// checksum.)
void writeDurably(const fs::path& path, const fs::path& folder, const std::function<void(hid_t)>& fill) {
  const fs::path temporary = folder / "unfinished.tmp";
  std::error_code failure;
  try {
    const h5::Lock lock;
    const Id access = h5::fileAccess(), creation = h5::fileCreation();
    Id file(H5Fcreate(temporary.c_str(), H5F_ACC_TRUNC, creation.get(), access.get()), H5Fclose);
    if (!file) throwIo(path, "Could not write", systemReason(errno));
    fill(file.get());
    if (H5Fflush(file.get(), H5F_SCOPE_GLOBAL) < 0 || H5Fclose(file.release()) < 0)
      throwIo(path, "Could not write", "the disk may be full");
  } catch (...) {
    fs::remove(temporary, failure);
    throw;
  }
  const int fd = ::open(temporary.c_str(), O_RDONLY | O_CLOEXEC);
  const bool isDurable = fd >= 0 && ::fsync(fd) == 0;
  const int reason = errno;
  if (fd >= 0) ::close(fd);
  if (isDurable) fs::rename(temporary, path, failure);
  if (!isDurable || failure) {
    std::error_code ignored;
    fs::remove(temporary, ignored);
    throwIo(path, "Could not write", systemReason(isDurable ? failure.value() : reason));
  }
  const fs::path parent = path.parent_path();
  Folder(parent.empty() ? fs::path(".") : parent).sync();
}

}  // namespace

struct StatisticsWriter::State {
  fs::path path, folder;
  StatisticsHeader header;
  std::unique_ptr<Folder> lock;
  std::chrono::milliseconds interval{0};
  std::mutex writing;  // one add() or finish() at a time; taken before the others
  std::mutex mutex;    // guards what follows; never held while writing: readers do not wait for the disk
  std::map<Key, fs::path> entries;  // in which file a subtree is; empty = it waits
  std::map<Key, DataTree> waiting;  // for the next part
  std::chrono::steady_clock::time_point lastPart = std::chrono::steady_clock::now();
  std::size_t waitingBytes = 0;
  long nextPart = 0;
  bool isFinished = false;

  void takeFolder();
  void resume();
  void startAnew() const;
  void addFrom(const fs::path& file);
  void writePart();
  void assemble(hid_t target) const;
  void removeParts();
};

void StatisticsWriter::State::takeFolder() {
  std::error_code failure;
  fs::create_directories(folder, failure);
  if (failure) throwIo(folder, "Could not create the folder", systemReason(failure.value()));
  lock = std::make_unique<Folder>(folder);
  if (!lock->lock())
    throw Error(ErrorCode::Store, "Another program is writing " + quotedPath(path) +
                                      " now. Wait until it is done, or choose another output.");
  if (::access(folder.c_str(), W_OK) != 0)
    throwIo(folder, "Could not write into the folder", systemReason(errno));
}

/// Entries of a file if it is sound and of the same measurement. Its verdict was asked before.
void StatisticsWriter::State::addFrom(const fs::path& file) {
  const Id open = h5::openReadOnly(file);
  if (!open) return;
  const h5::Contents contents = h5::readContents(open.get(), file);
  if (!isSameMeasurement(contents.header, header)) return;
  for (const Key& key : contents.entries) entries[key] = file;
}

void StatisticsWriter::State::resume() {
  std::vector<fs::path> files = h5::partFiles(path);
  if (!files.empty()) nextPart = std::stol(files.back().stem().string()) + 1;
  if (fs::exists(path)) files.insert(files.begin(), path);
  const std::vector<std::string> verdicts = h5::inspectInChild(files);
  for (std::size_t i = 0; i < files.size(); ++i)
    if (verdicts[i].empty()) addFrom(files[i]);
}

void StatisticsWriter::State::startAnew() const {
  std::error_code ignored;
  for (const fs::path& part : h5::partFiles(path)) fs::remove(part, ignored);
}

/// Copies every subtree into a new file, in the order of the names: the bytes do not depend on the order of
/// the work.
void StatisticsWriter::State::assemble(hid_t target) const {
  h5::writeAttributes(target, h5::rootAttributes(header), path);
  std::string openSection;
  Id section, source;
  fs::path sourcePath;
  for (const auto& [key, file] : entries) {
    if (!section || openSection != key.first) section = h5::makeGroup(target, key.first, path);
    openSection = key.first;
    if (!source || sourcePath != file) source = h5::openReadOnly(file);
    sourcePath = file;
    if (!source) h5::throwDamaged(file, "it vanished while the statistics were put together");
    const DataTree tree = h5::readSubtree(source.get(), file, key.first, key.second);
    h5::writeTree(h5::makeGroup(section.get(), key.second, path).get(), tree, path);
  }
}

void StatisticsWriter::State::removeParts() {
  startAnew();
  lock.reset();
  std::error_code ignored;
  fs::remove_all(folder, ignored);
}

StatisticsWriter::StatisticsWriter(fs::path path, StatisticsHeader header, bool resume,
                                   std::chrono::milliseconds interval)
    : m_state(std::make_unique<State>()) {
  m_state->path = std::move(path);
  m_state->folder = h5::partsFolder(m_state->path);
  m_state->header = std::move(header);
  m_state->interval = interval;
  m_state->takeFolder();
  if (!resume) {
    m_state->startAnew();
    return;
  }
  const h5::Lock lock;
  m_state->resume();
  // Parts that are damaged or of another measurement would only be in the way.
  std::set<fs::path> used;
  for (const auto& [key, file] : m_state->entries) used.insert(file);
  std::error_code ignored;
  for (const fs::path& part : h5::partFiles(m_state->path))
    if (!used.contains(part)) fs::remove(part, ignored);
}

StatisticsWriter::~StatisticsWriter() {
  try {
    const std::lock_guard one(m_state->writing);
    m_state->writePart();
  } catch (const std::exception&) {  // a full disk: what waited is measured again
  }
}

std::vector<std::string> StatisticsWriter::finished() const {
  const std::lock_guard guard(m_state->mutex);
  std::vector<std::string> names;
  for (const auto& [key, file] : m_state->entries) names.push_back(key.first + "/" + key.second);
  return names;
}

bool StatisticsWriter::contains(const std::string& section, const std::string& name) const {
  const std::lock_guard guard(m_state->mutex);
  return m_state->entries.contains({section, name});
}

void StatisticsWriter::add(const std::string& section, const std::string& name, const DataTree& tree) {
  const std::lock_guard one(m_state->writing);
  QL_ASSERT(!m_state->isFinished);
  {
    const std::lock_guard guard(m_state->mutex);
    m_state->waiting[{section, name}] = tree;
    m_state->waitingBytes += bytesOf(tree);
    m_state->entries[{section, name}].clear();
  }
  const bool isDue = std::chrono::steady_clock::now() - m_state->lastPart >= m_state->interval;
  if (isDue || m_state->waitingBytes >= kMostWaiting) m_state->writePart();
}

/// The caller holds `writing`, so nothing is added meanwhile.
void StatisticsWriter::State::writePart() {
  if (waiting.empty()) return;
  std::string number = std::to_string(nextPart);
  number.insert(0, number.size() < 4 ? 4 - number.size() : 0, '0');
  const fs::path part = folder / (number + ".h5");
  writeDurably(part, folder, [&](hid_t file) {
    h5::writeAttributes(file, h5::rootAttributes(header), part);
    Id section;
    std::string sectionName;
    for (const auto& [key, tree] : waiting) {
      if (!section || sectionName != key.first) section = h5::makeGroup(file, key.first, part);
      sectionName = key.first;
      h5::writeTree(h5::makeGroup(section.get(), key.second, part).get(), tree, part);
    }
  });
  ++nextPart;
  lastPart = std::chrono::steady_clock::now();
  const std::lock_guard guard(mutex);
  for (const auto& [key, tree] : waiting) entries[key] = part;
  waiting.clear();
  waitingBytes = 0;
}

DataTree StatisticsWriter::read(const std::string& section, const std::string& name) const {
  fs::path file;
  {
    const std::lock_guard guard(m_state->mutex);
    const auto entry = m_state->entries.find({section, name});
    if (entry == m_state->entries.end()) h5::throwAbsent(m_state->path, section, name);
    if (const auto tree = m_state->waiting.find({section, name}); tree != m_state->waiting.end())
      return tree->second;
    file = entry->second;
  }
  const h5::Lock lock;
  Id open = h5::openReadOnly(file);
  if (!open) open = h5::openReadOnly(m_state->path);  // finish() ran in between
  if (!open) h5::throwDamaged(file, "it vanished or cannot be opened any more");
  return h5::readSubtree(open.get(), file, section, name);
}

void StatisticsWriter::flush() {
  const std::lock_guard one(m_state->writing);
  m_state->writePart();
}

void StatisticsWriter::finish() {
  const std::lock_guard one(m_state->writing);
  if (m_state->isFinished) return;
  m_state->writePart();
  // Only add(), which waits for `writing`, changes the entries: reading them needs no further lock.
  const auto isWhole = [this](const auto& entry) { return entry.second == m_state->path; };
  if (m_state->entries.empty() || !std::all_of(m_state->entries.begin(), m_state->entries.end(), isWhole))
    writeDurably(m_state->path, m_state->folder, [this](hid_t file) { m_state->assemble(file); });
  {
    const std::lock_guard guard(m_state->mutex);
    for (auto& [key, file] : m_state->entries) file = m_state->path;
  }
  m_state->isFinished = true;
  m_state->removeParts();
}

bool isBeingWritten(const fs::path& path) {
  return !Folder(h5::partsFolder(path)).lock();
}

}  // namespace ql
