// The Tracker page: the grid of a channel, jumps from its cells, the keyboard, the twin, and what it follows.
#include "core/base/error.h"
#include "core/workspace_tracker.h"
#include "tests/support/compare.h"
#include "tests/support/data.h"
#include "widgets/bridge/number_format.h"
#include "widgets/bridge/session.h"
#include "widgets/canvas/canvas.h"
#include "widgets/panels/channel_strip_view.h"
#include "widgets/panels/form_parts.h"
#include "widgets/panels/tracker_depth_view.h"
#include "widgets/panels/tracker_panel.h"
#include "widgets/panels/tracker_strip_view.h"

#include <QAbstractItemModel>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTableView>
#include <QTemporaryDir>
#include <QTest>
#include <QToolButton>
#include <QUndoStack>

using namespace ql;

namespace {

/// Two blocks of q, o, up and down on two channels, with an embedding.
ResidualStream smallStream() {
  ResidualStream stream;
  stream.width = 2;
  stream.blockCount = 2;
  const auto add = [&stream](TensorRole role, std::optional<int> block, ResidualSide side, bool isColumn,
                             float first) {
    ResidualMatrix matrix;
    matrix.role = role;
    matrix.block = block;
    matrix.side = side;
    matrix.isColumn = isColumn;
    matrix.members = {stream.matrices.size()};
    matrix.absmax = {first, 1};
    matrix.median = 1;
    if (side == ResidualSide::Reads && block) {
      matrix.gain = static_cast<std::size_t>(*block);
      matrix.input = static_cast<std::size_t>(*block);
      matrix.errorShare = {0.75f, 0.25f};
    }
    stream.matrices.push_back(matrix);
  };
  add(TensorRole::Embedding, std::nullopt, ResidualSide::Writes, true, 4);
  for (int block = 0; block < 2; ++block) {
    add(TensorRole::Q, block, ResidualSide::Reads, true, 10.0f + static_cast<float>(block));
    add(TensorRole::O, block, ResidualSide::Writes, false, 2);
  }
  stream.gains = {{"norm", 0, {0.5f, 0.25f}, 0.25, 1}, {"norm", 1, {0.5f, 0.25f}, 0.25, 3}};
  stream.inputs = {{"q", 0, {}, 0, 1}, {"q", 1, {8, 2}, 2, 3}};
  return stream;
}

int rowOf(const TrackerGrid& grid, TrackerQuantity quantity, const QString& label) {
  for (std::size_t i = 0; i < grid.rows.size(); ++i)
    if (grid.rows[i].quantity == quantity && grid.rows[i].label == label) return static_cast<int>(i);
  return -1;
}

}  // namespace

class TestTrackerPage : public QObject {
  Q_OBJECT
  QTemporaryDir m_home;
  std::unique_ptr<Session> m_session;
  std::unique_ptr<TrackerPanel> m_panel;

  QWidget* surface() const { return m_panel->canvas()->focusProxy(); }
  LinearId id(const char* name) const { return *m_session->model()->find(name); }

 private slots:
  void initTestCase() {
    for (const char* name : {"XDG_CACHE_HOME", "XDG_CONFIG_HOME"}) qputenv(name, m_home.path().toUtf8());
    m_session = std::make_unique<Session>();
    m_panel = std::make_unique<TrackerPanel>(m_session.get());
    m_panel->resize(1000, 640);
    m_session->open(QString::fromStdString(test::demoModel().string()));
    QTRY_VERIFY_WITH_TIMEOUT(
        m_session->model() && m_session->workspace()->measuredCount() == m_session->model()->linears.size() &&
            !m_session->isAnalyzing(),
        60000);
    QVERIFY(!m_panel->channel());  // nothing is read for a page that nobody sees
    m_panel->show();
    QVERIFY(QTest::qWaitForWindowExposed(m_panel.get()));
    QTRY_VERIFY_WITH_TIMEOUT(m_panel->channel().has_value(), 10000);
  }
  void cleanupTestCase() {
    m_panel.reset();
    m_session.reset();
  }

