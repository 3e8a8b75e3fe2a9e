#pragma once
// Text on its way into HTML and SVG: names come from files and are hostile.
#include <cstdint>
#include <string>
#include <string_view>

namespace ql::report {

inline constexpr std::size_t kMaxTextBytes = 4096, kMaxNameBytes = 160;

/// Escapes & < > " '. Control characters, bytes that are not UTF-8 and characters that turn the direction of
/// text become U+FFFD; what is longer than `maxBytes` loses its middle to an ellipsis.
std::string escaped(std::string_view text, std::size_t maxBytes = kMaxTextBytes);
/// The same for a name of a tensor, layer or file.
std::string escapedName(std::string_view name);

/// A sentence or number of the terminal in print: a narrow no-break space before %, real minus signs and
/// arrows. Not for names and commands.
std::string typeset(std::string_view text);

/// typeset(percent(fraction)), a dash when there is none.
std::string percentHtml(double fraction);

/// A coordinate: at most two decimals, independent of the locale.
std::string coordinate(double value);

}  // namespace ql::report
