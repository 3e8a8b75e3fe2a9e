// What a searched range has to know of the whole matrix before the first row is rounded.
#include "core/base/error.h"
#include "core/jobs/parallel_for.h"
#include "core/quant/matrix_pass.h"
#include "core/quant/rtn_rows.h"
#include "core/stats/site_moment.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace ql {
namespace {

constexpr std::int64_t kTileRows = 128;
constexpr std::int64_t kColumnWeights = std::int64_t{1} << 24;  // of columns in memory at once: 64 MiB

/// The matrix a quantizer is made for, by tiles of rows.
class Tiles {
 public:
  Tiles(const QuantizerInput& input, std::int64_t rows) : m_input(input), m_rows(rows) {}

  std::int64_t count() const { return (m_input.out + m_rows - 1) / m_rows; }
  JobContext& job() const { return *m_input.job; }

  /// Rows of a tile; calls body(first row, rows).
  template <class Body>
  void read(std::int64_t tile, Body body) const {
    const std::int64_t begin = tile * m_rows, end = std::min(m_input.out, begin + m_rows);
    std::vector<float> rows(static_cast<std::size_t>(end - begin) * static_cast<std::size_t>(m_input.in));
    m_input.source->readRows(m_input.matrix, begin, end, rows);
    body(begin, std::span<const float>(rows));
    m_input.source->release(m_input.matrix, begin, end);
    job().step();
  }

  void check() const { m_input.source->check(m_input.matrix); }

 private:
  const QuantizerInput& m_input;
  std::int64_t m_rows;
};

/// E[x_j^2] / mean, as imatrix.py _prepare_importance; all 1 (and a fallback) where that is of no use.
void setImportance(const QuantizerInput& input, RtnRowQuantizer& quantizer) {
  const SiteMoment moment = siteMoment(*input.activations, *input.job, false);
  std::vector<float> weights(moment.diagonal.size());
  std::transform(moment.diagonal.begin(), moment.diagonal.end(), weights.begin(),
                 [](double v) { return static_cast<float>(v); });
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  const float mean = static_cast<float>(sum / static_cast<double>(weights.size()));
  if (!(mean > 0) || !std::isfinite(mean))
    return quantizer.addFallback({"the input is always zero: its channels weigh the same", 1});
  for (float& weight : weights) weight /= mean + std::numeric_limits<float>::min();
  quantizer.setColumnWeights(std::move(weights));
}

/// The whole matrix is one part.
PartGrid tensorGrid(const QuantizerInput& input, const RtnRowQuantizer& quantizer) {
  const PartPass pass = matrixPass(*input.source, input.matrix, quantizer.columnWeights(), *input.job);
  const auto& range = *input.range;
  return searchGridByPasses(quantizer.rule(), quantizer.clip(),
                            *std::min_element(range.columnMin.begin(), range.columnMin.end()),
                            *std::max_element(range.columnMax.begin(), range.columnMax.end()), pass);
}

/// Every column is a part: as many at a time as memory is set aside for.
class ColumnSearch {
 public:
  ColumnSearch(const QuantizerInput& input, const RtnRowQuantizer& quantizer)
      : m_input(input), m_quantizer(quantizer), m_tiles(input, kTileRows) {}

  std::vector<PartGrid> run() {
    const ClipRule& clip = m_quantizer.clip();
    int steps = clip.steps;
    if (clip.patience > 0) {
      std::vector<std::vector<std::uint8_t>> improved(static_cast<std::size_t>(m_input.in));
      forEachColumn([&](std::size_t column, const PartValues& part) {
        improved[column].assign(static_cast<std::size_t>(clip.steps), 0);
        markImprovements(m_quantizer.rule(), clip, part, improved[column]);
      });
      std::vector<std::uint8_t> any(static_cast<std::size_t>(clip.steps), 0);
      for (const auto& one : improved)
        for (std::size_t i = 0; i < any.size(); ++i) any[i] |= one[i];
      steps = stepsTaken(clip, any);
    }
    std::vector<PartGrid> grids(static_cast<std::size_t>(m_input.in));
    forEachColumn([&](std::size_t column, const PartValues& part) {
      grids[column] = searchGrid(m_quantizer.rule(), clip, part, steps);
    });
    return grids;
  }

 private:
  using Body = std::function<void(std::size_t column, const PartValues& part)>;

  void forEachColumn(const Body& body) {
    const std::int64_t width = std::clamp<std::int64_t>(kColumnWeights / m_input.out, 1, m_input.in);
    for (std::int64_t first = 0; first < m_input.in; first += width) {
      const std::int64_t end = std::min(m_input.in, first + width);
      load(first, end);
      parallelFor(m_tiles.job(), end - first, [&](std::int64_t i) {
        searchColumn(static_cast<std::size_t>(first + i), static_cast<std::size_t>(i), body);
        m_tiles.job().step();
      });
    }
    m_tiles.check();
  }

