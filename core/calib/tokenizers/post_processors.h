#pragma once
// The "post_processor" of tokenizer.json, as far as it puts ids around a sequence.
#include "core/calib/tokenizers/json_part.h"

#include <cstdint>
#include <vector>

namespace ql {

struct SequenceFrame {
  std::vector<std::int32_t> prefix, suffix;
};

/// Empty for JSON null. Throws Error(Format | Unsupported) naming the part.
/// Source: huggingface/tokenizers, tokenizers/src/processors.
SequenceFrame readPostProcessor(const JsonPart& part);

}  // namespace ql
