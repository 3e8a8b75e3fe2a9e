#include "core/io/npy.h"

#include "core/base/error.h"
#include "core/base/message_text.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <string_view>
#include <utility>

namespace ql {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kFixedBytes = 12;  // magic, version, and the longer of the two lengths
constexpr std::uint64_t kMaxHeader = 64 * 1024;
constexpr std::size_t kMaxRank = 64;  // NumPy 2's limit; 32 before

[[noreturn]] void damaged(const std::string& where, const std::string& what) {
  throw Error(ErrorCode::Format, where + ": .npy header: " + what +
                                     ": the file is damaged or was not written by NumPy, save it again.");
}

/// The dictionary literal {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }, nothing else of
/// Python.
class HeaderText {
 public:
  HeaderText(std::string_view text, const std::string& where) : m_text(text), m_where(where) {}

  NpyHeader read() {
    expect('{');
    while (!take('}')) {
      readEntry();
      if (!take(',') && peek() != '}') fail("a comma is missing");
    }
    skipSpace();
    if (m_position != m_text.size()) fail("text stands behind the dictionary");
    if (!m_hasDescr || !m_hasOrder || !m_hasShape) fail("'descr', 'fortran_order' or 'shape' is missing");
    return std::move(m_header);
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    damaged(m_where, what + " at character " + std::to_string(m_position));
  }
  void skipSpace() {
    while (m_position < m_text.size() && (m_text[m_position] == ' ' || m_text[m_position] == '\n'))
      ++m_position;
  }
  char peek() {
    skipSpace();
    return m_position < m_text.size() ? m_text[m_position] : '\0';
  }
  bool take(char c) {
    if (peek() != c || m_position >= m_text.size()) return false;
    ++m_position;
    return true;
  }
  void expect(char c) {
    if (!take(c)) fail(std::string("'") + c + "' was expected");
  }
  bool takeWord(std::string_view word) {
    skipSpace();
    if (!m_text.substr(m_position).starts_with(word)) return false;
    m_position += word.size();
    return true;
  }
  std::string_view quoted() {
    const char quote = peek();
    if (quote != '\'' && quote != '"') fail("a text in quotes was expected");
    const std::size_t end = m_text.find(quote, ++m_position);
    if (end == std::string_view::npos) fail("a text does not end");
    const std::string_view text = m_text.substr(m_position, end - m_position);
    m_position = end + 1;
    return text;
  }
  void once(bool& seen, std::string_view key) {
    if (std::exchange(seen, true)) fail("'" + std::string(key) + "' is there twice");
  }
  void readEntry() {
    const std::string_view key = quoted();
    expect(':');
    if (key == "descr") {
      once(m_hasDescr, key);
      readDescr();
    } else if (key == "fortran_order") {
      once(m_hasOrder, key);
      m_header.isFortranOrder = takeWord("True");
      if (!m_header.isFortranOrder && !takeWord("False")) fail("True or False was expected");
    } else if (key == "shape") {
      once(m_hasShape, key);
      readShape();
    } else {
      fail("unknown key " + quotedText(key));
    }
  }
  void readDescr() {
    if (peek() == '[') unsupported("a record");
    const std::string_view descr = quoted();
    static constexpr std::array<std::pair<std::string_view, DType>, 13> kTypes{{{"<f4", DType::F32},
                                                                                {"<f2", DType::F16},
                                                                                {"<f8", DType::F64},
                                                                                {"|i1", DType::I8},
                                                                                {"|u1", DType::U8},
                                                                                {"<i2", DType::I16},
                                                                                {"<u2", DType::U16},
                                                                                {"<i4", DType::I32},
                                                                                {"<u4", DType::U32},
                                                                                {"<i8", DType::I64},
                                                                                {"<u8", DType::U64},
                                                                                {"|b1", DType::Bool},
                                                                                {"<c8", DType::C64}}};
    const auto* type = std::ranges::find(kTypes, descr, &std::pair<std::string_view, DType>::first);
    if (type == kTypes.end()) unsupported(quotedText(descr));
    m_header.dtype = type->second;
  }
  [[noreturn]] void unsupported(const std::string& type) const {
    throw Error(
        ErrorCode::Unsupported,
        m_where + " holds values of type " + type +
            "; little-endian numbers are read, never objects: save the array as float32, or token ids "
            "as int32.");
  }
  void readShape() {
    expect('(');
    while (!take(')')) {
      m_header.shape.push_back(number());
      if (m_header.shape.size() > kMaxRank) fail("more than 64 dimensions");
      take('L');  // Python 2 wrote 3L
      if (!take(',') && peek() != ')') fail("a comma is missing in the shape");
    }
  }
  std::int64_t number() {
    if (peek() < '0' || peek() > '9') fail("a dimension that is not negative was expected");
    std::int64_t value = 0;
    for (; m_position < m_text.size() && m_text[m_position] >= '0' && m_text[m_position] <= '9';
         ++m_position) {
      if (__builtin_mul_overflow(value, std::int64_t{10}, &value) ||
          __builtin_add_overflow(value, std::int64_t{m_text[m_position] - '0'}, &value))
        fail("a dimension is beyond 64 bits");
    }
    return value;
  }

