// Token ids given directly: .npy, .safetensors, text.
#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/calib/tokenizer.h"
#include "core/io/checkpoint.h"
#include "core/io/mapped_file.h"
#include "core/io/npy.h"

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace ql {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const std::string& where, const std::string& what) {
  throw Error(ErrorCode::Format, where + ": " + what);
}

template <class T>
std::vector<std::int32_t> convert(std::span<const std::byte> bytes, const std::string& where) {
  std::vector<std::int32_t> ids(bytes.size() / sizeof(T));
  for (std::size_t i = 0; i < ids.size(); ++i) {
    T value = 0;
    std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
    if (!std::in_range<std::int32_t>(value) || value < T{0}) {
      fail(where, "value " + withThousands(i + 1) + " is " + std::to_string(value) +
                      ", which is no token id; ids are 0 to 2,147,483,647");
    }
    ids[i] = static_cast<std::int32_t>(value);
  }
  return ids;
}

/// The values of an integer type as ids; nothing when the type is no integer.
std::optional<std::vector<std::int32_t>> idsOf(std::span<const std::byte> values, DType dtype,
                                               const std::string& where) {
  switch (dtype) {
    case DType::U8:
      return convert<std::uint8_t>(values, where);
    case DType::I8:
      return convert<std::int8_t>(values, where);
    case DType::U16:
      return convert<std::uint16_t>(values, where);
    case DType::I16:
      return convert<std::int16_t>(values, where);
    case DType::U32:
      return convert<std::uint32_t>(values, where);
    case DType::I32:
      return convert<std::int32_t>(values, where);
    case DType::U64:
      return convert<std::uint64_t>(values, where);
    case DType::I64:
      return convert<std::int64_t>(values, where);
    default:
      return std::nullopt;
  }
}

bool isInteger(DType dtype) {
  return idsOf({}, dtype, {}).has_value();
}

/// The tensor that `name` means; without a name, the only one of integers.
const TensorInfo& idTensor(const Checkpoint& checkpoint, const std::string& name, const std::string& where) {
  if (!name.empty()) {
    const TensorInfo* tensor = checkpoint.find(name);
    if (tensor == nullptr) fail(where, "there is no tensor " + quotedText(name));
    if (!isInteger(tensor->dtype)) {
      fail(where, "the tensor " + quotedText(name) + " holds " + std::string(dtypeInfo(tensor->dtype).name) +
                      ", not integers");
    }
    return *tensor;
  }
  std::vector<const TensorInfo*> found;
  for (const TensorInfo& tensor : checkpoint.tensors()) {
    if (isInteger(tensor.dtype)) found.push_back(&tensor);
  }
  if (found.empty()) fail(where, "there is no tensor of integers in it; token ids are expected");
  if (found.size() > 1) {
    fail(where, "there are " + withThousands(found.size()) + " tensors of integers (" +
                    quotedText(found[0]->name) + ", " + quotedText(found[1]->name) +
                    (found.size() > 2 ? ", ..." : "") + "); say which one, as in \"FILE#NAME\"");
  }
  return *found.front();
}

std::vector<std::int32_t> readSafetensors(const fs::path& path, const std::string& name) {
  const std::string where = quotedPath(path);
  const auto checkpoint = openCheckpoint(path);
  const TensorInfo& tensor = idTensor(*checkpoint, name, where);
  const std::string place = where + ", tensor " + quotedText(tensor.name);
  auto ids = *idsOf(checkpoint->bytes(tensor), tensor.dtype, place);
  checkpoint->file(tensor).throwIfTruncated();
  return ids;
}

/// A C-ordered array of any rank, row after row.
std::vector<std::int32_t> readNumpy(const fs::path& path) {
  const std::string where = quotedPath(path);
  const auto file = MappedFile::open(path);
  const NpyHeader header = parseNpyHeader(file->bytes(), where);
  requireRowsOfNpy(header, file->bytes().size(), where);
  const auto values = file->bytes().subspan(static_cast<std::size_t>(header.dataBegin));
  auto ids = idsOf(values, header.dtype, where);
  if (!ids) {
    fail(where, "values of type " + std::string(dtypeInfo(header.dtype).name) +
                    " are not integers; save the ids with numpy.save(F, ids.astype(\"int32\"))");
  }
  file->throwIfTruncated();
  return std::move(*ids);
}

bool isBlank(char c) {
  return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

std::vector<std::int32_t> readText(const fs::path& path) {
  const std::string where = quotedPath(path);
  const auto file = MappedFile::open(path);
  const char* const data = reinterpret_cast<const char*>(file->bytes().data());
  const char* const end = data + file->bytes().size();
  std::vector<std::int32_t> ids;
  std::uint64_t line = 1;
  for (const char* at = data; at != end;) {
    if (isBlank(*at)) {
      line += *at++ == '\n' ? 1u : 0u;
      continue;
    }
    const char* word = at;
    while (at != end && !isBlank(*at)) ++at;
    std::int32_t id = -1;
    const auto [stop, error] = std::from_chars(word, at, id);
    if (error != std::errc() || stop != at || id < 0) {
      fail(where + ", line " + withThousands(line),
           quotedText({word, static_cast<std::size_t>(at - word)}) +
               " is not a token id; whole numbers from 0 on, separated by spaces or line ends, are expected");
    }
    ids.push_back(id);
  }
  file->throwIfTruncated();
  return ids;
}

/// "file.safetensors#name" in its two parts; a file whose own name has the # counts first.
std::pair<fs::path, std::string> splitName(const fs::path& path) {
  std::error_code ignored;
  const std::string text = path.string();
  const std::size_t mark = text.rfind(".safetensors#");
  if (mark == std::string::npos || fs::exists(path, ignored)) return {path, {}};
  const std::size_t end = mark + std::string_view(".safetensors").size();
  return {text.substr(0, end), text.substr(end + 1)};
}

}  // namespace

std::vector<std::int32_t> readTokenIds(const fs::path& given) {
  const auto [path, name] = splitName(given);
  const std::string extension = path.extension().string();
  std::vector<std::int32_t> ids;
  if (extension == ".npy") {
    ids = readNumpy(path);
  } else if (extension == ".safetensors") {
    ids = readSafetensors(path, name);
  } else if (extension == ".txt") {
    ids = readText(path);
  } else {
    throw Error(ErrorCode::Unsupported, quotedPath(path) +
                                            " is no file of token ids by its name; .npy, "
                                            ".safetensors and .txt can be read");
  }
  if (ids.empty()) fail(quotedPath(path), "there are no token ids in it");
  return ids;
}

}  // namespace ql
