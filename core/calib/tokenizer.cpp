#include "core/calib/tokenizer.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/calib/tokenizers/tokenizer_format.h"

#include <array>

namespace ql {
namespace {

namespace fs = std::filesystem;

std::vector<const TokenizerFormat*> formats() {
  return {
#define X(name) &name##Format(),
#include "core/calib/tokenizers/tokenizers.inc"
#undef X
  };
}

std::shared_ptr<const Tokenizer> loadFromFolder(const fs::path& folder) {
  std::error_code ignored;
  for (const TokenizerFormat* format : formats()) {
    const fs::path file = folder / format->fileName;
    if (fs::exists(file, ignored)) return format->open(file);
  }
  throw Error(ErrorCode::Io,
              quotedPath(folder) +
                  " has no tokenizer (tokenizer.json, tokenizer.model, vocab.txt, or vocab.json "
                  "with merges.txt); copy it there, or give token ids (.npy) instead of a text");
}

}  // namespace

std::shared_ptr<const Tokenizer> loadTokenizer(const fs::path& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return loadFromFolder(path);
  for (const TokenizerFormat* format : formats()) {
    if (format->canOpen(path)) return format->open(path);
  }
  throw Error(ErrorCode::Unsupported, quotedPath(path) +
                                          " is not a kind of tokenizer that can be read (tokenizer.json, "
                                          "tokenizer.model, vocab.txt, or vocab.json with merges.txt); give "
                                          "token ids (.npy) instead of a text");
}

}  // namespace ql
