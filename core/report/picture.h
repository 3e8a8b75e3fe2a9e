#pragma once
// An inline SVG being drawn: shapes whose colours are classes of the report's style sheet, so that one
// picture serves the light and the dark page and the printer.
#include "core/report/html_text.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ql::report {

struct Point {
  double x = 0, y = 0;
};

enum class Anchor { Start, Middle, End };

class Picture {
 public:
  Picture(double width, double height) : m_width(width), m_height(height) {}

  double width() const { return m_width; }
  double height() const { return m_height; }

  // `style` is a class of report_style.h; texts and tips are plain text and escaped here, `markup` is not
  void line(Point from, Point to, std::string_view style);
  void rect(double x, double y, double width, double height, std::string_view style,
            std::string_view tip = {});
  /// With a colour of its own: "#00204c".
  void cell(double x, double y, double width, double height, std::string_view color, std::string_view tip);
  void circle(Point centre, double radius, std::string_view style, std::string_view tip = {});
  void polyline(const std::vector<Point>& points, std::string_view style);
  void triangle(Point a, Point b, Point c, std::string_view style);
  void text(Point at, Anchor anchor, std::string_view text, std::string_view style = "s");
  /// A quarter turned to the left, centred.
  void verticalText(Point centre, std::string_view text);
  void markup(std::string_view svg) { m_body += svg; }

  /// The element; `title` is read to those who do not see it.
  std::string svg(std::string_view title) const;

 private:
  double m_width, m_height;
  std::string m_body;
};

/// A logarithmic axis whose ends are decades; values below the lower end lie on it.
class LogAxis {
 public:
  /// Holds every finite value > 0 of lo..hi; at most `maxDecades` below hi.
  LogAxis(double lo, double hi, int maxDecades, double pixelLo, double pixelHi);
  double pixel(double value) const;
  double fraction(double value) const;  // 0..1, clamped
  /// 1-2-5 steps on up to two decades, else decades (every second one on long axes).
  std::vector<double> ticks() const;

 private:
  int m_from, m_to;  // exponents of 10
  double m_pixelLo, m_pixelHi;
};

/// "0.1 %" for ticks; and "0.01", "1e-4", "20" for magnitudes.
std::string percentTick(double fraction);
std::string valueTick(double value);

/// The colour map cividis at 0..1 as "#rrggbb"; bright = large. Nunez, Anderton and Renslow 2018 (PLoS ONE
/// 13(7): e0199239), by the degree-5 polynomial fit of d3-scale-chromatic.
std::string cividis(double fraction);
/// "dark" or "light": the class of text that contrasts more on cividis(fraction) (WCAG 2.1 luminance).
std::string_view textOnCividis(double fraction);

}  // namespace ql::report
