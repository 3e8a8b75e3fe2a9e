#include "widgets/canvas/renderer.h"

#include <QCoreApplication>
#include <QGuiApplication>
#include <QOffscreenSurface>
#include <QOpenGLContext>
#include <QOpenGLFunctions>
#include <QSurfaceFormat>

namespace ql {
namespace {

struct GlProbe {
  bool isAvailable = false;
  bool isSoftware = false;
  QString text;
};

GlProbe probeGl() {
  GlProbe probe;
  const QString platform = QGuiApplication::platformName();
  for (const char* without : {"offscreen", "minimal", "vnc", "linuxfb"}) {
    if (platform == QLatin1String(without)) {
      probe.text = QCoreApplication::translate("ql::renderer", "the %1 platform has no OpenGL").arg(platform);
      return probe;
    }
  }
  QOpenGLContext context;
  QOffscreenSurface surface;
  surface.create();
  if (!context.create() || !surface.isValid() || !context.makeCurrent(&surface)) {
    probe.text = QCoreApplication::translate("ql::renderer", "no OpenGL context can be made");
    return probe;
  }
  const auto* name = reinterpret_cast<const char*>(context.functions()->glGetString(GL_RENDERER));
  probe.text = QString::fromUtf8(name ? name : "?");
  probe.isAvailable = context.format().version() >= qMakePair(3, 2);
  for (const char* software : {"llvmpipe", "softpipe", "swrast", "Software Rasterizer", "SWR", "SwiftShader"})
    probe.isSoftware = probe.isSoftware || probe.text.contains(QLatin1String(software), Qt::CaseInsensitive);
  context.doneCurrent();
  return probe;
}

const GlProbe& glProbe() {
  static const GlProbe probe = probeGl();
  return probe;
}

std::optional<Renderer>& wantedRenderer() {
  static std::optional<Renderer> wanted;
  return wanted;
}

Renderer wantedOrEnvironment() {
  if (wantedRenderer()) return *wantedRenderer();
  return rendererFromName(qEnvironmentVariable("QUANTLOUPE_RENDERER")).value_or(Renderer::Auto);
}

}  // namespace

std::optional<Renderer> rendererFromName(const QString& name) {
  if (name == QLatin1String("auto")) return Renderer::Auto;
  if (name == QLatin1String("gl")) return Renderer::Gl;
  if (name == QLatin1String("raster")) return Renderer::Raster;
  return std::nullopt;
}

void prepareRenderers() {
  QCoreApplication::setAttribute(Qt::AA_ShareOpenGLContexts);
  QSurfaceFormat format;
  format.setVersion(3, 3);
  format.setProfile(QSurfaceFormat::CoreProfile);
  QSurfaceFormat::setDefaultFormat(format);
}

void setRenderer(Renderer wanted) {
  wantedRenderer() = wanted;
}

Renderer activeRenderer() {
  switch (wantedOrEnvironment()) {
    case Renderer::Raster:
      return Renderer::Raster;
    case Renderer::Gl:
      return glProbe().isAvailable ? Renderer::Gl : Renderer::Raster;
    case Renderer::Auto:
      break;
  }
  return glProbe().isAvailable && !glProbe().isSoftware ? Renderer::Gl : Renderer::Raster;
}

QString rendererText() {
  const auto tr = [](const char* text) { return QCoreApplication::translate("ql::renderer", text); };
  if (activeRenderer() == Renderer::Gl) return tr("OpenGL: %1").arg(glProbe().text);
  if (wantedOrEnvironment() == Renderer::Raster) return tr("QPainter: as asked for");
  if (glProbe().isSoftware)
    return tr("QPainter: OpenGL would be drawn in software by %1").arg(glProbe().text);
  return tr("QPainter: %1").arg(glProbe().text);
}

}  // namespace ql
