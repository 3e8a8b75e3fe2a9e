// The table of all groups, the search over them, and sets of them; part of SmoothingControl.
#include "core/base/error.h"
#include "core/workspace_smoothing.h"
#include "widgets/bridge/session.h"
#include "widgets/bridge/smoothing_control.h"
#include "widgets/bridge/smoothing_names.h"
#include "widgets/bridge/smoothing_planned.h"

#include <algorithm>

namespace ql {

namespace {

SmoothingTrial plainTrial(SmoothingTrial::Method method) {
  SmoothingTrial trial;
  trial.method = method;
  return trial;
}

}  // namespace

void SmoothingControl::rebuildRows() {
  m_rows.clear();
  for (const std::size_t group : m_groups) {
    SmoothingRow line;
    line.group = group;
    line.name = groupName(group);
    line.producer = groupProducer(*m_session->model(), group);
    line.readers = groupReaders(*m_session->model(), group);
    line.fold = groupFold(*m_session->workspace(), group);
    m_rows.push_back(std::move(line));
  }
  refreshRows();
}

void SmoothingControl::refreshRows() {
  m_rowsLater.stop();
  if (m_model != m_session->model()) return;
  const std::shared_ptr<Workspace> workspace = m_session->workspace();
  for (SmoothingRow& line : m_rows) {
    line.isInPlan = planned(line.group).method != SmoothingTrial::Method::None;
    line.smoothQuant = workspace->knownSmoothingCurve(
        requestFor(line.group, plainTrial(SmoothingTrial::Method::SmoothQuant)));
    line.bismooth =
        workspace->knownSmoothingCurve(requestFor(line.group, plainTrial(SmoothingTrial::Method::Bismooth)));
  }
  emit rowsChanged();
}

const SmoothingRow* SmoothingControl::row(std::size_t group) const {
  const auto at =
      std::find_if(m_rows.begin(), m_rows.end(), [group](const SmoothingRow& r) { return r.group == group; });
  return at == m_rows.end() ? nullptr : &*at;
}

// Search
// ---------------------------------------------------------------------------------------------------------

void SmoothingControl::searchAllGroups() {
  std::vector<std::size_t> groups;
  for (const SmoothingRow& line : m_rows)
    if (line.fold.isFoldable) groups.push_back(line.group);
  measureGroups(groups, {});
}

void SmoothingControl::measureGroups(const std::vector<std::size_t>& groups, std::function<void()> then) {
  const std::shared_ptr<Workspace> workspace = m_session->workspace();
  if (!workspace || !m_problem.isEmpty()) {
    if (!m_problem.isEmpty()) emit m_session->message(m_problem, false);
    return;
  }
  std::vector<CurveRequest> requests;
  for (const std::size_t group : groups) {
    const SmoothingRow* line = row(group);
    if (!line || !line->fold.isFoldable) continue;
    std::vector<SmoothingTrial> trials{plainTrial(SmoothingTrial::Method::SmoothQuant),
                                       plainTrial(SmoothingTrial::Method::Bismooth)};
    if (then) trials = {normalized(m_trial)};  // an edit needs the curve that its optimum is on
    for (const SmoothingTrial& trial : trials)
      if (CurveRequest request = requestFor(group, trial); !workspace->knownSmoothingCurve(request))
        requests.push_back(std::move(request));
  }
  if (requests.empty()) {
    if (then) then();
    refreshRows();
    return;
  }
  m_search = m_session->jobs()->run<QString>(
      this, QStringLiteral("smoothing-search"),
      tr("Searching alpha of %1 smoothing groups")
          .arg(requests.size() > groups.size() ? groups.size() : requests.size()),
      false,
      [this, workspace, requests](JobContext& job) {
        QString problem;
        for (const CurveRequest& request : requests) {
          try {
            workspace->smoothingCurve(request, job);
          } catch (const Error& e) {
            if (e.code() != ErrorCode::Unsupported) throw;
            problem = QString::fromUtf8(e.what());  // evidence that one group lacks; the others go on
          }
          QMetaObject::invokeMethod(
              this,
              [this] {
                if (!m_rowsLater.isActive()) m_rowsLater.start();
              },
              Qt::QueuedConnection);
        }
        return problem;
      },
      [this, workspace, then](const QString& problem) {
        if (workspace != m_session->workspace()) return;
        m_search = 0;
        refreshRows();
        scheduleRefresh();
        m_session->remeasured();  // findings know now what smoothing gives
        if (then) then();
        if (!problem.isEmpty()) emit m_session->message(problem, false);
      });
  emit rowsChanged();
}

// Sets
// -----------------------------------------------------------------------------------------------------------

std::vector<std::size_t> SmoothingControl::groupsOf(GroupSet set) const {
  const Model* model = m_session->model();
  if (!model) return {};
  const auto codeOf = [this, model](std::size_t group) {
    for (const LinearId id : model->smoothingGroups[group].consumers)
      if (const std::vector<Finding>& findings = m_session->findings(id); !findings.empty())
        return findings.front().code;
    return std::string();
  };
  const auto isAbove = [this, model](std::size_t group) {
    const SmoothingRow* line = row(group);
    const auto& curve = line && line->bismooth ? line->bismooth : line ? line->smoothQuant : nullptr;
    if (curve && curve->none.error.together.wa)
      return *curve->none.error.together.wa > m_session->view().target;
    const std::vector<LinearId>& readers = model->smoothingGroups[group].consumers;
    return std::any_of(readers.begin(), readers.end(), [this](LinearId id) {
      const auto error = m_session->value(id, Metric::OutputError, std::nullopt, false);
      return error && *error > m_session->view().target;
    });
  };
  std::vector<std::size_t> groups;
  for (const std::size_t group : m_groups) {
    const bool isSameKind = m_group && groupKind(*model, group) == groupKind(*model, *m_group);
    const bool isSameDiagnosis = set == GroupSet::SameDiagnosis && m_group && !codeOf(*m_group).empty() &&
                                 codeOf(group) == codeOf(*m_group);
    if (set == GroupSet::All || (set == GroupSet::SameKind && isSameKind) || isSameDiagnosis ||
        (set == GroupSet::AboveTarget && isAbove(group)))
      groups.push_back(group);
  }
  return groups;
}

std::vector<std::size_t> SmoothingControl::groupsInBlocks(int first, int last) const {
  std::vector<std::size_t> groups;
  for (const std::size_t group : groupsOf(GroupSet::SameKind)) {
    const Model& model = *m_session->model();
    const auto& block = model.linears[model.smoothingGroups[group].consumers.front()].block;
    if (block && *block >= std::min(first, last) && *block <= std::max(first, last)) groups.push_back(group);
  }
  return groups;
}

}  // namespace ql
