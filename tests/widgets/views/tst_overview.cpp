// The overview: geometry at every size, values of the demo model, mouse and keys.
#include "core/base/error.h"
#include "tests/support/data.h"
#include "widgets/bridge/metric_info.h"
#include "widgets/canvas/canvas.h"
#include "widgets/canvas/overview_layout.h"
#include "widgets/panels/overview_panel.h"
#include "widgets/panels/overview_view.h"

#include <QAbstractItemModel>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

using namespace ql;

class TestOverview : public QObject {
  Q_OBJECT

 private slots:
  void initTestCase();
  void cellsFillTheGrid_data();
  void cellsFillTheGrid();
  void everyCellIsHitAtItsCentre();
  void eightyBlocksKeepAMinimumWidth();
  void labelsThinOut();
  void valuesOfTheDemoModel();
  void clickSelectsAndControlAdds();
  void rubberBandSelectsCells();
  void keysMoveAndNextFindingFlags();
  void digitsChooseTheMetric();
  void tableTwinHasTheSameNumbers();

 private:
  int flagged() const;
  void press(Qt::MouseButton button, QPointF at, Qt::KeyboardModifiers modifiers = Qt::NoModifier);
  void release(QPointF at, Qt::KeyboardModifiers modifiers = Qt::NoModifier);
  QPointF centre(int row, int block) { return m_panel->view()->layout().cell({row, block}).center(); }
  QTemporaryDir m_home;
  std::unique_ptr<Session> m_session;
  std::unique_ptr<OverviewPanel> m_panel;
};

void TestOverview::initTestCase() {
  qputenv("XDG_CACHE_HOME", m_home.path().toUtf8());
  m_session = std::make_unique<Session>();
  m_panel = std::make_unique<OverviewPanel>(m_session.get());
  m_panel->resize(1100, 300);
  m_panel->show();
  QVERIFY(QTest::qWaitForWindowExposed(m_panel.get()));
  m_session->open(QString::fromStdString(test::demoModel().string()));
  QTRY_VERIFY_WITH_TIMEOUT(m_session->model() && m_panel->view()->data().rows() > 0, 30000);
  QTRY_VERIFY_WITH_TIMEOUT(m_panel->view()->isSettled(), 60000);
  // Findings arrive in bursts while the analysis runs: the last one has come when nothing runs any more.
  QTRY_VERIFY_WITH_TIMEOUT(m_panel->view()->data().worst(0, 0)->isFlagged && m_session->jobs()->isIdle(),
                           60000);
  QTRY_COMPARE_WITH_TIMEOUT(flagged(), 12, 60000);
}

int TestOverview::flagged() const {
  int count = 0;
  for (const OverviewItem& item : m_panel->view()->data().items()) count += item.isFlagged;
  return count;
}

void TestOverview::press(Qt::MouseButton button, QPointF at, Qt::KeyboardModifiers modifiers) {
  CanvasEvent event{CanvasEvent::Press, at, button, button, modifiers};
  m_panel->view()->handle(event);
}

void TestOverview::release(QPointF at, Qt::KeyboardModifiers modifiers) {
  m_panel->view()->handle({CanvasEvent::Release, at, Qt::LeftButton, Qt::NoButton, modifiers});
}

void TestOverview::cellsFillTheGrid_data() {
  QTest::addColumn<QSizeF>("size");
  QTest::addColumn<int>("blocks");
  for (const double width : {200.0, 500.0, 960.0, 1600.0, 3200.0})
    for (const int blocks : {1, 6, 32, 80, 126})
      QTest::addRow("%.0f wide, %d blocks", width, blocks) << QSizeF(width, 260) << blocks;
}

void TestOverview::cellsFillTheGrid() {
  QFETCH(QSizeF, size);
  QFETCH(int, blocks);
  const OverviewLayout layout = layOutOverview(size, 7, blocks, 50, 14, 1e9);
  QVERIFY(layout.cellWidth >= OverviewLayout::kMinCell);
  QVERIFY(layout.grid.right() <= size.width());
  QVERIFY(layout.grid.bottom() <= size.height());
  QVERIFY(layout.cell({6, blocks - 1}).right() <= layout.grid.right() + 0.01);  // scrolled to the end
  QVERIFY(layout.plot.isNull() || layout.plot.left() > layout.bar.right());
  QVERIFY(layout.plot.isNull() || layout.plot.right() <= size.width());
  QVERIFY(layout.bar.isNull() || layout.bar.left() > layout.grid.right());
}

void TestOverview::everyCellIsHitAtItsCentre() {
  const OverviewLayout layout = layOutOverview({900, 260}, 7, 30, 50, 14, 0);
  for (int row = 0; row < 7; ++row)
    for (int block = 0; block < 30; ++block) {
      const auto hit = layout.hit(layout.cell({row, block}).center());
      QVERIFY(hit && *hit == (GridCell{row, block}));
    }
  QVERIFY(!layout.hit({layout.grid.left() - 1, layout.grid.top() + 5}));
  QVERIFY(!layOutOverview({900, 260}, 0, 0, 50, 14, 0).hit({10, 10}));
}

