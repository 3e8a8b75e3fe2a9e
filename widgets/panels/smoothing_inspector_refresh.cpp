// What the inspector of a smoothing group shows; smoothing_inspector.cpp builds it.
#include "widgets/bridge/calibration_control.h"
#include "widgets/bridge/finding_text.h"
#include "widgets/bridge/number_format.h"
#include "widgets/bridge/smoothing_control.h"
#include "widgets/bridge/smoothing_names.h"
#include "widgets/panels/evidence_dot.h"
#include "widgets/panels/form_parts.h"
#include "widgets/panels/scales_view.h"
#include "widgets/panels/smoothing_inspector.h"
#include "widgets/panels/verdict_box.h"

#include <QPushButton>
#include <QScrollArea>

#include <algorithm>
#include <set>

namespace ql {

namespace {

constexpr std::size_t kNamed = 4;    // channels; more are counted
constexpr std::size_t kColumns = 3;  // errors of readers side by side; more are a range

QString capitalised(QString text) {
  if (!text.isEmpty()) text[0] = text[0].toUpper();
  return text;
}

QString targetText(double target) {
  return tickText(target * 100) + kNarrowSpace + QLatin1Char('%');
}

/// "18, 26, 30", or "18, 26, 30, 41 and 5 more".
QString channelsText(const std::vector<std::size_t>& channels) {
  std::vector<std::size_t> shown(
      channels.begin(), channels.begin() + static_cast<std::ptrdiff_t>(std::min(kNamed, channels.size())));
  std::sort(shown.begin(), shown.end());
  QStringList names;
  for (const std::size_t channel : shown) names << QString::number(channel);
  const QString list = names.join(QStringLiteral(", "));
  return channels.size() > kNamed
             ? SmoothingInspector::tr("%1 and %2 more").arg(list).arg(channels.size() - kNamed)
             : list;
}

/// Where the weights stand out and what the input is there; empty when nothing stands out.
QString evidenceSentence(const SmoothingChannels& channels) {
  const std::vector<std::size_t> outliers = outlierChannels(channels);
  if (outliers.empty() || channels.actAbsmax.size() != channels.weightAbsmax.size()) return {};
  float input = 0;
  for (const std::size_t channel : outliers) input = std::max(input, channels.actAbsmax[channel]);
  const QString weight = valueText(static_cast<double>(channels.weightAbsmax[outliers.front()]));
  return SmoothingInspector::tr("Weights up to %1 meet inputs up to %2 in channels %3.")
      .arg(weight, valueText(static_cast<double>(input)), channelsText(outliers));
}

struct Verdict {
  VerdictBox::Kind kind = VerdictBox::Kind::Plain;
  QString title, sentence;
};

Verdict curveVerdict(const SmoothingControl& control, double target, const QString& scheme) {
  const SmoothingPoint* none = control.unsmoothed();
  const auto curve = control.trialCurve() ? control.trialCurve() : control.bismoothCurve();
  const SmoothingPoint* best = curve ? curve->best() : nullptr;
  if (!none || !none->error.together.wa)
    return {VerdictBox::Kind::Plain, SmoothingInspector::tr("Measuring this group"), {}};
  const double before = *none->error.together.wa;
  if (before <= target)
    return {VerdictBox::Kind::Plain, SmoothingInspector::tr("This group needs no smoothing"),
            best ? SmoothingInspector::tr(
                       "Its output error is %1 without smoothing, under the target of %2; the best "
                       "that smoothing gives is %3.")
                       .arg(percentText(before), targetText(target), percentText(*best->error.together.wa))
                 : SmoothingInspector::tr("Its output error is %1 without smoothing, under the target of %2.")
                       .arg(percentText(before), targetText(target))};
  if (!best) return {VerdictBox::Kind::Plain, SmoothingInspector::tr("Measuring this group"), {}};
  SmoothingTrial trial = control.trial();
  if (trial.method == SmoothingTrial::Method::None) trial.method = SmoothingTrial::Method::Bismooth;
  const QString method = capitalised(methodText(trial));
  const double after = *best->error.together.wa;
  const auto channels = control.channels();
  const QString evidence = channels ? evidenceSentence(*channels) : QString();
  Verdict verdict;
  QString numbers;
  if (after <= target) {
    verdict.kind = VerdictBox::Kind::Good;
    verdict.title = SmoothingInspector::tr("%1 repairs this group").arg(method);
    numbers = SmoothingInspector::tr("The weights stay %1 at %2 → %3 with α %4.")
                  .arg(scheme, percentText(before), percentText(after), alphaText(best->alpha));
  } else {
    verdict.kind = VerdictBox::Kind::Bad;
    verdict.title = SmoothingInspector::tr("%1 alone does not repair this group").arg(method);
    numbers =
        SmoothingInspector::tr("At its optimum, α %1, the output error is %2 of %3 before; the target is %4.")
            .arg(alphaText(best->alpha), percentText(after), percentText(before), targetText(target));
  }
  verdict.sentence = evidence.isEmpty() ? numbers : evidence + QLatin1Char(' ') + numbers;
  return verdict;
}

Choice regrouped(const Choice& base, std::int64_t size) {
  Choice choice = base.weight ? base : defaultChoice();
  choice.weight->granularity = Granularity::Group;
  choice.weight->groupSize = size;
  choice.weight->block.reset();
  return choice;
}

/// Values side by side, or the span of many.
QString sideBySide(std::vector<std::optional<double>> values) {
  if (values.empty()) return QString(kDash);
  QStringList texts;
  if (values.size() <= kColumns) {
    for (const auto& value : values) texts << (value ? percentText(*value) : QString(kDash));
    return texts.join(QStringLiteral("   "));
  }
  std::erase_if(values, [](const auto& value) { return !value; });
  if (values.empty()) return QString(kDash);
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  return SmoothingInspector::tr("%1 to %2").arg(percentText(**least), percentText(**most));
}

}  // namespace

void SmoothingInspector::refresh() {
  const std::optional<std::size_t> group = m_session->model() ? m_control->group() : std::nullopt;
  m_empty->setVisible(!group);
  m_scroll->setVisible(group.has_value());
  m_footer->setVisible(group.has_value());
  const bool hasLinear = m_session->model() && m_session->selection()->current();
  m_empty->setText(hasLinear
                       ? tr("This linear has no norm or linear in front whose output could be divided, so it "
                            "cannot be smoothed; pick another one, or a group in the table below.")
                       : tr("Select a linear, or a group in the table below, to see what smoothing does."));
  if (!group) return;
  refreshHeader(*group);
  refreshErrors();
  refreshScales();
  refreshInstead(*group);
  refreshCost(*group);
  refreshFooter();
}

void SmoothingInspector::refreshHeader(std::size_t group) {
  const Model& model = *m_session->model();
  const SmoothingGroup& readers = model.smoothingGroups[group];
  m_name->setText(capitalised(m_control->groupName(group)));
  std::int64_t out = 0;
  for (const LinearId id : readers.consumers) out += model.linears[id].out();
  m_shape->setText(tr("%1 · %2").arg(groupReaders(model, group),
                                     dimensionsText(out, model.linears[readers.consumers.front()].in())));
  m_path->setFullText(QString::fromStdString(readers.producer));
  const FoldTarget fold = m_control->fold();
  Verdict verdict;
  if (!fold.isFoldable)
    verdict = {VerdictBox::Kind::Bad, tr("This group cannot be smoothed"),
               tr("S cannot be folded into the weights: %1.").arg(QString::fromStdString(fold.reason))};
  else if (!m_control->problem().isEmpty())
    verdict = {VerdictBox::Kind::Plain, tr("Nothing is measured"), m_control->problem()};
  else
    verdict = curveVerdict(*m_control, m_session->view().target,
                           granularityText(m_session->choiceOf(readers.consumers.front())));
  m_verdict->setVerdict(verdict.kind, verdict.title, verdict.sentence);
}

void SmoothingInspector::refreshErrors() {
  const SmoothingPoint* none = m_control->unsmoothed();
  const auto& figures = m_control->figures();
  const SmoothingTrial& trial = m_control->trial();
  const bool isOn = trial.method != SmoothingTrial::Method::None;
  const auto curve =
      m_control->smoothQuantCurve() ? m_control->smoothQuantCurve() : m_control->bismoothCurve();
  const QString tokens = curve ? tr("%1 tokens").arg(countText(curve->evidence.n)) : QString();
  const QString step = isOn ? tr("none → α %1").arg(alphaText(trial.alpha)) : tr("without smoothing");
  m_errorCaption->setText(tokens.isEmpty() ? step : step + QStringLiteral(", ") + tokens);
  const auto partOf = [](const SmoothingPoint* point, int row) -> std::optional<double> {
    if (!point) return std::nullopt;
    const SmoothedFigures& together = point->error.together;
    return row == 0 ? together.wa : row == 1 ? together.w : together.a;
  };
  for (int i = 0; i < static_cast<int>(m_rows.size()); ++i) {
    const Row& row = m_rows[static_cast<std::size_t>(i)];
    const std::optional<double> before = partOf(none, i);
    const std::optional<double> after = partOf(figures ? &figures->point : nullptr, i);
    row.before->setText(isOn ? (before ? percentText(*before) : QString(kDash)) : QString());
    row.arrow->setText(isOn ? QString(kArrow) : QString());
    row.after->setText(after ? percentText(*after) : QString(kDash));
    setStyleProperty(row.after, "faint", !after);
    row.dot->setKind(!after             ? EvidenceDot::Kind::None
                     : figures->isExact ? EvidenceDot::Kind::Exact
                                        : EvidenceDot::Kind::Sampled);
    QString origin = after ? figures->isExact ? tr("exact") : tr("preview") : tr("measuring");
    const auto& interval = figures ? figures->point.error.together.interval : std::nullopt;
    if (after && !figures->isExact && i == 0 && interval)
      origin = tr("± %1").arg(percentText((interval->second - interval->first) / 2));
    if (!after && !m_control->problem().isEmpty()) origin = tr("no data");
    row.origin->setText(origin);
    const QString tip = !after ? QString()
                        : figures->isExact
                            ? i == 0 && interval
                                  ? tr("Exact on the token sample; other tokens: %1 to %2 (95 %)")
                                        .arg(percentText(interval->first), percentText(interval->second))
                                  : tr("Exact on the token sample")
                            : tr("From a sample of output channels; the exact figure follows");
    for (QWidget* widget : {static_cast<QWidget*>(row.after), static_cast<QWidget*>(row.dot),
                            static_cast<QWidget*>(row.origin)})
      widget->setToolTip(tip);
    row.after->setAccessibleName(row.name->text() + QLatin1Char(' ') + row.after->text());
  }
  m_note->setVisible(isOn);
}

void SmoothingInspector::refreshScales() {
  const auto channels = m_control->channels();
  m_scales->setChannels(channels);
  for (QLabel* label : {m_smallest, m_median, m_largest, m_clamped}) label->setText(QString(kDash));
  m_scalesCaption->clear();
  if (!channels || channels->s.empty()) return;
  std::vector<float> sorted = channels->s;
  std::sort(sorted.begin(), sorted.end());
  const auto count = static_cast<std::int64_t>(sorted.size());
  m_scalesCaption->setText(tr("%1 channels, log").arg(countText(count)));
  m_smallest->setText(valueText(static_cast<double>(sorted.front())));
  m_median->setText(valueText(static_cast<double>(sorted[(sorted.size() - 1) / 2])));
  m_largest->setText(valueText(static_cast<double>(sorted.back())));
  m_clamped->setText(tr("%1 of %2").arg(countText(channels->clamped), countText(count)));
  m_clamped->setToolTip(channels->dead > 0 ? tr("%1 dead channels keep S = 1").arg(countText(channels->dead))
                                           : tr("Factors that a guard kept within 1e-5 to 1e5"));
}

void SmoothingInspector::refreshInstead(std::size_t group) {
  const Model& model = *m_session->model();
  std::vector<LinearId> readers;
  for (const LinearId id : model.smoothingGroups[group].consumers)
    if (model.linears[id].isQuantizable) readers.push_back(id);
  const bool hasActivations = m_session->calibration()->hasActivations();
  m_insteadCaption->setText(tr("output error W+A of %1").arg(groupReaders(model, group)));
  // Hundreds of experts would be measured for two lines of text.
  const bool measure = isVisible() && readers.size() <= 8;
  for (const Instead& line : m_instead) {
    std::vector<std::optional<double>> errors;
    double bits = 0, weights = 0;
    for (const LinearId id : readers) {
      const Linear& linear = model.linears[id];
      const Choice choice = regrouped(m_session->choiceOf(id), line.size);
      const double count = static_cast<double>(linear.out()) * static_cast<double>(linear.in());
      bits += count * bitsPerWeight(choice, linear.out(), linear.in(), dtypeInfo(linear.dtype).bits);
      weights += count;
      errors.push_back(hasActivations
                           ? m_session->calibration()->plainValue(id, Metric::OutputError, choice, measure)
                           : std::nullopt);
    }
    line.errors->setText(sideBySide(std::move(errors)));
    line.bits->setText(weights > 0 ? bitsText(bits / weights) : QString());
  }
}

void SmoothingInspector::refreshCost(std::size_t group) {
  const double target = m_session->view().target;
  std::size_t above = 0, measured = 0;
  double worst = 0, left = 0;
  for (const SmoothingRow& row : m_control->rows()) {
    const auto& curve = row.bismooth ? row.bismooth : row.smoothQuant;
    if (!curve || !curve->none.error.together.wa || !row.fold.isFoldable) continue;
    ++measured;
    if (*curve->none.error.together.wa <= target || !curve->best()) continue;
    ++above;
    worst = std::max(worst, *curve->none.error.together.wa);
    left = std::max(left, *curve->best()->error.together.wa);
  }
  const auto foldable = std::count_if(m_control->rows().begin(), m_control->rows().end(),
                                      [](const SmoothingRow& row) { return row.fold.isFoldable; });
  const bool isComplete = measured == static_cast<std::size_t>(foldable);
  m_worstName->setText(above == 1 ? tr("The group above the target")
                                  : tr("All %1 groups above the target").arg(above));
  if (above > 0)
    m_worst->setText(tr("worst %1 → <b>%2</b>").arg(percentText(worst), percentText(left)));
  else
    m_worst->setText(isComplete ? tr("none") : tr("not measured"));
  m_costCaption->setText(
      isComplete || measured == 0 ? QString() : tr("%1 of %2 groups measured").arg(measured).arg(foldable));
  const Model& model = *m_session->model();
  double bits = 0, weights = 0;
  for (const LinearId id : model.smoothingGroups[group].consumers) {
    const Linear& linear = model.linears[id];
    if (!linear.isQuantizable) continue;
    const double count = static_cast<double>(linear.out()) * static_cast<double>(linear.in());
    bits += count * bitsPerWeight(m_session->shownChoice(id), linear.out(), linear.in(),
                                  dtypeInfo(linear.dtype).bits);
    weights += count;
  }
  m_bits->setText(weights > 0 ? tr("%1 unchanged").arg(bitsText(bits / weights)) : QString(kDash));
  m_work->setText(m_control->fold().isFoldable ? tr("none, folded") : tr("not possible"));
}

void SmoothingInspector::refreshFooter() {
  const bool isOn = m_control->trial().method != SmoothingTrial::Method::None;
  const bool isFoldable = m_control->fold().isFoldable;
  m_apply->setText(isOn ? tr("Apply to this group") : tr("Remove from this group"));
  m_apply->setEnabled(isFoldable && !m_control->isTrialAsPlanned());
  m_applyTo->setEnabled(isFoldable);
  m_revert->setEnabled(!m_control->isTrialAsPlanned());
}

}  // namespace ql
