#include "core/quant/hessian_factor.h"

#include "core/base/error.h"
#include "core/base/sha256.h"
#include "core/jobs/parallel_for.h"
#include "core/linalg/cholesky.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdio>
#include <list>
#include <mutex>
#include <numeric>
#include <string>
#include <utility>

namespace ql {
namespace {

constexpr int kMostRetries = 3;
constexpr double kLeastDamp = 1e-6;  // what a retry begins with when none was asked for
constexpr double kMostDamp = 1000;
constexpr std::size_t kKeptFactors = 2;
constexpr std::int64_t kFillRows = 64;

std::string percentText(double share) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%g %%", 100 * share);
  return text.data();
}

/// Channels by falling diagonal, ties by number, or as they stand.
std::vector<std::int64_t> channelOrder(const std::vector<double>& diagonal, bool actOrder) {
  std::vector<std::int64_t> order(diagonal.size());
  std::iota(order.begin(), order.end(), std::int64_t{0});
  if (!actOrder) return order;
  std::ranges::stable_sort(order, [&](std::int64_t a, std::int64_t b) {
    return diagonal[static_cast<std::size_t>(a)] > diagonal[static_cast<std::size_t>(b)];
  });
  return order;
}

/// Everything but the factor.
HessianFactor describeHessian(const SiteMoment& site, const HessianRequest& request, double scale) {
  HessianFactor factor;
  factor.origin = site.origin;
  factor.tokens = site.tokens;
  factor.damp = factor.usedDamp = request.damp;
  const auto n = static_cast<std::size_t>(site.width);
  std::vector<std::uint8_t> dead(n, 0);
  for (const std::int64_t channel : site.dead) dead[static_cast<std::size_t>(channel)] = 1;
  std::vector<double> diagonal(n);
  for (std::size_t j = 0; j < n; ++j) diagonal[j] = dead[j] ? 1.0 : scale * site.diagonal[j];
  factor.order = channelOrder(diagonal, request.actOrder);
  for (const std::int64_t channel : factor.order) {
    factor.diagonal.push_back(diagonal[static_cast<std::size_t>(channel)]);
    factor.dead.push_back(dead[static_cast<std::size_t>(channel)]);
  }
  return factor;
}

/// H with its rows and columns in reverse: H = R R^T with R = U^-1 upper triangular, so that R read backwards
/// is the L of H read backwards.
LowerTriangle reversedHessian(const SecondMoment& moment, const HessianFactor& factor, double scale,
                              JobContext& job) {
  const std::int64_t n = factor.size();
  LowerTriangle lower(n);
  parallelFor(job, (n + kFillRows - 1) / kFillRows, [&](std::int64_t chunk) {
    job.step();
    for (std::int64_t i = chunk * kFillRows; i < std::min(n, (chunk + 1) * kFillRows); ++i) {
      const std::span<double> row = lower.row(n - 1 - i);
      const std::int64_t channel = factor.order[static_cast<std::size_t>(i)];
      for (std::int64_t j = i + 1; j < n; ++j)
        row[static_cast<std::size_t>(n - 1 - j)] =
            scale * static_cast<double>(moment.sum(channel, factor.order[static_cast<std::size_t>(j)]));
      row.back() = factor.diagonal[static_cast<std::size_t>(i)] + factor.added;
    }
  });
  return lower;
}

/// U = L^-1 read backwards.
UpperTriangle reversedInverse(const LowerTriangle& lower, JobContext& job) {
  const std::int64_t n = lower.size();
  UpperTriangle upper(n);
  const auto store = [&](std::int64_t first, std::int64_t width, std::span<const double> x) {
    for (std::int64_t i = first; i < n; ++i) {
      const double* const from = x.data() + (i - first) * width;
      const std::int64_t count = std::min(width, i - first + 1);  // up to the diagonal
      float* const to = upper.at(n - 1 - i, n - first - count);
      for (std::int64_t j = 0; j < count; ++j) to[count - 1 - j] = static_cast<float>(from[j]);
    }
  };
  visitInverse(lower, store, job);
  return upper;
}

bool isRegular(const UpperTriangle& upper) {
  for (std::int64_t i = 0; i < upper.size(); ++i) {
    const float diagonal = upper.row(i)[0];
    if (!(diagonal > 0) || !std::isfinite(diagonal)) return false;
    if (!std::ranges::all_of(upper.row(i), [](float u) { return std::isfinite(u); })) return false;
  }
  return true;
}

double meanOf(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) /
         static_cast<double>(std::max<std::size_t>(1, values.size()));
}

/// False when nothing helps.
bool factorWithRetries(const SiteMoment& site, double scale, HessianFactor& factor, JobContext& job) {
  const double mean = meanOf(factor.diagonal);
  for (;; ++factor.retries) {
    factor.added = factor.usedDamp * mean;
    job.expect(2 * choleskyUnits(site.width));
    LowerTriangle lower = reversedHessian(*site.moment, factor, scale, job);
    if (!factorCholesky(lower, job)) {
      factor.upper = reversedInverse(lower, job);
      if (isRegular(factor.upper)) return true;
    }
    if (factor.retries == kMostRetries) return false;
    factor.usedDamp = factor.usedDamp > 0 ? 10 * factor.usedDamp : kLeastDamp;
  }
}

void takeDiagonal(HessianFactor& factor) {
  factor.isDiagonal = true;
  factor.upper = UpperTriangle();
  const double mean = meanOf(factor.diagonal);
  factor.added = factor.usedDamp * mean;
  for (const double value : factor.diagonal) {
    // a channel that is neither dead nor damped: any positive number, its error is not passed on
    const double damped = value + factor.added;
    factor.upperDiagonal.push_back(static_cast<float>(damped > 0 ? 1 / std::sqrt(damped) : 1));
  }
}

