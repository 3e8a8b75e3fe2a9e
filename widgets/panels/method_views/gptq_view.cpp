#include "widgets/panels/method_views/gptq_view.h"

#include "core/base/error.h"
#include "widgets/bridge/calibration_control.h"
#include "widgets/bridge/number_format.h"
#include "widgets/bridge/session.h"
#include "widgets/canvas/canvas.h"
#include "widgets/panels/evidence_dot.h"
#include "widgets/panels/form_parts.h"
#include "widgets/panels/method_views/gptq_column_plot.h"
#include "widgets/panels/method_views/gptq_figures.h"
#include "widgets/panels/method_views/gptq_map_view.h"
#include "widgets/panels/view_frame.h"

#include <QHBoxLayout>
#include <QScrollArea>
#include <QSplitter>
#include <QStackedLayout>

namespace ql {

namespace {

constexpr int kPlotHeight = 150, kMapHeight = 200;
constexpr std::int64_t kListedWeights = std::int64_t{1} << 22;  // from here on worth a line in Jobs

const QString kSlot = QStringLiteral("method-gptq");

/// What is quantized when the layer's choice leaves the weights alone.
WeightScheme shownScheme(const Choice& choice) {
  const NumberFormatInfo* format = choice.weight ? findNumberFormat(choice.weight->format) : nullptr;
  return gptqSchemeFor(format && format->isQuantized ? *choice.weight : *parseSpec("int4:group=128").weight);
}

struct Answer {
  std::shared_ptr<const GptqReport> report;
  QString problem;
};

}  // namespace

GptqView::GptqView(Session* session, QWidget* parent) : MethodView(parent), m_session(session) {
  setAccessibleName(tr("GPTQ"));
  Selection* const selection = session->selection();
  m_loss = new GptqColumnPlot(selection, GptqColumnPlot::Quantity::Loss, this);
  m_error = new GptqColumnPlot(selection, GptqColumnPlot::Quantity::Error, this);
  m_drive = new GptqColumnPlot(selection, GptqColumnPlot::Quantity::Drive, this);
  m_map = new GptqMapView(selection, this);
  m_lossCanvas = new Canvas(m_loss, this);
  m_errorCanvas = new Canvas(m_error, this);
  m_driveCanvas = new Canvas(m_drive, this);
  m_mapCanvas = new Canvas(m_map, this);
  for (Canvas* canvas : {m_lossCanvas, m_errorCanvas, m_driveCanvas, m_mapCanvas})
    connect(canvas, &Canvas::message, session, &Session::message);
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
  column->addWidget(makeNote());
  auto* split = new QSplitter(Qt::Horizontal, page);
  split->setChildrenCollapsible(false);
  split->setHandleWidth(1);
  split->addWidget(makeMapSide());
  split->addWidget(makePlotSide());
  split->setStretchFactor(0, 1);
  split->setStretchFactor(1, 1);
  split->setSizes({500, 500});
  column->addWidget(split, 1);
  m_pages->addWidget(page);
}

QWidget* GptqView::makeBar() {
  auto* bar = new QWidget(this);
  bar->setFixedHeight(scaledPx(metrics::kViewToolbar));
  bar->setAutoFillBackground(true);
  bar->setBackgroundRole(QPalette::Base);
  auto* row = new QHBoxLayout(bar);
  row->setContentsMargins(scaledPx(metrics::kInspectorPadding), 0, scaledPx(metrics::kGap), 0);
  row->setSpacing(scaledPx(metrics::kGap));
  row->addWidget(m_dot = new EvidenceDot(bar));
  row->addWidget(m_scheme = new ElidedLabel(bar), 1);
  row->addWidget(m_try = makeSmallButton(tr("Try GPTQ"), bar));
  m_try->setToolTip(
      tr("Make this the what-if of the linear: everything is measured with it, the plan stays"));
  connect(m_try, &QPushButton::clicked, this, [this] { m_session->plan()->setWhatIf(m_tried); });
  m_order = new SegmentedControl(tr("Order of the columns"), bar);
  m_order->addSegment(tr("By channel"), tr("Columns as they stand in the matrix"));
  m_order->addSegment(tr("By turn"),
                      tr("Columns in the order in which GPTQ takes them (act-order changes it)"));
  row->addWidget(m_order);
  connect(m_order, &SegmentedControl::picked, this, [this](int index) {
    for (GptqColumnPlot* plot : {m_loss, m_error, m_drive}) plot->setOrdered(index == 1);
  });
  return bar;
}

QWidget* GptqView::makeNote() {
  m_note = new QWidget(this);
  auto* row = new QHBoxLayout(m_note);
  row->setContentsMargins(scaledPx(metrics::kInspectorPadding), scaledPx(3), scaledPx(metrics::kGap),
                          scaledPx(3));
  m_noteText = makeLabel({}, FontRole::Body, m_note);
  m_noteText->setWordWrap(true);
  row->addWidget(m_noteText, 1);
  m_note->hide();
  return m_note;
}

QWidget* GptqView::makeMapSide() {
  auto* side = new QWidget(this);
  side->setMinimumWidth(scaledPx(300));
  auto* column = new QVBoxLayout(side);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  auto* box = makeTitledBox(tr("Where"), &m_mapDim, m_mapCanvas, kMapHeight, this);
  auto* choice = new QWidget(box);
  auto* row = new QHBoxLayout(choice);
  row->setContentsMargins(scaledPx(metrics::kInspectorPadding), scaledPx(2), scaledPx(metrics::kGap), 0);
  m_layer = new SegmentedControl(tr("What the map shows"), choice);
  m_layer->addSegment(tr("GPTQ's error"), tr("Root mean squares of Q(W) − W under GPTQ"));
  m_layer->addSegment(tr("Nearest"), tr("The same for rounding to nearest, under the same colours"));
  m_layer->addSegment(tr("Updates"), tr("What GPTQ changed before it rounded"));
  row->addWidget(m_layer);
  row->addStretch(1);
  static_cast<QVBoxLayout*>(box->layout())->insertWidget(1, choice);
  connect(m_layer, &SegmentedControl::picked, this, [this](int index) {
    m_map->setLayer(static_cast<GptqMapView::Layer>(index));
    refreshNotes();
  });
  column->addWidget(box, 1);
  column->addWidget(makeSeparator(Qt::Horizontal, side));
  column->addWidget(m_figures = new GptqFigures(side));
  return side;
}

QWidget* GptqView::makePlotSide() {
  auto* scroll = new QScrollArea(this);
  scroll->setWidgetResizable(true);
  scroll->setFrameShape(QFrame::NoFrame);
  scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  scroll->setMinimumWidth(scaledPx(320));
  auto* side = new QWidget(scroll);
  auto* column = new QVBoxLayout(side);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  column->addWidget(makeTitledBox(tr("Loss"), &m_lossDim, m_lossCanvas, kPlotHeight, this), 1);
  column->addWidget(makeSeparator(Qt::Horizontal, side));
  column->addWidget(makeTitledBox(tr("Weight error"), &m_errorDim, m_errorCanvas, kPlotHeight, this), 1);
  column->addWidget(makeSeparator(Qt::Horizontal, side));
  column->addWidget(makeTitledBox(tr("Updates and Hessian"), &m_driveDim, m_driveCanvas, kPlotHeight, this),
                    1);
  scroll->setWidget(side);
  return scroll;
}

// What is shown
// ------------------------------------------------------------------------------------------------------------

QString GptqView::message() const {
  return m_pages->currentIndex() == 0 ? m_message->text() : QString();
}

void GptqView::showMessage(const QString& sentence, bool canCalibrate) {
  m_session->jobs()->cancelSlot(kSlot);
  m_asked.clear();
  m_report.reset();
  m_message->setText(sentence);
  m_buttons->setVisible(canCalibrate);
  m_pages->setCurrentIndex(0);
}

QString GptqView::missingInput(LinearId id) const {
  const CalibrationControl& calibration = *m_session->calibration();
  const Linear& linear = m_session->model()->linears[id];
  if (linear.site && m_session->workspace()->activationSummary(*linear.site)) return {};
  if (calibration.isRunning()) return tr("Calibration has not reached this block yet.");
  return calibration.hasActivations() ? tr("The activations at hand do not cover this linear.")
                                      : tr("GPTQ needs to know what goes into a linear.");
}

std::string GptqView::keyOf(LinearId id, const WeightScheme& scheme) const {
  const auto& record = m_session->calibration()->record();
  const auto* workspace = static_cast<const void*>(m_session->workspace().get());
  return std::to_string(reinterpret_cast<std::uintptr_t>(workspace)) + " " + std::to_string(id) + " " +
         specText(Choice{scheme, std::nullopt}) + " " + (record ? record->data : std::string()) +
         (m_session->calibration()->isRunning() ? " running" : "");
}

void GptqView::setTarget(const MethodTarget& target) {
  const QString missing = missingInput(*target.id);
  if (!missing.isEmpty()) return showMessage(missing, !m_session->calibration()->isRunning());
  const WeightScheme scheme = shownScheme(target.choice);
  showScheme(target, scheme);
  const std::string key = keyOf(*target.id, scheme);
  if (key == m_asked) return;
  m_asked = key;
  compute(target, scheme);
}

void GptqView::showScheme(const MethodTarget& target, const WeightScheme& scheme) {
  const bool isOwn = target.choice.weight && target.choice.weight->algorithm.name == "gptq";
  const QString words = QString::fromStdString(specText(Choice{scheme, std::nullopt}));
  m_tried = target.choice;
  m_tried.weight = scheme;
  m_try->setVisible(!isOwn);
  m_scheme->setFullText(isOwn ? words : tr("%1, as GPTQ would round it").arg(words));
}

void GptqView::leave() {
  if (m_report) return;
  m_session->jobs()->cancelSlot(kSlot);
  m_asked.clear();
}

void GptqView::compute(const MethodTarget& target, const WeightScheme& scheme) {
  const LinearId id = *target.id;
  const Linear& linear = m_session->model()->linears[id];
  take(nullptr, tr("Quantizing %1…").arg(QString::fromStdString(linear.name)));
  m_pages->setCurrentIndex(1);
  m_session->jobs()->run<Answer>(
      this, kSlot, tr("GPTQ of %1").arg(QString::fromStdString(linear.name)),
      linear.out() * linear.in() < kListedWeights,
      [workspace = m_session->workspace(), id, scheme](JobContext& job) {
        Answer answer;
        try {
          answer.report = std::make_shared<const GptqReport>(gptqReport(*workspace, id, scheme, job));
        } catch (const Error& error) {
          answer.problem = QString::fromUtf8(error.what());
        }
        return answer;
      },
      [this](Answer answer) {
        if (answer.report) return take(std::move(answer.report), {});
        const std::string asked = m_asked;
        showMessage(answer.problem, false);
        m_asked = asked;  // not again until something changes
      });
}

void GptqView::take(std::shared_ptr<const GptqReport> report, const QString& problem) {
  m_report = std::move(report);
  for (GptqColumnPlot* plot : {m_loss, m_error, m_drive}) {
    plot->setHint(problem);
    plot->setReport(m_report);
    plot->setSettled(m_report != nullptr);
  }
  m_map->setHint(problem);
  m_map->setReport(m_report);
  m_figures->setReport(m_report);
  refreshNotes();
}

void GptqView::refreshNotes() {
  QStringList clauses;
  if (m_report)
    for (const Fallback& fallback : m_report->fallbacks) clauses << QString::fromStdString(fallback.reason);
  m_noteText->setText(tr("Not as asked: %1.").arg(clauses.join(QStringLiteral("; "))));
  m_note->setVisible(!clauses.isEmpty());
  const bool isExact = m_report && m_report->evidence.kind == Evidence::Kind::Exact;
  m_dot->setKind(!m_report ? EvidenceDot::Kind::None
                 : isExact ? EvidenceDot::Kind::Exact
                           : EvidenceDot::Kind::Sampled);
  m_dot->setToolTip(m_report ? QString::fromStdString(m_report->evidence.method) : QString());
  m_lossDim->setFullText(m_report ? tr("what each column costs when its turn comes") : QString());
  m_errorDim->setFullText(m_report ? tr("sum over rows of (Q(W) − W)²") : QString());
  m_driveDim->setFullText(m_report ? tr("moved by earlier columns; energy of the input") : QString());
  m_mapDim->setFullText(!m_report ? QString()
                        : m_map->layer() == GptqMapView::Layer::Updates
                            ? tr("W minus what GPTQ rounded, by tiles")
                            : tr("|Q(W) − W| by tiles, both errors under one scale"));
}

const MethodViewEntry& gptqMethodEntry();

const MethodViewEntry& gptqMethodEntry() {
  static const MethodViewEntry entry{
      "gptq", QT_TRANSLATE_NOOP("ql::MethodView", "GPTQ"),
      QT_TRANSLATE_NOOP("ql::MethodView",
                        "What each column costs under GPTQ and under rounding to nearest, and where"),
      [](Session* session, QWidget* parent) -> MethodView* { return new GptqView(session, parent); }};
  return entry;
}

}  // namespace ql
