#pragma once
// Pieces of error sentences: names from files made safe to print, numbers people can read, reasons of the
// system.
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace ql {

/// `text` in double quotes for a one-line message: control characters and bytes that are not UTF-8 become
/// \xNN, and what is longer than 160 bytes is cut with "...". Names in hostile files go through this.
std::string quotedText(std::string_view text);
std::string quotedPath(const std::filesystem::path& path);

/// "12,345": C locale, thousands separated by commas.
std::string withThousands(std::uint64_t value);

/// "12,345 bytes", "1 byte".
std::string bytesText(std::uint64_t count);

/// What an errno means and what to do about it, as the tail of a sentence and without a full stop:
/// "the disk is full: free some space and try again".
std::string systemReason(int error);

}  // namespace ql
