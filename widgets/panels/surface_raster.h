#pragma once
// Draws a grid of heights as a surface into an image: painter's algorithm, colours interpolated, and which
// cell each pixel shows. Pure computation; a frame of 160 x 120 cells takes a few milliseconds.
#include "widgets/canvas/axis.h"
#include "widgets/canvas/colormap.h"
#include "widgets/panels/surface_data.h"

#include <QImage>
#include <QPointF>
#include <QRectF>

#include <vector>

namespace ql {

/// Where the surface is seen from. Angles in degrees.
struct SurfaceCamera {
  double yaw = -32;   // about the vertical axis; 0 = row 0 at the back, columns left to right
  double pitch = 34;  // above the horizon, kLeastPitch..90
  double zoom = 1;
  QPointF pan;  // pixels
  bool operator==(const SurfaceCamera&) const = default;
};
inline constexpr double kLeastPitch = 4, kMostPitch = 90, kLeastZoom = 0.4, kMostZoom = 12;

/// Perspective of a box: x in [-0.5, 0.5] (columns), y in [-depth / 2, depth / 2] (row 0 at +), z in [0,
/// height].
class SurfaceProjection {
 public:
  static constexpr double kHeight = 0.42;
  SurfaceProjection(const SurfaceCamera& camera, const QRectF& area, double depth);

  double depth() const { return m_depth; }
  QPointF toScreen(double x, double y, double z) const;
  /// How near to the eye a point is; larger is nearer.
  double nearness(double x, double y, double z) const;
  /// The eye's place above the floor.
  QPointF eye() const { return m_eye; }

 private:
  double m_depth;
  double m_cosYaw, m_sinYaw, m_cosPitch, m_sinPitch, m_scale;
  QPointF m_centre, m_eye;
};

/// Model coordinates of a cell's centre.
double surfaceX(const SurfaceGrid& grid, double column);
double surfaceY(const SurfaceGrid& grid, double row, double depth);

/// Depth of the box for a matrix: its shape, within limits that stay readable.
double surfaceDepth(const SurfaceGrid& grid);

struct SurfacePicture {
  QImage image;            // premultiplied, transparent where there is no surface
  double pixelRatio = 1;   // device pixels of the image a logical pixel
  std::vector<int> cells;  // by pixel: index of the quad (upper left cell), -1 = none

  /// The cell that is seen at a point (logical pixels); -1 = none.
  int quadAt(QPointF at) const;
};

/// `size` logical pixels. Heights and colours follow `range`. `picture` is reused. `withSpikes`: steep edges
/// are at least a pixel wide, so that no outlier is lost.
void drawSurface(const SurfaceGrid& grid, const SurfaceProjection& projection, const ValueRange& range,
                 QSizeF size, double pixelRatio, SurfacePicture& picture, bool withSpikes = true);

}  // namespace ql
