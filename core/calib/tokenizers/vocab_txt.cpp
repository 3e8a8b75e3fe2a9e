// vocab.txt of BERT: one token a line, the line number is the id. Brought into the form of tokenizer.json.
// Source: google-research/bert, tokenization.py; huggingface/transformers, convert_slow_tokenizer.py.
#include "core/base/error.h"
#include "core/calib/tokenizers/json_part.h"
#include "core/calib/tokenizers/tokenizer_format.h"
#include "core/calib/tokenizers/tokenizer_spec.h"
#include "core/calib/tokenizers/unicode_text.h"

#include <nlohmann/json.hpp>
#include <utility>

namespace ql {
namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

void readLines(const TokenizerFile& file, Vocabulary& vocabulary) {
  const std::string_view text = file.text();
  std::uint64_t id = 0;
  for (std::size_t begin = 0; begin < text.size(); ++id) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    std::string_view line = text.substr(begin, end - begin);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!isWellFormedUtf8(line)) {
      throw Error(ErrorCode::Format, file.where() + ", line " + std::to_string(id + 1) +
                                         " is not UTF-8, so this is no vocabulary; give token ids "
                                         "(.npy) instead of a text");
    }
    if (!line.empty()) vocabulary.add(std::string(line), id, file.where());
    begin = end + 1;
  }
}

/// The special tokens of BERT by the names in tokenizer_config.json.
struct Specials {
  std::string unknown, begin, end, mask, padding;
};

Json addedTokens(const Specials& specials, const Vocabulary& vocabulary) {
  Json list = Json::array();
  for (const std::string& token :
       {specials.padding, specials.unknown, specials.begin, specials.end, specials.mask}) {
    const auto id = vocabulary.idOf(token);
    if (id) list.push_back({{"id", unsignedId(*id)}, {"content", token}, {"special", true}});
  }
  return list;
}

Json parts(const Json& config, const Specials& specials, const Vocabulary& vocabulary,
           const std::string& where) {
  const JsonPart options(config, where + ", tokenizer_config.json");
  Json normalizer = {{"type", "BertNormalizer"},
                     {"lowercase", options.boolOr("do_lower_case", true)},
                     {"handle_chinese_chars", options.boolOr("tokenize_chinese_chars", true)}};
  if (const auto isStripped = options.boolean("strip_accents")) normalizer["strip_accents"] = *isStripped;
  Json made = {{"added_tokens", addedTokens(specials, vocabulary)},
               {"normalizer", normalizer},
               {"pre_tokenizer", {{"type", "BertPreTokenizer"}}},
               {"model", {{"type", "WordPiece"}, {"unk_token", specials.unknown}}},
               {"decoder", {{"type", "WordPiece"}}}};
  const auto begin = vocabulary.idOf(specials.begin), end = vocabulary.idOf(specials.end);
  if (begin && end) {
    made["post_processor"] = {{"type", "BertProcessing"},
                              {"cls", {specials.begin, unsignedId(*begin)}},
                              {"sep", {specials.end, unsignedId(*end)}}};
  }
  return made;
}

std::shared_ptr<const Tokenizer> open(const fs::path& path) {
  const TokenizerFile file(path);
  TokenizerSpec spec;
  spec.where = file.where();
  spec.sha256 = file.sha256();
  spec.vocabulary = std::make_unique<Vocabulary>();
  readLines(file, *spec.vocabulary);
  const Json config = companionJson(path, "tokenizer_config.json");
  const Specials specials{specialToken(config, "unk_token").value_or("[UNK]"),
                          specialToken(config, "cls_token").value_or("[CLS]"),
                          specialToken(config, "sep_token").value_or("[SEP]"),
                          specialToken(config, "mask_token").value_or("[MASK]"),
                          specialToken(config, "pad_token").value_or("[PAD]")};
  if (!spec.vocabulary->idOf(specials.unknown)) {
    throw Error(ErrorCode::Format, file.where() + " has no line " + specials.unknown +
                                       ", so it is not the vocabulary of a BERT model; give token ids "
                                       "(.npy) instead of a text");
  }
  spec.maskToken = specials.mask;
  spec.parts = std::make_unique<Json>(parts(config, specials, *spec.vocabulary, spec.where));
  return makePipelineTokenizer(std::move(spec));
}

}  // namespace

const TokenizerFormat& vocabTxtFormat() {
  static const TokenizerFormat format{
      "vocab.txt",
      [](const fs::path& file) { return file.extension() == ".txt" && file.filename() != "merges.txt"; },
      open};
  return format;
}

}  // namespace ql
