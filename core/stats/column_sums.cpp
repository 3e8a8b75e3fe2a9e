#include "core/stats/column_sums.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ql {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::size_t texelAt(const PyramidLevel& level, std::int64_t row, std::int64_t column) {
  return static_cast<std::size_t>(row / level.tile * level.columns + column / level.tile);
}

}  // namespace

void ColumnSums::reset(std::size_t width) {
  m_min.assign(width, kInfinity);
  m_max.assign(width, -kInfinity);
  for (auto* values : {&m_sum, &m_sq, &m_quad}) values->assign(width, 0.0);
  if (m_hasCounts)
    for (auto* counts : {&m_zeros, &m_nans, &m_posInfs, &m_negInfs}) counts->clear();
  m_hasCounts = false;
  m_cube = 0;
  m_bitsOr = 0;
}

void ColumnSums::needCounts() {
  if (m_hasCounts) return;
  for (auto* counts : {&m_zeros, &m_nans, &m_posInfs, &m_negInfs}) counts->assign(width(), 0);
  m_hasCounts = true;
}

void ColumnSums::merge(const ColumnSums& other) {
  const int n = static_cast<int>(width());
  mergeExtremes(other.m_min.data(), other.m_max.data(), n, m_min.data(), m_max.data());
  for (std::size_t i = 0; i < width(); ++i) {
    m_sum[i] += other.m_sum[i];
    m_sq[i] += other.m_sq[i];
    m_quad[i] += other.m_quad[i];
  }
  if (other.m_hasCounts) {
    needCounts();
    for (std::size_t i = 0; i < width(); ++i) {
      m_zeros[i] += other.m_zeros[i];
      m_nans[i] += other.m_nans[i];
      m_posInfs[i] += other.m_posInfs[i];
      m_negInfs[i] += other.m_negInfs[i];
    }
  }
  m_cube += other.m_cube;
  m_bitsOr |= other.m_bitsOr;
}

void ColumnSums::add(const TileSums& tile, int columns, std::size_t column, bool withMoments) {
  mergeExtremes(tile.columnMin, tile.columnMax, columns, m_min.data() + column, m_max.data() + column);
  addToDouble(tile.columnSum, columns, m_sum.data() + column);
  if (withMoments) {
    addToDouble(tile.columnSq, columns, m_sq.data() + column);
    addToDouble(tile.columnQuad, columns, m_quad.data() + column);
  }
  m_cube += tile.cube;
  m_bitsOr |= tile.bitsOr;
  if (!tile.hasZeros) return;
  needCounts();
  for (std::size_t i = 0; i < static_cast<std::size_t>(columns); ++i)
    m_zeros[column + i] += tile.columnZeros[i];
}

void ColumnSums::add(const ExactTile& tile, int columns, std::size_t column) {
  needCounts();
  for (std::size_t i = 0, c = column; i < static_cast<std::size_t>(columns); ++i, ++c) {
    const ExactSums& from = tile.columns[i];
    m_min[c] = std::min(m_min[c], from.min);
    m_max[c] = std::max(m_max[c], from.max);
    m_sum[c] += from.sum;
    m_sq[c] += from.sq;
    m_quad[c] += from.quad;
    m_zeros[c] += from.zeros;
    m_nans[c] += from.nans;
    m_posInfs[c] += from.posInfs;
    m_negInfs[c] += from.negInfs;
  }
  m_cube += tile.cube;
  m_bitsOr |= tile.bitsOr;
}

void ColumnSums::storeInto(ChannelStats& stats) const {
  for (std::size_t i = 0; i < stats.size(); ++i) {
    storeChannel({m_min[i], m_max[i], m_sum[i], m_sq[i], m_quad[i], 0, 0, 0, 0}, stats, i);
    if (!m_hasCounts) continue;
    stats.zeros[i] = m_zeros[i];
    stats.nans[i] = m_nans[i];
    stats.posInfs[i] = m_posInfs[i];
    stats.negInfs[i] = m_negInfs[i];
  }
}

void storeChannel(const ExactSums& from, ChannelStats& stats, std::size_t i) {
  if (from.min <= from.max) {
    stats.min[i] = from.min;
    stats.max[i] = from.max;
    stats.absmax[i] = std::max(std::abs(from.min), std::abs(from.max));
  }
  stats.sum[i] = from.sum;
  stats.sumSq[i] = from.sq;
  stats.sumQuad[i] = from.quad;
  stats.zeros[i] = from.zeros;
  stats.nans[i] = from.nans;
  stats.posInfs[i] = from.posInfs;
  stats.negInfs[i] = from.negInfs;
}

void storeTexels(const TileSums& sums, const StripTile& tile, std::int64_t row, std::int64_t column,
                 PyramidLevel& level) {
  const std::size_t first = texelAt(level, row, column);
  const int edge = static_cast<int>(level.tile);
  reduceTexels(sums, tile.columns, edge, &level.min[first], &level.max[first], &level.mean[first]);
  const auto count = static_cast<float>(edge) * static_cast<float>(tile.rows);
  for (std::size_t i = first; i < first + static_cast<std::size_t>(tile.columns / edge); ++i)
    level.mean[i] /= count;
}

void storeTexels(const ExactTile& sums, const StripTile& tile, std::int64_t row, std::int64_t column,
                 PyramidLevel& level) {
  std::size_t texel = texelAt(level, row, column);
  const int edge = static_cast<int>(level.tile);
  for (int begin = 0; begin < tile.columns; begin += edge, ++texel) {
    const int end = std::min(tile.columns, begin + edge);
    float low = kInfinity, high = -kInfinity;
    double sum = 0;
    std::uint64_t nans = 0, posInfs = 0, negInfs = 0;
    for (int i = begin; i < end; ++i) {
      const ExactSums& from = sums.columns[static_cast<std::size_t>(i)];
      low = std::min(low, from.min);
      high = std::max(high, from.max);
      sum += from.sum;
      nans += from.nans, posInfs += from.posInfs, negInfs += from.negInfs;
    }
    const auto area = static_cast<std::uint64_t>(end - begin) * static_cast<std::uint64_t>(tile.rows);
    const std::uint64_t finite = area - nans - posInfs - negInfs;
    level.min[texel] = finite > 0 ? low : 0;
    level.max[texel] = finite > 0 ? high : 0;
    level.mean[texel] = finite > 0 ? static_cast<float>(sum / static_cast<double>(finite)) : 0;
    level.nonFinite[texel] =
        static_cast<std::uint8_t>((nans > 0 ? 1 : 0) | (posInfs > 0 ? 2 : 0) | (negInfs > 0 ? 4 : 0));
  }
}

}  // namespace ql
