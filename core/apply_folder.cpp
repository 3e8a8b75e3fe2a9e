#include "core/apply_folder.h"

#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/base/version.h"
#include "core/io/shard_writer.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <stdio.h>  // renameat2
#include <sys/file.h>
#include <unistd.h>

namespace ql {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kFormat = "quantloupe-applied";
constexpr std::size_t kMaxRecordBytes = 256u << 20;  // 50,000 experts of 128 blocks have a tenth of it

[[noreturn]] void refuse(ErrorCode code, const fs::path& output, const std::string& reason) {
  throw Error(code, "cannot write the checkpoint " + quotedPath(output) + ": " + reason + ".");
}

Json sumsJson(const RoundingSums& sums) {
  return {{"error", sums.error},
          {"energy", sums.energy},
          {"largest_change", sums.largestChange},
          {"values", sums.values},
          {"underflows", sums.underflows}};
}

RoundingSums sumsFrom(const Json& json) {
  RoundingSums sums;
  sums.error = json.at("error").get<double>();
  sums.energy = json.at("energy").get<double>();
  sums.largestChange = json.at("largest_change").get<double>();
  sums.values = json.at("values").get<std::int64_t>();
  sums.underflows = json.at("underflows").get<std::int64_t>();
  return sums;
}

Json shardJson(const AppliedShard& shard) {
  Json rounded = Json::array();
  for (const RoundedTensor& tensor : shard.rounded)
    rounded.push_back(
        {{"name", tensor.name}, {"tensor", tensor.tensor}, {"rounding", sumsJson(tensor.sums)}});
  return {{"name", shard.name},
          {"bytes", shard.sizeBytes},
          {"sha256", shard.sha256},
          {"changed", std::move(rounded)}};
}

AppliedShard shardFrom(const Json& json) {
  AppliedShard shard;
  shard.name = json.at("name").get<std::string>();
  shard.sizeBytes = json.at("bytes").get<std::uint64_t>();
  shard.sha256 = json.at("sha256").get<std::string>();
  for (const Json& tensor : json.at("changed"))
    shard.rounded.push_back({tensor.at("name").get<std::string>(), tensor.at("tensor").get<std::string>(),
                             sumsFrom(tensor.at("rounding"))});
  return shard;
}

/// What an earlier run left beside its files.
struct Record {
  ApplyIdentity identity;
  std::set<std::string> names;
  std::map<std::string, AppliedShard> shards;
};

/// Nothing when there is no record of ours, or a damaged one.
std::optional<Record> readRecord(const fs::path& folder) {
  std::error_code failure;
  if (!fs::is_regular_file(fs::symlink_status(folder / kApplyRecordFile, failure))) return std::nullopt;
  const std::string text = readFile(folder / kApplyRecordFile, kMaxRecordBytes);
  try {
    const Json json = Json::parse(text);
    if (json.at("format") != kFormat || json.at("version") != 1) return std::nullopt;
    Record record;
    record.identity = {json.at("kind"), json.at("plan"), json.at("fingerprint")};
    for (const Json& name : json.at("files")) record.names.insert(name.get<std::string>());
    for (const Json& shard : json.at("shards")) {
      AppliedShard parsed = shardFrom(shard);
      record.shards.emplace(parsed.name, std::move(parsed));
    }
    return record;
  } catch (const Json::exception&) {
    return std::nullopt;  // half a record proves nothing about the files beside it
  }
}

/// Left behind when a run was killed in the middle of a file.
bool isLeftover(const std::string& name, const std::set<std::string>& ours) {
  const std::string suffix = ShardWriter::kSuffix;
  if (name.ends_with(suffix) && ours.contains(name.substr(0, name.size() - suffix.size()))) return true;
  return name.starts_with(".ql-") && name.ends_with(".tmp");
}

/// Regular files of the folder that are ours; throws for anything else in it.
std::vector<fs::path> ownFiles(const fs::path& folder, const std::set<std::string>& ours) {
  std::vector<fs::path> files;
  std::error_code failure;
  for (fs::directory_iterator entry(folder, failure), end; !failure && entry != end;
       entry.increment(failure)) {
    const std::string name = entry->path().filename().string();
    std::error_code ignored;
    const bool isOwn = name == kApplyRecordFile || ours.contains(name) || isLeftover(name, ours);
    if (!isOwn || !fs::is_regular_file(entry->symlink_status(ignored)))
      refuse(ErrorCode::Io, folder,
             "it holds " + quotedText(name) +
                 ", which no earlier run wrote; name a new folder or move that away");
    files.push_back(entry->path());
  }
  if (failure) refuse(ErrorCode::Io, folder, systemReason(failure.value()));
  return files;
}

/// Files that may be taken away: those of the record found there. No record: the folder must be empty.
std::vector<fs::path> requireOwn(const fs::path& folder) {
  const auto record = readRecord(folder);
  return ownFiles(folder, record ? record->names : std::set<std::string>());
}

void removeAll(const std::vector<fs::path>& files) {
  std::error_code ignored;
  for (const fs::path& file : files) fs::remove(file, ignored);
}

void syncFolder(const fs::path& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  ::fsync(fd);
  ::close(fd);
}

/// The output as an absolute path without links, so that "model/../model" is the model.
fs::path resolved(const fs::path& path) {
  std::error_code failure;
  fs::path whole = fs::weakly_canonical(fs::absolute(path), failure);
  if (failure) refuse(ErrorCode::Io, path, systemReason(failure.value()));
  return whole.has_filename() ? whole : whole.parent_path();  // a trailing separator
}

bool isInside(const fs::path& path, const fs::path& folder) {
  return std::mismatch(folder.begin(), folder.end(), path.begin(), path.end()).first == folder.end();
}

void exchange(const fs::path& staging, const fs::path& output) {
  if (::renameat2(AT_FDCWD, staging.c_str(), AT_FDCWD, output.c_str(), RENAME_EXCHANGE) == 0) return;
  // file systems that cannot swap: for a moment there is no folder of that name, never a mixed one
  fs::path aside = staging;
  aside += ".old";
  const bool isDone = ::rename(output.c_str(), aside.c_str()) == 0 &&
                      ::rename(staging.c_str(), output.c_str()) == 0 &&
                      ::rename(aside.c_str(), staging.c_str()) == 0;
  if (!isDone) refuse(ErrorCode::Io, output, systemReason(errno));
}

}  // namespace

