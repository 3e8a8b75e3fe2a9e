#include "core/quant/channel_clusters.h"

#include "core/base/error.h"
#include "core/jobs/parallel_for.h"
#include "core/stats/counter_random.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace ql {
namespace {

constexpr std::uint64_t kSeed = 0;
constexpr std::int64_t kRestarts = 10;
constexpr int kMostIterations = 300;
constexpr double kTolerance = 1e-4;  // of the mean variance of the two features, as sklearn's tol

struct Point {
  double x = 0, y = 0;
};

double squaredDistance(Point a, Point b) {
  const double dx = a.x - b.x, dy = a.y - b.y;
  return dx * dx + dy * dy;
}

bool isSeen(float min, float max) {
  return std::isfinite(min) && std::isfinite(max) && min <= max;
}

/// (max, min) of every channel.
std::vector<Point> pointsOf(ChannelExtremes extremes) {
  QL_ASSERT(extremes.min.size() == extremes.max.size());
  std::vector<Point> points(extremes.min.size());
  for (std::size_t j = 0; j < points.size(); ++j)
    if (isSeen(extremes.min[j], extremes.max[j]))
      points[j] = {static_cast<double>(extremes.max[j]), static_cast<double>(extremes.min[j])};
  return points;
}

struct Clustering {
  std::vector<Point> centres;
  std::vector<std::int32_t> labels;
  std::vector<double> distances;  // squared, to the own centre
  double inertia = std::numeric_limits<double>::infinity();
};

/// One restart.
class KMeansRun {
 public:
  KMeansRun(const std::vector<Point>& points, std::size_t clusters, double tolerance, std::int64_t restart,
            JobContext* job)
      : m_points(points),
        m_clusters(clusters),
        m_tolerance(tolerance),
        m_restart(static_cast<std::uint64_t>(restart)),
        m_job(job) {}

  Clustering run() {
    seed();
    m_result.labels.assign(m_points.size(), -1);
    for (int i = 0; i < kMostIterations; ++i) {
      const bool hasChanged = assign();
      if (m_job) m_job->step();
      if (!hasChanged || moveCentres() <= m_tolerance) break;
    }
    assign();  // labels that belong to the final centres
    m_result.inertia = std::accumulate(m_result.distances.begin(), m_result.distances.end(), 0.0);
    return std::move(m_result);
  }

 private:
  double uniform() {
    return std::ldexp(static_cast<double>(counterRandom(kSeed, m_restart, m_drawn++) >> 11), -53);
  }

  /// A point with probability in proportion to `sums`' steps (running sums of weights).
  std::size_t draw(const std::vector<double>& sums) {
    const double at = uniform() * sums.back();
    const auto found = std::upper_bound(sums.begin(), sums.end(), at);
    return static_cast<std::size_t>(std::min(found, sums.end() - 1) - sums.begin());
  }

  /// k-means++: every next centre is the best of a few points drawn by their distance to the nearest centre.
  void seed() {
    const auto first = static_cast<std::size_t>(uniform() * static_cast<double>(m_points.size()));
    m_result.centres = {m_points[std::min(first, m_points.size() - 1)]};
    std::vector<double> nearest(m_points.size()), sums(m_points.size()), trial, best;
    for (std::size_t i = 0; i < nearest.size(); ++i)
      nearest[i] = squaredDistance(m_points[i], m_result.centres[0]);
    const int trials = 2 + static_cast<int>(std::log(static_cast<double>(m_clusters)));
    while (m_result.centres.size() < m_clusters) {
      std::partial_sum(nearest.begin(), nearest.end(), sums.begin());
      if (!(sums.back() > 0)) return;  // fewer distinct points than clusters
      double least = std::numeric_limits<double>::infinity();
      Point chosen;
      for (int t = 0; t < trials; ++t) {
        const Point candidate = m_points[draw(sums)];
        const double potential = potentialWith(candidate, nearest, trial);
        if (!(potential < least)) continue;
        least = potential;
        chosen = candidate;
        best.swap(trial);
      }
      m_result.centres.push_back(chosen);
      nearest.swap(best);
      if (m_job) m_job->step();
    }
  }

  double potentialWith(Point candidate, const std::vector<double>& nearest, std::vector<double>& result) {
    result.resize(nearest.size());
    double sum = 0;
    for (std::size_t i = 0; i < nearest.size(); ++i) {
      result[i] = std::min(nearest[i], squaredDistance(m_points[i], candidate));
      sum += result[i];
    }
    return sum;
  }

  /// The nearest centre of each point, the first of equals. True when a label changed.
  bool assign() {
    m_result.distances.resize(m_points.size());
    bool hasChanged = false;
    for (std::size_t i = 0; i < m_points.size(); ++i) {
      double least = std::numeric_limits<double>::infinity();
      std::size_t label = 0;
      for (std::size_t c = 0; c < m_result.centres.size(); ++c) {
        const double distance = squaredDistance(m_points[i], m_result.centres[c]);
        if (distance < least) least = distance, label = c;
      }
      m_result.distances[i] = least;
      if (m_result.labels[i] == static_cast<std::int32_t>(label)) continue;
      m_result.labels[i] = static_cast<std::int32_t>(label);
      hasChanged = true;
    }
    return hasChanged;
  }

