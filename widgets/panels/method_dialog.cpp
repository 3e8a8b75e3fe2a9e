#include "widgets/panels/method_dialog.h"

#include "core/quant/element_format.h"
#include "widgets/bridge/number_format.h"
#include "widgets/bridge/session.h"
#include "widgets/models/jobs_model.h"
#include "widgets/models/method_table_model.h"
#include "widgets/panels/form_parts.h"
#include "widgets/panels/text_chooser.h"

#include <QCheckBox>
#include <QClipboard>
#include <QComboBox>
#include <QDialogButtonBox>
#include <QDoubleSpinBox>
#include <QFormLayout>
#include <QGuiApplication>
#include <QHeaderView>
#include <QLineEdit>
#include <QProgressBar>
#include <QSpinBox>
#include <QStyledItemDelegate>
#include <QTableView>
#include <QTimer>
#include <QVBoxLayout>

namespace ql {

namespace {

constexpr int kPollMs = 100;
constexpr int kBlockTokens = 2048;  // what AdaDim runs the model on

struct MethodWords {
  const char *title, *about, *job, *undo;
};
constexpr MethodWords kWords[] = {
    {QT_TRANSLATE_NOOP("ql::MethodDialog", "Fewest layers"),
     QT_TRANSLATE_NOOP("ql::MethodDialog",
                       "Every linear over the target gets the largest group size that brings it under; fused "
                       "linears change together, and all others keep their scheme."),
     QT_TRANSLATE_NOOP("ql::MethodDialog", "Looking for the fewest layers"),
     QT_TRANSLATE_NOOP("ql::MethodDialog", "fewest layers: %1 changed")},
    {QT_TRANSLATE_NOOP("ql::MethodDialog", "INT or FP per layer (MoFQ)"),
     QT_TRANSLATE_NOOP(
         "ql::MethodDialog",
         "Integers and floats of the same bits, granularity and scale rule are measured on every "
         "linear, and the one with the smaller error is taken."),
     QT_TRANSLATE_NOOP("ql::MethodDialog", "Comparing integers and floats"),
     QT_TRANSLATE_NOOP("ql::MethodDialog", "INT or FP: %1 changed")},
    {QT_TRANSLATE_NOOP("ql::MethodDialog", "Output or input channel (AdaDim)"),
     QT_TRANSLATE_NOOP("ql::MethodDialog",
                       "Scales by output channel and by input channel are measured on every linear, and the "
                       "dimension with the smaller output error is taken."),
     QT_TRANSLATE_NOOP("ql::MethodDialog", "Comparing output and input channels"),
     QT_TRANSLATE_NOOP("ql::MethodDialog", "output or input channel: %1 changed")},
};

const MethodWords& wordsOf(AutoMethod method) {
  return kWords[static_cast<std::size_t>(method)];
}

/// Cells in line with the text of their headers.
class PaddedDelegate : public QStyledItemDelegate {
 public:
  using QStyledItemDelegate::QStyledItemDelegate;
  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
    option.widget->style()->drawPrimitive(QStyle::PE_PanelItemViewItem, &option, painter, option.widget);
    QStyledItemDelegate::paint(painter, padded(option), index);
  }
  bool editorEvent(QEvent* event, QAbstractItemModel* model, const QStyleOptionViewItem& option,
                   const QModelIndex& index) override {
    return QStyledItemDelegate::editorEvent(event, model, padded(option), index);
  }

 private:
  static QStyleOptionViewItem padded(QStyleOptionViewItem option) {
    option.rect.adjust(scaledPx(5), 0, -scaledPx(14), 0);
    return option;
  }
};

QString linearsText(std::size_t count) {
  return pluralText(static_cast<std::int64_t>(count), MethodDialog::tr("linear"),
                    MethodDialog::tr("linears"));
}

}  // namespace

