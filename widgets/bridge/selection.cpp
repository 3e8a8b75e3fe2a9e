#include "widgets/bridge/selection.h"

#include <algorithm>

namespace ql {

Selection::Selection(QObject* parent) : QObject(parent) {}

bool Selection::contains(LinearId id) const {
  return std::binary_search(m_selected.begin(), m_selected.end(), id);
}

void Selection::set(std::vector<LinearId> ids, std::optional<LinearId> current) {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  const bool isNewCurrent = current != m_current;
  if (!isNewCurrent && ids == m_selected) return;
  m_selected = std::move(ids);
  m_current = current;
  if (isNewCurrent) {
    // A channel of another matrix means nothing here, unless both read the same width; views re-pin as they
    // like.
    m_row.reset();
    m_hoverRow = m_hoverChannel = -1;
    emit currentChanged();
  }
  emit changed();
}

void Selection::selectOnly(LinearId id) {
  set({id}, id);
}

void Selection::toggle(LinearId id) {
  std::vector<LinearId> ids = m_selected;
  const auto at = std::lower_bound(ids.begin(), ids.end(), id);
  if (at != ids.end() && *at == id) {
    ids.erase(at);
    const std::optional<LinearId> current =
        m_current == id && !ids.empty() ? std::optional<LinearId>(ids.front()) : m_current;
    set(std::move(ids), current);
    return;
  }
  ids.insert(at, id);
  set(std::move(ids), id);
}

void Selection::clear() {
  set({}, m_current);
}

void Selection::setChannel(std::optional<std::int64_t> channel) {
  if (channel == m_channel) return;
  m_channel = channel;
  emit channelChanged();
}

void Selection::setRow(std::optional<std::int64_t> row) {
  if (row == m_row) return;
  m_row = row;
  emit channelChanged();
}

void Selection::setHover(std::int64_t row, std::int64_t channel) {
  if (row == m_hoverRow && channel == m_hoverChannel) return;
  m_hoverRow = row;
  m_hoverChannel = channel;
  emit hoverChanged();
}

void Selection::reset() {
  m_selected.clear();
  m_current.reset();
  m_channel.reset();
  m_row.reset();
  m_hoverRow = m_hoverChannel = -1;
  emit currentChanged();
  emit changed();
  emit channelChanged();
  emit hoverChanged();
}

}  // namespace ql
