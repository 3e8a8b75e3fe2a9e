#include "core/calib/collector.h"

#include "core/base/message_text.h"

#include <algorithm>
#include <utility>

namespace ql {
namespace {

// Moments and a sketch of 32 columns cost about as much as so many multiply-adds of the GEMM a value.
constexpr std::uint64_t kStatisticsPerValue = 64;

std::string brokenWarning(const std::string& site, const ActivationSummary& summary) {
  return site + ": " + withThousands(summary.skippedTokens) + " of " +
         withThousands(summary.skippedTokens + summary.tokens) +
         " tokens are left out of the statistics, with " + withThousands(summary.nans) + " NaN and " +
         withThousands(summary.infs) + " infinite values.";
}

}  // namespace

SiteCollector::SiteCollector(const Model& model, const SiteTable& table, CollectorOptions options)
    : m_model(model), m_table(table), m_options(std::move(options)) {}

std::uint64_t SiteCollector::units(std::size_t site, std::int64_t tokens) const {
  if (m_table.isExpert[site]) return 0;  // how many tokens they get is not known in advance
  const auto width = static_cast<std::uint64_t>(m_model.sites[site].width);
  const std::uint64_t moment = m_options.withMoment.count(site) != 0 ? width / 2 : 0;
  return static_cast<std::uint64_t>(tokens) * width * (moment + kStatisticsPerValue) / 1024;
}

void SiteCollector::site(std::size_t site, const TokenRows& rows, std::span<const float> x, JobContext& job) {
  auto found = m_accumulators.find(site);
  if (found == m_accumulators.end()) {
    AccumulatorOptions options = m_options.calibration.accumulator;
    options.withSecondMoment = m_options.withMoment.count(site) != 0;
    if (m_table.isExpert[site]) options.sampleTokens = std::min(options.sampleTokens, m_options.expertSample);
    found = m_accumulators.try_emplace(site, m_model.sites.at(site).width, options).first;
  }
  found->second.add(rows, x, job);
  job.step(units(site, rows.count()));
}

AccumulatorOptions pointOptions(const AccumulatorOptions& sites) {
  AccumulatorOptions options = sites;
  options.withSecondMoment = false;
  options.withConditioning = false;
  options.sketchColumns = 0;
  return options;
}

std::uint64_t SiteCollector::pointUnits(std::int64_t tokens, std::int64_t hidden) const {
  if (!m_options.calibration.withPoints) return 0;
  return kPointKinds * (static_cast<std::uint64_t>(tokens * hidden) * kStatisticsPerValue / 1024);
}

void SiteCollector::point(PointId point, const TokenRows& rows, std::span<float> x, JobContext& job) {
  if (!m_options.calibration.withPoints || rows.count() == 0) return;
  auto found = m_points.find(point.kind);
  if (found == m_points.end()) {
    const std::int64_t width = static_cast<std::int64_t>(x.size()) / rows.count();
    found = m_points.try_emplace(point.kind, width, pointOptions(m_options.calibration.accumulator)).first;
  }
  found->second.add(rows, x, job);
  job.step(pointUnits(rows.count(), m_options.hidden) / kPointKinds);
}

void SiteCollector::experts(int, std::span<const std::uint64_t> tokens) {
  m_expertTokens.resize(std::max(m_expertTokens.size(), tokens.size()));
  for (std::size_t i = 0; i < tokens.size(); ++i) m_expertTokens[i] += tokens[i];
}

void SiteCollector::share(std::vector<std::pair<std::size_t, ActivationStats>>& sites) const {
  if (m_options.calibration.expertMoments) return;
  for (auto& [site, stats] : sites) {
    if (stats.secondMoment || stats.all.tokens == 0) continue;
    const auto shared = m_table.sharedMoment[site];
    if (!shared) continue;
    for (const auto& [other, otherStats] : sites)
      if (other == *shared) stats.secondMoment = otherStats.secondMoment;
  }
}

void SiteCollector::warn(BlockActivations& result) const {
  for (const auto& [site, stats] : result.sites)
    if (stats.summary.skippedTokens > 0)
      result.warnings.push_back(brokenWarning(m_model.sites[site].name, stats.summary));
  for (const auto& [point, stats] : result.points)
    if (stats.summary.skippedTokens > 0)
      result.warnings.push_back(brokenWarning(pointName(m_model, point.block, point.kind), stats.summary));
  const auto unseen = std::count(m_expertTokens.begin(), m_expertTokens.end(), std::uint64_t{0});
  if (unseen > 0) {
    result.warnings.push_back(
        "Block " + std::to_string(result.block) + ": " + std::to_string(unseen) + " of " +
        std::to_string(m_expertTokens.size()) +
        " experts saw no token, so nothing is known of their inputs: calibrate with more "
        "text.");
  }
}

BlockActivations SiteCollector::finish(int block, JobContext& job) {
  BlockActivations result;
  result.block = block;
  for (auto& [site, accumulator] : m_accumulators) result.sites.emplace_back(site, accumulator.finish(job));
  m_accumulators.clear();
  for (auto& [kind, accumulator] : m_points)
    result.points.emplace_back(PointId{block, kind}, accumulator.finish(job));
  m_points.clear();
  result.expertTokens = m_expertTokens;
  share(result.sites);
  warn(result);
  return result;
}

}  // namespace ql
