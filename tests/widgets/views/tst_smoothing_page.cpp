// The Smoothing page: where things are drawn and what the mouse and the keys ask for, from hand-made curves,
// channels and folds; then the page on the demo model, calibrated on a short text.
#include "tests/widgets/shell/shell_support.h"
#include "tests/widgets/views/smoothing_scene.h"
#include "widgets/bridge/calibration_control.h"
#include "widgets/bridge/number_format.h"
#include "widgets/canvas/canvas.h"
#include "widgets/panels/choice_error_view.h"
#include "widgets/panels/form_parts.h"
#include "widgets/panels/smoothed_channels_view.h"
#include "widgets/panels/smoothing_panel.h"

#include <QAbstractItemModel>
#include <QComboBox>
#include <QPushButton>

#include <cmath>

using namespace ql;
using namespace ql::test;

class TestSmoothingPage : public QObject {
  Q_OBJECT

 private slots:
  void curvesHaveRingsAtTheirOptima();
  void noSmoothingIsMarkedOffTheScale();
  void noSmoothingInsideIsALine();
  void handleIsDraggedOnTheAxis();
  void keysMoveAlpha();
  void clickOnACurveTakesItsMethod();
  void errorsHaveTheirOwnZoom();
  void pinsStayAndBelongToATopic();
  void previewHasItsInterval();
  void growingCurvesAreFitted();
  void numbersAndWordsOfTheCurves();
  void channelsKeepOneOrderAndOneAxis();
  void channelsAreLinkedAndPinned();
  void channelsThatDoNotFitAreNotDrawn();
  void foldSaysWhoTakesWhat();
  void foldSaysWhyNot();
  void foldWrapsWhereItIsNarrow();
  void errorTicksHaveEnoughDecimals();
  void sweepsHoldUsableChoices();
  void pageOfTheDemo();
};

void TestSmoothingPage::curvesHaveRingsAtTheirOptima() {
  AlphaScene scene;
  for (const Theme& theme : {lightTheme(), darkTheme()}) {
    const QImage picture = scene.draw(theme);
    const QPointF quant = scene.view.pixelOf({0.5, 0.0087, {}, false});
    const QPointF bi = scene.view.pixelOf({0.45, 0.0085, {}, false});
    QVERIFY(scene.view.plot().contains(quant) && scene.view.plot().contains(bi));
    // On the ring above the curve, where the curve itself is not.
    QVERIFY(pixelsOf(picture, quant - QPointF(0, 6), 1.5, theme.weight) > 0);
    QVERIFY(pixelsOf(picture, bi + QPointF(-3, 5.2), 1.5, theme.smoothing) > 0);
    const QPointF elsewhere = scene.view.pixelOf({0.2, scene.view.curves()[1].points[4].y, {}, false});
    QCOMPARE(pixelsOf(picture, elsewhere + QPointF(-3, 9), 1.5, theme.smoothing), 0);
  }
  QCOMPARE(scene.view.curves()[0].label, QStringLiteral("SmoothQuant = bi-smoothing (max)"));
  QCOMPARE(scene.view.curves()[1].label, QStringLiteral("Bi-smoothing (median)"));
  QVERIFY(scene.view.curves()[1].isActive);
}

void TestSmoothingPage::noSmoothingIsMarkedOffTheScale() {
  AlphaScene scene;
  const Axis& errors = scene.view.errorAxis();
  QVERIFY(errors.range.to < 0.02);
  const QRectF box = scene.view.offScaleBox();
  QVERIFY(!box.isEmpty());
  QVERIFY(scene.view.plot().contains(box));
  QVERIFY(box.center().y() < scene.view.plot().center().y());  // it lies above
  QVERIFY(pixelsOf(scene.draw(), box.topLeft() + QPointF(14, 14), 5, lightTheme().finding) > 10);
  // F fits the curves, F again everything; the label goes, a line comes.
  QVERIFY(scene.key(Qt::Key_F));
  QVERIFY(scene.view.fit() == CurvePlot::Fit::All);
  const QImage all = scene.draw();
  QVERIFY(scene.view.errorAxis().range.contains(0.873));
  QVERIFY(scene.view.offScaleBox().isEmpty());
  QVERIFY(pixelsOf(all, {scene.view.plot().left() + 2, scene.view.errorAxis().toPixel(0.873)}, 2,
                   lightTheme().finding) > 0);
  QVERIFY(scene.key(Qt::Key_F));
  scene.draw();
  QVERIFY(!scene.view.offScaleBox().isEmpty());
  // A click on the label fits everything, too.
  QVERIFY(scene.send(CanvasEvent::Press, scene.view.offScaleBox().center(), Qt::LeftButton, Qt::LeftButton));
  QVERIFY(scene.view.fit() == CurvePlot::Fit::All);
}

