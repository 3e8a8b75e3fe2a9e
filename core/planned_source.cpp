#include "core/planned_source.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/evaluate/error_pass.h"
#include "core/jobs/parallel_for.h"

#include <algorithm>

namespace ql {

namespace {

constexpr std::int64_t kRowTile = 64;  // tokens a task

MatrixRange rangeFor(const WeightSource& source, const Linear& linear, const WeightScheme& scheme,
                     JobContext& job) {
  if (!quantizerFor(scheme).needsRange(scheme)) return {};
  return measureRange(source, linear.matrix, job);
}

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

/// The extremes that a static scheme of a linear's input rests on.
std::optional<ActivationRange> staticRange(const Linear& linear, const ActScheme& scheme,
                                           const SiteStatistics& statistics) {
  if (scheme.dynamic) return std::nullopt;
  const auto stats = linear.site ? statistics(*linear.site) : nullptr;
  if (!stats || stats->all.min.empty())
    throw Error(ErrorCode::Plan,
                "The plan gives " + quotedText(linear.name) +
                    " static activations, and there are no calibrated ranges of its input: run "
                    "'qloupe analyze --calibration' first and give its file with --stats, or use "
                    "dynamic activations.");
  return ActivationRange{stats->all.min, stats->all.max};
}

}  // namespace

// Weights
// -------------------------------------------------------------------------------------------------------

PlannedSource::PlannedSource(std::shared_ptr<const WeightSource> inner, const Model& model,
                             const QuantizationPlan& plan, JobContext& job)
    : m_inner(std::move(inner)) {
  for (const Linear& linear : model.linears) {
    const Choice choice = plan.choiceFor(linear.name);
    if (!choice.weight || !findNumberFormat(choice.weight->format) ||
        !findNumberFormat(choice.weight->format)->isQuantized)
      continue;
    requireMeasurable(*choice.weight);
    m_quantized[{linear.matrix.tensor, linear.matrix.slice}] = std::make_shared<const FakeQuantizedSource>(
        m_inner, *choice.weight, FakeQuantizedSource::Output::Quantized,
        rangeFor(*m_inner, linear, *choice.weight, job));
    job.step();
  }
}

void PlannedSource::readRows(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd,
                             std::span<float> out) const {
  const auto found = m_quantized.find({matrix.tensor, matrix.slice});
  const WeightSource& source = found == m_quantized.end() ? *m_inner : *found->second;
  source.readRows(matrix, rowBegin, rowEnd, out);
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

PlanHook::PlanHook(const Model& model, const QuantizationPlan& plan, const SiteStatistics& statistics) {
  for (LinearId id = 0; id < model.linears.size(); ++id) {
    const Linear& linear = model.linears[id];
    const Choice choice = plan.choiceFor(linear.name);
    if (choice.activation)
      m_inputs[id] = {*choice.activation, linear.in(), staticRange(linear, *choice.activation, statistics)};
  }
  for (const auto& [name, scheme] : plan.points) addPoint(model, name, scheme, statistics);
  if (!plan.kvCache) return;
  for (int block = 0; block < model.blockCount; ++block)
    for (const PointKind kind : {PointKind::KCache, PointKind::VCache})
      m_points.try_emplace({block, kind}, requireDynamic(pointName(model, block, kind), *plan.kvCache));
}

void PlanHook::addPoint(const Model& model, const std::string& name, const ActScheme& scheme,
                        const SiteStatistics& statistics) {
  if (const auto point = findPoint(model, name)) {
    m_points[{point->block, point->kind}] = requireDynamic(name, scheme);
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
    m_inputs[consumer] = {scheme, linear.in(), staticRange(linear, scheme, statistics)};
  }
}

const ActScheme& PlanHook::requireDynamic(const std::string& point, const ActScheme& scheme) {
  if (scheme.dynamic) return scheme;
  throw Error(ErrorCode::Plan,
              "The tensor point " + quotedText(point) +
                  " asks for static scales, which are calibrated for the inputs of linears only; "
                  "make it dynamic.");
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
  const auto found = m_points.find({point.block, point.kind});
  if (found == m_points.end() || rows.count() == 0) return;
  fakeQuantizeRows(found->second, nullptr, static_cast<std::int64_t>(x.size()) / rows.count(), x, job);
}

}  // namespace ql
