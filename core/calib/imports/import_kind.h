#pragma once
// The kinds of files that hold activation evidence, in the order in which they are tried. A new kind is one
// file and one line in imports.inc. Internal to calib/.
#include "core/calib/imports/imported_sites.h"
#include "core/io/mapped_file.h"
#include "core/jobs/job_context.h"
#include "core/stats/activation_accumulator.h"

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ql {

struct ImportFile {
  std::filesystem::path path;
  std::shared_ptr<const MappedFile> mapping;
  std::string where;  // the path in quotes, for messages
  std::span<const std::byte> bytes() const { return mapping->bytes(); }
};

struct ActivationImportKind {
  std::string_view sentence;  // "an imatrix of llama.cpp", as a list of what can be read needs it
  ActivationOrigin origin;
  /// By the first bytes and names only; must not throw.
  bool (*canRead)(const ImportFile& file);
  /// Hands every site to the collector. Counts the file's size as work.
  void (*read)(const ImportFile& file, const AccumulatorOptions& options, ImportedSites& sites,
               JobContext& job);
};

const std::vector<const ActivationImportKind*>& activationImportKinds();

/// Eight bytes of length below 2^32 and a brace.
bool looksLikeSafetensors(std::span<const std::byte> bytes);
bool looksLikeZip(std::span<const std::byte> bytes);
/// A zip that torch.save wrote; false for one whose directory is damaged.
bool isTorchZip(const ImportFile& file);
/// Whether `text` occurs in the first `limit` bytes.
bool containsText(std::span<const std::byte> bytes, std::string_view text, std::size_t limit);

}  // namespace ql
