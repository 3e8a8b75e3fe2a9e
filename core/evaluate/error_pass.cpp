#include "core/evaluate/error_pass.h"

#include "core/base/error.h"
#include "core/evaluate/prepared_quantizer.h"
#include "core/jobs/parallel_for.h"
#include "core/quant/matrix_rule.h"

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

/// Formats whose parts are grids of rtn_grid.h; tables and blocks of their own make are not.
bool hasPartGrids(std::string_view name) {
  const NumberFormatInfo* format = findNumberFormat(name);
  return findElementFormat(name) || findBlockFormat(name) || (format && format->isInteger);
}

bool fitsTiles(std::int64_t rows) {
  return rows <= 1 || kTileRows % rows == 0;
}

struct PlannedScheme {
  std::unique_ptr<RowQuantizer> quantizer;
  std::optional<StripScheme> strip;
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
      if (stripsAreDone && scheme.strip) continue;
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
        if (stripsAreDone && m_schemes[s].strip) continue;
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

std::optional<StripScheme> stripScheme(const WeightScheme& scheme, std::int64_t in,
                                       const MatrixRange* range) {
  if (scheme.algorithm.name != "rtn" || scheme.clip.name != "none" || scheme.outliers) return std::nullopt;
  // nvfp4's scale of the tensor may come from other matrices: its quantizer knows it
  if (!hasPartGrids(scheme.format) || scheme.format == "nvfp4") return std::nullopt;
  StripScheme strip{matrixRule(scheme, {0, in, range}), static_cast<std::size_t>(in), false, {}};
  switch (scheme.granularity) {
    case Granularity::OutputChannel:
      return strip;
    case Granularity::Group:
      strip.width = static_cast<std::size_t>(std::min(*scheme.groupSize, in));
      return strip;
    case Granularity::Tensor:
      strip.hasFixedGrid = true;
      strip.fixedGrid =
          partGrid(strip.rule, *std::min_element(range->columnMin.begin(), range->columnMin.end()),
                   *std::max_element(range->columnMax.begin(), range->columnMax.end()));
      return strip;
    default:
      return std::nullopt;
  }
}

void addWeightsExactly(std::span<const float> rows, std::size_t in, WeightSums& sums) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const float w = rows[i];
    if (!std::isfinite(w)) continue;
    const std::size_t j = i % in;
    const double value = static_cast<double>(w);
    sums.columnEnergy[j] += value * value;
    sums.columnAbsmax[j] = std::max(sums.columnAbsmax[j], std::abs(w));
    sums.sumAbs += std::abs(value);
    ++sums.count;
    if (w == 0) ++sums.zeros;
  }
}

void addErrorsExactly(const RowQuantizer& quantizer, std::int64_t rowBegin, std::span<const float> rows,
                      std::size_t in, SchemeSums& sums) {
  std::vector<float> quantized(rows.size());
  std::vector<std::uint8_t> isZeroCode(rows.size());
  quantizer.apply(rowBegin, static_cast<std::int64_t>(rows.size() / in), rows, quantized, isZeroCode);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!std::isfinite(rows[i])) continue;
    const double error = static_cast<double>(quantized[i]) - static_cast<double>(rows[i]);
    sums.columnError[i % in] += error * error;
    sums.sumAbs += std::abs(error);
    sums.maxAbs = std::max(sums.maxAbs, std::abs(error));
    sums.zeroCodes += isZeroCode[i];
  }
}

MatrixRange measureRange(const WeightSource& source, const MatrixRef& matrix, JobContext& job) {
  const std::size_t in = static_cast<std::size_t>(matrix.in);
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  MatrixRange total{std::vector<float>(in, kInfinity), std::vector<float>(in, -kInfinity)};
  const std::int64_t tiles = (matrix.out + kTileRows - 1) / kTileRows;
  std::vector<MatrixRange> parts(static_cast<std::size_t>(tiles));
  const auto measure = [&](std::int64_t tile) {
    const std::int64_t begin = tile * kTileRows, end = std::min(matrix.out, begin + kTileRows);
    std::vector<float> rows(static_cast<std::size_t>(end - begin) * in);
    source.readRows(matrix, begin, end, rows);
    MatrixRange part{std::vector<float>(in, kInfinity), std::vector<float>(in, -kInfinity)};
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (!std::isfinite(rows[i])) continue;
      part.columnMin[i % in] = std::min(part.columnMin[i % in], rows[i]);
      part.columnMax[i % in] = std::max(part.columnMax[i % in], rows[i]);
    }
    source.release(matrix, begin, end);
    parts[static_cast<std::size_t>(tile)] = std::move(part);
    job.step(static_cast<std::uint64_t>(end - begin) * in * kUnits);
  };
  parallelForOrdered(job, tiles, measure, [&](std::int64_t tile) {
    const MatrixRange part = std::move(parts[static_cast<std::size_t>(tile)]);
    for (std::size_t j = 0; j < in; ++j) {
      total.columnMin[j] = std::min(total.columnMin[j], part.columnMin[j]);
      total.columnMax[j] = std::max(total.columnMax[j], part.columnMax[j]);
    }
  });
  for (std::size_t j = 0; j < in; ++j) {
    if (total.columnMin[j] > total.columnMax[j]) total.columnMin[j] = total.columnMax[j] = 0;
  }
  return total;
}

std::uint64_t measureRangeUnits(const MatrixRef& matrix) {
  return static_cast<std::uint64_t>(matrix.out) * static_cast<std::uint64_t>(matrix.in) * kUnits;
}

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
    PlannedScheme planned{makeRowQuantizer(schemes[s], quantizerInput(source, input, range, job)),
                          stripScheme(schemes[s], matrix.in, range)};
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
