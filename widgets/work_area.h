#pragma once
// Everything that is seen when a model is open: the docks, their titles and the two default layouts (wide and
// compact). The outer window owns the tree, the inspector and the bottom tabs; its centre has pages, the
// first of which is an inner window with the three views, so that the bottom dock lies under the tree and the
// inspector keeps its full height.
#include <QByteArray>
#include <QMainWindow>

#include <functional>

class QDockWidget;
class QLabel;
class QStackedWidget;
class QTabBar;

namespace ql {

class ChannelPanel;
class ComparePanel;
class DockTitle;
class InspectorPanel;
class JobsPanel;
class LogPanel;
class MatrixPanel;
class MethodPanel;
class ModelTreePanel;
class OverviewPanel;
class PlanPanel;
class SaliencePanel;
class Session;
class SmoothingGroupsPanel;
class SmoothingPanel;
class TrackerPanel;

/// What the centre shows: the three linked views, or one page for a question of its own.
enum class CentrePage { Overview, Smoothing, Compare, Tracker, Salience, Methods };

class WorkArea : public QMainWindow {
  Q_OBJECT
 public:
  explicit WorkArea(Session* session, QWidget* parent = nullptr);

  ModelTreePanel* tree() const { return m_tree; }
  InspectorPanel* inspector() const { return m_inspector; }
  PlanPanel* planPanel() const { return m_plan; }
  LogPanel* log() const { return m_log; }
  OverviewPanel* overview() const { return m_overview; }
  MatrixPanel* matrix() const { return m_matrix; }
  ChannelPanel* channels() const { return m_channels; }
  SmoothingPanel* smoothing() const { return m_smoothing; }
  SmoothingGroupsPanel* smoothingGroups() const { return m_groups; }
  ComparePanel* comparison() const { return m_compare; }
  TrackerPanel* tracker() const { return m_tracker; }
  SaliencePanel* salience() const { return m_salience; }
  MethodPanel* methods() const { return m_methods; }
  CentrePage page() const;
  void showPage(CentrePage page);
  const QList<QDockWidget*>& docks() const { return m_docks; }
  bool isCompact() const { return m_isCompact; }

  void showJobs();
  void showPlan();
  void showSmoothingGroups();
  void resetLayout();
  /// Both windows' docks, for QSettings; restoring returns false when the bytes do not fit this version.
  QByteArray layoutState() const;
  bool restoreLayout(const QByteArray& state);

 signals:
  void layoutModeChanged(bool isCompact);
  void pageChanged(ql::CentrePage page);

 protected:
  void resizeEvent(QResizeEvent* event) override;

 private:
  QDockWidget* makeDock(QMainWindow* window, const QString& name, const QString& key, QWidget* panel);
  void setupCentre();
  void setupViews();
  void setupSides();
  void setupBottom();
  void setupSmoothing();
  void applyMode(bool isCompact);
  void placeViews();
  void updateDetails();
  void updatePlanLabel();
  void updateTabs();
  Session* m_session;
  QMainWindow* m_views;
  ModelTreePanel* m_tree = nullptr;
  InspectorPanel* m_inspector = nullptr;
  OverviewPanel* m_overview = nullptr;
  MatrixPanel* m_matrix = nullptr;
  ChannelPanel* m_channels = nullptr;
  SmoothingPanel* m_smoothing = nullptr;
  ComparePanel* m_compare = nullptr;
  TrackerPanel* m_tracker = nullptr;
  SaliencePanel* m_salience = nullptr;
  MethodPanel* m_methods = nullptr;
  QTabBar* m_pageTabs = nullptr;
  QLabel* m_pageDetail = nullptr;
  QStackedWidget* m_pages = nullptr;
  PlanPanel* m_plan = nullptr;
  SmoothingGroupsPanel* m_groups = nullptr;
  JobsPanel* m_jobs = nullptr;
  LogPanel* m_log = nullptr;
  QTabBar* m_bottomTabs = nullptr;
  QStackedWidget* m_bottomStack = nullptr;
  QLabel* m_planLabel = nullptr;
  QDockWidget *m_treeDock = nullptr, *m_inspectorDock = nullptr, *m_bottomDock = nullptr;
  QDockWidget *m_overviewDock = nullptr, *m_matrixDock = nullptr, *m_channelDock = nullptr;
  QList<QDockWidget*> m_docks;
  QByteArray m_otherModeState;  // of the mode that is not shown
  bool m_isCompact = false, m_isPlaced = false;
};

}  // namespace ql
