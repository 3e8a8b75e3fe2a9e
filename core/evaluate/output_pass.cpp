#include "core/evaluate/output_pass.h"

#include "core/base/error.h"
#include "core/evaluate/error_pass.h"
#include "core/evaluate/prepared_quantizer.h"
#include "core/jobs/parallel_for.h"

#include <algorithm>
#include <atomic>
#include <cmath>

namespace ql {
namespace {

constexpr std::int64_t kTileRows = 256, kShortTileRows = 128;
constexpr std::int64_t kWideMatrix = 16384;  // from here on the shorter tiles: 5 buffers stay below 100 MiB
constexpr std::int64_t kChunkRows = 16;      // read and quantized by one task
constexpr std::uint64_t kUnitTokens = 8;     // multiply-adds of the sample that take about one unit

std::int64_t usualTileRows(const MatrixRef& matrix) {
  return matrix.in < kWideMatrix ? kTileRows : kShortTileRows;
}

template <class T>
std::size_t indexIn(std::vector<T>& list, const T& value) {
  const auto found = std::find(list.begin(), list.end(), value);
  if (found != list.end()) return static_cast<std::size_t>(found - list.begin());
  list.push_back(value);
  return list.size() - 1;
}

void addChoice(OutputPassPlan& plan, std::size_t index, const Choice& choice) {
  SchemePair pair;
  if (choice.weight) pair.weight = indexIn(plan.weights, *choice.weight);
  if (choice.activation) pair.act = indexIn(plan.acts, *choice.activation);
  plan.choices.push_back(index);
  plan.pairs.push_back(pair);
}

bool areFinite(std::span<const float> values) {
  // x - x is 0 for finite x and NaN else; a sum of zeros needs no branch inside the loop
  float sum = 0;
  for (const float v : values) sum += v - v;
  return sum == 0;
}

}  // namespace

std::uint64_t OutputPassPlan::unitsPerWeight(const ActivationStats& activations) const {
  const auto tokens = static_cast<std::uint64_t>(activations.sample.count());
  std::uint64_t products = tokens > 0 ? 1 + acts.size() : 0;
  for (const SchemePair& pair : pairs) products += pair.weight && tokens > 0 ? 1 : 0;
  if (energySourceOf(activations) == EnergySource::None && tokens > 0) products += weights.size();
  return 2 + 2 * weights.size() + (1 + weights.size()) * energyUnitsPerWeight(activations) +
         products * (tokens / kUnitTokens + 1);
}

std::uint64_t OutputPassPlan::units(const MatrixRef& matrix, const ActivationStats& activations) const {
  return static_cast<std::uint64_t>(rowCount) * static_cast<std::uint64_t>(matrix.in) *
         unitsPerWeight(activations);
}

std::vector<OutputPassPlan> planOutputPasses(const MatrixRef& matrix, std::span<const Choice> choices,
                                             const std::vector<SampledRow>& sample) {
  const std::int64_t usual = usualTileRows(matrix);
  OutputPassPlan sampled{{}, {}, {}, {}, sample, static_cast<std::int64_t>(sample.size()), usual};
  OutputPassPlan whole{{}, {}, {}, {}, {}, matrix.out, usual};
  std::vector<OutputPassPlan> passes;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    const std::int64_t bands = choices[i].weight ? bandRows(*choices[i].weight, matrix.out, matrix.in) : 1;
    if (bands <= 1 && !sample.empty()) {
      addChoice(sampled, i, choices[i]);
    } else if (bands <= 1 || usual % bands == 0) {
      addChoice(whole, i, choices[i]);
    } else {
      const std::int64_t tileRows = bands * std::max<std::int64_t>(1, usual / bands);
      addChoice(passes.emplace_back(OutputPassPlan{{}, {}, {}, {}, {}, matrix.out, tileRows}), i, choices[i]);
    }
  }
  if (!sampled.choices.empty()) passes.push_back(std::move(sampled));
  if (!whole.choices.empty()) passes.push_back(std::move(whole));
  return passes;
}

OutputPass::OutputPass(const WeightSource& source, const ErrorInput& input, const OutputPassPlan& plan,
                       const MatrixRange* range, const ActivationStats& activations, JobContext& job)
    : m_source(source),
      m_matrix(input.matrix),
      m_plan(plan),
      m_activations(activations),
      m_job(job),
      m_in(static_cast<std::size_t>(input.matrix.in)),
      m_rowWeights(static_cast<std::size_t>(plan.rowCount), 1.0),
      m_energy(activations, 1 + plan.weights.size(), m_rowWeights.size()) {
  for (const WeightScheme& scheme : plan.weights)
    m_quantizers.push_back(makeRowQuantizer(scheme, quantizerInput(source, input, range, job)));
  for (std::size_t i = 0; i < plan.rows.size(); ++i) m_rowWeights[i] = plan.rows[i].weight;
  if (!activations.hasSample()) return;
  m_products.emplace(activations, plan.acts, m_rowWeights.size(), &job);
  if (m_products->tokens() == 0) {
    m_products.reset();
    return;
  }
  m_pairErrors.assign(plan.pairs.size(), m_products->emptySums());
  if (m_energy.source() == EnergySource::None)
    m_differences.assign(plan.weights.size(), m_products->emptySums());
}

