#include "widgets/canvas/heatmap.h"

#include <algorithm>
#include <cmath>

namespace ql {
namespace {

struct Extent {
  double begin, end;
  int texels;
};

Extent extentOf(const Axis& axis, double dpr) {
  const double begin = axis.range.from, end = axis.range.to;
  const int pixels = std::max(1, static_cast<int>(std::lround(std::abs(axis.end - axis.begin) * dpr)));
  if (end - begin > pixels) return {begin, end, pixels};
  const double first = std::floor(begin), last = std::max(first + 1, std::ceil(end));
  return {first, last, static_cast<int>(last - first)};
}

QRectF placeOf(const MatrixViewport& viewport, const Axis& columns, const Axis& rows) {
  return QRectF(QPointF(columns.toPixel(viewport.columnBegin), rows.toPixel(viewport.rowBegin)),
                QPointF(columns.toPixel(viewport.columnEnd), rows.toPixel(viewport.rowEnd)));
}

bool covers(const HeatmapPicture& picture, const ValueRange& columns, const ValueRange& rows) {
  const MatrixViewport& v = picture.viewport;
  return !picture.image.isNull() && v.columnBegin <= columns.from && v.columnEnd >= columns.to &&
         v.rowBegin <= rows.from && v.rowEnd >= rows.to;
}

// Only the texels that are seen, plus one: a picture stretched far beyond the plot overflows a renderer's
// coordinates.
void drawPicture(Painter& painter, const HeatmapPicture& picture, const QRectF& plot, const Axis& columns,
                 const Axis& rows) {
  if (picture.image.isNull()) return;
  const QRectF target = placeOf(picture.viewport, columns, rows);
  const QSizeF texel(target.width() / picture.image.width(), target.height() / picture.image.height());
  if (target.width() < 4 * plot.width() && target.height() < 4 * plot.height()) {
    painter.image(target, picture.image);
    return;
  }
  const int left = std::clamp(static_cast<int>((plot.left() - target.left()) / texel.width()) - 1, 0,
                              picture.image.width() - 1);
  const int top = std::clamp(static_cast<int>((plot.top() - target.top()) / texel.height()) - 1, 0,
                             picture.image.height() - 1);
  const int right = std::clamp(static_cast<int>((plot.right() - target.left()) / texel.width()) + 2, left + 1,
                               picture.image.width());
  const int bottom = std::clamp(static_cast<int>((plot.bottom() - target.top()) / texel.height()) + 2,
                                top + 1, picture.image.height());
  painter.image(QRectF(target.left() + left * texel.width(), target.top() + top * texel.height(),
                       (right - left) * texel.width(), (bottom - top) * texel.height()),
                picture.image.copy(left, top, right - left, bottom - top));
}

}  // namespace

MatrixViewport heatmapViewport(const Axis& columns, const Axis& rows, double devicePixelRatio) {
  const Extent x = extentOf(columns, devicePixelRatio), y = extentOf(rows, devicePixelRatio);
  return {y.begin, y.end, x.begin, x.end, x.texels, y.texels};
}

std::optional<std::size_t> HeatmapPicture::texelAt(double row, double column) const {
  if (!values || row < viewport.rowBegin || row >= viewport.rowEnd || column < viewport.columnBegin ||
      column >= viewport.columnEnd)
    return std::nullopt;
  const double x =
      (column - viewport.columnBegin) / (viewport.columnEnd - viewport.columnBegin) * values->width;
  const double y = (row - viewport.rowBegin) / (viewport.rowEnd - viewport.rowBegin) * values->height;
  const auto ix = std::min(static_cast<std::size_t>(x), static_cast<std::size_t>(values->width - 1));
  const auto iy = std::min(static_cast<std::size_t>(y), static_cast<std::size_t>(values->height - 1));
  return iy * static_cast<std::size_t>(values->width) + ix;
}

bool HeatmapPicture::isElementwise() const {
  return values && viewport.width == viewport.columnEnd - viewport.columnBegin &&
         viewport.height == viewport.rowEnd - viewport.rowBegin;
}

HeatmapPicture makeHeatmapPicture(const MatrixViewport& viewport, std::shared_ptr<const MatrixImage> values,
                                  const ColorScale& scale) {
  HeatmapPicture picture{viewport, std::move(values), {}};
  const MatrixImage& source = *picture.values;
  if (source.width <= 0 || source.height <= 0) return picture;
  picture.image = QImage(source.width, source.height, QImage::Format_RGB32);
  QL_ASSERT(picture.image.bytesPerLine() == source.width * 4);
  const std::size_t count = static_cast<std::size_t>(source.width) * static_cast<std::size_t>(source.height);
  colorize(scale, source.values, source.nonFinite, source.width,
           {reinterpret_cast<QRgb*>(picture.image.bits()), count});
  return picture;
}

void Heatmap::clear() {
  m_whole = {};
  m_part = {};
}

void Heatmap::draw(Painter& painter, const QRectF& plot, const Axis& columns, const Axis& rows) const {
  const ClipScope clip(painter, plot);
  if (!covers(m_part, columns.range, rows.range)) drawPicture(painter, m_whole, plot, columns, rows);
  drawPicture(painter, m_part, plot, columns, rows);
}

}  // namespace ql
