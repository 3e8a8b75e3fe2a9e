// With A = dX W^T, B = Q(X / S) D^T, dX = (Q(X / S) - X / S) S and D = Q(W S) - W S, the three differences of
// outputs are: activations alone A, both A + B, weights alone (X / S) D^T: three products of small numbers.
#include "core/evaluate/sampled_readers.h"

#include "core/base/error.h"
#include "core/evaluate/group_inputs.h"
#include "core/evaluate/prepared_quantizer.h"
#include "core/evaluate/sampled_rows.h"
#include "core/evaluate/token_kernel.h"
#include "core/jobs/parallel_for.h"

#include <algorithm>
#include <cmath>

namespace ql {
namespace {

constexpr double kBudget = 480.0 * 8192 * 256;  // multiply-adds a product and step
constexpr std::int64_t kLeastRows = 384, kLeastReaderRows = 16;
constexpr std::int64_t kRowUnit = 48;  // column unit of the products
constexpr std::int64_t kScanRows = 32;

/// One reader's rows.
struct Sampled : SampledRows {
  std::size_t input = 0;              // index in GroupInputs
  std::vector<double> energy, known;  // [rows] |Y_r|^2; sum_j w_rj^2 sum_t x_tj^2
  double knownTotal = 0;              // of `known` over all rows of the matrix
};

/// Squared errors of the sampled rows of one reader; empty where they are 0.
struct RowErrors {
  std::vector<double> w, a, wa;
};

void setFinite(std::span<float> values) {
  for (float& v : values) v = std::isfinite(v) ? v : 0.0f;
}

double lowerMedian(std::vector<float> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
  std::nth_element(values.begin(), middle, values.end());
  return static_cast<double>(*middle);
}

/// The largest of each row's peaks, in units of their medians: so the ways to be large are comparable.
std::vector<float> scoresOf(const std::vector<std::vector<float>>& peaks) {
  std::vector<float> scores(peaks.front());
  for (float& score : scores) score = 0;
  for (const std::vector<float>& values : peaks) {
    const double median = lowerMedian(values);
    const float unit = median > 0 ? static_cast<float>(1 / median) : 1.0f;
    for (std::size_t r = 0; r < values.size(); ++r) scores[r] = std::max(scores[r], values[r] * unit);
  }
  return scores;
}

/// Fair shares of `total` rows by the readers' sizes.
std::vector<std::int64_t> sharesOf(std::span<const SampledReader> readers, std::int64_t total) {
  double all = 0;
  for (const SampledReader& reader : readers) all += static_cast<double>(reader.matrix.out);
  std::vector<std::int64_t> shares;
  for (const SampledReader& reader : readers) {
    const double part =
        static_cast<double>(total) * static_cast<double>(reader.matrix.out) / std::max(1.0, all);
    shares.push_back(
        std::min(reader.matrix.out, std::max(kLeastReaderRows, static_cast<std::int64_t>(part + 0.5))));
  }
  return shares;
}

/// The sample of several matrices as one: strata apart.
struct JoinedSample {
  std::vector<SampledRow> rows;
  std::vector<double> w, a, wa, energy, known;
  double knownTotal = 0;

  void add(const Sampled& reader, const RowErrors& errors) {
    std::int64_t strata = 0;
    for (const SampledRow& row : rows) strata = std::max(strata, row.stratum + 1);
    for (SampledRow row : reader.rows) {
      if (row.stratum >= 0) row.stratum += strata;
      rows.push_back(row);
    }
    const auto append = [&](std::vector<double>& list, const std::vector<double>& values) {
      const std::size_t size = list.size() + reader.rows.size();
      list.insert(list.end(), values.begin(), values.end());
      list.resize(size, 0.0);
    };
    append(w, errors.w);
    append(a, errors.a);
    append(wa, errors.wa);
    append(energy, reader.energy);
    append(known, reader.known);
    knownTotal += reader.knownTotal;
  }

  SampledError figures() const {
    const KnownTotal total{known, knownTotal};
    return {sampledFigure(sampledRatio(rows, w, energy, total)),
            sampledFigure(sampledRatio(rows, a, energy, total)),
            sampledFigure(sampledRatio(rows, wa, energy, total))};
  }
  bool isSilent() const {
    return std::all_of(energy.begin(), energy.end(), [](double e) { return !(e > 0); });
  }
};

SampledError figuresOf(const JoinedSample& sample) {
  return sample.isSilent() ? SampledError{} : sample.figures();
}

}  // namespace

SampledFigure sampledFigure(const RatioInterval& ratio) {
  if (!std::isfinite(ratio.value)) return {};
  SampledFigure figure{std::sqrt(ratio.value), std::nullopt};
  if (std::isfinite(ratio.below) && std::isfinite(ratio.above) && (ratio.below > 0 || ratio.above > 0))
    figure.interval = {std::sqrt(std::max(0.0, ratio.value - ratio.below)),
                       std::sqrt(ratio.value + ratio.above)};
  return figure;
}

struct SampledReaders::State {
  GroupInputs inputs;
  std::vector<Sampled> readers;
  mutable PreviewScratchPool pool;

