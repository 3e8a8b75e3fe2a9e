// What the inspector shows; inspector_panel.cpp builds it.
#include "core/workspace_whatif.h"
#include "widgets/bridge/calibration_control.h"
#include "widgets/bridge/finding_text.h"
#include "widgets/bridge/metric_info.h"
#include "widgets/bridge/number_format.h"
#include "widgets/bridge/plan_edits.h"
#include "widgets/bridge/smoothing_control.h"
#include "widgets/bridge/smoothing_planned.h"
#include "widgets/panels/choice_form.h"
#include "widgets/panels/compare_bars.h"
#include "widgets/panels/error_readouts.h"
#include "widgets/panels/finding_box.h"
#include "widgets/panels/form_parts.h"
#include "widgets/panels/inspector_panel.h"
#include "widgets/panels/smoothing_chooser.h"

#include <QScrollArea>

#include <algorithm>

namespace ql {

namespace {

/// "780 KiB -> <b>864 KiB</b>", or the value alone when nothing changes.
QString changeText(const QString& before, const QString& after) {
  const QString strong = QStringLiteral("<b>%1</b>").arg(after);
  if (before == after) return strong;
  return QStringLiteral("<span style='color:%1'>%2 %3</span> %4")
      .arg(currentTheme().secondary.name(), before, QString(kArrow), strong);
}

/// The same format and symmetry, at another granularity.
Choice regrouped(const Choice& base, Granularity granularity, std::optional<std::int64_t> size) {
  Choice choice = base.weight ? base : defaultChoice();
  choice.weight->granularity = granularity;
  choice.weight->groupSize = size;
  choice.weight->block.reset();
  return choice;
}

QString shortName(const Linear& linear) {
  return QString::fromStdString(linear.name.substr(linear.name.rfind('.') + 1));
}

QString roleText(TensorRole role) {
  const std::string_view name = roleName(role);
  return QString::fromUtf8(name.data(), static_cast<qsizetype>(name.size()));
}

/// "2 %": a target is a round number, not a measurement.
QString targetText(double target) {
  return tickText(target * 100) + kNarrowSpace + QLatin1Char('%');
}

double weightBytes(const Linear& linear, const Choice& choice) {
  const double weights = static_cast<double>(linear.out()) * static_cast<double>(linear.in());
  return weights * bitsPerWeight(choice, linear.out(), linear.in(), dtypeInfo(linear.dtype).bits) / 8;
}

}  // namespace

void InspectorPanel::refresh() {
  const std::optional<LinearId> current =
      m_session->model() ? m_session->selection()->current() : std::nullopt;
  m_empty->setVisible(!current && !m_isSmoothingShown);
  m_scroll->setVisible(current && !m_isSmoothingShown);
  m_footer->setVisible(current && !m_isSmoothingShown);
  if (!current || m_isSmoothingShown) return;
  refreshHeader(*current);
  m_form->setChoice(shown(*current), m_session->choiceOf(*current));
  m_chooser->refresh(*current);
  refreshErrors(*current);
  refreshCompare(*current);
  refreshCost(*current);
  refreshSiblings();
  refreshFooter();
}

void InspectorPanel::refreshHeader(LinearId id) {
  const Linear& linear = m_session->model()->linears[id];
  m_name->setText(shortName(linear));
  QStringList parts;
  if (linear.block) parts << tr("block %1").arg(*linear.block);
  parts << dimensionsText(linear.out(), linear.in())
        << QString::fromUtf8(dtypeInfo(linear.dtype).name.data());
  m_shape->setText(parts.join(QStringLiteral(" · ")));
  m_path->setFullText(QString::fromStdString(linear.name));
  const bool isLocked = areAllLocked(*m_session, targets());
  m_lock->setChecked(isLocked);
  m_lock->setText(isLocked ? tr("Locked") : tr("Lock"));
  m_lock->setIcon(themeIcon(isLocked ? QStringLiteral("lock") : QStringLiteral("unlock")));
  m_finding->setFindings(m_session->findings(id));
  const bool isIgnored = m_session->plan()->plan().isIgnored(linear.name);
  const bool hasWhatIf = m_session->plan()->whatIf().has_value();
  bool isMixed = false;
  for (const LinearId other : targets())
    isMixed = isMixed || m_session->choiceOf(other) != m_session->choiceOf(id);
  m_choiceCaption->setText(hasWhatIf   ? tr("what-if, not applied yet")
                           : isIgnored ? tr("on the ignore list: kept as stored")
                           : isMixed   ? tr("of %1; the selected ones differ").arg(shortName(linear))
                                       : tr("as in the plan"));
}

std::shared_ptr<const LayerError> InspectorPanel::errorUnder(LinearId id, const Choice& choice) {
  if (std::shared_ptr<const LayerError> known = m_session->error(id, choice, false)) return known;
  if (m_preview && m_preview->id == id && m_preview->choice == choice) return m_preview->figures;
  return nullptr;
}

void InspectorPanel::startPreview(LinearId id) {
  const Choice choice = shown(id);
  CalibrationControl& calibration = *m_session->calibration();
  const bool lacksOutput = calibration.isComing(id, Metric::OutputError, choice) && !calibration.isRunning();
  if ((!choice.weight || m_session->error(id, choice, false)) && !lacksOutput) return;
  if (m_previewAsked && m_previewAsked->first == id && m_previewAsked->second == choice) return;
  m_previewAsked.emplace(id, choice);
  m_session->previewWhatIf(id, choice, [this, id, choice](std::shared_ptr<const LayerError> figures) {
    m_preview = Preview{id, choice, std::move(figures)};
    m_refresh.start();
  });
}

void InspectorPanel::refreshErrors(LinearId id) {
  const Choice before = m_session->choiceOf(id), after = shown(id);
  const bool hasWhatIf = m_session->plan()->whatIf().has_value();
  if (after.weight || after.activation) startPreview(id);
  m_errorCaption->setText(hasWhatIf ? granularityText(before) + QLatin1Char(' ') + kArrow + QLatin1Char(' ') +
                                          granularityText(after)
                                    : granularityText(after));
  if (m_session->smoothing()->plannedFigures()->entryOf(id))
    m_errorCaption->setText(tr("%1; figures of weights alone without S").arg(m_errorCaption->text()));
  CalibrationControl& calibration = *m_session->calibration();
  const std::optional<std::size_t> site = m_session->model()->linears[id].site;
  const bool isCovered = site && m_session->workspace()->activationSummary(*site);
  m_errors->setData(
      [&calibration, isCovered](Metric metric) {
        const QString reason = calibration.missing(metric);
        return reason.isEmpty() && !isCovered ? tr("the activations at hand do not cover this linear")
                                              : reason;
      },
      calibration.hasActivations(), calibration.recordText());
  KnownErrors tried = hasWhatIf ? knownUnder(id, after, true) : KnownErrors();
  const bool hasTrial = hasSmoothingTrial(id);
  if (hasTrial) {
    tried = knownUnder(id, after, hasWhatIf);
    tried.output = smoothedOutput(id);
  }
  m_errors->setErrors(knownUnder(id, before, !hasWhatIf && !hasTrial), tried, hasWhatIf || hasTrial);
}

bool InspectorPanel::hasSmoothingTrial(LinearId id) const {
  const SmoothingControl& smoothing = *m_session->smoothing();
  return smoothing.isTouched() && !smoothing.isTrialAsPlanned() &&
         smoothing.group() == smoothing.groupOf(id) && smoothing.fold().isFoldable;
}

/// Output errors of the linear under the smoothing that is tried; nothing while they are measured.
std::optional<OutputError> InspectorPanel::smoothedOutput(LinearId id) const {
  const auto& figures = m_session->smoothing()->figures();
  const auto group = m_session->smoothing()->group();
  if (!figures || !group) return std::nullopt;
  const std::vector<LinearId>& readers = m_session->model()->smoothingGroups[*group].consumers;
  const auto reader =
      static_cast<std::size_t>(std::find(readers.begin(), readers.end(), id) - readers.begin());
  if (reader >= figures->point.error.readers.size()) return std::nullopt;
  const SmoothedFigures& known = figures->point.error.readers[reader];
  OutputError output;
  output.w = known.w;
  output.a = known.a;
  output.wa = known.wa;
  output.sampleEvidence.kind = Evidence::Kind::Sampled;
  output.sampleEvidence.level = "activations";
  output.sampleEvidence.method =
      figures->isExact ? "outputs of the token sample, smoothed" : "a sample of output channels, smoothed";
  if (const auto curve = m_session->smoothing()->trialCurve()) output.sampleEvidence.n = curve->evidence.n;
  output.weightEvidence = output.sampleEvidence;
  output.sampleEvidence.interval = known.interval;
  return output;
}

KnownErrors InspectorPanel::knownUnder(LinearId id, const Choice& choice, bool withPreview) {
  KnownErrors known;
  known.weights = withPreview ? errorUnder(id, choice) : m_session->error(id, choice);
  known.output = m_session->calibration()->output(id, choice, !withPreview);
  const bool isPreview = m_preview && known.weights == m_preview->figures;
  if (!known.output && isPreview) known.output = previewedOutput(*m_session->workspace(), id, choice);
  return known;
}

Metric InspectorPanel::comparedMetric() const {
  const Metric metric = m_session->view().metric;
  return isFractionMetric(metric) ? metric : Metric::NormWeighted;
}

/// Bi-smoothing at its optimum, once the curve of the linear's group is known.
std::optional<CompareEntry> InspectorPanel::smoothingEntry(LinearId id, const Choice& choice,
                                                           Metric metric) const {
  const SmoothingControl& smoothing = *m_session->smoothing();
  const std::optional<std::size_t> group = smoothing.group();
  const auto curve = smoothing.bismoothCurve();
  const bool isOutput = metric == Metric::OutputError || metric == Metric::OutputWa;
  if (!isOutput || !group || group != smoothing.groupOf(id) || !smoothing.fold().isFoldable || !curve)
    return std::nullopt;
  const std::vector<LinearId>& readers = m_session->model()->smoothingGroups[*group].consumers;
  const auto reader =
      static_cast<std::size_t>(std::find(readers.begin(), readers.end(), id) - readers.begin());
  if (smoothing.planned(*group).method != SmoothingTrial::Method::None) return std::nullopt;  // all rows are
  const SmoothingPoint* best = curve->best();
  if (!best || reader >= best->error.readers.size()) return std::nullopt;
  const Linear& linear = m_session->model()->linears[id];
  CompareEntry entry{
      tr("bi-smoothing"),      choice, best->error.readers[reader].wa, 0, hasSmoothingTrial(id),
      metricInfo(metric).name, true};
  entry.bits = bitsPerWeight(choice, linear.out(), linear.in(), dtypeInfo(linear.dtype).bits);
  return entry;
}

void InspectorPanel::refreshCompare(LinearId id) {
  const Linear& linear = m_session->model()->linears[id];
  const Choice base = shown(id);
  std::vector<Choice> choices{regrouped(base, Granularity::OutputChannel, std::nullopt)};
  for (const std::int64_t size : {128, 64, 32, 16})
    if (size < linear.in()) choices.push_back(regrouped(base, Granularity::Group, size));
  if (base.weight && std::find(choices.begin(), choices.end(), base) == choices.end())
    choices.push_back(base);
  const MetricInfo& info = metricInfo(comparedMetric());
  std::vector<CompareEntry> entries;
  for (const Choice& choice : choices) {
    CompareEntry entry{granularityText(choice), choice, std::nullopt, 0, choice == base, info.name};
    entry.error = m_session->value(id, info.metric, choice, choice != base);  // the preview does that one
    if (!entry.error && choice == base)
      if (const auto figures = errorUnder(id, choice)) entry.error = errorMetric(*figures, info.metric);
    entry.bits = bitsPerWeight(choice, linear.out(), linear.in(), dtypeInfo(linear.dtype).bits);
    entries.push_back(std::move(entry));
  }
  if (std::optional<CompareEntry> smoothed = smoothingEntry(id, base, info.metric))
    entries.push_back(std::move(*smoothed));
  m_compareCaption->setText(
      tr("%1; target %2").arg(info.shortName.toLower(), targetText(m_session->view().target)));
  m_compare->setEntries(std::move(entries), m_session->view().target, m_isCompact);
}

void InspectorPanel::refreshCost(LinearId id) {
  const Model& model = *m_session->model();
  const auto bits = [&](const Choice& choice) {
    const Linear& linear = model.linears[id];
    return bitsText(bitsPerWeight(choice, linear.out(), linear.in(), dtypeInfo(linear.dtype).bits));
  };
  m_bits->setText(changeText(bits(m_session->choiceOf(id)), bits(shown(id))));
  double before = 0, after = 0;
  const std::vector<LinearId> ids = targets();
  for (const LinearId other : ids) {
    before += weightBytes(model.linears[other], m_session->choiceOf(other));
    const bool isFixed = m_session->plan()->plan().isLocked(model.linears[other].name) ||
                         m_session->plan()->plan().isIgnored(model.linears[other].name);
    const bool hasWhatIf = m_session->plan()->whatIf().has_value();
    after +=
        weightBytes(model.linears[other], hasWhatIf && !isFixed ? shown(id) : m_session->choiceOf(other));
  }
  m_sizeName->setText(ids.size() == 1 ? tr("This linear, size") : tr("%1 selected, size").arg(ids.size()));
  m_size->setText(
      changeText(sizeText(static_cast<std::uint64_t>(before)), sizeText(static_cast<std::uint64_t>(after))));
}

std::vector<LinearId> InspectorPanel::siblingsOfTargets() const {
  const Model& model = *m_session->model();
  std::vector<LinearId> ids = targets();
  for (const LinearId id : targets())
    if (const auto group = model.linears[id].fusedGroup)
      ids.insert(ids.end(), model.fusedGroups[*group].members.begin(),
                 model.fusedGroups[*group].members.end());
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

void InspectorPanel::refreshSiblings() {
  const Model& model = *m_session->model();
  const std::vector<LinearId> ids = targets(), all = siblingsOfTargets();
  std::vector<std::size_t> groups;
  for (const LinearId id : ids)
    if (const auto group = model.linears[id].fusedGroup;
        group && std::find(groups.begin(), groups.end(), *group) == groups.end())
      groups.push_back(*group);
  bool agree = true;
  QStringList sets, differing;
  for (const std::size_t group : groups) {
    QStringList roles;
    bool isSame = true;
    const std::vector<LinearId>& members = model.fusedGroups[group].members;
    for (const LinearId id : members) {
      if (!roles.contains(roleText(model.linears[id].role))) roles << roleText(model.linears[id].role);
      isSame = isSame && m_session->shownChoice(id) == m_session->shownChoice(members.front());
    }
    const QString set = roles.join(QStringLiteral(", "));
    if (!sets.contains(set)) sets << set;
    if (!isSame && !differing.contains(set)) differing << set;
    agree = agree && isSame;
  }
  const QString names = (agree ? sets : differing).join(tr(" and "));
  m_siblings->setVisible(!groups.empty());
  m_siblingButton->setVisible(!groups.empty() && !agree);
  m_siblingButton->setText(tr("Apply to %1").arg(names));
  m_siblingButton->setToolTip(tr("Runtimes store these as one matrix and need one scheme for all of them"));
  m_siblings->setText(agree ? tr("✓ Fused siblings %1 agree").arg(names)
                            : tr("Fused siblings %1 differ: runtimes refuse that").arg(names));
  setStyleProperty(m_siblings, "good", agree);
  setStyleProperty(m_siblings, "warn", !agree);
}

void InspectorPanel::refreshFooter() {
  const std::size_t count = targets().size();
  m_apply->setText(count == 1 ? tr("Apply to this linear") : tr("Apply to %1 selected").arg(count));
  const bool hasWhatIf = m_session->plan()->whatIf().has_value();
  bool isMixed = false;
  const Choice choice = shown(*m_session->selection()->current());
  for (const LinearId id : targets()) isMixed = isMixed || m_session->choiceOf(id) != choice;
  const bool hasTrial = hasSmoothingTrial(*m_session->selection()->current());
  m_apply->setEnabled(isMixed || hasTrial);
  m_revert->setEnabled(hasWhatIf || hasTrial);
}

}  // namespace ql
