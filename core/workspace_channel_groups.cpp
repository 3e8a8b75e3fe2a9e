#include "core/workspace_channel_groups.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/evaluate/sample_products.h"
#include "core/head_runs.h"
#include "core/quant/activation_quantizer.h"
#include "core/workspace_state.h"

#include <algorithm>
#include <cmath>

namespace ql {
namespace {

ActScheme schemeOf(const ChannelGroupRequest& request) {
  const NumberFormatInfo* format = findNumberFormat(request.format);
  if (!format || !format->isInteger)
    throw Error(ErrorCode::Unsupported, "Groups of channels are shown for integers; " +
                                            quotedText(request.format) + " is none, use int8 or int4.");
  ActScheme scheme;
  scheme.format = request.format;
  scheme.granularity = Granularity::Tensor;
  scheme.dynamic = false;
  scheme.symmetric = false;
  scheme.flavour = request.permutation == "kmeans" ? "rptq" : "qualcomm";
  scheme.groups = request.groups;
  if (request.permutation != "none") scheme.permutation = request.permutation;
  return scheme;
}

double relativeError(const ActScheme& scheme, const std::vector<float>& x, std::int64_t width,
                     const ActivationRange& range, JobContext& job) {
  const auto tokens = static_cast<std::int64_t>(x.size()) / width;
  std::vector<float> rounded = x;
  const ActivationQuantizer quantizer(scheme, width, &range, &job);
  quantizer.apply(*quantizer.examine(tokens, rounded), tokens, rounded);
  double error = 0, energy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double d = static_cast<double>(rounded[i]) - static_cast<double>(x[i]);
    error += d * d;
    energy += static_cast<double>(x[i]) * static_cast<double>(x[i]);
  }
  job.step();
  return energy > 0 ? std::sqrt(error / energy) : 0;
}

void addGroupRanges(ChannelGroupReport& report) {
  const auto count = static_cast<std::size_t>(report.groups.count);
  report.sizes.assign(count, 0);
  report.groupMin.assign(count, 0);
  report.groupMax.assign(count, 0);
  for (std::size_t j = 0; j < report.min.size(); ++j) {
    const auto g = static_cast<std::size_t>(report.groups.groupOf[j]);
    const bool isFirst = report.sizes[g]++ == 0;
    report.groupMin[g] = isFirst ? report.min[j] : std::min(report.groupMin[g], report.min[j]);
    report.groupMax[g] = isFirst ? report.max[j] : std::max(report.groupMax[g], report.max[j]);
  }
}

}  // namespace

ChannelGroupReport channelGroupReport(Workspace& workspace, LinearId id, const ChannelGroupRequest& request,
                                      JobContext& job) {
  const WorkspaceAccess::State& state = WorkspaceAccess::state(workspace);
  const Linear& linear = state.model.linears.at(id);
  const auto stats = linear.site ? workspace.activations(*linear.site) : nullptr;
  const auto width = static_cast<std::size_t>(linear.in());
  const auto range = stats ? calibratedRange(*stats, width) : std::nullopt;
  if (!range || range->min.size() != width)
    throw Error(ErrorCode::Unsupported, "There are no ranges of what goes into " + quotedText(linear.name) +
                                            "; calibrate the model on text.");
  ChannelGroupReport report;
  report.id = id;
  report.request = request;
  report.run = headWidth(state.model, state.configJson, id);
  report.scheme = *withHeadRuns(Choice{std::nullopt, schemeOf(request)}, report.run).activation;
  if (!report.scheme.groupSize) report.run = 0;
  requireMeasurable(report.scheme);
  report.min = range->min;
  report.max = range->max;
  report.groups = activationGroups(report.scheme, *range, &job);
  report.order = channelOrder(report.groups);
  addGroupRanges(report);
  const std::vector<float> sample = finiteTokens(stats->sample, width);
  report.tokens = static_cast<std::int64_t>(sample.size() / std::max<std::size_t>(width, 1));
  if (report.tokens == 0) return report;
  ActScheme tensor = report.scheme, token;
  tensor.groups.reset();
  tensor.groupSize.reset();
  tensor.permutation.reset();
  token.format = request.format;
  report.tensorError = relativeError(tensor, sample, linear.in(), *range, job);
  report.groupError = relativeError(report.scheme, sample, linear.in(), *range, job);
  report.tokenError = relativeError(token, sample, linear.in(), *range, job);
  return report;
}

}  // namespace ql
