#include "widgets/main_window.h"

#include "core/base/version.h"
#include "widgets/bridge/app_style.h"
#include "widgets/bridge/calibration_control.h"
#include "widgets/bridge/command_text.h"
#include "widgets/bridge/icons.h"
#include "widgets/bridge/metric_info.h"
#include "widgets/bridge/session.h"
#include "widgets/canvas/canvas.h"
#include "widgets/canvas/renderer.h"
#include "widgets/panels/command_palette.h"
#include "widgets/panels/form_parts.h"
#include "widgets/panels/help_dialog.h"
#include "widgets/panels/inspector_panel.h"
#include "widgets/panels/log_panel.h"
#include "widgets/panels/message_bar.h"
#include "widgets/panels/start_page.h"
#include "widgets/panels/status_strip.h"
#include "widgets/work_area.h"

#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QCloseEvent>
#include <QComboBox>
#include <QGuiApplication>
#include <QMessageBox>
#include <QScreen>
#include <QSettings>
#include <QStackedWidget>
#include <QStandardItemModel>
#include <QStatusBar>
#include <QToolBar>
#include <QVBoxLayout>

namespace ql {

namespace {

const QString kGeometry = QStringLiteral("window/geometry");
const QString kLayout = QStringLiteral("window/layout");
constexpr int kCompactWidth = 1440;

}  // namespace

MainWindow::MainWindow(QWidget* parent) : QMainWindow(parent), m_session(new Session(this)) {
  setWindowIcon(programIcon());
  setAcceptDrops(true);
  setContextMenuPolicy(Qt::NoContextMenu);
  setupCentre();
  setupMenus();
  setupToolbar();
  setupStatusBar();
  connect(m_session, &Session::workspaceChanged, this, &MainWindow::workspaceChanged);
  connect(m_session, &Session::message, m_messages, &MessageBar::show);
  connect(m_session->plan(), &PlanDocument::fileChanged, this, &MainWindow::updateTitle);
  connect(m_session->plan(), &PlanDocument::planChanged, this, &MainWindow::updateActions);
  connect(m_session->plan(), &PlanDocument::whatIfChanged, this, &MainWindow::updateActions);
  connect(m_session->selection(), &Selection::changed, this, &MainWindow::updateActions);
  connect(m_work, &WorkArea::layoutModeChanged, m_work->inspector(), &InspectorPanel::setCompact);
  restoreWindow();
  workspaceChanged();
}

MainWindow::~MainWindow() {
  // Panels first, then the session they look at, while this window still is one.
  m_session->jobs()->cancelAll();
  QObject* const sources[] = {m_session, m_session->plan(), m_session->plan()->undoStack(),
                              m_session->selection(), m_session->jobs()};
  for (QObject* source : sources) source->disconnect(this);
  delete centralWidget();
  delete statusBar();
  delete m_session;
}

void MainWindow::setupCentre() {
  auto* centre = new QWidget(this);
  auto* column = new QVBoxLayout(centre);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  column->addWidget(m_stack = new QStackedWidget(centre), 1);
  m_stack->addWidget(m_start = new StartPage(m_session, m_stack));
  m_stack->addWidget(m_work = new WorkArea(m_session, m_stack));
  // The start page may be narrower than the docks; the stack must not force their width upon it.
  m_stack->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Ignored);
  m_messages = new MessageBar(centre);
  setCentralWidget(centre);
  connect(m_start, &StartPage::openFolderRequested, this, &MainWindow::openFolderDialog);
  connect(m_start, &StartPage::openFileRequested, this, &MainWindow::openFileDialog);
  connect(m_start, &StartPage::demoRequested, this, &MainWindow::openDemo);
  connect(m_start, &StartPage::pathRequested, this, [this](const QString& path) { openPath(path); });
  connect(m_start, &StartPage::guideRequested, this, &MainWindow::showHelp);
  connect(m_session->calibration(), &CalibrationControl::calibrateRequested, this, &MainWindow::calibrate);
  connect(m_session->calibration(), &CalibrationControl::importRequested, this,
          &MainWindow::importActivations);
  connect(m_session->calibration(), &CalibrationControl::changed, this,
          &MainWindow::updateCalibrationActions);
  for (Canvas* canvas : m_work->findChildren<Canvas*>())
    connect(canvas, &Canvas::message, m_session, &Session::message);
}