void TestSmoothingPage::noSmoothingInsideIsALine() {
  AlphaScene scene(0.0089);
  QVERIFY(scene.view.offScaleBox().isEmpty());
  const QImage picture = scene.draw();
  const double y = scene.view.errorAxis().toPixel(0.0089);
  int dashes = 0;
  for (double x = scene.view.plot().left(); x < scene.view.plot().right(); x += 1)
    dashes += pixelsOf(picture, {x, y}, 0, lightTheme().finding) > 0;
  QVERIFY2(dashes > 100 && dashes < 420, qPrintable(QString::number(dashes)));
}

void TestSmoothingPage::handleIsDraggedOnTheAxis() {
  AlphaScene scene;
  QCOMPARE(scene.view.trial().alpha, 0.5);
  const QPointF from = scene.view.handlePosition();
  QCOMPARE(from.x(), scene.view.plot().center().x());
  QVERIFY(pixelsOf(scene.draw(), from, 4, lightTheme().accent) > 40);
  QVERIFY(scene.send(CanvasEvent::Press, from, Qt::LeftButton, Qt::LeftButton));
  QVERIFY(scene.view.isDragging());
  const QPointF to(scene.view.xAxis().toPixel(0.3041), from.y() + 30);
  QVERIFY(scene.send(CanvasEvent::Move, to, Qt::NoButton, Qt::LeftButton));
  QCOMPARE(scene.view.trial().alpha, 0.3);  // snapped
  QVERIFY(scene.send(CanvasEvent::Move, {-500, 0}, Qt::NoButton, Qt::LeftButton));
  QCOMPARE(scene.view.trial().alpha, 0.0);
  QVERIFY(scene.send(CanvasEvent::Release, to, Qt::LeftButton));
  QVERIFY(!scene.view.isDragging());
  // A press on the axis jumps there.
  scene.draw();
  QVERIFY(scene.send(CanvasEvent::Press, {scene.view.xAxis().toPixel(0.8), scene.view.plot().bottom() + 8},
                     Qt::LeftButton, Qt::LeftButton));
  QCOMPARE(scene.view.trial().alpha, 0.8);
  scene.send(CanvasEvent::Release, to, Qt::LeftButton);
  // Without a method the handle takes the default one.
  SmoothingTrial none;
  none.method = SmoothingTrial::Method::None;
  scene.view.setTrial(none);
  scene.key(Qt::Key_Left);
  QVERIFY(scene.view.trial().method == SmoothingTrial::Method::Bismooth);
}

void TestSmoothingPage::keysMoveAlpha() {
  AlphaScene scene;
  QSignalSpy optimum(&scene.view, &AlphaView::optimumWanted);
  QVERIFY(scene.key(Qt::Key_Right));
  QCOMPARE(scene.view.trial().alpha, 0.55);
  QVERIFY(scene.key(Qt::Key_Left, Qt::ShiftModifier));
  QCOMPARE(scene.view.trial().alpha, 0.54);
  QVERIFY(scene.key(Qt::Key_End));
  QCOMPARE(scene.view.trial().alpha, 1.0);
  QVERIFY(scene.key(Qt::Key_Right));
  QCOMPARE(scene.view.trial().alpha, 1.0);
  QVERIFY(scene.key(Qt::Key_Home));
  QCOMPARE(scene.view.trial().alpha, 0.0);
  QVERIFY(scene.key(Qt::Key_Return));
  QCOMPARE(optimum.size(), 1);
  QVERIFY(scene.key(Qt::Key_M));
  QVERIFY(scene.view.trial().method == SmoothingTrial::Method::SmoothQuant);
  QVERIFY(!scene.key(Qt::Key_Right, Qt::ControlModifier));  // the window's
}

