#include "widgets/panels/method_views/propagation_view.h"

#include "widgets/bridge/number_format.h"
#include "widgets/bridge/session.h"
#include "widgets/canvas/canvas.h"
#include "widgets/panels/form_parts.h"
#include "widgets/panels/method_views/plain_plot.h"
#include "widgets/panels/text_chooser.h"
#include "widgets/panels/view_frame.h"

#include <QDialog>
#include <QDialogButtonBox>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QSplitter>
#include <QTableWidget>
#include <QVBoxLayout>

#include <algorithm>
#include <mutex>

namespace ql {

namespace {

constexpr int kPollMs = 100;

/// Which text, how many tokens.
class TextDialog : public QDialog {
 public:
  TextDialog(Session* session, QWidget* parent) : QDialog(parent) {
    setWindowTitle(PropagationView::tr("Error through the blocks"));
    auto* form = new QFormLayout(this);
    m_text = new TextChooser(session, TextChooser::Use::Verification, form, this);
    form->addRow(m_text);
    m_problem = makeDimLabel({}, FontRole::Body, this);
    m_problem->setWordWrap(true);
    form->addRow(m_problem);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Ok | QDialogButtonBox::Cancel, this);
    buttons->button(QDialogButtonBox::Ok)->setText(PropagationView::tr("Measure"));
    form->addRow(buttons);
    const auto refresh = [this, buttons] {
      m_problem->setText(m_text->problem());
      buttons->button(QDialogButtonBox::Ok)->setEnabled(m_text->problem().isEmpty());
    };
    connect(m_text, &TextChooser::changed, this, refresh);
    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    refresh();
  }

  PropagateOptions options() const {
    PropagateOptions options;
    options.source = m_text->source();
    options.windows = m_text->windows();
    options.memoryBytes = m_text->memoryBytes();
    return options;
  }

 private:
  TextChooser* m_text;
  QLabel* m_problem;
};

QString figureText(const std::optional<double>& value) {
  return value ? percentText(*value) : QString(kDash);
}

}  // namespace

/// Filled by the worker, read by the view's timer. The lock guards `blocks`.
struct PropagationView::Feed {
  std::mutex lock;
  std::vector<BlockPropagation> blocks;
};

PropagationView::PropagationView(Session* session, QWidget* parent)
    : MethodView(parent), m_session(session), m_plot(new PlainPlot(this)), m_table(makeFigureTable(this)) {
  setAccessibleName(tr("Error through the blocks"));
  setAutoFillBackground(true);
  setBackgroundRole(QPalette::Base);
  setup();
  m_poll.setInterval(kPollMs);
  connect(&m_poll, &QTimer::timeout, this, &PropagationView::poll);
  connect(m_start, &QPushButton::clicked, this, &PropagationView::ask);
  connect(m_plot, &PlainPlot::placePicked, this, &PropagationView::showLinears);
  connect(m_table, &QTableWidget::cellDoubleClicked, this, &PropagationView::pickLinear);
  connect(session->jobs(), &JobRunner::changed, this, &PropagationView::noticeEnd);
}

PropagationView::~PropagationView() = default;

void PropagationView::setup() {
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  auto* head = new QHBoxLayout;
  head->setContentsMargins(scaledPx(metrics::kInspectorPadding), scaledPx(6), scaledPx(metrics::kGap),
                           scaledPx(6));
  head->addWidget(m_state = makeDimLabel({}, FontRole::Body, this), 1);
  m_state->setWordWrap(true);
  head->addWidget(m_start = makeSmallButton(tr("Measure the plan…"), this));
  m_start->setToolTip(tr("Run the model as it is and under the plan side by side on some text"));
  column->addLayout(head);
  column->addWidget(makeSeparator(Qt::Horizontal, this));
  auto* split = new QSplitter(Qt::Horizontal, this);
  split->setChildrenCollapsible(false);
  split->setHandleWidth(1);
  auto* canvas = new Canvas(m_plot, split);
  canvas->setMinimumHeight(scaledPx(160));
  canvas->setAccessibleName(tr("Error of the hidden states by block"));
  connect(canvas, &Canvas::message, m_session, &Session::message);
  m_plot->setCaption(tr("error of the hidden states behind each block"));
  m_plot->setHint(tr("Errors of a plan are measured on text; nothing is measured yet."));
  split->addWidget(canvas);
  split->addWidget(makeTable());
  split->setSizes({600, 400});
  column->addWidget(split, 1);
}

