#include "widgets/panels/tracker_panel.h"

#include "core/workspace_tracker.h"
#include "widgets/bridge/calibration_control.h"
#include "widgets/bridge/number_format.h"
#include "widgets/canvas/canvas.h"
#include "widgets/panels/form_parts.h"
#include "widgets/panels/tracker_depth_view.h"
#include "widgets/panels/tracker_strip_view.h"

#include <QFontMetrics>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QSpinBox>
#include <QSplitter>
#include <QStandardItemModel>
#include <QTableView>
#include <QVBoxLayout>

#include <algorithm>
#include <iterator>

namespace ql {

namespace {

constexpr int kChannelRole = Qt::UserRole;
constexpr std::size_t kListedFrom = 200;  // linears from which reading them is worth a line in the jobs panel

struct Loaded {
  std::shared_ptr<const ResidualStream> stream;
  std::vector<ChannelLead> leads;
};

}  // namespace

TrackerPanel::TrackerPanel(Session* session, QWidget* parent)
    : QWidget(parent),
      m_session(session),
      m_strip(new TrackerStripView(this)),
      m_depth(new TrackerDepthView(this)),
      m_stripCanvas(new Canvas(m_strip, this)),
      m_depthCanvas(new Canvas(m_depth, this)),
      m_channel(new QSpinBox(this)),
      m_units(new SegmentedControl(tr("What the cells show"), this)),
      m_evidence(new ElidedLabel(this)),
      m_leadTable(new QTableView(this)),
      m_leadModel(new QStandardItemModel(0, 4, this)) {
  setAccessibleName(tr("Channel tracker"));
  setupToolbar();
  setupLeads();
  setupLayout();
  m_later.setSingleShot(true);
  m_later.setInterval(0);
  connect(&m_later, &QTimer::timeout, this, &TrackerPanel::reload);
  connect(session, &Session::workspaceChanged, this, [this] {
    m_stream.reset();
    m_shown.reset();
    m_read = 0;
    showChannel();
    markStale();
  });
  connect(session, &Session::layersMeasured, this, &TrackerPanel::takeMeasured);
  connect(session->calibration(), &CalibrationControl::changed, this, &TrackerPanel::markStale);
  connect(session->plan(), &PlanDocument::planChanged, this, &TrackerPanel::markStale);
  connect(session->selection(), &Selection::channelChanged, this, &TrackerPanel::followSelection);
  connect(session->selection(), &Selection::currentChanged, this,
          [this] { m_strip->setCurrent(m_session->selection()->current()); });
  connect(m_strip, &TrackerStripView::jumpRequested, this, &TrackerPanel::jump);
  connect(m_strip, &TrackerStripView::cursorChanged, m_depth, &TrackerDepthView::setCursor);
  connect(m_depth, &TrackerDepthView::columnChanged, m_strip, &TrackerStripView::setColumn);
  showChannel();
}

TrackerPanel::~TrackerPanel() = default;

void TrackerPanel::setupToolbar() {
  m_toolbar = new QWidget(this);
  m_toolbar->setFixedHeight(scaledPx(metrics::kViewToolbar));
  auto* bar = new QHBoxLayout(m_toolbar);
  bar->setContentsMargins(scaledPx(metrics::kGap), 0, scaledPx(metrics::kGap), 0);
  bar->setSpacing(metrics::kGap);
  auto* caption = makeDimLabel(tr("C&hannel"), FontRole::Body, m_toolbar);
  caption->setBuddy(m_channel);
  m_channel->setAccessibleName(tr("Channel of the residual stream"));
  m_channel->setToolTip(tr("The channel that is followed, counted from 0"));
  m_channel->setKeyboardTracking(false);
  m_channel->setMinimumWidth(scaledPx(84));
  m_channel->setRange(0, 0);
  m_units->addSegment(tr("Values"), tr("Weight and activation units; error shares in percent"));
  m_units->addSegment(tr("× median"), tr("Over the median channel of the same matrix, norm or input"));
  m_units->setCurrent(0);
  bar->addWidget(caption);
  bar->addWidget(m_channel);
  bar->addWidget(m_units);
  bar->addSpacing(scaledPx(8));
  bar->addWidget(m_evidence, 1);
  m_evidence->setFont(uiFont(FontRole::Axis));
  m_evidence->setProperty("dim", true);
  m_evidence->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
  connect(m_channel, &QSpinBox::valueChanged, this, [this](int channel) {
    if (!m_isSyncing) setChannel(channel);
  });
  connect(m_units, &SegmentedControl::picked, this, [this](int index) {
    m_strip->setRatios(index == 1);
    m_depth->setRatios(index == 1);
  });
}

void TrackerPanel::setupLeads() {
  m_leadTable->setModel(m_leadModel);
  m_leadTable->setAccessibleName(tr("Channels worth following"));
  m_leadTable->setSelectionBehavior(QAbstractItemView::SelectRows);
  m_leadTable->setSelectionMode(QAbstractItemView::SingleSelection);
  m_leadTable->setEditTriggers(QAbstractItemView::NoEditTriggers);
  m_leadTable->setShowGrid(false);
  m_leadTable->setTabKeyNavigation(false);
  m_leadTable->setWordWrap(false);
  m_leadTable->setFrameShape(QFrame::NoFrame);
  m_leadTable->verticalHeader()->hide();
  m_leadTable->verticalHeader()->setDefaultSectionSize(scaledPx(metrics::kTableRow));
  m_leadTable->setFont(uiFont(FontRole::Axis));
  m_leadTable->horizontalHeader()->setFont(uiFont(FontRole::Axis));
  m_leadTable->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  fillLeads({});
  connect(m_leadTable->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
          [this](const QModelIndex& index) {
            if (!m_isSyncing && index.isValid())
              setChannel(m_leadModel->index(index.row(), 0).data(kChannelRole).toLongLong());
          });
}

void TrackerPanel::setupLayout() {
  m_side = new QWidget(this);
  auto* sideColumn = new QVBoxLayout(m_side);
  sideColumn->setContentsMargins(0, 0, 0, 0);
  sideColumn->setSpacing(0);
  QLabel* title = makeLabel(tr("Channels to follow"), FontRole::Semibold, m_side);
  title->setContentsMargins(scaledPx(metrics::kGap), 0, 0, 0);
  title->setFixedHeight(scaledPx(metrics::kViewToolbar));
  title->setToolTip(
      tr("Channels that stand out in a weight, a norm or an input, the largest ratio to the "
         "median first"));
  sideColumn->addWidget(title);
  sideColumn->addWidget(m_leadTable, 1);
  auto* views = new QSplitter(Qt::Vertical, this);
  views->addWidget(m_stripCanvas);
  views->addWidget(m_depthCanvas);
  views->setStretchFactor(0, 5);
  views->setStretchFactor(1, 2);
  views->setSizes({scaledPx(400), scaledPx(190)});
  views->setHandleWidth(1);
  m_stripCanvas->setMinimumSize(scaledPx(240), scaledPx(160));
  m_depthCanvas->setMinimumSize(scaledPx(240), scaledPx(96));
  auto* right = new QWidget(this);
  auto* column = new QVBoxLayout(right);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  column->addWidget(m_toolbar);
  column->addWidget(views, 1);
  auto* split = new QSplitter(Qt::Horizontal, this);
  split->addWidget(m_side);
  split->addWidget(right);
  split->setStretchFactor(0, 0);
  split->setStretchFactor(1, 1);
  split->setSizes({scaledPx(332), scaledPx(668)});
  split->setCollapsible(1, false);
  split->setHandleWidth(1);
  m_leadTable->setMinimumWidth(scaledPx(120));
  // As it is read: which channel, how it is shown, the strip, the curves.
  QWidget* const order[] = {m_leadTable,        m_channel,     m_units->button(0),
                            m_units->button(1), m_stripCanvas, m_depthCanvas};
  for (std::size_t i = 1; i < std::size(order); ++i) setTabOrder(order[i - 1], order[i]);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->addWidget(split);
}

void TrackerPanel::showEvent(QShowEvent* event) {
  QWidget::showEvent(event);
  if (m_isStale) m_later.start();
}

void TrackerPanel::markStale() {
  m_isStale = true;
  if (isVisible()) m_later.start();
}

void TrackerPanel::takeMeasured() {
  const auto workspace = m_session->workspace();
  if (!workspace) return;
  // Grows with what is measured, in a few steps: each one reads statistics of every linear.
  const std::size_t measured = workspace->measuredCount(), total = workspace->model().linears.size();
  const bool isWorthIt = measured == total || measured >= m_read + std::max<std::size_t>(8, total / 8);
  if ((measured != m_read && isWorthIt) || (m_stream && emptyShares() != m_emptyShares)) markStale();
}

// Readers without error shares although their error is known: it came after the stream was read.
std::size_t TrackerPanel::emptyShares() const {
  const auto workspace = m_session->workspace();
  std::size_t count = 0;
  for (const ResidualMatrix& matrix : m_stream->matrices) {
    const LinearId id = matrix.members.front();
    if (matrix.side == ResidualSide::Reads && matrix.errorShare.empty())
      count += workspace->errorFigures(id, m_session->choiceOf(id)).has_value();
  }
  return count;
}

void TrackerPanel::reload() {
  const auto workspace = m_session->workspace();
  m_isStale = false;
  if (!workspace) return;
  m_read = workspace->measuredCount();
  m_strip->setSettled(false);
  const bool isShort = workspace->model().linears.size() < kListedFrom;
  m_session->jobs()->run<Loaded>(
      this, QStringLiteral("tracker"), tr("Following the residual stream"), isShort,
      [workspace, plan = m_session->plan()->plan()](JobContext& job) {
        Loaded loaded;
        loaded.stream = std::make_shared<const ResidualStream>(residualStream(*workspace, plan, job));
        loaded.leads = channelsToFollow(*loaded.stream);
        return loaded;
      },
      [this, workspace](Loaded loaded) {
        if (workspace != m_session->workspace()) return;
        adopt(std::move(loaded.stream), std::move(loaded.leads));
      });
}

void TrackerPanel::adopt(std::shared_ptr<const ResidualStream> stream, std::vector<ChannelLead> leads) {
  m_stream = std::move(stream);
  m_emptyShares = emptyShares();
  m_isSyncing = true;
  m_channel->setRange(0, static_cast<int>(std::max<std::int64_t>(0, m_stream->width - 1)));
  m_isSyncing = false;
  if (!m_shown || *m_shown >= m_stream->width) {
    m_shown.reset();
    const auto pinned = m_session->selection()->channel();
    const auto current = m_session->selection()->current();
    if (pinned && current && isResidual(*current, false) && *pinned < m_stream->width)
      m_shown = pinned;
    else if (!leads.empty())
      m_shown = leads.front().channel;
    else if (m_stream->width > 0)
      m_shown = 0;
  }
  fillLeads(leads);
  showChannel();
  m_strip->setSettled(true);
}

void TrackerPanel::fillLeads(const std::vector<ChannelLead>& leads) {
  m_isSyncing = true;
  m_leadModel->clear();
  m_leadModel->setHorizontalHeaderLabels({tr("Channel"), tr("Why"), tr("× median"), tr("Places")});
  for (const ChannelLead& lead : leads) {
    QList<QStandardItem*> row{
        new QStandardItem(countText(lead.channel)), new QStandardItem(leadText(*m_stream, lead)),
        new QStandardItem(ratioText(lead.ratio)), new QStandardItem(countText(lead.places))};
    row[0]->setData(static_cast<qlonglong>(lead.channel), kChannelRole);
    const QString tip = tr("%1: %2, %3 × the median; %4 or more times the median in %5 places")
                            .arg(row[1]->text(), valueText(lead.value), row[2]->text(),
                                 QString::number(kLeadRatio), row[3]->text());
    for (QStandardItem* item : row) item->setToolTip(tip);
    for (const int column : {0, 2, 3}) row[column]->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
    m_leadModel->appendRow(row);
  }
  QHeaderView* header = m_leadTable->horizontalHeader();
  header->setMinimumSectionSize(scaledPx(30));
  const QFontMetrics font(uiFont(FontRole::Body));
  for (const int column : {0, 2, 3}) {
    header->setSectionResizeMode(column, QHeaderView::Fixed);
    const QString title = m_leadModel->horizontalHeaderItem(column)->text();
    header->resizeSection(column, font.horizontalAdvance(title) + scaledPx(34));  // padding and margins
  }
  header->setSectionResizeMode(1, QHeaderView::Stretch);
  for (const int column : {0, 2, 3})
    m_leadModel->horizontalHeaderItem(column)->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
  m_leadModel->horizontalHeaderItem(1)->setTextAlignment(Qt::AlignLeft | Qt::AlignVCenter);
  m_leadModel->horizontalHeaderItem(3)->setToolTip(
      tr("Matrices, norms and inputs where the channel is %1 times the median or more").arg(kLeadRatio));
  m_isSyncing = false;
}

void TrackerPanel::setChannel(std::int64_t channel) {
  if (!m_stream || channel < 0 || channel >= m_stream->width || m_shown == channel) return;
  m_shown = channel;
  showChannel();
  const auto current = m_session->selection()->current();
  if (current && isResidual(*current, false)) m_session->selection()->setChannel(channel);
}

void TrackerPanel::showChannel() {
  m_channel->setEnabled(m_stream && m_stream->width > 0);
  m_strip->setHint(m_stream && m_stream->width == 0
                       ? tr("No matrices of this model are known to share a residual stream.")
                       : tr("Nothing is measured yet."));
  m_strip->setCurrent(m_session->selection()->current());
  if (!m_stream || !m_shown || !m_session->model()) {
    m_strip->setContent(nullptr, nullptr);
    m_depth->setContent(nullptr);
    m_evidence->setFullText({});
    return;
  }
  auto content = std::make_shared<TrackerContent>();
  content->stream = m_stream;
  content->grid = trackerGrid(*m_session->model(), *m_stream, *m_shown);
  content->valueRanges = trackerRanges(*m_stream, false);
  content->ratioRanges = trackerRanges(*m_stream, true);
  m_strip->setContent(content, m_session->model());
  m_depth->setContent(content);
  m_isSyncing = true;
  m_channel->setValue(static_cast<int>(*m_shown));
  m_leadTable->clearSelection();
  m_leadTable->setCurrentIndex({});
  for (int row = 0; row < m_leadModel->rowCount(); ++row)
    if (m_leadModel->index(row, 0).data(kChannelRole).toLongLong() == *m_shown)
      m_leadTable->setCurrentIndex(m_leadModel->index(row, 0));
  m_isSyncing = false;
  updateEvidence();
}

void TrackerPanel::updateEvidence() {
  std::size_t measured = 0;
  for (const ResidualMatrix& matrix : m_stream->matrices) measured += !matrix.absmax.empty();
  QStringList parts{tr("%1 of %2 matrices, exact")
                        .arg(countText(static_cast<std::int64_t>(measured)),
                             countText(static_cast<std::int64_t>(m_stream->matrices.size())))};
  parts << (m_stream->hasInputs()
                ? tr("|X| of %1 tokens").arg(countText(static_cast<std::int64_t>(m_stream->tokens)))
                : tr("no activations"));
  if (m_stream->shareBasis == ShareBasis::Activations)
    parts << tr("error shares weighted by the energy of X");
  if (m_stream->shareBasis == ShareBasis::Gain) parts << tr("error shares weighted by g²");
  if (m_stream->shareBasis == ShareBasis::ColumnNormalised) parts << tr("error shares column-normalised");
  m_evidence->setFullText(parts.join(QStringLiteral(" · ")));
}

bool TrackerPanel::isResidual(LinearId id, bool asRow) const {
  if (!m_stream) return false;
  return std::any_of(m_stream->matrices.begin(), m_stream->matrices.end(), [&](const ResidualMatrix& matrix) {
    return matrix.isColumn != asRow &&
           std::find(matrix.members.begin(), matrix.members.end(), id) != matrix.members.end();
  });
}

void TrackerPanel::followSelection() {
  const Selection* selection = m_session->selection();
  const auto current = selection->current();
  if (!current || !m_stream) return;
  if (selection->channel() && isResidual(*current, false))
    setChannel(*selection->channel());
  else if (selection->row() && isResidual(*current, true))
    setChannel(*selection->row());
}

void TrackerPanel::jump(LinearId id, bool isRow) {
  if (!m_shown) return;
  Selection* selection = m_session->selection();
  selection->selectOnly(id);
  isRow ? selection->setRow(m_shown) : selection->setChannel(m_shown);
  emit selection->openRequested(id);
}

}  // namespace ql
