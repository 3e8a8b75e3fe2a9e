#include "tests/support/compare.h"
#include "widgets/canvas/axis.h"

#include <QTest>

#include <algorithm>

namespace ql {

class TestAxis : public QObject {
  Q_OBJECT
 private slots:
  void pixelsAndValuesAreInverse_data();
  void pixelsAndValuesAreInverse();
  void linearTicksAreRound();
  void indexTicksArePowersOfTwoAndWhole();
  void logTicksAreDecadesOrThirds();
  void symlogTicksAreSymmetricAboutZero();
  void ticksKeepTheirDistance_data();
  void ticksKeepTheirDistance();
  void fittedHoldsTheValues_data();
  void fittedHoldsTheValues();
  void fittedSurvivesNothing();
  void zoomKeepsTheValueUnderTheCursor();
  void zoomStaysInsideTheLimits();
  void panKeepsTheSpan();
  void zoomInAndOutComesBack();
};

namespace {
const ValueRange kLimits{0, 8192};
}

void TestAxis::pixelsAndValuesAreInverse_data() {
  QTest::addColumn<int>("scale");
  QTest::newRow("linear") << static_cast<int>(AxisScale::Linear);
  QTest::newRow("log") << static_cast<int>(AxisScale::Log);
  QTest::newRow("symlog") << static_cast<int>(AxisScale::Symlog);
}

void TestAxis::pixelsAndValuesAreInverse() {
  QFETCH(int, scale);
  const Axis up{{0.003, 470, static_cast<AxisScale>(scale), 0.1}, 300, 20};
  for (const double value : {0.003, 0.01, 1.0, 93.5, 470.0})
    QL_NEAR(up.toValue(up.toPixel(value)), value, 1e-9);
  QL_NEAR(up.toPixel(0.003), 300, 1e-12);
  QL_NEAR(up.toPixel(470), 20, 1e-9);
}

void TestAxis::linearTicksAreRound() {
  const std::vector<double> ticks = valueTicks({{0, 1}, 0, 300}, 50);
  QCOMPARE(ticks, (std::vector<double>{0, 0.2, 0.4, 0.2 * 3, 0.8, 1.0}));
  QCOMPARE(valueTicks({{-3, 7}, 0, 100}, 30), (std::vector<double>{0, 5}));
}

void TestAxis::indexTicksArePowersOfTwoAndWhole() {
  QCOMPARE(indexTicks({{0, 256}, 0, 390}, 40), (std::vector<double>{0, 32, 64, 96, 128, 160, 192, 224, 256}));
  QCOMPARE(indexTicks({{3.2, 6.4}, 0, 390}, 40), (std::vector<double>{4, 5, 6}));
}

void TestAxis::logTicksAreDecadesOrThirds() {
  const std::vector<double> ticks = valueTicks({{0.01, 100, AxisScale::Log}, 0, 180}, 44);
  QCOMPARE(ticks.size(), std::size_t{5});
  QL_NEAR(ticks.front(), 0.01, 1e-9);
  QL_NEAR(ticks.back(), 100, 1e-9);
  const std::vector<double> thirds = valueTicks({{0.003, 1, AxisScale::Log}, 140, 0}, 22);
  QCOMPARE(thirds.size(), std::size_t{6});  // 0.003 0.01 0.03 0.1 0.3 1
  QL_NEAR(thirds[1], 0.01, 1e-9);
  QL_NEAR(thirds[2], 0.03, 1e-9);
}

void TestAxis::symlogTicksAreSymmetricAboutZero() {
  const std::vector<double> ticks = valueTicks({{-100, 100, AxisScale::Symlog, 0.1}, 0, 400}, 40);
  QVERIFY(std::find(ticks.begin(), ticks.end(), 0.0) != ticks.end());
  for (std::size_t i = 0; i < ticks.size(); ++i) QL_NEAR(ticks[i], -ticks[ticks.size() - 1 - i], 1e-9);
}

void TestAxis::ticksKeepTheirDistance_data() {
  QTest::addColumn<double>("from");
  QTest::addColumn<double>("to");
  QTest::addColumn<int>("scale");
  for (const double to : {0.5, 3.0, 17.0, 256.0, 28672.0})
    for (const int scale : {0, 1, 2})
      QTest::addRow("%g scale %d", to, scale) << (scale == 1 ? to / 37000 : -to) << to << scale;
}

void TestAxis::ticksKeepTheirDistance() {
  QFETCH(double, from);
  QFETCH(double, to);
  QFETCH(int, scale);
  for (const double pixels : {30.0, 120.0, 500.0, 1900.0}) {
    const Axis axis{{from, to, static_cast<AxisScale>(scale), to / 1000}, 10, 10 + pixels};
    const std::vector<double> ticks = valueTicks(axis, 40);
    if (pixels >= 120) QVERIFY(!ticks.empty());
    for (std::size_t i = 1; i < ticks.size(); ++i) {
      const double distance = axis.toPixel(ticks[i]) - axis.toPixel(ticks[i - 1]);
      if (scale != 1 || pixels >= 120) QVERIFY2(distance > 38, qPrintable(QString::number(distance)));
    }
  }
}

void TestAxis::fittedHoldsTheValues_data() {
  QTest::addColumn<double>("lo");
  QTest::addColumn<double>("hi");
  QTest::newRow("small") << 0.0067 << 0.909;
  QTest::newRow("wide") << 1e-4 << 470.0;
  QTest::newRow("equal") << 5.0 << 5.0;
  QTest::newRow("exact") << 0.01 << 100.0;
}

void TestAxis::fittedHoldsTheValues() {
  QFETCH(double, lo);
  QFETCH(double, hi);
  for (const AxisScale scale : {AxisScale::Linear, AxisScale::Log}) {
    const ValueRange range = fitted(lo, hi, scale);
    QVERIFY(range.from <= lo * (1 + 1e-9));
    QVERIFY(range.to >= hi * (1 - 1e-9));
    QVERIFY(range.from < range.to);
    if (scale == AxisScale::Log) QVERIFY(range.from > 0);
  }
}

void TestAxis::fittedSurvivesNothing() {
  QVERIFY(fitted(0, 0, AxisScale::Log).from > 0);
  const double nan = std::nan("");
  for (const AxisScale scale : {AxisScale::Linear, AxisScale::Log, AxisScale::Symlog}) {
    const ValueRange range = fitted(nan, nan, scale);
    QVERIFY(std::isfinite(range.from) && std::isfinite(range.to) && range.from < range.to);
  }
  QL_NEAR(fitted(0, 50, AxisScale::Log, 4).from, 0.003, 1e-6);  // a zero does not stretch it without end
}

void TestAxis::zoomKeepsTheValueUnderTheCursor() {
  Axis axis{{1000, 3000}, 0, 500};
  const double about = axis.toValue(123);
  axis.range = zoomed(axis.range, 0.5, about, kLimits, 4);
  QL_NEAR(axis.toPixel(about), 123, 1e-9);
  QL_NEAR(axis.range.span(), 1000, 1e-9);
}

void TestAxis::zoomStaysInsideTheLimits() {
  ValueRange range{0, 100};
  for (int i = 0; i < 40; ++i) range = zoomed(range, 1.4, 3, kLimits, 4);
  QCOMPARE(range.from, 0.0);
  QCOMPARE(range.to, 8192.0);
  for (int i = 0; i < 80; ++i) range = zoomed(range, 0.6, 8191, kLimits, 4);
  QL_NEAR(range.span(), 4, 1e-9);
  QVERIFY(range.to <= 8192);
}

void TestAxis::panKeepsTheSpan() {
  ValueRange range{100, 300};
  range = panned(range, 0.5, kLimits);
  QL_NEAR(range.from, 200, 1e-9);
  QL_NEAR(range.to, 400, 1e-9);
  for (int i = 0; i < 200; ++i) range = panned(range, 1, kLimits);
  QL_NEAR(range.to, 8192, 1e-9);
  QL_NEAR(range.span(), 200, 1e-9);
  for (int i = 0; i < 200; ++i) range = panned(range, -1, kLimits);
  QVERIFY(std::abs(range.from) < 1e-9);
}

void TestAxis::zoomInAndOutComesBack() {
  ValueRange range{0, 8192};
  for (int i = 0; i < 12; ++i) range = zoomed(range, 1 / 1.25, 4321.5, kLimits, 4);
  for (int i = 0; i < 12; ++i) range = zoomed(range, 1.25, 4321.5, kLimits, 4);
  QL_NEAR(range.span(), 8192, 1e-9);
}

}  // namespace ql

QTEST_APPLESS_MAIN(ql::TestAxis)
#include "tst_axis.moc"