QWidget* PropagationView::makeTable() {
  auto* side = new QWidget(this);
  auto* column = new QVBoxLayout(side);
  column->setContentsMargins(0, scaledPx(5), 0, 0);
  column->setSpacing(scaledPx(2));
  m_blockTitle = makeLabel(tr("Linears"), FontRole::Semibold, side);
  m_blockTitle->setContentsMargins(scaledPx(metrics::kInspectorPadding), 0, 0, 0);
  column->addWidget(m_blockTitle);
  m_table->setColumnCount(3);
  m_table->setHorizontalHeaderLabels({tr("Linear"), tr("Isolated"), tr("Accumulated")});
  m_table->horizontalHeaderItem(1)->setToolTip(
      tr("Output error of this linear alone, on the inputs of the model as it is"));
  m_table->horizontalHeaderItem(2)->setToolTip(
      tr("Output error with everything before it under the plan, too"));
  fitFigureColumns(m_table);
  m_table->setAccessibleName(tr("Linears of the block"));
  column->addWidget(m_table, 1);
  return side;
}

void PropagationView::setTarget(const MethodTarget& target) {
  const std::shared_ptr<Workspace> workspace = m_session->workspace();
  if (m_measured.lock() != workspace && !m_isMeasuring) {
    m_blocks.clear();
    m_result.reset();
    m_table->setRowCount(0);
    m_plot->showCurves({}, true);
  }
  const QString problem = !workspace              ? QString()
                          : !workspace->weights() ? tr("Only a statistics file is open.")
                                                  : QString::fromStdString(workspace->forwardProblem());
  m_start->setEnabled(workspace && problem.isEmpty() && !m_isMeasuring);
  if (!problem.isEmpty()) m_state->setText(problem);
  if (problem.isEmpty() && !m_isMeasuring) showResult();
  if (!m_result || !target.id) return;
  if (const std::optional<int> block = m_session->model()->linears[*target.id].block) showLinears(*block);
}

void PropagationView::ask() {
  TextDialog dialog(m_session, this);
  if (dialog.exec() == QDialog::Accepted) measure(dialog.options());
}

void PropagationView::measure(const PropagateOptions& options) {
  const std::shared_ptr<Workspace> workspace = m_session->workspace();
  if (!workspace || m_isMeasuring) return;
  const QuantizationPlan plan = m_session->plan()->plan();
  auto feed = std::make_shared<Feed>();
  m_feed = feed;
  m_measured = workspace;
  m_plan = QByteArray::fromStdString(planJson(plan));
  m_blocks.clear();
  m_result.reset();
  m_table->setRowCount(0);
  m_isMeasuring = true;
  m_start->setEnabled(false);
  m_state->setText(tr("Running the model as it is and under the plan…"));
  m_session->jobs()->run<Propagation>(
      this, QStringLiteral("propagation"), tr("Error through the blocks"), false,
      [workspace, plan, options, feed](JobContext& job) {
        return propagate(*workspace, plan, options, job, [feed](const BlockPropagation& block) {
          const std::lock_guard guard(feed->lock);
          feed->blocks.push_back(block);
        });
      },
      [this](Propagation result) {
        m_poll.stop();
        m_isMeasuring = false;
        m_result = std::make_shared<const Propagation>(std::move(result));
        m_blocks = m_result->blocks;
        m_start->setEnabled(true);
        showBlocks();
        showLinears(0);
        showResult();
      });
  m_poll.start();
}

