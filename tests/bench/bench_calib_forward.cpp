// A Transformer block of the demo model, and one with the shape of a 70B Llama, against the rate of a plain
// float32 product of this machine; and where the time goes that is not matrix products.
#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/calib/forward.h"
#include "core/linalg/linear.h"
#include "machine.h"
#include "sgemm_floor.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

namespace {

using namespace ql;
namespace fs = std::filesystem;

struct Options {
  fs::path folder = fs::temp_directory_path();
  int threads = 2, runs = 2;
  std::int64_t tokens = 512;  // of a window
  std::int64_t windows = 1;
  bool isLarge = true;
};

/// Shape of a Llama block.
struct Shape70B {
  std::int64_t hidden = 8192, heads = 64, kvHeads = 8, width = 28672, vocabulary = 512;
};

struct TensorPlan {
  std::string name;
  std::int64_t rows = 0, columns = 0;  // columns 0: a vector of ones
};

std::vector<TensorPlan> tensorsOf(const Shape70B& shape) {
  const std::int64_t h = shape.hidden, kv = h / shape.heads * shape.kvHeads;
  const std::string block = "model.layers.0.";
  return {{"model.embed_tokens.weight", shape.vocabulary, h},
          {"lm_head.weight", shape.vocabulary, h},
          {"model.norm.weight", h, 0},
          {block + "input_layernorm.weight", h, 0},
          {block + "post_attention_layernorm.weight", h, 0},
          {block + "self_attn.q_proj.weight", h, h},
          {block + "self_attn.k_proj.weight", kv, h},
          {block + "self_attn.v_proj.weight", kv, h},
          {block + "self_attn.o_proj.weight", h, h},
          {block + "mlp.gate_proj.weight", shape.width, h},
          {block + "mlp.up_proj.weight", shape.width, h},
          {block + "mlp.down_proj.weight", h, shape.width}};
}

std::string headerOf(const std::vector<TensorPlan>& tensors) {
  std::string header = "{";
  std::int64_t offset = 0;
  for (const TensorPlan& tensor : tensors) {
    const std::int64_t values = tensor.rows * std::max<std::int64_t>(tensor.columns, 1);
    std::string shape = std::to_string(tensor.rows);
    if (tensor.columns > 0) shape += "," + std::to_string(tensor.columns);
    header += (offset > 0 ? ",\"" : "\"") + tensor.name + "\":{\"dtype\":\"BF16\",\"shape\":[" + shape +
              "],\"data_offsets\":[" + std::to_string(offset) + "," + std::to_string(offset + 2 * values) +
              "]}";
    offset += 2 * values;
  }
  return header + "}";
}

/// Uniform weights of standard deviation 0.02.
std::vector<std::uint16_t> randomCodes(std::size_t count) {
  std::vector<std::uint16_t> codes(count);
  std::uint32_t state = 2463534242u;
  for (std::uint16_t& code : codes) {
    state = state * 1664525u + 1013904223u;
    code = floatToBf16((static_cast<float>(state >> 8) / 8388608.0f - 1.0f) * 0.0346f);
  }
  return codes;
}

/// Writes the model once: 1.7 GB, random weights.
void writeModel(const fs::path& folder, const Shape70B& shape) {
  const fs::path weights = folder / "model.safetensors";
  if (fs::exists(weights)) return;
  fs::create_directories(folder);
  std::ofstream(folder / "config.json")
      << R"({"architectures":["LlamaForCausalLM"],"model_type":"llama","hidden_act":"silu","rms_norm_eps":1e-5,)"
      << R"("rope_theta":500000.0,"max_position_embeddings":8192,"num_hidden_layers":1,"hidden_size":)"
      << shape.hidden << ",\"num_attention_heads\":" << shape.heads
      << ",\"num_key_value_heads\":" << shape.kvHeads << ",\"intermediate_size\":" << shape.width
      << ",\"vocab_size\":" << shape.vocabulary << "}";
  const fs::path unfinished = folder / "unfinished";
  {
    const std::vector<TensorPlan> tensors = tensorsOf(shape);
    const std::string header = headerOf(tensors);
    const std::uint64_t length = header.size();
    const std::vector<std::uint16_t> codes = randomCodes((1 << 20) + 28672), ones(8192, floatToBf16(1));
    std::ofstream file(unfinished, std::ios::binary);
    file.write(reinterpret_cast<const char*>(&length), 8);
    file << header;
    for (const TensorPlan& tensor : tensors) {
      if (tensor.columns == 0) file.write(reinterpret_cast<const char*>(ones.data()), tensor.rows * 2);
      for (std::int64_t r = 0; r < tensor.rows && tensor.columns > 0; ++r) {
        const auto shift = static_cast<std::size_t>(r * 7919) & ((1 << 20) - 1);
        file.write(reinterpret_cast<const char*>(codes.data() + shift), tensor.columns * 2);
      }
    }
    if (!file.flush()) throw Error(ErrorCode::Io, "Cannot write " + unfinished.string() + ".");
  }
  fs::rename(unfinished, weights);
}

class BlockBench {
 public:
  BlockBench(const Options& options, const fs::path& folder)
      : m_options(options),
        m_checkpoint(openCheckpoint(folder)),
        m_model(buildModel(*m_checkpoint)),
        m_source(std::make_shared<CheckpointSource>(m_checkpoint)),
        m_forward(ForwardModel::make(m_model, readFile(folder / "config.json", 1 << 20), m_source)),
        m_job(options.threads) {}

