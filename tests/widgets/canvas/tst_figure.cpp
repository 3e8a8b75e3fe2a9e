#include "core/base/error.h"
#include "tests/support/compare.h"
#include "widgets/canvas/canvas.h"
#include "widgets/canvas/clip_shapes.h"
#include "widgets/canvas/figure.h"
#include "widgets/canvas/renderer.h"
#include "widgets/panels/figure_dialog.h"

#include <QApplication>
#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QFile>
#include <QLabel>
#include <QLineEdit>
#include <QRandomGenerator>
#include <QRegularExpression>
#include <QSignalSpy>
#include <QSpinBox>
#include <QStandardItemModel>
#include <QTemporaryDir>
#include <QTest>
#include <QXmlStreamReader>

#include <cmath>

namespace ql {
namespace {

const QRectF kClip(40, 30, 100, 60);

/// A picture inside a clip with a line, an image and a text that stick out of it.
class Scene : public CanvasView {
 public:
  void draw(Painter& painter, const Theme& theme) override {
    const ClipScope clip(painter, kClip);
    QImage image(static_cast<int>(std::lround(200 * devicePixelRatio())),
                 static_cast<int>(std::lround(100 * devicePixelRatio())), QImage::Format_RGB32);
    image.fill(QColor(10, 200, 30));
    painter.image(QRectF(0, 0, 200, 100), image);
    const QPointF line[3] = {{0, 0}, {90, 60}, {400, 61}};
    painter.polyline(line, {theme.weight, 2});
    painter.text({90, 60}, QStringLiteral("inside <&"), theme.text);
    painter.text({300, 200}, QStringLiteral("outside"), theme.text);
  }
  QString copyText() const override { return copied; }
  std::unique_ptr<QAbstractItemModel> table() const override {
    if (tableRows == 0) return nullptr;
    auto model = std::make_unique<QStandardItemModel>(tableRows, 2);
    model->setHorizontalHeaderLabels({QStringLiteral("a,b"), QStringLiteral("c")});
    model->setItem(0, 1, new QStandardItem(QStringLiteral("1.5")));
    return model;
  }
  QString tableTitle() const override { return QStringLiteral("|W| of q_proj"); }

  QString copied = QStringLiteral("x\ty\n1\t2\n3\t4");
  int tableRows = 0;
};

QByteArray bytesOf(const QString& path) {
  QFile file(path);
  return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

bool isNear(QPointF a, QPointF b, QPointF p, double tolerance) {
  const QPointF ab = b - a, ap = p - a;
  const double length = QPointF::dotProduct(ab, ab);
  const double t = length > 0 ? std::clamp(QPointF::dotProduct(ap, ab) / length, 0.0, 1.0) : 0;
  const QPointF away = ap - ab * t;
  return std::hypot(away.x(), away.y()) <= tolerance;
}

}  // namespace

class TestFigure : public QObject {
  Q_OBJECT
 private slots:
  void formatsFollowTheEnding();
  void pngHasSizeAndResolution();
  void titleTakesALine();
  void svgKeepsTextAndCutsWhatSticksOut();
  void pdfHasItsPageFontsAndPictures();
  void cutLinesAreTheInnerParts();
  void cutPolygonsKeepTheirArea();
  void numbersAreCsv();
  void oneCellGivesWayToTheTable();
  void tooManyNumbersAreRefused();
  void whatCannotBeIsOneSentence();
  void previewKeepsTheView();
  void dialogWritesFigureAndNumbers();
  void dialogKeepsTheSizeInOtherUnits();
  void dialogSaysWhyNot();

