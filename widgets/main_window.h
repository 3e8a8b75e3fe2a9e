#pragma once
// The window: menus, toolbar, message bar, start page or work area, status bar; opening, saving, closing.
// What the parts show is theirs; what they do together (open a file, ask before losing edits) is here.
#include "widgets/bridge/metric.h"
#include "widgets/bridge/settings.h"

#include <QMainWindow>

#include <functional>

class QActionGroup;
class QComboBox;
class QLabel;
class QMenu;
class QStackedWidget;
class QToolBar;

namespace ql {

class Canvas;
class CommandPalette;
class MessageBar;
class Session;
class StartPage;
class StatusStrip;
class WorkArea;

class MainWindow : public QMainWindow {
  Q_OBJECT
 public:
  explicit MainWindow(QWidget* parent = nullptr);
  ~MainWindow() override;

  Session* session() const { return m_session; }
  WorkArea* workArea() const { return m_work; }
  StartPage* startPage() const { return m_start; }
  MessageBar* messageBar() const { return m_messages; }
  CommandPalette* commandPalette() const { return m_palette; }
  /// By object name: "save-plan".
  QAction* action(const char* name) const;

  /// A model folder, weight file, index, statistics file or plan; asks first when edits would be lost.
  void openPath(const QString& path, std::function<void()> then = {});
  /// As the answer to "save first?": true when it is all right to go on.
  bool confirmLosingEdits();

 public slots:
  void openFolderDialog();
  void openFileDialog();
  void openDemo(const QString& key);
  void closeModel();
  bool savePlan();
  bool savePlanAs();
  void exportPlan();
  void saveTableCsv();
  void saveStatistics();
  void runScan();
  void calibrate();
  void importActivations();
  void verifyPlan();
  void showCoverage();
  void selectFlagged();
  void nextFinding(int step);
  void nextLinear(int step);
  void focusNextPanel();
  void copyCommand(const QString& command);
  void setTheme(ThemeMode mode);
  void showHelp(const QString& page = {});
  void showAbout();

 protected:
  void closeEvent(QCloseEvent* event) override;
  void dragEnterEvent(QDragEnterEvent* event) override;
  void dropEvent(QDropEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;

 private:
  struct Entry {       // of a menu
    const char* name;  // object name
    const char* text;  // with mnemonic
    const char* keys;  // portable text, "" = none
    const char* tip;
    const char* icon = "";
    bool needsModel = true;
  };
  // Construction (main_window.cpp, main_window_menus.cpp)
  void setupCentre();
  void setupMenus();
  void setupFileMenu(QMenu* menu);
  void setupSaving(QMenu* menu);
  void setupEditMenu(QMenu* menu);
  void setupViewMenu(QMenu* menu);
  void setupModelMenu(QMenu* menu);
  void setupPlanMenu(QMenu* menu);
  void setupPresets(QMenu* menu);
  void setupAnalyzeMenu(QMenu* menu);
  void setupHelpMenu(QMenu* menu);
  void setupMetricMenu(QMenu* menu);
  void addMetric(QMenu* menu, QActionGroup* group, Metric metric);
  void setupCalibration(QMenu* menu);
  // Each in a file of its own: main_window_<topic>.cpp
  void setupPages(QMenu* menu);             // View
  void setupSmoothingActions(QMenu* menu);  // Plan
  void setupCompareActions(QMenu* menu);    // Analyze
  void setupSalienceActions(QMenu* menu);   // Analyze
  void setupSelectionActions(QMenu* menu);  // Edit
  void setupReportActions(QMenu* menu);     // File
  void setupMethodActions(QMenu* menu);     // Plan
  void setupLanguages(QMenu* menu);         // View
  void setupThemeMenu(QMenu* menu);
  void setupToolbar();
  void setupStatusBar();
  QAction* add(QMenu* menu, const Entry& entry, std::function<void()> run);
  void restoreWindow();
  void saveWindow();

  // Opening and saving (main_window_files.cpp); going about (main_window_steps.cpp)
  void openModel(const QString& path, std::function<void()> then);
  void openPlan(const QString& path);
  void remember(const QString& path);
  void askAboutJournal();
  void fillRecentMenu();

  void workspaceChanged();
  void updateTitle();
  void updateActions();
  void showMetric();
  void updateMetrics();
  void updateCalibrationActions();
  bool takeDroppedActivations(const QString& path);  // false: open it like any file
  void adaptToolbar();
  Canvas* activeCanvas() const;

  Session* m_session;
  QStackedWidget* m_stack = nullptr;
  StartPage* m_start = nullptr;
  WorkArea* m_work = nullptr;
  MessageBar* m_messages = nullptr;
  StatusStrip* m_status = nullptr;
  CommandPalette* m_palette = nullptr;
  QToolBar* m_toolbar = nullptr;
  QComboBox* m_metric = nullptr;
  QLabel* m_undoText = nullptr;
  QMenu* m_recent = nullptr;
  QList<QAction*> m_modelActions;  // need an open model
  QString m_openedPath;
};

}  // namespace ql
