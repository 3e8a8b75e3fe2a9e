// Selecting by what linears are: the query and its text, the dialog, kept selections, inverting; Explain in
// the inspector; and the keyboard alone: every action in the palette, every canvas within reach, each with
// its table.
#include "core/base/error.h"
#include "tests/support/compare.h"
#include "tests/widgets/shell/shell_support.h"
#include "widgets/bridge/linear_query.h"
#include "widgets/bridge/metric_info.h"
#include "widgets/bridge/plan_edits.h"
#include "widgets/bridge/saved_selections.h"
#include "widgets/canvas/canvas.h"
#include "widgets/main_window.h"
#include "widgets/panels/command_palette.h"
#include "widgets/panels/explain_box.h"
#include "widgets/panels/form_parts.h"
#include "widgets/panels/inspector_panel.h"
#include "widgets/panels/saved_selections_dialog.h"
#include "widgets/panels/select_dialog.h"
#include "widgets/work_area.h"

#include <QAbstractItemModel>
#include <QAction>
#include <QClipboard>
#include <QDockWidget>
#include <QGuiApplication>
#include <QInputDialog>
#include <QLineEdit>
#include <QListWidget>
#include <QMenu>
#include <QMenuBar>
#include <QPushButton>
#include <QTimer>
#include <QToolButton>
#include <QUndoStack>

#include <set>

using namespace ql;

class TestSelectionTools : public QObject {
  Q_OBJECT
  std::unique_ptr<MainWindow> m_window;

  Session* session() const { return m_window->session(); }
  std::size_t fitting(const char* text) const {
    return matchingLinears(*session(), parseQuery(QLatin1String(text))).size();
  }
  QString fingerprint() const { return QString::fromStdString(session()->workspace()->fingerprint()); }

