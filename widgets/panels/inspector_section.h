#pragma once
// A titled section of an inspector: a line, the title in semibold, a caption beside it.
#include <QString>

class QLabel;
class QVBoxLayout;
class QWidget;

namespace ql {

/// Adds the section to the column of `content` and returns its layout; the caption is made and returned too.
QVBoxLayout* addInspectorSection(QWidget* content, QVBoxLayout* column, const QString& title,
                                 QLabel** caption);

}  // namespace ql
