#pragma once
// Figures for papers and slides: any view at a chosen size with a title above it, as SVG, PDF or PNG, and its
// numbers as CSV beside it.
#include "widgets/bridge/theme.h"

#include <QImage>
#include <QSize>
#include <QString>

#include <functional>
#include <optional>

namespace ql {

class Canvas;
class CanvasView;

enum class FigureFormat { Png, Svg, Pdf };

/// By the ending of a file name; nothing for others.
std::optional<FigureFormat> figureFormatOf(const QString& path);
/// ".png"
QString figureEnding(FigureFormat format);

struct FigureOptions {
  QSize size{960, 600};  // of the whole figure, logical pixels: 96 an inch
  double dpi = 192;      // of PNG, and of pictures inside SVG and PDF
  QString title;         // above the view; empty = no line for it
  bool isDark = false;
};

inline constexpr int kLeastFigure = 64, kLargestFigure = 16384;  // device pixels a side
inline constexpr double kFigureDpi = 96;                         // logical pixels an inch

/// What is unusable about the options, as one sentence; empty when nothing is.
QString figureProblem(const FigureOptions& options);

/// As it will be, in as many device pixels as fit `box`. The view is not waited for and keeps its size.
QImage figurePreview(CanvasView& view, const FigureOptions& options, QSize box, double devicePixelRatio);

/// Waits until the view is settled at that size (it spins the event loop), writes atomically in the format of
/// the name's ending. Leaves the view at that size; a canvas that shows it takes it back. Throws Error(Io)
/// naming the file, Error(Usage) for options or an ending that cannot be.
void saveFigure(CanvasView& view, const FigureOptions& options, const QString& path);

/// "figure.pdf" -> "figure.csv"
QString numbersPath(const QString& figurePath);
/// The numbers that the view shows, comma-separated, UTF-8; empty when it has none. Throws Error(Unsupported)
/// when there are more than a million.
QByteArray figureNumbers(const CanvasView& view);
/// Writes figureNumbers() atomically. Throws Error(Io) and what figureNumbers() throws.
void saveNumbers(const CanvasView& view, const QString& path);

/// Tab-separated text as CSV (RFC 4180): quoted where needed.
QString csvFromTabs(const QString& text);

/// The title that a figure of this canvas begins with; the window knows model, linear and scheme. Without a
/// maker it is the title of the canvas' table.
using FigureTitleMaker = std::function<QString(const Canvas&)>;
void setFigureTitleMaker(FigureTitleMaker maker);
QString figureTitle(const Canvas& canvas);

/// The dialog (panels/figure_dialog.cpp), modal to the canvas' window.
void showFigureDialog(Canvas& canvas);

}  // namespace ql
