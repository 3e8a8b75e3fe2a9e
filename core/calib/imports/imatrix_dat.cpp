// The old binary imatrix of llama.cpp (--output-format dat): no magic, no token counts.
#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/calib/imports/imatrix.h"
#include "core/calib/imports/import_kind.h"
#include "core/io/byte_reader.h"

#include <cstring>
#include <set>

namespace ql {
namespace {

constexpr std::int32_t kMostEntries = 1'000'000;
constexpr std::int32_t kMostName = 1024;

/// The first entry's name is what tells this format from noise.
bool canRead(const ImportFile& file) {
  const auto bytes = file.bytes();
  std::int32_t entries = 0, length = 0;
  if (bytes.size() < sizeof entries + sizeof length) return false;
  std::memcpy(&entries, bytes.data(), sizeof entries);
  std::memcpy(&length, bytes.data() + sizeof entries, sizeof length);
  if (entries < 1 || entries > kMostEntries || length < 1 || length > kMostName) return false;
  const auto name = bytes.subspan(sizeof entries + sizeof length);
  if (name.size() < static_cast<std::size_t>(length)) return false;
  for (const std::byte byte : name.first(static_cast<std::size_t>(length))) {
    const auto c = static_cast<unsigned>(byte);
    if (c < 0x21 || c > 0x7e) return false;
  }
  return true;
}

void read(const ImportFile& file, const AccumulatorOptions&, ImportedSites& sites, JobContext& job) {
  const ImatrixDat imatrix = parseImatrixDat(file.bytes(), file.where);
  // x^2 is known as a mean only: "tokens" are chunks, of a size that the file does not tell.
  std::string method = "llama.cpp imatrix (old format: counted in chunks, the number of tokens is unknown)";
  takeImatrix(imatrix.entries, false, method, sites, job);
}

}  // namespace

ImatrixDat parseImatrixDat(std::span<const std::byte> bytes, const std::string& where) {
  ByteReader reader(bytes, where, "imatrix");
  const auto count = reader.read<std::int32_t>("the number of entries");
  if (count < 1 || count > kMostEntries) reader.damaged("it claims " + std::to_string(count) + " entries");
  ImatrixDat imatrix;
  std::set<std::string> names;
  for (std::int32_t i = 0; i < count; ++i) {
    const auto length = reader.read<std::int32_t>("a name's length");
    if (length < 1 || length > kMostName) reader.damaged("a name of " + std::to_string(length) + " bytes");
    ImatrixEntry entry;
    entry.name = reader.text(static_cast<std::uint64_t>(length), "a name");
    if (!names.insert(entry.name).second) reader.damaged(quotedText(entry.name) + " is there twice");
    const auto chunks = reader.read<std::int32_t>("the chunks of " + quotedText(entry.name));
    const auto values = reader.read<std::int32_t>("the size of " + quotedText(entry.name));
    if (chunks < 0 || values < 1)
      reader.damaged(quotedText(entry.name) + " claims " + std::to_string(chunks) + " chunks and " +
                     std::to_string(values) + " values");
    entry.counts = {static_cast<std::uint64_t>(chunks)};
    entry.sums = reader.take(static_cast<std::uint64_t>(values) * sizeof(float), quotedText(entry.name));
    imatrix.entries.push_back(std::move(entry));
  }
  if (reader.atEnd()) return imatrix;  // files before 2024 have no trailer
  static_cast<void>(reader.read<std::int32_t>("the last chunk"));
  const auto length = reader.read<std::int32_t>("the length of the data set's name");
  if (length < 0) reader.damaged("a data set's name of " + std::to_string(length) + " bytes");
  imatrix.dataset = reader.text(static_cast<std::uint64_t>(length), "the data set's name");
  if (!reader.atEnd()) reader.damaged(bytesText(reader.left()) + " are left over");
  return imatrix;
}

const ActivationImportKind& datImatrixImport() {
  static const ActivationImportKind kind{"an imatrix of llama.cpp (.dat)", ActivationOrigin::Imatrix, canRead,
                                         read};
  return kind;
}

}  // namespace ql
