#pragma once
// The hook of a calibration: feeds the accumulators of one block's sites while the block runs.
#include "core/calib/calibration.h"
#include "core/calib/memory_plan.h"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace ql {

struct CollectorOptions {
  CalibrationOptions calibration;
  std::set<std::size_t> withMoment;  // sites whose second moment is kept
  std::int64_t expertSample = 0;     // sample tokens of an expert's sites
};

class SiteCollector : public ForwardHook {
 public:
  SiteCollector(const Model& model, const SiteTable& table, CollectorOptions options);

  void site(std::size_t site, const TokenRows& rows, std::span<const float> x, JobContext& job) override;
  void experts(int block, std::span<const std::uint64_t> tokens) override;

  /// Work of a site by the clock of ForwardModel::blockUnits(): what site() steps the job by.
  std::uint64_t units(std::size_t site, std::int64_t tokens) const;
  /// Statistics of all sites seen, in order of Model::sites, expert tokens, and warnings about NaN and
  /// experts that saw nothing. An expert's gate and up point to the router's second moment.
  BlockActivations finish(int block, JobContext& job);

 private:
  void share(std::vector<std::pair<std::size_t, ActivationStats>>& sites) const;
  void warn(BlockActivations& result) const;

  const Model& m_model;
  const SiteTable& m_table;
  CollectorOptions m_options;
  std::map<std::size_t, ActivationAccumulator> m_accumulators;
  std::vector<std::uint64_t> m_expertTokens;
};

}  // namespace ql
