#include "core/calib/score_items.h"

namespace ql {

ScoreItems::ScoreItems(const TokenWindows& windows, std::optional<std::int32_t> mask,
                       std::int64_t batchTokens)
    : m_windows(windows), m_mask(mask), m_batchTokens(batchTokens) {}

bool ScoreItems::settle() {
  for (; m_window < m_windows.windows.size(); ++m_window, m_target = -1) {
    const TokenWindow& window = m_windows.windows[m_window];
    if (m_target < 0) m_target = window.firstTarget;
    if (m_target < window.targetEnd) return true;
  }
  return false;
}

void ScoreItems::add(ScoreBatch& batch) const {
  const TokenWindow& window = m_windows.windows[m_window];
  HiddenBatch& hidden = batch.hidden;
  const std::int64_t begin = hidden.count();
  for (std::size_t i = 0; i < window.ids.size(); ++i) {
    hidden.ids.push_back(window.ids[i]);
    hidden.positions.push_back(static_cast<std::int32_t>(i));
    hidden.windows.push_back(static_cast<std::int32_t>(m_window));
  }
  hidden.begins.push_back(hidden.count());
  const auto idAt = [&](std::int64_t place) { return window.ids[static_cast<std::size_t>(place)]; };
  if (m_mask) {
    hidden.ids[static_cast<std::size_t>(begin + m_target)] = *m_mask;
    batch.targets.push_back({m_window, begin + m_target, idAt(m_target)});
    return;
  }
  // The logits of a row are those of the token behind it.
  for (std::int64_t place = window.firstTarget; place < window.targetEnd; ++place)
    batch.targets.push_back({m_window, begin + place - 1, idAt(place)});
}

void ScoreItems::advance() {
  if (m_mask && ++m_target < m_windows.windows[m_window].targetEnd) return;
  ++m_window;
  m_target = -1;
}

std::optional<ScoreBatch> ScoreItems::next() {
  if (!settle()) return std::nullopt;
  ScoreBatch batch;
  batch.hidden.begins.push_back(0);
  do {
    const auto length = static_cast<std::int64_t>(m_windows.windows[m_window].ids.size());
    if (batch.hidden.count() > 0 && batch.hidden.count() + length > m_batchTokens) break;
    add(batch);
    advance();
  } while (settle());
  batch.windowsDone = m_window;
  return batch;
}

}  // namespace ql
