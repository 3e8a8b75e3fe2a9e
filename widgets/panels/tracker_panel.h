#pragma once
// The Tracker page: one channel of the residual stream through all blocks and the matrices that read or write
// it.
#include "widgets/bridge/session.h"

#include <QWidget>

namespace ql {

class TrackerPanel : public QWidget {
  Q_OBJECT
 public:
  explicit TrackerPanel(Session* session, QWidget* parent = nullptr);

 private:
  Session* m_session;
};

}  // namespace ql
