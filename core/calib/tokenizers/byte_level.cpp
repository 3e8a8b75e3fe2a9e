#include "core/calib/tokenizers/byte_level.h"

#include "core/calib/tokenizers/unicode_text.h"

#include <array>
#include <cstddef>

namespace ql {
namespace {

constexpr std::size_t kCharacters = 256 + 68;  // 68 bytes are not printable

struct Alphabet {
  std::array<std::string, 256> text;     // UTF-8 of the character of a byte
  std::array<int, kCharacters> bytes{};  // byte of a character, or -1
};

const Alphabet& alphabet() {
  static const Alphabet made = [] {
    Alphabet a;
    a.bytes.fill(-1);
    char32_t next = 256;
    for (unsigned byte = 0; byte < 256; ++byte) {
      const bool isPrintable =
          (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || (byte >= 174 && byte <= 255);
      const char32_t c = isPrintable ? byte : next++;
      appendUtf8(a.text[byte], c);
      a.bytes[c] = static_cast<int>(byte);
    }
    return a;
  }();
  return made;
}

}  // namespace

void appendByteLevel(std::string& text, std::string_view bytes) {
  const Alphabet& a = alphabet();
  for (const char c : bytes) text += a.text[static_cast<unsigned char>(c)];
}

std::string byteLevelText(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size() + bytes.size() / 4);
  appendByteLevel(text, bytes);
  return text;
}

std::optional<std::string> bytesOfByteLevel(std::string_view text) {
  const Alphabet& a = alphabet();
  std::string bytes;
  for (std::size_t i = 0; i < text.size();) {
    const CodePoint c = codePointAt(text, i);
    if (c.value >= kCharacters || a.bytes[c.value] < 0) return std::nullopt;
    bytes += static_cast<char>(a.bytes[c.value]);
    i += c.length;
  }
  return bytes;
}

}  // namespace ql
