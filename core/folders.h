#pragma once
// Where the program keeps and finds its own files. XDG base directory specification.
#include <filesystem>

namespace ql {

/// $XDG_CACHE_HOME/quantloupe, else ~/.cache/quantloupe, else a folder of this user in the temporary folder.
std::filesystem::path cacheFolder();
/// $XDG_DATA_HOME/quantloupe, else ~/.local/share/quantloupe, else as above.
std::filesystem::path dataFolder();
/// What is shipped: $QUANTLOUPE_RESOURCES, else <folder of the program>/../share/quantloupe, else the source
/// tree's.
std::filesystem::path resourceFolder();

}  // namespace ql