void TestOverview::eightyBlocksKeepAMinimumWidth() {
  const OverviewLayout layout = layOutOverview({500, 200}, 7, 80, 50, 14, 0);
  QCOMPARE(layout.cellWidth, OverviewLayout::kMinCell);
  QVERIFY(layout.maxScroll > 0);
  QCOMPARE(layout.firstVisibleBlock(), 0);
  QVERIFY(layout.lastVisibleBlock() < 79);
}

void TestOverview::labelsThinOut() {
  OverviewLayout layout;
  layout.blocks = 126;
  for (const auto& [width, step] : {std::pair{40.0, 1}, {14.0, 2}, {8.0, 5}, {3.0, 10}}) {
    layout.cellWidth = width;
    QCOMPARE(layout.labelStep(20), step);
  }
}

void TestOverview::valuesOfTheDemoModel() {
  const OverviewData& data = m_panel->view()->data();
  QCOMPARE(data.rows(), 7);
  QCOMPARE(data.blocks(), 6);
  QVERIFY(std::abs(*data.worst(0, 0)->value - 0.909) < 0.0006);  // q of block 0, as published with the model
  QVERIFY(std::abs(*data.worst(3, 0)->value - 0.0071) < 0.00006);
  QCOMPARE(flagged(), 12);
}

void TestOverview::clickSelectsAndControlAdds() {
  Selection* selection = m_session->selection();
  press(Qt::LeftButton, centre(0, 1));
  release(centre(0, 1));
  QCOMPARE(selection->selected().size(), std::size_t(1));
  QCOMPARE(m_session->model()->linears[*selection->current()].name,
           std::string("model.layers.1.self_attn.q_proj"));
  press(Qt::LeftButton, centre(1, 1), Qt::ControlModifier);
  QCOMPARE(selection->selected().size(), std::size_t(2));
  press(Qt::LeftButton, centre(0, 0));
  press(Qt::LeftButton, centre(2, 1), Qt::ShiftModifier);
  QCOMPARE(selection->selected().size(), std::size_t(6));
}

void TestOverview::rubberBandSelectsCells() {
  press(Qt::LeftButton, centre(0, 2) - QPointF(5, 3));
  m_panel->view()->handle({CanvasEvent::Move, centre(2, 4), Qt::NoButton, Qt::LeftButton});
  release(centre(2, 4));
  QCOMPARE(m_session->selection()->selected().size(), std::size_t(9));
  // With Ctrl the band joins what is selected, also where it began on a selected cell.
  press(Qt::LeftButton, centre(2, 4), Qt::ControlModifier);
  m_panel->view()->handle({CanvasEvent::Move, centre(4, 4), Qt::NoButton, Qt::LeftButton});
  release(centre(4, 4), Qt::ControlModifier);
  QCOMPARE(m_session->selection()->selected().size(), std::size_t(11));
}

void TestOverview::keysMoveAndNextFindingFlags() {
  OverviewView* view = m_panel->view();
  const auto key = [&](int k) {
    CanvasEvent event;
    event.type = CanvasEvent::Key;
    event.key = k;
    return view->handle(event);
  };
  press(Qt::LeftButton, centre(0, 0));
  QVERIFY(key(Qt::Key_Right));
  QVERIFY(key(Qt::Key_Down));
  QCOMPARE(m_session->model()->linears[*m_session->selection()->current()].name,
           std::string("model.layers.1.self_attn.k_proj"));
  std::set<LinearId> seen;
  for (int i = 0; i < 12; ++i) {
    QVERIFY(key(Qt::Key_D));
    seen.insert(*m_session->selection()->current());
  }
  QCOMPARE(seen.size(), std::size_t(12));
  QVERIFY(!key(Qt::Key_Q));
  QVERIFY(view->accessibleText().contains(QStringLiteral("proj")));
}

void TestOverview::digitsChooseTheMetric() {
  CanvasEvent event;
  event.type = CanvasEvent::Key;
  event.key = Qt::Key_2;
  QVERIFY(m_panel->view()->handle(event));
  QVERIFY(m_session->view().metric == Metric::RelFrobenius);
  QTRY_VERIFY(std::abs(*m_panel->view()->data().worst(0, 0)->value - 0.0185) < 0.0001);
  event.key = Qt::Key_1;
  m_panel->view()->handle(event);
}

void TestOverview::tableTwinHasTheSameNumbers() {
  const auto table = m_panel->view()->table();
  QCOMPARE(table->rowCount(), 7);
  QCOMPARE(table->columnCount(), 6);
  const OverviewItem* item = m_panel->view()->data().worst(0, 0);
  QCOMPARE(table->index(0, 0).data().toString(), metricText(m_session->view().metric, item->value));
  QCOMPARE(m_panel->view()->copyText().count(QLatin1Char('\n')), 42);
}

QTEST_MAIN(TestOverview)
#include "tst_overview.moc"
