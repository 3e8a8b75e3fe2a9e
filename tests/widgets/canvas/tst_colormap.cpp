#include "tests/support/compare.h"
#include "widgets/bridge/number_format.h"
#include "widgets/bridge/theme.h"
#include "widgets/canvas/colormap.h"

#include <QTest>

#include <limits>

namespace ql {

class TestColormap : public QObject {
  Q_OBJECT
 private slots:
  void cividisGetsLighterAllTheWay();
  void cividisMatchesItsPaper();
  void divergingIsSymmetricInLightness();
  void outsideTakesTheEndColours();
  void whatIsNoNumberIsToldApart();
  void colorizeAgreesWithColor_data();
  void colorizeAgreesWithColor();
  void textKeepsItsContrast();
  void numbersAreWrittenAsAgreed_data();
  void numbersAreWrittenAsAgreed();
};

void TestColormap::cividisGetsLighterAllTheWay() {
  // 8-bit rounding of three channels moves L* by up to 0.3
  double lightest = 0;
  for (int i = 0; i < Colormap::kSize; ++i) {
    const double L = lightness(Colormap::cividis().at(i));
    QVERIFY2(L > lightest - 0.3, qPrintable(QStringLiteral("%1: %2 after %3").arg(i).arg(L).arg(lightest)));
    lightest = std::max(lightest, L);
  }
  QVERIFY(lightness(Colormap::cividis().at(0)) < 15);
  QVERIFY(lightest > 90);
  // and evenly: no eighth of the map takes more than a quarter of the lightness
  for (int i = 0; i < 8; ++i) {
    const double step = lightness(Colormap::cividis().at(std::min(1023, (i + 1) * 128))) -
                        lightness(Colormap::cividis().at(i * 128));
    QVERIFY2(step > 4 && step < 20, qPrintable(QString::number(step)));
  }
}

void TestColormap::cividisMatchesItsPaper() {
  // ends and middle of the published table: #00224e, #7d7c78, #fee838
  const auto close = [](QRgb a, QRgb b, int bound) {
    return std::abs(qRed(a) - qRed(b)) <= bound && std::abs(qGreen(a) - qGreen(b)) <= bound &&
           std::abs(qBlue(a) - qBlue(b)) <= bound;
  };
  QVERIFY(close(Colormap::cividis().at(0), qRgb(0x00, 0x22, 0x4e), 14));
  QVERIFY(close(Colormap::cividis().at(512), qRgb(0x7d, 0x7c, 0x78), 14));
  QVERIFY(close(Colormap::cividis().at(1023), qRgb(0xfe, 0xe8, 0x38), 14));
}

void TestColormap::divergingIsSymmetricInLightness() {
  double previous = 0;
  for (int i = Colormap::kSize / 2; i < Colormap::kSize; ++i) {
    const double above = lightness(Colormap::diverging().at(i));
    const double below = lightness(Colormap::diverging().at(Colormap::kSize - 1 - i));
    QVERIFY2(std::abs(above - below) < 0.8,
             qPrintable(QStringLiteral("%1: %2 %3").arg(i).arg(above).arg(below)));
    QVERIFY(above > previous - 0.4);
    previous = std::max(previous, above);
  }
  const QRgb low = Colormap::diverging().at(0), high = Colormap::diverging().at(1023);
  QVERIFY(qBlue(low) > qRed(low));
  QVERIFY(qRed(high) > qBlue(high));
}

void TestColormap::outsideTakesTheEndColours() {
  const ColorScale scale{&Colormap::cividis(), {0.01, 100, AxisScale::Log}, true};
  QCOMPARE(scale.color(0), Colormap::cividis().at(0));
  QCOMPARE(scale.color(1e-9), Colormap::cividis().at(0));
  QCOMPARE(scale.color(-1e9), Colormap::cividis().at(1023));
}

void TestColormap::whatIsNoNumberIsToldApart() {
  const ColorScale scale;
  const float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
  QCOMPARE(scale.color(static_cast<double>(nan)), QRgb(0xffd000d0));
  QCOMPARE(scale.color(static_cast<double>(inf)), QRgb(0xff00c8d8));
  const std::vector<float> values = {0.5f, nan, -inf, 0.0f, 0.0f};
  const std::vector<std::uint8_t> bits = {0, 0, 0, 1, 4};
  std::vector<QRgb> pixels(5);
  colorize(scale, values, bits, 5, pixels);
  QCOMPARE(pixels[0], scale.color(0.5));
  QCOMPARE(pixels[2], QRgb(0xff00c8d8));
  QVERIFY(qRed(pixels[1]) > 80 && qGreen(pixels[1]) == 0);  // magenta, hatched
  QVERIFY(qRed(pixels[3]) > 80 && qGreen(pixels[3]) == 0);  // counted by the pooling: not a number covers it
  QCOMPARE(pixels[4], QRgb(0xff00c8d8));
}

void TestColormap::colorizeAgreesWithColor_data() {
  QTest::addColumn<int>("scale");
  QTest::addColumn<bool>("isMagnitude");
  for (const int scale : {0, 1, 2})
    for (const bool isMagnitude : {false, true}) {
      if (scale == 1 && !isMagnitude) continue;
      QTest::addRow("scale %d magnitude %d", scale, isMagnitude) << scale << isMagnitude;
    }
}

void TestColormap::colorizeAgreesWithColor() {
  QFETCH(int, scale);
  QFETCH(bool, isMagnitude);
  ColorScale colors{&Colormap::cividis(),
                    {scale == 1    ? 1e-3
                     : isMagnitude ? 0.0
                                   : -20.0,
                     20, AxisScale(scale), 0.01},
                    isMagnitude};
  std::vector<float> values;
  for (int i = -400; i <= 400; ++i) values.push_back(static_cast<float>(i) * 0.0713f);
  std::vector<QRgb> pixels(values.size());
  colorize(colors, values, {}, static_cast<int>(values.size()), pixels);
  for (std::size_t i = 0; i < values.size(); ++i) {
    // float against double arithmetic: at most the neighbouring entry of 1024
    const double a = lightness(pixels[i]), b = lightness(colors.color(static_cast<double>(values[i])));
    QVERIFY2(std::abs(a - b) < 0.6, qPrintable(QStringLiteral("%1: %2 %3").arg(values[i]).arg(a).arg(b)));
  }
}

void TestColormap::textKeepsItsContrast() {
  for (const Theme* theme : {&lightTheme(), &darkTheme()}) {
    for (const QColor& ground : {theme->window, theme->base, theme->tableHeader, theme->dockTitle}) {
      for (const QColor& text : {theme->text, theme->secondary, theme->accent})
        QVERIFY2(contrastRatio(text, ground) >= 4.5,
                 qPrintable(text.name() + QStringLiteral(" on ") + ground.name() + QLatin1Char(' ') +
                            QString::number(contrastRatio(text, ground))));
    }
    for (const QColor& ground : {theme->window, theme->base, theme->tableHeader})  // not used on dock titles
      QVERIFY(contrastRatio(theme->faint, ground) >= 4.5);
    for (const QColor& ground : {theme->selected, theme->current})
      QVERIFY(contrastRatio(theme->text, ground) >= 4.5);
    QVERIFY(contrastRatio(theme->finding, theme->findingGround) >= 4.5);
    QVERIFY(contrastRatio(theme->good, theme->goodGround) >= 4.5);
    QVERIFY(contrastRatio(theme->onAccent, theme->accent) >= 4.5);
  }
  for (int i = 0; i < Colormap::kSize; ++i) {
    const QColor ground = QColor::fromRgb(Colormap::cividis().at(i));
    QVERIFY(contrastRatio(contrastText(ground), ground) >= 4.5);
  }
}

void TestColormap::numbersAreWrittenAsAgreed_data() {
  QTest::addColumn<QString>("written");
  QTest::addColumn<QString>("expected");
  const QString s = QString(kNarrowSpace);
  const auto row = [](const char* name, const QString& written, const QString& expected) {
    QTest::newRow(name) << written << expected;
  };
  row("percent from 10", percentText(0.909), QStringLiteral("90.9") + s + QLatin1Char('%'));
  row("percent below 10", percentText(0.0185), QStringLiteral("1.85") + s + QLatin1Char('%'));
  row("percent near 10", percentText(0.09996), QStringLiteral("10.0") + s + QLatin1Char('%'));
  row("percent fine", percentTextFine(0.00865), QStringLiteral("0.865") + s + QLatin1Char('%'));
  row("percent tiny", percentText(2.9e-5),
      QStringLiteral("2.9e") + kMinus + QStringLiteral("3") + s + QLatin1Char('%'));
  row("percent zero", percentText(0), QStringLiteral("0") + s + QLatin1Char('%'));
  row("percent none", percentText(std::nan("")), QString(kDash));
  row("weight", valueText(-93.5), kMinus + QStringLiteral("93.50"));
  row("weight small", valueText(0.34), QStringLiteral("0.340"));
  row("weight tiny", valueText(0.001), QStringLiteral("1.0e") + kMinus + QStringLiteral("3"));
  row("weight inf", valueText(-HUGE_VAL), kMinus + QStringLiteral("Inf"));
  row("count", countText(34048), QStringLiteral("34,048"));
  row("count big", countText(4590848), QStringLiteral("4,590,848"));
  row("count small", countText(999), QStringLiteral("999"));
  row("size", sizeText(3532 * 1024), QStringLiteral("3,532") + s + QStringLiteral("KiB"));
  row("size bytes", sizeText(512), QStringLiteral("512") + s + QStringLiteral("B"));
  row("size big", sizeText(std::uint64_t{140} << 30), QStringLiteral("140") + s + QStringLiteral("GiB"));
  row("bits", bitsText(8.125), QStringLiteral("8.125"));
  row("no minus zero", fixedText(-0.0001, 2), QStringLiteral("0.00"));
  row("ratio", ratioText(498.66), QStringLiteral("498.7"));
  row("shape", dimensionsText(256, 512), QStringLiteral("256 ") + kTimes + QStringLiteral(" 512"));
  row("tick", tickText(0.01), QStringLiteral("0.01"));
  row("tick whole", tickText(28672), QStringLiteral("28,672"));
  row("tick small", tickText(1e-4), QStringLiteral("1e") + kMinus + QStringLiteral("4"));
  row("tick step", tickText(0.2 * 3), QStringLiteral("0.6"));
  row("plain", plainNumber(-0.1f), QStringLiteral("-0.1"));
}

void TestColormap::numbersAreWrittenAsAgreed() {
  QFETCH(QString, written);
  QFETCH(QString, expected);
  QCOMPARE(written, expected);
}

}  // namespace ql

QTEST_APPLESS_MAIN(ql::TestColormap)
#include "tst_colormap.moc"
