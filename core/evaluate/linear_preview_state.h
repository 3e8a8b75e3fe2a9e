#pragma once
// What a LinearPreview holds. Internal to linear_preview*.cpp.
#include "core/evaluate/error_figures.h"
#include "core/evaluate/group_inputs.h"
#include "core/evaluate/linear_preview.h"
#include "core/evaluate/sampled_readers.h"
#include "core/evaluate/sampled_rows.h"
#include "core/evaluate/weight_energy.h"

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace ql {

inline constexpr std::size_t kKeptSchemes = 3;  // of activations

/// Sums over the sampled rows under one scheme.
struct PreviewedWeights {
  std::vector<double> weighted, energy, square, wholeSquare;  // [rows]
  SchemeSums sums;                                            // each row times the rows it stands for
  double weightAbs = 0, deadCodes = 0;
};

/// Activations rounded under one scheme.
struct PreviewedActivations {
  ActScheme scheme;
  std::shared_ptr<const RoundedInputs> inputs;
  std::vector<float> outputs;  // [tokens, rows] (Q(X) - X) W^T
  std::vector<double> errors;  // [rows]
};

struct LinearPreview::State {
  ErrorInput input;
  std::shared_ptr<const WeightStats> stats;
  std::shared_ptr<const ActivationStats> activations, moments;  // null without
  SampledRows sample;
  std::vector<float> ones;
  std::vector<double> columnWeights, rowWeights;

  // with activations
  GroupInputs tokens;
  bool hasTokens = false, usesSampleRange = false;
  std::vector<double> energy, known;  // [rows] |Y_r|^2; sum_j w_rj^2 sum_t x_tj^2
  double knownTotal = 0;
  std::optional<WeightEnergy> momentEnergy;  // slot 0 is W, slot 1 empty
  std::vector<double> momentKnown;           // [rows] sum_j w_rj^2 M_jj
  double momentKnownTotal = 0;

  mutable PreviewScratchPool pool;
  mutable std::mutex mutex;
  mutable std::vector<std::shared_ptr<const PreviewedActivations>> kept;  // newest last

  std::size_t width() const { return sample.width(); }
  std::size_t rowCount() const { return sample.rows.size(); }

  // linear_preview.cpp
  PreviewedWeights weightSums(const std::vector<float>& d, JobContext& job) const;
  LayerError weightError(const Choice& choice, const std::vector<float>& d, JobContext& job) const;

  // linear_preview_output.cpp
  void prepareTokens(JobContext& job);
  void prepareMoments(JobContext& job);
  /// sum_j w_rj^2 m_j of the sampled rows, m [in].
  std::vector<double> diagonalEnergies(const std::vector<double>& m, JobContext& job) const;
  /// The same of all rows of the matrix together.
  double diagonalTotal(const std::vector<double>& m) const;
  std::shared_ptr<const PreviewedActivations> roundedUnder(const ActScheme& scheme, JobContext& job) const;
  /// Of squared errors [rows] on the token sample.
  SampledFigure onTokens(const std::vector<double>& errors) const;
  /// w from what is known of X^T X.
  SampledFigure onMoments(const std::vector<float>& d, JobContext& job) const;
  OutputError emptyOutput(const Choice& choice) const;
  OutputError outputError(const Choice& choice, const PreviewScratch& scratch, std::vector<float>& product,
                          JobContext& job) const;
};

}  // namespace ql
