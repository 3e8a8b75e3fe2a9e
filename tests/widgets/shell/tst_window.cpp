// The window around the panels: prompts, drops, recovery, messages, themes, small screens, search, start
// page.
#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "tests/widgets/shell/shell_support.h"
#include "widgets/bridge/plan_edits.h"
#include "widgets/bridge/theme.h"
#include "widgets/main_window.h"
#include "widgets/panels/command_palette.h"
#include "widgets/panels/form_parts.h"
#include "widgets/panels/help_dialog.h"
#include "widgets/panels/inspector_panel.h"
#include "widgets/panels/message_bar.h"
#include "widgets/panels/model_tree_panel.h"
#include "widgets/panels/plan_panel.h"
#include "widgets/panels/start_page.h"
#include "widgets/work_area.h"

#include <QDockWidget>
#include <QDropEvent>
#include <QHeaderView>
#include <QListWidget>
#include <QMenuBar>
#include <QMessageBox>
#include <QMimeData>
#include <QProcess>
#include <QPushButton>
#include <QScrollArea>
#include <QScrollBar>
#include <QTableView>
#include <QTimer>
#include <QTreeView>

#include <csignal>
#include <string_view>

using namespace ql;

namespace {

constexpr char kVictim[] = "--edit-and-be-killed";
constexpr char kEditedLayer[] = "model.layers.1.mlp.up_proj";

/// Opens the demo, makes one edit, and is killed as soon as the event loop ran once more.
int editAndBeKilled() {
  Session session;
  session.open(test::demoPath());
  if (!QTest::qWaitFor([&] { return session.model() != nullptr; }, 30000)) return 1;
  applyEdit(session, {*session.model()->find(kEditedLayer)}, QStringLiteral("group=16"));
  QCoreApplication::processEvents();
  session.plan()->flushJournal();
  ::raise(SIGKILL);
  return 0;
}

std::unique_ptr<MainWindow> makeWindow(QSize size = {1600, 1000}) {
  auto window = std::make_unique<MainWindow>();
  window->resize(size);
  window->show();
  window->activateWindow();
  [[maybe_unused]] const bool isActive = QTest::qWaitForWindowActive(window.get());
  return window;
}

bool openDemo(MainWindow& window) {
  window.openPath(test::demoPath());
  return QTest::qWaitFor([&] { return test::isIdle(window.session()); }, 60000);
}

void editSomething(MainWindow& window) {
  applyEdit(*window.session(), {*window.session()->model()->find("model.layers.0.self_attn.q_proj")},
            QStringLiteral("group=64"));
}

/// Answers the next message box with the button of this role or text.
void answerNext(QMessageBox::StandardButton button, bool* wasAsked) {
  QTimer::singleShot(0, qApp, [button, wasAsked] {
    auto* box = qobject_cast<QMessageBox*>(QApplication::activeModalWidget());
    *wasAsked = box != nullptr;
    if (box) QTest::mouseClick(box->button(button), Qt::LeftButton);
  });
}

void drop(QWidget& target, const QString& path) {
  QMimeData data;
  data.setUrls({QUrl::fromLocalFile(path)});
  QDragEnterEvent enter(QPoint(50, 50), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
  QApplication::sendEvent(&target, &enter);
  QVERIFY(enter.isAccepted());
  QDropEvent dropped(QPointF(50, 50), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
  QApplication::sendEvent(&target, &dropped);
}

}  // namespace

class TestWindow : public QObject {
  Q_OBJECT
 private slots:
  void unsavedEditsAreAskedAbout() {
    auto window = makeWindow();
    QVERIFY(openDemo(*window));
    editSomething(*window);
    bool wasAsked = false;
    answerNext(QMessageBox::Cancel, &wasAsked);
    QVERIFY(!window->close());
    QVERIFY(wasAsked);
    answerNext(QMessageBox::Discard, &wasAsked);
    QVERIFY(window->close());
    QVERIFY(wasAsked);
  }

  void foldersAndFilesAreDropped() {
    auto window = makeWindow();
    drop(*window, test::demoPath());
    QTRY_VERIFY_WITH_TIMEOUT(window->session()->model(), 20000);
    QTRY_VERIFY_WITH_TIMEOUT(test::isIdle(window->session()), 60000);
    const QTemporaryDir folder;
    const QString path = folder.filePath(QStringLiteral("dropped.qlplan.json"));
    QuantizationPlan plan = window->session()->plan()->plan();
    plan.locks.insert("model.layers.0.self_attn.q_proj");
    savePlan(plan, path.toStdString());
    drop(*window, path);
    QTRY_COMPARE(window->session()->plan()->displayName(), QStringLiteral("dropped.qlplan.json"));
    QCOMPARE(window->session()->plan()->plan().locks.size(), std::size_t(1));
  }

  void editsOfAKilledSessionAreOffered() {
    QString journal;
    // This very program, in a mode that edits and kills itself.
    QProcess victim;
    victim.start(QCoreApplication::applicationFilePath(), {QLatin1String(kVictim)});
    QVERIFY(victim.waitForFinished(60000));
    QCOMPARE(victim.exitStatus(), QProcess::CrashExit);
    for (const bool restores : {true, false}) {
      auto window = makeWindow();
      window->openPath(test::demoPath());
      QMessageBox* box = nullptr;
      QTRY_VERIFY_WITH_TIMEOUT((box = window->findChild<QMessageBox*>(QStringLiteral("recovery"))), 20000);
      QVERIFY(QFile::exists(window->session()->abandonedJournal()));
      journal = window->session()->abandonedJournal();
      const auto role = restores ? QMessageBox::AcceptRole : QMessageBox::DestructiveRole;
      for (QAbstractButton* button : box->buttons())
        if (box->buttonRole(button) == role) button->click();
      QTRY_VERIFY(window->session()->abandonedJournal().isEmpty());
      if (restores) {
        QCOMPARE(window->session()->plan()->plan().layers.size(), std::size_t(1));
        QCOMPARE(*window->session()->plan()->plan().choiceFor(kEditedLayer).weight->groupSize, 16);
        QVERIFY(window->isWindowModified());
        QCoreApplication::processEvents();
        window->session()->plan()->flushJournal();
        QVERIFY(QFile::exists(journal));  // still unsaved: still kept
      } else {
        QVERIFY(window->session()->plan()->plan().layers.empty());
        QVERIFY(!QFile::exists(journal));
      }
    }
  }

  void badFilesAreOneMessageAndLoseNothing() {
    auto window = makeWindow();
    QVERIFY(openDemo(*window));
    const QTemporaryDir folder;
    const QString path = folder.filePath(QStringLiteral("model.safetensors"));
    writeFileAtomically(path.toStdString(), std::string_view("<html>not found</html>"));
    window->openPath(path);
    QTRY_VERIFY(window->messageBar()->isVisible());
    QVERIFY2(window->messageBar()->text().contains(QStringLiteral("model.safetensors")),
             qPrintable(window->messageBar()->text()));
    QVERIFY(window->session()->model());  // the model that was open stays open
    window->messageBar()->clear();
    const QString plan = folder.filePath(QStringLiteral("bad.qlplan.json"));
    writeFileAtomically(plan.toStdString(), std::string_view("{\"format\": \"quantloupe-plan\", "));
    window->openPath(plan);
    QVERIFY(window->messageBar()->text().contains(QStringLiteral("bad.qlplan.json")));
    window->messageBar()->clear();
    window->openPath(folder.filePath(QStringLiteral("gone")));
    QVERIFY(window->messageBar()->text().contains(QStringLiteral("gone")));
  }

  void planOfAnotherModelIsRefused() {
    auto window = makeWindow();
    QVERIFY(openDemo(*window));
    const QTemporaryDir folder;
    const QString path = folder.filePath(QStringLiteral("other.qlplan.json"));
    QuantizationPlan plan = window->session()->plan()->plan();
    plan.layers["model.layers.77.self_attn.q_proj"] = defaultChoice();
    savePlan(plan, path.toStdString());
    window->openPath(path);
    QVERIFY2(window->messageBar()->text().contains(QStringLiteral("layers.77")),
             qPrintable(window->messageBar()->text()));
    QVERIFY(window->session()->plan()->plan().layers.empty());
  }

  void themeSwitchesLive() {
    auto window = makeWindow();
    QSignalSpy changed(window->session(), &Session::themeChanged);
    window->action("theme-dark")->trigger();
    QVERIFY(currentTheme().isDark);
    QCOMPARE(changed.count(), 1);
    const QImage dark = window->grab().toImage();
    window->action("theme-light")->trigger();
    QVERIFY(!currentTheme().isDark);
    const QImage light = window->grab().toImage();
    QVERIFY(dark.pixelColor(5, 400).lightness() < 80);
    QVERIFY(light.pixelColor(5, 400).lightness() > 200);
    window->action("theme-system")->trigger();
  }

  void nothingIsClippedOnASmallScreen() {
    auto window = makeWindow({1280, 800});
    QVERIFY(openDemo(*window));
    QCoreApplication::processEvents();
    QVERIFY(window->workArea()->isCompact());
    QCOMPARE(window->size(), QSize(1280, 800));
    QVERIFY2(window->minimumSizeHint().width() <= 1280,
             qPrintable(QString::number(window->minimumSizeHint().width())));
    QVERIFY2(window->minimumSizeHint().height() <= 800,
             qPrintable(QString::number(window->minimumSizeHint().height())));
    session(*window)->selection()->selectOnly(
        *session(*window)->model()->find("model.layers.0.self_attn.q_proj"));
    QCoreApplication::processEvents();
    auto* scroll = window->workArea()->inspector()->findChild<QScrollArea*>();
    QVERIFY2(scroll->widget()->minimumSizeHint().width() <= scroll->viewport()->width(),
             qPrintable(QStringLiteral("%1 > %2")
                            .arg(scroll->widget()->minimumSizeHint().width())
                            .arg(scroll->viewport()->width())));
    QTableView* table = window->workArea()->planPanel()->table();
    QVERIFY(table->horizontalHeader()->length() <= table->viewport()->width());
    for (QDockWidget* dock : window->workArea()->docks())
      if (dock->isAncestorOf(window->workArea()->tree())) dock->raise();
    QTRY_VERIFY(window->workArea()->tree()->isVisible());
    QTRY_COMPARE(window->workArea()->tree()->tree()->horizontalScrollBar()->maximum(), 0);
    for (QDockWidget* dock : window->workArea()->docks())
      if (dock->isAncestorOf(window->workArea()->inspector())) dock->raise();
    QTRY_VERIFY(window->workArea()->inspector()->isVisible());
    checkLabels(*window);
  }

  void wideLayoutComesBackFromTheSmallOne() {
    auto window = makeWindow({1600, 1000});
    QVERIFY(openDemo(*window));
    QVERIFY(!window->workArea()->isCompact());
    QVERIFY(window->workArea()->tree()->isVisible());
    window->resize(1280, 800);
    QTRY_VERIFY(window->workArea()->isCompact());
    window->resize(1600, 1000);
    QTRY_VERIFY(!window->workArea()->isCompact());
    QTRY_VERIFY(window->workArea()->tree()->isVisible());
    QVERIFY(window->workArea()->inspector()->isVisible());
  }

  void everyActionHasATooltipAndKeysAreUnique() {
    auto window = makeWindow();
    QHash<QKeySequence, QString> owners;
    for (const QAction* action : window->findChildren<QAction*>(QString(), Qt::FindDirectChildrenOnly)) {
      if (action->isSeparator() || action->text().isEmpty()) continue;
      QVERIFY2(!action->toolTip().isEmpty(), qPrintable(action->objectName()));
      for (const QKeySequence& keys : action->shortcuts()) {
        QVERIFY2(!owners.contains(keys), qPrintable(keys.toString() + owners.value(keys)));
        owners.insert(keys, action->objectName());
      }
    }
    QVERIFY(owners.size() > 25);
    for (const QAction* menu : window->menuBar()->actions()) QVERIFY(menu->text().contains(QLatin1Char('&')));
  }

  void paletteFindsAndRunsActions() {
    auto window = makeWindow();
    QTest::keyClick(window.get(), Qt::Key_P, Qt::ControlModifier | Qt::ShiftModifier);
    QTRY_VERIFY(window->commandPalette()->hasFocus());
    QTest::keyClicks(window->commandPalette(), QStringLiteral("dark"));
    QCOMPARE(window->commandPalette()->results()->currentItem()->text(), QStringLiteral("Theme: Dark"));
    QTest::keyClick(window->commandPalette(), Qt::Key_Return);
    QVERIFY(currentTheme().isDark);
    window->action("theme-light")->trigger();
    QCOMPARE(searchRank(QStringLiteral("Save plan as"), QStringLiteral("plan save")) >= 0, true);
    QCOMPARE(searchRank(QStringLiteral("Save plan as"), QStringLiteral("export")), -1);
  }

  void helpListsTheKeys() {
    auto window = makeWindow();
    QTest::keyClick(window.get(), Qt::Key_F1);
    QTRY_VERIFY(window->findChild<HelpDialog*>());
    window->findChild<HelpDialog*>()->close();
  }

  void recentFilesAreRemembered() {
    auto window = makeWindow();
    QVERIFY(openDemo(*window));
    const std::vector<RecentFile> files = settings::recentFiles();
    QVERIFY(!files.empty());
    QCOMPARE(files.front().path, test::demoPath());
    QVERIFY(files.front().detail.contains(QStringLiteral("57 tensors")));
    window->closeModel();
    QVERIFY(window->startPage()->isVisible());
  }

  void widgetsHaveAccessibleNames() {
    auto window = makeWindow();
    QVERIFY(openDemo(*window));
    for (const QWidget* widget : window->findChildren<QWidget*>()) {
      const bool isControl = widget->inherits("QComboBox") || widget->inherits("QAbstractButton") ||
                             widget->inherits("QAbstractSpinBox") || widget->inherits("QTreeView") ||
                             widget->inherits("QTableView");
      if (!isControl || !widget->isVisible() || !(widget->focusPolicy() & Qt::TabFocus)) continue;
      const auto* button = qobject_cast<const QAbstractButton*>(widget);
      const bool isNamed = !widget->accessibleName().isEmpty() || (button && !button->text().isEmpty());
      QVERIFY2(isNamed,
               qPrintable(QStringLiteral("%1 in %2")
                              .arg(QLatin1String(widget->metaObject()->className()),
                                   QLatin1String(widget->parentWidget()->metaObject()->className()))));
    }
  }

 private:
  static Session* session(MainWindow& window) { return window.session(); }

  /// No label of the inspector is cut: what does not wrap has the width it wants.
  static void checkLabels(MainWindow& window) {
    for (const QLabel* label : window.workArea()->inspector()->findChildren<QLabel*>()) {
      if (!label->isVisible() || label->wordWrap() || qobject_cast<const ElidedLabel*>(label) ||
          label->text().isEmpty())
        continue;
      QVERIFY2(label->width() + 1 >= label->sizeHint().width(),
               qPrintable(QStringLiteral("%1: %2 < %3")
                              .arg(label->text())
                              .arg(label->width())
                              .arg(label->sizeHint().width())));
    }
  }
};

int main(int argc, char** argv) {
  const bool isVictim = argc > 1 && std::string_view(argv[1]) == kVictim;
  const QTemporaryDir folder;
  if (!isVictim) test::prepareEnvironment(folder.path());  // the victim inherits it
  prepareRenderers();
  QApplication app(argc, argv);
  test::prepareApplication();
  if (isVictim) return editAndBeKilled();
  TestWindow test;
  return QTest::qExec(&test, argc, argv);
}
#include "tst_window.moc"
