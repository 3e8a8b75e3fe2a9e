#pragma once
// What the matrix view is told about the matrix it shows: an immutable snapshot, made by the panel.
#include "core/stats/activation_stats.h"
#include "core/stats/weight_stats.h"
#include "widgets/canvas/heatmap.h"

#include <QString>

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace ql {

enum class MatrixQuantity { Magnitude, Signed, Error, Activations, Salience };  // |W|, W, |Q(W) - W|, |X|

/// The sampled tokens of a site as a matrix [tokens, channels]; rows in order of window and position.
struct TokenRowsPicture {
  std::shared_ptr<const ActivationStats> stats;
  std::shared_ptr<const WeightSource> source;
  std::vector<QString> texts;       // by row; empty where unknown
  std::vector<float> tokenAbsmax;   // by row
  double typical = 0, largest = 0;  // median and largest |x| of the sample
};
/// Never null; slow for large samples: call from jobs. `text` words a token id.
std::shared_ptr<const TokenRowsPicture> makeTokenRows(std::shared_ptr<const ActivationStats> stats,
                                                      const std::function<QString(std::int32_t)>& text);

/// Hessian salience of the weights as a matrix (salience_lab.h).
struct SaliencePicture {
  std::shared_ptr<const WeightSource> source;
  std::vector<double> factors;     // [in] what w^2 is multiplied with
  std::vector<float> columnSums;   // [in]
  std::vector<std::int64_t> dead;  // input channels that were always zero, ascending
  float threshold = 0;             // weights under it are left out of the picture
};

struct MatrixContent {
  QString name;                                  // "model.layers.0.self_attn.q_proj"
  std::int64_t out = 0, in = 0;                  // rows, columns
  std::shared_ptr<const WeightStats> stats;      // null until measured
  std::vector<float> gain;                       // norm gain by column, may be empty
  std::vector<float> inputAbsmax;                // largest |x| by column, empty without activations
  std::vector<std::int64_t> flaggedColumns;      // of findings, ascending
  QString schemeText;                            // of the shown choice: "int8 g32"
  std::string choiceKey;                         // tells choices apart whose text is the same
  std::int64_t groupColumns = 0, groupRows = 0;  // its parts' edges, 0 = not divided that way
  bool hasWeights = true;                        // false: only statistics are open
  MatrixRef matrix;
  std::shared_ptr<const TokenRowsPicture> tokens;   // set: rows are tokens, values are activations
  std::shared_ptr<const SaliencePicture> salience;  // set: values are saliences

  /// Largest magnitudes by column and by row for the marginals; null until known. With tokens, columns are
  /// over all calibration tokens where those are known; with salience, columns are sums and rows not known.
  const std::vector<float>* columnProfile() const;
  const std::vector<float>* rowProfile() const;
};

/// What a picture is made of; equal requests make equal pictures.
struct MatrixRequest {
  MatrixViewport viewport;
  PoolKind pool = PoolKind::Max;
  ColorScale colors;
  bool operator==(const MatrixRequest& other) const;
  /// The same values, maybe in other colours.
  bool hasValuesOf(const MatrixRequest& other) const;
};

/// Magnitudes that the colour range is fitted to.
struct MatrixLevels {
  double typical = 0;  // median magnitude
  double largest = 0;
  bool operator==(const MatrixLevels&) const = default;
};

/// What is known about one weight.
struct MatrixCell {
  std::int64_t row = -1, column = -1;
  float weight = 0;
  std::optional<float> quantized;  // under the shown choice
};

}  // namespace ql