MethodDialog::MethodDialog(Session* session, AutoMethod method, QWidget* parent)
    : QDialog(parent), m_session(session), m_method(method), m_table(new MethodTableModel(this)) {
  setWindowTitle(tr(wordsOf(method).title));
  const QSize room = parent ? parent->size() - QSize(40, 60) : QSize(1200, 760);
  resize(QSize(scaledPx(1180), scaledPx(620)).boundedTo(room));
  new QVBoxLayout(this);
  m_table->clear(method);
  setupForm();
  setupTable();
  setupButtons();
  m_poll = new QTimer(this);
  m_poll->setInterval(kPollMs);
  connect(m_poll, &QTimer::timeout, this, &MethodDialog::poll);
  connect(m_table, &MethodTableModel::checksChanged, this, &MethodDialog::refresh);
  connect(session->jobs(), &JobRunner::changed, this, &MethodDialog::noticeEnd);
  connect(session->plan(), &PlanDocument::planChanged, this, &MethodDialog::planChanged);
  connect(session, &Session::workspaceChanged, this, &QObject::deleteLater);
  refresh();
  if (problem().isEmpty()) start();
}

MethodDialog::~MethodDialog() {
  if (m_job) m_session->jobs()->cancel(m_job);
}

void MethodDialog::setupForm() {
  auto* column = static_cast<QVBoxLayout*>(layout());
  column->setSpacing(scaledPx(metrics::kGap));
  QLabel* about = makeDimLabel(tr(wordsOf(m_method).about), FontRole::Body, this);
  about->setWordWrap(true);
  column->addWidget(about);
  auto* form = new QFormLayout;
  form->setLabelAlignment(Qt::AlignRight);
  form->setVerticalSpacing(scaledPx(4));
  form->setFieldGrowthPolicy(QFormLayout::FieldsStayAtSizeHint);
  column->addLayout(form);
  if (m_method == AutoMethod::FewestLayers) setupFewest(form);
  if (m_method == AutoMethod::Mofq) setupMofq(form);
  if (m_method == AutoMethod::AdaDim) setupAdaDim(form);
  m_selectedOnly = new QCheckBox(tr("Only the selected linears and their fused siblings"), this);
  m_selectedOnly->setEnabled(!m_session->selection()->selected().empty());
  form->addRow(QString(), m_selectedOnly);
  connect(m_selectedOnly, &QCheckBox::toggled, this, &MethodDialog::settingsChanged);
}

void MethodDialog::setupFewest(QFormLayout* form) {
  m_target = new QDoubleSpinBox(this);
  m_target->setRange(0.01, 100);
  m_target->setDecimals(2);
  m_target->setSingleStep(0.25);
  m_target->setSuffix(QString(kNarrowSpace) + QLatin1Char('%'));
  m_target->setValue(m_session->view().target * 100);
  m_target->setToolTip(tr("Error that no linear shall exceed: of its output where there are activations"));
  form->addRow(tr("&Target"), m_target);
  m_groups = new QLineEdit(QStringLiteral("128, 64, 32, 16"), this);
  m_groups->setMinimumWidth(scaledPx(200));
  m_groups->setToolTip(
      tr("Input channels that share one scale, separated by commas; the largest that is "
         "enough is taken"));
  form->addRow(tr("&Group sizes"), m_groups);
  connect(m_target, &QDoubleSpinBox::valueChanged, this, &MethodDialog::settingsChanged);
  connect(m_groups, &QLineEdit::textEdited, this, &MethodDialog::settingsChanged);
}

void MethodDialog::setupMofq(QFormLayout* form) {
  m_loss = new QComboBox(this);
  m_loss->addItem(tr("error of the weights (needs no data)"), static_cast<int>(MofqLoss::Tensor));
  m_loss->addItem(tr("output error, weights quantized"), static_cast<int>(MofqLoss::Output));
  m_loss->addItem(tr("output error, weights and activations quantized"), static_cast<int>(MofqLoss::Wa));
  m_loss->setToolTip(tr("The error that decides; output errors need activations"));
  form->addRow(tr("&Decide by"), m_loss);
  m_float = new QComboBox(this);
  m_float->addItem(tr("usual of the bits (fp8_e4m3, fp6_e2m3, fp4_e2m1)"), QString());
  for (const ElementFormat& format : elementFormats()) {
    const QString name = QString::fromUtf8(format.name.data(), static_cast<qsizetype>(format.name.size()));
    m_float->addItem(name, name);
  }
  form->addRow(tr("&Float format"), m_float);
  m_together = new QCheckBox(tr("One verdict for what a runtime stores as one (q, k, v; gate, up)"), this);
  m_together->setChecked(true);
  form->addRow(QString(), m_together);
  connect(m_loss, &QComboBox::currentIndexChanged, this, &MethodDialog::settingsChanged);
  connect(m_float, &QComboBox::currentIndexChanged, this, &MethodDialog::settingsChanged);
  connect(m_together, &QCheckBox::toggled, this, &MethodDialog::settingsChanged);
}

