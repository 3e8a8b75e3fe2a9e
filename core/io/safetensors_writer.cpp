#include "core/io/safetensors_writer.h"

#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/base/message_text.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstring>

namespace ql {

namespace {

/// Insertion order is the order in the file.
using Json = nlohmann::ordered_json;

void checkTensor(const TensorToWrite& tensor) {
  const auto count = elementCount(tensor.shape);
  const auto bits = static_cast<std::uint64_t>(dtypeInfo(tensor.dtype).bits);
  std::uint64_t total = 0;
  if (!count || __builtin_mul_overflow(*count, bits, &total) || total % 8 != 0 ||
      total / 8 != tensor.bytes.size())
    throw Error(ErrorCode::Format, "Tensor " + quotedText(tensor.name) + " of " + shapeText(tensor.shape) +
                                       " has " + bytesText(tensor.bytes.size()) +
                                       ", which does not fit its shape.");
}

std::string headerText(const std::vector<TensorToWrite>& tensors,
                       const std::map<std::string, std::string>& metadata) {
  Json header = Json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::uint64_t offset = 0;
  for (const TensorToWrite& tensor : tensors) {
    checkTensor(tensor);
    if (header.contains(tensor.name))
      throw Error(ErrorCode::Format, "Tensor " + quotedText(tensor.name) + " is there twice.");
    const std::uint64_t end = offset + tensor.bytes.size();
    Json entry = Json::object();
    entry["dtype"] = dtypeInfo(tensor.dtype).name;
    entry["shape"] = tensor.shape;
    entry["data_offsets"] = {offset, end};
    header[tensor.name] = std::move(entry);
    offset = end;
  }
  std::string text = header.dump();
  text.append((8 - text.size() % 8) % 8, ' ');
  return text;
}

}  // namespace

std::vector<std::byte> safetensorsBytes(std::vector<TensorToWrite> tensors,
                                        const std::map<std::string, std::string>& metadata) {
  std::sort(tensors.begin(), tensors.end(), [](const TensorToWrite& a, const TensorToWrite& b) {
    return a.dtype != b.dtype ? a.dtype > b.dtype
                              : a.name < b.name;  // DType is declared in the writer's order
  });
  const std::string header = headerText(tensors, metadata);
  std::size_t size = 8 + header.size();
  for (const TensorToWrite& tensor : tensors) size += tensor.bytes.size();
  std::vector<std::byte> file;
  file.reserve(size);
  for (int i = 0; i < 8; ++i)
    file.push_back(static_cast<std::byte>(static_cast<std::uint64_t>(header.size()) >> (8 * i)));
  const auto* text = reinterpret_cast<const std::byte*>(header.data());
  file.insert(file.end(), text, text + header.size());
  for (const TensorToWrite& tensor : tensors)
    file.insert(file.end(), tensor.bytes.begin(), tensor.bytes.end());
  return file;
}

void writeSafetensors(const std::filesystem::path& path, std::vector<TensorToWrite> tensors,
                      const std::map<std::string, std::string>& metadata) {
  writeFileAtomically(path, safetensorsBytes(std::move(tensors), metadata));
}

}  // namespace ql
