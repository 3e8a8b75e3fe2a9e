#include "widgets/panels/verify_dialog.h"

#include "widgets/bridge/calibration_control.h"
#include "widgets/bridge/command_text.h"
#include "widgets/bridge/metric_info.h"
#include "widgets/bridge/number_format.h"
#include "widgets/bridge/session.h"
#include "widgets/canvas/canvas.h"
#include "widgets/models/jobs_model.h"
#include "widgets/panels/form_parts.h"
#include "widgets/panels/text_chooser.h"
#include "widgets/panels/window_chart.h"

#include <QClipboard>
#include <QComboBox>
#include <QDialogButtonBox>
#include <QFormLayout>
#include <QGridLayout>
#include <QGuiApplication>
#include <QHeaderView>
#include <QProgressBar>
#include <QSplitter>
#include <QTableView>
#include <QVBoxLayout>

#include <mutex>

namespace ql {

namespace {

constexpr int kPollMs = 100;

/// "12.31 → <b>12.87</b>  +4.55 %"
QString changeText(double before, double after) {
  const QString strong = QStringLiteral("<b>%1</b>").arg(fixedText(after, 3));
  if (before <= 0) return strong;
  return QStringLiteral("%1 %2 %3&nbsp;&nbsp;&nbsp;%4")
      .arg(fixedText(before, 3), QString(kArrow), strong, percentChangeText(after / before - 1));
}

QLabel* addFigure(QGridLayout* grid, int row, const QString& name, const QString& tip, QWidget* owner) {
  QLabel* label = makeDimLabel(name, FontRole::Body, owner);
  label->setToolTip(tip);
  grid->addWidget(label, row, 0);
  auto* value = new QLabel(owner);
  value->setTextFormat(Qt::RichText);
  value->setToolTip(tip);
  value->setTextInteractionFlags(Qt::TextSelectableByMouse);
  grid->addWidget(value, row, 1);
  return value;
}

}  // namespace

/// Filled by the worker, emptied by the window's timer. The lock guards `windows`.
struct VerifyDialog::Feed {
  std::mutex lock;
  std::vector<WindowPair> windows;
};

VerifyDialog::VerifyDialog(Session* session, QWidget* parent)
    : QDialog(parent),
      m_session(session),
      m_scores(new WindowScoresModel(this)),
      m_chart(new WindowChart(m_scores, this)) {
  setWindowTitle(tr("Verify plan"));
  const QSize room = parent ? parent->size() - QSize(40, 60) : QSize(900, 760);
  resize(QSize(scaledPx(820), scaledPx(720)).boundedTo(room));
  new QVBoxLayout(this);
  setupForm();
  setupResults();
  setupButtons();
  m_poll.setInterval(kPollMs);
  connect(&m_poll, &QTimer::timeout, this, &VerifyDialog::poll);
  connect(m_text, &TextChooser::changed, this, &VerifyDialog::refresh);
  connect(session->jobs(), &JobRunner::changed, this, &VerifyDialog::noticeEnd);
  connect(session, &Session::workspaceChanged, this, &QObject::deleteLater);
  showFigures();
  refresh();
}

VerifyDialog::~VerifyDialog() {
  if (m_job) m_session->jobs()->cancel(m_job);
}

void VerifyDialog::setupForm() {
  auto* column = static_cast<QVBoxLayout*>(layout());
  column->setSpacing(scaledPx(metrics::kGap));
  auto* form = new QFormLayout;
  form->setLabelAlignment(Qt::AlignRight);
  form->setVerticalSpacing(scaledPx(4));
  form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
  column->addLayout(form);
  m_text = new TextChooser(m_session, TextChooser::Use::Verification, form, this);
  m_protocol = new QComboBox(this);
  m_protocol->addItem(tr("full: every token is predicted once"), static_cast<int>(WindowProtocol::Full));
  m_protocol->addItem(tr("llama.cpp: second half of every window"),
                      static_cast<int>(WindowProtocol::LlamaCpp));
  m_protocol->setAccessibleName(tr("Protocol"));
  m_protocol->setToolTip(tr("How the text is cut and what counts; figures of different protocols differ"));
  form->insertRow(4, tr("&Protocol"), m_protocol);
  connect(m_protocol, &QComboBox::currentIndexChanged, this,
          [this] { m_text->setProtocol(static_cast<WindowProtocol>(m_protocol->currentData().toInt())); });
}

void VerifyDialog::setupResults() {
  auto* column = static_cast<QVBoxLayout*>(layout());
  column->addWidget(makeSeparator(Qt::Horizontal, this));
  auto* grid = new QGridLayout;
  grid->setHorizontalSpacing(scaledPx(12));
  grid->setVerticalSpacing(scaledPx(2));
  grid->setColumnStretch(1, 1);
  m_perplexity = addFigure(grid, 0, tr("Perplexity"),
                           tr("exp of the mean −ln p: model as it is → under the plan"), this);
  m_error = addFigure(grid, 1, tr("Standard error"),
                      tr("Of the perplexity under the plan, from the spread of −ln p"), this);
  m_kl = addFigure(grid, 2, tr("KL divergence"),
                   tr("Mean over predictions, of the logits from the model as it is, in nats"), this);
  m_agreement = addFigure(grid, 3, tr("Same top token"),
                          tr("Predictions whose most likely token stays the same"), this);
  m_basis = addFigure(grid, 4, tr("Rests on"), tr("Predictions that count"), this);
  column->addLayout(grid);
  auto* split = new QSplitter(Qt::Vertical, this);
  auto* canvas = new Canvas(m_chart, split);
  canvas->setAccessibleName(tr("Scores by window of text"));
  canvas->setMinimumHeight(scaledPx(150));
  connect(canvas, &Canvas::message, m_session, &Session::message);
  split->addWidget(canvas);
  m_table = new QTableView(split);
  m_table->setTabKeyNavigation(false);  // Tab leaves it
  m_table->setModel(m_scores);
  m_table->setObjectName(QStringLiteral("scores"));  // cells padded as their headers
  m_table->setAccessibleName(tr("Scores by window of text"));
  m_table->setShowGrid(false);
  m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
  m_table->verticalHeader()->hide();
  m_table->verticalHeader()->setDefaultSectionSize(scaledPx(metrics::kTableRow));
  m_table->horizontalHeader()->setSectionResizeMode(QHeaderView::Stretch);
  m_table->setMinimumHeight(scaledPx(70));
  split->addWidget(m_table);
  split->setStretchFactor(0, 3);
  split->setStretchFactor(1, 2);
  split->setHandleWidth(1);
  column->addWidget(split, 1);
}

void VerifyDialog::setupButtons() {
  auto* column = static_cast<QVBoxLayout*>(layout());
  auto* row = new QHBoxLayout;
  row->addWidget(m_bar = new QProgressBar(this));
  m_bar->setTextVisible(false);
  m_bar->setFixedWidth(scaledPx(140));
  m_bar->setAccessibleName(tr("Progress of the verification"));
  row->addWidget(m_state = makeDimLabel({}, FontRole::Axis, this), 1);
  column->addLayout(row);
  auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close, this);
  m_copy = buttons->addButton(tr("Copy &table"), QDialogButtonBox::ActionRole);
  m_copy->setToolTip(tr("Summary and windows, tab-separated"));
  m_command = buttons->addButton(tr("Copy as comman&d"), QDialogButtonBox::ActionRole);
  m_command->setIcon(themeIcon(QStringLiteral("command")));
  m_stop = buttons->addButton(tr("&Stop"), QDialogButtonBox::ActionRole);
  m_start = buttons->addButton(tr("&Verify"), QDialogButtonBox::ActionRole);
  setStyleProperty(m_start, "accent", true);
  m_start->setDefault(true);
  column->addWidget(buttons);
  connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
  connect(m_start, &QPushButton::clicked, this, &VerifyDialog::start);
  connect(m_stop, &QPushButton::clicked, this, [this] { m_session->jobs()->cancel(m_job); });
  connect(m_copy, &QPushButton::clicked, this, [this] {
    QGuiApplication::clipboard()->setText(summary() + QStringLiteral("\n\n") + m_scores->asText());
    m_state->setText(tr("Copied."));
  });
  connect(m_command, &QPushButton::clicked, this, [this] {
    const TextSource source = m_text->source();
    const bool isIds = !source.ids.empty();
    QGuiApplication::clipboard()->setText(
        perplexityCommand(*m_session, QString::fromStdString((isIds ? source.ids : source.text).string()),
                          isIds, m_text->windows()));
    m_state->setText(tr("Copied."));
  });
}

