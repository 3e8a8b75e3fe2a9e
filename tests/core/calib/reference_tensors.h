#pragma once
// Tiny checkpoints with random float32 weights for the reference forward passes, and the folders they are
// opened from. Values depend on the tensor's name only, so a variant that adds a tensor changes no other.
#include "tests/support/safetensors_bytes.h"
#include "tests/support/temp_folder.h"

#include <QtGlobal>
#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace ql::test {

/// A row-major matrix in double precision.
struct Matrix {
  std::int64_t rows = 0, columns = 0;
  std::vector<double> values;

  Matrix() = default;
  Matrix(std::int64_t r, std::int64_t c)
      : rows(r), columns(c), values(static_cast<std::size_t>(r) * static_cast<std::size_t>(c)) {}
  double& operator()(std::int64_t r, std::int64_t c) {
    return values[static_cast<std::size_t>(r * columns + c)];
  }
  double operator()(std::int64_t r, std::int64_t c) const {
    return values[static_cast<std::size_t>(r * columns + c)];
  }
};

struct TinyTensor {
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};

/// Uniform in [-1, 1): splitmix64 (Steele, Lea & Flood 2014) seeded by the FNV-1a hash of a name.
class NamedRandom {
 public:
  explicit NamedRandom(const std::string& name) {
    for (const char c : name) m_state = (m_state ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  }
  double next() {
    std::uint64_t z = (m_state += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1p-52 - 1;
  }

 private:
  std::uint64_t m_state = 14695981039346656037ULL;
};

class TinyCheckpoint {
 public:
  nlohmann::json config;
  std::map<std::string, TinyTensor> tensors;

  /// Values of variance gain^2 / fanIn, so that a unit input gives an output of about `gain`.
  void addWeight(const std::string& name, std::vector<std::int64_t> shape, std::int64_t fanIn,
                 double gain = 1) {
    fill(name, std::move(shape), 0, gain * std::sqrt(3.0 / static_cast<double>(fanIn)));
  }
  /// W [out, in], and a bias [out] when asked for.
  void addLinear(const std::string& module, std::int64_t out, std::int64_t in, bool hasBias = false,
                 double gain = 1) {
    addWeight(module + ".weight", {out, in}, in, gain);
    if (hasBias) addBias(module + ".bias", out);
  }
  void addBias(const std::string& name, std::int64_t n) { fill(name, {n}, 0, 0.3); }
  void addGain(const std::string& name, std::int64_t n) { fill(name, {n}, 1, 0.4); }
  void addLayerNorm(const std::string& module, std::int64_t n) {
    addGain(module + ".weight", n);
    addBias(module + ".bias", n);
  }

  const TinyTensor& at(const std::string& name) const {
    const auto found = tensors.find(name);
    if (found == tensors.end()) qFatal("the reference has no tensor %s", name.c_str());
    return found->second;
  }
  bool has(const std::string& name) const { return tensors.count(name) > 0; }

  /// config.json and model.safetensors (F32).
  void write(const TempFolder& folder) const {
    std::string header = "{", data;
    for (const auto& [name, tensor] : tensors) {
      const std::uint64_t begin = data.size();
      data.append(reinterpret_cast<const char*>(tensor.values.data()), tensor.values.size() * sizeof(float));
      if (header.size() > 1) header += ",";
      header += entry(name, "F32", nlohmann::json(tensor.shape).dump(), begin, data.size());
    }
    folder.write("model.safetensors", safetensorsBytes(header + "}", data));
    folder.write("config.json", config.dump());
  }

 private:
  void fill(const std::string& name, std::vector<std::int64_t> shape, double mean, double spread) {
    std::int64_t count = 1;
    for (const std::int64_t side : shape) count *= side;
    TinyTensor tensor{std::move(shape), std::vector<float>(static_cast<std::size_t>(count))};
    NamedRandom random(name);
    for (float& value : tensor.values) value = static_cast<float>(mean + spread * random.next());
    tensors[name] = std::move(tensor);
  }
};

}  // namespace ql::test