void MainWindow::setupToolbar() {
  m_toolbar = new QToolBar(tr("Toolbar"), this);
  m_toolbar->setObjectName(QStringLiteral("toolbar"));
  m_toolbar->setMovable(false);
  m_toolbar->setIconSize(QSize(scaledPx(16), scaledPx(16)));
  m_toolbar->setFixedHeight(scaledPx(metrics::kToolbar));
  addToolBar(m_toolbar);
  m_toolbar->addAction(action("open-folder"));
  m_toolbar->addAction(action("save-plan"));
  m_toolbar->addSeparator();
  m_toolbar->addAction(action("undo"));
  m_toolbar->addAction(action("redo"));
  m_undoText = makeDimLabel({}, FontRole::Axis, m_toolbar);
  m_toolbar->addWidget(m_undoText);
  m_toolbar->addSeparator();
  auto* caption = makeDimLabel(tr("Metric"), FontRole::Body, m_toolbar);
  m_toolbar->addWidget(caption);
  m_metric = new QComboBox(m_toolbar);
  m_metric->setAccessibleName(tr("Metric"));
  m_metric->setToolTip(tr("What colours the overview, the tree and the plan table (keys 0 to 9)"));
  m_metric->setMinimumWidth(scaledPx(168));
  for (const std::vector<Metric>& group : metricGroups()) {
    if (m_metric->count() > 0) m_metric->insertSeparator(m_metric->count());
    for (const Metric metric : group) m_metric->addItem(metricInfo(metric).name, static_cast<int>(metric));
  }
  m_metric->setMaxVisibleItems(24);
  caption->setBuddy(m_metric);
  m_toolbar->addWidget(m_metric);
  connect(m_metric, &QComboBox::activated, this, [this](int index) {
    ViewSettings view = m_session->view();
    view.metric = static_cast<Metric>(m_metric->itemData(index).toInt());
    view.range.reset();
    m_session->setView(view);
  });
  connect(m_session, &Session::viewChanged, this, &MainWindow::showMetric);
  connect(m_session->calibration(), &CalibrationControl::changed, this, &MainWindow::updateMetrics);
  connect(m_session, &Session::workspaceChanged, this, &MainWindow::updateMetrics);
  updateMetrics();
  m_toolbar->addSeparator();
  m_toolbar->addAction(action("calibrate"));
  m_toolbar->addAction(action("verify-plan"));
  auto* gap = new QWidget(m_toolbar);
  gap->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
  m_toolbar->addWidget(gap);
  auto* copy = new QPushButton(m_toolbar);
  copy->setObjectName(QStringLiteral("copy-command-button"));
  copy->setIcon(themeIcon(QStringLiteral("command")));
  copy->setToolTip(action("copy-command")->toolTip());
  copy->setAccessibleName(tr("Copy as command"));
  m_toolbar->addWidget(copy);
  connect(copy, &QPushButton::clicked, action("copy-command"), &QAction::trigger);
  auto* space = new QWidget(m_toolbar);
  space->setFixedWidth(scaledPx(4));
  m_toolbar->addWidget(space);
  QPushButton* send = makeAccentButton({}, m_toolbar);
  send->setObjectName(QStringLiteral("export-button"));
  send->setToolTip(action("export-plan")->toolTip());
  m_toolbar->addWidget(send);
  connect(send, &QPushButton::clicked, action("export-plan"), &QAction::trigger);
}

void MainWindow::showMetric() {
  m_metric->setCurrentIndex(m_metric->findData(static_cast<int>(m_session->view().metric)));
}

// What the activations at hand cannot support is greyed, with the reason.
void MainWindow::updateMetrics() {
  auto* items = qobject_cast<QStandardItemModel*>(m_metric->model());
  for (const MetricInfo& info : metricInfos()) {
    const QString reason = m_session->calibration()->missing(info.metric);
    const QString tip =
        reason.isEmpty() ? info.sentence : info.sentence + QLatin1Char('\n') + tr("Not now: %1.").arg(reason);
    const int at = m_metric->findData(static_cast<int>(info.metric));
    items->item(at)->setEnabled(reason.isEmpty());
    m_metric->setItemData(at, tip, Qt::ToolTipRole);
    QAction* entry = findChild<QAction*>(QStringLiteral("metric-%1").arg(QLatin1String(info.key)));
    entry->setEnabled(reason.isEmpty() && m_session->model());
    entry->setToolTip(tip);
  }
  showMetric();
}

void MainWindow::adaptToolbar() {
  const bool isCompact = width() < scaledPx(kCompactWidth);
  auto* copy = m_toolbar->findChild<QPushButton*>(QStringLiteral("copy-command-button"));
  auto* send = m_toolbar->findChild<QPushButton*>(QStringLiteral("export-button"));
  copy->setText(isCompact ? QString() : tr("Copy as command"));
  send->setText(isCompact ? tr("Export…") : tr("Export plan…"));
  const QString undo = m_session->plan()->undoStack()->undoText();
  const QString shown = undo.isEmpty() ? QString() : tr("Undo: %1").arg(undo);
  m_undoText->setText(
      isCompact ? QString()
                : QFontMetrics(m_undoText->font()).elidedText(shown, Qt::ElideRight, scaledPx(240)));
}

