#pragma once
// The monochrome icons of resources/icons, drawn in the colour of the theme at paint time: a theme switch
// needs no reloading, and every size and scale is sharp.
#include <QIcon>
#include <QString>

namespace ql {

enum class IconColor { Text, Secondary, OnAccent, Finding, Good, Warning, Accent };

/// resources/icons/<name>.svg. QL_ASSERTs that it exists.
QIcon themeIcon(const QString& name, IconColor color = IconColor::Text);
/// The program's own icon, in its colours.
QIcon programIcon();

}  // namespace ql
