#include "core/io/zip_archive.h"

#include "core/base/error.h"
#include "core/base/message_text.h"

#include <zip.h>
#include <map>

namespace ql {
namespace {

/// RFC 1951: a match of 258 bytes takes at least two bits, so deflate shrinks by at most 1032; and a few
/// bytes of frame.
constexpr std::uint64_t kMostRatio = 1032, kFrameBytes = 1024;

[[noreturn]] void damaged(const std::string& where, const std::string& what) {
  throw Error(ErrorCode::Format,
              where + ": zip archive: " + what + ": the file is damaged, make or download it again.");
}

}  // namespace

struct ZipArchive::State {
  std::shared_ptr<const MappedFile> file;  // null for bytes in memory
  std::string where;
  std::vector<Entry> entries;
  std::map<std::string, std::size_t, std::less<>> byName;
  zip_t* zip = nullptr;

  ~State() {
    if (zip != nullptr) zip_discard(zip);
  }
  void openDirectory(std::span<const std::byte> bytes);
  void addEntry(zip_uint64_t index);
  void checkSizes(std::uint64_t fileBytes) const;
};

void ZipArchive::State::openDirectory(std::span<const std::byte> bytes) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
  if (source != nullptr) zip = zip_open_from_source(source, ZIP_RDONLY, &error);
  if (zip != nullptr) return zip_error_fini(&error);
  if (source != nullptr) zip_source_free(source);
  const std::string reason = zip_error_strerror(&error);
  zip_error_fini(&error);
  damaged(where, "its directory cannot be read (" + reason + ")");
}

void ZipArchive::State::addEntry(zip_uint64_t index) {
  zip_stat_t stat;
  zip_stat_init(&stat);
  constexpr zip_uint64_t kNeeded = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD;
  if (zip_stat_index(zip, index, ZIP_FL_ENC_RAW, &stat) != 0 || (stat.valid & kNeeded) != kNeeded)
    damaged(where, "entry " + withThousands(index) + " of its directory is broken");
  const std::string name = stat.name;
  if ((stat.valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 && stat.encryption_method != ZIP_EM_NONE)
    throw Error(ErrorCode::Unsupported,
                where + ": member " + quotedText(name) + " is encrypted; save the file without a password.");
  if (stat.comp_method != ZIP_CM_STORE && stat.comp_method != ZIP_CM_DEFLATE)
    throw Error(ErrorCode::Unsupported,
                where + ": member " + quotedText(name) +
                    " is packed in a way other than stored or deflated; save it again.");
  if (!byName.emplace(name, entries.size()).second)
    damaged(where, "member " + quotedText(name) + " is there twice");
  entries.push_back({name, stat.size, stat.comp_size, stat.comp_method == ZIP_CM_DEFLATE});
}

void ZipArchive::State::checkSizes(std::uint64_t fileBytes) const {
  std::uint64_t left = fileBytes;
  for (const Entry& entry : entries) {
    if (entry.storedBytes > left) damaged(where, "its members claim more bytes than the file has");
    left -= entry.storedBytes;
    const bool isPossible = entry.isDeflated ? entry.sizeBytes / kMostRatio <= entry.storedBytes + kFrameBytes
                                             : entry.sizeBytes == entry.storedBytes;
    if (!isPossible)
      damaged(where, "member " + quotedText(entry.name) + " claims " + bytesText(entry.sizeBytes) +
                         " out of " + bytesText(entry.storedBytes));
  }
}

ZipArchive::ZipArchive(std::unique_ptr<State> state) : m_state(std::move(state)) {}
ZipArchive::~ZipArchive() = default;

std::shared_ptr<const ZipArchive> ZipArchive::openBytes(std::span<const std::byte> bytes,
                                                        const std::string& where) {
  auto state = std::make_unique<State>();
  state->where = where;
  if (bytes.empty()) damaged(where, "it is empty");  // libzip takes that for an archive without members
  state->openDirectory(bytes);
  const zip_int64_t count = zip_get_num_entries(state->zip, 0);
  for (zip_int64_t i = 0; i < count; ++i) state->addEntry(static_cast<zip_uint64_t>(i));
  state->checkSizes(bytes.size());
  return std::shared_ptr<const ZipArchive>(new ZipArchive(std::move(state)));
}

std::shared_ptr<const ZipArchive> ZipArchive::open(std::shared_ptr<const MappedFile> file) {
  const auto archive = openBytes(file->bytes(), quotedPath(file->path()));
  file->throwIfTruncated();
  archive->m_state->file = std::move(file);
  return archive;
}

const std::vector<ZipArchive::Entry>& ZipArchive::entries() const {
  return m_state->entries;
}
const std::string& ZipArchive::where() const {
  return m_state->where;
}

const ZipArchive::Entry* ZipArchive::find(std::string_view name) const {
  const auto found = m_state->byName.find(name);
  return found == m_state->byName.end() ? nullptr : &m_state->entries[found->second];
}

struct ZipArchive::Member::State {
  zip_file_t* file = nullptr;
  std::string where, name;
  std::shared_ptr<const MappedFile> mapping;

  ~State() {
    if (file != nullptr) zip_fclose(file);
  }
  void check() const {
    if (mapping) mapping->throwIfTruncated();
  }
};

ZipArchive::Member::Member(std::unique_ptr<State> state) : m_state(std::move(state)) {}
ZipArchive::Member::~Member() = default;
ZipArchive::Member::Member(Member&&) noexcept = default;

void ZipArchive::Member::read(std::span<std::byte> out) {
  while (!out.empty()) {
    const zip_int64_t count = zip_fread(m_state->file, out.data(), out.size());
    m_state->check();
    if (count < 0)
      damaged(m_state->where, "member " + quotedText(m_state->name) + " cannot be unpacked (" +
                                  zip_file_strerror(m_state->file) + ")");
    if (count == 0) damaged(m_state->where, "member " + quotedText(m_state->name) + " ends too early");
    out = out.subspan(static_cast<std::size_t>(count));
  }
}

void ZipArchive::Member::finish() {
  std::byte rest;
  const zip_int64_t count = zip_fread(m_state->file, &rest, 1);  // at the end libzip compares the checksums
  m_state->check();
  if (count > 0)
    damaged(m_state->where, "member " + quotedText(m_state->name) + " is longer than it should be");
  if (count < 0) damaged(m_state->where, "member " + quotedText(m_state->name) + " has a wrong checksum");
}

ZipArchive::Member ZipArchive::openMember(const Entry& entry) const {
  auto state = std::make_unique<Member::State>();
  state->where = m_state->where;
  state->name = entry.name;
  state->mapping = m_state->file;
  const auto index = static_cast<zip_uint64_t>(&entry - m_state->entries.data());
  state->file = zip_fopen_index(m_state->zip, index, 0);
  if (state->file == nullptr)
    damaged(m_state->where,
            "member " + quotedText(entry.name) + " cannot be opened (" + zip_strerror(m_state->zip) + ")");
  return Member(std::move(state));
}

std::vector<std::byte> ZipArchive::readAll(const Entry& entry, std::uint64_t limit) const {
  if (entry.sizeBytes > limit)
    damaged(m_state->where, "member " + quotedText(entry.name) + " claims " + bytesText(entry.sizeBytes) +
                                " where at most " + bytesText(limit) + " make sense");
  std::vector<std::byte> bytes(static_cast<std::size_t>(entry.sizeBytes));
  Member member = openMember(entry);
  member.read(bytes);
  member.finish();
  return bytes;
}

}  // namespace ql
