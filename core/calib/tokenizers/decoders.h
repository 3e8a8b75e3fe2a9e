#pragma once
// The "decoder" of tokenizer.json: tokens back to text.
#include "core/calib/tokenizers/json_part.h"

#include <memory>
#include <string>
#include <vector>

namespace ql {

/// Immutable and thread-safe.
class TokenDecoder {
 public:
  virtual ~TokenDecoder() = default;
  /// Rewrites the tokens; joined they are the text.
  virtual void apply(std::vector<std::string>& tokens) const = 0;
};

/// Null for JSON null and for a decoder of an unknown type: its tokens are shown as they are.
/// Throws Error(Format). Source: huggingface/tokenizers, tokenizers/src/decoders.
std::unique_ptr<const TokenDecoder> makeDecoder(const JsonPart& part);

/// The byte of "<0x41>", or -1.
int byteOfToken(const std::string& token);

}  // namespace ql
