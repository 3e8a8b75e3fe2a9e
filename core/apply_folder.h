#pragma once
// The folder a checkpoint is written into: a hidden sibling until everything is there, then renamed. Keeps
// the record that lets an interrupted run go on and tells our files from others'. Internal to
// core/workspace*.cpp.
#include "core/applied_checkpoint.h"
#include "core/jobs/job_context.h"

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace ql {

/// Whose files they are.
struct ApplyIdentity {
  std::string kind, plan, fingerprint;  // plan: SHA-256 of plan, factors and settings
  bool operator==(const ApplyIdentity&) const = default;
};

class ApplyFolder {
 public:
  /// Makes and locks the staging folder. `names` are all files that will be written. Throws Error(Usage) when
  /// `output` is the source folder, inside it or around it, Error(Io) when it or the staging folder holds
  /// files that no earlier apply made, or when another run is writing it.
  ApplyFolder(const std::filesystem::path& output, const std::filesystem::path& source,
              ApplyIdentity identity, std::set<std::string> names, bool resume);
  /// Leaves the staging folder with its finished shards, for a later resume.
  ~ApplyFolder();
  ApplyFolder(const ApplyFolder&) = delete;
  ApplyFolder& operator=(const ApplyFolder&) = delete;

  const std::filesystem::path& output() const { return m_output; }
  const std::filesystem::path& staging() const { return m_staging; }
  /// What became of an earlier run's files, as sentences.
  const std::vector<std::string>& notes() const { return m_notes; }
  /// A shard that an interrupted run of the same plan finished; its bytes are still to be checked.
  const AppliedShard* finished(const std::string& name) const;
  /// Throws Error(Io) when the file system has less than `bytes` to spare.
  void requireSpace(std::uint64_t bytes) const;
  /// The shard is complete: goes into the record.
  void keep(AppliedShard shard);
  /// Puts everything in place of `output`, in one rename.
  void commit();

 private:
  void takeOver(bool resume);
  void writeRecord() const;

  std::filesystem::path m_output, m_staging;
  ApplyIdentity m_identity;
  std::set<std::string> m_names;
  std::map<std::string, AppliedShard> m_finished;
  std::vector<std::string> m_notes;
  int m_lock = -1;
};

}  // namespace ql
