// The Compare page: choices, error maps with one range, metrics and their disagreement, codes, models'
// curves.
#include "core/base/error.h"
#include "core/quant/quantizer.h"
#include "tests/widgets/shell/shell_support.h"
#include "widgets/panels/compare_choice_edit.h"
#include "widgets/panels/compare_codes_view.h"
#include "widgets/panels/compare_linear_page.h"
#include "widgets/panels/compare_map_view.h"
#include "widgets/panels/compare_metric_table.h"
#include "widgets/panels/compare_metrics_page.h"
#include "widgets/panels/compare_models_page.h"
#include "widgets/panels/compare_pair_table.h"
#include "widgets/panels/compare_panel.h"
#include "widgets/panels/compare_profile_view.h"
#include "widgets/panels/compare_ranks.h"
#include "widgets/panels/compare_tau_view.h"
#include "widgets/panels/form_parts.h"

#include <QAbstractItemModelTester>
#include <QDropEvent>
#include <QLineEdit>
#include <QMimeData>
#include <QTableView>

#include <cmath>

using namespace ql;

namespace {

constexpr char kLayer[] = "model.layers.0.self_attn.q_proj";  // has planted columns

CompareFigure figure(double a, double b, bool isLargerBetter = false, bool isJudge = true) {
  CompareFigure result;
  result.name = QStringLiteral("m%1").arg(a);
  result.isLargerBetter = isLargerBetter;
  result.isJudge = isJudge;
  result.values = {a, b};
  return result;
}

}  // namespace

class TestComparePage : public QObject {
  Q_OBJECT

 private slots:
  void initTestCase();
  void winnersAndDisagreement();
  void ranksByHand();
  void specsAreTypedAndRefused();
  void pinnedAndSwappedByKeys();
  void mapsShareOneRange();
  void mapValuesAreThoseOfTheQuantizer();
  void differenceIsSymmetricAboutZero();
  void spaceFlickersAndNothingStrobes();
  void figuresCodesAndProfiles();
  void metricsTabRanksEveryLinear();
  void modelsTabDrawsSeveralModels();
  void everyViewDrawsInBothThemes();
  void withoutAModelThereAreHints();

 private:
  ComparePanel* page() { return m_panel.get(); }
  LinearId layer() const { return *m_session->model()->find(kLayer); }
  std::unique_ptr<Session> m_session;
  std::unique_ptr<ComparePanel> m_panel;
};

void TestComparePage::initTestCase() {
  m_session = std::make_unique<Session>();
  m_panel = std::make_unique<ComparePanel>(m_session.get());
  m_panel->resize(984, 640);
  m_panel->show();
  QVERIFY(QTest::qWaitForWindowExposed(m_panel.get()));
  m_session->open(test::demoPath());
  QTRY_VERIFY_WITH_TIMEOUT(m_session->model() != nullptr, 30000);
  m_session->selection()->selectOnly(layer());
  QTRY_VERIFY_WITH_TIMEOUT(test::isIdle(m_session.get()), 60000);
}

void TestComparePage::winnersAndDisagreement() {
  QVERIFY(figure(0.5, 0.2).winner() == CompareSide::B);
  QVERIFY(figure(10, 20, true).winner() == CompareSide::B);
  QVERIFY(!figure(0.5, 0.5).winner() && !figure(0.5, NAN).winner());
  std::vector<CompareFigure> figures{figure(0.5, 0.2), figure(0.4, 0.1), figure(0.1, 0.3),
                                     figure(8, 9, false, false)};
  QVERIFY(majority(figures) == CompareSide::B);
  const QString verdict = verdictText(figures);
  QVERIFY2(verdict.contains(QStringLiteral("2 of 3")) && verdict.contains(figures[2].name),
           qPrintable(verdict));
  CompareMetricTable table;
  const QAbstractItemModelTester tester(&table);
  table.setFigures(figures);
  QVERIFY(!table.isDissenting(0) && table.isDissenting(2) && !table.isDissenting(3));
  QVERIFY(table.index(2, CompareMetricTable::Better).data().toString().contains(QChar(0x2260)));
  figures.pop_back();
  figures.erase(figures.begin());
  QVERIFY(!majority(figures));  // one against one
  table.setFigures(figures);
  QCOMPARE(table.rowCount(), 2);
}

