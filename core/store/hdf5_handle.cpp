#include "core/store/hdf5_handle.h"

#include "core/base/error.h"
#include "core/base/message_text.h"

namespace ql::h5 {

namespace {

constexpr unsigned kMostCompactLinks = 64, kMostCompactAttributes = 256;

std::mutex& libraryMutex() {
  static std::mutex mutex;
  return mutex;
}

int hexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

Lock::Lock() : m_lock(libraryMutex()) {
  static const bool isStarted = [] {
    H5dont_atexit();  // objects that outlive main() must not meet a closed library
    H5open();
    H5PLset_loading_state(0);  // a hostile file must not make us load a filter library
    return true;
  }();
  static_cast<void>(isStarted);
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);  // per thread in a thread-safe build
}

std::string quotedPath(const std::filesystem::path& path) {
  return "'" + path.string() + "'";
}

void throwDamaged(const std::filesystem::path& path, const std::string& what) {
  throw Error(ErrorCode::Store, "The statistics file " + quotedPath(path) + " cannot be used: " + what +
                                    ". Delete it and run 'qloupe analyze' again.");
}

Id fileAccess() {
  Id access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  H5Pset_libver_bounds(access.get(), H5F_LIBVER_V18, H5F_LIBVER_V18);
  H5Pset_file_locking(access.get(), false, true);
  H5Pset_fclose_degree(access.get(), H5F_CLOSE_STRONG);
  return access;
}

Id fileCreation() {
  Id properties(H5Pcreate(H5P_FILE_CREATE), H5Pclose);
  H5Pset_obj_track_times(properties.get(), false);  // of the root group
  return properties;
}

Id openReadOnly(const std::filesystem::path& path) {
  const Id access = fileAccess();
  return Id(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.get()), H5Fclose);
}

Id groupCreation() {
  Id properties(H5Pcreate(H5P_GROUP_CREATE), H5Pclose);
  H5Pset_obj_track_times(properties.get(), false);
  // Small groups in one piece: smaller files, fewer reads.
  H5Pset_link_phase_change(properties.get(), kMostCompactLinks, 0);
  H5Pset_attr_phase_change(properties.get(), kMostCompactAttributes, 0);
  return properties;
}

Id dataSetCreation() {
  Id properties(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  H5Pset_obj_track_times(properties.get(), false);
  H5Pset_layout(properties.get(), H5D_CONTIGUOUS);
  H5Pset_fill_time(properties.get(), H5D_FILL_TIME_NEVER);
  return properties;
}

std::string linkName(const std::string& name) {
  if (name.empty()) return "%00";
  if (name == ".") return "%2E";
  std::string link;
  for (const char c : name) {
    if (c == '/')
      link += "%2F";
    else if (c == '%')
      link += "%25";
    else if (c == '\0')
      link += "%01";
    else
      link += c;
  }
  return link;
}

std::string nameOfLink(const std::string& link) {
  if (link == "%00") return {};
  std::string name;
  for (std::size_t i = 0; i < link.size(); ++i) {
    const int high = link[i] == '%' && i + 2 < link.size() ? hexDigit(link[i + 1]) : -1;
    const int low = high >= 0 ? hexDigit(link[i + 2]) : -1;
    if (low < 0) {
      name += link[i];
      continue;
    }
    const int value = high * 16 + low;
    name += value == 1 ? '\0' : static_cast<char>(value);
    i += 2;
  }
  return name;
}

}  // namespace ql::h5
