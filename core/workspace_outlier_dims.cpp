#include "core/workspace_outlier_dims.h"

#include "core/base/error.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace ql {
namespace {

constexpr double kEmergentSites = 0.25, kEmergentTokens = 0.06;

std::vector<double> tokenShares(const TokenSample& sample, std::span<const std::int64_t> channels,
                                double threshold) {
  std::vector<double> shares;
  if (sample.count() == 0) return shares;
  for (const std::int64_t channel : channels) {
    std::int64_t reaching = 0;
    for (std::int64_t t = 0; t < sample.count(); ++t)
      if (std::abs(static_cast<double>(sample.row(t)[static_cast<std::size_t>(channel)])) >= threshold)
        ++reaching;
    shares.push_back(static_cast<double>(reaching) / static_cast<double>(sample.count()));
  }
  return shares;
}

std::optional<OutlierSite> siteOf(const Workspace& workspace, std::size_t index, double threshold) {
  const auto stats = workspace.activations(index);
  if (!stats || !stats->hasExtremes()) return std::nullopt;
  const Site& site = workspace.model().sites[index];
  const Linear& first = workspace.model().linears[site.consumers.front()];
  OutlierSite result{index, site.name, first.block, first.role, site.width, {}, {}, {}};
  result.channels = channelsFrom(stats->all.absmax, threshold);
  result.tokenShares = tokenShares(stats->sample, result.channels, threshold);
  return result;
}

std::vector<RecurringDim> recurringDims(const OutlierDims& dims, const std::vector<std::size_t>& sites) {
  struct Count {
    std::int64_t sites = 0;
    double shares = 0;
  };
  std::map<std::int64_t, Count> counts;
  for (const std::size_t s : sites) {
    const OutlierSite& site = dims.sites[s];
    for (std::size_t i = 0; i < site.channels.size(); ++i) {
      Count& count = counts[site.channels[i]];
      ++count.sites;
      if (!site.tokenShares.empty()) count.shares += site.tokenShares[i];
    }
  }
  std::vector<RecurringDim> recurring;
  for (const auto& [channel, count] : counts) {
    if (count.sites < 2) continue;
    RecurringDim dim{channel, count.sites, 0, 0, false};
    dim.siteShare = static_cast<double>(count.sites) / static_cast<double>(sites.size());
    dim.tokenShare = count.shares / static_cast<double>(count.sites);
    dim.isEmergent = dim.siteShare >= kEmergentSites && dim.tokenShare >= kEmergentTokens;
    recurring.push_back(dim);
  }
  std::stable_sort(recurring.begin(), recurring.end(),
                   [](const RecurringDim& a, const RecurringDim& b) { return a.sites > b.sites; });
  return recurring;
}

OutlierOverlap overlapOfRole(const OutlierDims& dims, TensorRole role, std::vector<std::size_t> sites) {
  OutlierOverlap result{role, std::move(sites), {}, 0, {}};
  const std::size_t n = result.sites.size();
  result.jaccard.assign(n * n, 0.0);
  double sum = 0;
  std::int64_t pairs = 0;
  for (std::size_t a = 0; a < n; ++a)
    for (std::size_t b = 0; b < n; ++b) {
      const auto &left = dims.sites[result.sites[a]].channels, &right = dims.sites[result.sites[b]].channels;
      const double jaccard = a == b ? 1.0 : overlapOf(left, right).jaccard;
      result.jaccard[a * n + b] = jaccard;
      if (a == b || left.empty() || right.empty()) continue;
      sum += jaccard;
      ++pairs;
    }
  if (pairs > 0) result.meanJaccard = sum / static_cast<double>(pairs);
  result.recurring = recurringDims(dims, result.sites);
  return result;
}

/// Inputs of one role and width in different blocks; experts' inputs hold other tokens each and stay out.
void addOverlaps(const Model& model, OutlierDims& dims) {
  std::map<std::pair<TensorRole, std::int64_t>, std::vector<std::size_t>> byRole;
  for (std::size_t s = 0; s < dims.sites.size(); ++s) {
    const OutlierSite& site = dims.sites[s];
    const bool isExpert = model.linears[model.sites[site.site].consumers.front()].expert.has_value();
    if (site.block && !isExpert) byRole[{site.role, site.width}].push_back(s);
  }
  for (auto& [key, sites] : byRole)
    if (sites.size() > 1) dims.overlaps.push_back(overlapOfRole(dims, key.first, std::move(sites)));
}

void addErrors(Workspace& workspace, std::span<const LinearId> readers, OutlierDims& dims, JobContext& job) {
  const std::vector<Choice> choices{llmInt8Choice(std::nullopt), llmInt8Choice(dims.threshold)};
  workspace.measureOutputs(readers, choices, job);
  for (OutlierSite& site : dims.sites)
    for (OutlierReader& reader : site.readers) {
      const auto whole = workspace.outputError(reader.id, choices[0]);
      const auto split = workspace.outputError(reader.id, choices[1]);
      if (whole) reader.a = whole->a, reader.wa = whole->wa;
      if (split) reader.aDecomposed = split->a, reader.waDecomposed = split->wa;
    }
}

}  // namespace

Choice llmInt8Choice(std::optional<double> threshold) {
  Choice choice = parseSpec("w8a8:flavour=bitsandbytes");
  choice.activation->outlierThreshold = threshold;
  return choice;
}

OutlierDims outlierDims(Workspace& workspace, std::span<const LinearId> linears, double threshold,
                        bool withErrors, JobContext& job) {
  const Model& model = workspace.model();
  std::vector<LinearId> readers(linears.begin(), linears.end());
  if (readers.empty())
    for (LinearId id = 0; id < model.linears.size(); ++id)
      if (model.linears[id].isQuantizable) readers.push_back(id);
  std::map<std::size_t, std::vector<LinearId>> bySite;
  for (const LinearId id : readers)
    if (model.linears[id].site) bySite[*model.linears[id].site].push_back(id);
  OutlierDims dims;
  dims.threshold = threshold;
  for (const auto& [site, ids] : bySite) {
    job.step();
    std::optional<OutlierSite> found = siteOf(workspace, site, threshold);
    if (!found) {
      ++dims.missing;
      continue;
    }
    for (const LinearId id : ids) found->readers.push_back({id, {}, {}, {}, {}});
    dims.sites.push_back(std::move(*found));
  }
  if (dims.sites.empty())
    throw Error(ErrorCode::Unsupported,
                "There are no activations to count outlier dims in; calibrate first (qloupe analyze "
                "--calibration) and give the file with --stats, or give a file with --activations.");
  addOverlaps(model, dims);
  if (withErrors) addErrors(workspace, readers, dims, job);
  return dims;
}

}  // namespace ql
