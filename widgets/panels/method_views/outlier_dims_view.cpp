#include "widgets/panels/method_views/outlier_dims_view.h"

#include "core/base/error.h"
#include "widgets/bridge/calibration_control.h"
#include "widgets/bridge/number_format.h"
#include "widgets/bridge/session.h"
#include "widgets/canvas/canvas.h"
#include "widgets/panels/form_parts.h"
#include "widgets/panels/method_views/outlier_dim_plots.h"
#include "widgets/panels/view_frame.h"

#include <QComboBox>
#include <QDoubleSpinBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QSplitter>
#include <QStackedLayout>
#include <QTableWidget>

#include <algorithm>

namespace ql {

namespace {

constexpr std::uint64_t kMeasuredAtOnce = std::uint64_t{256} << 20;  // bytes; larger models are asked for
constexpr int kViewHeight = 130;
constexpr int kPause = 150;  // ms behind the last change
const QString kSlot = QStringLiteral("method-outlier-dims");

struct Answer {
  std::shared_ptr<const OutlierDims> dims;
  QString problem;
};

QString errorText(const std::optional<double>& error) {
  return error ? percentTextFine(*error) : QString(kDash);
}

}  // namespace

OutlierDimsView::OutlierDimsView(Session* session, QWidget* parent)
    : MethodView(parent),
      m_session(session),
      m_shares(new OutlierShareView(this)),
      m_overlap(new OverlapMatrixView(this)),
      m_table(makeFigureTable(this)) {
  setAccessibleName(tr("LLM.int8()"));
  m_later.setSingleShot(true);
  m_later.setInterval(kPause);
  connect(&m_later, &QTimer::timeout, this, [this] { measure(false); });
  m_pages = new QStackedLayout(this);
  const MessagePage missing = makeMessagePage(m_session, this);
  m_message = missing.text;
  m_buttons = missing.buttons;
  m_pages->addWidget(missing.page);
  auto* page = new QWidget(this);
  auto* column = new QVBoxLayout(page);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  column->addWidget(makeBar());
  column->addWidget(makeSeparator(Qt::Horizontal, page));
  connect(m_table, &QTableWidget::cellClicked, this,
          [this](int row) { pickSite(static_cast<std::size_t>(row)); });
  connect(m_shares, &OutlierShareView::sitePicked, this, &OutlierDimsView::pickSite);
  const auto canvas = [&](CanvasView* view) {
    auto* made = new Canvas(view, this);
    connect(made, &Canvas::message, session, &Session::message);
    return made;
  };
  auto* split = new QSplitter(Qt::Horizontal, page);
  split->setChildrenCollapsible(false);
  split->setHandleWidth(1);
  split->addWidget(makeTitledBox(tr("Inputs"), &m_tableNote, m_table, kViewHeight, this));
  auto* plots = new QSplitter(Qt::Vertical, split);
  plots->setChildrenCollapsible(false);
  plots->setHandleWidth(1);
  plots->addWidget(makeTitledBox(tr("In 16 bits"), &m_shareNote, canvas(m_shares), kViewHeight, this));
  QWidget* overlap = makeTitledBox(tr("Overlap"), &m_overlapNote, canvas(m_overlap), kViewHeight, this);
  m_role = new QComboBox(overlap);
  m_role->setAccessibleName(tr("Inputs whose blocks are compared"));
  m_role->setSizeAdjustPolicy(QComboBox::AdjustToContents);
  static_cast<QHBoxLayout*>(overlap->layout()->itemAt(0)->layout())->addWidget(m_role);
  connect(m_role, &QComboBox::currentIndexChanged, this, &OutlierDimsView::showOverlap);
  plots->addWidget(overlap);
  split->addWidget(plots);
  split->setSizes({540, 460});
  column->addWidget(split, 1);
  m_pages->addWidget(page);
}

QWidget* OutlierDimsView::makeBar() {
  auto* bar = new QWidget(this);
  bar->setFixedHeight(scaledPx(metrics::kViewToolbar));
  bar->setAutoFillBackground(true);
  bar->setBackgroundRole(QPalette::Base);
  auto* row = new QHBoxLayout(bar);
  row->setContentsMargins(scaledPx(metrics::kInspectorPadding), 0, scaledPx(metrics::kGap), 0);
  row->setSpacing(scaledPx(metrics::kGap));
  auto* label = makeLabel(tr("Threshold |x| ≥"), FontRole::Body, bar);
  row->addWidget(label);
  m_threshold = new QDoubleSpinBox(bar);
  m_threshold->setRange(0.01, 65504);
  m_threshold->setDecimals(2);
  m_threshold->setSingleStep(0.5);
  m_threshold->setValue(kLlmInt8Threshold);
  m_threshold->setAccessibleName(tr("Threshold"));
  m_threshold->setToolTip(
      tr("Channels where a token reaches this stay in 16 bits; 6 in the paper and in its "
         "code"));
  label->setBuddy(m_threshold);
  row->addWidget(m_threshold);
  row->addWidget(m_summary = new ElidedLabel(bar), 1);
  row->addWidget(m_measure = makeSmallButton(tr("Measure errors"), bar));
  m_measure->setToolTip(
      tr("Output error in int8 with and without outlier dims in 16 bits; reads the weights"));
  row->addWidget(m_try = makeSmallButton(tr("Try it"), bar));
  m_try->setToolTip(tr("What-if: the selected linears in int8 with outlier dims in 16 bits"));
  connect(m_threshold, &QDoubleSpinBox::valueChanged, &m_later, qOverload<>(&QTimer::start));
  connect(m_measure, &QPushButton::clicked, this, [this] { measure(true); });
  connect(m_try, &QPushButton::clicked, this, &OutlierDimsView::tryIt);
  return bar;
}

// What is shown
// ------------------------------------------------------------------------------------------------------------

QString OutlierDimsView::message() const {
  return m_pages->currentIndex() == 0 ? m_message->text() : QString();
}

std::string OutlierDimsView::keyNow() const {
  const auto& record = m_session->calibration()->record();
  const auto* workspace = static_cast<const void*>(m_session->workspace().get());
  return std::to_string(reinterpret_cast<std::uintptr_t>(workspace)) + " " +
         std::to_string(m_threshold->value()) + " " + (record ? record->data : std::string()) +
         (record ? " " + std::to_string(record->sites) : std::string());
}

void OutlierDimsView::setTarget(const MethodTarget& target) {
  m_target = target;
  m_try->setEnabled(target.id.has_value());
  if (!m_session->calibration()->hasActivations()) {
    const bool isRunning = m_session->calibration()->isRunning();
    m_session->jobs()->cancelSlot(kSlot);
    m_asked.clear();
    take(nullptr, false);
    m_message->setText(isRunning ? tr("The first activations are on their way.")
                                 : tr("Outlier dims are counted in activations."));
    m_buttons->setVisible(!isRunning);
    m_pages->setCurrentIndex(0);
    return;
  }
  m_pages->setCurrentIndex(1);
  showCurrent();
  if (keyNow() == m_asked) return;
  const auto workspace = m_session->workspace();
  measure(workspace->weights() && workspace->sizeBytes() <= kMeasuredAtOnce);
}

void OutlierDimsView::leave() {
  m_later.stop();
  if (!m_isMeasuring) return;
  m_session->jobs()->cancelSlot(kSlot);
  m_isMeasuring = false;
  m_asked.clear();
}

void OutlierDimsView::measure(bool withErrors) {
  if (!m_session->calibration()->hasActivations()) return;
  m_asked = keyNow();
  m_isMeasuring = true;
  m_measure->setEnabled(false);
  for (SaliencePlot* plot : std::initializer_list<SaliencePlot*>{m_shares, m_overlap})
    plot->setHint(tr("Counting outlier dims…"));
  m_session->jobs()->run<Answer>(
      this, kSlot, tr("Outlier dims of LLM.int8()"), !withErrors,
      [workspace = m_session->workspace(), threshold = m_threshold->value(), withErrors](JobContext& job) {
        Answer answer;
        try {
          answer.dims =
              std::make_shared<const OutlierDims>(outlierDims(*workspace, {}, threshold, withErrors, job));
        } catch (const Error& error) {
          answer.problem = QString::fromUtf8(error.what());
        }
        return answer;
      },
      [this, withErrors](Answer answer) {
        m_isMeasuring = false;
        if (answer.dims) return take(std::move(answer.dims), withErrors);
        m_message->setText(answer.problem);
        m_buttons->hide();
        m_pages->setCurrentIndex(0);
      });
}

void OutlierDimsView::take(std::shared_ptr<const OutlierDims> dims, bool hasErrors) {
  m_dims = std::move(dims);
  m_hasErrors = hasErrors && m_dims;
  const bool hasWeights = m_session->workspace() && m_session->workspace()->weights();
  m_measure->setEnabled(m_dims && !m_hasErrors && hasWeights);
  m_shares->setDims(m_dims);
  const int shown = std::max(0, m_role->currentIndex());
  const QSignalBlocker blocker(m_role);
  m_role->clear();
  std::int64_t dimCount = 0, channels = 0;
  if (m_dims) {
    for (const OutlierOverlap& overlap : m_dims->overlaps)
      m_role->addItem(tr("inputs of %1").arg(QString::fromStdString(std::string(roleName(overlap.role)))));
    for (const OutlierSite& site : m_dims->sites) {
      dimCount += static_cast<std::int64_t>(site.channels.size());
      channels += site.width;
    }
    m_role->setCurrentIndex(std::min(shown, m_role->count() - 1));
  }
  m_role->setVisible(m_role->count() > 0);
  m_summary->setFullText(
      m_dims ? tr("%1 of %2 channels in %3 inputs: %4 of the multiplication in 16 bits")
                   .arg(countText(dimCount), countText(channels),
                        countText(static_cast<std::int64_t>(m_dims->sites.size())),
                        percentText(
                            channels > 0 ? static_cast<double>(dimCount) / static_cast<double>(channels) : 0))
             : QString());
  m_tableNote->setFullText(m_hasErrors
                               ? tr("output error of the first reader, activations alone in int8 by token")
                               : tr("errors are not measured at this threshold"));
  m_shareNote->setFullText(tr("share of channels over the threshold, by block"));
  showTable();
  showCurrent();
  showOverlap();
}

void OutlierDimsView::showTable() {
  const QStringList titles{tr("Input of"), tr("Outlier dims"), tr("16 bit"), tr("int8"), tr("With 16 bit")};
  m_table->setColumnCount(static_cast<int>(titles.size()));
  m_table->setHorizontalHeaderLabels(titles);
  m_table->setRowCount(m_dims ? static_cast<int>(m_dims->sites.size()) : 0);
  m_table->horizontalHeaderItem(3)->setToolTip(
      tr("Output error with the activations in int8, the weights as stored"));
  m_table->horizontalHeaderItem(4)->setToolTip(tr("The same with outlier dims in 16 bits"));
  for (int row = 0; row < m_table->rowCount(); ++row) {
    const OutlierSite& site = m_dims->sites[static_cast<std::size_t>(row)];
    m_table->setItem(row, 0, makeFigureCell(QString::fromStdString(site.name), false));
    m_table->item(row, 0)->setToolTip(QString::fromStdString(site.name));
    m_table->setItem(row, 1,
                     makeFigureCell(countText(static_cast<std::int64_t>(site.channels.size())), true));
    m_table->setItem(row, 2, makeFigureCell(percentText(site.share()), true));
    const OutlierReader* reader = site.readers.empty() ? nullptr : &site.readers.front();
    m_table->setItem(row, 3, makeFigureCell(reader ? errorText(reader->a) : QString(kDash), true));
    m_table->setItem(row, 4, makeFigureCell(reader ? errorText(reader->aDecomposed) : QString(kDash), true));
  }
  fitFigureColumns(m_table);
}

/// The row of what the current linear reads.
void OutlierDimsView::showCurrent() {
  for (int row = 0; m_dims && row < m_table->rowCount(); ++row) {
    const std::vector<OutlierReader>& readers = m_dims->sites[static_cast<std::size_t>(row)].readers;
    const bool isRead = std::any_of(readers.begin(), readers.end(),
                                    [this](const OutlierReader& reader) { return m_target.id == reader.id; });
    if (isRead) return m_table->selectRow(row);
  }
  m_table->clearSelection();
}

void OutlierDimsView::showOverlap() {
  const auto index = static_cast<std::size_t>(std::max(0, m_role->currentIndex()));
  m_overlap->setHint(m_dims ? tr("There are no two blocks to compare.") : tr("Counting outlier dims…"));
  m_overlap->setOverlap(m_dims, index);
  QString note;
  if (m_dims && index < m_dims->overlaps.size()) {
    const OutlierOverlap& overlap = m_dims->overlaps[index];
    const auto emergent = std::count_if(overlap.recurring.begin(), overlap.recurring.end(),
                                        [](const RecurringDim& dim) { return dim.isEmergent; });
    note = tr("%1 on average; %2 emergent dims").arg(percentText(overlap.meanJaccard), countText(emergent));
  }
  m_overlapNote->setFullText(note);
}

void OutlierDimsView::pickSite(std::size_t site) {
  if (!m_dims || site >= m_dims->sites.size() || m_dims->sites[site].readers.empty()) return;
  m_session->selection()->selectOnly(m_dims->sites[site].readers.front().id);
}

void OutlierDimsView::tryIt() {
  m_session->plan()->setWhatIf(llmInt8Choice(m_threshold->value()));
}

const MethodViewEntry& outlierDimsMethodEntry();

const MethodViewEntry& outlierDimsMethodEntry() {
  static const MethodViewEntry entry{
      "outlier-dims", QT_TRANSLATE_NOOP("ql::MethodView", "LLM.int8()"),
      QT_TRANSLATE_NOOP("ql::MethodView",
                        "Activation channels that stay in 16 bits, by layer, and whether blocks share them"),
      [](Session* session, QWidget* parent) -> MethodView* { return new OutlierDimsView(session, parent); }};
  return entry;
}

}  // namespace ql
