#pragma once
// What a workspace holds. Internal to core/workspace*.cpp.
#include "core/lru_cache.h"
#include "core/store/statistics_file.h"
#include "core/workspace.h"

#include <map>
#include <mutex>
#include <variant>

namespace ql {

/// Weight errors do not depend on the activation scheme: the key is the JSON of the choice without it.
/// Empty when the choice leaves the weights alone.
std::string errorKey(const Choice& choice);
/// A statistics file keeps choices as SPEC: what that cannot express must stay in memory.
bool isStorable(const Choice& choice);

/// One linear's results in small: figures stay in memory for every linear, arrays only for the last few.
struct LinearRecord {
  std::optional<WeightSummary> summary;
  std::map<std::string, LayerError> figures;  // by errorKey(); column arrays empty
  std::map<std::string, std::shared_ptr<const LayerError>> pinnedErrors;  // measured on request, in no file
  std::shared_ptr<const WeightStats> pinnedStats;                         // when there is no file to keep it
  std::shared_ptr<const StatisticsFile> file;                             // where the arrays are
  std::shared_ptr<const StatisticsWriter> writer;                         // or there, while the analysis runs
};

/// What one layer's subtree of the statistics file holds.
struct LayerResults {
  std::shared_ptr<const WeightStats> stats;
  std::map<std::string, std::shared_ptr<const LayerError>> errors;
};
DataTree toDataTree(const WeightStats& stats, const std::vector<StoredError>& errors);

LayerError withoutColumns(LayerError error);
std::size_t bytesOf(const WeightStats& stats);
std::size_t bytesOf(const LayerError& error);
std::size_t bytesOf(const TilePyramid& pyramid);

using PyramidKey = std::pair<LinearId, std::string>;  // scheme as errorKey(), "" = W

struct Workspace::State {
  std::filesystem::path path;
  std::string fingerprint;
  Model model;
  std::string configJson;
  std::vector<TensorInfo> tensors;
  std::shared_ptr<const Checkpoint> checkpoint;  // null: statistics only
  std::shared_ptr<const WeightSource> source;
  std::mutex analysis;  // one analysis at a time

  mutable std::mutex mutex;           // guards what follows; never held while reading or measuring
  std::vector<LinearRecord> records;  // by LinearId
  std::vector<std::string> storeWarnings;
  mutable std::map<std::string, std::vector<float>> norms;  // by tensor name, without normOffset
  LruCache<LinearId, LayerResults> layers{std::size_t{128} << 20};
  LruCache<PyramidKey, TilePyramid> pyramids{std::size_t{256} << 20};

  void openCheckpointAt(const std::filesystem::path& where);
  void openStatisticsAt(const std::filesystem::path& where);
  void attachEarlierResults(const std::optional<std::filesystem::path>& statistics);
  /// Takes over every layer of the file. Damaged layers are left out with a warning.
  void attach(const std::shared_ptr<const StatisticsFile>& file);
  void attachLayer(LinearId id, const std::shared_ptr<const StatisticsFile>& file);
  void warn(const std::string& sentence);
  std::filesystem::path cacheFile() const;

  LinearRecord record(LinearId id) const;  // a copy
  /// Arrays of a layer from the cache in memory or from its file; null when neither has it or it cannot be
  /// read.
  std::shared_ptr<const LayerResults> loadLayer(LinearId id);
  bool hasStats(LinearId id) const;
  bool hasError(LinearId id, const Choice& choice) const;
  std::shared_ptr<const WeightStats> weightStats(LinearId id);
  std::shared_ptr<const LayerError> error(LinearId id, const Choice& choice);
  std::vector<float> gain(LinearId id) const;

  // Measuring
  const WeightSource& requireWeights(const std::string& purpose) const;
  WeightStats measureStats(LinearId id, JobContext& job) const;
  /// Choices come back without their activation part: it does not change the figures.
  std::vector<StoredError> measureChoices(LinearId id, const std::vector<Choice>& choices,
                                          const WeightStats* stats, JobContext& job) const;
  /// The choices that have no figures yet, each weight scheme once.
  std::vector<Choice> missingChoices(LinearId id, std::span<const Choice> choices) const;
  void keep(LinearId id, const std::vector<StoredError>& errors);
  std::uint64_t statsUnits(LinearId id) const;  // what measureStats() counts as work
  std::uint64_t choiceUnits(LinearId id, std::span<const Choice> choices, bool hasStats) const;
  ErrorInput errorInput(LinearId id) const;
  void stamp(Evidence& evidence) const;
};

}  // namespace ql
