#pragma once
// The only door that the window and the command line use: an opened model with its results, and every
// operation of the product as one function. Thread-safe: results are immutable snapshots.
#include "core/base/evidence.h"
#include "core/calib/calibration.h"
#include "core/calib/tokenizer.h"
#include "core/evaluate/diagnosis.h"
#include "core/evaluate/layer_error.h"
#include "core/evaluate/output_error.h"
#include "core/evaluate/smoothing_curve.h"
#include "core/export/exporter.h"
#include "core/io/checkpoint.h"
#include "core/jobs/job_context.h"
#include "core/model/model.h"
#include "core/plan/plan.h"
#include "core/plan/plan_edit.h"
#include "core/stats/activation_stats.h"
#include "core/stats/weight_stats.h"

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace ql {

struct AnalyzeOptions {
  std::filesystem::path output;  // empty = the cache
  bool resume = true;
  std::vector<Choice> choices;    // errors measured beside the statistics; empty = w8a8 and its remedies
  std::vector<LinearId> linears;  // empty = all quantizable ones, then the others
};

/// Called on worker threads as each linear is finished (also for those found in the store).
using LayerDone = std::function<void(LinearId)>;

/// Where text for the model comes from.
struct TextSource {
  std::filesystem::path text;       // UTF-8 text, tokenized with the model's own tokenizer
  std::filesystem::path ids;        // or token ids: .npy, .safetensors, .txt
  std::filesystem::path tokenizer;  // folder or file to use instead of the model's own
};

struct CalibrateOptions {
  TextSource source;
  WindowOptions windows;          // context, maxTokens
  std::uint64_t memoryBytes = 0;  // 0 = 60 % of what is available
  AccumulatorOptions accumulator;
  bool keepMoments = false;  // write second moments to the file
  bool expertMoments = false;
  bool withPoints = false;  // also the residual sums and caches
  bool resume = true;
  std::filesystem::path output;  // as of AnalyzeOptions
};

/// What the activations at hand rest on; shown beside every figure made from them.
struct CalibrationRecord {
  ActivationOrigin origin = ActivationOrigin::Calibration;
  std::string source;  // file name of the text or import
  std::string data;    // SHA-256 of windows or file
  std::uint64_t tokens = 0;
  std::int64_t context = 0, windows = 0;
  std::size_t sites = 0;   // sites with statistics
  bool isComplete = true;  // false: a calibration that has not ended
};

struct VerifyOptions {
  TextSource source;
  WindowOptions windows;
  std::uint64_t memoryBytes = 0;
  bool withReference = true;  // also the model as it is, and the KL divergence from it
  std::filesystem::path
      planFolder;  // where relative names in the plan count from; empty = the working folder
};

/// What verify() found, and on what.
struct Verification : PerplexityPair {
  std::int64_t context = 0;
  Evidence evidence;  // n = predictions, data = identity of the windows
};

/// A smoothing group and how its readers would be quantized.
struct CurveRequest {
  std::size_t group = 0;        // index in Model::smoothingGroups
  std::vector<Choice> choices;  // of its readers in their order; one alone = of every quantizable one
  SmoothingCurveOptions curve;
};

class Analysis;       // workspace_analyze.cpp
struct ApplyOptions;  // core/applied_checkpoint.h
struct ApplyReport;
struct SmoothingReportRequest;  // core/smoothing_report.h
struct SmoothingReport;

class Workspace {
 public:
  /// Opens a folder, a weight file, an index or a statistics file. Header only; earlier results of the same
  /// fingerprint (the cache, or `statistics`) are attached. Throws Error.
  static std::shared_ptr<Workspace> open(
      const std::filesystem::path& path,
      const std::optional<std::filesystem::path>& statistics = std::nullopt);
  ~Workspace();

  const Model& model() const;
  const std::string& fingerprint() const;
  const std::filesystem::path& path() const;
  const Checkpoint* checkpoint() const;                 // null when only a statistics file is open
  std::shared_ptr<const WeightSource> weights() const;  // null when only a statistics file is open
  const std::vector<TensorInfo>& tensors()
      const;                                // also when only a statistics file is open (then without places)
  std::uint64_t sizeBytes() const;          // of all tensors
  std::filesystem::path cacheFile() const;  // $XDG_CACHE_HOME/quantloupe/<fingerprint>/statistics.h5
  std::vector<std::string> warnings()
      const;  // of checkpoint, model and store ("numbers of another checkpoint ignored")

  // Results
  // -----------------------------------------------------------------------------------------------------
  /// From memory or the store; null until measured.
  std::shared_ptr<const WeightStats> weightStats(LinearId id) const;
  /// Its summary alone; always in memory, so tables and grids over all linears ask for this one.
  std::optional<WeightSummary> weightSummary(LinearId id) const;
  /// The error of a linear under a choice if it was measured already. The activation part of the choice plays
  /// no role. Null for a choice that leaves the weights alone.
  std::shared_ptr<const LayerError> error(LinearId id, const Choice& choice) const;
  /// The same without columnError and columnEnergy; always in memory.
  std::optional<LayerError> errorFigures(LinearId id, const Choice& choice) const;
  std::size_t measuredCount() const;  // linears with statistics
  /// Effective norm gain [in] (normOffset + w), empty when no norm feeds the linear. Kept with the
  /// statistics.
  std::vector<float> gain(LinearId id) const;

  // Activations
  // ---------------------------------------------------------------------------------------------------
  /// What there is; nothing without activations.
  std::optional<CalibrationRecord> calibrationRecord() const;
  /// Statistics of a site (index in Model::sites) from memory or the store; null when there are none. May
  /// read a file: call from jobs.
  std::shared_ptr<const ActivationStats> activations(std::size_t site) const;
  /// Its summary alone; always in memory.
  std::optional<ActivationSummary> activationSummary(std::size_t site) const;
  /// Output errors of a linear under a choice, activation part included, if measured; always in memory.
  std::optional<OutputError> outputError(LinearId id, const Choice& choice) const;
  /// Tensor points with statistics, in network order, and what is known of them; as of the sites.
  std::vector<std::string> pointNames() const;
  std::shared_ptr<const ActivationStats> pointActivations(const std::string& point) const;
  std::optional<ActivationSummary> pointSummary(const std::string& point) const;
  /// Tokens each expert saw, by block; empty for dense models or without calibration.
  ExpertCoverage expertCoverage() const;
  /// The model's tokenizer, or null when it has none that can be read (tokenizerProblem() says why).
  std::shared_ptr<const Tokenizer> tokenizer() const;
  std::string tokenizerProblem() const;
  /// The text of a token for the screen, from the tokenizer or from what the statistics file kept of the
  /// sampled tokens; "#17" when neither knows it, empty for an unknown id (-1).
  std::string tokenText(std::int32_t id) const;
  /// Why the model cannot be run here, as one sentence; empty when it can.
  std::string forwardProblem() const;

  /// Runs the model on text block by block; statistics of the sites go into the statistics file as they come.
  /// Killed or cancelled, the same call continues behind the last finished block. Throws Error.
  void calibrate(const CalibrateOptions& options, JobContext& job,
                 const std::function<void(int block)>& done = {});
  /// Throws what calibrate() would say at once: no forward pass, no tokenizer, a text that cannot be used.
  /// Worth asking before hours of weight statistics.
  void checkCalibration(const CalibrateOptions& options) const;
  /// Takes activation statistics from a file (activation_import.h) instead. `output` as of AnalyzeOptions.
  /// As importActivations, but the results stay in memory and no file is touched.
  void useActivations(const std::filesystem::path& file, JobContext& job);
  void importActivations(const std::filesystem::path& file, const std::filesystem::path& output,
                         JobContext& job);
  /// Output errors of the given linears under the given choices; measures what is missing. Linears whose site
  /// has no usable activations are passed over.
  void measureOutputs(std::span<const LinearId> linears, std::span<const Choice> choices, JobContext& job,
                      const LayerDone& done = {});
  /// Perplexity of the model under a plan (null: as it is), with the KL divergence from the model as it is.
  Verification verify(const QuantizationPlan* plan, const VerifyOptions& options, JobContext& job,
                      const std::function<void(std::size_t, const WindowScore&,
                                               const std::optional<WindowScore>&)>& sink = {});
  /// The model's weights with a plan's smoothing folded in and its weight schemes applied. Smoothing factors
  /// come from the file the plan names (relative to `planFolder`), else from the activations at hand. Throws
  /// Error(Plan) for smoothing that fits no group or cannot be folded, Error(Unsupported) for want of
  /// activations.
  std::shared_ptr<const WeightSource> plannedSource(const QuantizationPlan& plan,
                                                    const std::filesystem::path& planFolder,
                                                    JobContext& job) const;

  /// What smoothing would do, group by group: whether it can be folded in, S, errors before and after of all
  /// readers together, the best alpha, residuals. A group without evidence says why; nothing is written.
  /// Throws Error(Unsupported) when only a statistics file is open, Error(Usage) for wrong options.
  SmoothingReport smoothingReport(const SmoothingReportRequest& request, JobContext& job) const;
  /// Writes the checkpoint that a plan makes of this one: same names, dtypes, shapes, shards and index, side
  /// files copied. Atomic: the folder appears when all of it is there; an interrupted run leaves finished
  /// shards in a hidden sibling for `resume`. Memory does not depend on the model's size. Throws Error(Plan)
  /// for a plan that changes nothing or cannot be folded in, Error(Usage) for the model's own folder,
  /// Error(Io) for a folder with other files or too little space, Error(Numeric) when a weight becomes
  /// infinite, Error(Unsupported) for tensors that are not BF16, F16, F32 or F64.
  ApplyReport apply(const QuantizationPlan& plan, const ApplyOptions& options, JobContext& job);

  // Smoothing
  // ---------------------------------------------------------------------------------------------------
  /// error(alpha) of a group on its token sample: from memory, else measured, `sink` seeing it point by
  /// point. The readers' weights stay in memory for the next call as far as setResidentBytes() allows. Also
  /// for groups that cannot be folded. Throws Error(Unsupported) without weights or a token sample, and what
  /// measureSmoothingCurve() throws.
  std::shared_ptr<const SmoothingCurve> smoothingCurve(const CurveRequest& request, JobContext& job,
                                                       const CurveSink& sink = {});
  /// The same if it was measured before, else null.
  std::shared_ptr<const SmoothingCurve> knownSmoothingCurve(const CurveRequest& request) const;
  /// The group's figures under request.curve.smoothing at its alpha: w, a and wa.
  SmoothingPoint smoothedFigures(const CurveRequest& request, JobContext& job);
  /// What a plan does with the readers of a group.
  std::vector<Choice> groupChoices(const QuantizationPlan& plan, std::size_t group) const;
  /// Memory for weights that stay between calls, 1 GiB at first; drops what is there.
  void setResidentBytes(std::uint64_t bytes);

  // Operations
  // --------------------------------------------------------------------------------------------------
  /// Statistics and errors of every linear into the statistics file, as they come; the linears one after
  /// another, each on all cores. Cancelled or killed, it continues where it was the next time. A cache that
  /// cannot be written is a warning and the results stay in memory; an `output` that cannot be written is
  /// Error(Io | Store).
  void analyze(const AnalyzeOptions& options, JobContext& job, const LayerDone& done = {});
  /// Errors of the given linears under the given choices; measures what is missing, one pass a linear.
  /// Results stay in memory as long as this object (about 16 bytes an input channel and choice); only
  /// analyze() writes files. Throws Error(Unsupported) when the weights are needed but only a statistics file
  /// is open.
  void measure(std::span<const LinearId> linears, std::span<const Choice> choices, JobContext& job,
               const LayerDone& done = {});
  /// One linear with a preview first: calls `sink` with sampled figures, then with exact ones.
  void whatIf(LinearId id, const Choice& choice, JobContext& job,
              const std::function<void(std::shared_ptr<const LayerError>)>& sink);
  /// Findings, worst first. Measures what is missing; for groups that can be folded and whose readers miss
  /// the target it also tries bi-smoothing (median) and SmoothQuant, at alpha 0.5 and at the group's best.
  std::vector<Finding> diagnose(const DiagnosisOptions& options, JobContext& job);
  /// Findings of one linear from what has been measured so far, curves over alpha of its group under this
  /// choice among it; never reads weights.
  std::vector<Finding> findings(LinearId id, const DiagnosisOptions& options) const;

  /// A pyramid for pictures, finest tile 8, built once and kept for the last few matrices.
  /// `scheme` nothing: of W; else of |Q(W) - W| under it.
  std::shared_ptr<const TilePyramid> picturePyramid(LinearId id, const std::optional<WeightScheme>& scheme,
                                                    JobContext& job);
  /// W, or Q(W) - W under a scheme, as rows.
  std::shared_ptr<const WeightSource> errorSource(LinearId id, const WeightScheme& scheme, JobContext& job);

  QuantizationPlan newPlan(const Choice& defaultChoice) const;

  struct ScanResult {
    std::string tensor;
    std::uint64_t count, nans, posInfs, negInfs, zeros;
  };
  /// NaN/Inf/zero census of every convertible tensor.
  std::vector<ScanResult> scan(JobContext& job) const;

 private:
  friend class Analysis;
  friend class CalibrationRun;
  friend class ResultWriter;
  friend struct WorkspaceAccess;  // core/workspace_state.h
  struct State;
  explicit Workspace(std::unique_ptr<State> state);
  std::unique_ptr<State> m_state;
};

/// w8a8 per channel, the choice every model is measured with first.
Choice defaultChoice();

}  // namespace ql