  void gridOfASmallStream() {
    const TrackerGrid grid = trackerGrid(Model(), smallStream(), 0);
    QCOMPARE(grid.columns, (std::vector<QString>{"emb", "0", "1", "head"}));
    const int q = rowOf(grid, TrackerQuantity::Weight, QStringLiteral("q"));
    const int o = rowOf(grid, TrackerQuantity::Weight, QStringLiteral("o"));
    QVERIFY(q > 0 && o > q);
    QVERIFY(!grid.rows[0].cells[1].isThere && grid.rows[0].cells[0].isThere);  // the embedding's row
    QCOMPARE(*grid.rows[static_cast<std::size_t>(q)].cells[2].value, 11.0);
    QVERIFY(grid.rows[static_cast<std::size_t>(o)].cells[1].isRow);
    QVERIFY(grid.rows[static_cast<std::size_t>(o)].isWritten);
    const int x = rowOf(grid, TrackerQuantity::Input, QStringLiteral("q"));
    QVERIFY(!grid.rows[static_cast<std::size_t>(x)].cells[1].value);  // not measured
    QCOMPARE(*grid.rows[static_cast<std::size_t>(x)].cells[2].ratio, 4.0);
    const int share = rowOf(grid, TrackerQuantity::Share, QStringLiteral("q"));
    QCOMPARE(*grid.rows[static_cast<std::size_t>(share)].cells[1].ratio, 1.5);  // of an even share
    QVERIFY(trackerGrid(Model(), smallStream(), 2).rows.empty());
    const TrackerRanges ranges = trackerRanges(smallStream(), false);
    QCOMPARE(ranges[0].first, 1.0);
    QCOMPARE(ranges[0].second, 11.0);
  }

  void suggestsAndShowsThePlantedChannel() {
    QVERIFY(m_panel->leads()->model()->rowCount() >= 9);
    QCOMPARE(m_panel->leads()->model()->index(0, 0).data().toString(), countText(*m_panel->channel()));
    m_panel->leads()->setCurrentIndex(m_panel->leads()->model()->index(3, 0));
    QCOMPARE(m_panel->leads()->model()->index(3, 0).data().toString(), countText(*m_panel->channel()));
    QCOMPARE(m_panel->channelBox()->value(), static_cast<int>(*m_panel->channel()));
    m_panel->channelBox()->setValue(30);
    QCOMPARE(*m_panel->channel(), std::int64_t{30});
    const QString text = m_panel->strip()->copyText();
    QVERIFY2(text.contains(QStringLiteral("model.layers.0.self_attn.q_proj\tinput\t30\t93.5")),
             qPrintable(text));
  }

  void clickingACellJumpsToItsMatrix() {
    m_panel->setChannel(30);
    QSignalSpy opened(m_session->selection(), &Selection::openRequested);
    const QImage picture = m_panel->grab().toImage();  // painted once, so that it is laid out
    QVERIFY(!picture.isNull());
    const auto click = [this](int row, int column) {
      QTest::mouseClick(surface(), Qt::LeftButton, {},
                        m_panel->strip()->cellRect({row, column}).center().toPoint());
    };
    // Row 0 is the embedding's, then q, k, v, o, gate, up, down.
    click(1, 2);
    QCOMPARE(*m_session->selection()->current(), id("model.layers.1.self_attn.q_proj"));
    QCOMPARE(*m_session->selection()->channel(), std::int64_t{30});
    QCOMPARE(opened.count(), 1);
    click(4, 3);
    QCOMPARE(*m_session->selection()->current(), id("model.layers.2.self_attn.o_proj"));
    QCOMPARE(*m_session->selection()->row(), std::int64_t{30});
    QCOMPARE(*m_panel->channel(), std::int64_t{30});
    click(0, 0);
    QCOMPARE(*m_session->selection()->current(), id("model.embed_tokens"));
    QCOMPARE(opened.count(), 3);
    click(0, 3);  // no cell
    QCOMPARE(opened.count(), 3);
  }

