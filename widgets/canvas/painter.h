#pragma once
// What a canvas draws with: lines, rectangles, polygons, text and images in logical pixels, the same picture
// from two backends (QPainterBackend: pictures and machines without a GPU; ImGuiBackend: OpenGL). Colours may
// be translucent. Axis-parallel lines and rectangles are snapped to device pixels here, so that both backends
// are crisp alike.
//
//   void MyView::draw(Painter& p, const Theme& theme) {
//     p.fillRect(plot, theme.base);
//     p.line({x, plot.top()}, {x, plot.bottom()}, {theme.grid});
//     p.text({x, plot.bottom() + 4}, tickText(64), theme.secondary, FontRole::Axis, {TextAlign::Center,
//     TextAlign::Top});
//   }
#include "widgets/bridge/theme.h"

#include <QColor>
#include <QImage>
#include <QPointF>
#include <QRectF>
#include <QSizeF>
#include <QString>

#include <span>
#include <vector>

namespace ql {

/// How a line is drawn: colour, width in logical pixels, and lengths of dash and gap (0 = solid).
struct Stroke {
  QColor color;
  double width = 1;
  double dash = 0, gap = 0;
};

/// Which point of the text lies at the given position. `isVertical` turns it a quarter to the left (reads
/// upwards); the anchors then still speak of the unturned text: Center/Bottom = its middle sits at the point,
/// text left of it.
struct TextAlign {
  enum Horizontal { Left, Center, Right };
  enum Vertical { Top, Middle, Baseline, Bottom };
  Horizontal horizontal = Left;
  Vertical vertical = Top;
  bool isVertical = false;
};

class Painter {
 public:
  explicit Painter(double devicePixelRatio) : m_dpr(devicePixelRatio) {}
  virtual ~Painter() = default;
  Painter(const Painter&) = delete;
  Painter& operator=(const Painter&) = delete;

  double devicePixelRatio() const { return m_dpr; }
  /// The nearest device-pixel edge.
  double snap(double logical) const;

  /// Axis-parallel lines cover whole device pixels to the right of and below the point; others are
  /// antialiased.
  void line(QPointF from, QPointF to, const Stroke& stroke);
  /// Antialiased, through the points as they are.
  void polyline(std::span<const QPointF> points, const Stroke& stroke);
  void fillRect(const QRectF& rect, const QColor& color);
  /// The stroke lies inside the rectangle.
  void strokeRect(const QRectF& rect, const Stroke& stroke);
  void fillRoundedRect(const QRectF& rect, double radius, const QColor& color);
  void strokeRoundedRect(const QRectF& rect, double radius, const Stroke& stroke);
  /// Convex, antialiased.
  void fillPolygon(std::span<const QPointF> points, const QColor& color);
  void fillTriangle(QPointF a, QPointF b, QPointF c, const QColor& color);
  void fillCircle(QPointF centre, double radius, const QColor& color);
  void strokeCircle(QPointF centre, double radius, const Stroke& stroke);
  /// Parallel lines at 45 degrees inside the rectangle: marks what is not a number.
  void hatch(const QRectF& rect, const Stroke& stroke, double distance);

  void text(QPointF at, const QString& text, const QColor& color, FontRole role = FontRole::Body,
            TextAlign align = {});
  /// The text, cut with an ellipsis so that it is at most `width` wide.
  QString elided(const QString& text, double width, FontRole role) const;
  virtual QSizeF textSize(const QString& text, FontRole role) const = 0;
  virtual double ascent(FontRole role) const = 0;
  /// Height from ascent to descent of a role's font.
  double lineHeight(FontRole role) const { return textSize(QStringLiteral("0"), role).height(); }

  /// Draws the image into the rectangle without smoothing. The backend caches by QImage::cacheKey().
  void image(const QRectF& target, const QImage& image);

  /// Intersects the clip with the rectangle until popClip().
  void pushClip(const QRectF& rect);
  void popClip();

 protected:
  virtual void doFillRect(const QRectF& snapped, const QColor& color) = 0;
  virtual void doPolyline(std::span<const QPointF> points, bool isClosed, const QColor& color,
                          double width) = 0;
  virtual void doFillPolygon(std::span<const QPointF> points, const QColor& color) = 0;
  /// `topLeft` of the unturned text box; when vertical, the box is turned about `pivot`.
  virtual void doText(QPointF topLeft, QPointF pivot, bool isVertical, const QString& text,
                      const QColor& color, FontRole role) = 0;
  virtual void doImage(const QRectF& target, const QImage& image) = 0;
  /// The clip that holds from now on; an invalid rectangle = none.
  virtual void doSetClip(const QRectF& clip) = 0;

 private:
  double m_dpr;
  std::vector<QRectF> m_clips;
};

/// Clips while it lives.
class ClipScope {
 public:
  ClipScope(Painter& painter, const QRectF& rect) : m_painter(painter) { m_painter.pushClip(rect); }
  ~ClipScope() { m_painter.popClip(); }
  ClipScope(const ClipScope&) = delete;
  ClipScope& operator=(const ClipScope&) = delete;

 private:
  Painter& m_painter;
};

}  // namespace ql
