#include "widgets/bridge/number_format.h"

#include <QLocale>

#include <array>
#include <charconv>
#include <cmath>

namespace ql {
namespace {

QString withRealMinus(QString text) {
  return text.replace(QLatin1Char('-'), kMinus);
}

QString notFinite(double value) {
  if (std::isnan(value)) return QStringLiteral("NaN");
  return value > 0 ? QStringLiteral("+Inf") : QString(kMinus) + QStringLiteral("Inf");
}

// Percent without the unit: two decimals below 10, one from there on, scientific below 0.01.
QString percentDigits(double percent, int extraDecimals) {
  const double size = std::abs(percent);
  if (size == 0) return QStringLiteral("0");
  if (size < 0.01) return scientificText(percent);
  // 9.996 rounds to 10.00: it is written 10.0, as 10.0 itself is
  const int decimals = size >= 9.995 ? 1 : 2;
  return fixedText(percent, decimals + extraDecimals);
}

QString withPercentSign(const QString& digits) {
  return digits + kNarrowSpace + QLatin1Char('%');
}

}  // namespace

QString percentText(double fraction) {
  return std::isfinite(fraction) ? withPercentSign(percentDigits(fraction * 100, 0)) : QString(kDash);
}

QString percentTextFine(double fraction) {
  return std::isfinite(fraction) ? withPercentSign(percentDigits(fraction * 100, 1)) : QString(kDash);
}

QString percentChangeText(double fraction) {
  const QString text = percentText(fraction);
  return fraction > 0 ? QLatin1Char('+') + text : text;
}

QString fixedText(double value, int decimals) {
  if (!std::isfinite(value)) return notFinite(value);
  QString text = QLocale::c().toString(std::abs(value), 'f', decimals);
  if (std::abs(value) >= 1000) {  // QLocale::c() leaves the separators out
    qsizetype at = text.indexOf(QLatin1Char('.'));
    if (at < 0) at = text.size();
    for (at -= 3; at > 0; at -= 3) text.insert(at, QLatin1Char(','));
  }
  bool isZero = true;
  for (const QChar c : text) isZero = isZero && !(c >= QLatin1Char('1') && c <= QLatin1Char('9'));
  return value < 0 && !isZero ? kMinus + text : text;
}

QString scientificText(double value, int decimals) {
  if (!std::isfinite(value)) return notFinite(value);
  QString text = QString::number(value, 'e', decimals);
  const qsizetype e = text.indexOf(QLatin1Char('e'));
  const int exponent = QStringView(text).mid(e + 1).toInt();
  return withRealMinus(text.left(e + 1) + QString::number(exponent));
}

QString valueText(double value) {
  if (!std::isfinite(value)) return notFinite(value);
  const double size = std::abs(value);
  if (size == 0) return QStringLiteral("0");
  if (size < 0.01 || size >= 1e7) return scientificText(value);
  if (size >= 1000) return fixedText(value, 0);
  if (size >= 100) return fixedText(value, 1);
  return fixedText(value, size >= 10 ? 2 : 3);
}

QString ratioText(double ratio) {
  if (!std::isfinite(ratio)) return notFinite(ratio);
  const double size = std::abs(ratio);
  if (size >= 1e7 || (size > 0 && size < 0.05)) return scientificText(ratio);
  return fixedText(ratio, size >= 1000 ? 0 : 1);
}

QString countText(std::int64_t count) {
  return fixedText(static_cast<double>(count), 0);
}

QString sizeText(std::uint64_t bytes) {
  static constexpr std::array<const char*, 5> kUnits = {"B", "KiB", "MiB", "GiB", "TiB"};
  double size = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (size >= (unit == 0 ? 1024.0 : 10000.0) && unit + 1 < kUnits.size()) size /= 1024, ++unit;
  const int decimals = unit == 0 || size >= 100 ? 0 : size >= 10 ? 1 : 2;
  return fixedText(size, decimals) + kNarrowSpace + QLatin1String(kUnits[unit]);
}

QString bitsText(double bitsPerWeight) {
  return fixedText(bitsPerWeight, 3);
}

QString dimensionsText(std::int64_t out, std::int64_t in) {
  return countText(out) + QLatin1Char(' ') + kTimes + QLatin1Char(' ') + countText(in);
}

QString pluralText(std::int64_t count, const QString& one, const QString& many) {
  return countText(count) + QLatin1Char(' ') + (count == 1 ? one : many);
}

QString tickText(double value) {
  if (!std::isfinite(value)) return notFinite(value);
  const double size = std::abs(value);
  if (size == 0) return QStringLiteral("0");
  if (size < 0.99e-3 || size >= 0.99e6) {
    QString text = scientificText(value, 2);  // 1.00e6 -> 1e6, 2.50e-5 -> 2.5e-5
    const qsizetype e = text.indexOf(QLatin1Char('e'));
    qsizetype end = e;
    while (end > 0 && text[end - 1] == QLatin1Char('0')) --end;
    if (end > 0 && text[end - 1] == QLatin1Char('.')) --end;
    return text.left(end) + text.mid(e);
  }
  QString text = fixedText(value, size >= 100 ? 1 : 6);
  if (text.contains(QLatin1Char('.'))) {
    while (text.endsWith(QLatin1Char('0'))) text.chop(1);
    if (text.endsWith(QLatin1Char('.'))) text.chop(1);
  }
  return text;
}

QString plainNumber(float value) {
  if (std::isnan(value)) return QStringLiteral("nan");
  if (std::isinf(value)) return value > 0 ? QStringLiteral("inf") : QStringLiteral("-inf");
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  return QString::fromLatin1(buffer.data(), end - buffer.data());
}

}  // namespace ql
