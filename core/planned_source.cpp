#include "core/planned_source.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/evaluate/prepared_quantizer.h"
#include "core/jobs/parallel_for.h"

#include <algorithm>

namespace ql {

namespace {

constexpr std::int64_t kRowTile = 64;  // tokens a task

/// Rounds tiles of tokens in parallel; a scheme per tensor is one part over all of them.
void fakeQuantizeRows(const ActScheme& scheme, const ActivationRange* range, std::int64_t width,
                      std::span<float> x, JobContext& job) {
  const std::int64_t tokens = static_cast<std::int64_t>(x.size()) / std::max<std::int64_t>(width, 1);
  if (scheme.dynamic && scheme.granularity == Granularity::Tensor)
    return fakeQuantizeActivations(scheme, tokens, width, x);
  parallelFor(job, (tokens + kRowTile - 1) / kRowTile, [&](std::int64_t tile) {
    const std::int64_t begin = tile * kRowTile, count = std::min(kRowTile, tokens - begin);
    fakeQuantizeActivations(
        scheme, count, width,
        x.subspan(static_cast<std::size_t>(begin * width), static_cast<std::size_t>(count * width)), range);
    job.step();
  });
}

/// The extremes that a static scheme rests on.
std::optional<ActivationRange> staticRange(const std::string& name, const ActScheme& scheme,
                                           const std::shared_ptr<const ActivationStats>& stats,
                                           const std::string& command) {
  if (scheme.dynamic) return std::nullopt;
  if (!stats || stats->all.min.empty())
    throw Error(ErrorCode::Plan, "The plan gives " + quotedText(name) +
                                     " static activations, and there are no calibrated ranges of it: run '" +
                                     command +
                                     "' first and give its file with --stats, or use dynamic activations.");
  return ActivationRange{stats->all.min, stats->all.max};
}

std::optional<ActivationRange> inputRange(const Linear& linear, const ActScheme& scheme,
                                          const PlanStatistics& statistics) {
  return staticRange(linear.name, scheme,
                     !scheme.dynamic && linear.site ? statistics.site(*linear.site) : nullptr,
                     "qloupe analyze --calibration");
}

std::optional<ActivationRange> pointRange(const std::string& point, const ActScheme& scheme,
                                          const PlanStatistics& statistics) {
  return staticRange(point, scheme, scheme.dynamic ? nullptr : statistics.point(point),
                     "qloupe analyze --calibration --points");
}

}  // namespace

// Weights
// -------------------------------------------------------------------------------------------------------

PlannedSource::PlannedSource(std::shared_ptr<const WeightSource> inner, const Model& model,
                             const QuantizationPlan& plan, JobContext& job)
    : m_inner(std::move(inner)) {
  if (plan.rotations != "[]")
    throw Error(ErrorCode::Plan,
                "The plan has rotations, which cannot be measured by this version; empty its list "
                "\"rotations\" to see what the rest does.");
  for (const Linear& linear : model.linears) {
    const Choice choice = plan.choiceFor(linear.name);
    if (!choice.weight || !findNumberFormat(choice.weight->format) ||
        !findNumberFormat(choice.weight->format)->isQuantized)
      continue;
    requireMeasurable(*choice.weight);
    m_quantized[{linear.matrix.tensor, linear.matrix.slice}] = std::make_shared<const FakeQuantizedSource>(
        m_inner, prepareQuantizer(*m_inner, {linear.matrix, 16, {}}, *choice.weight, nullptr, job),
        FakeQuantizedSource::Output::Quantized);
    job.step();
  }
}

void PlannedSource::readRows(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd,
                             std::span<float> out) const {
  const auto found = m_quantized.find({matrix.tensor, matrix.slice});
  const WeightSource& source = found == m_quantized.end() ? *m_inner : *found->second;
  source.readRows(matrix, rowBegin, rowEnd, out);
}

bool PlannedSource::quantizes(const MatrixRef& matrix) const {
  return m_quantized.contains({matrix.tensor, matrix.slice});
}

std::vector<float> PlannedSource::readVector(const std::string& tensor) const {
  return m_inner->readVector(tensor);
}

void PlannedSource::release(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd) const {
  m_inner->release(matrix, rowBegin, rowEnd);
}

void PlannedSource::check(const MatrixRef& matrix) const {
  m_inner->check(matrix);
}

// Activations
// ---------------------------------------------------------------------------------------------------

PlanHook::PlanHook(const Model& model, const QuantizationPlan& plan, const PlanStatistics& statistics) {
  for (LinearId id = 0; id < model.linears.size(); ++id) {
    const Linear& linear = model.linears[id];
    const Choice choice = plan.choiceFor(linear.name);
    if (choice.activation)
      m_inputs[id] = {*choice.activation, linear.in(), inputRange(linear, *choice.activation, statistics)};
  }
  for (const auto& [name, scheme] : plan.points) addPoint(model, name, scheme, statistics);
  if (!plan.kvCache) return;
  for (int block = 0; block < model.blockCount; ++block) {
    for (const PointKind kind : {PointKind::KCache, PointKind::VCache}) {
      const std::string name = pointName(model, block, kind);
      m_points.try_emplace({block, kind},
                           Input{*plan.kvCache, 0, pointRange(name, *plan.kvCache, statistics)});
    }
  }
}

void PlanHook::addPoint(const Model& model, const std::string& name, const ActScheme& scheme,
                        const PlanStatistics& statistics) {
  if (const auto point = findPoint(model, name)) {
    m_points[*point] = {scheme, 0, pointRange(name, scheme, statistics)};
    return;
  }
  const auto id = model.find(name);
  if (!id || !model.linears[*id].site)
    throw Error(ErrorCode::Plan,
                "The plan's tensor point " + quotedText(name) +
                    " is neither a site of this model nor one of its residual sums or caches; "
                    "remove it from \"points\".");
  for (const LinearId consumer : model.sites[*model.linears[*id].site].consumers) {
    const Linear& linear = model.linears[consumer];
    m_inputs[consumer] = {scheme, linear.in(), inputRange(linear, scheme, statistics)};
  }
}

bool PlanHook::linearInput(LinearId id, std::span<const float> x, std::span<float> out, JobContext& job) {
  const auto found = m_inputs.find(id);
  if (found == m_inputs.end()) return false;
  std::copy(x.begin(), x.end(), out.begin());
  const Input& input = found->second;
  fakeQuantizeRows(input.scheme, input.range ? &*input.range : nullptr, input.width, out, job);
  return true;
}

void PlanHook::point(PointId point, const TokenRows& rows, std::span<float> x, JobContext& job) {
  const auto found = m_points.find(point);
  if (found == m_points.end() || rows.count() == 0) return;
  const Input& input = found->second;
  fakeQuantizeRows(input.scheme, input.range ? &*input.range : nullptr,
                   static_cast<std::int64_t>(x.size()) / rows.count(), x, job);
}

}  // namespace ql
