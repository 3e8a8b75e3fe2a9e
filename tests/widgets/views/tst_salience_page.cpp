// The Salience page: its plots on a small site made by hand, with real mouse and key events, and the whole
// page on the demo model.
#include "tests/widgets/shell/shell_support.h"
#include "widgets/bridge/calibration_control.h"
#include "widgets/canvas/canvas.h"
#include "widgets/panels/calibrate_dialog.h"
#include "widgets/panels/form_parts.h"
#include "widgets/panels/matrix_view.h"
#include "widgets/panels/salience_figures.h"
#include "widgets/panels/salience_outlier_view.h"
#include "widgets/panels/salience_panel.h"
#include "widgets/panels/salience_rank_view.h"
#include "widgets/panels/salience_sweep_view.h"

#include <QAbstractItemModel>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QVBoxLayout>

#include <cmath>
#include <random>

using namespace ql;

namespace {

constexpr std::int64_t kWidth = 120;

/// Channel 7 has large inputs, 50 is dead, column 90 has large weights.
std::shared_ptr<const SalienceState> smallState(SalienceMode mode = SalienceMode::Obs) {
  std::mt19937 random(5);
  std::normal_distribution<float> normal;
  ActivationStats stats;
  stats.width = stats.sample.width = kWidth;
  stats.all.tokens = 64;
  stats.all.absmax.assign(kWidth, 0);
  for (std::int64_t t = 0; t < 64; ++t)
    for (std::size_t j = 0; j < kWidth; ++j) {
      const float x = j == 50 ? 0 : normal(random) * (j == 7 ? 20.0f : 1.0f);
      stats.sample.values.push_back(x);
      stats.all.absmax[j] = std::max(stats.all.absmax[j], std::abs(x));
    }
  stats.sample.ids.assign(64, 0);
  stats.sample.positions.assign(64, 0);
  stats.sample.windows.assign(64, 0);
  JobContext job(1);
  auto basis = std::make_shared<SalienceBasis>();
  basis->moment = siteMoment(stats, job);
  basis->extremes = siteExtremes(0, stats);
  basis->inputAbsmax = stats.all.absmax;
  auto weights = std::make_shared<WeightStats>();
  weights->columns.absmax.assign(kWidth, 1);
  weights->columns.sumSq.assign(kWidth, 4);
  weights->columns.absmax[90] = 30;
  weights->columns.sumSq[90] = 1000;
  auto state = std::make_shared<SalienceState>();
  state->basis = basis;
  state->inverse = std::make_shared<const InverseHessian>(salienceInverse(*basis, 0.01, job));
  state->weights = weights;
  state->report = salienceReport(*basis, *state->inverse, *weights, mode);
  return state;
}

struct Shown {
  Shown(SaliencePlot* plot) : canvas(new Canvas(plot, &window)) {
    auto* column = new QVBoxLayout(&window);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(canvas);
    window.resize(520, 260);
    window.show();
  }
  QWidget* surface() const { return canvas->focusProxy(); }
  QWidget window;
  Canvas* canvas;
};

}  // namespace

class TestSaliencePage : public QObject {
  Q_OBJECT

 private slots:
  void rankingPicksColumns();
  void thresholdIsDragged();
  void dampingIsDragged();
  void failedDampingsAreSaid();
  void pageOfTheDemo();
};

