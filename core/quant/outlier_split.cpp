#include "core/quant/outlier_split.h"

#include "core/base/error.h"
#include "core/jobs/parallel_for.h"

#include <algorithm>
#include <limits>
#include <optional>

namespace ql {
namespace {

constexpr std::int64_t kTileRows = 128;
constexpr float kNotANumber = std::numeric_limits<float>::quiet_NaN();

/// Calls take(tile's figure) in order of the rows.
template <class Figure, class Measure, class Take>
void forTiles(const WeightSource& source, const MatrixRef& matrix, JobContext& job, Measure measure,
              Take take) {
  const std::int64_t tiles = (matrix.out + kTileRows - 1) / kTileRows;
  std::vector<std::optional<Figure>> figures(static_cast<std::size_t>(tiles));
  parallelForOrdered(
      job, tiles,
      [&](std::int64_t tile) {
        const std::int64_t begin = tile * kTileRows, end = std::min(matrix.out, begin + kTileRows);
        std::vector<float> rows(static_cast<std::size_t>(end - begin) * static_cast<std::size_t>(matrix.in));
        source.readRows(matrix, begin, end, rows);
        figures[static_cast<std::size_t>(tile)] = measure(std::span<const float>(rows));
        source.release(matrix, begin, end);
        job.step();
      },
      [&](std::int64_t tile) {
        take(*figures[static_cast<std::size_t>(tile)]);
        figures[static_cast<std::size_t>(tile)].reset();
      });
  source.check(matrix);
}

/// Sum of squares around the mean.
struct Squares {
  double mean = 0, sum = 0;
  std::uint64_t count = 0;
};

Squares squaresOf(std::span<const float> values) {
  Squares result;
  for (const float w : values) {
    if (!std::isfinite(w)) continue;
    result.mean += static_cast<double>(w);
    ++result.count;
  }
  if (result.count == 0) return result;
  result.mean /= static_cast<double>(result.count);
  for (const float w : values) {
    const double d = static_cast<double>(w) - result.mean;
    if (std::isfinite(w)) result.sum += d * d;
  }
  return result;
}

/// Chan, Golub, LeVeque 1979.
void merge(Squares& total, const Squares& part) {
  if (part.count == 0) return;
  const double a = static_cast<double>(total.count), b = static_cast<double>(part.count);
  const double difference = part.mean - total.mean;
  total.sum += part.sum + difference * difference * a * b / (a + b);
  total.mean += difference * b / (a + b);
  total.count += part.count;
}

/// Weights of one matrix beyond a bound read as NaN; everything else as it is.
class MaskedSource : public WeightSource {
 public:
  MaskedSource(const WeightSource& inner, const MatrixRef& matrix, const OutlierBound& bound)
      : m_inner(inner), m_matrix(matrix), m_bound(bound) {}
  void readRows(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd,
                std::span<float> out) const override {
    m_inner.readRows(matrix, rowBegin, rowEnd, out);
    if (!(matrix == m_matrix)) return;
    for (float& w : out)
      if (m_bound.holds(w)) w = kNotANumber;
  }
  void release(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd) const override {
    m_inner.release(matrix, rowBegin, rowEnd);
  }
  std::vector<float> readVector(const std::string& tensor) const override {
    return m_inner.readVector(tensor);
  }
  void check(const MatrixRef& matrix) const override { m_inner.check(matrix); }

 private:
  const WeightSource& m_inner;
  MatrixRef m_matrix;
  OutlierBound m_bound;
};

/// What is left and what is not.
struct Census {
  MatrixRange range;  // of what is left
  std::uint64_t outliers = 0, rowsOfOutliers = 0;

  explicit Census(std::size_t in) {
    range.columnMin.assign(in, std::numeric_limits<float>::infinity());
    range.columnMax.assign(in, -std::numeric_limits<float>::infinity());
  }

  void addRow(std::span<const float> row, const OutlierBound& bound) {
    std::uint64_t finite = 0, found = 0;
    for (std::size_t j = 0; j < row.size(); ++j) {
      const float w = row[j];
      if (!std::isfinite(w)) continue;
      ++finite;
      if (bound.holds(w)) {
        ++found;
        continue;
      }
      range.columnMin[j] = std::min(range.columnMin[j], w);
      range.columnMax[j] = std::max(range.columnMax[j], w);
    }
    outliers += found;
    rowsOfOutliers += finite > 0 && found == finite ? 1 : 0;
  }

  void merge(const Census& part) {
    for (std::size_t j = 0; j < range.columnMin.size(); ++j) {
      range.columnMin[j] = std::min(range.columnMin[j], part.range.columnMin[j]);
      range.columnMax[j] = std::max(range.columnMax[j], part.range.columnMax[j]);
    }
    outliers += part.outliers;
    rowsOfOutliers += part.rowsOfOutliers;
  }

