#include "core/quant/matrix_pass.h"

#include "core/jobs/parallel_for.h"

#include <algorithm>
#include <cmath>

namespace ql {
namespace {

constexpr std::int64_t kTileWeights = std::int64_t{1} << 18;  // a search tries many grids on each

std::vector<double> sumsOf(std::span<const float> rows, const std::vector<float>& columnWeights,
                           const PieceSums& piece) {
  std::vector<float> values, weights;
  values.reserve(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!std::isfinite(rows[i])) continue;
    values.push_back(rows[i]);
    if (!columnWeights.empty()) weights.push_back(columnWeights[i % columnWeights.size()]);
  }
  return piece({values, weights});
}

}  // namespace

PartPass matrixPass(const WeightSource& source, const MatrixRef& matrix,
                    const std::vector<float>& columnWeights, JobContext& job) {
  return [&source, matrix, &columnWeights, &job](const PieceSums& piece) {
    const std::int64_t height = std::clamp<std::int64_t>(kTileWeights / matrix.in, 1, matrix.out);
    const std::int64_t tiles = (matrix.out + height - 1) / height;
    std::vector<double> total;
    std::vector<std::vector<double>> sums(static_cast<std::size_t>(tiles));
    parallelForOrdered(
        job, tiles,
        [&](std::int64_t tile) {
          const std::int64_t begin = tile * height, end = std::min(matrix.out, begin + height);
          std::vector<float> rows(static_cast<std::size_t>(end - begin) *
                                  static_cast<std::size_t>(matrix.in));
          source.readRows(matrix, begin, end, rows);
          sums[static_cast<std::size_t>(tile)] = sumsOf(rows, columnWeights, piece);
          source.release(matrix, begin, end);
          job.step();
        },
        [&](std::int64_t tile) {
          const std::vector<double> part = std::move(sums[static_cast<std::size_t>(tile)]);
          total.resize(part.size());
          for (std::size_t i = 0; i < part.size(); ++i) total[i] += part[i];
        });
    source.check(matrix);
    return total;
  };
}

}  // namespace ql
