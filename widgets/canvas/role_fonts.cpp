#include "widgets/canvas/role_fonts.h"

#include <QGuiApplication>

namespace ql {

RoleFonts::RoleFonts() {
  for (std::size_t i = 0; i < kFontRoles; ++i) {
    m_fonts[i] = uiFont(static_cast<FontRole>(i));
    m_metrics[i] = std::make_unique<QFontMetricsF>(m_fonts[i]);
  }
}

std::shared_ptr<const RoleFonts> RoleFonts::current() {
  static std::shared_ptr<const RoleFonts> fonts;
  static QFont madeFor;
  const QFont application = QGuiApplication::font();
  if (!fonts || madeFor != application) {
    fonts = std::make_shared<const RoleFonts>();
    madeFor = application;
  }
  return fonts;
}

}  // namespace ql
