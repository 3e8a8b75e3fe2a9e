#pragma once
// The Compare page: two choices of a linear side by side, curves over choices, several models.
#include "widgets/bridge/session.h"

#include <QWidget>

namespace ql {

class ComparePanel : public QWidget {
  Q_OBJECT
 public:
  explicit ComparePanel(Session* session, QWidget* parent = nullptr);

 private:
  Session* m_session;
};

}  // namespace ql
