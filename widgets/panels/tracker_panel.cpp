#include "widgets/panels/tracker_panel.h"

namespace ql {

TrackerPanel::TrackerPanel(Session* session, QWidget* parent) : QWidget(parent), m_session(session) {}

}  // namespace ql
