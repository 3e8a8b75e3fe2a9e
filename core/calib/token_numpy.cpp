#include "core/calib/token_numpy.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/base/shape.h"
#include "core/io/mapped_file.h"

#include <charconv>
#include <cstring>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

namespace ql {
namespace {

constexpr std::size_t kMaxHeaderBytes = 65536;
constexpr std::size_t kMaxRank = 32;

struct Header {
  std::optional<std::string> descr;
  std::optional<bool> isFortran;
  std::optional<Shape> shape;
};

[[noreturn]] void failFormat(const std::string& where, const std::string& what) {
  throw Error(ErrorCode::Format, where + ": " + what);
}

/// The header is a Python dictionary; this reads exactly what numpy writes:
/// {'descr': '<i4', 'fortran_order': False, 'shape': (3,), }
class HeaderReader {
 public:
  HeaderReader(std::string_view text, const std::string& where) : m_text(text), m_where(where) {}

  Header read() {
    Header header;
    expect('{');
    while (!accept('}')) {
      const std::string key = quoted();
      expect(':');
      if (key == "descr") {
        header.descr = descr();
      } else if (key == "fortran_order") {
        header.isFortran = boolean();
      } else if (key == "shape") {
        header.shape = shape();
      } else {
        damaged();
      }
      if (!accept(',') && !peek('}')) damaged();
    }
    skipBlanks();
    if (m_i != m_text.size() || !header.descr || !header.isFortran || !header.shape) damaged();
    return header;
  }

 private:
  [[noreturn]] void damaged() const {
    failFormat(m_where, "the header is not that of a .npy file (character " + std::to_string(m_i + 1) +
                            "); save the ids again with numpy.save");
  }

  void skipBlanks() {
    while (m_i < m_text.size() && (m_text[m_i] == ' ' || m_text[m_i] == '\n')) ++m_i;
  }
  bool peek(char c) {
    skipBlanks();
    return m_i < m_text.size() && m_text[m_i] == c;
  }
  bool accept(char c) {
    if (!peek(c)) return false;
    ++m_i;
    return true;
  }
  void expect(char c) {
    if (!accept(c)) damaged();
  }

  std::string quoted() {
    skipBlanks();
    if (m_i >= m_text.size() || (m_text[m_i] != '\'' && m_text[m_i] != '"')) damaged();
    const std::size_t end = m_text.find(m_text[m_i], m_i + 1);
    if (end == std::string_view::npos) damaged();
    const std::string text(m_text.substr(m_i + 1, end - m_i - 1));
    m_i = end + 1;
    return text;
  }

  std::string descr() {
    if (peek('[')) {
      throw Error(ErrorCode::Unsupported,
                  m_where + " holds records with several fields; save the ids alone with numpy.save");
    }
    return quoted();
  }

  bool boolean() {
    skipBlanks();
    for (const bool value : {true, false}) {
      const std::string_view word = value ? "True" : "False";
      if (!m_text.substr(m_i).starts_with(word)) continue;
      m_i += word.size();
      return value;
    }
    damaged();
  }

  Shape shape() {
    Shape dimensions;
    expect('(');
    while (!accept(')')) {
      skipBlanks();
      std::int64_t value = -1;
      const char* const begin = m_text.data() + m_i;
      const auto [stop, error] = std::from_chars(begin, m_text.data() + m_text.size(), value);
      if (error != std::errc() || value < 0 || dimensions.size() >= kMaxRank) damaged();
      m_i += static_cast<std::size_t>(stop - begin);
      dimensions.push_back(value);
      if (!accept(',') && !peek(')')) damaged();
    }
    return dimensions;
  }

