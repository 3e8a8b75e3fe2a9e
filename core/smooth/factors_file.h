#pragma once
// Writing smoothing factors to a safetensors file; plans name its tensors as "file.safetensors#name", and
// readSmoothingFactors() reads one.
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace ql {

/// By name of the producer, [channels] each.
using NamedFactors = std::map<std::string, std::vector<float>>;

/// Every vector of a file of factors; nothing when there is no such file. Throws Error(Io | Format) naming
/// the file when it holds anything but positive F32 vectors, so that no other file is taken for one.
NamedFactors readFactorsFile(const std::filesystem::path& path);

/// Written atomically, sorted by name. `metadata` says what they are.
void writeFactorsFile(const std::filesystem::path& path, const NamedFactors& factors,
                      const std::map<std::string, std::string>& metadata);

}  // namespace ql
