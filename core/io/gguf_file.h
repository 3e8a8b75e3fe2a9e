#pragma once
// The container of llama.cpp (GGUF versions 2 and 3): metadata and tensor infos as a pure function of the
// file's bytes, so that it can be fuzzed. Decoding of the block formats is not done here. Source:
// ggml-org/ggml, docs/gguf.md and src/gguf.cpp.
#include "core/base/dtype.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ql {

enum class GgufType : std::int32_t { U8, I8, U16, I16, U32, I32, F32, Bool, String, Array, U64, I64, F64 };

/// An array's elements as they stand in the file (not aligned); valid as long as the file's bytes.
struct GgufArray {
  GgufType type = GgufType::U8;
  std::uint64_t count = 0;
  std::span<const std::byte> bytes;
  /// The texts of an array of strings. QL_ASSERT the type.
  std::vector<std::string_view> strings() const;
};

/// Integers are widened, keeping their sign; F32 to double.
using GgufValue = std::variant<std::uint64_t, std::int64_t, double, bool, std::string, GgufArray>;

/// A storage type of ggml: values a block, bytes a block. Ids that were removed or never stood in files are
/// not in the table.
struct GgufTensorType {
  std::int32_t id;
  std::string_view name;  // "Q4_K"
  std::uint32_t blockValues, blockBytes;
  std::optional<DType> dtype;  // of the plain types
};
const GgufTensorType* ggufTensorType(std::int32_t id);

struct GgufTensor {
  std::string name;
  const GgufTensorType* type = nullptr;
  std::vector<std::int64_t> ne;  // 1 to 4 dimensions, the contiguous one first: the reverse of a shape
  std::uint64_t offset = 0;      // bytes from the start of the file
  std::uint64_t sizeBytes = 0;
};

struct GgufFile {
  std::uint32_t version = 0;
  std::uint64_t alignment = 32;
  std::uint64_t dataBegin = 0;
  std::map<std::string, GgufValue, std::less<>> metadata;
  std::vector<GgufTensor> tensors;  // in the order of the file

  const GgufTensor* find(std::string_view name) const;  // linear
  /// Absent or of another type: nothing.
  std::optional<std::string_view> text(std::string_view key) const;
  std::optional<std::uint64_t> number(std::string_view key) const;  // an integer of zero or more
};

bool looksLikeGguf(std::span<const std::byte> file);

/// Reads and checks everything before the tensors' data, and that the data is all there.
///
/// file   the whole file, as mapped; where: its name for messages, in quotes.
/// Throws Error(Format | Unsupported) with `where`, the byte and the entry: wrong magic, big-endian or
/// unknown version, counts past the end, a key or name twice, names of 64 bytes and more, more than 4
/// dimensions, sizes that overflow, unknown types, offsets other than the running sum, data past the end of
/// the file. Memory: a small multiple of the header.
GgufFile parseGguf(std::span<const std::byte> file, const std::string& where);

}  // namespace ql
