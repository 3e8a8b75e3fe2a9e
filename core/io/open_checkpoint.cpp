// openCheckpoint: finds the format, and says in one sentence why nothing fits when nothing does.
#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/io/checkpoint.h"
#include "core/io/format_registry.h"
#include "core/io/formats/safetensors_header.h"

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace ql {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kNamesShown = 5;

const CheckpointFormat* formatOf(const fs::path& path) {
  const auto& formats = checkpointFormats();
  const auto found =
      std::ranges::find_if(formats, [&](const CheckpointFormat& f) { return f.canOpen(path); });
  return found == formats.end() ? nullptr : &*found;
}

/// Model files that are no weights stand for their folder: people drop config.json as readily as the folder.
fs::path weightsPath(const fs::path& path) {
  if (path.filename() != "config.json") return path;
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

[[noreturn]] void refuse(ErrorCode code, const fs::path& path, const std::string& reason) {
  throw Error(code, "cannot open " + quotedPath(path) + ": " + reason + ".");
}

std::vector<std::string> entryNames(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  if (error) refuse(ErrorCode::Io, folder, systemReason(error.value()));
  std::ranges::sort(names);
  return names;
}

bool endsWithAny(std::string_view name, std::initializer_list<std::string_view> suffixes) {
  return std::ranges::any_of(suffixes, [&](std::string_view suffix) { return name.ends_with(suffix); });
}

/// The first folder inside this one that can be opened (the hub cache keeps models in snapshots/<revision>).
std::string openableSubfolder(const fs::path& folder, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    std::error_code error;
    if (fs::is_directory(folder / name, error) && formatOf(folder / name) != nullptr) return name;
  }
  if (std::ranges::find(names, "snapshots") == names.end()) return {};
  for (const std::string& name : entryNames(folder / "snapshots")) {
    if (formatOf(folder / "snapshots" / name) != nullptr) return "snapshots/" + name;
  }
  return {};
}

[[noreturn]] void refuseFolder(const fs::path& folder) {
  const std::vector<std::string> names = entryNames(folder);
  if (names.empty())
    refuse(ErrorCode::Format, folder, "the folder is empty: choose a folder with *.safetensors files");
  const std::string inside = openableSubfolder(folder, names);
  if (!inside.empty()) {
    refuse(ErrorCode::Format, folder,
           "it holds no weights itself: open the folder " + quotedText(inside) + " in it");
  }
  for (const std::string& name : names) {
    if (endsWithAny(
            name, {".bin", ".bin.index.json", ".pt", ".pth", ".gguf", ".h5", ".msgpack", ".onnx", ".npz"})) {
      refuse(ErrorCode::Unsupported, folder,
             "it holds " + quotedText(name) +
                 ", which this version does not read: convert the model to safetensors (save_pretrained "
                 "writes them)");
    }
  }
  std::string seen;
  for (std::size_t i = 0; i < std::min(names.size(), kNamesShown); ++i)
    seen += (i == 0 ? "" : ", ") + quotedText(names[i]);
  if (names.size() > kNamesShown) seen += " and " + withThousands(names.size() - kNamesShown) + " more";
  refuse(ErrorCode::Format, folder,
         "no *.safetensors file in it, only " + seen + ": choose the folder with the weights");
}

[[noreturn]] void refuseFile(const fs::path& path) {
  const auto file = MappedFile::open(path);
  const std::string reason = notWeightsReason(file->bytes());
  const bool isModelFile = endsWithAny(path.filename().string(), {".json", ".txt", ".md", ".model", ".py"});
  if (isModelFile && !file->bytes().empty()) {
    refuse(ErrorCode::Format, path, "it holds no weights: open the model's folder or a *.safetensors file");
  }
  if (!reason.empty()) throw Error(ErrorCode::Format, quotedPath(path) + " " + reason + ".");
  refuse(ErrorCode::Unsupported, path,
         "its format is unknown: open a *.safetensors file or a folder with such files");
}

}  // namespace

std::shared_ptr<const Checkpoint> openCheckpoint(const fs::path& path) {
  if (path.empty())
    throw Error(ErrorCode::Usage, "no model was named: give a folder or a *.safetensors file.");
  std::error_code error;
  if (!fs::exists(fs::status(path, error))) {
    std::error_code ignored;
    if (fs::is_symlink(fs::symlink_status(path, ignored)))
      MappedFile::open(path);  // says where the link points
    refuse(ErrorCode::Io, path, systemReason(error ? error.value() : ENOENT));
  }
  const fs::path weights = weightsPath(path);
  if (const CheckpointFormat* format = formatOf(weights)) return format->open(weights);
  if (fs::is_directory(weights, error)) refuseFolder(weights);
  refuseFile(weights);
}

bool looksLikeCheckpoint(const fs::path& path) {
  std::error_code error;
  return fs::exists(path, error) && formatOf(weightsPath(path)) != nullptr;
}

}  // namespace ql
