#include "core/workspace.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/base/sha256.h"
#include "core/folders.h"
#include "core/io/fingerprint.h"
#include "core/model_record.h"
#include "core/quant/hessian_factor.h"
#include "core/workspace_state.h"

#include <algorithm>

namespace ql {

namespace fs = std::filesystem;

namespace {

/// A fingerprint out of a foreign file becomes a folder's name: it must be one.
std::string folderNameOf(const std::string& fingerprint) {
  const bool isHash =
      fingerprint.size() == 64 && fingerprint.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (isHash) return fingerprint;
  Sha256 hash;
  hash.add(std::string_view(fingerprint));
  return hash.finish();
}

}  // namespace

Choice defaultChoice() {
  return parseSpec("w8a8");
}

// Opening
// -------------------------------------------------------------------------------------------------------

void Workspace::State::openCheckpointAt(const fs::path& where) {
  checkpoint = openCheckpoint(where);
  source = std::make_shared<CheckpointSource>(checkpoint);
  model = buildModel(*checkpoint);
  configJson = configText(*checkpoint);
  tensors = checkpoint->tensors();
  fingerprint = ql::fingerprint(*checkpoint);
  records.resize(model.linears.size());
  sites.resize(model.sites.size());
}

void Workspace::State::openStatisticsAt(const fs::path& where) {
  const auto file = StatisticsFile::open(where);
  if (!file->contains(kModelSection, kCheckpointEntry))
    throw Error(ErrorCode::Store, "The statistics file " + quotedPath(where) +
                                      " does not say which model it is of. Open the model itself instead.");
  ModelRecord record = modelRecordFromDataTree(file->read(kModelSection, kCheckpointEntry));
  model = buildModel(record.tensors, record.configJson, record.name);
  configJson = std::move(record.configJson);
  tensors = std::move(record.tensors);
  fingerprint = file->header().fingerprint;
  records.resize(model.linears.size());
  sites.resize(model.sites.size());
  if (file->contains(kModelSection, kNormsEntry)) {
    const DataTree tree = file->read(kModelSection, kNormsEntry);
    for (const auto& [name, array] : tree.arrays)
      norms[name] = arrayValues<float>(tree, name, array.shape.size() == 1 ? array.shape.front() : 0);
  }
  if (file->isPartial())
    warn("The statistics file " + quotedPath(where) +
         " is not complete: its analysis was interrupted. Run 'qloupe analyze --resume' to finish it.");
  attach(file);
}

void Workspace::State::attachEarlierResults(const std::optional<fs::path>& statistics) {
  if (statistics) {
    const auto file = StatisticsFile::open(*statistics);
    if (file->header().fingerprint == fingerprint) {
      attach(file);
      return;
    }
    warn("The statistics file " + quotedPath(*statistics) + " was measured on another checkpoint (" +
         quotedText(file->header().model) + "); its numbers are not used. Run 'qloupe analyze' on this one.");
  }
  const fs::path cache = cacheFile();
  if (!looksLikeStatistics(cache)) return;
  try {
    const auto file = StatisticsFile::open(cache);
    if (file->header().fingerprint == fingerprint) attach(file);
  } catch (const Error& e) {
    warn(std::string("Earlier results are not used. ") + e.what());
  }
}

std::shared_ptr<Workspace> Workspace::open(const fs::path& path, const std::optional<fs::path>& statistics) {
  auto state = std::make_unique<State>();
  state->path = path;
  if (looksLikeStatistics(path)) {
    state->openStatisticsAt(path);
    if (statistics)
      state->warn("A statistics file is open already; " + quotedPath(*statistics) + " is not used.");
  } else {
    state->openCheckpointAt(path);
    state->attachEarlierResults(statistics);
  }
  return std::shared_ptr<Workspace>(new Workspace(std::move(state)));
}

Workspace::Workspace(std::unique_ptr<State> state) : m_state(std::move(state)) {}
// Factors are as large as second moments; other models that are open make theirs again.
Workspace::~Workspace() {
  forgetHessianFactors();
}

// What is open
// --------------------------------------------------------------------------------------------------

const Model& Workspace::model() const {
  return m_state->model;
}
const std::string& Workspace::fingerprint() const {
  return m_state->fingerprint;
}
const fs::path& Workspace::path() const {
  return m_state->path;
}
const Checkpoint* Workspace::checkpoint() const {
  return m_state->checkpoint.get();
}
std::shared_ptr<const WeightSource> Workspace::weights() const {
  return m_state->source;
}
const std::vector<TensorInfo>& Workspace::tensors() const {
  return m_state->tensors;
}
fs::path Workspace::cacheFile() const {
  return m_state->cacheFile();
}

std::uint64_t Workspace::sizeBytes() const {
  std::uint64_t bytes = 0;
  for (const TensorInfo& tensor : m_state->tensors) bytes += tensor.sizeBytes;
  return bytes;
}

fs::path Workspace::State::cacheFile() const {
  return cacheFolder() / folderNameOf(fingerprint) / "statistics.h5";
}

std::unique_lock<std::timed_mutex> Workspace::State::lockAnalysis(JobContext& job) {
  std::unique_lock lock(analysis, std::defer_lock);
  while (!lock.try_lock_for(std::chrono::milliseconds(50))) job.step();
  return lock;
}

void Workspace::State::releaseWriters() {
  const std::lock_guard lock(mutex);
  for (LinearRecord& record : records) record.writer = nullptr;
  for (SiteRecord& record : sites) record.writer = nullptr;
  for (auto& [point, record] : points) record.writer = nullptr;
}

void Workspace::State::warn(const std::string& sentence) {
  const std::lock_guard lock(mutex);
  if (std::find(storeWarnings.begin(), storeWarnings.end(), sentence) == storeWarnings.end())
    storeWarnings.push_back(sentence);
}

std::vector<std::string> Workspace::warnings() const {
  std::vector<std::string> all;
  if (m_state->checkpoint) all = m_state->checkpoint->warnings();
  const auto append = [&all](const std::vector<std::string>& more) {
    all.insert(all.end(), more.begin(), more.end());
  };
  append(m_state->model.warnings);
  const std::lock_guard lock(m_state->mutex);
  append(m_state->storeWarnings);
  return all;
}

QuantizationPlan Workspace::newPlan(const Choice& choice) const {
  return ql::newPlan(m_state->model, m_state->fingerprint, choice);
}

// Results
// -------------------------------------------------------------------------------------------------------

std::shared_ptr<const WeightStats> Workspace::weightStats(LinearId id) const {
  return m_state->weightStats(id);
}

std::optional<WeightSummary> Workspace::weightSummary(LinearId id) const {
  const std::lock_guard lock(m_state->mutex);
  return m_state->records.at(id).summary;
}

std::shared_ptr<const LayerError> Workspace::error(LinearId id, const Choice& choice) const {
  return m_state->error(id, choice);
}

std::optional<LayerError> Workspace::errorFigures(LinearId id, const Choice& choice) const {
  const std::lock_guard lock(m_state->mutex);
  const auto& figures = m_state->records.at(id).figures;
  const auto found = figures.find(errorKey(choice));
  if (found == figures.end()) return m_state->activationOnlyError(id, choice);
  LayerError error = found->second;
  m_state->addOutputs(id, choice, error);
  return error;
}

std::size_t Workspace::measuredCount() const {
  const std::lock_guard lock(m_state->mutex);
  return static_cast<std::size_t>(
      std::count_if(m_state->records.begin(), m_state->records.end(),
                    [](const LinearRecord& record) { return record.summary.has_value(); }));
}

std::vector<float> Workspace::gain(LinearId id) const {
  return m_state->gain(id);
}

}  // namespace ql
