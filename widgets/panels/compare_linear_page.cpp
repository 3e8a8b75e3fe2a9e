#include "widgets/panels/compare_linear_page.h"

#include "core/workspace_compare.h"
#include "widgets/bridge/calibration_control.h"
#include "widgets/bridge/metric_info.h"
#include "widgets/canvas/canvas.h"
#include "widgets/panels/compare_codes_view.h"
#include "widgets/panels/compare_map_loader.h"
#include "widgets/panels/compare_metric_table.h"
#include "widgets/panels/compare_profile_view.h"
#include "widgets/panels/form_parts.h"

#include <QClipboard>
#include <QEvent>
#include <QFontMetrics>
#include <QGuiApplication>
#include <QHeaderView>
#include <QKeyEvent>
#include <QSplitter>
#include <QTableView>
#include <QVBoxLayout>

namespace ql {

CompareLinearPage::CompareLinearPage(Session* session, CompareChoices* choices, QWidget* parent)
    : QWidget(parent),
      m_session(session),
      m_choices(choices),
      m_map(new CompareMapView(this)),
      m_loader(new CompareMapLoader(session, m_map, this)),
      m_codes(new CompareCodesView(this)),
      m_rows(new CompareProfileView(CompareProfileView::Across::Rows, this)),
      m_columns(new CompareProfileView(CompareProfileView::Across::Columns, this)),
      m_figures(new CompareMetricTable(this)),
      m_mapCanvas(new Canvas(m_map, this)),
      m_codesCanvas(new Canvas(m_codes, this)),
      m_rowsCanvas(new Canvas(m_rows, this)),
      m_columnsCanvas(new Canvas(m_columns, this)),
      m_table(new QTableView(this)),
      m_verdict(new ElidedLabel(this)) {
  setAccessibleName(tr("One linear under A and B"));
  setupTable();
  setupLayout();
  setupLinks();
  refresh();
}

void CompareLinearPage::setupTable() {
  m_table->setModel(m_figures);
  m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
  m_table->setObjectName(QStringLiteral("scores"));  // padded as other plain tables
  m_table->setShowGrid(false);
  m_table->setFrameShape(QFrame::NoFrame);
  m_table->setAccessibleName(tr("All metrics under A and B"));
  m_table->verticalHeader()->hide();
  m_table->verticalHeader()->setDefaultSectionSize(scaledPx(metrics::kTableRow));
  m_table->horizontalHeader()->setFont(uiFont(FontRole::Axis));
  m_table->horizontalHeader()->setMinimumSectionSize(scaledPx(40));
  m_table->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  m_table->setWordWrap(false);
  m_table->installEventFilter(this);
}

void CompareLinearPage::setupLayout() {
  auto* words = new QWidget(this);
  words->setProperty("ground", QStringLiteral("base"));
  auto* left = new QVBoxLayout(words);
  left->setContentsMargins(0, 0, 0, 0);
  left->setSpacing(0);
  m_verdict->setContentsMargins(scaledPx(metrics::kGap), 0, scaledPx(metrics::kGap), 0);
  m_verdict->setFixedHeight(scaledPx(metrics::kDockTitle));
  left->addWidget(m_verdict);
  left->addWidget(m_table, 1);
  auto* profiles = new QSplitter(Qt::Horizontal, this);
  profiles->addWidget(m_rowsCanvas);
  profiles->addWidget(m_columnsCanvas);
  profiles->setHandleWidth(1);
  auto* curves = new QSplitter(Qt::Vertical, this);
  curves->addWidget(m_codesCanvas);
  curves->addWidget(profiles);
  curves->setHandleWidth(1);
  curves->setSizes({scaledPx(190), scaledPx(130)});
  auto* lower = new QSplitter(Qt::Horizontal, this);
  lower->addWidget(words);
  lower->addWidget(curves);
  lower->setHandleWidth(1);
  lower->setSizes({scaledPx(420), scaledPx(520)});
  auto* split = new QSplitter(Qt::Vertical, this);
  split->addWidget(m_mapCanvas);
  split->addWidget(lower);
  split->setHandleWidth(1);
  split->setSizes({scaledPx(300), scaledPx(310)});
  for (Canvas* canvas : {m_mapCanvas, m_codesCanvas, m_rowsCanvas, m_columnsCanvas})
    canvas->setMinimumSize(120, 70);
  m_table->setMinimumSize(scaledPx(220), scaledPx(80));
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->addWidget(split);
}

void CompareLinearPage::setupLinks() {
  Selection* selection = m_session->selection();
  connect(m_choices, &CompareChoices::changed, this, &CompareLinearPage::refresh);
  connect(selection, &Selection::currentChanged, this, &CompareLinearPage::refresh);
  connect(m_session, &Session::workspaceChanged, this, &CompareLinearPage::refresh);
  connect(m_session, &Session::layersMeasured, this, &CompareLinearPage::refreshFigures);
  connect(m_session->calibration(), &CalibrationControl::changed, this, &CompareLinearPage::refreshFigures);
  connect(selection, &Selection::channelChanged, this, &CompareLinearPage::showPinned);
  connect(m_map, &CompareMapView::scaleKeyPressed, this, [this] { m_map->setLog(!m_map->isLog()); });
  connect(m_map, &CompareMapView::channelPicked, this, [selection](std::int64_t, std::int64_t column) {
    selection->setChannel(selection->channel() == column ? std::nullopt : std::optional(column));
  });
  connect(m_rows, &CompareProfileView::picked, this, [selection](std::int64_t row) {
    selection->setRow(selection->row() == row ? std::nullopt : std::optional(row));
  });
  connect(m_columns, &CompareProfileView::picked, this, [selection](std::int64_t column) {
    selection->setChannel(selection->channel() == column ? std::nullopt : std::optional(column));
  });
  for (Canvas* canvas : {m_mapCanvas, m_codesCanvas, m_rowsCanvas, m_columnsCanvas})
    connect(canvas, &Canvas::message, m_session, &Session::message);
}

QString CompareLinearPage::verdict() const {
  return m_verdict->fullText();
}

void CompareLinearPage::showEvent(QShowEvent* event) {
  QWidget::showEvent(event);
  refresh();
}

// Hidden, the page starts no work: it catches up when it is shown.
void CompareLinearPage::refresh() {
  if (!isVisible()) return;
  const auto id = m_session->workspace() ? m_session->selection()->current() : std::nullopt;
  m_loader->setTarget(id, m_choices->of(CompareSide::A), m_choices->of(CompareSide::B));
  m_codes->setHint(id ? tr("Counting codes…") : tr("Select a linear to see the codes it uses."));
  for (const CompareSide side : {CompareSide::A, CompareSide::B}) countCodes(side);
  showPinned();
  refreshFigures();
}

void CompareLinearPage::refreshFigures() {
  if (!isVisible()) return;
  const auto id = m_session->workspace() ? m_session->selection()->current() : std::nullopt;
  if (!id) {
    m_figures->setFigures({});
    m_verdict->setFullText({});
    return;
  }
  m_figures->setFigures(compareFigures(*m_session, *id, *m_choices, m_histograms));
  m_verdict->setFullText(verdictText(m_figures->figures()));
  m_loader->setFigures(headline(CompareSide::A), headline(CompareSide::B));
  fitColumns();
}

QString CompareLinearPage::headline(CompareSide side) {
  const LinearId id = *m_session->selection()->current();
  for (const Metric metric : {Metric::OutputError, Metric::NormWeighted})
    if (const auto value = m_session->value(id, metric, m_choices->of(side)))
      return tr("%1 %2").arg(metricInfo(metric).shortName, metricText(metric, value));
  return {};
}

void CompareLinearPage::countCodes(CompareSide side) {
  using Result = std::shared_ptr<const CodeHistogram>;
  const std::shared_ptr<Workspace> workspace = m_session->workspace();
  const auto id = workspace ? m_session->selection()->current() : std::nullopt;
  const std::optional<WeightScheme> scheme = m_choices->of(side).weight;
  Counted& counted = m_counted[side == CompareSide::A ? 0 : 1];
  if (counted.isAsked && counted.workspace.lock() == workspace && counted.id == id &&
      counted.scheme == scheme)
    return;
  counted = {workspace, id, scheme, true};
  showCodes(side, nullptr);
  const QString slot = QStringLiteral("compare-codes-%1").arg(sideName(side));
  if (!id || !scheme || !workspace->weights()) {
    m_session->jobs()->cancelSlot(slot);
    if (id && !workspace->weights())
      m_codes->setHint(tr("Codes need the weight files; only statistics are open."));
    return;
  }
  m_codes->setSettled(false);
  m_session->jobs()->run<Result>(
      this, slot, tr("Counting the codes of %1").arg(sideName(side)), true,
      [workspace, linear = *id, scheme](JobContext& job) -> Result {
        try {
          return codeHistogram(*workspace, linear, *scheme, job);
        } catch (const Error&) {
          return nullptr;  // the map says why
        }
      },
      [this, side, id, scheme](const Result& histogram) {
        const Counted& wanted = m_counted[side == CompareSide::A ? 0 : 1];
        if (wanted.id != id || wanted.scheme != scheme) return;
        showCodes(side, histogram);
        if (!histogram) m_codes->setHint(tr("The codes of these choices cannot be counted."));
        m_codes->setSettled(true);
        refreshFigures();
      });
}

void CompareLinearPage::showCodes(CompareSide side, const std::shared_ptr<const CodeHistogram>& histogram) {
  m_histograms[side == CompareSide::A ? 0 : 1] = histogram;
  m_codes->setHistogram(side, histogram);
  m_rows->setHistogram(side, histogram);
  m_columns->setHistogram(side, histogram);
}

void CompareLinearPage::showPinned() {
  const Selection* selection = m_session->selection();
  m_map->setPinned(selection->row(), selection->channel());
  m_rows->setPinned(selection->row());
  m_columns->setPinned(selection->channel());
}

// As wide as header and numbers need; the name takes the rest.
void CompareLinearPage::fitColumns() {
  const QFontMetrics font(uiFont(FontRole::AxisSemibold));
  int others = 0;
  for (int column = 1; column < CompareMetricTable::ColumnCount; ++column) {
    int wanted = m_table->horizontalHeader()->sectionSizeHint(column);
    for (int row = 0; row < m_figures->rowCount(); ++row)
      wanted = std::max(
          wanted, font.horizontalAdvance(m_figures->index(row, column).data().toString()) + scaledPx(22));
    m_table->setColumnWidth(column, wanted);
    others += wanted;
  }
  m_table->setColumnWidth(0, std::max(scaledPx(100), m_table->viewport()->width() - others));
}

bool CompareLinearPage::eventFilter(QObject* watched, QEvent* event) {
  if (watched == m_table && event->type() == QEvent::Resize) fitColumns();
  if (watched == m_table && event->type() == QEvent::KeyPress &&
      static_cast<QKeyEvent*>(event)->matches(QKeySequence::Copy)) {
    QGuiApplication::clipboard()->setText(m_figures->tabSeparated());
    emit m_session->message(tr("The metrics were copied."), false);
    return true;
  }
  return QWidget::eventFilter(watched, event);
}

}  // namespace ql