void TestSaliencePage::rankingPicksColumns() {
  Selection selection;
  SalienceRankView view(&selection);
  QVERIFY(!view.table());
  view.setHint(QStringLiteral("Nothing yet."));
  QCOMPARE(view.accessibleText(), QStringLiteral("Nothing yet."));
  const auto state = smallState();
  view.setState(state);
  Shown shown(&view);
  QVERIFY(QTest::qWaitForWindowExposed(&shown.window));
  QVERIFY(view.accessibleText().contains(QStringLiteral("the first 2 of 120 hold")));
  // the two columns that were planted lead
  QCOMPARE(topColumns(state->report.columns, 2), (std::vector<std::int64_t>{7, 90}));
  const std::int64_t first = state->report.columns.order.front();
  const QPoint at(static_cast<int>(view.xAxis().toPixel(0.5)), static_cast<int>(view.plot().center().y()));
  QTest::mouseClick(shown.surface(), Qt::LeftButton, {}, at);
  QCOMPARE(selection.channel(), std::optional(first));
  QTest::keyClick(shown.surface(), Qt::Key_Right);
  QCOMPARE(selection.channel(), std::optional(state->report.columns.order[1]));
  QVERIFY(view.accessibleText().contains(QStringLiteral("rank 2")));
  QTest::keyClick(shown.surface(), Qt::Key_End);
  QCOMPARE(selection.channel(), std::optional<std::int64_t>(50));  // the dead one is last
  QTest::keyClick(shown.surface(), Qt::Key_Escape);
  QVERIFY(!selection.channel());
  QTest::mouseMove(shown.surface(), at);
  QTRY_COMPARE(selection.hoverChannel(), first);
  const auto table = view.table();
  QCOMPARE(table->rowCount(), static_cast<int>(kWidth));
  QCOMPARE(table->index(0, 1).data().toString(), QString::number(first));
  QCOMPARE(view.copyText().count(QLatin1Char('\n')), static_cast<int>(kWidth));
  const QImage light = renderToImage(view, QSize(520, 260), 1, lightTheme());
  QVERIFY(light != renderToImage(view, QSize(520, 260), 1, darkTheme()));
}

void TestSaliencePage::thresholdIsDragged() {
  Selection selection;
  SalienceOutlierView view(&selection);
  view.setState(smallState());
  Shown shown(&view);
  QVERIFY(QTest::qWaitForWindowExposed(&shown.window));
  QVERIFY(view.accessibleText().contains(QStringLiteral("1 of 120 channels reach the threshold 6")));
  QSignalSpy moved(&view, &SalienceOutlierView::thresholdMoved);
  QTest::keyClick(shown.surface(), Qt::Key_Down);
  QVERIFY(std::abs(view.threshold() - 6 / 1.1) < 1e-9);
  QTest::keyClick(shown.surface(), Qt::Key_Up, Qt::ShiftModifier);
  QVERIFY(std::abs(view.threshold() - 6 / 1.1 * 1.01) < 1e-9);
  QTest::keyClick(shown.surface(), Qt::Key_Home);
  QCOMPARE(view.threshold(), 6.0);
  QCOMPARE(moved.size(), 3);
  // the line is found where it is drawn: look for it with the pointer
  const int x = static_cast<int>(view.plot().center().x());
  int line = -1;
  for (int y = static_cast<int>(view.plot().top()); y < static_cast<int>(view.plot().bottom()) && line < 0;
       ++y) {
    CanvasEvent move;
    move.position = QPointF(x, y);
    view.handle(move);
    if (view.cursorShape() == Qt::SizeVerCursor) line = y + 4;
  }
  QVERIFY(line > 0);
  QTest::mousePress(shown.surface(), Qt::LeftButton, {}, QPoint(x, line));
  QTest::mouseMove(shown.surface(), QPoint(x, line + 60));
  QTest::mouseRelease(shown.surface(), Qt::LeftButton, {}, QPoint(x, line + 60));
  QVERIFY(view.threshold() < 4);
  QVERIFY(!selection.channel());  // a drag is no click
  QVERIFY(moved.size() > 3);
  const auto state = smallState();
  const std::int64_t over =
      static_cast<std::int64_t>(channelsFrom(state->basis->inputAbsmax, view.threshold()).size());
  QVERIFY(view.accessibleText().contains(QStringLiteral("%1 of 120").arg(over)));
}

