#include "core/io/fingerprint.h"

#include "core/base/sha256.h"

#include <algorithm>
#include <cstddef>

namespace ql {
namespace {

constexpr std::size_t kMaxTensors = 1024;
constexpr std::size_t kEdgeBytes = 4096;
constexpr std::string_view kVersion = "quantloupe-fingerprint-1";

/// Lengths go in front, so that no two lists of texts look the same.
void addText(Sha256& hash, std::string_view text) {
  hash.add(static_cast<std::uint64_t>(text.size()));
  hash.add(text);
}

void addEdges(Sha256& hash, std::span<const std::byte> bytes) {
  if (bytes.size() <= 2 * kEdgeBytes) return hash.add(bytes);
  hash.add(bytes.first(kEdgeBytes));
  hash.add(bytes.last(kEdgeBytes));
}

/// Without it each of the few thousand touched pages would bring megabytes of its neighbours from the disk.
class RandomAccess {
 public:
  explicit RandomAccess(const Checkpoint& checkpoint) : m_checkpoint(checkpoint) { advise(true); }
  ~RandomAccess() { advise(false); }
  RandomAccess(const RandomAccess&) = delete;
  RandomAccess& operator=(const RandomAccess&) = delete;

 private:
  void advise(bool isOn) const {
    for (std::size_t i = 0; i < m_checkpoint.shards().size(); ++i)
      m_checkpoint.shardFile(i).adviseRandom(isOn);
  }
  const Checkpoint& m_checkpoint;
};

}  // namespace

std::string fingerprint(const Checkpoint& checkpoint) {
  Sha256 hash;
  addText(hash, kVersion);
  hash.add(static_cast<std::uint64_t>(checkpoint.shards().size()));
  for (const Shard& shard : checkpoint.shards()) {
    addText(hash, shard.name);
    hash.add(shard.sizeBytes);
    addText(hash, shard.headerSha256);
  }
  const RandomAccess access(checkpoint);
  const std::vector<TensorInfo>& tensors = checkpoint.tensors();
  const std::size_t count = std::min(tensors.size(), kMaxTensors);
  for (std::size_t i = 0; i < count; ++i) {
    const TensorInfo& tensor = tensors[i * tensors.size() / count];
    addEdges(hash, checkpoint.bytes(tensor));
    checkpoint.file(tensor).throwIfTruncated();
  }
  return hash.finish();
}

}  // namespace ql
