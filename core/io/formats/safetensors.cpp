// Opens safetensors checkpoints: one file, the shards of an index, or the shards of a folder without an
// index. The order in a folder is that of the Hugging Face loaders: model.safetensors, then the index, then
// anything else.
#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/base/sha256.h"
#include "core/io/format_registry.h"
#include "core/io/formats/safetensors_header.h"
#include "core/io/formats/safetensors_index.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <utility>

namespace ql {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kSuffix = ".safetensors";
constexpr std::string_view kIndexSuffix = ".safetensors.index.json";
constexpr const char* kSingleFile = "model.safetensors";
constexpr const char* kIndexFile = "model.safetensors.index.json";
constexpr std::size_t kMaxIndexBytes = 100'000'000;  // as for headers
constexpr std::size_t kNamesShown = 3;

/// "a", "b", "c" and 12 more
std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kNamesShown); ++i) {
    text += (i == 0 ? "" : ", ") + quotedText(names[i]);
  }
  if (names.size() > kNamesShown) text += " and " + withThousands(names.size() - kNamesShown) + " more";
  return text;
}

/// Names of the folder's entries with this ending, sorted; hidden ones (macOS leaves "._model.safetensors")
/// left out.
std::vector<std::string> namesEndingWith(const fs::path& folder, std::string_view suffix) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    std::string name = entry->path().filename().string();
    if (name.ends_with(suffix) && !name.starts_with('.')) names.push_back(std::move(name));
  }
  std::ranges::sort(names);
  return names;
}

bool isThere(const fs::path& path) {
  std::error_code error;
  return fs::exists(
      fs::symlink_status(path, error));  // a dangling link is there: opening it says what is wrong
}

/// "model-00002-of-00030.safetensors" -> (2, 30).
std::optional<std::pair<int, int>> shardNumber(std::string_view name) {
  name.remove_suffix(std::min(name.size(), kSuffix.size()));
  constexpr std::size_t kDigits = 5;
  constexpr std::string_view kOf = "-of-";
  constexpr std::size_t kTail = 1 + kDigits + kOf.size() + kDigits;
  if (name.size() < kTail) return std::nullopt;
  const std::string_view tail = name.substr(name.size() - kTail);
  if (tail[0] != '-' || tail.substr(1 + kDigits, kOf.size()) != kOf) return std::nullopt;
  const auto number = [](std::string_view digits) {
    int value = 0;
    for (const char c : digits) value = c >= '0' && c <= '9' && value >= 0 ? value * 10 + (c - '0') : -1;
    return value;
  };
  const int index = number(tail.substr(1, kDigits));
  const int count = number(tail.substr(kTail - kDigits));
  if (index < 0 || count < 1) return std::nullopt;
  return std::pair(index, count);
}

/// Gathers shards into one checkpoint.
class Builder {
 public:
  explicit Builder(fs::path root) : m_root(std::move(root)) {}

  void warn(std::string warning) { m_warnings.push_back(std::move(warning)); }

  /// Opens a shard; returns its tensors, sorted by name, with their shard number filled in.
  std::vector<TensorInfo> addShard(const fs::path& folder, const std::string& name) {
    const fs::path path = folder / name;
    auto file = MappedFile::open(path);
    SafetensorsHeader header = parseSafetensorsHeader(file->bytes(), quotedPath(path));
    Sha256 hash;
    hash.add(file->bytes().first(header.dataBegin));
    file->throwIfTruncated();  // what was just read may have been zeros in place of a vanished header
    for (TensorInfo& tensor : header.tensors) tensor.shard = m_shards.size();
    m_shards.push_back({path, name, file->bytes().size(), hash.finish()});
    m_files.push_back(std::move(file));
    return std::move(header.tensors);
  }

  void addTensors(std::vector<TensorInfo> tensors) {
    if (m_tensors.empty()) {
      m_tensors = std::move(tensors);
    } else {
      std::ranges::move(tensors, std::back_inserter(m_tensors));
    }
  }

