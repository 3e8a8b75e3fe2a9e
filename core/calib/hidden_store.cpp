#include "core/calib/hidden_store.h"

#include "core/base/error.h"

#include <algorithm>
#include <utility>

namespace ql {

HiddenStore::HiddenStore(std::vector<HiddenBatch> batches, std::int64_t width, HiddenStoreOptions options)
    : m_batches(std::move(batches)),
      m_width(static_cast<std::uint64_t>(width)),
      m_options(std::move(options)) {
  QL_ASSERT(!m_options.isSpilled || !m_options.folder.empty());
  for (const HiddenBatch& batch : m_batches) {
    m_firstRow.push_back(m_rows);
    m_rows += static_cast<std::uint64_t>(batch.count());
  }
}

HiddenStore::~HiddenStore() = default;

SpillHeader HiddenStore::header() const {
  return {m_block, m_rows, m_width, m_options.identity};
}

std::optional<int> HiddenStore::resume(int before, JobContext& job) {
  if (m_options.folder.empty()) return std::nullopt;
  auto file = SpillFile::openChecked(m_options.folder, header(), job);
  if (!file || file->block() < 0 || file->block() >= before) return std::nullopt;
  m_block = file->block();
  m_lastSave = Clock::now();
  if (m_options.isSpilled) {
    m_file = std::move(file);
    return m_block;
  }
  for (std::size_t i = 0; i < m_batches.size(); ++i) {
    job.step();
    HiddenBatch& batch = m_batches[i];
    batch.width = static_cast<std::int64_t>(m_width);
    batch.values.resize(static_cast<std::size_t>(batch.count()) * m_width);
    file->read(m_firstRow[i], batch.values);
  }
  return m_block;
}

void HiddenStore::beginPass(int block) {
  m_block = block;
  if (m_options.isSpilled) {
    m_writer.reset();  // of a pass that was given up: both have one name
    m_writer = std::make_unique<SpillWriter>(m_options.folder, header());
  }
}

HiddenBatch& HiddenStore::load(std::size_t index) {
  HiddenBatch& batch = m_batches.at(index);
  batch.width = static_cast<std::int64_t>(m_width);
  if (!m_options.isSpilled) return batch;
  m_buffer.resize(static_cast<std::size_t>(batch.count()) * m_width);
  if (m_file) m_file->read(m_firstRow[index], m_buffer);
  batch.values = std::move(m_buffer);
  return batch;
}

void HiddenStore::store(std::size_t index, JobContext& job) {
  HiddenBatch& batch = m_batches.at(index);
  QL_ASSERT(batch.values.size() == static_cast<std::size_t>(batch.count()) * m_width);
  if (!m_options.isSpilled) return;
  m_writer->append(batch.values, job);
  m_buffer = std::exchange(batch.values, {});
}

void HiddenStore::unload(std::size_t index) {
  if (m_options.isSpilled) m_buffer = std::exchange(m_batches.at(index).values, {});
}

void HiddenStore::drop(std::size_t index) {
  m_batches.at(index).values = {};
}

bool HiddenStore::isSaveDue() const {
  constexpr auto kShortest = std::chrono::milliseconds(500);
  return Clock::now() - m_lastSave >= std::max<Clock::duration>(kShortest, 10 * m_saveTime);
}

void HiddenStore::saveFromMemory(JobContext& job) {
  SpillWriter writer(m_options.folder, header());
  for (const HiddenBatch& batch : m_batches) writer.append(batch.values, job);
  writer.commit(true);
}

std::optional<std::string> HiddenStore::endPass(JobContext& job) {
  const Clock::time_point start = Clock::now();
  const bool isDue = isSaveDue();
  if (m_options.isSpilled) {
    std::exchange(m_writer, nullptr)->commit(isDue);
    m_file = SpillFile::openWritten(m_options.folder, header());
  } else if (!isDue || !m_canSave || m_options.folder.empty() || m_block < 0) {
    return std::nullopt;
  } else {
    try {
      saveFromMemory(job);
    } catch (const Error& error) {
      m_canSave = false;
      return std::string("The run cannot be resumed if it is stopped: ") + error.what();
    }
  }
  if (isDue) m_lastSave = Clock::now(), m_saveTime = m_lastSave - start;
  return std::nullopt;
}

void HiddenStore::removeFiles() noexcept {
  m_file.reset();
  m_writer.reset();
  SpillFile::remove(m_options.folder);
}

}  // namespace ql
