#include "core/stats/code_counts.h"

#include "core/base/dtype.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

namespace ql {
namespace {

struct CodeValue {
  double value;  // of the code itself
  std::uint64_t count;
};

float valueOfCode(std::size_t code, CodeMeaning meaning) {
  const auto bits = static_cast<std::uint16_t>(code);
  return meaning.isFp16 ? fp16ToFloat(bits) : bf16ToFloat(bits);
}

// Finite codes that occur, in the order of their values.
std::vector<CodeValue> sortedValues(const std::vector<std::uint64_t>& counts, CodeMeaning meaning) {
  std::vector<CodeValue> values;
  const auto take = [&](std::size_t code) {
    const float value = valueOfCode(code, meaning);
    if (counts[code] != 0 && std::isfinite(value))
      values.push_back({static_cast<double>(value), counts[code]});
  };
  for (std::size_t magnitude = 0x8000; magnitude-- > 0;) take(0x8000 | magnitude);
  for (std::size_t magnitude = 0; magnitude < 0x8000; ++magnitude) take(magnitude);
  return values;
}

// The value with `rank` values before it.
double valueAtRank(const std::vector<CodeValue>& values, std::uint64_t rank) {
  std::uint64_t before = 0;
  for (const CodeValue& v : values) {
    before += v.count;
    if (before > rank) return v.value;
  }
  return values.empty() ? 0 : values.back().value;
}

double quantile(const std::vector<CodeValue>& values, std::uint64_t count, double q) {
  return valueAtRank(values, static_cast<std::uint64_t>(std::floor(q * static_cast<double>(count - 1))));
}

void setMoments(const std::vector<CodeValue>& values, std::uint64_t count, WeightSummary& summary) {
  const double n = static_cast<double>(count);
  double sum = 0, m2 = 0, m4 = 0;
  for (const CodeValue& v : values) sum += v.value * static_cast<double>(v.count);
  const double mean = sum / n;
  for (const CodeValue& v : values) {
    const double d2 = (v.value - mean) * (v.value - mean);
    m2 += d2 * static_cast<double>(v.count);
    m4 += d2 * d2 * static_cast<double>(v.count);
  }
  const bool isConstant = values.front().value == values.back().value;
  summary.mean = isConstant ? values.front().value : mean;
  summary.std = isConstant || count < 2 ? 0 : std::sqrt(m2 / (n - 1));
  summary.kurtosis = isConstant || m2 == 0 ? 0 : (m4 / n) / ((m2 / n) * (m2 / n));
}

// Middle of the interval of values that were truncated to this one.
double middle(double value, bool isTruncated) {
  if (!isTruncated) return value;
  const double next = static_cast<double>(
      bf16ToFloat(static_cast<std::uint16_t>(floatToBf16(static_cast<float>(std::abs(value))) + 1)));
  return std::isfinite(next) ? std::copysign(0.5 * (std::abs(value) + next), value) : value;
}

void setOutliers(const std::vector<CodeValue>& values, std::uint64_t count, bool isTruncated,
                 WeightSummary& summary) {
  if (summary.std <= 0) return;  // every |w - mean| would be "at least" 0
  std::array<std::uint64_t, 4> beyond{};
  for (const CodeValue& v : values) {
    const double distance = std::abs(middle(v.value, isTruncated) - summary.mean);
    for (std::size_t k = 0; k < beyond.size(); ++k)
      if (distance >= static_cast<double>(k + 3) * summary.std) beyond[k] += v.count;
  }
  const double n = static_cast<double>(count);
  summary.outliers3 = static_cast<double>(beyond[0]) / n;
  summary.outliers4 = static_cast<double>(beyond[1]) / n;
  summary.outliers5 = static_cast<double>(beyond[2]) / n;
  summary.outliers6 = static_cast<double>(beyond[3]) / n;
}

void setMedianAbs(const std::vector<CodeValue>& values, std::uint64_t count, WeightSummary& summary) {
  std::vector<CodeValue> magnitudes = values;
  double sumAbs = 0;
  for (CodeValue& v : magnitudes) {
    v.value = std::abs(v.value);
    sumAbs += v.value * static_cast<double>(v.count);
  }
  std::sort(magnitudes.begin(), magnitudes.end(),
            [](const CodeValue& a, const CodeValue& b) { return a.value < b.value; });
  summary.medianAbs = valueAtRank(magnitudes, (count - 1) / 2);
  const double meanAbs = sumAbs / static_cast<double>(count);
  const double typical = summary.medianAbs > 0 ? summary.medianAbs : meanAbs;
  summary.maxOverMedian = typical > 0 ? summary.absmax / typical : 0;
}

}  // namespace

CodeCounter::CodeCounter() : m_tables(kCounterTables * kCodes) {}

void CodeCounter::add(const StripTile& tile, int rowBegin) {
  const std::size_t n = static_cast<std::size_t>(tile.columns);
  const bool isWide = tile.kind == StoredKind::F32;
  for (int r = rowBegin; r < tile.rows; ++r) {
    const std::byte* p = tile.data + static_cast<std::size_t>(r) * tile.rowBytes;
    for (std::size_t i = 0; i < n; ++i) {
      std::uint16_t code;  // of a float: its upper half
      std::memcpy(&code, p + (isWide ? 4 * i + 2 : 2 * i), sizeof code);
      ++m_tables[(i % kCounterTables) * kCodes + code];
    }
  }
  m_counted += n * static_cast<std::size_t>(tile.rows);
}

void CodeCounter::flushInto(std::vector<std::uint64_t>& total) {
  for (std::size_t t = 0; t < kCounterTables; ++t)
    for (std::size_t code = 0; code < kCodes; ++code) total[code] += m_tables[t * kCodes + code];
  std::fill(m_tables.begin(), m_tables.end(), 0u);
  m_counted = 0;
}

void summariseCodes(const std::vector<std::uint64_t>& counts, CodeMeaning meaning, WeightSummary& summary) {
  summary.quantilesExact = !meaning.isTruncated;
  const std::vector<CodeValue> values = sortedValues(counts, meaning);
  std::uint64_t count = 0;
  for (const CodeValue& v : values) count += v.count;
  if (count == 0) return;
  if (!meaning.isTruncated) setMoments(values, count, summary);
  summary.quantile001 = quantile(values, count, 0.001);
  summary.quantile01 = quantile(values, count, 0.01);
  summary.quantile50 = valueAtRank(values, (count - 1) / 2);
  summary.quantile99 = quantile(values, count, 0.99);
  summary.quantile999 = quantile(values, count, 0.999);
  setMedianAbs(values, count, summary);
  setOutliers(values, count, meaning.isTruncated, summary);
}

float LogHistogram::lowerEdge(std::size_t bin) {
  return bf16ToFloat(static_cast<std::uint16_t>((bin & 2047) << 4));
}

LogHistogram histogramOfCodes(const std::vector<std::uint64_t>& counts, CodeMeaning meaning) {
  LogHistogram histogram;
  histogram.counts.assign(2048, 0);
  for (std::size_t code = 0; code < kCodes; ++code) {
    const float value = valueOfCode(code, meaning);
    if (counts[code] == 0 || !std::isfinite(value)) continue;
    const auto bits = std::bit_cast<std::uint32_t>(std::abs(value));
    histogram.counts[bits >> 20] += counts[code];
  }
  return histogram;
}

}  // namespace ql
