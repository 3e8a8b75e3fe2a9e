#include "core/calib/tokenizers/sentencepiece_check.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/calib/tokenizers/json_part.h"
#include "core/calib/tokenizers/unicode_text.h"

#include <cmath>
#include <cstdint>
#include <cstring>

namespace ql {
namespace {

constexpr std::size_t kMaxPieceBytes = 4096;

[[noreturn]] void fail(const std::string& where, const std::string& what) {
  throw Error(ErrorCode::Format, where + " is not a readable SentencePiece model: " + what +
                                     "; download it again, or give token ids (.npy) instead of a text");
}

/// One field of a protocol buffer message.
struct Field {
  std::uint64_t number = 0;
  unsigned wire = 0;
  std::uint64_t value = 0;  // varint, or the bits of a fixed one
  std::string_view bytes;   // of wire type 2
};

/// Walks the fields of one message.
class FieldReader {
 public:
  FieldReader(std::string_view bytes, const std::string& where) : m_bytes(bytes), m_where(where) {}

  bool next(Field& field) {
    if (m_i >= m_bytes.size()) return false;
    const std::uint64_t tag = varint();
    field = {tag >> 3, static_cast<unsigned>(tag & 7u), 0, {}};
    if (field.number == 0) damaged();
    switch (field.wire) {
      case 0:
        field.value = varint();
        break;
      case 1:
        field.value = fixed(8);
        break;
      case 2:
        field.bytes = take(varint());
        break;
      case 5:
        field.value = fixed(4);
        break;
      default:
        damaged();
    }
    return true;
  }

 private:
  [[noreturn]] void damaged() const {
    fail(m_where, "byte " + withThousands(m_i) + " of a message is wrong");
  }

  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (m_i >= m_bytes.size()) damaged();
      const auto byte = static_cast<unsigned char>(m_bytes[m_i++]);
      value |= static_cast<std::uint64_t>(byte & 0x7Fu) << shift;
      if ((byte & 0x80u) == 0) return value;
    }
    damaged();
  }

  std::string_view take(std::uint64_t size) {
    if (size > m_bytes.size() - m_i) damaged();
    const std::string_view taken = m_bytes.substr(m_i, size);
    m_i += size;
    return taken;
  }

  std::uint64_t fixed(std::size_t size) {
    const std::string_view taken = take(size);
    std::uint64_t value = 0;
    std::memcpy(&value, taken.data(), size);
    return value;
  }

  std::string_view m_bytes;
  const std::string& m_where;
  std::size_t m_i = 0;
};

void checkPiece(std::string_view message, std::uint64_t number, const std::string& where) {
  const std::string name = "piece " + withThousands(number);
  FieldReader reader(message, where);
  bool hasText = false;
  for (Field field; reader.next(field);) {
    if (field.number == 1 && field.wire == 2) {
      hasText = !field.bytes.empty();
      if (field.bytes.size() > kMaxPieceBytes) fail(where, name + " has " + bytesText(field.bytes.size()));
      if (!isWellFormedUtf8(field.bytes) || field.bytes.find('\0') != std::string_view::npos)
        fail(where, name + " is no text");
    }
    if (field.number == 2 && field.wire == 5) {
      float score = 0;
      const auto bits = static_cast<std::uint32_t>(field.value);
      std::memcpy(&score, &bits, 4);
      if (!std::isfinite(score)) fail(where, name + " has a score that is no number");
    }
  }
  if (!hasText) fail(where, name + " is empty");
}

/// precompiled_charsmap: u32 size of a double array, the array, then the replacements, each ended by a NUL.
/// A unit of the array is u32; bit 31 marks a value (an offset into the replacements); otherwise the children
/// of unit i are at i ^ offset ^ label.
void checkCharacterMap(std::string_view blob, const std::string& where) {
  if (blob.empty()) return;
  std::uint32_t arrayBytes = 0;
  if (blob.size() < 4) fail(where, "the table of characters is cut off");
  std::memcpy(&arrayBytes, blob.data(), 4);
  const std::string_view array = blob.substr(4, arrayBytes), texts = blob.substr(4 + array.size());
  if (array.size() != arrayBytes || arrayBytes % 1024 != 0 || arrayBytes == 0)
    fail(where, "the table of characters is cut off");
  if (texts.empty() || texts.back() != '\0') fail(where, "the table of characters has no end");
  const std::size_t units = array.size() / 4;
  for (std::size_t i = 0; i < units; ++i) {
    std::uint32_t unit = 0;
    std::memcpy(&unit, array.data() + 4 * i, 4);
    if ((unit >> 31) != 0) {
      if ((unit & 0x7FFFFFFFu) >= texts.size()) fail(where, "the table of characters points outside itself");
      continue;
    }
    const std::size_t offset = static_cast<std::size_t>(unit >> 10) << ((unit & 0x200u) >> 6);
    if (((i ^ offset) | 0xFFu) >= units) fail(where, "the table of characters points outside itself");
  }
}

void checkNormalizer(std::string_view message, const std::string& where) {
  FieldReader reader(message, where);
  for (Field field; reader.next(field);) {
    if (field.number == 2 && field.wire == 2) checkCharacterMap(field.bytes, where);
  }
}

bool looksLikeTiktoken(std::string_view bytes) {
  const std::string_view line = bytes.substr(0, bytes.find('\n'));
  return bytes.size() > line.size() && line.size() < 200 && line.ends_with(" 0") &&
         line.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/= ") ==
             std::string_view::npos;
}

}  // namespace

void checkSentencePieceModel(std::string_view bytes, const std::string& where) {
  if (looksLikeTiktoken(bytes)) {
    throw Error(ErrorCode::Unsupported, where +
                                            " is a tiktoken file, not a SentencePiece model; put the "
                                            "tokenizer.json of the model beside it, or give token ids "
                                            "(.npy) instead of a text");
  }
  FieldReader reader(bytes, where);
  std::uint64_t pieces = 0;
  for (Field field; reader.next(field);) {
    if (field.wire != 2) continue;
    if (field.number == 1) checkPiece(field.bytes, pieces++, where);
    if (field.number == 3 || field.number == 5) checkNormalizer(field.bytes, where);
    if (pieces > static_cast<std::uint64_t>(kMaxTokenId)) fail(where, "it has too many pieces");
  }
  if (pieces == 0) fail(where, "it has no pieces");
}

}  // namespace ql
