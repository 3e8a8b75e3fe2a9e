#pragma once
// What a choice costs on one linear, without data: weight error, norm-weighted error, dead codes.
#include "core/base/data_tree.h"
#include "core/base/evidence.h"
#include "core/base/field_list.h"
#include "core/io/weight_source.h"
#include "core/jobs/job_context.h"
#include "core/quant/quantizer.h"
#include "core/quant/scheme.h"
#include "core/stats/weight_stats.h"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace ql {

/// Figures of one linear under one choice. Every *_rel is the square root of an energy ratio, a fraction.
struct LayerError {
  double weightRelFro = 0;                // |Q - W|_F / |W|_F
  double weightRelL1 = 0;                 // sum |Q - W| / sum |W|
  double sqnrDb = 0;                      // +inf when exact, NaN when W is zero
  std::optional<double> normWeightedRel;  // see FieldList; nothing for an all-zero matrix
  bool isNormGainBased = false;           // true: g of the norm; false: column-normalised
  double deadCode = 0;                    // non-zero weights whose code is that of zero, fraction
  double deadCodeGaussian = 0;            // the same for a Gaussian matrix under this scheme
  double columnPeakRatio = 0;
  double maxAbsError = 0;                                     // weight units
  std::optional<double> outputRelW, outputRelA, outputRelWa;  // with activations
  double bitsPerWeight = 0;
  bool hasPartialGroup = false;
  std::vector<Fallback> fallbacks;   // what the method did otherwise than asked for
  std::vector<double> columnError;   // [in] sum over rows of (Q - W)^2
  std::vector<double> columnEnergy;  // [in] sum over rows of W^2; empty when read from a file
  Evidence evidence;
};

/// One linear as measureErrors needs it.
struct ErrorInput {
  MatrixRef matrix;
  double storedBits = 16;
  std::vector<float> gain;  // [in] effective norm gain, empty when no norm feeds the linear
  /// For methods that need data; null without. Of this matrix's input as it reaches it: behind smoothing when
  /// the weights are.
  std::shared_ptr<const ActivationStats> activations = nullptr;
  std::vector<MatrixRef> siblings = {};  // QuantizerInput::siblings
};

/// Measures all choices in one pass over the weights, plus one for ranges when a choice spans rows and
/// `stats` is null, plus one for each choice whose bands of rows do not divide 128 (group_in_channel=100).
/// Bit-identical for any thread count on one CPU model; quantized values are the same on every CPU. Integer
/// schemes per tensor, output channel and group run on SIMD kernels: sums of squares by column within 8e-6,
/// sums of |e| within 2e-5 of exact; all others, and tiles with non-finite or extreme values, in double.
/// Non-finite weights are left out. Steps the job by errorUnits() in all; the caller expect()s them. Throws
/// Error(Unsupported) for a scheme that cannot be measured, Error(Shape) when gain or stats do not fit.
/// Source: the usual definitions of relative error and SQNR; norm-weighted error as in the FieldList below.
std::vector<LayerError> measureErrors(const WeightSource& source, const ErrorInput& input,
                                      std::span<const Choice> choices, const WeightStats* stats,
                                      JobContext& job);

/// What measureErrors() steps a job by: 2 a weight and pass.
std::uint64_t errorUnits(const ErrorInput& input, std::span<const Choice> choices, bool hasStats);

/// Preview from a stratified row sample (the rows with the largest absmax always in), with an interval.
/// Only for schemes whose parts lie inside rows; others are measured exactly.
std::vector<LayerError> previewErrors(const WeightSource& source, const ErrorInput& input,
                                      std::span<const Choice> choices, const WeightStats& stats,
                                      std::int64_t sampleRows, JobContext& job);

/// Dead-code fraction of a Gaussian matrix: P(|w| < s / 2) with s from the expected absmax (or range) of a
/// part.
double gaussianDeadCode(const WeightScheme& scheme, std::int64_t out, std::int64_t in);

/// Relative error of a Gaussian matrix under this scheme: step / sqrt(12) in units of its standard deviation.
double gaussianRelError(const WeightScheme& scheme, std::int64_t out, std::int64_t in);

/// The choice is kept as SPEC; columnEnergy is not stored: it is columns.sumSq of the matrix's statistics.
DataTree toDataTree(const LayerError& error, const Choice& choice);
struct StoredError {
  Choice choice;
  LayerError error;
};
StoredError layerErrorFromDataTree(const DataTree& tree);  // throws Error(Store)

template <>
struct FieldList<LayerError> {
  using S = LayerError;
  static constexpr auto fields = std::make_tuple(
      field("weight_rel_fro", "fraction", "Relative Frobenius error of the weights.", &S::weightRelFro),
      field("weight_rel_l1", "fraction", "Sum of |error| over sum of |w|.", &S::weightRelL1),
      field("sqnr_db", "dB", "Signal to quantization noise ratio of the weights.", &S::sqnrDb),
      field("norm_weighted_rel", "fraction",
            "Output error if normalised activations had unit variance: columns weigh g^2 of the norm, or "
            "1/|W_j|^2 without one.",
            &S::normWeightedRel),
      field("dead_code", "fraction", "Non-zero weights that round to zero.", &S::deadCode),
      field("dead_code_gaussian", "fraction", "Dead codes a Gaussian matrix would have under this scheme.",
            &S::deadCodeGaussian),
      field("column_peak_ratio", "", "Largest over median absmax of the input channels.",
            &S::columnPeakRatio),
      field("max_abs_error", "weight", "Largest |error| of a weight.", &S::maxAbsError),
      field("output_rel_w", "fraction", "Output error on data, weights quantized.", &S::outputRelW),
      field("output_rel_a", "fraction", "Output error on data, activations quantized.", &S::outputRelA),
      field("output_rel_wa", "fraction", "Output error on data, both quantized.", &S::outputRelWa),
      field("bits_per_weight", "bits", "Bits a weight with 32-bit scales and zero points.",
            &S::bitsPerWeight));
};

}  // namespace ql