  /// Centres become means; one without points takes the point that lies farthest from its own. Returns the
  /// squared way that all of them went.
  double moveCentres() {
    std::vector<Point> sums(m_result.centres.size());
    std::vector<double> counts(sums.size(), 0.0);
    for (std::size_t i = 0; i < m_points.size(); ++i) {
      const auto c = static_cast<std::size_t>(m_result.labels[i]);
      sums[c].x += m_points[i].x;
      sums[c].y += m_points[i].y;
      ++counts[c];
    }
    double way = 0;
    for (std::size_t c = 0; c < sums.size(); ++c) {
      const Point centre =
          counts[c] > 0 ? Point{sums[c].x / counts[c], sums[c].y / counts[c]} : takeFarthest();
      way += squaredDistance(centre, m_result.centres[c]);
      m_result.centres[c] = centre;
    }
    return way;
  }

  Point takeFarthest() {
    const auto farthest = std::max_element(m_result.distances.begin(), m_result.distances.end());
    *farthest = 0;  // not for the next one
    return m_points[static_cast<std::size_t>(farthest - m_result.distances.begin())];
  }

  const std::vector<Point>& m_points;
  std::size_t m_clusters;
  double m_tolerance;
  std::uint64_t m_restart, m_drawn = 0;
  JobContext* m_job;
  Clustering m_result;
};

double meanVariance(const std::vector<Point>& points) {
  Point mean, square;
  const auto n = static_cast<double>(points.size());
  for (const Point p : points) mean.x += p.x / n, mean.y += p.y / n;
  for (const Point p : points) {
    square.x += (p.x - mean.x) * (p.x - mean.x) / n;
    square.y += (p.y - mean.y) * (p.y - mean.y) / n;
  }
  return (square.x + square.y) / 2;
}

/// Clusters numbered from narrow to wide; those without a point fall away.
ChannelGroups numbered(const Clustering& best) {
  const std::size_t count = best.centres.size();
  std::vector<std::size_t> first(count, best.labels.size()), order(count), rank(count);
  for (std::size_t j = best.labels.size(); j-- > 0;) first[static_cast<std::size_t>(best.labels[j])] = j;
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::erase_if(order, [&](std::size_t c) { return first[c] == best.labels.size(); });
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const double wide = best.centres[a].x - best.centres[a].y, other = best.centres[b].x - best.centres[b].y;
    return wide != other ? wide < other : first[a] < first[b];
  });
  for (std::size_t place = 0; place < order.size(); ++place) rank[order[place]] = place;
  ChannelGroups groups{{}, static_cast<std::int32_t>(order.size()), best.inertia};
  for (const std::int32_t label : best.labels)
    groups.groupOf.push_back(static_cast<std::int32_t>(rank[static_cast<std::size_t>(label)]));
  return groups;
}

/// The group of each place where `count` things are cut into `groups`, the larger ones first.
std::vector<std::int32_t> cut(std::size_t count, std::size_t groups) {
  std::vector<std::int32_t> result;
  result.reserve(count);
  for (std::size_t g = 0; g < groups; ++g)
    result.insert(result.end(), count / groups + (g < count % groups ? 1 : 0), static_cast<std::int32_t>(g));
  return result;
}

}  // namespace

ChannelGroups clusterChannels(ChannelExtremes extremes, std::int64_t clusters, JobContext* job) {
  QL_ASSERT(clusters >= 1);
  const std::vector<Point> points = pointsOf(extremes);
  if (points.empty()) return {};
  const std::size_t most = std::min(points.size(), static_cast<std::size_t>(clusters));
  const double tolerance = kTolerance * meanVariance(points);
  std::vector<Clustering> runs(static_cast<std::size_t>(kRestarts));
  const auto restart = [&](std::int64_t i) {
    runs[static_cast<std::size_t>(i)] = KMeansRun(points, most, tolerance, i, job).run();
  };
  if (job) {
    parallelFor(*job, kRestarts, restart);
  } else {
    for (std::int64_t i = 0; i < kRestarts; ++i) restart(i);
  }
  return numbered(*std::min_element(runs.begin(), runs.end(), [](const Clustering& a, const Clustering& b) {
    return a.inertia < b.inertia;
  }));
}

ChannelGroups sortedChannelGroups(ChannelExtremes extremes, std::int64_t groups) {
  const std::vector<Point> points = pointsOf(extremes);
  std::vector<std::size_t> order(points.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return points[a].x - points[a].y < points[b].x - points[b].y;
  });
  const ChannelGroups places = neighbouringChannels(static_cast<std::int64_t>(points.size()), groups);
  ChannelGroups result{std::vector<std::int32_t>(points.size()), places.count, 0};
  for (std::size_t place = 0; place < order.size(); ++place)
    result.groupOf[order[place]] = places.groupOf[place];
  return result;
}

ChannelGroups neighbouringChannels(std::int64_t channels, std::int64_t groups) {
  QL_ASSERT(channels >= 0 && groups >= 1);
  const std::int64_t count = std::min(channels, groups);
  return {cut(static_cast<std::size_t>(channels), static_cast<std::size_t>(count)),
          static_cast<std::int32_t>(count), 0};
}

std::vector<std::int32_t> channelOrder(const ChannelGroups& groups) {
  std::vector<std::int32_t> order(groups.groupOf.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) {
    return groups.groupOf[static_cast<std::size_t>(a)] < groups.groupOf[static_cast<std::size_t>(b)];
  });
  return order;
}

}  // namespace ql
