#include "widgets/panels/matrix_panel.h"

#include "widgets/bridge/calibration_control.h"
#include "widgets/bridge/number_format.h"
#include "widgets/bridge/session.h"
#include "widgets/canvas/canvas.h"
#include "widgets/panels/form_parts.h"
#include "widgets/panels/matrix_loader.h"
#include "widgets/panels/matrix_view.h"
#include "widgets/panels/salience_lab.h"
#include "widgets/panels/surface_loader.h"
#include "widgets/panels/surface_view.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QPushButton>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>

namespace ql {
namespace {

constexpr int kNarrowToolbar = 340, kWideToolbar = 455;  // pixels at a 12 px font

// The edges of the parts that share a scale, for the dotted lines; 0 = not divided along that axis.
std::pair<std::int64_t, std::int64_t> groupEdges(const Choice& choice) {
  if (!choice.weight) return {0, 0};
  const WeightScheme& scheme = *choice.weight;
  switch (scheme.granularity) {
    case Granularity::Group:
      return {scheme.groupSize.value_or(0), 0};
    case Granularity::GroupInChannel:
      return {0, scheme.groupSize.value_or(0)};
    case Granularity::Block:
      return scheme.block ? std::pair((*scheme.block)[1], (*scheme.block)[0])
                          : std::pair<std::int64_t, std::int64_t>();
    default:
      return {0, 0};
  }
}

std::vector<std::int64_t> flaggedColumns(const std::vector<Finding>& findings) {
  std::vector<std::int64_t> columns;
  for (const Finding& finding : findings) {
    const auto at = finding.values.find("channels");
    if (at == finding.values.end()) continue;
    if (const auto* list = std::get_if<std::vector<std::int64_t>>(&at->second))
      columns.insert(columns.end(), list->begin(), list->end());
  }
  std::sort(columns.begin(), columns.end());
  columns.erase(std::unique(columns.begin(), columns.end()), columns.end());
  return columns;
}

QString shortName(const std::string& name) {
  const std::size_t dot = name.rfind('.');
  return QString::fromStdString(dot == std::string::npos ? name : name.substr(dot + 1));
}

QString subtitleOf(const Linear& linear) {
  QStringList parts;
  if (linear.block) parts << MatrixPanel::tr("block %1").arg(*linear.block);
  parts << shortName(linear.name) << dimensionsText(linear.out(), linear.in())
        << QString::fromLatin1(dtypeInfo(linear.dtype).name.data(),
                               static_cast<qsizetype>(dtypeInfo(linear.dtype).name.size()));
  return parts.join(QStringLiteral(" · "));
}

}  // namespace

MatrixPanel::MatrixPanel(Session* session, QWidget* parent)
    : QWidget(parent),
      m_session(session),
      m_body(new QWidget(this)),
      m_toolbar(new QWidget(m_body)),
      m_view(new MatrixView(this)),
      m_canvas(new Canvas(m_view, m_body)),
      m_loader(new MatrixLoader(session, m_view, this)),
      m_salience(SalienceLab::of(session)) {
  auto* outer = new QVBoxLayout(this);
  outer->setContentsMargins(0, 0, 0, 0);
  outer->addWidget(m_body);
  auto* body = new QVBoxLayout(m_body);
  body->setContentsMargins(0, 0, 0, 0);
  body->setSpacing(0);
  body->addWidget(m_toolbar);
  body->addWidget(makeSeparator(Qt::Horizontal, m_body));
  body->addWidget(m_canvas, 1);
  m_canvas->setAccessibleName(tr("Matrix"));
  setupToolbar();
  setupView();
  setupSurface();
  connectSession();
  refresh();
}

MatrixPanel::~MatrixPanel() {
  leaveFullScreen();
}

void MatrixPanel::setupToolbar() {
  m_toolbar->setFixedHeight(scaledPx(metrics::kViewToolbar));
  m_toolbar->setAutoFillBackground(true);  // one ground with the canvas below
  m_toolbar->setBackgroundRole(QPalette::Base);
  auto* row = new QHBoxLayout(m_toolbar);
  row->setContentsMargins(scaledPx(metrics::kGap), 0, scaledPx(metrics::kGap), 0);
  row->setSpacing(scaledPx(metrics::kGap));
  m_quantity = new QComboBox(m_toolbar);
  m_quantity->addItems(
      {QStringLiteral("|W|"), QStringLiteral("W"), tr("error"), tr("|X| activations"), tr("salience")});
  m_quantity->setItemData(0, tr("Magnitude of the weights"), Qt::ToolTipRole);
  m_quantity->setItemData(1, tr("Weights with their sign"), Qt::ToolTipRole);
  m_quantity->setItemData(2, tr("Quantization error |Q(W) − W| under the shown choice"), Qt::ToolTipRole);
  m_quantity->setItemData(3, tr("Input of the linear on the sampled tokens: tokens × channels"),
                          Qt::ToolTipRole);
  m_quantity->setItemData(4, tr("Hessian salience of the weights, as set on the Salience page"),
                          Qt::ToolTipRole);
  m_quantity->setToolTip(tr("What is drawn (M: next)"));
  m_quantity->setAccessibleName(tr("Quantity"));
  row->addWidget(m_quantity);
  QLabel* const pool = makeDimLabel(tr("Pool"), FontRole::Body, m_toolbar);
  pool->setObjectName(QStringLiteral("pool-label"));
  row->addWidget(pool);
  m_pool = new QComboBox(m_toolbar);
  m_pool->addItems({tr("max"), tr("mean")});
  m_pool->setToolTip(
      tr("What a pixel shows of the weights it covers: the largest (no outlier is lost) or the mean"));
  m_pool->setAccessibleName(tr("Pooling"));
  row->addWidget(m_pool);
  m_scale = new SegmentedControl(tr("Colour scale"), m_toolbar);
  m_scale->addSegment(tr("Lin"), tr("Linear colours (L)"));
  m_scale->addSegment(tr("Log"), tr("Logarithmic colours (L)"));
  m_scale->setCurrent(1);
  row->addWidget(m_scale);
  m_dimensions = new SegmentedControl(tr("Dimensions"), m_toolbar);
  m_dimensions->addSegment(tr("2D"), tr("Flat picture (2)"));
  m_dimensions->addSegment(tr("3D"), tr("Surface: drag to rotate, wheel to zoom (3)"));
  row->addWidget(m_dimensions);
  row->addStretch(1);
  m_fullScreen = makeIconButton(QStringLiteral("fullscreen"), tr("Full screen (F11)"), m_toolbar);
  m_fullScreen->setShortcut(QKeySequence());
  row->addWidget(m_fullScreen);
  // Narrow docks drop the pooling before anything is cut off; it stays at what it is.
  m_toolbar->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
  m_toolbar->setMinimumWidth(scaledPx(kNarrowToolbar));
  m_toolbar->installEventFilter(this);
}

void MatrixPanel::setupView() {
  connect(m_quantity, &QComboBox::activated, this,
          [this](int index) { setQuantity(static_cast<MatrixQuantity>(index)); });
  connect(m_pool, &QComboBox::activated, this,
          [this](int index) { m_view->setPool(index == 0 ? PoolKind::Max : PoolKind::Mean); });
  connect(m_scale, &SegmentedControl::picked, this, [this](int index) { setLog(index == 1); });
  connect(m_fullScreen, &QToolButton::clicked, this, &MatrixPanel::toggleFullScreen);
  connect(m_view, &MatrixView::modeKeyPressed, this, &MatrixPanel::cycleQuantity);
  connect(m_view, &MatrixView::scaleKeyPressed, this, [this] { setLog(!m_view->isLog()); });
  connect(m_canvas, &Canvas::message, this, &MatrixPanel::message);
  m_canvas->focusProxy()->installEventFilter(this);
}

void MatrixPanel::setupSurface() {
  m_surface = new SurfaceView(this);
  m_surfaceCanvas = new Canvas(m_surface, m_body);
  m_surfaceCanvas->setAccessibleName(tr("Matrix as a surface"));
  m_surfaceCanvas->hide();
  m_surfaceLoader = new SurfaceLoader(m_session, m_surface, this);
  static_cast<QVBoxLayout*>(m_body->layout())->addWidget(m_surfaceCanvas, 1);
  m_surface->setLog(m_view->isLog());
  Selection* const selection = m_session->selection();
  connect(m_dimensions, &SegmentedControl::picked, this, [this](int index) { setSurface(index == 1); });
  connect(m_surface, &SurfaceView::planeWanted, this, [this] { setSurface(false); });
  connect(m_surface, &SurfaceView::modeKeyPressed, this, &MatrixPanel::cycleQuantity);
  connect(m_surface, &SurfaceView::scaleKeyPressed, this, [this] { setLog(!m_view->isLog()); });
  connect(m_surface, &SurfaceView::hovered, selection, &Selection::setHover);
  connect(m_surface, &SurfaceView::channelPicked, selection, &Selection::setChannel);
  connect(m_surfaceCanvas, &Canvas::message, this, &MatrixPanel::message);
  m_surfaceCanvas->focusProxy()->installEventFilter(this);
}

bool MatrixPanel::isSurface() const {
  return m_dimensions->current() == 1;
}

void MatrixPanel::setSurface(bool isOn) {
  m_dimensions->setCurrent(isOn ? 1 : 0);
  const bool hadFocus = (isOn ? m_canvas : m_surfaceCanvas)->focusProxy()->hasFocus();
  m_canvas->setVisible(!isOn);
  m_surfaceCanvas->setVisible(isOn);
  m_pool->setEnabled(!isOn);  // a surface shows maxima
  if (hadFocus) (isOn ? m_surfaceCanvas : m_canvas)->setFocus();
}

void MatrixPanel::refreshSurface(std::optional<LinearId> id) {
  m_surfaceLoader->setTarget(id, m_view->quantity(), id ? m_session->shownChoice(*id) : Choice(),
                             m_view->content(), id ? missingTokens(*id) : QString());
  m_surface->setPinned(m_session->selection()->row(), m_session->selection()->channel());
}

void MatrixPanel::connectSession() {
  Selection* const selection = m_session->selection();
  connect(m_session, &Session::workspaceChanged, this, [this] {
    m_reading.reset();
    refresh();
  });
  connect(m_session, &Session::layersMeasured, this, &MatrixPanel::refresh);
  connect(m_session->calibration(), &CalibrationControl::changed, this, &MatrixPanel::refresh);
  for (const auto signal : {&SalienceLab::changed, &SalienceLab::pictureChanged})
    connect(m_salience, signal, this, [this] {
      if (needsSalience()) refresh();
    });
  connect(m_session->plan(), &PlanDocument::planChanged, this, &MatrixPanel::refresh);
  connect(m_session->plan(), &PlanDocument::whatIfChanged, this, &MatrixPanel::refresh);
  connect(selection, &Selection::currentChanged, this, &MatrixPanel::refresh);
  connect(selection, &Selection::changed, this, &MatrixPanel::refresh);
  connect(selection, &Selection::channelChanged, this, [this, selection] {
    m_view->setPinned(selection->row(), selection->channel());
    m_surface->setPinned(selection->row(), selection->channel());
  });
  connect(selection, &Selection::hoverChanged, this,
          [this, selection] { m_view->setLinkedCursor(selection->hoverRow(), selection->hoverChannel()); });
  connect(m_view, &MatrixView::hovered, selection, &Selection::setHover);
  connect(m_view, &MatrixView::channelPicked, selection, &Selection::setChannel);
  connect(m_view, &MatrixView::rowPicked, selection, &Selection::setRow);
}

void MatrixPanel::refresh() {
  const std::optional<LinearId> id = m_session->model() ? m_session->selection()->current() : std::nullopt;
  QString subtitle;
  if (!id) {
    m_view->setContent(nullptr);
    m_loader->setTarget(std::nullopt, m_view->quantity(), {});
  } else {
    const Linear& linear = m_session->model()->linears[*id];
    const Choice choice = m_session->shownChoice(*id);
    m_view->setContent(contentOf(*id, choice));
    m_loader->setTarget(id, m_view->quantity(), choice);
    if (areDetailsOf(*id)) {
      m_loader->setStatistics(m_details->stats);
      m_loader->setTokens(m_details->tokens, missingTokens(*id));
    } else {
      m_loader->setTokens(nullptr, missingTokens(*id));
    }
    if (needsSalience())
      m_loader->setSalience(m_salience->picture(),
                            m_session->workspace()->weights()
                                ? m_salience->problem()
                                : tr("The map of single weights needs the weight files; only statistics are "
                                     "open."));
    readDetails(*id);
    subtitle = subtitleOf(linear);
  }
  refreshSurface(id);
  showActivationsHint();
  m_view->setPinned(m_session->selection()->row(), m_session->selection()->channel());
  if (subtitle == m_subtitle) return;
  m_subtitle = subtitle;
  emit subtitleChanged(subtitle);
}

bool MatrixPanel::needsTokens() const {
  return m_view->quantity() == MatrixQuantity::Activations;
}

bool MatrixPanel::needsSalience() const {
  return m_view->quantity() == MatrixQuantity::Salience;
}

bool MatrixPanel::areDetailsOf(LinearId id) const {
  return m_details && m_details->id == id && m_details->workspace.lock() == m_session->workspace();
}

std::string MatrixPanel::recordIdentity() const {
  const auto& record = m_session->calibration()->record();
  return record ? record->data : std::string();
}

std::shared_ptr<const MatrixContent> MatrixPanel::contentOf(LinearId id, const Choice& choice) {
  const Linear& linear = m_session->model()->linears[id];
  auto content = std::make_shared<MatrixContent>();
  content->name = QString::fromStdString(linear.name);
  content->out = linear.out();
  content->in = linear.in();
  content->matrix = linear.matrix;
  content->flaggedColumns = flaggedColumns(m_session->findings(id));
  content->choiceKey = choiceJson(choice);
  content->schemeText = choice.weight ? QString::fromStdString(weightSchemeText(choice)) : QString();
  std::tie(content->groupColumns, content->groupRows) = groupEdges(choice);
  content->hasWeights = m_session->workspace()->weights() != nullptr;
  if (areDetailsOf(id)) {
    content->stats = m_details->stats;
    content->gain = m_details->gain;
    if (m_details->inputsOf == recordIdentity()) content->inputAbsmax = m_details->inputAbsmax;
  }
  if (needsSalience()) content->salience = m_salience->picture();
  if (!needsTokens()) return content;
  content->groupRows = 0;
  content->groupColumns = choice.activation && choice.activation->granularity == Granularity::Group
                              ? choice.activation->groupSize.value_or(0)
                              : 0;
  content->tokens = areDetailsOf(id) ? m_details->tokens : nullptr;
  content->out = content->tokens ? content->tokens->stats->sample.count() : 0;
  return content;
}

QString MatrixPanel::missingTokens(LinearId id) const {
  if (!needsTokens()) return {};
  const CalibrationControl& calibration = *m_session->calibration();
  if (!calibration.hasActivations())
    return calibration.isRunning() ? tr("The first blocks are being run…")
                                   : tr("There are no activations yet.");
  const Linear& linear = m_session->model()->linears[id];
  if (!linear.site || !m_session->workspace()->activationSummary(*linear.site))
    return calibration.isRunning() ? tr("Calibration has not reached this block yet.")
                                   : tr("The activations at hand do not cover this linear.");
  return areDetailsOf(id) ? m_details->tokensProblem : QString();
}

// Statistics, gains and tokens may have to be read from a file: never on this thread.
void MatrixPanel::readDetails(LinearId id) {
  const std::shared_ptr<Workspace> workspace = m_session->workspace();
  const Linear& linear = workspace->model().linears[id];
  const std::string identity = recordIdentity();
  const bool isKnown = areDetailsOf(id);
  const bool isCovered = linear.site && workspace->activationSummary(*linear.site);
  const bool wantsStats = (!isKnown || !m_details->stats) && workspace->weightSummary(id).has_value();
  const bool wantsInputs = isCovered && (!isKnown || m_details->inputsOf != identity);
  const bool wantsTokens = needsTokens() && isCovered &&
                           (!isKnown || m_details->tokensOf != identity ||
                            (!m_details->tokens && m_details->tokensProblem.isEmpty()));
  const Reading wanted{id, wantsStats, wantsInputs, wantsTokens};
  if ((!wantsStats && !wantsInputs && !wantsTokens) || m_reading == wanted) return;
  m_reading = wanted;
  auto details = std::make_shared<Details>();
  if (isKnown) *details = *m_details;
  details->workspace = workspace;
  details->id = id;
  m_session->jobs()->run<std::shared_ptr<Details>>(
      m_body, QStringLiteral("matrix-details-%1").arg(reinterpret_cast<quintptr>(this)),
      tr("Reading statistics"), true,
      [workspace, details, wanted, identity, site = linear.site](JobContext&) {
        if (wanted.stats) {
          details->stats = workspace->weightStats(details->id);
          details->gain = workspace->gain(details->id);
        }
        const auto stats = wanted.inputs || wanted.tokens ? workspace->activations(*site) : nullptr;
        if (wanted.inputs) {
          details->inputsOf = identity;
          details->inputAbsmax = stats && stats->hasExtremes() ? stats->all.absmax : std::vector<float>();
        }
        if (!wanted.tokens) return details;
        details->tokensOf = identity;
        const std::string reason =
            stats ? missingReason(*stats, ActivationNeed::Sample) : "they could not be read";
        details->tokensProblem =
            reason.empty() ? QString() : tr("No tokens to show: %1.").arg(QString::fromStdString(reason));
        details->tokens = reason.empty()
                              ? makeTokenRows(stats,
                                              [&workspace](std::int32_t token) {
                                                return QString::fromStdString(workspace->tokenText(token));
                                              })
                              : nullptr;
        return details;
      },
      [this, id](std::shared_ptr<Details> read) {
        m_reading.reset();
        if (m_session->selection()->current() == id) m_details = std::move(read);
        refresh();
      });
}

void MatrixPanel::showActivationsHint() {
  const bool isNeeded = m_session->model() && (needsTokens() || needsSalience()) &&
                        !m_session->calibration()->hasActivations() && !m_session->calibration()->isRunning();
  if (isNeeded && !m_hint) {
    m_hint = new QWidget(m_canvas);
    auto* row = new QHBoxLayout(m_hint);
    row->setContentsMargins(0, 0, 0, 0);
    QPushButton* calibrate = makeAccentButton(tr("Calibrate…"), m_hint);
    calibrate->setToolTip(tr("Run the model on text to see what this linear receives"));
    auto* import = new QPushButton(tr("Import activations…"), m_hint);
    row->addWidget(calibrate);
    row->addWidget(import);
    connect(calibrate, &QPushButton::clicked, m_session->calibration(),
            &CalibrationControl::calibrateRequested);
    connect(import, &QPushButton::clicked, m_session->calibration(), &CalibrationControl::importRequested);
  }
  if (!m_hint) return;
  m_hint->setVisible(isNeeded);
  if (!isNeeded) return;
  m_hint->adjustSize();
  const QPointF centre =
      m_view->layout().plot.isNull() ? QPointF(m_canvas->rect().center()) : m_view->layout().plot.center();
  m_hint->move(static_cast<int>(centre.x()) - m_hint->width() / 2,
               static_cast<int>(centre.y()) + scaledPx(20));
  m_hint->raise();
}

void MatrixPanel::setQuantity(MatrixQuantity quantity) {
  m_quantity->setCurrentIndex(static_cast<int>(quantity));
  m_view->setQuantity(quantity);
  m_salience->setWatched(this, needsSalience());
  refresh();
}

void MatrixPanel::cycleQuantity() {
  setQuantity(static_cast<MatrixQuantity>((m_quantity->currentIndex() + 1) % m_quantity->count()));
}

void MatrixPanel::setLog(bool isLog) {
  m_scale->setCurrent(isLog ? 1 : 0);
  m_view->setLog(isLog);
  m_surface->setLog(isLog);
}

void MatrixPanel::toggleFullScreen() {
  if (m_fullScreenWindow) return leaveFullScreen();
  m_fullScreenWindow = new QWidget(nullptr, Qt::Window);
  m_fullScreenWindow->setWindowTitle(tr("Matrix · %1").arg(m_subtitle));
  auto* fill = new QVBoxLayout(m_fullScreenWindow);
  fill->setContentsMargins(0, 0, 0, 0);
  fill->addWidget(m_body);
  m_fullScreenWindow->installEventFilter(this);
  m_fullScreenWindow->showFullScreen();
  (isSurface() ? m_surfaceCanvas : m_canvas)->setFocus();
}

void MatrixPanel::leaveFullScreen() {
  if (!m_fullScreenWindow) return;
  QWidget* const window = m_fullScreenWindow;
  m_fullScreenWindow = nullptr;
  layout()->addWidget(m_body);
  m_body->show();
  window->removeEventFilter(this);
  window->hide();
  window->deleteLater();
}

bool MatrixPanel::eventFilter(QObject* watched, QEvent* event) {
  if (watched == m_fullScreenWindow && event->type() == QEvent::Close) {
    leaveFullScreen();
    return true;
  }
  if (watched == m_toolbar && event->type() == QEvent::Resize) {
    const bool hasRoom = m_toolbar->width() >= scaledPx(kWideToolbar);
    m_pool->setVisible(hasRoom);
    m_toolbar->findChild<QLabel*>(QStringLiteral("pool-label"))->setVisible(hasRoom);
    return false;
  }
  if (watched == m_canvas->focusProxy() && event->type() == QEvent::Resize) showActivationsHint();
  if (event->type() == QEvent::KeyPress) {
    const int key = static_cast<QKeyEvent*>(event)->key();
    if (key == Qt::Key_F11 || (key == Qt::Key_Escape && m_fullScreenWindow)) {
      toggleFullScreen();
      return true;
    }
    const bool isPlain = static_cast<QKeyEvent*>(event)->modifiers() == Qt::NoModifier;
    if (isPlain && (key == Qt::Key_2 || key == Qt::Key_3)) {
      setSurface(key == Qt::Key_3);
      return true;
    }
  }
  return QWidget::eventFilter(watched, event);
}

}  // namespace ql
