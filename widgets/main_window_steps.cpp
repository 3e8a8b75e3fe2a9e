// Going through findings, linears and panels.
#include "widgets/bridge/session.h"
#include "widgets/main_window.h"
#include "widgets/panel_focus.h"
#include "widgets/work_area.h"

#include <algorithm>

namespace ql {

void MainWindow::focusNextPanel() {
  focusPanel(*m_work, 1);
}

void MainWindow::selectFlagged() {
  std::vector<LinearId> ids;
  for (LinearId id = 0; id < m_session->model()->linears.size(); ++id)
    if (m_session->isFlagged(id)) ids.push_back(id);
  if (ids.empty()) {
    emit m_session->message(m_session->isAnalyzing()
                                ? tr("No findings so far; the measurement is still running.")
                                : tr("No linear has a finding."),
                            false);
    return;
  }
  m_session->selection()->set(ids, ids.front());
}

void MainWindow::nextFinding(int step) {
  const auto count = static_cast<std::ptrdiff_t>(m_session->model()->linears.size());
  const std::optional<LinearId> current = m_session->selection()->current();
  // A current linear that is only shown (not selected) may be the first hit itself.
  const bool isSelected = current && m_session->selection()->contains(*current);
  const std::ptrdiff_t from =
      current ? static_cast<std::ptrdiff_t>(*current) - (isSelected ? 0 : step) : (step > 0 ? -1 : 0);
  for (std::ptrdiff_t i = 1; i <= count; ++i) {
    const auto id = static_cast<LinearId>(((from + i * step) % count + count) % count);
    if (m_session->isFlagged(id)) return m_session->selection()->selectOnly(id);
  }
  emit m_session->message(m_session->isAnalyzing()
                              ? tr("No findings so far; the measurement is still running.")
                              : tr("No linear has a finding."),
                          false);
}

void MainWindow::nextLinear(int step) {
  const auto count = static_cast<std::ptrdiff_t>(m_session->model()->linears.size());
  const auto at = static_cast<std::ptrdiff_t>(m_session->selection()->current().value_or(0)) + step;
  m_session->selection()->selectOnly(static_cast<LinearId>(std::clamp<std::ptrdiff_t>(at, 0, count - 1)));
}

}  // namespace ql
