#pragma once
// The one selection that every panel shares: linears, the current one, the pinned channel, the linked cursor.
// Panels never talk to each other; they write here and listen here.
#include "core/model/model.h"

#include <QObject>

#include <optional>
#include <vector>

namespace ql {

class Selection : public QObject {
  Q_OBJECT
 public:
  explicit Selection(QObject* parent = nullptr);

  const std::vector<LinearId>& selected() const { return m_selected; }  // ascending
  std::optional<LinearId> current() const { return m_current; }      // shown in matrix, channels, inspector
  std::optional<std::int64_t> channel() const { return m_channel; }  // pinned input channel
  std::optional<std::int64_t> row() const { return m_row; }          // pinned output channel
  bool contains(LinearId id) const;

  /// Replaces the selection; `current` becomes the current linear (it need not change when it is still
  /// inside).
  void set(std::vector<LinearId> ids, std::optional<LinearId> current);
  void selectOnly(LinearId id);
  void toggle(LinearId id);
  void clear();  // keeps the current linear shown
  void setChannel(std::optional<std::int64_t> channel);
  void setRow(std::optional<std::int64_t> row);
  /// The linked hover cursor, -1 = none: matrix and channel view follow each other.
  void setHover(std::int64_t row, std::int64_t channel);
  std::int64_t hoverRow() const { return m_hoverRow; }
  std::int64_t hoverChannel() const { return m_hoverChannel; }
  void reset();  // another model

 signals:
  void changed();  // the set or the current linear
  void currentChanged();
  void channelChanged();  // pinned channel or row
  void hoverChanged();
  void openRequested(ql::LinearId id);  // double-click: bring matrix and channels to the front

 private:
  std::vector<LinearId> m_selected;
  std::optional<LinearId> m_current;
  std::optional<std::int64_t> m_channel, m_row;
  std::int64_t m_hoverRow = -1, m_hoverChannel = -1;
};

}  // namespace ql
