#include "widgets/panels/surface_raster.h"

#include "widgets/bridge/theme.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace ql {

namespace {

constexpr double kEyeDistance = 4;  // in widths of the box: a mild perspective
constexpr double kMiddle = 0.36;    // of the height: the middle of what is usually seen
constexpr int kShades = 8;
constexpr double kDarkest = 0.72;  // of faces turned away from the light
constexpr int kColors = 256;
constexpr float kSteep = 0.08f;  // rise of an edge that is drawn as a line, of the whole height
constexpr QRgb kNanColor = 0xffd000d0;

using Shades = std::array<std::array<QRgb, kColors>, kShades>;

const Shades& shades() {
  static const Shades table = [] {
    Shades made{};
    for (int shade = 0; shade < kShades; ++shade)
      for (int i = 0; i < kColors; ++i) {
        const QRgb color = Colormap::cividis().atFraction(i / (kColors - 1.0));
        const double factor = kDarkest + (1 - kDarkest) * shade / (kShades - 1.0);
        const auto scaled = [factor](int byte) { return static_cast<int>(std::lround(byte * factor)); };
        made[static_cast<std::size_t>(shade)][static_cast<std::size_t>(i)] =
            qRgb(scaled(qRed(color)), scaled(qGreen(color)), scaled(qBlue(color)));
      }
    return made;
  }();
  return table;
}

/// A cell's centre on the screen, in device pixels, with its colour 0..1.
struct Vertex {
  float x = 0, y = 0, color = 0;
  float height = 0;  // in model units
  bool isFinite = true;
};

/// Fills triangles into image and cell buffer. Pixels whose centre lies inside; shared edges leave no gaps.
class Filler {
 public:
  explicit Filler(SurfacePicture& picture)
      : m_bits(reinterpret_cast<QRgb*>(picture.image.bits())),
        m_cells(picture.cells.data()),
        m_width(picture.image.width()),
        m_height(picture.image.height()) {}

  /// A pixel wide from corner to corner: spikes are thinner than a pixel near their tips.
  void line(const Vertex& a, const Vertex& b, int cell) {
    const float steps = std::ceil(std::max({std::abs(b.x - a.x), std::abs(b.y - a.y), 1.0f}));
    if (!(steps < 1e5f)) return;
    const QRgb* const colors = shades()[kShades - 1].data();
    for (int i = 0; i <= static_cast<int>(steps); ++i) {
      const float t = static_cast<float>(i) / steps;
      const int x = static_cast<int>(std::floor(a.x + (b.x - a.x) * t));
      const int y = static_cast<int>(std::floor(a.y + (b.y - a.y) * t));
      if (x < 0 || y < 0 || x >= m_width || y >= m_height) continue;
      const std::size_t at =
          static_cast<std::size_t>(y) * static_cast<std::size_t>(m_width) + static_cast<std::size_t>(x);
      m_bits[at] = colors[static_cast<int>((a.color + (b.color - a.color) * t) * (kColors - 1) + 0.5f)];
      m_cells[at] = cell;
    }
  }

  void triangle(Vertex a, Vertex b, Vertex c, int cell, std::size_t shade, bool isFinite) {
    if (b.y < a.y) std::swap(a, b);
    if (c.y < a.y) std::swap(a, c);
    if (c.y < b.y) std::swap(b, c);
    const int first = std::max(0, pixelFrom(a.y)), last = std::min(m_height, pixelFrom(c.y));
    const QRgb* const colors = shades()[shade].data();
    for (int y = first; y < last; ++y) {
      const float at = static_cast<float>(y) + 0.5f;
      const Edge lower = at < b.y ? edgeAt(a, b, at) : edgeAt(b, c, at);
      span(y, edgeAt(a, c, at), lower, cell, colors, isFinite);
    }
  }

 private:
  struct Edge {
    float x, color;
  };
  static int pixelFrom(float edge) {
    return static_cast<int>(std::ceil(std::clamp(edge, -1e6f, 1e6f) - 0.5f));
  }
  static Edge edgeAt(const Vertex& from, const Vertex& to, float y) {
    const float t = to.y > from.y ? (y - from.y) / (to.y - from.y) : 0;
    return {from.x + (to.x - from.x) * t, from.color + (to.color - from.color) * t};
  }