void TestSaliencePage::dampingIsDragged() {
  const auto state = smallState();
  JobContext job(1);
  std::vector<DampingPoint> points;
  for (const double damping : SalienceLab::dampings()) {
    DampingPoint point;
    point.damping = damping;
    point.inverse = std::make_shared<const InverseHessian>(salienceInverse(*state->basis, damping, job));
    point.concentration = 0.5 + damping / 10;
    points.push_back(point);
  }
  QCOMPARE(points.size(), std::size_t{17});
  // more damping, better conditioned
  for (std::size_t i = 1; i < points.size(); ++i)
    QVERIFY(points[i].inverse->conditionNumber < points[i - 1].inverse->conditionNumber);
  SalienceSweepView view;
  view.setPoints(points);
  Shown shown(&view);
  QVERIFY(QTest::qWaitForWindowExposed(&shown.window));
  QSignalSpy moved(&view, &SalienceSweepView::dampingMoved);
  QTest::keyClick(shown.surface(), Qt::Key_Right);
  QVERIFY(std::abs(view.damping() / 0.01 - std::pow(10, 0.1)) < 1e-9);
  QTest::keyClick(shown.surface(), Qt::Key_Left, Qt::ShiftModifier);
  QVERIFY(std::abs(view.damping() / 0.01 - std::pow(10, 0.08)) < 1e-9);
  QTest::keyClick(shown.surface(), Qt::Key_Home);
  QCOMPARE(view.damping(), SalienceLab::kLeastDamping);
  const int y = static_cast<int>(view.plot().center().y());
  QTest::mousePress(shown.surface(), Qt::LeftButton, {},
                    QPoint(static_cast<int>(view.xAxis().toPixel(SalienceLab::kLeastDamping)) + 1, y));
  QTest::mouseMove(shown.surface(), QPoint(static_cast<int>(view.xAxis().toPixel(0.1)), y));
  QTest::mouseRelease(shown.surface(), Qt::LeftButton, {},
                      QPoint(static_cast<int>(view.xAxis().toPixel(0.1)), y));
  QVERIFY(view.damping() > 0.09 && view.damping() < 0.11);
  QVERIFY(moved.size() >= 4);
  QTest::mouseMove(shown.surface(), QPoint(static_cast<int>(view.xAxis().toPixel(1)), y));
  QVERIFY(view.damping() < 0.11);  // let go
  QVERIFY(view.accessibleText().contains(QStringLiteral("condition number")));
  QCOMPARE(view.table()->rowCount(), 17);
}

void TestSaliencePage::failedDampingsAreSaid() {
  DampingPoint good, bad;
  good.damping = 0.01;
  auto inverse = std::make_shared<InverseHessian>();
  inverse->damping = 0.01;
  inverse->usedDamping = 0.1;
  inverse->retries = 1;
  inverse->conditionNumber = 1e6;
  good.inverse = inverse;
  good.concentration = 0.2;
  bad.damping = 1e-4;
  bad.problem = QStringLiteral("The Hessian is singular.");
  SalienceSweepView view;
  view.setViewport(QSizeF(500, 240), 1);
  view.setPoints({bad, good});
  view.setDamping(1e-4);
  QVERIFY(view.accessibleText().contains(bad.problem));
  const auto table = view.table();
  QCOMPARE(table->index(0, 1).data().toString(), QStringLiteral("–"));
  QCOMPARE(table->index(1, 4).data().toString(), QStringLiteral("1"));
  QVERIFY(view.copyText().contains(QStringLiteral("0.01\t0.2\t1000000\t0.1\t1")));
  QVERIFY(!renderToImage(view, QSize(500, 240), 1, lightTheme()).isNull());
}

