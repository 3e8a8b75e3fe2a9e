#include "widgets/panels/choice_error_view.h"

#include "core/quant/quantizer.h"
#include "widgets/bridge/calibration_control.h"
#include "widgets/bridge/number_format.h"
#include "widgets/bridge/scheme_words.h"

#include <algorithm>
#include <cmath>

namespace ql {

namespace {

constexpr int kPollMs = 120;
constexpr std::int64_t kGroups[] = {128, 64, 32, 16};
constexpr QColor Theme::*kColors[] = {&Theme::weight, &Theme::smoothing, &Theme::activation, &Theme::gain};

/// What the sweeps vary: a plain round-to-nearest scheme with the activations of `around`.
Choice plainChoice(const Choice& around, const std::string& format, Granularity granularity,
                   std::optional<std::int64_t> groupSize = std::nullopt) {
  WeightScheme scheme;
  scheme.format = format;
  scheme.granularity = granularity;
  scheme.groupSize = groupSize;
  const NumberFormatInfo* info = findNumberFormat(format);
  scheme.symmetric = !info || !info->isInteger || !around.weight || around.weight->symmetric;
  return {scheme, around.activation};
}

std::optional<Choice> usable(Choice choice, std::int64_t in) {
  const WeightScheme& scheme = *choice.weight;
  if (!isMeasurableScheme(scheme) || !choiceProblem(choice).empty()) return std::nullopt;
  if (scheme.groupSize && *scheme.groupSize > in) return std::nullopt;
  return choice;
}

int ownGroup(const std::string& format) {
  const NumberFormatInfo* info = findNumberFormat(format);
  return info ? info->ownGroup : 0;
}

/// Formats that are defined with their groups, as they are.
ChoiceCurve ownGroupCurve(const Choice& around, const std::vector<std::string>& formats, std::int64_t in) {
  ChoiceCurve curve{ChoiceErrorView::tr("the format's own groups"), &Theme::text, {}};
  for (const std::string& format : formats) {
    const int size = ownGroup(format);
    curve.choices.push_back(size > 0 ? usable(plainChoice(around, format, Granularity::Group, size), in)
                                     : std::nullopt);
  }
  return curve;
}

/// One curve a granularity, over formats.
std::vector<ChoiceCurve> granularityCurves(const Choice& around, const std::vector<std::string>& formats,
                                           std::int64_t in) {
  struct Kind {
    QString label;
    Granularity granularity;
    std::optional<std::int64_t> groupSize;
  };
  const Kind kinds[] = {{ChoiceErrorView::tr("per output channel"), Granularity::OutputChannel, std::nullopt},
                        {ChoiceErrorView::tr("per input channel"), Granularity::InputChannel, std::nullopt},
                        {ChoiceErrorView::tr("groups of 128"), Granularity::Group, 128},
                        {ChoiceErrorView::tr("groups of 32"), Granularity::Group, 32}};
  std::vector<ChoiceCurve> curves;
  for (std::size_t k = 0; k < std::size(kinds); ++k) {
    ChoiceCurve curve{kinds[k].label, kColors[k], {}};
    for (const std::string& format : formats)
      curve.choices.push_back(
          ownGroup(format) > 0
              ? std::nullopt
              : usable(plainChoice(around, format, kinds[k].granularity, kinds[k].groupSize), in));
    curves.push_back(std::move(curve));
  }
  return curves;
}

}  // namespace

ChoiceSweep sweepOf(ChoiceErrorView::Sweep kind, const Choice& around, std::int64_t in) {
  ChoiceSweep sweep;
  if (kind == ChoiceErrorView::Sweep::GroupSize) {
    sweep.axis = ChoiceErrorView::tr("group size");
    sweep.places << ChoiceErrorView::tr("channel");
    for (const std::int64_t size : kGroups) sweep.places << countText(size);
    std::vector<std::string> formats{"int8", "int4"};
    if (around.weight && std::find(formats.begin(), formats.end(), around.weight->format) == formats.end())
      formats.insert(formats.begin(), around.weight->format);
    for (std::size_t f = 0; f < formats.size(); ++f) {
      ChoiceCurve curve{QString::fromStdString(formats[f]), kColors[f], {}};
      curve.choices.push_back(usable(plainChoice(around, formats[f], Granularity::OutputChannel), in));
      for (const std::int64_t size : kGroups)
        curve.choices.push_back(usable(plainChoice(around, formats[f], Granularity::Group, size), in));
      sweep.curves.push_back(std::move(curve));
    }
    return sweep;
  }
  std::vector<std::string> formats;
  if (kind == ChoiceErrorView::Sweep::Bits) {
    sweep.axis = ChoiceErrorView::tr("bits of an integer");
    for (int bits = 8; bits >= 2; --bits) {
      formats.push_back("int" + std::to_string(bits));
      sweep.places << QString::number(bits);
    }
  } else {
    sweep.axis = ChoiceErrorView::tr("number format");
    formats = {"int8",  "fp8_e4m3", "q8_0",     "mxint8", "mxfp8", "int6",  "fp6_e2m3", "q6_k",
               "mxfp6", "int4",     "fp4_e2m1", "q4_k",   "nf4",   "nvfp4", "mxfp4"};
    for (const std::string& format : formats)
      sweep.places << QString::fromStdString(format).replace(QLatin1Char('_'), QLatin1Char(' '));
  }
  sweep.curves = granularityCurves(around, formats, in);
  if (kind == ChoiceErrorView::Sweep::Format) sweep.curves.push_back(ownGroupCurve(around, formats, in));
  return sweep;
}

ChoiceErrorView::ChoiceErrorView(Session* session, QObject* parent) : CurvePlot(parent), m_session(session) {
  m_poll.setInterval(kPollMs);
  connect(&m_poll, &QTimer::timeout, this, &ChoiceErrorView::show);
  connect(session->selection(), &Selection::currentChanged, this, &ChoiceErrorView::follow);
  connect(session, &Session::workspaceChanged, this, &ChoiceErrorView::follow);
  connect(session->plan(), &PlanDocument::planChanged, this, &ChoiceErrorView::follow);
  connect(session->plan(), &PlanDocument::whatIfChanged, this, &ChoiceErrorView::follow);
  connect(session->calibration(), &CalibrationControl::changed, this, &ChoiceErrorView::follow);
  setLog(true);  // formats lie decades apart
}

void ChoiceErrorView::setSweep(Sweep sweep) {
  m_kind = sweep;
  follow();
}

void ChoiceErrorView::setShown(bool isShown) {
  if (isShown == m_isShown) return;
  m_isShown = isShown;
  follow();
}

QString ChoiceErrorView::place(double x) const {
  return m_sweep.places.value(static_cast<qsizetype>(std::lround(x)));
}

std::vector<double> ChoiceErrorView::xTicks() const {
  std::vector<double> ticks;
  for (qsizetype i = 0; i < m_sweep.places.size(); ++i) ticks.push_back(static_cast<double>(i));
  return ticks;
}

// ---- What is measured

bool ChoiceErrorView::hasOutputs() const {
  const auto workspace = m_session->workspace();
  if (!m_linear || !workspace || !workspace->weights()) return false;
  const auto& site = workspace->model().linears[*m_linear].site;
  const ActivationNeed need =
      m_choice.activation ? ActivationNeed::OutputErrorWa : ActivationNeed::OutputErrorW;
  return site && workspace->activationSummary(*site) && m_session->calibration()->hasActivations() &&
         m_session->calibration()->missing(need).isEmpty();
}

std::optional<ChoiceErrorView::Figure> ChoiceErrorView::figure(const Choice& choice) const {
  const auto workspace = m_session->workspace();
  if (!workspace || !m_linear) return std::nullopt;
  if (hasOutputs()) {
    const std::optional<OutputError> output = workspace->outputError(*m_linear, choice);
    if (!output) return std::nullopt;
    const std::optional<double>& error = choice.activation ? output->wa : output->w;
    if (!error) return std::nullopt;
    return Figure{*error,
                  choice.activation ? output->sampleEvidence.interval : output->weightEvidence.interval};
  }
  const std::optional<LayerError> error = workspace->errorFigures(*m_linear, choice);
  if (!error) return std::nullopt;
  return Figure{error->normWeightedRel.value_or(error->weightRelFro), std::nullopt};
}

void ChoiceErrorView::follow() {
  const Model* model = m_session->model();
  const auto current = model ? m_session->selection()->current() : std::nullopt;
  m_linear = current && *current < model->linears.size() && model->linears[*current].isQuantizable
                 ? current
                 : std::nullopt;
  m_choice = m_linear ? m_session->shownChoice(*m_linear) : Choice();
  m_sweep = m_linear ? sweepOf(m_kind, m_choice, model->linears[*m_linear].in()) : ChoiceSweep();
  setHint(m_linear ? tr("The first errors are being measured.") : tr("Select a linear to compare choices."));
  setXRange({-0.25, std::max(1.0, static_cast<double>(m_sweep.places.size()) - 0.75), AxisScale::Linear, 1});
  const QString choice = m_linear ? QString::fromStdString(specText(m_choice)) : QString();
  setPinTopic(m_linear ? QStringLiteral("%1/%2").arg(static_cast<int>(m_kind)).arg(*m_linear) : QString(),
              choice);
  emit subjectChanged();
  show();
  measure();
}

void ChoiceErrorView::measure() {
  static const QString slot = QStringLiteral("choice-errors");
  const auto workspace = m_session->workspace();
  m_poll.stop();
  std::vector<std::vector<Choice>> columns;  // what is missing, by place
  const auto places = static_cast<std::size_t>(m_sweep.places.size());
  for (std::size_t i = 0; m_isShown && m_linear && i < places; ++i) {
    std::vector<Choice> column;
    for (const ChoiceCurve& curve : m_sweep.curves)
      if (curve.choices[i] && !figure(*curve.choices[i])) column.push_back(*curve.choices[i]);
    if (!column.empty()) columns.push_back(std::move(column));
  }
  if (columns.empty() || !workspace->weights()) {
    m_session->jobs()->cancelSlot(slot);
    m_isMeasuring = false;
    setSettled(true);
    return;
  }
  m_isMeasuring = true;
  setSettled(false);
  const LinearId id = *m_linear;
  const bool ofOutputs = hasOutputs();
  m_session->jobs()->runVoid(
      this, slot, tr("Errors by choice"), true,
      [workspace, columns, id, ofOutputs](JobContext& job) {
        const LinearId linears[] = {id};
        for (const std::vector<Choice>& column : columns)
          ofOutputs ? workspace->measureOutputs(linears, column, job)
                    : workspace->measure(linears, column, job);
      },
      [this] {
        m_poll.stop();
        m_isMeasuring = false;
        show();
        setSettled(true);
      });
  m_poll.start();
}

void ChoiceErrorView::show() {
  std::vector<PlotCurve> curves;
  for (const ChoiceCurve& from : m_sweep.curves) {
    PlotCurve curve{from.label, from.label, from.color, {}, false};
    for (std::size_t i = 0; i < from.choices.size(); ++i)
      if (const auto found = from.choices[i] ? figure(*from.choices[i]) : std::nullopt;
          found && found->error > 0)
        curve.points.push_back({static_cast<double>(i), found->error, found->interval, false});
    curves.push_back(std::move(curve));
  }
  std::vector<PlotReference> references;
  if (m_linear && (m_choice.weight || m_choice.activation))
    if (const auto now = figure(m_choice))
      references.push_back(
          {tr("now: %1").arg(QString::fromStdString(weightSchemeText(m_choice))), now->error});
  setCurves(std::move(curves), std::move(references));
}

// ---- Words, mouse

QString ChoiceErrorView::subject() const {
  if (!m_linear) return {};
  const std::string& name = m_session->model()->linears[*m_linear].name;
  const QString shown = QString::fromStdString(name.substr(name.rfind('.') + 1));
  if (!hasOutputs()) return tr("weight error of %1, norm-weighted").arg(shown);
  return m_choice.activation ? tr("output error of %1, activations %2")
                                   .arg(shown, QString::fromStdString(actSchemeText(m_choice)))
                             : tr("output error of %1, weights only").arg(shown);
}

Qt::CursorShape ChoiceErrorView::cursorShape() const {
  return offScaleBox().contains(pointer()) ? Qt::PointingHandCursor : Qt::ArrowCursor;
}

// A double click on a point tries its choice on the selection.
bool ChoiceErrorView::handle(const CanvasEvent& event) {
  if (event.type == CanvasEvent::DoubleClick && event.button == Qt::LeftButton) {
    const double reach = 10 * uiScale();
    for (const ChoiceCurve& curve : m_sweep.curves)
      for (std::size_t i = 0; i < curve.choices.size(); ++i) {
        const auto found = curve.choices[i] ? figure(*curve.choices[i]) : std::nullopt;
        if (!found) continue;
        const QPointF off = pixelOf({static_cast<double>(i), found->error, {}, false}) - event.position;
        if (std::hypot(off.x(), off.y()) > reach) continue;
        const Choice choice = *curve.choices[i];  // what-ifs make the sweep anew
        m_session->plan()->setWhatIf(choice);
        return true;
      }
  }
  return CurvePlot::handle(event);
}

QString ChoiceErrorView::tableTitle() const {
  return tr("Error by %1").arg(m_sweep.axis);
}

QString ChoiceErrorView::accessibleText() const {
  const PlotCurve* best = nullptr;
  const CurvePoint* least = nullptr;
  for (const PlotCurve& curve : curves())
    for (const CurvePoint& point : curve.points)
      if (!least || point.y < least->y) least = &point, best = &curve;
  if (!least) return tr("Error by %1: nothing is measured yet.").arg(m_sweep.axis);
  return tr("Error by %1, %2: least %3 at %4, %5.")
      .arg(m_sweep.axis, subject(), percentTextFine(least->y), place(least->x), best->label);
}

}  // namespace ql
