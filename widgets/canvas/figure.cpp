#include "widgets/canvas/figure.h"

#include "core/base/error.h"
#include "widgets/canvas/canvas.h"
#include "widgets/canvas/qpainter_backend.h"

#include <QAbstractItemModel>
#include <QBuffer>
#include <QCoreApplication>
#include <QFileInfo>
#include <QPageSize>
#include <QPainter>
#include <QPdfWriter>
#include <QSaveFile>
#include <QSvgGenerator>

#include <algorithm>
#include <cmath>

namespace ql {

namespace {

constexpr qint64 kMostNumbers = 1'000'000;
constexpr int kPdfResolution = 1200;  // of positions; pictures have the figure's own
constexpr double kMmPerInch = 25.4;

QString tr(const char* source) {
  return QCoreApplication::translate("ql::Figure", source);
}

const Theme& themeOf(const FigureOptions& options) {
  return options.isDark ? darkTheme() : lightTheme();
}

[[noreturn]] void throwNotWritten(const QString& path, const QString& reason) {
  throw Error(ErrorCode::Io, tr("%1 could not be written: %2. Choose another folder or free some space.")
                                 .arg(path, reason)
                                 .toStdString());
}

/// Logical pixels of the title's line.
int titleHeight(const FigureOptions& options) {
  return options.title.isEmpty() ? 0 : static_cast<int>(std::lround(32 * uiScale()));
}

QSize viewSize(const FigureOptions& options) {
  return {options.size.width(), std::max(1, options.size.height() - titleHeight(options))};
}

void writeFile(const QString& path, const QByteArray& bytes) {
  QSaveFile file(path);
  if (!file.open(QIODevice::WriteOnly)) throwNotWritten(path, file.errorString());
  if (file.write(bytes) != bytes.size() || !file.commit()) throwNotWritten(path, file.errorString());
}

/// Ground, title and view; the painter's unit is a logical pixel.
void drawFigure(QPainter& painter, CanvasView& view, const FigureOptions& options, double pixelRatio) {
  const Theme& theme = themeOf(options);
  const int top = titleHeight(options);
  QPainterBackend frame(painter, pixelRatio);
  frame.fillRect(QRectF(QPointF(0, 0), QSizeF(options.size)), theme.base);
  if (top > 0) {
    const double margin = 12 * uiScale();
    const QString title = frame.elided(options.title, options.size.width() - 2 * margin, FontRole::Semibold);
    frame.text({margin, top - 10.0 * uiScale()}, title, theme.text, FontRole::Semibold,
               {TextAlign::Left, TextAlign::Baseline});
  }
  painter.translate(0, frame.snap(top));
  QPainterBackend inner(painter, pixelRatio);
  view.draw(inner, theme);
}

QImage imageOf(CanvasView& view, const FigureOptions& options, double pixelRatio) {
  QImage image((QSizeF(options.size) * pixelRatio).toSize(), QImage::Format_RGB32);
  image.setDevicePixelRatio(pixelRatio);
  image.fill(themeOf(options).base);
  QPainter painter(&image);
  drawFigure(painter, view, options, pixelRatio);
  return image;
}

QByteArray pngOf(CanvasView& view, const FigureOptions& options) {
  QImage image = imageOf(view, options, options.dpi / kFigureDpi);
  image.setDevicePixelRatio(1);
  const int dotsPerMeter = static_cast<int>(std::lround(options.dpi / kMmPerInch * 1000));
  image.setDotsPerMeterX(dotsPerMeter);
  image.setDotsPerMeterY(dotsPerMeter);
  QByteArray bytes;
  QBuffer buffer(&bytes);
  buffer.open(QIODevice::WriteOnly);
  image.save(&buffer, "PNG");
  return bytes;
}

QByteArray svgOf(CanvasView& view, const FigureOptions& options) {
  QByteArray bytes;
  QBuffer buffer(&bytes);
  buffer.open(QIODevice::WriteOnly);
  QSvgGenerator generator;
  generator.setOutputDevice(&buffer);
  generator.setSize(options.size);
  generator.setViewBox(QRect(QPoint(0, 0), options.size));
  generator.setResolution(static_cast<int>(kFigureDpi));
  generator.setTitle(options.title);
  QPainter painter(&generator);
  drawFigure(painter, view, options, options.dpi / kFigureDpi);
  painter.end();
  return bytes;
}

QByteArray pdfOf(CanvasView& view, const FigureOptions& options) {
  QByteArray bytes;
  QBuffer buffer(&bytes);
  buffer.open(QIODevice::WriteOnly);
  QPdfWriter writer(&buffer);
  writer.setPageSize(QPageSize(QSizeF(options.size) * (kMmPerInch / kFigureDpi), QPageSize::Millimeter, {},
                               QPageSize::ExactMatch));
  writer.setPageMargins(QMarginsF(0, 0, 0, 0));
  writer.setResolution(kPdfResolution);
  writer.setTitle(options.title);
  writer.setCreator(QStringLiteral("QuantLoupe"));
  QPainter painter(&writer);
  painter.scale(kPdfResolution / kFigureDpi, kPdfResolution / kFigureDpi);
  drawFigure(painter, view, options, options.dpi / kFigureDpi);
  painter.end();
  return bytes;
}

/// Gives a view its size back.
class ViewportScope {
 public:
  explicit ViewportScope(CanvasView& view)
      : m_view(view), m_size(view.size()), m_ratio(view.devicePixelRatio()) {}
  ~ViewportScope() {
    if (!m_size.isEmpty()) m_view.setViewport(m_size, m_ratio);
  }
  ViewportScope(const ViewportScope&) = delete;
  ViewportScope& operator=(const ViewportScope&) = delete;

