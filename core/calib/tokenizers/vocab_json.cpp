// vocab.json and merges.txt of GPT-2, OPT and Qwen2, brought into the form of tokenizer.json.
// Source: openai/gpt-2, src/encoder.py; huggingface/transformers, convert_slow_tokenizer.py.
#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/base/sha256.h"
#include "core/calib/tokenizers/json_part.h"
#include "core/calib/tokenizers/tokenizer_format.h"
#include "core/calib/tokenizers/tokenizer_spec.h"

#include <nlohmann/json.hpp>
#include <utility>

namespace ql {
namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

constexpr std::string_view kQwen2Expression =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

void readMerges(const TokenizerFile& file, std::vector<MergePair>& merges) {
  const std::string_view text = file.text();
  std::size_t number = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    std::string_view line = text.substr(begin, end - begin);
    if (line.ends_with('\r')) line.remove_suffix(1);
    begin = end + 1;
    ++number;
    if (line.empty() || line.starts_with("#version")) continue;
    merges.push_back(mergeFromLine(line, file.where(), "line " + withThousands(number)));
  }
}

/// The special tokens of the two files of options that the vocabulary has.
Json addedTokens(const fs::path& path, const Json& config, const Vocabulary& vocabulary) {
  Json list = Json::array();
  const Json map = companionJson(path, "special_tokens_map.json");
  for (const char* name : {"bos_token", "eos_token", "unk_token", "pad_token"}) {
    auto token = specialToken(config, name);
    if (!token) token = specialToken(map, name);
    const auto id = token ? vocabulary.idOf(*token) : std::nullopt;
    if (id) list.push_back({{"id", unsignedId(*id)}, {"content", *token}, {"special", true}});
  }
  const auto end = vocabulary.idOf("<|endoftext|>");
  if (list.empty() && end)
    list.push_back({{"id", unsignedId(*end)}, {"content", "<|endoftext|>"}, {"special", true}});
  return list;
}

Json qwenSplit() {
  Json split = {{"type", "Split"}, {"behavior", "Isolated"}, {"invert", false}};
  split["pattern"]["Regex"] = kQwen2Expression;
  Json bytes = {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", false}};
  return {{"type", "Sequence"}, {"pretokenizers", Json::array({split, bytes})}};
}

Json parts(const fs::path& path, const TokenizerSpec& spec) {
  const Json config = companionJson(path, "tokenizer_config.json");
  const JsonPart options(config, spec.where + ", tokenizer_config.json");
  const std::string type = options.stringOr("tokenizer_class", "GPT2Tokenizer");
  const bool isQwen = type.starts_with("Qwen2Tokenizer");
  if (!isQwen && !type.starts_with("GPT2Tokenizer"))
    options.failUnsupported("vocab.json of the tokenizer_class " + quotedText(type));
  const Vocabulary& vocabulary = *spec.vocabulary;
  Json made = {{"added_tokens", addedTokens(path, config, vocabulary)},
               {"model", {{"type", "BPE"}}},
               {"decoder", {{"type", "ByteLevel"}}}};
  made["pre_tokenizer"] = {{"type", "ByteLevel"},
                           {"add_prefix_space", options.boolOr("add_prefix_space", false)}};
  if (isQwen) {
    made["normalizer"] = {{"type", "NFC"}};
    made["pre_tokenizer"] = qwenSplit();
  }
  const std::string bos = specialToken(config, "bos_token").value_or("<|endoftext|>");
  if (options.boolOr("add_bos_token", false)) {
    const auto id = vocabulary.idOf(bos);
    if (!id) options.failFormat("the bos_token " + quotedText(bos) + " is not in the vocabulary");
    made["post_processor"] = {{"type", "TemplateProcessing"},
                              {"single", {{{"SpecialToken", {{"id", bos}}}}, {{"Sequence", {{"id", "A"}}}}}},
                              {"special_tokens", {{bos, {{"ids", Json::array({unsignedId(*id)})}}}}}};
  }
  return made;
}

std::shared_ptr<const Tokenizer> open(const fs::path& path) {
  const fs::path mergesPath = path.parent_path() / "merges.txt";
  const TokenizerFile file(path), merges(mergesPath);
  TokenizerSpec spec;
  spec.where = file.where();
  parseVocabularyJson(file.text(), spec);
  readMerges(merges, spec.merges);
  Sha256 hash;
  hash.add(file.text());
  hash.add(merges.text());
  spec.sha256 = hash.finish();
  spec.parts = std::make_unique<Json>(parts(path, spec));
  return makePipelineTokenizer(std::move(spec));
}

}  // namespace

const TokenizerFormat& vocabJsonFormat() {
  static const TokenizerFormat format{
      "vocab.json", [](const fs::path& file) { return file.filename() == "vocab.json"; }, open};
  return format;
}

}  // namespace ql
