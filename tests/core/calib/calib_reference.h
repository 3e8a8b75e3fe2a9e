#pragma once
// tests/data/reference/calib.safetensors: statistics, X^T X, nll per window and token ids of the demo model,
// from torch 1.13 in float32; and runs of calibrate() as tests need them.
#include "core/base/sha256.h"
#include "core/calib/calibration.h"
#include "tests/core/calib/demo_forward.h"
#include "tests/support/data.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace ql::test {

class CalibReference {
 public:
  CalibReference() : m_file(openCheckpoint(dataFile("reference/calib.safetensors"))) {}
  std::vector<float> floats(const std::string& name) const { return values<float>(name); }
  /// "calibration" or "heldout", no BOS.
  std::vector<std::int32_t> ids(const std::string& text) const {
    const auto narrow = values<std::uint16_t>("ids." + text);
    return {narrow.begin(), narrow.end()};
  }
  /// Pieces of `context` - 1 ids behind BOS (0).
  TokenWindows windows(const std::string& text, std::int64_t context = 256,
                       std::int64_t maxTokens = 0) const {
    WindowOptions options;
    options.context = context, options.maxTokens = maxTokens;
    return cutWindows(ids(text), {0}, {}, 2048, options);
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

inline void addDigest(Sha256& sha, const DataTree& tree) {
  for (const auto& [name, value] : tree.attributes) {
    sha.add(name);
    if (const auto* text = std::get_if<std::string>(&value)) sha.add(*text);
    if (const auto* whole = std::get_if<std::int64_t>(&value)) sha.add(static_cast<std::uint64_t>(*whole));
    if (const auto* real = std::get_if<double>(&value)) sha.add(std::as_bytes(std::span(real, 1)));
  }
  for (const auto& [name, array] : tree.arrays) {
    sha.add(name);
    sha.add(array.bytes);
  }
  for (const auto& [name, child] : tree.children) {
    sha.add(name);
    addDigest(sha, child);
  }
}

/// SHA-256 of every bit of a block's results, second moments included.
inline std::string digestOf(const BlockActivations& block) {
  Sha256 sha;
  for (const auto& [site, stats] : block.sites) {
    sha.add(static_cast<std::uint64_t>(site));
    addDigest(sha, toDataTree(stats, true));
  }
  for (const std::uint64_t tokens : block.expertTokens) sha.add(tokens);
  return sha.finish();
}

using Digests = std::map<int, std::string>;

/// Runs behind what `digests` holds already, and adds to it.
inline void calibrateInto(Digests& digests, const ForwardModel& forward, const Model& model,
                          const TokenWindows& windows, const CalibrationOptions& options, JobContext& job,
                          const std::function<void(const BlockActivations&)>& look = {}) {
  calibrate(
      forward, model, windows, options, [&](int block) { return digests.count(block) != 0; },
      [&](BlockActivations block) {
        digests[block.block] = digestOf(block);
        if (look) look(block);
      },
      job);
}

inline Digests digestsOf(const ForwardModel& forward, const Model& model, const TokenWindows& windows,
                         const CalibrationOptions& options, int threads = 2) {
  Digests digests;
  JobContext job(threads);
  calibrateInto(digests, forward, model, windows, options, job);
  return digests;
}

}  // namespace ql::test
