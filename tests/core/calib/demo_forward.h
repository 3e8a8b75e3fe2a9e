#pragma once
// The demo model, its two siblings as wrapped weights, and the reference outputs of torch.
#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/calib/forward.h"
#include "core/io/checkpoint.h"
#include "core/io/weight_source.h"
#include "core/model/model.h"
#include "tests/support/data.h"

#include <QtGlobal>
#include <nlohmann/json.hpp>

#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace ql::test {

/// A checkpoint with factors on rows and columns of matrices and on values of vectors: a planting, or an
/// undone one. All factors are powers of two, so nothing is rounded.
class ScaledSource : public WeightSource {
 public:
  explicit ScaledSource(std::shared_ptr<const Checkpoint> checkpoint) : m_source(checkpoint) {}

  /// Adds the plantings of a file, or takes them away.
  void plant(const std::filesystem::path& file, bool isUndone) {
    const auto json = nlohmann::json::parse(readFile(file, 1 << 20));
    const auto factor = [&](double f) { return static_cast<float>(isUndone ? 1 / f : f); };
    for (const auto& entry : json.at("planted")) {
      const std::string prefix = "model.layers." + std::to_string(entry.at("block").get<int>()) + ".";
      const auto channels = entry.at("channels").get<std::vector<std::size_t>>();
      for (const auto& linear : entry.at("linears"))
        multiply(m_columns, prefix + linear.get<std::string>() + ".weight", channels,
                 factor(entry.at("factor_on_weight_columns").get<double>()));
      multiply(m_columns, prefix + entry.at("norm").get<std::string>() + ".weight", channels,
               factor(1 / entry.at("factor_on_weight_columns").get<double>()));
      const double rows = entry.at("factor_on_v_rows").get<double>();
      if (rows == 1) continue;
      multiply(m_rows, prefix + "self_attn.v_proj.weight", all(128), factor(rows));
      multiply(m_columns, prefix + "self_attn.o_proj.weight", all(256), factor(1 / rows));
    }
  }

  void readRows(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd,
                std::span<float> out) const override {
    m_source.readRows(matrix, rowBegin, rowEnd, out);
    const auto in = static_cast<std::size_t>(matrix.in);
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] *= factorOf(m_columns, matrix.tensor, i % in);
      out[i] *= factorOf(m_rows, matrix.tensor, static_cast<std::size_t>(rowBegin) + i / in);
    }
  }
  std::vector<float> readVector(const std::string& tensor) const override {
    std::vector<float> values = m_source.readVector(tensor);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] *= factorOf(m_columns, tensor, i);
    return values;
  }

 private:
  using Factors = std::map<std::string, std::vector<float>>;

  static std::vector<std::size_t> all(std::size_t count) {
    std::vector<std::size_t> indices(count);
    for (std::size_t i = 0; i < count; ++i) indices[i] = i;
    return indices;
  }
  static void multiply(Factors& factors, const std::string& tensor, const std::vector<std::size_t>& indices,
                       float factor) {
    std::vector<float>& own = factors[tensor];
    own.resize(512, 1.0f);
    for (const std::size_t index : indices) own[index] *= factor;
  }
  static float factorOf(const Factors& factors, const std::string& tensor, std::size_t index) {
    const auto found = factors.find(tensor);
    return found == factors.end() ? 1.0f : found->second[index];
  }

  CheckpointSource m_source;
  Factors m_columns, m_rows;
};

struct DemoForward {
  std::shared_ptr<const Checkpoint> checkpoint = openCheckpoint(demoModel());
  Model model = buildModel(*checkpoint);
  std::string config = readFile(demoModel() / "config.json", 1 << 20);

  std::unique_ptr<ForwardModel> shipped() const {
    return over(std::make_shared<CheckpointSource>(checkpoint));
  }
  std::unique_ptr<ForwardModel> plain() const { return over(scaled(false)); }
  std::unique_ptr<ForwardModel> withActivationOutliers() const { return over(scaled(true)); }
  std::unique_ptr<ForwardModel> over(std::shared_ptr<const WeightSource> source) const {
    return ForwardModel::make(model, config, std::move(source));
  }

 private:
  std::shared_ptr<ScaledSource> scaled(bool hasActivationOutliers) const {
    auto source = std::make_shared<ScaledSource>(checkpoint);
    source->plant(demoModel() / "planted.json", true);
    if (hasActivationOutliers) source->plant(demoModel().parent_path() / "activation-outliers.json", false);
    return source;
  }
};

/// tests/data/reference/demo_forward.safetensors: a window of 64 tokens and five windows of held-out text,
/// from torch 1.13 in float32.
class DemoReference {
 public:
  DemoReference() : m_file(openCheckpoint(dataFile("reference/demo_forward.safetensors"))) {}
  std::vector<float> floats(const std::string& name) const { return values<float>(name); }
  std::vector<std::int32_t> integers(const std::string& name) const { return values<std::int32_t>(name); }
  /// Windows with BOS (0) in front.
  std::vector<std::vector<std::int32_t>> windows() const {
    std::vector<std::vector<std::int32_t>> all;
    const auto ids = integers("window_ids");
    auto next = ids.begin();
    for (const std::int32_t length : integers("window_lengths")) {
      all.push_back({0});
      all.back().insert(all.back().end(), next, next + length);
      next += length;
    }
    return all;
  }

 private:
  template <class T>
  std::vector<T> values(const std::string& name) const {
    const TensorInfo* tensor = m_file->find(name);
    if (tensor == nullptr) qFatal("no tensor %s in the reference", name.c_str());
    const auto bytes = m_file->bytes(*tensor);
    std::vector<T> out(bytes.size() / sizeof(T));
    std::memcpy(out.data(), bytes.data(), bytes.size());
    return out;
  }
  std::shared_ptr<const Checkpoint> m_file;
};

/// Hidden states behind all blocks and the final norm.
inline HiddenBatch runAll(const ForwardModel& model, const std::vector<std::vector<std::int32_t>>& windows,
                          ForwardHook* hook, JobContext& job) {
  HiddenBatch batch = makeBatch(windows, 0);
  model.embed(batch, job);
  for (int block = 0; block < model.blockCount(); ++block) model.runBlock(block, batch, hook, job);
  model.finalNorm(batch, hook, job);
  return batch;
}

inline std::vector<float> allLogits(const ForwardModel& model, const HiddenBatch& batch, JobContext& job) {
  std::vector<float> out(static_cast<std::size_t>(batch.count() * model.vocabularySize()));
  model.logits(batch, 0, batch.count(), out, job);
  return out;
}

}  // namespace ql::test
