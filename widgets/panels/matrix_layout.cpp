#include "widgets/panels/matrix_layout.h"

#include <algorithm>
#include <cmath>

namespace ql {

MatrixLayout layOutMatrix(QSizeF canvas, double scale, double lineHeight, double labelWidth) {
  const double s = scale;
  const bool isNarrow = canvas.width() < 260 * s, isLow = canvas.height() < 190 * s;
  MatrixLayout layout;
  layout.hasLabels = canvas.width() >= 140 * s && canvas.height() >= 90 * s;
  layout.hasRowTitle = !isNarrow && !isLow;
  const double left =
      layout.hasLabels ? labelWidth + 8 * s + (layout.hasRowTitle ? lineHeight : 4 * s) : 4 * s;
  const double marginal = std::round((isLow ? 0 : 34) * s), side = std::round((isNarrow ? 0 : 38) * s);
  const double groupBar = 4 * s;
  const double top = (isLow ? 4 * s : 8 * s + marginal) + groupBar;
  const double right = (isNarrow ? 8 * s : 16 * s + side);
  const double axis = layout.hasLabels ? lineHeight + 6 * s : 4 * s;
  const double bottom = axis + (isLow ? 2 * s : 2 * lineHeight + 3 * s);
  layout.plot =
      QRectF(std::round(left), std::round(top), std::max(8.0, std::floor(canvas.width() - left - right)),
             std::max(8.0, std::floor(canvas.height() - top - bottom)));
  const QRectF& plot = layout.plot;
  layout.groupBar = QRectF(plot.left(), plot.top() - groupBar, plot.width(), groupBar - 1);
  if (marginal > 0) layout.top = QRectF(plot.left(), 8 * s, plot.width(), layout.groupBar.top() - 9 * s);
  if (side > 0) layout.right = QRectF(plot.right() + 8 * s, plot.top(), side - 4 * s, plot.height());
  layout.captionY = isLow ? -1 : plot.bottom() + axis;
  if (!isLow && plot.width() > 150 * s)
    layout.bar =
        QRectF(plot.left() + 44 * s, layout.captionY + 3 * s, std::min(180 * s, plot.width() * 0.46), 8 * s);
  return layout;
}

}  // namespace ql
