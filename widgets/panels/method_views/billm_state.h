#pragma once
// What BiLLM's view draws: the report of one linear and its mask in tiles; and the colours of the three
// parts.
#include "core/workspace_billm.h"
#include "widgets/bridge/theme.h"

#include <QString>

namespace ql {

struct BillmState {
  BillmReport report;
  BillmMaskTiles tiles;
};

/// Told apart with any colour vision (Okabe and Ito 2008: orange and blue on grey), light and dark.
QColor billmColor(BillmPart part, const Theme& theme);
QString billmPartName(BillmPart part);

}  // namespace ql
