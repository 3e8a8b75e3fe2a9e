#include "widgets/panels/compare_panel.h"

namespace ql {

ComparePanel::ComparePanel(Session* session, QWidget* parent) : QWidget(parent), m_session(session) {}

}  // namespace ql
