#pragma once
// The few keys of config.json that decide whether a model can be rotated. Internal to smooth/.
#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

namespace ql {

/// Keys of a nested language model first. A text that is no object has no keys.
class RotationConfig {
 public:
  explicit RotationConfig(std::string_view text);
  ~RotationConfig();
  /// The first whole number among these keys, at most 2^24; 0 = none.
  std::int64_t number(std::initializer_list<const char*> keys) const;
  bool isTrue(const char* key) const { return isFlag(key, true); }
  bool isFalse(const char* key) const { return isFlag(key, false); }
  /// The text with tie_word_embeddings false wherever it stands, and at the top where it stands nowhere;
  /// order of the keys as it was. Empty stays empty.
  static std::string untied(std::string_view text);

 private:
  const nlohmann::json* find(const char* key) const;
  bool isFlag(const char* key, bool value) const;
  std::unique_ptr<nlohmann::json> m_top;
};

}  // namespace ql
