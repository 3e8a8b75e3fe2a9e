#include "core/evaluate/smoothing_curve.h"

#include "core/base/error.h"
#include "core/base/sha256.h"
#include "core/base/version.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ql {
namespace {

constexpr int kHundred = 100;              // alpha is refined to hundredths
constexpr double kGoldenShare = 0.381966;  // 1 - 1 / golden ratio
constexpr std::uint64_t kRefinements = 6;  // points that a search between two grid points takes at most

double objective(const SmoothingPoint& point) {
  return point.error.together.wa.value_or(std::numeric_limits<double>::infinity());
}

bool hasParts(std::span<const Choice> choices) {
  return std::any_of(choices.begin(), choices.end(),
                     [](const Choice& choice) { return choice.weight && choice.activation; });
}

/// One curve under way.
class CurveRun {
 public:
  CurveRun(const SmoothedReaders& group, const SmoothingInput& input, const FoldTarget& target,
           std::span<const Choice> choices, const SmoothingCurveOptions& options, JobContext& job,
           const CurveSink& sink)
      : m_group(group),
        m_input(input),
        m_target(target),
        m_choices(choices),
        m_options(options),
        m_job(job),
        m_sink(sink),
        // where only one side is quantized all three figures are one product
        m_first(hasParts(choices) ? GroupFigures::Joint : GroupFigures::All) {}

  SmoothingCurve run() {
    m_curve.smoothing = canonicalSmoothing(m_options.smoothing);
    m_curve.evidence = evidence();
    const auto points = static_cast<std::uint64_t>(m_options.points);
    m_job.expect((points + 1) * m_group.measureUnits(m_choices, m_first));
    m_curve.none.error = m_group.measure({}, m_choices, m_first, m_job);
    tell();
    for (int i = 0; i < m_options.points; ++i) {
      m_curve.grid.push_back(
          point(static_cast<double>(i) / static_cast<double>(m_options.points - 1), m_first));
      tell();
    }
    if (m_options.refine) refine();
    if (m_options.withParts && m_first == GroupFigures::Joint) addParts();
    m_curve.isComplete = true;
    tell();
    return std::move(m_curve);
  }

 private:
  SmoothingPoint point(double alpha, GroupFigures figures) {
    SmoothingOptions options = m_curve.smoothing;
    options.alpha = alpha;
    return measureSmoothingPoint(m_group, m_input, m_target, m_choices, options, figures, m_job);
  }

  void tell() {
    if (const SmoothingPoint* best = m_curve.best()) m_curve.smoothing.alpha = best->alpha;
    if (m_sink) m_sink(m_curve);
  }

  /// At alpha = hundredths / 100, from what is known or by measuring.
  double errorAt(int hundredths) {
    const double alpha = static_cast<double>(hundredths) / kHundred;
    for (const std::vector<SmoothingPoint>* list : {&m_curve.grid, &m_curve.refined})
      for (const SmoothingPoint& known : *list)
        if (std::abs(known.alpha - alpha) < 1e-9) return objective(known);
    m_job.expect(m_group.measureUnits(m_choices, m_first));
    m_curve.refined.push_back(point(alpha, m_first));
    tell();
    return objective(m_curve.refined.back());
  }

  /// Golden section over hundredths. Rounding makes the curve bumpy: the best of all points seen counts, not
  /// where the search ends.
  void refine() {
    const SmoothingPoint* best = m_curve.best();
    if (!best) return;
    const double step = 1.0 / static_cast<double>(m_options.points - 1), centre = best->alpha;
    int low = static_cast<int>(std::ceil(std::max(0.0, centre - step) * kHundred - 1e-6));
    int high = static_cast<int>(std::floor(std::min(1.0, centre + step) * kHundred + 1e-6));
    for (std::uint64_t i = 0; i < kRefinements && high - low > 2; ++i) {
      const int part = std::max(1, static_cast<int>(std::lround(kGoldenShare * (high - low))));
      const int left = low + part, right = std::max(left + 1, high - part);
      if (errorAt(left) <= errorAt(right)) {
        high = right;
      } else {
        low = left;
      }
    }
    if (high - low == 2) errorAt(low + 1);
  }

