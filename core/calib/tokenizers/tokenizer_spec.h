#pragma once
// A tokenizer as it is described by files, before it is put together. Other files than tokenizer.json are
// brought into the same form.
#include "core/calib/tokenizer.h"
#include "core/calib/tokenizers/token_model.h"
#include "core/calib/tokenizers/vocabulary.h"

#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ql {

struct TokenizerSpec {
  std::string where;   // the file as it stands in messages, in quotes
  std::string sha256;  // of the file or files
  std::unique_ptr<Vocabulary> vocabulary;
  std::vector<MergePair> merges;
  // The object of tokenizer.json without model.vocab and model.merges.
  std::unique_ptr<nlohmann::json> parts;
  std::optional<std::string> maskToken;

  TokenizerSpec();
  ~TokenizerSpec();
  TokenizerSpec(TokenizerSpec&&) noexcept;
};

/// Reads the text of a tokenizer.json. Throws Error(Format | Unsupported) with `where`.
/// Cost: a small multiple of the text, in time and memory.
TokenizerSpec parseTokenizerJson(std::string_view text, const std::string& where);

/// Reads a vocab.json, the vocabulary alone. `spec.where` is used in messages.
void parseVocabularyJson(std::string_view text, TokenizerSpec& spec);

/// "a b", one merge; throws Error(Format) with `place`, for example "line 7".
MergePair mergeFromLine(std::string_view line, const std::string& where, const std::string& place);

/// Puts a tokenizer together; `spec` is used up. Throws Error(Format | Unsupported) naming the part.
std::shared_ptr<const Tokenizer> makePipelineTokenizer(TokenizerSpec spec);

}  // namespace ql
