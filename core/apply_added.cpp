#include "core/apply_added.h"

#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/io/round_to_dtype.h"

#include <nlohmann/json.hpp>

#include <cstring>

namespace ql {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxIndexBytes = 100'000'000;

[[noreturn]] void throwNoObject(const std::string& what) {
  throw Error(ErrorCode::Format, what + " is not the JSON object it should be; copy the model again.");
}

Json parseObject(std::string_view text, const std::string& what) {
  Json json = Json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) throwNoObject(what);
  return json;
}

std::string indexWith(std::string_view text, const std::string& shard, const AddedTensor& tensor,
                      const std::string& name) {
  Json json = parseObject(text, quotedText(name));
  if (!json.contains("weight_map") || !json["weight_map"].is_object()) throwNoObject(quotedText(name));
  json["weight_map"][tensor.name] = shard;
  const auto metadata = json.find("metadata");
  if (metadata != json.end() && metadata->is_object()) {
    const auto total = metadata->find("total_size");
    if (total != metadata->end() && total->is_number_unsigned())
      *total = total->get<std::uint64_t>() + tensor.sizeBytes;
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

AddedTensor addedHead(const Checkpoint& checkpoint, const UntiedModel& untied) {
  const Linear& head = untied.model.linears[untied.head];
  const TensorInfo* embedding = checkpoint.find(untied.embedding.tensor);
  QL_ASSERT(embedding != nullptr);
  if (checkpoint.find(head.matrix.tensor) != nullptr)
    throw Error(ErrorCode::Unsupported,
                "The head needs a tensor of its own, but the checkpoint holds another " +
                    quotedText(head.matrix.tensor) + " that is no matrix of the model; remove it first.");
  if (!isRoundable(embedding->dtype))
    throw Error(ErrorCode::Unsupported, "The embedding is stored as " +
                                            std::string(dtypeInfo(embedding->dtype).name) +
                                            "; convert the model to BF16, F16 or F32 first.");
  return {untied.head,      head.matrix.tensor,   embedding->dtype, {head.out(), head.in()},
          embedding->shard, embedding->sizeBytes, untied.embedding};
}

std::vector<std::byte> headerWith(std::span<const std::byte> file, const AddedTensor& tensor) {
  std::uint64_t length = 0;
  if (file.size() < sizeof length) throwNoObject("The header of a shard");
  std::memcpy(&length, file.data(), sizeof length);
  if (length > file.size() - sizeof length) throwNoObject("The header of a shard");
  const std::string_view text(reinterpret_cast<const char*>(file.data()) + sizeof length, length);
  Json header = parseObject(text, "The header of a shard");
  const std::uint64_t begin = file.size() - sizeof length - length;
  header[tensor.name] = {{"dtype", dtypeInfo(tensor.dtype).name},
                         {"shape", tensor.shape},
                         {"data_offsets", {begin, begin + tensor.sizeBytes}}};
  std::string dumped = header.dump();
  dumped.append((8 - dumped.size() % 8) % 8, ' ');
  const std::uint64_t size = dumped.size();
  std::vector<std::byte> bytes(sizeof size + dumped.size());
  std::memcpy(bytes.data(), &size, sizeof size);
  std::memcpy(bytes.data() + sizeof size, dumped.data(), dumped.size());
  return bytes;
}

std::map<std::string, std::string> sideFilesWith(const Checkpoint& checkpoint, const UntiedModel& untied,
                                                 const AddedTensor& tensor,
                                                 const std::vector<std::string>& sideFiles) {
  std::map<std::string, std::string> texts;
  for (const std::string& name : sideFiles) {
    if (name == "config.json") texts[name] = untied.configJson;
    if (name.ends_with(".safetensors.index.json"))
      texts[name] = indexWith(readFile(checkpoint.folder() / name, kMaxIndexBytes),
                              checkpoint.shards()[tensor.shard].name, tensor, name);
  }
  return texts;
}

}  // namespace ql
