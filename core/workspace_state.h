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

/// The choice under diagnosis, then its candidates; activations in groups only help where they are measured.
std::vector<Choice> diagnosedChoices(const Choice& choice, std::int64_t in, bool hasActivations);

/// One site's results in small, and where the rest is.
struct SiteRecord {
  std::optional<ActivationSummary> summary;
  std::shared_ptr<const ActivationStats> pinned;  // when there is no file to keep it
  std::shared_ptr<const StatisticsFile> file;
  std::shared_ptr<const StatisticsWriter> writer;
};

/// Sites whose arrays stay in memory, second moments included.
inline constexpr std::size_t kActivationCacheBytes = std::size_t{512} << 20;

/// Output errors depend on the whole choice, activation part included.
std::string outputKey(const Choice& choice);

LayerError withoutColumns(LayerError error);
std::size_t bytesOf(const WeightStats& stats);
std::size_t bytesOf(const LayerError& error);
std::size_t bytesOf(const TilePyramid& pyramid);

/// A smoothing group ready to be measured. Immutable and thread-safe.
struct ResidentGroup {
  ResidentGroup(std::shared_ptr<const WeightSource> source, std::vector<GroupReader> groupReaders,
                std::uint64_t holdBytes, JobContext& job)
      : readers(std::move(source), std::move(groupReaders), holdBytes, job) {}
  SmoothedReaders readers;
  SmoothingInput input;
  FoldTarget target;
};
inline constexpr std::size_t kResidentGroupBytes = std::size_t{1} << 30;

struct WhatIfCache;  // core/workspace_whatif.cpp

using PyramidKey = std::pair<LinearId, std::string>;  // scheme as errorKey(), "" = W

struct Workspace::State {
  std::filesystem::path path;
  std::string fingerprint;
  Model model;
  std::string configJson;
  std::vector<TensorInfo> tensors;
  std::shared_ptr<const Checkpoint> checkpoint;  // null: statistics only
  std::shared_ptr<const WeightSource> source;
  std::timed_mutex analysis;  // one analysis or calibration at a time

  mutable std::mutex mutex;           // guards what follows; never held while reading or measuring
  std::vector<LinearRecord> records;  // by LinearId
  std::vector<std::string> storeWarnings;
  mutable std::map<std::string, std::vector<float>> norms;  // by tensor name, without normOffset
  LruCache<LinearId, LayerResults> layers{std::size_t{128} << 20};
  LruCache<PyramidKey, TilePyramid> pyramids{std::size_t{256} << 20};

  std::vector<SiteRecord> sites;  // by index in Model::sites
  std::map<PointId, SiteRecord> points;
  std::optional<CalibrationRecord> calibration;
  std::string calibrationKey;  // identity of data and settings; sites under another one are not mixed in
  ExpertCoverage coverage;
  std::map<LinearId, std::map<std::string, OutputError>> outputs;  // by outputKey()
  std::map<std::int32_t, std::string> tokenTexts;                  // of sampled tokens, from the file
  LruCache<std::size_t, ActivationStats> activationCache{kActivationCacheBytes};
  mutable LruCache<std::string, SmoothingCurve> curves{std::size_t{64} << 20};  // by curveKey()
  LruCache<std::string, ResidentGroup> residentGroups{kResidentGroupBytes};     // by groupKey()
  std::uint64_t residentBytes = kResidentGroupBytes;
  std::shared_ptr<WhatIfCache> whatIf;  // null until the first preview
  bool isTokenizerLoaded = false;
  std::shared_ptr<const Tokenizer> tokenizer;
  std::string tokenizerProblem;

  void openCheckpointAt(const std::filesystem::path& where);
  void openStatisticsAt(const std::filesystem::path& where);
  void attachEarlierResults(const std::optional<std::filesystem::path>& statistics);
  /// Takes over every layer of the file. Damaged layers are left out with a warning.
  void attach(const std::shared_ptr<const StatisticsFile>& file);
  void attachLayer(LinearId id, const std::shared_ptr<const StatisticsFile>& file);
  /// The sites, output errors and the record of a calibration.
  void attachActivations(const std::shared_ptr<const StatisticsFile>& file);
  bool hasUnwrittenActivations() const;
  void attachPoint(PointId point, const std::string& name, const std::shared_ptr<const StatisticsFile>& file);
  std::shared_ptr<const ActivationStats> pointActivations(const std::string& point);
  void attachSite(std::size_t site, const std::string& name,
                  const std::shared_ptr<const StatisticsFile>& file);
  /// Records must not keep the writer, and with it the lock of the file, alive.
  void releaseWriters();
  /// Waits for a running analysis; cancellable.
  std::unique_lock<std::timed_mutex> lockAnalysis(JobContext& job);
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
  std::shared_ptr<const LayerError> weightError(LinearId id, const Choice& choice);  // without output errors
  std::vector<float> gain(LinearId id) const;

