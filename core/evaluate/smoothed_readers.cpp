#include "core/evaluate/smoothed_readers.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/evaluate/kernel_scheme.h"
#include "core/evaluate/prepared_quantizer.h"
#include "core/evaluate/ratio_interval.h"
#include "core/evaluate/smoothed_readers_state.h"
#include "core/evaluate/smoothing_kernel.h"
#include "core/jobs/parallel_for.h"

#include <numeric>

namespace ql {
namespace {

MatrixRange scaled(const MatrixRange& range, std::span<const float> s) {
  MatrixRange result = range;
  for (std::size_t j = 0; j < s.size(); ++j) {
    result.columnMin[j] *= s[j];
    result.columnMax[j] *= s[j];
  }
  return result;
}

std::optional<double> rootOfRatio(double error, double energy) {
  if (!(energy > 0) || !std::isfinite(error)) return std::nullopt;
  return std::sqrt(error / energy);
}

double total(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

/// Sums over a group of what one reader has, one entry a token of each distinct input.
SmoothedFigures figuresOf(const GroupTokenSums& errors, const std::vector<double>& energy, double population,
                          GroupFigures wanted) {
  SmoothedFigures figures;
  const double whole = total(energy);
  figures.wa = rootOfRatio(total(errors.wa), whole);
  if (wanted == GroupFigures::All) {
    figures.w = rootOfRatio(total(errors.w), whole);
    figures.a = rootOfRatio(total(errors.a), whole);
  }
  if (!figures.wa) return figures;
  const RatioInterval interval = ratioInterval(errors.wa, energy, population);
  if (std::isfinite(interval.below) && std::isfinite(interval.above))
    figures.interval = {std::sqrt(std::max(0.0, interval.value - interval.below)),
                        std::sqrt(interval.value + interval.above)};
  return figures;
}

}  // namespace

GroupReaderPlan SmoothedReaders::State::planFor(const LoadedReader& reader, std::span<const float> s,
                                                const Choice& choice, const RoundedInputs& rounded) const {
  GroupReaderPlan plan;
  plan.input = choice.activation ? &rounded.of(reader.input, *choice.activation) : nullptr;
  plan.hasWeight = choice.weight.has_value();
  if (!plan.hasWeight) return plan;
  if (!isRowLocal(*choice.weight))
    throw Error(
        ErrorCode::Unsupported,
        choice.weight->algorithm.name +
            " looks at the whole matrix and its input, so it is not tried for every S of a curve; draw "
            "the curve with rtn, then measure the plan with 'qloupe error --plan'.");
  plan.range = scaled(reader.range, s);
  plan.quantizer = makeRowQuantizer(*choice.weight, {reader.matrix.out, reader.matrix.in, &plan.range});
  plan.strip = stripScheme(*plan.quantizer, reader.matrix.in);
  const std::int64_t bands = std::max<std::int64_t>(1, plan.quantizer->rowUnit());
  plan.stripRows = bands * std::max<std::int64_t>(1, kGroupStripRows / bands);
  return plan;
}

/// Q(W S), or with `asError` Q(W S) - W S.
std::span<const float> SmoothedReaders::State::roundedRows(const GroupReaderPlan& plan,
                                                           const GroupStrip& strip, std::span<const float> w,
                                                           std::span<const float> s, bool asError,
                                                           GroupScratch& scratch) const {
  scratch.scaled.resize(w.size());
  const std::size_t rows = w.size() / width();
  const SmoothedRows smoothed{w.data(), s.data(), rows, width(), scratch.scaled.data()};
  if (plan.strip) {
    quantizeScaledRows(*plan.strip, smoothed);
  } else {
    scaleRows(smoothed);
    std::vector<float> quantized(w.size());
    plan.quantizer->apply(strip.begin, static_cast<std::int64_t>(rows), scratch.scaled, quantized, {});
    scratch.scaled.swap(quantized);
  }
  if (asError) {
    for (std::size_t row = 0; row < w.size(); row += width())
      for (std::size_t j = 0; j < width(); ++j) scratch.scaled[row + j] -= w[row + j] * s[j];
  }
  return scratch.scaled;
}

/// |y - Y|^2 by token over the strip, or |y|^2 without `isDifference`.
std::vector<double> SmoothedReaders::State::squares(const LoadedReader& reader, const GroupStrip& strip,
                                                    const std::vector<float>& y, std::span<const float> w,
                                                    bool isDifference, GroupScratch& scratch,
                                                    JobContext& job) const {
  const std::size_t rows = static_cast<std::size_t>(strip.end - strip.begin);
  const std::size_t tokens = y.size() / rows;
  const bool isHeld = !reader.outputs.empty();
  if (isDifference && !isHeld) multiply(inputs.tokens(reader.input), w, scratch.reference, job);
  const float* reference = isHeld ? reader.outputs.data() + strip.begin : scratch.reference.data();
  const std::size_t stride = isHeld ? static_cast<std::size_t>(reader.matrix.out) : rows;
  std::vector<double> sums(tokens, 0.0);
  for (std::size_t t = 0; t < tokens; ++t) {
    double sum = 0;
    for (std::size_t r = 0; r < rows; ++r) {
      const double whole = isDifference ? static_cast<double>(reference[t * stride + r]) : 0.0;
      const double error = static_cast<double>(y[t * rows + r]) - whole;
      sum += error * error;
    }
    sums[t] = sum;
  }
  return sums;
}

GroupTokenSums SmoothedReaders::State::measureStrip(const GroupStrip& strip, const GroupReaderPlan& plan,
                                                    std::span<const float> s, const RoundedInputs& rounded,
                                                    GroupFigures figures, JobContext& job) const {
  const LoadedReader& reader = readers[strip.reader];
  std::unique_ptr<GroupScratch> scratch = pool.take();
  const std::span<const float> w = rowsOf(reader, strip.begin, strip.end, *scratch);
  const bool isAll = figures == GroupFigures::All;
  GroupTokenSums sums;
  const auto zeros = [&] { return std::vector<double>(inputs.tokenCount(reader.input), 0.0); };
  if (plan.hasWeight && plan.input) {
    multiply(plan.input->values, roundedRows(plan, strip, w, s, false, *scratch), scratch->outputs, job);
    sums.wa = squares(reader, strip, scratch->outputs, w, true, *scratch, job);
  }
  if (plan.hasWeight && (isAll || !plan.input)) {
    // the product of the small D is more accurate than a difference of products
    multiply(rounded.smoothed(reader.input), roundedRows(plan, strip, w, s, true, *scratch), scratch->outputs,
             job);
    sums.w = squares(reader, strip, scratch->outputs, w, false, *scratch, job);
  }
  if (plan.input && (isAll || !plan.hasWeight)) {
    multiply(plan.input->changes, w, scratch->outputs, job);
    sums.a = squares(reader, strip, scratch->outputs, w, false, *scratch, job);
  }
  if (sums.w.empty()) sums.w = zeros();
  if (sums.a.empty()) sums.a = zeros();
  if (sums.wa.empty()) sums.wa = plan.hasWeight ? sums.w : sums.a;
  pool.giveBack(std::move(scratch));
  return sums;
}

GroupError SmoothedReaders::State::result(const std::vector<GroupTokenSums>& sums,
                                          std::span<const Choice> choices, GroupFigures figures) const {
  GroupError error;
  std::vector<GroupTokenSums> byInput(inputs.size());
  std::vector<std::vector<double>> energies(inputs.size());
  for (std::size_t i = 0; i < readers.size(); ++i) {
    const std::size_t input = readers[i].input;
    error.readers.push_back(figuresOf(sums[i], readers[i].energy, inputs.population(input), figures));
    if (!choices[i].weight && !choices[i].activation) continue;
    addTo(byInput[input].w, sums[i].w);
    addTo(byInput[input].a, sums[i].a);
    addTo(byInput[input].wa, sums[i].wa);
    addTo(energies[input], readers[i].energy);
  }
  GroupTokenSums whole;
  std::vector<double> energy;
  double population = 0;
  const auto append = [](std::vector<double>& list, const std::vector<double>& values) {
    list.insert(list.end(), values.begin(), values.end());
  };
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    append(whole.w, byInput[i].w);
    append(whole.a, byInput[i].a);
    append(whole.wa, byInput[i].wa);
    append(energy, energies[i]);
    population += inputs.population(i);
  }
  error.together = figuresOf(whole, energy, population, figures);
  return error;
}

GroupError SmoothedReaders::measure(std::span<const float> s, std::span<const Choice> choices,
                                    GroupFigures figures, JobContext& job) const {
  const State& state = *m_state;
  if (choices.size() != state.readers.size() || (!s.empty() && s.size() != state.width())) {
    throw Error(ErrorCode::Shape, "There are " + std::to_string(s.size()) + " smoothing factors and " +
                                      std::to_string(choices.size()) + " choices for a group of " +
                                      std::to_string(state.readers.size()) + " readers of " +
                                      std::to_string(state.width()) + " channels.");
  }
  const std::vector<float> ones(s.empty() ? state.width() : 0, 1.0f);
  const std::span<const float> factors = s.empty() ? std::span<const float>(ones) : s;
  const RoundedInputs rounded(
      state.inputs, factors, choices, [&](std::size_t reader) { return state.readers[reader].input; }, job);
  std::vector<GroupReaderPlan> plans;
  std::vector<GroupStrip> strips;
  for (std::size_t i = 0; i < state.readers.size(); ++i) {
    plans.push_back(state.planFor(state.readers[i], factors, choices[i], rounded));
    for (const GroupStrip& strip : stripsOf(i, state.readers[i].matrix.out, plans[i].stripRows))
      strips.push_back(strip);
  }
  std::vector<GroupTokenSums> sums(state.readers.size()), parts(strips.size());
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const std::vector<double> zeros(state.inputs.tokenCount(state.readers[i].input), 0.0);
    sums[i] = {zeros, zeros, zeros};
  }
  parallelForOrdered(
      job, static_cast<std::int64_t>(strips.size()),
      [&](std::int64_t i) {
        const GroupStrip& strip = strips[static_cast<std::size_t>(i)];
        const GroupReaderPlan& plan = plans[strip.reader];
        if (!plan.hasWeight && !plan.input) return;
        parts[static_cast<std::size_t>(i)] = state.measureStrip(strip, plan, factors, rounded, figures, job);
      },
      [&](std::int64_t i) {
        const GroupTokenSums part = std::move(parts[static_cast<std::size_t>(i)]);
        GroupTokenSums& sum = sums[strips[static_cast<std::size_t>(i)].reader];
        addTo(sum.w, part.w);
        addTo(sum.a, part.a);
        addTo(sum.wa, part.wa);
      });
  for (const LoadedReader& reader : state.readers) state.source->check(reader.matrix);
  job.step(measureUnits(choices, figures));
  return state.result(sums, choices, figures);
}

