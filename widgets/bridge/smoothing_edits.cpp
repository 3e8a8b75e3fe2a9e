// Edits of the plan that SmoothingControl makes: each one undo step with its name, with a word about what was
// passed over.
#include "core/workspace_smoothing.h"
#include "widgets/bridge/session.h"
#include "widgets/bridge/smoothing_control.h"
#include "widgets/bridge/smoothing_names.h"

#include <QStringList>

#include <set>

namespace ql {

void SmoothingControl::apply() {
  if (!m_group) return;
  if (isTrialAsPlanned()) {
    emit m_session->message(tr("Nothing changed: the plan smooths this group like this already."), false);
    return;
  }
  commit({*m_group}, false);
}

void SmoothingControl::remove() {
  if (!m_group) return;
  SmoothingTrial none = m_trial;
  none.method = SmoothingTrial::Method::None;
  setTrial(none);
  if (!isTrialAsPlanned()) commit({*m_group}, false);
  m_isTouched = false;
  emit trialChanged();
}

void SmoothingControl::applyTo(const std::vector<std::size_t>& groups, bool eachOptimum) {
  if (groups.empty()) {
    emit m_session->message(tr("There is no such group, so the plan stays as it is."), false);
    return;
  }
  if (!eachOptimum || m_trial.method == SmoothingTrial::Method::None) {
    commit(groups, false);
    return;
  }
  measureGroups(groups, [this, groups] { commit(groups, true); });
}

void SmoothingControl::commit(const std::vector<std::size_t>& groups, bool eachOptimum) {
  const std::shared_ptr<Workspace> workspace = m_session->workspace();
  if (!workspace) return;
  const Model& model = workspace->model();
  const bool isRemoval = m_trial.method == SmoothingTrial::Method::None;
  std::vector<PlanSmoothing> entries;
  std::set<std::string> producers;
  std::size_t notFoldable = 0, unmeasured = 0;
  for (const std::size_t group : groups) {
    producers.insert(model.smoothingGroups.at(group).producer);
    const SmoothingRow* line = row(group);
    if (isRemoval) continue;
    if (!line || !line->fold.isFoldable) {
      ++notFoldable;
      continue;
    }
    SmoothingTrial trial = normalized(m_trial);
    if (eachOptimum) {
      const auto curve = workspace->knownSmoothingCurve(requestFor(group, trial));
      const SmoothingPoint* best = curve ? curve->best() : nullptr;
      if (!best) {
        ++unmeasured;
        continue;
      }
      trial.alpha = best->alpha;
    }
    entries.push_back(planSmoothing(model, group, smoothingOptions(trial)));
  }
  const QuantizationPlan& plan = m_session->plan()->plan();
  const EditResult result = isRemoval ? removeSmoothing(plan, producers) : setSmoothing(plan, entries);
  std::set<std::size_t> changed, locked;
  const auto groupsOf = [&](const std::vector<std::string>& names, std::set<std::size_t>& into) {
    for (const std::string& name : names)
      for (const std::size_t group : groups) {
        const SmoothingGroup& readers = model.smoothingGroups[group];
        const auto id = model.find(name);
        if (readers.producer == name || (id && model.linears[*id].smoothingGroup == group))
          into.insert(group);
      }
  };
  groupsOf(result.changed, changed);
  groupsOf(result.locked, locked);
  const QString what =
      eachOptimum ? tr("%1, each at its optimum,").arg(methodText(m_trial)) : trialText(m_trial);
  const QString where =
      changed.size() == 1 ? ql::groupName(model, *changed.begin()) : tr("%1 groups").arg(changed.size());
  if (changed.contains(m_group.value_or(model.smoothingGroups.size()))) m_isTouched = false;
  m_session->plan()->edit(tr("%1 on %2").arg(what, where),
                          [&result](const QuantizationPlan&) { return result; });
  if (groups.size() > 1 && !changed.empty())
    emit m_session->message(tr("%1 written into the plan for %2.").arg(what, where), false);
  report(locked.size(), notFoldable, unmeasured);
}

void SmoothingControl::report(std::size_t lockedGroups, std::size_t notFoldable, std::size_t unmeasured) {
  QStringList parts;
  if (lockedGroups == 1) parts << tr("1 group with locked linears");
  if (lockedGroups > 1) parts << tr("%1 groups with locked linears").arg(lockedGroups);
  if (notFoldable == 1) parts << tr("1 group that cannot be folded");
  if (notFoldable > 1) parts << tr("%1 groups that cannot be folded").arg(notFoldable);
  if (unmeasured == 1) parts << tr("1 group without a measured optimum");
  if (unmeasured > 1) parts << tr("%1 groups without a measured optimum").arg(unmeasured);
  if (!parts.isEmpty())
    emit m_session->message(tr("Passed over: %1.").arg(parts.join(QStringLiteral(", "))), false);
}

void SmoothingControl::applyRemedy(LinearId id, const SmoothingRemedy& remedy) {
  const std::optional<std::size_t> group = groupOf(id);
  if (!group) return;
  if (group != m_group) setGroup(*group);
  SmoothingTrial trial;
  trial.method =
      remedy.method == "smoothquant" ? SmoothingTrial::Method::SmoothQuant : SmoothingTrial::Method::Bismooth;
  trial.usesMedian = remedy.statistic == "median";
  trial.alpha = remedy.alpha;
  setTrial(trial);
  emit pageRequested();
}

}  // namespace ql
