#pragma once
// The files behind one statistics file: the whole one and its parts, checked and listed. Internal to store/.
#include "core/store/hdf5_handle.h"
#include "core/store/statistics_file.h"

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace ql::h5 {

/// Where S.h5 keeps its parts: S.h5.parts.
std::filesystem::path partsFolder(const std::filesystem::path& path);
/// NNNN.h5 in ascending number; empty when there is no folder.
std::vector<std::filesystem::path> partFiles(const std::filesystem::path& path);

/// Attributes that stand at the root of the whole file and of every part.
std::map<std::string, AttributeValue> rootAttributes(const StatisticsHeader& header);

/// What an inspected file holds: its header and the (section, name) pairs.
struct Contents {
  StatisticsHeader header;
  std::vector<std::pair<std::string, std::string>> entries;
};
Contents readContents(hid_t file, const std::filesystem::path& path);

/// One subtree of an inspected, open file. attributesDepth >= 0: attributes only, so many levels down.
DataTree readSubtree(hid_t file, const std::filesystem::path& path, const std::string& section,
                     const std::string& name, int attributesDepth = -1);

[[noreturn]] void throwAbsent(const std::filesystem::path& path, const std::string& section,
                              const std::string& name);

}  // namespace ql::h5
