#include "core/calib/tokenizers/screen_text.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/calib/tokenizers/decoders.h"
#include "core/calib/tokenizers/unicode_text.h"

namespace ql {
namespace {
constexpr std::size_t kMaxTextBytes = std::size_t{1} << 30;
}

std::string screenText(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string text;
  for (std::size_t i = 0; i < bytes.size();) {
    const std::size_t length = utf8Length(bytes, i);
    if (length == 0) {
      const auto byte = static_cast<unsigned char>(bytes[i]);
      text.append("\\x").append(1, kDigits[byte >> 4]).append(1, kDigits[byte & 15u]);
      ++i;
    } else {
      text.append(bytes, i, length);
      i += length;
    }
  }
  return text;
}

std::string metaspaceScreenText(std::string_view token, bool hasBytes) {
  constexpr std::string_view kMetaspace = "\xE2\x96\x81";
  std::string text(token);
  const int byte = hasBytes ? byteOfToken(text) : -1;
  if (byte >= 0) return screenText(std::string(1, static_cast<char>(byte)));
  for (std::size_t i = text.find(kMetaspace); i != std::string::npos; i = text.find(kMetaspace, i + 1))
    text.replace(i, kMetaspace.size(), " ");
  return text;
}

void checkTextSize(std::size_t size) {
  if (size <= kMaxTextBytes) return;
  throw Error(ErrorCode::Unsupported,
              "the text has " + bytesText(size) +
                  ", but at most 1 GiB can be tokenized at a time; give a part of it");
}

}  // namespace ql
