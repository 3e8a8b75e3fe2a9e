#include "core/evaluate/error_pass.h"

#include "core/base/error.h"
#include "core/evaluate/kernel_scheme.h"
#include "core/evaluate/prepared_quantizer.h"
#include "core/jobs/parallel_for.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>

namespace ql {
namespace {

constexpr std::uint64_t kUnits = 2;      // of progress a weight and pass: the bytes of 16-bit storage
constexpr std::int64_t kTileRows = 128;  // float column sums of 32 strips, then double

/// Floats from one row or array of the scratch to the next: padded, and shifted by 12 cache lines so that
/// rows of 4096 columns do not all fall into the same sets of the first-level cache (measured: 1.6 times
/// slower).
std::size_t scratchStride(std::size_t columns) {
  return (columns + kErrorPadding - 1) / kErrorPadding * kErrorPadding + 3 * kErrorPadding;
}

void addTo(std::vector<double>& sums, const std::vector<double>& values) {
  for (std::size_t j = 0; j < sums.size(); ++j) sums[j] += values[j];
}

void merge(WeightSums& total, const WeightSums& tile) {
  addTo(total.columnEnergy, tile.columnEnergy);
  for (std::size_t j = 0; j < total.columnAbsmax.size(); ++j) {
    total.columnAbsmax[j] = std::max(total.columnAbsmax[j], tile.columnAbsmax[j]);
  }
  total.sumAbs += tile.sumAbs;
  total.count += tile.count;
  total.zeros += tile.zeros;
}

void merge(SchemeSums& total, const SchemeSums& tile) {
  addTo(total.columnError, tile.columnError);
  total.sumAbs += tile.sumAbs;
  total.maxAbs = std::max(total.maxAbs, tile.maxAbs);
  total.zeroCodes += tile.zeroCodes;
}

ErrorSums emptySums(std::size_t schemes, std::size_t in) {
  ErrorSums sums;
  sums.weights.columnEnergy.assign(in, 0.0);
  sums.weights.columnAbsmax.assign(in, 0.0f);
  sums.schemes.resize(schemes);
  for (SchemeSums& scheme : sums.schemes) scheme.columnError.assign(in, 0.0);
  return sums;
}

bool fitsTiles(std::int64_t rows) {
  return rows <= 1 || kTileRows % rows == 0;
}

struct PlannedScheme {
  std::unique_ptr<RowQuantizer> quantizer;
  std::optional<StripScheme> strip;
  std::optional<BandScheme> band;

  bool hasKernel() const { return strip || band; }
};

/// One pass over the matrix in tiles of fixed height.
class Pass {
 public:
  Pass(const WeightSource& source, const MatrixRef& matrix, std::vector<PlannedScheme> schemes,
       std::int64_t tileRows, JobContext& job)
      : m_source(source),
        m_matrix(matrix),
        m_schemes(std::move(schemes)),
        m_tileRows(tileRows),
        m_job(job),
        m_in(static_cast<std::size_t>(matrix.in)) {}

  ErrorSums run() {
    ErrorSums total = emptySums(m_schemes.size(), m_in);
    const std::int64_t tiles = (m_matrix.out + m_tileRows - 1) / m_tileRows;
    m_tiles.resize(static_cast<std::size_t>(tiles));
    parallelForOrdered(
        m_job, tiles, [&](std::int64_t tile) { measureTile(tile); },
        [&](std::int64_t tile) { mergeTile(tile, total); });
    m_source.check(m_matrix);
    return total;
  }

 private:
  void measureTile(std::int64_t tile) {
    const std::int64_t begin = tile * m_tileRows, end = std::min(m_matrix.out, begin + m_tileRows);
    ErrorSums& sums = m_tiles[static_cast<std::size_t>(tile)].emplace(emptySums(m_schemes.size(), m_in));
    // also without a scheme for the kernels: the sums of a tile must not depend on which schemes are measured
    // together
    const bool isRegular = measureStrips(begin, end, sums);
    if (isRegular) measureBands(begin, end, sums);
    if (!isRegular) sums = emptySums(m_schemes.size(), m_in);
    measureExactly(begin, end, isRegular, sums);
    m_source.release(m_matrix, begin, end);
    m_job.step(static_cast<std::uint64_t>(end - begin) * m_in * kUnits);
  }

