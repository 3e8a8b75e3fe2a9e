#include "widgets/panels/salience_panel.h"

namespace ql {

SaliencePanel::SaliencePanel(Session* session, QWidget* parent) : QWidget(parent), m_session(session) {}

}  // namespace ql
