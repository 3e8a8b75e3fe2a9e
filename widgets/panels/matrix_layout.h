#pragma once
// Where the parts of the matrix view lie. Narrow or low canvases drop labels and marginals before the
// picture.
#include <QRectF>
#include <QSizeF>

namespace ql {

struct MatrixLayout {
  QRectF plot;              // the matrix
  QRectF top, right;        // marginals by column and by row; null when there is no room
  QRectF groupBar;          // above the matrix: the group under the cursor
  QRectF bar;               // colour bar, null when there is no room
  double captionY = 0;      // top of the axis title line; < 0 = none
  bool hasRowTitle = true;  // "output channel" at the left edge
  bool hasLabels = true;    // tick labels
};

/// `scale` as uiScale(); `lineHeight` and `labelWidth` (the widest row label) of the axis font.
MatrixLayout layOutMatrix(QSizeF canvas, double scale, double lineHeight, double labelWidth);

}  // namespace ql