void MethodDialog::setupAdaDim(QFormLayout* form) {
  m_loss = new QComboBox(this);
  m_loss->addItem(tr("each linear's own output"));
  m_loss->addItem(tr("the output of the attention and of the MLP, on text"));
  m_loss->setToolTip(tr("The error that decides; the second runs the model block by block"));
  form->addRow(tr("&Decide by"), m_loss);
  m_textPart = new QWidget(this);
  auto* texts = new QFormLayout(m_textPart);
  texts->setContentsMargins(0, 0, 0, 0);
  texts->setLabelAlignment(Qt::AlignRight);
  texts->setVerticalSpacing(scaledPx(4));
  texts->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
  m_text = new TextChooser(m_session, TextChooser::Use::Verification, texts, m_textPart);
  constexpr int kMemoryRow = 4;  // all windows are in memory at once
  texts->setRowVisible(kMemoryRow, false);
  m_text->tokensBox()->setValue(kBlockTokens);
  static_cast<QVBoxLayout*>(layout())->addWidget(m_textPart);
  m_textPart->hide();
  connect(m_loss, &QComboBox::currentIndexChanged, this, [this](int index) {
    m_textPart->setVisible(index == 1);
    settingsChanged();
  });
  // its estimate comes late and is no change of the settings
  connect(m_text, &TextChooser::changed, this, &MethodDialog::refresh);
  connect(m_text->sourceBox(), &QComboBox::currentIndexChanged, this, &MethodDialog::settingsChanged);
  connect(m_text->pathBox(), &QLineEdit::textEdited, this, &MethodDialog::settingsChanged);
  connect(m_text->tokensBox(), &QSpinBox::valueChanged, this, &MethodDialog::settingsChanged);
  connect(m_text->contextBox(), &QSpinBox::valueChanged, this, &MethodDialog::settingsChanged);
}

void MethodDialog::setupTable() {
  auto* column = static_cast<QVBoxLayout*>(layout());
  m_view = new QTableView(this);
  m_view->setModel(m_table);
  m_view->setObjectName(QStringLiteral("scores"));  // cells padded as their headers
  m_view->setAccessibleName(tr("Decisions by linear"));
  m_view->setShowGrid(false);
  m_view->setSelectionBehavior(QAbstractItemView::SelectRows);
  m_view->setItemDelegate(new PaddedDelegate(m_view));
  m_view->setWordWrap(false);
  m_view->setTextElideMode(Qt::ElideMiddle);
  m_view->verticalHeader()->hide();
  m_view->verticalHeader()->setDefaultSectionSize(scaledPx(metrics::kTableRow));
  QHeaderView* header = m_view->horizontalHeader();
  header->setSectionResizeMode(QHeaderView::Interactive);
  header->setStretchLastSection(true);
  header->setHighlightSections(false);
  const bool isPair = m_method != AutoMethod::FewestLayers;
  const int widths[] = {240, isPair ? 165 : 125, 105, 92, 88, 70, isPair ? 258 : 150, 60};
  for (int i = 0; i < MethodTableModel::kColumnCount; ++i) m_view->setColumnWidth(i, scaledPx(widths[i]));
  m_view->setColumnHidden(MethodTableModel::Ratio, !isPair);
  column->addWidget(m_view, 1);
  connect(m_view, &QTableView::doubleClicked, this, [this](const QModelIndex& index) {
    const LinearId id = m_table->linearAt(index.row());
    m_session->selection()->selectOnly(id);
    emit m_session->selection()->openRequested(id);
  });
  m_summary = new QLabel(this);
  m_summary->setWordWrap(true);
  column->addWidget(m_summary);
}

