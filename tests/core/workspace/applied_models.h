#pragma once
// Tiny checkpoints of several families as folders of two shards with an index, in any dtype, and plans that
// smooth them with factors from a file.
#include "core/applied_checkpoint.h"
#include "core/calib/forward.h"
#include "core/smooth/factors_file.h"
#include "core/smooth/smoothing.h"
#include "core/workspace.h"
#include "tests/core/calib/calib_reference.h"
#include "tests/core/calib/reference_compare.h"
#include "tests/core/calib/reference_gpt2.h"
#include "tests/core/calib/reference_llama.h"
#include "tests/core/calib/reference_opt.h"

#include <cmath>
#include <cstring>

namespace ql::test {

/// Round to nearest even through a wider type, by comparing neighbours: slow and independent of the product.
inline std::uint16_t nearest16(float value, bool isBf16) {
  const auto widen = [&](std::uint16_t bits) {
    return static_cast<double>(isBf16 ? bf16ToFloat(bits) : fp16ToFloat(bits));
  };
  const std::uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  const double magnitude = std::abs(static_cast<double>(value));
  int low = 0, high = isBf16 ? 0x7F80 : 0x7C00;  // infinity
  while (high - low > 1) {
    const int middle = (low + high) / 2;
    (widen(static_cast<std::uint16_t>(middle)) <= magnitude ? low : high) = middle;
  }
  const double below = widen(static_cast<std::uint16_t>(low));
  const double step = below - (low > 0 ? widen(static_cast<std::uint16_t>(low - 1)) : 0);
  const double above = std::isinf(widen(static_cast<std::uint16_t>(high)))
                           ? below + step
                           : widen(static_cast<std::uint16_t>(high));
  const double down = magnitude - below, up = above - magnitude;
  const bool isUp = up < down || (up == down && low % 2 == 1);
  return static_cast<std::uint16_t>(sign | (isUp ? high : low));
}

inline std::string encoded(const std::vector<float>& values, DType dtype) {
  if (dtype == DType::F32)
    return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
  std::string bytes;
  for (const float value : values) {
    const std::uint16_t bits = nearest16(value, dtype == DType::BF16);
    bytes.append(reinterpret_cast<const char*>(&bits), 2);
  }
  return bytes;
}

/// config.json, a tokenizer file, two shards and their index; norms and biases keep `dtype` too.
inline void writeSharded(const TinyCheckpoint& tiny, DType dtype, const TempFolder& folder,
                         const std::string& name) {
  const std::string type(dtypeInfo(dtype).name);
  nlohmann::json map = nlohmann::json::object();
  for (int shard = 0; shard < 2; ++shard) {
    const std::string file = "model-0000" + std::to_string(shard + 1) + "-of-00002.safetensors";
    std::string header = R"({"__metadata__":{"format":"pt"})", data;
    int place = 0;
    for (const auto& [tensor, content] : tiny.tensors) {
      if (place++ % 2 != shard) continue;
      const std::string bytes = encoded(content.values, dtype);
      header += "," + entry(tensor, type, nlohmann::json(content.shape).dump(), data.size(),
                            data.size() + bytes.size());
      data += bytes;
      map[tensor] = file;
    }
    folder.write(name + "/" + file, safetensorsBytes(header + "}", data));
  }
  folder.write(name + "/model.safetensors.index.json",
               nlohmann::json{{"metadata", {{"total_size", 1}}}, {"weight_map", map}}.dump(2));
  folder.write(name + "/config.json", tiny.config.dump(1));
  folder.write(name + "/tokenizer_config.json", "{ \"kept\":  \"as it is\" }");
}

/// Factors for every group that takes them, written to `file`, and the plan that names them.
inline QuantizationPlan smoothingPlan(const Workspace& workspace, const std::string& config,
                                      const std::filesystem::path& file, bool powersOfTwo,
                                      const Choice& choice = {}) {
  const Model& model = workspace.model();
  QuantizationPlan plan = workspace.newPlan(choice);
  NamedFactors factors;
  for (std::size_t group = 0; group < model.smoothingGroups.size(); ++group) {
    const FoldTarget target = foldTarget(model, group, config);
    const std::string& producer = model.smoothingGroups[group].producer;
    if (!target.isFoldable) continue;
    NamedRandom random(producer);
    std::vector<float> s;
    for (std::int64_t j = 0; j < target.channels; ++j)
      s.push_back(static_cast<float>(std::exp(1.5 * random.next())));  // 0.2 .. 4.5
    shareAcrossHeads(target, s);
    if (powersOfTwo) roundToPowersOfTwo(s);
    PlanSmoothing smoothing;
    smoothing.producer = producer;
    for (const LinearId id : model.smoothingGroups[group].consumers)
      smoothing.consumers.push_back(model.linears[id].name);
    smoothing.method = "smoothquant";
    smoothing.scales = file.filename().string() + "#" + producer;
    plan.smoothing.push_back(smoothing);
    factors[producer] = std::move(s);
  }
  writeFactorsFile(file, factors, {});
  return plan;
}

inline std::vector<float> tinyLogits(const std::filesystem::path& folder, int vocabulary) {
  const auto checkpoint = openCheckpoint(folder);
  const Model model = buildModel(*checkpoint);
  const auto forward = ForwardModel::make(model, contentOf(folder / "config.json"),
                                          std::make_shared<CheckpointSource>(checkpoint));
  JobContext job(2);
  return allLogits(*forward, runAll(*forward, tinyWindows(vocabulary), nullptr, job), job);
}

inline std::string bytesOf(const Checkpoint& checkpoint, const std::string& tensor) {
  const auto bytes = checkpoint.bytes(*checkpoint.find(tensor));
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace ql::test
