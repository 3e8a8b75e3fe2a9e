#include "widgets/panels/method_views/rotation_view.h"

#include "core/base/error.h"
#include "widgets/bridge/calibration_control.h"
#include "widgets/bridge/core_text.h"
#include "widgets/bridge/number_format.h"
#include "widgets/bridge/session.h"
#include "widgets/canvas/canvas.h"
#include "widgets/panels/evidence_dot.h"
#include "widgets/panels/form_parts.h"
#include "widgets/panels/method_views/rotation_figures.h"
#include "widgets/panels/method_views/rotation_plot.h"
#include "widgets/panels/view_frame.h"

#include <QHBoxLayout>
#include <QScrollArea>
#include <QSpinBox>
#include <QSplitter>

#include <algorithm>

namespace ql {

namespace {

constexpr int kPlotHeight = 150;
const QString kSlot = QStringLiteral("method-rotation");
const char* const kMethods[] = {"", "hadamard", "random"};  // by segment

/// The layer's choice, or a usual one where it leaves the layer alone.
Choice shownChoice(const Choice& choice) {
  return choice.weight || choice.activation ? choice : parseSpec("w4a16");
}

/// What a plan says; nothing for a list that this version does not understand.
std::optional<ModelRotation> rotationOf(const QuantizationPlan& plan) {
  try {
    return planRotation(plan);
  } catch (const Error&) {
    return std::nullopt;
  }
}

int segmentOf(const std::optional<RotationSpec>& spec) {
  return !spec ? 0 : spec->method == kMethods[1] ? 1 : 2;
}

}  // namespace

struct RotationView::Answer {
  std::string key;
  std::shared_ptr<const RotationLab> lab;
  std::shared_ptr<const RotationPreview> preview;
  QString problem;
};

RotationView::RotationView(Session* session, QWidget* parent) : MethodView(parent), m_session(session) {
  setAccessibleName(tr("Rotation"));
  m_columns = new RotationPlot(RotationPlot::Quantity::Columns, this);
  m_rows = new RotationPlot(RotationPlot::Quantity::Rows, this);
  m_inputs = new RotationPlot(RotationPlot::Quantity::Inputs, this);
  m_columnCanvas = new Canvas(m_columns, this);
  m_rowCanvas = new Canvas(m_rows, this);
  m_inputCanvas = new Canvas(m_inputs, this);
  for (Canvas* canvas : {m_columnCanvas, m_rowCanvas, m_inputCanvas})
    connect(canvas, &Canvas::message, session, &Session::message);
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  column->addWidget(makeBar());
  column->addWidget(makeSeparator(Qt::Horizontal, this));
  auto* split = new QSplitter(Qt::Horizontal, this);
  split->setChildrenCollapsible(false);
  split->setHandleWidth(1);
  split->addWidget(makePlots());
  split->addWidget(makeSide());
  split->setStretchFactor(0, 1);
  split->setStretchFactor(1, 0);
  split->setSizes({600, 330});
  column->addWidget(split, 1);
}

RotationView::~RotationView() = default;

SegmentedControl* RotationView::makeMethods(const QString& name, QWidget* parent) {
  auto* control = new SegmentedControl(name, parent);
  control->addSegment(tr("None"), tr("Leave it as it is"));
  control->addSegment(tr("Hadamard"),
                      tr("Random signs and a Hadamard transform, in blocks of the largest power "
                         "of two that divides the channels"));
  control->addSegment(tr("Random"), tr("A random orthogonal matrix"));
  connect(control, &SegmentedControl::picked, this, &RotationView::compute);
  return control;
}

QWidget* RotationView::makeBar() {
  auto* bar = new QWidget(this);
  bar->setFixedHeight(scaledPx(metrics::kViewToolbar));
  bar->setAutoFillBackground(true);
  bar->setBackgroundRole(QPalette::Base);
  auto* row = new QHBoxLayout(bar);
  row->setContentsMargins(scaledPx(metrics::kInspectorPadding), 0, scaledPx(metrics::kGap), 0);
  row->setSpacing(scaledPx(metrics::kGap));
  const auto label = [&](const QString& text, const QString& tip) {
    QLabel* made = makeDimLabel(text, FontRole::Body, bar);
    made->setToolTip(tip);
    row->addWidget(made);
  };
  label(tr("Stream"),
        tr("R1: rotates the residual stream, and with it every matrix that reads or writes it"));
  row->addWidget(m_residual = makeMethods(tr("Rotation of the residual stream"), bar));
  label(tr("Heads"), tr("R2: rotates the values of each attention head, taken back by the output matrix"));
  row->addWidget(m_heads = makeMethods(tr("Rotation of the heads"), bar));
  label(tr("Seed"), tr("Of the signs and matrices"));
  m_seed = new QSpinBox(bar);
  m_seed->setRange(0, 999'999);
  m_seed->setAccessibleName(tr("Seed"));
  m_seed->setKeyboardTracking(false);
  connect(m_seed, &QSpinBox::valueChanged, this, &RotationView::compute);
  row->addWidget(m_seed);
  row->addStretch(1);
  m_residual->setCurrent(1);
  m_heads->setCurrent(1);
  return bar;
}

QWidget* RotationView::makePlots() {
  auto* scroll = new QScrollArea(this);
  scroll->setWidgetResizable(true);
  scroll->setFrameShape(QFrame::NoFrame);
  scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  scroll->setMinimumWidth(scaledPx(280));
  auto* side = new QWidget(scroll);
  auto* column = new QVBoxLayout(side);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  column->addWidget(makeTitledBox(tr("Input channels of W"), &m_columnDim, m_columnCanvas, kPlotHeight, this),
                    1);
  column->addWidget(makeSeparator(Qt::Horizontal, side));
  column->addWidget(makeTitledBox(tr("Output channels of W"), &m_rowDim, m_rowCanvas, kPlotHeight, this), 1);
  column->addWidget(makeSeparator(Qt::Horizontal, side));
  column->addWidget(makeTitledBox(tr("Channels of X"), &m_inputDim, m_inputCanvas, kPlotHeight, this), 1);
  scroll->setWidget(side);
  return scroll;
}

QWidget* RotationView::makeSide() {
  auto* side = new QWidget(this);
  side->setMinimumWidth(scaledPx(270));
  auto* column = new QVBoxLayout(side);
  column->setContentsMargins(0, scaledPx(6), 0, scaledPx(8));
  column->setSpacing(scaledPx(4));
  const int padding = scaledPx(metrics::kInspectorPadding);
  auto* head = new QHBoxLayout;
  head->setContentsMargins(padding, 0, padding, 0);
  m_order = new SegmentedControl(tr("Order of the channels"), side);
  m_order->addSegment(tr("By channel"), tr("Channels as they stand"));
  m_order->addSegment(tr("By rank"), tr("Each curve from its largest channel to its smallest"));
  connect(m_order, &SegmentedControl::picked, this, [this](int index) {
    for (RotationPlot* plot : {m_columns, m_rows, m_inputs}) plot->setRanked(index == 1);
  });
  head->addWidget(m_order);
  head->addStretch(1);
  head->addWidget(m_dot = new EvidenceDot(side));
  column->addLayout(head);
  column->addWidget(m_figures = new RotationFigures(side));
  const auto addText = [&](QLabel*& label) {
    label = makeDimLabel({}, FontRole::Body, side);
    label->setWordWrap(true);
    label->setContentsMargins(padding, 0, padding, 0);
    column->addWidget(label);
  };
  addText(m_scheme);
  addText(m_note);
  column->addStretch(1);
  auto* buttons = new QHBoxLayout;
  buttons->setContentsMargins(padding, 0, padding, 0);
  m_apply = makeAccentButton(tr("Apply to plan"), side);
  connect(m_apply, &QPushButton::clicked, this, &RotationView::applyToPlan);
  buttons->addWidget(m_apply);
  buttons->addStretch(1);
  column->addLayout(buttons);
  return side;
}

// What is asked for
// ------------------------------------------------------------------------------------------------------------

ModelRotation RotationView::rotation() const {
  const auto seed = static_cast<std::uint64_t>(m_seed->value());
  ModelRotation rotation;
  if (m_residual->current() > 0) rotation.residual = RotationSpec{kMethods[m_residual->current()], seed, {}};
  if (m_heads->current() > 0) rotation.headValues = RotationSpec{kMethods[m_heads->current()], seed, {}};
  return rotation;
}

/// A model or plan that was just opened: the controls show what its plan rotates.
void RotationView::followPlan() {
  const auto planned = rotationOf(m_session->plan()->plan());
  if (!planned || planned->isEmpty()) return;
  const RotationSpec& any = planned->residual ? *planned->residual : *planned->headValues;
  const QSignalBlocker blocker(m_seed);
  m_seed->setValue(static_cast<int>(std::min<std::uint64_t>(any.seed, 999'999)));
  m_residual->setCurrent(segmentOf(planned->residual));
  m_heads->setCurrent(segmentOf(planned->headValues));
}

/// What the model cannot take is not offered, and says why.
void RotationView::followReach() {
  const RotationReach reach = rotationReach(*m_session->workspace());
  const auto follow = [](SegmentedControl* control, const std::string& problem, const QString& sentence) {
    control->setEnabled(problem.empty());
    control->setToolTip(problem.empty() ? QString() : sentence.arg(coreText(problem)));
    if (!problem.empty()) control->setCurrent(0);
  };
  follow(m_residual, reach.residualProblem, tr("The residual stream cannot be rotated: %1."));
  follow(m_heads, reach.headProblem, tr("The heads cannot be rotated: %1."));
}

void RotationView::setTarget(const MethodTarget& target) {
  m_target = target;
  if (m_known.lock() != m_session->workspace()) {
    m_known = m_session->workspace();
    m_lab.reset();
    m_asked.clear();
    m_residual->setCurrent(1);
    m_heads->setCurrent(1);
    followPlan();
    followReach();
  }
  compute();
}

void RotationView::leave() {
  if (m_preview) return;
  m_session->jobs()->cancelSlot(kSlot);
  m_asked.clear();
}

std::string RotationView::keyOf() const {
  const auto& record = m_session->calibration()->record();
  return std::to_string(*m_target.id) + " " + rotationsJson(rotation()) + " " +
         specText(shownChoice(m_target.choice)) + " " + (record ? record->data : std::string()) +
         (m_session->calibration()->isRunning() ? " running" : "");
}

void RotationView::compute() {
  if (!m_target.id || !m_session->workspace()) return;
  refreshWords();
  const std::string key = keyOf();
  if (key == m_asked) return;
  m_asked = key;
  m_problem.clear();
  const ModelRotation wanted = rotation();
  if (!m_session->workspace()->weights())
    return showPreview(nullptr,
                       tr("Only a statistics file is open; open the model itself to rotate its weights."));
  if (wanted.isEmpty())
    return showPreview(nullptr, tr("Choose a rotation of the residual stream or of the heads."));
  const QString name = QString::fromStdString(m_session->model()->linears[*m_target.id].name);
  showPreview(nullptr, tr("Rotating %1…").arg(name));
  m_session->jobs()->run<Answer>(
      this, kSlot, tr("Rotation of %1").arg(name), true,
      [workspace = m_session->workspace(), lab = m_lab, wanted, key, id = *m_target.id,
       choice = shownChoice(m_target.choice)](JobContext& job) {
        Answer answer{key, lab, nullptr, {}};
        try {
          if (!answer.lab || !(answer.lab->rotation() == wanted))
            answer.lab = std::make_shared<const RotationLab>(workspace, wanted, job);
          answer.preview = std::make_shared<const RotationPreview>(answer.lab->preview(id, choice, job));
        } catch (const Error& error) {
          answer.problem = coreText(error.what());
        }
        return answer;
      },
      [this](Answer answer) { take(std::move(answer)); });
}

void RotationView::take(Answer answer) {
  m_lab = std::move(answer.lab);
  if (answer.key != m_asked) return;
  m_problem = answer.problem;
  showPreview(std::move(answer.preview), answer.problem);
}

// What is shown
// ------------------------------------------------------------------------------------------------------------

void RotationView::showPreview(std::shared_ptr<const RotationPreview> preview, const QString& hint) {
  m_preview = std::move(preview);
  const QString noInput = m_session->calibration()->hasActivations()
                              ? tr("The activations at hand do not say what reaches this linear.")
                              : tr("Calibrate to see what reaches this linear.");
  for (RotationPlot* plot : {m_columns, m_rows, m_inputs}) {
    plot->setHint(m_preview && plot == m_inputs ? noInput : hint);
    plot->setPreview(m_preview);
    plot->setSettled(m_preview != nullptr || !m_problem.isEmpty());
  }
  m_figures->setPreview(m_preview.get());
  refreshWords();
}

QString RotationView::note() const {
  return m_note->text();
}

void RotationView::refreshWords() {
  const auto mixed = [&](std::int64_t block) {
    return block > 0 ? tr("blocks of %1 channels are mixed").arg(countText(block)) : tr("not rotated");
  };
  m_columnDim->setFullText(m_preview ? mixed(m_preview->inputBlock) : QString());
  m_rowDim->setFullText(m_preview ? mixed(m_preview->outputBlock) : QString());
  m_inputDim->setFullText(m_preview && m_preview->before.input
                              ? (m_preview->foldsNorm ? tr("rotated, without the gain of the norm in front")
                                                      : mixed(m_preview->inputBlock))
                              : QString());
  m_scheme->setText(
      tr("Errors under %1.").arg(QString::fromStdString(specText(shownChoice(m_target.choice)))));
  const bool isExact =
      m_preview && m_preview->after.error && m_preview->after.error->evidence.kind == Evidence::Kind::Exact;
  m_dot->setKind(!m_preview ? EvidenceDot::Kind::None
                 : isExact  ? EvidenceDot::Kind::Exact
                            : EvidenceDot::Kind::Sampled);
  const QuantizationPlan& plan = m_session->plan()->plan();
  const auto planned = rotationOf(plan);
  const bool isPlanned = planned && *planned == rotation();
  const bool isSmoothed = !plan.smoothing.empty() && !rotation().isEmpty();
  m_apply->setEnabled(m_problem.isEmpty() && !isPlanned && !isSmoothed);
  m_apply->setText(rotation().isEmpty() ? tr("Take out of the plan") : tr("Apply to plan"));
  m_note->setText(
      isSmoothed  ? tr("The plan smooths; a plan that smooths and rotates cannot be folded, so take the "
                        "smoothing out of it first.")
      : isPlanned ? (rotation().isEmpty() ? tr("The plan rotates nothing.")
                                          : tr("The plan has these rotations, for the whole model."))
      : rotation().residual && m_session->model() && m_session->model()->hasTiedEmbeddings
          ? tr("Rotations hold for the whole model. They are folded into the weights; the head, which is the "
               "embedding until now, then needs a matrix of its own.")
          : tr("Rotations hold for the whole model. They are folded into the weights: the model computes "
               "what it did before, and costs nothing more."));
}

void RotationView::applyToPlan() {
  const ModelRotation wanted = rotation();
  const QString text = wanted.isEmpty()
                           ? tr("no rotations")
                           : tr("rotations: %1").arg(QString::fromStdString(rotationText(wanted)));
  m_session->plan()->edit(text, [&](const QuantizationPlan& plan) {
    EditResult result;
    result.plan = plan;
    result.plan.rotations = rotationsJson(wanted);
    return result;
  });
  refreshWords();
}

const MethodViewEntry& rotationMethodEntry();

const MethodViewEntry& rotationMethodEntry() {
  static const MethodViewEntry entry{
      "rotation", QT_TRANSLATE_NOOP("ql::MethodView", "Rotation"),
      QT_TRANSLATE_NOOP("ql::MethodView",
                        "What rotating the residual stream and the heads does to channels and errors"),
      [](Session* session, QWidget* parent) -> MethodView* { return new RotationView(session, parent); }};
  return entry;
}

}  // namespace ql