void TestSmoothingPage::clickOnACurveTakesItsMethod() {
  AlphaScene scene;
  const QPointF quant =
      scene.view.pixelOf(scene.view.curves()[0].points[1]);  // alpha 0.05: the curves lie apart
  QVERIFY(scene.send(CanvasEvent::Press, quant, Qt::LeftButton, Qt::LeftButton));
  QVERIFY(scene.view.trial().method == SmoothingTrial::Method::SmoothQuant);
  QCOMPARE(scene.view.trial().alpha, 0.5);
  scene.draw();
  const QPointF bi = scene.view.pixelOf(scene.view.curves()[1].points[1]);
  QVERIFY(scene.send(CanvasEvent::Press, bi, Qt::LeftButton, Qt::LeftButton));
  QVERIFY(scene.view.trial().method == SmoothingTrial::Method::Bismooth);
  QVERIFY(scene.view.trial().usesMedian);
  QVERIFY(!scene.send(CanvasEvent::Press, {scene.view.plot().left() + 30, scene.view.plot().bottom() - 12},
                      Qt::LeftButton, Qt::LeftButton));
}

void TestSmoothingPage::errorsHaveTheirOwnZoom() {
  AlphaScene scene;
  const ValueRange before = scene.view.errorAxis().range;
  const QPointF at(scene.view.plot().center().x(), scene.view.errorAxis().toPixel(0.0088));
  QVERIFY(!scene.send(CanvasEvent::Wheel, at, Qt::NoButton, Qt::NoButton, Qt::NoModifier, 1));
  QVERIFY(scene.send(CanvasEvent::Wheel, at, Qt::NoButton, Qt::NoButton, Qt::ControlModifier, 2));
  scene.draw();
  QVERIFY(scene.view.errorAxis().range.span() < before.span() * 0.7);
  QVERIFY(std::abs(scene.view.errorAxis().toPixel(0.0088) - at.y()) < 0.5);  // stays under the pointer
  QCOMPARE(scene.view.xAxis().range.from, 0.0);
  QCOMPARE(scene.view.xAxis().range.to, 1.0);
  // Dragged with the middle button, the picture follows the pointer.
  const double value = scene.view.errorAxis().toValue(at.y());
  QVERIFY(scene.send(CanvasEvent::Press, at, Qt::MiddleButton, Qt::MiddleButton));
  QVERIFY(scene.send(CanvasEvent::Move, at + QPointF(0, 40), Qt::NoButton, Qt::MiddleButton));
  QVERIFY(scene.send(CanvasEvent::Release, at, Qt::MiddleButton));
  scene.draw();
  QVERIFY(std::abs(scene.view.errorAxis().toPixel(value) - at.y() - 40) < 0.5);
  QVERIFY(scene.key(Qt::Key_F));
  scene.draw();
  QCOMPARE(scene.view.errorAxis().range.from, before.from);
  QVERIFY(scene.key(Qt::Key_L));
  QVERIFY(scene.view.errorAxis().range.scale == AxisScale::Log);
}

void TestSmoothingPage::pinsStayAndBelongToATopic() {
  AlphaScene scene;
  QVERIFY(scene.key(Qt::Key_P));
  QCOMPARE(scene.view.pinCount(), std::size_t(1));
  scene.view.setPinTopic(QStringLiteral("0"), QStringLiteral("int8 g32"));
  scene.view.setCurves(parabola("smoothquant", 0.6, 0.0080), parabola("bismooth", 0.55, 0.0079));
  QVERIFY(
      scene.view.copyText().contains(QStringLiteral("Bi-smoothing (median), pinned: int8 channel\t0.1\t")));
  QVERIFY(scene.key(Qt::Key_P));
  QCOMPARE(scene.view.pinCount(), std::size_t(2));
  QVERIFY(scene.key(Qt::Key_P));  // the same choice again replaces its pin
  QCOMPARE(scene.view.pinCount(), std::size_t(2));
  scene.view.setPinTopic(QStringLiteral("1"), QStringLiteral("int8 g32"));
  QCOMPARE(scene.view.pinCount(), std::size_t(0));
  scene.view.setPinTopic(QStringLiteral("0"), QStringLiteral("int8 g32"));
  QCOMPARE(scene.view.pinCount(), std::size_t(2));
  // The old curve is drawn where the new one is not, and goes with its pin.
  const QImage with = scene.draw();
  const QPointF old = scene.view.pixelOf({0.1, 0.0085 + 0.004 * 0.35 * 0.35, {}, false});
  QVERIFY(scene.view.plot().contains(old));
  QVERIFY(std::abs(scene.view.pixelOf(scene.view.curves()[1].points[2]).y() - old.y()) > 20);
  QVERIFY(greenPixels(with, old) > 4);
  QVERIFY(scene.key(Qt::Key_P, Qt::ShiftModifier));
  QCOMPARE(scene.view.pinCount(), std::size_t(0));
  QVERIFY(!scene.view.copyText().contains(QStringLiteral("pinned")));
}

