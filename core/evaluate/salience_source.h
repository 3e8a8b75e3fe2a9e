#pragma once
// Salience of single weights as a matrix, so that pictures and tables read it like any other; and the mask of
// the largest ones.
#include "core/io/weight_source.h"
#include "core/jobs/job_context.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace ql {

/// Hands out w^2 times the factor of its column, as float32; what lies under `threshold` is 0. A dead column
/// (factor 0) is 0 whatever its weights are; elsewhere a NaN stays one and an infinity is +Inf.
class SalienceSource : public WeightSource {
 public:
  /// factors [in] as of salienceFactors(), of the matrices read through this.
  SalienceSource(std::shared_ptr<const WeightSource> inner, std::vector<double> factors, float threshold = 0);
  void readRows(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd,
                std::span<float> out) const override;
  void release(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd) const override;
  void check(const MatrixRef& matrix) const override;

 private:
  std::shared_ptr<const WeightSource> m_inner;
  std::vector<double> m_factors;
  float m_threshold;
};

/// The weights of largest salience.
struct SalienceMask {
  double fraction = 0;                      // asked for
  float threshold = 0;                      // the mask is salience >= threshold
  std::uint64_t count = 0;                  // weights in it: ties at the threshold are in
  double share = 0;                         // of the total salience
  std::vector<std::uint32_t> columnCounts;  // [in] weights of the mask by column
  std::int64_t columns = 0;                 // that have any
};

/// The k-th largest of all saliences, k = ceil(fraction * weights), found exactly by counting the values'
/// upper and lower 16 bits; weights that are 0 or not finite are never in. Three passes over `salience`,
/// whose rows hold no negative values. Bits do not depend on threads. Steps the job by maskUnits() in all.
/// Throws Error(Usage) for a fraction outside 0..1.
SalienceMask salienceMask(const WeightSource& salience, const MatrixRef& matrix, double fraction,
                          JobContext& job);
std::uint64_t maskUnits(const MatrixRef& matrix);

}  // namespace ql
