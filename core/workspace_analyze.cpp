// The analysis of a whole model into its statistics file.
#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/result_writer.h"

#include <algorithm>
#include <set>

namespace ql {

namespace {

const char* const kLayers = "layers";
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
  Analysis(Workspace::State& state, const AnalyzeOptions& options)
      : m_state(state), m_options(options), m_writer(state, options.output, options.resume) {
    m_ids = options.linears.empty() ? analysisOrder(state.model) : options.linears;
  }

  void run(JobContext& job, const LayerDone& done) {
    m_writer.open(job);
    for (const LinearId id : m_ids)
      if (!isDone(id)) job.expect(m_state.statsUnits(id) + m_state.choiceUnits(id, choicesOf(id), true));
    if (m_writer) m_writer.writeModel();
    for (const LinearId id : m_ids) {
      job.step();
      if (!isDone(id)) measure(id, job);
      if (done) done(id);
    }
    m_writer.finish();
    m_writer.close();
  }

 private:
  std::vector<Choice> choicesOf(LinearId id) const {
    if (!m_options.choices.empty()) return m_options.choices;
    std::vector<Choice> choices{defaultChoice()};
    for (Choice& choice : remedyCandidates(choices.front(), m_state.model.linears[id].in()))
      choices.push_back(std::move(choice));
    return choices;
  }

  bool isDone(LinearId id) const {
    const Linear& linear = m_state.model.linears[id];
    if (m_writer && !m_writer.contains(kLayers, linear.name)) return false;
    if (!m_writer && !m_options.resume && m_state.source && !m_measured.contains(id)) return false;
    return m_state.hasStats(id) && m_state.missingChoices(id, choicesOf(id)).empty();
  }

  void measure(LinearId id, JobContext& job) {
    const Linear& linear = m_state.model.linears[id];
    m_state.requireWeights("measuring " + quotedText(linear.name));
    job.setStage("Measuring " + linear.name);
    auto stats = std::make_shared<const WeightStats>(m_state.measureStats(id, job));
    std::vector<StoredError> errors = m_state.measureChoices(id, choicesOf(id), stats.get(), job);
    if (m_writer) m_writer.add(kLayers, linear.name, toDataTree(*stats, errors));
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
    record.writer = m_writer.writer();
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

  Workspace::State& m_state;
  const AnalyzeOptions& m_options;
  std::vector<LinearId> m_ids;
  std::set<LinearId> m_measured;
  ResultWriter m_writer;  // closed when an exception passes: what is finished stays readable
};

void Workspace::analyze(const AnalyzeOptions& options, JobContext& job, const LayerDone& done) {
  const auto one = m_state->lockAnalysis(job);
  Analysis(*m_state, options).run(job, done);
}

}  // namespace ql
