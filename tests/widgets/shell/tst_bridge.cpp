// Selection, jobs, plan document and session: what the panels stand on.
#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "tests/support/compare.h"
#include "tests/widgets/shell/shell_support.h"
#include "widgets/bridge/command_text.h"
#include "widgets/bridge/finding_text.h"
#include "widgets/bridge/plan_edits.h"
#include "widgets/bridge/value_scale.h"

#include <QFileInfo>

#include <random>

using namespace ql;

namespace {

QuantizationPlan smallPlan() {
  QuantizationPlan plan;
  plan.model = {"small", "LlamaForCausalLM", "f00d"};
  plan.defaultChoice = defaultChoice();
  return plan;
}

EditResult withGroup(const QuantizationPlan& plan, const std::string& layer, std::int64_t size) {
  EditResult result{plan, {layer}, {}, {}};
  Choice choice = plan.defaultChoice;
  choice.weight->granularity = Granularity::Group;
  choice.weight->groupSize = size;
  result.plan.layers[layer] = choice;
  return result;
}

}  // namespace

class TestBridge : public QObject {
  Q_OBJECT
 private slots:
  void remediesOfTheSameWeightsAreToldApart() {
    const Remedy weights{parseSpec("w8a8:group=16"), "output_rel_wa", 0.85, 0.17, std::nullopt};
    const Remedy both{parseSpec("w8a8:group=16,act=group:16"), "output_rel_wa", 0.85, 0.16, std::nullopt};
    QCOMPARE(remedyLabel(weights), QStringLiteral("Use group 16"));
    QCOMPARE(remedyLabel(both), QStringLiteral("Use group 16, X too"));
    QVERIFY(remedySentence(both).startsWith(QStringLiteral("Group 16, X too: output error")));
  }

  void selectionStaysSortedAndTellsOnce() {
    Selection selection;
    QSignalSpy changed(&selection, &Selection::changed), current(&selection, &Selection::currentChanged);
    selection.set({5, 2, 5}, 2);
    QCOMPARE(selection.selected(), (std::vector<LinearId>{2, 5}));
    QCOMPARE(changed.count(), 1);
    selection.set({2, 5}, 2);
    QCOMPARE(changed.count(), 1);
    selection.toggle(2);
    QCOMPARE(selection.selected(), (std::vector<LinearId>{5}));
    QCOMPARE(*selection.current(), LinearId(5));
    selection.clear();
    QVERIFY(selection.selected().empty());
    QCOMPARE(*selection.current(), LinearId(5));
    QCOMPARE(current.count(), 2);
  }

  void lateResultOfASupersededJobIsDropped() {
    JobRunner jobs;
    QObject owner;
    int got = 0;
    // The first job ends only once it is cancelled, that is, once the second has been started.
    jobs.run<int>(
        &owner, QStringLiteral("slot"), QStringLiteral("first"), true,
        [](JobContext& job) {
          while (!job.isCancelled()) QThread::yieldCurrentThread();
          return 1;
        },
        [&got](int value) { got += value; });
    jobs.run<int>(
        &owner, QStringLiteral("slot"), QStringLiteral("second"), true, [](JobContext&) { return 20; },
        [&got](int value) { got += value; });
    QTRY_COMPARE(got, 20);
    QCoreApplication::processEvents();
    QCOMPARE(got, 20);
  }

  void resultOfADeadOwnerIsDropped() {
    JobRunner jobs;
    auto owner = std::make_unique<QObject>();
    bool isDelivered = false;
    jobs.runVoid(
        owner.get(), {}, QStringLiteral("work"), false, [](JobContext&) {}, [&] { isDelivered = true; });
    owner.reset();
    QTRY_COMPARE(jobs.jobs().back().state, JobRunner::State::Finished);
    QVERIFY(!isDelivered);
  }

