#pragma once
// The colours, type sizes and distances of the window, light and dark. Everything that paints takes them from
// here; the main window builds its QPalette and style sheet from it. The current theme follows the
// application's palette, so there is no second switch to keep in step.
#include <QColor>
#include <QFont>

namespace ql {

/// One set of colours. Text colours keep at least 4.5:1 on every ground they are used on; `faint` is not for
/// dock titles.
struct Theme {
  bool isDark = false;
  QColor window;  // behind docks, bars and forms
  QColor base;    // canvas and tables
  QColor dockTitle, tableHeader;
  QColor line;     // 1 px separators
  QColor outline;  // of controls
  QColor grid;     // of plots
  QColor text, secondary, faint;
  QColor accent, selected,
      current;      // accent text and edges; ground of selected rows; ground of the current row
  QColor onAccent;  // text on an accent-filled button
  QColor finding, findingGround;
  QColor good, goodGround;
  QColor warning;
  QColor weight, activation, gain,
      smoothing;         // W, X, norm weight g, S: the same in curves, marginals and legends
  QColor nan, infinity;  // cells that are not numbers: #d000d0 hatched, #00c8d8
};

const Theme& lightTheme();
const Theme& darkTheme();
/// The theme that fits the application's palette: dark when its window colour is.
const Theme& currentTheme();

/// Distances in logical pixels at a 12 px body font.
namespace metrics {
inline constexpr int kUnit = 4;
inline constexpr int kControlGap = 4, kGap = 8, kInspectorPadding = 12;
inline constexpr int kMenuBar = 28, kToolbar = 40, kDockTitle = 28, kViewToolbar = 32;
inline constexpr int kTableRow = 22, kTableHeader = 24, kTreeRow = 22, kReadoutRow = 20, kStatusBar = 24;
inline constexpr int kButton = 26, kSmallButton = 22, kField = 24, kRadius = 3;
}  // namespace metrics

/// What a piece of text is for; sizes follow the application font (12 px body, 11 px axes, ...).
enum class FontRole { Body, Semibold, Axis, AxisSemibold, Mono, Heading, Title };

/// Application font size over 12 px: multiply distances by it.
double uiScale();
/// The font of a role at the current application font size. GUI thread.
QFont uiFont(FontRole role);
/// The family to give the application: Noto Sans when it is installed, else DejaVu Sans, else the system's
/// default.
QString preferredFontFamily();

/// Black or white, whichever contrasts more (WCAG 2.1 relative luminance).
QColor contrastText(const QColor& ground);
/// WCAG 2.1 contrast ratio of two opaque colours, 1..21.
double contrastRatio(const QColor& a, const QColor& b);
/// `over` at `opacity` (0..1) on `ground`, opaque.
QColor blend(const QColor& ground, const QColor& over, double opacity);

}  // namespace ql
