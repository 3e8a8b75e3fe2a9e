// Smoothing with real clicks, drags and keys on the calibrated demo: curves come, figures at the slider are
// those of core, the plan and the overview follow, undo brings everything back.
#include "tests/widgets/shell/shell_support.h"
#include "widgets/bridge/calibration_control.h"
#include "widgets/bridge/smoothing_control.h"
#include "widgets/bridge/smoothing_planned.h"
#include "widgets/main_window.h"
#include "widgets/models/smoothing_table_model.h"
#include "widgets/panels/finding_box.h"
#include "widgets/panels/form_parts.h"
#include "widgets/panels/inspector_panel.h"
#include "widgets/panels/message_bar.h"
#include "widgets/panels/smoothing_chooser.h"
#include "widgets/panels/smoothing_form.h"
#include "widgets/panels/smoothing_groups_panel.h"
#include "widgets/panels/smoothing_inspector.h"
#include "widgets/panels/verdict_box.h"
#include "widgets/work_area.h"

#include <QAbstractItemModelTester>
#include <QAction>
#include <QComboBox>
#include <QHeaderView>
#include <QPushButton>
#include <QTableView>
#include <QToolButton>
#include <QUndoStack>

#include <cmath>

using namespace ql;
namespace fs = std::filesystem;

class TestSmoothingInspector : public QObject {
  Q_OBJECT
 private slots:
  void initTestCase() {
    m_window = std::make_unique<MainWindow>();
    m_window->resize(1600, 1000);
    m_window->show();
    m_window->activateWindow();
    [[maybe_unused]] const bool isActive = QTest::qWaitForWindowActive(m_window.get());
    m_window->openPath(test::demoPath());
    QTRY_VERIFY_WITH_TIMEOUT(test::isIdle(session()), 60000);
    m_query = *session()->model()->find("model.layers.0.self_attn.q_proj");
  }
  void cleanupTestCase() { m_window.reset(); }

  void withoutActivationsTheReasonIsShown() {
    session()->selection()->selectOnly(m_query);
    QTRY_VERIFY(!control()->problem().isEmpty());
    QVERIFY(control()->problem().contains(QStringLiteral("calibrate")));
    QVERIFY(!m_window->action("smoothing-search")->isEnabled());
    QVERIFY(!m_window->action("smoothing-optimum")->isEnabled());
    CalibrateOptions options;
    options.source.text = fs::path(test::sourceDirectory()) / "resources/texts/calibration.txt";
    options.windows.maxTokens = 1024;
    session()->calibration()->calibrate(options);
    QTRY_VERIFY_WITH_TIMEOUT(!session()->calibration()->isRunning() && session()->jobs()->isIdle(), 120000);
    QTRY_VERIFY(control()->problem().isEmpty());
  }

  void groupsAreNamed() {
    QVERIFY(control()->group().has_value());
    QCOMPARE(control()->groupName(group()), QStringLiteral("block 0 attention"));
    QCOMPARE(control()->groupText(group()), QStringLiteral("block 0 attention: input_layernorm → q, k, v"));
    const auto down = session()->model()->find("model.layers.2.mlp.down_proj");
    QCOMPARE(control()->groupName(*control()->groupOf(*down)), QStringLiteral("block 2 MLP down"));
    QVERIFY(!control()->groupOf(*session()->model()->find("model.embed_tokens")));
  }

  /// Nobody looks at the page, but the linear is flagged: its finding offers what smoothing gives.
  void findingOffersSmoothing() {
    FindingBox* box = m_window->workArea()->inspector()->finding();
    QPushButton* button = nullptr;
    const auto find = [&] {
      for (QPushButton* each : box->findChildren<QPushButton*>())
        if (each->isVisible() && each->text() == QStringLiteral("Use bi-smoothing")) button = each;
      return button != nullptr;
    };
    QTRY_VERIFY_WITH_TIMEOUT(find(), 30000);
    QTest::mouseClick(button, Qt::LeftButton);
    QCOMPARE(m_window->workArea()->page(), CentrePage::Smoothing);
    QVERIFY(inspector()->isVisible());
    QVERIFY(control()->isTouched());
    QVERIFY(control()->trial().method == SmoothingTrial::Method::Bismooth && control()->trial().usesMedian);
    QVERIFY(session()->plan()->plan().smoothing.empty());
  }

