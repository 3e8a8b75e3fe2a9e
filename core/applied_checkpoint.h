#pragma once
// A plan written into a checkpoint: what can be asked for, and what the result says about itself. The work is
// Workspace::apply().
#include "core/io/round_to_dtype.h"
#include "core/layer_fallback.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace ql {

enum class ApplyKind {
  Rotated,        // the plan's rotations folded in
  Smoothed,       // the plan's smoothing folded in; any other tool can then quantize plainly
  FakeQuantized,  // smoothing or rotations folded in, then every weight replaced by Q(W)
};
std::string_view applyKindName(ApplyKind kind);  // "rotated", "smoothed", "fake-quantized"

/// The record of what was written, in the finished folder: which plan, which checkpoint, which files.
inline constexpr const char* kApplyRecordFile = "quantloupe-apply.json";

struct ApplyOptions {
  ApplyKind kind = ApplyKind::Smoothed;
  std::filesystem::path output;      // folder to make: new, empty, or made by an earlier apply
  std::filesystem::path planFolder;  // where relative names in the plan count from
  bool powersOfTwo = false;          // round every factor to a power of two first
  bool resume = false;               // keep finished shards of an interrupted run of the same plan
  std::function<void(const std::string& shard)> shardDone;  // called as each shard gets its name
};

/// How far rounding to the file's dtype moved one matrix or vector that the plan changes.
struct RoundedTensor {
  std::string name;    // of the linear, or of the tensor for norms and biases
  std::string tensor;  // in the checkpoint
  RoundingSums sums;
};

struct AppliedShard {
  std::string name;
  std::uint64_t sizeBytes = 0;
  std::string sha256;
  bool isKept = false;  // finished by an interrupted run
  std::vector<RoundedTensor> rounded;
};

struct SkippedFile {
  std::string name, reason;
};

struct ApplyReport {
  std::filesystem::path output;
  std::vector<AppliedShard> shards;
  std::vector<std::string> copiedFiles;   // config, tokenizer, ...
  std::vector<SkippedFile> skippedFiles;  // left behind, and why
  std::vector<std::string> addedTensors;  // that the checkpoint did not hold: the head of a tied model
  std::size_t changedTensors = 0, copiedTensors = 0;
  std::vector<std::string> notes;  // what the checkpoint does not carry, as sentences
  /// What methods did otherwise than asked for, of the matrices written in this run, in network order.
  std::vector<LayerFallback> fallbacks;
  /// Of all changed values together.
  RoundingSums rounding() const;
  /// The changed tensor that rounding moves most, by relative Frobenius; null when nothing changed.
  const RoundedTensor* worst() const;
  /// True when rounding to the file's dtype moved nothing at all.
  bool isExact() const { return rounding().error == 0; }
};

}  // namespace ql