  std::string_view m_text;
  const std::string& m_where;
  std::size_t m_i = 0;
};

IntegerLayout layoutOf(const std::string& descr, const std::string& where) {
  const auto refuse = [&](const std::string& what) {
    throw Error(ErrorCode::Unsupported,
                where + " holds " + what + "; save the ids as int32, numpy.save(F, ids.astype(\"<i4\"))");
  };
  if (descr == "|O" || descr == "O") refuse("Python objects, which are never loaded");
  if (descr.size() != 3) refuse("values of the type " + quotedText(descr));
  const char order = descr[0], kind = descr[1];
  const int size = descr[2] - '0';
  if ((kind != 'i' && kind != 'u') || (size != 1 && size != 2 && size != 4 && size != 8))
    refuse("values of the type " + quotedText(descr) + ", not integers");
  if (order == '>' && size > 1) refuse("big-endian values");
  if (order != '<' && order != '>' && order != '|') refuse("values of the type " + quotedText(descr));
  return {static_cast<std::size_t>(size), kind == 'i'};
}

struct NumpyParts {
  std::string_view header;
  std::span<const std::byte> data;
};

NumpyParts splitFile(std::span<const std::byte> bytes, const std::string& where) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (!text.starts_with("\x93NUMPY") || text.size() < 10)
    failFormat(where, "this is not a .npy file; save the ids with numpy.save");
  const int version = static_cast<unsigned char>(text[6]);
  if (version < 1 || version > 3) {
    throw Error(ErrorCode::Unsupported, where + " is of version " + std::to_string(version) +
                                            " of the .npy format, but 1 to 3 are known; save the ids again");
  }
  const std::size_t lengthBytes = version == 1 ? 2 : 4, begin = 8 + lengthBytes;
  if (text.size() < begin) failFormat(where, "the file is cut off; save the ids again with numpy.save");
  std::uint32_t length = 0;
  std::memcpy(&length, text.data() + 8, lengthBytes);
  if (length > kMaxHeaderBytes || length > text.size() - begin)
    failFormat(where, "the header is longer than the file or than any header; save the ids again");
  return {text.substr(begin, length), bytes.subspan(begin + length)};
}

template <class T>
std::vector<std::int32_t> convert(std::span<const std::byte> bytes, const std::string& where) {
  std::vector<std::int32_t> ids(bytes.size() / sizeof(T));
  for (std::size_t i = 0; i < ids.size(); ++i) {
    T value = 0;
    std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
    if (!std::in_range<std::int32_t>(value) || value < T{0}) {
      failFormat(where, "value " + withThousands(i + 1) + " is " + std::to_string(value) +
                            ", which is no token id; ids are 0 to 2,147,483,647");
    }
    ids[i] = static_cast<std::int32_t>(value);
  }
  return ids;
}

}  // namespace

std::vector<std::int32_t> idsFromIntegers(std::span<const std::byte> values, IntegerLayout layout,
                                          const std::string& where) {
  switch (layout.bytes) {
    case 1:
      return layout.isSigned ? convert<std::int8_t>(values, where) : convert<std::uint8_t>(values, where);
    case 2:
      return layout.isSigned ? convert<std::int16_t>(values, where) : convert<std::uint16_t>(values, where);
    case 4:
      return layout.isSigned ? convert<std::int32_t>(values, where) : convert<std::uint32_t>(values, where);
    default:
      return layout.isSigned ? convert<std::int64_t>(values, where) : convert<std::uint64_t>(values, where);
  }
}

std::vector<std::int32_t> readNumpyIds(const std::filesystem::path& path) {
  const std::string where = quotedPath(path);
  const auto file = MappedFile::open(path);
  const NumpyParts parts = splitFile(file->bytes(), where);
  const Header header = HeaderReader(parts.header, where).read();
  const IntegerLayout layout = layoutOf(*header.descr, where);
  if (*header.isFortran && header.shape->size() > 1) {
    throw Error(ErrorCode::Unsupported, where +
                                            " is in Fortran order; save the ids with "
                                            "numpy.save(F, numpy.ascontiguousarray(ids))");
  }
  const auto count = elementCount(*header.shape);
  if (!count || *count > parts.data.size() / layout.bytes || *count * layout.bytes != parts.data.size()) {
    failFormat(where, "the shape " + shapeText(*header.shape) + " of " + std::to_string(layout.bytes) +
                          "-byte integers does not fit the " + bytesText(parts.data.size()) +
                          " of data; save the ids again with numpy.save");
  }
  auto ids = idsFromIntegers(parts.data, layout, where);
  file->throwIfTruncated();
  return ids;
}

}  // namespace ql
