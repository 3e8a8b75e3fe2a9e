#pragma once
// Text to token ids as the model's own tokenizer does it: tokenizer.json (BPE, WordPiece), tokenizer.model
// (SentencePiece). A new kind is one file in tokenizers/ and one line in tokenizers.inc.
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ql {

/// Immutable and thread-safe.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;
  virtual std::string_view kind() const = 0;  // "bpe", "wordpiece", "sentencepiece"
  /// Ids of the text without the special tokens of the post-processor; added tokens inside the text are
  /// found. Invalid UTF-8 is taken as U+FFFD. Work grows as n log n.
  virtual std::vector<std::int32_t> encode(std::string_view text) const = 0;
  virtual std::string decode(std::span<const std::int32_t> ids) const = 0;
  /// The text of one token for the screen: spaces as spaces, raw bytes that are no UTF-8 as "\xE2".
  virtual std::string tokenText(std::int32_t id) const = 0;
  virtual std::int32_t vocabularySize() const = 0;  // largest id + 1
  /// What the post-processor puts before and after a sequence ([CLS], [SEP] for BERT; BOS for Llama); usually
  /// 0 or 1.
  virtual std::vector<std::int32_t> prefix() const = 0;
  virtual std::vector<std::int32_t> suffix() const = 0;
  virtual std::optional<std::int32_t> maskToken() const { return std::nullopt; }  // BERT
  /// SHA-256 of the file (or files, one after the other) it was read from, for provenances.
  virtual std::string sha256() const = 0;
};

/// From a model folder (tokenizer.json, else tokenizer.model, else vocab.txt, else vocab.json with
/// merges.txt) or one such file; tokenizer_config.json beside it is respected. Throws Error(Io | Format |
/// Unsupported) that names the file, the part and the remedy ("give token ids (.npy) instead of a text").
std::shared_ptr<const Tokenizer> loadTokenizer(const std::filesystem::path& path);

/// Token ids given directly: .npy, .safetensors (one integer tensor, or the one called `name`,
/// "file.safetensors#name"), .txt (whitespace-separated numbers). Throws Error naming the file and place.
std::vector<std::int32_t> readTokenIds(const std::filesystem::path& path);

}  // namespace ql