  void errorsAreReportedAndCancellingIsSilent() {
    JobRunner jobs;
    QSignalSpy failed(&jobs, &JobRunner::failed);
    jobs.runVoid(nullptr, {}, QStringLiteral("broken"), false,
                 [](JobContext&) { throw Error(ErrorCode::Io, "the disk is gone"); }, {});
    QTRY_COMPARE(failed.count(), 1);
    QCOMPARE(failed[0][0].toString(), QStringLiteral("broken"));
    QCOMPARE(failed[0][1].toString(), QStringLiteral("the disk is gone"));
    const quint64 id = jobs.runVoid(nullptr, {}, QStringLiteral("endless"), false,
                                    [](JobContext& job) {
                                      while (true) job.step();
                                    },
                                    {});
    QTRY_COMPARE(jobs.jobs().back().state, JobRunner::State::Running);
    jobs.cancel(id);
    QTRY_COMPARE(jobs.jobs().back().state, JobRunner::State::Cancelled);
    QCOMPARE(failed.count(), 1);
  }

  void destructorEndsRunningAndPausedJobs() {
    JobRunner jobs;
    for (int i = 0; i < 4; ++i)
      jobs.runVoid(nullptr, {}, QStringLiteral("endless"), false,
                   [](JobContext& job) {
                     while (true) job.step();
                   },
                   {});
    jobs.setPaused(jobs.jobs().front().id, true);
  }

  void editsUndoRedoAndKeepTheirNames() {
    PlanDocument document;
    document.reset(smallPlan(), {});
    QVERIFY(!document.isDirty());
    const EditResult result = document.edit(QStringLiteral("group 32 on 1 linear"),
                                            [](const QuantizationPlan& p) { return withGroup(p, "a", 32); });
    QCOMPARE(result.changed.size(), std::size_t(1));
    QCOMPARE(document.undoStack()->undoText(), QStringLiteral("group 32 on 1 linear"));
    QVERIFY(document.isDirty());
    QCOMPARE(*document.plan().choiceFor("a").weight->groupSize, 32);
    document.undoStack()->undo();
    QVERIFY(!document.isDirty());
    QVERIFY(document.plan().layers.empty());
    document.undoStack()->redo();
    QCOMPARE(document.plan().layers.size(), std::size_t(1));
    // An edit that changes nothing is no step.
    document.edit(QStringLiteral("same"), [](const QuantizationPlan& p) {
      return EditResult{p, {}, {}, {}};
    });
    QCOMPARE(document.undoStack()->count(), 1);
  }

  void slidersMergeIntoOneStep() {
    PlanDocument document;
    document.reset(smallPlan(), {});
    for (const std::int64_t size : {128, 64, 32})
      document.edit(
          QStringLiteral("group %1").arg(size),
          [size](const QuantizationPlan& p) { return withGroup(p, "a", size); }, 7);
    QCOMPARE(document.undoStack()->count(), 1);
    QCOMPARE(document.undoStack()->undoText(), QStringLiteral("group 32"));
    document.undoStack()->undo();
    QVERIFY(document.plan().layers.empty());
  }

  void thousandRandomEditsUndoToTheSameBytes() {
    PlanDocument document;
    document.reset(smallPlan(), {});
    const std::string before = planJson(document.plan());
    std::mt19937 random(1);
    for (int i = 0; i < 1000; ++i) {
      const std::string layer = "layer" + std::to_string(random() % 40);
      const auto size = static_cast<std::int64_t>(16U << (random() % 4));
      document.edit(QStringLiteral("edit"),
                    [&](const QuantizationPlan& p) { return withGroup(p, layer, size); });
    }
    const std::string after = planJson(document.plan());
    while (document.undoStack()->canUndo()) document.undoStack()->undo();
    QCOMPARE(planJson(document.plan()), before);
    while (document.undoStack()->canRedo()) document.undoStack()->redo();
    QCOMPARE(planJson(document.plan()), after);
  }

  void journalHoldsTheLastEditUntilItIsAnswered() {
    const QTemporaryDir folder;
    const QString path = folder.filePath(QStringLiteral("sub/plan.journal.json"));
    QuantizationPlan lastSeen;
    {
      PlanDocument document;
      document.reset(smallPlan(), {});
      document.setJournal(path);
      QVERIFY(!QFileInfo::exists(path));
      for (int i = 0; i < 20; ++i)
        document.edit(QStringLiteral("edit"),
                      [i](const QuantizationPlan& p) { return withGroup(p, "l" + std::to_string(i), 32); });
      lastSeen = document.plan();
      QCoreApplication::processEvents();
    }  // as good as a kill: nobody saved and nobody answered
    QCOMPARE(PlanDocument::readJournal(path), std::optional(lastSeen));
    PlanDocument document;
    document.reset(smallPlan(), {});
    QVERIFY(QFileInfo::exists(path));
    document.setJournal(path);
    QVERIFY(QFileInfo::exists(path));
    document.discardJournal();
    QVERIFY(!QFileInfo::exists(path));
  }

