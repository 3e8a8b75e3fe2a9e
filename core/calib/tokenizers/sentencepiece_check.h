#pragma once
// Checks of a tokenizer.model before libsentencepiece sees it: the library trusts the tables inside.
#include <string>
#include <string_view>

namespace ql {

/// Throws Error(Format | Unsupported) with `where` when the bytes are no SentencePiece model: wrong protocol
/// buffer, no pieces or too many, empty pieces, scores that are not numbers, a table of character
/// replacements that points outside itself. Source: google/sentencepiece, src/sentencepiece_model.proto,
/// src/normalizer.cc; s-yata/darts-clone, include/darts.h.
void checkSentencePieceModel(std::string_view bytes, const std::string& where);

}  // namespace ql