// Two metrics that agree, one that turns the order round.
void TestComparePage::ranksByHand() {
  CompareRanks ranks;
  ranks.metrics = {Metric::NormWeighted, Metric::RelFrobenius, Metric::DeadCodes};
  ranks.linears = {0, 1, 2};
  ranks.names = {QStringLiteral("a"), QStringLiteral("b"), QStringLiteral("c")};
  ranks.values = {{0.3, 0.2, 0.1}, {3, 2, 1}, {1, 2, NAN}};
  completeRanks(ranks);
  QCOMPARE(ranks.ranks[0], (std::vector<std::size_t>{1, 2, 3}));
  QCOMPARE(ranks.ranks[2], (std::vector<std::size_t>{2, 1, 0}));
  QCOMPARE(*ranks.tau[0][1], 1.0);
  QCOMPARE(*ranks.tau[0][2], -1.0);
  QCOMPARE(*ranks.tau[2][1], *ranks.tau[1][2]);
  QCOMPARE(ranks.spread(0), std::size_t{1});
  QCOMPARE(ranks.spread(2), std::size_t{0});
  CompareRankTable table;
  const QAbstractItemModelTester tester(&table);
  table.setRanks(ranks);
  QCOMPARE(table.rowCount(), 3);
  QCOMPARE(table.columnCount(), 5);
  QCOMPARE(table.index(0, 3).data().toString(), QStringLiteral("2"));
}

void TestComparePage::specsAreTypedAndRefused() {
  CompareChoiceEdit* edit = page()->edit(CompareSide::B);
  QSignalSpy refused(edit, &CompareChoiceEdit::refused);
  edit->field()->setFocus();
  edit->field()->selectAll();
  QTest::keyClicks(edit->field(), QStringLiteral("w4a16:group=64"));
  QTest::keyClick(edit->field(), Qt::Key_Return);
  QVERIFY(page()->choices()->of(CompareSide::B) == parseSpec("w4a16:group=64"));
  QVERIFY(edit->problem().isEmpty());
  edit->field()->selectAll();
  QTest::keyClicks(edit->field(), QStringLiteral("w8b8"));
  QTest::keyClick(edit->field(), Qt::Key_Return);
  QVERIFY(!edit->problem().isEmpty());
  QCOMPARE(refused.count(), 1);  // said once, though the field is left as well
  QVERIFY(page()->choices()->of(CompareSide::B) == parseSpec("w4a16:group=64"));
  page()->choices()->set(CompareSide::B, parseSpec("w8a8:group=32"));
  QVERIFY(edit->problem().isEmpty());
  QCOMPARE(edit->field()->text(), QStringLiteral("w8a8:group=32"));
}

void TestComparePage::pinnedAndSwappedByKeys() {
  page()->activateWindow();
  QVERIFY(QTest::qWaitForWindowActive(page()->window()));
  page()->setFocus();
  m_session->plan()->setWhatIf(parseSpec("w4a16"));
  QTest::keyClick(page(), Qt::Key_B);
  QTRY_VERIFY(page()->choices()->of(CompareSide::B) == parseSpec("w4a16"));
  m_session->plan()->setWhatIf(std::nullopt);
  QTest::keyClick(page(), Qt::Key_A);
  QTRY_VERIFY(page()->choices()->of(CompareSide::A) == m_session->choiceOf(layer()));
  QTest::keyClick(page(), Qt::Key_X);
  QTRY_VERIFY(page()->choices()->of(CompareSide::A) == parseSpec("w4a16"));
  page()->choices()->set(CompareSide::A, parseSpec("w8a8"));
  page()->choices()->set(CompareSide::B, parseSpec("w8a8:group=32"));
}

