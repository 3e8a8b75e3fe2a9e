#pragma once
// The Smoothing page: error over alpha of one smoothing group, its channels before and after, and the fold.
#include "widgets/bridge/session.h"

#include <QWidget>

namespace ql {

class SmoothingPanel : public QWidget {
  Q_OBJECT
 public:
  explicit SmoothingPanel(Session* session, QWidget* parent = nullptr);

 private:
  Session* m_session;
};

}  // namespace ql