void TestSaliencePage::pageOfTheDemo() {
  Session session;
  SaliencePanel panel(&session);
  panel.resize(980, 700);
  panel.show();
  QVERIFY(QTest::qWaitForWindowExposed(&panel));
  QVERIFY(!panel.message().isEmpty());
  session.open(test::demoPath());
  QTRY_VERIFY_WITH_TIMEOUT(session.model() != nullptr, 20000);
  session.jobs()->cancelAll();  // the page measures what it needs
  session.selection()->selectOnly(*session.model()->find("model.layers.0.self_attn.q_proj"));
  QVERIFY(panel.lab()->lacksActivations());
  QVERIFY(panel.message().contains(QStringLiteral("goes into a linear")));
  CalibrateDialog dialog(&session);
  QVERIFY(dialog.keepsMoments());  // 25 small sites

  CalibrateOptions options;
  options.source.text = std::string(QL_SOURCE_DIR) + "/resources/texts/calibration.txt";
  options.windows.maxTokens = 512;
  options.keepMoments = true;
  session.calibration()->calibrate(options);
  QTRY_VERIFY_WITH_TIMEOUT(!session.calibration()->isRunning() && panel.lab()->state(), 60000);
  QTRY_VERIFY_WITH_TIMEOUT(panel.lab()->isSweepComplete() && !panel.lab()->isBusy(), 20000);
  QVERIFY(panel.message().isEmpty());
  const SalienceLab& lab = *panel.lab();
  QCOMPARE(lab.state()->basis->moment.origin, HessianOrigin::SecondMoment);
  QVERIFY(!panel.exactButton()->isVisible());
  // the planted columns lead while the damping outweighs their tiny inputs, and do not without it
  QCOMPARE(topColumns(lab.state()->report.columns, 3), (std::vector<std::int64_t>{18, 26, 30}));
  QVERIFY(lab.sweep().front().concentration < lab.sweep().back().concentration);
  QVERIFY(panel.figures()->text(SalienceFigures::WithWeights).startsWith(QStringLiteral("3 of 3")));
  QTRY_VERIFY_WITH_TIMEOUT(
      panel.figures()->text(SalienceFigures::Whole).contains(QStringLiteral("of 25 sites")), 20000);
  QTRY_VERIFY_WITH_TIMEOUT(panel.map()->isSettled(), 20000);
  QVERIFY(panel.map()->problem().isEmpty());

  QTest::mouseClick(panel.modeControl()->button(2), Qt::LeftButton);
  QTRY_VERIFY_WITH_TIMEOUT(
      !lab.isBusy() && lab.state() && lab.state()->report.mode == SalienceMode::BillmPaper, 20000);
  QVERIFY(lab.isSweepComplete());  // its factorizations are kept
  auto* damping = panel.findChild<QDoubleSpinBox*>();
  damping->setValue(0.5);
  QTRY_VERIFY_WITH_TIMEOUT(!lab.isBusy() && lab.state()->inverse->damping == 0.5, 20000);
  QCOMPARE(panel.sweepView()->damping(), 0.5);
  QVERIFY(panel.figures()->text(SalienceFigures::Condition).contains(QStringLiteral("0.5")));

  auto* mask = panel.findChild<QComboBox*>();
  mask->setCurrentIndex(2);
  emit mask->activated(2);
  QTRY_VERIFY_WITH_TIMEOUT(lab.mask().has_value(), 20000);
  QCOMPARE(lab.mask()->count, std::uint64_t{656});  // 1 % of 65,536, rounded up
  QVERIFY(panel.figures()->text(SalienceFigures::Mask).contains(QStringLiteral("of the salience")));
  QTRY_VERIFY_WITH_TIMEOUT(panel.map()->isSettled(), 20000);

  emit panel.outlierView()->thresholdMoved(0.5);
  QCOMPARE(lab.threshold(), 0.5);
  QVERIFY(lab.state()->report.withOutliers->right > 0);
  QVERIFY(panel.figures()->copyText().contains(QStringLiteral("0.5")));

  // another linear of the same site keeps the factorization
  const auto inverse = lab.state()->inverse;
  session.selection()->selectOnly(*session.model()->find("model.layers.0.self_attn.k_proj"));
  QTRY_VERIFY_WITH_TIMEOUT(!lab.isBusy() && lab.state(), 20000);
  QCOMPARE(lab.state()->inverse, inverse);
  panel.hide();
  session.selection()->selectOnly(*session.model()->find("model.layers.1.mlp.down_proj"));
  QTest::qWait(0);
  QCOMPARE(lab.state()->inverse, inverse);  // nobody looks: nothing is computed
}

QL_WINDOW_TEST_MAIN(TestSaliencePage)
#include "tst_salience_page.moc"
