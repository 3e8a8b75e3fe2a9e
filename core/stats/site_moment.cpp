#include "core/stats/site_moment.h"

#include "core/base/error.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace ql {
namespace {

[[noreturn]] void throwNotFinite(std::int64_t channel) {
  throw Error(ErrorCode::Numeric, "The second moment of the input is not finite in channel " +
                                      std::to_string(channel) +
                                      ": one infinite activation spoils the Hessian; calibrate again with "
                                      "weights and text that give finite activations.");
}

std::shared_ptr<const SecondMoment> sampleMoment(const TokenSample& sample, JobContext& job) {
  auto moment = std::make_shared<SecondMoment>(sample.width);
  std::vector<float> finite;
  std::int64_t tokens = 0;
  for (std::int64_t i = 0; i < sample.count(); ++i) {
    const std::span<const float> row = sample.row(i);
    if (!std::ranges::all_of(row, [](float x) { return std::isfinite(x); })) continue;
    finite.insert(finite.end(), row.begin(), row.end());
    ++tokens;
  }
  moment->add(finite, tokens, job);
  return moment;
}

/// Mean of the squares of each channel over all tokens; empty when not known.
std::vector<double> knownDiagonal(const ActivationStats& stats) {
  std::vector<double> diagonal;
  if (!stats.hasDiagonal() || stats.all.tokens == 0) return diagonal;
  for (const double sum : stats.all.sumSq) diagonal.push_back(sum / static_cast<double>(stats.all.tokens));
  return diagonal;
}

}  // namespace

std::string_view hessianOriginName(HessianOrigin origin) {
  return origin == HessianOrigin::SecondMoment ? "second moment"
         : origin == HessianOrigin::Sample     ? "token sample"
                                               : "diagonal";
}

SiteMoment siteMoment(const ActivationStats& stats, JobContext& job, bool withSpectrum) {
  SiteMoment site;
  site.width = stats.width;
  const std::vector<double> known = knownDiagonal(stats);
  if (stats.secondMoment && stats.secondMoment->tokens() > 0) {
    site.moment = stats.secondMoment;
  } else if (stats.hasSample()) {
    site.origin = HessianOrigin::Sample;
    site.moment = sampleMoment(stats.sample, job);
  } else if (!known.empty()) {
    site.origin = HessianOrigin::Diagonal;
    site.diagonal = known;
    site.tokens = stats.all.tokens;
  } else {
    throw Error(ErrorCode::Unsupported,
                "There is no second moment, token sample or mean of x^2 to make a Hessian of; calibrate on "
                "text (--calibration).");
  }
  if (site.moment) site.diagonal = site.moment->diagonal();
  if (site.moment) site.tokens = site.moment->tokens();
  const std::uint64_t seen = stats.all.tokens > 0 ? stats.all.tokens : site.tokens;
  site.tokensPerWindow =
      static_cast<double>(seen) / static_cast<double>(std::max<std::uint64_t>(1, stats.first.tokens));
  double trace = 0, squares = 0;
  for (std::int64_t j = 0; j < site.width; ++j) {
    const double value = site.diagonal[static_cast<std::size_t>(j)];
    if (!std::isfinite(value)) throwNotFinite(j);
    // a channel that only the sample missed is not dead
    const bool isShared = stats.secondMoment && stats.secondMoment->tokens() != stats.all.tokens;
    const double all = known.empty() || isShared ? value : known[static_cast<std::size_t>(j)];
    if (value == 0 && all == 0) site.dead.push_back(j);
    site.largestEigenvalue = std::max(site.largestEigenvalue, value);
    trace += value;
    squares += value * value;
  }
  site.effectiveRank = squares > 0 ? trace * trace / squares : 0;
  if (!site.moment || site.width == 0 || !withSpectrum) return site;
  const Conditioning found = conditioning(*site.moment, job);
  if (!std::isfinite(found.largestEigenvalue)) throwNotFinite(0);
  site.largestEigenvalue = found.largestEigenvalue;
  site.effectiveRank = found.effectiveRank;
  return site;
}

}  // namespace ql
