#pragma once
// A folder that is removed with everything in it when the test ends.
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace ql::test {

class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::filesystem::path& path() const { return m_path; }
  std::filesystem::path operator/(const std::string& name) const { return m_path / name; }
  /// Writes a file (folders on the way are made) and returns its path.
  std::filesystem::path write(const std::string& name, std::string_view content) const;

 private:
  std::filesystem::path m_path;
};

/// The whole file; empty when it is not there.
std::string contentOf(const std::filesystem::path& path);

}  // namespace ql::test
