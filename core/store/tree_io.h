#pragma once
// DataTree <-> groups, attributes and data sets. Internal to store/; the caller holds h5::Lock.
// Reading takes only what writing makes: hard links, groups, contiguous data sets of the native numbers,
// fixed strings.
#include "core/base/data_tree.h"
#include "core/store/hdf5_handle.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

namespace ql::h5 {

/// Strings above this many bytes become data sets of one string: an attribute must fit into 64 KiB.
inline constexpr std::size_t kLongText = 16 * 1024;

/// Writes the tree into an open group (or file). Throws Error(Store) naming `path`.
void writeTree(hid_t group, const DataTree& tree, const std::filesystem::path& path);
void writeAttributes(hid_t object, const std::map<std::string, AttributeValue>& attributes,
                     const std::filesystem::path& path);
/// Makes and opens the child group.
Id makeGroup(hid_t parent, const std::string& name, const std::filesystem::path& path);

/// Reads a file that may be hostile: what it promises is measured against the size it has.
class TreeReader {
 public:
  /// withData false: everything is checked, arrays stay empty of bytes.
  TreeReader(std::filesystem::path path, std::uint64_t fileBytes, bool withData);

  /// Throws Error(Store) naming the file and what is wrong.
  DataTree readGroup(hid_t group, int depth = 0);
  /// Names of the links of a group, decoded, in byte order. Hard links only.
  std::vector<std::string> names(hid_t group);
  std::map<std::string, AttributeValue> attributes(hid_t object);
  /// An object behind a hard link. Its kind is H5Iget_type().
  Id openChild(hid_t group, const std::string& name);

 private:
  void readChild(hid_t group, const std::string& name, int depth, DataTree& tree);
  void readDataSet(hid_t set, const std::string& name, DataTree& tree);
  void readText(hid_t set, hid_t type, const std::string& name, DataTree& tree);
  std::uint64_t checkStorage(hid_t set, std::uint64_t bytes);
  AttributeValue attribute(hid_t attribute);
  std::string fixedString(hid_t type, std::uint64_t limit);
  void count();

  std::filesystem::path m_path;
  std::uint64_t m_fileBytes;
  bool m_withData;
  std::uint64_t m_objects = 0;
  std::uint64_t m_dataBytes = 0;
};

}  // namespace ql::h5
