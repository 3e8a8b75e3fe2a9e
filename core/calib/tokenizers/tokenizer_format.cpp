#include "core/calib/tokenizers/tokenizer_format.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/base/sha256.h"
#include "core/calib/tokenizers/tokenizer_spec.h"

#include <nlohmann/json.hpp>
#include <utility>

namespace ql {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxFileBytes = std::uint64_t{512} << 20;  // published: 35 MB

std::shared_ptr<const Tokenizer> openTokenizerJson(const fs::path& path) {
  const TokenizerFile file(path);
  TokenizerSpec spec = parseTokenizerJson(file.text(), file.where());
  spec.sha256 = file.sha256();
  spec.maskToken = specialToken(companionJson(path, "tokenizer_config.json"), "mask_token");
  return makePipelineTokenizer(std::move(spec));
}

}  // namespace

const TokenizerFormat& tokenizerJsonFormat() {
  static const TokenizerFormat format{
      "tokenizer.json",
      [](const fs::path& file) { return file.extension() == ".json" && file.filename() != "vocab.json"; },
      openTokenizerJson};
  return format;
}

TokenizerFile::TokenizerFile(const fs::path& path) : m_where(quotedPath(path)) {
  const auto file = MappedFile::open(path);
  if (file->bytes().size() > kMaxFileBytes) {
    throw Error(ErrorCode::Format, m_where + " has " + bytesText(file->bytes().size()) +
                                       ", far more than any tokenizer; is it another kind of file?");
  }
  m_text.assign(reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size());
  file->throwIfTruncated();
  Sha256 hash;
  hash.add(std::string_view(m_text));
  m_sha256 = hash.finish();
}

nlohmann::json companionJson(const fs::path& tokenizerFile, const std::string& name) {
  const fs::path path = tokenizerFile.parent_path() / name;
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored)) return nlohmann::json::object();
  const TokenizerFile file(path);
  nlohmann::json parsed = nlohmann::json::parse(file.text(), nullptr, false);
  if (!parsed.is_object()) {
    throw Error(ErrorCode::Format, file.where() +
                                       " is not a JSON object; is the file damaged? Download it "
                                       "again, or remove it.");
  }
  return parsed;
}

std::optional<std::string> specialToken(const nlohmann::json& config, const std::string& name) {
  const auto found = config.find(name);
  if (found == config.end()) return std::nullopt;
  if (found->is_string()) return found->get<std::string>();
  if (found->is_object() && found->contains("content") && (*found)["content"].is_string())
    return (*found)["content"].get<std::string>();
  return std::nullopt;
}

}  // namespace ql
