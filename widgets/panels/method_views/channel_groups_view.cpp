#include "widgets/panels/method_views/channel_groups_view.h"

#include "core/base/error.h"
#include "widgets/bridge/calibration_control.h"
#include "widgets/bridge/number_format.h"
#include "widgets/bridge/session.h"
#include "widgets/canvas/canvas.h"
#include "widgets/panels/form_parts.h"
#include "widgets/panels/method_views/channel_group_plots.h"
#include "widgets/panels/view_frame.h"

#include <QHBoxLayout>
#include <QSpinBox>
#include <QSplitter>
#include <QStackedLayout>

namespace ql {

namespace {

constexpr const char* kOrders[] = {"kmeans", "range", "none"};
constexpr const char* kFormats[] = {"int8", "int4"};
constexpr int kViewHeight = 140;
constexpr int kMostGroups = 256, kUsualGroups = 8;
const QString kSlot = QStringLiteral("method-channel-groups");

struct Answer {
  std::shared_ptr<const ChannelGroupReport> report;
  QString problem;
};

QString errorText(const std::optional<double>& error) {
  return error ? percentTextFine(*error) : QString(kDash);
}

}  // namespace

ChannelGroupsView::ChannelGroupsView(Session* session, QWidget* parent)
    : MethodView(parent),
      m_session(session),
      m_scatter(new ChannelScatterView(session->selection(), this)),
      m_before(new ChannelRangesView(session->selection(), false, this)),
      m_after(new ChannelRangesView(session->selection(), true, this)) {
  setAccessibleName(tr("Channel groups"));
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
  auto* split = new QSplitter(Qt::Horizontal, page);
  split->setChildrenCollapsible(false);
  split->setHandleWidth(1);
  auto* strips = new QSplitter(Qt::Vertical, split);
  strips->setChildrenCollapsible(false);
  strips->setHandleWidth(1);
  const auto canvas = [&](CanvasView* view) {
    auto* made = new Canvas(view, this);
    connect(made, &Canvas::message, session, &Session::message);
    return made;
  };
  split->addWidget(makeTitledBox(tr("Channels"), &m_scatterNote, canvas(m_scatter), kViewHeight, this));
  strips->addWidget(makeTitledBox(tr("Before"), &m_beforeNote, canvas(m_before), kViewHeight, this));
  strips->addWidget(makeTitledBox(tr("After"), &m_afterNote, canvas(m_after), kViewHeight, this));
  split->addWidget(strips);
  split->setSizes({480, 520});
  column->addWidget(split, 1);
  m_pages->addWidget(page);
}

QWidget* ChannelGroupsView::makeBar() {
  auto* bar = new QWidget(this);
  bar->setFixedHeight(scaledPx(metrics::kViewToolbar));
  bar->setAutoFillBackground(true);
  bar->setBackgroundRole(QPalette::Base);
  auto* row = new QHBoxLayout(bar);
  row->setContentsMargins(scaledPx(metrics::kInspectorPadding), 0, scaledPx(metrics::kGap), 0);
  row->setSpacing(scaledPx(metrics::kGap));
  m_order = new SegmentedControl(tr("How channels come into groups"), bar);
  m_order->addSegment(tr("Clusters"),
                      tr("Channels of similar range together, by k-means (RPTQ, arXiv:2304.01089)"));
  m_order->addSegment(tr("By range"),
                      tr("Channels sorted by range, in groups of one size (PEG, arXiv:2109.12948)"));
  m_order->addSegment(tr("As they stand"), tr("Neighbours together: nothing changes places"));
  row->addWidget(m_order);
  auto* label = makeLabel(tr("Groups"), FontRole::Body, bar);
  row->addWidget(label);
  m_count = new QSpinBox(bar);
  m_count->setRange(1, kMostGroups);
  m_count->setValue(kUsualGroups);
  m_count->setAccessibleName(tr("Number of groups"));
  m_count->setToolTip(
      tr("How many groups share a range each; of an output projection's input, in every head"));
  label->setBuddy(m_count);
  row->addWidget(m_count);
  m_bits = new SegmentedControl(tr("Number format"), bar);
  m_bits->addSegment(tr("8 bits"), tr("Errors of integers of 8 bits"));
  m_bits->addSegment(tr("4 bits"), tr("Errors of integers of 4 bits"));
  row->addWidget(m_bits);
  row->addStretch(1);
  row->addWidget(m_try = makeSmallButton(tr("Try it"), bar));
  m_try->setToolTip(tr("What-if: activations of the selected linears in these groups"));
  connect(m_order, &SegmentedControl::picked, this, [this] { compute(); });
  connect(m_bits, &SegmentedControl::picked, this, [this] { compute(); });
  connect(m_count, &QSpinBox::valueChanged, this, [this] { compute(); });
  connect(m_try, &QPushButton::clicked, this, &ChannelGroupsView::tryIt);
  return bar;
}

// What is shown
// ------------------------------------------------------------------------------------------------------------

QString ChannelGroupsView::message() const {
  return m_pages->currentIndex() == 0 ? m_message->text() : QString();
}

void ChannelGroupsView::showMessage(const QString& sentence, bool canCalibrate) {
  m_session->jobs()->cancelSlot(kSlot);
  m_asked.clear();
  take(nullptr);
  m_message->setText(sentence);
  m_buttons->setVisible(canCalibrate);
  m_pages->setCurrentIndex(0);
}

void ChannelGroupsView::setTarget(const MethodTarget& target) {
  m_target = target;
  if (!target.id || !m_session->model()) return showMessage(tr("Select a linear."), false);
  const CalibrationControl& calibration = *m_session->calibration();
  const Linear& linear = m_session->model()->linears[*target.id];
  if (linear.site && m_session->workspace()->activationSummary(*linear.site)) return compute();
  if (calibration.isRunning()) return showMessage(tr("Calibration has not reached this block yet."), false);
  showMessage(calibration.hasActivations()
                  ? tr("The activations at hand do not cover this linear.")
                  : tr("Groups of channels are made from the ranges of what goes into a "
                       "linear."),
              true);
}

void ChannelGroupsView::leave() {
  if (m_report) return;
  m_session->jobs()->cancelSlot(kSlot);
  m_asked.clear();
}

ChannelGroupRequest ChannelGroupsView::request() const {
  return {m_count->value(), kOrders[std::max(0, m_order->current())],
          kFormats[std::max(0, m_bits->current())]};
}

void ChannelGroupsView::compute() {
  if (!m_target.id || !m_session->model()) return;
  const LinearId id = *m_target.id;
  const ChannelGroupRequest asked = request();
  const auto& record = m_session->calibration()->record();
  const auto* workspace = static_cast<const void*>(m_session->workspace().get());
  const std::string key = std::to_string(reinterpret_cast<std::uintptr_t>(workspace)) + " " +
                          std::to_string(id) + " " + asked.permutation + " " + asked.format + " " +
                          std::to_string(asked.groups) + " " + (record ? record->data : std::string());
  if (key == m_asked) return;
  m_asked = key;
  m_pages->setCurrentIndex(1);
  if (!m_report || m_report->id != id) take(nullptr);
  m_session->jobs()->run<Answer>(
      this, kSlot, tr("Grouping channels"), true,
      [workspace = m_session->workspace(), id, asked](JobContext& job) {
        Answer answer;
        try {
          answer.report =
              std::make_shared<const ChannelGroupReport>(channelGroupReport(*workspace, id, asked, job));
        } catch (const Error& error) {
          answer.problem = QString::fromUtf8(error.what());
        }
        return answer;
      },
      [this](Answer answer) {
        if (answer.report) return take(std::move(answer.report));
        const std::string tried = m_asked;
        showMessage(answer.problem, false);
        m_asked = tried;  // not again until something changes
      });
}

void ChannelGroupsView::take(std::shared_ptr<const ChannelGroupReport> report) {
  m_report = std::move(report);
  for (ChannelGroupPlot* plot : std::initializer_list<ChannelGroupPlot*>{m_scatter, m_before, m_after}) {
    plot->setHint(m_report ? QString() : tr("Grouping channels…"));
    plot->setReport(m_report);
    plot->setSettled(m_report != nullptr);
  }
  m_try->setEnabled(m_report != nullptr);
  if (!m_report) {
    for (ElidedLabel* note : {m_scatterNote, m_beforeNote, m_afterNote}) note->setFullText({});
    return;
  }
  m_scatterNote->setFullText(m_report->run > 0
                                 ? tr("groups inside every head of %1 channels").arg(m_report->run)
                                 : tr("calibrated ranges, coloured by group"));
  const bool hasErrors = m_report->groupError.has_value();
  m_beforeNote->setFullText(
      hasErrors ? tr("one range for all channels: error of X %1").arg(errorText(m_report->tensorError))
                : tr("one range for all channels"));
  m_afterNote->setFullText(
      hasErrors
          ? tr("%1 ranges: error of X %2; a scale for each token: %3")
                .arg(m_report->groups.count)
                .arg(errorText(m_report->groupError), errorText(m_report->tokenError))
          : tr("%1 ranges; no tokens are sampled, so errors are not known").arg(m_report->groups.count));
}

void ChannelGroupsView::tryIt() {
  if (!m_report) return;
  Choice choice = m_target.choice;
  choice.activation = m_report->scheme;
  choice.activation->groupSize.reset();  // heads are found again for every linear
  m_session->plan()->setWhatIf(choice);
}

const MethodViewEntry& channelGroupsMethodEntry();

const MethodViewEntry& channelGroupsMethodEntry() {
  static const MethodViewEntry entry{
      "channel-groups", QT_TRANSLATE_NOOP("ql::MethodView", "Channel groups"),
      QT_TRANSLATE_NOOP("ql::MethodView",
                        "Activation channels that share a range: RPTQ's clusters and PEG's sorted groups"),
      [](Session* session, QWidget* parent) -> MethodView* {
        return new ChannelGroupsView(session, parent);
      }};
  return entry;
}

}  // namespace ql
