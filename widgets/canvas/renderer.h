#pragma once
// Which renderer the canvases use, decided once: OpenGL where there is a real GPU, QPainter everywhere else.
// A QOpenGLWidget crashes on platforms without OpenGL (offscreen, minimal, vnc), so nothing else may create
// one.
#include <QString>

#include <optional>

namespace ql {

enum class Renderer { Auto, Gl, Raster };

/// "auto", "gl", "raster"; nothing for other words.
std::optional<Renderer> rendererFromName(const QString& name);

/// Before QApplication: the OpenGL version wanted, and shared contexts so that docks may float and dock
/// again.
void prepareRenderers();
/// What --renderer says; QUANTLOUPE_RENDERER says it when the command line does not. Takes effect for new
/// canvases.
void setRenderer(Renderer wanted);
/// Gl or Raster. Auto is Gl when a context can be made and it is not drawn in software (llvmpipe: there
/// QPainter is ten times faster). Gl on a platform that has none is Raster. Needs the application object;
/// probes once (~50 ms).
Renderer activeRenderer();
/// Why it is what it is, for the log and the About box: "OpenGL: Mesa Intel(R) UHD 620", "QPainter: drawn in
/// software by llvmpipe".
QString rendererText();

}  // namespace ql