  /// Sorts by name and refuses a tensor that two shards hold.
  std::shared_ptr<const Checkpoint> finish() {
    std::ranges::sort(m_tensors, {}, &TensorInfo::name);
    const auto twice = std::ranges::adjacent_find(m_tensors, {}, &TensorInfo::name);
    if (twice != m_tensors.end()) {
      throw Error(ErrorCode::Format, "tensor " + quotedText(twice->name) + " is both in " +
                                         quotedPath(m_shards[twice->shard].path) + " and in " +
                                         quotedText(m_shards[std::next(twice)->shard].name) +
                                         ": open the file you mean, or add the model's index file.");
    }
    if (m_tensors.empty()) warn(quotedPath(m_root) + " holds no tensors.");
    return std::make_shared<const Checkpoint>(std::move(m_root), "safetensors", std::move(m_shards),
                                              std::move(m_files), std::move(m_tensors),
                                              std::move(m_warnings));
  }

 private:
  fs::path m_root;
  std::vector<Shard> m_shards;
  std::vector<std::shared_ptr<const MappedFile>> m_files;
  std::vector<TensorInfo> m_tensors;
  std::vector<std::string> m_warnings;
};

/// Opens the shards of an index one by one and compares what they hold with what the map says.
class IndexedShards {
 public:
  IndexedShards(const fs::path& root, const fs::path& indexPath)
      : m_builder(root), m_indexPath(indexPath), m_folder(indexPath.parent_path()) {
    const std::string text = readFile(indexPath, kMaxIndexBytes);
    m_index = parseSafetensorsIndex(text, quotedPath(indexPath));
    m_isFound.assign(m_index.tensors.size(), false);
  }

  std::shared_ptr<const Checkpoint> open() {
    refuseMissingFiles();
    for (std::uint32_t i = 0; i < m_index.files.size(); ++i) addShard(i);
    refuseMissingTensors();
    warnAbout(m_unlisted, " that the index does not list; they were read all the same");
    warnAbout(m_elsewhere,
              " a second time, where the index names another shard; the second copies were left out");
    return m_builder.finish();
  }

 private:
  void refuseMissingFiles() const {
    std::vector<std::string> missing;
    for (const std::string& file : m_index.files) {
      if (!isThere(m_folder / file)) missing.push_back(file);
    }
    if (missing.empty()) return;
    throw Error(ErrorCode::Io, quotedPath(m_indexPath) + " names " + withThousands(m_index.files.size()) +
                                   (m_index.files.size() == 1 ? " shard; missing beside it: "
                                                              : " shards; missing beside it: ") +
                                   listed(missing) + ": finish the download.");
  }

  void addShard(std::uint32_t number) {
    std::vector<TensorInfo> kept;
    for (TensorInfo& tensor : m_builder.addShard(m_folder, m_index.files[number])) {
      const auto entry = std::ranges::lower_bound(
          m_index.tensors, tensor.name, {}, [](const auto& e) -> const std::string& { return e.first; });
      const bool isListed = entry != m_index.tensors.end() && entry->first == tensor.name;
      if (isListed && entry->second != number) {
        m_elsewhere.push_back(tensor.name);
        continue;
      }
      if (isListed) m_isFound[static_cast<std::size_t>(entry - m_index.tensors.begin())] = true;
      if (!isListed) m_unlisted.push_back(tensor.name);
      kept.push_back(std::move(tensor));
    }
    m_builder.addTensors(std::move(kept));
  }

  void refuseMissingTensors() const {
    const auto missing = std::ranges::find(m_isFound, false);
    if (missing == m_isFound.end()) return;
    const auto& [name, file] = m_index.tensors[static_cast<std::size_t>(missing - m_isFound.begin())];
    throw Error(ErrorCode::Format,
                quotedPath(m_indexPath) + " says that tensor " + quotedText(name) + " is in " +
                    quotedText(m_index.files[file]) +
                    ", which does not hold it: the files are of different models, download them again.");
  }

  void warnAbout(const std::vector<std::string>& names, const std::string& what) {
    if (names.empty()) return;
    m_builder.warn("The shards of " + quotedPath(m_indexPath) + " hold " + listed(names) + what + ".");
  }