  void load(std::int64_t first, std::int64_t end) {
    const auto in = static_cast<std::size_t>(m_input.in), out = static_cast<std::size_t>(m_input.out);
    const auto begin = static_cast<std::size_t>(first), width = static_cast<std::size_t>(end - first);
    m_columns.resize(width * out);
    parallelFor(m_tiles.job(), m_tiles.count(), [&](std::int64_t tile) {
      m_tiles.read(tile, [&](std::int64_t firstRow, std::span<const float> rows) {
        for (std::size_t r = 0; r * in < rows.size(); ++r)
          for (std::size_t c = 0; c < width; ++c)
            m_columns[c * out + static_cast<std::size_t>(firstRow) + r] = rows[r * in + begin + c];
      });
    });
  }

  void searchColumn(std::size_t column, std::size_t place, const Body& body) const {
    const auto out = static_cast<std::size_t>(m_input.out);
    std::vector<float> values;
    for (const float w : std::span(m_columns).subspan(place * out, out))
      if (std::isfinite(w)) values.push_back(w);
    const std::vector<float>& weights = m_quantizer.columnWeights();
    body(column, {values, weights.empty() ? weights : std::vector<float>(values.size(), weights[column])});
  }

  const QuantizerInput& m_input;
  const RtnRowQuantizer& m_quantizer;
  Tiles m_tiles;
  std::vector<float> m_columns;  // [columns of the moment, out]
};

/// Patience is for the whole matrix: the search ends when no part of it improves any more.
int stepsOfMatrix(const QuantizerInput& input, const RtnRowQuantizer& quantizer) {
  const std::int64_t unit = quantizer.rowUnit();
  const Tiles tiles(input, std::max<std::int64_t>(1, 16 / unit) * unit);
  const auto steps = static_cast<std::size_t>(quantizer.clip().steps);
  std::vector<std::uint8_t> total(steps, 0);
  std::vector<std::vector<std::uint8_t>> improved(static_cast<std::size_t>(tiles.count()));
  parallelForOrdered(
      tiles.job(), tiles.count(),
      [&](std::int64_t tile) {
        auto& marks = improved[static_cast<std::size_t>(tile)];
        marks.assign(steps, 0);
        tiles.read(tile, [&](std::int64_t, std::span<const float> rows) {
          const std::size_t band = static_cast<std::size_t>(unit * input.in);
          for (std::size_t begin = 0; begin < rows.size(); begin += band)
            quantizer.markBandImprovements(rows.subspan(begin, std::min(band, rows.size() - begin)), marks);
        });
      },
      [&](std::int64_t tile) {
        const std::vector<std::uint8_t> marks = std::move(improved[static_cast<std::size_t>(tile)]);
        for (std::size_t i = 0; i < steps; ++i) total[i] |= marks[i];
      });
  tiles.check();
  return stepsTaken(quantizer.clip(), total);
}

std::vector<PartGrid> gridsOfRange(const RtnRule& rule, const Partition& partition,
                                   const MatrixRange& range) {
  const auto at = [](const std::vector<float>& v, std::size_t i) {
    return v.begin() + static_cast<std::ptrdiff_t>(i);
  };
  std::vector<PartGrid> grids;
  const std::size_t in = range.columnMin.size(), width = static_cast<std::size_t>(partition.width);
  for (std::size_t begin = 0; begin < in; begin += width) {
    const std::size_t end = std::min(in, begin + width);
    grids.push_back(partGrid(rule, *std::min_element(at(range.columnMin, begin), at(range.columnMin, end)),
                             *std::max_element(at(range.columnMax, begin), at(range.columnMax, end))));
  }
  return grids;
}

}  // namespace

std::unique_ptr<RtnRowQuantizer> makeRtnRows(const WeightScheme& scheme, const RtnRule& rule,
                                             const ClipRule& clip, const QuantizerInput& input) {
  const Partition partition = partitionOf(scheme, input.out, input.in);
  auto quantizer = std::make_unique<RtnRowQuantizer>(rule, clip, partition, input.in);
  QL_ASSERT(!partition.needsRange ||
            (input.range && input.range->columnMin.size() == static_cast<std::size_t>(input.in)));
  if (clip.kind == ClipRule::Kind::None) {
    if (partition.needsRange) quantizer->setFixedGrids(gridsOfRange(rule, partition, *input.range));
    return quantizer;
  }
  if (clip.kind == ClipRule::Kind::ImatrixMse) setImportance(input, *quantizer);
  if (scheme.granularity == Granularity::Tensor)
    quantizer->setFixedGrids({tensorGrid(input, *quantizer)});
  else if (partition.needsRange)
    quantizer->setFixedGrids(ColumnSearch(input, *quantizer).run());
  else if (clip.patience > 0)
    quantizer->setSteps(stepsOfMatrix(input, *quantizer));
  return quantizer;
}

}  // namespace ql
