#include "core/base/error.h"
#include "tests/support/compare.h"
#include "widgets/bridge/number_format.h"
#include "widgets/canvas/canvas.h"
#include "widgets/canvas/color_bar.h"
#include "widgets/canvas/gl_surface.h"
#include "widgets/canvas/read_out.h"
#include "widgets/canvas/renderer.h"

#include <QAbstractItemModel>
#include <QApplication>
#include <QClipboard>
#include <QDialog>
#include <QMouseEvent>
#include <QSignalSpy>
#include <QStandardItemModel>
#include <QTemporaryDir>
#include <QTest>
#include <QWheelEvent>

namespace ql {
namespace {

// One of everything a plot draws.
class Scene : public CanvasView {
 public:
  void draw(Painter& p, const Theme& theme) override {
    drawShapes(p, theme);
    drawText(p, theme);
    ColorBar bar;
    bar.setExtent({0.01, 100, AxisScale::Log});
    bar.setRange(0.03, 30);
    bar.setGeometry(QRectF(40, 250, 180, 8), Qt::Horizontal);
    bar.draw(p, theme);
    drawReadOut(p, theme, {230, 150}, QRectF(QPointF(), size()), {},
                {{QStringLiteral("row, col"), QStringLiteral("185, 30")},
                 {QStringLiteral("w"), valueText(-93.5), true}});
  }
  bool handle(const CanvasEvent& event) override {
    events.push_back(event);
    return true;
  }
  QString copyText() const override { return QStringLiteral("a\tb, c\n1\t2"); }
  std::unique_ptr<QAbstractItemModel> table() const override {
    return std::make_unique<QStandardItemModel>(2, 2);
  }
  QString accessibleText() const override { return QStringLiteral("row 1"); }

  std::vector<CanvasEvent> events;

