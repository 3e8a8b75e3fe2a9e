#pragma once
// Makes Qt's widgets look like the rest of the window: Fusion, a QPalette and a style sheet, all from Theme.
#include "widgets/bridge/settings.h"

#include <QPalette>
#include <QString>

namespace ql {

struct Theme;

/// Style, font and palette of the application; call once, and again when the theme setting or the system
/// changed.
void applyTheme(ThemeMode mode);
/// Remembers the palette the system gave, before applyTheme() replaces it. Call right after QApplication is
/// made.
void rememberSystemPalette();
/// The system's font, never under 12 px and never the nameless fallback family.
void applyFont();

QPalette themePalette(const Theme& theme);
QString themeStyleSheet(const Theme& theme);

}  // namespace ql