  void span(int y, Edge left, Edge right, int cell, const QRgb* colors, bool isFinite) {
    if (right.x < left.x) std::swap(left, right);
    const int begin = std::max(0, pixelFrom(left.x)), end = std::min(m_width, pixelFrom(right.x));
    if (begin >= end) return;
    const std::size_t row = static_cast<std::size_t>(y) * static_cast<std::size_t>(m_width);
    const float slope = right.x > left.x ? (right.color - left.color) / (right.x - left.x) : 0;
    constexpr float kScale = kColors - 1;
    float color = (left.color + slope * (static_cast<float>(begin) + 0.5f - left.x)) * kScale + 0.5f;
    for (int x = begin; x < end; ++x, color += slope * kScale) {
      const std::size_t at = row + static_cast<std::size_t>(x);
      m_bits[at] = isFinite ? colors[std::clamp(static_cast<int>(color), 0, kColors - 1)] : kNanColor;
      m_cells[at] = cell;
    }
  }

  QRgb* m_bits;
  int* m_cells;
  int m_width, m_height;
};

/// Indices of the quads along one axis, from the far ones to those nearest to the eye.
std::vector<int> farToNear(int quads, double eye) {
  std::vector<int> order;
  const int middle = std::clamp(static_cast<int>(std::floor(eye)), -1, quads);
  for (int i = 0; i < std::min(middle, quads); ++i) order.push_back(i);
  for (int i = quads - 1; i >= std::max(0, middle); --i) order.push_back(i);
  return order;
}

/// How much light a face with these slopes gets: from the upper left of the box.
std::size_t shadeOf(float risesX, float risesY) {
  const float light =
      (1 - 0.55f * risesX + 0.35f * risesY) / std::sqrt(1 + risesX * risesX + risesY * risesY);
  const float t = std::clamp((light + 0.2f) / 1.2f, 0.0f, 1.0f);
  return static_cast<std::size_t>(std::lround(t * (kShades - 1)));
}

void prepare(SurfacePicture& picture, QSizeF size, double pixelRatio) {
  const QSize pixels(std::max(1, static_cast<int>(std::lround(size.width() * pixelRatio))),
                     std::max(1, static_cast<int>(std::lround(size.height() * pixelRatio))));
  if (picture.image.size() != pixels) picture.image = QImage(pixels, QImage::Format_ARGB32_Premultiplied);
  picture.image.setDevicePixelRatio(1);
  picture.image.fill(0);
  picture.pixelRatio = pixelRatio;
  picture.cells.assign(static_cast<std::size_t>(pixels.width()) * static_cast<std::size_t>(pixels.height()),
                       -1);
}

std::vector<Vertex> verticesOf(const SurfaceGrid& grid, const SurfaceProjection& projection,
                               const ValueRange& range, double pixelRatio) {
  std::vector<Vertex> vertices(grid.values.size());
  for (int row = 0; row < grid.rows; ++row)
    for (int column = 0; column < grid.columns; ++column) {
      const std::size_t i = grid.index(row, column);
      Vertex& vertex = vertices[i];
      const double t = std::clamp(range.fraction(static_cast<double>(grid.values[i])), 0.0, 1.0);
      const QPointF at = projection.toScreen(surfaceX(grid, column), surfaceY(grid, row, projection.depth()),
                                             t * SurfaceProjection::kHeight);
      vertex.x = static_cast<float>(at.x() * pixelRatio);
      vertex.y = static_cast<float>(at.y() * pixelRatio);
      vertex.color = static_cast<float>(t);
      vertex.height = static_cast<float>(t * SurfaceProjection::kHeight);
      vertex.isFinite = grid.nonFinite.empty() || grid.nonFinite[i] == 0;
    }
  return vertices;
}

}  // namespace

SurfaceProjection::SurfaceProjection(const SurfaceCamera& camera, const QRectF& area, double depth)
    : m_depth(depth), m_centre(area.center() + camera.pan) {
  const double yaw = camera.yaw * std::numbers::pi / 180, pitch = camera.pitch * std::numbers::pi / 180;
  m_cosYaw = std::cos(yaw), m_sinYaw = std::sin(yaw);
  m_cosPitch = std::cos(pitch), m_sinPitch = std::sin(pitch);
  // What the box takes up at most, whichever way it is turned: nothing jumps in size while it turns.
  const double across = std::hypot(1.0, depth) * 1.16, up = across * 0.62 + kHeight * 0.55;
  m_scale = std::min(area.width() / across, area.height() / up) * camera.zoom;
  m_eye = QPointF(-kEyeDistance * m_cosPitch * m_sinYaw, -kEyeDistance * m_cosPitch * m_cosYaw);
}