void MethodDialog::setupButtons() {
  auto* column = static_cast<QVBoxLayout*>(layout());
  auto* row = new QHBoxLayout;
  row->addWidget(m_bar = new QProgressBar(this));
  m_bar->setTextVisible(false);
  m_bar->setFixedWidth(scaledPx(140));
  m_bar->setAccessibleName(tr("Progress of the measurement"));
  row->addWidget(m_state = makeDimLabel({}, FontRole::Axis, this), 1);
  m_state->setWordWrap(true);
  row->addWidget(m_all = makeSmallButton(tr("Check &all"), this));
  row->addWidget(m_none = makeSmallButton(tr("Check &none"), this));
  column->addLayout(row);
  auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close, this);
  m_copy = buttons->addButton(tr("Copy &table"), QDialogButtonBox::ActionRole);
  m_stop = buttons->addButton(tr("&Stop"), QDialogButtonBox::ActionRole);
  m_start = buttons->addButton(tr("&Decide"), QDialogButtonBox::ActionRole);
  m_start->setToolTip(tr("Measures what is missing; runs as a job, the window can be used meanwhile"));
  m_apply = buttons->addButton(tr("A&pply"), QDialogButtonBox::ActionRole);
  m_apply->setToolTip(tr("Writes the checked changes into the plan as one undo step"));
  setStyleProperty(m_apply, "accent", true);
  m_start->setDefault(true);
  column->addWidget(buttons);
  connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
  connect(m_start, &QPushButton::clicked, this, &MethodDialog::start);
  connect(m_stop, &QPushButton::clicked, this, [this] { m_session->jobs()->cancel(m_job); });
  connect(m_apply, &QPushButton::clicked, this, &MethodDialog::apply);
  connect(m_all, &QPushButton::clicked, this, [this] { m_table->setAllChecked(true); });
  connect(m_none, &QPushButton::clicked, this, [this] { m_table->setAllChecked(false); });
  connect(m_copy, &QPushButton::clicked, this, [this] {
    QGuiApplication::clipboard()->setText(m_table->asText());
    m_state->setText(tr("Copied."));
  });
}

AutoRequest MethodDialog::request() const {
  AutoRequest request;
  request.method = m_method;
  if (m_selectedOnly->isChecked()) request.linears = m_session->selection()->selected();
  if (m_target) request.target = m_target->value() / 100;
  if (m_groups) {
    request.groupSizes.clear();
    for (const QString& part : m_groups->text().split(QLatin1Char(','), Qt::SkipEmptyParts)) {
      bool isNumber = false;
      const int size = part.trimmed().toInt(&isNumber);
      if (!isNumber || size < 1)
        throw Error(ErrorCode::Usage,
                    tr("\"%1\" is no group size; give whole numbers such as 128, 64, 32, 16.")
                        .arg(part.trimmed())
                        .toStdString());
      request.groupSizes.push_back(size);
    }
  }
  if (m_method == AutoMethod::Mofq) {
    request.loss = static_cast<MofqLoss>(m_loss->currentData().toInt());
    request.floatFormat = m_float->currentData().toString().toStdString();
    request.splitFused = !m_together->isChecked();
  }
  if (m_method == AutoMethod::AdaDim && m_loss->currentIndex() == 1) {
    request.isBlockLoss = true;
    request.text = m_text->source();
    request.windows = m_text->windows();
  }
  return request;
}

QString MethodDialog::problem() const {
  const bool isByBlock = m_method == AutoMethod::AdaDim && m_loss->currentIndex() == 1;
  if (isByBlock && !m_text->problem().isEmpty()) return m_text->problem();
  const bool needsActivations = (m_method == AutoMethod::AdaDim && !isByBlock) ||
                                (m_method == AutoMethod::Mofq && m_loss->currentIndex() > 0);
  if (needsActivations && !m_session->workspace()->calibrationRecord())
    return tr("Output errors need activations: calibrate first (Analyze menu).");
  try {
    const AutoRequest asked = request();
    if (m_groups && asked.groupSizes.empty()) return tr("Give at least one group size, such as 128.");
  } catch (const Error& e) {
    return QString::fromUtf8(e.what());
  }
  return {};
}