void MainWindow::setupStatusBar() {
  statusBar()->setSizeGripEnabled(false);
  statusBar()->setFixedHeight(scaledPx(metrics::kStatusBar));
  m_status = new StatusStrip(m_session, this);
  statusBar()->addWidget(m_status, 1);
  connect(m_status, &StatusStrip::jobsRequested, this, [this] {
    if (m_session->model()) m_work->showJobs();
  });
}

QAction* MainWindow::action(const char* name) const {
  auto* found = findChild<QAction*>(QString::fromLatin1(name));
  QL_ASSERT(found);
  return found;
}

void MainWindow::workspaceChanged() {
  const bool isOpen = m_session->model() != nullptr;
  m_stack->setCurrentWidget(isOpen ? static_cast<QWidget*>(m_work) : m_start);
  m_toolbar->setVisible(isOpen);
  if (isOpen) {
    // Something is shown at once: the first quantizable linear.
    const Model& model = *m_session->model();
    for (LinearId id = 0; id < model.linears.size(); ++id)
      if (model.linears[id].isQuantizable) {
        m_session->selection()->set({}, id);
        break;
      }
    if (!m_session->abandonedJournal().isEmpty()) askAboutJournal();
  } else {
    m_start->reload();
    m_start->setFocus();
  }
  updateTitle();
  updateActions();
}

void MainWindow::updateTitle() {
  const Model* model = m_session->model();
  setWindowModified(model && m_session->plan()->isDirty());
  setWindowTitle(model ? tr("%1[*] – %2 – QuantLoupe")
                             .arg(m_session->plan()->displayName(), QString::fromStdString(model->name))
                       : QStringLiteral("QuantLoupe"));
}

void MainWindow::updateActions() {
  const bool isOpen = m_session->model() != nullptr;
  for (QAction* action : m_modelActions) action->setEnabled(isOpen);
  updateMetrics();
  updateCalibrationActions();
  if (!isOpen) return;
  adaptToolbar();
  const bool hasCurrent = m_session->selection()->current().has_value();
  for (const char* name :
       {"group-128", "group-64", "group-32", "group-16", "per-channel", "keep-16-bit", "lock"})
    action(name)->setEnabled(hasCurrent);
  action("apply")->setEnabled(hasCurrent);
  action("revert")->setEnabled(m_session->plan()->whatIf().has_value());
}

Canvas* MainWindow::activeCanvas() const {
  for (QWidget* widget = QApplication::focusWidget(); widget; widget = widget->parentWidget())
    if (auto* canvas = qobject_cast<Canvas*>(widget)) return canvas;
  return m_work->findChild<Canvas*>();
}

void MainWindow::setTheme(ThemeMode mode) {
  settings::setThemeMode(mode);
  applyTheme(mode);
  emit m_session->themeChanged();
}

void MainWindow::copyCommand(const QString& command) {
  QGuiApplication::clipboard()->setText(command);
  emit m_session->message(tr("Copied: %1").arg(command), false);
}

void MainWindow::showHelp(const QString& page) {
  auto* help = findChild<HelpDialog*>();
  if (!help) help = new HelpDialog(findChildren<QAction*>(QString(), Qt::FindDirectChildrenOnly), this);
  help->showPage(page);
}

void MainWindow::showAbout() {
  QMessageBox::about(
      this, tr("About QuantLoupe"),
      tr("<h3>QuantLoupe %1</h3><p>Find out what quantization does to each layer.</p>"
         "<p>Canvases: %2<br>Qt %3</p><p>Apache License 2.0. No network is used.</p>")
          .arg(QString::fromUtf8(kToolVersion.data(), static_cast<qsizetype>(kToolVersion.size())),
               rendererText(), QString::fromLatin1(qVersion())));
}

void MainWindow::resizeEvent(QResizeEvent* event) {
  QMainWindow::resizeEvent(event);
  adaptToolbar();
}

void MainWindow::restoreWindow() {
  const QSettings s;
  if (!restoreGeometry(s.value(kGeometry).toByteArray())) {
    const QSize screen = QGuiApplication::primaryScreen()->availableSize();
    const QSize frame(scaledPx(8),
                      scaledPx(40));  // of the window manager, not known before the window is shown
    resize(QSize(1600, 1000).boundedTo(screen - frame));
  }
  const QByteArray layout = s.value(kLayout).toByteArray();
  if (!layout.isEmpty()) m_work->restoreLayout(layout);
}

void MainWindow::saveWindow() {
  QSettings s;
  s.setValue(kGeometry, saveGeometry());
  if (m_session->model()) s.setValue(kLayout, m_work->layoutState());
}

void MainWindow::closeEvent(QCloseEvent* event) {
  if (!confirmLosingEdits()) return event->ignore();
  saveWindow();
  m_session->plan()->discardJournal();
  event->accept();
}

}  // namespace ql