double SurfaceProjection::nearness(double x, double y, double z) const {
  const double away = x * m_sinYaw + y * m_cosYaw;
  return 1 / (kEyeDistance - ((z - kHeight * kMiddle) * m_sinPitch - away * m_cosPitch));
}

QPointF SurfaceProjection::toScreen(double x, double y, double z) const {
  const double turnedX = x * m_cosYaw - y * m_sinYaw, away = x * m_sinYaw + y * m_cosYaw;
  const double height = z - kHeight * kMiddle;
  const double up = height * m_cosPitch + away * m_sinPitch;
  const double towards = height * m_sinPitch - away * m_cosPitch;
  const double factor = m_scale * kEyeDistance / (kEyeDistance - towards);
  return m_centre + QPointF(turnedX * factor, -up * factor);
}

double surfaceX(const SurfaceGrid& grid, double column) {
  return grid.columns > 1 ? column / (grid.columns - 1) - 0.5 : column - 0.5;
}

double surfaceY(const SurfaceGrid& grid, double row, double depth) {
  return (grid.rows > 1 ? 0.5 - row / (grid.rows - 1) : 0.5 - row) * depth;
}

double surfaceDepth(const SurfaceGrid& grid) {
  if (grid.in <= 0) return 1;
  return std::clamp(std::sqrt(static_cast<double>(grid.out) / static_cast<double>(grid.in)), 0.6, 1.3);
}

int SurfacePicture::quadAt(QPointF at) const {
  const int x = static_cast<int>(std::floor(at.x() * pixelRatio)),
            y = static_cast<int>(std::floor(at.y() * pixelRatio));
  if (x < 0 || y < 0 || x >= image.width() || y >= image.height()) return -1;
  return cells[static_cast<std::size_t>(y) * static_cast<std::size_t>(image.width()) +
               static_cast<std::size_t>(x)];
}

void drawSurface(const SurfaceGrid& grid, const SurfaceProjection& projection, const ValueRange& range,
                 QSizeF size, double pixelRatio, SurfacePicture& picture, bool withSpikes) {
  prepare(picture, size, pixelRatio);
  if (grid.rows < 2 || grid.columns < 2) return;
  const std::vector<Vertex> vertices = verticesOf(grid, projection, range, pixelRatio);
  const double eyeColumn = (projection.eye().x() + 0.5) * (grid.columns - 1);
  const double eyeRow = (0.5 - projection.eye().y() / projection.depth()) * (grid.rows - 1);
  const std::vector<int> rows = farToNear(grid.rows - 1, eyeRow),
                         columns = farToNear(grid.columns - 1, eyeColumn);
  const float stepX = 1.0f / static_cast<float>(grid.columns - 1);
  const float stepY = static_cast<float>(projection.depth()) / static_cast<float>(grid.rows - 1);
  Filler filler(picture);
  for (const int row : rows)
    for (const int column : columns) {
      const std::size_t at = grid.index(row, column);
      const Vertex &a = vertices[at], &b = vertices[at + 1];
      const Vertex &c = vertices[at + static_cast<std::size_t>(grid.columns)],
                   &d = vertices[at + static_cast<std::size_t>(grid.columns) + 1];
      const bool isFinite = a.isFinite && b.isFinite && c.isFinite && d.isFinite;
      const std::size_t shade = shadeOf((b.height - a.height + d.height - c.height) / (2 * stepX),
                                        (a.height - c.height + b.height - d.height) / (2 * stepY));
      const int cell = static_cast<int>(at);
      // the far half first
      const bool isTopFar = eyeRow > row;
      filler.triangle(isTopFar ? a : d, b, c, cell, shade, isFinite);
      filler.triangle(isTopFar ? d : a, b, c, cell, shade, isFinite);
      if (!withSpikes || !isFinite) continue;
      for (const auto& [from, to] :
           {std::pair(&a, &b), std::pair(&a, &c), std::pair(&b, &d), std::pair(&c, &d)})
        if (std::abs(from->color - to->color) > kSteep) filler.line(*from, *to, cell);
    }
}

}  // namespace ql
