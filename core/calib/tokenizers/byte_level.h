#pragma once
// The byte alphabet of GPT-2: every byte stands for one printable character.
// Bytes 33-126, 161-172, 174-255 are the character of the same number; the others, ascending, are 256, 257,
// ... Source: openai/gpt-2, src/encoder.py, bytes_to_unicode.
#include <optional>
#include <string>
#include <string_view>

namespace ql {

std::string byteLevelText(std::string_view bytes);
void appendByteLevel(std::string& text, std::string_view bytes);
/// The bytes behind a text of that alphabet; nothing when a character is not of it.
std::optional<std::string> bytesOfByteLevel(std::string_view text);

}  // namespace ql
