#include "core/workspace_compare.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/evaluate/error_figures.h"
#include "core/jobs/parallel_for.h"
#include "core/workspace_state.h"

#include <algorithm>
#include <cmath>

namespace ql {
namespace {

constexpr std::int64_t kTileWeights = std::int64_t{1} << 18;
constexpr std::uint64_t kUnits = 2;

struct Energies {
  double difference = 0, reference = 0;
};

/// |D_B| - |D_A| of two error sources; none = an error of zero.
class ErrorChangeSource : public WeightSource {
 public:
  ErrorChangeSource(std::shared_ptr<const WeightSource> a, std::shared_ptr<const WeightSource> b)
      : m_a(std::move(a)), m_b(std::move(b)) {}

  void readRows(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd,
                std::span<float> out) const override {
    std::fill(out.begin(), out.end(), 0.0f);
    if (m_b) m_b->readRows(matrix, rowBegin, rowEnd, out);
    for (float& value : out) value = std::abs(value);
    if (!m_a) return;
    std::vector<float> errors(out.size());
    m_a->readRows(matrix, rowBegin, rowEnd, errors);
    for (std::size_t i = 0; i < out.size(); ++i) out[i] -= std::abs(errors[i]);
  }

  void check(const MatrixRef& matrix) const override {
    if (m_a) m_a->check(matrix);
    if (m_b) m_b->check(matrix);
  }

