#include "widgets/canvas/imgui_backend.h"

#include <imgui.h>
#include <cmath>
#include <vector>

namespace ql {
namespace {

ImU32 packed(const QColor& color) {
  return IM_COL32(color.red(), color.green(), color.blue(), color.alpha());
}

ImVec2 scaled(QPointF p, double dpr) {
  return {static_cast<float>(p.x() * dpr), static_cast<float>(p.y() * dpr)};
}

// Draw lists put pixel centres at half integers; ImGui's own line functions add the half, path functions do
// not.
std::vector<ImVec2> scaledAll(std::span<const QPointF> points, double dpr) {
  std::vector<ImVec2> result;
  result.reserve(points.size());
  for (const QPointF& p : points) result.push_back(scaled(p, dpr));
  return result;
}

// ImGui's antialiased fringe is on the outside of clockwise polygons only.
bool isClockwise(std::span<const QPointF> points) {
  double area = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const QPointF a = points[i], b = points[(i + 1) % points.size()];
    area += a.x() * b.y() - b.x() * a.y();
  }
  return area > 0;
}

}  // namespace

ImGuiBackend::ImGuiBackend(ImDrawList& list, const ImGuiFonts& fonts, double devicePixelRatio,
                           TextureOf textureOf)
    : Painter(devicePixelRatio), m_list(list), m_fonts(fonts), m_textureOf(std::move(textureOf)) {}

QSizeF ImGuiBackend::textSize(const QString& text, FontRole role) const {
  const QFontMetricsF& metrics = m_fonts.roles().metrics(role);
  const ImFont* const font = m_fonts.font(role);
  const QByteArray utf8 = m_fonts.drawable(text, role);
  const ImVec2 size =
      font->CalcTextSizeA(font->FontSize, FLT_MAX, 0.0f, utf8.constData(), utf8.constData() + utf8.size());
  return QSizeF(static_cast<double>(size.x) / devicePixelRatio(), metrics.ascent() + metrics.descent());
}

double ImGuiBackend::ascent(FontRole role) const {
  return m_fonts.roles().metrics(role).ascent();
}

void ImGuiBackend::doFillRect(const QRectF& snapped, const QColor& color) {
  m_list.AddRectFilled(scaled(snapped.topLeft(), devicePixelRatio()),
                       scaled(snapped.bottomRight(), devicePixelRatio()), packed(color));
}

void ImGuiBackend::doPolyline(std::span<const QPointF> points, bool isClosed, const QColor& color,
                              double width) {
  const std::vector<ImVec2> path = scaledAll(points, devicePixelRatio());
  m_list.AddPolyline(path.data(), static_cast<int>(path.size()), packed(color),
                     isClosed ? ImDrawFlags_Closed : ImDrawFlags_None,
                     static_cast<float>(width * devicePixelRatio()));
}

void ImGuiBackend::doFillPolygon(std::span<const QPointF> points, const QColor& color) {
  std::vector<ImVec2> path = scaledAll(points, devicePixelRatio());
  if (!isClockwise(points)) path = std::vector<ImVec2>(path.rbegin(), path.rend());
  m_list.AddConvexPolyFilled(path.data(), static_cast<int>(path.size()), packed(color));
}

void ImGuiBackend::doText(QPointF topLeft, QPointF pivot, bool isVertical, const QString& text,
                          const QColor& color, FontRole role) {
  const ImFont* const font = m_fonts.font(role);
  const QByteArray utf8 = m_fonts.drawable(text, role);
  // the same baseline as Qt's: ImGui places by its own, rounded ascent
  const double baseline = std::round((topLeft.y() + ascent(role)) * devicePixelRatio());
  ImVec2 at = scaled(topLeft, devicePixelRatio());
  at.x = std::round(at.x);
  at.y = static_cast<float>(baseline) - font->Ascent;
  const int first = m_list.VtxBuffer.Size;
  if (!isVertical) {
    m_list.AddText(font, font->FontSize, at, packed(color), utf8.constData(), utf8.constData() + utf8.size());
    return;
  }
  // Unturned text may lie outside of the clip and would be culled glyph by glyph: emit first, then turn.
  m_list.PushClipRect(ImVec2(-1e6f, -1e6f), ImVec2(1e6f, 1e6f), false);
  const ImVec2 about = scaled({snap(pivot.x()), snap(pivot.y())}, devicePixelRatio());
  m_list.AddText(font, font->FontSize, at, packed(color), utf8.constData(), utf8.constData() + utf8.size());
  for (int i = first; i < m_list.VtxBuffer.Size; ++i) {
    ImVec2& p = m_list.VtxBuffer[i].pos;
    const float dx = p.x - about.x, dy = p.y - about.y;
    p = ImVec2(about.x + dy, about.y - dx);
  }
  m_list.PopClipRect();
}

void ImGuiBackend::doImage(const QRectF& target, const QImage& image) {
  const QPointF topLeft(snap(target.left()), snap(target.top())),
      bottomRight(snap(target.right()), snap(target.bottom()));
  m_list.AddImage(m_textureOf(image), scaled(topLeft, devicePixelRatio()),
                  scaled(bottomRight, devicePixelRatio()));
}

void ImGuiBackend::doSetClip(const QRectF& clip) {
  if (m_hasClip) m_list.PopClipRect();
  m_hasClip = clip.width() >= 0;
  if (m_hasClip)
    m_list.PushClipRect(scaled({snap(clip.left()), snap(clip.top())}, devicePixelRatio()),
                        scaled({snap(clip.right()), snap(clip.bottom())}, devicePixelRatio()), false);
}

}  // namespace ql
