#pragma once
// Values to colours. Two maps, both uniform in lightness and safe for colour-blind eyes, bright = large:
// cividis for magnitudes, and a diverging one for signed values (blue below 0, orange above, dark at 0). The
// same in both themes.
#include "widgets/canvas/axis.h"

#include <QRgb>

#include <array>
#include <cstdint>
#include <span>

namespace ql {

class Colormap {
 public:
  static constexpr int kSize = 1024;
  /// Nunez, Anderton and Renslow 2018 (PLoS ONE 13(7): e0199239), by the degree-5 polynomial fit of
  /// d3-scale-chromatic.
  static const Colormap& cividis();
  /// Lightness L* = 14 + 76 |t| exactly symmetric about the middle, hues 255 (below) and 62 degrees of
  /// CIELAB.
  static const Colormap& diverging();

  QRgb at(int index) const { return m_table[static_cast<std::size_t>(index)]; }
  /// t outside of 0..1 takes the end colour.
  QRgb atFraction(double t) const;

 private:
  std::array<QRgb, kSize> m_table{};
};

/// Which colour a value takes.
struct ColorScale {
  const Colormap* map = &Colormap::cividis();
  ValueRange range;
  bool isMagnitude = true;  // colours |v| instead of v

  QRgb color(double value) const;
};

/// Colours every value; nonFinite (bits of MatrixImage, may be empty) marks NaN (hatched #d000d0) and
/// infinities
/// (#00c8d8). `width` is the row length, needed for the hatching. Any thread. About 3 ns a value linear, 10
/// log.
void colorize(const ColorScale& scale, std::span<const float> values, std::span<const std::uint8_t> nonFinite,
              int width, std::span<QRgb> pixels);

/// CIE 1976 lightness of an sRGB colour, 0..100.
double lightness(QRgb color);

}  // namespace ql