void TestComparePage::mapsShareOneRange() {
  CompareMapView* map = page()->linearPage()->map();
  QTRY_VERIFY_WITH_TIMEOUT(map->isSettled(), 20000);
  QCOMPARE(map->plotCount(), std::size_t{2});
  QCOMPARE(map->plot(0).size(), map->plot(1).size());
  const QImage picture = renderSettled(*map, QSize(900, 300), 1, lightTheme());
  // A rounds nearly everything to zero, B does not: under one range the left map is brighter.
  const auto brightness = [&](const QRectF& plot) {
    double sum = 0;
    for (int y = static_cast<int>(plot.top()) + 2; y < plot.bottom() - 2; y += 3)
      for (int x = static_cast<int>(plot.left()) + 2; x < plot.right() - 2; x += 3)
        sum += lightness(picture.pixel(x, y));
    return sum / (plot.width() * plot.height());
  };
  QVERIFY(brightness(map->plot(0)) > 1.3 * brightness(map->plot(1)));
  // one zoom for both
  CanvasEvent wheel{CanvasEvent::Wheel, map->plot(1).center()};
  wheel.wheel = 5;
  QVERIFY(map->handle(wheel));
  QVERIFY(map->visibleRows().span() < 200 && map->visibleColumns().span() < 200);
  map->fit();
  QCOMPARE(map->visibleRows().span(), 256.0);
}

void TestComparePage::mapValuesAreThoseOfTheQuantizer() {
  CompareMapView* map = page()->linearPage()->map();
  const std::unique_ptr<QAbstractItemModel> table = map->table();
  QVERIFY(table);
  QCOMPARE(table->rowCount(), 256 * 256);
  std::vector<float> weights(256 * 256);
  const MatrixRef& matrix = m_session->model()->linears[layer()].matrix;
  m_session->workspace()->weights()->readRows(matrix, 0, 256, weights);
  const WeightScheme a = *parseSpec("w8a8").weight, b = *parseSpec("w8a8:group=32").weight;
  const QuantizedMatrix qa = quantizerFor(a).quantize(a, 256, 256, weights);
  const QuantizedMatrix qb = quantizerFor(b).quantize(b, 256, 256, weights);
  const auto* pairs = static_cast<const ComparePairTable*>(table.get());
  const QStringList lines = pairs->tabSeparated().split(QLatin1Char('\n'));
  QCOMPARE(lines.size(), 256 * 256 + 1);
  for (const std::size_t at : {std::size_t{0}, std::size_t{1234}, std::size_t{65535}}) {
    const QStringList fields = lines[static_cast<qsizetype>(at) + 1].split(QLatin1Char('\t'));
    const float ea = std::abs(qa.dequantized[at] - weights[at]),
                eb = std::abs(qb.dequantized[at] - weights[at]);
    QVERIFY(std::abs(fields[2].toFloat() - ea) < 1e-6f && std::abs(fields[3].toFloat() - eb) < 1e-6f);
    QVERIFY(std::abs(fields[4].toFloat() - (eb - ea)) < 1e-6f);
  }
}

void TestComparePage::differenceIsSymmetricAboutZero() {
  CompareMapView* map = page()->linearPage()->map();
  page()->setMode(2);
  QTRY_VERIFY_WITH_TIMEOUT(map->isSettled(), 20000);
  QCOMPARE(map->plotCount(), std::size_t{1});
  const ColorScale colors = map->colorScale();
  QCOMPARE(colors.range.from, -colors.range.to);
  QVERIFY(!colors.isMagnitude && colors.map == &Colormap::diverging());
  QCOMPARE(colors.range.fraction(0), 0.5);
  page()->setMode(0);
  QTRY_VERIFY_WITH_TIMEOUT(map->isSettled(), 20000);
}

void TestComparePage::spaceFlickersAndNothingStrobes() {
  CompareMapView* map = page()->linearPage()->map();
  page()->setFocus();
  const CompareSide before = map->shownSide();
  QTest::keyPress(page(), Qt::Key_Space);
  QVERIFY(map->mode() == CompareMode::Flicker);
  QVERIFY(map->shownSide() != before);
  QTest::keyRelease(page(), Qt::Key_Space);
  QVERIFY(map->shownSide() != before);  // tapped: it stays
  QTest::keyPress(page(), Qt::Key_Space);
  QTest::qWait(350);
  QTest::keyRelease(page(), Qt::Key_Space);
  QVERIFY(map->shownSide() != before);  // held: a look, and back
  QTest::mouseClick(page()->flickerButton(), Qt::LeftButton);
  QVERIFY(map->shownSide() == before);
  for (const QTimer* timer : page()->findChildren<QTimer*>())
    if (timer->isActive() && !timer->isSingleShot()) QVERIFY(timer->interval() >= 1000);
  page()->setMode(0);
}

