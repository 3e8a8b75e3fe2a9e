// Recognises the usual things that are saved under the name of a weight file and are none.
#include "core/base/message_text.h"
#include "core/io/formats/safetensors_header.h"

#include <algorithm>
#include <string_view>

namespace ql {
namespace {

struct Signature {
  std::string_view begin;
  std::string_view reason;
};

constexpr Signature kSignatures[] = {
    {"version https://git-lfs", "is a Git LFS pointer, not the weights: run \"git lfs pull\" in its folder"},
    {"GGUF", "is a GGUF file, which this version does not read: open the safetensors files of the model"},
    {"PK\x03\x04", "is a zip archive or a PyTorch file: convert it to safetensors, or unpack it"},
    {"\x1f\x8b", "is compressed with gzip: unpack it"},
    {"\x80\x02",
     "is a Python pickle, which is never opened because it may run code: convert it to safetensors"},
};

constexpr std::size_t kShownBytes = 40;
constexpr std::size_t kLengthBytes = 8;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool isText(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return (c >= 0x20 && c < 0x7F) || c == '\n' || c == '\r' || c == '\t'; });
}

/// A length below 2^32 in front: this may be a header, whatever its low bytes happen to spell.
bool mayBeLength(std::string_view begin) {
  return begin.size() >= kLengthBytes && begin.substr(4, 4) == std::string_view("\0\0\0\0", 4);
}

}  // namespace

std::string notWeightsReason(std::span<const std::byte> file) {
  std::string_view begin(reinterpret_cast<const char*>(file.data()), std::min<std::size_t>(file.size(), 64));
  if (begin.empty()) return "is empty: the download failed or was interrupted, download the file again";
  if (mayBeLength(begin)) return {};
  for (const Signature& signature : kSignatures) {
    if (begin.starts_with(signature.begin)) return std::string(signature.reason);
  }
  if (begin.starts_with(kByteOrderMark)) begin.remove_prefix(kByteOrderMark.size());
  const std::size_t first = begin.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && begin[first] == '<') {
    return "starts with \"<\": a failed download saved an error page instead of the weights, download the "
           "file again";
  }
  if (isText(begin.substr(0, kLengthBytes))) {
    return "starts with the text " + quotedText(begin.substr(0, kShownBytes)) +
           ": a failed download saved a message instead of the weights, download the file again";
  }
  if (begin.size() < kLengthBytes) {
    return "has only " + bytesText(begin.size()) + ": the download is incomplete, download the file again";
  }
  return {};
}

}  // namespace ql
