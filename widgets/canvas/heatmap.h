#pragma once
// A matrix as one viewport-sized picture: which part to resample for what is seen, colours, and drawing what
// is there (stretched) while the next picture is being computed. Resampling itself is
// core/stats/matrix_view.h, in a job.
#include "core/stats/matrix_view.h"
#include "widgets/canvas/colormap.h"
#include "widgets/canvas/painter.h"

#include <QImage>

#include <memory>
#include <optional>

namespace ql {

/// The part to resample so that `columns` x `rows` (linear axes in elements, on pixels) is filled at device
/// resolution: one texel a device pixel, or one an element where elements are larger than that (then the ends
/// are whole elements and the picture may stick out of the plot).
MatrixViewport heatmapViewport(const Axis& columns, const Axis& rows, double devicePixelRatio);

struct HeatmapPicture {
  MatrixViewport viewport;
  std::shared_ptr<const MatrixImage> values;
  QImage image;

  /// The texel that covers an element; nothing outside.
  std::optional<std::size_t> texelAt(double row, double column) const;
  /// True when a texel is exactly one element in both directions.
  bool isElementwise() const;
};

/// Colours a resampled matrix. Any thread.
HeatmapPicture makeHeatmapPicture(const MatrixViewport& viewport, std::shared_ptr<const MatrixImage> values,
                                  const ColorScale& scale);

/// Two layers: the whole matrix, coarse, and the part that is seen. Nothing is ever empty while panning, and
/// no layer loses a maximum.
class Heatmap {
 public:
  void clear();
  bool isEmpty() const { return m_whole.image.isNull() && m_part.image.isNull(); }
  void setWhole(HeatmapPicture picture) { m_whole = std::move(picture); }
  void setPart(HeatmapPicture picture) { m_part = std::move(picture); }
  const HeatmapPicture& part() const { return m_part; }

  void draw(Painter& painter, const QRectF& plot, const Axis& columns, const Axis& rows) const;

 private:
  HeatmapPicture m_whole, m_part;
};

}  // namespace ql
