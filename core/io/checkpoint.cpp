#include "core/io/checkpoint.h"

#include "core/base/error.h"

#include <algorithm>
#include <system_error>
#include <utility>

namespace ql {
namespace fs = std::filesystem;

Checkpoint::Checkpoint(fs::path root, std::string format, std::vector<Shard> shards,
                       std::vector<std::shared_ptr<const MappedFile>> files, std::vector<TensorInfo> tensors,
                       std::vector<std::string> warnings)
    : m_root(std::move(root)),
      m_format(std::move(format)),
      m_shards(std::move(shards)),
      m_files(std::move(files)),
      m_tensors(std::move(tensors)),
      m_warnings(std::move(warnings)) {
  QL_ASSERT(m_files.size() == m_shards.size());
  QL_ASSERT(std::ranges::is_sorted(m_tensors, {}, &TensorInfo::name));
}

const TensorInfo* Checkpoint::find(std::string_view name) const {
  const auto found = std::ranges::lower_bound(m_tensors, name, {}, &TensorInfo::name);
  return found != m_tensors.end() && found->name == name ? &*found : nullptr;
}

std::uint64_t Checkpoint::sizeBytes() const {
  std::uint64_t sum = 0;
  for (const TensorInfo& tensor : m_tensors) sum += tensor.sizeBytes;
  return sum;
}

std::span<const std::byte> Checkpoint::bytes(const TensorInfo& tensor) const {
  return file(tensor).bytes().subspan(tensor.offset, tensor.sizeBytes);
}

const MappedFile& Checkpoint::file(const TensorInfo& tensor) const {
  return shardFile(tensor.shard);
}

const MappedFile& Checkpoint::shardFile(std::size_t shard) const {
  QL_ASSERT(shard < m_files.size());
  return *m_files[shard];
}

fs::path Checkpoint::folder() const {
  std::error_code error;
  if (fs::is_directory(m_root, error)) return m_root;
  return m_root.has_parent_path() ? m_root.parent_path() : fs::path(".");
}

}  // namespace ql