void TestSmoothingPage::previewHasItsInterval() {
  AlphaScene scene;
  SmoothingControl::Figures figures;
  figures.trial = scene.view.trial();
  figures.trial.alpha = 0.3;
  scene.view.setTrial(figures.trial);
  figures.point = point(0.3, 0.0091);
  figures.point.error.together.interval = std::pair(0.0090, 0.0092);
  figures.isExact = false;
  scene.view.setFigures(figures);
  const QImage preview = scene.draw();
  const double x = scene.view.xAxis().toPixel(0.3), top = scene.view.errorAxis().toPixel(0.0092);
  QVERIFY(pixelsOf(preview, {x + 3, top}, 1, lightTheme().smoothing) > 0);  // the bar's end
  figures.isExact = true;
  scene.view.setFigures(figures);
  const QImage exact = scene.draw();
  QCOMPARE(pixelsOf(exact, {x + 3, top}, 1, lightTheme().smoothing), 0);
  const QPointF at(x, scene.view.errorAxis().toPixel(0.0091));
  QVERIFY(pixelsOf(exact, at + QPointF(2, 0), 1, lightTheme().smoothing) >
          pixelsOf(preview, at + QPointF(2, 0), 1, lightTheme().smoothing));
}

void TestSmoothingPage::growingCurvesAreFitted() {
  AlphaView view;
  view.setHint(QStringLiteral("Nothing yet."));
  renderToImage(view, {520, 480}, 1, lightTheme());
  QVERIFY(view.copyText().isEmpty());
  QVERIFY(!view.table());
  for (const int points : {1, 2, 7, 21}) {
    view.setCurves(parabola("smoothquant", 0.5, 0.0087, points), nullptr);
    QVERIFY(!renderToImage(view, {520, 480}, 1, lightTheme()).isNull());
    QCOMPARE(view.curves().front().points.size(), static_cast<std::size_t>(points));
    for (const CurvePoint& p : view.curves().front().points) QVERIFY(view.errorAxis().range.contains(p.y));
  }
  auto refined = parabola("smoothquant", 0.47, 0.0087);
  refined->refined = {point(0.47, 0.0087), point(0.46, 0.00871)};
  view.setCurves(refined, nullptr);
  const std::vector<CurvePoint>& points = view.curves().front().points;
  QCOMPARE(points.size(), std::size_t(23));
  QVERIFY(
      std::is_sorted(points.begin(), points.end(), [](const auto& a, const auto& b) { return a.x < b.x; }));
}

void TestSmoothingPage::numbersAndWordsOfTheCurves() {
  AlphaScene scene;
  const QStringList lines = scene.view.copyText().split(QLatin1Char('\n'));
  QCOMPARE(lines.size(), 1 + 1 + 2 * 21);
  QCOMPARE(lines[0].section(QLatin1Char('\t'), 0, 2), QStringLiteral("method\talpha\terror"));
  QCOMPARE(lines[1].section(QLatin1Char('\t'), 0, 2), QStringLiteral("no smoothing\t\t0.873"));
  for (const QString& line : lines) QCOMPARE(line.count(QLatin1Char('\t')), 8);
  const auto table = scene.view.table();
  QCOMPARE(table->rowCount(), 43);
  const QString words = scene.view.accessibleText();
  QVERIFY2(words.contains(QStringLiteral("0.45")) && words.contains(QStringLiteral("87.3")),
           qPrintable(words));
}

