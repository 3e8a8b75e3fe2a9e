#pragma once
// How numbers are written everywhere in the window: a narrow no-break space before a unit, a real minus sign,
// commas between thousands, as many digits as the number deserves. For what people read; files and clipboard
// tables use plainNumber().
#include <QString>

#include <cstdint>

namespace ql {

inline constexpr QChar kMinus{0x2212};        // a real minus sign
inline constexpr QChar kNarrowSpace{0x202f};  // narrow no-break space
inline constexpr QChar kTimes{0x00d7};
inline constexpr QChar kArrow{0x2192};
inline constexpr QChar kDash{0x2013};  // stands for "no value"

/// 0.909 -> "90.9 %", 0.0069 -> "0.69 %", 2.9e-5 -> "2.9e-3 %". Not a number -> a dash.
QString percentText(double fraction);
/// One decimal more, for figures near an optimum: 0.00865 -> "0.865 %".
QString percentTextFine(double fraction);
/// Percentage points with a sign: +0.034 -> "+3.40 %".
QString percentChangeText(double fraction);
/// A weight, an absmax, a gain: -93.50, 0.340, 1.0e-3, 12,345. "NaN", "+Inf", "-Inf" for what is not finite.
QString valueText(double value);
/// Ratios such as "x median": one decimal below 1,000.
QString ratioText(double ratio);
/// Fixed decimals with thousands separators and a real minus.
QString fixedText(double value, int decimals);
/// Mantissa with `decimals` and exponent: 2.9e-3.
QString scientificText(double value, int decimals = 1);
/// 34048 -> "34,048".
QString countText(std::int64_t count);
/// Bytes as B, KiB, MiB, GiB, TiB: 3616768 -> "3,532 KiB"; from 10,000 KiB on the next unit.
QString sizeText(std::uint64_t bytes);
/// Bits per weight, three decimals, no unit.
QString bitsText(double bitsPerWeight);
/// "256 x 512" with a multiplication sign.
QString dimensionsText(std::int64_t out, std::int64_t in);
/// "1 row", "3 rows": the count and the word that fits.
QString pluralText(std::int64_t count, const QString& one, const QString& many);
/// Axis labels: the shortest round spelling: 0, 64, 0.01, 1e-4, 10,000.
QString tickText(double value);
/// Shortest text that reads back as the same float32, ASCII, for clipboard and CSV.
QString plainNumber(float value);

}  // namespace ql
