#include "core/quant/activation_parts.h"

#include "core/base/error.h"
#include "core/quant/activation_quantizer.h"
#include "core/quant/rtn_grid.h"

namespace ql {
namespace {

/// Flavours with a rounding of activations (the others quantize weights only).
bool hasActivationRounding(const std::string& flavour) {
  return flavour != "gptq" && flavour != "awq";
}

[[noreturn]] void fail(const std::string& sentence) {
  throw Error(ErrorCode::Unsupported, sentence);
}

void requireGroups(const ActScheme& scheme) {
  if (scheme.permutation && !scheme.groups)
    fail("The permutation \"" + *scheme.permutation +
         "\" needs a number of groups of channels, e.g. act_groups=32:" + *scheme.permutation + ".");
  if (!scheme.groups) return;
  if (*scheme.groups < 1)
    fail("Activations cannot have " + std::to_string(*scheme.groups) +
         " groups of channels; give 1 at least, e.g. act_groups=32:kmeans.");
  const auto& known = permutationNames();
  if (scheme.permutation && std::find(known.begin(), known.end(), *scheme.permutation) == known.end())
    fail("The permutation \"" + *scheme.permutation +
         "\" of activations is not known; use none, kmeans or range.");
  if (scheme.granularity == Granularity::Group)
    fail(
        "Activations have either groups of a size (act=group:N) or a number of groups (act_groups=N); leave "
        "one of them out.");
}

void requireMicroscaling(const ActScheme& scheme, const NumberFormatInfo& format) {
  if (scheme.granularity == Granularity::Group && scheme.groupSize != format.ownGroup)
    fail(scheme.format + " has groups of " + std::to_string(format.ownGroup) +
         " values by definition; leave the group size of the activations out.");
  if (scheme.granularity == Granularity::Tensor || scheme.groups || scheme.outlierThreshold)
    fail(scheme.format + " has a scale for every " + std::to_string(format.ownGroup) +
         " values of a token by definition; use activations per token, without groups and outliers.");
  if (!scheme.dynamic && scheme.format != "nvfp4")
    fail(scheme.format + " takes its scales from the values at hand; use dynamic activations.");
  static_cast<void>(rtnRule(rowScheme(scheme)));
}

/// Groups inside every run of channels, numbered through.
ChannelGroups groupsInRuns(const ActScheme& scheme, const ActivationRange& range, std::size_t run,
                           JobContext* job) {
  ChannelGroups all;
  for (std::size_t begin = 0; begin < range.min.size(); begin += run) {
    const std::size_t count = std::min(run, range.min.size() - begin);
    const ChannelExtremes part{std::span(range.min).subspan(begin, count),
                               std::span(range.max).subspan(begin, count)};
    ChannelGroups groups = !groupsFollowTokens(scheme)
                               ? neighbouringChannels(static_cast<std::int64_t>(count), *scheme.groups)
                           : *scheme.permutation == "kmeans" ? clusterChannels(part, *scheme.groups, job)
                                                             : sortedChannelGroups(part, *scheme.groups);
    for (const std::int32_t group : groups.groupOf) all.groupOf.push_back(all.count + group);
    all.count += groups.count;
    all.inertia += groups.inertia;
  }
  return all;
}

}  // namespace

void requireMeasurable(const ActScheme& scheme) {
  const std::string problem = choiceProblem(Choice{std::nullopt, scheme});
  if (!problem.empty()) fail("The scheme cannot be measured: " + problem + ".");
  if (!hasActivationRounding(scheme.flavour))
    fail("The flavour \"" + scheme.flavour +
         "\" has no rounding of activations; use compressed-tensors, smoothquant, llm-qat, rptq, quarot, "
         "qualcomm or bitsandbytes.");
  const NumberFormatInfo* format = findNumberFormat(scheme.format);
  if (!format->isQuantized)
    fail("Rounding activations to " + scheme.format +
         " cannot be measured by this version; leave them in 16 bit, or use int2 to int8 or a float format "
         "such as fp8_e4m3.");
  if (scheme.outlierThreshold && !(*scheme.outlierThreshold > 0))
    fail("The threshold of outlier channels must be above 0, e.g. act_outliers=6.");
  requireGroups(scheme);
  if (isMicroscaling(scheme)) return requireMicroscaling(scheme, *format);
  if (format->ownGroup > 0)
    fail(scheme.format +
         " is a format of weights; use int2 to int8, a float format such as fp8_e4m3, or a "
         "microscaling format such as mxfp8 for activations.");
  static_cast<void>(rtnRule(rowScheme(scheme)));
}

bool wantsActivationRange(const ActScheme& scheme) {
  return !scheme.dynamic || groupsFollowTokens(scheme) || scheme.format == "nvfp4";
}

bool groupsFollowTokens(const ActScheme& scheme) {
  return scheme.groups && scheme.permutation && *scheme.permutation != "none";
}

bool isMicroscaling(const ActScheme& scheme) {
  return scheme.format.starts_with("mx") || scheme.format == "nvfp4";
}

WeightScheme rowScheme(const ActScheme& scheme) {
  WeightScheme rows;
  rows.format = scheme.format;
  rows.symmetric = scheme.symmetric;
  rows.flavour = scheme.flavour;
  const NumberFormatInfo* format = findNumberFormat(scheme.format);
  if (format && format->ownGroup > 0) {
    rows.granularity = Granularity::Group;
    rows.groupSize = format->ownGroup;
  }
  return rows;
}

ChannelGroups activationGroups(const ActScheme& scheme, const ActivationRange& range, JobContext* job) {
  QL_ASSERT(scheme.groups && range.min.size() == range.max.size());
  const std::size_t run = scheme.groupSize ? static_cast<std::size_t>(*scheme.groupSize) : range.min.size();
  return groupsInRuns(scheme, range, std::max<std::size_t>(run, 1), job);
}

ChannelParts channelParts(const ActScheme& scheme, std::int64_t width, const ActivationRange* range,
                          JobContext* job) {
  const auto channels = static_cast<std::size_t>(width);
  ChannelParts parts;
  if (scheme.groups) {
    const ActivationRange none{std::vector<float>(channels, 0), std::vector<float>(channels, 0)};
    QL_ASSERT(range || !groupsFollowTokens(scheme));
    const ChannelGroups groups = activationGroups(scheme, range ? *range : none, job);
    parts.count = static_cast<std::size_t>(groups.count);
    for (std::size_t j = 0; j < channels; ++j) {
      const auto part = static_cast<std::size_t>(groups.groupOf[j]);
      if (parts.runs.empty() || parts.runs.back().part != part) parts.runs.push_back({j, j, part});
      parts.runs.back().end = j + 1;
    }
    return parts;
  }
  std::size_t size = channels;
  if (const auto group = rowScheme(scheme).groupSize) size = static_cast<std::size_t>(*group);
  if (scheme.granularity == Granularity::Group) size = static_cast<std::size_t>(*scheme.groupSize);
  size = std::max<std::size_t>(1, std::min(size, channels));
  for (std::size_t begin = 0; begin < channels; begin += size)
    parts.runs.push_back({begin, std::min(channels, begin + size), parts.count++});
  return parts;
}

ElementRounding halfRounding() {
  return elementRounding({"fp16", 5, 10, 15, ElementFormat::Specials::Ieee, kLargestHalf});
}

}  // namespace ql
