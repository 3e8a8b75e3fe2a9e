#include "core/base/shape.h"

namespace ql {

std::optional<std::uint64_t> elementCount(const Shape& shape) {
  std::uint64_t count = 1;
  for (const std::int64_t dimension : shape) {
    if (dimension < 0) return std::nullopt;
    if (__builtin_mul_overflow(count, static_cast<std::uint64_t>(dimension), &count)) return std::nullopt;
  }
  return count;
}

std::string shapeText(const Shape& shape) {
  if (shape.empty()) return "scalar";
  std::string text;
  for (const std::int64_t dimension : shape) {
    if (!text.empty()) text += " x ";
    text += std::to_string(dimension);
  }
  return text;
}

}  // namespace ql
