// Reads tokenizer.json: the vocabulary and the merges, which are nearly all of it, go straight into their
// tables; the rest becomes a small tree.
#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/calib/tokenizers/tokenizer_spec.h"
#include "core/io/strict_json.h"

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <utility>

namespace ql {

using Json = nlohmann::json;

TokenizerSpec::TokenizerSpec() = default;
TokenizerSpec::~TokenizerSpec() = default;
TokenizerSpec::TokenizerSpec(TokenizerSpec&&) noexcept = default;

namespace {

constexpr std::size_t kMaxRestValues = 2'000'000;  // values outside vocab and merges; published files: 60,000

class Reader : public JsonVisitor {
 public:
  Reader(TokenizerSpec& spec, bool isVocabularyAlone)
      : m_spec(spec), m_isVocabularyAlone(isVocabularyAlone) {}

  void onKey(std::string& key) override { m_key = std::move(key); }

  void onString(std::string& value) override {
    if (m_part == Part::Vocabulary) fail("an id in the vocabulary is a text");
    if (m_part == Part::Merges) return addMerge(value);
    place(Json(std::move(value)));
  }

  void onUnsigned(std::uint64_t value) override {
    if (m_part == Part::Vocabulary) return m_spec.vocabulary->add(std::move(m_key), value, m_spec.where);
    if (m_part == Part::Merges) fail("a merge is a number");
    place(Json(value));
  }

  void onOther(std::string_view kind) override {
    if (m_part == Part::Vocabulary)
      fail("the token " + quotedText(m_key) + " has " + std::string(kind) + " for an id");
    if (m_part == Part::Merges) fail("a merge is " + std::string(kind));
    const bool isBoolean = kind == "true" || kind == "false";
    // No number but counts is ever used.
    place(isBoolean ? Json(kind == "true") : kind == "null" ? Json() : Json(-0.5));
  }

  void onStart(char bracket) override {
    if (m_part == Part::Vocabulary) fail("the vocabulary holds brackets");
    if (m_part == Part::Merges) return startPair(bracket);
    const bool isInModel = m_open.size() == 2 && m_names[1] == "model";
    if (m_isVocabularyAlone && bracket != '{') fail("an object is expected");
    if (m_isVocabularyAlone || (isInModel && m_key == "vocab" && bracket == '{')) {
      m_part = Part::Vocabulary;
    } else if (isInModel && m_key == "merges" && bracket == '[') {
      m_part = Part::Merges;
    } else {
      open(bracket == '{' ? Json::object() : Json::array());
    }
  }

  void onEnd(char bracket) override {
    if (m_part == Part::Merges && m_isInPair) return endPair();
    if (m_part != Part::Rest) {
      m_part = Part::Rest;
    } else {
      m_open.pop_back();
      m_names.pop_back();
      static_cast<void>(bracket);
    }
  }

 private:
  enum class Part { Rest, Vocabulary, Merges };

  [[noreturn]] static void fail(const std::string& what) { throw JsonFault{what, 0}; }

  Json* place(Json value) {
    if (++m_count > kMaxRestValues) fail("there are too many values outside the vocabulary");
    if (m_open.empty()) {
      *m_spec.parts = std::move(value);
      return m_spec.parts.get();
    }
    Json& parent = *m_open.back();
    if (parent.is_array()) {
      parent.push_back(std::move(value));
      return &parent.back();
    }
    Json& member = parent[m_key];
    member = std::move(value);
    return &member;
  }

  /// The pointer stays good: a parent gets no further members while a child is open.
  void open(Json container) {
    m_names.push_back(m_key);
    m_open.push_back(place(std::move(container)));
  }

  void startPair(char bracket) {
    if (m_isInPair || bracket != '[') fail("a merge is not two texts");
    m_isInPair = true;
    m_pair.clear();
  }

  void endPair() {
    m_isInPair = false;
    if (m_pair.size() != 2) fail("merge " + withThousands(m_spec.merges.size() + 1) + " is not two texts");
    m_spec.merges.emplace_back(std::move(m_pair[0]), std::move(m_pair[1]));
  }

  void addMerge(std::string& text) {
    if (m_isInPair) {
      if (m_pair.size() >= 2) fail("a merge has more than two texts");
      m_pair.push_back(std::move(text));
      return;
    }
    m_spec.merges.push_back(
        mergeFromLine(text, m_spec.where, "merge " + withThousands(m_spec.merges.size() + 1)));
  }

  TokenizerSpec& m_spec;
  bool m_isVocabularyAlone;
  Part m_part = Part::Rest;
  std::vector<Json*> m_open;
  std::vector<std::string> m_names;
  std::string m_key;
  bool m_isInPair = false;
  std::vector<std::string> m_pair;
  std::size_t m_count = 0;
};

void parse(std::string_view text, TokenizerSpec& spec, bool isVocabularyAlone) {
  spec.vocabulary = std::make_unique<Vocabulary>();
  spec.parts = std::make_unique<Json>();
  try {
    Reader reader(spec, isVocabularyAlone);
    parseStrictJson(text, reader);
  } catch (const JsonFault& fault) {
    throw Error(ErrorCode::Format, spec.where + " is not a readable tokenizer: " + fault.message + " (byte " +
                                       withThousands(fault.position) +
                                       "); download it again, or give token ids (.npy) instead of a text");
  }
}

}  // namespace

void parseVocabularyJson(std::string_view text, TokenizerSpec& spec) {
  parse(text, spec, true);
}

MergePair mergeFromLine(std::string_view line, const std::string& where, const std::string& place) {
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos || line.find(' ', space + 1) != std::string_view::npos) {
    throw Error(ErrorCode::Format, where + ", " + place + " (" + quotedText(line) +
                                       ") is not two texts with one space between them; is the file damaged? "
                                       "Download it again.");
  }
  return {std::string(line.substr(0, space)), std::string(line.substr(space + 1))};
}

TokenizerSpec parseTokenizerJson(std::string_view text, const std::string& where) {
  TokenizerSpec spec;
  spec.where = where;
  parse(text, spec, false);
  if (!spec.parts->is_object() || !spec.parts->contains("model"))
    throw Error(ErrorCode::Format, where +
                                       " has no \"model\", so it is not a tokenizer.json; give the folder "
                                       "of the model, or token ids (.npy) instead of a text");
  return spec;
}

}  // namespace ql