void TestSmoothingPage::channelsKeepOneOrderAndOneAxis() {
  Selection selection;
  SmoothedChannelsView view(&selection);
  view.setChannels(someChannels(), QStringLiteral("block 0 attention"));
  const QImage picture = renderToImage(view, {460, 480}, 1, lightTheme());
  QCOMPARE(view.order().front(), std::int64_t(18));
  QCOMPARE(view.order()[1], std::int64_t(26));
  QCOMPARE(view.order()[2], std::int64_t(63));  // the largest of the rest
  QCOMPARE(view.outliers(), (std::vector<std::int64_t>{18, 26, 40}));
  QVERIFY(view.valueRange().contains(170));
  QVERIFY(view.valueRange().contains(0.4));
  QCOMPARE(view.plot(false).height(), view.plot(true).height());
  QCOMPARE(view.plot(false).left(), view.plot(true).left());
  // |W| of channel 18: 170 before, 0.85 after, on the same scale.
  const auto pixel = [&](bool isAfter, double value) {
    const QRectF plot = view.plot(isAfter);
    return QPointF(view.channelAxis().toPixel(0.5),
                   Axis{view.valueRange(), plot.bottom(), plot.top()}.toPixel(value));
  };
  QVERIFY(pixelsOf(picture, pixel(false, 170), 2, lightTheme().weight) > 3);
  QVERIFY(pixelsOf(picture, pixel(true, 170 * 0.005), 3, lightTheme().weight) > 3);
  QCOMPARE(pixelsOf(picture, pixel(true, 170), 2, lightTheme().weight), 0);
  const QStringList lines = view.copyText().split(QLatin1Char('\n'));
  QCOMPARE(lines.size(), 65);
  QCOMPARE(lines[1].section(QLatin1Char('\t'), 0, 2), QStringLiteral("1\t18\t170"));
  QCOMPARE(view.table()->rowCount(), 64);
}

void TestSmoothingPage::channelsAreLinkedAndPinned() {
  Selection selection;
  SmoothedChannelsView view(&selection);
  view.setChannels(someChannels(), QStringLiteral("block 0 attention"));
  Canvas canvas(&view);
  canvas.resize(460, 480);
  canvas.show();
  QVERIFY(QTest::qWaitForWindowExposed(&canvas));
  QWidget* surface = canvas.focusProxy();
  renderToImage(view, surface->size(), 1, lightTheme());
  const QPoint first(static_cast<int>(view.channelAxis().toPixel(0.5)),
                     static_cast<int>(view.plot(true).center().y()));
  QTest::mouseMove(surface, first);
  QTRY_COMPARE(selection.hoverChannel(), std::int64_t(18));
  QTest::mouseClick(surface, Qt::LeftButton, {}, first);
  QCOMPARE(selection.channel().value_or(-1), std::int64_t(18));
  QTest::keyClick(surface, Qt::Key_Right);
  QCOMPARE(selection.channel().value_or(-1), std::int64_t(26));
  QTest::keyClick(surface, Qt::Key_End);
  QCOMPARE(selection.channel().value_or(-1), std::int64_t(0));
  QVERIFY(view.accessibleText().contains(QStringLiteral("Channel 0, rank 64")));
  QTest::keyClick(surface, Qt::Key_Plus);
  QVERIFY(view.channelAxis().range.span() < 64);
  QTest::keyClick(surface, Qt::Key_F);
  QCOMPARE(view.channelAxis().range.span(), 64.0);
  QTest::keyClick(surface, Qt::Key_Escape);
  QVERIFY(!selection.channel());
}

void TestSmoothingPage::channelsThatDoNotFitAreNotDrawn() {
  Selection selection;
  SmoothedChannelsView view(&selection);
  auto channels = someChannels();
  channels->s.pop_back();
  view.setChannels(channels, {});
  QVERIFY(!renderToImage(view, {300, 300}, 1, lightTheme()).isNull());
  QVERIFY(view.order().empty());
  channels = someChannels();
  channels->actAbsmax.clear();  // without activations the weights are shown alone
  channels->weightAbsmax[3] = std::nanf("");
  channels->weightAbsmax[4] = 0;
  view.setChannels(channels, {});
  QVERIFY(!renderToImage(view, {300, 300}, 1, lightTheme()).isNull());
  QCOMPARE(view.order().back(), std::int64_t(3));
  QCOMPARE(view.outliers(), (std::vector<std::int64_t>{18, 26}));
}

