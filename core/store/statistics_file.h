#pragma once
// The statistics file (*.h5): a DataTree on disk. The only module that includes HDF5.
// Foreign files are hostile: they are walked first in a child process; external links, filter plug-ins,
// user-defined and soft links, object references and oversized data sets are refused.
#include "core/base/data_tree.h"

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ql {

inline constexpr int kStatisticsVersion = 1;

/// How much work a kill may cost.
inline constexpr std::chrono::milliseconds kPartInterval{200};

/// Attributes at the root of the file.
struct StatisticsHeader {
  std::string model, fingerprint, toolVersion;
  std::map<std::string, AttributeValue> attributes;  // everything else at the root: the settings, for example
};

/// True when numbers under one header may stand beside numbers under the other: same checkpoint, same tool,
/// same settings. The model's name may differ: folders get renamed.
bool isSameMeasurement(const StatisticsHeader& a, const StatisticsHeader& b);

/// Writes results as they come and survives a kill: each finished layer is S.h5.parts/NNNN.h5 (temporary +
/// rename); finish() assembles S.h5 atomically and removes the parts. Equal content gives equal bytes, in
/// whatever order and over however many runs it came. Thread-safe. One writer a path: the parts folder is
/// locked while it lives.
class StatisticsWriter {
 public:
  /// Resumes when `resume` and parts, or a whole S.h5, of the same measurement exist; else starts anew (old
  /// parts are removed; an old S.h5 stays until finish() replaces it). Damaged parts are dropped. Throws
  /// Error(Store | Io) naming the file: folder not writable, or another program is writing there.
  StatisticsWriter(std::filesystem::path path, StatisticsHeader header, bool resume,
                   std::chrono::milliseconds interval = kPartInterval);
  ~StatisticsWriter();  // writes what waits, keeps the parts
  StatisticsWriter(const StatisticsWriter&) = delete;
  StatisticsWriter& operator=(const StatisticsWriter&) = delete;

  /// Paths ("layers/<name>") already there; the callers skip them.
  std::vector<std::string> finished() const;
  bool contains(const std::string& section, const std::string& name) const;
  /// Adds a subtree at /<section>/<name> ('/' in name is written %2F). What is added within one interval
  /// shares a durable part: a disk takes as long to make sure of a small file as of a big one. Added again,
  /// the newer one counts.
  void add(const std::string& section, const std::string& name, const DataTree& tree);
  /// What was added or found. Throws Error(Store) when absent or damaged.
  DataTree read(const std::string& section, const std::string& name) const;
  /// Writes what waits as a part, so that a StatisticsFile sees it.
  void flush();
  void finish();

 private:
  struct State;
  std::unique_ptr<State> m_state;
};

/// A statistics file, or the parts of one that is being written or was left by a kill.
class StatisticsFile {
 public:
  /// Throws Error(Store | Io): not HDF5, not ours, too new, damaged: one sentence with the remedy.
  static std::shared_ptr<const StatisticsFile> open(const std::filesystem::path& path);
  ~StatisticsFile();

  const std::filesystem::path& path() const;
  const StatisticsHeader& header() const;
  bool isPartial() const;  // there are parts only: the analysis has not ended
  std::vector<std::string> names(const std::string& section) const;
  bool contains(const std::string& section, const std::string& name) const;
  /// The subtree at /<section>/<name>. Thread-safe. Throws Error(Store) when absent or damaged.
  DataTree read(const std::string& section, const std::string& name) const;
  /// Only the attributes of the subtree and of its descendants at most `depth` levels down, no arrays: cheap.
  DataTree readAttributes(const std::string& section, const std::string& name, int depth) const;

 private:
  struct State;
  explicit StatisticsFile(std::unique_ptr<State> state);
  std::unique_ptr<State> m_state;
};

/// True while a StatisticsWriter of any program holds this path.
bool isBeingWritten(const std::filesystem::path& path);

/// True when the file is there and begins like HDF5, or when its .parts folder holds parts.
bool looksLikeStatistics(const std::filesystem::path& path);

}  // namespace ql
