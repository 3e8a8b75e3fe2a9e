#pragma once
// The context menu of linears, the same in tree, plan table and wherever else linears are listed.
#include "core/model/model.h"

#include <vector>

class QMenu;

namespace ql {

class Session;

/// Apply group 128/64/32/16, per channel, keep 16 bit; lock or unlock; ignore; select alike; copy names.
void fillLinearMenu(QMenu& menu, Session& session, const std::vector<LinearId>& ids);

}  // namespace ql
