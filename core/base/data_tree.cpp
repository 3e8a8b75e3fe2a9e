#include "core/base/data_tree.h"

#include "core/base/error.h"
#include "core/base/message_text.h"

#include <cstring>
#include <optional>
#include <type_traits>
#include <utility>

namespace ql {
namespace {

template <class T>
constexpr ArrayType arrayTypeOf() {
  if constexpr (std::is_same_v<T, float>) return ArrayType::F32;
  if constexpr (std::is_same_v<T, double>) return ArrayType::F64;
  if constexpr (std::is_same_v<T, std::int32_t>) return ArrayType::I32;
  if constexpr (std::is_same_v<T, std::int64_t>) return ArrayType::I64;
  if constexpr (std::is_same_v<T, std::uint16_t>) return ArrayType::U16;
  if constexpr (std::is_same_v<T, std::uint32_t>) return ArrayType::U32;
  if constexpr (std::is_same_v<T, std::uint64_t>) return ArrayType::U64;
}

std::optional<std::uint64_t> product(const std::vector<std::uint64_t>& shape) {
  std::uint64_t count = 1;
  for (const std::uint64_t dimension : shape) {
    if (__builtin_mul_overflow(count, dimension, &count)) return std::nullopt;
  }
  return count;
}

[[noreturn]] void throwStored(const std::string& what) {
  throw Error(ErrorCode::Store, "stored result: " + what + ": delete the statistics and measure again.");
}

template <class T>
const T& attribute(const DataTree& tree, const std::string& name, const char* type) {
  const auto found = tree.attributes.find(name);
  if (found == tree.attributes.end()) throwStored("attribute " + quotedText(name) + " is missing");
  const T* value = std::get_if<T>(&found->second);
  if (value == nullptr) throwStored("attribute " + quotedText(name) + " is not " + type);
  return *value;
}

}  // namespace

std::size_t arrayTypeBytes(ArrayType type) {
  switch (type) {
    case ArrayType::U16:
      return 2;
    case ArrayType::F32:
    case ArrayType::I32:
    case ArrayType::U32:
      return 4;
    case ArrayType::F64:
    case ArrayType::I64:
    case ArrayType::U64:
      return 8;
  }
  QL_ASSERT(type == ArrayType::U64);  // every type was handled above
  return 0;
}

const DataTree* DataTree::find(const std::vector<std::string>& path) const {
  const DataTree* node = this;
  for (const std::string& name : path) {
    const auto child = node->children.find(name);
    if (child == node->children.end()) return nullptr;
    node = &child->second;
  }
  return node;
}

template <class T>
DataArray makeArray(const std::vector<T>& values, std::string unit, std::vector<std::string> axes,
                    std::vector<std::uint64_t> shape) {
  DataArray array;
  array.type = arrayTypeOf<T>();
  array.shape = shape.empty() ? std::vector<std::uint64_t>{values.size()} : std::move(shape);
  QL_ASSERT(product(array.shape) == values.size());
  array.bytes.resize(values.size() * sizeof(T));
  if (!values.empty()) std::memcpy(array.bytes.data(), values.data(), array.bytes.size());
  array.unit = std::move(unit);
  array.axes = std::move(axes);
  return array;
}

template <class T>
std::vector<T> arrayValues(const DataTree& tree, const std::string& name, std::uint64_t count) {
  const auto found = tree.arrays.find(name);
  if (found == tree.arrays.end()) throwStored("array " + quotedText(name) + " is missing");
  const DataArray& array = found->second;
  if (array.type != arrayTypeOf<T>())
    throwStored("array " + quotedText(name) + " has another number type than expected");
  const std::optional<std::uint64_t> stored = product(array.shape);
  if (stored != count || array.bytes.size() / sizeof(T) != count || array.bytes.size() % sizeof(T) != 0) {
    throwStored("array " + quotedText(name) + " has " + (stored ? withThousands(*stored) : "too many") +
                " values where " + withThousands(count) + " are expected");
  }
  std::vector<T> values(count);
  if (count != 0) std::memcpy(values.data(), array.bytes.data(), array.bytes.size());
  return values;
}

std::int64_t intAttribute(const DataTree& tree, const std::string& name) {
  return attribute<std::int64_t>(tree, name, "a whole number");
}

double doubleAttribute(const DataTree& tree, const std::string& name) {
  return attribute<double>(tree, name, "a number with a fraction");
}

std::string stringAttribute(const DataTree& tree, const std::string& name) {
  return attribute<std::string>(tree, name, "a text");
}

#define QL_INSTANTIATE(T)                                                                       \
  template DataArray makeArray<T>(const std::vector<T>&, std::string, std::vector<std::string>, \
                                  std::vector<std::uint64_t>);                                  \
  template std::vector<T> arrayValues<T>(const DataTree&, const std::string&, std::uint64_t);
QL_INSTANTIATE(float)
QL_INSTANTIATE(double)
QL_INSTANTIATE(std::int32_t)
QL_INSTANTIATE(std::int64_t)
QL_INSTANTIATE(std::uint16_t)
QL_INSTANTIATE(std::uint32_t)
QL_INSTANTIATE(std::uint64_t)
#undef QL_INSTANTIATE

}  // namespace ql