  void savingAndUndoingToCleanRemoveTheJournal() {
    const QTemporaryDir folder;
    const QString journal = folder.filePath(QStringLiteral("j.json")),
                  file = folder.filePath(QStringLiteral("p.qlplan.json"));
    PlanDocument document;
    document.reset(smallPlan(), {});
    document.setJournal(journal);
    document.edit(QStringLiteral("edit"), [](const QuantizationPlan& p) { return withGroup(p, "a", 32); });
    QTRY_VERIFY(QFileInfo::exists(journal));
    document.save(file);
    QVERIFY(!QFileInfo::exists(journal));
    QCOMPARE(loadPlan(file.toStdString()), document.plan());
    document.undoStack()->undo();
    QVERIFY(document.isDirty());
    QTRY_VERIFY(QFileInfo::exists(journal));
    document.undoStack()->redo();
    QTRY_VERIFY(!QFileInfo::exists(journal));
  }

  void unwritableJournalIsSaidOnce() {
    PlanDocument document;
    document.reset(smallPlan(), {});
    document.setJournal(QStringLiteral("/proc/nowhere/plan.journal.json"));
    QSignalSpy failed(&document, &PlanDocument::journalFailed);
    for (int i = 0; i < 3; ++i)
      document.edit(QStringLiteral("edit"),
                    [i](const QuantizationPlan& p) { return withGroup(p, "a" + std::to_string(i), 32); });
    QTRY_COMPARE(failed.count(), 1);
    document.flushJournal();
    QCoreApplication::processEvents();
    QCOMPARE(failed.count(), 1);
  }

  void sessionOpensMeasuresAndDiagnoses() {
    Session session;
    QSignalSpy messages(&session, &Session::message);
    session.open(test::demoPath());
    QTRY_VERIFY_WITH_TIMEOUT(test::isIdle(&session), 60000);
    QTRY_COMPARE(test::flaggedCount(&session), 12);  // planted.json
    QCOMPARE(messages.count(), 0);
    const LinearId q0 = *session.model()->find("model.layers.0.self_attn.q_proj");
    QL_NEAR(*session.value(q0, Metric::NormWeighted), 0.909,
            2e-3);  // errors-wout.json: norm_weighted, 90.9 %
    QVERIFY(!session.findings(q0).empty());
    QCOMPARE(session.findings(q0).front().code, std::string("weight_outlier_columns"));
    const QString sentence = findingSentence(session.findings(q0).front());
    QVERIFY2(sentence.contains(QStringLiteral("3 of 256 input channels")), qPrintable(sentence));
    QVERIFY2(
        sentence.contains(QStringLiteral("18, 26, 30")) || sentence.contains(QStringLiteral("30, 18, 26")),
        qPrintable(sentence));
    checkLazyMeasurement(session, q0);
    checkWhatIf(session, q0);
    checkScale(session);
  }

  void statisticsFileAloneShowsEverythingMeasured() {
    const QTemporaryDir folder;
    const std::string path = folder.filePath(QStringLiteral("stats.h5")).toStdString();
    {
      JobContext job;
      AnalyzeOptions options;
      options.output = path;
      Workspace::open(test::demoModel())->analyze(options, job);
    }
    Session session;
    QSignalSpy messages(&session, &Session::message);
    session.open(QString::fromStdString(path));
    QTRY_VERIFY_WITH_TIMEOUT(test::isIdle(&session), 60000);
    QVERIFY(!session.workspace()->weights());
    QTRY_COMPARE(test::flaggedCount(&session), 12);
    const LinearId q0 = *session.model()->find("model.layers.0.self_attn.q_proj");
    QVERIFY(session.value(q0, Metric::NormWeighted, parseSpec("w8a8:group=32")));
    QVERIFY(!session.value(q0, Metric::NormWeighted, parseSpec("int4:group=64")));
    QCoreApplication::processEvents();
    QVERIFY(session.jobs()->isIdle());
    QCOMPARE(messages.count(), 0);
  }