 private:
  std::shared_ptr<const WeightSource> m_a, m_b;
};

std::string firstNames(const Model& model) {
  std::string text;
  int count = 0;
  for (const Linear& linear : model.linears) {
    if (!linear.isQuantizable || count == 2) continue;
    text += (count++ == 0 ? "" : ", ") + quotedText(linear.name);
  }
  return text.empty() ? "none" : text + ", ...";
}

[[noreturn]] void throwNothingInCommon(const Workspace& a, const Workspace& b) {
  throw Error(ErrorCode::Usage, "The two models have no linear of the same name: " + quotedPath(a.path()) +
                                    " has " + firstNames(a.model()) + " and " + quotedPath(b.path()) +
                                    " has " + firstNames(b.model()) +
                                    "; compare two checkpoints of one architecture, such as a fine-tuned one "
                                    "and its origin.");
}

std::uint64_t weightsOf(const Model& model, LinearId id) {
  const Linear& linear = model.linears[id];
  return static_cast<std::uint64_t>(linear.out()) * static_cast<std::uint64_t>(linear.in());
}

/// The linears that both have; the others go into the lists.
void matchByName(const Workspace& a, const Workspace& b, ModelComparison& comparison) {
  for (LinearId id = 0; id < a.model().linears.size(); ++id) {
    const Linear& linear = a.model().linears[id];
    if (!linear.isQuantizable) continue;
    const auto other = b.model().find(linear.name);
    if (!other) {
      comparison.onlyA.push_back(linear.name);
      continue;
    }
    const Linear& twin = b.model().linears[*other];
    const bool hasSameShape = linear.out() == twin.out() && linear.in() == twin.in();
    comparison.layers.push_back({id, *other, linear.name, hasSameShape, {}, {}, {}});
  }
  for (const Linear& linear : b.model().linears)
    if (linear.isQuantizable && !a.model().find(linear.name)) comparison.onlyB.push_back(linear.name);
  if (comparison.layers.empty()) throwNothingInCommon(a, b);
}

}  // namespace

std::shared_ptr<const CodeHistogram> codeHistogram(Workspace& workspace, LinearId id,
                                                   const WeightScheme& scheme, JobContext& job) {
  WorkspaceAccess::State& state = WorkspaceAccess::state(workspace);
  const WeightSource& weights = state.requireWeights("counting codes");
  requireMeasurable(scheme);
  const Linear& linear = state.model.linears.at(id);
  job.setStage("Counting the codes of " + linear.name);
  job.expect(codeUnits(linear.matrix));
  std::optional<MatrixRange> range;
  if (quantizerNeeds(scheme).range) {
    if (const auto stats = state.weightStats(id)) {
      range = rangeOf(*stats);
    } else {
      job.expect(measureRangeUnits(linear.matrix));
      range = measureRange(weights, linear.matrix, job);
    }
  }
  auto histogram = std::make_shared<const CodeHistogram>(measureCodes(
      weights, linear.matrix, scheme, range ? &*range : nullptr, job, state.errorInput(id).siblings));
  weights.check(linear.matrix);
  return histogram;
}

std::shared_ptr<const WeightSource> errorChangeSource(Workspace& workspace, LinearId id,
                                                      const std::optional<WeightScheme>& a,
                                                      const std::optional<WeightScheme>& b, JobContext& job) {
  return std::make_shared<ErrorChangeSource>(a ? workspace.errorSource(id, *a, job) : nullptr,
                                             b ? workspace.errorSource(id, *b, job) : nullptr);
}

std::optional<double> relativeDifference(const WeightSource& a, const MatrixRef& matrixA,
                                         const WeightSource& b, const MatrixRef& matrixB, JobContext& job) {
  QL_ASSERT(matrixA.out == matrixB.out && matrixA.in == matrixB.in && matrixA.in > 0);
  const std::int64_t rows = std::max<std::int64_t>(1, kTileWeights / matrixA.in);
  const std::int64_t tiles = (matrixA.out + rows - 1) / rows;
  std::vector<Energies> parts(static_cast<std::size_t>(tiles));
  parallelFor(job, tiles, [&](std::int64_t tile) {
    const std::int64_t begin = tile * rows, end = std::min(matrixA.out, begin + rows);
    const auto count = static_cast<std::size_t>((end - begin) * matrixA.in);
    std::vector<float> left(count), right(count);
    a.readRows(matrixA, begin, end, left);
    b.readRows(matrixB, begin, end, right);
    Energies& sums = parts[static_cast<std::size_t>(tile)];
    for (std::size_t i = 0; i < count; ++i) {
      if (!std::isfinite(left[i]) || !std::isfinite(right[i])) continue;
      const double w = static_cast<double>(left[i]), difference = static_cast<double>(right[i]) - w;
      sums.difference += difference * difference;
      sums.reference += w * w;
    }
    a.release(matrixA, begin, end);
    b.release(matrixB, begin, end);
    job.step(count * kUnits);
  });
  a.check(matrixA);
  b.check(matrixB);
  Energies total;
  for (const Energies& part : parts) {
    total.difference += part.difference;
    total.reference += part.reference;
  }
  if (!(total.reference > 0)) return std::nullopt;
  return std::sqrt(total.difference / total.reference);
}

std::optional<LayerError> errorIfPossible(Workspace& workspace, LinearId id, const Choice& choice,
                                          JobContext& job) {
  const bool hasWeights = workspace.weights() != nullptr;
  if (hasWeights && choice.weight && !workspace.errorFigures(id, choice))
    workspace.measure(std::span(&id, 1), std::span(&choice, 1), job);
  if (hasWeights && !workspace.outputError(id, choice))
    workspace.measureOutputs(std::span(&id, 1), std::span(&choice, 1), job);
  return workspace.errorFigures(id, choice);
}

ModelComparison compareModels(Workspace& a, Workspace& b, const Choice& choice, JobContext& job,
                              const std::function<void(const LayerPair&)>& done) {
  ModelComparison comparison;
  comparison.choice = choice;
  comparison.hasWeightsA = a.weights() != nullptr;
  comparison.hasWeightsB = b.weights() != nullptr;
  matchByName(a, b, comparison);
  const bool hasBoth = comparison.hasWeightsA && comparison.hasWeightsB;
  for (const LayerPair& pair : comparison.layers)
    if (hasBoth && pair.hasSameShape) job.expect(weightsOf(a.model(), pair.a) * kUnits);
  bool hasAny = false;
  for (LayerPair& pair : comparison.layers) {
    job.setStage("Comparing " + pair.name);
    pair.errorA = errorIfPossible(a, pair.a, choice, job);
    pair.errorB = errorIfPossible(b, pair.b, choice, job);
    hasAny = hasAny || pair.errorA || pair.errorB;
    const MatrixRef &matrixA = a.model().linears[pair.a].matrix, &matrixB = b.model().linears[pair.b].matrix;
    if (hasBoth && pair.hasSameShape)
      pair.weightDifference = relativeDifference(*a.weights(), matrixA, *b.weights(), matrixB, job);
    if (done) done(pair);
  }
  if (!hasAny)
    throw Error(ErrorCode::Store, "Neither model knows its errors under " + specText(choice) +
                                      ": only statistics are open, and they have other schemes; name a "
                                      "checkpoint, or a scheme that was analyzed.");
  return comparison;
}

}  // namespace ql