  void mergeTile(std::int64_t tile, ErrorSums& total) {
    std::optional<ErrorSums>& sums = m_tiles[static_cast<std::size_t>(tile)];
    merge(total.weights, sums->weights);
    for (std::size_t s = 0; s < m_schemes.size(); ++s) merge(total.schemes[s], sums->schemes[s]);
    sums.reset();
  }

  /// False when a strip holds values the kernels do not take; `sums` is then of no use.
  bool measureStrips(std::int64_t begin, std::int64_t end, ErrorSums& sums) const {
    const std::optional<RawRows> raw = m_source.rawRows(m_matrix, begin, end);
    const bool isBf16 = raw && raw->dtype == DType::BF16;
    std::vector<float> rows;
    if (!isBf16) {
      rows.resize(static_cast<std::size_t>(end - begin) * m_in);
      m_source.readRows(m_matrix, begin, end, rows);
    }
    const std::size_t stride = scratchStride(m_in);
    std::vector<float> values(kErrorStripRows * stride), energy(stride), absmax(stride);
    std::vector<float> errors(m_schemes.size() * stride);
    for (std::int64_t row = begin; row < end; row += kErrorStripRows) {
      const ErrorStrip strip{values.data(), stride, m_in,
                             static_cast<int>(std::min<std::int64_t>(kErrorStripRows, end - row))};
      const std::size_t offset = static_cast<std::size_t>(row - begin);
      const std::byte* stored = isBf16 ? raw->data + offset * raw->rowBytes : nullptr;
      for (int r = 0; !isBf16 && r < strip.rows; ++r) {
        const std::size_t i = static_cast<std::size_t>(r);
        std::memcpy(values.data() + i * stride, rows.data() + (offset + i) * m_in, m_in * sizeof(float));
      }
      const StripWeights weights =
          scanStrip(strip, stored, isBf16 ? raw->rowBytes : 0, energy.data(), absmax.data());
      if (!weights.isRegular) return false;
      addStrip(strip, weights, stride, errors, sums);
      if (row % 16 == 0) m_job.step();
    }
    takeColumns(energy, absmax, errors, stride, sums);
    sums.weights.count = static_cast<std::uint64_t>(end - begin) * m_in;
    return true;
  }

  /// Schemes whose parts span rows; the rows are regular.
  void measureBands(std::int64_t begin, std::int64_t end, ErrorSums& sums) const {
    std::vector<float> rows;
    std::vector<float> columnError(scratchStride(m_in));
    for (std::size_t s = 0; s < m_schemes.size(); ++s) {
      if (!m_schemes[s].band) continue;
      const std::size_t count = static_cast<std::size_t>(end - begin) * m_in;
      if (rows.empty()) {
        rows.resize(count + kErrorPadding);
        m_source.readRows(m_matrix, begin, end, std::span(rows).first(count));
      }
      std::fill(columnError.begin(), columnError.end(), 0.0f);
      StripErrors errors;
      addErrorsOfBands(*m_schemes[s].band, std::span(rows).first(count), m_in, columnError.data(), errors);
      SchemeSums& scheme = sums.schemes[s];
      std::copy_n(columnError.begin(), m_in, scheme.columnError.begin());
      scheme.sumAbs += errors.sumAbs;
      scheme.zeroCodes += errors.zeroCodes;
      scheme.maxAbs = std::max(scheme.maxAbs, static_cast<double>(errors.maxAbs));
      m_job.step();
    }
  }

  void addStrip(const ErrorStrip& strip, const StripWeights& weights, std::size_t stride,
                std::vector<float>& errors, ErrorSums& sums) const {
    sums.weights.sumAbs += weights.sumAbs;
    sums.weights.zeros += weights.zeros;
    for (std::size_t s = 0; s < m_schemes.size(); ++s) {
      if (!m_schemes[s].strip) continue;
      SchemeSums& scheme = sums.schemes[s];
      StripErrors result;
      addStripErrors(*m_schemes[s].strip, strip, weights, errors.data() + s * stride, result);
      scheme.sumAbs += result.sumAbs;
      scheme.zeroCodes += result.zeroCodes;
      scheme.maxAbs = std::max(scheme.maxAbs, static_cast<double>(result.maxAbs));
    }
  }

  void takeColumns(const std::vector<float>& energy, const std::vector<float>& absmax,
                   const std::vector<float>& errors, std::size_t stride, ErrorSums& sums) const {
    std::copy_n(absmax.begin(), m_in, sums.weights.columnAbsmax.begin());
    std::copy_n(energy.begin(), m_in, sums.weights.columnEnergy.begin());
    for (std::size_t s = 0; s < m_schemes.size(); ++s) {
      const auto first = errors.begin() + static_cast<std::ptrdiff_t>(s * stride);
      if (m_schemes[s].strip) std::copy_n(first, m_in, sums.schemes[s].columnError.begin());
    }
  }

