// Journey 1 with real clicks and keys: open the demo, go through the findings, group 32, apply, undo, redo,
// save, export.
#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "tests/widgets/shell/shell_support.h"
#include "widgets/main_window.h"
#include "widgets/panels/choice_form.h"
#include "widgets/panels/compare_bars.h"
#include "widgets/panels/demo_card.h"
#include "widgets/panels/error_readouts.h"
#include "widgets/panels/export_dialog.h"
#include "widgets/panels/finding_box.h"
#include "widgets/panels/inspector_panel.h"
#include "widgets/panels/message_bar.h"
#include "widgets/panels/model_tree_panel.h"
#include "widgets/panels/plan_panel.h"
#include "widgets/panels/start_page.h"
#include "widgets/work_area.h"

#include <QCheckBox>
#include <QClipboard>
#include <QComboBox>
#include <QFileDialog>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QTableView>
#include <QTimer>
#include <QTreeView>

using namespace ql;

class TestJourney : public QObject {
  Q_OBJECT
 private slots:
  void initTestCase() {
    m_window = std::make_unique<MainWindow>();
    m_window->resize(1600, 1000);
    m_window->show();
    m_window->activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(m_window.get()));
  }
  void cleanupTestCase() {
    m_window->session()->plan()->undoStack()->setClean();
    m_window.reset();
  }

  void startPageOpensTheFirstDemoWithEnter() {
    QVERIFY(m_window->startPage()->isVisible());
    QTRY_VERIFY_WITH_TIMEOUT(m_window->startPage()->isComplete(), 60000);
    DemoCard* card = m_window->startPage()->cards().front();
    QTRY_VERIFY(card->hasFocus());
    QTest::keyClick(card, Qt::Key_Down);
    QTRY_VERIFY(m_window->startPage()->cards()[1]->hasFocus());
    QTest::keyClick(m_window->startPage()->cards()[1], Qt::Key_Up);
    QTRY_VERIFY(card->hasFocus());
    QTest::keyClick(card, Qt::Key_Return);
    QTRY_VERIFY_WITH_TIMEOUT(test::isIdle(session()), 60000);
    QVERIFY(m_window->workArea()->isVisible());
    QTRY_COMPARE(test::flaggedCount(session()), 12);
  }

  void findingsAreWalkedWithD() {
    session()->selection()->clear();
    std::vector<std::string> seen;
    for (int i = 0; i < 12; ++i) {
      QTest::keyClick(m_window.get(), Qt::Key_D);
      QCOMPARE(session()->selection()->selected().size(), std::size_t(1));
      QVERIFY(session()->isFlagged(*session()->selection()->current()));
      seen.push_back(session()->model()->linears[*session()->selection()->current()].name);
    }
    QCOMPARE(std::set<std::string>(seen.begin(), seen.end()).size(), std::size_t(12));
    QTest::keyClick(m_window.get(), Qt::Key_D);  // and round again
    QCOMPARE(session()->model()->linears[*session()->selection()->current()].name, seen.front());
    QTRY_VERIFY(inspector()->finding()->sentence().contains(QStringLiteral("3 of 256 input channels")));
  }

  void treeSelectionIsTheSharedOne() {
    QTreeView* tree = m_window->workArea()->tree()->tree();
    QTest::keyClick(m_window.get(), Qt::Key_D, Qt::ControlModifier);
    QCOMPARE(session()->selection()->selected().size(), std::size_t(12));
    QCOMPARE(tree->selectionModel()->selectedRows().size(), 12);
    // A click in the tree selects one; with Ctrl it adds.
    const QModelIndex first = tree->selectionModel()->selectedRows()[0];
    const auto click = [&](const QModelIndex& at, Qt::KeyboardModifiers keys) {
      tree->scrollTo(at);
      QTest::mouseClick(tree->viewport(), Qt::LeftButton, keys, tree->visualRect(at).center());
    };
    click(first, Qt::NoModifier);
    QCOMPARE(session()->selection()->selected().size(), std::size_t(1));
    click(tree->indexBelow(first), Qt::ControlModifier);
    QCOMPARE(session()->selection()->selected().size(), std::size_t(2));
    QCOMPARE(m_window->workArea()->planPanel()->table()->selectionModel()->selectedRows().size(), 2);
    // The filter box hides the others; a regular expression between slashes works, too.
    QLineEdit* filter = m_window->workArea()->tree()->filterBox();
    filter->setText(QStringLiteral("/layers\\.1\\..*q_proj/"));
    QCOMPARE(tree->model()->rowCount(), 1);
    filter->clear();
    QVERIFY(tree->model()->rowCount() > 6);
  }

  void groupOf32IsTriedAndApplied() {
    QTest::keyClick(m_window.get(), Qt::Key_D, Qt::ControlModifier);
    const double before = *session()->value(*session()->selection()->current(), Metric::NormWeighted);
    CompareBar* bar = nullptr;
    QTRY_VERIFY((bar = compareBar(QStringLiteral("group 32"))));
    QTest::mouseClick(bar, Qt::LeftButton);
    QVERIFY(session()->plan()->whatIf().has_value());
    QVERIFY(session()->plan()->plan().layers.empty());
    QTRY_VERIFY(inspector()->errors()->afterText(Metric::NormWeighted).contains(QStringLiteral("30.8")));
    QVERIFY(inspector()->errors()->beforeText(Metric::NormWeighted).contains(QStringLiteral("90.9")));
    QTRY_VERIFY(inspector()->applyButton()->isEnabled());
    QTest::mouseClick(inspector()->applyButton(), Qt::LeftButton);
    QCOMPARE(session()->plan()->plan().layers.size(), std::size_t(12));
    QVERIFY(!session()->plan()->whatIf());
    QVERIFY(m_window->isWindowModified());
    QCOMPARE(session()->plan()->undoStack()->undoText(), QStringLiteral("int8 group 32 on 12 linears"));
    QTRY_VERIFY(*session()->value(*session()->selection()->current(), Metric::NormWeighted) < before / 2);
  }

  void undoAndRedoByKeys() {
    QTest::keyClick(m_window.get(), Qt::Key_Z, Qt::ControlModifier);
    QVERIFY(session()->plan()->plan().layers.empty());
    QVERIFY(!m_window->isWindowModified());
    QTest::keyClick(m_window.get(), Qt::Key_Z, Qt::ControlModifier | Qt::ShiftModifier);
    QCOMPARE(session()->plan()->plan().layers.size(), std::size_t(12));
  }

  void formAndRevert() {
    auto* format = inspector()->form()->findChildren<QComboBox*>().front();
    format->setFocus();
    format->setCurrentIndex(format->findText(QStringLiteral("int4")));
    emit format->activated(format->currentIndex());
    QVERIFY(session()->plan()->whatIf().has_value());
    QCOMPARE(session()->plan()->whatIf()->weight->format, std::string("int4"));
    QTest::keyClick(m_window.get(), Qt::Key_Backspace, Qt::ControlModifier);
    QVERIFY(!session()->plan()->whatIf());
  }

  void commandIsCopied() {
    QTest::mouseClick(m_window->findChild<QPushButton*>(QStringLiteral("copy-command-button")),
                      Qt::LeftButton);
    const QString command = QApplication::clipboard()->text();
    QVERIFY2(command.startsWith(QStringLiteral("qloupe error ")), qPrintable(command));
    QVERIFY2(command.contains(QStringLiteral("--scheme w8a8:group=32")), qPrintable(command));
  }

  void planIsSavedAndOpenedAgain() {
    const QString path = m_folder.filePath(QStringLiteral("w8a8-mixed.qlplan.json"));
    QTimer::singleShot(0, this, [&] {
      QTRY_VERIFY(QApplication::activeModalWidget());
      auto* dialog = qobject_cast<QFileDialog*>(QApplication::activeModalWidget());
      QVERIFY(dialog);
      dialog->findChild<QLineEdit*>()->setText(path);
      QTest::keyClick(dialog->findChild<QLineEdit*>(), Qt::Key_Return);
    });
    QTest::keyClick(m_window.get(), Qt::Key_S, Qt::ControlModifier);
    QTRY_VERIFY(QFile::exists(path));
    QVERIFY(!m_window->isWindowModified());
    QVERIFY(m_window->windowTitle().contains(QStringLiteral("w8a8-mixed.qlplan.json")));
    const QuantizationPlan saved = session()->plan()->plan();
    session()->plan()->undoStack()->undo();
    session()->plan()->undoStack()->setClean();
    m_window->openPath(path);
    QCOMPARE(session()->plan()->plan(), saved);
  }

  void planIsExportedForLlmCompressor() {
    m_window->activateWindow();  // the file dialog had it
    QVERIFY(QTest::qWaitForWindowActive(m_window.get()));
    QTest::keyClick(m_window.get(), Qt::Key_E, Qt::ControlModifier);
    ExportDialog* dialog = nullptr;
    QTRY_VERIFY((dialog = m_window->findChild<ExportDialog*>()));
    dialog->targetBox()->setCurrentText(QStringLiteral("llm-compressor"));
    QVERIFY2(dialog->preview()->toPlainText().contains(QStringLiteral("group_size: 32")),
             qPrintable(dialog->preview()->toPlainText()));
    const QString path = m_folder.filePath(QStringLiteral("recipe.yaml"));
    dialog->pathBox()->setText(path);
    QVERIFY(dialog->writeButton()->isEnabled());
    QTest::mouseClick(dialog->writeButton(), Qt::LeftButton);
    QTRY_VERIFY(QFile::exists(path));
    QVERIFY(readFile(path.toStdString(), 1 << 20).find("group_size: 32") != std::string::npos);
  }

  void whatATargetCannotExpressIsNamedFirst() {
    const LinearId q3 = *session()->model()->find("model.layers.3.self_attn.q_proj");
    session()->selection()->selectOnly(q3);
    session()->plan()->edit(QStringLiteral("odd"), [&](const QuantizationPlan& plan) {
      return setChoices(plan, {session()->model()->linears[q3].name},
                        [](const Choice& c) { return editChoice(c, "input_channel"); });
    });
    m_window->exportPlan();
    ExportDialog* dialog = nullptr;
    QTRY_VERIFY((dialog = m_window->findChild<ExportDialog*>()));
    dialog->targetBox()->setCurrentText(QStringLiteral("llm-compressor"));
    QVERIFY2(dialog->problems()->toPlainText().contains(QStringLiteral("model.layers.3.self_attn.q_proj")),
             qPrintable(dialog->problems()->toPlainText()));
    QVERIFY(!dialog->writeButton()->isEnabled());
    dialog->leaveOutBox()->setChecked(true);
    QVERIFY(dialog->writeButton()->isEnabled());
    dialog->reject();
    session()->plan()->undoStack()->undo();
  }

 private:
  Session* session() const { return m_window->session(); }
  InspectorPanel* inspector() const { return m_window->workArea()->inspector(); }
  CompareBar* compareBar(const QString& label) const {
    for (CompareBar* bar : inspector()->compare()->bars())
      if (bar->entry().label == label && bar->entry().error) return bar;
    return nullptr;
  }
  QTemporaryDir m_folder;
  std::unique_ptr<MainWindow> m_window;
};

int main(int argc, char** argv) {
  const QTemporaryDir folder;
  test::prepareEnvironment(folder.path());
  prepareRenderers();
  QApplication::setAttribute(Qt::AA_DontUseNativeDialogs);
  QApplication app(argc, argv);
  test::prepareApplication();
  TestJourney journey;
  return QTest::qExec(&journey, argc, argv);
}
#include "tst_journey.moc"