  /// Sampled figures of a linear whose rows stay in memory (core/workspace_whatif.cpp).
  LayerError preview(LinearId id, const Choice& choice, std::shared_ptr<const WeightStats> stats,
                     std::shared_ptr<const ActivationStats> activations, JobContext& job);
  /// The statistics of a linear's input if they support an output error, else null.
  std::shared_ptr<const ActivationStats> usableActivations(LinearId id);
  void clearActivations();
  std::shared_ptr<const ActivationStats> activations(std::size_t site);
  /// A site's statistics become visible; without a writer they stay in memory.
  void keepActivations(std::size_t site, std::shared_ptr<const ActivationStats> stats,
                       const std::shared_ptr<StatisticsWriter>& writer);
  /// Figures of a choice that leaves the weights alone, once its output errors are known. The mutex is held
  /// by the caller.
  std::optional<LayerError> activationOnlyError(LinearId id, const Choice& choice) const;
  /// Copies known output errors into the figures of the same choice. The mutex is held by the caller.
  void addOutputs(LinearId id, const Choice& choice, LayerError& error) const;
  std::vector<Choice> missingOutputs(LinearId id, std::span<const Choice> choices) const;
  /// Measures output errors and keeps them; nothing when the site's statistics support none.
  void measureOutputs(LinearId id, std::span<const Choice> choices, const ActivationStats& activations,
                      JobContext& job);
  /// The model's weights with the plan's smoothing folded in.
  std::shared_ptr<const WeightSource> smoothedSource(const QuantizationPlan& plan,
                                                     const std::filesystem::path& planFolder,
                                                     JobContext& job);
  /// S of every entry of the plan, by smoothing group.
  std::map<std::size_t, std::vector<float>> planFactorsByGroup(const QuantizationPlan& plan,
                                                               const std::filesystem::path& planFolder,
                                                               JobContext& job);
  std::vector<float> planFactors(const PlanSmoothing& smoothing, std::size_t group,
                                 const std::filesystem::path& planFolder, JobContext& job);
  /// Identity of a group's evidence: another calibration is another key. The mutex is held by the caller.
  std::string groupKey(std::size_t group) const;
  std::string curveKey(const CurveRequest& request) const;
  /// Checks the group and gives every reader its choice. Throws Error(Usage) for another number of choices.
  CurveRequest completeRequest(CurveRequest request) const;
  std::shared_ptr<const ResidentGroup> residentGroup(std::size_t group, JobContext& job);
  /// A curve from memory that has what the request (complete) asks for; else null.
  std::shared_ptr<const SmoothingCurve> knownCurve(const CurveRequest& request) const;
  /// The group that smooths a linear's input, if S can be folded.
  std::optional<std::size_t> foldableGroup(LinearId id) const;
  /// The requests that a diagnosis under this choice makes of a group.
  std::vector<CurveRequest> diagnosisCurves(std::size_t group, const Choice& choice) const;
  /// Measures these curves of the linear's group when its output error is over the target.
  void trySmoothing(Workspace& workspace, LinearId id, const Choice& choice, double target, JobContext& job);
  /// What known curves say of one linear.
  std::vector<SmoothedError> smoothedErrors(LinearId id, const Choice& choice) const;
  PerplexityOptions perplexityOptions(const VerifyOptions& options);
  void loadTokenizer();
  /// Text or ids of a source, cut into windows for the model.
  TokenWindows windowsOf(const TextSource& text, WindowOptions options, const ForwardModel& forward);
  std::unique_ptr<ForwardModel> forwardModel(std::shared_ptr<const WeightSource> weights) const;

  // Measuring
  const WeightSource& requireWeights(const std::string& purpose) const;
  WeightStats measureStats(LinearId id, JobContext& job) const;
  /// Choices come back without their activation part: it does not change the figures.
  std::vector<StoredError> measureChoices(LinearId id, const std::vector<Choice>& choices,
                                          const WeightStats* stats, JobContext& job);
  /// The choices that have no figures yet, each weight scheme once.
  std::vector<Choice> missingChoices(LinearId id, std::span<const Choice> choices) const;
  void keep(LinearId id, const std::vector<StoredError>& errors);
  std::uint64_t statsUnits(LinearId id) const;  // what measureStats() counts as work
  std::uint64_t choiceUnits(LinearId id, std::span<const Choice> choices, bool hasStats) const;
  ErrorInput errorInput(LinearId id) const;
  /// The same with the activations, when one of the schemes needs them and there are any. May read a file.
  ErrorInput errorInputFor(LinearId id, std::span<const WeightScheme> schemes);
  void stamp(Evidence& evidence) const;
};

/// For operations on a workspace that stand in files of their own (core/workspace_<topic>.h), outside the
/// class.
struct WorkspaceAccess {
  using State = Workspace::State;
  static State& state(const Workspace& workspace) { return *workspace.m_state; }
};

}  // namespace ql
