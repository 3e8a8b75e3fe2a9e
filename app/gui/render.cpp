#include "app/gui/render.h"

#include "core/base/error.h"
#include "widgets/bridge/calibration_control.h"
#include "widgets/bridge/session.h"
#include "widgets/bridge/smoothing_control.h"
#include "widgets/bridge/theme.h"
#include "widgets/canvas/canvas.h"
#include "widgets/canvas/figure.h"
#include "widgets/main_window.h"
#include "widgets/panels/channel_panel.h"
#include "widgets/panels/matrix_panel.h"
#include "widgets/panels/matrix_view.h"
#include "widgets/panels/message_bar.h"
#include "widgets/panels/method_panel.h"
#include "widgets/panels/overview_panel.h"
#include "widgets/panels/smoothing_panel.h"
#include "widgets/panels/start_page.h"
#include "widgets/work_area.h"

#include <QApplication>
#include <QElapsedTimer>
#include <QEventLoop>
#include <QImage>
#include <QTextStream>
#include <QTimer>

#include <algorithm>
#include <functional>

namespace ql {

namespace {

constexpr int kLookMs = 20;
constexpr int kQuietMs = 250;  // nothing ran for so long: what is shown is final

int fail(const QString& text) {
  QTextStream(stderr) << "quantloupe: " << text << '\n';
  return 2;
}

/// Spins the event loop until `isDone` has held without a break for kQuietMs.
void waitUntil(const std::function<bool()>& isDone) {
  QEventLoop loop;
  QElapsedTimer quiet;
  quiet.start();
  QTimer look;  // sleeps in between: the workers need the cores
  QObject::connect(&look, &QTimer::timeout, &loop, [&] {
    if (!isDone()) quiet.restart();
    if (quiet.elapsed() >= kQuietMs) loop.quit();
  });
  look.start(kLookMs);
  loop.exec();
}

/// Keeps the first error that is reported.
void watchErrors(Session* session, QString* error) {
  QObject::connect(session, &Session::message, session, [error](const QString& text, bool isError) {
    if (isError && error->isEmpty()) *error = text;
  });
}

bool openInput(MainWindow& window, const QString& path, QString* error) {
  bool isOpen = false;
  window.openPath(path, [&isOpen] { isOpen = true; });
  waitUntil([&] {
    return (isOpen || !error->isEmpty() || window.session()->model()) && !window.session()->jobs()->isBusy();
  });
  return window.session()->model() && error->isEmpty();
}

QString chooseLayer(Session* session, const QString& name) {
  const Model& model = *session->model();
  if (!name.isEmpty()) {
    const std::optional<LinearId> id = model.find(name.toStdString());
    if (!id)
      return QStringLiteral("--layer %1: the model has no linear of that name; `qloupe inspect` lists them.")
          .arg(name);
    session->selection()->selectOnly(*id);
    return {};
  }
  for (LinearId id = 0; id < model.linears.size(); ++id)
    if (session->isFlagged(id)) {
      session->selection()->selectOnly(id);
      return {};
    }
  return {};
}

Canvas* canvasOf(MainWindow& window, const QString& view) {
  if (view == QLatin1String("overview")) return window.workArea()->overview()->findChild<Canvas*>();
  if (view == QLatin1String("matrix") || view == QLatin1String("activations"))
    return window.workArea()->matrix()->findChild<Canvas*>();
  if (view == QLatin1String("surface")) return window.workArea()->matrix()->surfaceCanvas();
  return window.workArea()->channels()->findChild<Canvas*>();
}

int writeCanvas(CanvasView& view, const GuiOptions& options) {
  FigureOptions figure;
  figure.size = options.size;
  figure.dpi = figureFormatOf(options.output) == FigureFormat::Png ? kFigureDpi : 2 * kFigureDpi;
  figure.title = options.title;
  figure.isDark = currentTheme().isDark;
  try {
    saveFigure(view, figure, options.output);
  } catch (const Error& e) {
    return fail(QString::fromUtf8(e.what()));
  }
  return 0;
}

bool areCanvasesSettled(const MainWindow& window) {
  for (const Canvas* canvas : window.findChildren<Canvas*>())
    // One that the window has squeezed away is never painted and so never asks for its data.
    if (canvas->isVisible() && canvas->height() > 40 && !canvas->view()->isSettled()) return false;
  return true;
}

int writeWindow(QWidget& window, const QString& path) {
  const QPixmap picture = window.grab();
  return picture.save(path)
             ? 0
             : fail(QStringLiteral(
                        "%1 cannot be written; choose a folder that exists and a name ending in .png.")
                        .arg(path));
}

/// A page of the centre alone, at the asked-for size.
int writePage(MainWindow& window, QWidget* page, const GuiOptions& options,
              const std::function<bool()>& isSettled) {
  page->setParent(nullptr);
  page->resize(options.size);
  page->show();
  waitUntil([&] { return window.session()->jobs()->isIdle() && isSettled(); });
  const int code = writeWindow(*page, options.output);
  delete page;
  return code;
}

/// The view of a method, with its page around it.
int writeMethod(MainWindow& window, const GuiOptions& options) {
  MethodPanel* page = window.workArea()->methods();
  page->showView(options.render.toStdString());
  return writePage(window, page, options, [page] {
    const auto canvases = page->findChildren<Canvas*>();
    return std::all_of(canvases.begin(), canvases.end(), [](const Canvas* canvas) {
      return !canvas->isVisible() || canvas->view()->isSettled();
    });
  });
}

bool isMethod(const QString& view) {
  const std::vector<std::string> names = MethodPanel::viewNames();
  return std::find(names.begin(), names.end(), view.toStdString()) != names.end();
}

/// The Smoothing page alone, at the asked-for size.
int writeSmoothing(MainWindow& window, const GuiOptions& options) {
  const SmoothingControl* control = window.session()->smoothing();
  if (!control->group())
    return fail(
        QStringLiteral("--render smoothing: this linear has nothing in front that could be smoothed; name "
                       "another one with --layer."));
  if (!control->problem().isEmpty() && !window.session()->calibration()->hasActivations())
    return fail(control->problem() + QStringLiteral(" Run `qloupe analyze MODEL --calibration TEXT` first."));
  SmoothingPanel* page = window.workArea()->smoothing();
  return writePage(window, page, options, [page] { return page->isSettled(); });
}

}  // namespace

int renderPicture(const GuiOptions& options) {
  MainWindow window;
  const bool isWindow = options.render == QLatin1String("main") || options.render == QLatin1String("start");
  window.resize(isWindow ? options.size : QSize(1600, 1000));  // a single view is drawn at its own size below
  QString error;
  watchErrors(window.session(), &error);
  window.show();
  const bool isStart = options.render == QLatin1String("start");
  if (isStart) {
    waitUntil([&] { return window.startPage()->isComplete() || !error.isEmpty(); });
    return error.isEmpty() ? writeWindow(window, options.output) : fail(error);
  }
  if (!openInput(window, options.model, &error)) return fail(error);
  if (!options.plan.isEmpty() && !openInput(window, options.plan, &error)) return fail(error);
  if (const QString problem = chooseLayer(window.session(), options.layer); !problem.isEmpty())
    return fail(problem);
  MatrixPanel* matrix = window.workArea()->matrix();
  if (options.render == QLatin1String("activations")) matrix->setQuantity(MatrixQuantity::Activations);
  if (options.render == QLatin1String("surface")) matrix->setSurface(true);
  const bool isSmoothing = options.render == QLatin1String("smoothing");
  if (isSmoothing) window.workArea()->showPage(CentrePage::Smoothing);
  if (isMethod(options.render)) {
    window.workArea()->showPage(CentrePage::Methods);
    window.workArea()->methods()->showView(options.render.toStdString());
  }
  waitUntil([&] { return window.session()->jobs()->isIdle() && areCanvasesSettled(window); });
  if (options.render == QLatin1String("activations") && !matrix->view()->content()->tokens)
    return fail(matrix->view()->problem() +
                QStringLiteral(" Run `qloupe analyze MODEL --calibration TEXT` first."));
  window.messageBar()->clear();
  waitUntil([&] { return areCanvasesSettled(window); });
  if (options.render == QLatin1String("main")) return writeWindow(window, options.output);
  if (isSmoothing) return writeSmoothing(window, options);
  if (isMethod(options.render)) return writeMethod(window, options);
  return writeCanvas(*canvasOf(window, options.render)->view(), options);
}

}  // namespace ql