 private:
  void drawShapes(Painter& p, const Theme& theme) {
    QImage image(8, 8, QImage::Format_RGB32);
    for (int y = 0; y < 8; ++y)
      for (int x = 0; x < 8; ++x) image.setPixel(x, y, Colormap::cividis().at((x * 8 + y) * 16));
    p.image(QRectF(20, 20, 80, 80), image);
    p.fillRect(QRectF(110, 20, 40, 40), theme.weight);
    p.strokeRect(QRectF(160, 20, 40, 40), {theme.text, 2});
    p.line({20, 110}, {200, 110}, {theme.line});
    p.line({20, 116}, {200, 116}, {theme.text, 1, 3, 3});
    const QPointF curve[4] = {{210, 20}, {240, 60}, {270, 30}, {300, 90}};
    p.polyline(curve, {theme.activation, 2});
    p.fillTriangle({220, 110}, {230, 95}, {240, 110}, theme.accent);
    p.fillTriangle({250, 110}, {270, 110}, {260, 95}, theme.accent);
    p.fillCircle({290, 105}, 6, theme.gain);
    p.strokeCircle({310, 105}, 6, {theme.gain, 1.5});
    p.fillRoundedRect(QRectF(110, 70, 60, 30), 3, theme.selected);
    p.strokeRoundedRect(QRectF(110, 70, 60, 30), 3, {theme.outline});
    const ClipScope clip(p, QRectF(180, 70, 10, 30));
    p.fillRect(QRectF(170, 60, 100, 100), theme.smoothing);
  }
  void drawText(Painter& p, const Theme& theme) {
    p.text({40, 140}, QStringLiteral("Norm-weighted 90.9 %"), theme.text);
    p.text({40, 160}, QStringLiteral("−93.50 × 435 → 2.9e−3"), theme.secondary, FontRole::Mono);
    p.text({40, 180}, QStringLiteral("Semibold α ≥ β"), theme.accent, FontRole::Semibold);
    p.text({20, 240}, QStringLiteral("output channel"), theme.secondary, FontRole::Axis,
           {TextAlign::Left, TextAlign::Middle, true});
    p.text({320, 200}, QStringLiteral("right"), theme.text, FontRole::Body,
           {TextAlign::Right, TextAlign::Baseline});
  }
};

constexpr QSize kSize(340, 290);

// Mean absolute difference of blurred pictures: antialiasing and glyph hinting may differ, shapes and places
// may not.
double difference(const QImage& a, const QImage& b) {
  const auto small = [](const QImage& image) {
    return image.convertToFormat(QImage::Format_RGB32)
        .scaled(kSize / 4, Qt::IgnoreAspectRatio, Qt::SmoothTransformation);
  };
  const QImage sa = small(a), sb = small(b);
  double sum = 0;
  for (int y = 0; y < sa.height(); ++y)
    for (int x = 0; x < sa.width(); ++x) {
      const QRgb p = sa.pixel(x, y), q = sb.pixel(x, y);
      sum += std::abs(qRed(p) - qRed(q)) + std::abs(qGreen(p) - qGreen(q)) + std::abs(qBlue(p) - qBlue(q));
    }
  return sum / (3.0 * sa.width() * sa.height());
}

bool canUseGl() {
  setRenderer(Renderer::Gl);
  const bool isGl = activeRenderer() == Renderer::Gl;
  setRenderer(Renderer::Auto);
  return isGl;
}

void sendMouse(QWidget* target, QEvent::Type type, QPointF at, Qt::MouseButton button) {
  QMouseEvent event(type, at, target->mapToGlobal(at), button,
                    type == QEvent::MouseButtonRelease ? Qt::NoButton : button, Qt::NoModifier);
  QApplication::sendEvent(target, &event);
}

}  // namespace

class TestPainter : public QObject {
  Q_OBJECT
 private slots:
  void axisParallelLinesAreCrisp_data();
  void axisParallelLinesAreCrisp();
  void bothRenderersMakeTheSamePicture();
  void glSurvivesLosingItsContext();
  void rendererNeverIsGlWithoutGl();
  void eventsReachTheView();
  void standardKeysCopyAndShow();
  void stillCanvasPaintsNothing();
  void picturesAreSaved();
  void unwritablePathIsOneSentence();
  void elidedTextFits();
  void colorBarHandlesSetTheRange();
};

void TestPainter::axisParallelLinesAreCrisp_data() {
  QTest::addColumn<double>("dpr");
  for (const double dpr : {1.0, 1.25, 1.5, 2.0}) QTest::addRow("%g", dpr) << dpr;
}

void TestPainter::axisParallelLinesAreCrisp() {
  QFETCH(double, dpr);
  class Lines : public CanvasView {
    void draw(Painter& p, const Theme&) override {
      for (int i = 0; i < 9; ++i) p.line({10 + i * 7.3, 5}, {10 + i * 7.3, 95}, {Qt::black});
    }
  } lines;
  const QImage picture = renderToImage(lines, {100, 100}, dpr, lightTheme());
  for (int x = 0; x < picture.width(); ++x) {
    const QRgb pixel = picture.pixel(x, picture.height() / 2);
    QVERIFY2(pixel == 0xffffffff || pixel == 0xff000000, qPrintable(QString::number(pixel, 16)));
  }
}

void TestPainter::bothRenderersMakeTheSamePicture() {
  if (!canUseGl()) QSKIP("no OpenGL on this platform: run under xvfb-run to compare the renderers");
  setRenderer(Renderer::Gl);
  Scene scene;
  Canvas canvas(&scene);
  setRenderer(Renderer::Auto);
  QVERIFY(canvas.isGl());
  canvas.resize(kSize);
  canvas.show();
  QVERIFY(QTest::qWaitForWindowExposed(&canvas));
  QTRY_VERIFY(canvas.framesPainted() > 0);
  const QImage gl = canvas.grab().toImage();
  const QImage raster = renderToImage(scene, kSize, canvas.devicePixelRatioF(), currentTheme());
  if (qEnvironmentVariableIsSet("QL_KEEP_PICTURES")) {
    gl.save(QStringLiteral("scene-gl.png"));
    raster.save(QStringLiteral("scene-raster.png"));
  }
  const double apart = difference(gl, raster);
  QVERIFY2(apart < 2.0, qPrintable(QString::number(apart)));
  // and the comparison can tell pictures apart
  QVERIFY(difference(gl, QImage(gl.size(), QImage::Format_RGB32)) > 20);
}

void TestPainter::glSurvivesLosingItsContext() {
  if (!canUseGl()) QSKIP("no OpenGL on this platform");
  setRenderer(Renderer::Gl);
  Scene scene;
  auto* window = new QWidget;
  auto* canvas = new Canvas(&scene, window);
  setRenderer(Renderer::Auto);
  canvas->resize(kSize);
  window->show();
  QVERIFY(QTest::qWaitForWindowExposed(window));
  QTRY_VERIFY(canvas->framesPainted() > 0);
  canvas->setParent(nullptr);  // another window, as when a dock floats
  canvas->show();
  QVERIFY(QTest::qWaitForWindowExposed(canvas));
  const int before = canvas->framesPainted();
  scene.repaint();
  QTRY_VERIFY(canvas->framesPainted() > before);
  delete canvas;
  delete window;
}

void TestPainter::rendererNeverIsGlWithoutGl() {
  if (QGuiApplication::platformName() != QLatin1String("offscreen")) QSKIP("for the offscreen platform");
  setRenderer(Renderer::Gl);
  QVERIFY(activeRenderer() == Renderer::Raster);
  QVERIFY(rendererText().contains(QLatin1String("offscreen")));
  setRenderer(Renderer::Auto);
  QVERIFY(activeRenderer() == Renderer::Raster);
  QVERIFY(rendererFromName(QStringLiteral("gl")) == Renderer::Gl);
  QVERIFY(!rendererFromName(QStringLiteral("vulkan")));
}

void TestPainter::eventsReachTheView() {
  Scene scene;
  Canvas canvas(&scene);
  canvas.resize(kSize);
  canvas.show();
  QWidget* const surface = canvas.focusProxy();
  sendMouse(surface, QEvent::MouseButtonPress, {50, 60}, Qt::LeftButton);
  sendMouse(surface, QEvent::MouseMove, {52, 61}, Qt::LeftButton);
  sendMouse(surface, QEvent::MouseButtonRelease, {52, 61}, Qt::LeftButton);
  QWheelEvent wheel({10, 20}, surface->mapToGlobal(QPointF(10, 20)), {}, {0, 240}, Qt::NoButton,
                    Qt::ControlModifier, Qt::NoScrollPhase, false);
  QApplication::sendEvent(surface, &wheel);
  QTest::keyClick(surface, Qt::Key_F);
  std::vector<CanvasEvent> seen;
  for (const CanvasEvent& event : scene.events)
    if (event.type != CanvasEvent::FocusIn && event.type != CanvasEvent::FocusOut) seen.push_back(event);
  QCOMPARE(seen.size(), std::size_t{5});
  QCOMPARE(seen[0].type, CanvasEvent::Press);
  QCOMPARE(seen[0].position, QPointF(50, 60));
  QCOMPARE(seen[1].type, CanvasEvent::Move);
  QCOMPARE(seen[1].buttons, Qt::MouseButtons(Qt::LeftButton));
  QCOMPARE(seen[2].type, CanvasEvent::Release);
  QCOMPARE(seen[3].wheel, 2.0);
  QVERIFY(seen[3].has(Qt::ControlModifier));
  QCOMPARE(seen[4].key, static_cast<int>(Qt::Key_F));
}

void TestPainter::standardKeysCopyAndShow() {
  Scene scene;
  Canvas canvas(&scene);
  canvas.resize(kSize);
  canvas.show();
  QWidget* const surface = canvas.focusProxy();
  QTest::keyClick(surface, Qt::Key_C, Qt::ControlModifier);
  QCOMPARE(QApplication::clipboard()->text(), scene.copyText());
  canvas.copyCsv();
  QCOMPARE(QApplication::clipboard()->text(), QStringLiteral("a,\"b, c\"\n1,2"));
  QTest::keyClick(surface, Qt::Key_C, Qt::ControlModifier | Qt::ShiftModifier);
  QCOMPARE(QApplication::clipboard()->image().size(), kSize * canvas.devicePixelRatioF());
  QTest::keyClick(surface, Qt::Key_T, Qt::ControlModifier);
  QVERIFY(canvas.findChild<QDialog*>() != nullptr);
  emit scene.cursorMoved();
  QCOMPARE(surface->accessibleDescription(), QStringLiteral("row 1"));
}

void TestPainter::stillCanvasPaintsNothing() {
  Scene scene;
  Canvas canvas(&scene);
  canvas.resize(kSize);
  canvas.show();
  QVERIFY(QTest::qWaitForWindowExposed(&canvas));
  QTRY_VERIFY(canvas.framesPainted() > 0);
  QCoreApplication::processEvents();
  const int before = canvas.framesPainted();
  for (int i = 0; i < 50; ++i) QCoreApplication::processEvents();
  QCOMPARE(canvas.framesPainted(), before);
}

void TestPainter::picturesAreSaved() {
  Scene scene;
  QTemporaryDir folder;
  const QString png = folder.filePath(QStringLiteral("bild-ä.png")),
                svg = folder.filePath(QStringLiteral("b.svg"));
  savePicture(scene, kSize, 2, lightTheme(), png);
  QCOMPARE(QImage(png).size(), kSize * 2);
  savePicture(scene, kSize, 2, lightTheme(), svg);
  QFile file(svg);
  QVERIFY(file.open(QIODevice::ReadOnly));
  QVERIFY(file.readAll().contains("<svg"));
}

void TestPainter::unwritablePathIsOneSentence() {
  Scene scene;
  QL_THROWS(savePicture(scene, kSize, 1, lightTheme(), QStringLiteral("/nowhere/at/all.png")),
            "/nowhere/at/all.png");
}

void TestPainter::elidedTextFits() {
  class Texts : public CanvasView {
    void draw(Painter& p, const Theme&) override {
      const QString name = QStringLiteral("model.layers.12.mlp.gate_up_proj");
      for (double width = 0; width < 300; width += 7) {
        const QString cut = p.elided(name, width, FontRole::Mono);
        QVERIFY(p.textSize(cut, FontRole::Mono).width() <= width);
      }
      QCOMPARE(p.elided(name, 1000, FontRole::Mono), name);
    }
  } texts;
  renderToImage(texts, {100, 100}, 1, lightTheme());
}

void TestPainter::colorBarHandlesSetTheRange() {
  ColorBar bar;
  bar.setExtent({0.01, 100, AxisScale::Log});
  bar.setRange(0.01, 100);
  bar.setGeometry(QRectF(0, 0, 400, 10), Qt::Horizontal);
  double low = 0, high = 0;
  bool isFitted = false;
  bar.onRange = [&](double l, double h) { low = l, high = h; };
  bar.onFit = [&] { isFitted = true; };
  const auto send = [&](CanvasEvent::Type type, QPointF at) {
    CanvasEvent event;
    event.type = type, event.position = at, event.button = Qt::LeftButton;
    return bar.handle(event);
  };
  QVERIFY(!send(CanvasEvent::Press, {200, 60}));
  QVERIFY(send(CanvasEvent::Press, {1, 5}));
  QVERIFY(send(CanvasEvent::Move, {101, 5}));
  QVERIFY(send(CanvasEvent::Release, {101, 5}));
  QL_NEAR(low, 0.1, 1e-6);
  QL_NEAR(high, 100, 1e-6);
  QVERIFY(send(CanvasEvent::Press, {101, 5}));  // past the other handle: stops short of it
  QVERIFY(send(CanvasEvent::Move, {900, 5}));
  QVERIFY(low < high);
  send(CanvasEvent::Release, {900, 5});
  QVERIFY(send(CanvasEvent::DoubleClick, {395, 5}));
  QVERIFY(isFitted);
}

}  // namespace ql

int main(int argc, char** argv) {
  ql::prepareRenderers();
  if (qEnvironmentVariableIsEmpty("DISPLAY") && qEnvironmentVariableIsEmpty("WAYLAND_DISPLAY"))
    qputenv("QT_QPA_PLATFORM", "offscreen");
  QApplication application(argc, argv);
  ql::TestPainter test;
  return QTest::qExec(&test, argc, argv);
}
#include "tst_painter.moc"
