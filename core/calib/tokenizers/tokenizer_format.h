#pragma once
// The kinds of tokenizer files, and the reading of such files and their companions.
#include "core/calib/tokenizer.h"
#include "core/io/mapped_file.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace ql {

struct TokenizerFormat {
  std::string_view fileName;                           // in a model folder: "tokenizer.json"
  bool (*canOpen)(const std::filesystem::path& file);  // by the name of a file that is given by itself
  std::shared_ptr<const Tokenizer> (*open)(const std::filesystem::path& file);
};

#define X(name) const TokenizerFormat& name##Format();
#include "core/calib/tokenizers/tokenizers.inc"
#undef X

/// A whole tokenizer file. Throws Error(Io), and Error(Format) above 512 MiB.
class TokenizerFile {
 public:
  explicit TokenizerFile(const std::filesystem::path& path);
  std::string_view text() const { return m_text; }
  const std::string& where() const { return m_where; }  // in quotes, for messages
  const std::string& sha256() const { return m_sha256; }

 private:
  std::string m_text;  // a copy: a mapping could change under the parser
  std::string m_where, m_sha256;
};

/// As numbers come out of a parsed file.
inline std::uint32_t unsignedId(std::int32_t id) {
  return static_cast<std::uint32_t>(id);
}

/// The JSON object in a file beside the tokenizer; an empty object when there is no such file.
nlohmann::json companionJson(const std::filesystem::path& tokenizerFile, const std::string& name);
/// A special token of tokenizer_config.json or special_tokens_map.json: text, or an object with "content".
std::optional<std::string> specialToken(const nlohmann::json& config, const std::string& name);

}  // namespace ql
