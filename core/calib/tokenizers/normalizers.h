#pragma once
// The "normalizer" of tokenizer.json: what happens to text before it is cut.
#include "core/calib/tokenizers/json_part.h"

#include <memory>
#include <string>

namespace ql {

/// Immutable and thread-safe.
class TextNormalizer {
 public:
  virtual ~TextNormalizer() = default;
  /// Changes well-formed UTF-8 into well-formed UTF-8.
  virtual void apply(std::string& text) const = 0;
};

/// Null for JSON null. Throws Error(Format | Unsupported) naming the part.
/// Source: huggingface/tokenizers, tokenizers/src/normalizers.
std::unique_ptr<const TextNormalizer> makeNormalizer(const JsonPart& part);

}  // namespace ql
