#include "core/export/exporter.h"

#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/base/message_text.h"

namespace ql {

#define X(name) extern const Exporter& name##Exporter();
#include "core/export/targets/targets.inc"
#undef X

namespace {

constexpr std::size_t kListed = 8;  // items named in an error; the front ends list all of them

std::string missingText(const std::vector<NotExpressible>& items) {
  std::string text;
  for (std::size_t i = 0; i < items.size() && i < kListed; ++i) {
    const NotExpressible& item = items[i];
    text += (i == 0 ? "" : "; ") + (item.layer.empty() ? std::string("the plan") : item.layer) + ": " +
            item.feature;
  }
  if (items.size() > kListed) text += "; and " + std::to_string(items.size() - kListed) + " more";
  return text;
}

}  // namespace

const std::vector<const Exporter*>& exporters() {
  static const std::vector<const Exporter*> all = {
#define X(name) &name##Exporter(),
#include "core/export/targets/targets.inc"
#undef X
  };
  return all;
}

const Exporter& findExporter(std::string_view name) {
  std::string known;
  for (const Exporter* exporter : exporters()) {
    if (exporter->name == name) return *exporter;
    known += (known.empty() ? "" : ", ") + std::string(exporter->name);
  }
  throw Error(ErrorCode::Usage,
              "there is no export target " + quotedText(name) + "; the targets are " + known);
}

std::vector<std::filesystem::path> writeExport(const ExportResult& result, const std::filesystem::path& path,
                                               bool leaveOut) {
  if (!result.notExpressible.empty() && !leaveOut) {
    throw Error(ErrorCode::Plan,
                "the target cannot express " + std::to_string(result.notExpressible.size()) +
                    " things in this plan (" + missingText(result.notExpressible) +
                    "); change the plan, or export again and leave them out; nothing was written");
  }
  std::error_code ignored;
  const bool isFolder = !path.has_filename() || std::filesystem::is_directory(path, ignored);
  if (!isFolder && result.files.size() != 1) {
    throw Error(ErrorCode::Usage, "the export makes " + std::to_string(result.files.size()) + " files but " +
                                      quotedPath(path) + " names one; give a folder, with '/' at the end");
  }
  if (isFolder) {
    std::error_code failure;
    std::filesystem::create_directories(path, failure);
    if (failure) {
      throw Error(ErrorCode::Io, "cannot make the folder " + quotedPath(path) + ": " + failure.message() +
                                     "; choose another place");
    }
  }
  std::vector<std::filesystem::path> written;
  for (const ExportFile& file : result.files) {
    written.push_back(isFolder ? path / file.name : path);
    writeFileAtomically(written.back(), file.content);
  }
  return written;
}

}  // namespace ql