std::int64_t OutputPass::rowAt(std::size_t place) const {
  return readsAllRows() ? static_cast<std::int64_t>(place) : m_plan.rows[place].row;
}

void OutputPass::run() {
  const std::size_t rows = m_rowWeights.size(), tile = static_cast<std::size_t>(m_plan.tileRows);
  const std::uint64_t unitsPerRow = m_plan.unitsPerWeight(m_activations) * m_in;
  for (std::size_t begin = 0; begin < rows; begin += tile) {
    const std::size_t end = std::min(rows, begin + tile);
    runTile(begin, end);
    if (readsAllRows())
      m_source.release(m_matrix, static_cast<std::int64_t>(begin), static_cast<std::int64_t>(end));
    m_job.step((end - begin) * unitsPerRow);
  }
  m_source.check(m_matrix);
}

void OutputPass::runTile(std::size_t begin, std::size_t end) {
  readTile(begin, end);
  const std::vector<float>& w = m_isFinite ? m_raw : m_clean;
  const auto weights = std::span<const double>(m_rowWeights).subspan(begin, end - begin);
  m_energy.add(0, begin, w, weights, m_job);
  if (m_products) m_products->beginTile(begin, w, weights, m_job);
  for (std::size_t s = 0; s < m_quantizers.size(); ++s) measureScheme(s, begin, end);
}

void OutputPass::readTile(std::size_t begin, std::size_t end) {
  m_raw.resize((end - begin) * m_in);
  const auto chunks = static_cast<std::int64_t>((end - begin + kChunkRows - 1) / kChunkRows);
  std::atomic<bool> isFinite{true};
  parallelFor(m_job, chunks, [&](std::int64_t chunk) {
    const std::size_t first = begin + static_cast<std::size_t>(chunk * kChunkRows);
    const std::size_t last = std::min(end, first + static_cast<std::size_t>(kChunkRows));
    const std::span<float> rows = std::span(m_raw).subspan((first - begin) * m_in, (last - first) * m_in);
    if (readsAllRows()) {
      m_source.readRows(m_matrix, rowAt(first), rowAt(first) + static_cast<std::int64_t>(last - first), rows);
    } else {
      for (std::size_t i = first; i < last; ++i)
        m_source.readRows(m_matrix, rowAt(i), rowAt(i) + 1, rows.subspan((i - first) * m_in, m_in));
    }
    if (!areFinite(rows)) isFinite = false;
  });
  m_isFinite = isFinite;
  if (m_isFinite) return;
  m_clean = m_raw;
  for (float& w : m_clean) w = std::isfinite(w) ? w : 0.0f;
}

void OutputPass::measureScheme(std::size_t scheme, std::size_t begin, std::size_t end) {
  m_quantized.resize(m_raw.size());
  m_error.resize(m_raw.size());
  const RowQuantizer& quantizer = *m_quantizers[scheme];
  const std::size_t unit = static_cast<std::size_t>(quantizer.rowUnit());
  const std::size_t wished = static_cast<std::size_t>(std::max(kChunkRows, quantizer.rowsAtOnce()));
  const std::size_t step = readsAllRows() ? std::max<std::size_t>(unit, wished / unit * unit) : 1;
  const auto chunks = static_cast<std::int64_t>((end - begin + step - 1) / step);
  parallelFor(m_job, chunks, [&](std::int64_t chunk) {
    const std::size_t first = static_cast<std::size_t>(chunk) * step,
                      last = std::min(end - begin, first + step);
    const std::size_t offset = first * m_in, size = (last - first) * m_in;
    const auto raw = std::span<const float>(m_raw).subspan(offset, size);
    const auto quantized = std::span(m_quantized).subspan(offset, size);
    quantizer.apply(rowAt(begin + first), static_cast<std::int64_t>(last - first), raw, quantized, {});
    for (std::size_t i = 0; i < size; ++i) {
      // a weight that is not finite is not quantized and not multiplied: it is missing on both sides
      const bool isThere = m_isFinite || std::isfinite(raw[i]);
      m_error[offset + i] = isThere ? quantized[i] - raw[i] : 0.0f;
      if (!isThere) quantized[i] = 0.0f;
    }
  });
  const auto weights = std::span<const double>(m_rowWeights).subspan(begin, end - begin);
  m_energy.add(1 + scheme, begin, m_error, weights, m_job);
  if (!m_products) return;
  if (!m_differences.empty()) m_products->addDifference(m_error, m_differences[scheme], m_job);
  for (std::size_t p = 0; p < m_plan.pairs.size(); ++p) {
    const SchemePair& pair = m_plan.pairs[p];
    if (pair.weight != scheme) continue;
    // without activations the product of the small D is the same and more accurate
    if (pair.act) m_products->addQuantized(*pair.act, m_quantized, m_pairErrors[p], m_job);
    if (!pair.act) m_products->addDifference(m_error, m_pairErrors[p], m_job);
  }
}

}  // namespace ql
