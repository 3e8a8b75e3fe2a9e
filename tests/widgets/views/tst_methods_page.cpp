// The Methods page: its tabs, what follows the selection, outlier weights against the report, and errors
// through the blocks on text, with real clicks.
#include "tests/widgets/shell/shell_support.h"
#include "widgets/bridge/calibration_control.h"
#include "widgets/bridge/number_format.h"
#include "widgets/main_window.h"
#include "widgets/panels/form_parts.h"
#include "widgets/panels/method_panel.h"
#include "widgets/panels/method_views/channel_groups_view.h"
#include "widgets/panels/method_views/outlier_dims_view.h"
#include "widgets/panels/method_views/outliers_view.h"
#include "widgets/panels/method_views/plain_plot.h"
#include "widgets/panels/method_views/propagation_view.h"
#include "widgets/work_area.h"

#include <QAction>
#include <QDoubleSpinBox>
#include <QPushButton>
#include <QSpinBox>
#include <QTabBar>
#include <QTableWidget>

using namespace ql;

class TestMethodsPage : public QObject {
  Q_OBJECT
 private slots:
  void initTestCase() {
    m_window = std::make_unique<MainWindow>();
    m_window->resize(1280, 800);
    m_window->show();
    QVERIFY(QTest::qWaitForWindowExposed(m_window.get()));
    session()->open(test::demoPath());
    QTRY_VERIFY_WITH_TIMEOUT(test::isIdle(session()), 60000);
  }
  void cleanupTestCase() { m_window.reset(); }

  void keysOpenThePageAndTabsItsViews() {
    session()->selection()->clear();
    QCOMPARE(m_window->action("page-methods")->shortcut(), QKeySequence(Qt::ALT | Qt::Key_6));
    m_window->action("page-methods")->trigger();
    QCOMPARE(m_window->workArea()->page(), CentrePage::Methods);
    auto* tabs = page()->findChild<QTabBar*>(QStringLiteral("method-tabs"));
    QVERIFY(tabs && tabs->count() == static_cast<int>(MethodPanel::viewNames().size()) && tabs->count() > 1);
    session()->selection()->selectOnly(linear("model.layers.0.self_attn.q_proj"));
    for (int tab = 0; tab < tabs->count(); ++tab) {
      QVERIFY(!tabs->tabText(tab).isEmpty() && !tabs->tabToolTip(tab).isEmpty());
      QTest::mouseClick(tabs, Qt::LeftButton, {}, tabs->tabRect(tab).center());
      QCOMPARE(tabs->currentIndex(), tab);
      QTRY_VERIFY(page()->currentView() && page()->message().isEmpty());
      QTRY_VERIFY_WITH_TIMEOUT(session()->jobs()->isIdle(), 60000);
    }
    QVERIFY(!page()->showView("nonsense"));
  }

  void outlierWeightsAreCounted() {
    auto* view = show<OutliersView>("outliers");
    QTRY_VERIFY_WITH_TIMEOUT(!view->isMeasuring() && view->table()->rowCount() == 8, 30000);
    JobContext job(1);
    const OutlierReport report = outlierReport(*session()->workspace(), OutlierRequest{}, job);
    const OutlierSums& down = report.roles.at("down");
    QCOMPARE(view->table()->item(0, 0)->text(), QStringLiteral("down"));
    QCOMPARE(view->table()->item(0, 3)->text(),
             percentText(static_cast<double>(down.counts[1]) / static_cast<double>(down.weights)));
    QCOMPARE(view->blockPlot()->curves().front().points.size(), std::size_t(6));
    QCOMPARE(view->thresholdPlot()->curves().size(), std::size_t(7));
    click(view, QStringLiteral("Try EasyQuant"));
    QVERIFY(session()->plan()->whatIf() &&
            session()->plan()->whatIf()->weight->algorithm.name == "easyquant");
    session()->plan()->setWhatIf(std::nullopt);
  }

  void errorsGrowThroughTheBlocks() {
    auto* view = show<PropagationView>("propagation");
    QVERIFY(view->startButton()->isEnabled() && view->plot()->curves().empty());
    PropagateOptions options;
    options.source.text = test::demoModel().parent_path().parent_path() / "texts" / "heldout.txt";
    options.windows.context = 64;
    options.windows.maxTokens = 256;
    view->measure(options);
    QVERIFY(view->isMeasuring() && !view->startButton()->isEnabled());
    QTRY_VERIFY_WITH_TIMEOUT(!view->isMeasuring(), 60000);
    QCOMPARE(view->plot()->curves().size(), std::size_t(2));
    const auto& accumulated = view->plot()->curves()[0].points;
    const auto& isolated = view->plot()->curves()[1].points;
    QVERIFY(accumulated.size() == 6 && isolated.size() == 6);
    QCOMPARE(accumulated[0].y, isolated[0].y);      // nothing lies before the first block
    QVERIFY(accumulated[5].y > 3 * isolated[5].y);  // the planted outliers of blocks 0 to 2
    QCOMPARE(view->table()->rowCount(), 7);
    emit view->plot()->placePicked(3);
    QVERIFY(view->table()->item(0, 0)->text() == QStringLiteral("q_proj"));
    const QRect cell = view->table()->visualItemRect(view->table()->item(6, 0));
    QTest::mouseClick(view->table()->viewport(), Qt::LeftButton, {}, cell.center());
    QTest::mouseDClick(view->table()->viewport(), Qt::LeftButton, {}, cell.center());
    QCOMPARE(session()->selection()->current(), linear("model.layers.3.mlp.down_proj"));
  }