void VerifyDialog::start() {
  m_scores->clear();
  m_result.reset();
  m_feed = std::make_shared<Feed>();
  VerifyOptions options;
  options.source = m_text->source();
  options.windows = m_text->windows();
  options.memoryBytes = m_text->memoryBytes();
  const auto plan = std::make_shared<const QuantizationPlan>(m_session->plan()->plan());
  m_job = m_session->jobs()->run<Verification>(
      this, QStringLiteral("verify"), tr("Verifying %1").arg(m_session->plan()->displayName()), false,
      [workspace = m_session->workspace(), plan, options, feed = m_feed](JobContext& job) {
        return workspace->verify(
            plan.get(), options, job,
            [feed](std::size_t, const WindowScore& after, const std::optional<WindowScore>& before) {
              const std::lock_guard guard(feed->lock);
              feed->windows.push_back({after, before});
            });
      },
      [this](Verification result) { m_result = std::move(result); });
  m_poll.start();
  refresh();
  showFigures();
}

void VerifyDialog::poll() {
  std::vector<WindowPair> windows;
  {
    const std::lock_guard guard(m_feed->lock);
    windows.swap(m_feed->windows);
  }
  m_scores->append(windows);
  if (!windows.empty()) showFigures();
  for (const JobRunner::Job& job : m_session->jobs()->jobs()) {
    if (job.id != m_job) continue;
    const JobContext& context = *job.context;
    m_bar->setRange(0, context.total() > 0 ? 1000 : 0);
    m_bar->setValue(static_cast<int>(context.fraction() * 1000));
    m_state->setText(context.isPaused() ? tr("paused") : timeLeftText(context));
  }
}

