#include "core/base/message_text.h"

#include <cerrno>
#include <cstddef>
#include <system_error>

namespace ql {
namespace {

constexpr std::size_t kMaxQuotedBytes = 160;

unsigned char byteAt(std::string_view text, std::size_t i) {
  return static_cast<unsigned char>(text[i]);
}

bool isContinuation(std::string_view text, std::size_t i) {
  return i < text.size() && (byteAt(text, i) & 0xC0u) == 0x80u;
}

/// Length of the well-formed UTF-8 sequence at i (Unicode 15, table 3-7), or 0.
std::size_t utf8Length(std::string_view text, std::size_t i) {
  const unsigned lead = byteAt(text, i);
  if (lead < 0x80u) return 1;
  if (lead < 0xC2u || lead > 0xF4u) return 0;
  const std::size_t length = lead < 0xE0u ? 2 : lead < 0xF0u ? 3 : 4;
  for (std::size_t k = 1; k < length; ++k) {
    if (!isContinuation(text, i + k)) return 0;
  }
  const unsigned second = byteAt(text, i + 1);
  const bool isOverlong = (lead == 0xE0u && second < 0xA0u) || (lead == 0xF0u && second < 0x90u);
  const bool isOutside = (lead == 0xEDu && second > 0x9Fu) || (lead == 0xF4u && second > 0x8Fu);
  return isOverlong || isOutside ? 0 : length;
}

/// C1 controls and the line and paragraph separators would break a one-line message too.
bool isControl(std::string_view text, std::size_t i, std::size_t length) {
  const unsigned lead = byteAt(text, i);
  if (length == 1) return lead < 0x20u || lead == 0x7Fu;
  if (length == 2) return lead == 0xC2u && byteAt(text, i + 1) < 0xA0u;
  return length == 3 && lead == 0xE2u && byteAt(text, i + 1) == 0x80u &&
         (byteAt(text, i + 2) & 0xFEu) == 0xA8u;
}

void appendHex(std::string& out, unsigned char byte) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  out += "\\x";
  out += kDigits[byte >> 4];
  out += kDigits[byte & 15u];
}

/// `text` with what would break a line made visible, cut after about maxBytes.
std::string printable(std::string_view text, std::size_t maxBytes) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    if (i >= maxBytes) return out + "...";
    const std::size_t length = utf8Length(text, i);
    if (length == 0 || isControl(text, i, length)) {
      appendHex(out, byteAt(text, i));
      ++i;
      continue;
    }
    out.append(text.substr(i, length));
    i += length;
  }
  return out;
}

}  // namespace

std::string quotedText(std::string_view text) {
  return "\"" + printable(text, kMaxQuotedBytes) + "\"";
}

// A path is never cut: the reader must be able to find the file.
std::string quotedPath(const std::filesystem::path& path) {
  return "\"" + printable(path.string(), std::string::npos) + "\"";
}

std::string withThousands(std::uint64_t value) {
  std::string digits = std::to_string(value);
  for (std::size_t place = digits.size(); place > 3;) {
    place -= 3;
    digits.insert(place, 1, ',');
  }
  return digits;
}

std::string bytesText(std::uint64_t count) {
  return withThousands(count) + (count == 1 ? " byte" : " bytes");
}

std::string systemReason(int error) {
  switch (error) {
    case ENOENT:
      return "there is no such file or folder: check the spelling of the path";
    case EACCES:
    case EPERM:
      return "no permission: change the permissions or choose another folder";
    case EROFS:
      return "the disk is read-only: choose a folder on another disk";
    case ENOSPC:
      return "the disk is full: free some space and try again";
    case EDQUOT:
      return "the disk quota is used up: free some space and try again";
    case EFBIG:
      return "the file would exceed the allowed file size: raise the limit (ulimit -f) or choose another "
             "disk";
    case ENOTDIR:
      return "a part of the path is a file, not a folder: check the path";
    case EISDIR:
      return "it is a folder, not a file: name a file inside it";
    case ELOOP:
      return "its symbolic links go in a circle: repair the links";
    case ENAMETOOLONG:
      return "the name is too long: choose a shorter one";
    case EMFILE:
    case ENFILE:
      return "too many files are open: raise the limit (ulimit -n) or close other programs";
    case ENOMEM:
      return "there is not enough memory or address space: close other programs or raise the limit (ulimit "
             "-v)";
    case EIO:
      return "the disk reported an error: check the disk, or copy the file elsewhere";
    default:
      return std::generic_category().message(error) + ": check the path and the disk, then try again";
  }
}

}  // namespace ql
