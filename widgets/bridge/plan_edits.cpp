#include "widgets/bridge/plan_edits.h"

#include "widgets/bridge/finding_text.h"

#include <QCoreApplication>

#include <algorithm>

namespace ql {

namespace {

QString text(const char* source, int count = -1) {
  return QCoreApplication::translate("ql::PlanEdit", source, nullptr, count);
}

QString linearsText(std::size_t count) {
  return count == 1 ? text("1 linear") : text("%1 linears").arg(count);
}

std::vector<std::string> namesOf(Session& session, const std::vector<LinearId>& ids) {
  std::vector<std::string> names;
  names.reserve(ids.size());
  for (const LinearId id : ids) names.push_back(session.model()->linears[id].name);
  return names;
}

void reportPassedOver(Session& session, const EditResult& result) {
  QStringList parts;
  if (!result.locked.empty()) parts << text("%1 locked").arg(linearsText(result.locked.size()));
  if (!result.ignored.empty()) parts << text("%1 on the ignore list").arg(linearsText(result.ignored.size()));
  if (parts.isEmpty()) return;
  emit session.message(text("Passed over: %1.").arg(parts.join(QStringLiteral(", "))), false);
}

std::size_t editChoices(Session& session, const std::vector<LinearId>& ids, const QString& what,
                        const std::function<Choice(const Choice&)>& edit, int mergeId) {
  if (!session.model() || ids.empty()) return 0;
  const std::vector<std::string> names = namesOf(session, ids);
  // The name of the step says how many linears change, so the edit is tried first.
  EditResult result = setChoices(session.plan()->plan(), names, edit);
  const std::size_t changed = result.changed.size();
  session.plan()->edit(
      text("%1 on %2").arg(what, linearsText(changed)), [&result](const QuantizationPlan&) { return result; },
      mergeId);
  reportPassedOver(session, result);
  return changed;
}

}  // namespace

QString choiceText(const Choice& choice) {
  if (!choice.weight) return text("16 bit");
  QString words = QString::fromStdString(choice.weight->format) + QLatin1Char(' ') + granularityText(choice);
  if (!choice.weight->symmetric) words += text(" asymmetric");
  return words;
}

std::size_t applyChoice(Session& session, const std::vector<LinearId>& ids, const Choice& choice,
                        int mergeId) {
  return editChoices(
      session, ids, choiceText(choice), [&choice](const Choice&) { return choice; }, mergeId);
}

std::size_t applyEdit(Session& session, const std::vector<LinearId>& ids, const QString& edit) {
  const std::string spec = edit.toStdString();
  const Choice first = ids.empty() ? Choice{} : editChoice(session.choiceOf(ids.front()), spec);
  return editChoices(
      session, ids, choiceText(first), [&spec](const Choice& choice) { return editChoice(choice, spec); },
      -1);
}

std::size_t keepUnquantized(Session& session, const std::vector<LinearId>& ids) {
  return editChoices(
      session, ids, text("keep 16 bit"), [](const Choice&) { return Choice{}; }, -1);
}

void setLocked(Session& session, const std::vector<LinearId>& ids, bool locked) {
  if (!session.model() || ids.empty()) return;
  const QString what = locked ? text("lock %1") : text("unlock %1");
  session.plan()->edit(what.arg(linearsText(ids.size())), [&](const QuantizationPlan& plan) {
    return setLocked(plan, namesOf(session, ids), locked);
  });
}

void setIgnored(Session& session, const std::vector<LinearId>& ids, bool ignored) {
  if (!session.model() || ids.empty()) return;
  const QString what = ignored ? text("ignore %1") : text("quantize %1");
  session.plan()->edit(what.arg(linearsText(ids.size())), [&](const QuantizationPlan& plan) {
    return setIgnored(plan, namesOf(session, ids), ignored);
  });
}

bool areAllLocked(Session& session, const std::vector<LinearId>& ids) {
  return !ids.empty() && std::all_of(ids.begin(), ids.end(), [&](LinearId id) {
    return session.plan()->plan().isLocked(session.model()->linears[id].name);
  });
}

}  // namespace ql
