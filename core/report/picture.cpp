#include "core/report/picture.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace ql::report {
namespace {

std::string attribute(std::string_view name, double value) {
  return " " + std::string(name) + "=\"" + coordinate(value) + "\"";
}

std::string classOf(std::string_view style) {
  return " class=\"" + std::string(style) + "\"";
}

/// "/>" or, with a tip, the tip inside.
std::string closed(std::string_view element, std::string_view tip) {
  if (tip.empty()) return "/>";
  return "><title>" + escaped(tip) + "</title></" + std::string(element) + ">";
}

std::string pointList(const std::vector<Point>& points) {
  std::string text;
  for (const Point& point : points)
    text += (text.empty() ? "" : " ") + coordinate(point.x) + "," + coordinate(point.y);
  return text;
}

double polynomial(double t, const std::array<double, 6>& c) {
  return c[0] + t * (c[1] + t * (c[2] + t * (c[3] + t * (c[4] + t * c[5]))));
}

std::array<int, 3> cividisBytes(double fraction) {
  const double t = std::isfinite(fraction) ? std::clamp(fraction, 0.0, 1.0) : 0;
  const auto byte = [](double value) { return static_cast<int>(std::lround(std::clamp(value, 0.0, 255.0))); };
  return {byte(polynomial(t, {-4.54, -35.34, 2381.73, -6402.7, 7024.72, -2710.57})),
          byte(polynomial(t, {32.49, 170.73, 52.82, -131.46, 176.58, -67.37})),
          byte(polynomial(t, {81.24, 442.36, -2482.43, 6167.24, -6614.94, 2475.67}))};
}

std::string general(double value) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, value, std::chars_format::general, 6).ptr};
}

}  // namespace

void Picture::line(Point from, Point to, std::string_view style) {
  m_body += "<line" + classOf(style) + attribute("x1", from.x) + attribute("y1", from.y) +
            attribute("x2", to.x) + attribute("y2", to.y) + "/>";
}

void Picture::rect(double x, double y, double width, double height, std::string_view style,
                   std::string_view tip) {
  m_body += "<rect" + classOf(style) + attribute("x", x) + attribute("y", y) + attribute("width", width) +
            attribute("height", height) + closed("rect", tip);
}

void Picture::cell(double x, double y, double width, double height, std::string_view color,
                   std::string_view tip) {
  m_body += "<rect fill=\"" + std::string(color) + "\"" + attribute("x", x) + attribute("y", y) +
            attribute("width", width) + attribute("height", height) + closed("rect", tip);
}

void Picture::circle(Point centre, double radius, std::string_view style, std::string_view tip) {
  m_body += "<circle" + classOf(style) + attribute("cx", centre.x) + attribute("cy", centre.y) +
            attribute("r", radius) + closed("circle", tip);
}

void Picture::polyline(const std::vector<Point>& points, std::string_view style) {
  m_body += "<polyline" + classOf(style) + " points=\"" + pointList(points) + "\"/>";
}

void Picture::triangle(Point a, Point b, Point c, std::string_view style) {
  m_body += "<polygon" + classOf(style) + " points=\"" + pointList({a, b, c}) + "\"/>";
}

void Picture::text(Point at, Anchor anchor, std::string_view text, std::string_view style) {
  m_body += "<text" + classOf(style) + attribute("x", at.x) + attribute("y", at.y);
  if (anchor != Anchor::Start)
    m_body += anchor == Anchor::Middle ? " text-anchor=\"middle\"" : " text-anchor=\"end\"";
  m_body += ">" + escaped(text) + "</text>";
}

void Picture::verticalText(Point centre, std::string_view text) {
  const std::string at = coordinate(centre.x) + " " + coordinate(centre.y);
  m_body += "<text class=\"s\" text-anchor=\"middle\" transform=\"translate(" + at + ") rotate(-90)\">" +
            escaped(text) + "</text>";
}

std::string Picture::svg(std::string_view title) const {
  return "<svg role=\"img\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + coordinate(m_width) + " " +
         coordinate(m_height) + "\" width=\"" + coordinate(m_width) + "\" height=\"" + coordinate(m_height) +
         "\" aria-label=\"" + escaped(title) + "\">" + m_body + "</svg>\n";
}

LogAxis::LogAxis(double lo, double hi, int maxDecades, double pixelLo, double pixelHi)
    : m_pixelLo(pixelLo), m_pixelHi(pixelHi) {
  const bool isUsable = std::isfinite(lo) && std::isfinite(hi) && hi > 0;
  const double top = isUsable ? std::clamp(hi, 1e-30, 1e30) : 1;
  const double bottom = isUsable && lo > 0 ? std::clamp(lo, 1e-30, top) : top / 10;
  constexpr double kSlack = 1e-9;  // a power of ten stays its own end
  m_to = static_cast<int>(std::ceil(std::log10(top) - kSlack));
  m_from = static_cast<int>(std::floor(std::log10(bottom) + kSlack));
  m_from = std::clamp(m_from, m_to - maxDecades, m_to - 1);
}

double LogAxis::fraction(double value) const {
  if (!(value > 0)) return 0;
  return std::clamp((std::log10(value) - m_from) / (m_to - m_from), 0.0, 1.0);
}

double LogAxis::pixel(double value) const {
  return m_pixelLo + (m_pixelHi - m_pixelLo) * fraction(value);
}

std::vector<double> LogAxis::ticks() const {
  std::vector<double> values;
  const int decades = m_to - m_from;
  for (int e = m_from; e <= m_to; e += decades > 6 ? 2 : 1)
    for (const double step : {1.0, 2.0, 5.0}) {
      if (step > 1 && (decades > 2 || e == m_to)) continue;
      values.push_back(step * std::pow(10.0, e));
    }
  return values;
}

std::string percentTick(double fraction) {
  const double percents = fraction * 100;
  return percents >= 1e-3 ? typeset(general(percents) + " %") : valueTick(percents) + typeset(" %");
}

std::string valueTick(double value) {
  if (value != 0 && (std::abs(value) < 1e-3 || std::abs(value) >= 1e5)) {
    const int exponent = static_cast<int>(std::floor(std::log10(std::abs(value)) + 1e-9));
    return typeset(general(value / std::pow(10.0, exponent)) + (exponent < 0 ? "e-" : "e+") +
                   std::to_string(std::abs(exponent)));
  }
  return general(value);
}

std::string cividis(double fraction) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text = "#";
  for (const int byte : cividisBytes(fraction)) {
    text += kDigits[static_cast<std::size_t>(byte / 16)];
    text += kDigits[static_cast<std::size_t>(byte % 16)];
  }
  return text;
}

std::string_view textOnCividis(double fraction) {
  const auto linear = [](int byte) {
    const double c = byte / 255.0;
    return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
  };
  const auto [red, green, blue] = cividisBytes(fraction);
  const double y = 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
  return (y + 0.05) / 0.05 > 1.05 / (y + 0.05) ? "dark" : "light";
}

}  // namespace ql::report
