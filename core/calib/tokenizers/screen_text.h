#pragma once
// Tokens as people read them, and the bound on texts.
#include <cstddef>
#include <string>
#include <string_view>

namespace ql {

/// Bytes that are no UTF-8 as "\xE2"; everything else as it is.
std::string screenText(std::string_view bytes);
/// "▁" as a space; with `hasBytes` "<0x0A>" as that byte.
std::string metaspaceScreenText(std::string_view token, bool hasBytes);

/// Throws Error(Unsupported) above 1 GiB: ICU counts bytes in 32 bits, and normalization may double them.
void checkTextSize(std::size_t size);

}  // namespace ql
