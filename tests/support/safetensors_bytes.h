#pragma once
// Small safetensors files made by hand, right and wrong.
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace ql::test {

/// The length in front of `json`, then `data`.
inline std::string safetensorsBytes(std::string_view json, std::string_view data, std::uint64_t length) {
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &length, 8);
  return bytes.append(json).append(data);
}

inline std::string safetensorsBytes(std::string_view json, std::string_view data) {
  return safetensorsBytes(json, data, json.size());
}

/// One header entry: "name":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}
inline std::string entry(const std::string& name, const std::string& dtype, const std::string& shape,
                         std::uint64_t begin, std::uint64_t end) {
  return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":[" +
         std::to_string(begin) + "," + std::to_string(end) + "]}";
}

/// A file with one U8 vector of `size` bytes, each `value`.
inline std::string oneTensorFile(const std::string& name, std::size_t size, char value = 1) {
  return safetensorsBytes("{" + entry(name, "U8", "[" + std::to_string(size) + "]", 0, size) + "}",
                          std::string(size, value));
}

}  // namespace ql::test
