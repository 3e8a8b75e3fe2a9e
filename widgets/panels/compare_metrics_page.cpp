#include "widgets/panels/compare_metrics_page.h"

#include "widgets/bridge/calibration_control.h"
#include "widgets/bridge/number_format.h"
#include "widgets/canvas/canvas.h"
#include "widgets/panels/compare_tau_view.h"
#include "widgets/panels/form_parts.h"

#include <QClipboard>
#include <QEvent>
#include <QFontMetrics>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QKeyEvent>
#include <QSortFilterProxyModel>
#include <QSplitter>
#include <QTableView>
#include <QVBoxLayout>

namespace ql {

CompareMetricsPage::CompareMetricsPage(Session* session, CompareChoices* choices, QWidget* parent)
    : QWidget(parent),
      m_session(session),
      m_choices(choices),
      m_ranks(new CompareRankTable(this)),
      m_sorted(new QSortFilterProxyModel(this)),
      m_tau(new CompareTauView(this)),
      m_canvas(new Canvas(m_tau, this)),
      m_table(new QTableView(this)),
      m_side(new SegmentedControl(tr("Which choice is ranked"), this)),
      m_note(new ElidedLabel(this)) {
  setAccessibleName(tr("Ranks by metric"));
  m_side->addSegment(tr("Under A"), tr("Rank the linears by their errors under choice A"));
  m_side->addSegment(tr("Under B"), tr("Rank the linears by their errors under choice B"));
  m_soon.setSingleShot(true);
  m_soon.setInterval(80);
  setupTable();
  setupLayout();
  connect(&m_soon, &QTimer::timeout, this, &CompareMetricsPage::refresh);
  const auto soon = [this] {
    if (isVisible() && !m_soon.isActive()) m_soon.start();
  };
  connect(m_side, &SegmentedControl::picked, this, &CompareMetricsPage::refresh);
  connect(choices, &CompareChoices::changed, this, soon);
  connect(session, &Session::workspaceChanged, this, soon);
  connect(session, &Session::layersMeasured, this, soon);
  connect(session->calibration(), &CalibrationControl::changed, this, soon);
  connect(m_canvas, &Canvas::message, session, &Session::message);
}

CompareSide CompareMetricsPage::side() const {
  return m_side->current() == 1 ? CompareSide::B : CompareSide::A;
}

void CompareMetricsPage::setupTable() {
  m_sorted->setSourceModel(m_ranks);
  m_sorted->setSortRole(CompareRankTable::kSortRole);
  m_table->setModel(m_sorted);
  m_table->setSortingEnabled(true);
  m_table->sortByColumn(0, Qt::AscendingOrder);
  m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
  m_table->setSelectionMode(QAbstractItemView::SingleSelection);
  m_table->setObjectName(QStringLiteral("scores"));  // padded as other plain tables
  m_table->setShowGrid(false);
  m_table->setFrameShape(QFrame::NoFrame);
  m_table->setWordWrap(false);
  m_table->setAccessibleName(tr("Rank of every linear by every metric"));
  m_table->verticalHeader()->hide();
  m_table->verticalHeader()->setDefaultSectionSize(scaledPx(metrics::kTableRow));
  m_table->horizontalHeader()->setFont(uiFont(FontRole::Axis));
  m_table->horizontalHeader()->setMinimumSectionSize(scaledPx(40));
  m_table->installEventFilter(this);
  connect(m_table->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
          [this](const QModelIndex& current) {
            if (!current.isValid() || !m_table->hasFocus()) return;
            m_session->selection()->selectOnly(
                static_cast<LinearId>(current.data(CompareRankTable::kLinearRole).toULongLong()));
          });
}

void CompareMetricsPage::setupLayout() {
  auto* bar = new QWidget(this);
  bar->setFixedHeight(scaledPx(metrics::kViewToolbar));
  auto* line = new QHBoxLayout(bar);
  line->setContentsMargins(scaledPx(metrics::kGap), 0, scaledPx(metrics::kGap), 0);
  line->setSpacing(metrics::kGap);
  line->addWidget(m_side);
  line->addWidget(m_note, 1);
  m_note->setProperty("dim", true);
  auto* split = new QSplitter(Qt::Horizontal, this);
  split->addWidget(m_table);
  split->addWidget(m_canvas);
  split->setHandleWidth(1);
  split->setSizes({scaledPx(740), scaledPx(244)});
  split->setStretchFactor(0, 3);
  split->setStretchFactor(1, 2);
  m_canvas->setMinimumSize(180, 120);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(0);
  layout->addWidget(bar);
  layout->addWidget(split, 1);
}

void CompareMetricsPage::showEvent(QShowEvent* event) {
  QWidget::showEvent(event);
  refresh();
}

void CompareMetricsPage::refresh() {
  if (!isVisible()) return;
  const Choice& choice = m_choices->of(side());
  CompareRanks ranks = rankLinears(*m_session, choice);
  m_tau->setRanks(ranks);
  const QString missing =
      ranks.missing > 0
          ? tr("%1 figures are still being measured.")
                .arg(countText(static_cast<std::int64_t>(ranks.missing)))
          : tr("Rank 1 is the largest error. Click a header to sort; a row selects its linear.");
  m_note->setFullText(tr("%1: %2").arg(compareChoiceText(choice), missing));
  m_ranks->setRanks(std::move(ranks));
  fitColumns();
}

// As wide as the titles need, with room for the sort arrow; the names take the rest.
void CompareMetricsPage::fitColumns() {
  const int columns = m_ranks->columnCount();
  const QFontMetrics font(m_table->horizontalHeader()->font());
  int others = 0;
  for (int column = 1; column < columns; ++column) {
    const QString title = m_ranks->headerData(column, Qt::Horizontal, Qt::DisplayRole).toString();
    const int wanted = font.horizontalAdvance(title) + scaledPx(31);
    m_table->setColumnWidth(column, wanted);
    others += wanted;
  }
  if (columns > 0) m_table->setColumnWidth(0, std::max(scaledPx(150), m_table->viewport()->width() - others));
}

bool CompareMetricsPage::eventFilter(QObject* watched, QEvent* event) {
  if (watched == m_table && event->type() == QEvent::Resize) fitColumns();
  if (watched == m_table && event->type() == QEvent::KeyPress &&
      static_cast<QKeyEvent*>(event)->matches(QKeySequence::Copy)) {
    QGuiApplication::clipboard()->setText(m_ranks->tabSeparated());
    emit m_session->message(tr("The ranks were copied."), false);
    return true;
  }
  return QWidget::eventFilter(watched, event);
}

}  // namespace ql
