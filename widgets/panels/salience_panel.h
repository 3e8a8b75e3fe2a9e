#pragma once
// The Salience page: Hessian salience of the current linear.
#include "widgets/bridge/session.h"

#include <QWidget>

namespace ql {

class SaliencePanel : public QWidget {
  Q_OBJECT
 public:
  explicit SaliencePanel(Session* session, QWidget* parent = nullptr);

 private:
  Session* m_session;
};

}  // namespace ql
