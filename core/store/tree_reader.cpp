#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/store/tree_io.h"

#include <array>
#include <optional>

namespace ql::h5 {

namespace {

constexpr int kMaxDepth = 8;
constexpr int kMaxRank = 8;
/// No object header takes fewer bytes, so a file cannot honestly hold more objects than this says.
constexpr std::uint64_t kMinObjectBytes = 16;

std::optional<ArrayType> arrayType(hid_t type) {
  const std::array<std::pair<hid_t, ArrayType>, 7> kinds{{{H5T_IEEE_F32LE, ArrayType::F32},
                                                          {H5T_IEEE_F64LE, ArrayType::F64},
                                                          {H5T_STD_I32LE, ArrayType::I32},
                                                          {H5T_STD_I64LE, ArrayType::I64},
                                                          {H5T_STD_U16LE, ArrayType::U16},
                                                          {H5T_STD_U32LE, ArrayType::U32},
                                                          {H5T_STD_U64LE, ArrayType::U64}}};
  for (const auto& [stored, kind] : kinds)
    if (H5Tequal(type, stored) > 0) return kind;
  return std::nullopt;
}

struct LinkList {
  std::vector<std::string> names;
  std::uint64_t limit = 0;
  bool hasForeign = false;  // a soft, external or user-defined link
};

herr_t collectLink(hid_t, const char* name, const H5L_info_t* info, void* data) {
  auto& list = *static_cast<LinkList*>(data);
  if (info->type != H5L_TYPE_HARD) list.hasForeign = true;
  list.names.emplace_back(name);
  return list.hasForeign || list.names.size() > list.limit ? 1 : 0;
}

}  // namespace

TreeReader::TreeReader(std::filesystem::path path, std::uint64_t fileBytes, bool withData)
    : m_path(std::move(path)), m_fileBytes(fileBytes), m_withData(withData) {}

void TreeReader::count() {
  if (++m_objects > m_fileBytes / kMinObjectBytes)
    throwDamaged(m_path, "it promises more objects than fit into it");
}

std::vector<std::string> TreeReader::names(hid_t group) {
  LinkList list;
  list.limit = m_fileBytes / kMinObjectBytes;
  hsize_t index = 0;
  if (H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, &index, collectLink, &list) < 0)
    throwDamaged(m_path, "a list of names in it is damaged");
  if (list.hasForeign) throwDamaged(m_path, quotedText(list.names.back()) + " points out of the file");
  for (std::string& name : list.names) name = nameOfLink(name);
  return list.names;
}

Id TreeReader::openChild(hid_t group, const std::string& name) {
  H5L_info_t info;
  const std::string link = linkName(name);
  if (H5Lget_info(group, link.c_str(), &info, H5P_DEFAULT) < 0 || info.type != H5L_TYPE_HARD)
    throwDamaged(m_path, quotedText(name) + " is missing");
  Id object(H5Oopen(group, link.c_str(), H5P_DEFAULT), H5Oclose);
  if (!object) throwDamaged(m_path, quotedText(name) + " cannot be opened");
  return object;
}

DataTree TreeReader::readGroup(hid_t group, int depth) {
  if (depth > kMaxDepth) throwDamaged(m_path, "its groups are nested too deeply");
  DataTree tree;
  tree.attributes = attributes(group);
  for (const std::string& name : names(group)) readChild(group, name, depth, tree);
  return tree;
}

void TreeReader::readChild(hid_t group, const std::string& name, int depth, DataTree& tree) {
  count();
  const Id object = openChild(group, name);
  switch (H5Iget_type(object.get())) {
    case H5I_GROUP:
      tree.children[name] = readGroup(object.get(), depth + 1);
      return;
    case H5I_DATASET:
      readDataSet(object.get(), name, tree);
      return;
    default:
      throwDamaged(m_path, quotedText(name) + " is neither a group nor a data set");
  }
}

std::uint64_t TreeReader::checkStorage(hid_t set, std::uint64_t bytes) {
  const Id creation(H5Dget_create_plist(set), H5Pclose);
  const H5D_layout_t layout = creation ? H5Pget_layout(creation.get()) : H5D_LAYOUT_ERROR;
  if (layout != H5D_CONTIGUOUS && layout != H5D_COMPACT)
    throwDamaged(m_path, "a data set in it is stored in a way that QuantLoupe never writes");
  if (H5Pget_nfilters(creation.get()) != 0 || H5Pget_external_count(creation.get()) != 0)
    throwDamaged(m_path, "a data set in it uses filters or other files");
  m_dataBytes += bytes;
  if (bytes > m_fileBytes || m_dataBytes > m_fileBytes)
    throwDamaged(m_path, "it promises more data than fits into it");
  if (bytes == 0 || layout == H5D_COMPACT) return bytes;
  const haddr_t offset = H5Dget_offset(set);
  if (offset == HADDR_UNDEF || offset > m_fileBytes - bytes || H5Dget_storage_size(set) != bytes)
    throwDamaged(m_path, "the data of a data set lies outside the file; it was cut short");
  return bytes;
}

