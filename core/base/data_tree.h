#pragma once
// A neutral tree of attributes and arrays: what a result looks like on its way to and from a statistics file.
// Result types translate themselves to a DataTree; only store/ knows HDF5.
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace ql {

enum class ArrayType { F32, F64, I32, I64, U16, U32, U64 };
std::size_t arrayTypeBytes(ArrayType type);

/// A dense row-major array with its unit and the names of its axes.
struct DataArray {
  ArrayType type = ArrayType::F32;
  std::vector<std::uint64_t> shape;
  std::vector<std::byte> bytes;  // product(shape) * arrayTypeBytes(type), native little endian
  std::string unit;
  std::vector<std::string> axes;  // one name a dimension: "output channel", "input channel"

  bool operator==(const DataArray&) const = default;
};

using AttributeValue = std::variant<std::int64_t, double, std::string>;

struct DataTree {
  std::map<std::string, AttributeValue> attributes;
  std::map<std::string, DataArray> arrays;
  std::map<std::string, DataTree> children;

  bool operator==(const DataTree&) const = default;

  /// The child at a path of names, or null. Names may contain '/'.
  const DataTree* find(const std::vector<std::string>& path) const;
};

/// Copies values into a rank-1 (or, with a shape, rank-n) array. T: float, double, int32, int64,
/// uint16/32/64.
template <class T>
DataArray makeArray(const std::vector<T>& values, std::string unit, std::vector<std::string> axes,
                    std::vector<std::uint64_t> shape = {});

/// The values of an array, of exactly type T and `count` elements.
/// Throws Error(Store) naming `what` when type or size differ.
template <class T>
std::vector<T> arrayValues(const DataTree& tree, const std::string& name, std::uint64_t count);

/// Attribute access that throws Error(Store) naming the attribute when it is absent or of another type.
std::int64_t intAttribute(const DataTree& tree, const std::string& name);
double doubleAttribute(const DataTree& tree, const std::string& name);
std::string stringAttribute(const DataTree& tree, const std::string& name);

}  // namespace ql