void TestSmoothingPage::foldSaysWhoTakesWhat() {
  FoldView view;
  view.setFold(somePicture(3));
  const auto height = static_cast<int>(std::ceil(view.heightFor(960)));
  const QImage picture = renderToImage(view, {960, height}, 1, lightTheme());
  QCOMPARE(view.shownReaders(), std::size_t(3));
  QVERIFY(pixelsOf(picture, {150, 45}, 60, lightTheme().activation) > 0);
  QVERIFY(view.verdict().startsWith(QStringLiteral("possible")));
  const QString text = view.copyText();
  QVERIFY2(text.contains(QStringLiteral("1.2e")) && text.contains(QStringLiteral("0.18")), qPrintable(text));
  QVERIFY(text.contains(QStringLiteral("powers of two\t0")));
  QVERIFY(text.contains(QStringLiteral("0.96")));
  // Many readers: those that do not fit are counted, and named in the tip.
  view.setFold(somePicture(65));
  renderToImage(view, {960, height}, 1, lightTheme());
  QVERIFY(view.shownReaders() > 1 && view.shownReaders() < 10);
  QString tip;
  for (int x = 950; x > 0 && tip.isEmpty(); x -= 4) tip = view.tipAt({static_cast<double>(x), 45});
  QVERIFY2(tip.contains(QStringLiteral("experts.%1.w1").arg(view.shownReaders())), qPrintable(tip));
  FoldPicture linear = somePicture(1);
  linear.target.kind = FoldKind::LinearRows;
  view.setFold(linear);
  QVERIFY(view.copyText().contains(QStringLiteral("rows × 1/S")));
  FoldPicture gemma = somePicture(2);
  gemma.target.normOffset = 1;
  view.setFold(gemma);
  QVERIFY(view.copyText().contains(QStringLiteral("(1 + weight) × 1/S")));
}

void TestSmoothingPage::foldSaysWhyNot() {
  FoldPicture picture = somePicture(1);
  picture.target.isFoldable = false;
  picture.target.reason = "RoPE stands between q and its reader";
  FoldView view;
  view.setFold(picture);
  QVERIFY(!renderToImage(view, {960, 100}, 1, darkTheme()).isNull());
  QCOMPARE(view.verdict(), QStringLiteral("not possible: RoPE stands between q and its reader"));
  QVERIFY(!view.copyText().contains(QStringLiteral("1/S")));
  QVERIFY(view.accessibleText().contains(QStringLiteral("cannot be applied")));
  view.setFold(std::nullopt);
  QVERIFY(!renderToImage(view, {960, 100}, 1, darkTheme()).isNull());
  QVERIFY(view.copyText().isEmpty());
}

void TestSmoothingPage::foldWrapsWhereItIsNarrow() {
  FoldView view;
  view.setFold(somePicture(3));
  QVERIFY(view.heightFor(400) > view.heightFor(960));
  QCOMPARE(residualText(0), QStringLiteral("0"));
  QCOMPARE(residualText(1.24e-7), QStringLiteral("1.2e") + kMinus + QStringLiteral("7"));
  QCOMPARE(residualText(0.0018), percentText(0.0018));
}

void TestSmoothingPage::errorTicksHaveEnoughDecimals() {
  const auto tick = [](double value, double step) { return errorTickText(value, step).chopped(2); };
  QCOMPARE(tick(0.0096, 0.0004), QStringLiteral("0.96"));
  QCOMPARE(tick(0.01, 0.0004), QStringLiteral("1.00"));
  QCOMPARE(tick(0.5, 0.1), QStringLiteral("50"));
  QCOMPARE(tick(0.00865, 0.00001), QStringLiteral("0.865"));
  QCOMPARE(tick(0, 0.1), QStringLiteral("0"));
}

void TestSmoothingPage::sweepsHoldUsableChoices() {
  const Choice around = parseSpec("w8a8");
  for (const auto kind :
       {ChoiceErrorView::Sweep::GroupSize, ChoiceErrorView::Sweep::Bits, ChoiceErrorView::Sweep::Format}) {
    const ChoiceSweep sweep = sweepOf(kind, around, 64);
    QVERIFY(sweep.places.size() >= 5);
    for (const ChoiceCurve& curve : sweep.curves) {
      QCOMPARE(curve.choices.size(), static_cast<std::size_t>(sweep.places.size()));
      for (const auto& choice : curve.choices) {
        if (!choice) continue;
        QCOMPARE(choiceProblem(*choice), std::string());
        QVERIFY(choice->activation == around.activation);
        QVERIFY(!choice->weight->groupSize || *choice->weight->groupSize <= 64);
      }
    }
  }
  const ChoiceSweep bits = sweepOf(ChoiceErrorView::Sweep::Bits, around, 4096);
  QCOMPARE(bits.places.front(), QStringLiteral("8"));
  QCOMPARE(bits.curves[1].choices.back()->weight->format, std::string("int2"));
  QVERIFY(bits.curves[1].choices.back()->weight->granularity == Granularity::InputChannel);
}

