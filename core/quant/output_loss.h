#pragma once
// How much a change of weights changes a layer's output: sums of d M d^T over rows, M = X^T X / T. For
// methods that compare candidates; errors for the screen are measured in evaluate.
#include "core/jobs/job_context.h"
#include "core/stats/site_moment.h"

#include <cstdint>
#include <span>
#include <vector>

namespace ql {

/// Squared output errors a token. `site` must outlive it. Same bits for any number of threads.
class OutputLoss {
 public:
  explicit OutputLoss(const SiteMoment& site) : m_site(site) {}
  /// Sum over the rows of d [rows, in] of d M d^T: products in float32, sums in double. Parallel.
  double of(std::span<const float> d, std::int64_t rows, JobContext& job);

 private:
  const SiteMoment& m_site;
  std::vector<float> m_product;
};

/// The blocks of M along its diagonal that the groups of a row meet.
class GroupLoss {
 public:
  /// `group` columns each, the last may be fewer; memory in * group floats, none when it is the whole row.
  GroupLoss(const SiteMoment& site, std::int64_t group);
  std::size_t groups() const { return m_groups; }
  /// loss [rows, groups] of d [rows, in]. Parallel.
  void of(std::span<const float> d, std::int64_t rows, std::span<double> loss, JobContext& job);

 private:
  void ofGroup(std::span<const float> d, std::int64_t rows, std::size_t group, std::span<double> loss) const;

  const SiteMoment& m_site;
  std::size_t m_in, m_group, m_groups;
  std::vector<float> m_blocks;   // [groups][group, group], the last one smaller
  std::vector<float> m_product;  // of whole rows
};

}  // namespace ql
