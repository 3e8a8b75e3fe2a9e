#include "core/workspace_gptq.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/calib/memory_plan.h"
#include "core/evaluate/error_figures.h"
#include "core/evaluate/error_pass.h"
#include "core/evaluate/prepared_quantizer.h"
#include "core/jobs/parallel_for.h"
#include "core/linalg/cholesky.h"
#include "core/quant/gptq_rows.h"
#include "core/workspace_state.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

namespace ql {
namespace {

constexpr std::int64_t kTileRows = 64;
constexpr std::int64_t kMostMapTiles = 384;  // along either side

double sumOf(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

void addTo(std::vector<double>& total, const std::vector<double>& part) {
  for (std::size_t j = 0; j < total.size(); ++j) total[j] += part[j];
}

/// Sums of a tile of rows; maps by rows of the map that it touches.
struct TileSums {
  std::vector<double> gptqLoss, gptqError, roundingLoss, roundingError, updates, energy, wholeLoss;
  std::vector<double> gptqMap, roundingMap, updateMap;
  std::int64_t firstMapRow = 0;

  TileSums(std::size_t in, std::int64_t firstRow, std::size_t mapSize)
      : gptqLoss(in),
        gptqError(in),
        roundingLoss(in),
        roundingError(in),
        updates(in),
        energy(in),
        wholeLoss(in),
        gptqMap(mapSize),
        roundingMap(mapSize),
        updateMap(mapSize),
        firstMapRow(firstRow) {}
};

class Measuring {
 public:
  Measuring(const WeightSource& source, const MatrixRef& matrix, const GptqRows& gptq,
            const RowQuantizer& rounding, JobContext& job)
      : m_source(source), m_matrix(matrix), m_gptq(gptq), m_rounding(rounding), m_job(job) {
    const HessianFactor& factor = gptq.factor();
    m_in = static_cast<std::size_t>(matrix.in);
    m_isDead.resize(m_in);
    m_half.resize(m_in);
    for (std::size_t place = 0; place < m_in; ++place) {
      const auto channel = static_cast<std::size_t>(factor.order[place]);
      const auto diagonal = static_cast<double>(factor.upperDiagonal[place]);
      m_isDead[channel] = factor.dead[place];
      m_half[channel] = factor.dead[place] != 0 ? 0.0 : 0.5 / (diagonal * diagonal);
    }
    m_map.rows = std::min(matrix.out, kMostMapTiles);
    m_map.columns = std::min(matrix.in, kMostMapTiles);
  }

  void run(GptqReport& report) {
    const std::int64_t unit = std::lcm(m_gptq.rowUnit(), m_rounding.rowUnit());
    const std::int64_t rows = unit * std::max<std::int64_t>(1, kTileRows / unit);
    const std::int64_t tiles = (m_matrix.out + rows - 1) / rows;
    m_tiles.resize(static_cast<std::size_t>(tiles));
    resize(report);
    const auto mapSize = static_cast<std::size_t>(m_map.rows * m_map.columns);
    m_gptqMap.assign(mapSize, 0.0);
    m_roundingMap.assign(mapSize, 0.0);
    m_updateMap.assign(mapSize, 0.0);
    parallelForOrdered(
        m_job, tiles,
        [&](std::int64_t tile) { measureTile(tile, tile * rows, std::min(m_matrix.out, (tile + 1) * rows)); },
        [&](std::int64_t tile) { mergeTile(tile, report); });
    m_source.check(m_matrix);
    finish(report);
  }

 private:
  void resize(GptqReport& report) const {
    for (std::vector<double>* values : {&report.gptq.loss, &report.gptq.error, &report.rounding.loss,
                                        &report.rounding.error, &report.updates, &report.energy})
      values->assign(m_in, 0.0);
  }

  std::int64_t mapRow(std::int64_t row) const { return row * m_map.rows / m_matrix.out; }

  void measureTile(std::int64_t tile, std::int64_t begin, std::int64_t end) {
    const std::int64_t count = end - begin;
    std::vector<float> w(static_cast<std::size_t>(count) * m_in), gptq(w.size()), rounded(w.size()),
        turn(w.size());
    m_source.readRows(m_matrix, begin, end, w);
    const std::int64_t firstMapRow = mapRow(begin), lastMapRow = mapRow(end - 1);
    TileSums& sums = m_tiles[static_cast<std::size_t>(tile)].emplace(
        m_in, firstMapRow, static_cast<std::size_t>((lastMapRow - firstMapRow + 1) * m_map.columns));
    m_rounding.apply(begin, count, w, rounded, {});
    m_gptq.applyTo(begin, count, w, {gptq, {}, turn});
    m_job.step();
    addLoss(gptq, turn, sums.gptqLoss);
    addErrors(begin, w, gptq, rounded, turn, sums);
    for (std::size_t i = 0; i < rounded.size(); ++i)
      if (m_isDead[i % m_in] != 0) rounded[i] = 0;  // as GPTQ leaves them
    m_gptq.applyTo(begin, count, w, {gptq, {}, turn}, rounded);
    m_job.step();
    addLoss(rounded, turn, sums.roundingLoss);
    std::ranges::fill(rounded, 0.0f);
    m_gptq.applyTo(begin, count, w, {gptq, {}, turn}, rounded);
    addLoss(rounded, turn, sums.wholeLoss);
    m_source.release(m_matrix, begin, end);
    m_job.step(w.size());
  }

  void addLoss(const std::vector<float>& q, const std::vector<float>& turn, std::vector<double>& loss) const {
    for (std::size_t i = 0; i < q.size(); ++i) {
      if (!std::isfinite(turn[i])) continue;
      const double difference = static_cast<double>(turn[i]) - static_cast<double>(q[i]);
      loss[i % m_in] += m_half[i % m_in] * difference * difference;
    }
  }

  void addErrors(std::int64_t firstRow, const std::vector<float>& w, const std::vector<float>& gptq,
                 const std::vector<float>& rounded, const std::vector<float>& turn, TileSums& sums) const {
    for (std::size_t i = 0; i < w.size(); ++i) {
      if (!std::isfinite(w[i])) continue;
      const std::size_t j = i % m_in;
      const std::int64_t row = mapRow(firstRow + static_cast<std::int64_t>(i / m_in)) - sums.firstMapRow;
      const auto tile = static_cast<std::size_t>(row * m_map.columns +
                                                 static_cast<std::int64_t>(j) * m_map.columns / m_matrix.in);
      const auto value = static_cast<double>(w[i]);
      const double first = static_cast<double>(gptq[i]) - value,
                   second = static_cast<double>(rounded[i]) - value;
      // a dead channel is set to 0 before its turn: no other column did that
      const double update = m_isDead[j] != 0 ? 0.0 : value - static_cast<double>(turn[i]);
      sums.energy[j] += value * value;
      sums.gptqError[j] += first * first;
      sums.roundingError[j] += second * second;
      sums.updates[j] += update * update;
      sums.gptqMap[tile] += first * first;
      sums.roundingMap[tile] += second * second;
      sums.updateMap[tile] += update * update;
    }
  }

  void mergeTile(std::int64_t tile, GptqReport& report) {
    std::optional<TileSums>& sums = m_tiles[static_cast<std::size_t>(tile)];
    addTo(report.gptq.loss, sums->gptqLoss);
    addTo(report.gptq.error, sums->gptqError);
    addTo(report.rounding.loss, sums->roundingLoss);
    addTo(report.rounding.error, sums->roundingError);
    addTo(report.updates, sums->updates);
    addTo(report.energy, sums->energy);
    report.wholeLoss += sumOf(sums->wholeLoss);
    const auto offset = static_cast<std::size_t>(sums->firstMapRow * m_map.columns);
    for (std::size_t i = 0; i < sums->gptqMap.size(); ++i) {
      m_gptqMap[offset + i] += sums->gptqMap[i];
      m_roundingMap[offset + i] += sums->roundingMap[i];
      m_updateMap[offset + i] += sums->updateMap[i];
    }
    sums.reset();
  }

  /// Weights in a tile of the map; those that are not finite are few enough.
  std::int64_t tileCount(std::int64_t row, std::int64_t column) const {
    const auto length = [](std::int64_t i, std::int64_t parts, std::int64_t size) {
      const auto first = [&](std::int64_t part) { return (part * size + parts - 1) / parts; };
      return first(i + 1) - first(i);
    };
    return length(row, m_map.rows, m_matrix.out) * length(column, m_map.columns, m_matrix.in);
  }

  void finish(GptqReport& report) {
    report.gptq.total = sumOf(report.gptq.loss);
    report.gptq.totalError = sumOf(report.gptq.error);
    report.rounding.total = sumOf(report.rounding.loss);
    report.rounding.totalError = sumOf(report.rounding.error);
    for (std::int64_t i = 0; i < m_map.rows * m_map.columns; ++i) {
      const auto at = static_cast<std::size_t>(i);
      const auto count = static_cast<double>(tileCount(i / m_map.columns, i % m_map.columns));
      m_map.gptq.push_back(static_cast<float>(std::sqrt(m_gptqMap[at] / count)));
      m_map.rounding.push_back(static_cast<float>(std::sqrt(m_roundingMap[at] / count)));
      m_map.updates.push_back(static_cast<float>(std::sqrt(m_updateMap[at] / count)));
    }
    report.map = std::move(m_map);
  }

  const WeightSource& m_source;
  const MatrixRef& m_matrix;
  const GptqRows& m_gptq;
  const RowQuantizer& m_rounding;
  JobContext& m_job;
  std::size_t m_in = 0;
  std::vector<std::uint8_t> m_isDead;  // by channel
  std::vector<double> m_half;          // 1 / (2 U_jj^2) by channel, 0 where dead
  GptqMap m_map;
  std::vector<double> m_gptqMap, m_roundingMap, m_updateMap;  // sums of squares
  std::vector<std::optional<TileSums>> m_tiles;
};

void describeFactor(const HessianFactor& factor, GptqReport& report) {
  const auto in = static_cast<std::size_t>(factor.size());
  report.hessian.resize(in);
  report.dead.resize(in);
  report.place.resize(in);
  for (std::size_t place = 0; place < in; ++place) {
    const auto channel = static_cast<std::size_t>(factor.order[place]);
    report.hessian[channel] = factor.diagonal[place];
    report.dead[channel] = factor.dead[place];
    report.place[channel] = static_cast<std::int64_t>(place);
  }
  report.origin = factor.origin;
  report.tokens = factor.tokens;
  report.damp = factor.damp;
  report.usedDamp = factor.usedDamp;
  report.added = factor.added;
  report.fallbacks = factor.fallbacks;
}

void requireMemory(std::int64_t width) {
  const auto n = static_cast<std::uint64_t>(width);
  const std::uint64_t needed = LowerTriangle::bytesFor(width) + 2 * n * n, most = remainingBudget(0);
  if (needed <= most) return;
  throw Error(ErrorCode::Unsupported, "The Hessian of " + withThousands(n) + " channels takes " +
                                          memoryText(needed) + " of memory, and " + memoryText(most) +
                                          " may be used; close other programs or use a larger machine.");
}

Evidence evidenceOf(const GptqReport& report, const ActivationStats& stats) {
  Evidence evidence = stats.evidence;
  evidence.method = "loss on the " + std::string(hessianOriginName(report.origin)) + " of " +
                    withThousands(report.tokens) + " tokens, damping included";
  evidence.kind =
      report.origin == HessianOrigin::SecondMoment ? Evidence::Kind::Exact : Evidence::Kind::Sampled;
  evidence.n = static_cast<std::int64_t>(report.tokens);
  evidence.interval.reset();
  evidence.level = "activations";
  return evidence;
}

}  // namespace

double GptqReport::relative(const GptqLoss& loss) const {
  const auto undamped = [&](double damped, const std::vector<double>& squares) {
    double sum = 0;
    for (std::size_t j = 0; j < squares.size(); ++j) sum += dead[j] != 0 ? 0.0 : squares[j];
    return std::max(0.0, damped - added * sum / 2);
  };
  const double whole = undamped(wholeLoss, energy);
  return whole > 0 ? std::sqrt(undamped(loss.total, loss.error) / whole) : 0.0;
}

double GptqReport::relativeUpdates() const {
  const double whole = sumOf(energy);
  return whole > 0 ? std::sqrt(sumOf(updates) / whole) : 0.0;
}

std::int64_t GptqReport::deadCount() const {
  return std::ranges::count(dead, std::uint8_t{1});
}

WeightScheme gptqSchemeFor(const WeightScheme& scheme) {
  WeightScheme gptq = scheme;
  gptq.outliers.reset();
  if (scheme.algorithm.name != "gptq") gptq.algorithm = algorithmChoice("gptq");
  if (scheme.clip.name != "none" && scheme.clip.name != "mse-gptq") gptq.clip = clipChoice("none");
  return gptq;
}

WeightScheme roundingSchemeFor(const WeightScheme& scheme) {
  WeightScheme rounding = gptqSchemeFor(scheme);
  const auto mse = rounding.algorithm.options.find("mse");
  if (mse != rounding.algorithm.options.end() && mse->second == OptionValue{true})
    rounding.clip = clipChoice("mse-gptq");
  rounding.algorithm = algorithmChoice("rtn");
  return rounding;
}

GptqReport gptqReport(Workspace& workspace, LinearId id, const WeightScheme& scheme, JobContext& job) {
  auto& state = WorkspaceAccess::state(workspace);
  const WeightSource& source = state.requireWeights("GPTQ");
  const Linear& linear = state.model.linears.at(id);
  const WeightScheme gptq = gptqSchemeFor(scheme), rounding = roundingSchemeFor(scheme);
  requireMeasurable(gptq);
  requireMeasurable(rounding);
  requireMemory(linear.in());
  const std::vector<WeightScheme> schemes{gptq, rounding};
  const ErrorInput input = state.errorInputFor(id, schemes);
  MatrixRange range;
  const bool needsRange = quantizerNeeds(gptq).range || quantizerNeeds(rounding).range;
  const auto stats = state.weightStats(id);
  if (needsRange) range = stats ? rangeOf(*stats) : measureRange(source, linear.matrix, job);
  job.setStage("Factoring the Hessian of " + linear.name);
  const QuantizerInput made = quantizerInput(source, input, &range, job);
  const auto nearest = makeRowQuantizer(rounding, made);
  const auto quantizer = makeRowQuantizer(gptq, made);
  const auto* rows = dynamic_cast<const GptqRows*>(quantizer.get());
  QL_ASSERT(rows);
  GptqReport report;
  report.out = linear.out();
  report.in = linear.in();
  describeFactor(rows->factor(), report);
  job.setStage("Quantizing " + linear.name);
  job.expect(static_cast<std::uint64_t>(linear.out() * linear.in()));
  Measuring(source, linear.matrix, *rows, *nearest, job).run(report);
  report.evidence = evidenceOf(report, *input.activations);
  state.stamp(report.evidence);
  return report;
}

}  // namespace ql
