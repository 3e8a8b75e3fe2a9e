#pragma once
// Painter on Dear ImGui draw lists. Works in device pixels: the ImGui frame must be as large as the
// framebuffer, with a framebuffer scale of 1, so that glyphs and edges land on pixels at any scale factor.
#include "widgets/canvas/imgui_fonts.h"
#include "widgets/canvas/painter.h"

#include <functional>

struct ImDrawList;

namespace ql {

class ImGuiBackend : public Painter {
 public:
  /// Texture for an image, uploaded when it is new (by QImage::cacheKey()).
  using TextureOf = std::function<void*(const QImage&)>;
  ImGuiBackend(ImDrawList& list, const ImGuiFonts& fonts, double devicePixelRatio, TextureOf textureOf);

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
  ImDrawList& m_list;
  const ImGuiFonts& m_fonts;
  TextureOf m_textureOf;
  bool m_hasClip = false;
};

}  // namespace ql