void addFallbacks(bool isFactored, HessianFactor& factor) {
  if (factor.origin == HessianOrigin::Diagonal) {
    factor.fallbacks.push_back(
        {"only the mean of x^2 is known of this input: no error can be passed on, "
         "weights are rounded to nearest",
         1});
    return;
  }
  if (factor.origin == HessianOrigin::Sample)
    factor.fallbacks.push_back({"the Hessian is made of a sample of " + std::to_string(factor.tokens) +
                                    " tokens: the second moment was not kept (--keep-moments)",
                                1});
  if (!isFactored) {
    factor.fallbacks.push_back({"the Hessian is singular to rounding even with a damping of " +
                                    percentText(factor.usedDamp) + ": weights are rounded to nearest",
                                1});
  } else if (factor.retries > 0) {
    factor.fallbacks.push_back({"the Hessian is singular to rounding: damping raised from " +
                                    percentText(factor.damp) + " to " + percentText(factor.usedDamp),
                                1});
  }
}

HessianFactor makeFactor(const SiteMoment& site, const HessianRequest& request, JobContext& job) {
  const double scale = 2 * site.tokensPerWindow;  // of M; GPTQ's H is a sum over tokens divided by windows
  HessianFactor factor = describeHessian(site, request, scale);
  const bool isFactored =
      site.moment && factorWithRetries(site, scale / static_cast<double>(site.moment->tokens()), factor, job);
  if (!isFactored) takeDiagonal(factor);
  for (std::int64_t i = 0; isFactored && i < factor.size(); ++i)
    factor.upperDiagonal.push_back(factor.upper.row(i)[0]);
  addFallbacks(isFactored, factor);
  return factor;
}

/// What a factor was made of: the second moment itself while it lives, or the tokens of the sample.
struct FactorKey {
  std::weak_ptr<const SecondMoment> moment;
  std::string sample;
  double tokensPerWindow = 0;
  std::vector<std::int64_t> dead;
  HessianRequest request;

  bool isGone() const { return sample.empty() && moment.expired(); }
  bool matches(const FactorKey& other) const {
    return request.damp == other.request.damp && request.actOrder == other.request.actOrder &&
           tokensPerWindow == other.tokensPerWindow && dead == other.dead && sample == other.sample &&
           (!sample.empty() || (!moment.expired() && moment.lock() == other.moment.lock()));
  }
};

/// The factors used last, newest first.
class FactorCache {
 public:
  std::shared_ptr<const HessianFactor> find(const FactorKey& key) {
    const std::lock_guard lock(m_mutex);
    m_entries.remove_if([](const Entry& entry) { return entry.first.isGone(); });
    const auto found = std::ranges::find_if(m_entries, [&](const Entry& e) { return e.first.matches(key); });
    if (found == m_entries.end()) return nullptr;
    m_entries.splice(m_entries.begin(), m_entries, found);
    return found->second;
  }
  void keep(FactorKey key, std::shared_ptr<const HessianFactor> factor) {
    const std::lock_guard lock(m_mutex);
    m_entries.emplace_front(std::move(key), std::move(factor));
    if (m_entries.size() > kKeptFactors) m_entries.pop_back();
  }
  /// Room for a factor that is about to be made.
  void makeRoom() {
    const std::lock_guard lock(m_mutex);
    if (m_entries.size() >= kKeptFactors) m_entries.pop_back();
  }
  void clear() {
    const std::lock_guard lock(m_mutex);
    m_entries.clear();
  }

 private:
  using Entry = std::pair<FactorKey, std::shared_ptr<const HessianFactor>>;
  std::mutex m_mutex;  // guards m_entries
  std::list<Entry> m_entries;
};

FactorCache& factorCache() {
  static FactorCache cache;
  return cache;
}

FactorKey keyOf(const ActivationStats& stats, const SiteMoment& site, const HessianRequest& request) {
  FactorKey key{{}, {}, site.tokensPerWindow, site.dead, request};
  if (site.origin == HessianOrigin::SecondMoment) {
    key.moment = site.moment;
  } else {
    Sha256 hash;
    hash.add(std::as_bytes(std::span(stats.sample.values)));
    for (const double value : site.diagonal) hash.add(std::bit_cast<std::uint64_t>(value));
    key.sample = hash.finish();
  }
  return key;
}

}  // namespace

UpperTriangle::UpperTriangle(std::int64_t n) : m_size(n) {
  QL_ASSERT(n >= 0 && n <= std::int64_t{1} << 20);
  std::size_t total = 0;
  for (std::int64_t begin = 0; begin < n; begin += kPanel) {
    m_panels.push_back(total);
    total += static_cast<std::size_t>(std::min(kPanel, n - begin) * (n - begin));
  }
  m_values.resize(total);
}

std::shared_ptr<const HessianFactor> hessianFactor(const ActivationStats& stats,
                                                   const HessianRequest& request, JobContext& job) {
  if (!(request.damp >= 0 && request.damp <= kMostDamp))
    throw Error(ErrorCode::Usage,
                "The damping is a share of the mean of the Hessian's diagonal, from 0 to 1000; 0.01 is "
                "usual.");
  const SiteMoment site = siteMoment(stats, job, false);
  FactorKey key = keyOf(stats, site, request);
  if (auto known = factorCache().find(key)) return known;
  factorCache().makeRoom();
  auto made = std::make_shared<const HessianFactor>(makeFactor(site, request, job));
  factorCache().keep(std::move(key), made);
  return made;
}

void forgetHessianFactors() {
  factorCache().clear();
}

}  // namespace ql
