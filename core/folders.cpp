#include "core/folders.h"

#include <unistd.h>
#include <cstdlib>
#include <string>

namespace ql {

namespace fs = std::filesystem;

namespace {

/// The value of a variable that names a folder; relative paths are ignored, as the specification demands.
fs::path folderFromEnvironment(const char* variable) {
  const char* value = std::getenv(variable);  // NOLINT(concurrency-mt-unsafe): nobody sets variables
  const fs::path path = value ? fs::path(value) : fs::path();
  return path.is_absolute() ? path : fs::path();
}

fs::path userFolder(const char* variable, const char* belowHome) {
  if (const fs::path given = folderFromEnvironment(variable); !given.empty()) return given / "quantloupe";
  if (const fs::path home = folderFromEnvironment("HOME"); !home.empty())
    return home / belowHome / "quantloupe";
  std::error_code failure;
  fs::path temporary = fs::temp_directory_path(failure);
  if (failure) temporary = "/tmp";
  return temporary / ("quantloupe-" + std::to_string(::getuid()));
}

}  // namespace

fs::path cacheFolder() {
  return userFolder("XDG_CACHE_HOME", ".cache");
}
fs::path dataFolder() {
  return userFolder("XDG_DATA_HOME", ".local/share");
}

fs::path resourceFolder() {
  if (const fs::path given = folderFromEnvironment("QUANTLOUPE_RESOURCES"); !given.empty()) return given;
  std::error_code failure;
  const fs::path program = fs::read_symlink("/proc/self/exe", failure);
  const fs::path installed = program.parent_path().parent_path() / "share" / "quantloupe";
  if (!failure && fs::is_directory(installed, failure)) return installed;
  return fs::path(QL_RESOURCES);
}

}  // namespace ql