ApplyFolder::ApplyFolder(const fs::path& output, const fs::path& source, ApplyIdentity identity,
                         std::set<std::string> names, bool resume)
    : m_output(resolved(output)), m_identity(std::move(identity)), m_names(std::move(names)) {
  const fs::path from = resolved(source);
  if (isInside(m_output, from) || isInside(from, m_output))
    refuse(ErrorCode::Usage, output,
           "it is the folder of the model itself, or one inside or around it; name "
           "a folder beside it");
  m_staging = m_output.parent_path() / ("." + m_output.filename().string() + ".partial");
  std::error_code failure;
  if (fs::exists(fs::symlink_status(m_output, failure))) {
    if (!fs::is_directory(m_output)) refuse(ErrorCode::Io, output, "it is a file; name a folder");
    requireOwn(m_output);
  }
  fs::create_directories(m_staging, failure);
  if (failure) refuse(ErrorCode::Io, output, systemReason(failure.value()));
  m_lock = ::open(m_staging.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (m_lock < 0) refuse(ErrorCode::Io, output, systemReason(errno));
  try {
    takeOver(resume);
  } catch (...) {
    ::close(m_lock);
    throw;
  }
}

ApplyFolder::~ApplyFolder() {
  if (m_lock >= 0) ::close(m_lock);
}

void ApplyFolder::takeOver(bool resume) {
  if (::flock(m_lock, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
    refuse(ErrorCode::Io, m_output, "another run is writing it; wait for it or name another folder");
  auto earlier = readRecord(m_staging);
  const bool isSame = earlier && earlier->identity == m_identity;
  if (earlier && resume && isSame) {
    ownFiles(m_staging, earlier->names);
    m_finished = std::move(earlier->shards);
  } else {
    removeAll(requireOwn(m_staging));
    if (earlier && !earlier->shards.empty())
      m_notes.push_back(isSame ? "An interrupted run had finished " + std::to_string(earlier->shards.size()) +
                                     " shards, which were written again because --resume was not given."
                               : "An interrupted run of another plan was discarded.");
  }
  writeRecord();
}

const AppliedShard* ApplyFolder::finished(const std::string& name) const {
  const auto found = m_finished.find(name);
  return found == m_finished.end() ? nullptr : &found->second;
}

void ApplyFolder::requireSpace(std::uint64_t bytes) const {
  std::error_code failure;
  const fs::space_info space = fs::space(m_staging, failure);
  if (failure || space.available >= bytes) return;
  refuse(ErrorCode::Io, m_output,
         "it needs " + bytesText(bytes) + " and the file system has " + bytesText(space.available) +
             " left; free some space or name a folder on another disk");
}

void ApplyFolder::keep(AppliedShard shard) {
  std::string name = shard.name;
  m_finished.insert_or_assign(std::move(name), std::move(shard));
  writeRecord();
}

void ApplyFolder::writeRecord() const {
  Json json;
  json["format"] = kFormat;
  json["version"] = 1;
  json["tool"] = kToolId;
  json["kind"] = m_identity.kind;
  json["plan"] = m_identity.plan;
  json["fingerprint"] = m_identity.fingerprint;
  json["files"] = m_names;
  json["shards"] = Json::array();
  for (const auto& [name, shard] : m_finished) json["shards"].push_back(shardJson(shard));
  writeFileAtomically(m_staging / kApplyRecordFile,
                      json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
}

void ApplyFolder::commit() {
  syncFolder(m_staging);
  std::error_code failure;
  const bool isReplaced = fs::exists(m_output, failure) && !fs::is_empty(m_output, failure);
  if (isReplaced) {
    requireOwn(m_output);  // again: somebody may have put a file there meanwhile
    exchange(m_staging, m_output);
    removeAll(requireOwn(m_staging));
    fs::remove(m_staging, failure);
  } else if (::rename(m_staging.c_str(), m_output.c_str()) != 0) {
    refuse(ErrorCode::Io, m_output, systemReason(errno));
  }
  syncFolder(m_output.parent_path());
}

}  // namespace ql
