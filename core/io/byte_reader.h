#pragma once
// Little-endian values out of an untrusted file, one behind the other. Every read is checked against the end.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace ql {

class ByteReader {
 public:
  /// where: the file's name as it stands in messages, in quotes. kind: "GGUF file", for messages.
  ByteReader(std::span<const std::byte> bytes, std::string where, std::string kind, std::size_t position = 0)
      : m_bytes(bytes), m_where(std::move(where)), m_kind(std::move(kind)), m_position(position) {}

  std::size_t position() const { return m_position; }
  std::size_t left() const { return m_bytes.size() - m_position; }
  bool atEnd() const { return left() == 0; }
  const std::string& where() const { return m_where; }

  template <class T>
  T read(std::string_view what) {
    static_assert(std::is_arithmetic_v<T>);
    T value;
    std::memcpy(&value, take(sizeof value, what).data(), sizeof value);
    return value;
  }
  /// The next `size` bytes, in place.
  std::span<const std::byte> take(std::uint64_t size, std::string_view what) {
    if (size > left()) throwEnd(size, what);
    const auto part = m_bytes.subspan(m_position, static_cast<std::size_t>(size));
    m_position += static_cast<std::size_t>(size);
    return part;
  }
  std::string_view text(std::uint64_t size, std::string_view what) {
    const auto part = take(size, what);
    return {reinterpret_cast<const char*>(part.data()), part.size()};
  }
  /// Throws Error(Format): file, kind, byte, what is wrong, remedy.
  [[noreturn]] void damaged(const std::string& what) const;

 private:
  [[noreturn]] void throwEnd(std::uint64_t size, std::string_view what) const;

  std::span<const std::byte> m_bytes;
  std::string m_where, m_kind;
  std::size_t m_position = 0;
};

}  // namespace ql
