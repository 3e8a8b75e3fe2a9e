#pragma once
// HDF5 ids that close themselves, and the one lock around the library. Internal to store/.
#include <hdf5.h>

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <span>
#include <string>
#include <utility>

namespace ql::h5 {

/// Owns one HDF5 id; `close` is the H5?close function of its kind.
class Id {
 public:
  using Close = herr_t (*)(hid_t);
  Id() = default;
  Id(hid_t id, Close close) : m_id(id), m_close(close) {}
  Id(Id&& other) noexcept : m_id(std::exchange(other.m_id, -1)), m_close(other.m_close) {}
  Id& operator=(Id&& other) noexcept {
    std::swap(m_id, other.m_id);
    std::swap(m_close, other.m_close);
    return *this;
  }
  Id(const Id&) = delete;
  Id& operator=(const Id&) = delete;
  ~Id() {
    if (m_id >= 0 && m_close) m_close(m_id);
  }
  hid_t get() const { return m_id; }
  hid_t release() { return std::exchange(m_id, -1); }
  explicit operator bool() const { return m_id >= 0; }

 private:
  hid_t m_id = -1;
  Close m_close = nullptr;
};

/// Held by every public function of store/ while it calls HDF5: Debian's library is used by one thread at a
/// time, and a thread that forks a checking process holds it, so that the child finds the library in a clean
/// state. Also starts the library with error printing off and plug-ins disabled.
class Lock {
 public:
  Lock();

 private:
  std::unique_lock<std::mutex> m_lock;
};

/// One sentence for a file that cannot be used, with the remedy. Thrown as Error(Store).
[[noreturn]] void throwDamaged(const std::filesystem::path& path, const std::string& what);

/// Read-only, without HDF5's own file locks (they fail on some network disks). Invalid when it cannot be
/// opened.
Id openReadOnly(const std::filesystem::path& path);

/// Access and creation properties that make equal content equal bytes: no times, format of HDF5 1.8 (metadata
/// carries checksums, so a flipped bit is noticed).
Id fileAccess();
Id fileCreation();
Id groupCreation();
Id dataSetCreation();

/// A name as one link: "/" and "%" (and the names "" and ".") cannot stand in a link, so they are written %2F
/// and %25.
std::string linkName(const std::string& name);
std::string nameOfLink(const std::string& link);

}  // namespace ql::h5