  void badPathsBecomeMessages_data() {
    QTest::addColumn<QString>("name");
    QTest::addColumn<QByteArray>("content");
    QTest::newRow("missing") << QStringLiteral("nothing-here.safetensors") << QByteArray();
    QTest::newRow("html") << QStringLiteral("model.safetensors")
                          << QByteArray("<!DOCTYPE html><html>404</html>");
    QTest::newRow("empty") << QStringLiteral("empty.safetensors") << QByteArray("");
    QTest::newRow("statistics") << QStringLiteral("stats.h5") << QByteArray("not an hdf5 file");
  }
  void badPathsBecomeMessages() {
    QFETCH(QString, name);
    QFETCH(QByteArray, content);
    const QTemporaryDir folder;
    const QString path = folder.filePath(name);
    if (!content.isNull()) {
      QFile file(path);
      QVERIFY(file.open(QIODevice::WriteOnly));
      file.write(content);
    }
    Session session;
    QSignalSpy messages(&session, &Session::message);
    session.open(path);
    QTRY_COMPARE(messages.count(), 1);
    QVERIFY(messages[0][1].toBool());
    QVERIFY2(messages[0][0].toString().contains(name), qPrintable(messages[0][0].toString()));
    QVERIFY(!session.model());
  }

  void commandsAreQuotedForTheShell() {
    QCOMPARE(shellQuoted(QStringLiteral("plain-name.json")), QStringLiteral("plain-name.json"));
    QCOMPARE(shellQuoted(QStringLiteral("a b")), QStringLiteral("'a b'"));
    QCOMPARE(shellQuoted(QStringLiteral("it's")), QStringLiteral("'it'\\''s'"));
  }

 private:
  static void checkLazyMeasurement(Session& session, LinearId id) {
    const Choice int4 = parseSpec("int4:group=64");
    QVERIFY(!session.value(id, Metric::NormWeighted, int4, false));
    QVERIFY(!session.value(id, Metric::NormWeighted, int4));
    QTRY_VERIFY_WITH_TIMEOUT(session.value(id, Metric::NormWeighted, int4).has_value(), 20000);
    QCOMPARE(*session.value(id, Metric::BitsPerWeight, int4), 4.5);
  }

  static void checkWhatIf(Session& session, LinearId id) {
    session.selection()->selectOnly(id);
    const Choice group = parseSpec("w8a8:group=32");
    session.plan()->setWhatIf(group);
    QCOMPARE(session.shownChoice(id), group);
    QCOMPARE(session.choiceOf(id), defaultChoice());
    QCOMPARE(linearArguments(*session.model(), {id}).join(QLatin1Char(' ')),
             QStringLiteral("--blocks 0 --roles q"));
    QVERIFY(currentCommand(session).startsWith(QStringLiteral("qloupe plan set ")));
    setLocked(session, {id}, true);
    QCOMPARE(session.shownChoice(id), defaultChoice());
    QCOMPARE(applyChoice(session, {id}, group), std::size_t(0));
    setLocked(session, {id}, false);
    QCOMPARE(applyChoice(session, {id}, group), std::size_t(1));
    QCOMPARE(session.plan()->undoStack()->undoText(), QStringLiteral("int8 group 32 on 1 linear"));
    session.plan()->setWhatIf(std::nullopt);
  }

  static void checkScale(Session& session) {
    const auto [low, high] = shownRange(session);
    QL_NEAR(low, 0.003, 1e-9);
    QL_NEAR(high, 1.0, 1e-9);
    QCOMPARE(scalePosition(0.003, {low, high}, ValueScale::Log), 0.0);
    QCOMPARE(scalePosition(2.0, {low, high}, ValueScale::Log), 1.0);
  }
};

QL_WINDOW_TEST_MAIN(TestBridge)
#include "tst_bridge.moc"
