#pragma once
// The header of a NumPy .npy file or member: a pure function of its first bytes, so that it can be fuzzed.
// Source: NumPy, numpy/lib/format.py (versions 1.0, 2.0, 3.0).
#include "core/base/dtype.h"
#include "core/base/shape.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace ql {

struct NpyHeader {
  DType dtype = DType::F32;
  bool isFortranOrder = false;
  Shape shape;                  // dimensions >= 0, product of bytes checked against overflow
  std::uint64_t dataBegin = 0;  // bytes before the values
  std::uint64_t dataBytes = 0;
};

/// Bytes of the header that begins like this, magic included; nothing when fewer than 12 bytes are given.
/// Throws Error(Format) when it is no .npy at all, of an unknown version, or longer than 64 KiB.
std::optional<std::uint64_t> npyHeaderBytes(std::span<const std::byte> begin, const std::string& where);

/// Reads the header. `begin` holds at least the whole header; `where` names the file and member, in quotes.
/// Throws Error(Format | Unsupported): cut short, not the dictionary NumPy writes, a key twice or unknown,
/// negative or overflowing dimensions; objects, texts and big-endian values.
NpyHeader parseNpyHeader(std::span<const std::byte> begin, const std::string& where);

/// Checks that a file or member of `sizeBytes` bytes (>= dataBegin) holds exactly the values of its header,
/// row after row. Throws Error(Format) when its size is another one, Error(Unsupported) for values by
/// columns.
void requireRowsOfNpy(const NpyHeader& header, std::uint64_t sizeBytes, const std::string& where);

}  // namespace ql
