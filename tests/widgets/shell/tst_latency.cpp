// The window stays awake: a 4 ms heartbeat goes on while statistics, curves and what-ifs are measured and a
// slider is dragged. The figures are printed; only a hang fails, because seconds mean nothing on a shared
// machine.
#include "core/demo.h"
#include "tests/widgets/shell/shell_support.h"
#include "widgets/bridge/calibration_control.h"
#include "widgets/bridge/plan_edits.h"
#include "widgets/bridge/smoothing_control.h"
#include "widgets/main_window.h"

#include <QElapsedTimer>
#include <QTimer>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <vector>

using namespace ql;

namespace {

constexpr int kBeat = 4;  // ms

/// How late the beats of a timer come, and how much of that the GUI thread itself was busy.
class Heartbeat : public QObject {
 public:
  Heartbeat() {
    m_timer.setTimerType(Qt::PreciseTimer);
    m_timer.setInterval(kBeat);
    connect(&m_timer, &QTimer::timeout, this, [this] {
      const double now = static_cast<double>(m_clock.nsecsElapsed()) / 1e6, busy = threadMs();
      m_late.push_back(std::max(0.0, now - m_last - kBeat));
      m_busy.push_back(busy - m_lastBusy);
      m_last = now;
      m_lastBusy = busy;
    });
    m_clock.start();
    m_last = static_cast<double>(m_clock.nsecsElapsed()) / 1e6;
    m_lastBusy = threadMs();
    m_timer.start();
  }
  void print(const char* what) const {
    std::printf(
        "%-32s %5zu beats, late by p50 %.1f, p95 %.1f, max %.0f ms; GUI thread busy p95 %.1f, max %.0f ms\n",
        what, m_late.size(), at(m_late, 0.5), at(m_late, 0.95), at(m_late, 1), at(m_busy, 0.95),
        at(m_busy, 1));
    std::fflush(stdout);
  }
  std::size_t beats() const { return m_late.size(); }
  double longest() const { return at(m_busy, 1); }

 private:
  static double threadMs() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
  }
  static double at(std::vector<double> values, double quantile) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    return values[static_cast<std::size_t>(quantile * static_cast<double>(values.size() - 1))];
  }

  QTimer m_timer;
  QElapsedTimer m_clock;
  double m_last = 0, m_lastBusy = 0;
  std::vector<double> m_late, m_busy;
};

}  // namespace

class TestLatency : public QObject {
  Q_OBJECT
 private slots:
  void initTestCase() {
    m_window = std::make_unique<MainWindow>();
    m_window->resize(1280, 800);
    m_window->show();
    const auto folder =
        prepareDemo("demo-llama-activation-outliers", std::filesystem::path(QL_SOURCE_DIR) / "resources");
    // calibrated before, as a person who comes back finds it
    const auto workspace = Workspace::open(folder);
    CalibrateOptions options;
    options.source.text = std::filesystem::path(QL_SOURCE_DIR) / "resources/texts/calibration.txt";
    options.windows.context = 256;
    options.windows.maxTokens = 256;
    JobContext job;
    workspace->calibrate(options, job);
    m_folder = QString::fromStdString(folder.string());
  }
  void cleanupTestCase() { m_window.reset(); }

  void openingAndAnalysis() {
    const Heartbeat heartbeat;
    m_window->openPath(m_folder);
    QTRY_VERIFY_WITH_TIMEOUT(test::isIdle(session()), 60000);
    heartbeat.print("opening and analysis");
    QVERIFY(session()->calibration()->hasActivations());
    QVERIFY2(heartbeat.longest() < kHang, "the GUI thread worked for seconds");
  }

  void selecting() {
    const Heartbeat heartbeat;
    const std::size_t linears = session()->model()->linears.size();
    for (LinearId id = 0; id < linears; ++id) {
      session()->selection()->selectOnly(id);
      QTest::qWait(10);
    }
    heartbeat.print("walking through the linears");
    QVERIFY(heartbeat.beats() > 0);
    QVERIFY2(heartbeat.longest() < kHang, "the GUI thread worked for seconds");
  }

  /// Steps that come faster than they are measured: the last one wins, and its exact figures arrive.
  void draggingAlpha() {
    SmoothingControl* smoothing = session()->smoothing();
    const LinearId gate = *session()->model()->find("model.layers.2.mlp.gate_proj");
    session()->selection()->selectOnly(gate);
    QTRY_VERIFY(smoothing->groupOf(gate) && smoothing->group() == smoothing->groupOf(gate));
    const Heartbeat heartbeat;
    SmoothingTrial trial;
    trial.method = SmoothingTrial::Method::SmoothQuant;
    for (int step = 0; step < 200; ++step) {
      trial.alpha = 0.25 + 0.5 * step / 199;
      smoothing->setTrial(trial);
      QTest::qWait(5);
    }
    QTRY_VERIFY_WITH_TIMEOUT(
        smoothing->figures() && smoothing->figures()->isExact && smoothing->figures()->trial == trial, 60000);
    QCOMPARE(smoothing->figures()->point.alpha, 0.75);
    QVERIFY(smoothing->figures()->point.error.together.wa.has_value());
    heartbeat.print("200 steps of alpha with curves");
    QVERIFY2(heartbeat.longest() < kHang, "the GUI thread worked for seconds");
  }

  /// What-ifs one after another while others are still measured, then undo: known figures are there at once.
  void whatIfsAndUndo() {
    const LinearId gate = *session()->model()->find("model.layers.2.mlp.gate_proj");
    session()->selection()->selectOnly(gate);
    const Heartbeat heartbeat;
    const char* const specs[] = {"w8a8:group=32", "w4a8", "w4a8:group=64", "w3a8:group=16", "w8a8:asym"};
    for (int step = 0; step < 200; ++step) {
      session()->plan()->setWhatIf(parseSpec(specs[step % 5]));
      QTest::qWait(2);
    }
    session()->plan()->setWhatIf(std::nullopt);
    const Choice before = session()->choiceOf(gate), after = parseSpec(specs[0]);
    applyChoice(*session(), {gate}, after);
    QTRY_VERIFY_WITH_TIMEOUT(session()->value(gate, Metric::NormWeighted), 60000);
    QTRY_VERIFY_WITH_TIMEOUT(session()->value(gate, Metric::OutputError), 60000);
    QTRY_VERIFY_WITH_TIMEOUT(session()->jobs()->isIdle(), 60000);
    const auto weights = session()->error(gate, after, false);
    const auto output = session()->workspace()->outputError(gate, after);
    QVERIFY(weights && output);
    session()->plan()->undoStack()->undo();
    QCOMPARE(session()->choiceOf(gate), before);
    QVERIFY(session()->error(gate, before, false));  // both were measured: nothing is measured again
    session()->plan()->undoStack()->redo();
    QCOMPARE(*session()->error(gate, after, false)->normWeightedRel, *weights->normWeightedRel);
    QCOMPARE(*session()->workspace()->outputError(gate, after)->wa, *output->wa);
    heartbeat.print("200 what-ifs, undo and redo");
    QVERIFY2(heartbeat.longest() < kHang, "the GUI thread worked for seconds");
  }

 private:
  static constexpr double kHang = 2000;  // ms of the thread's own processor time
  Session* session() const { return m_window->session(); }
  std::unique_ptr<MainWindow> m_window;
  QString m_folder;
};

QL_WINDOW_TEST_MAIN(TestLatency)
#include "tst_latency.moc"
