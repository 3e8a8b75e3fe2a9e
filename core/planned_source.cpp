#include "core/planned_source.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/calib/memory_plan.h"
#include "core/evaluate/prepared_quantizer.h"
#include "core/jobs/parallel_for.h"

#include <algorithm>
#include <chrono>

namespace ql {

namespace {

constexpr std::int64_t kRowTile = 64;   // tokens a task
constexpr std::int64_t kReadRows = 32;  // of a matrix that is made at once
constexpr std::uint64_t kLeastCacheBytes = std::uint64_t{256} << 20;

/// What costs more than reading rows is not done anew for every batch of a forward pass.
bool isMadeAtOnce(const WeightScheme& scheme) {
  return !isRowLocal(scheme) || scheme.algorithm.name != "rtn" || scheme.clip.name != "none" ||
         scheme.outliers;
}

}  // namespace

// Weights
// -------------------------------------------------------------------------------------------------------

PlannedSource::PlannedSource(std::shared_ptr<const WeightSource> inner, const Model& model,
                             const QuantizationPlan& plan, JobContext& job, PlannedInputs inputs)
    : m_inner(std::move(inner)),
      m_inputs(std::move(inputs)),
      m_job(job),
      m_cache(static_cast<std::size_t>(m_inputs.cacheBytes > 0 ? m_inputs.cacheBytes : defaultCacheBytes())) {
  if (plan.rotations != "[]")
    throw Error(
        ErrorCode::Plan,
        "The plan rotates weights, which this operation does not do; write the rotated checkpoint with "
        "qloupe apply --as rotated, and use that one with a plan without rotations.");
  for (LinearId id = 0; id < model.linears.size(); ++id) {
    const Linear& linear = model.linears[id];
    m_names.push_back(linear.name);
    const Choice choice = plan.choiceFor(linear.name);
    if (!choice.weight || !findNumberFormat(choice.weight->format) ||
        !findNumberFormat(choice.weight->format)->isQuantized)
      continue;
    requireMeasurable(*choice.weight);
    const Key key{linear.matrix.tensor, linear.matrix.slice};
    if (isMadeAtOnce(*choice.weight)) {
      m_prepared[key] = {id, linear.matrix, linear.name, *choice.weight};
      continue;
    }
    // with its siblings: fused matrices may share a scale
    const ErrorInput input =
        m_inputs.input ? m_inputs.input(id, *choice.weight) : ErrorInput{linear.matrix, 16, {}, nullptr, {}};
    const auto quantizer = prepareQuantizer(*m_inner, input, *choice.weight, nullptr, job);
    if (auto fallbacks = quantizer->fallbacks(); !fallbacks.empty()) m_fallbacks[id] = std::move(fallbacks);
    m_rounded[key] = std::make_shared<const FakeQuantizedSource>(m_inner, quantizer,
                                                                 FakeQuantizedSource::Output::Quantized);
    job.step();
  }
}

std::uint64_t PlannedSource::defaultCacheBytes() {
  // half of the 60 % that a job may take: what else it holds grows while the cache fills
  return std::max(kLeastCacheBytes, remainingBudget(0) / 2);
}

std::shared_ptr<const std::vector<float>> PlannedSource::cached(LinearId id) const {
  const std::lock_guard lock(m_mutex);
  return m_cache.find(id);
}

std::shared_ptr<const std::vector<float>> PlannedSource::quantized(const Prepared& entry) const {
  if (auto known = cached(entry.id)) return known;
  std::unique_lock making(m_making, std::defer_lock);
  while (!making.try_lock_for(std::chrono::milliseconds(10))) m_job.step();
  if (auto known = cached(entry.id)) return known;
  const std::string stage = m_job.stage();
  m_job.setStage("Quantizing " + entry.name + " with " + entry.scheme.algorithm.name);
  auto made = std::make_shared<const std::vector<float>>(make(entry));
  m_job.setStage(stage);
  const std::lock_guard lock(m_mutex);
  ++m_made[entry.id];
  m_cache.insert(entry.id, made, made->size() * sizeof(float));
  return made;
}

/// The quantizer is let go: what it knew of the matrix is in the result.
std::vector<float> PlannedSource::make(const Prepared& entry) const {
  const MatrixRef& matrix = entry.matrix;
  const ErrorInput input =
      m_inputs.input ? m_inputs.input(entry.id, entry.scheme) : ErrorInput{matrix, 16, {}, nullptr, {}};
  const auto quantizer = prepareQuantizer(*m_inner, input, entry.scheme, nullptr, m_job);
  const std::int64_t unit = std::max<std::int64_t>(quantizer->rowUnit(), 1);
  const std::int64_t rows = (std::max(kReadRows, quantizer->rowsAtOnce()) + unit - 1) / unit * unit;
  std::vector<float> values(static_cast<std::size_t>(matrix.out * matrix.in));
  parallelFor(m_job, (matrix.out + rows - 1) / rows, [&](std::int64_t chunk) {
    const std::int64_t begin = chunk * rows, end = std::min(matrix.out, begin + rows);
    const auto offset = static_cast<std::size_t>(begin * matrix.in);
    const auto size = static_cast<std::size_t>((end - begin) * matrix.in);
    std::vector<float> stored(size);
    m_inner->readRows(matrix, begin, end, stored);
    quantizer->apply(begin, end - begin, stored, std::span(values).subspan(offset, size), {});
    m_inner->release(matrix, begin, end);
    m_job.step();
  });
  m_inner->check(matrix);
  const std::lock_guard lock(m_mutex);
  m_fallbacks[entry.id] = quantizer->fallbacks();
  return values;
}

void PlannedSource::readRows(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd,
                             std::span<float> out) const {
  const Key key{matrix.tensor, matrix.slice};
  if (const auto found = m_prepared.find(key); found != m_prepared.end()) {
    const auto values = quantized(found->second);
    QL_ASSERT(out.size() == static_cast<std::size_t>((rowEnd - rowBegin) * matrix.in));
    std::copy_n(values->begin() + rowBegin * matrix.in, out.size(), out.begin());
    return;
  }
  const auto found = m_rounded.find(key);
  const WeightSource& source = found == m_rounded.end() ? *m_inner : *found->second;
  source.readRows(matrix, rowBegin, rowEnd, out);
}

std::optional<RawRows> PlannedSource::rawRows(const MatrixRef& matrix, std::int64_t rowBegin,
                                              std::int64_t rowEnd) const {
  if (!quantizes(matrix)) return m_inner->rawRows(matrix, rowBegin, rowEnd);
  if (rowEnd - rowBegin == 1) prepare(matrix);
  return std::nullopt;
}

void PlannedSource::prepare(const MatrixRef& matrix) const {
  const auto found = m_prepared.find({matrix.tensor, matrix.slice});
  if (found != m_prepared.end()) static_cast<void>(quantized(found->second));
}

bool PlannedSource::quantizes(const MatrixRef& matrix) const {
  const Key key{matrix.tensor, matrix.slice};
  return m_rounded.contains(key) || m_prepared.contains(key);
}

std::vector<LayerFallback> PlannedSource::fallbacks() const {
  std::vector<LayerFallback> all;
  const std::lock_guard lock(m_mutex);
  for (const auto& [id, fallbacks] : m_fallbacks)
    for (const Fallback& fallback : fallbacks) all.push_back({m_names[id], fallback});
  return all;
}

std::int64_t PlannedSource::repeats() const {
  const std::lock_guard lock(m_mutex);
  std::int64_t repeats = 0;
  for (const auto& [id, times] : m_made) repeats += times - 1;
  return repeats;
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

}  // namespace ql
