// What the matrix view costs on a 70B-shaped matrix: the first picture after the click, and what the GUI
// thread is held by while zooming and panning. Raster renderer, so that it runs anywhere; with OpenGL the
// drawing is the GPU's.
#include "core/stats/matrix_view.h"
#include "core/stats/tile_pyramid.h"
#include "core/stats/weight_stats.h"
#include "machine.h"
#include "widgets/panels/matrix_view.h"

#include <QApplication>
#include <QPainter>

#include <chrono>
#include <cstdio>
#include <memory>

namespace {

using namespace ql;

constexpr QSize kCanvas(1600, 1000);
constexpr double kGuiLimitMs = 16, kFirstPictureLimitMs = 300;

double millisecondsOf(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

void print(const char* what, const std::vector<double>& ms, double limit) {
  std::printf("%-46s p50 %7.2f ms   p95 %7.2f ms   worst %7.2f ms   %.2f of %.0f ms\n", what,
              bench::quantile(ms, 0.5), bench::quantile(ms, 0.95), bench::quantile(ms, 1),
              bench::quantile(ms, 0.95) / limit, limit);
}

CanvasEvent eventAt(CanvasEvent::Type type, QPointF at) {
  CanvasEvent event;
  event.type = type;
  event.position = at;
  return event;
}

// The view with its jobs done in between, so that only what the GUI thread does is timed.
class Bench {
 public:
  Bench(const bench::BenchMatrix& source, int threads) : m_source(source), m_job(threads) {
    QObject::connect(&m_view, &MatrixView::imageWanted, &m_view,
                     [this](const MatrixRequest& request) { m_request = request; });
    auto content = std::make_shared<MatrixContent>();
    content->name = QStringLiteral("bench");
    content->matrix = source.matrix();
    content->out = content->matrix.out;
    content->in = content->matrix.in;
    content->groupColumns = 128;
    content->stats = std::make_shared<const WeightStats>(measureWeights(source, content->matrix, {}, m_job));
    m_view.setContent(content);
    m_stored = std::shared_ptr<const TilePyramid>(content->stats, &content->stats->pyramid);
    m_levels = {content->stats->summary.medianAbs, content->stats->summary.absmax};
  }

  void firstPicture() {
    const double ms = millisecondsOf([this] {
      m_view.setLevels(m_levels);
      frame();
      answer(m_stored.get(), nullptr);
      frame();
    });
    print("first picture from the stored pyramid", {ms}, kFirstPictureLimitMs);
  }

  void refine() {
    const double ms = millisecondsOf([this] {
      m_fine = std::make_shared<const TilePyramid>(buildPyramid(m_source, m_source.matrix(), 8, m_job));
    });
    std::printf("%-46s %7.1f ms (once a matrix, in the background)\n", "pyramid of 8 x 8 tiles", ms);
  }

  void zoomAndPan() {
    std::vector<double> gui, jobs;
    const auto step = [&](const CanvasEvent& event) {
      gui.push_back(millisecondsOf([&] {
        m_view.handle(event);
        frame();
      }));
      jobs.push_back(millisecondsOf([&] { answer(m_fine.get(), &m_source); }));
    };
    const QPointF about = m_view.layout().plot.topLeft() + QPointF(700, 300);
    for (int i = 0; i < 60; ++i) {
      CanvasEvent wheel = eventAt(CanvasEvent::Wheel, about);
      wheel.wheel = i < 30 ? 1 : -0.8;
      step(wheel);
      CanvasEvent press = eventAt(CanvasEvent::Press, about);
      press.button = Qt::MiddleButton;
      m_view.handle(press);
      for (int move = 1; move <= 3; ++move)
        step(eventAt(CanvasEvent::Move, about + QPointF(17 * move, -11 * move)));
      CanvasEvent release = eventAt(CanvasEvent::Release, about);
      release.button = Qt::MiddleButton;
      m_view.handle(release);
    }
    print("GUI thread, a zoom or pan step at 1600 x 1000", gui, kGuiLimitMs);
    print("job, the picture of that step", jobs, kGuiLimitMs);
  }

 private:
  void frame() { renderToImage(m_view, kCanvas, 1, darkTheme()); }
  void answer(const TilePyramid* pyramid, const WeightSource* source) {
    if (!m_request) return;
    const MatrixRequest request = *std::exchange(m_request, std::nullopt);
    auto values = std::make_shared<const MatrixImage>(
        resampleMatrix(source, m_source.matrix(), pyramid, request.viewport, request.pool, m_job));
    m_view.setPicture(request, makeHeatmapPicture(request.viewport, std::move(values), request.colors),
                      false);
  }

  const bench::BenchMatrix& m_source;
  JobContext m_job;
  MatrixView m_view;
  MatrixLevels m_levels;
  std::optional<MatrixRequest> m_request;
  std::shared_ptr<const TilePyramid> m_stored, m_fine;
};

}  // namespace

int main(int argc, char** argv) {
  qputenv("QT_QPA_PLATFORM", "offscreen");
  QApplication application(argc, argv);
  const auto file = std::filesystem::temp_directory_path() / "quantloupe-bench-view.bin";
  {
    const bench::BenchMatrix source(file, 28672, 8192);
    std::printf("28672 x 8192 BF16, 2 threads\n");
    Bench run(source, 2);
    run.firstPicture();
    run.refine();
    run.zoomAndPan();
  }
  std::filesystem::remove(file);
  return 0;
}