  void run(const std::string& what) {
    const HiddenBatch start = embedded();
    HiddenBatch batch = start;
    const auto block = [&] {
      batch.values = start.values;
      m_forward->runBlock(0, batch, nullptr, m_job);
    };
    const auto linears = [&] { runLinears(batch.count()); };
    block();  // reads the file
    bench::Timing floor, whole, products;
    for (int r = 0; r < m_options.runs; ++r) {
      better(floor, bench::fastest(1, [&] { plainProduct(); }));
      better(products, bench::fastest(1, linears));
      better(whole, bench::fastest(1, block));
    }
    const double flop = 2.0 * static_cast<double>(batch.count()) * multiplyAdds();
    const double floorRate = kFloorFlop / floor.wall / 1e9;
    std::printf("%s, %lld windows of %lld tokens: block %.1f ms (processor %.1f ms)\n", what.c_str(),
                static_cast<long long>(m_options.windows), static_cast<long long>(m_options.tokens),
                whole.wall * 1e3, whole.cpu * 1e3);
    std::printf("  linears alone %.1f ms, %.1f GFLOP/s, %.2f of the floor (%.1f); by processor time %.2f\n",
                products.wall * 1e3, flop / products.wall / 1e9, flop / products.wall / 1e9 / floorRate,
                floorRate, flop / products.cpu * floor.cpu / kFloorFlop);
    std::printf("  the rest (attention, norms, rotations, activation): %.1f ms, %.0f %% of the block\n",
                (whole.wall - products.wall) * 1e3, 100 * (1 - products.wall / whole.wall));
    std::printf("  whole block: %.2f of the floor; by processor time %.2f\n",
                flop / whole.wall / 1e9 / floorRate, flop / whole.cpu * floor.cpu / kFloorFlop);
    std::fflush(stdout);
  }

 private:
  static constexpr std::int64_t kFloorSize = 2048;
  static constexpr double kFloorFlop = 2.0 * kFloorSize * kFloorSize * kFloorSize;

  static void better(bench::Timing& best, const bench::Timing& other) {
    best.wall = std::min(best.wall, other.wall);
    best.cpu = std::min(best.cpu, other.cpu);
  }

  HiddenBatch embedded() {
    std::vector<std::vector<std::int32_t>> windows(static_cast<std::size_t>(m_options.windows));
    std::int32_t id = 0;
    for (auto& window : windows)
      for (std::int64_t t = 0; t < m_options.tokens; ++t)
        window.push_back(id++ % static_cast<std::int32_t>(m_forward->vocabularySize()));
    HiddenBatch batch = makeBatch(windows, 0);
    m_forward->embed(batch, m_job);
    return batch;
  }

  double multiplyAdds() const {
    double sum = 0;
    for (const Linear& linear : m_model.linears)
      if (linear.block == 0) sum += static_cast<double>(linear.in() * linear.out());
    return sum;
  }

  void runLinears(std::int64_t tokens) {
    for (const Linear& linear : m_model.linears) {
      if (linear.block != 0) continue;
      const auto in = static_cast<std::size_t>(tokens * linear.in());
      const auto out = static_cast<std::size_t>(tokens * linear.out());
      if (m_in.size() < in) m_in.resize(in, 0.5f);
      if (m_out.size() < out) m_out.resize(out);
      applyLinear(*m_source, linear.matrix, {}, tokens, std::span(m_in).first(in),
                  std::span(m_out).first(out), m_job);
    }
  }

  void plainProduct() {
    m_in.resize(std::max<std::size_t>(m_in.size(), kFloorSize * kFloorSize), 0.5f);
    m_out.resize(std::max(m_out.size(), m_in.size()));
    bench::wholeProduct(kFloorSize, kFloorSize, kFloorSize, m_in.data(), m_in.data(), m_out.data(),
                        m_options.threads);
  }

  const Options& m_options;
  const std::shared_ptr<const Checkpoint> m_checkpoint;
  const Model m_model;
  const std::shared_ptr<const WeightSource> m_source;
  const std::unique_ptr<ForwardModel> m_forward;
  JobContext m_job;
  std::vector<float> m_in, m_out;
};

}  // namespace

int main(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string key = argv[i];
    const char* value = i + 1 < argc ? argv[i + 1] : nullptr;
    if (key == "--demo-only") {
      options.isLarge = false;
    } else if (value == nullptr) {
      std::puts(
          "bench_calib_forward [--folder F] [--threads N] [--runs N] [--tokens N] [--windows N] "
          "[--demo-only]");
      return 2;
    } else {
      ++i;
      if (key == "--folder") options.folder = value;
      if (key == "--threads") options.threads = std::atoi(value);
      if (key == "--runs") options.runs = std::atoi(value);
      if (key == "--tokens") options.tokens = std::atoll(value);
      if (key == "--windows") options.windows = std::atoll(value);
    }
  }
  try {
    BlockBench(options, fs::path(QL_BENCH_DIR) / "../../resources/demo/demo-llama-weight-outliers")
        .run("demo");
    if (!options.isLarge) return 0;
    const fs::path large = options.folder / "quantloupe-bench-llama-70b-block";
    writeModel(large, {});
    BlockBench(options, large).run("70B-shaped Llama block");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_calib_forward: %s\n", error.what());
    return 2;
  }
  return 0;
}
