#pragma once
// What is wrong with a linear and what helps, as {code, values}: the window and the command line word it.
// The detector: (a) dead codes over 25 % at 8 bits, (b) column peak ratio over 50 with coverage over 25 %,
// (c) the error over the target: the measured output error when there are activations, else the norm-weighted
// error. The pattern is that of "Uniqueness of LLaMA3-70B",
// arXiv:2408.15301.
#include "core/base/evidence.h"
#include "core/evaluate/layer_error.h"
#include "core/evaluate/output_error.h"
#include "core/model/model.h"
#include "core/stats/activation_stats.h"
#include "core/stats/weight_stats.h"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace ql {

using FindingValue = std::variant<std::int64_t, double, std::string, std::vector<std::int64_t>>;

/// A smoothing of the group that the linear reads from (smooth/smoothing.h).
struct SmoothingRemedy {
  std::string method = "smoothquant", statistic = "max";
  double alpha = 0.5;
  bool operator==(const SmoothingRemedy&) const = default;
};

/// A choice that would help, or with `smoothing` the diagnosed choice behind it, with its measured effect on
/// one figure of this linear.
struct Remedy {
  Choice choice;
  std::string figure;  // field key: "norm_weighted_rel", "output_rel_wa"
  double before = 0, after = 0;
  std::optional<SmoothingRemedy> smoothing;
};

/// What a smoothing that was tried leaves of the linear's output error (smoothedOutputErrors).
struct SmoothedError {
  SmoothingRemedy smoothing;
  OutputError output;
};

/// Codes: weight_outlier_columns, heavy_tails, norm_gain_outliers, activation_outliers, dead_rows,
/// non_finite. values of weight_outlier_columns: channels (list), channel_count, in, rows_set (rows whose
/// scale they set), out, dead_code, dead_code_gaussian, column_peak_ratio, coverage, norm_weighted_rel,
/// criterion ("a", "b" or "ab"), and dead_code_others (of the columns that are not in channels). channels
/// ascend: all columns nearer to the largest than to the median absmax on a log scale. norm_gain_outliers:
/// channels, channel_count, gain_peak_ratio (largest over median |g|), error_share (of the weighted error in
/// these channels) and the error values. heavy_tails: error values, gaussian_rel, kurtosis. dead_rows: rows
/// (at most 64), row_count. non_finite: nans, pos_infs, neg_infs. activation_outliers: channels,
/// channel_count, act_absmax, act_absmax_later (without first tokens), act_channel_peak_ratio, tokens and the
/// error values. Error values include output_rel_w, output_rel_a and output_rel_wa where measured. All: in,
/// out. recommended: index into remedies of the one that reaches the target with the fewest bits; absent when
/// none does.
struct Finding {
  std::string layer;
  std::string code;
  std::map<std::string, FindingValue> values;
  std::vector<Remedy> remedies;  // best measured effect first
  double severity = 0;           // for sorting: the error figure it rests on
  Evidence evidence;
};

struct DiagnosisOptions {
  double target = 0.02;    // norm-weighted (or output) error above which a layer is in trouble
  double deadCode = 0.25;  // criterion (a)
  double peakRatio = 50;   // criterion (b)
  double coverage = 0.25;
  Choice choice;  // the scheme under diagnosis (w8a8 by default)
};

/// The columns whose absmax stands out (> peakRatio x median), largest first; empty when none does.
std::vector<std::int64_t> peakColumns(const WeightStats& stats, double peakRatio);

/// Findings of one linear from its statistics and its error under options.choice; `remedyErrors` are measured
/// errors of candidate choices (groups 128, 64, 32, 16), from which remedies are built. `gain` is the norm
/// gain or empty.
std::vector<Finding> diagnose(const Linear& linear, const WeightStats& stats, const LayerError& error,
                              std::span<const StoredError> candidates, std::span<const float> gain,
                              const DiagnosisOptions& options);

/// The same with what is known of the input: `activations` of the linear's site (null = nothing) and
/// smoothings that were tried, what suits their group best first. Where `error` and candidates hold output
/// errors, they are the figure: of weights and activations when the choice quantizes both, else of the
/// weights. activation_outliers is a detector by effect: rounding the activations alone costs more than the
/// target, and few channels stand out (8 times the median). Where these channels carry most of the weights'
/// output error too, neither the gains of the norm nor heavy tails are reported beside them.
std::vector<Finding> diagnose(const Linear& linear, const WeightStats& stats, const LayerError& error,
                              std::span<const StoredError> candidates, std::span<const float> gain,
                              const ActivationStats* activations, std::span<const SmoothedError> smoothed,
                              const DiagnosisOptions& options);

/// The choices measured as candidates for a choice: the same format with groups of 128, 64, 32, 16 that are
/// below `in`.
std::vector<Choice> remedyCandidates(const Choice& choice, std::int64_t in);
/// The same with the activations in the same groups, for choices with dynamic activations.
std::vector<Choice> activationRemedyCandidates(const Choice& choice, std::int64_t in);

}  // namespace ql
