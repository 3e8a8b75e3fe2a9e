#pragma once
// Painter on a QPainter: PNG, SVG and PDF export, pictures for reports, and canvases on machines without a
// GPU.
#include "widgets/canvas/painter.h"
#include "widgets/canvas/role_fonts.h"

class QPainter;

namespace ql {

class QPainterBackend : public Painter {
 public:
  /// The painter must be active and stay so; on raster devices its own transform may not scale. Devices that
  /// do not clip (SVG) get shapes that are cut here; text there is drawn whole or not at all.
  QPainterBackend(QPainter& painter, double devicePixelRatio);
  ~QPainterBackend() override;

  QSizeF textSize(const QString& text, FontRole role) const override;
  double ascent(FontRole role) const override;

 protected:
  void doFillRect(const QRectF& snapped, const QColor& color) override;
  void doPolyline(std::span<const QPointF> points, bool isClosed, const QColor& color, double width) override;
  void doFillPolygon(std::span<const QPointF> points, const QColor& color) override;
  void doText(QPointF topLeft, QPointF pivot, bool isVertical, const QString& text, const QColor& color,
              FontRole role) override;
  void doImage(const QRectF& target, const QImage& image) override;
  void doSetClip(const QRectF& clip) override;

 private:
  bool isCut() const { return m_isCutHere && m_cut.width() >= 0; }
  void drawPart(const QRectF& target, const QImage& image);

  QPainter& m_painter;
  bool m_isCutHere;  // the device does not clip
  QRectF m_cut;      // of such a device; invalid = none
  std::shared_ptr<const RoleFonts> m_fonts;
};

}  // namespace ql
