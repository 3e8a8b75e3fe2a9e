#pragma once
// Tensor shapes with checked products. Dimensions from files are untrusted: use elementCount().
#include "core/base/error.h"  // before the alias: g++ 12 says that ErrorCode::Shape shadows it

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ql {

using Shape = std::vector<std::int64_t>;

/// Product of the dimensions (1 for rank 0); nothing when a dimension is negative or the product overflows.
std::optional<std::uint64_t> elementCount(const Shape& shape);

/// "256 x 512"; "scalar" for rank 0.
std::string shapeText(const Shape& shape);

}  // namespace ql