  /// What the strips left out: the other schemes, or everything when the tile is irregular. Rows are read in
  /// pieces of whole bands so that cancelling is quick.
  void measureExactly(std::int64_t begin, std::int64_t end, bool stripsAreDone, ErrorSums& sums) const {
    std::int64_t piece = 16;
    bool hasWork = !stripsAreDone;
    for (const PlannedScheme& scheme : m_schemes) {
      if (stripsAreDone && scheme.hasKernel()) continue;
      hasWork = true;
      if (scheme.quantizer->rowsAtOnce() > piece) piece = m_tileRows;
      if (piece % scheme.quantizer->rowUnit() != 0) piece = m_tileRows;
    }
    if (!hasWork) return;
    std::vector<float> rows;
    for (std::int64_t row = begin; row < end; row += piece) {
      const std::int64_t pieceEnd = std::min(end, row + piece);
      rows.resize(static_cast<std::size_t>(pieceEnd - row) * m_in);
      m_source.readRows(m_matrix, row, pieceEnd, rows);
      if (!stripsAreDone) addWeightsExactly(rows, m_in, sums.weights);
      for (std::size_t s = 0; s < m_schemes.size(); ++s) {
        if (stripsAreDone && m_schemes[s].hasKernel()) continue;
        addErrorsExactly(*m_schemes[s].quantizer, row, rows, m_in, sums.schemes[s]);
        m_job.step();
      }
    }
  }

  const WeightSource& m_source;
  const MatrixRef& m_matrix;
  std::vector<PlannedScheme> m_schemes;
  std::int64_t m_tileRows;
  JobContext& m_job;
  std::size_t m_in;
  std::vector<std::optional<ErrorSums>> m_tiles;  // each is filled by its body and emptied by its merge
};

}  // namespace

std::uint64_t sumErrorUnits(const MatrixRef& matrix, std::span<const WeightScheme> schemes) {
  std::uint64_t passes = 1;
  for (const WeightScheme& scheme : schemes)
    passes += fitsTiles(bandRows(scheme, matrix.out, matrix.in)) ? 0 : 1;
  return passes * measureRangeUnits(matrix);
}

ErrorSums sumErrors(const WeightSource& source, const ErrorInput& input,
                    std::span<const WeightScheme> schemes, const MatrixRange* range, JobContext& job) {
  const MatrixRef& matrix = input.matrix;
  QL_ASSERT(matrix.out > 0 && matrix.in > 0);
  ErrorSums result = emptySums(schemes.size(), static_cast<std::size_t>(matrix.in));
  std::vector<PlannedScheme> together;
  std::vector<std::size_t> order;
  std::vector<std::pair<PlannedScheme, std::size_t>> apart;
  for (std::size_t s = 0; s < schemes.size(); ++s) {
    PlannedScheme planned{makeRowQuantizer(schemes[s], quantizerInput(source, input, range, job)), {}, {}};
    planned.strip = stripScheme(*planned.quantizer, matrix.in);
    planned.band = bandScheme(*planned.quantizer, matrix.in);
    result.schemes[s].bitsPerWeight = planned.quantizer->bitsPerWeight();
    result.schemes[s].fallbacks = planned.quantizer->fallbacks();
    if (fitsTiles(planned.quantizer->rowUnit())) {
      together.push_back(std::move(planned));
      order.push_back(s);
    } else {
      apart.emplace_back(std::move(planned), s);
    }
  }
  ErrorSums sums = Pass(source, matrix, std::move(together), kTileRows, job).run();
  result.weights = std::move(sums.weights);
  for (std::size_t i = 0; i < order.size(); ++i) merge(result.schemes[order[i]], sums.schemes[i]);
  for (auto& [planned, index] : apart) {
    const std::int64_t unit = planned.quantizer->rowUnit();
    const std::int64_t tileRows = unit * std::max<std::int64_t>(1, kTileRows / unit);
    std::vector<PlannedScheme> one;
    one.push_back(std::move(planned));
    merge(result.schemes[index], Pass(source, matrix, std::move(one), tileRows, job).run().schemes[0]);
  }
  return result;
}

}  // namespace ql