void VerifyDialog::noticeEnd() {
  if (!m_job) return;
  for (const JobRunner::Job& job : m_session->jobs()->jobs()) {
    if (job.id != m_job || job.state == JobRunner::State::Queued || job.state == JobRunner::State::Running)
      continue;
    poll();
    m_poll.stop();
    m_job = 0;
    const QString windows = pluralText(m_scores->rowCount(), tr("window"), tr("windows"));
    m_state->setText(job.state == JobRunner::State::Finished    ? tr("Done, %1").arg(windows)
                     : job.state == JobRunner::State::Cancelled ? tr("Stopped after %1").arg(windows)
                                                                : job.error);
    m_state->setToolTip(m_state->text());
    showFigures();
    refresh();
    return;
  }
}

void VerifyDialog::showFigures() {
  const ScoreTotals totals = m_scores->totals();
  const bool isThere = totals.targets > 0;
  const bool isFinal = m_result.has_value();
  const double after = isFinal ? m_result->result.perplexity : totals.perplexityAfter;
  const double before =
      isFinal && m_result->reference ? m_result->reference->perplexity : totals.perplexityBefore;
  const QString none(kDash);
  m_perplexity->setText(isThere ? changeText(before, after) : none);
  m_error->setText(isFinal ? QStringLiteral("± ") + fixedText(m_result->result.standardError, 3) : none);
  const double kl = isFinal ? m_result->result.meanKl : totals.meanKl;
  m_kl->setText(!isThere || !totals.hasReference ? none : kl < 0.001 ? scientificText(kl) : fixedText(kl, 4));
  m_agreement->setText(isThere && totals.hasReference
                           ? percentText(isFinal ? m_result->result.topAgreement : totals.topAgreement)
                           : none);
  m_basis->setText(isThere ? tr("%1 predictions in %2%3")
                                 .arg(countText(totals.targets),
                                      pluralText(m_scores->rowCount(), tr("window"), tr("windows")),
                                      isFinal ? QString() : tr(", so far"))
                           : none);
  if (isFinal) m_basis->setToolTip(evidenceText(m_result->evidence, {}));
  m_copy->setEnabled(isThere);
}

QString VerifyDialog::summary() const {
  const ScoreTotals totals = m_scores->totals();
  const auto number = [](double value) { return QString::number(value, 'g', 9); };
  QStringList lines;
  if (totals.hasReference)
    lines << tr("perplexity before\t%1")
                 .arg(number(m_result && m_result->reference ? m_result->reference->perplexity
                                                             : totals.perplexityBefore));
  lines << tr("perplexity after\t%1")
               .arg(number(m_result ? m_result->result.perplexity : totals.perplexityAfter));
  if (m_result) lines << tr("standard error\t%1").arg(number(m_result->result.standardError));
  if (totals.hasReference) {
    lines << tr("mean KL\t%1").arg(number(m_result ? m_result->result.meanKl : totals.meanKl));
    lines << tr("same top token\t%1")
                 .arg(number(m_result ? m_result->result.topAgreement : totals.topAgreement));
  }
  lines << tr("predictions\t%1").arg(totals.targets);
  return lines.join(QLatin1Char('\n'));
}

void VerifyDialog::refresh() {
  m_start->setEnabled(!m_job && m_text->problem().isEmpty());
  m_start->setToolTip(m_text->problem().isEmpty() ? tr("Runs as a job; the window can be used meanwhile")
                                                  : m_text->problem());
  m_stop->setEnabled(m_job != 0);
  m_bar->setVisible(m_job != 0);
  m_command->setEnabled(m_text->problem().isEmpty());
}

}  // namespace ql