  void closeRange() {
    for (std::size_t j = 0; j < range.columnMin.size(); ++j)
      if (range.columnMin[j] > range.columnMax[j]) range.columnMin[j] = range.columnMax[j] = 0;
  }
};

Census takeCensus(const QuantizerInput& input, const OutlierBound& bound) {
  const auto in = static_cast<std::size_t>(input.in);
  Census total(in);
  forTiles<Census>(
      *input.source, input.matrix, *input.job,
      [&](std::span<const float> rows) {
        Census tile(in);
        for (std::size_t begin = 0; begin < rows.size(); begin += in)
          tile.addRow(rows.subspan(begin, in), bound);
        return tile;
      },
      [&](const Census& tile) { total.merge(tile); });
  total.closeRange();
  return total;
}

class OutlierRowQuantizer : public RowQuantizer {
 public:
  OutlierRowQuantizer(std::unique_ptr<RowQuantizer> inner, const OutlierBound& bound,
                      std::vector<Fallback> fallbacks, double bits)
      : m_inner(std::move(inner)), m_bound(bound), m_fallbacks(std::move(fallbacks)), m_bits(bits) {
    const std::vector<Fallback> more = m_inner->fallbacks();
    m_fallbacks.insert(m_fallbacks.end(), more.begin(), more.end());
  }

  std::int64_t rowUnit() const override { return m_inner->rowUnit(); }
  std::int64_t rowsAtOnce() const override { return m_inner->rowsAtOnce(); }
  std::vector<Fallback> fallbacks() const override { return m_fallbacks; }
  std::optional<double> bitsPerWeight() const override { return m_bits; }

  void apply(std::int64_t rowBegin, std::int64_t rowCount, std::span<const float> rows,
             std::span<float> quantized, std::span<std::uint8_t> isZeroCode) const override {
    std::vector<float> rest(rows.begin(), rows.end());
    for (float& w : rest)
      if (m_bound.holds(w)) w = kNotANumber;
    m_inner->apply(rowBegin, rowCount, rest, quantized, isZeroCode);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (!m_bound.holds(rows[i])) continue;
      quantized[i] = rows[i];
      if (!isZeroCode.empty()) isZeroCode[i] = 0;
    }
  }

 private:
  std::unique_ptr<RowQuantizer> m_inner;
  OutlierBound m_bound;
  std::vector<Fallback> m_fallbacks;
  double m_bits;
};

double storedBits(const QuantizerInput& input) {
  const auto raw = input.source->rawRows(input.matrix, 0, std::min<std::int64_t>(1, input.out));
  return raw ? dtypeInfo(raw->dtype).bits : 16;
}

}  // namespace

WeightSpread measureSpread(const WeightSource& source, const MatrixRef& matrix, JobContext& job) {
  Squares total;
  forTiles<Squares>(source, matrix, job, squaresOf, [&](const Squares& tile) { merge(total, tile); });
  const double variance = total.count > 1 ? total.sum / static_cast<double>(total.count - 1) : 0;
  return {total.mean, variance, total.count};
}

OutlierBound outlierBound(const WeightSpread& spread, const OutlierRule& rule) {
  const double unit = rule.rule == "variance" ? spread.variance : std::sqrt(spread.variance);
  const auto spreadUnit = static_cast<float>(unit);
  const float threshold = static_cast<float>(rule.n) * spreadUnit;
  return {static_cast<float>(spread.mean), threshold, !(spreadUnit > 0) || !std::isfinite(threshold)};
}

double outlierBits(std::uint64_t outliers, std::int64_t out, std::int64_t in, double valueBits) {
  const double column = in <= 65536 ? 16 : 32;
  return static_cast<double>(outliers) * (valueBits + column) + 32 * static_cast<double>(out + 1);
}

std::unique_ptr<RowQuantizer> makeWithOutliers(const WeightScheme& scheme, const OutlierRule& rule,
                                               const QuantizerInput& input, const MakeInner& makeInner) {
  QL_ASSERT(input.source && input.job);
  const OutlierBound bound = outlierBound(measureSpread(*input.source, input.matrix, *input.job), rule);
  const Census census = takeCensus(input, bound);
  const MaskedSource masked(*input.source, input.matrix, bound);
  QuantizerInput rest = input;
  rest.source = &masked;
  rest.range = &census.range;
  auto inner = makeInner(rest);

  std::vector<Fallback> fallbacks;
  if (bound.isEmpty) fallbacks.push_back({"all weights are the same: none is kept apart", 1});
  if (census.rowsOfOutliers > 0)
    fallbacks.push_back({"every weight of a row is kept apart: nothing of it is quantized",
                         static_cast<std::int64_t>(census.rowsOfOutliers)});
  WeightScheme codes = scheme;
  codes.outliers.reset();
  const double dense =
      inner->bitsPerWeight().value_or(bitsPerWeight(Choice{codes, std::nullopt}, input.out, input.in, 16));
  const double apart = outlierBits(census.outliers, input.out, input.in, storedBits(input));
  const double weights = static_cast<double>(input.out) * static_cast<double>(input.in);
  return std::make_unique<OutlierRowQuantizer>(std::move(inner), bound, std::move(fallbacks),
                                               dense + apart / weights);
}

}  // namespace ql