  void curvesComeAndTheVerdictIsMadeOfNumbers() {
    QTRY_VERIFY_WITH_TIMEOUT(control()->smoothQuantCurve() && control()->smoothQuantCurve()->isComplete &&
                                 control()->bismoothCurve() && control()->bismoothCurve()->isComplete,
                             30000);
    QTRY_VERIFY(!control()->progress());
    QCOMPARE(control()->bismoothCurve()->grid.size(), std::size_t{21});
    QTRY_VERIFY_WITH_TIMEOUT(control()->unsmoothed() && control()->unsmoothed()->error.together.w, 10000);
    QTRY_COMPARE(inspector()->verdict()->kind(), VerdictBox::Kind::Good);
    const QString sentence = inspector()->verdict()->sentence();
    QVERIFY2(sentence.contains(QStringLiteral("18, 26, 30")), qPrintable(sentence));
    QVERIFY2(sentence.contains(QStringLiteral("repairs this group")), qPrintable(sentence));
    QTRY_VERIFY_WITH_TIMEOUT(control()->residual().has_value(), 20000);
    QVERIFY(control()->residual()->plain.exact < 1e-5);
    QCOMPARE(control()->residual()->powersOfTwo->rounded.value_or(1), 0.0);
    QVERIFY(control()->residual()->powersOfTwoError.has_value());
  }

  void sliderIsDraggedByTheMouse() {
    AlphaSlider* slider = inspector()->form()->slider();
    QVERIFY(slider->isVisible());
    const int steps = session()->plan()->undoStack()->count(), y = slider->height() / 2;
    const auto at = [&](double alpha) {
      return QPoint(static_cast<int>(8 + (slider->width() - 16) * alpha), y);
    };
    QTest::mousePress(slider, Qt::LeftButton, {}, at(0.2));
    for (int i = 20; i <= 73; i += 4) {
      QTest::mouseMove(slider, at(i / 100.0));
      QTest::qWait(5);
      // S follows at once, without a job
      QCOMPARE(control()->trial().alpha, slider->alpha());
      QCOMPARE(control()->channels()->s.size(), std::size_t{256});
    }
    QTest::mouseRelease(slider, Qt::LeftButton, {}, at(0.73));
    QVERIFY2(std::abs(slider->alpha() - 0.73) < 0.04, qPrintable(QString::number(slider->alpha())));
    QCOMPARE(session()->plan()->undoStack()->count(), steps);
    checkFigures();
  }

  void keysStepTheSlider() {
    AlphaSlider* slider = inspector()->form()->slider();
    setAlpha(0.5);
    slider->setFocus();
    QTest::keyClick(slider, Qt::Key_Right);
    QCOMPARE(control()->trial().alpha, 0.55);
    // a point of the grid is known: shown at once, exact
    QVERIFY(control()->figures() && control()->figures()->isExact);
    QTest::keyClick(slider, Qt::Key_Left, Qt::ShiftModifier);
    QCOMPARE(control()->trial().alpha, 0.54);
    checkFigures();
    QTest::keyClick(slider, Qt::Key_Return);
    QCOMPARE(control()->trial().alpha, control()->bismoothCurve()->best()->alpha);
    AlphaSpin* spin = inspector()->form()->spin();
    spin->setFocus();
    spin->selectAll();
    QTest::keyClicks(spin, QStringLiteral("0.37"));
    QTest::keyClick(spin, Qt::Key_Return);
    QCOMPARE(control()->trial().alpha, 0.37);
    QTest::keyClick(spin, Qt::Key_Up, Qt::ShiftModifier);
    QCOMPARE(control()->trial().alpha, 0.38);
    QTest::keyClick(spin, Qt::Key_Return);
    QCOMPARE(control()->trial().alpha, control()->bismoothCurve()->best()->alpha);
  }

  void methodsAndVariants() {
    SegmentedControl* method = inspector()->form()->method();
    QTest::mouseClick(method->button(1), Qt::LeftButton);
    QVERIFY(control()->trial().method == SmoothingTrial::Method::SmoothQuant);
    QVERIFY(control()->trialCurve() == control()->smoothQuantCurve());
    checkFigures();
    QTest::mouseClick(method->button(0), Qt::LeftButton);
    QVERIFY(control()->figures());
    QCOMPARE(*control()->figures()->point.error.together.wa, *control()->unsmoothed()->error.together.wa);
    QCOMPARE(control()->channels()->s.front(), 1.0f);
    QTest::mouseClick(method->button(2), Qt::LeftButton);
    SmoothingTrial trial = control()->trial();
    trial.powersOfTwo = true;
    control()->setTrial(trial);
    int exponent = 0;
    QCOMPARE(std::frexp(control()->channels()->s[18], &exponent), 0.5f);
    checkFigures();
    trial.powersOfTwo = false;
    trial.dataFree = true;
    control()->setTrial(trial);
    checkFigures();
    trial.dataFree = false;
    control()->setTrial(trial);
    QVERIFY(control()->bismoothCurve() && control()->bismoothCurve()->isComplete);  // kept
  }