 private:
  CanvasView& m_view;
  QSizeF m_size;
  double m_ratio;
};

QString tableAsTabs(const QAbstractItemModel& model) {
  QString text;
  for (int column = 0; column < model.columnCount(); ++column)
    text += QLatin1Char('\t') + model.headerData(column, Qt::Horizontal).toString();
  for (int row = 0; row < model.rowCount(); ++row) {
    text += QLatin1Char('\n') + model.headerData(row, Qt::Vertical).toString();
    for (int column = 0; column < model.columnCount(); ++column)
      text += QLatin1Char('\t') + model.index(row, column).data().toString();
  }
  return text;
}

FigureTitleMaker& titleMaker() {
  static FigureTitleMaker maker;
  return maker;
}

}  // namespace

std::optional<FigureFormat> figureFormatOf(const QString& path) {
  const QString ending = QFileInfo(path).suffix().toLower();
  if (ending == QLatin1String("png")) return FigureFormat::Png;
  if (ending == QLatin1String("svg")) return FigureFormat::Svg;
  if (ending == QLatin1String("pdf")) return FigureFormat::Pdf;
  return std::nullopt;
}

QString figureEnding(FigureFormat format) {
  switch (format) {
    case FigureFormat::Svg:
      return QStringLiteral(".svg");
    case FigureFormat::Pdf:
      return QStringLiteral(".pdf");
    default:
      return QStringLiteral(".png");
  }
}

QString figureProblem(const FigureOptions& options) {
  if (!(options.dpi >= 24) || options.dpi > 2400)
    return tr("The resolution must be between 24 and 2,400 dpi.");
  const double ratio = options.dpi / kFigureDpi;
  for (const int side : {options.size.width(), options.size.height()})
    if (side < kLeastFigure || side * ratio > kLargestFigure)
      return tr(
          "Both sides must be at least 64 pixels on the screen and at most 16,384 pixels at the "
          "chosen resolution.");
  return {};
}

QImage figurePreview(CanvasView& view, const FigureOptions& options, QSize box, double devicePixelRatio) {
  const ViewportScope keep(view);
  const QSizeF fitting = QSizeF(options.size).scaled(QSizeF(box) * devicePixelRatio, Qt::KeepAspectRatio);
  const double ratio = std::clamp(fitting.width() / options.size.width(), 0.05, 4.0);
  view.setViewport(QSizeF(viewSize(options)), ratio);
  QImage image = imageOf(view, options, ratio);
  image.setDevicePixelRatio(devicePixelRatio);
  return image;
}

void saveFigure(CanvasView& view, const FigureOptions& options, const QString& path) {
  const std::optional<FigureFormat> format = figureFormatOf(path);
  if (!format)
    throw Error(ErrorCode::Usage,
                tr("%1: the name of a figure ends in .png, .svg or .pdf.").arg(path).toStdString());
  if (const QString problem = figureProblem(options); !problem.isEmpty())
    throw Error(ErrorCode::Usage, problem.toStdString());
  if (!QFileInfo(QFileInfo(path).absolutePath()).isDir())
    throwNotWritten(path, tr("the folder does not exist"));
  const double ratio = options.dpi / kFigureDpi;
  renderSettled(view, viewSize(options), ratio, themeOf(options));
  view.setViewport(QSizeF(viewSize(options)), ratio);
  writeFile(path, *format == FigureFormat::Svg   ? svgOf(view, options)
                  : *format == FigureFormat::Pdf ? pdfOf(view, options)
                                                 : pngOf(view, options));
  view.repaint();  // a canvas gives it its own size again
}

QString numbersPath(const QString& figurePath) {
  const QFileInfo file(figurePath);
  return file.path() + QLatin1Char('/') + file.completeBaseName() + QStringLiteral(".csv");
}

QByteArray figureNumbers(const CanvasView& view) {
  const QString copied = view.copyText();
  // One line below the header may be the cell under the cursor alone: then the table says more.
  if (copied.count(QLatin1Char('\n')) < 2) {
    if (const auto table = view.table()) {
      const qint64 count = qint64{table->rowCount()} * table->columnCount();
      if (count > kMostNumbers)
        throw Error(
            ErrorCode::Unsupported,
            tr("The view shows %L1 numbers, more than a million: zoom in to save them as CSV, or save "
               "the picture alone.")
                .arg(count)
                .toStdString());
      if (count > 0) return csvFromTabs(tableAsTabs(*table)).toUtf8() + '\n';
    }
  }
  return copied.isEmpty() ? QByteArray() : csvFromTabs(copied).toUtf8() + '\n';
}

void saveNumbers(const CanvasView& view, const QString& path) {
  writeFile(path, figureNumbers(view));
}

QString csvFromTabs(const QString& text) {
  QStringList lines;
  for (const QString& line : text.split(QLatin1Char('\n'))) {
    QStringList fields = line.split(QLatin1Char('\t'));
    for (QString& field : fields) {
      if (field.contains(QLatin1Char(',')) || field.contains(QLatin1Char('"')))
        field = QLatin1Char('"') + field.replace(QLatin1Char('"'), QLatin1String("\"\"")) + QLatin1Char('"');
    }
    lines << fields.join(QLatin1Char(','));
  }
  return lines.join(QLatin1Char('\n'));
}

void setFigureTitleMaker(FigureTitleMaker maker) {
  titleMaker() = std::move(maker);
}

QString figureTitle(const Canvas& canvas) {
  const QString made = titleMaker() ? titleMaker()(canvas) : QString();
  if (!made.isEmpty()) return made;
  const QString title = canvas.view()->tableTitle();
  return title.isEmpty() ? canvas.accessibleName() : title;
}

}  // namespace ql
