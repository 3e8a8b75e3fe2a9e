// The imatrix of llama.cpp in its GGUF form (the default since 2025).
#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/calib/imports/imatrix.h"
#include "core/calib/imports/import_kind.h"

#include <cmath>
#include <cstring>
#include <map>

namespace ql {
namespace {

constexpr std::string_view kSums = ".in_sum2", kCounts = ".counts";
constexpr float kMostTokens =
    1e15f;  // beyond any corpus; floats count exactly to 2^24 only, and so does the tool

struct Pair {
  const GgufTensor* sums = nullptr;
  const GgufTensor* counts = nullptr;
};

[[noreturn]] void damaged(const std::string& where, const std::string& what) {
  throw Error(ErrorCode::Format, where + ": imatrix: " + what + "; make it again with llama-imatrix.");
}

/// Rows of a tensor of one or two dimensions.
std::int64_t rowsOf(const GgufTensor& tensor) {
  return tensor.ne.size() == 1 ? 1 : tensor.ne[1];
}

void checkPair(const std::string& name, const Pair& pair, const std::string& where) {
  if (pair.sums == nullptr || pair.counts == nullptr)
    damaged(where, quotedText(name) + " lacks its " + (pair.sums == nullptr ? "in_sum2" : "counts"));
  for (const GgufTensor* tensor : {pair.sums, pair.counts}) {
    if (tensor->type->dtype != DType::F32 || tensor->ne.size() > 2)
      damaged(where, quotedText(tensor->name) + " is not a matrix of F32");
  }
  if (pair.counts->ne[0] != 1 || rowsOf(*pair.counts) < 1 || rowsOf(*pair.counts) != rowsOf(*pair.sums) ||
      pair.sums->ne[0] < 1)
    damaged(where, quotedText(name) + " has sums and counts of contradicting shapes");
}

std::vector<std::uint64_t> tokensOf(const GgufTensor& counts, std::span<const std::byte> bytes,
                                    const std::string& where) {
  std::vector<std::uint64_t> tokens;
  for (std::uint64_t place = 0; place < counts.sizeBytes; place += sizeof(float)) {
    float value = 0;
    std::memcpy(&value, bytes.data() + counts.offset + place, sizeof value);
    if (!(value >= 0) || value > kMostTokens)  // NaN too
      damaged(where,
              quotedText(counts.name) + " holds " + std::to_string(value) + ", which is no number of tokens");
    tokens.push_back(static_cast<std::uint64_t>(std::llround(value)));
  }
  return tokens;
}

bool canRead(const ImportFile& file) {
  return looksLikeGguf(file.bytes());
}

void read(const ImportFile& file, const AccumulatorOptions&, ImportedSites& sites, JobContext& job) {
  const GgufFile gguf = parseGguf(file.bytes(), file.where);
  const auto entries = imatrixEntries(gguf, file.bytes(), file.where);
  std::string method = "llama.cpp imatrix";
  const auto chunks = gguf.number("imatrix.chunk_count"), size = gguf.number("imatrix.chunk_size");
  if (chunks && size)
    method += ", " + withThousands(*chunks) + " chunks of " + withThousands(*size) + " tokens";
  takeImatrix(entries, true, method, sites, job);
}

}  // namespace

std::vector<ImatrixEntry> imatrixEntries(const GgufFile& file, std::span<const std::byte> bytes,
                                         const std::string& where) {
  const auto type = file.text("general.type");
  std::map<std::string, Pair> pairs;
  for (const GgufTensor& tensor : file.tensors) {
    const std::string_view name = tensor.name;
    if (name.ends_with(kSums)) pairs[std::string(name.substr(0, name.size() - kSums.size()))].sums = &tensor;
    if (name.ends_with(kCounts))
      pairs[std::string(name.substr(0, name.size() - kCounts.size()))].counts = &tensor;
  }
  if (pairs.empty() || (type && *type != "imatrix"))
    throw Error(ErrorCode::Format, where + " is a GGUF file of the type " +
                                       quotedText(type.value_or("model")) +
                                       " and no imatrix; give the file that llama-imatrix wrote.");
  std::vector<ImatrixEntry> entries;
  for (const auto& [name, pair] : pairs) {
    checkPair(name, pair, where);
    entries.push_back({name,
                       bytes.subspan(static_cast<std::size_t>(pair.sums->offset),
                                     static_cast<std::size_t>(pair.sums->sizeBytes)),
                       tokensOf(*pair.counts, bytes, where)});
  }
  return entries;
}

const ActivationImportKind& ggufImatrixImport() {
  static const ActivationImportKind kind{"an imatrix of llama.cpp (.gguf)", ActivationOrigin::Imatrix,
                                         canRead, read};
  return kind;
}

}  // namespace ql
