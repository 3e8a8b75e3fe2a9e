// What views and reports ask of a workspace: findings, pictures, the census of tensors.
#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/data_errors.h"
#include "core/evaluate/prepared_quantizer.h"
#include "core/jobs/parallel_for.h"
#include "core/quant/quantizer.h"
#include "core/workspace_state.h"

#include <algorithm>
#include <cmath>

namespace ql {

namespace {

constexpr std::int64_t kPictureTile = 8;
constexpr std::size_t kScanBlock = std::size_t{1} << 20;  // weights a block

void sortBySeverity(std::vector<Finding>& findings) {
  std::stable_sort(findings.begin(), findings.end(),
                   [](const Finding& a, const Finding& b) { return a.severity > b.severity; });
}

Workspace::ScanResult scanBlock(DType dtype, std::span<const std::byte> bytes, std::size_t count) {
  std::vector<float> values(count);
  convertToFloat(dtype, bytes, values);
  Workspace::ScanResult result{};
  for (const float value : values) {
    result.zeros += value == 0 ? 1 : 0;
    result.nans += std::isnan(value) ? 1 : 0;
    if (std::isinf(value)) ++(value > 0 ? result.posInfs : result.negInfs);
  }
  return result;
}

}  // namespace

std::vector<Choice> diagnosedChoices(const Choice& choice, std::int64_t in, bool hasActivations) {
  std::vector<Choice> choices{choice.weight ? choice : defaultChoice()};
  const Choice diagnosed = choices.front();
  for (Choice& candidate : remedyCandidates(diagnosed, in)) choices.push_back(std::move(candidate));
  if (!hasActivations) return choices;
  for (Choice& candidate : activationRemedyCandidates(diagnosed, in)) choices.push_back(std::move(candidate));
  return choices;
}

std::vector<Finding> Workspace::findings(LinearId id, const DiagnosisOptions& options) const {
  const Linear& linear = m_state->model.linears.at(id);
  const auto activations = m_state->usableActivations(id);
  const std::vector<Choice> choices = diagnosedChoices(options.choice, linear.in(), activations != nullptr);
  const auto stats = m_state->weightStats(id);
  const auto error = m_state->error(id, choices.front());
  if (!stats || !error) return {};
  std::vector<StoredError> candidates;
  for (std::size_t i = 1; i < choices.size(); ++i)
    if (const auto measured = m_state->error(id, choices[i])) candidates.push_back({choices[i], *measured});
  DiagnosisOptions complete = options;
  complete.choice = choices.front();
  const std::vector<SmoothedError> smoothed = m_state->smoothedErrors(id, complete.choice);
  return ql::diagnose(linear, *stats, *error, candidates, m_state->gain(id), activations.get(), smoothed,
                      complete);
}

std::vector<Finding> Workspace::diagnose(const DiagnosisOptions& options, JobContext& job) {
  std::vector<LinearId> ids;
  AnalyzeOptions unmeasured;
  for (LinearId id = 0; id < m_state->model.linears.size(); ++id) {
    if (!m_state->model.linears[id].isQuantizable) continue;
    ids.push_back(id);
    if (!m_state->hasStats(id)) unmeasured.linears.push_back(id);
  }
  if (!unmeasured.linears.empty() && m_state->source) analyze(unmeasured, job);
  std::vector<Finding> all;
  for (const LinearId id : ids) {
    if (m_state->source) {
      const bool hasActivations = m_state->usableActivations(id) != nullptr;
      const auto choices = diagnosedChoices(options.choice, m_state->model.linears[id].in(), hasActivations);
      measure(std::span(&id, 1), choices, job);
      if (hasActivations) measureOutputs(std::span(&id, 1), choices, job);
      if (hasActivations) m_state->trySmoothing(*this, id, choices.front(), options.target, job);
    }
    job.step();
    for (Finding& finding : findings(id, options)) all.push_back(std::move(finding));
  }
  sortBySeverity(all);
  return all;
}

std::shared_ptr<const WeightSource> Workspace::errorSource(LinearId id, const WeightScheme& scheme,
                                                           JobContext& job) {
  m_state->requireWeights("the picture of an error");
  requireMeasurable(scheme);
  auto stats = m_state->weightStats(id);
  if (quantizerNeeds(scheme).range && !stats) {
    job.expect(m_state->statsUnits(id));
    stats = std::make_shared<const WeightStats>(m_state->measureStats(id, job));
  }
  return std::make_shared<FakeQuantizedSource>(
      m_state->source,
      prepareQuantizer(*m_state->source, m_state->errorInputFor(id, {&scheme, 1}), scheme, stats.get(), job),
      FakeQuantizedSource::Output::Error);
}

std::shared_ptr<const TilePyramid> Workspace::picturePyramid(LinearId id,
                                                             const std::optional<WeightScheme>& scheme,
                                                             JobContext& job) {
  const Choice choice{scheme, std::nullopt};
  PyramidKey key{id, errorKey(choice)};
  if (restsOnActivations(choice)) {
    const std::lock_guard lock(m_state->mutex);
    key.second += m_state->calibrationKey;
  }
  {
    const std::lock_guard lock(m_state->mutex);
    if (auto known = m_state->pyramids.find(key)) return known;
  }
  const Linear& linear = m_state->model.linears.at(id);
  if (!m_state->source && !scheme) {
    const auto stats = m_state->weightStats(id);
    if (stats && !stats->pyramid.levels.empty())
      return std::shared_ptr<const TilePyramid>(stats, &stats->pyramid);
  }
  m_state->requireWeights("the picture of " + quotedText(linear.name));
  const auto source = scheme ? errorSource(id, *scheme, job) : m_state->source;
  job.setStage("Drawing " + linear.name);
  job.expect(measureUnits(*source, linear.matrix));
  auto pyramid = std::make_shared<const TilePyramid>(buildPyramid(*source, linear.matrix, kPictureTile, job));
  m_state->source->check(linear.matrix);
  const std::lock_guard lock(m_state->mutex);
  m_state->pyramids.insert(key, pyramid, bytesOf(*pyramid));
  return pyramid;
}

std::vector<Workspace::ScanResult> Workspace::scan(JobContext& job) const {
  m_state->requireWeights("a scan");
  const Checkpoint& checkpoint = *m_state->checkpoint;
  std::vector<const TensorInfo*> tensors;
  for (const TensorInfo& tensor : checkpoint.tensors())
    if (dtypeInfo(tensor.dtype).isConvertible) tensors.push_back(&tensor);
  for (const TensorInfo* tensor : tensors) job.expect(tensor->sizeBytes);
  std::vector<ScanResult> results;
  for (const TensorInfo* tensor : tensors) {
    job.setStage("Scanning " + tensor->name);
    const MappedFile& file = checkpoint.file(*tensor);
    const std::span<const std::byte> bytes = checkpoint.bytes(*tensor);
    const std::size_t width = static_cast<std::size_t>(dtypeInfo(tensor->dtype).bits) / 8;
    const std::size_t count = bytes.size() / width;
    ScanResult total{tensor->name, count, 0, 0, 0, 0};
    const std::size_t blocks = (count + kScanBlock - 1) / kScanBlock;
    std::vector<ScanResult> partial(blocks);
    parallelFor(job, static_cast<std::int64_t>(blocks), [&](std::int64_t block) {
      const std::size_t begin = static_cast<std::size_t>(block) * kScanBlock;
      const std::size_t size = std::min(kScanBlock, count - begin);
      partial[static_cast<std::size_t>(block)] =
          scanBlock(tensor->dtype, bytes.subspan(begin * width, size * width), size);
      file.release(tensor->offset + begin * width, size * width);
      job.step(size * width);
    });
    file.throwIfTruncated();
    for (const ScanResult& block : partial) {
      total.nans += block.nans;
      total.posInfs += block.posInfs;
      total.negInfs += block.negInfs;
      total.zeros += block.zeros;
    }
    results.push_back(std::move(total));
  }
  return results;
}

}  // namespace ql
