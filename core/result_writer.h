#pragma once
// Where an operation of the workspace leaves its results: the statistics file that was asked for, or the
// cache. Internal to core/workspace*.cpp.
#include "core/workspace_state.h"

#include <filesystem>
#include <memory>
#include <string>

namespace ql {

/// A cache that fails costs a warning and the file, an output that was asked for is an error.
class ResultWriter {
 public:
  /// An empty `output` means the cache.
  ResultWriter(Workspace::State& state, const std::filesystem::path& output, bool resume);
  ~ResultWriter();
  ResultWriter(const ResultWriter&) = delete;
  ResultWriter& operator=(const ResultWriter&) = delete;

  const std::filesystem::path& path() const { return m_path; }
  /// Null when the results stay in memory: no weights are open, or the cache cannot be written.
  const std::shared_ptr<StatisticsWriter>& writer() const { return m_writer; }
  explicit operator bool() const { return m_writer != nullptr; }

  /// A cache that somebody else is writing is waited for, as most analyses end soon; then the results stay in
  /// memory.
  void open(JobContext& job);
  /// The tensor list, config.json and the norms: what lets the file be opened without its checkpoint.
  void writeModel();
  void add(const std::string& section, const std::string& name, const DataTree& tree);
  bool contains(const std::string& section, const std::string& name) const;
  void finish();
  /// Lets the writer go and reads what it left: the whole file or its parts. Never throws.
  void close();

 private:
  template <class Write>
  void guarded(const Write& write);
  void createCacheFolder() const;
  void waitForOthers(JobContext& job) const;

  Workspace::State& m_state;
  std::filesystem::path m_path;
  bool m_isCache = false, m_isResumed = true;
  std::shared_ptr<StatisticsWriter> m_writer;
};

}  // namespace ql