  void theKeyboardDoesTheSame() {
    m_panel->setChannel(26);
    surface()->setFocus();
    QTest::keyClick(surface(), Qt::Key_Home);
    for (int i = 0; i < 30; ++i) QTest::keyClick(surface(), Qt::Key_Up);
    QCOMPARE(*m_panel->strip()->cursor(),
             (TrackerStripView::Place{0, 0}));  // the embedding, alone in its row
    QTest::keyClick(surface(), Qt::Key_Down);   // no cell below it: the nearest further down
    QCOMPARE(*m_panel->strip()->cursor(), (TrackerStripView::Place{1, 1}));
    for (int i = 0; i < 2; ++i) QTest::keyClick(surface(), Qt::Key_Down);
    QTest::keyClick(surface(), Qt::Key_Right);
    const TrackerStripView::Place at = *m_panel->strip()->cursor();
    QCOMPARE(at.row, 3);
    QCOMPARE(*m_panel->depth()->column(), at.column);
    QVERIFY(
        m_panel->strip()->accessibleText().contains(QStringLiteral("Channel 26, |W| absmax of v, block 1")));
    QSignalSpy opened(m_session->selection(), &Selection::openRequested);
    QTest::keyClick(surface(), Qt::Key_Return);
    QCOMPARE(opened.count(), 1);
    QCOMPARE(*m_session->selection()->current(), id("model.layers.1.self_attn.v_proj"));
    QCOMPARE(*m_session->selection()->channel(), std::int64_t{26});
  }

  void followsThePinnedChannelOfTheResidualStream() {
    m_session->selection()->selectOnly(id("model.layers.4.mlp.up_proj"));
    m_session->selection()->setChannel(77);
    QCOMPARE(*m_panel->channel(), std::int64_t{77});
    m_session->selection()->selectOnly(id("model.layers.4.mlp.down_proj"));
    m_session->selection()->setChannel(400);  // an inner channel of the MLP
    QCOMPARE(*m_panel->channel(), std::int64_t{77});
    m_session->selection()->setRow(18);
    QCOMPARE(*m_panel->channel(), std::int64_t{18});
  }

  void twinsHoldTheNumbersShown() {
    m_panel->setChannel(30);
    const auto table = m_panel->strip()->table();
    QVERIFY(table);
    QCOMPARE(table->headerData(1, Qt::Vertical).toString(), QStringLiteral("|W| q"));
    QCOMPARE(table->headerData(1, Qt::Horizontal).toString(), QStringLiteral("block 0"));
    QCOMPARE(table->index(1, 1).data().toString(), valueText(93.5));
    QTest::mouseClick(m_panel->units()->button(1), Qt::LeftButton);
    QCOMPARE(m_panel->strip()->table()->index(1, 1).data().toString(), ratioText(93.5 / 0.1875));
    const auto depth = m_panel->depth()->table();
    QCOMPARE(depth->index(1, 1).data().toString(), m_panel->strip()->table()->index(1, 1).data().toString());
    QTest::mouseClick(m_panel->units()->button(0), Qt::LeftButton);
    QVERIFY(m_panel->depth()->copyText().startsWith(QStringLiteral("depth\t|W| embedding, head\t|W| q")));
  }

  void bothViewsDraw() {
    for (CanvasView* view :
         {static_cast<CanvasView*>(m_panel->strip()), static_cast<CanvasView*>(m_panel->depth())}) {
      for (const QSize size : {QSize(900, 420), QSize(300, 120), QSize(60, 30)}) {
        const QImage picture = renderSettled(*view, size, 1, lightTheme());
        QCOMPARE(picture.size(), size);
      }
    }
  }

  void anotherPlanMovesTheErrorShares() {
    const QString before = m_panel->strip()->copyText();
    QVERIFY(before.contains(QStringLiteral("Error share")));
    m_session->plan()->edit(QStringLiteral("keep all"), [](const QuantizationPlan& plan) {
      EditResult result{plan, {}, {}, {}};
      result.plan.defaultChoice = Choice();
      return result;
    });
    QTRY_VERIFY(!m_panel->strip()->copyText().contains(QStringLiteral("Error share")));
    m_session->plan()->undoStack()->undo();
    QTRY_COMPARE(m_panel->strip()->copyText(), before);
  }
};

QTEST_MAIN(TestTrackerPage)
#include "tst_tracker_page.moc"
