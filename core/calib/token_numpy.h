#pragma once
// Token ids from arrays of integers, and from .npy files in particular.
// Source of the format: numpy/lib/format.py, versions 1.0 to 3.0.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace ql {

struct IntegerLayout {
  std::size_t bytes = 4;  // 1, 2, 4 or 8; little endian
  bool isSigned = true;
};

/// The values as ids; throws Error(Format) with `where` and the place of a value outside [0, 2^31).
std::vector<std::int32_t> idsFromIntegers(std::span<const std::byte> values, IntegerLayout layout,
                                          const std::string& where);

/// A C-ordered little-endian array of integers of any rank, row after row. Objects are never unpickled.
/// Throws Error(Io | Format | Unsupported) naming the file and what is wrong.
std::vector<std::int32_t> readNumpyIds(const std::filesystem::path& path);

}  // namespace ql
