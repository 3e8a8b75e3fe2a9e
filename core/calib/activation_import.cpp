#include "core/calib/activation_import.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/base/sha256.h"
#include "core/calib/imports/import_kind.h"
#include "core/io/formats/safetensors_header.h"
#include "core/io/zip_archive.h"

#include <algorithm>
#include <cstring>
#include <system_error>

namespace ql {

#define X(name) const ActivationImportKind& name##Import();
#include "core/calib/imports/imports.inc"
#undef X

namespace {

constexpr std::size_t kHashBlock = 4u << 20;
constexpr std::string_view kHdf5 = "\x89HDF\r\n\x1a\n";
constexpr std::string_view kNpy = "\x93NUMPY";

bool beginsWith(std::span<const std::byte> bytes, std::string_view text) {
  return bytes.size() >= text.size() && std::memcmp(bytes.data(), text.data(), text.size()) == 0;
}

ImportFile openImport(const std::filesystem::path& path) {
  std::error_code failure;
  if (std::filesystem::is_directory(path, failure))
    throw Error(ErrorCode::Io, quotedPath(path) + " is a folder; give the file with the activations itself.");
  return {path, MappedFile::open(path), quotedPath(path)};
}

std::string hashOf(const ImportFile& file, JobContext& job) {
  job.setStage("Checking " + file.path.filename().string());
  Sha256 hash;
  const auto bytes = file.bytes();
  for (std::size_t begin = 0; begin < bytes.size(); begin += kHashBlock) {
    const std::size_t size = std::min(kHashBlock, bytes.size() - begin);
    hash.add(bytes.subspan(begin, size));
    file.mapping->release(begin, size);
    job.step(size);
  }
  file.mapping->throwIfTruncated();
  return hash.finish();
}

[[noreturn]] void throwUnknownKind(const ImportFile& file) {
  if (beginsWith(file.bytes(), kHdf5))
    throw Error(ErrorCode::Unsupported,
                file.where +
                    " is an HDF5 file; statistics files are opened with the model, not read as activations.");
  if (beginsWith(file.bytes(), kNpy))
    throw Error(ErrorCode::Unsupported,
                file.where +
                    " is a single array without a name; save it with numpy.savez and the name "
                    "\"<linear>.input\".");
  const std::string reason = notWeightsReason(file.bytes());
  if (!reason.empty()) throw Error(ErrorCode::Format, file.where + " " + reason + ".");
  std::string kinds;
  for (const ActivationImportKind* kind : activationImportKinds())
    kinds += (kinds.empty() ? "" : ", ") + std::string(kind->sentence);
  throw Error(ErrorCode::Format,
              file.where + " is none of the activation files that can be read: " + kinds + ".");
}

const ActivationImportKind& kindOf(const ImportFile& file) {
  for (const ActivationImportKind* kind : activationImportKinds()) {
    if (kind->canRead(file)) return *kind;
  }
  throwUnknownKind(file);
}

}  // namespace

const std::vector<const ActivationImportKind*>& activationImportKinds() {
  static const std::vector<const ActivationImportKind*> all{
#define X(name) &name##Import(),
#include "core/calib/imports/imports.inc"
#undef X
  };
  return all;
}

bool looksLikeSafetensors(std::span<const std::byte> bytes) {
  constexpr std::size_t kBegin = 9;
  if (bytes.size() < kBegin || bytes[kBegin - 1] != std::byte{'{'}) return false;
  return std::all_of(bytes.begin() + 4, bytes.begin() + 8, [](std::byte b) { return b == std::byte{0}; });
}

bool looksLikeZip(std::span<const std::byte> bytes) {
  return beginsWith(bytes, "PK\x03\x04") || beginsWith(bytes, "PK\x05\x06");
}

bool isTorchZip(const ImportFile& file) {
  if (!looksLikeZip(file.bytes())) return false;
  try {
    const auto zip = ZipArchive::openBytes(file.bytes(), file.where);
    return std::ranges::any_of(zip->entries(), [](const ZipArchive::Entry& entry) {
      return entry.name == "data.pkl" || entry.name.ends_with("/data.pkl");
    });
  } catch (const Error&) {
    return false;  // the reader that takes it says what is wrong
  }
}

bool containsText(std::span<const std::byte> bytes, std::string_view text, std::size_t limit) {
  const auto part = bytes.first(std::min(limit, bytes.size()));
  return std::string_view(reinterpret_cast<const char*>(part.data()), part.size()).find(text) !=
         std::string_view::npos;
}

ImportedActivations importActivations(const std::filesystem::path& path, const Model& model,
                                      const AccumulatorOptions& options, const ActivationSink& sink,
                                      JobContext& job) {
  const ImportFile file = openImport(path);
  const ActivationImportKind& kind = kindOf(file);
  job.expect(2 * std::uint64_t{file.bytes().size()});
  ImportedActivations imported;
  imported.origin = kind.origin;
  imported.sha256 = hashOf(file, job);
  job.setStage("Reading " + path.filename().string());
  ImportedSites sites(model, file.where, imported.sha256, kind.origin, sink);
  kind.read(file, options, sites, job);
  file.mapping->throwIfTruncated();
  imported.warnings = sites.finish();
  return imported;
}

ImportedActivations importActivations(const std::filesystem::path& path, const Model& model,
                                      const AccumulatorOptions& options, JobContext& job) {
  std::vector<std::pair<std::size_t, ActivationStats>> collected;
  const ActivationSink sink = [&](std::size_t site, ActivationStats stats) {
    collected.emplace_back(site, std::move(stats));
  };
  ImportedActivations imported = importActivations(path, model, options, sink, job);
  std::ranges::sort(collected, {}, [](const auto& entry) { return entry.first; });
  imported.sites = std::move(collected);
  return imported;
}

std::vector<std::string_view> activationImportSentences() {
  std::vector<std::string_view> sentences;
  for (const ActivationImportKind* kind : activationImportKinds()) sentences.push_back(kind->sentence);
  return sentences;
}

}  // namespace ql
