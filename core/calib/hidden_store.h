#pragma once
// Hidden states of all windows between two blocks: in memory, or in a file of which one batch at a time is in
// memory; and the state on disk that a killed run starts again from.
#include "core/calib/forward.h"
#include "core/calib/spill.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ql {

struct HiddenStoreOptions {
  std::filesystem::path folder;  // empty = nothing on disk
  bool isSpilled = false;        // one batch in memory at a time; needs the folder
  std::string identity;          // 64 hex digits: see SpillHeader
};

/// One pass goes over all batches in order, each loaded, changed and stored. Not thread-safe.
class HiddenStore {
 public:
  /// Batches without values, in order of their windows.
  HiddenStore(std::vector<HiddenBatch> batches, std::int64_t width, HiddenStoreOptions options);
  ~HiddenStore();
  HiddenStore(const HiddenStore&) = delete;
  HiddenStore& operator=(const HiddenStore&) = delete;

  /// Takes a saved state behind a block below `before`, if there is a sound one, and returns its block.
  std::optional<int> resume(int before, JobContext& job);

  std::size_t batchCount() const { return m_batches.size(); }
  const HiddenBatch& layout(std::size_t batch) const { return m_batches[batch]; }  // values may be absent

  /// `block` -1: the embedding pass, whose batches are loaded without values.
  void beginPass(int block);
  HiddenBatch& load(std::size_t batch);
  void store(std::size_t batch, JobContext& job);
  /// Instead of store(), outside a pass: the batch was only looked at.
  void unload(std::size_t batch);
  /// Instead of store(), outside a pass: the batch was loaded for the last time.
  void drop(std::size_t batch);
  /// The pass counts: its states are read from now on, and made durable unless the last time is so short ago
  /// that saving would take more than a tenth of the run. In memory, a failure to write is no reason to stop:
  /// it comes back as a warning, once.
  std::optional<std::string> endPass(JobContext& job);

  void removeFiles() noexcept;

 private:
  using Clock = std::chrono::steady_clock;
  SpillHeader header() const;
  bool isSaveDue() const;
  void saveFromMemory(JobContext& job);

  std::vector<HiddenBatch> m_batches;
  std::vector<std::uint64_t> m_firstRow;  // of each batch
  std::uint64_t m_rows = 0, m_width = 0;
  HiddenStoreOptions m_options;
  int m_block = -1;
  bool m_canSave = true;
  std::unique_ptr<SpillFile> m_file;      // spilled: what load() reads
  std::unique_ptr<SpillWriter> m_writer;  // spilled: what store() writes
  std::vector<float> m_buffer;            // spilled: values of the batch in memory, reused
  Clock::time_point m_lastSave{};
  Clock::duration m_saveTime{};
};

}  // namespace ql
