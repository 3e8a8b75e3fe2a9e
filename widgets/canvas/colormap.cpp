#include "widgets/canvas/colormap.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace ql {
namespace {

double polynomial(double t, const std::array<double, 6>& c) {
  return c[0] + t * (c[1] + t * (c[2] + t * (c[3] + t * (c[4] + t * c[5]))));
}

int toByte(double value) {
  return static_cast<int>(std::lround(std::clamp(value, 0.0, 255.0)));
}

QRgb cividisAt(double t) {
  // d3-scale-chromatic's fit of cividis, 0..255
  const double red = polynomial(t, {-4.54, -35.34, 2381.73, -6402.7, 7024.72, -2710.57});
  const double green = polynomial(t, {32.49, 170.73, 52.82, -131.46, 176.58, -67.37});
  const double blue = polynomial(t, {81.24, 442.36, -2482.43, 6167.24, -6614.94, 2475.67});
  return qRgb(toByte(red), toByte(green), toByte(blue));
}

struct LinearRgb {
  double r, g, b;
  bool isInGamut() const { return std::min({r, g, b}) >= -1e-4 && std::max({r, g, b}) <= 1 + 1e-4; }
};

// CIELAB (D65, 2 degrees) to linear sRGB: CIE 15:2004 and IEC 61966-2-1.
LinearRgb fromLab(double L, double a, double b) {
  const auto inverse = [](double f) {
    return f > 6.0 / 29 ? f * f * f : 3 * (6.0 / 29) * (6.0 / 29) * (f - 4.0 / 29);
  };
  const double fy = (L + 16) / 116;
  const double x = 0.95047 * inverse(fy + a / 500), y = inverse(fy), z = 1.08883 * inverse(fy - b / 200);
  return {3.2404542 * x - 1.5371385 * y - 0.4985314 * z, -0.9692660 * x + 1.8760108 * y + 0.0415560 * z,
          0.0556434 * x - 0.2040259 * y + 1.0572252 * z};
}

double encodeGamma(double linear) {
  const double c = std::clamp(linear, 0.0, 1.0);
  return 255 * (c <= 0.0031308 ? 12.92 * c : 1.055 * std::pow(c, 1 / 2.4) - 0.055);
}

// The colour of that lightness and hue with the wanted chroma, or as much as sRGB has.
QRgb labColor(double L, double hueDegrees, double chroma) {
  const double hue = hueDegrees * std::numbers::pi / 180;
  const auto at = [&](double c) { return fromLab(L, c * std::cos(hue), c * std::sin(hue)); };
  double low = 0, high = chroma;
  if (at(chroma).isInGamut()) low = chroma;
  for (int i = 0; i < 24 && low < high; ++i) {
    const double middle = (low + high) / 2;
    (at(middle).isInGamut() ? low : high) = middle;
  }
  const LinearRgb rgb = at(low);
  return qRgb(toByte(encodeGamma(rgb.r)), toByte(encodeGamma(rgb.g)), toByte(encodeGamma(rgb.b)));
}

QRgb divergingAt(double t) {
  const double signedT = 2 * t - 1, size = std::abs(signedT);
  return labColor(14 + 76 * size, signedT < 0 ? 255 : 62, 75 * std::pow(size, 0.7));
}

int indexOf(double fraction) {
  const double t = std::clamp(fraction, 0.0, 1.0);  // NaN never gets here: counted apart
  return std::min(Colormap::kSize - 1, static_cast<int>(t * Colormap::kSize));
}

constexpr QRgb kNan = 0xffd000d0, kNanDark = 0xff6a006a, kInfinity = 0xff00c8d8;
constexpr std::uint8_t kNanBit = 1, kInfinityBits = 6;

QRgb notFiniteColor(std::uint8_t bits, std::size_t index, int width) {
  if ((bits & kNanBit) == 0) return kInfinity;
  const std::size_t x = index % static_cast<std::size_t>(width), y = index / static_cast<std::size_t>(width);
  return (x + y) % 6 < 2 ? kNanDark : kNan;  // diagonal hatching, so that it differs without colour too
}

}  // namespace

const Colormap& Colormap::cividis() {
  static const Colormap map = [] {
    Colormap m;
    for (int i = 0; i < kSize; ++i) m.m_table[static_cast<std::size_t>(i)] = cividisAt(i / (kSize - 1.0));
    return m;
  }();
  return map;
}

const Colormap& Colormap::diverging() {
  static const Colormap map = [] {
    Colormap m;
    for (int i = 0; i < kSize; ++i) m.m_table[static_cast<std::size_t>(i)] = divergingAt(i / (kSize - 1.0));
    return m;
  }();
  return map;
}

QRgb Colormap::atFraction(double t) const {
  return at(std::isnan(t) ? 0 : indexOf(t));
}

QRgb ColorScale::color(double value) const {
  if (std::isnan(value)) return kNan;
  if (std::isinf(value)) return kInfinity;
  return map->atFraction(range.fraction(isMagnitude ? std::abs(value) : value));
}

void colorize(const ColorScale& scale, std::span<const float> values, std::span<const std::uint8_t> nonFinite,
              int width, std::span<QRgb> pixels) {
  // fraction(v) = (forward(v) - a) / (b - a), with the ends worked out once
  const ValueRange& range = scale.range;
  const double zeroAt =
      range.fraction(range.from);  // 0 by definition; keeps the compiler honest about the ends
  const bool isLinear = range.scale == AxisScale::Linear;
  const float slope = isLinear && range.span() != 0 ? static_cast<float>(1 / range.span()) : 0;
  const float offset = isLinear ? static_cast<float>(zeroAt - range.from * static_cast<double>(slope)) : 0;
  const bool isLog = range.scale == AxisScale::Log && range.from > 0 && range.to > 0;
  const float logFrom = isLog ? static_cast<float>(std::log(range.from)) : 0;
  const float logSlope =
      isLog && range.from != range.to ? static_cast<float>(1 / std::log(range.to / range.from)) : 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!nonFinite.empty() && nonFinite[i] != 0) {
      pixels[i] = notFiniteColor(nonFinite[i], i, width);
      continue;
    }
    const float v = scale.isMagnitude ? std::abs(values[i]) : values[i];
    if (!std::isfinite(v)) {
      pixels[i] = notFiniteColor(std::isnan(v) ? kNanBit : kInfinityBits, i, width);
      continue;
    }
    const double t = isLinear ? static_cast<double>(v * slope + offset)
                     : isLog  ? static_cast<double>((std::log(std::max(v, 1e-38f)) - logFrom) * logSlope)
                              : range.fraction(static_cast<double>(v));
    pixels[i] = scale.map->at(indexOf(t));
  }
}

double lightness(QRgb color) {
  const auto linear = [](int byte) {
    const double c = byte / 255.0;
    return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
  };
  const double y =
      0.2126729 * linear(qRed(color)) + 0.7151522 * linear(qGreen(color)) + 0.0721750 * linear(qBlue(color));
  return y > 216.0 / 24389 ? 116 * std::cbrt(y) - 16 : y * 24389.0 / 27;
}

}  // namespace ql