  std::size_t width() const { return inputs.width(); }

  /// Largest |w_rj f_j| of every row, for each of the factors.
  static std::vector<std::vector<float>> rowPeaks(const WeightSource& source, const MatrixRef& matrix,
                                                  const std::vector<std::vector<float>>& factors,
                                                  JobContext& job) {
    const std::size_t in = static_cast<std::size_t>(matrix.in), out = static_cast<std::size_t>(matrix.out);
    std::vector<std::vector<float>> peaks(factors.size(), std::vector<float>(out, 0.0f));
    parallelFor(job, (matrix.out + kScanRows - 1) / kScanRows, [&](std::int64_t chunk) {
      const std::int64_t begin = chunk * kScanRows, end = std::min(matrix.out, begin + kScanRows);
      std::vector<float> rows(static_cast<std::size_t>(end - begin) * in);
      source.readRows(matrix, begin, end, rows);
      setFinite(rows);
      source.release(matrix, begin, end);
      for (std::size_t f = 0; f < factors.size(); ++f)
        for (std::int64_t r = begin; r < end; ++r)
          peaks[f][static_cast<std::size_t>(r)] =
              largestProduct(&rows[static_cast<std::size_t>(r - begin) * in], factors[f].data(), in);
      job.step(static_cast<std::uint64_t>(end - begin) * in);
    });
    source.check(matrix);
    return peaks;
  }

  /// Factors of alpha 0 (levelled columns) and alpha 1 (times the activations' absmax).
  std::vector<std::vector<float>> extremeFactors(std::span<const SampledReader> list,
                                                 std::size_t input) const {
    std::vector<float> level(width(), 0.0f), activations(width());
    for (const SampledReader& reader : list)
      for (std::size_t j = 0; j < width(); ++j)
        level[j] = std::max(level[j], reader.stats->columns.absmax[j]);
    for (float& l : level) l = l > 0 ? 1 / l : 0.0f;
    const ActivationRange& range = inputs.range(input);
    for (std::size_t j = 0; j < width(); ++j)
      activations[j] = std::max(std::abs(range.min[j]), std::abs(range.max[j]));
    return {level, activations};
  }

  /// Outputs, their energies, and what the column energies of all rows say of those.
  void prepare(Sampled& reader, const WeightStats& stats, JobContext& job) const {
    const std::span<const float> x = inputs.tokens(reader.input);
    std::vector<double> moment(width(), 0.0);
    for (std::size_t i = 0; i < x.size(); ++i)
      moment[i % width()] += static_cast<double>(x[i]) * static_cast<double>(x[i]);
    for (std::size_t r = 0; r < reader.rows.size(); ++r) {
      double sum = 0;
      for (std::size_t j = 0; j < width(); ++j) {
        const double w = static_cast<double>(reader.weights[r * width() + j]);
        sum += w * w * moment[j];
      }
      reader.known.push_back(sum);
    }
    for (std::size_t j = 0; j < width(); ++j) reader.knownTotal += stats.columns.sumSq[j] * moment[j];
    std::vector<float> outputs;
    sampleProduct(x, reader.weights, width(), outputs, job);
    reader.energy = rowSquares(outputs, {}, reader.rows.size(), job);
  }

