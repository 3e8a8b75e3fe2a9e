#include "core/store/parts.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/store/tree_io.h"

#include <algorithm>

namespace ql::h5 {

namespace {

std::string takeText(std::map<std::string, AttributeValue>& attributes, const char* name) {
  const auto found = attributes.find(name);
  if (found == attributes.end()) return {};
  const auto* text = std::get_if<std::string>(&found->second);
  std::string value = text ? *text : std::string();
  attributes.erase(found);
  return value;
}

DataTree readAttributesOnly(TreeReader& reader, hid_t group, int depth) {
  DataTree tree;
  tree.attributes = reader.attributes(group);
  if (depth == 0) return tree;
  for (const std::string& name : reader.names(group)) {
    const Id object = reader.openChild(group, name);
    if (H5Iget_type(object.get()) == H5I_GROUP)
      tree.children[name] = readAttributesOnly(reader, object.get(), depth - 1);
  }
  return tree;
}

}  // namespace

std::filesystem::path partsFolder(const std::filesystem::path& path) {
  std::filesystem::path folder = path;
  folder += ".parts";
  return folder;
}

std::vector<std::filesystem::path> partFiles(const std::filesystem::path& path) {
  std::vector<std::filesystem::path> files;
  std::error_code failure;
  std::filesystem::directory_iterator entries(partsFolder(path), failure), end;
  for (; !failure && entries != end; entries.increment(failure)) {
    const std::filesystem::path& file = entries->path();
    const std::string stem = file.stem().string();
    const bool isNumber =
        !stem.empty() && stem.size() <= 9 && stem.find_first_not_of("0123456789") == std::string::npos;
    if (isNumber && file.extension() == ".h5") files.push_back(file);
  }
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) {
    return std::stol(a.stem().string()) < std::stol(b.stem().string());
  });
  return files;
}

std::map<std::string, AttributeValue> rootAttributes(const StatisticsHeader& header) {
  std::map<std::string, AttributeValue> all = header.attributes;
  all["format"] = std::string("quantloupe-statistics");
  all["version"] = std::int64_t{kStatisticsVersion};
  all["model"] = header.model;
  all["fingerprint"] = header.fingerprint;
  all["tool_version"] = header.toolVersion;
  return all;
}

Contents readContents(hid_t file, const std::filesystem::path& path) {
  TreeReader reader(path, std::filesystem::file_size(path), true);
  Contents contents;
  auto attributes = reader.attributes(file);
  attributes.erase("format");
  attributes.erase("version");
  contents.header.model = takeText(attributes, "model");
  contents.header.fingerprint = takeText(attributes, "fingerprint");
  contents.header.toolVersion = takeText(attributes, "tool_version");
  contents.header.attributes = std::move(attributes);
  for (const std::string& section : reader.names(file)) {
    const Id group = reader.openChild(file, section);
    if (H5Iget_type(group.get()) != H5I_GROUP) continue;  // a later version's addition
    for (std::string& name : reader.names(group.get()))
      contents.entries.emplace_back(section, std::move(name));
  }
  return contents;
}

DataTree readSubtree(hid_t file, const std::filesystem::path& path, const std::string& section,
                     const std::string& name, int attributesDepth) {
  hsize_t bytes = 0;
  H5Fget_filesize(file, &bytes);  // of the open file: the name may lead to another one by now
  TreeReader reader(path, bytes, true);
  const Id group = reader.openChild(file, section);
  const Id entry = H5Iget_type(group.get()) == H5I_GROUP ? reader.openChild(group.get(), name) : Id();
  if (!entry || H5Iget_type(entry.get()) != H5I_GROUP)
    throwDamaged(path, quotedText(section + "/" + name) + " is missing");
  return attributesDepth < 0 ? reader.readGroup(entry.get(), 2)
                             : readAttributesOnly(reader, entry.get(), attributesDepth);
}

void throwAbsent(const std::filesystem::path& path, const std::string& section, const std::string& name) {
  throw Error(ErrorCode::Store, "The statistics file " + quotedPath(path) + " has no " +
                                    quotedText(section + "/" + name) +
                                    ". Run 'qloupe analyze' to measure it.");
}

}  // namespace ql::h5
