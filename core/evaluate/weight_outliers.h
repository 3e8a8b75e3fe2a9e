#pragma once
// How many weights of a matrix are far from its mean, and what the largest and the smallest of them are
// worth: the tables of EasyQuant (arXiv:2403.02775, sec. 4), for every threshold at once.
#include "core/io/weight_source.h"
#include "core/jobs/job_context.h"
#include "core/quant/outlier_split.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace ql {

/// What setting some weights to zero does.
struct PrunedWeights {
  std::uint64_t count = 0;
  double magnitude = 0;               // |w| of the last of them
  double weightRel = 0;               // |W' - W|_F / |W|_F; 0 for a matrix of zeros
  std::optional<double> actWeighted;  // the same with column j weighed by E[x_j^2]
};

struct WeightOutliers {
  WeightSpread spread;
  std::vector<std::uint64_t> counts;  // beyond each n
  std::vector<double> bitsApart;      // what keeping these exact costs, bits a weight (outlierBits())
  PrunedWeights largest, smallest;    // floor(share * count) weights by magnitude
};

/// Four reads of the matrix. Weights of equal magnitude at the edge of the share count in proportion.
/// `meanSquares` [in] of the input, or empty.
WeightOutliers measureWeightOutliers(const WeightSource& source, const MatrixRef& matrix,
                                     std::span<const double> ns, const std::string& rule, double share,
                                     const std::vector<float>& meanSquares, JobContext& job);

}  // namespace ql
