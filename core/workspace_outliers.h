#pragma once
// Weight outliers of an opened model: EasyQuant's tables by module type and by block.
#include "core/base/evidence.h"
#include "core/evaluate/weight_outliers.h"
#include "core/workspace.h"

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace ql {

struct OutlierRequest {
  std::vector<LinearId> linears;          // empty = all quantizable ones
  std::vector<double> ns{2, 3, 4, 5, 6};  // times the standard deviation (or variance) of each matrix
  std::string rule = "sigma";             // or "variance"
  double pruneShare = 0.01;               // of the weights, largest and smallest
};

struct LayerOutliers {
  LinearId id = 0;
  WeightOutliers outliers;
  Evidence evidence;
};

/// Several layers together: sums, not means of fractions.
struct OutlierSums {
  std::uint64_t layers = 0, weights = 0;
  std::vector<std::uint64_t> counts;  // beyond each n
};

struct OutlierReport {
  OutlierRequest request;
  std::vector<LayerOutliers> layers;         // in network order
  std::map<std::string, OutlierSums> roles;  // by roleName()
  std::map<int, OutlierSums> blocks;         // those that stand in one
  OutlierSums total;
};

/// Four reads of each matrix. What the input of a layer weighs comes from its statistics where there are any.
/// Throws Error(Usage) for a wrong request, Error(Unsupported) when only a statistics file is open, what the
/// source throws, Cancelled.
OutlierReport outlierReport(Workspace& workspace, const OutlierRequest& request, JobContext& job);

}  // namespace ql
