#include "widgets/work_area.h"

#include "widgets/bridge/number_format.h"
#include "widgets/bridge/session.h"
#include "widgets/bridge/smoothing_control.h"
#include "widgets/panels/channel_panel.h"
#include "widgets/panels/compare_panel.h"
#include "widgets/panels/dock_title.h"
#include "widgets/panels/form_parts.h"
#include "widgets/panels/inspector_panel.h"
#include "widgets/panels/jobs_panel.h"
#include "widgets/panels/log_panel.h"
#include "widgets/panels/matrix_panel.h"
#include "widgets/panels/method_panel.h"
#include "widgets/panels/model_tree_panel.h"
#include "widgets/panels/overview_panel.h"
#include "widgets/panels/plan_panel.h"
#include "widgets/panels/salience_panel.h"
#include "widgets/panels/smoothing_groups_panel.h"
#include "widgets/panels/smoothing_panel.h"
#include "widgets/panels/tracker_panel.h"

#include <QDataStream>
#include <QDockWidget>
#include <QHBoxLayout>
#include <QStackedWidget>
#include <QTabBar>
#include <QTimer>
#include <QVBoxLayout>

#include <algorithm>

namespace ql {

namespace {

constexpr int kLayoutVersion = 1;
constexpr int kCompactWidth = 1440;  // narrower windows tab the tree with the inspector

DockTitle* titleOf(QDockWidget* dock) {
  return static_cast<DockTitle*>(dock->titleBarWidget());
}

std::int64_t quantizableCount(const Model& model) {
  return std::count_if(model.linears.begin(), model.linears.end(),
                       [](const Linear& l) { return l.isQuantizable; });
}

}  // namespace

WorkArea::WorkArea(Session* session, QWidget* parent)
    : QMainWindow(parent), m_session(session), m_views(new QMainWindow(this)) {
  setWindowFlags(Qt::Widget);
  m_views->setWindowFlags(Qt::Widget);
  setDockOptions(AnimatedDocks | AllowNestedDocks | AllowTabbedDocks);
  m_views->setDockOptions(AnimatedDocks | AllowNestedDocks | AllowTabbedDocks);
  setTabPosition(Qt::AllDockWidgetAreas, QTabWidget::North);
  m_views->setTabPosition(Qt::AllDockWidgetAreas, QTabWidget::North);
  setCorner(Qt::BottomRightCorner, Qt::RightDockWidgetArea);
  setCorner(Qt::BottomLeftCorner, Qt::BottomDockWidgetArea);
  setupCentre();
  setupViews();
  setupSides();
  setupBottom();
  setupSmoothing();
  connect(session->selection(), &Selection::changed, this, &WorkArea::updateDetails);
  connect(session, &Session::workspaceChanged, this, &WorkArea::updateDetails);
  connect(session, &Session::workspaceChanged, this, &WorkArea::updateTabs);
  connect(session->plan(), &PlanDocument::fileChanged, this, &WorkArea::updatePlanLabel);
  connect(session->jobs(), &JobRunner::changed, this, &WorkArea::updateTabs);
  connect(session->selection(), &Selection::openRequested, this, [this] {
    showPage(CentrePage::Overview);
    for (QDockWidget* dock : {m_matrixDock, m_channelDock}) {
      dock->show();
      dock->raise();
    }
  });
  updateDetails();
  updatePlanLabel();
}

QDockWidget* WorkArea::makeDock(QMainWindow* window, const QString& name, const QString& key,
                                QWidget* panel) {
  auto* dock = new QDockWidget(name, window);
  dock->setObjectName(key);
  dock->setWidget(panel);
  dock->setTitleBarWidget(new DockTitle(dock));
  dock->setAccessibleName(name);
  m_docks << dock;
  return dock;
}

void WorkArea::setupCentre() {
  auto* centre = new QWidget(this);
  auto* column = new QVBoxLayout(centre);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  auto* head = new QWidget(centre);
  head->setProperty("ground", QStringLiteral("dockTitle"));
  head->setAttribute(Qt::WA_StyledBackground);
  head->setFixedHeight(scaledPx(metrics::kDockTitle));
  auto* row = new QHBoxLayout(head);
  row->setContentsMargins(0, 0, scaledPx(4), 0);
  row->addWidget(m_pageTabs = new QTabBar(head));
  row->addStretch(1);
  row->addWidget(m_pageDetail = makeDimLabel({}, FontRole::Axis, head));
  m_pageTabs->setAccessibleName(tr("Pages"));
  m_pageTabs->setObjectName(QStringLiteral("page-tabs"));
  column->addWidget(head);
  column->addWidget(m_pages = new QStackedWidget(centre), 1);
  const auto addPage = [this](const QString& name, QWidget* page) {
    m_pageTabs->addTab(name);
    m_pages->addWidget(page);
  };
  addPage(tr("Overview"), m_views);
  addPage(tr("Smoothing"), m_smoothing = new SmoothingPanel(m_session, m_pages));
  addPage(tr("Compare"), m_compare = new ComparePanel(m_session, m_pages));
  addPage(tr("Tracker"), m_tracker = new TrackerPanel(m_session, m_pages));
  addPage(tr("Salience"), m_salience = new SaliencePanel(m_session, m_pages));
  addPage(tr("Methods"), m_methods = new MethodPanel(m_session, m_pages));
  connect(m_pageTabs, &QTabBar::currentChanged, this, [this](int index) {
    m_pages->setCurrentIndex(index);
    emit pageChanged(page());
  });
  setCentralWidget(centre);
}

CentrePage WorkArea::page() const {
  return static_cast<CentrePage>(m_pages->currentIndex());
}

void WorkArea::showPage(CentrePage page) {
  m_pageTabs->setCurrentIndex(static_cast<int>(page));
}

void WorkArea::setupViews() {
  m_overview = new OverviewPanel(m_session, m_views);
  m_matrix = new MatrixPanel(m_session, m_views);
  m_channels = new ChannelPanel(m_session, m_views);
  m_overviewDock = makeDock(m_views, tr("Overview"), QStringLiteral("overview"), m_overview);
  m_matrixDock = makeDock(m_views, tr("Matrix"), QStringLiteral("matrix"), m_matrix);
  m_channelDock = makeDock(m_views, tr("Channels"), QStringLiteral("channels"), m_channels);
  titleOf(m_overviewDock)->setCollapsed(true);  // the page's tab is title enough
  m_views->addDockWidget(Qt::TopDockWidgetArea, m_overviewDock);
  placeViews();
}

void WorkArea::placeViews() {
  m_views->splitDockWidget(m_overviewDock, m_matrixDock, Qt::Vertical);
  m_views->splitDockWidget(m_matrixDock, m_channelDock, Qt::Horizontal);
}

void WorkArea::setupSides() {
  m_tree = new ModelTreePanel(m_session, this);
  m_inspector = new InspectorPanel(m_session, this);
  m_treeDock = makeDock(this, tr("Model"), QStringLiteral("model"), m_tree);
  m_inspectorDock = makeDock(this, tr("Inspector"), QStringLiteral("inspector"), m_inspector);
  addDockWidget(Qt::LeftDockWidgetArea, m_treeDock);
  addDockWidget(Qt::RightDockWidgetArea, m_inspectorDock);
}

void WorkArea::setupBottom() {
  auto* bottom = new QWidget(this);
  auto* column = new QVBoxLayout(bottom);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  auto* head = new QWidget(bottom);
  head->setProperty("ground", QStringLiteral("dockTitle"));
  head->setAttribute(Qt::WA_StyledBackground);
  head->setFixedHeight(scaledPx(metrics::kDockTitle));
  auto* row = new QHBoxLayout(head);
  row->setContentsMargins(0, 0, scaledPx(4), 0);
  row->setSpacing(scaledPx(8));
  row->addWidget(m_bottomTabs = new QTabBar(head));
  m_bottomTabs->setAccessibleName(tr("Tables"));
  row->addStretch(1);
  row->addWidget(m_planLabel = makeDimLabel({}, FontRole::Axis, head));
  QToolButton* floating = makeIconButton(QStringLiteral("float"), tr("Float or dock the tables"), head);
  floating->setIconSize(QSize(scaledPx(12), scaledPx(12)));
  row->addWidget(floating);
  column->addWidget(head);
  column->addWidget(m_bottomStack = new QStackedWidget(bottom), 1);
  m_bottomStack->addWidget(m_plan = new PlanPanel(m_session, m_bottomStack));
  m_bottomStack->addWidget(m_groups = new SmoothingGroupsPanel(m_session, m_bottomStack));
  m_bottomStack->addWidget(m_jobs = new JobsPanel(m_session, m_bottomStack));
  m_bottomStack->addWidget(m_log = new LogPanel(m_session, m_bottomStack));
  for (const QString& name : {tr("Plan"), tr("Smoothing groups"), tr("Jobs"), tr("Log")})
    m_bottomTabs->addTab(name);
  connect(m_bottomTabs, &QTabBar::currentChanged, m_bottomStack, &QStackedWidget::setCurrentIndex);
  m_bottomDock = makeDock(this, tr("Tables"), QStringLiteral("bottom"), bottom);
  titleOf(m_bottomDock)->setCollapsed(true);  // the tabs are title enough
  connect(floating, &QToolButton::clicked, this,
          [this] { m_bottomDock->setFloating(!m_bottomDock->isFloating()); });
  addDockWidget(Qt::BottomDockWidgetArea, m_bottomDock);
}

void WorkArea::resizeEvent(QResizeEvent* event) {
  QMainWindow::resizeEvent(event);
  const bool isCompact = width() < scaledPx(kCompactWidth);
  if (!m_isPlaced) {
    m_isPlaced = true;
    applyMode(isCompact);
  } else if (isCompact != m_isCompact) {
    QByteArray state = layoutState();
    std::swap(state, m_otherModeState);
    applyMode(isCompact);
    if (!state.isEmpty()) restoreLayout(state);
  }
}

void WorkArea::applyMode(bool isCompact) {
  m_isCompact = isCompact;
  for (QDockWidget* dock : m_docks) {
    dock->setFloating(false);
    dock->show();
  }
  if (isCompact) {
    addDockWidget(Qt::RightDockWidgetArea, m_inspectorDock);
    addDockWidget(Qt::RightDockWidgetArea, m_treeDock);
    tabifyDockWidget(m_inspectorDock, m_treeDock);
    m_inspectorDock->raise();
  } else {
    addDockWidget(Qt::LeftDockWidgetArea, m_treeDock);
    addDockWidget(Qt::RightDockWidgetArea, m_inspectorDock);
  }
  m_views->addDockWidget(Qt::TopDockWidgetArea, m_overviewDock);
  placeViews();
  for (QDockWidget* dock : {m_treeDock, m_inspectorDock}) titleOf(dock)->setCollapsed(isCompact);
  updateDetails();
  emit layoutModeChanged(isCompact);
  // Sizes hold only once the docks have been laid out in their new places.
  QTimer::singleShot(0, this, [this, isCompact] {
    const int side = scaledPx(isCompact ? 320 : 352);
    if (isCompact)
      resizeDocks({m_inspectorDock}, {side}, Qt::Horizontal);
    else
      resizeDocks({m_treeDock, m_inspectorDock}, {scaledPx(264), side}, Qt::Horizontal);
    resizeDocks({m_bottomDock}, {scaledPx(isCompact ? 172 : 216)}, Qt::Vertical);
    const int top = scaledPx(isCompact ? 206 : 262);
    m_views->resizeDocks({m_overviewDock, m_matrixDock}, {top, std::max(1, m_views->height() - top)},
                         Qt::Vertical);
    m_views->resizeDocks({m_matrixDock, m_channelDock}, {m_views->width() / 2, m_views->width() / 2},
                         Qt::Horizontal);
  });
}

void WorkArea::resetLayout() {
  m_otherModeState.clear();
  applyMode(m_isCompact);
}

void WorkArea::showJobs() {
  m_bottomDock->show();
  m_bottomTabs->setCurrentIndex(m_bottomStack->indexOf(m_jobs));
}

void WorkArea::setupSmoothing() {
  SmoothingControl* control = m_session->smoothing();
  const auto follow = [this, control](CentrePage page) {
    const bool isSmoothing = page == CentrePage::Smoothing;
    control->setWatched(isSmoothing);
    m_inspector->setSmoothingShown(isSmoothing);
    // Without the table in view the page and its groups would be two places.
    if (isSmoothing && m_bottomStack->currentWidget() == m_plan) showSmoothingGroups();
    if (page == CentrePage::Overview && m_bottomStack->currentWidget() == m_groups) showPlan();
    updateDetails();
  };
  connect(this, &WorkArea::pageChanged, this, follow);
  connect(control, &SmoothingControl::pageRequested, this, [this] { showPage(CentrePage::Smoothing); });
  connect(control, &SmoothingControl::tableRequested, this, [this] {
    showSmoothingGroups();
    m_groups->focusTable();
  });
  connect(m_groups, &SmoothingGroupsPanel::countChanged, this, &WorkArea::updateTabs);
  follow(page());
}

void WorkArea::showSmoothingGroups() {
  m_bottomDock->show();
  m_bottomTabs->setCurrentIndex(m_bottomStack->indexOf(m_groups));
}

void WorkArea::showPlan() {
  m_bottomDock->show();
  m_bottomTabs->setCurrentIndex(m_bottomStack->indexOf(m_plan));
}

QByteArray WorkArea::layoutState() const {
  QByteArray bytes;
  QDataStream stream(&bytes, QIODevice::WriteOnly);
  stream << m_isCompact << saveState(kLayoutVersion) << m_views->saveState(kLayoutVersion);
  return bytes;
}

bool WorkArea::restoreLayout(const QByteArray& state) {
  QDataStream stream(state);
  bool isCompact = false;
  QByteArray outer, inner;
  stream >> isCompact >> outer >> inner;
  if (stream.status() != QDataStream::Ok) return false;
  if (m_isPlaced && isCompact != m_isCompact) {
    m_otherModeState = state;
    return true;
  }
  // After the default sizes of applyMode().
  QTimer::singleShot(0, this, [this, outer, inner] {
    restoreState(outer, kLayoutVersion);
    m_views->restoreState(inner, kLayoutVersion);
  });
  return true;
}

void WorkArea::updateDetails() {
  const Model* model = m_session->model();
  const std::optional<LinearId> current = m_session->selection()->current();
  const std::size_t selected = m_session->selection()->selected().size();
  // Tabbed, the inspector has no title line to say how many are selected.
  m_inspectorDock->setWindowTitle(m_isCompact && selected > 1 ? tr("Inspector (%1)").arg(selected)
                                                              : tr("Inspector"));
  titleOf(m_treeDock)->setDetail(model ? QString::fromStdString(model->name) : QString());
  titleOf(m_inspectorDock)
      ->setDetail(page() == CentrePage::Smoothing ? tr("smoothing group")
                  : selected == 0                 ? tr("nothing selected")
                                  : pluralText(static_cast<std::int64_t>(selected), tr("linear selected"),
                                               tr("linears selected")));
  m_pageDetail->setText(
      model ? tr("%1 blocks, %2 linears").arg(model->blockCount).arg(countText(quantizableCount(*model)))
            : QString());
  if (!model || !current) {
    titleOf(m_matrixDock)->setDetail({});
    titleOf(m_channelDock)->setDetail({});
    return;
  }
  const Linear& linear = model->linears[*current];
  const QString name = QString::fromStdString(linear.name.substr(linear.name.rfind('.') + 1));
  const QString block = linear.block ? tr("block %1").arg(*linear.block) + QStringLiteral(" · ") : QString();
  const QString shape = dimensionsText(linear.out(), linear.in());
  const QString dtype = QString::fromUtf8(dtypeInfo(linear.dtype).name.data());
  titleOf(m_matrixDock)
      ->setDetail(block + name + QStringLiteral(" · ") + shape + QStringLiteral(" · ") + dtype);
  titleOf(m_channelDock)
      ->setDetail(block + name + QStringLiteral(" · ") + tr("%1 input channels").arg(countText(linear.in())));
}

void WorkArea::updatePlanLabel() {
  const PlanDocument* plan = m_session->plan();
  m_planLabel->setText(plan->isDirty() ? tr("%1, unsaved").arg(plan->displayName()) : plan->displayName());
}

void WorkArea::updateTabs() {
  int running = 0;
  for (const JobRunner::Job& job : m_session->jobs()->jobs())
    if (job.state == JobRunner::State::Running || job.state == JobRunner::State::Queued) ++running;
  const Model* model = m_session->model();
  const QString count = model ? countText(quantizableCount(*model)) : QString();
  m_bottomTabs->setTabText(m_bottomStack->indexOf(m_plan),
                           count.isEmpty() ? tr("Plan") : tr("Plan (%1)").arg(count));
  const int groups = m_groups->shownCount();
  m_bottomTabs->setTabText(m_bottomStack->indexOf(m_groups),
                           groups > 0 ? tr("Smoothing groups (%1)").arg(groups) : tr("Smoothing groups"));
  const int tab = m_bottomStack->indexOf(m_jobs);
  m_bottomTabs->setTabText(tab, running > 0 ? tr("Jobs (%1)").arg(running) : tr("Jobs"));
}

}  // namespace ql