  void applyChangesThePlanAndTheOverview() {
    setAlpha(0.45);
    const std::optional<double> before = session()->value(m_query, Metric::OutputError);
    QVERIFY(before && *before > 0.8);
    QVERIFY(session()->isFlagged(m_query));
    QVERIFY(inspector()->applyButton()->isEnabled());
    QTest::mouseClick(inspector()->applyButton(), Qt::LeftButton);
    QCOMPARE(session()->plan()->plan().smoothing.size(), std::size_t{1});
    const PlanSmoothing& entry = session()->plan()->plan().smoothing.front();
    QCOMPARE(entry.producer, session()->model()->smoothingGroups[group()].producer);
    QCOMPARE(entry.consumers.size(), std::size_t{3});
    QCOMPARE(entry.method, std::string("bismooth"));
    QCOMPARE(entry.statistic, std::string("median"));
    QCOMPARE(entry.alpha, 0.45);
    QCOMPARE(session()->plan()->undoStack()->undoText(),
             QStringLiteral("bi-smoothing α 0.45 on block 0 attention"));
    QVERIFY(control()->isTrialAsPlanned());
    QTRY_VERIFY_WITH_TIMEOUT(session()->value(m_query, Metric::OutputError).value_or(1) < 0.02, 20000);
    const SmoothingPoint exact = core(control()->trial());
    const auto& readers = session()->model()->smoothingGroups[group()].consumers;
    for (std::size_t i = 0; i < readers.size(); ++i) {
      QCOMPARE(*session()->value(readers[i], Metric::OutputWa), *exact.error.readers[i].wa);
      QCOMPARE(*session()->value(readers[i], Metric::OutputW), *exact.error.readers[i].w);
      QVERIFY(!session()->isFlagged(readers[i]));
    }
    QTRY_VERIFY(!inspector()->applyButton()->isEnabled());
  }

  void undoAndRedo() {
    m_window->action("undo")->trigger();
    QVERIFY(session()->plan()->plan().smoothing.empty());
    QVERIFY(*session()->value(m_query, Metric::OutputError) > 0.8);
    QVERIFY(session()->isFlagged(m_query));
    QVERIFY(!control()->isTrialAsPlanned());
    m_window->action("redo")->trigger();
    QVERIFY(*session()->value(m_query, Metric::OutputError) < 0.02);  // known: no measurement again
    QVERIFY(!session()->isFlagged(m_query));
    // a trial and back
    setAlpha(0.9);
    QTRY_VERIFY(inspector()->revertButton()->isEnabled());
    QTest::mouseClick(inspector()->revertButton(), Qt::LeftButton);
    QCOMPARE(control()->trial().alpha, 0.45);
    m_window->action("smoothing-remove")->trigger();
    QVERIFY(session()->plan()->plan().smoothing.empty());
    m_window->action("undo")->trigger();
    QCOMPARE(session()->plan()->plan().smoothing.size(), std::size_t{1});
    m_window->action("undo")->trigger();
  }

  void tableOfAllGroups() {
    SmoothingGroupsPanel* panel = m_window->workArea()->smoothingGroups();
    QVERIFY(panel->isVisible());
    QTableView* table = panel->table();
    QAbstractItemModelTester tester(table->model(), QAbstractItemModelTester::FailureReportingMode::Fatal);
    QCOMPARE(panel->shownCount(), 12);  // norms of 6 blocks
    m_window->action("smoothing-search")->trigger();
    QTRY_VERIFY_WITH_TIMEOUT(!control()->isSearching() && session()->jobs()->isIdle(), 60000);
    using Table = SmoothingTableModel;
    table->horizontalHeader()->setSortIndicator(Table::NoneColumn, Qt::DescendingOrder);
    const auto text = [&](int row, int column) {
      return table->model()->index(row, column).data().toString();
    };
    QVERIFY2(text(0, Table::VerdictColumn).startsWith(QStringLiteral("foldable, error ÷ ")),
             qPrintable(text(0, Table::VerdictColumn)));
    QCOMPARE(text(11, Table::VerdictColumn), QStringLiteral("foldable, little to gain"));
    // the keyboard: Enter opens the page of the row
    m_window->workArea()->showPage(CentrePage::Overview);
    m_window->action("smoothing-groups")->trigger();
    QVERIFY(panel->isVisible());
    table->setCurrentIndex(table->model()->index(11, 0));
    QTest::keyClick(table, Qt::Key_Return);
    QCOMPARE(m_window->workArea()->page(), CentrePage::Smoothing);
    QCOMPARE(control()->groupName(group()), text(11, Table::GroupColumn));
    QTRY_COMPARE(inspector()->verdict()->kind(), VerdictBox::Kind::Plain);
  }

