// Activations in a .safetensors file.
#include "core/calib/imports/activation_arrays.h"
#include "core/calib/imports/import_kind.h"
#include "core/io/checkpoint.h"

#include <algorithm>
#include <cstring>

namespace ql {
namespace {

constexpr std::size_t kMostHeader = 100'000'000;  // the format's limit

class TensorStream : public ArrayStream {
 public:
  TensorStream(const Checkpoint& checkpoint, const TensorInfo& tensor)
      : m_file(checkpoint.file(tensor)), m_bytes(checkpoint.bytes(tensor)), m_offset(tensor.offset) {
    m_file.adviseSequential(static_cast<std::size_t>(m_offset), m_bytes.size());
  }
  void read(std::span<std::byte> out) override {
    std::memcpy(out.data(), m_bytes.data() + m_place, out.size());
    m_file.throwIfTruncated();
    m_file.release(static_cast<std::size_t>(m_offset) + m_place, out.size());
    m_place += out.size();
  }
  void finish() override {}

 private:
  const MappedFile& m_file;
  std::span<const std::byte> m_bytes;
  std::uint64_t m_offset;
  std::size_t m_place = 0;
};

class SafetensorsArrays : public ArrayFile {
 public:
  explicit SafetensorsArrays(const std::filesystem::path& path) : m_checkpoint(openCheckpoint(path)) {
    for (const TensorInfo& tensor : m_checkpoint->tensors())
      m_arrays.push_back({tensor.name, tensor.dtype, tensor.shape});
  }
  const std::vector<NamedArray>& arrays() const override { return m_arrays; }
  std::unique_ptr<ArrayStream> open(std::size_t array) const override {
    return std::make_unique<TensorStream>(*m_checkpoint, m_checkpoint->tensors()[array]);
  }

 private:
  std::shared_ptr<const Checkpoint> m_checkpoint;
  std::vector<NamedArray> m_arrays;
};

bool canRead(const ImportFile& file) {
  if (!looksLikeSafetensors(file.bytes())) return false;
  std::uint64_t length = 0;
  std::memcpy(&length, file.bytes().data(), sizeof length);
  const auto header = file.bytes().subspan(sizeof length);
  return containsText(header, ".input\"",
                      static_cast<std::size_t>(std::min<std::uint64_t>(length, kMostHeader)));
}

void read(const ImportFile& file, const AccumulatorOptions& options, ImportedSites& sites, JobContext& job) {
  accumulateArrays(SafetensorsArrays(file.path), options, sites, job);
}

}  // namespace

const ActivationImportKind& safetensorsActivationsImport() {
  static const ActivationImportKind kind{"a .safetensors file with \"<linear>.input\" [tokens, channels]",
                                         ActivationOrigin::ActivationFile, canRead, read};
  return kind;
}

}  // namespace ql
