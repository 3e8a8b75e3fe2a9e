// The menus: every action with its name, keys and a tooltip; what they do is one call each.
#include "core/demo.h"
#include "widgets/bridge/command_text.h"
#include "widgets/bridge/core_text.h"
#include "widgets/bridge/icons.h"
#include "widgets/bridge/metric_info.h"
#include "widgets/bridge/plan_edits.h"
#include "widgets/bridge/session.h"
#include "widgets/bridge/smoothing_control.h"
#include "widgets/canvas/canvas.h"
#include "widgets/main_window.h"
#include "widgets/panel_focus.h"
#include "widgets/panels/command_palette.h"
#include "widgets/panels/form_parts.h"
#include "widgets/panels/inspector_panel.h"
#include "widgets/panels/message_bar.h"
#include "widgets/panels/model_tree_panel.h"
#include "widgets/panels/plan_panel.h"
#include "widgets/work_area.h"

#include <QActionGroup>
#include <QApplication>
#include <QDockWidget>
#include <QHBoxLayout>
#include <QMenu>
#include <QMenuBar>

#include <algorithm>

namespace ql {

QAction* MainWindow::add(QMenu* menu, const Entry& entry, std::function<void()> run) {
  auto* action = new QAction(tr(entry.text), this);
  action->setObjectName(QString::fromLatin1(entry.name));
  action->setProperty("group", menu->title().remove(QLatin1Char('&')));
  if (*entry.keys) action->setShortcuts(QKeySequence::listFromString(QString::fromLatin1(entry.keys)));
  if (*entry.icon) action->setIcon(themeIcon(QString::fromLatin1(entry.icon)));
  const QString keys = action->shortcut().toString(QKeySequence::NativeText);
  action->setToolTip(keys.isEmpty() ? tr(entry.tip) : QStringLiteral("%1 (%2)").arg(tr(entry.tip), keys));
  action->setStatusTip({});
  if (entry.needsModel) m_modelActions << action;
  connect(action, &QAction::triggered, this, [run] { run(); });
  menu->addAction(action);
  addAction(action);  // works when the menu bar is hidden, too
  return action;
}

void MainWindow::setupMenus() {
  const auto addMenu = [this](const QString& title) {
    QMenu* menu = menuBar()->addMenu(title);
    menu->setToolTipsVisible(true);
    return menu;
  };
  setupFileMenu(addMenu(tr("&File")));
  setupEditMenu(addMenu(tr("&Edit")));
  setupViewMenu(addMenu(tr("&View")));
  setupModelMenu(addMenu(tr("&Model")));
  setupPlanMenu(addMenu(tr("&Plan")));
  setupAnalyzeMenu(addMenu(tr("&Analyze")));
  setupHelpMenu(addMenu(tr("&Help")));
  m_palette = new CommandPalette(this);
  m_palette->setMenus(menuBar());
  // In a holder: a corner widget of its own gets the size hint of a line edit, not its fixed width.
  auto* corner = new QWidget(menuBar());
  auto* row = new QHBoxLayout(corner);
  row->setContentsMargins(0, scaledPx(2), scaledPx(8), scaledPx(1));
  row->addWidget(m_palette);
  menuBar()->setCornerWidget(corner);
  menuBar()->setFixedHeight(std::max(scaledPx(metrics::kMenuBar), menuBar()->sizeHint().height()));
}

void MainWindow::setupSaving(QMenu* menu) {
  add(menu, {"save-plan", QT_TR_NOOP("&Save plan"), "Ctrl+S", QT_TR_NOOP("Save the plan"), "save"},
      [this] { savePlan(); });
  add(menu,
      {"save-plan-as", QT_TR_NOOP("Save plan &as…"), "Ctrl+Shift+S",
       QT_TR_NOOP("Save the plan under another name")},
      [this] { savePlanAs(); });
  add(menu,
      {"export-plan", QT_TR_NOOP("&Export plan…"), "Ctrl+E",
       QT_TR_NOOP("Write the plan for llm-compressor, compressed-tensors and others"), "export"},
      [this] { exportPlan(); });
  menu->addSeparator();
  add(menu,
      {"save-picture", QT_TR_NOOP("Save &picture…"), "Ctrl+P",
       QT_TR_NOOP("Save the view with the focus as PNG or SVG")},
      [this] {
        if (Canvas* canvas = activeCanvas()) canvas->savePictureAs();
      });
  add(menu,
      {"save-table", QT_TR_NOOP("Save table as &CSV…"), "",
       QT_TR_NOOP("Save the plan table as comma-separated values")},
      [this] { saveTableCsv(); });
  add(menu,
      {"save-statistics", QT_TR_NOOP("Save s&tatistics…"), "",
       QT_TR_NOOP("Write everything measured into one .h5 file that opens without the weights")},
      [this] { saveStatistics(); });
}

void MainWindow::setupFileMenu(QMenu* menu) {
  add(menu,
      {"open-folder", QT_TR_NOOP("&Open model folder…"), "Ctrl+O",
       QT_TR_NOOP("Open a folder with config.json and safetensors"), "open", false},
      [this] { openFolderDialog(); });
  add(menu,
      {"open-file", QT_TR_NOOP("Open &file…"), "Ctrl+Shift+O",
       QT_TR_NOOP("Open weights, a statistics file or a plan"), "file", false},
      [this] { openFileDialog(); });
  m_recent = menu->addMenu(tr("&Recent"));
  m_recent->setToolTipsVisible(true);
  connect(m_recent, &QMenu::aboutToShow, this, &MainWindow::fillRecentMenu);
  QMenu* demos = menu->addMenu(tr("&Demo models"));
  for (const DemoModel& demo : demoModels()) {
    QAction* action = demos->addAction(coreText(demo.title));
    action->setToolTip(coreText(demo.sentence));
    connect(action, &QAction::triggered, this,
            [this, key = QString::fromStdString(demo.key)] { openDemo(key); });
  }
  menu->addSeparator();
  setupSaving(menu);
  setupReportActions(menu);
  menu->addSeparator();
  add(menu, {"close-model", QT_TR_NOOP("C&lose model"), "Ctrl+W", QT_TR_NOOP("Back to the start page")},
      [this] { closeModel(); });
  add(menu, {"quit", QT_TR_NOOP("&Quit"), "Ctrl+Q", QT_TR_NOOP("Quit QuantLoupe"), "", false},
      [this] { close(); });
}

void MainWindow::setupEditMenu(QMenu* menu) {
  QUndoStack* stack = m_session->plan()->undoStack();
  QAction* undo = add(
      menu,
      {"undo", QT_TR_NOOP("&Undo"), "Ctrl+Z", QT_TR_NOOP("Undo the last edit of the plan"), "undo", false},
      [stack] { stack->undo(); });
  QAction* redo = add(menu,
                      {"redo", QT_TR_NOOP("&Redo"), "Ctrl+Shift+Z; Ctrl+Y",
                       QT_TR_NOOP("Redo the edit that was undone"), "redo", false},
                      [stack] { stack->redo(); });
  const auto update = [this, stack, undo, redo] {
    undo->setEnabled(stack->canUndo());
    redo->setEnabled(stack->canRedo());
    undo->setText(stack->canUndo() ? tr("&Undo %1").arg(stack->undoText()) : tr("&Undo"));
    redo->setText(stack->canRedo() ? tr("&Redo %1").arg(stack->redoText()) : tr("&Redo"));
    undo->setToolTip(tr("Undo %1 (Ctrl+Z)").arg(stack->undoText()));
    redo->setToolTip(tr("Redo %1 (Ctrl+Shift+Z)").arg(stack->redoText()));
    if (m_toolbar) adaptToolbar();
  };
  connect(stack, &QUndoStack::indexChanged, this, update);
  update();
  menu->addSeparator();
  add(menu,
      {"copy-picture", QT_TR_NOOP("Copy &picture"), "",
       QT_TR_NOOP("Copy the view with the focus as a picture (in a view: Ctrl+Shift+C)"), "copy"},
      [this] {
        if (Canvas* canvas = activeCanvas()) canvas->copyPicture();
      });
  add(menu,
      {"copy-numbers", QT_TR_NOOP("Copy &numbers"), "",
       QT_TR_NOOP("Copy the numbers of the view with the focus, tab-separated (in a view: Ctrl+C)")},
      [this] {
        if (Canvas* canvas = activeCanvas()) canvas->copyNumbers();
      });
  add(menu,
      {"copy-table", QT_TR_NOOP("Copy plan &table"), "",
       QT_TR_NOOP("Copy the selected rows of the plan table, tab-separated (in the table: Ctrl+C)")},
      [this] { m_work->planPanel()->copyRows(); });
  add(menu,
      {"copy-command", QT_TR_NOOP("Copy as qloupe &command"), "Ctrl+Alt+C",
       QT_TR_NOOP("Copy the command line that does the same"), "command"},
      [this] { copyCommand(currentCommand(*m_session)); });
  menu->addSeparator();
  add(menu,
      {"select-all", QT_TR_NOOP("Select &all linears"), "Ctrl+A",
       QT_TR_NOOP("Select every quantizable linear")},
      [this] {
        const std::vector<LinearId> ids = selectLinears(*m_session->model(), LinearFilter{});
        m_session->selection()->set(ids, m_session->selection()->current());
      });
  add(menu,
      {"select-flagged", QT_TR_NOOP("Select linears with &findings"), "Ctrl+D",
       QT_TR_NOOP("Select every linear that has a finding")},
      [this] { selectFlagged(); });
  add(menu, {"clear-selection", QT_TR_NOOP("Clear &selection"), "Esc", QT_TR_NOOP("Select nothing")},
      [this] { m_session->selection()->clear(); });
  setupSelectionActions(menu);
  menu->addSeparator();
  add(menu,
      {"find", QT_TR_NOOP("F&ilter the tree"), "Ctrl+F",
       QT_TR_NOOP("Find linears by name in the tree; in the plan table it filters its rows"), "search"},
      [this] { m_work->tree()->focusFilter(); });
}

void MainWindow::setupMetricMenu(QMenu* menu) {
  auto* group = new QActionGroup(this);
  for (const std::vector<Metric>& metrics : metricGroups()) {
    if (!menu->isEmpty()) menu->addSeparator();
    for (const Metric metric : metrics) addMetric(menu, group, metric);
  }
}

void MainWindow::addMetric(QMenu* menu, QActionGroup* group, Metric metric) {
  const MetricInfo& info = metricInfo(metric);
  const QByteArray name = QByteArray("metric-") + info.key;
  const QByteArray keys =
      metricKey(metric) ? QKeySequence(metricKey(metric)).toString().toLatin1() : QByteArray();
  const QByteArray text = info.name.toUtf8(), tip = info.sentence.toUtf8();
  QAction* action =
      add(menu, {name.constData(), text.constData(), keys.constData(), tip.constData()}, [this, metric] {
        ViewSettings view = m_session->view();
        view.metric = metric;
        view.range.reset();
        m_session->setView(view);
      });
  action->setCheckable(true);
  action->setChecked(metric == m_session->view().metric);
  group->addAction(action);
  connect(m_session, &Session::viewChanged, action,
          [this, action, metric] { action->setChecked(m_session->view().metric == metric); });
}

void MainWindow::setupThemeMenu(QMenu* menu) {
  struct ThemeEntry {
    const char *name, *text, *tip;
    ThemeMode mode;
  };
  const ThemeEntry themes[] = {
      {"theme-system", QT_TR_NOOP("&System"), QT_TR_NOOP("Light or dark as the desktop is"),
       ThemeMode::System},
      {"theme-light", QT_TR_NOOP("&Light"), QT_TR_NOOP("Light colours"), ThemeMode::Light},
      {"theme-dark", QT_TR_NOOP("&Dark"), QT_TR_NOOP("Dark colours"), ThemeMode::Dark}};
  auto* group = new QActionGroup(this);
  for (const ThemeEntry& theme : themes) {
    QAction* action = add(menu, {theme.name, theme.text, "", theme.tip, "", false},
                          [this, mode = theme.mode] { setTheme(mode); });
    action->setCheckable(true);
    action->setChecked(settings::themeMode() == theme.mode);
    group->addAction(action);
  }
}

void MainWindow::setupViewMenu(QMenu* menu) {
  setupPages(menu);
  menu->addSeparator();
  setupMetricMenu(menu->addMenu(tr("&Metric")));
  add(menu,
      {"next-scale", QT_TR_NOOP("Next &scale"), "L", QT_TR_NOOP("Linear, logarithmic or quantile colours")},
      [this] {
        ViewSettings view = m_session->view();
        view.scale = static_cast<ValueScale>((static_cast<int>(view.scale) + 1) % 3);
        view.range.reset();
        m_session->setView(view);
      });
  menu->addSeparator();
  for (QDockWidget* dock : m_work->docks()) {
    QAction* toggle = dock->toggleViewAction();
    toggle->setToolTip(tr("Show or hide %1").arg(dock->windowTitle()));
    toggle->setProperty("group", tr("Show or hide"));
    m_modelActions << toggle;
    menu->addAction(toggle);
  }
  add(menu,
      {"reset-layout", QT_TR_NOOP("&Reset layout"), "",
       QT_TR_NOOP("Put all panels back where they were at first")},
      [this] { m_work->resetLayout(); });
  menu->addSeparator();
  setupThemeMenu(menu->addMenu(tr("&Theme")));
  setupLanguages(menu);
  add(menu, {"full-screen", QT_TR_NOOP("&Full screen"), "F11", QT_TR_NOOP("Use the whole screen"), "", false},
      [this] { setWindowState(windowState() ^ Qt::WindowFullScreen); });
  add(menu,
      {"next-panel", QT_TR_NOOP("Next &panel"), "F6", QT_TR_NOOP("Move the keyboard to the next panel")},
      [this] { focusNextPanel(); });
  add(menu,
      {"previous-panel", QT_TR_NOOP("Previous p&anel"), "Shift+F6",
       QT_TR_NOOP("Move the keyboard to the panel before")},
      [this] { focusPanel(*m_work, -1); });
  letTabLeaveTables(*m_work);
}

void MainWindow::setupModelMenu(QMenu* menu) {
  add(menu,
      {"next-finding", QT_TR_NOOP("&Next finding"), "D", QT_TR_NOOP("Go to the next linear with a finding")},
      [this] { nextFinding(1); });
  add(menu,
      {"previous-finding", QT_TR_NOOP("&Previous finding"), "Shift+D",
       QT_TR_NOOP("Go to the linear with a finding before")},
      [this] { nextFinding(-1); });
  add(menu,
      {"next-linear", QT_TR_NOOP("Next &linear"), "Alt+Down",
       QT_TR_NOOP("Go to the next linear in network order")},
      [this] { nextLinear(1); });
  add(menu,
      {"previous-linear", QT_TR_NOOP("Previous l&inear"), "Alt+Up", QT_TR_NOOP("Go to the linear before")},
      [this] { nextLinear(-1); });
  menu->addSeparator();
  add(menu,
      {"expand", QT_TR_NOOP("&Unfold all blocks"), "",
       QT_TR_NOOP("Show the linears of all blocks in the tree")},
      [this] { m_work->tree()->expandAll(); });
  add(menu, {"collapse", QT_TR_NOOP("&Fold all blocks"), "", QT_TR_NOOP("Show blocks only in the tree")},
      [this] { m_work->tree()->collapseAll(); });
}

void MainWindow::setupPresets(QMenu* menu) {
  struct Preset {
    const char *name, *text, *edit, *tip;
  };
  const Preset presets[] = {{"group-128", QT_TR_NOOP("Group &128"), "group=128",
                             QT_TR_NOOP("One scale for 128 input channels, on the selection")},
                            {"group-64", QT_TR_NOOP("Group &64"), "group=64",
                             QT_TR_NOOP("One scale for 64 input channels, on the selection")},
                            {"group-32", QT_TR_NOOP("Group &32"), "group=32",
                             QT_TR_NOOP("One scale for 32 input channels, on the selection")},
                            {"group-16", QT_TR_NOOP("&Group 16"), "group=16",
                             QT_TR_NOOP("One scale for 16 input channels, on the selection")},
                            {"per-channel", QT_TR_NOOP("Per output &channel"), "channel",
                             QT_TR_NOOP("One scale a row, on the selection")},
                            {"keep-16-bit", QT_TR_NOOP("&Keep 16 bit"), "",
                             QT_TR_NOOP("Leave the weights of the selection as stored")}};
  const auto targets = [this] {
    std::vector<LinearId> ids = m_session->selection()->selected();
    if (ids.empty() && m_session->selection()->current()) ids.push_back(*m_session->selection()->current());
    return ids;
  };
  for (const Preset& preset : presets)
    add(menu, {preset.name, preset.text, "", preset.tip},
        [this, targets, edit = QString::fromLatin1(preset.edit)] {
          if (edit.isEmpty())
            keepUnquantized(*m_session, targets());
          else
            applyEdit(*m_session, targets(), edit);
        });
}

void MainWindow::setupPlanMenu(QMenu* menu) {
  InspectorPanel* inspector = m_work->inspector();
  add(menu,
      {"apply", QT_TR_NOOP("&Apply the choice"), "Ctrl+Return; Ctrl+Enter",
       QT_TR_NOOP("Write the inspector's choice into the plan for the selection")},
      [this, inspector] {
        if (m_work->page() == CentrePage::Smoothing)
          m_session->smoothing()->apply();
        else
          inspector->apply();
      });
  add(menu,
      {"revert", QT_TR_NOOP("&Revert the what-if"), "Ctrl+Backspace",
       QT_TR_NOOP("Drop what is tried and not applied")},
      [inspector] { inspector->revert(); });
  add(menu,
      {"verify-plan", QT_TR_NOOP("&Verify plan…"), "Ctrl+Shift+V",
       QT_TR_NOOP("Perplexity and logit KL of the model under the plan, on text")},
      [this] { verifyPlan(); });
  add(menu,
      {"edit-spec", QT_TR_NOOP("&Edit in the table"), "",
       QT_TR_NOOP("Edit the choice of the current linear as SPEC (in the table: F2)")},
      [this] {
        m_work->showPlan();
        m_work->planPanel()->editCurrent();
      });
  setupSmoothingActions(menu);
  setupMethodActions(menu);
  menu->addSeparator();
  setupPresets(menu);
  menu->addSeparator();
  add(menu,
      {"lock", QT_TR_NOOP("&Lock or unlock"), "Ctrl+K", QT_TR_NOOP("Edits pass over locked linears"), "lock"},
      [inspector] { inspector->toggleLock(); });
  add(menu,
      {"apply-blocks", QT_TR_NOOP("Apply to &blocks…"), "",
       QT_TR_NOOP("Write the choice for a range of blocks and some roles")},
      [inspector] { inspector->applyToBlocks(); });
  add(menu,
      {"apply-role", QT_TR_NOOP("Apply to the r&ole"), "",
       QT_TR_NOOP("Write the choice for this role in all blocks")},
      [inspector] { inspector->applyToRole(); });
  add(menu,
      {"apply-diagnosis", QT_TR_NOOP("Apply to the same &diagnosis"), "",
       QT_TR_NOOP("Write the choice for every linear with the same finding")},
      [inspector] { inspector->applyToSameDiagnosis(); });
  add(menu,
      {"apply-siblings", QT_TR_NOOP("Apply to fused &siblings"), "",
       QT_TR_NOOP("Runtimes store q, k, v (and gate, up) as one: give them one choice")},
      [inspector] { inspector->applyToSiblings(); });
  add(menu,
      {"apply-all", QT_TR_NOOP("Apply to all li&nears"), "",
       QT_TR_NOOP("Write the choice for every quantizable linear")},
      [inspector] { inspector->applyToAll(); });
}

void MainWindow::setupCalibration(QMenu* menu) {
  add(menu,
      {"calibrate", QT_TR_NOOP("Cali&brate…"), "Ctrl+B",
       QT_TR_NOOP("Run the model on text: activations and output errors of every linear")},
      [this] { calibrate(); });
  add(menu,
      {"import-activations", QT_TR_NOOP("&Import activations…"), "",
       QT_TR_NOOP("Take activations from .safetensors, .npz, an imatrix, act_scales or a capture")},
      [this] { importActivations(); });
  add(menu,
      {"expert-coverage", QT_TR_NOOP("E&xpert coverage…"), "",
       QT_TR_NOOP("Tokens that each expert saw during calibration")},
      [this] { showCoverage(); });
}

void MainWindow::setupAnalyzeMenu(QMenu* menu) {
  add(menu,
      {"measure", QT_TR_NOOP("&Measure the weights"), "F5",
       QT_TR_NOOP("Measure what is missing; finished layers are kept")},
      [this] { m_session->startAnalysis(); });
  setupCalibration(menu);
  setupCompareActions(menu);
  setupSalienceActions(menu);
  menu->addSeparator();
  add(menu,
      {"scan", QT_TR_NOOP("Count &NaN, Inf and zeros"), "",
       QT_TR_NOOP("Look at every tensor, not only the linears")},
      [this] { runScan(); });
  add(menu,
      {"cancel-jobs", QT_TR_NOOP("&Cancel all jobs"), "Ctrl+.",
       QT_TR_NOOP("Stop everything that runs; finished layers stay")},
      [this] { m_session->jobs()->cancelAll(); });
  add(menu, {"show-jobs", QT_TR_NOOP("Show &jobs"), "", QT_TR_NOOP("Progress, time left, pause, cancel")},
      [this] { m_work->showJobs(); });
  menu->addSeparator();
  struct Copy {
    const char *name, *text, *tip;
    QString (*make)(Session&);
  };
  const Copy copies[] = {{"copy-analyze", QT_TR_NOOP("Copy &analyze command"),
                          QT_TR_NOOP("qloupe analyze for this model"), analyzeCommand},
                         {"copy-stats", QT_TR_NOOP("Copy &stats command"),
                          QT_TR_NOOP("qloupe stats for this model"), statsCommand},
                         {"copy-diagnose", QT_TR_NOOP("Copy &diagnose command"),
                          QT_TR_NOOP("qloupe diagnose for this model"), diagnoseCommand},
                         {"copy-error", QT_TR_NOOP("Copy &error command"),
                          QT_TR_NOOP("qloupe error for the selection and its choices"), errorCommand}};
  for (const Copy& copy : copies)
    add(menu, {copy.name, copy.text, "", copy.tip, "command"},
        [this, make = copy.make] { copyCommand(make(*m_session)); });
  add(menu,
      {"copy-plan-set", QT_TR_NOOP("Copy &plan set command"), "",
       QT_TR_NOOP("qloupe plan set with the choice shown, for the selection"), "command"},
      [this] {
        std::vector<LinearId> ids = m_session->selection()->selected();
        if (ids.empty() && m_session->selection()->current())
          ids.push_back(*m_session->selection()->current());
        if (ids.empty()) return;
        const LinearId shown = m_session->selection()->current().value_or(ids.front());
        copyCommand(planSetCommand(*m_session, ids, m_session->shownChoice(shown)));
      });
}

void MainWindow::setupHelpMenu(QMenu* menu) {
  add(menu,
      {"help", QT_TR_NOOP("&Guides"), "F1", QT_TR_NOOP("How to find and repair what quantization breaks"), "",
       false},
      [this] { showHelp(); });
  add(menu, {"shortcuts", QT_TR_NOOP("&Keyboard shortcuts"), "Shift+F1", QT_TR_NOOP("All keys"), "", false},
      [this] { showHelp(QStringLiteral("shortcuts")); });
  add(menu,
      {"search-actions", QT_TR_NOOP("&Search actions"), "Ctrl+Shift+P",
       QT_TR_NOOP("Find any action by a part of its name"), "search", false},
      [this] { m_palette->activate(); });
  menu->addSeparator();
  add(menu,
      {"about", QT_TR_NOOP("&About QuantLoupe"), "", QT_TR_NOOP("Version, renderer, licence"), "", false},
      [this] { showAbout(); });
  add(menu, {"about-qt", QT_TR_NOOP("About &Qt"), "", QT_TR_NOOP("The toolkit of this window"), "", false},
      [] { QApplication::aboutQt(); });
}

}  // namespace ql
