#include "widgets/panels/method_views/billm_view.h"

#include "core/base/error.h"
#include "widgets/bridge/calibration_control.h"
#include "widgets/bridge/number_format.h"
#include "widgets/bridge/session.h"
#include "widgets/canvas/canvas.h"
#include "widgets/panels/evidence_dot.h"
#include "widgets/panels/form_parts.h"
#include "widgets/panels/method_views/billm_figures.h"
#include "widgets/panels/method_views/billm_mask_view.h"
#include "widgets/panels/method_views/billm_order_plot.h"
#include "widgets/panels/method_views/billm_rank_plot.h"
#include "widgets/panels/view_frame.h"

#include <QHBoxLayout>
#include <QScrollArea>
#include <QSplitter>
#include <QStackedLayout>

namespace ql {

namespace {

constexpr int kPlotHeight = 170, kMapHeight = 200;
constexpr std::int64_t kListedWeights = std::int64_t{1} << 21;  // from here on worth a line in Jobs
constexpr std::int64_t kMostTiles = 1024;

const QString kSlot = QStringLiteral("method-billm");

bool isBillm(const Choice& choice) {
  return choice.weight && choice.weight->algorithm.name == "billm";
}

/// What is shown when the layer's choice is another method: BiLLM as published.
WeightScheme shownScheme(const Choice& choice) {
  if (!isBillm(choice)) return *parseSpec("binary:algorithm=billm").weight;
  WeightScheme scheme = *choice.weight;
  scheme.outliers.reset();
  return scheme;
}

struct Answer {
  std::shared_ptr<const BillmState> state;
  QString problem;
};

Answer answerOf(Workspace& workspace, LinearId id, const WeightScheme& scheme, JobContext& job) {
  Answer answer;
  try {
    auto state = std::make_shared<BillmState>();
    state->report = billmReport(workspace, id, scheme, job);
    state->tiles = billmMaskTiles(state->report, workspace.model().linears[id].matrix, kMostTiles, job);
    answer.state = std::move(state);
  } catch (const Error& error) {
    answer.problem = QString::fromUtf8(error.what());
  }
  return answer;
}

}  // namespace

BillmView::BillmView(Session* session, QWidget* parent) : MethodView(parent), m_session(session) {
  setAccessibleName(tr("BiLLM"));
  Selection* const selection = session->selection();
  m_maskCanvas = new Canvas(m_mask = new BillmMaskView(selection, this), this);
  m_rankCanvas = new Canvas(m_rank = new BillmRankPlot(selection, this), this);
  m_ordersCanvas = new Canvas(m_orders = new BillmOrderPlot(this), this);
  for (Canvas* canvas : {m_maskCanvas, m_rankCanvas, m_ordersCanvas})
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

QWidget* BillmView::makeBar() {
  auto* bar = new QWidget(this);
  bar->setFixedHeight(scaledPx(metrics::kViewToolbar));
  bar->setAutoFillBackground(true);
  bar->setBackgroundRole(QPalette::Base);
  auto* row = new QHBoxLayout(bar);
  row->setContentsMargins(scaledPx(metrics::kInspectorPadding), 0, scaledPx(metrics::kGap), 0);
  row->setSpacing(scaledPx(metrics::kGap));
  row->addWidget(m_dot = new EvidenceDot(bar));
  row->addWidget(m_scheme = new ElidedLabel(bar), 1);
  auto* order = new SegmentedControl(tr("Order of the columns"), bar);
  order->addSegment(tr("By rank"), tr("Columns with the largest score first"));
  order->addSegment(tr("By channel"), tr("Columns as they stand in the matrix"));
  row->addWidget(order);
  connect(order, &SegmentedControl::picked, this, [this](int index) { m_rank->setByChannel(index == 1); });
  return bar;
}

QWidget* BillmView::makeNote() {
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

QWidget* BillmView::makeMapSide() {
  auto* side = new QWidget(this);
  side->setMinimumWidth(scaledPx(300));
  auto* column = new QVBoxLayout(side);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  column->addWidget(makeTitledBox(tr("Parts"), &m_maskDim, m_maskCanvas, kMapHeight, this), 1);
  column->addWidget(makeSeparator(Qt::Horizontal, side));
  column->addWidget(m_figures = new BillmFigures(side));
  return side;
}

QWidget* BillmView::makePlotSide() {
  auto* scroll = new QScrollArea(this);
  scroll->setWidgetResizable(true);
  scroll->setFrameShape(QFrame::NoFrame);
  scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  scroll->setMinimumWidth(scaledPx(320));
  auto* side = new QWidget(scroll);
  auto* column = new QVBoxLayout(side);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  column->addWidget(makeTitledBox(tr("Columns"), &m_rankDim, m_rankCanvas, kPlotHeight, this), 1);
  column->addWidget(makeSeparator(Qt::Horizontal, side));
  column->addWidget(makeTitledBox(tr("Residual"), &m_ordersDim, m_ordersCanvas, kPlotHeight, this), 1);
  scroll->setWidget(side);
  return scroll;
}

// What is shown
// ------------------------------------------------------------------------------------------------------------

QString BillmView::message() const {
  return m_pages->currentIndex() == 0 ? m_message->text() : QString();
}

void BillmView::showMessage(const QString& sentence, bool canCalibrate) {
  m_session->jobs()->cancelSlot(kSlot);
  m_asked.clear();
  m_state.reset();
  m_message->setText(sentence);
  m_buttons->setVisible(canCalibrate);
  m_pages->setCurrentIndex(0);
}

QString BillmView::missingInput(LinearId id) const {
  const CalibrationControl& calibration = *m_session->calibration();
  const Linear& linear = m_session->model()->linears[id];
  if (linear.site && m_session->workspace()->activationSummary(*linear.site)) return {};
  if (calibration.isRunning()) return tr("Calibration has not reached this block yet.");
  return calibration.hasActivations() ? tr("The activations at hand do not cover this linear.")
                                      : tr("BiLLM needs to know what goes into a linear.");
}

std::string BillmView::keyOf(LinearId id, const WeightScheme& scheme) const {
  const auto& record = m_session->calibration()->record();
  const auto* workspace = static_cast<const void*>(m_session->workspace().get());
  return std::to_string(reinterpret_cast<std::uintptr_t>(workspace)) + " " + std::to_string(id) + " " +
         specText(Choice{scheme, std::nullopt}) + " " + (record ? record->data : std::string()) +
         (m_session->calibration()->isRunning() ? " running" : "");
}

void BillmView::setTarget(const MethodTarget& target) {
  const WeightScheme scheme = shownScheme(target.choice);
  const bool needsInput = billmOptionsOf(scheme).needsActivations();
  const QString missing = needsInput ? missingInput(*target.id) : QString();
  if (!missing.isEmpty()) return showMessage(missing, !m_session->calibration()->isRunning());
  const QString words = QString::fromStdString(specText(Choice{scheme, std::nullopt}));
  m_scheme->setFullText(isBillm(target.choice) ? words : tr("%1, as BiLLM would do it").arg(words));
  const std::string key = keyOf(*target.id, scheme);
  if (key == m_asked) return;
  m_asked = key;
  compute(target, scheme);
}

void BillmView::leave() {
  if (m_state) return;
  m_session->jobs()->cancelSlot(kSlot);
  m_asked.clear();
}

void BillmView::compute(const MethodTarget& target, const WeightScheme& scheme) {
  const LinearId id = *target.id;
  const Linear& linear = m_session->model()->linears[id];
  take(nullptr, tr("Binarizing %1…").arg(QString::fromStdString(linear.name)));
  m_pages->setCurrentIndex(1);
  m_session->jobs()->run<Answer>(
      this, kSlot, tr("BiLLM of %1").arg(QString::fromStdString(linear.name)),
      linear.out() * linear.in() < kListedWeights,
      [workspace = m_session->workspace(), id, scheme](JobContext& job) {
        return answerOf(*workspace, id, scheme, job);
      },
      [this](Answer answer) {
        if (answer.state) return take(std::move(answer.state), {});
        const std::string asked = m_asked;
        showMessage(answer.problem, false);
        m_asked = asked;  // not again until something changes
      });
}

void BillmView::take(std::shared_ptr<const BillmState> state, const QString& hint) {
  m_state = std::move(state);
  m_mask->setHint(hint);
  m_rank->setHint(hint);
  m_orders->setHint(hint);
  m_mask->setState(m_state);
  m_rank->setState(m_state);
  m_orders->setState(m_state);
  m_rank->setSettled(m_state != nullptr);
  m_orders->setSettled(m_state != nullptr);
  m_figures->setState(m_state);
  refreshNotes();
}

void BillmView::refreshNotes() {
  QStringList clauses;
  if (m_state)
    for (const Fallback& fallback : m_state->report.fallbacks)
      clauses << (fallback.count > 1 ? QStringLiteral("%1 %2").arg(countText(fallback.count),
                                                                   QString::fromStdString(fallback.reason))
                                     : QString::fromStdString(fallback.reason));
  m_noteText->setText(tr("Not as asked: %1.").arg(clauses.join(QStringLiteral("; "))));
  m_note->setVisible(!clauses.isEmpty());
  const bool isExact = m_state && m_state->report.evidence.kind == Evidence::Kind::Exact;
  m_dot->setKind(!m_state  ? EvidenceDot::Kind::None
                 : isExact ? EvidenceDot::Kind::Exact
                           : EvidenceDot::Kind::Sampled);
  m_dot->setToolTip(m_state ? QString::fromStdString(m_state->report.evidence.method) : QString());
  m_maskDim->setFullText(m_state ? tr("blocks of %1 columns, ticks above where they meet")
                                       .arg(countText(m_state->report.options.blockSize))
                                 : QString());
  m_rankDim->setFullText(m_state ? tr("score of each column when its block had its turn") : QString());
  m_ordersDim->setFullText(m_state ? tr("energy that is left after 1, 2 and 3 binarizations") : QString());
}

const MethodViewEntry& billmMethodEntry();

const MethodViewEntry& billmMethodEntry() {
  static const MethodViewEntry entry{
      "billm", QT_TRANSLATE_NOOP("ql::MethodView", "BiLLM"),
      QT_TRANSLATE_NOOP("ql::MethodView",
                        "Salient columns, dense and sparse weights over the matrix, and their bits"),
      [](Session* session, QWidget* parent) -> MethodView* { return new BillmView(session, parent); }};
  return entry;
}

}  // namespace ql
