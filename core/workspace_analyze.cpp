// The analysis of a whole model into its statistics file.
#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/base/version.h"
#include "core/model_record.h"
#include "core/workspace_state.h"

#include <algorithm>
#include <set>

namespace ql {

namespace fs = std::filesystem;

namespace {

const char* const kLayers = "layers";
/// Part of every header: numbers of a program that measures otherwise are not mixed with these.
const char* const kSettings = "weight statistics and errors, version 1";

/// Quantizable linears in network order, then the embedding, the head and the like.
std::vector<LinearId> analysisOrder(const Model& model) {
  std::vector<LinearId> order;
  for (LinearId id = 0; id < model.linears.size(); ++id) order.push_back(id);
  std::stable_partition(order.begin(), order.end(),
                        [&](LinearId id) { return model.linears[id].isQuantizable; });
  return order;
}

}  // namespace

/// One run. Its writer is null when the results stay in memory.
class Analysis {
 public:
  Analysis(Workspace::State& state, const AnalyzeOptions& options) : m_state(state), m_options(options) {
    m_path = options.output.empty() ? state.cacheFile() : options.output;
    m_ids = options.linears.empty() ? analysisOrder(state.model) : options.linears;
  }

  void run(JobContext& job, const LayerDone& done) {
    openWriter();
    for (const LinearId id : m_ids)
      if (!isDone(id)) job.expect(m_state.statsUnits(id) + m_state.choiceUnits(id, choicesOf(id), true));
    try {
      if (m_writer) writeModel();
      for (const LinearId id : m_ids) {
        job.step();
        if (!isDone(id)) measure(id, job);
        if (done) done(id);
      }
      if (m_writer) guarded([this] { m_writer->finish(); });
    } catch (...) {
      close();  // what is finished stays readable
      throw;
    }
    close();
  }

 private:
  bool isCache() const { return m_options.output.empty(); }

  /// Runs a write. A cache that fails costs a warning and the file, an output that was asked for is an error.
  template <class Write>
  void guarded(const Write& write) {
    try {
      write();
    } catch (const Error& e) {
      if (!isCache()) throw;
      m_state.warn(std::string("Results stay in memory only. ") + e.what());
      close();
    }
  }

  void openWriter() {
    if (!m_state.source) return;
    guarded([this] {
      StatisticsHeader header{m_state.model.name, m_state.fingerprint, std::string(kToolVersion), {}};
      header.attributes["settings"] = std::string(kSettings);
      if (isCache()) createCacheFolder();
      m_writer = std::make_shared<StatisticsWriter>(m_path, std::move(header), m_options.resume);
    });
    // Another run may have written since the model was opened.
    if (m_writer && !m_writer->finished().empty()) m_state.attach(StatisticsFile::open(m_path));
  }

  void createCacheFolder() const {
    std::error_code failure;
    fs::create_directories(m_path.parent_path(), failure);
    if (failure)
      throw Error(ErrorCode::Io, "The cache folder " + quotedPath(m_path.parent_path()) +
                                     " cannot be made: " + systemReason(failure.value()) + ".");
  }

  void writeModel() {
    guarded([this] {
      if (!m_writer->contains(kModelSection, kCheckpointEntry))
        m_writer->add(kModelSection, kCheckpointEntry,
                      toDataTree(ModelRecord{m_state.model.name, m_state.configJson, m_state.tensors}));
      if (m_writer && !m_writer->contains(kModelSection, kNormsEntry))
        m_writer->add(kModelSection, kNormsEntry, normsTree(*m_state.checkpoint, m_state.model));
    });
  }

  std::vector<Choice> choicesOf(LinearId id) const {
    if (!m_options.choices.empty()) return m_options.choices;
    std::vector<Choice> choices{defaultChoice()};
    for (Choice& choice : remedyCandidates(choices.front(), m_state.model.linears[id].in()))
      choices.push_back(std::move(choice));
    return choices;
  }

  bool isDone(LinearId id) const {
    const Linear& linear = m_state.model.linears[id];
    if (m_writer && !m_writer->contains(kLayers, linear.name)) return false;
    if (!m_writer && !m_options.resume && m_state.source && !m_measured.contains(id)) return false;
    return m_state.hasStats(id) && m_state.missingChoices(id, choicesOf(id)).empty();
  }

  void measure(LinearId id, JobContext& job) {
    const Linear& linear = m_state.model.linears[id];
    m_state.requireWeights("measuring " + quotedText(linear.name));
    job.setStage("Measuring " + linear.name);
    auto stats = std::make_shared<const WeightStats>(m_state.measureStats(id, job));
    std::vector<StoredError> errors = m_state.measureChoices(id, choicesOf(id), stats.get(), job);
    if (m_writer) guarded([&] { m_writer->add(kLayers, linear.name, toDataTree(*stats, errors)); });
    take(id, std::move(stats), errors);
    m_measured.insert(id);
  }

  /// Results of one linear become visible.
  void take(LinearId id, std::shared_ptr<const WeightStats> stats, const std::vector<StoredError>& errors) {
    auto layer = std::make_shared<LayerResults>();
    layer->stats = stats;
    std::size_t bytes = bytesOf(*stats);
    const std::lock_guard lock(m_state.mutex);
    LinearRecord& record = m_state.records[id];
    record.summary = stats->summary;
    record.file = nullptr;
    record.writer = m_writer;
    record.pinnedStats = m_writer ? nullptr : stats;
    for (const StoredError& stored : errors) {
      const std::string key = errorKey(stored.choice);
      auto error = std::make_shared<const LayerError>(stored.error);
      bytes += bytesOf(*error);
      record.figures[key] = withoutColumns(stored.error);
      if (m_writer && isStorable(stored.choice))
        record.pinnedErrors.erase(key);
      else
        record.pinnedErrors[key] = error;
      layer->errors[key] = std::move(error);
    }
    if (m_writer) m_state.layers.insert(id, std::move(layer), bytes);
  }

  /// Lets the writer go and reads what it left: the whole file or its parts.
  void close() {
    if (!m_writer) return;
    m_writer.reset();
    releaseWriters();
    try {
      if (looksLikeStatistics(m_path)) m_state.attach(StatisticsFile::open(m_path));
    } catch (const Error& e) {
      m_state.warn(std::string("The results just measured cannot be read again. ") + e.what());
    }
  }

  /// Records must not keep the writer, and with it the lock of the file, alive.
  void releaseWriters() {
    const std::lock_guard lock(m_state.mutex);
    for (LinearRecord& record : m_state.records) record.writer = nullptr;
  }

  Workspace::State& m_state;
  const AnalyzeOptions& m_options;
  fs::path m_path;
  std::vector<LinearId> m_ids;
  std::set<LinearId> m_measured;
  std::shared_ptr<StatisticsWriter> m_writer;
};

void Workspace::analyze(const AnalyzeOptions& options, JobContext& job, const LayerDone& done) {
  const std::lock_guard one(m_state->analysis);
  Analysis(*m_state, options).run(job, done);
}

}  // namespace ql