void PropagationView::poll() {
  {
    const std::lock_guard guard(m_feed->lock);
    if (m_feed->blocks.size() == m_blocks.size()) return;
    m_blocks = m_feed->blocks;
  }
  showBlocks();
}

void PropagationView::noticeEnd() {
  if (!m_isMeasuring || m_session->jobs()->isBusy()) return;
  m_poll.stop();
  m_isMeasuring = false;  // cancelled or failed; what came stays
  m_start->setEnabled(true);
  m_state->setText(tr("The measurement did not end; what is shown came before that."));
}

void PropagationView::showBlocks() {
  PlainPlotWords words{tr("block"), tr("Error through the blocks"), tr("Block %1"), {}};
  PlotCurve isolated{tr("this block alone"), tr("alone"), &Theme::weight, {}, false};
  PlotCurve accumulated{tr("with all blocks before it"), tr("accumulated"), &Theme::activation, {}, true};
  for (int block = 0; block < m_session->model()->blockCount; ++block) words.places << QString::number(block);
  for (const BlockPropagation& block : m_blocks) {
    const auto x = static_cast<double>(block.block);
    if (block.isolated && *block.isolated > 0) isolated.points.push_back({x, *block.isolated, {}, false});
    if (block.accumulated && *block.accumulated > 0)
      accumulated.points.push_back({x, *block.accumulated, {}, false});
  }
  m_plot->setWords(words);
  m_plot->showCurves({std::move(accumulated), std::move(isolated)}, true);
}

void PropagationView::showLinears(int block) {
  if (!m_result || !m_session->model()) return;
  m_blockTitle->setText(tr("Linears of block %1").arg(block));
  const Model& model = *m_session->model();
  m_rows.clear();
  m_table->setRowCount(0);
  for (const LinearPropagation& linear : m_result->linears) {
    const Linear& info = model.linears[linear.id];
    if (info.block != block) continue;
    const int row = m_table->rowCount();
    m_table->insertRow(row);
    m_table->setItem(
        row, 0, makeFigureCell(QString::fromStdString(info.name.substr(info.name.rfind('.') + 1)), false));
    m_table->setItem(row, 1, makeFigureCell(figureText(linear.isolated), true));
    m_table->setItem(row, 2, makeFigureCell(figureText(linear.accumulated), true));
    m_rows.push_back(linear.id);
  }
  fitFigureColumns(m_table);
}

void PropagationView::showResult() {
  if (!m_result) {
    m_state->setText(
        tr("Isolated errors of layers say little about what the network makes of them: run the "
           "plan on text to see errors grow from block to block."));
    return;
  }
  const bool isOld = m_plan != QByteArray::fromStdString(planJson(m_session->plan()->plan()));
  const QString kl = m_result->kl ? valueText(*m_result->kl) : QString(kDash);
  const QString top = m_result->topAgreement ? percentText(*m_result->topAgreement) : QString(kDash);
  const QString text =
      tr("KL divergence of the logits %1 nats a token; the most likely token is the same in %2 "
         "of %3 tokens.")
          .arg(kl, top, countText(m_result->tokens));
  m_state->setText(isOld ? tr("%1 The plan has changed since.").arg(text) : text);
}

void PropagationView::pickLinear(int row) {
  if (row >= 0 && row < static_cast<int>(m_rows.size()))
    m_session->selection()->selectOnly(m_rows[static_cast<std::size_t>(row)]);
}

const MethodViewEntry& propagationMethodEntry();

const MethodViewEntry& propagationMethodEntry() {
  static const MethodViewEntry entry{
      "propagation", QT_TRANSLATE_NOOP("ql::MethodView", "Propagation"),
      QT_TRANSLATE_NOOP("ql::MethodView", "How the errors of the plan grow from block to block"),
      [](Session* session, QWidget* parent) -> MethodView* { return new PropagationView(session, parent); }};
  return entry;
}

}  // namespace ql
