#include "widgets/canvas/gl_surface.h"

#include "widgets/bridge/theme.h"
#include "widgets/canvas/imgui_backend.h"

#include <QOpenGLContext>

#include <backends/imgui_impl_opengl3.h>
#include <imgui.h>
#include <cmath>
#include <cstdint>
#include <utility>

namespace ql {
namespace {

// Makes an ImGui context current for a scope: several canvases live side by side.
class UseContext {
 public:
  explicit UseContext(ImGuiContext* context) : m_before(ImGui::GetCurrentContext()) {
    ImGui::SetCurrentContext(context);
  }
  ~UseContext() { ImGui::SetCurrentContext(m_before); }
  UseContext(const UseContext&) = delete;
  UseContext& operator=(const UseContext&) = delete;

 private:
  ImGuiContext* m_before;
};

}  // namespace

GlSurface::GlSurface(Paint paint, QWidget* parent) : QOpenGLWidget(parent), m_paint(std::move(paint)) {
  IMGUI_CHECKVERSION();
  const UseContext keep(ImGui::GetCurrentContext());
  m_imgui = ImGui::CreateContext();
  ImGui::SetCurrentContext(m_imgui);
  ImGui::GetIO().IniFilename = nullptr;
}

GlSurface::~GlSurface() {
  releaseGl();
  ImGuiContext* const before = ImGui::GetCurrentContext();
  ImGui::DestroyContext(m_imgui);
  if (before != m_imgui) ImGui::SetCurrentContext(before);
}

void GlSurface::releaseGl() {
  if (!m_isReady) return;
  m_isReady = false;
  // aboutToBeDestroyed is also sent from ~QOpenGLWidget, when this object is already half gone
  disconnect(context(), &QOpenGLContext::aboutToBeDestroyed, this, &GlSurface::releaseGl);
  makeCurrent();
  for (const Texture& texture : std::as_const(m_textures)) glDeleteTextures(1, &texture.id);
  m_textures.clear();
  const UseContext use(m_imgui);
  ImGui_ImplOpenGL3_Shutdown();
  doneCurrent();
}

void GlSurface::initializeGL() {
  initializeOpenGLFunctions();
  // without shared contexts the context goes away when a dock floats; everything is made anew then
  connect(context(), &QOpenGLContext::aboutToBeDestroyed, this, &GlSurface::releaseGl, Qt::DirectConnection);
  const UseContext use(m_imgui);
  m_isReady = ImGui_ImplOpenGL3_Init("#version 330 core");
  if (!m_isReady) emit broken();
}

void GlSurface::renewFonts() {
  m_fonts.build(*ImGui::GetIO().Fonts, devicePixelRatioF());
  ImGui_ImplOpenGL3_DestroyDeviceObjects();  // else the old atlas stays on the GPU
}

void GlSurface::paintGL() {
  if (!m_isReady) return;
  const UseContext use(m_imgui);
  ImGuiIO& io = ImGui::GetIO();
  const double dpr = devicePixelRatioF();
  const int deviceWidth = static_cast<int>(std::lround(width() * dpr));
  const int deviceHeight = static_cast<int>(std::lround(height() * dpr));
  if (!m_fonts.isFor(dpr)) renewFonts();
  io.DisplaySize = ImVec2(static_cast<float>(deviceWidth), static_cast<float>(deviceHeight));
  io.DisplayFramebufferScale = ImVec2(1, 1);
  io.DeltaTime = 1.0f / 60;  // nothing of ours is timed, but ImGui insists
  ImGui_ImplOpenGL3_NewFrame();
  ImGui::NewFrame();
  ++m_frames;
  {
    ImGuiBackend backend(*ImGui::GetBackgroundDrawList(), m_fonts, dpr,
                         [this](const QImage& image) { return textureOf(image); });
    m_paint(backend);
  }
  ImGui::Render();
  const QColor ground = currentTheme().base;
  glViewport(0, 0, deviceWidth, deviceHeight);
  glDisable(GL_SCISSOR_TEST);
  glClearColor(ground.redF(), ground.greenF(), ground.blueF(), 1);
  glClear(GL_COLOR_BUFFER_BIT | GL_DEPTH_BUFFER_BIT);
  ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
  dropOldTextures();
}

void* GlSurface::textureOf(const QImage& image) {
  Texture& texture = m_textures[image.cacheKey()];
  texture.lastFrame = m_frames;
  if (texture.id == 0) {
    const QImage rgba = image.convertToFormat(QImage::Format_RGBA8888);
    glGenTextures(1, &texture.id);
    glBindTexture(GL_TEXTURE_2D, texture.id);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_S, GL_CLAMP_TO_EDGE);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_T, GL_CLAMP_TO_EDGE);
    glPixelStorei(GL_UNPACK_ALIGNMENT, 4);  // RGBA lines of a QImage are always multiples of 4
    glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA, rgba.width(), rgba.height(), 0, GL_RGBA, GL_UNSIGNED_BYTE,
                 rgba.constBits());
  }
  return reinterpret_cast<void*>(static_cast<std::uintptr_t>(texture.id));
}

// A picture that two frames did not use will not come back: pictures are replaced, not kept.
void GlSurface::dropOldTextures() {
  for (auto it = m_textures.begin(); it != m_textures.end();) {
    if (it->lastFrame + 1 < m_frames) {
      glDeleteTextures(1, &it->id);
      it = m_textures.erase(it);
    } else {
      ++it;
    }
  }
}

}  // namespace ql
