#pragma once
// llama.cpp's imatrix: sums of x^2 by input channel. The two file formats give the same entries, which become
// diagonals of the second moment here. Internal to calib/. Source: llama.cpp, tools/imatrix/imatrix.cpp.
#include "core/calib/imports/imported_sites.h"
#include "core/io/gguf_file.h"
#include "core/jobs/job_context.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace ql {

struct ImatrixEntry {
  std::string name;                 // of the weight, as llama.cpp spells it
  std::span<const std::byte> sums;  // F32, [experts, channels]
  /// Behind the sums: by expert, tokens (GGUF); or one number for all, chunks of an unknown size (.dat).
  std::vector<std::uint64_t> counts;
};

/// What the old binary format holds; a pure function of the bytes, so that it can be fuzzed.
struct ImatrixDat {
  std::vector<ImatrixEntry> entries;
  std::string dataset;  // path in the trailer; empty without one
};
ImatrixDat parseImatrixDat(std::span<const std::byte> bytes, const std::string& where);

/// The pairs "<weight>.in_sum2" and "<weight>.counts". Throws Error(Format | Shape): no imatrix, one of a
/// pair missing, other types or shapes, counts that are no token counts.
std::vector<ImatrixEntry> imatrixEntries(const GgufFile& file, std::span<const std::byte> bytes,
                                         const std::string& where);

/// Hands the entries to the collector. areTokens: counts are tokens by expert (GGUF), else chunks.
void takeImatrix(const std::vector<ImatrixEntry>& entries, bool areTokens, const std::string& method,
                 ImportedSites& sites, JobContext& job);

}  // namespace ql