  /// A shortcut of the window, which a closed dialog may have left inactive.
  void press(int key, Qt::KeyboardModifiers modifiers) {
    m_window->activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(m_window.get()));
    QTest::keyClick(m_window.get(), static_cast<Qt::Key>(key), modifiers);
  }

  static void collect(const QMenu* menu, QStringList& names) {
    for (const QAction* action : menu->actions())
      if (action->menu())
        collect(action->menu(), names);
      else if (!action->isSeparator() && action->isEnabled())
        names << action->text().remove(QLatin1Char('&'));
  }

 private slots:
  void initTestCase() {
    m_window = std::make_unique<MainWindow>();
    m_window->resize(1600, 1000);
    m_window->show();
    m_window->activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(m_window.get()));
    m_window->openPath(test::demoPath());
    QTRY_VERIFY_WITH_TIMEOUT(test::isIdle(session()) && test::flaggedCount(session()) == 12, 60000);
  }
  void cleanupTestCase() { m_window.reset(); }
  void init() {
    session()->selection()->clear();
    m_window->workArea()->showPage(CentrePage::Overview);
  }

  void queriesAreTextAndBack() {
    LinearQuery query;
    query.blocks = QStringLiteral("0-2,5");
    query.roles = QStringLiteral("q,k");
    query.layers = QStringLiteral(".*(q|k)_proj");
    query.finding = QStringLiteral("any");
    query.metric = Metric::NormWeighted;
    query.isAtLeast = false;
    query.threshold = 0.02;
    query.scheme = QStringLiteral("w8a8:group=32");
    const QString text = queryText(query);
    QCOMPARE(text, QStringLiteral("--blocks 0-2,5 --roles q,k --layers '.*(q|k)_proj' --finding any "
                                  "--where 'norm_weighted_rel<=0.02' --scheme w8a8:group=32"));
    QCOMPARE(parseQuery(text), query);
    QCOMPARE(parseQuery(queryText({})), LinearQuery());
    QCOMPARE(parseQuery(QStringLiteral("--where \"dead_code >= 2 %\"")).threshold, 0.02);
  }

  void badQueriesAreNamed() {
    QL_THROWS(parseQuery(QStringLiteral("--block 0")), "'--block' is unknown");
    QL_THROWS(parseQuery(QStringLiteral("--blocks")), "--blocks needs a value");
    QL_THROWS(parseQuery(QStringLiteral("--layers 'x")), "quote");
    QL_THROWS(parseQuery(QStringLiteral("--where dead_code=1")), "no threshold");
    QL_THROWS(parseQuery(QStringLiteral("--where deadness>=1")), "no metric");
    QL_THROWS(parseQuery(QStringLiteral("--where dead_code>=much")), "no number");
    QL_THROWS(fitting("--blocks 2-1"), "ends before");
    QL_THROWS(fitting("--roles x"), "no role");
    QL_THROWS(fitting("--finding bad"), "no finding");
    QL_THROWS(fitting("--scheme w9z"), "w9z");
    QL_THROWS(fitting("--layers ("), "(");
  }

  void everyPartNarrows() {
    QCOMPARE(fitting(""), std::size_t{42});
    QCOMPARE(fitting("--blocks 0-2 --roles q,k"), std::size_t{6});
    QCOMPARE(fitting("--layers .*down_proj"), std::size_t{6});
    QCOMPARE(fitting("--finding any"), std::size_t{12});
    QCOMPARE(fitting("--finding none"), std::size_t{30});
    QCOMPARE(fitting("--finding weight_outlier_columns,heavy_tails --roles gate"), std::size_t{3});
    QCOMPARE(fitting("--where norm_weighted_rel>=2%"), std::size_t{12});
    QCOMPARE(fitting("--where norm_weighted_rel<=0.02"), std::size_t{30});
    QCOMPARE(fitting("--scheme w8a8"), std::size_t{42});
    applyEdit(*session(), {*session()->model()->find("model.layers.0.self_attn.q_proj")},
              QStringLiteral("group=64"));
    QCOMPARE(fitting("--scheme w8a8:group=64"), std::size_t{1});
    session()->plan()->undoStack()->undo();
  }

  void setsAreCombined() {
    const std::vector<LinearId> selected{1, 2, 3}, found{3, 4};
    QCOMPARE(combined(selected, found, SelectionMode::Replace), found);
    QCOMPARE(combined(selected, found, SelectionMode::Add), (std::vector<LinearId>{1, 2, 3, 4}));
    QCOMPARE(combined(selected, found, SelectionMode::Remove), (std::vector<LinearId>{1, 2}));
    QCOMPARE(combined(selected, found, SelectionMode::Intersect), (std::vector<LinearId>{3}));
  }

  void invertingSelectsTheOthers() {
    m_window->selectFlagged();
    press(Qt::Key_I, Qt::ControlModifier | Qt::ShiftModifier);
    QCOMPARE(session()->selection()->selected().size(), std::size_t{30});
    for (const LinearId id : session()->selection()->selected()) QVERIFY(!session()->isFlagged(id));
  }

  void theDialogCountsWhileTypingAndSelects() {
    press(Qt::Key_F, Qt::ControlModifier | Qt::ShiftModifier);
    auto* dialog = m_window->findChild<SelectDialog*>();
    QVERIFY(dialog && dialog->isVisible());
    QTest::keyClicks(dialog->blocksEdit(), QStringLiteral("0-2"));
    QTRY_VERIFY2(dialog->countText().startsWith(QStringLiteral("21 fit")), qPrintable(dialog->countText()));
    QCOMPARE(dialog->textEdit()->text(), QStringLiteral("--blocks 0-2"));
    dialog->textEdit()->setFocus();
    QTest::keyClicks(dialog->textEdit(), QStringLiteral(" --roles q,k"));
    QTRY_VERIFY2(dialog->countText().startsWith(QStringLiteral("6 fit")), qPrintable(dialog->countText()));
    QCOMPARE(dialog->query().roles, QStringLiteral("q,k"));
    QTest::keyClicks(dialog->textEdit(), QStringLiteral(" --role"));
    QVERIFY2(dialog->countText().contains(QStringLiteral("--role")), qPrintable(dialog->countText()));
    QVERIFY(!dialog->selectButton()->isEnabled());
    for (int i = 0; i < 7; ++i) QTest::keyClick(dialog->textEdit(), Qt::Key_Backspace);
    QTRY_VERIFY(dialog->selectButton()->isEnabled());
    QTest::keyClick(dialog->textEdit(), Qt::Key_Return);
    QVERIFY(!dialog->isVisible());
    QCOMPARE(session()->selection()->selected().size(), std::size_t{6});
    // The next time it asks the same, and takes away instead.
    press(Qt::Key_F, Qt::ControlModifier | Qt::ShiftModifier);
    QVERIFY(dialog->isVisible());
    dialog->setQuery(parseQuery(QStringLiteral("--blocks 0")));
    QTest::mouseClick(dialog->modes()->button(2), Qt::LeftButton);
    QVERIFY(dialog->countText().contains(QStringLiteral("4 afterwards")));
    dialog->select();
    QCOMPARE(session()->selection()->selected().size(), std::size_t{4});
  }

  void keptSelectionsComeBack() {
    const Model& model = *session()->model();
    const auto list = [&] { return saved_selections::of(model, fingerprint()); };
    QVERIFY(list().empty());
    saved_selections::save(QStringLiteral(" early q "), model, fingerprint(),
                           matchingLinears(*session(), parseQuery(QStringLiteral("--blocks 0-1 --roles q"))));
    saved_selections::save(QStringLiteral("downs & ups"), model, fingerprint(),
                           matchingLinears(*session(), parseQuery(QStringLiteral("--roles up,down"))));
    saved_selections::save(QStringLiteral("  "), model, fingerprint(), {1});
    QCOMPARE(list().size(), std::size_t{2});
    QCOMPARE(list()[1].name, QStringLiteral("early q"));
    QVERIFY(!saved_selections::rename(list()[0], QStringLiteral("early q")));
    QVERIFY(!saved_selections::rename(list()[0], QString()));
    QVERIFY(saved_selections::rename(list()[0], QStringLiteral("all MLP")));
    // In the menu and in the palette, and applied from there.
    press(Qt::Key_P, Qt::ControlModifier | Qt::ShiftModifier);
    CommandPalette* palette = m_window->commandPalette();
    QTRY_VERIFY(palette->hasFocus());
    QTest::keyClicks(palette, QStringLiteral("all mlp"));
    QCOMPARE(palette->results()->currentItem()->text(), QStringLiteral("Saved selections: all MLP"));
    QTest::keyClick(palette, Qt::Key_Return);
    QCOMPARE(session()->selection()->selected().size(), std::size_t{12});
    // Another model of the architecture sees them while its linears are all there.
    QCOMPARE(saved_selections::of(model, QStringLiteral("f00d")).size(), std::size_t{2});
    Model smaller = model;
    smaller.nameIndex.clear();
    std::erase_if(smaller.linears, [](const Linear& linear) { return linear.role == TensorRole::Up; });
    QCOMPARE(saved_selections::of(smaller, QStringLiteral("f00d")).size(), std::size_t{1});
    smaller.architecture = "Other";
    QVERIFY(saved_selections::of(smaller, QStringLiteral("f00d")).empty());
  }

  void theManagerRenamesAndDeletes() {
    SavedSelectionsDialog dialog(session());
    dialog.show();
    QCOMPARE(dialog.list()->count(), 2);
    dialog.list()->item(1)->setText(QStringLiteral("first q"));
    QCOMPARE(saved_selections::of(*session()->model(), fingerprint())[1].name, QStringLiteral("first q"));
    dialog.list()->item(1)->setText(QStringLiteral("all MLP"));  // taken
    QCOMPARE(dialog.list()->item(1)->text(), QStringLiteral("first q"));
    dialog.list()->setCurrentRow(0);
    dialog.remove();
    QCOMPARE(dialog.list()->count(), 1);
    dialog.apply();
    QCOMPARE(session()->selection()->selected().size(), std::size_t{2});
    saved_selections::remove(saved_selections::of(*session()->model(), fingerprint())[0]);
    QVERIFY(saved_selections::of(*session()->model(), fingerprint()).empty());
  }

  void explainIsUnfoldedAndCopied() {
    const LinearId id = *session()->model()->find("model.layers.0.self_attn.q_proj");
    session()->selection()->selectOnly(id);
    auto* box = m_window->workArea()->inspector()->findChild<ExplainBox*>();
    QVERIFY(box && !box->isUnfolded());
    QTest::mouseClick(box->toggle(), Qt::LeftButton);
    QTRY_VERIFY2(box->text().contains(QStringLiteral("3 of 256 input channels (18, 26, 30)")),
                 qPrintable(box->text()));
    QTest::mouseClick(box->copyButton(), Qt::LeftButton);
    QCOMPARE(QGuiApplication::clipboard()->text(), box->text());
    // A what-if is explained, too, once it is measured.
    session()->plan()->setWhatIf(parseSpec("w8a8:group=32"));
    QTRY_VERIFY2(box->text().startsWith(QStringLiteral("Under int8 group 32")), qPrintable(box->text()));
    session()->plan()->setWhatIf(std::nullopt);
    session()->selection()->selectOnly(*session()->model()->find("model.layers.3.mlp.down_proj"));
    QTRY_VERIFY2(box->text().startsWith(QStringLiteral("Nothing stands out")), qPrintable(box->text()));
    QTest::mouseClick(box->toggle(), Qt::LeftButton);
    QVERIFY(!box->isUnfolded());
  }

  void thePaletteListsEveryActionOfTheMenus() {
    press(Qt::Key_P, Qt::ControlModifier | Qt::ShiftModifier);
    CommandPalette* palette = m_window->commandPalette();
    QTRY_VERIFY(palette->hasFocus());
    QStringList names, listed;  // the menus were filled when the box was opened
    for (const QAction* menu : m_window->menuBar()->actions()) collect(menu->menu(), names);
    for (int row = 0; row < palette->results()->count(); ++row)
      listed << palette->results()->item(row)->text();
    QVERIFY(names.size() > 60);
    for (const QString& name : names)
      QVERIFY2(
          std::any_of(listed.begin(), listed.end(), [&](const QString& text) { return text.contains(name); }),
          qPrintable(name));
    for (const QDockWidget* dock : m_window->workArea()->docks())
      QVERIFY2(listed.filter(QStringLiteral("Show or hide: %1").arg(dock->windowTitle())).size() == 1,
               qPrintable(dock->windowTitle()));
    QTest::keyClick(palette, Qt::Key_Escape);
  }

  void everyCanvasIsReachedByKeysAlone() {
    session()->selection()->selectOnly(*session()->model()->find("model.layers.0.self_attn.q_proj"));
    for (const CentrePage page : {CentrePage::Overview, CentrePage::Smoothing, CentrePage::Compare,
                                  CentrePage::Tracker, CentrePage::Salience}) {
      m_window->workArea()->showPage(page);
      QTRY_VERIFY(session()->jobs()->isIdle());
      std::set<QWidget*> wanted, reached;
      for (Canvas* canvas : m_window->workArea()->findChildren<Canvas*>())
        if (canvas->isVisible()) wanted.insert(canvas->focusProxy());
      const auto go = [&reached](Qt::Key key, int times) {
        for (int i = 0; i < times && QApplication::focusWidget(); ++i) {
          reached.insert(QApplication::focusWidget());
          QTest::keyClick(QApplication::focusWidget(), key);
        }
      };
      for (int panel = 0; panel < 10; ++panel) {
        QWidget* focus = QApplication::focusWidget();
        QTest::keyClick(focus ? focus : m_window.get(), Qt::Key_F6);
        QWidget* start = QApplication::focusWidget();
        QVERIFY(start);
        go(Qt::Key_Tab, 16);
        start->setFocus();
        go(Qt::Key_Backtab, 16);
        start->setFocus();
        if (std::includes(reached.begin(), reached.end(), wanted.begin(), wanted.end())) break;
      }
      for (QWidget* canvas : wanted)
        QVERIFY2(
            reached.contains(canvas),
            qPrintable(
                QStringLiteral("page %1: %2")
                    .arg(static_cast<int>(page))
                    .arg(QLatin1String(
                        qobject_cast<Canvas*>(canvas->parentWidget())->view()->metaObject()->className()))));
    }
  }

  void everyCanvasWithNumbersHasATable() {
    for (const CentrePage page : {CentrePage::Overview, CentrePage::Tracker}) {
      m_window->workArea()->showPage(page);
      QTRY_VERIFY(session()->jobs()->isIdle());
      for (const Canvas* canvas : m_window->workArea()->findChildren<Canvas*>()) {
        if (!canvas->isVisible()) continue;
        const char* name = canvas->view()->metaObject()->className();
        QTRY_VERIFY2(canvas->view()->table() != nullptr, name);
        QVERIFY2(!canvas->view()->tableTitle().isEmpty(), name);
        QVERIFY2(!canvas->view()->accessibleText().isEmpty(), name);
      }
    }
  }

  void shiftF6GoesBack() {
    press(Qt::Key_F6, Qt::NoModifier);
    QTest::keyClick(QApplication::focusWidget(), Qt::Key_F6);
    QWidget* second = QApplication::focusWidget();
    QTest::keyClick(second, Qt::Key_F6);
    QVERIFY(QApplication::focusWidget() != second);
    QTest::keyClick(QApplication::focusWidget(), Qt::Key_F6, Qt::ShiftModifier);
    QCOMPARE(QApplication::focusWidget(), second);
  }
};

QL_WINDOW_TEST_MAIN(TestSelectionTools)
#include "tst_selection_tools.moc"
