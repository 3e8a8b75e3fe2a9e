#include "core/demo.h"

#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/folders.h"
#include "core/io/checkpoint.h"
#include "core/io/safetensors_writer.h"

#include <nlohmann/json.hpp>

#include <unistd.h>
#include <algorithm>
#include <cstring>
#include <map>

namespace ql {

namespace fs = std::filesystem;

namespace {

const char* const kShipped = "demo-llama-weight-outliers";
const char* const kClean = "demo-llama";
const char* const kActivation = "demo-llama-activation-outliers";
const char* const kWeights = "model.safetensors";

/// One planted site: columns `channels` of `linears` were multiplied by columnFactor and the norm's gain
/// divided by it; rows of v were multiplied by rowFactor and o divided by it. All factors are powers of two,
/// so both directions are exact in BF16.
struct Planting {
  std::string prefix, norm;
  std::vector<std::string> linears;
  std::vector<std::size_t> channels;
  float columnFactor = 1, rowFactor = 1;
};

/// A BF16 tensor on its way from one model to its sibling.
struct Bf16Tensor {
  Shape shape;
  std::vector<std::byte> bytes;

  std::size_t columns() const { return shape.empty() ? 1 : static_cast<std::size_t>(shape.back()); }
  void multiply(std::size_t index, float factor) {
    std::uint16_t bits = 0;
    std::memcpy(&bits, bytes.data() + 2 * index, 2);
    bits = floatToBf16(bf16ToFloat(bits) * factor);
    std::memcpy(bytes.data() + 2 * index, &bits, 2);
  }
};
using Tensors = std::map<std::string, Bf16Tensor>;

[[noreturn]] void throwDamaged(const fs::path& path, const std::string& reason) {
  throw Error(ErrorCode::Format,
              "The demo file " + quotedPath(path) + " is damaged (" + reason +
                  "). Install QuantLoupe again, or set QUANTLOUPE_RESOURCES to its resources.");
}

std::vector<Planting> readPlanting(const fs::path& path) {
  std::vector<Planting> plantings;
  try {
    const auto json = nlohmann::json::parse(readFile(path, 1 << 20));
    for (const auto& entry : json.at("planted")) {
      Planting planting;
      planting.prefix = "model.layers." + std::to_string(entry.at("block").get<int>()) + ".";
      planting.norm = entry.at("norm").get<std::string>();
      planting.linears = entry.at("linears").get<std::vector<std::string>>();
      planting.channels = entry.at("channels").get<std::vector<std::size_t>>();
      planting.columnFactor = entry.at("factor_on_weight_columns").get<float>();
      planting.rowFactor = entry.at("factor_on_v_rows").get<float>();
      plantings.push_back(std::move(planting));
    }
  } catch (const nlohmann::json::exception& e) {
    throwDamaged(path, e.what());
  }
  return plantings;
}

Tensors readTensors(const fs::path& path) {
  const auto checkpoint = openCheckpoint(path);
  Tensors tensors;
  for (const TensorInfo& info : checkpoint->tensors()) {
    if (info.dtype != DType::BF16) throwDamaged(path, "tensor " + quotedText(info.name) + " is not BF16");
    const auto bytes = checkpoint->bytes(info);
    tensors[info.name] = {info.shape, std::vector<std::byte>(bytes.begin(), bytes.end())};
    checkpoint->file(info).throwIfTruncated();
  }
  return tensors;
}

Bf16Tensor& tensorOf(Tensors& tensors, const std::string& module) {
  const auto found = tensors.find(module + ".weight");
  if (found == tensors.end())
    throw Error(ErrorCode::Format,
                "The demo model lacks the tensor " + quotedText(module + ".weight") +
                    ". Install QuantLoupe again, or set QUANTLOUPE_RESOURCES to its resources.");
  return found->second;
}

void scaleColumns(Bf16Tensor& tensor, const std::vector<std::size_t>& channels, float factor) {
  const std::size_t columns = tensor.columns();
  const std::size_t count = tensor.bytes.size() / 2;
  for (std::size_t row = 0; row < count; row += columns)
    for (const std::size_t channel : channels)
      if (channel < columns) tensor.multiply(row + channel, factor);
}

void scaleAll(Bf16Tensor& tensor, float factor) {
  for (std::size_t i = 0; i < tensor.bytes.size() / 2; ++i) tensor.multiply(i, factor);
}

/// Plants (or, with isUndo, takes back) outliers without changing the function of the model.
void plant(Tensors& tensors, const std::vector<Planting>& plantings, bool isUndo) {
  for (const Planting& planting : plantings) {
    const float s = isUndo ? 1 / planting.columnFactor : planting.columnFactor;
    const float r = isUndo ? 1 / planting.rowFactor : planting.rowFactor;
    for (const std::string& linear : planting.linears)
      scaleColumns(tensorOf(tensors, planting.prefix + linear), planting.channels, s);
    scaleColumns(tensorOf(tensors, planting.prefix + planting.norm), planting.channels, 1 / s);
    if (r == 1) continue;
    scaleAll(tensorOf(tensors, planting.prefix + "self_attn.v_proj"), r);
    scaleAll(tensorOf(tensors, planting.prefix + "self_attn.o_proj"), 1 / r);
  }
}

void writeModel(const fs::path& folder, const fs::path& resources, const std::string& key) {
  const fs::path shipped = resources / "demo" / kShipped;
  Tensors tensors = readTensors(shipped);
  plant(tensors, readPlanting(shipped / "planted.json"), true);
  const fs::path other = resources / "demo" / "activation-outliers.json";
  if (key == kActivation) plant(tensors, readPlanting(other), false);
  std::vector<TensorToWrite> list;
  for (const auto& [name, tensor] : tensors) list.push_back({name, DType::BF16, tensor.shape, tensor.bytes});
  for (const auto& entry : fs::directory_iterator(shipped)) {
    const std::string name = entry.path().filename().string();
    if (name != kWeights && name != "planted.json")
      writeFileAtomically(folder / name, readFile(entry.path(), 64u << 20));
  }
  if (key == kActivation) writeFileAtomically(folder / "planted.json", readFile(other, 1 << 20));
  writeSafetensors(folder / kWeights, std::move(list), {{"format", "pt"}});
}

/// There, and its weights as long as the sibling's: the folder is renamed into place whole, so more cannot be
/// wrong unless somebody touched it.
bool isComplete(const fs::path& folder, const fs::path& shipped) {
  std::error_code failure;
  const auto size = fs::file_size(folder / kWeights, failure);
  return !failure && size == fs::file_size(shipped / kWeights, failure) && !failure &&
         fs::exists(folder / "config.json", failure);
}

fs::path makeIn(const fs::path& parent, const fs::path& resources, const std::string& key) {
  const fs::path folder = parent / key;
  if (isComplete(folder, resources / "demo" / kShipped)) return folder;
  const fs::path unfinished = parent / ("." + key + "." + std::to_string(::getpid()));
  try {
    fs::remove_all(unfinished);
    fs::create_directories(unfinished);
    writeModel(unfinished, resources, key);
    fs::remove_all(folder);
    std::error_code failure;
    fs::rename(unfinished, folder, failure);  // fails when another program was faster: its folder is as good
    if (failure) fs::remove_all(unfinished);
    if (!isComplete(folder, resources / "demo" / kShipped))
      throw Error(ErrorCode::Io,
                  "Could not make the demo model " + quotedPath(folder) + ": " + failure.message() + ".");
  } catch (const fs::filesystem_error& e) {
    throw Error(ErrorCode::Io, "Could not make the demo model " + quotedPath(folder) + ": " +
                                   systemReason(e.code().value()) + ".");
  } catch (...) {
    std::error_code ignored;
    fs::remove_all(unfinished, ignored);
    throw;
  }
  return folder;
}

}  // namespace

const std::vector<DemoModel>& demoModels() {
  static const std::vector<DemoModel> models{
      {kShipped, "Weight outliers",
       "A small Llama whose first blocks carry outlier input channels, like LLaMA3-70B: per-channel int8 "
       "destroys them."},
      {kClean, "Clean", "The same Llama without outliers: int8 per channel costs next to nothing."},
      {kActivation, "Activation outliers",
       "The same Llama with outliers in the norm gains, like OPT: the weights look harmless, the activations "
       "are not."}};
  return models;
}

fs::path prepareDemo(const std::string& key, const fs::path& resources) {
  const auto& models = demoModels();
  const auto found =
      std::find_if(models.begin(), models.end(), [&](const DemoModel& m) { return m.key == key; });
  if (found == models.end()) {
    std::string names;
    for (const DemoModel& model : models) names += (names.empty() ? "" : ", ") + model.key;
    throw Error(ErrorCode::Usage, "There is no demo model " + quotedText(key) + "; there are " + names + ".");
  }
  const fs::path shipped = resources / "demo" / kShipped;
  std::error_code failure;
  if (!fs::exists(shipped / kWeights, failure))
    throw Error(ErrorCode::Io,
                "The shipped demo model " + quotedPath(shipped) +
                    " is missing. Install QuantLoupe again, or set QUANTLOUPE_RESOURCES to its resources.");
  if (key == kShipped) return shipped;
  try {
    return makeIn(dataFolder() / "demo", resources, key);
  } catch (const Error& e) {
    if (e.code() != ErrorCode::Io) throw;
    return makeIn(cacheFolder() / "demo", resources, key);
  }
}

}  // namespace ql
