#include "core/store/statistics_file.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/store/inspect.h"
#include "core/store/parts.h"

namespace ql {

using h5::Contents;
using h5::Id;

bool isSameMeasurement(const StatisticsHeader& a, const StatisticsHeader& b) {
  return a.fingerprint == b.fingerprint && a.toolVersion == b.toolVersion && a.attributes == b.attributes;
}

struct StatisticsFile::State {
  std::filesystem::path path;
  StatisticsHeader header;
  bool isPartial = false;
  Id whole;                                  // kept open, so that a replaced file does not change under us
  std::vector<std::filesystem::path> parts;  // opened for each read: there may be more than file descriptors
  std::map<std::string, std::map<std::string, std::size_t>> entries;  // index into parts, or kWhole
  bool hasWhole = false;

  ~State() {
    const h5::Lock lock;
    whole = Id();
  }
  void openWhole();
  void addParts();
  DataTree read(const std::string& section, const std::string& name, int attributesDepth) const;
  Id openPart(std::size_t index) const;
};

namespace {

constexpr std::size_t kWhole = static_cast<std::size_t>(-1);

Id openChecked(const std::filesystem::path& path) {
  Id file = h5::openReadOnly(path);
  if (!file) h5::throwDamaged(path, "it vanished or cannot be opened any more");
  return file;
}

/// "S.h5.parts" means S.h5.
std::filesystem::path statisticsPath(const std::filesystem::path& path) {
  std::filesystem::path given = path.has_filename() ? path : path.parent_path();
  if (given.extension() == ".parts" && std::filesystem::is_directory(given)) return given.replace_extension();
  return path;
}

}  // namespace

void StatisticsFile::State::openWhole() {
  const std::vector<std::string> verdict = h5::inspectInChild({path});
  if (!verdict.front().empty()) throw Error(ErrorCode::Store, verdict.front());
  whole = openChecked(path);
  Contents contents = h5::readContents(whole.get(), path);
  header = std::move(contents.header);
  hasWhole = true;
  for (const auto& [section, name] : contents.entries) entries[section][name] = kWhole;
}

/// Sound parts of the same measurement; without a whole file the newest sound part says which measurement
/// that is.
void StatisticsFile::State::addParts() {
  const std::vector<std::filesystem::path> files = h5::partFiles(path);
  const std::vector<std::string> verdicts = h5::inspectInChild(files);
  std::string firstProblem;
  bool hasHeader = hasWhole;
  for (std::size_t i = files.size(); i-- > 0;) {
    if (!verdicts[i].empty()) {
      firstProblem = verdicts[i];
      continue;
    }
    Contents contents = h5::readContents(openChecked(files[i]).get(), files[i]);
    if (hasHeader && !isSameMeasurement(header, contents.header)) continue;
    if (!hasHeader) header = contents.header;
    hasHeader = true;
    parts.push_back(files[i]);
    for (const auto& [section, name] : contents.entries) {
      const auto [entry, isNew] = entries[section].emplace(name, parts.size() - 1);
      if (!isNew && entry->second == kWhole) entry->second = parts.size() - 1;
    }
  }
  if (hasHeader) return;
  if (!firstProblem.empty()) throw Error(ErrorCode::Store, firstProblem);
  throw Error(ErrorCode::Io, "There is no statistics file " + quotedPath(path) +
                                 ". Check the name, or make one with 'qloupe analyze'.");
}

DataTree StatisticsFile::State::read(const std::string& section, const std::string& name,
                                     int attributesDepth) const {
  const auto group = entries.find(section);
  const auto entry = group == entries.end() ? std::map<std::string, std::size_t>::const_iterator{}
                                            : group->second.find(name);
  if (group == entries.end() || entry == group->second.end()) h5::throwAbsent(path, section, name);
  const h5::Lock lock;
  if (entry->second == kWhole) return h5::readSubtree(whole.get(), path, section, name, attributesDepth);
  return h5::readSubtree(openPart(entry->second).get(), parts[entry->second], section, name, attributesDepth);
}

/// A part, or the whole file when the writer of the parts has put them together since.
Id StatisticsFile::State::openPart(std::size_t index) const {
  if (Id part = h5::openReadOnly(parts[index])) return part;
  std::error_code failure;
  if (std::filesystem::exists(path, failure) && h5::inspectInChild({path}).front().empty()) {
    Id assembled = openChecked(path);
    if (isSameMeasurement(h5::readContents(assembled.get(), path).header, header)) return assembled;
  }
  h5::throwDamaged(parts[index], "it vanished or cannot be opened any more");
}

StatisticsFile::StatisticsFile(std::unique_ptr<State> state) : m_state(std::move(state)) {}
StatisticsFile::~StatisticsFile() = default;

std::shared_ptr<const StatisticsFile> StatisticsFile::open(const std::filesystem::path& path) {
  auto state = std::make_unique<State>();
  state->path = statisticsPath(path);
  std::error_code failure;
  if (std::filesystem::is_directory(state->path, failure))
    throw Error(ErrorCode::Io,
                quotedPath(path) + " is a folder, not a statistics file. Give the *.h5 file itself.");
  {
    const h5::Lock lock;
    if (std::filesystem::exists(state->path, failure)) state->openWhole();
    state->isPartial = !state->hasWhole;
    if (state->isPartial || !h5::partFiles(state->path).empty()) state->addParts();
  }
  return std::shared_ptr<const StatisticsFile>(new StatisticsFile(std::move(state)));
}

const std::filesystem::path& StatisticsFile::path() const {
  return m_state->path;
}
const StatisticsHeader& StatisticsFile::header() const {
  return m_state->header;
}
bool StatisticsFile::isPartial() const {
  return m_state->isPartial;
}

std::vector<std::string> StatisticsFile::names(const std::string& section) const {
  std::vector<std::string> result;
  const auto group = m_state->entries.find(section);
  if (group == m_state->entries.end()) return result;
  for (const auto& [name, source] : group->second) result.push_back(name);
  return result;
}

bool StatisticsFile::contains(const std::string& section, const std::string& name) const {
  const auto group = m_state->entries.find(section);
  return group != m_state->entries.end() && group->second.contains(name);
}

DataTree StatisticsFile::read(const std::string& section, const std::string& name) const {
  return m_state->read(section, name, -1);
}

DataTree StatisticsFile::readAttributes(const std::string& section, const std::string& name,
                                        int depth) const {
  return m_state->read(section, name, depth);
}

bool looksLikeStatistics(const std::filesystem::path& path) {
  const std::filesystem::path file = statisticsPath(path);
  std::error_code failure;
  if (std::filesystem::is_regular_file(file, failure)) return h5::beginsLikeHdf5(file);
  return !std::filesystem::exists(file, failure) && !h5::partFiles(file).empty();
}

}  // namespace ql
