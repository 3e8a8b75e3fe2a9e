#include "widgets/panels/smoothing_panel.h"

namespace ql {

SmoothingPanel::SmoothingPanel(Session* session, QWidget* parent) : QWidget(parent), m_session(session) {}

}  // namespace ql
