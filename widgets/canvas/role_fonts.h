#pragma once
// The fonts of all roles with their metrics, looked up once. Both painter backends place text by these
// metrics, so that a picture made by one lines up with the other's.
#include "widgets/bridge/theme.h"

#include <QFont>
#include <QFontMetricsF>

#include <array>
#include <memory>

namespace ql {

inline constexpr int kFontRoles = 7;

class RoleFonts {
 public:
  RoleFonts();
  const QFont& font(FontRole role) const { return m_fonts[static_cast<std::size_t>(role)]; }
  const QFontMetricsF& metrics(FontRole role) const { return *m_metrics[static_cast<std::size_t>(role)]; }
  /// The fonts for the current application font; made anew when that changes. GUI thread.
  static std::shared_ptr<const RoleFonts> current();

 private:
  std::array<QFont, kFontRoles> m_fonts;
  std::array<std::unique_ptr<QFontMetricsF>, kFontRoles> m_metrics;
};

}  // namespace ql