void MethodDialog::start() {
  if (m_job || !problem().isEmpty()) return;
  m_table->clear(m_method);
  m_isStale = false;
  m_state->clear();
  const auto plan = std::make_shared<const QuantizationPlan>(m_session->plan()->plan());
  m_job = m_session->jobs()->run<AutoReport>(
      this, QStringLiteral("auto-decision"), tr(wordsOf(m_method).job), false,
      [workspace = m_session->workspace(), plan, asked = request()](JobContext& job) {
        return decideAutomatically(*workspace, *plan, asked, job);
      },
      [this](AutoReport report) { showReport(std::move(report)); });
  m_poll->start();
  refresh();
}

void MethodDialog::showReport(AutoReport report) {
  m_table->setReport(std::move(report), *m_session->model());
  m_session->remeasured();
  refresh();
}

void MethodDialog::apply() {
  const std::vector<AutoDecision> decisions = m_table->checkedDecisions();
  if (decisions.empty() || m_isStale || m_job) return;
  const EditResult result = applyDecisions(m_session->plan()->plan(), *m_session->model(), decisions);
  m_session->plan()->edit(tr(wordsOf(m_method).undo).arg(linearsText(result.changed.size())),
                          [&result](const QuantizationPlan&) { return result; });
  accept();
}

void MethodDialog::settingsChanged() {
  if (m_job) m_session->jobs()->cancel(m_job);
  m_table->clear(m_method);
  refresh();
}

void MethodDialog::planChanged() {
  m_isStale = m_table->hasReport() || m_job != 0;
  refresh();
}

void MethodDialog::poll() {
  for (const JobRunner::Job& job : m_session->jobs()->jobs()) {
    if (job.id != m_job) continue;
    const JobContext& context = *job.context;
    m_bar->setRange(0, context.total() > 0 ? 1000 : 0);
    m_bar->setValue(static_cast<int>(context.fraction() * 1000));
    m_state->setText(context.isPaused() ? tr("paused") : timeLeftText(context));
  }
}

void MethodDialog::noticeEnd() {
  if (!m_job) return;
  for (const JobRunner::Job& job : m_session->jobs()->jobs()) {
    if (job.id != m_job || job.state == JobRunner::State::Queued || job.state == JobRunner::State::Running)
      continue;
    m_poll->stop();
    m_job = 0;
    m_state->setText(job.state == JobRunner::State::Finished    ? QString()
                     : job.state == JobRunner::State::Cancelled ? tr("Stopped.")
                                                                : job.error);
    refresh();
    return;
  }
}

QString MethodDialog::stateText() const {
  return m_summary->text();
}

void MethodDialog::refresh() {
  if (!m_apply) return;  // still being set up
  const QString why = problem();
  const bool hasReport = m_table->hasReport();
  m_start->setEnabled(!m_job && why.isEmpty());
  m_stop->setEnabled(m_job != 0);
  m_bar->setVisible(m_job != 0);
  m_copy->setEnabled(hasReport);
  const std::size_t checked = m_table->checkedCount();
  m_all->setEnabled(hasReport && checked < m_table->changeCount());
  m_none->setEnabled(checked > 0);
  m_apply->setEnabled(checked > 0 && !m_isStale && !m_job);
  m_apply->setText(checked > 0 ? tr("A&pply to %1").arg(linearsText(checked)) : tr("A&pply"));
  if (!why.isEmpty()) {
    m_summary->setText(why);
  } else if (m_isStale) {
    m_summary->setText(tr("The plan has changed since; decide again."));
  } else if (!hasReport) {
    m_summary->setText(m_job ? tr("Measuring…") : tr("Press Decide to measure what is missing."));
  } else {
    const AutoReport& report = m_table->report();
    QString text = tr("%1 looked at, %2 would change.")
                       .arg(linearsText(report.decisions.size()), linearsText(report.changes()));
    if (const std::size_t count = report.count(AutoOutcome::OutOfReach); count > 0)
      text +=
          QLatin1Char(' ') +
          tr("%1 stay over the target with every group size; smoothing may help.").arg(linearsText(count));
    if (const std::size_t count = report.count(AutoOutcome::NotMeasured); count > 0)
      text += QLatin1Char(' ') + tr("%1 not decided.").arg(linearsText(count));
    m_summary->setText(text);
  }
}

}  // namespace ql
