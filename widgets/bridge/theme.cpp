#include "widgets/bridge/theme.h"

#include <QFontDatabase>
#include <QFontInfo>
#include <QGuiApplication>
#include <QPalette>

#include <algorithm>
#include <cmath>

namespace ql {
namespace {

QColor rgb(QRgb value) {
  return QColor::fromRgb(value);
}

Theme makeLight() {
  Theme t;
  t.isDark = false;
  t.window = rgb(0xf2f3f5), t.base = rgb(0xffffff);
  t.dockTitle = rgb(0xe9ebee), t.tableHeader = rgb(0xf8f9fa);
  t.line = rgb(0xd6dae0), t.outline = rgb(0xb9c0ca), t.grid = rgb(0xe6e9ed);
  t.text = rgb(0x1a1f26), t.secondary = rgb(0x56606d), t.faint = rgb(0x626c78);
  t.accent = rgb(0x2359a8), t.selected = rgb(0xe4ecf8), t.current = rgb(0xd2e1f6);
  t.onAccent = rgb(0xffffff);
  t.finding = rgb(0xa8281c), t.findingGround = rgb(0xfbecea);
  t.good = rgb(0x1b6e45), t.goodGround = rgb(0xe6f3ec), t.warning = rgb(0x7d4a00);
  t.weight = rgb(0x0072b2), t.activation = rgb(0xc05000), t.gain = rgb(0x9b3f7a), t.smoothing = rgb(0x00805c);
  t.nan = rgb(0xd000d0), t.infinity = rgb(0x00c8d8);
  return t;
}

Theme makeDark() {
  Theme t;
  t.isDark = true;
  t.window = rgb(0x212429), t.base = rgb(0x181b1f);
  t.dockTitle = rgb(0x2a2e34), t.tableHeader = rgb(0x1c1f24);
  t.line = rgb(0x363b43), t.outline = rgb(0x4d5560), t.grid = rgb(0x2a2e34);
  t.text = rgb(0xe3e6ea), t.secondary = rgb(0xa3adb9), t.faint = rgb(0x929dac);
  t.accent = rgb(0x7ab0ff), t.selected = rgb(0x223349), t.current = rgb(0x263f60);
  t.onAccent = rgb(0x10151c);
  t.finding = rgb(0xff9384), t.findingGround = rgb(0x3a2523);
  t.good = rgb(0x66c996), t.goodGround = rgb(0x1f3329), t.warning = rgb(0xe6b255);
  t.weight = rgb(0x56b4e9), t.activation = rgb(0xf0913a), t.gain = rgb(0xe093bd), t.smoothing = rgb(0x3ecf9f);
  t.nan = rgb(0xd000d0), t.infinity = rgb(0x00c8d8);
  return t;
}

// Relative luminance of WCAG 2.1.
double luminance(const QColor& color) {
  const auto linear = [](float channel) {
    const double c = static_cast<double>(channel);
    return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
  };
  return 0.2126 * linear(color.redF()) + 0.7152 * linear(color.greenF()) + 0.0722 * linear(color.blueF());
}

int bodyPixels() {
  return std::max(6, QFontInfo(QGuiApplication::font()).pixelSize());
}

}  // namespace

const Theme& lightTheme() {
  static const Theme theme = makeLight();
  return theme;
}

const Theme& darkTheme() {
  static const Theme theme = makeDark();
  return theme;
}

const Theme& currentTheme() {
  return QGuiApplication::palette().color(QPalette::Window).lightness() < 128 ? darkTheme() : lightTheme();
}

double uiScale() {
  return bodyPixels() / 12.0;
}

QFont uiFont(FontRole role) {
  const double body = bodyPixels();
  const auto sized = [body](QFont font, double at12, QFont::Weight weight) {
    font.setPixelSize(std::max(6, static_cast<int>(std::lround(body * at12 / 12.0))));
    font.setWeight(weight);
    return font;
  };
  const QFont base = QGuiApplication::font();
  switch (role) {
    case FontRole::Body:
      return sized(base, 12, QFont::Normal);
    case FontRole::Semibold:
      return sized(base, 12, QFont::DemiBold);
    case FontRole::Axis:
      return sized(base, 11, QFont::Normal);
    case FontRole::AxisSemibold:
      return sized(base, 11, QFont::DemiBold);
    case FontRole::Heading:
      return sized(base, 13, QFont::DemiBold);
    case FontRole::Title:
      return sized(base, 20, QFont::DemiBold);
    case FontRole::Mono:
      break;
  }
  QFont mono = QFontDatabase::systemFont(QFontDatabase::FixedFont);
  if (QFontDatabase::hasFamily(QStringLiteral("DejaVu Sans Mono")))
    mono.setFamily(QStringLiteral("DejaVu Sans Mono"));
  return sized(mono, 11, QFont::Normal);
}

QString preferredFontFamily() {
  for (const char* family : {"Noto Sans", "DejaVu Sans"}) {
    const QString name = QString::fromLatin1(family);
    if (QFontDatabase::hasFamily(name)) return name;
  }
  return QFontDatabase::systemFont(QFontDatabase::GeneralFont).family();
}

double contrastRatio(const QColor& a, const QColor& b) {
  const double la = luminance(a), lb = luminance(b);
  return (std::max(la, lb) + 0.05) / (std::min(la, lb) + 0.05);
}

QColor contrastText(const QColor& ground) {
  return contrastRatio(Qt::white, ground) >= contrastRatio(Qt::black, ground) ? QColor(Qt::white)
                                                                              : QColor(Qt::black);
}

QColor blend(const QColor& ground, const QColor& over, double opacity) {
  const auto mix = [opacity](int a, int b) { return static_cast<int>(std::lround(a + (b - a) * opacity)); };
  return QColor(mix(ground.red(), over.red()), mix(ground.green(), over.green()),
                mix(ground.blue(), over.blue()));
}

}  // namespace ql
