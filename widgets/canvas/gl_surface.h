#pragma once
// A canvas' picture in a QOpenGLWidget, drawn with Dear ImGui: one ImGui context a widget, painted on demand.
// It only draws; events reach the view through Canvas. Create it only when activeRenderer() is Gl.
#include "widgets/canvas/imgui_fonts.h"
#include "widgets/canvas/painter.h"

#include <QHash>
#include <QOpenGLFunctions>
#include <QOpenGLWidget>

#include <functional>

struct ImGuiContext;

namespace ql {

class GlSurface : public QOpenGLWidget, protected QOpenGLFunctions {
  Q_OBJECT
 public:
  using Paint = std::function<void(Painter&)>;
  explicit GlSurface(Paint paint, QWidget* parent = nullptr);
  ~GlSurface() override;

  int framesPainted() const { return m_frames; }

 signals:
  void broken();  // the context cannot draw what ImGui needs: use the raster renderer

 protected:
  void initializeGL() override;
  void paintGL() override;

 private:
  struct Texture {
    unsigned id = 0;
    QSize size;
    int lastFrame = 0;
  };
  void releaseGl();
  void renewFonts();
  void* textureOf(const QImage& image);
  void dropOldTextures();

  Paint m_paint;
  ImGuiContext* m_imgui = nullptr;
  ImGuiFonts m_fonts;
  QHash<qint64, Texture> m_textures;  // by QImage::cacheKey()
  int m_frames = 0;
  bool m_isReady = false;
};

}  // namespace ql
