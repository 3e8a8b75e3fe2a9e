#pragma once
// What is known about the input X [tokens, width] of a site: extremes and moments by channel, a sample of
// tokens, a sketch of X^T X, and X^T X itself where memory allows. Evidence from elsewhere fills a part of
// it.
#include "core/base/data_tree.h"
#include "core/base/evidence.h"
#include "core/base/field_list.h"
#include "core/linalg/second_moment.h"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace ql {

/// Extremes and sums by channel over a set of tokens, [width] each; an empty vector = not known (imported).
struct ChannelMoments {
  std::uint64_t tokens = 0;
  std::vector<float> absmax, min, max;
  std::vector<double> sum, sumAbs, sumSq, sumCube, sumQuad;  // over tokens of x, |x|, x^2, x^3, x^4

  double mean(std::size_t channel) const;
  double meanAbs(std::size_t channel) const;
  double meanSq(std::size_t channel) const;    // the diagonal of M = X^T X / T
  double kurtosis(std::size_t channel) const;  // mean((x - mean)^4) / variance^2; 0 for a constant channel
  void merge(const ChannelMoments& later);     // the fields that both know
};

/// Tokens kept whole: the first token of the first window, then a uniform reservoir (algorithm R) of the
/// others.
struct TokenSample {
  std::int64_t width = 0;
  std::uint64_t seed = 0;
  std::vector<std::int32_t> ids;        // token ids, -1 = unknown
  std::vector<std::int32_t> positions;  // place in its window, from 0
  std::vector<std::int32_t> windows;    // number of its window
  std::vector<float> values;            // [ids.size(), width], in order of (window, position)
  std::int64_t count() const { return static_cast<std::int64_t>(ids.size()); }
  std::span<const float> row(std::int64_t i) const;
};

/// Z = X^T G / sqrt(T), G [T, k] of random signs: tr(D M D^T) is estimated as in evaluate/output_error.h.
struct ActivationSketch {
  int k = 0;
  std::uint64_t seed = 0;
  std::vector<float> z;  // [width, k] row-major; empty = none
};

/// Scalars of one site: what tables show.
struct ActivationSummary {
  double absmax = 0, absmaxLater = 0;         // of all tokens; without first tokens
  std::int64_t peakChannel = -1;              // of absmax
  double channelPeakRatio = 0;                // largest over lower median of the channels' absmax
  double meanAbs = 0, rms = 0, kurtosis = 0;  // of all values; kurtosis: mean over channels weighted alike
  std::uint64_t tokens = 0;                   // in the statistics: those without NaN and infinities
  std::uint64_t nans = 0, infs = 0;           // values, of the tokens left out
  std::uint64_t skippedTokens = 0;            // left out for a NaN or an infinity
  std::int64_t outlierChannels = 0;           // channels with absmax >= 6.0 (LLM.int8, arXiv:2208.07339)
  std::int64_t sigmaChannels =
      0;  // channels whose rms is >= 6 standard deviations above the channels' mean rms
  double tokenAbsmax50 = 0, tokenAbsmax99 = 0, tokenAbsmax100 = 0;  // quantiles of the tokens' absmax (lower)
  std::optional<double> effectiveRank, conditionNumber;
};

/// Where statistics of a site come from; decides what they can support.
enum class ActivationOrigin { Calibration, ActivationFile, Capture, Imatrix, ActScales };
std::string_view activationOriginName(
    ActivationOrigin origin);  // "calibration", "activations file", "imatrix", ...

struct ActivationStats {
  std::int64_t width = 0;
  ActivationOrigin origin = ActivationOrigin::Calibration;
  ChannelMoments all;              // every token
  ChannelMoments first;            // tokens at position 0 alone (often massive)
  std::vector<float> laterAbsmax;  // [width] absmax without position 0
  std::vector<float> medianAbs;    // [width] lower median of |x| on the sample; empty without a sample
  std::vector<float> tokenAbsmaxQuantiles;  // 0, 1, 5, 25, 50, 75, 95, 99, 99.9, 100 % of the tokens' absmax
  TokenSample sample;
  ActivationSketch sketch;
  std::shared_ptr<const SecondMoment> secondMoment;  // null when not kept
  ActivationSummary summary;
  Evidence evidence;

