// Sums weight by weight, without SIMD, and the extremes of columns.
#include "core/evaluate/band_kernel.h"
#include "core/evaluate/error_pass.h"
#include "core/jobs/parallel_for.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ql {
namespace {

constexpr std::uint64_t kUnits = 2;  // of progress a weight and pass: the bytes of 16-bit storage
constexpr std::int64_t kTileRows = 128;

}  // namespace

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
    const std::size_t count = static_cast<std::size_t>(end - begin) * in;
    std::vector<float> rows(count + kErrorPadding);
    source.readRows(matrix, begin, end, std::span(rows).first(count));
    MatrixRange part{std::vector<float>(in + kErrorPadding, kInfinity),
                     std::vector<float>(in + kErrorPadding, -kInfinity)};
    for (std::size_t row = 0; row * in < count; row += kErrorStripRows) {
      const std::size_t height = std::min<std::size_t>(kErrorStripRows, count / in - row);
      addColumnRange({rows.data() + row * in, in, in, static_cast<int>(height)}, part.columnMin.data(),
                     part.columnMax.data());
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

}  // namespace ql
