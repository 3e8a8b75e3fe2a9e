#include "core/plan_hook.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/jobs/parallel_for.h"

#include <algorithm>

namespace ql {
namespace {

constexpr std::int64_t kRowTile = 64;  // tokens a task

std::vector<std::int64_t> windowBegins(const TokenRows& rows) {
  std::vector<std::int64_t> begins{0};
  for (std::size_t i = 1; i < rows.windows.size(); ++i)
    if (rows.windows[i] != rows.windows[i - 1]) begins.push_back(static_cast<std::int64_t>(i));
  begins.push_back(rows.count());
  return begins;
}

/// The extremes that a scheme rests on.
std::optional<ActivationRange> rangeFor(const std::string& name, const ActScheme& scheme,
                                        const std::function<std::shared_ptr<const ActivationStats>()>& find,
                                        const std::string& command) {
  if (!wantsActivationRange(scheme)) return std::nullopt;
  const auto stats = find();
  if (stats && !stats->all.min.empty()) return ActivationRange{stats->all.min, stats->all.max};
  // the tensor's scale of nvfp4 may follow the values at hand; fixed scales and
  // an order of channels cannot
  if (scheme.dynamic && !scheme.groups) return std::nullopt;
  const bool isStatic = !scheme.dynamic;
  throw Error(ErrorCode::Plan, "The plan gives " + quotedText(name) +
                                   (isStatic ? " static activations" : " channels grouped by their ranges") +
                                   ", and there are no calibrated ranges of it: run '" + command +
                                   "' first and give its file with --stats, or use " +
                                   (isStatic ? "dynamic activations." : "activations per token."));
}

std::optional<ActivationRange> inputRange(const Linear& linear, const ActScheme& scheme,
                                          const PlanStatistics& statistics) {
  return rangeFor(
      linear.name, scheme, [&] { return linear.site ? statistics.site(*linear.site) : nullptr; },
      "qloupe analyze --calibration");
}

std::optional<ActivationRange> pointRange(const std::string& point, const ActScheme& scheme,
                                          const PlanStatistics& statistics) {
  return rangeFor(
      point, scheme, [&] { return statistics.point(point); }, "qloupe analyze --calibration --points");
}

}  // namespace

PlanHook::PlanHook(const Model& model, const QuantizationPlan& plan, const PlanStatistics& statistics) {
  for (LinearId id = 0; id < model.linears.size(); ++id) {
    const Linear& linear = model.linears[id];
    const Choice choice = plan.choiceFor(linear.name);
    if (!choice.activation) continue;
    requireMeasurable(*choice.activation);
    m_inputs[id] = {*choice.activation, linear.in(), inputRange(linear, *choice.activation, statistics),
                    nullptr};
  }
  for (const auto& [name, scheme] : plan.points) addPoint(model, name, scheme, statistics);
  if (!plan.kvCache) return;
  requireMeasurable(*plan.kvCache);
  for (int block = 0; block < model.blockCount; ++block) {
    for (const PointKind kind : {PointKind::KCache, PointKind::VCache}) {
      if (m_points.contains({block, kind})) continue;
      const std::string name = pointName(model, block, kind);
      m_points[{block, kind}] = {*plan.kvCache, 0, pointRange(name, *plan.kvCache, statistics), nullptr};
    }
  }
}

void PlanHook::addPoint(const Model& model, const std::string& name, const ActScheme& scheme,
                        const PlanStatistics& statistics) {
  requireMeasurable(scheme);
  if (const auto point = findPoint(model, name)) {
    m_points[*point] = {scheme, 0, pointRange(name, scheme, statistics), nullptr};
    return;
  }
  const auto id = model.find(name);
  if (!id || !model.linears[*id].site)
    throw Error(ErrorCode::Plan, "The plan's tensor point " + quotedText(name) +
                                     " is neither a site of this model nor one "
                                     "of its residual sums or caches; "
                                     "remove it from \"points\".");
  for (const LinearId consumer : model.sites[*model.linears[*id].site].consumers) {
    const Linear& linear = model.linears[consumer];
    m_inputs[consumer] = {scheme, linear.in(), inputRange(linear, scheme, statistics), nullptr};
  }
}

std::vector<PointId> PlanHook::points() const {
  std::vector<PointId> points;
  for (const auto& [point, input] : m_points) points.push_back(point);
  return points;
}

void PlanHook::site(std::size_t, const TokenRows& rows, std::span<const float>, JobContext&) {
  m_begins = windowBegins(rows);
}

bool PlanHook::linearInput(LinearId id, std::span<const float> x, std::span<float> out, JobContext& job) {
  const auto found = m_inputs.find(id);
  if (found == m_inputs.end() || x.empty()) return false;
  std::copy(x.begin(), x.end(), out.begin());
  const std::int64_t width = found->second.width, tokens = static_cast<std::int64_t>(x.size()) / width;
  // a linear whose input was not shown as a site: its tokens are one batch
  const std::vector<std::int64_t> whole{0, tokens};
  round(found->second, !m_begins.empty() && m_begins.back() == tokens ? m_begins : whole, width, out, job);
  return true;
}

void PlanHook::point(PointId point, const TokenRows& rows, std::span<float> x, JobContext& job) {
  const auto found = m_points.find(point);
  if (found == m_points.end() || rows.count() == 0) return;
  round(found->second, windowBegins(rows), static_cast<std::int64_t>(x.size()) / rows.count(), x, job);
}

/// Windows one after another, tiles of their tokens in parallel.
void PlanHook::round(Input& input, std::span<const std::int64_t> begins, std::int64_t width,
                     std::span<float> x, JobContext& job) {
  if (!input.quantizer)
    input.quantizer = std::make_shared<const ActivationQuantizer>(
        input.scheme, width, input.range ? &*input.range : nullptr, &job);
  const ActivationQuantizer& quantizer = *input.quantizer;
  struct Tile {
    std::shared_ptr<const ActivationBatch> batch;
    std::int64_t begin = 0, end = 0;
  };
  std::vector<Tile> tiles;
  for (std::size_t w = 0; w + 1 < begins.size(); ++w) {
    const std::int64_t begin = begins[w], end = begins[w + 1];
    const auto window =
        x.subspan(static_cast<std::size_t>(begin * width), static_cast<std::size_t>((end - begin) * width));
    const auto batch = quantizer.examine(end - begin, window);
    for (std::int64_t row = begin; row < end; row += kRowTile)
      tiles.push_back({batch, row, std::min(end, row + kRowTile)});
    job.step();
  }
  parallelFor(job, static_cast<std::int64_t>(tiles.size()), [&](std::int64_t i) {
    const Tile& tile = tiles[static_cast<std::size_t>(i)];
    const std::int64_t count = tile.end - tile.begin;
    quantizer.apply(
        *tile.batch, count,
        x.subspan(static_cast<std::size_t>(tile.begin * width), static_cast<std::size_t>(count * width)));
    job.step();
  });
}

}  // namespace ql
