#pragma once
// The statistics file (*.h5): a DataTree on disk. The only module that includes HDF5.
// Foreign files are hostile: they are walked first in a child process; external links, filter plug-ins, user-defined
// and soft links, object references and oversized data sets are refused.
#include "core/base/data_tree.h"

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ql {

inline constexpr int kStatisticsVersion = 1;

/// Root attributes of design.md 7.
struct StatisticsHeader {
  std::string model, fingerprint, toolVersion;
  std::map<std::string, AttributeValue> attributes;   // everything else at the root
};

/// Writes results as they come and survives a kill: each finished layer is S.h5.parts/NNNN.h5 (temporary + rename);
/// finish() assembles S.h5 atomically and removes the parts.
class StatisticsWriter {
 public:
  /// Resumes when parts with the same fingerprint and settings exist and `resume`; else starts anew (old parts removed).
  /// Throws Error(Store | Io) naming the file.
  StatisticsWriter(std::filesystem::path path, StatisticsHeader header, bool resume);
  ~StatisticsWriter();   // keeps the parts
  StatisticsWriter(const StatisticsWriter&) = delete;
  StatisticsWriter& operator=(const StatisticsWriter&) = delete;

  /// Paths ("layers/<name>") already in parts; the callers skip them.
  const std::vector<std::string>& finished() const;
  /// Adds a subtree at /<section>/<name> ('/' in name is written %2F) as one durable part.
  void add(const std::string& section, const std::string& name, const DataTree& tree);
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
  bool isPartial() const;                                    // assembled from parts only
  std::vector<std::string> names(const std::string& section) const;
  bool contains(const std::string& section, const std::string& name) const;
  /// The subtree at /<section>/<name>. Thread-safe. Throws Error(Store) when absent or damaged.
  DataTree read(const std::string& section, const std::string& name) const;

 private:
  struct State;
  explicit StatisticsFile(std::unique_ptr<State> state);
  std::unique_ptr<State> m_state;
};

/// True when the file (or its .parts folder) is there and begins like HDF5.
bool looksLikeStatistics(const std::filesystem::path& path);

}  // namespace ql