/// Without activations the page says so and offers both ways; then curves come, and the mouse and the keys
/// change the trial that the whole window shares.
void TestSmoothingPage::pageOfTheDemo() {
  Session session;
  SmoothingPanel panel(&session);
  panel.resize(980, 640);
  panel.show();
  QVERIFY(QTest::qWaitForWindowExposed(&panel));
  session.open(test::demoPath());
  QTRY_VERIFY_WITH_TIMEOUT(test::isIdle(&session), 60000);
  SmoothingControl* control = session.smoothing();
  QVERIFY(panel.groupBox()->count() > 10);
  const LinearId q = *session.model()->find("model.layers.0.self_attn.q_proj");
  session.selection()->selectOnly(q);
  QTRY_VERIFY_WITH_TIMEOUT(!control->problem().isEmpty() && panel.fold()->fold(), 10000);
  QCOMPARE(panel.groupBox()->currentText(), control->groupText(*control->group()));
  QPushButton* calibrate = nullptr;
  for (auto* button : panel.alphaCanvas()->findChildren<QPushButton*>())
    if (button->text().startsWith(QStringLiteral("Calibrate"))) calibrate = button;
  QVERIFY(calibrate && calibrate->isVisible());
  QSignalSpy requested(session.calibration(), &CalibrationControl::calibrateRequested);
  QTest::mouseClick(calibrate, Qt::LeftButton);
  QCOMPARE(requested.size(), 1);
  QVERIFY(panel.fold()->verdict().startsWith(QStringLiteral("possible")));

  CalibrateOptions options;
  options.source.text = std::string(QL_SOURCE_DIR) + "/resources/texts/calibration.txt";
  options.windows.maxTokens = 1024;
  session.calibration()->calibrate(options);
  QTRY_VERIFY_WITH_TIMEOUT(control->smoothQuantCurve() && control->bismoothCurve() && !control->progress(),
                           60000);
  QVERIFY(!calibrate->isVisible());
  QTRY_COMPARE(panel.alpha()->curves().size(), std::size_t(2));
  QTRY_VERIFY(!panel.channels()->order().empty());
  QCOMPARE(panel.channels()->outliers(),
           (std::vector<std::int64_t>{18, 26, 30}));  // planted, 170 the largest
  renderToImage(*panel.alpha(), panel.alphaCanvas()->size(), 1, lightTheme());
  QVERIFY(!panel.alpha()->offScaleBox().isEmpty());

  QWidget* surface = panel.alphaCanvas()->focusProxy();
  const double before = control->trial().alpha;
  QTest::mousePress(surface, Qt::LeftButton, {}, panel.alpha()->handlePosition().toPoint());
  QTest::mouseMove(surface, QPoint(static_cast<int>(panel.alpha()->xAxis().toPixel(0.2)), 40));
  QTest::mouseRelease(surface, Qt::LeftButton, {},
                      QPoint(static_cast<int>(panel.alpha()->xAxis().toPixel(0.2)), 40));
  QVERIFY(control->trial().alpha != before);
  QVERIFY(std::abs(control->trial().alpha - 0.2) < 0.011);
  QTest::keyClick(surface, Qt::Key_Return);
  QCOMPARE(control->trial().alpha, control->trialCurve()->best()->alpha);
  QTRY_VERIFY_WITH_TIMEOUT(control->figures() && control->figures()->isExact, 20000);
  QTRY_VERIFY_WITH_TIMEOUT(panel.fold()->fold()->residual.has_value(), 20000);
  QVERIFY(panel.fold()->fold()->residual->plain.exact < 1e-5);

  panel.groupBox()->setCurrentIndex(1);
  emit panel.groupBox()->activated(1);
  QCOMPARE(*control->group(), control->groups()[1]);

  QTest::mouseClick(panel.axis()->button(1), Qt::LeftButton);
  QVERIFY(panel.choices()->sweep() == ChoiceErrorView::Sweep::GroupSize);
  QTRY_VERIFY_WITH_TIMEOUT(panel.choices()->isSettled() && panel.choices()->curves().size() == 2, 30000);
  QCOMPARE(panel.choices()->curves().front().points.size(), std::size_t(5));
}

QL_WINDOW_TEST_MAIN(TestSmoothingPage)
#include "tst_smoothing_page.moc"
