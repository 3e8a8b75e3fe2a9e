// GPTQ on the Methods page: what is missing is said, figures are the report's, and the what-if is followed.
#include "core/workspace_gptq.h"
#include "tests/widgets/shell/shell_support.h"
#include "widgets/bridge/calibration_control.h"
#include "widgets/bridge/number_format.h"
#include "widgets/canvas/canvas.h"
#include "widgets/main_window.h"
#include "widgets/panels/form_parts.h"
#include "widgets/panels/method_panel.h"
#include "widgets/panels/method_views/gptq_column_plot.h"
#include "widgets/panels/method_views/gptq_figures.h"
#include "widgets/panels/method_views/gptq_map_view.h"
#include "widgets/panels/method_views/gptq_view.h"
#include "widgets/work_area.h"

#include <QPushButton>

using namespace ql;

class TestGptqView : public QObject {
  Q_OBJECT
 private slots:
  void initTestCase() {
    m_window = std::make_unique<MainWindow>();
    m_window->resize(1280, 800);
    m_window->show();
    QVERIFY(QTest::qWaitForWindowExposed(m_window.get()));
    session()->open(test::demoPath());
    QTRY_VERIFY_WITH_TIMEOUT(test::isIdle(session()), 60000);
    session()->selection()->selectOnly(*session()->model()->find("model.layers.3.self_attn.k_proj"));
    m_window->workArea()->showPage(CentrePage::Methods);
    QVERIFY(m_window->workArea()->methods()->showView("gptq"));
    QTRY_VERIFY(view());
  }
  void cleanupTestCase() { m_window.reset(); }

  void asksForActivations() {
    QTRY_VERIFY(view()->message().contains(QStringLiteral("GPTQ needs to know")));
    CalibrateOptions options;
    options.source.text = test::demoModel().parent_path().parent_path() / "texts" / "calibration.txt";
    options.windows.maxTokens = 1024;
    session()->calibration()->calibrate(options);
    QTRY_VERIFY_WITH_TIMEOUT(!session()->calibration()->isRunning() && session()->jobs()->isIdle(), 60000);
    QTRY_VERIFY_WITH_TIMEOUT(view()->report(), 30000);
    QVERIFY(view()->message().isEmpty());
  }

  void figuresAreThoseOfTheReport() {
    const GptqReport& report = *view()->report();
    QVERIFY(report.gptq.total < report.rounding.total);
    const GptqFigures& figures = *view()->figures();
    QCOMPARE(figures.text(GptqFigures::OutputError, 0), percentTextFine(report.relative(report.gptq)));
    QCOMPARE(figures.text(GptqFigures::OutputError, 1), percentTextFine(report.relative(report.rounding)));
    QCOMPARE(figures.text(GptqFigures::Loss, 2), fixedText(report.gptq.total / report.rounding.total, 2));
    const QString evidence = figures.text(GptqFigures::Evidence);
    QVERIFY2(evidence.contains(countText(static_cast<std::int64_t>(report.tokens))), qPrintable(evidence));
    for (auto* plot : view()->findChildren<GptqColumnPlot*>()) {
      QCOMPARE(plot->table()->rowCount(), 256);
      QVERIFY(!plot->copyText().isEmpty() && !plot->accessibleText().isEmpty());
    }
  }

  void mapFollowsItsControl() {
    QVERIFY(view()->map()->layer() == GptqMapView::Layer::Gptq);
    const QString errors = view()->map()->copyText();
    QTest::mouseClick(view()->layerControl()->button(2), Qt::LeftButton);
    QVERIFY(view()->map()->layer() == GptqMapView::Layer::Updates);
    QVERIFY(view()->map()->copyText() != errors);
    // a click pins the channel below it
    for (auto* canvas : view()->findChildren<Canvas*>()) {
      if (canvas->view() != view()->map()) continue;
      CanvasEvent press;
      press.type = CanvasEvent::Press;
      press.button = Qt::LeftButton;
      press.position = QPointF(canvas->width() / 2.0, canvas->height() / 2.0);
      QVERIFY(view()->map()->handle(press));
    }
    QVERIFY(session()->selection()->channel() && *session()->selection()->channel() > 64);
  }

  void theWhatIfIsFollowed() {
    QVERIFY(view()->tryButton()->isVisible());
    const double before = view()->report()->gptq.total;
    QTest::mouseClick(view()->tryButton(), Qt::LeftButton);
    QVERIFY(session()->plan()->whatIf() && session()->plan()->whatIf()->weight->algorithm.name == "gptq");
    QTRY_VERIFY_WITH_TIMEOUT(!view()->tryButton()->isVisible() && view()->report(), 30000);
    Choice ordered = *session()->plan()->whatIf();
    ordered.weight = *parseSpec("int4:group=32,algorithm=gptq:act_order").weight;
    session()->plan()->setWhatIf(ordered);
    QTRY_VERIFY_WITH_TIMEOUT(view()->report() && view()->report()->gptq.total != before, 30000);
    const GptqReport& report = *view()->report();
    const auto first = std::ranges::find(report.place, 0) - report.place.begin();
    QCOMPARE(report.hessian[static_cast<std::size_t>(first)], *std::ranges::max_element(report.hessian));
    session()->plan()->setWhatIf(std::nullopt);
  }

 private:
  Session* session() const { return m_window->session(); }
  GptqView* view() const { return qobject_cast<GptqView*>(m_window->workArea()->methods()->currentView()); }
  std::unique_ptr<MainWindow> m_window;
};

QL_WINDOW_TEST_MAIN(TestGptqView)
#include "tst_gptq_view.moc"