  void manyGroupsAreOneStep() {
    session()->selection()->selectOnly(m_query);
    const auto& readers = session()->model()->smoothingGroups[group()].consumers;
    SmoothingTrial trial;
    control()->setTrial(trial);
    using Set = SmoothingControl::GroupSet;
    const std::vector<std::size_t> above = control()->groupsOf(Set::AboveTarget);
    QCOMPARE(control()->groupsOf(Set::SameKind).size(), std::size_t{6});
    QVERIFY(above.size() >= 4 && above.size() < 12);
    QCOMPARE(control()->groupsInBlocks(3, 1).size(), std::size_t{3});
    // a locked reader keeps its group out, and the message says so
    session()->plan()->edit(QStringLiteral("lock"), [&](const QuantizationPlan& plan) {
      return ql::setLocked(plan, {session()->model()->linears[readers[1]].name}, true);
    });
    const int steps = session()->plan()->undoStack()->index();
    const std::string start = planJson(session()->plan()->plan());
    control()->applyTo(above, true);
    QTRY_COMPARE_WITH_TIMEOUT(session()->plan()->plan().smoothing.size(), above.size() - 1, 30000);
    QCOMPARE(session()->plan()->undoStack()->index(), steps + 1);
    QVERIFY2(m_window->messageBar()->text().contains(QStringLiteral("1 group with locked linears")),
             qPrintable(m_window->messageBar()->text()));
    for (const PlanSmoothing& entry : session()->plan()->plan().smoothing) {
      const auto reader = session()->model()->find(entry.consumers.front());
      QCOMPARE(entry.alpha, control()->row(*control()->groupOf(*reader))->bismooth->best()->alpha);
    }
    session()->plan()->undoStack()->undo();
    QCOMPARE(planJson(session()->plan()->plan()), start);
    session()->plan()->undoStack()->undo();
  }

  /// The linear's own inspector: the same trial from its form, one step back.
  void inspectorOfTheLinear() {
    m_window->workArea()->showPage(CentrePage::Overview);
    InspectorPanel* panel = m_window->workArea()->inspector();
    QVERIFY(!panel->smoothing()->isVisible());
    session()->selection()->selectOnly(*session()->model()->find("model.layers.0.mlp.up_proj"));
    QTRY_VERIFY(panel->smoothingChooser()->combo()->isEnabled());
    QTRY_COMPARE(panel->smoothingChooser()->combo()->currentIndex(), 0);
    panel->smoothingChooser()->combo()->setFocus();
    QTest::keyClick(panel->smoothingChooser()->combo(), Qt::Key_Down);
    QTest::keyClick(panel->smoothingChooser()->combo(), Qt::Key_Down);
    QVERIFY(control()->trial().method == SmoothingTrial::Method::Bismooth);
    QTRY_VERIFY(panel->applyButton()->isEnabled());
    QTest::mouseClick(panel->applyButton(), Qt::LeftButton);
    QCOMPARE(session()->plan()->plan().smoothing.size(), std::size_t{1});
    session()->plan()->undoStack()->undo();
    QVERIFY(session()->plan()->plan().smoothing.empty());
  }

 private:
  Session* session() { return m_window->session(); }
  SmoothingControl* control() { return session()->smoothing(); }
  SmoothingInspector* inspector() { return m_window->workArea()->inspector()->smoothing(); }
  std::size_t group() { return *control()->group(); }

  void setAlpha(double alpha) {
    SmoothingTrial trial = control()->trial();
    trial.method = SmoothingTrial::Method::Bismooth;
    trial.alpha = alpha;
    control()->setTrial(trial);
  }

  SmoothingPoint core(const SmoothingTrial& trial) {
    CurveRequest request;
    request.group = group();
    request.choices = {defaultChoice()};
    request.curve.smoothing = smoothingOptions(trial);
    JobContext job(2);
    return session()->workspace()->smoothedFigures(request, job);
  }

  /// What settles in the inspector is what core says, to the last bit.
  void checkFigures() {
    const auto isSettled = [&] {
      const auto& figures = control()->figures();
      return figures && figures->isExact && figures->trial == control()->trial() &&
             figures->point.error.together.w.has_value();
    };
    QTRY_VERIFY_WITH_TIMEOUT(isSettled(), 20000);
    const SmoothingPoint exact = core(control()->trial());
    const SmoothedFigures &shown = control()->figures()->point.error.together, &known = exact.error.together;
    QCOMPARE(*shown.wa, *known.wa);
    QCOMPARE(*shown.w, *known.w);
    QCOMPARE(*shown.a, *known.a);
    QTRY_COMPARE(inspector()->originText(0), QStringLiteral("exact"));
    QTRY_VERIFY(!inspector()->beforeText(1).isEmpty());
  }

  std::unique_ptr<MainWindow> m_window;
  LinearId m_query = 0;
};

QL_WINDOW_TEST_MAIN(TestSmoothingInspector)
#include "tst_smoothing_inspector.moc"