std::uint64_t SmoothedReaders::loadUnits(std::span<const GroupReader> readers) {
  std::uint64_t units = 0;
  for (const GroupReader& reader : readers) {
    const auto tokens = reader.input ? static_cast<std::uint64_t>(reader.input->sample.count()) : 0;
    units += static_cast<std::uint64_t>(reader.matrix.out) * static_cast<std::uint64_t>(reader.matrix.in) *
             (3 + tokens / kGroupUnitTokens);
  }
  return units;
}

std::uint64_t SmoothedReaders::measureUnits(std::span<const Choice> choices, GroupFigures figures) const {
  std::uint64_t units = 0;
  for (std::size_t i = 0; i < std::min(choices.size(), m_state->readers.size()); ++i) {
    const LoadedReader& reader = m_state->readers[i];
    const bool isBoth = choices[i].weight && choices[i].activation;
    const std::uint64_t products = isBoth ? (figures == GroupFigures::All ? 3 : 1)
                                          : (choices[i].weight || choices[i].activation ? 1 : 0);
    units += static_cast<std::uint64_t>(reader.matrix.out) * m_state->width() * products *
             (1 + m_state->inputs.tokenCount(reader.input) / kGroupUnitTokens);
  }
  return units;
}

std::uint64_t SmoothedReaders::bytes() const {
  return m_state->heldBytes + m_state->inputs.bytes();
}

std::int64_t SmoothedReaders::width() const {
  return static_cast<std::int64_t>(m_state->width());
}

std::int64_t SmoothedReaders::tokens() const {
  std::size_t tokens = 0;
  for (std::size_t i = 0; i < m_state->inputs.size(); ++i) tokens += m_state->inputs.tokenCount(i);
  return static_cast<std::int64_t>(tokens);
}

}  // namespace ql
