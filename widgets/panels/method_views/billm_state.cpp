#include "widgets/panels/method_views/billm_state.h"

#include "widgets/panels/method_view.h"

namespace ql {

QColor billmColor(BillmPart part, const Theme& theme) {
  switch (part) {
    case BillmPart::Salient:
      return theme.isDark ? QColor(0xff, 0xb0, 0x00) : QColor(0xe6, 0x7e, 0x00);
    case BillmPart::Dense:
      return theme.isDark ? QColor(0x3c, 0x42, 0x4a) : QColor(0xe3, 0xe6, 0xea);
    case BillmPart::Sparse:
      return theme.isDark ? QColor(0x56, 0xb4, 0xe9) : QColor(0x00, 0x62, 0xa3);
    case BillmPart::None:
      break;
  }
  return theme.nan;
}

QString billmPartName(BillmPart part) {
  switch (part) {
    case BillmPart::Salient:
      return MethodView::tr("salient");
    case BillmPart::Dense:
      return MethodView::tr("dense");
    case BillmPart::Sparse:
      return MethodView::tr("sparse");
    case BillmPart::None:
      break;
  }
  return MethodView::tr("not finite");
}

}  // namespace ql
