// Results of a workspace: small figures in memory for every linear, arrays from the statistics file on
// demand.
#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/data_errors.h"
#include "core/model_record.h"
#include "core/workspace_state.h"

namespace ql {

namespace {

const char* const kLayers = "layers";

void setField(const DataTree& tree, const std::string& key, double& value) {
  value = doubleAttribute(tree, key);
}
void setField(const DataTree& tree, const std::string& key, std::int64_t& value) {
  value = intAttribute(tree, key);
}
void setField(const DataTree& tree, const std::string& key, bool& value) {
  value = intAttribute(tree, key) != 0;
}
void setField(const DataTree& tree, const std::string& key, std::uint64_t& value) {
  value = static_cast<std::uint64_t>(intAttribute(tree, key));
}

const DataTree& part(const DataTree& tree, const char* name) {
  const auto found = tree.children.find(name);
  if (found == tree.children.end())
    throw Error(ErrorCode::Store, std::string("The part '") + name + "' is missing in the statistics file.");
  return found->second;
}

WeightSummary summaryFrom(const DataTree& weight) {
  WeightSummary summary;
  const DataTree& tree = part(weight, "summary");
  forEachField(summary,
               [&](const FieldInfo& info, auto& value) { setField(tree, std::string(info.key), value); });
  return summary;
}

void requireShape(const DataTree& weight, const Linear& linear) {
  if (intAttribute(weight, "out") != linear.out() || intAttribute(weight, "in") != linear.in())
    throw Error(ErrorCode::Store, "The statistics of " + quotedText(linear.name) + " are of another shape.");
}

/// Figures from attributes alone: an error without columns.
std::map<std::string, LayerError> figuresFrom(const DataTree& errors) {
  std::map<std::string, LayerError> figures;
  for (const auto& [name, child] : errors.children) {
    DataTree tree = child;
    tree.attributes["columns"] = std::int64_t{0};
    tree.arrays["column_error"] = makeArray(std::vector<float>(), "", {});
    StoredError stored = layerErrorFromDataTree(tree);
    if (restsOnActivations(stored.choice))
      continue;  // of another calibration than the one beside it, perhaps
    figures[errorKey(stored.choice)] = std::move(stored.error);
  }
  return figures;
}

std::shared_ptr<const LayerResults> resultsFrom(const DataTree& tree, const Linear& linear) {
  auto results = std::make_shared<LayerResults>();
  const DataTree& weight = part(tree, "weight");
  requireShape(weight, linear);
  results->stats = std::make_shared<const WeightStats>(weightStatsFromDataTree(weight));
  const auto errors = tree.children.find("errors");
  if (errors == tree.children.end()) return results;
  for (const auto& [name, child] : errors->second.children) {
    StoredError stored = layerErrorFromDataTree(child);
    if (restsOnActivations(stored.choice)) continue;
    stored.error.columnEnergy = results->stats->columns.sumSq;  // the same figures are not kept twice
    results->errors[errorKey(stored.choice)] = std::make_shared<const LayerError>(std::move(stored.error));
  }
  return results;
}

std::size_t bytesOf(const LayerResults& results) {
  std::size_t bytes = bytesOf(*results.stats);
  for (const auto& [key, error] : results.errors) bytes += bytesOf(*error);
  return bytes;
}

template <class T>
std::size_t bytesOf(const std::vector<T>& values) {
  return values.size() * sizeof(T);
}

std::size_t bytesOf(const ChannelStats& s) {
  return s.size() * (3 * sizeof(float) + 3 * sizeof(double) + 4 * sizeof(std::uint64_t));
}

}  // namespace

std::string errorKey(const Choice& choice) {
  if (!choice.weight) return {};
  return choiceJson({choice.weight, std::nullopt});
}

/// Errors of methods that look at activations stay in memory, too: the file keeps a layer's errors without
/// the calibration they would be of.
bool isStorable(const Choice& choice) {
  try {
    return !restsOnActivations(choice) && parseSpec(specText(choice)) == choice;
  } catch (const Error&) {
    return false;
  }
}

LayerError withoutColumns(LayerError error) {
  error.columnError = {};
  error.columnEnergy = {};
  return error;
}

std::size_t bytesOf(const TilePyramid& pyramid) {
  std::size_t bytes = sizeof pyramid;
  for (const PyramidLevel& level : pyramid.levels) bytes += 17 * level.absmax.size();
  return bytes;
}

std::size_t bytesOf(const WeightStats& stats) {
  return sizeof stats + bytesOf(stats.rows) + bytesOf(stats.columns) + bytesOf(stats.rowArgmax) +
         bytesOf(stats.histogram.counts) + bytesOf(stats.top) + bytesOf(stats.pyramid);
}

std::size_t bytesOf(const LayerError& error) {
  return sizeof error + bytesOf(error.columnError) + bytesOf(error.columnEnergy);
}

DataTree toDataTree(const WeightStats& stats, const std::vector<StoredError>& errors) {
  DataTree tree;
  tree.children["weight"] = toDataTree(stats);
  DataTree& group = tree.children["errors"];
  for (std::size_t i = 0; i < errors.size(); ++i)
    if (isStorable(errors[i].choice))
      group.children[std::to_string(i)] = toDataTree(errors[i].error, errors[i].choice);
  return tree;
}

void Workspace::State::attach(const std::shared_ptr<const StatisticsFile>& file) {
  for (const std::string& name : file->names(kLayers)) {
    const std::optional<LinearId> id = model.find(name);
    if (!id) continue;
    try {
      attachLayer(*id, file);
    } catch (const Error& e) {
      warn("Earlier results of " + quotedText(name) + " are not used: " + e.what());
    }
  }
  attachActivations(file);
}

void Workspace::State::attachLayer(LinearId id, const std::shared_ptr<const StatisticsFile>& file) {
  const Linear& linear = model.linears[id];
  const DataTree tree = file->readAttributes(kLayers, linear.name, 2);
  requireShape(part(tree, "weight"), linear);
  WeightSummary summary = summaryFrom(part(tree, "weight"));
  std::map<std::string, LayerError> figures;
  if (tree.children.contains("errors")) figures = figuresFrom(part(tree, "errors"));
  const std::lock_guard lock(mutex);
  LinearRecord& record = records[id];
  record.summary = summary;
  for (const auto& [key, error] : record.pinnedErrors)
    if (!figures.contains(key)) figures[key] = withoutColumns(*error);
  record.figures = std::move(figures);
  record.file = file;
  record.writer = nullptr;
  record.pinnedStats = nullptr;
}

LinearRecord Workspace::State::record(LinearId id) const {
  const std::lock_guard lock(mutex);
  return records.at(id);
}

std::shared_ptr<const LayerResults> Workspace::State::loadLayer(LinearId id) {
  std::shared_ptr<const StatisticsFile> file;
  std::shared_ptr<const StatisticsWriter> writer;
  {
    const std::lock_guard lock(mutex);
    if (auto known = layers.find(id)) return known;
    file = records.at(id).file;
    writer = records.at(id).writer;
  }
  if (!file && !writer) return nullptr;
  const Linear& linear = model.linears[id];
  try {
    auto results =
        resultsFrom(writer ? writer->read(kLayers, linear.name) : file->read(kLayers, linear.name), linear);
    const std::lock_guard lock(mutex);
    layers.insert(id, results, bytesOf(*results));
    return results;
  } catch (const Error& e) {
    warn("Earlier results of " + quotedText(linear.name) + " are not used: " + e.what());
    const std::lock_guard lock(mutex);
    if (records[id].file == file && records[id].writer == writer) records[id] = {};
    return nullptr;
  }
}

std::shared_ptr<const WeightStats> Workspace::State::weightStats(LinearId id) {
  {
    const std::lock_guard lock(mutex);
    const LinearRecord& known = records.at(id);
    if (known.pinnedStats) return known.pinnedStats;
    if (!known.summary) return nullptr;
  }
  const auto layer = loadLayer(id);
  return layer ? layer->stats : nullptr;
}

namespace {

bool hasOutputs(const LayerError& error) {
  return error.outputRelW || error.outputRelA || error.outputRelWa;
}

}  // namespace

std::shared_ptr<const LayerError> Workspace::State::error(LinearId id, const Choice& choice) {
  if (!choice.weight) {
    const std::lock_guard lock(mutex);
    const auto figures = activationOnlyError(id, choice);
    return figures ? std::make_shared<const LayerError>(*figures) : nullptr;
  }
  const auto weightError = this->weightError(id, choice);
  if (!weightError) return nullptr;
  LayerError complete;
  {
    const std::lock_guard lock(mutex);
    addOutputs(id, choice, complete);
  }
  if (!hasOutputs(complete)) return weightError;
  auto merged = std::make_shared<LayerError>(*weightError);
  merged->outputRelW = complete.outputRelW;
  merged->outputRelA = complete.outputRelA;
  merged->outputRelWa = complete.outputRelWa;
  return merged;
}

std::shared_ptr<const LayerError> Workspace::State::weightError(LinearId id, const Choice& choice) {
  const std::string key = errorKey(choice);
  {
    const std::lock_guard lock(mutex);
    const LinearRecord& known = records.at(id);
    const auto pinned = known.pinnedErrors.find(key);
    if (pinned != known.pinnedErrors.end()) return pinned->second;
    if (!known.figures.contains(key)) return nullptr;
  }
  const auto layer = loadLayer(id);
  if (!layer) return nullptr;
  const auto found = layer->errors.find(key);
  return found == layer->errors.end() ? nullptr : found->second;
}

bool Workspace::State::hasStats(LinearId id) const {
  const std::lock_guard lock(mutex);
  return records.at(id).summary.has_value();
}

bool Workspace::State::hasError(LinearId id, const Choice& choice) const {
  const std::lock_guard lock(mutex);
  return records.at(id).figures.contains(errorKey(choice));
}

std::vector<float> Workspace::State::gain(LinearId id) const {
  const Linear& linear = model.linears.at(id);
  if (!linear.norm) return {};
  std::vector<float> values;
  {
    const std::lock_guard lock(mutex);
    const auto known = norms.find(*linear.norm);
    if (known != norms.end()) values = known->second;
  }
  if (values.empty() && checkpoint) {
    values = readVector(*checkpoint, *linear.norm);
    const std::lock_guard lock(mutex);
    norms[*linear.norm] = values;
  }
  if (values.size() != static_cast<std::size_t>(linear.in())) return {};
  for (float& value : values) value += linear.normOffset;
  return values;
}

}  // namespace ql
