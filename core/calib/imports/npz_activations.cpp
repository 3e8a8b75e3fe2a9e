// Activations in a .npz file: a zip of .npy members, stored or deflated.
#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/calib/imports/activation_arrays.h"
#include "core/calib/imports/import_kind.h"
#include "core/io/npy.h"
#include "core/io/zip_archive.h"

#include <algorithm>

namespace ql {
namespace {

constexpr std::string_view kSuffix = ".npy";
constexpr std::size_t kFirstBytes = 12;

class MemberStream : public ArrayStream {
 public:
  MemberStream(const ZipArchive& zip, const ZipArchive::Entry& entry, std::uint64_t headerBytes)
      : m_member(zip.openMember(entry)) {
    std::vector<std::byte> header(static_cast<std::size_t>(headerBytes));
    m_member.read(header);
  }
  void read(std::span<std::byte> out) override { m_member.read(out); }
  void finish() override { m_member.finish(); }

 private:
  ZipArchive::Member m_member;
};

class NpzArrays : public ArrayFile {
 public:
  explicit NpzArrays(std::shared_ptr<const MappedFile> mapping)
      : m_zip(ZipArchive::open(std::move(mapping))) {
    for (const ZipArchive::Entry& entry : m_zip->entries()) {
      if (entry.name.ends_with(kSuffix)) add(entry);
    }
  }
  const std::vector<NamedArray>& arrays() const override { return m_arrays; }
  std::unique_ptr<ArrayStream> open(std::size_t array) const override {
    return std::make_unique<MemberStream>(*m_zip, *m_members[array].entry, m_members[array].headerBytes);
  }

 private:
  struct MemberPlace {
    const ZipArchive::Entry* entry = nullptr;
    std::uint64_t headerBytes = 0;
  };

  void add(const ZipArchive::Entry& entry) {
    const std::string where = m_zip->where() + ", member " + quotedText(entry.name);
    std::vector<std::byte> begin(
        static_cast<std::size_t>(std::min<std::uint64_t>(entry.sizeBytes, kFirstBytes)));
    ZipArchive::Member member = m_zip->openMember(entry);
    member.read(begin);
    const auto headerBytes = npyHeaderBytes(begin, where);
    if (headerBytes && *headerBytes > begin.size() && *headerBytes <= entry.sizeBytes) {
      begin.resize(static_cast<std::size_t>(*headerBytes));
      member.read(std::span(begin).subspan(kFirstBytes));
    }
    const NpyHeader header = parseNpyHeader(begin, where);
    requireRowsOfNpy(header, entry.sizeBytes, where);
    m_arrays.push_back(
        {entry.name.substr(0, entry.name.size() - kSuffix.size()), header.dtype, header.shape});
    m_members.push_back({&entry, header.dataBegin});
  }

  std::shared_ptr<const ZipArchive> m_zip;
  std::vector<NamedArray> m_arrays;
  std::vector<MemberPlace> m_members;
};

bool canRead(const ImportFile& file) {
  return looksLikeZip(file.bytes()) && !isTorchZip(file);
}

void read(const ImportFile& file, const AccumulatorOptions& options, ImportedSites& sites, JobContext& job) {
  accumulateArrays(NpzArrays(file.mapping), options, sites, job);
}

}  // namespace

const ActivationImportKind& npzActivationsImport() {
  static const ActivationImportKind kind{"a .npz file with \"<linear>.input\" [tokens, channels]",
                                         ActivationOrigin::ActivationFile, canRead, read};
  return kind;
}

}  // namespace ql
