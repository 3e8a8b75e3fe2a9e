// The channel view: ranking, the table, one channel followed through all blocks, pins shared with the
// selection.
#include "core/base/error.h"
#include "tests/support/data.h"
#include "widgets/bridge/session.h"
#include "widgets/canvas/canvas.h"
#include "widgets/models/channel_table_model.h"
#include "widgets/models/channel_trace.h"
#include "widgets/panels/channel_panel.h"
#include "widgets/panels/channel_strip_view.h"
#include "widgets/panels/channel_view.h"

#include <QAbstractItemModelTester>
#include <QTableView>
#include <QTemporaryDir>
#include <QTest>

#include <cmath>

using namespace ql;

namespace {

/// Two rows, four columns: column 2 carries both row maxima.
WeightStats smallStats() {
  WeightStats stats;
  stats.out = 2;
  stats.in = 4;
  stats.rows.resize(2);
  stats.columns.resize(4);
  stats.columns.absmax = {1, 2, 100, 1};
  stats.rows.absmax = {100, 80};
  stats.rowArgmax = {2, 2};
  return stats;
}

}  // namespace

class TestChannels : public QObject {
  Q_OBJECT

 private slots:
  void ranksByAbsmaxWithStableTies();
  void ratioUsesTheLowerMedian();
  void errorShareAddsUpToOne();
  void gainAndErrorAreOptional();
  void allZeroChannelsHaveNoRatio();
  void modelPassesTheTester();
  void demoChannelsAndTrace();
};

void TestChannels::ranksByAbsmaxWithStableTies() {
  const ChannelData data = rankChannels(smallStats(), {}, nullptr, ChannelAxis::Input, ChannelSort::AbsMax);
  std::vector<std::int64_t> order;
  for (const ChannelRow& row : data.rows) order.push_back(row.channel);
  QCOMPARE(order, (std::vector<std::int64_t>{2, 1, 0, 3}));
  QCOMPARE(data.rows[0].rows, std::int64_t(2));
  QCOMPARE(*data.rank(1), std::size_t(1));
  QVERIFY(!data.rank(7));
  const ChannelData byIndex = rankChannels(smallStats(), {}, nullptr, ChannelAxis::Input, ChannelSort::Index);
  QCOMPARE(byIndex.rows.front().channel, std::int64_t(0));
}

void TestChannels::ratioUsesTheLowerMedian() {
  const ChannelData data = rankChannels(smallStats(), {}, nullptr, ChannelAxis::Input, ChannelSort::AbsMax);
  QCOMPARE(data.medianAbsmax, 1.0f);  // lower of 1 and 2
  QCOMPARE(data.rows[0].ratio, 100.0);
  QCOMPARE(data.peaks(50), (std::vector<std::int64_t>{2}));
  QVERIFY(data.peaks(1000).empty());
}

void TestChannels::errorShareAddsUpToOne() {
  LayerError error;
  error.columnError = {1, 2, 5, 0};
  const ChannelData data =
      rankChannels(smallStats(), {1, 1, 0.5f, 1}, &error, ChannelAxis::Input, ChannelSort::ErrorShare);
  double sum = 0;
  for (const ChannelRow& row : data.rows) sum += *row.errorShare;
  QVERIFY(std::abs(sum - 1) < 1e-12);
  QCOMPARE(*data.rows[0].errorShare, 5.0 / 8);
  QCOMPARE(*data.rows[0].gain, 0.5f);
}

void TestChannels::gainAndErrorAreOptional() {
  const ChannelData rows =
      rankChannels(smallStats(), {1, 1, 1, 1}, nullptr, ChannelAxis::Output, ChannelSort::AbsMax);
  QVERIFY(!rows.hasGain);
  QVERIFY(!rows.hasError);
  QCOMPARE(rows.rows.size(), std::size_t(2));
  const ChannelData wrong =
      rankChannels(smallStats(), {1, 1}, nullptr, ChannelAxis::Input, ChannelSort::AbsMax);
  QVERIFY(!wrong.hasGain);  // of another width
}

void TestChannels::allZeroChannelsHaveNoRatio() {
  WeightStats stats = smallStats();
  stats.columns.absmax = {0, 0, 0, 0};
  stats.rowArgmax = {-1, -1};
  const ChannelData data = rankChannels(stats, {}, nullptr, ChannelAxis::Input, ChannelSort::AbsMax);
  QCOMPARE(data.rows[0].ratio, 0.0);
  QVERIFY(data.peaks(50).empty());
}

void TestChannels::modelPassesTheTester() {
  ChannelTableModel model;
  const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
  QCOMPARE(model.rowCount(), 0);
  model.setChannels(std::make_shared<ChannelData>(
      rankChannels(smallStats(), {1, 1, 1, 1}, nullptr, ChannelAxis::Input, ChannelSort::AbsMax)));
  QCOMPARE(model.rowCount(), 4);
  QCOMPARE(model.columnCount(), 5);
  QCOMPARE(model.index(0, 0).data().toString(), QStringLiteral("2"));
  QCOMPARE(model.index(0, 1).data(ChannelTableModel::kValueRole).toDouble(), 100.0);
  model.setChannels(nullptr);
  QCOMPARE(model.rowCount(), 0);
}

void TestChannels::demoChannelsAndTrace() {
  QTemporaryDir home;
  qputenv("XDG_CACHE_HOME", home.path().toUtf8());
  Session session;
  ChannelPanel panel(&session);
  panel.resize(640, 480);
  panel.show();
  QVERIFY(QTest::qWaitForWindowExposed(&panel));
  session.open(QString::fromStdString(test::demoModel().string()));
  QTRY_VERIFY_WITH_TIMEOUT(
      session.model() && session.workspace()->measuredCount() == session.model()->linears.size(), 60000);
  const LinearId q = *session.model()->find("model.layers.0.self_attn.q_proj");
  session.selection()->selectOnly(q);
  auto* model = qobject_cast<ChannelTableModel*>(panel.table()->model());
  QTRY_VERIFY_WITH_TIMEOUT(model->rowCount() == 256, 10000);
  QCOMPARE(model->channels()->rows[0].channel, std::int64_t(30));  // 93.5, planted
  QCOMPARE(
      model->channels()->rows[0].rows + model->channels()->rows[1].rows + model->channels()->rows[2].rows,
      std::int64_t(256));
  panel.table()->setCurrentIndex(model->index(1, 0));
  QCOMPARE(*session.selection()->channel(), model->channels()->rows[1].channel);

  JobContext job;
  const ChannelTrace trace = traceChannel(*session.workspace(), q, 30, job);
  QCOMPARE(trace.items.size(),
           std::size_t(42));  // 5 readers and 2 writers of the residual stream in 6 blocks
  for (const ChannelTraceItem& item : trace.items) {
    const Linear& linear = session.model()->linears[item.id];
    QCOMPARE(item.isOutput, linear.role == TensorRole::O || linear.role == TensorRole::Down);
    const bool isPlanted = item.block == 0 && item.row <= 2;
    QVERIFY2((item.ratio > 50) == isPlanted, linear.name.c_str());
  }
  const LinearId down = *session.model()->find("model.layers.3.mlp.down_proj");
  QCOMPARE(traceChannel(*session.workspace(), down, 500, job).items.size(), std::size_t(6));
}

QTEST_MAIN(TestChannels)
#include "tst_channels.moc"
