#include "core/stats/tile_pyramid.h"
#include "tests/support/compare.h"
#include "tests/support/data.h"
#include "widgets/canvas/canvas.h"
#include "widgets/panels/matrix_table.h"
#include "widgets/panels/matrix_view.h"

#include <QAbstractItemModelTester>
#include <QApplication>
#include <QSignalSpy>
#include <QTest>

#include <random>

namespace ql {
namespace {

// A matrix in memory.
class MemorySource : public WeightSource {
 public:
  MemorySource(std::int64_t out, std::int64_t in) : m_in(in), m_values(static_cast<std::size_t>(out * in)) {}
  float& at(std::int64_t row, std::int64_t column) {
    return m_values[static_cast<std::size_t>(row * m_in + column)];
  }
  void readRows(const MatrixRef&, std::int64_t rowBegin, std::int64_t rowEnd,
                std::span<float> out) const override {
    std::copy_n(m_values.begin() + static_cast<std::ptrdiff_t>(rowBegin * m_in),
                static_cast<std::ptrdiff_t>((rowEnd - rowBegin) * m_in), out.begin());
  }

 private:
  std::int64_t m_in;
  std::vector<float> m_values;
};

struct Fixture {
  explicit Fixture(std::int64_t out, std::int64_t in) : source(std::make_shared<MemorySource>(out, in)) {
    matrix.tensor = std::string("weight");
    matrix.out = out;
    matrix.in = in;
    std::mt19937 random(7);
    std::normal_distribution<float> normal(0, 0.05f);
    for (std::int64_t r = 0; r < out; ++r)
      for (std::int64_t c = 0; c < in; ++c) source->at(r, c) = normal(random);
  }
  std::shared_ptr<MatrixContent> content() const {
    auto result = std::make_shared<MatrixContent>();
    result->name = QStringLiteral("model.layers.0.self_attn.q_proj");
    result->out = matrix.out;
    result->in = matrix.in;
    result->matrix = matrix;
    result->schemeText = QStringLiteral("int8 g32");
    result->groupColumns = 32;
    return result;
  }
  // Answers the view at once, as the loader does in jobs.
  void serve(MatrixView& view) {
    QObject::connect(&view, &MatrixView::imageWanted, &view, [this, &view](const MatrixRequest& request) {
      JobContext job(1);
      auto values = std::make_shared<const MatrixImage>(
          resampleMatrix(source.get(), matrix, pyramid.get(), request.viewport, request.pool, job));
      last = makeHeatmapPicture(request.viewport, values, request.colors);
      view.setPicture(request, last, false);
    });
    QObject::connect(&view, &MatrixView::cellWanted, &view,
                     [this, &view](std::int64_t row, std::int64_t column) {
                       view.setCell({row, column, source->at(row, column), std::nullopt});
                     });
    view.setContent(content());
    view.setSource(source);
    view.setLevels(MatrixLevels{0.03, 93.5});
  }
  void buildPyramid() {
    JobContext job(1);
    pyramid = std::make_shared<const TilePyramid>(ql::buildPyramid(*source, matrix, 8, job));
  }