  Builder m_builder;
  fs::path m_indexPath;
  fs::path m_folder;
  SafetensorsIndex m_index;
  std::vector<bool> m_isFound;
  std::vector<std::string> m_unlisted, m_elsewhere;
};

std::shared_ptr<const Checkpoint> openFile(const fs::path& root, const fs::path& folder,
                                           const std::string& name, std::string warning = {}) {
  Builder builder(root);
  builder.addTensors(builder.addShard(folder, name));
  if (!warning.empty()) builder.warn(std::move(warning));
  return builder.finish();
}

/// The shards "...-00001-of-00003" among `names`, or all names. Throws when numbered shards are missing.
std::vector<std::string> shardsWithoutIndex(const fs::path& folder, const std::vector<std::string>& names) {
  std::vector<std::string> numbered;
  std::set<int> present;
  int count = 0;
  for (const std::string& name : names) {
    const auto number = shardNumber(name);
    if (!number) continue;
    numbered.push_back(name);
    present.insert(number->first);
    count = std::max(count, number->second);
  }
  if (numbered.empty()) return names;
  if (static_cast<int>(present.size()) < count) {
    throw Error(ErrorCode::Io,
                quotedPath(folder) + " holds " + std::to_string(present.size()) + " of " +
                    std::to_string(count) +
                    " shards and no index file: finish the download, or open one of the files by itself.");
  }
  return numbered;
}

std::shared_ptr<const Checkpoint> openFolder(const fs::path& folder) {
  const std::vector<std::string> indexes = namesEndingWith(folder, kIndexSuffix);
  if (isThere(folder / kSingleFile)) {
    const bool hasBoth = std::ranges::find(indexes, kIndexFile) != indexes.end();
    return openFile(folder, folder, kSingleFile,
                    hasBoth ? quotedPath(folder) + " holds " + kSingleFile + " and " + kIndexFile +
                                  "; the first was opened, as loaders do."
                            : "");
  }
  if (isThere(folder / kIndexFile)) return IndexedShards(folder, folder / kIndexFile).open();
  if (indexes.size() == 1) return IndexedShards(folder, folder / indexes[0]).open();
  const std::vector<std::string> names = shardsWithoutIndex(folder, namesEndingWith(folder, kSuffix));
  if (names.size() == 1) return openFile(folder, folder, names[0]);
  Builder builder(folder);
  for (const std::string& name : names) builder.addTensors(builder.addShard(folder, name));
  builder.warn(quotedPath(folder) + " has no index file; all of its " + std::to_string(names.size()) +
               " safetensors files were opened as one model.");
  return builder.finish();
}

std::shared_ptr<const Checkpoint> open(const fs::path& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) return openFolder(path);
  const std::string name = path.filename().string();
  if (name.ends_with(kIndexSuffix)) return IndexedShards(path, path).open();
  const auto number = shardNumber(name);
  return openFile(path, path.parent_path(), name,
                  number && number->second > 1
                      ? quotedPath(path) + " is one of " + std::to_string(number->second) +
                            " shards; open the folder for the whole model."
                      : "");
}

/// A length that may be one, and the brace of the header behind it.
bool startsLikeSafetensors(const fs::path& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return false;
  std::ifstream file(path, std::ios::binary);
  std::array<char, 9> begin{};
  if (!file.read(begin.data(), begin.size())) return false;
  return begin[8] == '{' && std::all_of(begin.begin() + 4, begin.begin() + 8, [](char c) { return c == 0; });
}

bool canOpen(const fs::path& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) {
    return isThere(path / kSingleFile) || isThere(path / kIndexFile) ||
           !namesEndingWith(path, kSuffix).empty() || namesEndingWith(path, kIndexSuffix).size() == 1;
  }
  const std::string name = path.filename().string();
  return name.ends_with(kSuffix) || name.ends_with(kIndexSuffix) || startsLikeSafetensors(path);
}

}  // namespace

const CheckpointFormat& safetensorsFormat() {
  static const CheckpointFormat format{
      "safetensors", "Hugging Face safetensors: one file, or shards with an index", canOpen, open};
  return format;
}

}  // namespace ql
