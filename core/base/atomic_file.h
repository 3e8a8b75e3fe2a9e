#pragma once
// Writes that either happen whole or not at all: temporary file in the same folder, fsync, rename, fsync
// folder.
#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>

namespace ql {

/// Replaces (or creates) `path` with `bytes`. On any failure the old file is untouched and the temporary file
/// removed. Symbolic links are followed, so that a linked plan stays a link. Keeps the mode of an existing
/// file. Throws Error(Io) naming the file and the reason (read-only folder, full disk) and what to try.
void writeFileAtomically(const std::filesystem::path& path, std::span<const std::byte> bytes);
void writeFileAtomically(const std::filesystem::path& path, std::string_view text);

/// The whole file. Throws Error(Io) when it cannot be read or is larger than maxBytes (hostile input).
std::string readFile(const std::filesystem::path& path, std::size_t maxBytes);

}  // namespace ql