  std::shared_ptr<MemorySource> source;
  std::shared_ptr<const TilePyramid> pyramid;
  MatrixRef matrix;
  HeatmapPicture last;
};

constexpr QSize kSize(520, 420);

CanvasEvent mouse(CanvasEvent::Type type, QPointF at, Qt::MouseButton button = Qt::NoButton) {
  CanvasEvent event;
  event.type = type;
  event.position = at;
  event.button = button;
  event.buttons = type == CanvasEvent::Release ? Qt::MouseButtons() : Qt::MouseButtons(button);
  return event;
}

CanvasEvent wheel(QPointF at, double notches) {
  CanvasEvent event = mouse(CanvasEvent::Wheel, at);
  event.wheel = notches;
  return event;
}

CanvasEvent key(int code, Qt::KeyboardModifiers modifiers = {}) {
  CanvasEvent event;
  event.type = CanvasEvent::Key;
  event.key = code;
  event.modifiers = modifiers;
  return event;
}

// How many pixels of the plot have the brightest colour of the map.
int brightPixels(const MatrixView& view, const QImage& picture) {
  const QRectF plot = view.layout().plot;
  const double dpr = picture.devicePixelRatio();
  int count = 0;
  for (int y = static_cast<int>(plot.top() * dpr); y < static_cast<int>(plot.bottom() * dpr); ++y)
    for (int x = static_cast<int>(plot.left() * dpr); x < static_cast<int>(plot.right() * dpr); ++x)
      if (lightness(picture.pixel(x, y)) > 85 && qBlue(picture.pixel(x, y)) < 120) ++count;
  return count;
}

}  // namespace

class TestMatrixView : public QObject {
  Q_OBJECT
 private slots:
  void emptyViewSaysWhatToDo();
  void plantedOutlierIsSeenAtEveryZoom_data();
  void plantedOutlierIsSeenAtEveryZoom();
  void wheelKeepsTheElementUnderTheCursor();
  void panMovesWithTheMouse();
  void fitShowsEverything();
  void marginalsZoomOneAxis();
  void keyboardCursorWalksAndReveals();
  void valuesAreReadWhereTheyArePrinted();
  void clickPinsTheChannelAndAgainUnpins();
  void flaggedChannelIsEasyToHit();
  void hoverIsTold();
  void newChoiceKeepsTheView();
  void anotherMatrixFits();
  void copyAndTableHaveTheVisibleNumbers();
  void rangeSetByHandSurvivesNewLevels();
  void tinyCanvasesDoNotBreak_data();
  void tinyCanvasesDoNotBreak();
  void oddMatricesDoNotBreak_data();
  void oddMatricesDoNotBreak();
  void whatIsNoNumberIsDrawnApart();
};

void TestMatrixView::emptyViewSaysWhatToDo() {
  MatrixView view;
  QVERIFY(view.isSettled());
  renderToImage(view, kSize, 1, darkTheme());
  QVERIFY(!view.handle(key(Qt::Key_F)));
  QVERIFY(view.copyText().isEmpty());
  QVERIFY(!view.table());
  QVERIFY(!view.accessibleText().isEmpty());
}

void TestMatrixView::plantedOutlierIsSeenAtEveryZoom_data() {
  QTest::addColumn<int>("out");
  QTest::addColumn<int>("in");
  QTest::addColumn<double>("dpr");
  QTest::newRow("small") << 100 << 60 << 1.0;
  QTest::newRow("square") << 700 << 700 << 1.0;
  QTest::newRow("tall") << 3001 << 257 << 2.0;
  QTest::newRow("wide") << 129 << 4099 << 1.5;
}

// One weight in the whole matrix stands out. From the whole matrix to single cells it must be seen at every
// step.
void TestMatrixView::plantedOutlierIsSeenAtEveryZoom() {
  QFETCH(int, out);
  QFETCH(int, in);
  QFETCH(double, dpr);
  Fixture fixture(out, in);
  const MatrixPosition planted{out * 2 / 3, in / 3};
  fixture.source->at(planted.row, planted.column) = -93.5f;
  fixture.buildPyramid();
  MatrixView view;
  fixture.serve(view);
  view.setShowsGroups(false);
  for (int step = 0; step < 15; ++step) {
    renderToImage(view, kSize, dpr, darkTheme());  // lays out and asks
    const QImage picture = renderToImage(view, kSize, dpr, darkTheme());
    QVERIFY2(brightPixels(view, picture) > 0, qPrintable(QStringLiteral("lost at step %1").arg(step)));
    const QPointF at(view.columnAxis().toPixel(static_cast<double>(planted.column) + 0.5),
                     view.rowAxis().toPixel(static_cast<double>(planted.row) + 0.5));
    view.handle(wheel(at, 2.5));
  }
}

void TestMatrixView::wheelKeepsTheElementUnderTheCursor() {
  Fixture fixture(512, 1024);
  MatrixView view;
  fixture.serve(view);
  renderToImage(view, kSize, 1, lightTheme());
  const QPointF at = view.layout().plot.topLeft() + QPointF(123, 77);
  const double row = view.rowAxis().toValue(at.y()), column = view.columnAxis().toValue(at.x());
  for (int i = 0; i < 8; ++i) QVERIFY(view.handle(wheel(at, 0.7)));
  QL_NEAR(view.rowAxis().toValue(at.y()), row, 1e-9);
  QL_NEAR(view.columnAxis().toValue(at.x()), column, 1e-9);
  QVERIFY(view.visibleRows().span() < 200);
  for (int i = 0; i < 60; ++i) view.handle(wheel(at, -1));
  QL_NEAR(view.visibleRows().span(), 512, 1e-9);
  for (int i = 0; i < 99; ++i) view.handle(wheel(at, 1));
  QVERIFY(view.columnAxis().pixelsPerUnit() <= 110.01);  // several values are always seen together
  QVERIFY(view.columnAxis().pixelsPerUnit() >= 48);      // and they are printed
}

void TestMatrixView::panMovesWithTheMouse() {
  Fixture fixture(512, 512);
  MatrixView view;
  fixture.serve(view);
  renderToImage(view, kSize, 1, lightTheme());
  const QPointF centre = view.layout().plot.center();
  for (int i = 0; i < 6; ++i) view.handle(wheel(centre, 1));
  for (const Qt::MouseButton button : {Qt::LeftButton, Qt::MiddleButton}) {
    const double column = view.columnAxis().toValue(centre.x()), row = view.rowAxis().toValue(centre.y());
    QVERIFY(view.handle(mouse(CanvasEvent::Press, centre, button)));
    view.handle(mouse(CanvasEvent::Move, centre + QPointF(20, -10), button));
    QCOMPARE(view.cursorShape(), Qt::ClosedHandCursor);
    const QPointF end = centre + QPointF(31, -17);
    view.handle(mouse(CanvasEvent::Move, end, button));
    view.handle(mouse(CanvasEvent::Release, end, button));
    QL_NEAR(view.columnAxis().toValue(end.x()), column, 1e-9);
    QL_NEAR(view.rowAxis().toValue(end.y()), row, 1e-9);
  }
}

void TestMatrixView::fitShowsEverything() {
  Fixture fixture(300, 200);
  MatrixView view;
  fixture.serve(view);
  renderToImage(view, kSize, 1, lightTheme());
  for (int i = 0; i < 9; ++i) view.handle(wheel(view.layout().plot.center(), 1));
  QVERIFY(view.handle(key(Qt::Key_F)));
  QCOMPARE(view.visibleRows().from, 0.0);
  QCOMPARE(view.visibleRows().to, 300.0);
  QCOMPARE(view.visibleColumns().to, 200.0);
}

void TestMatrixView::marginalsZoomOneAxis() {
  Fixture fixture(300, 200);
  MatrixView view;
  fixture.serve(view);
  renderToImage(view, kSize, 1, lightTheme());
  view.handle(wheel(view.layout().top.center(), 3));
  QCOMPARE(view.visibleRows().to, 300.0);
  QVERIFY(view.visibleColumns().span() < 150);
}

void TestMatrixView::keyboardCursorWalksAndReveals() {
  Fixture fixture(64, 96);
  MatrixView view;
  fixture.serve(view);
  QSignalSpy hovered(&view, &MatrixView::hovered);
  QSignalSpy moved(&view, &CanvasView::cursorMoved);
  renderToImage(view, kSize, 1, lightTheme());
  QVERIFY(view.handle(key(Qt::Key_Right)));  // starts
  QCOMPARE(*view.cursor(), (MatrixPosition{0, 0}));
  view.handle(key(Qt::Key_Right));
  view.handle(key(Qt::Key_Down));
  view.handle(key(Qt::Key_Right, Qt::ShiftModifier));
  QCOMPARE(*view.cursor(), (MatrixPosition{1, 17}));
  QCOMPARE(hovered.last().at(1).toLongLong(), 17);
  QVERIFY(moved.count() >= 4);
  QVERIFY(view.accessibleText().contains(QLatin1String("column 17")));
  view.handle(key(Qt::Key_End));
  QCOMPARE(view.cursor()->column, 95);
  for (int i = 0; i < 100; ++i) view.handle(key(Qt::Key_Down));
  QCOMPARE(view.cursor()->row, 63);
  for (int i = 0; i < 10; ++i) view.handle(key(Qt::Key_Plus));
  for (int i = 0; i < 200; ++i) view.handle(key(Qt::Key_Left));
  QCOMPARE(view.cursor()->column, 0);
  QVERIFY(view.visibleColumns().from <= 0 && view.visibleRows().to >= 64 - 1e-9);  // the view went along
  QSignalSpy picked(&view, &MatrixView::channelPicked);
  QVERIFY(view.handle(key(Qt::Key_Space)));
  QCOMPARE(picked.count(), 1);
  QVERIFY(view.handle(key(Qt::Key_Escape)));
  QVERIFY(!view.cursor());
  QVERIFY(!view.handle(key(Qt::Key_Escape)));  // the next one is for the window
}

void TestMatrixView::valuesAreReadWhereTheyArePrinted() {
  Fixture fixture(64, 64);
  MatrixView view;
  fixture.serve(view);
  renderToImage(view, kSize, 1, lightTheme());
  const QPointF at = view.layout().plot.center();
  for (int i = 0; i < 30; ++i) view.handle(wheel(at, 1));
  renderToImage(view, kSize, 1, lightTheme());
  QVERIFY(fixture.last.isElementwise());
  const auto row = static_cast<std::int64_t>(fixture.last.viewport.rowBegin);
  const auto column = static_cast<std::int64_t>(fixture.last.viewport.columnBegin);
  for (int y = 0; y < fixture.last.values->height; ++y)
    for (int x = 0; x < fixture.last.values->width; ++x)
      QCOMPARE(fixture.last.values->values[static_cast<std::size_t>(y * fixture.last.values->width + x)],
               fixture.source->at(row + y, column + x));
}

void TestMatrixView::clickPinsTheChannelAndAgainUnpins() {
  Fixture fixture(64, 64);
  MatrixView view;
  fixture.serve(view);
  std::optional<std::int64_t> pinned;
  connect(&view, &MatrixView::channelPicked, this, [&](std::optional<std::int64_t> column) {
    pinned = column;
    view.setPinned(std::nullopt, column);
  });
  renderToImage(view, kSize, 1, lightTheme());
  const QPointF at(view.columnAxis().toPixel(40.5), view.layout().plot.center().y());
  view.handle(mouse(CanvasEvent::Press, at, Qt::LeftButton));
  view.handle(mouse(CanvasEvent::Release, at + QPointF(1, 1), Qt::LeftButton));
  QVERIFY(pinned == 40);
  view.handle(mouse(CanvasEvent::Press, at, Qt::LeftButton));
  view.handle(mouse(CanvasEvent::Release, at, Qt::LeftButton));
  QVERIFY(!pinned);
  QSignalSpy rows(&view, &MatrixView::rowPicked);
  const QPointF marginal(view.layout().right.center().x(), view.rowAxis().toPixel(10.5));
  view.handle(mouse(CanvasEvent::Press, marginal, Qt::LeftButton));
  view.handle(mouse(CanvasEvent::Release, marginal, Qt::LeftButton));
  QCOMPARE(rows.count(), 1);
}

void TestMatrixView::flaggedChannelIsEasyToHit() {
  Fixture fixture(16, 4096);
  MatrixView view;
  fixture.serve(view);
  auto content = fixture.content();
  content->flaggedColumns = {1234};
  view.setContent(content);
  std::optional<std::int64_t> pinned;
  connect(&view, &MatrixView::channelPicked, this,
          [&](std::optional<std::int64_t> column) { pinned = column; });
  renderToImage(view, kSize, 1, lightTheme());
  const QPointF at(view.columnAxis().toPixel(1234) + 2,
                   view.layout().plot.center().y());  // ten channels a pixel
  view.handle(mouse(CanvasEvent::Press, at, Qt::LeftButton));
  view.handle(mouse(CanvasEvent::Release, at, Qt::LeftButton));
  QVERIFY(pinned == 1234);
}

void TestMatrixView::hoverIsTold() {
  Fixture fixture(64, 64);
  MatrixView view;
  fixture.serve(view);
  renderToImage(view, kSize, 1, lightTheme());
  QSignalSpy hovered(&view, &MatrixView::hovered);
  const QPointF at(view.columnAxis().toPixel(30.5), view.rowAxis().toPixel(7.5));
  view.handle(mouse(CanvasEvent::Move, at));
  QCOMPARE(hovered.last(), (QList<QVariant>{7LL, 30LL}));
  QVERIFY(view.accessibleText().contains(QLatin1String("w ")));
  view.handle(mouse(CanvasEvent::Move, at));  // the same element: not told again
  QCOMPARE(hovered.count(), 1);
  view.handle(mouse(CanvasEvent::Leave, {-1, -1}));
  QCOMPARE(hovered.last(), (QList<QVariant>{-1LL, -1LL}));
}

void TestMatrixView::newChoiceKeepsTheView() {
  Fixture fixture(64, 64);
  MatrixView view;
  fixture.serve(view);
  renderToImage(view, kSize, 1, lightTheme());
  view.handle(wheel(view.layout().plot.center(), 5));
  const ValueRange columns = view.visibleColumns();
  auto content = fixture.content();
  content->groupColumns = 16;
  view.setContent(content);
  QVERIFY(view.visibleColumns() == columns);
}

void TestMatrixView::anotherMatrixFits() {
  Fixture fixture(64, 64);
  MatrixView view;
  fixture.serve(view);
  renderToImage(view, kSize, 1, lightTheme());
  view.handle(wheel(view.layout().plot.center(), 5));
  auto content = fixture.content();
  content->name = QStringLiteral("other");
  content->in = 32;
  view.setContent(content);
  QCOMPARE(view.visibleColumns().to, 32.0);
  QVERIFY(!view.isSettled());
  view.setContent(nullptr);
  QVERIFY(view.isSettled());
}

void TestMatrixView::copyAndTableHaveTheVisibleNumbers() {
  Fixture fixture(20, 30);
  fixture.source->at(3, 4) = -0.1f;
  MatrixView view;
  fixture.serve(view);
  renderToImage(view, kSize, 1, lightTheme());
  const QStringList lines = view.copyText().split(QLatin1Char('\n'));
  QCOMPARE(lines.size(), 21);
  QCOMPARE(lines[0].split(QLatin1Char('\t')).size(), 31);
  QCOMPARE(lines[4].split(QLatin1Char('\t'))[5], QStringLiteral("-0.1"));
  const auto table = view.table();
  QAbstractItemModelTester tester(table.get(), QAbstractItemModelTester::FailureReportingMode::QtTest);
  QCOMPARE(table->rowCount(), 20);
  QCOMPARE(table->index(3, 4).data(Qt::UserRole).toFloat(), -0.1f);
  for (int i = 0; i < 20; ++i) view.handle(wheel(view.layout().plot.topLeft() + QPointF(5, 5), 1));
  const auto part = view.table();
  QVERIFY(part->rowCount() < 20 && part->columnCount() < 30);
  QCOMPARE(part->headerData(0, Qt::Horizontal).toString(), QStringLiteral("0"));
}

void TestMatrixView::rangeSetByHandSurvivesNewLevels() {
  Fixture fixture(64, 64);
  MatrixView view;
  fixture.serve(view);
  renderToImage(view, kSize, 1, lightTheme());
  const QRectF bar = view.layout().bar;
  const double before = view.colorScale().range.to;
  view.handle(mouse(CanvasEvent::Press, {bar.right(), bar.center().y()}, Qt::LeftButton));
  view.handle(mouse(CanvasEvent::Move, {bar.center().x(), bar.center().y()}, Qt::LeftButton));
  view.handle(mouse(CanvasEvent::Release, {bar.center().x(), bar.center().y()}, Qt::LeftButton));
  const double narrowed = view.colorScale().range.to;
  QVERIFY(narrowed < before / 5);
  view.setLevels(MatrixLevels{0.0301, 93.4});
  QCOMPARE(view.colorScale().range.to, narrowed);
  view.handle(mouse(CanvasEvent::DoubleClick, bar.center(), Qt::LeftButton));
  QCOMPARE(view.colorScale().range.to, before);
}

void TestMatrixView::tinyCanvasesDoNotBreak_data() {
  QTest::addColumn<QSize>("size");
  for (const QSize size :
       {QSize(1, 1), QSize(30, 400), QSize(400, 30), QSize(120, 90), QSize(240, 180), QSize(3000, 60)})
    QTest::addRow("%d x %d", size.width(), size.height()) << size;
}

void TestMatrixView::tinyCanvasesDoNotBreak() {
  QFETCH(QSize, size);
  Fixture fixture(64, 64);
  MatrixView view;
  fixture.serve(view);
  renderToImage(view, size, 1, lightTheme());
  view.handle(mouse(CanvasEvent::Move, view.layout().plot.center()));
  view.handle(wheel(view.layout().plot.center(), 8));
  renderToImage(view, size, 1, lightTheme());
}

void TestMatrixView::oddMatricesDoNotBreak_data() {
  QTest::addColumn<int>("out");
  QTest::addColumn<int>("in");
  QTest::newRow("no rows") << 0 << 64;
  QTest::newRow("no columns") << 64 << 0;
  QTest::newRow("one weight") << 1 << 1;
  QTest::newRow("one row") << 1 << 5000;
  QTest::newRow("one column") << 5000 << 1;
}

void TestMatrixView::oddMatricesDoNotBreak() {
  QFETCH(int, out);
  QFETCH(int, in);
  Fixture fixture(out, in);
  MatrixView view;
  fixture.serve(view);
  for (const int code : {0, int(Qt::Key_Down), int(Qt::Key_Right), int(Qt::Key_Plus), int(Qt::Key_F)}) {
    if (code) view.handle(key(code));
    renderToImage(view, kSize, 1, lightTheme());
  }
  view.handle(wheel(view.layout().plot.center(), 12));
  view.handle(mouse(CanvasEvent::Move, view.layout().plot.center()));
  view.handle(mouse(CanvasEvent::Press, view.layout().plot.center(), Qt::LeftButton));
  view.handle(mouse(CanvasEvent::Release, view.layout().plot.center(), Qt::LeftButton));
  renderToImage(view, kSize, 2, darkTheme());
  view.copyText();
}

void TestMatrixView::whatIsNoNumberIsDrawnApart() {
  Fixture fixture(8, 8);
  fixture.source->at(2, 2) = std::nanf("");
  fixture.source->at(5, 5) = HUGE_VALF;
  MatrixView view;
  fixture.serve(view);
  renderToImage(view, kSize, 1, darkTheme());
  const QImage picture = renderToImage(view, kSize, 1, darkTheme());
  const auto pixel = [&](int row, int column) {
    return picture.pixel(static_cast<int>(view.columnAxis().toPixel(column + 0.1)),
                         static_cast<int>(view.rowAxis().toPixel(row + 0.1)));
  };
  QVERIFY(qRed(pixel(2, 2)) > 90 && qGreen(pixel(2, 2)) == 0);
  QCOMPARE(pixel(5, 5), QRgb(0xff00c8d8));
}

}  // namespace ql

int main(int argc, char** argv) {
  qputenv("QT_QPA_PLATFORM", "offscreen");
  QApplication application(argc, argv);
  ql::TestMatrixView test;
  return QTest::qExec(&test, argc, argv);
}
#include "tst_matrix_view.moc"
