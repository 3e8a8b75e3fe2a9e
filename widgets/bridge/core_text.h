#pragma once
// Fixed sentences of the core (demo models, formats, export targets) in the language of the window.
#include <QString>

#include <string_view>

namespace ql {

/// The translation, or the English text itself.
QString coreText(std::string_view english);

}  // namespace ql
