#include "core/result_writer.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/base/version.h"
#include "core/model_record.h"

#include <chrono>
#include <thread>

namespace ql {

namespace fs = std::filesystem;

namespace {

constexpr int kMostWaits = 10'000;  // milliseconds
constexpr std::chrono::milliseconds kPoll{50};
constexpr int kMostPolls = 100;
/// Part of every header: numbers of a program that measures otherwise are not mixed with these.
const char* const kSettings = "weight statistics and errors, version 1";

}  // namespace

ResultWriter::ResultWriter(Workspace::State& state, const fs::path& output, bool resume)
    : m_state(state),
      m_path(output.empty() ? state.cacheFile() : output),
      m_isCache(output.empty()),
      m_isResumed(resume) {}

ResultWriter::~ResultWriter() {
  close();
}

template <class Write>
void ResultWriter::guarded(const Write& write) {
  try {
    write();
  } catch (const Error& e) {
    if (!m_isCache) throw;
    m_state.warn(std::string("Results stay in memory only. ") + e.what());
    close();
  }
}

void ResultWriter::waitForOthers(JobContext& job) const {
  for (int i = 0; i < kMostPolls && isBeingWritten(m_path); ++i) {
    job.step();
    std::this_thread::sleep_for(kPoll);
  }
}

void ResultWriter::open(JobContext& job) {
  if (!m_state.source) return;
  if (m_isCache) waitForOthers(job);  // the start page measures the demo models on its own, for example
  guarded([this] {
    StatisticsHeader header{m_state.model.name, m_state.fingerprint, std::string(kToolVersion), {}};
    header.attributes["settings"] = std::string(kSettings);
    if (m_isCache) createCacheFolder();
    m_writer = std::make_shared<StatisticsWriter>(m_path, std::move(header), m_isResumed);
  });
  // Another run may have written since the model was opened.
  if (m_writer && !m_writer->finished().empty()) m_state.attach(StatisticsFile::open(m_path));
}

void ResultWriter::createCacheFolder() const {
  std::error_code failure;
  fs::create_directories(m_path.parent_path(), failure);
  if (failure)
    throw Error(ErrorCode::Io, "The cache folder " + quotedPath(m_path.parent_path()) +
                                   " cannot be made: " + systemReason(failure.value()) + ".");
}

void ResultWriter::writeModel() {
  if (!contains(kModelSection, kCheckpointEntry))
    add(kModelSection, kCheckpointEntry,
        toDataTree(ModelRecord{m_state.model.name, m_state.configJson, m_state.tensors}));
  if (!contains(kModelSection, kNormsEntry))
    add(kModelSection, kNormsEntry, normsTree(*m_state.checkpoint, m_state.model));
}

void ResultWriter::add(const std::string& section, const std::string& name, const DataTree& tree) {
  if (m_writer) guarded([&] { m_writer->add(section, name, tree); });
}

bool ResultWriter::contains(const std::string& section, const std::string& name) const {
  return !m_writer || m_writer->contains(section, name);
}

void ResultWriter::finish() {
  if (m_writer) guarded([this] { m_writer->finish(); });
}

void ResultWriter::close() {
  if (!m_writer) return;
  // The file takes over before the writer goes: a view that asks in between must find one of them.
  try {
    m_writer->flush();
  } catch (const Error&) {  // a full disk: guarded() has said so
  }
  try {
    if (looksLikeStatistics(m_path)) m_state.attach(StatisticsFile::open(m_path));
  } catch (const Error& e) {
    m_state.warn(std::string("The results just measured cannot be read again. ") + e.what());
  }
  m_state.releaseWriters();
  // A view may be reading through the writer at this moment. It holds the file's lock until it is done, and
  // whoever writes next must find it free.
  for (int i = 0; i < kMostWaits && m_writer.use_count() > 1; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  m_writer.reset();
}

}  // namespace ql