void TreeReader::readDataSet(hid_t set, const std::string& name, DataTree& tree) {
  const Id type(H5Dget_type(set), H5Tclose);
  const Id space(H5Dget_space(set), H5Sclose);
  if (!type || !space) throwDamaged(m_path, quotedText(name) + " is damaged");
  if (H5Tget_class(type.get()) == H5T_STRING) return readText(set, type.get(), name, tree);
  const std::optional<ArrayType> kind = arrayType(type.get());
  const int rank = H5Sget_simple_extent_ndims(space.get());
  if (!kind || rank < 0 || rank > kMaxRank || H5Sget_simple_extent_type(space.get()) == H5S_NULL)
    throwDamaged(m_path, quotedText(name) + " has a data type or shape that QuantLoupe never writes");
  std::array<hsize_t, kMaxRank> dimensions{};
  H5Sget_simple_extent_dims(space.get(), dimensions.data(), nullptr);
  DataArray array;
  array.type = *kind;
  std::uint64_t bytes = arrayTypeBytes(*kind);
  for (int i = 0; i < rank; ++i) {
    const hsize_t size = dimensions[static_cast<std::size_t>(i)];
    array.shape.push_back(size);
    if (__builtin_mul_overflow(bytes, size, &bytes))
      throwDamaged(m_path, quotedText(name) + " has an absurd shape");
  }
  checkStorage(set, bytes);
  const auto notes = attributes(set);
  for (const auto& [key, value] : notes) {
    const auto* text = std::get_if<std::string>(&value);
    if (text && key == "unit") array.unit = *text;
    if (text && key.rfind("axis_", 0) == 0)
      array.axes.push_back(*text);  // the map has them in order: rank <= 8
  }
  if (m_withData && bytes > 0) {
    array.bytes.resize(bytes);
    if (H5Dread(set, type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, array.bytes.data()) < 0)
      throwDamaged(m_path, quotedText(name) + " cannot be read");
  }
  tree.arrays[name] = std::move(array);
}

std::string TreeReader::fixedString(hid_t type, std::uint64_t limit) {
  const std::size_t size = H5Tget_size(type);
  if (H5Tis_variable_str(type) != 0 || size == 0 || size > limit)
    throwDamaged(m_path, "a text in it has an absurd length");
  return std::string(size, '\0');
}

void TreeReader::readText(hid_t set, hid_t type, const std::string& name, DataTree& tree) {
  const Id space(H5Dget_space(set), H5Sclose);
  if (H5Sget_simple_extent_type(space.get()) != H5S_SCALAR)
    throwDamaged(m_path, quotedText(name) + " has a data type or shape that QuantLoupe never writes");
  std::string text = fixedString(type, m_fileBytes);
  checkStorage(set, text.size());
  if (m_withData && H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, text.data()) < 0)
    throwDamaged(m_path, quotedText(name) + " cannot be read");
  tree.attributes[name] = std::move(text);
}

AttributeValue TreeReader::attribute(hid_t attribute) {
  const Id type(H5Aget_type(attribute), H5Tclose);
  const Id space(H5Aget_space(attribute), H5Sclose);
  if (!type || !space || H5Sget_simple_extent_type(space.get()) != H5S_SCALAR)
    throwDamaged(m_path, "an attribute in it is damaged");
  std::int64_t integer = 0;
  double number = 0;
  if (H5Tequal(type.get(), H5T_STD_I64LE) > 0 && H5Aread(attribute, H5T_NATIVE_INT64, &integer) >= 0)
    return integer;
  if (H5Tequal(type.get(), H5T_IEEE_F64LE) > 0 && H5Aread(attribute, H5T_NATIVE_DOUBLE, &number) >= 0)
    return number;
  if (H5Tget_class(type.get()) != H5T_STRING)
    throwDamaged(m_path, "an attribute in it has a data type that QuantLoupe never writes");
  std::string text = fixedString(type.get(), 64 * 1024);
  if (H5Aread(attribute, type.get(), text.data()) < 0)
    throwDamaged(m_path, "an attribute in it cannot be read");
  text.resize(text.find_last_not_of('\0') + 1);
  return text;
}

std::map<std::string, AttributeValue> TreeReader::attributes(hid_t object) {
  H5O_info_t info;
  if (H5Oget_info2(object, &info, H5O_INFO_NUM_ATTRS) < 0) throwDamaged(m_path, "an object in it is damaged");
  std::map<std::string, AttributeValue> values;
  for (hsize_t i = 0; i < info.num_attrs; ++i) {
    count();
    const Id item(H5Aopen_by_idx(object, ".", H5_INDEX_NAME, H5_ITER_INC, i, H5P_DEFAULT, H5P_DEFAULT),
                  H5Aclose);
    const ssize_t length = item ? H5Aget_name(item.get(), 0, nullptr) : -1;
    if (length < 0 || length > 64 * 1024) throwDamaged(m_path, "an attribute in it is damaged");
    std::string name(static_cast<std::size_t>(length), '\0');
    H5Aget_name(item.get(), name.size() + 1, name.data());
    values[name] = attribute(item.get());
  }
  return values;
}

}  // namespace ql::h5