  RowErrors errorsOf(const Sampled& reader, std::span<const float> s, const Choice& choice,
                     const RoundedInputs& rounded, JobContext& job) const {
    RowErrors errors;
    std::unique_ptr<PreviewScratch> scratch = pool.take();
    std::vector<float>&a = scratch->activations, &product = scratch->product, &d = scratch->rounded;
    const std::size_t rows = reader.rows.size();
    if (choice.activation) {
      sampleProduct(rounded.of(reader.input, *choice.activation).changes, reader.weights, width(), a, job);
      errors.a = rowSquares(a, {}, rows, job);
    }
    if (choice.weight) {
      roundingErrors(reader, *choice.weight, s, d, job);
      sampleProduct(rounded.smoothed(reader.input), d, width(), product, job);
      errors.w = rowSquares(product, {}, rows, job);
      if (choice.activation) {
        sampleProduct(rounded.of(reader.input, *choice.activation).values, d, width(), product, job);
        errors.wa = rowSquares(product, a, rows, job);
      }
    }
    pool.giveBack(std::move(scratch));
    if (errors.wa.empty()) errors.wa = choice.weight ? errors.w : errors.a;
    return errors;
  }
};

std::int64_t SampledReaders::rowsFor(std::span<const SampledReader> readers) {
  double cost = 0, out = 0;  // of all rows; a row's share of it decides
  for (const SampledReader& reader : readers) {
    const double tokens = reader.input ? static_cast<double>(reader.input->sample.count()) : 0.0;
    cost += static_cast<double>(reader.matrix.out) * static_cast<double>(reader.matrix.in) * tokens;
    out += static_cast<double>(reader.matrix.out);
  }
  const double rows = cost > 0 ? kBudget / (cost / out) : kBudget;
  const auto units = static_cast<std::int64_t>(std::min(rows, 1e6)) / kRowUnit;
  return std::max(kLeastRows, units * kRowUnit);
}

bool SampledReaders::isWorthwhile(std::span<const SampledReader> readers) {
  std::int64_t out = 0;
  for (const SampledReader& reader : readers) out += reader.matrix.out;
  return 2 * rowsFor(readers) <= out;
}

bool SampledReaders::canMeasure(std::span<const Choice> choices) {
  return std::all_of(choices.begin(), choices.end(), [](const Choice& choice) {
    return !choice.weight || (choice.weight->granularity != Granularity::GroupInChannel &&
                              choice.weight->granularity != Granularity::Block && isRowLocal(*choice.weight));
  });
}

SampledReaders::SampledReaders(const WeightSource& source, std::vector<SampledReader> readers,
                               std::int64_t rows, bool followsSmoothing, JobContext& job)
    : m_state(std::make_unique<State>()) {
  QL_ASSERT(!readers.empty());
  const std::vector<std::int64_t> shares = sharesOf(readers, rows);
  for (std::size_t i = 0; i < readers.size(); ++i) {
    const SampledReader& reader = readers[i];
    const WeightStats& stats = *reader.stats;
    QL_ASSERT(stats.out == reader.matrix.out && stats.in == reader.matrix.in);
    Sampled& added = m_state->readers.emplace_back();
    added.matrix = reader.matrix;
    added.input = m_state->inputs.add(reader.matrix, reader.input);
    added.range = {stats.columns.min, stats.columns.max};
    if (stats.rows.absmax.empty()) continue;
    std::vector<std::vector<float>> peaks;
    if (followsSmoothing && shares[i] < reader.matrix.out)
      peaks = State::rowPeaks(source, reader.matrix, m_state->extremeFactors(readers, added.input), job);
    peaks.push_back(stats.rows.absmax);
    const std::vector<float> scores = scoresOf(peaks);
    added.rows = sampleOf(scores, shares[i]);
    added.read(source, job);
    m_state->prepare(added, stats, job);
  }
}

SampledReaders::~SampledReaders() = default;

SampledGroupError SampledReaders::measure(std::span<const float> s, std::span<const Choice> choices,
                                          JobContext& job) const {
  const State& state = *m_state;
  if (choices.size() != state.readers.size() || (!s.empty() && s.size() != state.width())) {
    throw Error(ErrorCode::Shape, "There are " + std::to_string(s.size()) + " smoothing factors and " +
                                      std::to_string(choices.size()) + " choices for a group of " +
                                      std::to_string(state.readers.size()) + " readers of " +
                                      std::to_string(state.width()) + " channels.");
  }
  for (const Choice& choice : choices)
    if (choice.weight) requireMeasurable(*choice.weight);
  if (!canMeasure(choices))
    throw Error(ErrorCode::Unsupported,
                "Weights whose parts span rows, or whose method looks at the whole matrix, cannot be judged "
                "by some rows.");
  const std::vector<float> ones(s.empty() ? state.width() : 0, 1.0f);
  const std::span<const float> factors = s.empty() ? std::span<const float>(ones) : s;
  const RoundedInputs rounded(
      state.inputs, factors, choices, [&](std::size_t reader) { return state.readers[reader].input; }, job);
  SampledGroupError result;
  JoinedSample together;
  for (std::size_t i = 0; i < state.readers.size(); ++i) {
    const Sampled& reader = state.readers[i];
    const RowErrors errors = state.errorsOf(reader, factors, choices[i], rounded, job);
    JoinedSample alone;
    alone.add(reader, errors);
    result.readers.push_back(figuresOf(alone));
    if (choices[i].weight || choices[i].activation) together.add(reader, errors);
  }
  result.together = figuresOf(together);
  return result;
}

std::uint64_t SampledReaders::bytes() const {
  std::uint64_t bytes = m_state->inputs.bytes();
  for (const Sampled& reader : m_state->readers) bytes += reader.weights.size() * sizeof(float);
  return bytes;
}

std::int64_t SampledReaders::rows() const {
  std::size_t rows = 0;
  for (const Sampled& reader : m_state->readers) rows += reader.rows.size();
  return static_cast<std::int64_t>(rows);
}

std::int64_t SampledReaders::tokens() const {
  std::size_t tokens = 0;
  for (std::size_t i = 0; i < m_state->inputs.size(); ++i) tokens += m_state->inputs.tokenCount(i);
  return static_cast<std::int64_t>(tokens);
}

}  // namespace ql
