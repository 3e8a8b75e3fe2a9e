// Which schemes have uniform grids, and what their rules take from the whole matrix and from those it is
// fused with.
#include "core/quant/matrix_rule.h"

#include "core/base/error.h"
#include "core/jobs/parallel_for.h"

#include <algorithm>
#include <cmath>

namespace ql {
namespace {

bool isSignOfTensorNeeded(const WeightScheme& scheme) {
  return scheme.flavour == "qualcomm" && scheme.symmetric;
}

/// "model.layers.0.self_attn" of "model.layers.0.self_attn.q_proj.weight".
std::string_view moduleOf(std::string_view tensor) {
  constexpr std::string_view kWeight = ".weight";
  if (tensor.ends_with(kWeight)) tensor.remove_suffix(kWeight.size());
  return tensor.substr(0, std::min(tensor.rfind('.'), tensor.size()));
}

/// Matrices that a runtime stores as one: in the same module, and for experts the same expert.
bool isFused(const MatrixRef& a, const MatrixRef& b) {
  return moduleOf(a.tensor) == moduleOf(b.tensor) && a.slice == b.slice;
}

float absmaxOf(std::span<const float> values) {
  float absmax = 0;
  for (const float v : values)
    if (std::isfinite(v)) absmax = std::max(absmax, std::abs(v));
  return absmax;
}

/// Of the finite weights of a matrix. One read; memory 64 rows a thread.
float measureAbsmax(const WeightSource& source, const MatrixRef& matrix, JobContext& job) {
  constexpr std::int64_t kRows = 64;
  const std::int64_t tiles = (matrix.out + kRows - 1) / kRows;
  std::vector<float> absmax(static_cast<std::size_t>(tiles), 0);
  parallelFor(job, tiles, [&](std::int64_t tile) {
    const std::int64_t begin = tile * kRows, end = std::min(matrix.out, begin + kRows);
    std::vector<float> rows(static_cast<std::size_t>((end - begin) * matrix.in));
    source.readRows(matrix, begin, end, rows);
    absmax[static_cast<std::size_t>(tile)] = absmaxOf(rows);
    source.release(matrix, begin, end);
    job.step();
  });
  source.check(matrix);
  return absmaxOf(absmax);
}

float fusedAbsmax(const QuantizerInput& input) {
  QL_ASSERT(input.range);
  float absmax = std::max(absmaxOf(input.range->columnMin), absmaxOf(input.range->columnMax));
  if (!input.source || !input.job) return absmax;
  for (const MatrixRef& sibling : input.siblings) {
    if (sibling == input.matrix || !isFused(sibling, input.matrix)) continue;
    absmax = std::max(absmax, measureAbsmax(*input.source, sibling, *input.job));
  }
  return absmax;
}

}  // namespace

std::vector<std::string> integerFormats() {
  return {"int8", "int7", "int6", "int5", "int4", "int3", "int2"};
}

std::vector<std::string> floatFormats() {
  std::vector<std::string> names;
  for (const ElementFormat& format : elementFormats()) names.emplace_back(format.name);
  return names;
}

std::vector<std::string> gridFormats() {
  std::vector<std::string> names = integerFormats();
  for (const std::string& name : floatFormats()) names.push_back(name);
  for (const BlockFormat& format : blockFormats()) names.emplace_back(format.name);
  return names;
}

QuantizerNeeds gridNeeds(const WeightScheme& scheme) {
  QuantizerNeeds needs;
  needs.range = scheme.granularity == Granularity::Tensor ||
                scheme.granularity == Granularity::InputChannel || scheme.format == "nvfp4" ||
                isSignOfTensorNeeded(scheme);
  return needs;
}

void checkGrids(const WeightScheme& scheme) {
  static_cast<void>(rtnRule(scheme));
  if (!findBlockFormat(scheme.format) || scheme.granularity == Granularity::Group) return;
  const NumberFormatInfo* format = findNumberFormat(scheme.format);
  throw Error(ErrorCode::Unsupported,
              scheme.format + " has a scale for each group of weights along the input, not by " +
                  std::string(granularityName(scheme.granularity)) +
                  "; use group=" + std::to_string(format ? format->ownGroup : 32) + ".");
}

RtnRule matrixRule(const WeightScheme& scheme, const QuantizerInput& input) {
  RtnRule rule = rtnRule(scheme);
  if (isSignOfTensorNeeded(scheme) && input.range)
    rule.hasNegatives = std::any_of(input.range->columnMin.begin(), input.range->columnMin.end(),
                                    [](float v) { return v < 0; });
  if (rule.block.isNvfp4()) setTensorAbsmax(rule.block, fusedAbsmax(input));
  return rule;
}

}  // namespace ql