  /// Without activations the views say so; with them clusters follow the number, and the threshold the dims.
  void activationsComeInGroupsAndOutliers() {
    session()->selection()->selectOnly(linear("model.layers.4.mlp.down_proj"));
    auto* groups = show<ChannelGroupsView>("channel-groups");
    QTRY_VERIFY(!groups->message().isEmpty() && !groups->report());
    auto* dims = show<OutlierDimsView>("outlier-dims");
    QTRY_VERIFY(!dims->message().isEmpty());
    CalibrateOptions options;
    options.source.text = test::demoModel().parent_path().parent_path() / "texts" / "calibration.txt";
    options.windows.maxTokens = 1024;
    session()->calibration()->calibrate(options);
    QTRY_VERIFY_WITH_TIMEOUT(!session()->calibration()->isRunning() && session()->jobs()->isIdle(), 60000);
    QTRY_VERIFY_WITH_TIMEOUT(dims->message().isEmpty() && dims->hasErrors(), 30000);
    JobContext job(1);
    const OutlierDims expected = outlierDims(*session()->workspace(), {}, 6, false, job);
    QCOMPARE(dims->table()->rowCount(), static_cast<int>(expected.sites.size()));
    QCOMPARE(dims->table()->item(3, 1)->text(),
             countText(static_cast<std::int64_t>(expected.sites[3].channels.size())));
    QVERIFY(dims->table()->item(3, 4)->text().contains(QLatin1Char('%')));
    dims->threshold()->setValue(60000);
    QTRY_VERIFY_WITH_TIMEOUT(dims->dims() && dims->dims()->threshold == 60000.0, 10000);
    QCOMPARE(dims->table()->item(3, 1)->text(), QStringLiteral("0"));
    click(dims, QStringLiteral("Try it"));
    QVERIFY(session()->plan()->whatIf() &&
            session()->plan()->whatIf()->activation->outlierThreshold == 60000.0);
    session()->plan()->setWhatIf(std::nullopt);

    groups = show<ChannelGroupsView>("channel-groups");
    QTRY_VERIFY_WITH_TIMEOUT(groups->report() && groups->report()->groups.count == 8, 10000);
    QVERIFY(*groups->report()->groupError < *groups->report()->tensorError);
    const double eight = *groups->report()->groupError;
    groups->groupCount()->setValue(24);
    QTRY_VERIFY_WITH_TIMEOUT(groups->report()->groups.count == 24, 10000);
    QVERIFY(*groups->report()->groupError < eight);
    QTest::mouseClick(groups->orderControl()->button(1), Qt::LeftButton);
    QTRY_COMPARE_WITH_TIMEOUT(groups->report()->request.permutation, std::string("range"), 10000);
    session()->selection()->selectOnly(linear("model.layers.4.self_attn.o_proj"));
    QTRY_VERIFY_WITH_TIMEOUT(groups->report() && groups->report()->run > 0, 10000);
    const std::int64_t run = groups->report()->run;
    const auto heads = static_cast<std::int64_t>(groups->report()->min.size()) / run;
    QCOMPARE(static_cast<std::int64_t>(groups->report()->groups.count),
             heads * std::min<std::int64_t>(24, run));
    click(groups, QStringLiteral("Try it"));
    QVERIFY(session()->plan()->whatIf() && session()->plan()->whatIf()->activation->groups == 24);
    session()->plan()->setWhatIf(std::nullopt);
  }

 private:
  Session* session() const { return m_window->session(); }
  MethodPanel* page() const { return m_window->workArea()->methods(); }
  LinearId linear(const char* name) const { return *session()->model()->find(name); }
  template <class View>
  View* show(const char* name) {
    m_window->workArea()->showPage(CentrePage::Methods);
    page()->showView(name);
    [&] { QTRY_VERIFY(qobject_cast<View*>(page()->currentView())); }();
    return qobject_cast<View*>(page()->currentView());
  }
  static void click(QWidget* view, const QString& text) {
    for (QPushButton* button : view->findChildren<QPushButton*>())
      if (button->text() == text) QTest::mouseClick(button, Qt::LeftButton);
  }
  std::unique_ptr<MainWindow> m_window;
};

QL_WINDOW_TEST_MAIN(TestMethodsPage)
#include "tst_methods_page.moc"