void TestComparePage::figuresCodesAndProfiles() {
  CompareLinearPage* linear = page()->linearPage();
  QTRY_VERIFY_WITH_TIMEOUT(
      linear->codes()->isSettled() && linear->columns()->values(CompareSide::B).size() == 256, 20000);
  const auto error = m_session->workspace()->error(layer(), parseSpec("w8a8"));
  QVERIFY(error && error->columnError.size() == 256);
  const std::vector<double>& columns = linear->columns()->values(CompareSide::A);
  for (std::size_t j = 0; j < 256; ++j) {
    const auto stats = m_session->workspace()->weightStats(layer());
    const double expected = std::sqrt(error->columnError[j] / stats->columns.sumSq[j]);
    QVERIFY(std::abs(columns[j] - expected) < 1e-4 * (expected + 1e-6));
  }
  QCOMPARE(linear->rows()->values(CompareSide::A).size(), std::size_t{256});
  QTRY_VERIFY_WITH_TIMEOUT(linear->figures()->figures().front().values[1].has_value(), 20000);
  QVERIFY2(linear->verdict().contains(QStringLiteral("prefer B")), qPrintable(linear->verdict()));
  // 90.9 % dead under A
  QVERIFY2(linear->codes()->accessibleText().contains(QStringLiteral("90.9")),
           qPrintable(linear->codes()->accessibleText()));
  QVERIFY(linear->codes()->table()->rowCount() == 512);
  QVERIFY(linear->codes()->copyText().count(QLatin1Char('\n')) == 512);
  QVERIFY(linear->figures()->tabSeparated().contains(QLatin1Char('\t')));
  // a click on a column pins it everywhere
  linear->columns()->handle({CanvasEvent::Press, QPointF(linear->columns()->size().width() / 2, 60),
                             Qt::LeftButton, Qt::LeftButton});
  QVERIFY(m_session->selection()->channel());
  m_session->selection()->setChannel(std::nullopt);
  // weights as stored: no codes, no error
  page()->choices()->set(CompareSide::B, parseSpec("w16a16"));
  QTRY_VERIFY(linear->columns()->values(CompareSide::B).empty());
  page()->choices()->set(CompareSide::B, parseSpec("w8a8:group=32"));
  QTRY_COMPARE_WITH_TIMEOUT(linear->columns()->values(CompareSide::B).size(), std::size_t{256}, 20000);
}

void TestComparePage::metricsTabRanksEveryLinear() {
  page()->showTab(ComparePanel::Tab::Metrics);
  CompareMetricsPage* metrics = page()->metricsPage();
  QTRY_VERIFY_WITH_TIMEOUT(metrics->ranks()->rowCount() == 42 && metrics->ranks()->ranks().missing == 0,
                           20000);
  const CompareRanks& ranks = metrics->ranks()->ranks();
  QCOMPARE(*ranks.tau[0][0], 1.0);
  QVERIFY(ranks.tau[0][1] && *ranks.tau[0][1] < 0.999);  // metrics do disagree
  std::size_t worst = 0;
  for (std::size_t i = 0; i < ranks.linears.size(); ++i)
    if (ranks.ranks[0][i] == 1) worst = i;
  QVERIFY(ranks.values[0][worst] >= ranks.values[0][0]);
  QVERIFY(metrics->tau()->table()->rowCount() == metrics->tau()->table()->columnCount());
  QVERIFY(metrics->tau()->copyText().count(QLatin1Char('\n')) == static_cast<int>(ranks.metrics.size()));
  metrics->table()->setFocus();
  metrics->table()->setCurrentIndex(metrics->table()->model()->index(5, 0));
  QCOMPARE(*m_session->selection()->current(), ranks.linears[5]);
  m_session->selection()->selectOnly(layer());
}

