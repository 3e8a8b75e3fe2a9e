#include "core/stats/matrix_view.h"

#include "core/base/error.h"
#include "core/jobs/parallel_for.h"
#include "core/stats/exact_tile.h"
#include "core/stats/pyramid_build.h"
#include "core/stats/view_axis.h"
#include "core/stats/view_kernel.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ql {
namespace {

constexpr std::int64_t kBandRows = 8;     // pixel rows of one task
constexpr std::int64_t kRowsAtOnce = 64;  // matrix rows converted together where they cannot be read in place
constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::uint8_t flagOf(float value) {
  if (std::isnan(value)) return 1;
  if (std::isinf(value)) return value > 0 ? 2 : 4;
  return 0;
}

/// Reduces the units under one pixel row to one row of units.
struct RowFold {
  std::vector<float> min, max, rows;
  std::vector<std::uint32_t> peak;  // keys
  std::vector<double> sum, weight;
  std::vector<std::uint8_t> flags;
  bool anyFlags = false;

  void reset(std::size_t n, PoolKind pool) {
    anyFlags = false;
    flags.assign(n, 0);
    if (pool == PoolKind::Max) {
      min.assign(n, kInfinity);
      max.assign(n, -kInfinity);
      peak.resize(n);
    } else {
      sum.assign(n, 0.0);
      weight.assign(n, 0.0);
    }
  }
};

class Resampler {
 public:
  Resampler(const WeightSource* source, const MatrixRef& matrix, const PyramidLevel* level,
            const MatrixViewport& viewport, PoolKind pool, JobContext& job);
  MatrixImage run();

 private:
  void drawBand(std::int64_t band);
  void foldRows(const PixelSpan& span, RowFold& fold) const;
  void foldLevel(const PixelSpan& span, RowFold& fold) const;
  void foldMatrix(const PixelSpan& span, RowFold& fold) const;
  void foldStored(const std::byte* data, StoredKind kind, double height, RowFold& fold) const;
  void drawRow(RowFold& fold, std::size_t y);
  void drawMeans(const RowFold& fold, std::size_t y);

