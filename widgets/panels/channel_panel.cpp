#include "widgets/panels/channel_panel.h"

#include "widgets/bridge/calibration_control.h"
#include "widgets/bridge/number_format.h"
#include "widgets/bridge/session.h"
#include "widgets/canvas/canvas.h"
#include "widgets/models/channel_table_model.h"
#include "widgets/models/channel_trace.h"
#include "widgets/panels/channel_strip_view.h"
#include "widgets/panels/channel_view.h"
#include "widgets/panels/form_parts.h"

#include <QComboBox>
#include <QEvent>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QSplitter>
#include <QStandardItemModel>
#include <QTableView>
#include <QVBoxLayout>

namespace ql {

ChannelPanel::ChannelPanel(Session* session, QWidget* parent)
    : QWidget(parent),
      m_session(session),
      m_view(new ChannelView(session->selection(), this)),
      m_strip(new ChannelStripView(session, this)),
      m_canvas(new Canvas(m_view, this)),
      m_stripCanvas(new Canvas(m_strip, this)),
      m_model(new ChannelTableModel(this)),
      m_table(new QTableView(this)),
      m_axis(new SegmentedControl(tr("Which channels"), this)),
      m_scale(new SegmentedControl(tr("Scale of the values"), this)),
      m_sort(new QComboBox(this)),
      m_follow(new QPushButton(this)) {
  setAccessibleName(tr("Channels of the current linear"));
  setupControls();
  setupTable();
  setupLayout();
  connect(session->selection(), &Selection::currentChanged, this, &ChannelPanel::reload);
  connect(session, &Session::workspaceChanged, this, &ChannelPanel::reload);
  connect(session, &Session::layersMeasured, this, &ChannelPanel::takeMeasured);
  connect(session->calibration(), &CalibrationControl::changed, this, [this] {
    greySorts();
    reload();
  });
  connect(session->plan(), &PlanDocument::planChanged, this, &ChannelPanel::reload);
  connect(session->plan(), &PlanDocument::whatIfChanged, this, &ChannelPanel::reload);
  connect(session->selection(), &Selection::channelChanged, this, &ChannelPanel::showPinned);
  connect(m_canvas, &Canvas::message, session, &Session::message);
  connect(m_stripCanvas, &Canvas::message, session, &Session::message);
  greySorts();
  reload();
}

// What the activations at hand do not know is greyed, with the reason.
void ChannelPanel::greySorts() {
  auto* items = qobject_cast<QStandardItemModel*>(m_sort->model());
  const std::pair<ChannelSort, ActivationNeed> needs[] = {{ChannelSort::ActAbsMax, ActivationNeed::Extremes},
                                                          {ChannelSort::ActMedian, ActivationNeed::Median},
                                                          {ChannelSort::ActRms, ActivationNeed::Diagonal}};
  for (const auto& [order, need] : needs) {
    const QString reason = m_session->calibration()->missing(need);
    const int at = m_sort->findData(static_cast<int>(order));
    items->item(at)->setEnabled(reason.isEmpty());
    m_sort->setItemData(at, reason.isEmpty() ? QVariant() : tr("Not now: %1.").arg(reason), Qt::ToolTipRole);
  }
}

void ChannelPanel::setupControls() {
  m_axis->addSegment(tr("Input"), tr("Input channels: columns of W"));
  m_axis->addSegment(tr("Output"), tr("Output channels: rows of W"));
  m_scale->addSegment(tr("Lin"), tr("Linear values"));
  m_scale->addSegment(tr("Log"), tr("Logarithmic values"));
  m_scale->setCurrent(1);
  m_sort->addItem(tr("|W| absmax"), static_cast<int>(ChannelSort::AbsMax));
  m_sort->addItem(tr("norm weight g"), static_cast<int>(ChannelSort::Gain));
  m_sort->addItem(tr("error share"), static_cast<int>(ChannelSort::ErrorShare));
  m_sort->addItem(tr("rows it scales"), static_cast<int>(ChannelSort::Rows));
  m_sort->addItem(tr("|X| absmax"), static_cast<int>(ChannelSort::ActAbsMax));
  m_sort->addItem(tr("|X| median"), static_cast<int>(ChannelSort::ActMedian));
  m_sort->addItem(tr("|X| rms"), static_cast<int>(ChannelSort::ActRms));
  m_sort->addItem(tr("channel number"), static_cast<int>(ChannelSort::Index));
  m_sort->setToolTip(tr("Order of the channels: largest first"));
  m_sort->setAccessibleName(tr("Sort channels by"));
  m_follow->setToolTip(
      tr("The pinned channel's largest |w| in every linear that reads or writes the same channel"));
  connect(m_axis, &SegmentedControl::picked, this, &ChannelPanel::reload);
  connect(m_scale, &SegmentedControl::picked, this, [this](int index) { m_view->setLog(index == 1); });
  connect(m_sort, &QComboBox::currentIndexChanged, this, &ChannelPanel::reload);
  connect(m_follow, &QPushButton::clicked, this, &ChannelPanel::followChannel);
}

void ChannelPanel::setupTable() {
  m_table->setModel(m_model);
  m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
  m_table->setSelectionMode(QAbstractItemView::SingleSelection);
  m_table->setShowGrid(false);
  m_table->setAccessibleName(tr("Channels, ranked"));
  m_table->verticalHeader()->hide();
  m_table->verticalHeader()->setDefaultSectionSize(scaledPx(metrics::kTableRow));
  m_table->setFont(uiFont(FontRole::Axis));
  m_table->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  m_table->horizontalHeader()->setFont(uiFont(FontRole::Axis));
  m_table->horizontalHeader()->setMinimumSectionSize(scaledPx(30));
  m_table->installEventFilter(this);
  m_table->setFrameShape(QFrame::NoFrame);
  connect(m_table->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
          &ChannelPanel::pinFromTable);
}

void ChannelPanel::setupLayout() {
  auto* toolbar = new QWidget(this);
  toolbar->setFixedHeight(scaledPx(metrics::kViewToolbar));
  auto* bar = new QHBoxLayout(toolbar);
  bar->setContentsMargins(scaledPx(metrics::kGap), 0, scaledPx(metrics::kGap), 0);
  bar->setSpacing(metrics::kGap);
  bar->addWidget(m_axis);
  bar->addWidget(makeDimLabel(tr("Sort"), FontRole::Body, this));
  bar->addWidget(m_sort);
  bar->addWidget(m_scale);
  bar->addStretch(1);
  bar->addWidget(m_follow);
  auto* lower = new QSplitter(Qt::Horizontal, this);
  lower->addWidget(m_table);
  lower->addWidget(m_stripCanvas);
  lower->setStretchFactor(0, 1);
  lower->setStretchFactor(1, 0);
  lower->setSizes({scaledPx(420), scaledPx(170)});
  lower->setHandleWidth(1);
  auto* split = new QSplitter(Qt::Vertical, this);
  split->addWidget(m_canvas);
  split->addWidget(lower);
  split->setStretchFactor(0, 3);
  split->setStretchFactor(1, 2);
  split->setHandleWidth(1);
  m_canvas->setMinimumSize(160, 90);
  m_stripCanvas->setMinimumSize(120, 60);
  m_table->setMinimumHeight(60);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(0);
  layout->addWidget(toolbar);
  layout->addWidget(split, 1);
}

bool ChannelPanel::eventFilter(QObject* watched, QEvent* event) {
  if (watched == m_table && event->type() == QEvent::Resize) fitColumns();
  return QWidget::eventFilter(watched, event);
}

void ChannelPanel::fitColumns() {
  // As wide as its header and its numbers need; what does not fit is left out from the right, never cut.
  const QFontMetrics font(m_table->font());
  int left = m_table->viewport()->width();
  for (int column = 0; column < m_model->columnCount(); ++column) {
    int width = m_table->horizontalHeader()->sectionSizeHint(column) + scaledPx(4);
    for (int row = 0; row < std::min(m_model->rowCount(), 12); ++row) {
      const QString text = m_model->index(row, column).data().toString();
      width = std::max(width, font.horizontalAdvance(text) + scaledPx(18));
    }
    m_table->setColumnHidden(column, column > 0 && width > left);
    m_table->setColumnWidth(column, width);
    left -= width;
  }
  int shown = 0;
  for (int column = 0; column < m_model->columnCount(); ++column) shown += !m_table->isColumnHidden(column);
  for (int column = 0; column < m_model->columnCount() && left > 0 && shown > 0; ++column)
    if (!m_table->isColumnHidden(column))
      m_table->setColumnWidth(column, m_table->columnWidth(column) + left / shown);
}

ChannelSort ChannelPanel::sort() const {
  return static_cast<ChannelSort>(m_sort->currentData().toInt());
}

void ChannelPanel::reload() {
  const auto current = m_session->selection()->current();
  const auto workspace = m_session->workspace();
  if (!workspace || !current) {
    m_shown.reset();
    m_model->setChannels(nullptr);
    m_strip->setTrace(nullptr);
    m_view->setHint(tr("Select a linear to see its channels."));
    m_view->setData(nullptr, QString());
    showPinned();
    return;
  }
  const LinearId id = *current;
  if (m_shown != id) m_model->setChannels(nullptr);
  m_shown = id;
  const Choice choice = m_session->shownChoice(id);
  m_session->error(id, choice);  // asks for it; the arrays are read in the job
  const ChannelAxis axis = m_axis->current() == 1 ? ChannelAxis::Output : ChannelAxis::Input;
  const ChannelSort order = sort();
  using Data = std::shared_ptr<const ChannelData>;
  m_view->setSettled(false);
  m_session->jobs()->run<Data>(
      this, QStringLiteral("channels"), tr("Ranking channels"), true,
      [workspace, id, choice, axis, order](JobContext&) -> Data {
        const auto stats = workspace->weightStats(id);
        if (!stats) return nullptr;
        const auto error = choice.weight ? workspace->error(id, choice) : nullptr;
        const auto& site = workspace->model().linears[id].site;
        const auto activations =
            site && workspace->activationSummary(*site) ? workspace->activations(*site) : nullptr;
        return std::make_shared<ChannelData>(
            rankChannels(*stats, workspace->gain(id), error.get(), axis, order, activations.get()));
      },
      [this, id](Data ranked) { showChannels(std::move(ranked), id); });
}

void ChannelPanel::showChannels(std::shared_ptr<const ChannelData> ranked, LinearId id) {
  const Linear& linear = m_session->model()->linears[id];
  const bool isInput = m_axis->current() != 1;
  m_view->setHint(tr("Not measured yet."));
  m_isSyncing = true;  // a new table's first row is no click
  m_model->setChannels(ranked);
  fitColumns();
  m_isSyncing = false;
  const QString count = countText(isInput ? linear.in() : linear.out());
  m_view->setData(std::move(ranked), (isInput ? tr("%1, %2 input channels") : tr("%1, %2 output channels"))
                                         .arg(QString::fromStdString(linear.name), count));
  m_view->setSettled(true);
  showPinned();
}

void ChannelPanel::showPinned() {
  const bool isInput = m_axis->current() != 1;
  const auto pinned = isInput ? m_session->selection()->channel() : m_session->selection()->row();
  m_follow->setText(pinned && isInput ? tr("Follow %1 in all blocks").arg(countText(*pinned))
                                      : tr("Follow in all blocks"));
  m_follow->setEnabled(isInput && m_model->channels() && m_model->rowCount() > 0);
  if (!m_model->channels()) return;
  const auto rank = pinned ? m_model->channels()->rank(*pinned) : std::nullopt;
  m_isSyncing = true;
  if (rank) {
    m_table->setCurrentIndex(m_model->index(static_cast<int>(*rank), 0));
  } else {
    m_table->clearSelection();
  }
  m_isSyncing = false;
  if (!isInput) return;
  if (rank) {
    startTrace(*pinned);
  } else if (!m_model->channels()->rows.empty()) {
    startTrace(m_model->channels()->rows.front().channel);  // something worth seeing before the first click
  }
}

void ChannelPanel::pinFromTable() {
  if (m_isSyncing || !m_model->channels()) return;
  const int row = m_table->currentIndex().row();
  if (row < 0) return;
  const std::int64_t channel = m_model->channels()->rows[static_cast<std::size_t>(row)].channel;
  if (m_axis->current() == 1) {
    m_session->selection()->setRow(channel);
  } else {
    m_session->selection()->setChannel(channel);
  }
}

void ChannelPanel::takeMeasured() {
  if (m_shown && !m_model->channels()) reload();
  // The strip grows with what is measured, in a few steps: each one reads statistics of every linear.
  const auto workspace = m_session->workspace();
  if (!m_strip->trace() || !workspace) return;
  const std::size_t measured = workspace->measuredCount(), total = workspace->model().linears.size();
  const bool isWorthIt = measured == total || measured >= m_traced + std::max<std::size_t>(8, total / 8);
  if (measured != m_traced && isWorthIt) startTrace(m_strip->trace()->channel);
}

void ChannelPanel::followChannel() {
  if (!m_model->channels() || m_model->channels()->rows.empty()) return;
  if (!m_session->selection()->channel()) {
    m_session->selection()->setChannel(m_model->channels()->rows.front().channel);
    return;
  }
  startTrace(*m_session->selection()->channel());
}

void ChannelPanel::startTrace(std::int64_t channel) {
  const auto workspace = m_session->workspace();
  if (!workspace || !m_shown) return;
  using Trace = std::shared_ptr<const ChannelTrace>;
  const LinearId origin = *m_shown;
  m_traced = workspace->measuredCount();
  m_session->jobs()->run<Trace>(
      this, QStringLiteral("trace"), tr("Following a channel"), true,
      [workspace, origin, channel](JobContext& job) -> Trace {
        return std::make_shared<ChannelTrace>(traceChannel(*workspace, origin, channel, job));
      },
      [this](Trace trace) { m_strip->setTrace(std::move(trace)); });
}

}  // namespace ql
