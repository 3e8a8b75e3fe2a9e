#pragma once
// Further measures of what a choice costs one linear, beside LayerError and OutputError: those the tools and
// papers report that need no backward pass. Measured on request in a pass of their own, never kept.
#include "core/base/field_list.h"
#include "core/evaluate/layer_error.h"

#include <optional>
#include <span>

namespace ql {

/// e = Q(W) - W = D, y = X W^T, y' its quantized version (activations too where the choice quantizes them),
/// both on the token sample; M = X^T X / T. Nothing = cannot be had: no such evidence, or an energy of 0.
struct MoreMetrics {
  std::optional<double> mse, nmse;                              // mean e^2; sum e^2 / sum w^2
  std::optional<double> errorToStep;                            // largest |e| over the step of its part
  std::optional<double> rowKurtosisMean, rowKurtosisMax;        // of W, see FieldList
  std::optional<double> rowMaxOverMedian, columnMaxOverMedian;  // of W: the worst row, the worst column
  std::optional<double> imatrixRel;                             // sqrt(sum D^2 M_jj / sum W^2 M_jj)
  std::optional<double> outputMse;                              // tr(D M D^T) / out
  std::optional<double> outputSqnrDb;                           // 10 log10 tr(W M W^T) / tr(D M D^T)
  std::optional<double> gptqLoss;                               // tr(D H D^T) / 2
  std::optional<double> hawqTrace;                              // mean(diag 2 M) |D|^2
  std::optional<double> hawqEigenvalue;                         // largest eigenvalue of 2 M, times |D|^2
  std::optional<double> cosineMean, cosineMin;                  // of y and y', over tokens
  std::optional<double> exl2Error;                              // mean over windows of |y' - y|_F / |y|_F
  std::optional<double> actRangeRatio;  // largest over mean absmax of the channels of X
};

/// Figures under one choice; `activations` (may be null) as OutputError takes them. GPTQ's H is 2 M with 1
/// for channels that are always 0 and 1 % of its mean diagonal added (percdamp 0.01); a sample or a diagonal
/// stands in for a second moment that was not kept, as siteMoment() says. Non-finite weights and tokens are
/// left out. Same bits for any thread count. Steps the job by moreMetricsUnits(). Throws what
/// measureOutputErrors() throws. Cost: the columns' medians are 2 to 4 passes over the weights; tr(D M D^T)
/// out * in * in multiply-adds.
/// Sources: GPTQ, arXiv:2210.17323 (loss); HAWQ-V2, arXiv:1911.03852, and HAWQ, arXiv:1905.03696, with the
/// Hessian of the layer's own squared output error; exllamav2 conversion/measure.py (exl2);
/// outlier-free-transformers utils.py (kurtosis); llama.cpp imatrix (diagonal weighting).
MoreMetrics measureMoreMetrics(const WeightSource& source, const ErrorInput& input, const Choice& choice,
                               const ActivationStats* activations, JobContext& job);
std::uint64_t moreMetricsUnits(const ErrorInput& input);

template <>
struct FieldList<MoreMetrics> {
  using S = MoreMetrics;
  static constexpr auto fields = std::make_tuple(
      field("mse", "weight^2", "Mean squared error of the weights.", &S::mse),
      field("nmse", "", "Squared error of the weights over their squares.", &S::nmse),
      field("error_to_step", "",
            "Largest |e| over the step of its row or group: 0.5 where nothing is clipped; integers alone.",
            &S::errorToStep),
      field("row_kurtosis_mean", "",
            "Mean over rows of mean((w - mean)^4) / (std^4 + 1e-6), std unbiased; a Gaussian has 3, less "
            "where the "
            "published 1e-6 counts beside small weights.",
            &S::rowKurtosisMean),
      field("row_kurtosis_max", "", "The largest of the rows' kurtoses.", &S::rowKurtosisMax),
      field("row_max_over_median", "", "Largest |w| over the lower median of |w|, of the worst row.",
            &S::rowMaxOverMedian),
      field("column_max_over_median", "", "Largest |w| over the lower median of |w|, of the worst column.",
            &S::columnMaxOverMedian),
      field("imatrix_rel", "fraction", "Error weighted by the mean of x^2 by input channel.", &S::imatrixRel),
      field("output_mse", "", "Mean squared error of an output, weights quantized: tr(D M D^T) / out.",
            &S::outputMse),
      field("output_sqnr_db", "dB", "Signal to noise ratio of the outputs, weights quantized.",
            &S::outputSqnrDb),
      field("gptq_loss", "", "tr(D H D^T) / 2 with GPTQ's damped H; comparable within a layer only.",
            &S::gptqLoss),
      field("hawq_trace", "", "Mean of the diagonal of 2 M times |D|^2 (HAWQ-V2, layer's own Hessian).",
            &S::hawqTrace),
      field("hawq_eigenvalue", "", "Largest eigenvalue of 2 M times |D|^2 (HAWQ, layer's own Hessian).",
            &S::hawqEigenvalue),
      field("cosine_mean", "",
            "Mean over sampled tokens of the cosine of outputs with and without the choice.", &S::cosineMean),
      field("cosine_min", "", "The smallest of these cosines.", &S::cosineMin),
      field("exl2_error", "fraction", "Mean over windows of the relative output error.", &S::exl2Error),
      field("act_range_ratio", "", "Largest over mean absmax of the input channels.", &S::actRangeRatio));
};

}  // namespace ql
