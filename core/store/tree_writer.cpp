#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/store/tree_io.h"

namespace ql::h5 {

namespace {

hid_t storedType(ArrayType type) {
  switch (type) {
    case ArrayType::F32:
      return H5T_IEEE_F32LE;
    case ArrayType::F64:
      return H5T_IEEE_F64LE;
    case ArrayType::I32:
      return H5T_STD_I32LE;
    case ArrayType::I64:
      return H5T_STD_I64LE;
    case ArrayType::U16:
      return H5T_STD_U16LE;
    case ArrayType::U32:
      return H5T_STD_U32LE;
    case ArrayType::U64:
      return H5T_STD_U64LE;
  }
  return -1;
}

[[noreturn]] void throwUnwritten(const std::filesystem::path& path, const std::string& name) {
  throw Error(ErrorCode::Store, "Could not write '" + name + "' into " + quotedPath(path) +
                                    ": is the disk full? Free some space and run the analysis again.");
}

/// Zero-padded UTF-8 of exactly the text's length (HDF5 has no strings of length 0).
Id stringType(std::size_t length) {
  Id type(H5Tcopy(H5T_C_S1), H5Tclose);
  H5Tset_size(type.get(), length == 0 ? 1 : length);
  H5Tset_strpad(type.get(), H5T_STR_NULLPAD);
  H5Tset_cset(type.get(), H5T_CSET_UTF8);
  return type;
}

void writeAttribute(hid_t object, const std::string& name, hid_t type, const void* value,
                    const std::filesystem::path& path) {
  const Id space(H5Screate(H5S_SCALAR), H5Sclose);
  const Id attribute(H5Acreate2(object, name.c_str(), type, space.get(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
  if (!attribute || H5Awrite(attribute.get(), type, value) < 0) throwUnwritten(path, name);
}

void writeText(hid_t object, const std::string& name, const std::string& text,
               const std::filesystem::path& path) {
  const Id type = stringType(text.size());
  if (text.size() <= kLongText) {
    writeAttribute(object, name, type.get(), text.c_str(), path);
    return;
  }
  const Id space(H5Screate(H5S_SCALAR), H5Sclose);
  const Id creation = dataSetCreation();
  const Id set(H5Dcreate2(object, linkName(name).c_str(), type.get(), space.get(), H5P_DEFAULT,
                          creation.get(), H5P_DEFAULT),
               H5Dclose);
  if (!set || H5Dwrite(set.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, text.data()) < 0)
    throwUnwritten(path, name);
}

void writeArray(hid_t group, const std::string& name, const DataArray& array,
                const std::filesystem::path& path) {
  std::vector<hsize_t> dimensions(array.shape.begin(), array.shape.end());
  const Id space(H5Screate_simple(static_cast<int>(dimensions.size()), dimensions.data(), nullptr), H5Sclose);
  const Id creation = dataSetCreation();
  const hid_t type = storedType(array.type);
  const Id set(
      H5Dcreate2(group, linkName(name).c_str(), type, space.get(), H5P_DEFAULT, creation.get(), H5P_DEFAULT),
      H5Dclose);
  if (!set) throwUnwritten(path, name);
  if (!array.bytes.empty() &&
      H5Dwrite(set.get(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT, array.bytes.data()) < 0)
    throwUnwritten(path, name);
  if (!array.unit.empty()) writeText(set.get(), "unit", array.unit, path);
  for (std::size_t i = 0; i < array.axes.size(); ++i)
    writeText(set.get(), "axis_" + std::to_string(i), array.axes[i], path);
}

}  // namespace

Id makeGroup(hid_t parent, const std::string& name, const std::filesystem::path& path) {
  const Id creation = groupCreation();
  Id group(H5Gcreate2(parent, linkName(name).c_str(), H5P_DEFAULT, creation.get(), H5P_DEFAULT), H5Gclose);
  if (!group) throwUnwritten(path, name);
  return group;
}

void writeAttributes(hid_t object, const std::map<std::string, AttributeValue>& attributes,
                     const std::filesystem::path& path) {
  for (const auto& [name, value] : attributes) {
    if (const auto* integer = std::get_if<std::int64_t>(&value))
      writeAttribute(object, name, H5T_STD_I64LE, integer, path);
    else if (const auto* number = std::get_if<double>(&value))
      writeAttribute(object, name, H5T_IEEE_F64LE, number, path);
    else
      writeText(object, name, std::get<std::string>(value), path);
  }
}

void writeTree(hid_t group, const DataTree& tree, const std::filesystem::path& path) {
  writeAttributes(group, tree.attributes, path);
  for (const auto& [name, array] : tree.arrays) writeArray(group, name, array, path);
  for (const auto& [name, child] : tree.children) writeTree(makeGroup(group, name, path).get(), child, path);
}

}  // namespace ql::h5
