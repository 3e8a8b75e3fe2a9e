// The item models under Qt's own model tester, while a model is opened, measured, edited and closed.
#include "core/base/error.h"
#include "tests/widgets/shell/shell_support.h"
#include "widgets/bridge/plan_edits.h"
#include "widgets/models/hub_cache.h"
#include "widgets/models/jobs_model.h"
#include "widgets/models/linear_tree_model.h"
#include "widgets/models/plan_table_model.h"

#include <QAbstractItemModelTester>

using namespace ql;

class TestItemModels : public QObject {
  Q_OBJECT
 private slots:
  void treeTableAndJobsAreSound() {
    Session session;
    LinearTreeModel tree(&session);
    PlanTableModel table(&session);
    JobsModel jobs(session.jobs());
    const QAbstractItemModelTester treeTester(&tree, QAbstractItemModelTester::FailureReportingMode::QtTest);
    const QAbstractItemModelTester tableTester(&table,
                                               QAbstractItemModelTester::FailureReportingMode::QtTest);
    const QAbstractItemModelTester jobsTester(&jobs, QAbstractItemModelTester::FailureReportingMode::QtTest);
    QCOMPARE(tree.rowCount(), 0);
    session.open(test::demoPath());
    QTRY_VERIFY_WITH_TIMEOUT(test::isIdle(&session), 60000);
    const auto count = static_cast<int>(session.model()->linears.size());
    QCOMPARE(table.rowCount(), count);
    QCOMPARE(tree.rowCount(), count - 42 + 6);  // embedding and head on their own, six blocks
    checkTree(session, tree);
    checkTable(session, table);
    QVERIFY(jobs.rowCount() >= 2);
    QCOMPARE(jobs.index(0, JobsModel::StateColumn).data().toString(), QStringLiteral("finished"));
    session.close();
    QCOMPARE(tree.rowCount(), 0);
    QCOMPARE(table.rowCount(), 0);
  }

  void hubCacheIsSearchedAndDamageIsPassedOver() {
    const QTemporaryDir folder;
    const auto write = [&](const QString& path, const QByteArray& bytes) {
      QDir().mkpath(QFileInfo(folder.filePath(path)).absolutePath());
      QFile file(folder.filePath(path));
      QVERIFY(file.open(QIODevice::WriteOnly));
      file.write(bytes);
    };
    write(QStringLiteral("models--org--good/snapshots/abc/config.json"),
          R"({"architectures":["LlamaForCausalLM"]})");
    write(QStringLiteral("models--org--good/snapshots/abc/model-00001-of-00002.safetensors"),
          QByteArray(100, 'x'));
    write(QStringLiteral("models--org--good/snapshots/abc/model-00002-of-00002.safetensors"),
          QByteArray(50, 'x'));
    write(QStringLiteral("models--org--broken/snapshots/abc/config.json"), "{{{");
    write(QStringLiteral("models--org--broken/snapshots/abc/model.safetensors"), "x");
    write(QStringLiteral("models--org--torch/snapshots/abc/config.json"), "{}");
    write(QStringLiteral("models--org--empty/refs/main"), "abc");
    JobContext job;
    const std::vector<HubModel> models = findHubModels(folder.path(), job);
    QCOMPARE(models.size(), std::size_t(2));
    QCOMPARE(models[0].name, QStringLiteral("org/broken"));
    QCOMPARE(models[0].architecture, QString());
    QCOMPARE(models[1].name, QStringLiteral("org/good"));
    QCOMPARE(models[1].architecture, QStringLiteral("LlamaForCausalLM"));
    QCOMPARE(models[1].shards, 2);
    QCOMPARE(models[1].sizeBytes, quint64(150));
    QVERIFY(findHubModels(folder.filePath(QStringLiteral("nowhere")), job).empty());
  }

 private:
  static void checkTree(Session& session, const LinearTreeModel& tree) {
    for (LinearId id = 0; id < session.model()->linears.size(); ++id) {
      const QModelIndex at = tree.indexOf(id);
      QVERIFY(at.isValid());
      QCOMPARE(tree.linearAt(at), std::optional(id));
      QCOMPARE(at.data(LinearTreeModel::FilterRole).toString().toStdString(),
               session.model()->linears[id].name);
    }
    const LinearId q0 = *session.model()->find("model.layers.0.self_attn.q_proj");
    const QModelIndex at = tree.indexOf(q0);
    QCOMPARE(at.data().toString(), QStringLiteral("q_proj"));
    QVERIFY(!at.data(LinearTreeModel::ChangedRole).toBool());
    QVERIFY(tree.isBlock(at.parent()));
    QCOMPARE(tree.linearsAt(at.parent()).size(), std::size_t(7));
    setLocked(session, {q0}, true);
    QVERIFY(at.data(LinearTreeModel::LockedRole).toBool());
    session.plan()->undoStack()->undo();
  }

  static void checkTable(Session& session, PlanTableModel& table) {
    const auto q0 = static_cast<int>(*session.model()->find("model.layers.0.self_attn.q_proj"));
    const QModelIndex weight = table.index(q0, PlanTableModel::WeightColumn);
    QSignalSpy messages(&session, &Session::message);
    QVERIFY(table.setData(weight, QStringLiteral("group=32"), Qt::EditRole));
    QCOMPARE(*session.choiceOf(static_cast<LinearId>(q0)).weight->groupSize, 32);
    QVERIFY(table.setData(weight, QStringLiteral("int4:group=128,asym"), Qt::EditRole));
    QCOMPARE(session.choiceOf(static_cast<LinearId>(q0)).weight->format, std::string("int4"));
    QVERIFY(!table.setData(weight, QStringLiteral("int99:sideways"), Qt::EditRole));
    QCOMPARE(messages.count(), 1);
    session.plan()->undoStack()->undo();
    session.plan()->undoStack()->undo();
    QVERIFY(session.plan()->plan().layers.empty());
    const QString csv = table.asText({static_cast<LinearId>(q0)}, QLatin1Char(','));
    const QStringList lines = csv.split(QLatin1Char('\n'), Qt::SkipEmptyParts);
    QCOMPARE(lines.size(), 2);
    QVERIFY2(lines[1].startsWith(QStringLiteral("model.layers.0.self_attn.q_proj,256x256,")),
             qPrintable(lines[1]));
  }
};

QL_WINDOW_TEST_MAIN(TestItemModels)
#include "tst_item_models.moc"