 private:
  QString path(const char* name) const { return m_folder.filePath(QString::fromLatin1(name)); }
  QTemporaryDir m_folder;
};

void TestFigure::formatsFollowTheEnding() {
  QCOMPARE(figureFormatOf(QStringLiteral("/a/b.PNG")), std::optional(FigureFormat::Png));
  QCOMPARE(figureFormatOf(QStringLiteral("b.x.svg")), std::optional(FigureFormat::Svg));
  QCOMPARE(figureFormatOf(QStringLiteral("b.pdf")), std::optional(FigureFormat::Pdf));
  QVERIFY(!figureFormatOf(QStringLiteral("b.jpg")) && !figureFormatOf(QStringLiteral("svg")));
  QCOMPARE(numbersPath(QStringLiteral("/a.b/c.d.pdf")), QStringLiteral("/a.b/c.d.csv"));
}

void TestFigure::pngHasSizeAndResolution() {
  Scene scene;
  FigureOptions options;
  options.size = QSize(300, 200);
  options.dpi = 288;
  saveFigure(scene, options, path("a.png"));
  const QImage image(path("a.png"));
  QCOMPARE(image.size(), QSize(900, 600));
  QCOMPARE(image.dotsPerMeterX(), 11339);  // 288 / 0.0254
  QCOMPARE(image.pixelColor(3 * 50, 3 * 80), QColor(10, 200, 30));
  QCOMPARE(image.pixelColor(3 * 20, 3 * 80), lightTheme().base);  // cut away
  options.isDark = true;
  saveFigure(scene, options, path("a.png"));
  QCOMPARE(QImage(path("a.png")).pixelColor(5, 5), darkTheme().base);
}

void TestFigure::titleTakesALine() {
  Scene scene;
  FigureOptions options;
  options.size = QSize(300, 200);
  options.dpi = 96;
  options.title =
      QStringLiteral("A title that is far too long for the width of this figure, and then some more");
  saveFigure(scene, options, path("t.png"));
  const QImage image(path("t.png"));
  int top = -1, dark = 0;
  for (int y = 0; y < 200 && top < 0; ++y)
    if (image.pixelColor(50, y) == QColor(10, 200, 30)) top = y;
  for (int y = 0; y < top; ++y)
    for (int x = 0; x < 300; ++x) dark += image.pixelColor(x, y).lightness() < 100;
  QVERIFY2(top >= 30 + 24 && top <= 30 + 48, qPrintable(QString::number(top)));  // the clip begins at 30
  QVERIFY(dark > 100);
  for (int y = 0; y < top; ++y) QCOMPARE(image.pixelColor(299, y), lightTheme().base);  // cut with dots
}

void TestFigure::svgKeepsTextAndCutsWhatSticksOut() {
  Scene scene;
  FigureOptions options;
  options.size = QSize(300, 200);
  options.dpi = 192;
  saveFigure(scene, options, path("a.svg"));
  QXmlStreamReader reader(bytesOf(path("a.svg")));
  QStringList texts;
  QRectF image;
  QSize pixels;
  QList<QPointF> points;
  while (!reader.atEnd()) {
    reader.readNext();
    if (!reader.isStartElement()) continue;
    const QXmlStreamAttributes attributes = reader.attributes();
    const auto number = [&](const char* name) { return attributes.value(QLatin1String(name)).toDouble(); };
    if (reader.name() == QLatin1String("image")) {
      image = QRectF(number("x"), number("y"), number("width"), number("height"));
      const QByteArray data =
          attributes.value(QLatin1String("xlink:href")).toString().section(QLatin1Char(','), 1).toLatin1();
      pixels = QImage::fromData(QByteArray::fromBase64(data)).size();
    } else if (reader.name() == QLatin1String("polyline")) {
      const QString list = attributes.value(QLatin1String("points")).toString().simplified();
      for (const QString& point : list.split(QLatin1Char(' '), Qt::SkipEmptyParts))
        points << QPointF(point.section(QLatin1Char(','), 0, 0).toDouble(),
                          point.section(QLatin1Char(','), 1, 1).toDouble());
    } else if (reader.name() == QLatin1String("text")) {
      texts << reader.readElementText();
    }
  }
  QVERIFY2(!reader.hasError(), qPrintable(reader.errorString()));
  QCOMPARE(texts, QStringList{QStringLiteral("inside <&")});
  QVERIFY(kClip.adjusted(-1, -1, 1, 1).contains(image) && image.contains(kClip.adjusted(1, 1, -1, -1)));
  QVERIFY(std::abs(pixels.width() - 200) <= 1);  // 100 logical pixels at 192 dpi
  QVERIFY(points.size() >= 3);
  for (const QPointF& point : points) QVERIFY(kClip.adjusted(-0.01, -0.01, 0.01, 0.01).contains(point));
}

void TestFigure::pdfHasItsPageFontsAndPictures() {
  Scene scene;
  FigureOptions options;
  options.size = QSize(336, 192);  // 252 x 144 points
  options.dpi = 300;
  options.title = QStringLiteral("Figure");
  saveFigure(scene, options, path("a.pdf"));
  const QByteArray pdf = bytesOf(path("a.pdf"));
  QVERIFY(pdf.startsWith("%PDF-"));
  static const QRegularExpression box(QStringLiteral("/MediaBox \\[0 0 ([0-9.]+) ([0-9.]+)\\]"));
  const QRegularExpressionMatch match = box.match(QString::fromLatin1(pdf));
  QVERIFY(match.hasMatch());
  QVERIFY(std::abs(match.captured(1).toDouble() - 252) <= 1 &&
          std::abs(match.captured(2).toDouble() - 144) <= 1);
  QVERIFY(pdf.contains("/FontFile2"));    // glyphs of a font, not outlines
  QVERIFY(pdf.contains("/ToUnicode"));    // that can be searched and copied
  QVERIFY(pdf.contains("/Width 625\n"));  // 200 logical pixels at 300 dpi
}

/// Against points sampled on the lines: those inside are on a part, and no part leaves the rectangle.
void TestFigure::cutLinesAreTheInnerParts() {
  QRandomGenerator random(7);
  const auto any = [&] { return QPointF(random.bounded(260) - 40.0, random.bounded(180) - 40.0); };
  for (int round = 0; round < 200; ++round) {
    std::vector<QPointF> points(static_cast<std::size_t>(2 + random.bounded(6)));
    for (QPointF& point : points) point = any();
    const bool isClosed = round % 2 == 1;
    const auto parts = clippedPolyline(points, isClosed, kClip);
    for (const auto& part : parts) {
      QVERIFY(part.size() >= 2);
      for (const QPointF& point : part) QVERIFY(kClip.adjusted(-1e-9, -1e-9, 1e-9, 1e-9).contains(point));
    }
    const std::size_t segments = points.size() - (isClosed ? 0 : 1);
    for (std::size_t i = 0; i < segments; ++i)
      for (int k = 0; k <= 40; ++k) {
        const QPointF p = points[i] + (points[(i + 1) % points.size()] - points[i]) * (k / 40.0);
        if (!kClip.adjusted(0.01, 0.01, -0.01, -0.01).contains(p)) continue;
        bool isFound = false;
        for (const auto& part : parts)
          for (std::size_t j = 0; j + 1 < part.size(); ++j) isFound |= isNear(part[j], part[j + 1], p, 1e-6);
        QVERIFY(isFound);
      }
  }
  const QPointF along[2] = {{0, 30}, {500, 30}};  // on the edge itself
  QCOMPARE(clippedPolyline(along, false, kClip).size(), std::size_t{1});
  QVERIFY(clippedPolyline(std::span(along, 1), false, kClip).empty());
}

/// Against counting points of a fine grid inside both the triangle and the rectangle.
void TestFigure::cutPolygonsKeepTheirArea() {
  QRandomGenerator random(11);
  for (int round = 0; round < 60; ++round) {
    std::vector<QPointF> triangle(3);
    for (QPointF& point : triangle) point = QPointF(random.bounded(240) - 30.0, random.bounded(160) - 30.0);
    const auto left = clippedPolygon(triangle, kClip);
    double area = 0;
    for (std::size_t i = 0; i < left.size(); ++i) {
      const QPointF a = left[i], b = left[(i + 1) % left.size()];
      area += (a.x() * b.y() - b.x() * a.y()) / 2;
    }
    const auto side = [](QPointF a, QPointF b, QPointF p) {
      return (b.x() - a.x()) * (p.y() - a.y()) - (b.y() - a.y()) * (p.x() - a.x());
    };
    int inside = 0;
    for (double y = kClip.top() + 0.25; y < kClip.bottom(); y += 0.5)
      for (double x = kClip.left() + 0.25; x < kClip.right(); x += 0.5) {
        const double s[3] = {side(triangle[0], triangle[1], {x, y}), side(triangle[1], triangle[2], {x, y}),
                             side(triangle[2], triangle[0], {x, y})};
        inside += (s[0] >= 0 && s[1] >= 0 && s[2] >= 0) || (s[0] <= 0 && s[1] <= 0 && s[2] <= 0);
      }
    // a point counts a quarter; the boundary is at most 420 long, half a step unsure on average
    QVERIFY2(std::abs(std::abs(area) - inside / 4.0) < 40, qPrintable(QString::number(round)));
  }
}

void TestFigure::numbersAreCsv() {
  Scene scene;
  QCOMPARE(figureNumbers(scene), QByteArray("x,y\n1,2\n3,4\n"));
  scene.copied = QStringLiteral("na,me\tsay \"hi\"\n1\t2\n3\t4");
  QCOMPARE(figureNumbers(scene), QByteArray("\"na,me\",\"say \"\"hi\"\"\"\n1,2\n3,4\n"));
  scene.copied.clear();
  QVERIFY(figureNumbers(scene).isEmpty());
}

void TestFigure::oneCellGivesWayToTheTable() {
  Scene scene;
  scene.copied = QStringLiteral("row\tcolumn\n1\t2");
  scene.tableRows = 2;
  QCOMPARE(figureNumbers(scene), QByteArray(",\"a,b\",c\n1,,1.5\n2,,\n"));
  scene.tableRows = 0;
  QCOMPARE(figureNumbers(scene), QByteArray("row,column\n1,2\n"));
}

void TestFigure::tooManyNumbersAreRefused() {
  Scene scene;
  scene.copied.clear();
  scene.tableRows = 500'001;
  QL_THROWS(figureNumbers(scene), "zoom in");
}

void TestFigure::whatCannotBeIsOneSentence() {
  Scene scene;
  FigureOptions options;
  QL_THROWS(saveFigure(scene, options, path("a.jpg")), "ends in .png, .svg or .pdf");
  QL_THROWS(saveFigure(scene, options, QStringLiteral("/nowhere/at/all.pdf")), "/nowhere/at/all.pdf");
  QVERIFY(QDir(m_folder.path()).mkdir(QStringLiteral("folder.svg")));
  QL_THROWS(saveFigure(scene, options, path("folder.svg")), "folder.svg");
  options.size = QSize(20, 400);
  QL_THROWS(saveFigure(scene, options, path("a.png")), "64 pixels");
  options.size = QSize(9000, 9000);
  QL_THROWS(saveFigure(scene, options, path("a.png")), "16,384");
  options.size = QSize(400, 400);
  options.dpi = std::nan("");
  QL_THROWS(saveFigure(scene, options, path("b.png")), "dpi");
  QVERIFY(!QFile::exists(path("b.png")));
}

void TestFigure::previewKeepsTheView() {
  Scene scene;
  scene.setViewport(QSizeF(640, 480), 1);
  FigureOptions options;
  options.size = QSize(800, 400);
  const QImage preview = figurePreview(scene, options, QSize(300, 300), 2);
  QCOMPARE(preview.size(), QSize(600, 300));
  QCOMPARE(preview.devicePixelRatio(), 2.0);
  QCOMPARE(scene.size(), QSizeF(640, 480));
}

void TestFigure::dialogWritesFigureAndNumbers() {
  Scene scene;
  Canvas canvas(&scene);
  canvas.resize(400, 300);
  FigureDialog dialog(&canvas);
  QCOMPARE(dialog.titleBox()->text(), QStringLiteral("|W| of q_proj"));
  QCOMPARE(dialog.options().size, QSize(400, 300));
  QSignalSpy spy(&canvas, &Canvas::message);
  dialog.numbersBox()->setChecked(true);
  dialog.show();
  QTRY_VERIFY(!dialog.preview()->pixmap().isNull());
  QCOMPARE(dialog.saveTo(path("d.svg")), QString());
  QVERIFY(bytesOf(path("d.svg")).contains("|W| of q_proj"));
  QCOMPARE(bytesOf(path("d.csv")), QByteArray("x,y\n1,2\n3,4\n"));
  QCOMPARE(spy.size(), 1);
  QCOMPARE(spy.first().at(1).toBool(), false);
  setFigureTitleMaker([](const Canvas& of) { return QStringLiteral("made of %1").arg(of.width()); });
  QCOMPARE(figureTitle(canvas), QStringLiteral("made of 400"));
  setFigureTitleMaker({});
}

void TestFigure::dialogKeepsTheSizeInOtherUnits() {
  Scene scene;
  Canvas canvas(&scene);
  canvas.resize(480, 360);
  FigureDialog dialog(&canvas);
  dialog.sizeBox()->setCurrentIndex(1);
  emit dialog.sizeBox()->activated(1);
  QCOMPARE(dialog.widthBox()->value(), 89.0);
  QCOMPARE(dialog.options().size, QSize(336, 253));
  auto* unit = dialog.findChildren<QComboBox*>().value(1);
  unit->setCurrentIndex(1);
  emit unit->activated(1);
  QCOMPARE(dialog.widthBox()->value(), 336.0);
  QVERIFY(std::abs(dialog.options().size.height() - 253) <= 1);
  dialog.widthBox()->setValue(500);
  QCOMPARE(dialog.options().size.width(), 500);
  QCOMPARE(dialog.sizeBox()->currentIndex(), dialog.sizeBox()->count() - 1);  // "Other"
}

void TestFigure::dialogSaysWhyNot() {
  Scene scene;
  Canvas canvas(&scene);
  canvas.resize(400, 300);
  FigureDialog dialog(&canvas);
  QSignalSpy spy(&canvas, &Canvas::message);
  QVERIFY(
      dialog.saveTo(QStringLiteral("/nowhere/at/all.pdf")).contains(QStringLiteral("/nowhere/at/all.pdf")));
  QCOMPARE(spy.size(), 1);
  QCOMPARE(spy.first().at(1).toBool(), true);
}

}  // namespace ql

int main(int argc, char** argv) {
  ql::prepareRenderers();
  qputenv("QT_QPA_PLATFORM", "offscreen");
  QApplication application(argc, argv);
  ql::TestFigure test;
  return QTest::qExec(&test, argc, argv);
}
#include "tst_figure.moc"
