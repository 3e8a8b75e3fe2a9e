#pragma once
// The hook of a calibration: feeds the accumulators of one block's sites while the block runs.
#include "core/calib/calibration.h"
#include "core/calib/memory_plan.h"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace ql {

/// What is kept of a tensor point: nothing is multiplied by it, so neither sketch nor second moment.
AccumulatorOptions pointOptions(const AccumulatorOptions& sites);
inline constexpr int kPointKinds = 4;

struct CollectorOptions {
  CalibrationOptions calibration;
  std::int64_t hidden = 0;           // width of the hidden states
  std::set<std::size_t> withMoment;  // sites whose second moment is kept
  std::int64_t expertSample = 0;     // sample tokens of an expert's sites
};

class SiteCollector : public ForwardHook {
 public:
  SiteCollector(const Model& model, const SiteTable& table, CollectorOptions options);

  void site(std::size_t site, const TokenRows& rows, std::span<const float> x, JobContext& job) override;
  void point(PointId point, const TokenRows& rows, std::span<float> x, JobContext& job) override;
  void experts(int block, std::span<const std::uint64_t> tokens) override;

  /// Work of a site by the clock of ForwardModel::blockUnits(): what site() steps the job by.
  std::uint64_t units(std::size_t site, std::int64_t tokens) const;
  /// The same of all points of a block, counted as if each were as wide as the hidden states.
  std::uint64_t pointUnits(std::int64_t tokens, std::int64_t hidden) const;
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
  std::map<PointKind, ActivationAccumulator> m_points;
  std::vector<std::uint64_t> m_expertTokens;
};

}  // namespace ql