  bool hasExtremes() const { return !all.absmax.empty(); }
  bool hasDiagonal() const { return !all.sumSq.empty(); }
  bool hasSample() const { return sample.count() > 0; }
  bool hasSketch() const { return !sketch.z.empty(); }
};

enum class ActivationNeed { Extremes, Diagonal, Sample, OutputErrorW, OutputErrorWa, Median };
/// Why these statistics cannot support something, as one clause for the screen ("an imatrix keeps only the
/// mean of x^2: no token sample to quantize"); empty when they can.
std::string missingReason(const ActivationStats& stats, ActivationNeed need);

/// Fills medianAbs from the sample and summary from everything else. What only the maker knows is kept as it
/// is: nans, infs, skippedTokens, effectiveRank, conditionNumber, and the tokens' quantiles where
/// tokenAbsmaxQuantiles is empty.
void summarize(ActivationStats& stats);

/// To and from the statistics file: /sites/<name>/input. The round trip is exact; the second moment goes
/// along only with `withMoment`. What may lie there, all of it little endian; sums are F64 or F32:
///   attributes  width, tokens_seen, origin ("calibration", "activations file", "capture", ...),
///               sample_seed, sketch_seed, second_moment_tokens
///   [width]     absmax, min, max, sum (or mean), sum_abs (or mean_abs), sum_sq, sum_cube, sum_quad,
///               later_absmax, median_abs
///   [10]        token_absmax_quantiles
///   [n, width]  token_sample, with token_ids, token_positions and token_windows [n] (I32 or I64)
///   [width, k]  sketch
///   flat        second_moment: SecondMoment::values()
///   children    first_token (tokens_seen and the moments again), summary, evidence
/// Everything but width and tokens_seen may be missing. Throws Error(Store) for wrong sizes, values that are
/// not finite, and numbers that contradict each other.
DataTree toDataTree(const ActivationStats& stats, bool withMoment);
ActivationStats activationStatsFromDataTree(const DataTree& tree);

template <>
struct FieldList<ActivationSummary> {
  using S = ActivationSummary;
  static constexpr auto fields = std::make_tuple(
      field("act_absmax", "activation", "Largest |x|.", &S::absmax),
      field("act_absmax_later", "activation", "Largest |x| without the first token of each window.",
            &S::absmaxLater),
      field("act_peak_channel", "", "Channel of the largest |x|.", &S::peakChannel),
      field("act_channel_peak_ratio", "", "Largest over median absmax of the channels of X.",
            &S::channelPeakRatio),
      field("act_mean_abs", "activation", "Mean of |x|.", &S::meanAbs),
      field("act_rms", "activation", "Root of the mean of x^2.", &S::rms),
      field("act_kurtosis", "", "Mean over channels of the fourth standardised moment.", &S::kurtosis),
      field("act_tokens", "", "Tokens seen.", &S::tokens), field("act_nans", "", "NaN values.", &S::nans),
      field("act_infs", "", "Infinite values.", &S::infs),
      field("act_skipped_tokens", "", "Tokens left out for a NaN or an infinity.", &S::skippedTokens),
      field("act_outlier_channels", "", "Channels with an |x| of at least 6.0 (LLM.int8).",
            &S::outlierChannels),
      field("act_sigma_channels", "", "Channels whose rms is 6 standard deviations above the mean rms.",
            &S::sigmaChannels),
      field("act_token_absmax_50", "activation", "Median of the tokens' absmax.", &S::tokenAbsmax50),
      field("act_token_absmax_99", "activation", "99 % quantile of the tokens' absmax.", &S::tokenAbsmax99),
      field("act_token_absmax_100", "activation", "Largest of the tokens' absmax.", &S::tokenAbsmax100),
      field("act_effective_rank", "", "tr(M)^2 / |M|_F^2 of the second moment M.", &S::effectiveRank),
      field("act_condition_number", "", "Largest over smallest eigenvalue of M (Lanczos).",
            &S::conditionNumber));
};

}  // namespace ql