  std::string_view m_text;
  const std::string& m_where;
  std::size_t m_position = 0;
  NpyHeader m_header;
  bool m_hasDescr = false, m_hasOrder = false, m_hasShape = false;
};

struct Lengths {
  std::uint64_t prefix = 0, text = 0;
};

Lengths lengths(std::span<const std::byte> begin, const std::string& where) {
  if (std::memcmp(begin.data(), kMagic.data(), kMagic.size()) != 0)
    damaged(where, "it does not begin with \\x93NUMPY");
  const auto major = static_cast<unsigned>(begin[6]);
  if (major < 1 || major > 3)
    throw Error(ErrorCode::Unsupported, where + " has version " + std::to_string(major) +
                                            " of the .npy format; versions 1 to 3 are read, save it again.");
  std::uint32_t size = 0;
  std::memcpy(&size, begin.data() + 8, major == 1 ? 2 : 4);
  if (size > kMaxHeader) damaged(where, "it claims " + bytesText(size));
  return {major == 1 ? 10u : 12u, size};
}

}  // namespace

std::optional<std::uint64_t> npyHeaderBytes(std::span<const std::byte> begin, const std::string& where) {
  if (begin.size() < kFixedBytes) return std::nullopt;
  const Lengths found = lengths(begin, where);
  return found.prefix + found.text;
}

NpyHeader parseNpyHeader(std::span<const std::byte> begin, const std::string& where) {
  if (begin.size() < kFixedBytes) damaged(where, "it has only " + bytesText(begin.size()));
  const Lengths found = lengths(begin, where);
  if (found.prefix + found.text > begin.size())
    damaged(where,
            bytesText(found.text) + " are claimed, " + bytesText(begin.size() - found.prefix) + " there");
  const std::string_view text(reinterpret_cast<const char*>(begin.data()) + found.prefix,
                              static_cast<std::size_t>(found.text));
  NpyHeader header = HeaderText(text, where).read();
  header.dataBegin = found.prefix + found.text;
  const auto count = elementCount(header.shape);
  const auto width = static_cast<std::uint64_t>(dtypeInfo(header.dtype).bits) / 8;
  if (!count || __builtin_mul_overflow(*count, width, &header.dataBytes) ||
      header.dataBytes > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    damaged(where, "the shape is beyond any memory");
  return header;
}

void requireRowsOfNpy(const NpyHeader& header, std::uint64_t sizeBytes, const std::string& where) {
  const std::uint64_t valueBytes = sizeBytes - header.dataBegin;
  if (header.dataBytes != valueBytes)
    throw Error(ErrorCode::Format, where + " has " + bytesText(valueBytes) + " of values where its shape " +
                                       shapeText(header.shape) + " needs " + bytesText(header.dataBytes) +
                                       ": the file is damaged, save it again.");
  if (header.isFortranOrder && std::ranges::count_if(header.shape, [](auto n) { return n > 1; }) > 1)
    throw Error(ErrorCode::Unsupported,
                where + " is stored by columns; save numpy.ascontiguousarray(x) instead of x.");
}

}  // namespace ql
