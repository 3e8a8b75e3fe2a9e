#pragma once
// The small box of numbers beside the cursor, drawn inside the canvas so that it answers within a frame.
#include "widgets/bridge/theme.h"
#include "widgets/canvas/painter.h"

#include <QRectF>
#include <QString>

#include <vector>

namespace ql {

struct ReadOutRow {
  QString label = {};     // secondary, left
  QString value = {};     // right-aligned; empty: the label is a sentence over the whole width
  bool isStrong = false;  // the value that matters
  QColor swatch = {};     // valid: a small square of this colour before the label
};

/// Draws the box right of and below `anchor`, or on the side that has room inside `bounds`. `title` may be
/// empty. Mono font. Returns where it was drawn; an empty list draws nothing.
QRectF drawReadOut(Painter& painter, const Theme& theme, QPointF anchor, const QRectF& bounds,
                   const QString& title, const std::vector<ReadOutRow>& rows);

}  // namespace ql
