#include "widgets/bridge/smoothing_control.h"

#include "widgets/bridge/session.h"

namespace ql {

SmoothingControl::SmoothingControl(Session* session) : QObject(session), m_session(session) {}
SmoothingControl::~SmoothingControl() = default;

SmoothingOptions smoothingOptions(const SmoothingTrial& trial) {
  SmoothingOptions options;
  options.method = trial.method == SmoothingTrial::Method::SmoothQuant ? "smoothquant" : "bismooth";
  options.statistic = trial.method == SmoothingTrial::Method::Bismooth && trial.usesMedian ? "median" : "max";
  options.alpha = trial.alpha;
  options.powersOfTwo = trial.powersOfTwo;
  return options;
}

void SmoothingControl::setGroup(std::size_t group) {
  m_group = group;
  emit groupChanged();
}
QString SmoothingControl::groupName(std::size_t) const {
  return {};
}
QString SmoothingControl::groupText(std::size_t) const {
  return {};
}
std::optional<std::size_t> SmoothingControl::groupOf(LinearId) const {
  return std::nullopt;
}
void SmoothingControl::setTrial(const SmoothingTrial& trial) {
  m_trial = trial;
  emit trialChanged();
}
bool SmoothingControl::isTrialAsPlanned() const {
  return true;
}
std::shared_ptr<const SmoothingCurve> SmoothingControl::trialCurve() const {
  if (m_trial.method == SmoothingTrial::Method::None) return nullptr;
  return m_trial.method == SmoothingTrial::Method::Bismooth && m_trial.usesMedian ? m_bismooth
                                                                                  : m_smoothQuant;
}
const SmoothingPoint* SmoothingControl::unsmoothed() const {
  return m_smoothQuant ? &m_smoothQuant->none : nullptr;
}
FoldTarget SmoothingControl::fold() const {
  return {};
}
void SmoothingControl::takeOptimum() {}
void SmoothingControl::searchAllGroups() {}
void SmoothingControl::apply() {}
void SmoothingControl::applyTo(const std::vector<std::size_t>&, bool) {}
void SmoothingControl::applyRemedy(LinearId, const SmoothingRemedy&) {}
void SmoothingControl::remove() {}
void SmoothingControl::revert() {}

}  // namespace ql