void TestComparePage::modelsTabDrawsSeveralModels() {
  page()->showTab(ComparePanel::Tab::Models);
  CompareModelsPage* models = page()->modelsPage();
  QCOMPARE(models->list()->models().size(), std::size_t{1});
  const QTemporaryDir folder;
  const QString copy = test::copyOfDemo(folder);
  QMimeData data;
  data.setUrls({QUrl::fromLocalFile(copy)});
  QDragEnterEvent enter(QPoint(50, 50), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
  QCoreApplication::sendEvent(models, &enter);
  QVERIFY(enter.isAccepted());
  QDropEvent drop(QPointF(50, 50), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
  QCoreApplication::sendEvent(models, &drop);
  QTRY_COMPARE_WITH_TIMEOUT(models->list()->models().size(), std::size_t{2}, 20000);
  QTRY_VERIFY_WITH_TIMEOUT(!models->list()->isBusy() && models->view()->isSettled(), 30000);
  QTRY_COMPARE(models->view()->curves().size(), std::size_t{2});
  const std::vector<ModelCurve>& curves = models->view()->curves();
  QVERIFY(curves[0].values == curves[1].values);  // the same weights
  QCOMPARE(curves[0].values.size(), std::size_t{42});
  QVERIFY(std::abs(curves[0].values[0] - 0.9086282) < 1e-6);
  QVERIFY(curves[0].color != curves[1].color);
  QCOMPARE(models->view()->copyText().count(QLatin1Char('\n')), 84);
  QCOMPARE(models->view()->table()->rowCount(), 42);
  models->list()->add(copy);  // told, not added again
  QTRY_VERIFY_WITH_TIMEOUT(!models->list()->isBusy(), 20000);
  QCOMPARE(models->list()->models().size(), std::size_t{2});
  models->list()->add(folder.filePath(QStringLiteral("nothing")));
  QTRY_VERIFY_WITH_TIMEOUT(!models->list()->isBusy(), 20000);
  QCOMPARE(models->list()->models().size(), std::size_t{2});
  // under B the planted layers are under the target again
  models->list()->setQuestion(parseSpec("w8a8:group=16"), CompareFigureKind::NormWeighted);
  QTRY_VERIFY_WITH_TIMEOUT(!models->list()->isBusy(), 30000);
  QTRY_VERIFY(models->view()->curves()[1].values[0] < 0.5);
  const std::vector<QWidget*> buttons = models->removeButtons();
  QCOMPARE(buttons.size(), std::size_t{1});
  QTest::mouseClick(buttons.front(), Qt::LeftButton);
  QTRY_COMPARE(models->list()->models().size(), std::size_t{1});
  QTRY_COMPARE(models->view()->curves().size(), std::size_t{1});
}

void TestComparePage::everyViewDrawsInBothThemes() {
  page()->showTab(ComparePanel::Tab::Linear);
  CompareLinearPage* linear = page()->linearPage();
  const std::vector<CanvasView*> views{linear->map(),
                                       linear->codes(),
                                       linear->rows(),
                                       linear->columns(),
                                       page()->metricsPage()->tau(),
                                       page()->modelsPage()->view()};
  for (CanvasView* view : views) {
    for (const Theme* theme : {&lightTheme(), &darkTheme()}) {
      for (const QSize size : {QSize(700, 260), QSize(160, 80), QSize(40, 30)}) {
        const QImage picture = renderSettled(*view, size, 1, *theme);
        QCOMPARE(picture.size(), size);
        if (size.width() < 700) continue;
        int inked = 0;
        for (int y = 0; y < size.height(); ++y)
          for (int x = 0; x < size.width(); ++x) inked += picture.pixelColor(x, y) != theme->base;
        QVERIFY(inked > 500);
      }
    }
    QVERIFY(!view->accessibleText().isEmpty());
  }
}

void TestComparePage::withoutAModelThereAreHints() {
  m_session->close();
  QTRY_VERIFY(page()->modelsPage()->list()->models().empty());
  QVERIFY(page()->linearPage()->map()->content().name.isEmpty());
  QVERIFY(page()->linearPage()->map()->isSettled());
  QCOMPARE(page()->linearPage()->figures()->rowCount(), 0);
  page()->pin(CompareSide::A);  // said, not done
  QVERIFY(page()->choices()->of(CompareSide::A) == parseSpec("w8a8"));
}

QL_WINDOW_TEST_MAIN(TestComparePage)
#include "tst_compare_page.moc"