  const WeightSource* m_source;
  const MatrixRef& m_matrix;
  const PyramidLevel* m_level;  // null: from the matrix
  PoolKind m_pool;
  JobContext& m_job;
  PixelAxis m_rows, m_columns;
  bool m_levelHasFlags = false;
  MatrixImage m_image;
};

Resampler::Resampler(const WeightSource* source, const MatrixRef& matrix, const PyramidLevel* level,
                     const MatrixViewport& viewport, PoolKind pool, JobContext& job)
    : m_source(source), m_matrix(matrix), m_level(level), m_pool(pool), m_job(job) {
  const std::int64_t tile = level == nullptr ? 1 : level->tile;
  m_rows = makeAxis(viewport.rowBegin, viewport.rowEnd, viewport.height, tile, matrix.out);
  m_columns = makeAxis(viewport.columnBegin, viewport.columnEnd, viewport.width, tile, matrix.in);
  m_image.width = viewport.width;
  m_image.height = viewport.height;
  m_image.isExact = level == nullptr || (m_rows.isAligned && m_columns.isAligned && !m_rows.isMagnified &&
                                         !m_columns.isMagnified);
  if (level != nullptr)
    m_levelHasFlags = std::any_of(level->nonFinite.begin(), level->nonFinite.end(),
                                  [](std::uint8_t bits) { return bits != 0; });
}

MatrixImage Resampler::run() {
  const auto pixels = static_cast<std::size_t>(m_image.width) * static_cast<std::size_t>(m_image.height);
  m_image.values.assign(pixels, 0.0f);
  m_image.nonFinite.assign(pixels, 0);
  if (m_rows.begin == m_rows.end || m_columns.begin == m_columns.end) return std::move(m_image);
  parallelFor(m_job, (m_image.height + kBandRows - 1) / kBandRows,
              [this](std::int64_t band) { drawBand(band); });
  if (m_level == nullptr) m_source->check(m_matrix);
  return std::move(m_image);
}

void Resampler::drawBand(std::int64_t band) {
  RowFold fold;
  const auto width = static_cast<std::size_t>(m_image.width);
  const auto begin = static_cast<std::size_t>(band * kBandRows);
  const std::size_t end = std::min(begin + kBandRows, static_cast<std::size_t>(m_image.height));
  for (std::size_t y = begin; y < end; ++y) {
    const PixelSpan& span = m_rows.spans[y];
    if (span.begin >= span.end) continue;
    m_job.step();
    const PixelSpan* above = y > begin ? &m_rows.spans[y - 1] : nullptr;
    const bool isRepeated =
        m_rows.isMagnified && above != nullptr && above->begin == span.begin && above->end == span.end;
    if (isRepeated) {
      std::copy_n(m_image.values.begin() + static_cast<std::ptrdiff_t>((y - 1) * width), width,
                  m_image.values.begin() + static_cast<std::ptrdiff_t>(y * width));
      std::copy_n(m_image.nonFinite.begin() + static_cast<std::ptrdiff_t>((y - 1) * width), width,
                  m_image.nonFinite.begin() + static_cast<std::ptrdiff_t>(y * width));
      continue;
    }
    foldRows(span, fold);
    drawRow(fold, y);
  }
}

void Resampler::foldRows(const PixelSpan& span, RowFold& fold) const {
  fold.reset(static_cast<std::size_t>(m_columns.end - m_columns.begin), m_pool);
  if (m_level != nullptr) {
    foldLevel(span, fold);
  } else {
    foldMatrix(span, fold);
  }
}

void Resampler::foldLevel(const PixelSpan& span, RowFold& fold) const {
  const auto n = static_cast<std::size_t>(m_columns.end - m_columns.begin);
  for (std::int64_t r = span.begin; r < span.end; ++r) {
    const auto first = static_cast<std::size_t>(r * m_level->columns + m_columns.begin);
    if (m_pool == PoolKind::Max) {
      foldExtremes(&m_level->min[first], &m_level->max[first], static_cast<int>(n), fold.min.data(),
                   fold.max.data());
    } else {
      const double height = overlap(m_rows, span, r);
      for (std::size_t i = 0; i < n; ++i) {
        if (isWithoutFinite(*m_level, first + i)) continue;
        fold.sum[i] += height * static_cast<double>(m_level->mean[first + i]);
        fold.weight[i] += height;
      }
    }
    for (std::size_t i = 0; m_levelHasFlags && i < n; ++i) fold.flags[i] |= m_level->nonFinite[first + i];
  }
  fold.anyFlags = m_levelHasFlags;
}

void Resampler::foldMatrix(const PixelSpan& span, RowFold& fold) const {
  const auto skipped = static_cast<std::size_t>(m_columns.begin), in = static_cast<std::size_t>(m_matrix.in);
  for (std::int64_t begin = span.begin; begin < span.end; begin += kRowsAtOnce) {
    const std::int64_t end = std::min(span.end, begin + kRowsAtOnce);
    const auto raw = m_source->rawRows(m_matrix, begin, end);
    const bool isInPlace =
        raw && (raw->dtype == DType::BF16 || raw->dtype == DType::F16 || raw->dtype == DType::F32);
    if (!isInPlace) {
      fold.rows.resize(static_cast<std::size_t>(end - begin) * in);
      m_source->readRows(m_matrix, begin, end, fold.rows);
    }
    const StoredKind kind = !isInPlace || raw->dtype == DType::F32 ? StoredKind::F32
                            : raw->dtype == DType::F16             ? StoredKind::F16
                                                                   : StoredKind::Bf16;
    const std::byte* data = isInPlace ? raw->data : reinterpret_cast<const std::byte*>(fold.rows.data());
    const std::size_t rowBytes = isInPlace ? raw->rowBytes : in * sizeof(float);
    for (std::int64_t r = begin; r < end; ++r)
      foldStored(data + static_cast<std::size_t>(r - begin) * rowBytes + skipped * storedBytes(kind), kind,
                 overlap(m_rows, span, r), fold);
  }
}

void Resampler::foldStored(const std::byte* data, StoredKind kind, double height, RowFold& fold) const {
  const auto n = static_cast<std::size_t>(m_columns.end - m_columns.begin);
  if (m_pool == PoolKind::Max && !foldRow(data, static_cast<int>(n), kind, fold.min.data(), fold.max.data()))
    return;
  for (std::size_t i = 0; i < n; ++i) {
    const float value = storedValue(data + i * storedBytes(kind), kind);
    const std::uint8_t flag = flagOf(value);
    fold.flags[i] |= flag;
    fold.anyFlags = fold.anyFlags || flag != 0;
    if (m_pool == PoolKind::Max || flag != 0) continue;
    fold.sum[i] += height * static_cast<double>(value);
    fold.weight[i] += height;
  }
}

void Resampler::drawRow(RowFold& fold, std::size_t y) {
  const auto width = static_cast<std::size_t>(m_image.width),
             offset = static_cast<std::size_t>(m_columns.begin);
  if (m_pool == PoolKind::Mean) {
    drawMeans(fold, y);
  } else {
    peakKeys(fold.min.data(), fold.max.data(), static_cast<int>(fold.peak.size()), fold.peak.data());
    for (std::size_t x = 0; x < width; ++x) {
      const PixelSpan& span = m_columns.spans[x];
      std::uint32_t peak = peakKey(0.0f);
      for (auto c = static_cast<std::size_t>(span.begin); c < static_cast<std::size_t>(span.end); ++c)
        peak = std::max(peak, fold.peak[c - offset]);
      m_image.values[y * width + x] = valueOfPeakKey(peak);
    }
  }
  for (std::size_t x = 0; fold.anyFlags && x < width; ++x)
    for (std::int64_t c = m_columns.spans[x].begin; c < m_columns.spans[x].end; ++c)
      m_image.nonFinite[y * width + x] |= fold.flags[static_cast<std::size_t>(c) - offset];
}

void Resampler::drawMeans(const RowFold& fold, std::size_t y) {
  const auto width = static_cast<std::size_t>(m_image.width),
             offset = static_cast<std::size_t>(m_columns.begin);
  for (std::size_t x = 0; x < width; ++x) {
    const PixelSpan& span = m_columns.spans[x];
    double sum = 0, weight = 0;
    for (std::int64_t c = span.begin; c < span.end; ++c) {
      const double share = overlap(m_columns, span, c);
      sum += share * fold.sum[static_cast<std::size_t>(c) - offset];
      weight += share * fold.weight[static_cast<std::size_t>(c) - offset];
    }
    m_image.values[y * width + x] = weight > 0 ? static_cast<float>(sum / weight) : 0.0f;
  }
}

// The coarsest level whose texels are not larger than a pixel; the finest when all are.
const PyramidLevel* levelFor(const TilePyramid* pyramid, double pixel) {
  if (pyramid == nullptr || pyramid->levels.empty()) return nullptr;
  const PyramidLevel* best = &pyramid->levels.front();
  for (const PyramidLevel& level : pyramid->levels)
    if (static_cast<double>(level.tile) <= pixel * (1 + kSliver)) best = &level;
  return best;
}

// Elements that would have to be read for the view.
double elementsSeen(const WeightSource& source, const MatrixRef& matrix, const MatrixViewport& viewport) {
  const auto seen = [](double begin, double end, std::int64_t count) {
    return std::max(0.0, std::min(end, static_cast<double>(count)) - std::max(begin, 0.0));
  };
  const bool isInPlace = matrix.out > 0 && matrix.in > 0 && source.rawRows(matrix, 0, 1).has_value();
  const double columns =
      isInPlace ? seen(viewport.columnBegin, viewport.columnEnd, matrix.in) : static_cast<double>(matrix.in);
  return seen(viewport.rowBegin, viewport.rowEnd, matrix.out) * columns;
}

}  // namespace

MatrixImage resampleMatrix(const WeightSource* source, const MatrixRef& matrix, const TilePyramid* pyramid,
                           const MatrixViewport& viewport, PoolKind pool, JobContext& job,
                           std::int64_t maxElements) {
  if (viewport.width <= 0 || viewport.height <= 0) return {};
  QL_ASSERT(viewport.rowEnd > viewport.rowBegin && viewport.columnEnd > viewport.columnBegin);
  const double pixel = std::min((viewport.rowEnd - viewport.rowBegin) / viewport.height,
                                (viewport.columnEnd - viewport.columnBegin) / viewport.width);
  const PyramidLevel* level = levelFor(pyramid, pixel);
  QL_ASSERT(source != nullptr || level != nullptr || matrix.out == 0 || matrix.in == 0);
  const bool isFiner = level == nullptr || pixel * (1 + kSliver) < static_cast<double>(level->tile);
  if (source != nullptr && isFiner &&
      (level == nullptr || elementsSeen(*source, matrix, viewport) <= static_cast<double>(maxElements)))
    level = nullptr;
  return Resampler(source, matrix, level, viewport, pool, job).run();
}

}  // namespace ql