  void addParts() {
    std::vector<SmoothingPoint*> points;
    for (std::vector<SmoothingPoint>* list : {&m_curve.grid, &m_curve.refined})
      for (SmoothingPoint& known : *list) points.push_back(&known);
    m_job.expect((points.size() + 1) * m_group.measureUnits(m_choices, GroupFigures::All));
    m_curve.none.error = m_group.measure({}, m_choices, GroupFigures::All, m_job);
    tell();
    for (SmoothingPoint* known : points) {
      *known = point(known->alpha, GroupFigures::All);
      tell();
    }
  }

  Evidence evidence() const {
    Evidence result;
    result.method = "outputs of the token sample, all readers of the group; 95 % interval for other tokens";
    result.kind = Evidence::Kind::Sampled;
    result.level = "activations";
    result.n = m_group.tokens();
    result.tool = std::string(kToolId);
    Sha256 settings;
    settings.add(m_curve.smoothing.method + " " + m_curve.smoothing.statistic);
    for (const Choice& choice : m_choices) settings.add(" " + specText(choice));
    result.settings = settings.finish();
    return result;
  }

  const SmoothedReaders& m_group;
  const SmoothingInput& m_input;
  const FoldTarget& m_target;
  std::span<const Choice> m_choices;
  const SmoothingCurveOptions& m_options;
  JobContext& m_job;
  const CurveSink& m_sink;
  GroupFigures m_first;
  SmoothingCurve m_curve;
};

}  // namespace

const SmoothingPoint* SmoothingCurve::best() const {
  const SmoothingPoint* best = nullptr;
  for (const std::vector<SmoothingPoint>* list : {&grid, &refined})
    for (const SmoothingPoint& point : *list)
      if (point.error.together.wa && (!best || objective(point) < objective(*best))) best = &point;
  return best;
}

SmoothingOptions canonicalSmoothing(const SmoothingOptions& options) {
  if (options.method != "bismooth" || options.statistic != "max") return options;
  for (const auto& [key, value] : options.options)
    if (key != "data_free" || value != OptionValue(false)) return options;
  SmoothingOptions canonical = options;
  canonical.method = "smoothquant";
  canonical.options.clear();
  return canonical;
}

SmoothingFactors groupFactors(const SmoothingInput& input, const FoldTarget& target,
                              const SmoothingOptions& options) {
  SmoothingFactors factors = smoothingFactors(input, options);
  shareAcrossHeads(target, factors.s);
  return factors;
}

SmoothingPoint measureSmoothingPoint(const SmoothedReaders& group, const SmoothingInput& input,
                                     const FoldTarget& target, std::span<const Choice> choices,
                                     const SmoothingOptions& options, GroupFigures figures, JobContext& job) {
  const SmoothingFactors factors = groupFactors(input, target, options);
  SmoothingPoint point;
  point.alpha = options.alpha;
  point.clampedChannels = factors.clampedChannels;
  point.deadChannels = factors.deadChannels;
  point.error = group.measure(factors.s, choices, figures, job);
  return point;
}

SmoothingCurve measureSmoothingCurve(const SmoothedReaders& group, const SmoothingInput& input,
                                     const FoldTarget& target, std::span<const Choice> choices,
                                     const SmoothingCurveOptions& options, JobContext& job,
                                     const CurveSink& sink) {
  if (options.points < 2) {
    throw Error(ErrorCode::Usage, "A curve over alpha of " + std::to_string(options.points) +
                                      " points cannot be drawn; ask for 2 or more.");
  }
  return CurveRun(group, input, target, choices, options, job, sink).run();
}

}  // namespace ql
